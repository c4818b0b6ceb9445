"""Orders on the plant's own list: places and tags, and the trace that somebody took data out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.door import Handler, Outcome, Unit, Zones
from app.ports import Refused, TagCatalogue
from models.commands import Command, ExportData, RetireTag, SavePlace, SaveTag, TagDraft
from models.events import TagsChanged
from models.people import Actor
from models.readings import Place, PlaceKind, Retention, Tag, TagKind

_ABOVE = {PlaceKind.AREA: PlaceKind.PLANT, PlaceKind.UNIT: PlaceKind.AREA, PlaceKind.DEVICE: PlaceKind.UNIT}
RESERVED = "$"


def handlers(reload: Callable[[], None]) -> dict[type[Command], Handler]:
    """Handlers; ``reload`` makes the engine take over the changed list (called on the engine thread after commit)."""

    def save_tag(unit: Unit, command: SaveTag, _actor: Actor) -> Outcome:
        draft = command.tag
        _check(draft)
        place = unit.session.scalar(select(Place).where(Place.code == draft.place)) if draft.place else None
        if draft.place and place is None:
            raise Refused("unknown_place", f"no place {draft.place!r}", place=draft.place)
        tag = unit.session.scalar(select(Tag).where(Tag.name == draft.name))
        before = _facts(tag) if tag is not None else None
        if tag is None:
            tag = Tag(name=draft.name)
            unit.session.add(tag)
        elif TagKind(tag.kind) != TagKind(draft.kind) and TagKind.TEXT in (TagKind(tag.kind), TagKind(draft.kind)):
            raise Refused("kind_fixed", f"{draft.name} has history of another kind", tag=draft.name)
        tag.description, tag.description_en = draft.description.strip(), draft.description_en.strip()
        tag.place_id = place.id if place is not None else None
        tag.kind, tag.retention = TagKind(draft.kind), Retention(draft.retention)
        tag.unit, tag.decimals = draft.unit.strip(), draft.decimals
        tag.range_lo, tag.range_hi, tag.stale_after_s = draft.range_lo, draft.range_hi, draft.stale_after_s
        tag.compress_deadband, tag.states, tag.enabled = draft.compress_deadband, draft.states, True
        unit.session.flush()
        return Outcome(
            data=tag.id,
            before=before,
            after=_facts(tag),
            after_commit=(reload,),
            events=(TagsChanged(unit.now_us),),
        )

    def retire(unit: Unit, command: RetireTag, _actor: Actor) -> Outcome:
        if not command.reason.strip():
            raise Refused("reason_needed")
        tag = unit.session.scalar(select(Tag).where(Tag.name == command.name, Tag.enabled))
        if tag is None or command.name.startswith(RESERVED):
            raise Refused("not_found", f"no tag {command.name!r}")
        before = _facts(tag)
        tag.enabled = False
        return Outcome(before=before, after=_facts(tag), after_commit=(reload,), events=(TagsChanged(unit.now_us),))

    def save_place(unit: Unit, command: SavePlace, _actor: Actor) -> Outcome:
        kind, code, name = _kind(command.kind), command.code.strip(), command.name.strip()
        if not code or not name or len(code) > 64:
            raise Refused("invalid", "a place needs a code of at most 64 characters and a name", field="code")
        parent = unit.session.scalar(select(Place).where(Place.code == command.parent)) if command.parent else None
        wanted = _ABOVE.get(kind)
        if (parent is None) != (wanted is None) or (parent is not None and PlaceKind(parent.kind) != wanted):
            raise Refused("wrong_parent", f"{kind} belongs below {wanted}", kind=kind.value)
        place = unit.session.scalar(select(Place).where(Place.code == code))
        before = _place_facts(place) if place is not None else None
        if place is None:
            place = Place(code=code, kind=kind, name=name)
            unit.session.add(place)
        elif PlaceKind(place.kind) != kind:
            raise Refused("kind_fixed", f"{code} is a {place.kind}", tag=code)
        place.name, place.name_en, place.position = name, command.name_en.strip(), command.position
        place.parent_id = parent.id if parent is not None else None
        unit.session.flush()
        return Outcome(
            data=place.id,
            before=before,
            after=_place_facts(place),
            after_commit=(reload,),
            events=(TagsChanged(unit.now_us),),
        )

    def export(_unit: Unit, command: ExportData, _actor: Actor) -> Outcome:
        return Outcome(after={"rows": command.rows, "path": command.path})

    return {SaveTag: save_tag, RetireTag: retire, SavePlace: save_place, ExportData: export}


def monitoring_zones(catalogue: TagCatalogue) -> dict[type[Command], Zones]:
    """Where an order on a tag acts: its place as it is, and as it shall be."""

    def of(name: str) -> str:
        tag = catalogue.by_name(name)
        return (tag.device or tag.unit_code or tag.area) if tag is not None else ""

    def save(_session: Session, command: SaveTag) -> Iterable[str]:
        known = catalogue.by_name(command.tag.name) is not None
        return [command.tag.place, *([of(command.tag.name)] if known else [])]

    def retire(_session: Session, command: RetireTag) -> Iterable[str]:
        return [of(command.name)]

    return {SaveTag: save, RetireTag: retire}


def _kind(kind: str) -> PlaceKind:
    try:
        return PlaceKind(kind)
    except ValueError:
        raise Refused("invalid", f"unknown kind of place {kind!r}", field="kind") from None


def _check(draft: TagDraft) -> None:
    """Refuse what can't be a tag, naming the field."""
    name = draft.name
    if not name.strip() or name != name.strip() or len(name) > 200 or not name.isprintable():
        raise Refused("invalid", "a tag needs a name of at most 200 printable characters", field="name")
    if name.startswith(RESERVED):
        raise Refused("invalid", "names beginning with $ are the program's own", field="name")
    for field, allowed in (("kind", TagKind), ("retention", Retention)):
        if getattr(draft, field) not in {member.value for member in allowed}:
            raise Refused("invalid", f"unknown {field} {getattr(draft, field)!r}", field=field)
    if not 0 <= draft.decimals <= 9:
        raise Refused("invalid", "decimals lie between 0 and 9", field="decimals")
    lo, hi = draft.range_lo, draft.range_hi
    if any(v is not None and not math.isfinite(v) for v in (lo, hi)) or (
        lo is not None and hi is not None and lo >= hi
    ):
        raise Refused("invalid", "the range must go from a smaller to a larger number", field="range")
    for field in ("stale_after_s", "compress_deadband"):
        value = getattr(draft, field)
        if value is not None and not (math.isfinite(value) and value > 0):
            raise Refused("invalid", f"{field} must be above 0", field=field)


def _facts(tag: Tag) -> dict[str, Any]:
    columns = [column.key for column in Tag.__table__.columns if column.key != "id"]
    return dict(msgspec.to_builtins({key: getattr(tag, key) for key in columns}))


def _place_facts(place: Place) -> dict[str, Any]:
    return {"code": place.code, "kind": str(place.kind), "name": place.name, "name_en": place.name_en}
