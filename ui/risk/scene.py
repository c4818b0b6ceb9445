"""The map as a graphics scene: plan, zones, what cameras see. One item a zone, so that one colour costs one item.

Scene units are metres, y pointing down (minus north). Line widths and hatches are pixels whatever the scale.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from models.maps import CAMERAS, Polygon, Tone
from ui.risk import look
from ui.risk.mapstate import Change, MapState
from ui.risk.planfile import ABOVE, GROUND, OPEN, sector
from ui.theme import theme

Z_GROUND, Z_ZONE, Z_ABOVE, Z_SECTOR, Z_EDGE, Z_LOUD = 0, 10, 20, 30, 40, 50


def path_of(points: Polygon, *, closed: bool = True) -> QPainterPath:
    """Points of the plan as a path of the scene."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, -y) for x, y in points]))
    if closed:
        path.closeSubpath()
    return path


def pixel_pen(token: str, width: float, dash: Iterable[float] = (), alpha: float = 1.0) -> QPen:
    """A pen of so many pixels at any scale."""
    pen = QPen(theme().color(token, alpha), width)
    pen.setCosmetic(True)
    pattern = [part / width for part in dash]
    if pattern:
        pen.setDashPattern(pattern)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen


class PlanItem(QGraphicsItem):
    """The classes of the plan below or above the zones, or its picture."""

    def __init__(self, scene: MapScene, classes: tuple[str, ...]) -> None:
        super().__init__()
        self._scene = scene
        self._classes = classes
        self._paths: list[tuple[str, QPainterPath]] = []
        self._image = QImage()
        self._bounds = QRectF()
        self.redo()

    def redo(self) -> None:
        """Take the plan from the state."""
        self.prepareGeometryChange()
        state = self._scene.state
        self._paths = []
        for name in self._classes:
            rings, lines = state.drawing.rings.get(name, ()), state.drawing.lines.get(name, ())
            whole = QPainterPath()
            whole.setFillRule(Qt.FillRule.OddEvenFill)
            for points in rings:
                whole.addPath(path_of(points))
            for points in lines:
                whole.addPath(path_of(points, closed=False))
            if not whole.isEmpty():
                self._paths.append((name, whole))
        picture = state.picture()
        self._image = QImage()
        if picture is not None and self._classes is GROUND:
            self._image.loadFromData(picture.data)
        x0, y0, x1, y1 = state.extent()
        self._bounds = QRectF(x0, -y1, x1 - x0, y1 - y0)
        for _, path in self._paths:
            self._bounds = self._bounds.united(path.boundingRect())
        self._bounds.adjust(-5, -5, 5, 5)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if not self._image.isNull():
            x0, y0, x1, y1 = self._scene.state.extent()
            painter.drawImage(QRectF(x0, -y1, x1 - x0, y1 - y0), self._image)
        for name, path in self._paths:
            fill, stroke, width, dash = look.PLAN[name]
            painter.setBrush(theme().color(fill) if fill and name not in OPEN else Qt.BrushStyle.NoBrush)
            painter.setPen(pixel_pen(stroke, width, dash) if width else Qt.PenStyle.NoPen)
            painter.drawPath(path)


class ZoneItem(QGraphicsItem):
    """A zone's colour and hatch; below the plan's buildings."""

    def __init__(self, scene: MapScene, code: str) -> None:
        super().__init__()
        self._scene = scene
        self.code = code
        self.path = path_of(scene.state.shapes[code].polygon)
        self.setZValue(Z_ZONE)

    def boundingRect(self) -> QRectF:
        return self.path.boundingRect()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        paint = self._scene.state.paint(self.code)
        world = painter.worldTransform()
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        brush = QBrush(look.hatch(paint.grade, theme().tokens, round(ratio, 2), stale=paint.stale))
        scale = world.m11() or 1.0
        brush.setTransform(brush.transform() * QTransform.fromScale(1 / scale, 1 / scale))
        painter.fillPath(self.path, brush)


class EdgeItem(QGraphicsItem):
    """A zone's outline: thin; thick in the alarm's colour while one is live; the accent's when it is selected."""

    def __init__(self, scene: MapScene, code: str) -> None:
        super().__init__()
        self._scene = scene
        self.code = code
        self.path = path_of(scene.state.shapes[code].polygon)
        self.rank()

    def rank(self) -> None:
        """Loud ones lie above."""
        state = self._scene.state
        loud = state.paint(self.code).alarm
        self.setZValue(Z_LOUD if loud or state.zone_selected(self.code) else Z_EDGE)

    def boundingRect(self) -> QRectF:
        return self.path.boundingRect().adjusted(-8, -8, 8, 8)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        state = self._scene.state
        paint = state.paint(self.code)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in edge_pens(alarm=paint.alarm, selected=state.zone_selected(self.code), stale=paint.stale):
            painter.setPen(pen)
            painter.drawPath(self.path)


def edge_pens(*, alarm: bool, selected: bool, stale: bool) -> list[QPen]:
    """Pens of an outline, widest first: a selected zone with a live alarm keeps both, the accent as a rim."""
    if alarm:
        rim = [pixel_pen("accent", look.ALARM_PX + 2 * look.SELECT_PX)] if selected else []
        return [*rim, pixel_pen("crit", look.ALARM_PX)]
    if selected:
        return [pixel_pen("accent", look.SELECT_PX)]
    return [pixel_pen("g5" if stale else "g4", look.EDGE_PX, (5, 4) if stale else ())]


class SectorItem(QGraphicsItem):
    """What the cameras see, all in one."""

    def __init__(self, scene: MapScene) -> None:
        super().__init__()
        self._scene = scene
        self._path = QPainterPath()
        self.setZValue(Z_SECTOR)

    def redo(self) -> None:
        """Take the cameras from the state."""
        self.prepareGeometryChange()
        self._path = QPainterPath()
        self._path.setFillRule(Qt.FillRule.WindingFill)
        for marker in self._scene.state.markers.values():
            if marker.layer == CAMERAS and marker.heading is not None and marker.range_m and seeing(marker.tone):
                wedge = sector((marker.x, marker.y), marker.heading, marker.range_m, look.SECTOR_SPREAD)
                self._path.addPath(path_of(wedge))
        self.update()

    def boundingRect(self) -> QRectF:
        return self._path.boundingRect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setPen(pixel_pen("g5", 1.0, alpha=0.7))
        painter.setBrush(theme().color("g6", look.SECTOR))
        painter.drawPath(self._path)


def seeing(tone: Tone) -> bool:
    """A camera that is lost or off sees nothing."""
    return tone not in (Tone.LOST, Tone.OFF)


class MapScene(QGraphicsScene):
    """All of a state but words, chips and tools, which are the overlay's."""

    def __init__(self, state: MapState) -> None:
        super().__init__()
        self.state = state
        self._ground = PlanItem(self, GROUND)
        self._above = PlanItem(self, ABOVE)
        self._above.setZValue(Z_ABOVE)
        self._sectors = SectorItem(self)
        self.zones: dict[str, ZoneItem] = {}
        self.edges: dict[str, EdgeItem] = {}
        for item in (self._ground, self._above, self._sectors):
            self.addItem(item)
        for change in state.everything():
            self.redraw(change)

    def redraw(self, change: Change) -> None:
        """Follow a change of the state."""
        if change.what == "plan":
            self._ground.redo()
            self._above.redo()
        elif change.what == "shapes":
            self._reshape()
        elif change.what == "paint":
            for code in change.ids:
                if code in self.edges:
                    self.zones[code].update()
                    self.edges[code].rank()
                    self.edges[code].update()
        elif change.what in ("put", "drop"):
            self._sectors.redo()
        elif change.what == "layer":
            self._reveal()
        elif change.what == "select":
            for edge in self.edges.values():
                edge.rank()
            self.update()
        elif change.what == "look":
            self.update()

    def _reshape(self) -> None:
        for item in (*self.zones.values(), *self.edges.values()):
            self.removeItem(item)
        self.zones = {code: ZoneItem(self, code) for code in self.state.shapes}
        self.edges = {code: EdgeItem(self, code) for code in self.state.shapes}
        for item in (*self.zones.values(), *self.edges.values()):
            self.addItem(item)
        self._reveal()

    def _reveal(self) -> None:
        on = self.state.zones_shown()
        for item in (*self.zones.values(), *self.edges.values()):
            item.setVisible(on)
        self._sectors.setVisible(self.state.shown(CAMERAS))
