"""A state in the status bar, told by shape and words, not by colour."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.theme import theme
from ui.widgets.controls import plain_label, set_role


class Pill(QWidget):
    """A state in the status bar: a dot that is filled when well and a hollow square when not, and words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._good: bool | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 0, 0)
        self.label = plain_label()
        row.addWidget(self.label)
        theme().changed.connect(self.update)

    def show_state(self, good: bool | None, text: str, tip: str = "") -> None:
        """``good`` None: not known yet."""
        self._good = good
        set_role(self.label, "" if good is not False else "inverse")
        self.label.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(tip)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color("g5"))
        middle = self.height() // 2
        if self._good:
            painter.setBrush(theme().color("g5"))
            painter.drawEllipse(3, middle - 4, 8, 8)
        else:
            painter.drawRect(3, middle - 4, 8, 8)
        painter.end()
