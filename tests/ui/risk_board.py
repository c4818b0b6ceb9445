"""Risk in memory, for tests of panels: zones as a test puts them, orders by hand carried out, events as the engine says them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.ports import Answer, Refused
from app.risk.grading import Scale, way_down
from models.commands import Command
from models.events import RiskChanged, ZonesRegraded
from models.people import Actor
from models.risk import Factor, Grade, Override, Regrade, ZoneState
from models.risk_commands import EndOverride, OverrideZone
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

ORDERS = (OverrideZone, EndOverride)
FLOORS = {Grade.RED: 320.0, Grade.ORANGE: 160.0, Grade.YELLOW: 70.0, Grade.BLUE: 0.0}
MARGIN = 5.0


def grade_of(value: float) -> Grade:
    """The colour of a value."""
    return next(grade for grade, floor in FLOORS.items() if value >= floor)


class MemoryRisk:
    """``app.ports.Risk``. ``forbidden`` refuses readers; ``broken`` is a store that is away."""

    def __init__(self, now_us: Callable[[], int], publish: Callable[[Any], None]) -> None:
        self._now_us, self._publish = now_us, publish
        self.states: dict[str, ZoneState] = {}
        self.regrade_rows: list[Regrade] = []
        self.answer_rows: list[AnswerRow] = []
        self.incident_rows: list[IncidentRow] = []
        self.plan_row: PlanRow | None = None
        self.outline_rows: list[OutlineRow] = []
        self.point_rows: list[PointRow] = []
        self.asked: list[tuple[int, int, int]] = []
        self.forbidden = self.broken = False

    def put(self, place: str, inherent: float, *factors: Factor, override: Override | None = None) -> ZoneState:
        """A zone as its facts make it; a change of colour is kept. Says so on the bus."""
        before, now = self.states.get(place), self._now_us()
        value = inherent + sum(factor.weight for factor in factors)
        grade = override.grade if override is not None else grade_of(value)
        changed = before is not None and before.grade is not grade
        state = ZoneState(
            place=place,
            inherent=inherent,
            inherent_grade=grade_of(inherent),
            value=value,
            computed=grade_of(value),
            grade=grade,
            since_us=now if before is None or changed else before.since_us,
            factors=factors,
            override=override,
        )
        self.states[place] = state
        made: tuple[Regrade, ...] = ()
        if before is not None and changed:
            cause = factors[0].evidence if factors else ""
            made = (
                Regrade(
                    t_us=now,
                    place=place,
                    before=before.grade,
                    after=grade,
                    inherent=inherent,
                    value=value,
                    factors=factors,
                    cause=cause,
                ),
            )
            self.regrade_rows = [*made, *self.regrade_rows]
        self._publish(ZonesRegraded(now, (state,), made))
        return state

    def changed(self) -> None:
        """Plan, outlines or points were edited."""
        self._publish(RiskChanged(self._now_us()))

    def _ask(self, reader: Actor | None = None) -> None:
        if self.broken:
            raise OSError("store is away")
        if reader is not None and self.forbidden:
            raise Refused("forbidden")

    def zones(self) -> Mapping[str, ZoneState]:
        return dict(self.states)

    def zone(self, place: str) -> ZoneState | None:
        return self.states.get(place)

    def floors(self) -> Mapping[Grade, float]:
        return dict(FLOORS)

    def way_down(self, place: str) -> list[Factor]:
        state = self.states.get(place)
        return way_down(state, Scale(grade_of, FLOORS), MARGIN) if state is not None else []

    def weights(self) -> tuple[dict[str, float], dict[str, float]]:
        return {}, {}

    def regrades(
        self, place: str = "", start_us: int = 0, end_us: int | None = None, limit: int = 500
    ) -> list[Regrade]:
        self._ask()
        found = [row for row in self.regrade_rows if (not place or row.place == place) and row.t_us >= start_us]
        return [row for row in found if end_us is None or row.t_us < end_us][:limit]

    def timeline(self, start_us: int, end_us: int, step_us: int) -> Timeline:
        self._ask()
        self.asked.append((start_us, end_us, step_us))
        times = tuple(range(start_us, end_us + 1, step_us))
        colours: dict[str, tuple[Grade, ...]] = {}
        for place, state in self.states.items():
            mine = sorted(self.regrades(place), key=lambda row: row.t_us)
            first = mine[0].before if mine else state.grade
            colours[place] = tuple(next((r.after for r in reversed(mine) if r.t_us <= at), first) for at in times)
        return Timeline(times=times, colours=colours)

    def what_if(self, weights: Mapping[str, float], start_us: int, end_us: int, reader: Actor) -> WhatIf:
        self._ask(reader)
        return WhatIf(start_us=start_us, end_us=end_us, present=(), other=(), shares=())

    def items(self, query: ItemQuery, reader: Actor) -> list[ItemRow]:
        self._ask(reader)
        return []

    def controls(self, item: str, reader: Actor) -> list[ControlRow]:
        self._ask(reader)
        return []

    def answerable(self, reader: Actor, place: str = "") -> list[AnswerRow]:
        self._ask(reader)
        return [row for row in self.answer_rows if not place or row.place == place]

    def hazards(self, reader: Actor) -> list[HazardRow]:
        self._ask(reader)
        return []

    def incidents(self, query: IncidentQuery, reader: Actor) -> list[IncidentRow]:
        self._ask(reader)
        return list(self.incident_rows)

    def plan(self) -> PlanRow | None:
        self._ask()
        return self.plan_row

    def outlines(self) -> list[OutlineRow]:
        self._ask()
        return list(self.outline_rows)

    def points(self) -> list[PointRow]:
        self._ask()
        return list(self.point_rows)

    def carry_out(self, command: Command, actor: Actor) -> Answer:
        """By hand and back again; without a reason it is refused, as the engine does."""
        assert isinstance(command, OverrideZone | EndOverride)
        state = self.states.get(command.place)
        if state is None:
            return Answer(code="not_found")
        by_hand = None
        if isinstance(command, OverrideZone):
            if not command.reason:
                return Answer(code="invalid", params={"field": "reason"})
            by_hand = Override(
                grade=command.grade,
                reason=command.reason,
                by=actor.name,
                since_us=self._now_us(),
                until_us=command.until_us,
            )
        self.put(state.place, state.inherent, *state.factors, override=by_hand)
        return Answer(data=msgspec.to_builtins(self.states[state.place]))
