"""What lies over a plot, painted in pixels: alarm marks, gaps, the present, the selection and the cross-hair."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from models.alarms import AlarmState, Priority
from ui.i18n import clock_text, t
from ui.monitoring.gutters import spread_out
from ui.theme import theme
from ui.widgets.shapes import paint_alarm_shape

MARK = 14


@dataclasses.dataclass(frozen=True)
class Mark:
    """An alarm on the time axis."""

    t_us: int
    priority: Priority
    state: AlarmState


@dataclasses.dataclass(frozen=True)
class Probe:
    """What the cross-hair says of one curve: its value as text and where it is, as a share of the height (0 bottom)."""

    text: str
    unit: str
    height: float | None


class Overlay(QWidget):
    """Lies over the plot's viewport and lets the mouse through; ``area`` is where the curves are, in its pixels."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.area = QRectF()
        self.start_us, self.end_us = 0, 1
        self.now_us: int | None = None
        self.marks: list[Mark] = []
        self.gaps: list[tuple[int, int]] = []
        self.selection: tuple[int, int] | None = None
        self.cross_us: int | None = None
        self.probes: list[Probe] = []
        self.strips: list[tuple[Priority, float, float]] = []  # limit bands: from … to, share of the height
        self.note = ""

    def x_of(self, t_us: int) -> float:
        """Pixel of a moment."""
        return self.area.left() + (t_us - self.start_us) / max(1, self.end_us - self.start_us) * self.area.width()

    def move_cross(self, t_us: int | None, probes: list[Probe]) -> None:
        """Move the cross-hair; only what it covered and covers is painted again."""
        old = self.cross_us
        self.cross_us, self.probes = t_us, probes
        for moment in (old, t_us):
            if moment is not None:
                x = int(self.x_of(moment))
                self.update(x - 150, 0, 300, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        self._strips(painter)
        self._gaps(painter)
        self._selection(painter)
        self._marks(painter)
        self._now(painter)
        self._note(painter)
        self._cross(painter)
        painter.end()

    def _strips(self, painter: QPainter) -> None:
        """Limit bands as narrow strips at the right edge; the full band is drawn below the curves while crossed."""
        for priority, low, high in self.strips:
            top = self.area.bottom() - high * self.area.height()
            rect = QRectF(self.area.right() - 5, top, 5, (high - low) * self.area.height())
            color = theme().priority(priority, line=True)
            color.setAlphaF(0.45)
            painter.fillRect(rect.intersected(self.area), color)

    def _gaps(self, painter: QPainter) -> None:
        """Hatched where there was no data, with words beside it where they touch no other gap and no other words."""
        shown: list[tuple[QRectF, str]] = []
        for first, last in self.gaps:
            rect = QRectF(self.x_of(first), self.area.top(), self.x_of(last) - self.x_of(first), self.area.height())
            rect = rect.intersected(self.area)
            if rect.width() < 6:
                continue
            painter.fillRect(rect, theme().color("g0", 0.7))
            painter.fillRect(rect, QBrush(theme().color("g4", 0.6), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(theme().color("g4"), 1, Qt.PenStyle.DashLine))
            painter.drawRect(rect)
            shown.append((rect, t("monitoring.gap", start=clock_text(first), end=clock_text(last))))
        painter.setFont(theme().font(12))
        taken = [rect for rect, _ in shown]
        for rect, text in sorted(shown, key=lambda gap: -gap[0].width()):
            width = painter.fontMetrics().horizontalAdvance(text) + 12
            for left in (rect.right() + 4, rect.left() - width - 4):
                box = QRectF(left, rect.bottom() - 24, width, 20)
                if self.area.contains(box) and not any(box.intersects(other) for other in taken):
                    taken.append(box)
                    painter.fillRect(box, theme().color("g0", 0.85))
                    painter.setPen(theme().color("g5"))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
                    break

    def _selection(self, painter: QPainter) -> None:
        if self.selection is None:
            return
        left, right = self.x_of(self.selection[0]), self.x_of(self.selection[1])
        rect = QRectF(min(left, right), self.area.top(), abs(right - left), self.area.height()).intersected(self.area)
        painter.fillRect(rect, theme().color("accent", 0.14))
        painter.setPen(QPen(theme().color("accent"), 1))
        painter.drawLine(rect.topLeft(), rect.bottomLeft())
        painter.drawLine(rect.topRight(), rect.bottomRight())

    def _marks(self, painter: QPainter) -> None:
        last = -1e9
        for mark in self.marks:
            x = self.x_of(mark.t_us)
            if not self.area.left() <= x <= self.area.right():
                continue
            painter.setPen(QPen(theme().alarm(mark.priority, mark.state, line=True), 1.2))
            painter.drawLine(QPointF(x, self.area.top() + MARK), QPointF(x, self.area.bottom()))
            if x - last >= MARK * 0.75:
                rect = QRectF(x - MARK / 2, self.area.top() + 1, MARK, MARK)
                paint_alarm_shape(painter, rect, mark.priority, mark.state)
                last = x

    def _now(self, painter: QPainter) -> None:
        if self.now_us is not None and self.start_us < self.now_us < self.end_us:
            x = self.x_of(self.now_us)
            painter.setPen(QPen(theme().color("g6"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, self.area.top()), QPointF(x, self.area.bottom()))

    def _note(self, painter: QPainter) -> None:
        if not self.note:
            return
        painter.setFont(theme().font(12))
        width = painter.fontMetrics().horizontalAdvance(self.note) + 16
        box = QRectF(self.area.left() + 6, self.area.top() + 4, width, 20)
        painter.setPen(theme().color("g3"))
        painter.setBrush(theme().color("g0", 0.9))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme().color("g6"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.note)

    def _cross(self, painter: QPainter) -> None:
        if self.cross_us is None:
            return
        x = self.x_of(self.cross_us)
        if not self.area.left() <= x <= self.area.right():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("g7"), 1))
        painter.drawLine(QPointF(x, self.area.top()), QPointF(x, self.area.bottom()))
        area = self.area

        def height(probe: Probe) -> float:
            return area.center().y() if probe.height is None else area.bottom() - probe.height * area.height()

        probes = sorted(self.probes, key=height)
        if len(probes) == 1:  # off the curve: above it where there is room
            wanted = [y - 18 if (y := height(probes[0])) - 28 > area.top() + 2 else y + 18]
        else:
            wanted = [height(probe) for probe in probes]
        places = spread_out(wanted, area.top() + 12, area.bottom() - 12, 22)
        for probe in probes:
            self._dot(painter, x, probe, height(probe))
        for probe, y in zip(probes, places, strict=False):
            self._probe(painter, x, probe, y)

    @staticmethod
    def _dot(painter: QPainter, x: float, probe: Probe, y: float) -> None:
        if probe.height is not None:
            painter.setPen(QPen(theme().color("g7"), 1.6))
            painter.setBrush(theme().color("g0"))
            painter.drawEllipse(QPointF(x, y), 4, 4)

    def _probe(self, painter: QPainter, x: float, probe: Probe, middle: float) -> None:
        """The value in a box beside the line: left of it unless at the edge."""
        bold, plain = theme().font(13, bold=True), theme().font(12)
        painter.setFont(bold)
        width = painter.fontMetrics().horizontalAdvance(probe.text) + 20
        painter.setFont(plain)
        width += painter.fontMetrics().horizontalAdvance(probe.unit) + (4 if probe.unit else 0)
        left = x - width - 8 if x - width - 8 > self.area.left() else x + 8
        box = QRectF(left, middle - 10, width, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("g7"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme().color("g0"))
        painter.setFont(bold)
        painter.drawText(box.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, probe.text)
        used = painter.fontMetrics().horizontalAdvance(probe.text)
        painter.setFont(plain)
        painter.drawText(box.adjusted(12 + used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, probe.unit)
