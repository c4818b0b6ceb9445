"""Where facts come from: alarms, silent sensors, weather, past incidents; tickets and permits plug in by the same port.

A source keeps its facts by place and says which places changed since it was last asked. All methods belong to the
engine thread, except those that say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from app.ports import Live, TagCatalogue
from app.risk.facts import DAY_US, alarm_fact, incident_fact
from app.risk.rules import DecayRules, WeatherRule
from models.alarms import HELD, AlarmRow, AlarmState
from models.readings import TagInfo
from models.risk import Fact
from models.risk_register import IncidentKind

IN_HAND = frozenset({AlarmState.ACKED, AlarmState.LATCH_ACKED, AlarmState.RTNUN})  # or gone by itself


class Changing:
    """Facts by place that remembers which places it touched."""

    def __init__(self) -> None:
        self._facts: dict[str, dict[str, Fact]] = {}
        self._changed: set[str] = set()

    def facts(self, place: str) -> Sequence[Fact]:
        """What holds at this very place."""
        return tuple(self._facts.get(place, {}).values())

    def changed(self) -> set[str]:
        """Places touched since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def put(self, key: str, fact: Fact) -> None:
        """A fact holds, or is another than it was."""
        at = self._facts.setdefault(fact.place, {})
        if at.get(key) != fact:
            at[key] = fact
            self._changed.add(fact.place)

    def drop(self, place: str, key: str) -> None:
        """It holds no more."""
        at = self._facts.get(place)
        if at is not None and at.pop(key, None) is not None:
            self._changed.add(place)
            if not at:
                del self._facts[place]

    def replace(self, facts: Mapping[str, Fact]) -> None:
        """These hold and no others."""
        wanted = {(fact.place, key) for key, fact in facts.items()}
        for place, key in [(p, k) for p, at in self._facts.items() for k in at if (p, k) not in wanted]:
            self.drop(place, key)
        for key, fact in facts.items():
            self.put(key, fact)


def place_of(tag: TagInfo | None) -> str:
    """The innermost place of a tag; '' for none."""
    return (tag.device or tag.unit_code or tag.area) if tag is not None else ""


class AlarmFacts(Changing):
    """Alarms whose condition is there, or that nobody has seen yet."""

    def __init__(self, catalogue: TagCatalogue) -> None:
        super().__init__()
        self._catalogue = catalogue
        self._at: dict[str, str] = {}

    def take(self, rows: Iterable[AlarmRow]) -> None:
        """Occurrences that changed."""
        for row in rows:
            key = f"alarm:{row.occurrence_id}"
            fact = self._fact(row, key)
            before = self._at.pop(key, None)
            if before is not None and (fact is None or fact.place != before):
                self.drop(before, key)
            if fact is not None:
                self._at[key] = fact.place
                self.put(key, fact)

    def start(self, rows: Iterable[AlarmRow]) -> None:
        """All that is open now, and nothing else."""
        facts = {f"alarm:{row.occurrence_id}": self._fact(row, f"alarm:{row.occurrence_id}") for row in rows}
        held = {key: fact for key, fact in facts.items() if fact is not None}
        self._at = {key: fact.place for key, fact in held.items()}
        self.replace(held)

    def _fact(self, row: AlarmRow, key: str) -> Fact | None:
        if row.closed_us is not None or row.state in HELD:
            return None
        tag = self._catalogue.by_id(row.tag_id) if row.tag_id is not None else None
        place = place_of(tag) or row.area
        if not place:
            return None
        return alarm_fact(
            place,
            row.priority,
            in_hand=row.state in IN_HAND,
            evidence=f"{row.tag} {row.text}".strip(),
            evidence_en=f"{row.tag} {row.text_en}".strip(),
            target=key,
            since_us=row.raised_us,
        )


class SensorFacts(Changing):
    """Tags that say nothing, or nothing that can be believed.

    While the program stood nobody listened: silence counts from its start, so that a start alone raises no zone.
    """

    def __init__(self, catalogue: TagCatalogue, live: Live) -> None:
        super().__init__()
        self._catalogue, self._live = catalogue, live
        self._since: dict[str, int] = {}
        self._from_us: int | None = None

    def look(self, now_us: int) -> None:
        """Judge every tag anew; call about once a second."""
        facts: dict[str, Fact] = {}
        if self._from_us is None:
            self._from_us = now_us
        for tag in self._catalogue.all():
            place = place_of(tag)
            value = self._live.get(tag.id)
            if not place or value is None or tag.name.startswith("$"):
                continue
            heard_us = max(value.received_us, self._from_us)
            stale = tag.stale_after_s is not None and now_us - heard_us > tag.stale_after_s * 1_000_000
            bad = value.quality < 64
            if not stale and not bad:
                self._since.pop(tag.name, None)
                continue
            since = self._since.setdefault(tag.name, value.received_us if stale else now_us)
            facts[f"tag:{tag.name}"] = Fact(
                kind="sensor",
                place=place,
                weigh="sensor_lost",
                evidence=f"{tag.name} {'陈旧' if stale else '坏值'}",
                evidence_en=f"{tag.name} {'stale' if stale else 'bad value'}",
                target=f"tag:{tag.name}",
                since_us=since,
            )
        self.replace(facts)


class WeatherFacts(Changing):
    """Weather by tags: above or below a limit it weighs on every zone, or on those that the rule names."""

    def __init__(
        self, rules: Sequence[WeatherRule], catalogue: TagCatalogue, live: Live, zones: Callable[[], Iterable[str]]
    ) -> None:
        super().__init__()
        self._rules, self._catalogue, self._live, self._zones = rules, catalogue, live, zones
        self._since: dict[int, int] = {}

    def look(self, now_us: int) -> None:
        """Read the tags; call about once a second."""
        facts: dict[str, Fact] = {}
        for number, rule in enumerate(self._rules):
            tag = self._catalogue.by_name(rule.tag)
            value = self._live.get(tag.id) if tag is not None else None
            reading = value.value if value is not None and value.quality >= 64 else None
            if tag is None or not isinstance(reading, float | int) or not self._over(rule, reading):
                self._since.pop(number, None)
                continue
            since = self._since.setdefault(number, now_us)
            for zone in rule.zones or self._zones():
                facts[f"weather:{number}:{zone}"] = Fact(
                    kind="weather",
                    place=zone,
                    own=rule.weight,
                    evidence=f"{rule.text[0]} {reading:.{tag.decimals}f}",
                    evidence_en=f"{rule.text[1]} {reading:.{tag.decimals}f}",
                    target=f"tag:{rule.tag}",
                    since_us=since,
                )
        self.replace(facts)

    @staticmethod
    def _over(rule: WeatherRule, value: float) -> bool:
        if rule.above is not None:
            return value > rule.above
        return rule.below is not None and value < rule.below


class IncidentFacts(Changing):
    """Past incidents, fading."""

    def __init__(self, decay: DecayRules) -> None:
        super().__init__()
        self._decay = decay
        self._incidents: list[tuple[str, IncidentKind, str, str, int]] = []
        self.next_us = 0

    def start(self, incidents: Iterable[tuple[str, IncidentKind, str, str, int]], now_us: int) -> None:
        """(place, kind, number, title, t_us) of all incidents in the register."""
        self._incidents = list(incidents)
        self.fade(now_us)

    def fade(self, now_us: int) -> None:
        """What they weigh today; due again at :attr:`next_us`, a quarter of a day later."""
        facts = {}
        for place, kind, number, title, t_us in self._incidents:
            fact = incident_fact(place, kind, number, title, t_us, now_us, self._decay)
            if fact is not None and place:
                facts[fact.target] = fact
        self.replace(facts)
        self.next_us = now_us + DAY_US // 4
