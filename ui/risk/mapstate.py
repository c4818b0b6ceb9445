"""What a map shows, kept apart from any view, so that a view that died or was replaced gets all of it again.

Every setter returns the change in a few words, or None when nothing changed; views redraw from the state by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from models.maps import LAYERS, ZONES, Marker, PlanInfo, Polygon, ZonePaint, ZoneShape
from models.risk import Grade
from ui.risk.planfile import PlanDrawing, bounds, is_picture, read_drawing


class Change(msgspec.Struct, frozen=True):
    """One thing that a view must redraw.

    what   plan · shapes · paint · put · drop · layer · select · tool · fit · look
    ids    zones (paint), markers (put, drop), the layer (layer)
    """

    what: str
    ids: tuple[str, ...] = ()


class Tool(msgspec.Struct, frozen=True):
    """What the hand does: '' looks; 'polygon' and 'point' draw; 'zone' edits an outline; 'move' moves markers."""

    kind: str = ""
    code: str = ""
    layers: tuple[str, ...] = ()


class Eye(msgspec.Struct, frozen=True):
    """Where the view looks: centre in metres and pixels per metre; ``fitted`` = the whole plan, whatever the size."""

    x: float
    y: float
    scale: float
    fitted: bool = True


LOOKING = Tool()


class MapState:
    """Everything on a map."""

    def __init__(self) -> None:
        self.plan: PlanInfo | None = None
        self.drawing = PlanDrawing()
        self.shapes: dict[str, ZoneShape] = {}
        self.paints: dict[str, ZonePaint] = {}
        self.markers: dict[str, Marker] = {}
        self.hidden: set[str] = set()
        self.selected = ""
        self.tool = LOOKING
        self.eye: Eye | None = None

    def set_plan(self, plan: PlanInfo | None) -> Change | None:
        """Raises ValueError for a plan that cannot be drawn; the former one then stays."""
        if plan is not None and (plan.width <= 0 or plan.height <= 0):
            raise ValueError("a plan has an extent in metres")
        if plan == self.plan:
            return None
        drawing = read_drawing(plan)
        self.plan, self.drawing, self.eye = plan, drawing, None
        return Change("plan")

    def set_shapes(self, shapes: Iterable[ZoneShape]) -> Change | None:
        """All outlines anew; one of fewer than three points is left out."""
        wanted = {s.code: s for s in shapes if len(s.polygon) >= 3}
        if wanted == self.shapes and list(wanted) == list(self.shapes):
            return None
        self.shapes = wanted
        return Change("shapes")

    def paint_zones(self, paints: Iterable[ZonePaint]) -> Change | None:
        """Colours of some zones; the rest keep theirs. Colours may come before their outline."""
        changed = []
        for paint in paints:
            if self.paints.get(paint.code) != paint:
                self.paints[paint.code] = paint
                changed.append(paint.code)
        return Change("paint", tuple(changed)) if changed else None

    def put_markers(self, markers: Iterable[Marker]) -> Change | None:
        """Add or change markers, by id."""
        changed = []
        for marker in markers:
            if self.markers.get(marker.id) != marker:
                self.markers[marker.id] = marker
                changed.append(marker.id)
        return Change("put", tuple(changed)) if changed else None

    def drop_markers(self, ids: Iterable[str]) -> Change | None:
        """Take markers away; unknown ids are passed over."""
        gone = tuple(i for i in dict.fromkeys(ids) if self.markers.pop(i, None) is not None)
        return Change("drop", gone) if gone else None

    def show_layer(self, layer: str, on: bool) -> Change | None:
        """Raises KeyError for a layer that does not exist."""
        if layer not in LAYERS:
            raise KeyError(layer)
        if on == (layer not in self.hidden):
            return None
        (self.hidden.discard if on else self.hidden.add)(layer)
        return Change("layer", (layer,))

    def select(self, target: str) -> Change | None:
        """A zone's code or a marker's id; '' = nothing."""
        if target == self.selected:
            return None
        self.selected = target
        return Change("select")

    def take(self, tool: Tool) -> Change | None:
        """Take another tool in hand."""
        if tool == self.tool:
            return None
        self.tool = tool
        return Change("tool")

    def reshape(self, code: str, polygon: Polygon) -> None:
        """An outline was changed on the map itself."""
        if code in self.shapes:
            self.shapes[code] = msgspec.structs.replace(self.shapes[code], polygon=polygon)

    def shift(self, marker: str, x: float, y: float) -> None:
        """A marker was moved on the map itself."""
        if marker in self.markers:
            self.markers[marker] = msgspec.structs.replace(self.markers[marker], x=x, y=y)

    # -- what a view asks ---------------------------------------------------------------------------------------

    def shown(self, layer: str) -> bool:
        """True for a layer that is to be seen."""
        return layer not in self.hidden

    def zones_shown(self) -> bool:
        """True when colours and outlines are to be seen."""
        return self.shown(ZONES)

    def paint(self, code: str) -> ZonePaint:
        """How a zone looks; blue and stale until somebody told."""
        return self.paints.get(code) or ZonePaint(code=code, grade=Grade.BLUE, stale=True)

    def zone_selected(self, code: str) -> bool:
        """True for the zone that is selected, by the map or by whoever paints it."""
        return code == self.selected or self.paint(code).selected

    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres: the plan, else all outlines, else one hectare."""
        if self.plan is not None:
            return 0.0, 0.0, self.plan.width, self.plan.height
        points = tuple(p for s in self.shapes.values() for p in s.polygon)
        return bounds(points) if points else (0.0, 0.0, 100.0, 100.0)

    def picture(self) -> PlanInfo | None:
        """The plan when it is a picture."""
        return self.plan if self.plan is not None and is_picture(self.plan) else None

    def everything(self) -> Sequence[Change]:
        """All of it, for a view that knows nothing yet."""
        return (
            Change("look"),
            Change("plan"),
            Change("layer", tuple(LAYERS)),
            Change("shapes"),
            Change("paint", tuple(self.paints)),
            Change("put", tuple(self.markers)),
            Change("select"),
            Change("tool"),
        )
