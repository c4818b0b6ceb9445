"""One plot of the trends: legend, curves, limits and what lies over them, on the time window that all plots share."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from models.alarms import AlarmDefinition, ConditionKind, Priority
from models.readings import LiveValue, TagInfo
from ui.i18n import number_text, t, unit_text
from ui.monitoring.gutters import Legend, LegendGutter, LimitGutter, LimitLabel
from ui.monitoring.mime import TAGS_MIME, dropped_tags
from ui.monitoring.overlay import Mark, Overlay, Probe
from ui.monitoring.plotitems import STYLES, Curve, TimeBox, TimeGrid, ValueAxis
from ui.monitoring.series import Series, View, extent
from ui.monitoring.timewindow import TimeWindow
from ui.theme import theme
from ui.widgets.panel import PanelContext

LEAST_HEIGHT, LEGEND_LINE = 72, 22
_HIGH, _LOW = (ConditionKind.H, ConditionKind.HH), (ConditionKind.L, ConditionKind.LL)


class Limit:
    """One high or low limit of the plot's first tag."""

    def __init__(self, name: ConditionKind, value: float, priority: Priority) -> None:
        self.name, self.value, self.priority = name, value, priority
        self.high = name in _HIGH

    def crossed(self, value: float | None) -> bool:
        """True while the value is beyond it."""
        if value is None or math.isnan(value):
            return False
        return value >= self.value if self.high else value <= self.value


def limits_of(definitions: list[AlarmDefinition]) -> list[Limit]:
    """The limits that can be drawn as lines."""
    return [
        Limit(c.kind, c.limit, c.priority)
        for d in definitions
        for c in d.conditions
        if c.limit is not None and c.kind in (*_HIGH, *_LOW)
    ]


class Plot(QWidget):
    """A plot of one or more tags of one unit.

    Signals: picked(tag_id) · menu(tag_id, global position) · hovered(t_us or None) · selecting(t0, t1, finished) ·
    dropped(tag ids).
    """

    picked = Signal(int)
    menu = Signal(int, QPoint)
    hovered = Signal(object)
    selecting = Signal(object, object, bool)
    dropped = Signal(object)

    def __init__(self, ctx: PanelContext, window: TimeWindow, base_us: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx, self.window_, self._base_us = ctx, window, base_us
        self.series: list[Series] = []
        self._curves: list[Curve] = []
        self.tags: list[TagInfo] = []
        self.limits: list[Limit] = []
        self._y: tuple[float, float] | None = None
        self._fit = True
        self._drawn: tuple[object, ...] = ()
        self.smooth = True
        self.drawn_at = 0.0  # perf_counter of the last drawing
        self.trouble = ""  # why history could not be read
        self.setAcceptDrops(True)
        self.legend = LegendGutter()
        self.legend.picked.connect(self.picked)
        self.legend.menu.connect(self.menu)
        self.box = TimeBox()
        self.axis = ValueAxis()
        self.grid = TimeGrid()
        self.plot = pg.PlotWidget(viewBox=self.box, axisItems={"left": self.axis, "bottom": self.grid})
        unused = self.plot.plotItem.ctrlMenu  # pyqtgraph's own menu has no parent: it would outlive the plot
        unused.setParent(self.plot, unused.windowFlags())
        self.plot.setFrameShape(QFrame.Shape.NoFrame)
        self.plot.hideButtons()
        self.plot.plotItem.setContentsMargins(0, 4, 0, 4)
        self.plot.setMinimumHeight(LEAST_HEIGHT)
        self.plot.viewport().installEventFilter(self)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.overlay = Overlay(self.plot)
        self.right = LimitGutter()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.legend)
        row.addWidget(self.plot, 1)
        row.addWidget(self.right)
        self._lines: list[pg.InfiniteLine] = []
        self._bands: list[pg.LinearRegionItem] = []
        self.box.zoomed.connect(lambda factor, x: window.zoom(factor, self._moment(x)))
        self.box.panned.connect(lambda dx: window.pan(round(dx * 1e6)))
        self.box.selecting.connect(self._selecting)
        self.box.fitted.connect(self.fit)
        self.box.sigResized.connect(self._placed)

    # -- what it shows

    def add_tag(self, tag: TagInfo) -> Series:
        """One more curve; returns its series, to be filled by the owner."""
        gap_us = int((tag.stale_after_s or 30.0) * 1e6)
        series = Series(tag.id, max(gap_us, 5_000_000))
        self.tags.append(tag)
        self.series.append(series)
        used = {curve.number for curve in self._curves}
        number = next((n for n in range(len(STYLES)) if n not in used), len(self._curves))
        curve = Curve(self.plot.plotItem, number)
        curve.restyle(smooth=self.smooth)
        self._curves.append(curve)
        token, dash = STYLES[curve.number]
        self.legend.legends.append(Legend(tag, token=token, dash=dash))
        self.setMinimumHeight(max(LEAST_HEIGHT, LEGEND_LINE * len(self.tags) + 8))
        if len(self.tags) == 1:
            self.read_limits()
        self.show_live(tag.id, self.ctx.station.live.get(tag.id))
        return series

    def remove_tag(self, tag_id: int) -> None:
        """Take a curve out."""
        index = next((i for i, tag in enumerate(self.tags) if tag.id == tag_id), None)
        if index is None:
            return
        self._curves.pop(index).remove()
        self.series.pop(index)
        self.tags.pop(index)
        self.legend.legends.pop(index)
        self.setMinimumHeight(max(LEAST_HEIGHT, LEGEND_LINE * len(self.tags) + 8))
        self.read_limits()
        self.legend.update()

    def read_limits(self) -> None:
        """Limits of the first tag, from its alarm definitions."""
        for item in (*self._lines, *self._bands):
            self.plot.plotItem.removeItem(item)
        self._lines, self._bands = [], []
        self.limits = limits_of(self.ctx.station.alarms.definitions_of(self.tags[0].id)) if self.tags else []
        for limit in self.limits:
            line = pg.InfiniteLine(limit.value, angle=0, movable=False)
            line.setZValue(-10)
            far = (limit.value, 1e15) if limit.high else (-1e15, limit.value)
            band = pg.LinearRegionItem(far, orientation="horizontal", movable=False, pen=pg.mkPen(None))
            band.setZValue(-20)
            band.hide()
            self.plot.plotItem.addItem(band)
            self.plot.plotItem.addItem(line)
            self._lines.append(line)
            self._bands.append(band)
        self.on_theme()
        self._y = None
        self._drawn = ()

    def show_live(self, tag_id: int, live: LiveValue | None) -> None:
        """A new value of one of its tags."""
        for number, legend in enumerate(self.legend.legends):
            if legend.tag.id == tag_id:
                legend.live = live
                if number == 0:
                    self._cross_limits(live)

    def _cross_limits(self, live: LiveValue | None) -> None:
        value = live.value if live is not None and isinstance(live.value, float | int) else None
        for limit, band in zip(self.limits, self._bands, strict=True):
            crossed = limit.crossed(value)
            if crossed != band.isVisible():
                band.setVisible(crossed)
                self._drawn = ()

    def refresh_legend(self, now_us: int) -> None:
        """Ages, staleness and alarm shapes."""
        for legend in self.legend.legends:
            live = legend.live
            legend.age_us = now_us - live.t_us if live is not None else 0
            limit = legend.tag.stale_after_s
            legend.stale = live is not None and limit is not None and now_us - live.received_us > limit * 1e6
            worst = next(iter(self.ctx.open_alarms.of_tag(legend.tag.id)), None)
            legend.priority, legend.state = (worst.priority, worst.state) if worst else (Priority.NONE, legend.state)
        self.legend.update()

    def show_level(self) -> None:
        """How the line was made: raw, or the buckets of a rollup."""
        for legend, series in zip(self.legend.legends, self.series, strict=True):
            key = {0: "raw", 1: "second", 60: "minute", 3600: "hour"}.get(int(series.level_s), "raw")
            if key == "second" and not series.spread:
                key = "each_second"
            legend.level = t(f"monitoring.level.{key}")
        self.show_note()

    def show_note(self) -> None:
        """What is to be said over the plot: that it failed, that it is being read, or how coarse it is."""
        first = self.series[0] if self.series else None
        if self.trouble:
            note = t("monitoring.history_failed", detail=self.trouble)
        elif first is not None and not first.loaded:
            note = t("common.loading")
        elif first is not None and first.level_s >= 60:
            note = t("monitoring.envelope_note", level=self.legend.legends[0].level)
        else:
            note = ""
        if note != self.overlay.note:
            self.overlay.note = note
            self.overlay.update()

    def set_marks(self, marks: list[Mark]) -> None:
        """Alarms on the time axis."""
        self.overlay.marks = marks
        self.overlay.update()

    # -- drawing

    def draw(self, *, force: bool = False) -> bool:
        """Bring the plot up to date with window and data; cheap when nothing changed. True when it drew."""
        window = self.window_
        state = (window.start_us, window.end_us, *(s.revision for s in self.series), self.plot.width(), self._y)
        if state == self._drawn and not force:
            return False
        seconds = [(tick - self._base_us) / 1e6 for tick in window.ticks(max(1, int(self.box.width())))]
        if seconds != self.grid.seconds:
            self.grid.seconds = seconds
            self.grid.picture = None
        views = [series.view(window.start_us, window.end_us) for series in self.series]
        self._range(views)
        low, high = self._y or (0.0, 1.0)
        pixel = (high - low) / max(1.0, self.box.height())
        for view, curve in zip(views, self._curves, strict=True):
            curve.show(view, self._base_us, int(self.box.width()), pixel)
        self._place_overlay()
        self._drawn = (window.start_us, window.end_us, *(s.revision for s in self.series), self.plot.width(), self._y)
        return True

    def fit(self) -> None:
        """Fit the vertical axis to what is in sight."""
        self._fit = True
        self.draw(force=True)

    def _range(self, views: list[View]) -> None:
        """Time as the window says; values grow when the data leave the picture and never shrink by themselves."""
        window = self.window_
        extents = [found for view in views if (found := extent(view)) is not None]
        low = min((e[0] for e in extents), default=math.nan)
        high = max((e[1] for e in extents), default=math.nan)
        if self._fit or self._y is None or low < self._y[0] or high > self._y[1]:
            self._y = self._nice(low, high)
            self._fit = not extents
        x0, x1 = (window.start_us - self._base_us) / 1e6, (window.end_us - self._base_us) / 1e6
        self.box.setRange(xRange=(x0, x1), yRange=self._y, padding=0, disableAutoRange=True)

    def _nice(self, low: float, high: float) -> tuple[float, float]:
        values = [limit.value for limit in self.limits]
        if not math.isnan(low):
            values += [low, high]
        elif not values:
            tag = self.tags[0] if self.tags else None
            values = [tag.range_lo or 0.0, tag.range_hi or 1.0] if tag else [0.0, 1.0]
        low, high = min(values), max(values)
        if self._y is not None and not self._fit:
            low, high = min(low, self._y[0]), max(high, self._y[1])
        span = high - low or abs(high) or 1.0
        pad = 0.08 * span
        bottom = 0.0 if 0 <= low < 0.25 * span else low - pad
        return bottom, high + pad

    def _placed(self) -> None:
        self.overlay.setGeometry(self.plot.rect())
        self._drawn = ()
        self._place_overlay()

    def _place_overlay(self) -> None:
        over, window = self.overlay, self.window_
        scene = self.box.sceneBoundingRect()
        top_left = self.plot.mapFromScene(scene.topLeft())
        area = QRectF(top_left.x(), top_left.y(), scene.width(), scene.height())
        over.area = area
        over.start_us, over.end_us = window.start_us, window.end_us
        over.now_us = window.now_us()
        least = max(20_000_000, int(6 * window.span_us / max(1.0, area.width())))
        over.gaps = self.series[0].gaps(window.start_us, window.end_us, least) if self.series else []
        low, high = self._y or (0.0, 1.0)
        span = (high - low) or 1.0
        over.strips = [
            (m.priority, (m.value - low) / span, 1.0) if m.high else (m.priority, 0.0, (m.value - low) / span)
            for m in sorted(self.limits, key=lambda m: m.priority)
        ]
        self.right.top, self.right.bottom = area.top(), area.bottom()
        decimals = self.tags[0].decimals if self.tags else 1
        self.right.labels = [
            LimitLabel(
                (m.value - low) / span, f"{m.name} {short_number(m.value, decimals)}", m.priority, band.isVisible()
            )
            for m, band in zip(self.limits, self._bands, strict=True)
        ]
        self.right.update()
        over.update()

    def plot_edges(self) -> tuple[int, int]:
        """Left and right edge of the curves in this widget's pixels, for the ruler below."""
        area = self.overlay.area
        left = self.plot.x() + int(area.left())
        return left, left + int(area.width())

    def cross(self, t_us: int | None) -> None:
        """Put the cross-hair at a moment, None takes it away."""
        probes = []
        if t_us is not None:
            low, high = self._y or (0.0, 1.0)
            for tag, series in zip(self.tags, self.series, strict=True):
                value = series.at(t_us)
                height = None if math.isnan(value) else (value - low) / ((high - low) or 1.0)
                text = t("monitoring.no_value") if math.isnan(value) else number_text(value, tag.decimals)
                probes.append(Probe(text, "" if math.isnan(value) else unit_text(tag.unit), height))
        self.overlay.move_cross(t_us, probes)

    def on_theme(self) -> None:
        """Pens and brushes of the present theme."""
        self.plot.setBackground(theme().color("g1"))
        self.box.setBackgroundColor(theme().color("g0"))
        for axis in (self.axis, self.grid):
            axis.setPen(pg.mkPen(theme().color("g3")))
            axis.setTextPen(pg.mkPen(theme().color("g5")))
            axis.setGrid(70)
        self.axis.setTickFont(theme().font(11))
        self.box.setBorder(pg.mkPen(theme().color("g4")))
        for curve in self._curves:
            curve.restyle(smooth=self.smooth)
        for limit, line, band in zip(self.limits, self._lines, self._bands, strict=True):
            color = theme().priority(limit.priority, line=True)
            line.setPen(pg.mkPen(color, width=1.2, style=Qt.PenStyle.CustomDashLine, dash=[5, 3.4]))
            fill = theme().priority(limit.priority)
            fill.setAlphaF(theme().tokens.band)
            band.setBrush(fill)
        self.overlay.update()
        self.legend.update()
        self.right.update()

    def set_smooth(self, smooth: bool) -> None:
        """Smoothed lines (few curves) or plain ones (many)."""
        if smooth != self.smooth:
            self.smooth = smooth
            for curve in self._curves:
                curve.restyle(smooth=smooth)

    # -- mouse

    def _moment(self, x: float) -> int:
        return self._base_us + round(x * 1e6)

    def _selecting(self, x0: float, x1: float, finished: bool) -> None:
        first, last = sorted((self._moment(x0), self._moment(x1)))
        self.selecting.emit(first, last, finished)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            area = self.overlay.area
            share = (event.position().x() - area.left()) / max(1.0, area.width())
            inside = 0 <= share <= 1
            self.hovered.emit(self.window_.start_us + int(share * self.window_.span_us) if inside else None)
        elif event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(TAGS_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.dropped.emit(dropped_tags(event))
        event.acceptProposedAction()


def short_number(value: float, decimals: int) -> str:
    """A limit without trailing zeros: 50, 7.1, 0.45."""
    text = number_text(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text
