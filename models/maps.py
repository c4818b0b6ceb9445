"""What a map is given: the plant's plan, outlines of zones, how each is painted now, and what stands on it.

Plans, outlines and markers are metres in the plant's own frame: x east, y north, origin at the plan's lower left corner.
Nothing here knows how a map draws; two very different views are fed with the same values.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from models.risk import Grade

Point = tuple[float, float]
Polygon = tuple[Point, ...]

ZONES = "zones"
POINTS = "points"
VALUES = "values"
ALARMS = "alarms"
TICKETS = "tickets"
PERMITS = "permits"
CAMERAS = "cameras"
PEOPLE = "people"
HYDRANTS = "hydrants"
MUSTERS = "musters"
WIND = "wind"

#: Layers in the order in which lists name them; zones lie lowest.
LAYERS = (ZONES, POINTS, VALUES, ALARMS, TICKETS, PERMITS, CAMERAS, PEOPLE, HYDRANTS, MUSTERS, WIND)


class Tone(StrEnum):
    """How loud a marker is. Only an alarm has a colour; overdue and lost are the inverse chip; off is dim."""

    NORMAL = "normal"
    ALARM = "alarm"
    OVERDUE = "overdue"
    LOST = "lost"
    OFF = "off"


class PlanInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The plant's plan: a picture laid over the whole extent, or GeoJSON (what a DXF drawing is turned into).

    width, height   extent in metres; revision rises with every change
    data            the file's bytes; media_type as in HTTP ('image/png', 'application/geo+json')

    GeoJSON features carry ``class`` in their properties: site, road, path, building, tank, equipment, area, fence, line or text;
    ``name`` and ``name_en`` are written on them, ``radius`` (metres) makes a point a circle. Features of class zone
    (``code``) and point (``layer``, ``code``, ``heading``, ``range_m``, ``place``) are data that a plan may bring along;
    the map does not draw them from there.
    """

    kind: str  # 'picture' | 'geojson' | 'dxf'
    width: float
    height: float
    revision: int = 1
    data: bytes = b""
    media_type: str = ""


class ZoneShape(msgspec.Struct, frozen=True, kw_only=True):
    """A zone's outline; ``label`` is where its name stands, None = inside its upper left corner."""

    code: str
    name: str
    name_en: str = ""
    polygon: Polygon
    label: Point | None = None


class ZonePaint(msgspec.Struct, frozen=True, kw_only=True):
    """How a zone looks now. ``alarm`` = a live alarm stands in it; ``stale`` = its grade is not fed any more.

    ``caption`` follows the zone's name ("黄 一般风险").
    """

    code: str
    grade: Grade
    alarm: bool = False
    selected: bool = False
    stale: bool = False
    caption: str = ""
    caption_en: str = ""


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands on the map: a chip with an icon and a text.

    id          unique over all layers; ``target`` is what a click leads to ('alarm:17', 'camera:CAM-09')
    icon        name of an icon of the program's set, '' = none
    priority    of two that collide the higher keeps its text; alarms 1 … 4 as their own priority plus 90
    heading     degrees clockwise from north: where a camera looks, where the wind comes from; None = no direction
    range_m     how far a camera sees, metres
    """

    id: str
    layer: str
    x: float
    y: float
    icon: str = ""
    text: str = ""
    text_en: str = ""
    tone: Tone = Tone.NORMAL
    priority: int = 0
    target: str = ""
    heading: float | None = None
    range_m: float | None = None
