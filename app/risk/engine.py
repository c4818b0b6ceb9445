"""All zones' colours, kept true by events: sources mark places, a tick weighs only what was marked or is due.

A place's facts count for every zone at or above it. Owned by the engine thread; :meth:`states` may be asked from any.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence

from app.ports_risk import FactSource
from app.risk.facts import weigh
from app.risk.grading import Scale, ZoneGrader
from app.risk.methods import Methods
from app.risk.rules import RiskRules
from models.readings import PlaceInfo
from models.risk import Fact, Grade, Override, Regrade, ZoneState


class RiskEngine:
    """Graders by zone, and which of them must be looked at."""

    def __init__(self, methods: Methods, rules: RiskRules, sources: Sequence[FactSource]) -> None:
        self._methods = methods
        self._rules = rules
        self._sources = list(sources)
        self._scale = Scale(methods.grade_of, methods.floors())
        self._graders: dict[str, ZoneGrader] = {}
        self._inherent: dict[str, float] = {}
        self._above: dict[str, tuple[str, ...]] = {}
        self._beneath: dict[str, tuple[str, ...]] = {}
        self._dirty: dict[str, str] = {}
        self._due: list[tuple[int, str]] = []
        self._states: dict[str, ZoneState] = {}

    @property
    def rules(self) -> RiskRules:
        """The rules in force."""
        return self._rules

    @property
    def scale(self) -> Scale:
        """Where colours begin."""
        return self._scale

    def states(self) -> Mapping[str, ZoneState]:
        """Every zone as it is now. Any thread: the mapping is replaced, never changed."""
        return self._states

    def above(self, place: str) -> tuple[str, ...]:
        """A place and those above it. Any thread."""
        return self._above.get(place, (place,))

    def zones(self) -> list[str]:
        """Codes of all zones."""
        return list(self._graders)

    def use_rules(self, rules: RiskRules, now_us: int) -> None:
        """Other weights: everything is weighed anew at the next tick."""
        self._rules = rules
        self.mark(self._graders, "weights")

    def arrange(self, places: Iterable[PlaceInfo], zones: Mapping[str, float], now_us: int) -> None:
        """Zones and their inherent values, and what lies beneath what. Zones that stay keep their colour."""
        parents = {place.code: place.parent for place in places}
        self._above = {code: _line(code, parents) for code in parents}
        beneath: dict[str, list[str]] = {zone: [] for zone in zones}
        for code, line in self._above.items():
            for zone in line:
                if zone in beneath:
                    beneath[zone].append(code)
        self._beneath = {zone: tuple(codes or [zone]) for zone, codes in beneath.items()}
        for zone, inherent in zones.items():
            if zone not in self._graders:
                self._graders[zone] = ZoneGrader(zone, self._scale, self._rules.hysteresis, inherent, now_us)
        for gone in self._graders.keys() - zones.keys():
            del self._graders[gone]
        self._inherent = dict(zones)
        self._states = {zone: state for zone, state in self._states.items() if zone in zones}
        self.mark(zones, "register")

    def restore(self, zone: str, shown: Grade, since_us: int, override: Override | None) -> None:
        """What was shown before a restart."""
        if zone in self._graders:
            self._graders[zone].restore(shown, since_us, override)

    def mark(self, places: Iterable[str], cause: str) -> None:
        """Something changed at these places: their zones are weighed at the next tick."""
        for place in places:
            for zone in self._above.get(place, (place,)):
                if zone in self._graders:
                    self._dirty.setdefault(zone, cause)

    def set_override(self, zone: str, override: Override | None) -> None:
        """A colour by hand, or none any more."""
        self._graders[zone].set_override(override)
        self._dirty[zone] = "override"

    def has_zone(self, place: str) -> bool:
        """Is this place a zone?"""
        return place in self._graders

    def tick(self, now_us: int) -> tuple[list[Regrade], list[ZoneState]]:
        """Weigh what was marked or is due: changes of colour, and every zone whose sum or reasons changed."""
        for source in self._sources:
            changed = source.changed()
            if changed:
                self.mark(changed, getattr(source, "cause", type(source).__name__))
        while self._due and self._due[0][0] <= now_us:
            _, zone = heapq.heappop(self._due)
            grader = self._graders.get(zone)
            if grader is not None and grader.due_us is not None and grader.due_us <= now_us:
                self._dirty.setdefault(zone, "time")
        if not self._dirty:
            return [], []
        dirty, self._dirty = self._dirty, {}
        regrades: list[Regrade] = []
        changed_states: list[ZoneState] = []
        for zone, cause in dirty.items():
            grader = self._graders[zone]
            factors = weigh(self._facts(zone), self._rules.weights)
            regrade = grader.update(self._inherent.get(zone, 0.0), factors, now_us, cause)
            if regrade is not None:
                regrades.append(regrade)
            if grader.due_us is not None:
                heapq.heappush(self._due, (grader.due_us, zone))
            state = grader.state()
            if self._states.get(zone) != state:
                changed_states.append(state)
        if changed_states:
            self._states = {**self._states, **{state.place: state for state in changed_states}}
        return regrades, changed_states

    def _facts(self, zone: str) -> list[Fact]:
        found: list[Fact] = []
        for place in self._beneath.get(zone, (zone,)):
            for source in self._sources:
                found += source.facts(place)
        return found


def _line(code: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    """A place and those above it, itself first."""
    line: list[str] = []
    while code and code not in line:
        line.append(code)
        code = parents.get(code, "")
    return tuple(line)
