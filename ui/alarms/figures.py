"""Small painted figures of the alarm detail: where the value stands between its limits, and a month in bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.alarms import Priority
from ui.alarms.columns import short_number
from ui.theme import theme


class LimitBar(QWidget):
    """A bar over the tag's range: filled to the value in the priority's colour, limits as ticks with their names."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high, self._value = 0.0, 1.0, 0.0
        self._limits: list[tuple[str, float]] = []
        self._priority = Priority.NONE
        self._decimals = 1
        self.setFixedHeight(32)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_value(
        self,
        value: float,
        low: float,
        high: float,
        limits: Sequence[tuple[str, float]],
        priority: Priority,
        decimals: int,
    ) -> None:
        """Set all; limits are (name, value) in the tag's unit."""
        self._value, self._low, self._high = value, low, high
        self._limits, self._priority, self._decimals = sorted(limits, key=lambda pair: pair[1]), priority, decimals
        names = ", ".join(f"{name} {short_number(limit, decimals)}" for name, limit in self._limits)
        self.setAccessibleName(f"{value} · {names}")
        self.update()

    def _x(self, value: float) -> float:
        span = self._high - self._low or 1.0
        return min(1.0, max(0.0, (value - self._low) / span)) * self.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = theme()
        bar = QRectF(0, 2, self.width(), 10)
        painter.fillRect(bar, colors.color("g3"))
        fill = colors.priority(self._priority) if self._priority else colors.color("g5")
        painter.fillRect(QRectF(0, 2, self._x(self._value), 10), fill)
        font = colors.font(12)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QPen(colors.color("g7"), 2))
        for _, limit in self._limits:
            painter.drawLine(QPointF(self._x(limit), 0), QPointF(self._x(limit), 14))
        painter.setPen(colors.color("g5"))
        right_text = short_number(self._high, self._decimals)
        end = self.width() - metrics.horizontalAdvance(right_text)
        painter.drawText(QPointF(end, 28), right_text)
        taken = -6.0
        for name, limit in self._limits:
            text = f"{name} {short_number(limit, self._decimals)}"
            width = metrics.horizontalAdvance(text)
            left = min(max(0.0, self._x(limit) - width / 2), end - width - 6)
            if left >= taken + 6:
                painter.drawText(QPointF(left, 28), text)
                taken = left + width
        painter.end()


class MonthBars(QWidget):
    """How often the alarm came on each of the last 30 days; today is the last bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._days: list[int] = [0] * 30
        self._first = self._last = ""
        self.setFixedHeight(56)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, 56)

    def show_days(self, days: Sequence[int], first: str, last: str, words: str) -> None:
        """Counts oldest first, and what stands under the ends."""
        self._days, self._first, self._last = list(days), first, last
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = theme()
        base = self.height() - 20
        painter.setPen(QPen(colors.color("g4"), 1))
        painter.drawLine(0, base, self.width(), base)
        step = self.width() / max(1, len(self._days))
        top = max(3, *self._days) if self._days else 3
        for number, count in enumerate(self._days):
            if count:
                height = max(4.0, (base - 4) * count / top)
                painter.fillRect(
                    QRectF(number * step + 1, base - height, max(3.0, step - 4), height), colors.color("g6")
                )
        painter.setFont(colors.font(12))
        painter.setPen(colors.color("g5"))
        foot = QRectF(0, base + 3, self.width(), 16)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, self._first)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, self._last)
        painter.end()
