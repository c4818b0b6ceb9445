"""The column at the right: what is chosen, or a question, or the login. It never covers banner, plots or list."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.i18n import messages, t
from ui.theme import COMPACT, theme
from ui.widgets.controls import icon_button, name_control
from ui.widgets.panel import PanelHeader
from ui.widgets.sheet import Sheet
from ui.widgets.states import EmptyState

BOUNCE_MS = 400  # what appears under a closing question takes no click for so long: the second of a double click


class ContextColumn(QWidget):
    """Views by name; a sheet lies over them until it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("context")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(1, 0, 0, 0)
        self.column.setSpacing(0)
        self.header = PanelHeader()
        self.header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.close_button = icon_button("close")
        self.header.right.addWidget(self.close_button)
        self.close_button.clicked.connect(self.hide)
        self.column.addWidget(self.header)
        self.stack = QStackedWidget()
        self.column.addWidget(self.stack, 1)
        self.empty = EmptyState("info")
        self.empty.setObjectName("contextBody")
        self.stack.addWidget(self.empty)
        self._views: dict[str, tuple[QWidget, str]] = {}
        self.sheet: Sheet | None = None
        self._beneath: list[Sheet] = []
        self.must_stay = False
        self._settle = QTimer(self, singleShot=True, interval=BOUNCE_MS)
        self._settle.timeout.connect(lambda: self._deaf(False))
        messages().changed.connect(self.retranslate)
        self.set_compact(False)
        self.retranslate()

    def add(self, name: str, view: QWidget, title_key: str) -> None:
        """Add a view."""
        self._views[name] = (view, title_key)
        self.stack.addWidget(view)

    def show_view(self, name: str) -> None:
        """Bring a view to the front."""
        self.stack.setCurrentWidget(self._views[name][0])
        self.show()
        self.retranslate()

    @property
    def current(self) -> str:
        """Name of the view in front; '' while nothing is chosen."""
        widget = self.stack.currentWidget()
        return next((name for name, (view, _) in self._views.items() if view is widget), "")

    def clear(self) -> None:
        """Nothing is chosen."""
        self.stack.setCurrentWidget(self.empty)
        self.retranslate()

    def hold(self, on: bool) -> None:
        """While held (login) the column can't be closed."""
        self.must_stay = on
        self.close_button.setVisible(not on)

    def open_sheet(self, sheet: Sheet, over: bool = False) -> None:
        """Put a question over the views; an earlier one is closed, or with ``over`` waits beneath until this one is."""
        if over and self.sheet is not None:
            self._beneath.append(self.sheet)
            self.sheet.hide()
        else:
            self.close_sheet()
        self.sheet = sheet
        sheet.closed.connect(lambda: self._sheet_closed(sheet))
        self.header.hide()
        self.stack.hide()
        self.column.addWidget(sheet, 1)
        sheet.show()
        self.show()
        sheet.setFocus()

    def close_sheet(self) -> None:
        """Close the question, if there is one, and those that wait beneath it."""
        while self.sheet is not None:
            self.sheet.close()

    def _sheet_closed(self, sheet: Sheet) -> None:
        if sheet in self._beneath:
            self._beneath.remove(sheet)
        elif self._beneath and self.sheet is sheet:
            self.sheet = self._beneath.pop()
            self.sheet.show()
        elif self.sheet is sheet:
            self.sheet = None
            self.header.show()
            self.stack.show()
            self._deaf(True)
            self._settle.start()
        self.column.removeWidget(sheet)
        sheet.deleteLater()

    def _deaf(self, on: bool) -> None:
        self.stack.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, on)

    def set_compact(self, on: bool) -> None:
        """Width for wide and narrow windows."""
        self.setFixedWidth(COMPACT["context"] if on else theme().sizes.context)

    def retranslate(self) -> None:
        """Words in the present language."""
        widget = self.stack.currentWidget()
        key = next((title for view, title in self._views.values() if view is widget), "frame.context")
        self.header.title.setText(t(key))
        self.empty.say(t("frame.context_empty"), t("frame.context_hint"))
        name_control(self.close_button, t("common.close"))
