"""pyqtgraph items of one plot: a view box that asks its owner, an axis with the shared ticks, envelope and curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter

from ui.i18n import number_text
from ui.monitoring.series import Floats, View
from ui.theme import theme


class TimeBox(pg.ViewBox):
    """A view box that moves nothing by itself: wheel, drag and double click become requests to all plots.

    zoomed(factor, x) · panned(dx) · selecting(x0, x1, finished) · fitted(): double click, fit the vertical axis
    """

    zoomed = Signal(float, float)
    panned = Signal(float)
    selecting = Signal(float, float, bool)
    fitted = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.setMouseEnabled(False, False)
        self.disableAutoRange()

    def wheelEvent(self, ev: Any, axis: Any = None) -> None:
        self.zoomed.emit(0.8 ** (ev.delta() / 120), self.mapSceneToView(ev.scenePos()).x())
        ev.accept()

    def mouseDragEvent(self, ev: Any, axis: Any = None) -> None:
        ev.accept()
        at = self.mapToView(ev.pos()).x()
        if ev.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.selecting.emit(self.mapToView(ev.buttonDownPos()).x(), at, ev.isFinish())
        else:
            self.panned.emit(self.mapToView(ev.lastPos()).x() - at)

    def mouseDoubleClickEvent(self, ev: Any) -> None:
        self.fitted.emit()
        ev.accept()


class ValueAxis(pg.AxisItem):
    """Left axis: a few round figures with a true minus sign, faint grid."""

    def __init__(self) -> None:
        super().__init__("left")
        self.setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=0, textFillLimits=[(0, 0.95)])
        self.setWidth(48)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """One level of ticks, about 26 px apart."""
        wanted = (maxVal - minVal) / max(1.0, size / 26)
        if wanted <= 0:
            return [(1.0, 0.0)]
        base = 10.0 ** np.floor(np.log10(wanted))
        return [(base * next(m for m in (1, 2, 2.5, 5, 10) if m * base >= wanted), 0.0)]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        decimals = max(0, -int(np.floor(np.log10(spacing)))) if spacing < 1 else 0
        if round(spacing * 10**decimals, 9) % 1:  # steps of 2.5
            decimals += 1
        return [number_text(float(v), decimals) for v in values]


class TimeGrid(pg.AxisItem):
    """Bottom axis without text: draws only the grid lines of the shared ruler."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.seconds: list[float] = []
        self.setStyle(showValues=False, tickLength=0)
        self.setHeight(1)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        return [(1.0, self.seconds)]


class Envelope(pg.GraphicsObject):
    """Area between the smallest and the largest value of each bucket, where they differ.

    Buckets about a pixel wide are drawn as upright boxes: filling one polygon of thousands of corners costs many
    times more. Wider ones are filled, so that the area has the slope of its edges.
    """

    def __init__(self) -> None:
        super().__init__()
        self._areas: list[Any] = []
        self._strokes: Any = None
        self._apart = 0.0
        self._bounds = QRectF()

    def set_data(self, x: Floats, lo: Floats, hi: Floats, least: float = 0.0) -> None:
        """Show these buckets; NaN breaks the area. A spread of up to ``least`` hides behind the line and is left out."""
        self.prepareGeometryChange()
        self._areas, self._strokes, self._bounds = [], None, QRectF()
        finite = np.isfinite(lo)
        spread = finite & (hi - lo > least)
        count = int(spread.sum())
        if count > STROKES_FROM:
            self._apart = float(np.median(np.diff(x)))
            self._strokes = PrimitiveArray(QRectF, 4)
            self._strokes.resize(count)
            boxes = self._strokes.ndarray()
            boxes[:, 0], boxes[:, 1] = x[spread] - self._apart / 2, lo[spread]
            boxes[:, 2], boxes[:, 3] = self._apart, hi[spread] - lo[spread]
            self._bound(x, lo, hi, spread)
        elif count:
            wide = spread.copy()  # one more at each end, so that the area closes on the line
            wide[1:] |= spread[:-1]
            wide[:-1] |= spread[1:]
            wide &= finite
            edges = np.flatnonzero(np.diff(np.concatenate(([False], wide, [False])).astype(np.int8)))
            for a, b in zip(edges[::2], edges[1::2], strict=True):
                xs = np.concatenate([x[a:b], x[a:b][::-1]])
                ys = np.concatenate([hi[a:b], lo[a:b][::-1]])
                self._areas.append(pg.functions.arrayToQPolygonF(xs, ys))
            self._bound(x, lo, hi, wide)
        self.update()

    def _bound(self, x: Floats, lo: Floats, hi: Floats, shown: Any) -> None:
        at = np.flatnonzero(shown)
        low, high = float(lo[shown].min()), float(hi[shown].max())
        left, right = float(x[at[0]]) - self._apart, float(x[at[-1]]) + self._apart
        self._bounds = QRectF(left, low, right - left, high - low)

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("trace", 0.28))
        if self._strokes is not None:
            painter.drawRects(*self._strokes.drawargs())
        for area in self._areas:
            painter.drawPolygon(area)


def by_pixel(x: Floats, lo: Floats, hi: Floats, width_px: int) -> tuple[Floats, Floats, Floats]:
    """Buckets joined until there is about one a pixel: more can't be seen and cost time to paint."""
    step = x.size // max(1, width_px)
    if step < 2:
        return x, lo, hi
    starts = np.arange(0, x.size, step)
    return x[starts], np.fmin.reduceat(lo, starts), np.fmax.reduceat(hi, starts)


def line_by_pixel(x: Floats, y: Floats, width_px: int) -> tuple[Floats, Floats]:
    """Three and more points a pixel become their smallest and largest: the same picture from fewer points."""
    step = x.size // max(1, width_px)
    if step < 3:
        return x, y
    starts = np.arange(0, x.size, step)
    thin_x = np.repeat(x[starts], 2)
    thin_x[1::2] += (x[min(1, x.size - 1)] - x[0]) / 2
    thin_y = np.empty(thin_x.size)
    thin_y[::2], thin_y[1::2] = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    return thin_x, thin_y


VISIBLE_PX = 1.5  # a smaller spread can't be told from the line itself
#: Pens of the curves of one plot, in the order of their coming: token of the theme and dash.
STYLES = (
    ("trace", Qt.PenStyle.SolidLine),
    ("g7", Qt.PenStyle.SolidLine),
    ("g5", Qt.PenStyle.SolidLine),
    ("accent", Qt.PenStyle.DashLine),
    ("g7", Qt.PenStyle.DotLine),
    ("g5", Qt.PenStyle.DashLine),
)
STROKES_FROM = 300  # buckets of an envelope
FINE_CURVES = 12  # up to that many curves on the screen are smoothed; more would cost the operator frames


class Curve:
    """The items of one series in a plot: mean line and envelope."""

    def __init__(self, plot: Any, number: int) -> None:
        self._plot = plot
        self.number = number % len(STYLES)
        self.envelope: Envelope | None = None
        self.line = pg.PlotCurveItem(connect="finite", skipFiniteCheck=False)
        plot.addItem(self.line)
        self.restyle(smooth=True)

    def restyle(self, *, smooth: bool) -> None:
        """Pen of the present theme."""
        token, style = STYLES[self.number]
        self.line.opts["antialias"] = smooth
        self.line.setPen(pg.mkPen(theme().color(token), width=1.6 if smooth else 1, style=style))
        if self.envelope is not None:
            self.envelope.update()

    def show(self, view: View, base_us: int, width_px: int, pixel: float) -> None:
        """Draw a stretch on ``width_px`` pixels; x is seconds since ``base_us``, ``pixel`` is the height of one."""
        x = (view.t_us - base_us) / 1e6
        self.line.setData(*line_by_pixel(x, view.mean, width_px))
        banded = bool(view.t_us.size) and bool(np.any(view.hi > view.lo))
        if banded and self.envelope is None:
            self.envelope = Envelope()
            self.envelope.setZValue(-5)
            self._plot.addItem(self.envelope)
        if self.envelope is not None:
            self.envelope.set_data(*by_pixel(x, view.lo, view.hi, width_px), least=VISIBLE_PX * pixel)

    def remove(self) -> None:
        """Take the items out of the plot."""
        self._plot.removeItem(self.line)
        if self.envelope is not None:
            self._plot.removeItem(self.envelope)
