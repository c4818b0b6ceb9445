"""The time axis below all plots: date and width at the left, round local times, the present, the cross-hair's moment."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.i18n import clock_text, local, t
from ui.monitoring.timewindow import US, TimeWindow
from ui.theme import theme


def span_words(span_us: int) -> str:
    """The width of the window in words: 2 h, 45 min, 3 d 4 h."""
    seconds = round(span_us / US)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


class Ruler(QWidget):
    """``left`` and ``right`` are the edges of the curves above, in this widget's pixels."""

    def __init__(self, window: TimeWindow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self.left, self.right = 0, 1
        self.cross_us: int | None = None
        self.setFixedHeight(24)

    def sizeHint(self) -> QSize:
        return QSize(400, 24)

    def place(self, left: int, right: int) -> None:
        """Follow the plots' edges."""
        if (left, right) != (self.left, self.right):
            self.left, self.right = left, right
            self.update()

    def cross(self, t_us: int | None) -> None:
        """Show the cross-hair's moment."""
        self.cross_us = t_us
        self.update()

    def _x(self, t_us: int) -> float:
        return self.left + (t_us - self._window.start_us) / self._window.span_us * (self.right - self.left)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        window, middle = self._window, Qt.AlignmentFlag.AlignCenter
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        start = local(window.start_us)
        words = t("monitoring.ruler", day=start.strftime("%m-%d"), span=span_words(window.span_us))
        painter.drawText(
            QRectF(10, 0, self.left - 14, self.height()),
            Qt.AlignmentFlag.AlignVCenter,
            painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, self.left - 14),
        )
        now = window.now_us()
        right_words = t("monitoring.now", time=clock_text(now)) if window.live else clock_text(window.end_us)
        room = self.width() - self.right - 4
        width = painter.fontMetrics().horizontalAdvance(right_words)
        box = QRectF(self.width() - max(room, width) - 6, 0, max(room, width), self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, right_words)
        painter.setFont(theme().font(11))
        ticks = window.ticks(self.right - self.left)
        seconds = window.span_us < 600 * US
        shown_day = None
        for tick in ticks:
            moment = local(tick)
            text = moment.strftime("%H:%M:%S" if seconds else "%H:%M")
            if (moment.hour, moment.minute, moment.second) == (0, 0, 0) and moment.date() != shown_day:
                shown_day, text = moment.date(), moment.strftime("%m-%d")
            x = self._x(tick)
            if x + 28 < box.left() or box.left() > self.right:
                painter.drawText(QRectF(x - 40, 0, 80, self.height()), middle, text)
        if self.cross_us is not None:
            self._cross(painter)
        painter.end()

    def _cross(self, painter: QPainter) -> None:
        assert self.cross_us is not None
        painter.setFont(theme().font(12, bold=True))
        text = local(self.cross_us).strftime("%m-%d %H:%M:%S" if self._window.span_us > 86_400 * US else "%H:%M:%S")
        width = painter.fontMetrics().horizontalAdvance(text) + 16
        x = min(max(self._x(self.cross_us) - width / 2, self.left), self.right - width)
        box = QRectF(x, 2, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("g7"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme().color("g0"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
