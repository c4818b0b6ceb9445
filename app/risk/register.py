"""Orders on the risk register behind the door: items, controls, who answers, stocks, incidents.

Values and grades are computed here from the scores, never taken from outside. Refusals name the field.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import func, select

from app.access.door import Handler, Outcome, Unit
from app.ports import Refused
from app.risk.gb18218 import MajorHazards, StockError
from app.risk.methods import Methods, ScoreError
from models.commands import Command
from models.events import RiskChanged
from models.people import Actor
from models.risk_commands import (
    RemoveControl,
    RemoveRiskItem,
    SaveControl,
    SaveHazardUnit,
    SaveIncident,
    SaveRiskItem,
    SetAnswerable,
)
from models.risk_register import (
    AnswerFor,
    ControlKind,
    HazardUnit,
    Incident,
    IncidentKind,
    ItemKind,
    RiskAnswerable,
    RiskControl,
    RiskItem,
)

_ABOVE = {ItemKind.OBJECT: None, ItemKind.UNIT: ItemKind.OBJECT, ItemKind.EVENT: ItemKind.UNIT}
Places = Callable[[], set[str]]


def register_handlers(
    methods: Methods, hazards: MajorHazards, places: Places, reload: Callable[[], None]
) -> dict[type[Command], Handler]:
    """``places`` are the codes of all places; ``reload`` has the engine weigh anew (after the commit).

    Refusals: invalid (field) · not_found · conflict · in_use · score (field, allowed) · stock (problems).
    """

    def done(unit: Unit, data: Any, before: Any, after: Any) -> Outcome:
        return Outcome(
            data=data, before=before, after=after, after_commit=(reload,), events=(RiskChanged(unit.now_us),)
        )

    def save_item(unit: Unit, command: SaveRiskItem, actor: Actor) -> Outcome:
        draft = command.item
        kind = _one_of(ItemKind, draft.kind, "kind")
        code = _code(draft.code)
        _text(draft.name, "name", 200, needed=True)
        _place(draft.place, places)
        parent = _item(unit, draft.parent) if draft.parent else None
        if draft.parent and parent is None:
            raise Refused("invalid", f"there is no item {draft.parent}", field="parent")
        wanted = _ABOVE[kind]
        if (parent is None) != (wanted is None) or (parent is not None and ItemKind(parent.kind) is not wanted):
            raise Refused("invalid", f"{kind} belongs below {wanted or 'nothing'}", field="parent")
        row = _item(unit, code)
        before = _facts(row) if row is not None else None
        if row is None:
            row = RiskItem(code=code, kind=kind)
            unit.session.add(row)
        elif command.version and row.version != command.version:
            raise Refused("conflict", f"{code} was changed meanwhile")
        elif ItemKind(row.kind) is not kind:
            raise Refused("invalid", f"{code} is a {row.kind}", field="kind")
        row.parent_id = parent.id if parent is not None else None
        row.place, row.name, row.name_en = draft.place, draft.name.strip(), draft.name_en.strip()
        row.accident, row.consequence = draft.accident.strip()[:64], draft.consequence.strip()
        row.x, row.y = _point(draft.point) if draft.point is not None else (None, None)
        row.active = True
        _assess(row, kind, draft, methods)
        unit.session.flush()
        return done(unit, row.id, before, _facts(row))

    def remove_item(unit: Unit, command: RemoveRiskItem, actor: Actor) -> Outcome:
        row = _item(unit, command.code)
        if row is None or not row.active:
            raise Refused("not_found", command.code)
        beneath = select(func.count()).select_from(RiskItem).where(RiskItem.parent_id == row.id, RiskItem.active)
        if unit.session.scalar(beneath):
            raise Refused("in_use", f"something stands beneath {command.code}")
        before = _facts(row)
        row.active = False
        unit.session.flush()
        return done(unit, row.id, before, _facts(row))

    def save_control(unit: Unit, command: SaveControl, actor: Actor) -> Outcome:
        kind = _one_of(ControlKind, command.kind, "kind")
        _text(command.text, "text", 2000, needed=True)
        if command.cycle_days is not None and not 1 <= command.cycle_days <= 3660:
            raise Refused("invalid", "a cycle has 1 to 3660 days", field="cycle_days")
        event = _item(unit, command.item)
        if event is None or ItemKind(event.kind) is not ItemKind.EVENT:
            raise Refused("not_found", command.item)
        row = unit.session.get(RiskControl, command.control_id) if command.control_id else None
        if command.control_id and (row is None or row.item_id != event.id):
            raise Refused("not_found", f"control {command.control_id}")
        before = _control(row) if row is not None else None
        if row is None:
            row = RiskControl(item_id=event.id)
            unit.session.add(row)
        row.kind, row.text, row.duty_post = kind, command.text.strip(), command.duty_post.strip()[:64]
        row.duty_text, row.cycle_days = command.duty_text.strip(), command.cycle_days
        unit.session.flush()
        return done(unit, row.id, before, _control(row))

    def remove_control(unit: Unit, command: RemoveControl, actor: Actor) -> Outcome:
        row = unit.session.get(RiskControl, command.control_id)
        if row is None:
            raise Refused("not_found", f"control {command.control_id}")
        before = _control(row)
        unit.session.delete(row)
        return done(unit, None, before, None)

    def answerable(unit: Unit, command: SetAnswerable, actor: Actor) -> Outcome:
        role = _one_of(AnswerFor, command.role, "role")
        _place(command.place, places)
        found = select(RiskAnswerable).where(RiskAnswerable.place == command.place, RiskAnswerable.role == role)
        row = unit.session.scalars(found).first()
        before = {"person": row.person} if row is not None else None
        person = command.person.strip()[:64]
        if row is not None and not person:
            unit.session.delete(row)
        elif row is not None:
            row.person = person
        elif person:
            unit.session.add(RiskAnswerable(place=command.place, role=role, person=person))
        else:
            raise Refused("invalid", "a person's number", field="person")
        return done(unit, None, before, {"role": role.value, "person": person})

    def save_hazard(unit: Unit, command: SaveHazardUnit, actor: Actor) -> Outcome:
        code = _code(command.code)
        _text(command.name, "name", 200, needed=True)
        _place(command.place, places)
        try:
            judged = hazards.judge(command.stock, command.people_within_500_m)
        except StockError as error:
            raise Refused("stock", str(error), problems=list(error.problems)) from error
        row = unit.session.scalars(select(HazardUnit).where(HazardUnit.code == code)).first()
        before = _hazard(row) if row is not None else None
        if row is None:
            row = HazardUnit(code=code)
            unit.session.add(row)
        row.name, row.place, row.people = command.name.strip(), command.place, command.people_within_500_m
        row.stock = [msgspec.to_builtins(item) for item in command.stock]
        row.s, row.alpha, row.r, row.level = judged.s, judged.alpha, judged.r, judged.level
        unit.session.flush()
        return done(unit, judged, before, _hazard(row))

    def save_incident(unit: Unit, command: SaveIncident, actor: Actor) -> Outcome:
        draft = command.incident
        kind = _one_of(IncidentKind, draft.kind, "kind")
        number = _code(draft.number)
        _text(draft.title, "title", 200, needed=True)
        _place(draft.place, places)
        if not 0 < draft.t_us <= unit.now_us:
            raise Refused("invalid", "an incident has happened", field="t_us")
        if draft.dead < 0 or draft.injured < 0 or not 0 <= draft.loss < math.inf:
            raise Refused("invalid", "numbers of 0 or more", field="dead" if draft.dead < 0 else "injured")
        row = unit.session.scalars(select(Incident).where(Incident.number == number)).first()
        before = _incident(row) if row is not None else None
        if row is None:
            row = Incident(number=number)
            unit.session.add(row)
        elif command.version and row.version != command.version:
            raise Refused("conflict", f"{number} was changed meanwhile")
        for name, value in msgspec.structs.asdict(draft).items():
            if name not in ("number", "kind"):
                setattr(row, name, value.strip() if isinstance(value, str) else value)
        row.kind = kind
        unit.session.flush()
        return done(unit, row.id, before, _incident(row))

    return {
        SaveRiskItem: save_item,
        RemoveRiskItem: remove_item,
        SaveControl: save_control,
        RemoveControl: remove_control,
        SetAnswerable: answerable,
        SaveHazardUnit: save_hazard,
        SaveIncident: save_incident,
    }


def _assess(row: RiskItem, kind: ItemKind, draft: Any, methods: Methods) -> None:
    """Value and grade from the scores; an event needs both, the others have none."""
    if kind is not ItemKind.EVENT:
        row.method, row.inherent, row.residual = "", None, None
        row.inherent_value = row.residual_value = None
        row.inherent_grade = row.residual_grade = ""
        return
    if draft.inherent is None:
        raise Refused("invalid", "an event needs its scores", field="inherent")
    try:
        first = methods.assess(draft.method, draft.inherent)
        rest = methods.assess(draft.method, draft.residual) if draft.residual is not None else None
    except ScoreError as error:
        raise Refused("score", str(error), field=error.field, allowed=list(error.allowed)) from error
    if rest is not None and rest.grade.rank > first.grade.rank:
        raise Refused("invalid", "controls don't make a risk worse", field="residual")
    row.method, row.inherent = draft.method, dict(first.inputs)
    row.inherent_value, row.inherent_grade = methods.on_scale(first), first.grade.value
    row.residual = dict(rest.inputs) if rest is not None else None
    row.residual_value = methods.on_scale(rest) if rest is not None else None
    row.residual_grade = rest.grade.value if rest is not None else ""


def _item(unit: Unit, code: str) -> RiskItem | None:
    return unit.session.scalars(select(RiskItem).where(RiskItem.code == code)).first()


def _code(code: str) -> str:
    code = code.strip()
    if not code or len(code) > 64 or not code.isprintable():
        raise Refused("invalid", "a code has 1 to 64 printable characters", field="code")
    return code


def _text(text: str, field: str, most: int, *, needed: bool) -> None:
    if (needed and not text.strip()) or len(text) > most:
        raise Refused("invalid", f"{field} has 1 to {most} characters", field=field)


def _place(place: str, places: Places) -> None:
    if place not in places():
        raise Refused("unknown_place", f"no place {place!r}", place=place)


def _point(point: tuple[float, float]) -> tuple[float, float]:
    x, y = point
    if not (math.isfinite(x) and math.isfinite(y)):
        raise Refused("invalid", "a point has two numbers", field="point")
    return x, y


def _one_of(kind: type[Any], value: str, field: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise Refused("invalid", f"unknown {field} {value!r}", field=field) from None


def _columns(row: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns if column.key not in ("id", "version", *leave)]
    return {name: getattr(row, name) for name in names}


def _facts(row: RiskItem) -> dict[str, Any]:
    return _columns(row, ("parent_id",))


def _control(row: RiskControl) -> dict[str, Any]:
    return _columns(row, ("item_id",))


def _hazard(row: HazardUnit) -> dict[str, Any]:
    return _columns(row)


def _incident(row: Incident) -> dict[str, Any]:
    return _columns(row)
