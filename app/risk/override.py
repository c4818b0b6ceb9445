"""Orders that change colours: by hand until an end, back again, and other weights; and what lies on the plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from sqlalchemy import select

from app.access.door import Danger, Handler, Outcome, Unit
from app.ports import Refused
from app.risk.engine import RiskEngine
from app.risk.methods import RiskRulesError
from app.risk.rules import RiskRules, check_weights
from models.commands import Command
from models.events import RiskChanged
from models.people import Actor
from models.risk import Override
from models.risk_commands import (
    EndOverride,
    OverrideZone,
    RemoveMapPoint,
    SaveMapPoint,
    SaveOutline,
    SavePlan,
    SaveRiskWeights,
)
from models.risk_register import MapPoint, RiskWeights, SitePlan, ZoneOutline, ZoneOverride

OVERRIDE = "risk.override"
LONGEST_US = 30 * 86_400_000_000
PLAN_BYTES = 20_000_000
#: Layers whose points are kept on the plan; the others come from live facts.
LAYERS = frozenset({"points", "values", "cameras", "hydrants", "musters", "wind"})


def colour_handlers(engine: RiskEngine, shipped: RiskRules) -> dict[type[Command], Handler]:
    """Colours by hand and weights. Refusals: not_found · reason_missing · invalid (field) · too_long (max_s)."""

    def override(unit: Unit, command: OverrideZone, actor: Actor) -> Outcome:
        _reason(command.reason)
        if not engine.has_zone(command.place):
            raise Refused("not_found", command.place)
        if command.until_us <= unit.now_us:
            raise Refused("invalid", "the end is in the past", field="until")
        if command.until_us - unit.now_us > LONGEST_US:
            raise Refused("too_long", "a colour by hand lasts 30 days at most", max_s=LONGEST_US // 1_000_000)
        before = _close(unit, command.place, actor)
        row = ZoneOverride(
            place=command.place,
            grade=command.grade.value,
            reason=command.reason.strip(),
            by=actor.login,
            since_us=unit.now_us,
            until_us=command.until_us,
        )
        unit.session.add(row)
        unit.session.flush()
        held = Override(
            grade=command.grade,
            reason=row.reason,
            by=actor.name or actor.login,
            since_us=unit.now_us,
            until_us=command.until_us,
        )
        unit.after_commit(lambda: engine.set_override(command.place, held))
        return Outcome(data=row.id, before=before, after=msgspec.to_builtins(held), events=(RiskChanged(unit.now_us),))

    def end(unit: Unit, command: EndOverride, actor: Actor) -> Outcome:
        before = _close(unit, command.place, actor)
        if before is None:
            raise Refused("not_found", command.place)
        unit.after_commit(lambda: engine.set_override(command.place, None))
        return Outcome(before=before, events=(RiskChanged(unit.now_us),))

    def weights(unit: Unit, command: SaveRiskWeights, actor: Actor) -> Outcome:
        _reason(command.reason)
        try:
            check_weights(command.weights, shipped.weights)
        except RiskRulesError as error:
            raise Refused("invalid", str(error), field="weights") from error
        own = {name: float(w) for name, w in command.weights.items() if w != shipped.weights[name]}
        last = unit.session.scalars(select(RiskWeights).order_by(RiskWeights.id.desc()).limit(1)).first()
        unit.session.add(RiskWeights(t_us=unit.now_us, by=actor.login, reason=command.reason.strip(), body=own))
        rules = shipped.with_weights(own)
        unit.after_commit(lambda: engine.use_rules(rules, unit.now_us))
        before = dict(last.body) if last is not None else {}
        return Outcome(before=before, after=own, events=(RiskChanged(unit.now_us),))

    return {OverrideZone: override, EndOverride: end, SaveRiskWeights: weights}


def plan_handlers(places: Callable[[], set[str]]) -> dict[type[Command], Handler]:
    """Plan, outlines and points. Refusals: invalid (field) · unknown_place · not_found."""

    def plan(unit: Unit, command: SavePlan, actor: Actor) -> Outcome:
        if command.kind not in ("picture", "geojson"):
            raise Refused("invalid", f"unknown kind {command.kind!r}", field="kind")
        if not command.data or len(command.data) > PLAN_BYTES:
            raise Refused("invalid", f"a plan has 1 to {PLAN_BYTES} bytes", field="data")
        if not (0 < command.width < 1e5 and 0 < command.height < 1e5):
            raise Refused("invalid", "width and height in metres, below 100 km", field="width")
        row = SitePlan(
            kind=command.kind,
            media_type=command.media_type[:64],
            width=command.width,
            height=command.height,
            data=command.data,
            saved_us=unit.now_us,
        )
        unit.session.add(row)
        unit.session.flush()
        after = {"kind": row.kind, "width": row.width, "height": row.height, "bytes": len(row.data)}
        return Outcome(data=row.id, after=after, events=(RiskChanged(unit.now_us),))

    def outline(unit: Unit, command: SaveOutline, actor: Actor) -> Outcome:
        if command.place not in places():
            raise Refused("unknown_place", f"no place {command.place!r}", place=command.place)
        row = unit.session.get(ZoneOutline, command.place)
        before = {"polygon": row.polygon, "label": row.label} if row is not None else None
        if not command.polygon:
            if row is None:
                raise Refused("not_found", command.place)
            unit.session.delete(row)
            return Outcome(before=before, events=(RiskChanged(unit.now_us),))
        if len(command.polygon) < 3 or len(command.polygon) > 1000:
            raise Refused("invalid", "an outline has 3 to 1000 corners", field="polygon")
        _finite(command.polygon, "polygon")
        if row is None:
            row = ZoneOutline(place=command.place)
            unit.session.add(row)
        row.polygon = [list(corner) for corner in command.polygon]
        row.label = list(command.label) if command.label is not None else None
        unit.session.flush()
        after = {"polygon": row.polygon, "label": row.label}
        return Outcome(before=before, after=after, events=(RiskChanged(unit.now_us),))

    def point(unit: Unit, command: SaveMapPoint, actor: Actor) -> Outcome:
        draft = command.point
        if draft.layer not in LAYERS:
            raise Refused("invalid", f"unknown layer {draft.layer!r}", field="layer")
        if not draft.code.strip() or len(draft.code) > 64:
            raise Refused("invalid", "a code has 1 to 64 characters", field="code")
        _finite([(draft.x, draft.y), (draft.heading or 0.0, draft.range_m or 0.0)], "point")
        if draft.place and draft.place not in places():
            raise Refused("unknown_place", f"no place {draft.place!r}", place=draft.place)
        row = _point(unit, draft.code)
        before = _facts(row) if row is not None else None
        if row is None:
            row = MapPoint(code=draft.code)
            unit.session.add(row)
        for name, value in msgspec.structs.asdict(draft).items():
            setattr(row, name, value)
        unit.session.flush()
        return Outcome(data=row.id, before=before, after=_facts(row), events=(RiskChanged(unit.now_us),))

    def remove(unit: Unit, command: RemoveMapPoint, actor: Actor) -> Outcome:
        row = _point(unit, command.code)
        if row is None:
            raise Refused("not_found", command.code)
        before = _facts(row)
        unit.session.delete(row)
        return Outcome(before=before, events=(RiskChanged(unit.now_us),))

    return {SavePlan: plan, SaveOutline: outline, SaveMapPoint: point, RemoveMapPoint: remove}


def risk_dangers() -> dict[type[Command], Danger]:
    """A colour by hand is always signed."""
    return {OverrideZone: lambda _session, _command, _actor: OVERRIDE}


def _close(unit: Unit, place: str, actor: Actor) -> dict[str, Any] | None:
    """End what is set by hand now; how it was, None when nothing was."""
    found = select(ZoneOverride).where(
        ZoneOverride.place == place, ZoneOverride.ended_us.is_(None), ZoneOverride.until_us > unit.now_us
    )
    before = None
    for row in unit.session.scalars(found):
        before = {"grade": row.grade, "reason": row.reason, "by": row.by, "until_us": row.until_us}
        row.ended_us, row.ended_by = unit.now_us, actor.login
    return before


def _point(unit: Unit, code: str) -> MapPoint | None:
    return unit.session.scalars(select(MapPoint).where(MapPoint.code == code)).first()


def _facts(row: MapPoint) -> dict[str, Any]:
    return {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key not in ("id", "version")}


def _finite(points: Iterable[tuple[float, float]], field: str) -> None:
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
        raise Refused("invalid", "points have two numbers", field=field)


def _reason(reason: str) -> None:
    if len(reason.strip()) < 4:
        raise Refused("reason_missing", "this needs a reason of 4 characters or more")
