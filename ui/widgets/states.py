"""What a panel shows when it has nothing to show: empty (and what to do next), loading, error (and try again)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from ui.i18n import messages, t
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.icons import IconLabel


class EmptyState(QWidget):
    """Icon, one sentence, what to do next, and a button when there is something to press."""

    def __init__(self, icon_name: str = "info", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("floor")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        column.addStretch(1)
        self.icon = IconLabel(icon_name, "g4", 32)
        column.addWidget(self.icon, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.title = role_label("strong", wrap=True)
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.title)
        self.hint = plain_label(wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.hint)
        self.action = button()
        self.action.hide()
        column.addWidget(self.action, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedWidth(120)
        self.busy.hide()
        column.addWidget(self.busy, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self._on_action: Callable[[], None] | None = None
        self.action.clicked.connect(self._pressed)

    def say(self, title: str, hint: str = "", action: str = "", on_action: Callable[[], None] | None = None) -> None:
        """Set the words; without ``action`` there is no button."""
        self.title.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.action.setText(action)
        self.action.setVisible(bool(action))
        self._on_action = on_action

    def _pressed(self) -> None:
        if self._on_action is not None:
            self._on_action()


class StateStack(QStackedWidget):
    """A content widget that gives way to the empty, loading or error state."""

    def __init__(self, content: QWidget, icon_name: str = "info", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = content
        self.note = EmptyState(icon_name)
        self.icon_name = icon_name
        self.addWidget(content)
        self.addWidget(self.note)
        self._again: Callable[[], None] | None = None
        self._words: Callable[[], None] | None = None
        messages().changed.connect(self._retranslate)

    @property
    def state(self) -> str:
        """'content' or 'note'."""
        return "content" if self.currentWidget() is self.content else "note"

    def show_content(self) -> None:
        """Show the content itself."""
        self._words = None
        self.note.busy.hide()
        self.setCurrentWidget(self.content)

    def show_empty(
        self, title_key: str, hint_key: str = "", action_key: str = "", on_action: Callable[[], None] | None = None
    ) -> None:
        """Nothing here: say so in the words of these message keys, and what to do next."""
        self._say(self.icon_name, lambda: self.note.say(*_texts(title_key, hint_key, action_key), on_action))

    def show_loading(self) -> None:
        """Say that the answer is on its way."""
        self._say("clock", lambda: self.note.say(t("common.loading")))
        self.note.busy.show()

    def show_error(self, detail: str, again: Callable[[], None]) -> None:
        """Say what went wrong and offer to try again."""
        self._say("warning", lambda: self.note.say(t("common.load_failed"), detail, t("common.again"), again))

    def _say(self, icon_name: str, words: Callable[[], None]) -> None:
        self._words = words
        self.note.busy.hide()
        self.note.icon.show_icon(icon_name, "g4")
        words()
        self.setCurrentWidget(self.note)

    def _retranslate(self) -> None:
        if self._words is not None:
            self._words()


def _texts(*keys: str) -> tuple[str, str, str]:
    first, second, third = (t(key) if key else "" for key in keys)
    return first, second, third
