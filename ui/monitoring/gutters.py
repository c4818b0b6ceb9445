"""Left and right of a plot: which tags, what they say now and how far that can be believed; where the limits are."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from models.alarms import AlarmState, Priority
from models.readings import LiveValue, TagInfo, quality_word
from ui.i18n import age_text, pick, t, unit_text, value_text
from ui.theme import theme
from ui.widgets.icons import paint_icon
from ui.widgets.shapes import paint_alarm_shape

LEFT, RIGHT = 150, 96


@dataclasses.dataclass
class Legend:
    """One tag of a plot as its gutter shows it."""

    tag: TagInfo
    live: LiveValue | None = None
    stale: bool = False
    age_us: int = 0
    priority: Priority = Priority.NONE
    state: AlarmState = AlarmState.NORM
    level: str = ""
    token: str = "trace"
    dash: Qt.PenStyle = Qt.PenStyle.SolidLine


class LegendGutter(QWidget):
    """Tags and values. ``picked`` with the tag's id on a click, ``menu`` on a right click."""

    picked = Signal(int)
    menu = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legends: list[Legend] = []
        self.setFixedWidth(LEFT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(LEFT, 96)

    def _at(self, y: float) -> Legend | None:
        if not self.legends:
            return None
        part = self.height() / len(self.legends)
        return self.legends[min(len(self.legends) - 1, int(y / part))]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        legend = self._at(event.position().y())
        if legend is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(legend.tag.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        legend = self._at(event.pos().y())
        if legend is not None:
            self.menu.emit(legend.tag.id, event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if len(self.legends) == 1:
            self._large(painter, self.legends[0])
        else:
            part = self.height() / max(1, len(self.legends))
            for number, legend in enumerate(self.legends):
                self._small(painter, legend, QRectF(10, number * part, self.width() - 14, part))
        painter.end()

    def _head(self, painter: QPainter, legend: Legend, rect: QRectF) -> None:
        left = rect.left()
        if legend.priority:
            paint_alarm_shape(painter, QRectF(left, rect.top() + 3, 14, 14), legend.priority, legend.state)
            left += 20
        painter.setFont(theme().font(13, bold=True))
        painter.setPen(theme().color("g7"))
        name = painter.fontMetrics().elidedText(legend.tag.name, Qt.TextElideMode.ElideRight, int(rect.right() - left))
        painter.drawText(QRectF(left, rect.top(), rect.right() - left, 20), Qt.AlignmentFlag.AlignVCenter, name)
        used = painter.fontMetrics().horizontalAdvance(name) + 6
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        room = rect.right() - left - used
        words = painter.fontMetrics().elidedText(
            pick(legend.tag.description, legend.tag.description_en), Qt.TextElideMode.ElideRight, int(room)
        )
        if room > 24:
            painter.drawText(QRectF(left + used, rect.top(), room, 20), Qt.AlignmentFlag.AlignVCenter, words)

    def _value(self, painter: QPainter, legend: Legend, rect: QRectF, px: int) -> None:
        live = legend.live
        good = live is not None and quality_word(live.quality) == "good" and not legend.stale
        painter.setFont(theme().font(px, bold=good))
        painter.setPen(theme().color("g7" if good else "g5"))
        text = value_text(live.value if live else None, legend.tag.decimals, legend.tag.states)
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, text)
        used = painter.fontMetrics().horizontalAdvance(text) + 5
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        unit = unit_text(legend.tag.unit)
        painter.drawText(rect.adjusted(used, 2, 0, 0), Qt.AlignmentFlag.AlignVCenter, unit)
        used += painter.fontMetrics().horizontalAdvance(unit) + 6
        if live is not None and not good:
            paint_icon(
                painter,
                "clock" if legend.stale else "warning",
                QRectF(rect.left() + used, rect.center().y() - 7, 14, 14),
                "g5",
            )
            word = age_text(legend.age_us) if legend.stale else t(f"common.quality.{quality_word(live.quality)}")
            painter.drawText(rect.adjusted(used + 18, 2, 0, 0), Qt.AlignmentFlag.AlignVCenter, word)

    def _large(self, painter: QPainter, legend: Legend) -> None:
        rect = QRectF(10, 2, self.width() - 14, self.height())
        self._head(painter, legend, rect)
        self._value(painter, legend, QRectF(10, 22, rect.width(), 26), 20)
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        place = " · ".join(
            dict.fromkeys(
                part
                for part in (
                    pick(legend.tag.area_name, legend.tag.area_name_en),
                    pick(
                        legend.tag.device_name or legend.tag.unit_name,
                        legend.tag.device_name_en or legend.tag.unit_name_en,
                    ),
                )
                if part
            )
        )
        metrics = painter.fontMetrics()
        if self.height() >= 68:
            painter.drawText(
                QRectF(10, 48, rect.width(), 18),
                Qt.AlignmentFlag.AlignVCenter,
                metrics.elidedText(place, Qt.TextElideMode.ElideRight, int(rect.width())),
            )
        if self.height() >= 86:
            painter.setPen(QPen(theme().color(legend.token), 2, legend.dash))
            painter.drawLine(10, 75, 24, 75)
            painter.setPen(theme().color("g5"))
            painter.drawText(QRectF(30, 66, rect.width() - 20, 18), Qt.AlignmentFlag.AlignVCenter, legend.level)

    def _small(self, painter: QPainter, legend: Legend, rect: QRectF) -> None:
        """One of several tags: its pen, its name, and its value beside or below as there is room."""
        middle = int(rect.top()) + 11
        painter.setPen(QPen(theme().color(legend.token), 2, legend.dash))
        painter.drawLine(4, middle, 20, middle)
        if rect.height() >= 38:
            self._head(painter, legend, rect.adjusted(14, 1, 0, 0))
            self._value(painter, legend, QRectF(rect.left() + 14, rect.top() + 20, rect.width() - 14, 18), 13)
            return
        live = legend.live
        value = value_text(live.value if live else None, legend.tag.decimals, legend.tag.states)
        painter.setFont(theme().font(12, bold=True))
        room = painter.fontMetrics().horizontalAdvance(value) + 6
        self._head(painter, legend, rect.adjusted(14, 1, -room, 0))
        good = live is not None and quality_word(live.quality) == "good" and not legend.stale
        painter.setFont(theme().font(12, bold=good))
        painter.setPen(theme().color("g7" if good else "g5"))
        place = QRectF(rect.right() - room, rect.top() + 1, room - 4, 20)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)


@dataclasses.dataclass(frozen=True)
class LimitLabel:
    """A limit: where (share of the plot's height), how it is called, and whether it is crossed now."""

    height: float
    text: str
    priority: Priority
    crossed: bool


class LimitGutter(QWidget):
    """Names of the limits at their height; labels that would touch move apart."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels: list[LimitLabel] = []
        self.top, self.bottom = 0.0, 1.0
        self.setFixedWidth(RIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme().font(12))
        span = self.bottom - self.top
        shown = [x for x in sorted(self.labels, key=lambda x: -x.height) if -0.02 <= x.height <= 1.02]
        places = spread_out([self.bottom - x.height * span for x in shown], 9.0, self.height() - 9.0, 17.0)
        for label, y in zip(shown, places, strict=False):
            state = AlarmState.UNACK if label.crossed else AlarmState.ACKED
            paint_alarm_shape(painter, QRectF(6, y - 7, 14, 14), label.priority, state)
            painter.setPen(theme().color("g7" if label.crossed else "g6"))
            painter.drawText(QRectF(25, y - 10, self.width() - 26, 20), Qt.AlignmentFlag.AlignVCenter, label.text)
        painter.end()


def spread_out(wanted: list[float], first: float, last: float, apart: float) -> list[float]:
    """Places (ascending) as near as possible to where they are wanted, at least ``apart`` from each other.

    What does not fit between ``first`` and ``last`` is left out at the end.
    """
    most = max(1, int((last - first) // apart) + 1)
    places: list[float] = []
    for y in wanted[:most]:
        places.append(max(y, places[-1] + apart if places else first))
    limit = last
    for at in range(len(places) - 1, -1, -1):
        places[at] = min(places[at], limit)
        limit = places[at] - apart
    return places
