"""The busiest alarms: what is the matter with each, and what the recorded times say would help.

Pure: everything comes from when an alarm rang and when it cleared. Delays are proposed only from a list of usual ones,
only for medium and low alarms, and each proposal says how many of the recorded alarms it would have spared.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.alarms.kpi import chattering_of
from app.alarms.rules import KpiRules
from app.clock import US
from models.alarms import AlarmDefinition, ConditionKind, Priority
from models.performance import Advice, AlarmName, BadActor

NICE_S = (1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0)
MOST_OF = 0.8  # a proposal should spare this share of what it is about
WORTH = 2  # … and at least so many
_SIGNAL = frozenset({ConditionKind.STALE, ConditionKind.BAD_QUALITY, ConditionKind.STUCK})


class Step(NamedTuple):
    """An alarm rang (``rang``) or its condition was gone; UTC µs."""

    t_us: int
    rang: bool
    priority: Priority


def name_of(key: str, definition: AlarmDefinition | None) -> AlarmName:
    """What an alarm is called; by its key when its definition is gone."""
    if definition is None:
        return AlarmName(key=key)
    return AlarmName(key=key, tag=definition.tag, text=definition.text, text_en=definition.text_en)


def bad_actors(
    steps: Mapping[str, Sequence[Step]],
    definitions: Mapping[str, AlarmDefinition],
    standing_s: Mapping[str, float],
    days: float,
    rules: KpiRules,
) -> list[BadActor]:
    """The ``rules.top`` alarms that rang most, most first.

    steps       of each alarm in the period, in order
    standing_s  how long the longest occurrence of an alarm stood, in seconds
    days        length of the period
    """
    counts = {key: sum(step.rang for step in own) for key, own in steps.items()}
    total = sum(counts.values())
    chosen = sorted((key for key, n in counts.items() if n), key=lambda key: (-counts[key], key))[: rules.top]
    found = []
    for key in chosen:
        definition, own = definitions.get(key), steps[key]
        nature = _nature(own, counts[key], standing_s.get(key, 0.0), days, definition, rules)
        found.append(
            BadActor(
                name=name_of(key, definition),
                priority=max((step.priority for step in own if step.rang), default=Priority.LOW),
                count=counts[key],
                share=counts[key] / total,
                nature=nature,
                advice=_advice(own, counts[key], nature, definition, standing_s.get(key, 0.0)),
            )
        )
    return found


def _stood_s(own: Sequence[Step]) -> list[float]:
    """From each ring to the clearing that follows it."""
    return [(b.t_us - a.t_us) / US for a, b in itertools.pairwise(own) if a.rang and not b.rang]


def _gaps_s(own: Sequence[Step]) -> list[float]:
    """From each clearing to the next ring."""
    return [(b.t_us - a.t_us) / US for a, b in itertools.pairwise(own) if not a.rang and b.rang]


def _nature(
    own: Sequence[Step],
    count: int,
    standing_s: float,
    days: float,
    definition: AlarmDefinition | None,
    rules: KpiRules,
) -> str:
    if chattering_of([(step.t_us, "") for step in own if step.rang], rules):
        return "chattering"
    if standing_s > rules.stale_s:
        return "stale"
    respond_s = definition.respond_s if definition is not None and definition.respond_s else rules.fleeting_s
    short = sum(stood < min(respond_s, rules.fleeting_s) for stood in _stood_s(own))
    if short >= WORTH and 2 * short >= count:
        return "fleeting"
    return "repeating" if count / max(days, 1.0) >= rules.repeating_per_day else "normal"


def _advice(
    own: Sequence[Step], count: int, nature: str, definition: AlarmDefinition | None, standing_s: float
) -> Advice:
    if nature == "normal" or definition is None:
        return Advice(code="none")
    if nature == "stale":
        return Advice(code="attend", params={"hours": round(standing_s / 3600)})
    if all(condition.kind in _SIGNAL for condition in definition.conditions):
        return Advice(code="repair", params={"n": count})
    urgent = any(step.priority >= Priority.HIGH for step in own if step.rang)
    found = None if urgent else _on_delay(own, count, definition) if nature == "fleeting" else None
    if found is None and not urgent:
        found = _off_delay(own, count, definition)
    return found or Advice(code="review", params={"n": count})


def _off_delay(own: Sequence[Step], count: int, definition: AlarmDefinition) -> Advice | None:
    """An off-delay so long that most repeats would have been one alarm."""
    now_s = max((c.off_delay_s for c in definition.conditions), default=0.0)
    return _proposal("off_delay", [now_s + gap for gap in _gaps_s(own)], now_s, count)


def _on_delay(own: Sequence[Step], count: int, definition: AlarmDefinition) -> Advice | None:
    """An on-delay so long that most of the alarms would not have come; never over half the time to respond."""
    now_s = max((c.on_delay_s for c in definition.conditions), default=0.0)
    lag_s = min((c.off_delay_s for c in definition.conditions), default=0.0)
    needed = [now_s + max(0.0, stood - lag_s) for stood in _stood_s(own)]
    most = definition.respond_s / 2 if definition.respond_s else NICE_S[-1]
    return _proposal("on_delay", needed, now_s, count, most)


def _proposal(code: str, needed_s: list[float], now_s: float, count: int, most_s: float = NICE_S[-1]) -> Advice | None:
    """The shortest usual delay that covers most of what is needed, with what it would have spared."""
    if not needed_s:
        return None
    wanted = sorted(needed_s)[min(len(needed_s) - 1, int(MOST_OF * len(needed_s)))]
    for nice in NICE_S:
        if nice > now_s and nice > wanted and nice <= most_s:
            spared = sum(need < nice for need in needed_s)
            params: dict[str, Any] = {"from_s": now_s, "to_s": nice, "n": spared, "of": count}
            return Advice(code=code, params=params) if spared >= WORTH else None
    return None
