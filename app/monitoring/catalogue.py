"""All tags as frozen copies, so that engine and screens share one list without asking the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from models.readings import Place, PlaceInfo, PlaceKind, Retention, Tag, TagInfo, TagKind

_LEVELS = {
    PlaceKind.AREA: ("area", "area_name", "area_name_en"),
    PlaceKind.UNIT: ("unit_code", "unit_name", "unit_name_en"),
    PlaceKind.DEVICE: ("device", "device_name", "device_name_en"),
}


def _place_fields(place_id: int | None, places: dict[int, Any]) -> dict[str, str]:
    """Area, unit and device that a place lies in."""
    fields: dict[str, str] = {}
    while place_id is not None:
        place = places[place_id]
        names = _LEVELS.get(PlaceKind(place.kind))
        if names:
            fields.update(zip(names, (place.code, place.name, place.name_en or place.name), strict=True))
        place_id = place.parent_id
    return fields


def read_tags(connection: Connection) -> list[TagInfo]:
    """Every enabled tag in plant order (order of areas, units and devices, then name)."""
    places = {row.id: row for row in connection.execute(select(Place.__table__))}

    def path(place_id: int | None) -> tuple[tuple[int, int], ...]:
        steps: list[tuple[int, int]] = []
        while place_id is not None:
            place = places[place_id]
            steps.append((place.position, place.id))
            place_id = place.parent_id
        return tuple(reversed(steps))

    rows = list(connection.execute(select(Tag.__table__).where(Tag.enabled)))
    rows.sort(key=lambda row: (row.place_id is None, path(row.place_id), row.name))
    return [
        TagInfo(
            id=row.id,
            name=row.name,
            description=row.description,
            description_en=row.description_en or row.description,
            kind=TagKind(row.kind),
            unit=row.unit,
            decimals=row.decimals,
            range_lo=row.range_lo,
            range_hi=row.range_hi,
            stale_after_s=row.stale_after_s,
            retention=Retention(row.retention),
            compress_deadband=row.compress_deadband,
            states=row.states,
            **_place_fields(row.place_id, places),
        )
        for row in rows
    ]


def read_places(connection: Connection) -> list[PlaceInfo]:
    """Every place, level by level, each level in its own order."""
    rows = list(connection.execute(select(Place.__table__)))
    codes = {row.id: row.code for row in rows}
    level = list(PlaceKind)
    rows.sort(key=lambda row: (level.index(PlaceKind(row.kind)), row.position, row.id))
    return [
        PlaceInfo(
            code=row.code,
            kind=PlaceKind(row.kind),
            name=row.name,
            name_en=row.name_en,
            parent=codes.get(row.parent_id, ""),
            position=row.position,
        )
        for row in rows
    ]


class Catalogue:
    """The tags (``app.ports.TagCatalogue``); replaced as a whole, so readers on any thread see one version."""

    def __init__(self) -> None:
        self._set: tuple[Sequence[TagInfo], dict[int, TagInfo], dict[str, TagInfo]] = ((), {}, {})
        self._places: Sequence[PlaceInfo] = ()

    def load(self, connection: Connection) -> None:
        """Read all tags anew."""
        tags = read_tags(connection)
        self._places = read_places(connection)
        self._set = (tags, {t.id: t for t in tags}, {t.name: t for t in tags})

    def all(self) -> Sequence[TagInfo]:
        """Every enabled tag in plant order."""
        return self._set[0]

    def by_id(self, tag_id: int) -> TagInfo | None:
        """The tag with this key."""
        return self._set[1].get(tag_id)

    def by_name(self, name: str) -> TagInfo | None:
        """The tag with this plant number."""
        return self._set[2].get(name)

    def places(self) -> Sequence[PlaceInfo]:
        """Every place of the plant tree, those above before those below."""
        return self._places
