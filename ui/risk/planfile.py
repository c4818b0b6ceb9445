"""Reads a drawn plan into what both maps draw: few compound outlines per class, lines, and words with their room.

One path per class instead of one per feature keeps a plan of ten thousand features as quick as one of ten.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from models.maps import PlanInfo, Point, Polygon

#: Classes below the zones' colours, lowest first, then those above, which the hatch therefore never covers.
GROUND = ("site", "area", "road", "path")
ABOVE = ("building", "tank", "equipment", "line", "fence")
CLASSES = GROUND + ABOVE
OPEN = frozenset({"path", "line", "fence"})  # drawn as a stroke without fill
DATA = frozenset({"zone", "point"})  # outlines and points that a plan brings along: data, not drawing
CIRCLE_STEPS = 48


class PlanText(msgspec.Struct, frozen=True):
    """Words on the plan, centred on a point; ``room_m`` is how wide they may be, 0 = free."""

    x: float
    y: float
    text: str
    text_en: str = ""
    room_m: float = 0.0
    strong: bool = False  # names of roads, gates and yards: not inside a building


class PlanDrawing(msgspec.Struct, frozen=True):
    """A drawn plan: rings and lines by class (metres), words, and what could not be used, in numbers."""

    rings: dict[str, list[Polygon]] = msgspec.field(default_factory=dict)
    lines: dict[str, list[Polygon]] = msgspec.field(default_factory=dict)
    texts: list[PlanText] = msgspec.field(default_factory=list)
    skipped: int = 0


def is_picture(plan: PlanInfo) -> bool:
    """True for a plan that is an image laid over the whole extent."""
    return plan.kind == "picture"


def read_drawing(plan: PlanInfo | None) -> PlanDrawing:
    """The drawing of a GeoJSON plan; empty for a picture.

    Raises ValueError when the bytes are no GeoJSON FeatureCollection.
    """
    if plan is None or is_picture(plan) or not plan.data:
        return PlanDrawing()
    try:
        document = json.loads(plan.data)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"plan is not JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if type(features) is not list:
        raise ValueError("plan is no GeoJSON FeatureCollection")
    rings: dict[str, list[Polygon]] = defaultdict(list)
    lines: dict[str, list[Polygon]] = defaultdict(list)
    texts: list[PlanText] = []
    skipped = 0
    for feature in features:
        try:
            _add(feature, rings, lines, texts)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError):
            skipped += 1
    return PlanDrawing(dict(rings), dict(lines), texts, skipped)


def _add(
    feature: dict[str, Any],
    rings: dict[str, list[Polygon]],
    lines: dict[str, list[Polygon]],
    texts: list[PlanText],
) -> None:
    properties: dict[str, Any] = feature.get("properties") or {}
    name = str(properties.get("class") or "line")
    if name in DATA:
        return
    name = name if name in (*CLASSES, "text") else "line"
    words, words_en = str(properties.get("name") or ""), str(properties.get("name_en") or "")
    for kind, points in _parts(feature["geometry"]):
        if kind == "point":
            radius = float(properties.get("radius") or 0)
            if radius > 0:
                rings[name if name != "text" else "equipment"].append(circle(points[0], radius))
            if words:
                strong = radius <= 0
                texts.append(PlanText(*points[0], words, words_en, 2 * radius, strong))
        elif kind == "ring" and name not in OPEN:
            rings[name].append(points)
            if words:
                x0, y0, x1, y1 = bounds(points)
                texts.append(PlanText((x0 + x1) / 2, (y0 + y1) / 2, words, words_en, x1 - x0))
        else:
            lines[name].append((*points, points[0]) if kind == "ring" else points)
            if words and kind == "line":
                middle = points[len(points) // 2] if len(points) > 2 else _between(points[0], points[-1])
                texts.append(PlanText(*middle, words, words_en, 0.0, True))


def _parts(geometry: dict[str, Any]) -> Iterator[tuple[str, Polygon]]:
    """Single points, lines and rings of any geometry; holes are rings of their own (even-odd filling)."""
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    if kind == "Point":
        yield "point", (_point(coordinates),)
    elif kind == "MultiPoint":
        for one in coordinates or ():
            yield "point", (_point(one),)
    elif kind == "LineString":
        yield "line", _points(coordinates, 2)
    elif kind in ("MultiLineString", "Polygon"):
        for one in coordinates or ():
            yield ("ring" if kind == "Polygon" else "line"), _points(one, 3 if kind == "Polygon" else 2)
    elif kind == "MultiPolygon":
        for polygon in coordinates or ():
            for one in polygon:
                yield "ring", _points(one, 3)
    elif kind == "GeometryCollection":
        for one in geometry["geometries"]:
            yield from _parts(one)
    else:
        raise ValueError(kind)


def _point(pair: Any) -> Point:
    x, y = float(pair[0]), float(pair[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("coordinate")
    return x, y


def _points(pairs: Any, least: int) -> Polygon:
    points = tuple(_point(pair) for pair in pairs)
    if len(points) > 1 and points[0] == points[-1] and least == 3:
        points = points[:-1]
    if len(points) < least:
        raise ValueError("too few points")
    return points


def _between(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def circle(centre: Point, radius: float) -> Polygon:
    """A circle as a polygon."""
    steps = (2 * math.pi * n / CIRCLE_STEPS for n in range(CIRCLE_STEPS))
    return tuple((centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in steps)


def sector(centre: Point, heading: float, range_m: float, spread: float = 60.0) -> Polygon:
    """What a camera sees: a wedge; ``heading`` and ``spread`` in degrees, clockwise from north."""
    arc = [math.radians(heading - spread / 2 + spread * n / 12) for n in range(13)]
    return (centre, *((centre[0] + range_m * math.sin(a), centre[1] + range_m * math.cos(a)) for a in arc))


def bounds(points: Polygon) -> tuple[float, float, float, float]:
    """West, south, east, north.

    Raises ValueError for no points.
    """
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def inside(points: Polygon, x: float, y: float) -> bool:
    """True when a point lies in a polygon (even-odd)."""
    hit = False
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            hit = not hit
    return hit
