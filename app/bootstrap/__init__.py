"""The only wiring: rooms are built here and nowhere else.

``room`` is a station's control room, ``demo`` the demo plant's, ``serve`` runs one without a window, ``setup`` makes
the first start. Import the one that is needed: the demo's broker and simulator cost a second that a station need not pay.
"""
