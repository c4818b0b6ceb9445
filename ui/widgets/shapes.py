"""Alarm shapes: priority by shape, state by fill, so that colour never speaks alone (ISA-101).

◆ critical ▲ high ● medium ▼ low; unacknowledged filled, acknowledged outlined, returned grey dashed, shelved and
out of service grey and struck.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from models.alarms import HELD, AlarmState, Priority
from ui.i18n import t
from ui.theme import theme

FILLED = frozenset({AlarmState.UNACK, AlarmState.LATCH_UNACK})


def shape_path(priority: Priority, rect: QRectF) -> QPainterPath:
    """Outline of a priority's shape within a square."""
    path = QPainterPath()
    c, w, h = rect.center(), rect.width(), rect.height()
    if priority is Priority.CRITICAL:
        points = [(c.x(), rect.top()), (rect.right(), c.y()), (c.x(), rect.bottom()), (rect.left(), c.y())]
    elif priority is Priority.HIGH:
        points = [(c.x(), rect.top() + h * 0.06), (rect.right(), rect.bottom() - h * 0.1)]
        points.append((rect.left(), rect.bottom() - h * 0.1))
    elif priority is Priority.LOW:
        points = [(rect.left(), rect.top() + h * 0.1), (rect.right(), rect.top() + h * 0.1)]
        points.append((c.x(), rect.bottom() - h * 0.06))
    else:
        path.addEllipse(c, w * 0.45, h * 0.45)
        return path
    path.moveTo(*points[0])
    for x, y in points[1:]:
        path.lineTo(x, y)
    path.closeSubpath()
    return path


def paint_alarm_shape(
    painter: QPainter, rect: QRectF, priority: Priority, state: AlarmState, token: str | None = None
) -> None:
    """Paint the shape of an alarm; ``token`` overrides the colour (on the red banner)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = theme().color(token) if token else theme().alarm(priority, state, line=True)
    inner = rect.adjusted(1.5, 1.5, -1.5, -1.5)
    path = shape_path(priority, inner)
    if state in FILLED:
        painter.setPen(QPen(line, 1.0))
        painter.setBrush(theme().color(token) if token else theme().priority(priority))
    else:
        pen = QPen(line, 2.0 if state in (AlarmState.ACKED, AlarmState.LATCH_ACKED) else 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        if state is AlarmState.RTNUN:
            pen.setStyle(Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([2.0, 1.6])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if state in HELD:
        painter.setPen(QPen(line, 1.5))
        painter.drawLine(QPointF(rect.left() + 1, rect.bottom() - 1), QPointF(rect.right() - 1, rect.top() + 1))
    painter.restore()


class AlarmShape(QWidget):
    """The shape as a widget, with words for screen readers."""

    def __init__(self, size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._priority, self._state = Priority.NONE, AlarmState.NORM
        self._token: str | None = None
        self.setFixedSize(size, size)
        theme().changed.connect(self.update)

    def show_alarm(self, priority: Priority, state: AlarmState, token: str | None = None) -> None:
        """Show another alarm's priority and state."""
        self._priority, self._state, self._token = priority, state, token
        self.setAccessibleName(f"{t(f'common.priority.{priority.word}')} {t(f'common.state.{state}')}")
        self.update()

    def sizeHint(self) -> QSize:
        return self.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._priority:
            painter = QPainter(self)
            paint_alarm_shape(painter, QRectF(self.rect()), self._priority, self._state, self._token)
            painter.end()
