"""What lists and maps of risk show: frozen rows, times in UTC µs, places on the plan in metres."""

from __future__ import annotations

from typing import Any

import msgspec

from models.risk import Grade, Regrade

Point = tuple[float, float]


class ItemQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of the register; empty means no restriction. ``grades`` are of the inherent grade of events."""

    places: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    text: str = ""


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """An object, unit or event; ``parent`` is the code of the item above it."""

    id: int
    version: int
    code: str
    kind: str
    parent: str
    place: str
    name: str
    name_en: str
    accident: str
    consequence: str
    method: str
    inherent: dict[str, Any] | None
    inherent_value: float | None
    inherent_grade: str
    residual: dict[str, Any] | None
    residual_value: float | None
    residual_grade: str
    point: Point | None


class ControlRow(msgspec.Struct, frozen=True, kw_only=True):
    """A control and its inspection duty."""

    id: int
    kind: str
    text: str
    duty_post: str
    duty_text: str
    cycle_days: int | None


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for a place: the person's number."""

    place: str
    role: str
    person: str


class HazardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A unit judged by GB 18218."""

    id: int
    version: int
    code: str
    name: str
    place: str
    people: int
    stock: list[Any]
    s: float
    alpha: float
    r: float
    level: str


class IncidentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of the incident register."""

    places: tuple[str, ...] = ()
    kind: str = ""
    text: str = ""
    offset: int = 0
    limit: int = 500


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An accident or near-miss."""

    id: int
    version: int
    number: str
    t_us: int
    place: str
    kind: str
    title: str
    text: str
    accident: str
    dead: int
    injured: int
    loss: float
    direct_cause: str
    indirect_cause: str
    root_cause: str
    measures: str
    closed: bool


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    """A revision of the plant plan."""

    revision: int
    kind: str
    media_type: str
    width: float
    height: float
    data: bytes


class OutlineRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a place lies on the plan."""

    place: str
    polygon: tuple[Point, ...]
    label: Point | None


class PointRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thing on the plan."""

    code: str
    layer: str
    name: str
    name_en: str
    x: float
    y: float
    heading: float | None
    range_m: float | None
    place: str
    target: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The colour of each zone at each of the times."""

    times: tuple[int, ...]
    colours: dict[str, tuple[Grade, ...]]

    def worst(self) -> tuple[Grade, ...]:
        """The plant's worst colour at each time."""
        lines = list(self.colours.values())
        return (
            tuple(max((line[n] for line in lines), key=lambda g: g.rank) for n in range(len(self.times)))
            if lines
            else ()
        )


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that a zone showed each colour (by word) under the present and under the other weights."""

    place: str
    present_s: dict[str, float]
    other_s: dict[str, float]


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of colour under both sets of weights, and how long each colour was shown."""

    start_us: int
    end_us: int
    present: tuple[Regrade, ...]
    other: tuple[Regrade, ...]
    shares: tuple[Share, ...]
    kinds: tuple[str, ...] = ("alarm", "incident")
