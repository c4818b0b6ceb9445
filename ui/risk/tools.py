"""Drawing, editing and moving on the built-in map: what the hand does while a tool is in it.

Every method says whether it used the event up; with no tool in hand none does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from models.maps import Point
from ui.i18n import t
from ui.risk.mapstate import LOOKING
from ui.theme import theme

if TYPE_CHECKING:
    from ui.risk.nativemap import Canvas, NativeMap

SAME_PX = 4.0  # a click as near to the last point as this ends the outline


class Hand:
    """The tool in hand of one map; the state says which."""

    def __init__(self, owner: NativeMap, canvas: Canvas) -> None:
        self._map = owner
        self._canvas = canvas
        self.points: list[Point] = []
        self._at: QPointF | None = None
        self._corner: int | None = None
        self._marker = ""

    @property
    def _kind(self) -> str:
        return self._canvas.state.tool.kind

    def take(self) -> None:
        """Another tool came into the hand."""
        tool = self._canvas.state.tool
        self.points = list(self._canvas.state.shapes[tool.code].polygon) if tool.kind == "zone" else []
        self._corner, self._marker, self._at = None, "", None
        self._canvas.setCursor(Qt.CursorShape.CrossCursor if tool.kind in ("polygon", "point") else _ARROW)

    def _reach(self) -> float:
        return 22.0 if theme().touch else 9.0

    def _near(self, at: QPointF, points: list[Point]) -> int | None:
        for index, (x, y) in enumerate(points):
            if (self._canvas.pixels(x, y) - at).manhattanLength() <= self._reach():
                return index
        return None

    def _middles(self) -> list[Point]:
        pairs = zip(self.points, [*self.points[1:], *self.points[:1]], strict=True)
        return [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in pairs]

    def pressed(self, at: QPointF) -> bool:
        """A button went down."""
        if self._kind == "zone":
            self._corner = self._near(at, self.points)
            if self._corner is None and (middle := self._near(at, self._middles())) is not None:
                self.points.insert(middle + 1, self._canvas.metres(at))
                self._corner = middle + 1
            return self._corner is not None
        if self._kind == "move":
            for marker in self._canvas.marker_at(at):
                if self._canvas.state.markers[marker].layer in self._canvas.state.tool.layers:
                    self._marker = marker
                    return True
        return False

    def moved(self, at: QPointF) -> bool:
        """The pointer moved."""
        self._at = at
        if self._corner is not None:
            self.points[self._corner] = self._canvas.metres(at)
        elif not self._marker:
            if self._kind == "polygon":
                self._canvas.viewport().update()
            return False
        self._canvas.viewport().update()
        return True

    def released(self, at: QPointF) -> bool:
        """A button went up."""
        if self._corner is not None:
            self._corner = None
            self._tell_edited()
            return True
        if self._marker:
            marker, self._marker = self._marker, ""
            x, y = self._canvas.metres(at)
            self._canvas.state.shift(marker, x, y)
            self._canvas.overlay.forget()
            self._canvas.viewport().update()
            self._map.moved.emit(marker, x, y)
            return True
        return False

    def clicked(self, at: QPointF) -> bool:
        """A click that no drag was."""
        if self._kind == "point":
            self._map.drawn.emit("point", [self._canvas.metres(at)])
            return True
        if self._kind == "polygon":
            if len(self.points) >= 3 and self._near(at, self.points[:1]) is not None:
                return self.finish()
            last = self._canvas.pixels(*self.points[-1]) if self.points else None
            if last is not None and (last - at).manhattanLength() <= SAME_PX:
                return self.finish()
            self.points.append(self._canvas.metres(at))
            self._canvas.viewport().update()
            return True
        return self._kind == "zone"

    def finish(self) -> bool:
        """Enter or a double click: the polygon is done when it has three corners."""
        if self._kind != "polygon":
            return bool(self._kind)
        if len(self.points) >= 3:
            points, self.points = self.points, []
            self._canvas.viewport().update()
            self._map.drawn.emit("polygon", points)
        return True

    def remove(self, at: QPointF) -> bool:
        """A corner under the pointer goes, while three are left."""
        if self._kind != "zone" or (corner := self._near(at, self.points)) is None or len(self.points) <= 3:
            return False
        del self.points[corner]
        self._tell_edited()
        return True

    def key(self, key: int) -> bool:
        """Enter, Esc, Backspace."""
        if not self._kind:
            return False
        if key == Qt.Key.Key_Escape:
            self._canvas.state.take(LOOKING)
            self.take()
            self._canvas.viewport().update()
            self._map.cancelled.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finish()
        elif key == Qt.Key.Key_Backspace and self._kind == "polygon":
            del self.points[-1:]
            self._canvas.viewport().update()
        else:
            return False
        return True

    def _tell_edited(self) -> None:
        code = self._canvas.state.tool.code
        self._map.edit(code, list(self.points))

    # -- painting -----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        """The outline in the making, its handles, and one line that says what to do."""
        if not self._kind:
            return
        pixels = [self._canvas.pixels(x, y) for x, y in self.points]
        pen = QPen(theme().color("accent"), 2)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(theme().color("accent", 0.12))
        if self._kind == "zone":
            painter.drawPolygon(QPolygonF(pixels))
        elif pixels:
            painter.drawPolyline([*pixels, self._at] if self._at is not None else pixels)
        radius = 9 if theme().touch else 5
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.setBrush(theme().color("g0"))
        for point in pixels:
            painter.drawRect(QRectF(point.x() - radius, point.y() - radius, 2 * radius, 2 * radius))
        if self._kind == "zone":
            painter.setPen(QPen(theme().color("accent"), 1))
            for x, y in self._middles():
                painter.drawEllipse(self._canvas.pixels(x, y), radius * 0.7, radius * 0.7)
        if self._marker and self._at is not None:
            painter.drawEllipse(self._at, radius * 2.2, radius * 2.2)
        self._hint(painter)

    def _hint(self, painter: QPainter) -> None:
        text = t({"zone": "map.word.edit_hint", "move": "map.word.move_hint"}.get(self._kind, "map.word.draw_hint"))
        painter.setFont(theme().font(12))
        width = painter.fontMetrics().horizontalAdvance(text) + 24
        box = QRectF((self._canvas.width() - width) / 2, 10, width, 26)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("g7"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(theme().color("g0"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


_ARROW = Qt.CursorShape.ArrowCursor
