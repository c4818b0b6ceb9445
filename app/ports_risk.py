"""Ports about risk: where facts come from, and what maps and panels ask. Asked for through :mod:`app.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from models.people import Actor
from models.risk import Fact, Factor, Grade, Regrade, ZoneState
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


class FactSource(Protocol):
    """Something whose facts weigh on a zone's colour: alarms, sensors, weather, incidents, hazard tickets, permits …

    Owned by the engine thread. A feature that joins later (tickets, permits) is handed over by bootstrap; nothing in
    the grading knows who is behind it.
    """

    def facts(self, place: str) -> Sequence[Fact]:
        """What holds at this very place (not beneath it)."""

    def changed(self) -> set[str]:
        """Places touched since the last call."""


class Risk(Protocol):
    """Where the danger is, and why. ``zones`` and ``zone`` are cheap on any thread; the rest is for worker threads.

    What names its reader raises Refused forbidden without the right risk.read.
    """

    def zones(self) -> Mapping[str, ZoneState]:
        """Every zone as it is now, by place."""

    def zone(self, place: str) -> ZoneState | None:
        """One zone as it is now."""

    def floors(self) -> Mapping[Grade, float]:
        """Where each colour begins on the LEC scale. Cheap."""

    def way_down(self, place: str) -> list[Factor]:
        """The fewest factors whose end brings the next milder colour; empty when no set of them does."""

    def weights(self) -> tuple[dict[str, float], dict[str, float]]:
        """Weights in force, and the shipped ones."""

    def regrades(
        self, place: str = "", start_us: int = 0, end_us: int | None = None, limit: int = 500
    ) -> list[Regrade]:
        """Changes of colour, newest first."""

    def timeline(self, start_us: int, end_us: int, step_us: int) -> Timeline:
        """The colour of every zone at each step. Raises ValueError."""

    def what_if(self, weights: Mapping[str, float], start_us: int, end_us: int, reader: Actor) -> WhatIf:
        """Stored alarms and incidents under other weights. Raises ValueError."""

    def items(self, query: ItemQuery, reader: Actor) -> list[ItemRow]:
        """The register."""

    def controls(self, item: str, reader: Actor) -> list[ControlRow]:
        """Controls of one event."""

    def answerable(self, reader: Actor, place: str = "") -> list[AnswerRow]:
        """Who answers for places."""

    def hazards(self, reader: Actor) -> list[HazardRow]:
        """Units judged by GB 18218."""

    def incidents(self, query: IncidentQuery, reader: Actor) -> list[IncidentRow]:
        """Accidents and near-misses, newest first."""

    def plan(self) -> PlanRow | None:
        """The newest plan."""

    def outlines(self) -> list[OutlineRow]:
        """Where places lie on the plan."""

    def points(self) -> list[PointRow]:
        """What stands on the plan."""
