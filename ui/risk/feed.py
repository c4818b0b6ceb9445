"""Turns what the station knows into what a map is given: outlines, colours, alarms and things on the plan. No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from app.ports import Station
from models import maps
from models.alarms import HELD, AlarmRow, AlarmState, Priority
from models.maps import Marker, PlanInfo, Tone, ZonePaint, ZoneShape
from models.readings import Quality, TagInfo
from models.risk import Grade, ZoneState
from models.risk_rows import ItemRow, OutlineRow, PlanRow, PointRow
from ui.i18n import pick, unit_text, value_text
from ui.risk.planfile import bounds
from ui.risk.words import caption, grade_word, signed

ICONS = {
    maps.ZONES: "risk",
    maps.ALARMS: "warning",
    maps.POINTS: "pin",
    maps.VALUES: "trend",
    maps.TICKETS: "clipboard",
    maps.PERMITS: "permit",
    maps.CAMERAS: "camera",
    maps.PEOPLE: "user",
    maps.HYDRANTS: "hydrant",
    maps.MUSTERS: "users",
    maps.WIND: "wind",
}
RANK = {maps.MUSTERS: 4, maps.POINTS: 3, maps.CAMERAS: 2, maps.VALUES: 5, maps.WIND: 6}


class MapStock(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from the store for the map."""

    plan: PlanRow | None = None
    outlines: tuple[OutlineRow, ...] = ()
    points: tuple[PointRow, ...] = ()
    items: tuple[ItemRow, ...] = ()


def plan_info(row: PlanRow) -> PlanInfo:
    """The plan for the map."""
    return PlanInfo(
        kind=row.kind,
        width=row.width,
        height=row.height,
        revision=row.revision,
        data=row.data,
        media_type=row.media_type,
    )


def shapes(rows: Iterable[OutlineRow], station: Station) -> list[ZoneShape]:
    """Outlines with the names of their places."""
    names = {place.code: (place.name, place.name_en) for place in station.tags.places()}
    found = []
    for row in rows:
        name, english = names.get(row.place, (row.place, ""))
        found.append(ZoneShape(code=row.place, name=name, name_en=english, polygon=row.polygon, label=row.label))
    return found


def now_paint(state: ZoneState, mode: str, alarmed: set[str]) -> ZonePaint:
    """A zone as it is: ``mode`` 'dynamic' · 'inherent' · 'difference' (only what live facts moved is painted)."""
    alarm = state.place in alarmed and mode != "inherent"
    if mode == "inherent":
        return said(state.place, state.inherent_grade, caption(state.inherent_grade), alarm=alarm)
    if mode == "difference":
        if state.grade is state.inherent_grade:
            return ZonePaint(code=state.place, grade=state.inherent_grade, stale=True, alarm=alarm)
        step = f"{grade_word(state.inherent_grade)} \N{RIGHTWARDS ARROW} {grade_word(state.grade)}"
        return said(state.place, state.grade, f"{step} {signed(state.value - state.inherent)}", alarm=alarm)
    return said(state.place, state.grade, caption(state.grade), alarm=alarm)


def said(place: str, grade: Grade, text: str, *, alarm: bool = False) -> ZonePaint:
    """A painted zone with words in the present language."""
    return ZonePaint(code=place, grade=grade, alarm=alarm, caption=text, caption_en=text)


def zone_of(tag: TagInfo | None, area: str, outlined: Mapping[str, object]) -> str:
    """The innermost place with an outline in which a tag stands, '' for none."""
    places = (tag.device, tag.unit_code, tag.area) if tag is not None else ()
    return next((code for code in (*places, area) if code in outlined), "")


def alarmed_zones(rows: Iterable[AlarmRow], station: Station, outlined: Mapping[str, object]) -> set[str]:
    """Zones in which a critical alarm stands that nobody put aside."""
    return {
        zone
        for row in rows
        if row.priority is Priority.CRITICAL and row.state in (AlarmState.UNACK, AlarmState.ACKED)
        if (zone := zone_of(_tag(row, station), row.area, outlined))
    }


def alarm_markers(rows: Iterable[AlarmRow], station: Station, stock: MapStock) -> list[Marker]:
    """Open alarms at their tag's point, else in the middle of their zone; those put aside are left out."""
    outlined = {row.place: row for row in stock.outlines}
    at_tag = {point.target: (point.x, point.y) for point in stock.points if point.target.startswith("tag:")}
    found = []
    for row in rows:
        if row.state in HELD or not row.active:
            continue
        tag = _tag(row, station)
        zone = zone_of(tag, row.area, outlined)
        where = at_tag.get(f"tag:{row.tag}") or (_middle(outlined[zone]) if zone else None)
        if where is None:
            continue
        gone = row.state is AlarmState.RTNUN
        value = value_text(row.value, row.decimals, tag.states if tag is not None else None)
        text = f"{row.tag} {value} {unit_text(row.unit)}".strip()
        found.append(
            Marker(
                id=f"alarm:{row.occurrence_id}",
                layer=maps.ALARMS,
                x=where[0],
                y=where[1],
                icon=ICONS[maps.ALARMS],
                text=text,
                text_en=text,
                tone=Tone.NORMAL if gone else Tone.ALARM,
                priority=90 + (0 if gone else int(row.priority)),
                target=f"alarm:{row.occurrence_id}",
            )
        )
    return found


def point_markers(stock: MapStock, station: Station) -> list[Marker]:
    """What stands on the plan, with live values where a tag is named, and the register's own risk points."""
    found = [_point(point, station) for point in stock.points if point.layer in maps.LAYERS]
    for item in stock.items:
        if item.point is not None:
            found.append(
                Marker(
                    id=f"risk:{item.code}",
                    layer=maps.POINTS,
                    x=item.point[0],
                    y=item.point[1],
                    icon=ICONS[maps.POINTS],
                    text=item.name,
                    text_en=item.name_en or item.name,
                    priority=RANK[maps.POINTS],
                    target=f"zone:{item.place}",
                )
            )
    return found


def _point(point: PointRow, station: Station) -> Marker:
    heading, text, english, tone = point.heading, point.name or point.code, point.name_en, Tone.NORMAL
    if point.layer in (maps.VALUES, maps.WIND) and point.target.startswith("tag:"):
        tag = station.tags.by_name(point.target.partition(":")[2])
        live = station.live.get(tag.id) if tag is not None else None
        if tag is not None and live is not None:
            if point.layer == maps.WIND and tag.unit == "deg" and isinstance(live.value, float):
                heading = live.value
            shown = f"{value_text(live.value, tag.decimals, tag.states)} {unit_text(tag.unit)}".strip()
            text, english = f"{text} {shown}", f"{english or text} {shown}"
            tone = Tone.NORMAL if live.quality >= Quality.GOOD else Tone.LOST
    return Marker(
        id=f"point:{point.code}",
        layer=point.layer,
        x=point.x,
        y=point.y,
        icon=ICONS[point.layer],
        text=text,
        text_en=english,
        tone=tone,
        priority=RANK.get(point.layer, 1),
        target=point.target or (f"zone:{point.place}" if point.place else ""),
        heading=heading,
        range_m=point.range_m,
    )


def wind_text(stock: MapStock, station: Station) -> list[str]:
    """Lines about the wind from the tags that the plan's wind points name; empty without any."""
    lines = []
    for point in stock.points:
        tag = station.tags.by_name(point.target.partition(":")[2]) if point.layer == maps.WIND else None
        if tag is None:
            continue
        live = station.live.get(tag.id)
        value = value_text(live.value if live is not None else None, tag.decimals, tag.states)
        name = pick(tag.description, tag.description_en) or tag.name
        lines.append(f"{name} {value} {unit_text(tag.unit)}".strip())
    return lines


def counts(markers: Iterable[Marker], zones: Sequence[ZoneShape]) -> dict[str, int]:
    """How much is on each layer."""
    found = dict.fromkeys(maps.LAYERS, 0)
    for marker in markers:
        found[marker.layer] += 1
    found[maps.ZONES] = len(zones)
    return found


def _tag(row: AlarmRow, station: Station) -> TagInfo | None:
    return station.tags.by_id(row.tag_id) if row.tag_id is not None else None


def _middle(row: OutlineRow) -> tuple[float, float]:
    west, south, east, north = bounds(row.polygon)
    return (west + east) / 2, (south + north) / 2
