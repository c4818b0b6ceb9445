"""The built-in map: a graphics view that needs no web engine. Same layers, same signals, same tools as the page.

It stands in where the web engine cannot start, and it is what prints.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QGraphicsView, QPinchGesture, QToolTip, QVBoxLayout, QWidget

from models.maps import Point
from ui.i18n import pick, t
from ui.risk import look
from ui.risk.mapbuttons import MapButtons
from ui.risk.mapstate import Change, Eye, MapState
from ui.risk.mapview import MapView
from ui.risk.overlay import Overlay, marker_text, paint_scale
from ui.risk.planfile import bounds, inside
from ui.risk.scene import MapScene
from ui.risk.tools import Hand
from ui.theme import theme

CLICK_PX = 5  # a press that moves less is a click
FIT_MARGIN = 14
ZOOM_STEP = 1.35


class NativeMap(MapView):
    """See :class:`MapView`."""

    def __init__(self, parent: QWidget | None = None, state: MapState | None = None) -> None:
        super().__init__(parent, state)
        self.canvas = Canvas(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self.setFocusProxy(self.canvas)
        self.buttons = MapButtons(self)
        self.buttons.pressed.connect(self.canvas.press)
        self.apply(Change("look"), 0)

    def apply(self, change: Change, serial: int) -> None:
        self.canvas.change(change, serial)
        if change.what == "look":
            self.buttons.relook()
            self._place()

    def edit(self, code: str, points: list[Point]) -> None:
        """An outline was changed by hand."""
        self.state.reshape(code, tuple(points))
        self.canvas.change(Change("shapes"), 0)
        self.edited.emit(code, points)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        self.buttons.adjustSize()
        self.buttons.move(12, self.height() - self.buttons.height() - 12)


class Canvas(QGraphicsView):
    """Draws the scene and the overlay, and turns the hand's movements into the map's signals."""

    def __init__(self, owner: NativeMap) -> None:
        super().__init__(owner)
        self._map = owner
        self.state = owner.state
        self.overlay = Overlay(self.state)
        self.hand = Hand(owner, self)
        self._scene = MapScene(self.state)
        self._scene.setParent(self)
        self.setScene(self._scene)
        self._waiting = 0
        self._shown = False
        self._pressed: QPoint | None = None
        self._last = QPoint()
        self._panning = False
        self._hover = ""
        self.focused = ""
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # -- showing ------------------------------------------------------------------------------------------------

    def change(self, change: Change, serial: int) -> None:
        """Follow a change of the state; it is told as settled after the next painting."""
        self._scene.redraw(change)
        self._waiting = max(self._waiting, serial)
        if change.what in ("plan", "fit", "shapes") and self.state.eye is None:
            self._look_at(self._fitting())
        if change.what == "look":
            self.setBackgroundBrush(theme().color("g2"))
            self.setAccessibleName(t("map.word.map"))
        if change.what == "tool":
            self.hand.take()
        if change.what in ("put", "drop") and self.focused not in self.state.markers | self.state.shapes.keys():
            self.focused = ""
        if change.what == "paint" and self._shown and self.overlay.same_words(change.ids):
            self._recolour(change.ids)
            return
        if change.what != "select":
            self.overlay.forget()
        self.viewport().update()

    def _recolour(self, codes: tuple[str, ...]) -> None:
        """Only colours changed: only these zones and the squares before their names are painted."""
        self.viewport().update(0, 0, 1, 1)  # so that the change settles even when none of them is to be seen
        for code in codes:
            if code in self.state.shapes:
                x0, y0, x1, y1 = bounds(self.state.shapes[code].polygon)
                zone = QRectF(self.pixels(x0, y1), self.pixels(x1, y0)).adjusted(-8, -8, 8, 8)
                plate = self.overlay.plate_box(code)
                region = zone.united(plate.translated(self.pixels(0, 0))) if plate is not None else zone
                self.viewport().update(region.toAlignedRect())

    def _fitting(self) -> Eye:
        x0, y0, x1, y1 = self.state.extent()
        wide, high = max(self.width() - 2 * FIT_MARGIN, 50), max(self.height() - 2 * FIT_MARGIN, 50)
        return Eye((x0 + x1) / 2, (y0 + y1) / 2, min(wide / (x1 - x0), high / (y1 - y0)))

    def _look_at(self, eye: Eye) -> None:
        self.state.eye = eye
        # room on all sides, so that the plan's edge can stand in the middle
        margin = max(self.width(), self.height()) / eye.scale + 10
        x0, y0, x1, y1 = self.state.extent()
        self.setSceneRect(QRectF(x0 - margin, -y1 - margin, x1 - x0 + 2 * margin, y1 - y0 + 2 * margin))
        self.setTransform(QTransform.fromScale(eye.scale, eye.scale))
        self.centerOn(QPointF(eye.x, -eye.y))
        self.viewport().update()

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Nearer or farther, keeping the point ``about`` (px) where it is."""
        eye = self.state.eye or self._fitting()
        centre = QPointF(self.width() / 2, self.height() / 2)
        about = about or centre
        x, y = self.metres(about)
        scale = min(max(eye.scale * factor, look.SMALLEST_PX_PER_M), look.LARGEST_PX_PER_M)
        shift = about - centre
        self._look_at(Eye(x - shift.x() / scale, y + shift.y() / scale, scale, fitted=False))

    def press(self, name: str) -> None:
        """A button of the map."""
        if name == "fit":
            self._map.fit()
        else:
            self.zoom(ZOOM_STEP if name == "zoom_in" else 1 / ZOOM_STEP)

    def origin(self) -> QPointF:
        """Where the plan's corner lies, px."""
        return self.pixels(0.0, 0.0)

    def pixels(self, x: float, y: float) -> QPointF:
        """A point of the plan in px."""
        eye = self.state.eye or self._fitting()
        return QPointF(self.width() / 2 + (x - eye.x) * eye.scale, self.height() / 2 - (y - eye.y) * eye.scale)

    def metres(self, at: QPointF) -> tuple[float, float]:
        """A point in px as metres of the plan."""
        eye = self.state.eye or self._fitting()
        return eye.x + (at.x() - self.width() / 2) / eye.scale, eye.y - (at.y() - self.height() / 2) / eye.scale

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        eye = self.state.eye
        self._look_at(self._fitting() if eye is None or eye.fitted else eye)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_at(self.state.eye or self._fitting())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = (self.state.eye or self._fitting()).scale
        area, exposed = QRectF(self.viewport().rect()), QRectF(event.rect())
        focus = self.focused if self.hasFocus() else ""
        self.overlay.paint(painter, self.origin(), scale, exposed, focus)
        paint_scale(painter, area, scale)
        self.hand.paint(painter)
        painter.end()
        if not self._shown:
            self._shown = True
            self._map.ready.emit()
        if self._waiting:
            serial, self._waiting = self._waiting, 0
            self._map.settled.emit(serial)

    # -- what lies under the hand -------------------------------------------------------------------------------

    def marker_at(self, at: QPointF) -> tuple[str, ...]:
        """Ids of the chip's markers at a point in px, its own first; () for none."""
        scale = (self.state.eye or self._fitting()).scale
        local = at - self.origin()
        chip = self.overlay.chip_at(scale, local.x(), local.y())
        return chip.members if chip is not None else ()

    def zone_at(self, at: QPointF) -> str:
        """Code of the zone at a point in px; '' for none. Of zones within zones the later (upper) one."""
        if not self.state.zones_shown():
            return ""
        x, y = self.metres(at)
        hits = [code for code, shape in self.state.shapes.items() if inside(shape.polygon, x, y)]
        return hits[-1] if hits else ""

    def click(self, at: QPointF) -> None:
        """A click with no tool in hand."""
        members = self.marker_at(at)
        if len(members) > 1 and self._spread(members):
            return
        if members:
            self._map.marker_clicked.emit(members[0])
        elif code := self.zone_at(at):
            self._map.zone_clicked.emit(code)
        else:
            self._map.background_clicked.emit(*self.metres(at))

    def _spread(self, members: tuple[str, ...]) -> bool:
        """Zoom so far that a group's members come apart; False when they never will."""
        points = tuple((m.x, m.y) for i in members if (m := self.state.markers.get(i)))
        x0, y0, x1, y1 = bounds(points)
        span = max(x1 - x0, y1 - y0)
        eye = self.state.eye or self._fitting()
        if span <= 0 or eye.scale >= look.LARGEST_PX_PER_M:
            return False
        scale = min(max(0.6 * min(self.width(), self.height()) / span, eye.scale * ZOOM_STEP), look.LARGEST_PX_PER_M)
        self._look_at(Eye((x0 + x1) / 2, (y0 + y1) / 2, scale, fitted=False))
        return True

    # -- hand and keys ------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._last = event.position().toPoint()
        self._panning = False
        if event.button() == Qt.MouseButton.LeftButton and self.hand.pressed(event.position()):
            self._pressed = None
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.hand.moved(at):
            return
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            if self._panning or (at.toPoint() - self._pressed).manhattanLength() > CLICK_PX:
                self._panning = True
                step = at.toPoint() - self._last
                eye = self.state.eye or self._fitting()
                self._look_at(Eye(eye.x - step.x() / eye.scale, eye.y + step.y() / eye.scale, eye.scale, fitted=False))
        elif self._pressed is None:
            self._hovering(at)
        self._last = at.toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.hand.released(event.position()):
            return
        pressed, self._pressed = self._pressed, None
        if pressed is None or self._panning or event.button() != Qt.MouseButton.LeftButton:
            self._panning = False
            return
        if not self.hand.clicked(event.position()):
            self.click(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self.hand.finish():
            self.zoom(ZOOM_STEP, event.position())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.hand.remove(QPointF(event.pos())):
            event.accept()
        else:
            super().contextMenuEvent(event)

    def _hovering(self, at: QPointF) -> None:
        members = self.marker_at(at)
        target = members[0] if members else self.zone_at(at)
        if target == self._hover:
            return
        self._hover = target
        self._map.hovered.emit(target)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if target else Qt.CursorShape.ArrowCursor)
        text = ""
        if members:
            text = marker_text(self.state.markers[members[0]])
            if len(members) > 1:
                text = f"{text} · {t('map.word.group', n=len(members))}"
        elif target:
            text = pick(self.state.shapes[target].name, self.state.shapes[target].name_en)
        QToolTip.showText(self.mapToGlobal(at.toPoint()), text, self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(math.pow(ZOOM_STEP, event.angleDelta().y() / 120), event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Gesture and isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self.zoom(pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint())))
                return True
        if event.type() == QEvent.Type.Leave and self._hover:
            self._hover = ""
            self._map.hovered.emit("")
        return super().viewportEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab walks through zones and chips before it leaves the map."""
        scale = (self.state.eye or self._fitting()).scale
        done = self.overlay.arrangement(scale)
        stops = [*(self.state.shapes if self.state.zones_shown() else ()), *(chip.id for chip in done.chips)]
        place = stops.index(self.focused) if self.focused in stops else (-1 if forward else len(stops))
        place += 1 if forward else -1
        if 0 <= place < len(stops):
            self.focused = stops[place]
            self.viewport().update()
            return True
        self.focused = ""
        return super().focusNextPrevChild(forward)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.hand.key(event.key()):
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.focused:
            marker = self.focused in self.state.markers
            (self._map.marker_clicked if marker else self._map.zone_clicked).emit(self.focused)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.press("zoom_in")
        elif event.key() == Qt.Key.Key_Minus:
            self.press("zoom_out")
        elif event.key() == Qt.Key.Key_Home:
            self.press("fit")
        elif event.key() in _PAN:
            eye = self.state.eye or self._fitting()
            dx, dy = _PAN[Qt.Key(event.key())]
            self._look_at(Eye(eye.x + dx / eye.scale, eye.y + dy / eye.scale, eye.scale, fitted=False))
        else:
            event.ignore()


_PAN = {
    Qt.Key.Key_Left: (-80, 0),
    Qt.Key.Key_Right: (80, 0),
    Qt.Key.Key_Up: (0, 80),
    Qt.Key.Key_Down: (0, -80),
}
