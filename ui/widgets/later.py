"""A panel that is built when it is first seen, so that the window is there before what is slow to load."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.i18n import t
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.states import EmptyState


class LaterPanel(Panel):
    """Says that it is loading; ``make`` builds the real panel after the first paint and ``arrived`` takes it."""

    def __init__(
        self,
        ctx: PanelContext,
        title_key: str,
        make: Callable[[], Panel],
        arrived: Callable[[Panel], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(ctx, parent)
        self.title_key = title_key
        self._make: Callable[[], Panel] | None = make
        self._arrived = arrived
        self.note = EmptyState("clock")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        self._soon = QTimer(self, singleShot=True, interval=30)
        self._soon.timeout.connect(self.bring)
        self.ready()

    def retranslate(self) -> None:
        self.note.say(t("common.loading"))

    def bring(self) -> None:
        """Build the real panel now, if that has not been done."""
        make, self._make = self._make, None
        if make is not None:
            self._arrived(make())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._soon.start()
