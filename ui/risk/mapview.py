"""What every map can do, whoever draws it: the panels know only this.

Coordinates are metres of the plan (x east, y north). All methods may be called before the map is ready; what they say
is kept and shown as soon as there is something to show it on. Theme, language and touch switch by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from models.maps import Marker, PlanInfo, ZonePaint, ZoneShape
from ui.i18n import messages
from ui.risk.mapstate import LOOKING, Change, MapState, Tool
from ui.risk.picture import picture_of
from ui.theme import theme


class MapView(QWidget):
    """Abstract. Feed it with the methods, listen to the signals; subclasses draw in :meth:`apply`."""

    ready = Signal()  # drawn for the first time (again after the page was lost)
    zone_clicked = Signal(str)  # code
    marker_clicked = Signal(str)  # id
    background_clicked = Signal(float, float)  # x, y
    hovered = Signal(str)  # code of a zone or id of a marker under the pointer, '' = none
    drawn = Signal(str, object)  # 'polygon' | 'point', list of (x, y); the tool stays in hand
    cancelled = Signal()  # drawing or editing was broken off with Esc; the tool is out of hand
    edited = Signal(str, object)  # zone, list of (x, y)
    moved = Signal(str, float, float)  # marker, x, y
    settled = Signal(int)  # the change with this number (and all before) is on the screen
    trouble = Signal(str)  # a sentence for the person: the map fell back or came back (a web map alone: its key)

    def __init__(self, parent: QWidget | None = None, state: MapState | None = None) -> None:
        super().__init__(parent)
        self.state = state if state is not None else MapState()
        self._serial = 0
        self.setMinimumSize(200, 150)

    def follow(self) -> None:
        """Follow theme and language; called by whoever owns the map, once."""
        theme().changed.connect(self._relook)
        messages().changed.connect(self._relook)

    def _relook(self) -> None:
        self._do(Change("look"))

    # -- what it shows ------------------------------------------------------------------------------------------

    def set_plan(self, plan: PlanInfo | None) -> int:
        """Another plan; the view fits it. Returns the number of the change, see ``settled``.

        Raises ValueError for a plan that cannot be drawn.
        """
        return self._do(self.state.set_plan(plan))

    def set_shapes(self, shapes: Iterable[ZoneShape]) -> int:
        """All outlines anew."""
        return self._do(self.state.set_shapes(shapes))

    def paint_zones(self, paints: Iterable[ZonePaint]) -> int:
        """Recolour some zones; only what differs is drawn."""
        return self._do(self.state.paint_zones(paints))

    def put_markers(self, markers: Iterable[Marker]) -> int:
        """Add, move or change markers by id; only what differs is drawn."""
        return self._do(self.state.put_markers(markers))

    def drop_markers(self, ids: Iterable[str]) -> int:
        """Take markers away."""
        return self._do(self.state.drop_markers(ids))

    def show_layer(self, layer: str, on: bool) -> int:
        """Show or hide a layer of models.maps.LAYERS.

        Raises KeyError for a layer that does not exist.
        """
        return self._do(self.state.show_layer(layer, on))

    def select(self, target: str) -> int:
        """Select a zone by its code or a marker by its id; '' = nothing. Says nothing by signal."""
        return self._do(self.state.select(target))

    def fit(self) -> int:
        """Show the whole plan, and keep showing it whole when the size changes."""
        self.state.eye = None
        return self._do(Change("fit"))

    # -- the hand's tools ---------------------------------------------------------------------------------------

    def start_drawing(self, kind: str) -> int:
        """Draw with the next clicks: 'polygon' (double click or Enter ends, Esc breaks off) or 'point'.

        Raises ValueError for another kind.
        """
        if kind not in ("polygon", "point"):
            raise ValueError(kind)
        return self._do(self.state.take(Tool(kind)))

    def stop_drawing(self) -> int:
        """Put any tool away."""
        return self._do(self.state.take(LOOKING))

    def edit_zone(self, code: str) -> int:
        """Handles on the corners of a zone's outline; every change comes by ``edited``.

        Raises KeyError for a zone without an outline.
        """
        if code not in self.state.shapes:
            raise KeyError(code)
        return self._do(self.state.take(Tool("zone", code)))

    def move_markers(self, layers: Iterable[str]) -> int:
        """Markers of these layers can be dragged; every move comes by ``moved``."""
        return self._do(self.state.take(Tool("move", layers=tuple(layers))))

    def stop_editing(self) -> int:
        """Put any tool away."""
        return self.stop_drawing()

    # -- what it can tell ---------------------------------------------------------------------------------------

    def print_picture(self, width_px: int) -> QImage:
        """The whole plan in day colours as an image of that width, drawn anew at that size; both maps print alike."""
        return picture_of(self.state, width_px)

    def where(self, x: float, y: float) -> QPointF:
        """Where a point of the plan lies in this widget, px.

        Raises RuntimeError before the map was drawn.
        """
        eye = self.state.eye
        if eye is None:
            raise RuntimeError("the map was not drawn yet")
        return QPointF(self.width() / 2 + (x - eye.x) * eye.scale, self.height() / 2 - (y - eye.y) * eye.scale)

    # -- for those who draw -------------------------------------------------------------------------------------

    def _do(self, change: Change | None) -> int:
        if change is not None:
            self._serial += 1
            self.apply(change, self._serial)
        return self._serial

    def apply(self, change: Change, serial: int) -> None:
        """Draw a change of the state; tell ``settled`` with the number once it is on the screen."""
        raise NotImplementedError
