"""Alarms in each ten minutes as bars, with the lines that a flood begins and ends at, and the floods hatched and named."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.clock import US
from models.performance import AlarmPerformance
from ui.alarms.performance_words import flood_text
from ui.i18n import clock_text, local, t
from ui.theme import theme

LEFT, TOP, FOOT = 44, 22, 26
CAP = 3  # bars end at so many times the flood line; their number stands above them


class SeriesLegend(QWidget):
    """What the two greys and the hatch of the chart stand for."""

    KEYS = ("urgent", "other", "flood")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(20)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme().font(12))
        return QSize(sum(metrics.horizontalAdvance(t(f"performance.legend.{key}")) + 34 for key in self.KEYS), 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors, x = QPainter(self), theme(), 0.0
        painter.setFont(colors.font(12))
        for key in self.KEYS:
            box = QRectF(x, 4, 12, 12)
            painter.fillRect(box, colors.color({"urgent": "g7", "other": "g4", "flood": "g2"}[key]))
            if key == "flood":
                painter.fillRect(box, QBrush(colors.color("g4", 0.6), Qt.BrushStyle.BDiagPattern))
            words = t(f"performance.legend.{key}")
            painter.setPen(colors.color("g5"))
            painter.drawText(QRectF(x + 17, 0, 400, 20), Qt.AlignmentFlag.AlignVCenter, words)
            x += painter.fontMetrics().horizontalAdvance(words) + 34
        painter.end()


class SeriesChart(QWidget):
    """The last day (or less) of the period. Bars: critical and high dark, medium and low grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: AlarmPerformance | None = None
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(900, 240)

    def show_picture(self, picture: AlarmPerformance) -> None:
        """Set what is shown."""
        self.picture = picture
        n = sum(map(sum, picture.series))
        floods = " · ".join(flood_text(flood) for flood in picture.floods)
        self.setAccessibleName(" · ".join(part for part in (t("performance.series_n", n=n), floods) if part))
        self.update()

    @property
    def _top(self) -> int:
        """Value at the upper edge."""
        assert self.picture is not None
        highest = max((a + b for a, b in self.picture.series), default=0)
        return min(CAP * self.picture.flood_starts, max(self.picture.flood_starts + 2, highest + 1))

    def _plot(self) -> QRectF:
        words = [t("performance.flood_starts", n=10), t("performance.flood_ends", n=10)]
        words += [_average(self.picture)] if self.picture is not None else []
        right = max(QFontMetrics(theme().font(12, bold=True)).horizontalAdvance(word) for word in words) + 14
        return QRectF(LEFT, TOP, max(50, self.width() - LEFT - right), max(40, self.height() - TOP - FOOT))

    def bin_at(self, x: float) -> int:
        """Number of the bar under a place, -1 beside them."""
        plot, count = self._plot(), len(self.picture.series) if self.picture is not None else 0
        at = int((x - plot.left()) / plot.width() * count) if count else -1
        return at if plot.left() <= x < plot.right() and 0 <= at < count else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors, picture = QPainter(self), theme(), self.picture
        painter.fillRect(self.rect(), colors.color("g1"))
        if picture is None or not picture.series:
            return
        plot = self._plot()
        painter.fillRect(plot, colors.color("g0"))
        self._hatch(painter, plot, picture)
        self._grid(painter, plot, picture)
        self._bars(painter, plot, picture)
        self._lines(painter, plot, picture)
        self._names(painter, plot, picture)
        painter.setPen(QPen(colors.color("g4"), 1))
        painter.drawRect(plot)
        painter.end()

    def _y(self, plot: QRectF, value: float) -> float:
        return plot.bottom() - plot.height() * min(value, self._top) / self._top

    def _x(self, plot: QRectF, picture: AlarmPerformance, t_us: int) -> float:
        span = len(picture.series) * picture.bin_s * US
        return plot.left() + plot.width() * min(1.0, max(0.0, (t_us - picture.series_us) / span))

    def _hatch(self, painter: QPainter, plot: QRectF, picture: AlarmPerformance) -> None:
        colors = theme()
        for flood in picture.floods:
            if flood.end_us <= picture.series_us:
                continue
            first, last = self._x(plot, picture, flood.start_us), self._x(plot, picture, flood.end_us)
            box = QRectF(first, plot.top(), max(2.0, last - first), plot.height())
            painter.fillRect(box, colors.color("g2"))
            painter.fillRect(box, QBrush(colors.color("g4", 0.6), Qt.BrushStyle.BDiagPattern))

    def _grid(self, painter: QPainter, plot: QRectF, picture: AlarmPerformance) -> None:
        colors = theme()
        painter.setFont(colors.font(12))
        step = 10 if self._top >= 20 else 5
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in range(0, self._top + 1, step):
            y = self._y(plot, value)
            painter.setPen(QPen(colors.color("g3"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colors.color("g5"))
            painter.drawText(QRectF(0, y - 8, LEFT - 6, 16), right, str(value))
        painter.drawText(QRectF(0, 2, LEFT - 6, 16), right, t("performance.count_unit"))
        count = len(picture.series)
        hours = count * picture.bin_s / 3600
        every = 2 if hours > 12 else 1
        if plot.width() / max(1.0, hours / every) < 52:
            every *= 2
        bin_us, last_day = round(picture.bin_s * US), None
        for number in range(count):
            moment = local(picture.series_us + number * bin_us)
            if moment.hour % every or moment.minute * 60 + moment.second >= picture.bin_s:
                continue
            at = moment.replace(minute=0, second=0, microsecond=0).timestamp() * US
            x = self._x(plot, picture, round(at))
            if x <= plot.left() + 14 or x >= plot.right() - 14:
                continue
            painter.setPen(QPen(colors.color("g4"), 1))
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + 4))
            painter.setPen(colors.color("g5"))
            new_day = last_day is not None and last_day != moment.date()
            text = f"{moment:%m-%d}" if new_day else f"{moment:%H}:00"
            last_day = moment.date()
            painter.drawText(QRectF(x - 30, plot.bottom() + 5, 60, 16), Qt.AlignmentFlag.AlignCenter, text)

    def _bars(self, painter: QPainter, plot: QRectF, picture: AlarmPerformance) -> None:
        colors = theme()
        step = plot.width() / len(picture.series)
        width = max(1.0, step - (2 if step > 5 else 0.5))
        painter.setFont(colors.font(12, bold=True))
        for number, (urgent, other) in enumerate(picture.series):
            if not urgent + other:
                continue
            x, split = plot.left() + number * step, self._y(plot, urgent)
            top = self._y(plot, urgent + other)
            painter.fillRect(QRectF(x, top, width, split - top), colors.color("g4"))
            painter.fillRect(QRectF(x, split, width, plot.bottom() - split), colors.color("g7"))
            if urgent + other > self._top:
                painter.setPen(colors.color("g7"))
                box = QRectF(x + width / 2 - 20, plot.top() - 18, 40, 16)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(urgent + other))

    def _lines(self, painter: QPainter, plot: QRectF, picture: AlarmPerformance) -> None:
        colors = theme()
        lines = (
            (picture.flood_starts, Qt.PenStyle.DashLine, "g7", t("performance.flood_starts", n=picture.flood_starts)),
            (picture.flood_ends, Qt.PenStyle.DotLine, "g6", t("performance.flood_ends", n=picture.flood_ends)),
            (picture.average_target, Qt.PenStyle.SolidLine, "accent", _average(picture)),
        )
        for value, style, token, words in lines:
            y = self._y(plot, value)
            painter.setPen(QPen(colors.color(token), 1.4, style))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setFont(colors.font(12, bold=token == "accent"))
            painter.setPen(colors.color(token if token == "accent" else "g6"))
            box = QRectF(plot.right() + 8, y - 9, self.width() - plot.right() - 8, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)

    def _names(self, painter: QPainter, plot: QRectF, picture: AlarmPerformance) -> None:
        """Words beside each flood where there is room, else none (the tool tip has them)."""
        colors = theme()
        painter.setFont(colors.font(12, bold=True))
        painter.setPen(colors.color("g7"))
        shown = [flood for flood in picture.floods if flood.end_us > picture.series_us]
        taken = [(self._x(plot, picture, f.start_us), self._x(plot, picture, f.end_us)) for f in shown]
        for flood, (first, last) in zip(shown, list(taken), strict=True):
            text = flood_text(flood)
            width = painter.fontMetrics().horizontalAdvance(text)
            for x in (last + 8, first - 8 - width):
                inside = plot.left() <= x and x + width <= plot.right()
                if inside and not any(x < right and x + width > left for left, right in taken):
                    painter.drawText(QPointF(x, plot.top() + 16), text)
                    taken.append((x - 4, x + width + 4))
                    break

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self.picture is not None:
            at = self.bin_at(event.pos().x())
            QToolTip.showText(event.globalPos(), self.words_of(at) if at >= 0 else "", self)
            return True
        return super().event(event)

    def words_of(self, number: int) -> str:
        """What a bar says: its ten minutes, how many, and the flood it belongs to."""
        assert self.picture is not None
        bin_us = round(self.picture.bin_s * US)
        start = self.picture.series_us + number * bin_us
        urgent, other = self.picture.series[number]
        span = f"{clock_text(start)[:5]}–{clock_text(start + bin_us)[:5]}"
        lines = [t("performance.bin", span=span, urgent=urgent, other=other)]
        lines += [flood_text(f) for f in self.picture.floods if f.start_us < start + bin_us and f.end_us > start]
        return "\n".join(lines)


def _average(picture: AlarmPerformance) -> str:
    return t("performance.average_target", n=f"{picture.average_target:g}")
