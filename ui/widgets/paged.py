"""A panel of several pages with the buttons between them in its header, for places that hold more than one question."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.i18n import t
from ui.widgets.controls import SegmentedButtons
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.workspace import Page


class PagedPanel(Panel):
    """Subclasses set ``words`` (the page's name is the message ``{words}.{page}``), and call :meth:`hold` once."""

    words = ""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self._keys: tuple[str, ...] = ()
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)

    def hold(self, pages: Mapping[str, Panel]) -> None:
        """Take these panels by their keys; the first comes to the front."""
        self._keys = tuple(pages)
        self.switch = SegmentedButtons(self._keys)
        self.header.left.addWidget(self.switch)
        for panel in pages.values():
            self.stack.addWidget(Page(panel))
        self.switch.chosen.connect(self.show_page)
        self.show_page(self._keys[0])

    def pages(self) -> tuple[str, ...]:
        """Keys of the pages, in their order."""
        return self._keys

    def show_page(self, key: str) -> None:
        """Bring a page to the front."""
        self.switch.select(key)
        self.stack.setCurrentIndex(self._keys.index(key))

    def retranslate(self) -> None:
        for key in self._keys:
            self.switch.buttons[key].setText(t(f"{self.words}.{key}"))
