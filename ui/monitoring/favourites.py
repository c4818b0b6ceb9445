"""The person's starred tags, shared by tree and table of values and kept with the station's settings."""

from __future__ import annotations

import json
from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from ui.widgets.panel import PanelContext

_KEY = "tree/favourites"


class Favourites(QObject):
    """Names of starred tags; ``changed`` after a change by any panel. Get it with :func:`favourites`."""

    changed = Signal()

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(ctx)
        self._settings = ctx.settings
        try:
            self.names = frozenset(map(str, json.loads(str(ctx.settings.value(_KEY, "[]", type=str)))))
        except (ValueError, TypeError):  # a damaged settings file
            self.names = frozenset()

    def star(self, names: Iterable[str], on: bool) -> None:
        """Add or take away."""
        wanted = self.names | set(names) if on else self.names - set(names)
        if wanted != self.names:
            self.names = frozenset(wanted)
            self._settings.setValue(_KEY, json.dumps(sorted(wanted)))
            self.changed.emit()


def favourites(ctx: PanelContext) -> Favourites:
    """The one set of this window."""
    found = ctx.findChild(Favourites)
    return found if isinstance(found, Favourites) else Favourites(ctx)
