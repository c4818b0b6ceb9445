"""The rail at the left: the workspaces that exist, in the order they were registered."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QVBoxLayout, QWidget

from ui.i18n import t
from ui.theme import theme
from ui.widgets.controls import name_control
from ui.widgets.icons import paint_icon


@dataclasses.dataclass(frozen=True)
class RailItem:
    """An entry of the rail: ``foot`` puts it at the bottom, ``personal`` closes it while nobody is logged in."""

    key: str
    title: str
    icon: str
    foot: bool = False
    personal: bool = False


class RailButton(QPushButton):
    """Icon over a word, with a count that is no alarm (inverse badge)."""

    def __init__(self, item: RailItem) -> None:
        super().__init__()
        self.item = item
        self.count = 0
        self.setProperty("kind", "rail")
        self.setCheckable(True)

    def sizeHint(self) -> QSize:
        return QSize(theme().sizes.rail, theme().sizes.rail_item)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        token = "g7" if self.isChecked() else "g4" if not self.isEnabled() else "g6"
        middle, top = self.width() / 2, self.height() / 2
        paint_icon(painter, self.item.icon, QRectF(middle - 10, top - 21, 20, 20), token)
        painter.setFont(theme().font(12, bold=self.isChecked()))
        painter.setPen(theme().color(token))
        words = QRectF(2, top + 3, self.width() - 4, 18)
        text = painter.fontMetrics().elidedText(t(self.item.title), Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, text)
        if self.count:
            label = str(self.count) if self.count < 100 else "99+"
            painter.setFont(theme().font(11, bold=True))
            width = max(18, painter.fontMetrics().horizontalAdvance(label) + 8)
            badge = QRectF(middle + 4, top - 28, width, 16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("g7"))
            painter.drawRoundedRect(badge, 8, 8)
            painter.setPen(theme().color("g0"))
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, label)
        painter.end()


class Rail(QWidget):
    """``chosen(key)`` when a workspace is picked."""

    chosen = Signal(str)

    def __init__(self, items: list[RailItem], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(theme().sizes.rail)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        group = QButtonGroup(self)
        self.buttons: dict[str, RailButton] = {}
        for foot in (False, True):
            for item in items:
                if item.foot is foot:
                    entry = RailButton(item)
                    entry.clicked.connect(lambda _checked=False, key=item.key: self.chosen.emit(key))
                    group.addButton(entry)
                    column.addWidget(entry)
                    self.buttons[item.key] = entry
            if not foot:
                column.addStretch(1)
        self.on_theme()
        self.retranslate()
        theme().changed.connect(self.on_theme)

    def select(self, key: str) -> None:
        """Mark the workspace that is in front."""
        self.buttons[key].setChecked(True)

    def set_count(self, key: str, count: int) -> None:
        """A number beside the icon; 0 hides it."""
        entry = self.buttons.get(key)
        if entry is not None and entry.count != count:
            entry.count = count
            name_control(entry, t(entry.item.title) + (f" {count}" if count else ""))
            entry.update()

    def on_theme(self) -> None:
        """Sizes for mouse or finger."""
        for entry in self.buttons.values():
            entry.setFixedHeight(theme().sizes.rail_item)
            entry.update()

    def retranslate(self) -> None:
        """Words in the present language."""
        for entry in self.buttons.values():
            name_control(entry, t(entry.item.title))
            entry.update()
