"""Zoom and fit: three buttons in the lower left corner of the built-in map, as large as a finger in touch mode."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from ui.i18n import t
from ui.theme import theme
from ui.widgets.icons import icon

BUTTONS = {"zoom_in": "plus", "zoom_out": "minus", "fit": "reset"}


class MapButtons(QWidget):
    """``pressed`` tells the name of the button."""

    pressed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._buttons: dict[str, QToolButton] = {}
        for name in BUTTONS:
            button = QToolButton(self)
            button.setObjectName(name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, n=name: self.pressed.emit(n))
            self._buttons[name] = button
            column.addWidget(button)

    def relook(self) -> None:
        """Follow theme, language and touch."""
        size = theme().sizes.button
        for name, button in self._buttons.items():
            button.setFixedSize(size, size)
            button.setIcon(icon(BUTTONS[name]))
            button.setToolTip(t(f"map.word.{name}"))
            button.setAccessibleName(t(f"map.word.{name}"))
            tokens = theme().tokens
            button.setStyleSheet(
                f"background: {tokens.g0}; border: 1px solid {tokens.g4}; border-radius: 4px; padding: 0;"
            )
            button.setIconSize(QSize(theme().sizes.icon, theme().sizes.icon))
        self.adjustSize()
