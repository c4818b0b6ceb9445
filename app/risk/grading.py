"""One zone's colour over time: inherent value plus what live facts add, up at once, down only when it stays down.

Pure: no clock, store or bus. The caller says what holds now and when to look again (:attr:`ZoneGrader.due_us`).
Hysteresis keeps a colour from flickering: a milder one comes only after the sum has lain ``margin`` below the present
colour's floor for ``hold_us`` without a break.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import msgspec

from models.risk import Factor, Grade, Override, Regrade, ZoneState


class Hysteresis(msgspec.Struct, frozen=True):
    """``margin`` on the LEC scale; ``hold_us`` in microseconds."""

    margin: float
    hold_us: int


class Scale:
    """Where each colour begins on the LEC scale."""

    def __init__(self, grade_of: Callable[[float], Grade], floors: dict[Grade, float]) -> None:
        self.grade_of = grade_of
        self.floors = floors

    def floor(self, grade: Grade) -> float:
        """Lowest value of a colour."""
        return self.floors[grade]


def total(inherent: float, factors: Iterable[Factor]) -> float:
    """The dynamic value: never below 0, rounded so that equal sums are equal."""
    return max(0.0, round(inherent + math.fsum(factor.weight for factor in factors), 6))


class ZoneGrader:
    """One zone. ``due_us`` is when the answer may change by itself (None: only when facts change)."""

    def __init__(self, place: str, scale: Scale, hysteresis: Hysteresis, inherent: float, now_us: int) -> None:
        self.place = place
        self._scale = scale
        self._hysteresis = hysteresis
        self._inherent = inherent
        self._factors: tuple[Factor, ...] = ()
        self._override: Override | None = None
        self._shown = scale.grade_of(inherent)
        self._since_us = now_us
        self._falling_us: int | None = None
        self.due_us: int | None = None

    def restore(self, shown: Grade, since_us: int, override: Override | None) -> None:
        """Take up what was shown before a restart, so that a start does not repaint the plant."""
        self._shown, self._since_us, self._override = shown, since_us, override

    @property
    def override(self) -> Override | None:
        """The grade set by hand, if there is one."""
        return self._override

    def set_override(self, override: Override | None) -> None:
        """Set a grade by hand, or take it back; :meth:`update` then says what changed."""
        self._override = override

    def update(self, inherent: float, factors: Sequence[Factor], now_us: int, cause: str = "") -> Regrade | None:
        """What holds now; a :class:`Regrade` when the colour shown changes. Call again at :attr:`due_us`."""
        self._inherent = inherent
        self._factors = tuple(
            sorted(
                (f for f in factors if f.until_us is None or f.until_us > now_us),
                key=lambda f: (-f.weight, f.since_us, f.target),
            )
        )
        ended = self._override is not None and self._override.until_us <= now_us
        if ended:
            self._override = None
        wanted = self._wanted(now_us, at_once=ended)
        self._plan()
        if wanted is self._shown:
            return None
        before, self._shown, self._since_us = self._shown, wanted, now_us
        return Regrade(
            t_us=now_us,
            place=self.place,
            before=before,
            after=wanted,
            inherent=self._inherent,
            value=self.value,
            factors=self._factors,
            cause="override_ended" if ended else cause,
        )

    @property
    def value(self) -> float:
        """Inherent value and all factors."""
        return total(self._inherent, self._factors)

    def state(self) -> ZoneState:
        """As maps show it."""
        return ZoneState(
            place=self.place,
            inherent=self._inherent,
            inherent_grade=self._scale.grade_of(self._inherent),
            value=self.value,
            computed=self._scale.grade_of(self.value),
            grade=self._shown,
            since_us=self._since_us,
            factors=self._factors,
            override=self._override,
            falling_us=self._falling_us,
        )

    def _wanted(self, now_us: int, *, at_once: bool) -> Grade:
        """The colour to show now."""
        if self._override is not None:
            self._falling_us = None
            return self._override.grade
        value = self.value
        computed = self._scale.grade_of(value)
        if at_once or computed.rank >= self._shown.rank:
            self._falling_us = None
            return computed
        if value >= self._scale.floor(self._shown) - self._hysteresis.margin:
            self._falling_us = None
            return self._shown
        if self._falling_us is None:
            self._falling_us = now_us
        if now_us - self._falling_us < self._hysteresis.hold_us:
            return self._shown
        self._falling_us = None
        return computed

    def _plan(self) -> None:
        ends = [f.until_us for f in self._factors if f.until_us is not None]
        if self._override is not None:
            ends.append(self._override.until_us)
        if self._falling_us is not None:
            ends.append(self._falling_us + self._hysteresis.hold_us)
        self.due_us = min(ends, default=None)


def way_down(state: ZoneState, scale: Scale, margin: float) -> list[Factor]:
    """The fewest factors whose end brings the next milder colour (largest first); empty when no set of them does."""
    if state.grade is Grade.BLUE:
        return []
    need = state.value - (scale.floor(state.grade) - margin)
    chosen: list[Factor] = []
    for factor in sorted(state.factors, key=lambda f: -f.weight):
        if need < 0 or factor.weight <= 0:
            break
        chosen.append(factor)
        need -= factor.weight
    return chosen if need < 0 else []
