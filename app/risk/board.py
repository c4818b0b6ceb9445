"""What maps and panels ask about risk (``app.ports.Risk``): colours from memory, register and history from the store.

The timeline and what-if answer from what is stored: regrades, alarms and incidents. For worker threads, except
:meth:`RiskBoard.zones` and :meth:`RiskBoard.zone`, which are cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from app.ports import Refused
from app.risk.engine import RiskEngine
from app.risk.grading import way_down
from app.risk.rules import RiskRules
from app.risk.whatif import replay
from models.people import Actor
from models.risk import Factor, Grade, Regrade, ZoneState
from models.risk_register import (
    HazardUnit,
    Incident,
    MapPoint,
    RegradeRow,
    RiskAnswerable,
    RiskControl,
    RiskItem,
    SitePlan,
    ZoneOutline,
)
from models.risk_rows import (
    AnswerRow,
    ControlRow,
    HazardRow,
    IncidentQuery,
    IncidentRow,
    ItemQuery,
    ItemRow,
    OutlineRow,
    PlanRow,
    PointRow,
    Timeline,
    WhatIf,
)

READ = "risk.read"
STEPS_MOST = 20_000


class RiskBoard:
    """``may`` answers whether somebody holds a right, here ``risk.read``."""

    def __init__(
        self,
        engine: Callable[[], RiskEngine],
        shipped: RiskRules,
        read: Callable[[], AbstractContextManager[Connection]],
        may: Callable[[str, Actor], bool],
    ) -> None:
        self._engine = engine
        self._shipped = shipped
        self._read = read
        self._may = may

    def zones(self) -> Mapping[str, ZoneState]:
        """Every zone as it is now."""
        return self._engine().states()

    def zone(self, place: str) -> ZoneState | None:
        """One zone as it is now."""
        return self._engine().states().get(place)

    def floors(self) -> Mapping[Grade, float]:
        """Where each colour begins on the LEC scale."""
        return dict(self._engine().scale.floors)

    def way_down(self, place: str) -> list[Factor]:
        """The fewest factors whose end brings the next milder colour; empty when no set of them does."""
        engine, state = self._engine(), self.zone(place)
        return way_down(state, engine.scale, engine.rules.hysteresis.margin) if state is not None else []

    def weights(self) -> tuple[dict[str, float], dict[str, float]]:
        """Weights in force, and the shipped ones."""
        return dict(self._engine().rules.weights), dict(self._shipped.weights)

    def regrades(
        self, place: str = "", start_us: int = 0, end_us: int | None = None, limit: int = 500
    ) -> list[Regrade]:
        """Changes of colour, newest first, of one zone or of all."""
        t = RegradeRow.__table__.c
        wanted = select(RegradeRow.__table__).where(t.t_us >= start_us).order_by(t.id.desc()).limit(limit)
        if place:
            wanted = wanted.where(t.place == place)
        if end_us is not None:
            wanted = wanted.where(t.t_us < end_us)
        with self._read() as connection:
            return [_regrade(row) for row in connection.execute(wanted)]

    def timeline(self, start_us: int, end_us: int, step_us: int) -> Timeline:
        """The colour of every zone at each step from start to end (both UTC µs).

        Raises ValueError for an empty period or more than 20 000 steps.
        """
        if end_us <= start_us or step_us <= 0 or (end_us - start_us) // step_us > STEPS_MOST:
            raise ValueError("a timeline needs a period and at most 20 000 steps")
        times = list(range(start_us, end_us + 1, step_us))
        t = RegradeRow.__table__.c
        wanted = select(t.place, t.t_us, t.before, t.after).where(t.t_us <= end_us).order_by(t.id)
        changes: dict[str, list[tuple[int, Grade, Grade]]] = {}
        with self._read() as connection:
            for row in connection.execute(wanted):
                changes.setdefault(row.place, []).append((row.t_us, Grade(row.before), Grade(row.after)))
        colours: dict[str, tuple[Grade, ...]] = {}
        for place, state in self.zones().items():
            mine = changes.get(place, [])
            shown = mine[0][1] if mine else state.grade
            line: list[Grade] = []
            at = 0
            for moment in times:
                while at < len(mine) and mine[at][0] <= moment:
                    shown = mine[at][2]
                    at += 1
                line.append(shown)
            colours[place] = tuple(line)
        return Timeline(times=tuple(times), colours=colours)

    def what_if(self, weights: Mapping[str, float], start_us: int, end_us: int, reader: Actor) -> WhatIf:
        """Which colours stored alarms and incidents would have made under other weights.

        Raises Refused forbidden, RiskRulesError, ValueError (an empty period).
        """
        self._check(reader)
        rules = self._shipped.with_weights(weights)
        engine = self._engine()
        zones = {place: state.inherent for place, state in engine.states().items()}
        with self._read() as connection:
            return replay(connection, zones, engine.above, engine.scale, engine.rules, rules, start_us, end_us)

    # -- the register

    def items(self, query: ItemQuery, reader: Actor) -> list[ItemRow]:
        """The tree in order, of one place or of all. Raises Refused forbidden."""
        self._check(reader)
        t = RiskItem.__table__
        wanted = select(t).where(t.c.active).order_by(t.c.code)
        if query.places:
            wanted = wanted.where(t.c.place.in_(query.places))
        if query.grades:
            wanted = wanted.where(or_(t.c.kind != "event", t.c.inherent_grade.in_(query.grades)))
        if query.text:
            columns = (t.c.code, t.c.name, t.c.name_en, t.c.accident)
            wanted = wanted.where(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
        with self._read() as connection:
            codes = {row[0]: row[1] for row in connection.execute(select(t.c.id, t.c.code))}
            return [_item(row, codes) for row in connection.execute(wanted)]

    def controls(self, item: str, reader: Actor) -> list[ControlRow]:
        """Controls of one event. Raises Refused forbidden."""
        self._check(reader)
        t = RiskControl.__table__
        wanted = select(t).join(RiskItem, RiskItem.id == t.c.item_id).where(RiskItem.code == item).order_by(t.c.id)
        with self._read() as connection:
            return [
                ControlRow(
                    id=row.id,
                    kind=row.kind,
                    text=row.text,
                    duty_post=row.duty_post,
                    duty_text=row.duty_text,
                    cycle_days=row.cycle_days,
                )
                for row in connection.execute(wanted)
            ]

    def answerable(self, reader: Actor, place: str = "") -> list[AnswerRow]:
        """Who answers, for one place or all. Raises Refused forbidden."""
        self._check(reader)
        t = RiskAnswerable.__table__
        wanted = select(t).order_by(t.c.place, t.c.role)
        if place:
            wanted = wanted.where(t.c.place == place)
        with self._read() as connection:
            return [AnswerRow(place=r.place, role=r.role, person=r.person) for r in connection.execute(wanted)]

    def hazards(self, reader: Actor) -> list[HazardRow]:
        """Units judged by GB 18218. Raises Refused forbidden."""
        self._check(reader)
        with self._read() as connection:
            return [_hazard(r) for r in connection.execute(select(HazardUnit.__table__).order_by(HazardUnit.code))]

    def incidents(self, query: IncidentQuery, reader: Actor) -> list[IncidentRow]:
        """Accidents and near-misses, newest first. Raises Refused forbidden."""
        self._check(reader)
        t = Incident.__table__
        wanted = select(t).order_by(t.c.t_us.desc()).limit(query.limit).offset(query.offset)
        if query.places:
            wanted = wanted.where(t.c.place.in_(query.places))
        if query.kind:
            wanted = wanted.where(t.c.kind == query.kind)
        if query.text:
            columns = (t.c.number, t.c.title, t.c.text, t.c.root_cause)
            wanted = wanted.where(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
        fields = IncidentRow.__struct_fields__
        with self._read() as connection:
            return [IncidentRow(**{name: getattr(row, name) for name in fields}) for row in connection.execute(wanted)]

    # -- the map

    def plan(self) -> PlanRow | None:
        """The newest plan; None before there is one."""
        t = SitePlan.__table__
        with self._read() as connection:
            row = connection.execute(select(t).order_by(t.c.id.desc()).limit(1)).first()
        if row is None:
            return None
        return PlanRow(
            revision=row.id,
            kind=row.kind,
            media_type=row.media_type,
            width=row.width,
            height=row.height,
            data=row.data,
        )

    def outlines(self) -> list[OutlineRow]:
        """Where places lie on the plan."""
        with self._read() as connection:
            return [
                OutlineRow(
                    place=row.place,
                    polygon=tuple((x, y) for x, y in row.polygon),
                    label=(row.label[0], row.label[1]) if row.label else None,
                )
                for row in connection.execute(select(ZoneOutline.__table__).order_by(ZoneOutline.place))
            ]

    def points(self) -> list[PointRow]:
        """What stands on the plan."""
        fields: Sequence[str] = PointRow.__struct_fields__
        with self._read() as connection:
            rows = connection.execute(select(MapPoint.__table__).order_by(MapPoint.code))
            return [PointRow(**{name: getattr(row, name) for name in fields}) for row in rows]

    def _check(self, reader: Actor) -> None:
        if not self._may(READ, reader):
            raise Refused("forbidden", f"{reader.login} may not read the risk register")


def _regrade(row: Any) -> Regrade:
    return Regrade(
        t_us=row.t_us,
        place=row.place,
        before=Grade(row.before),
        after=Grade(row.after),
        inherent=row.inherent,
        value=row.value,
        factors=tuple(msgspec.convert(row.factors, list[Factor])),
        cause=row.cause,
    )


def _item(row: Any, codes: Mapping[int, str]) -> ItemRow:
    fields = {name: getattr(row, name) for name in ItemRow.__struct_fields__ if name not in ("parent", "point")}
    point = (row.x, row.y) if row.x is not None and row.y is not None else None
    return ItemRow(**fields, parent=codes.get(row.parent_id, ""), point=point)


def _hazard(row: Any) -> HazardRow:
    return HazardRow(**{name: getattr(row, name) for name in HazardRow.__struct_fields__})
