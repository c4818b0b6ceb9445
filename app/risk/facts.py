"""Live facts and what they weigh: the same facts give other sums under other weights, which is what what-if asks.

A fact names a weight and how much of it counts; a kind of fact may have a ceiling for one zone (``…_most``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.risk.rules import DecayRules
from models.alarms import Priority
from models.risk import Fact, Factor
from models.risk_register import IncidentKind

DAY_US = 86_400_000_000
CEILINGS = {
    "ticket": "ticket_most",
    "sensor": "sensor_most",
    "incident": "incident_most",
    "weather": "weather_most",
}
ALARM_WEIGHTS = {
    Priority.CRITICAL: "alarm_critical",
    Priority.HIGH: "alarm_high",
    Priority.MEDIUM: "alarm_medium",
    Priority.LOW: "alarm_low",
}


def weigh(facts: Iterable[Fact], weights: Mapping[str, float]) -> list[Factor]:
    """What the facts of one zone add, heaviest first; a kind with a ceiling is cut there, its last rows first."""
    rows: list[Factor] = []
    left: dict[str, float] = {}
    weighted = sorted(((_weight(fact, weights), fact) for fact in facts), key=lambda each: -each[0])
    for weight, fact in weighted:
        ceiling = weights.get(CEILINGS.get(fact.kind, ""))
        if ceiling is not None:
            room = left.setdefault(fact.kind, ceiling)
            weight = min(weight, room)
            left[fact.kind] = room - weight
        if weight <= 0:
            continue
        rows.append(
            Factor(
                kind=fact.kind,
                weight=round(weight, 2),
                evidence=fact.evidence,
                evidence_en=fact.evidence_en,
                target=fact.target,
                since_us=fact.since_us,
                until_us=fact.until_us,
            )
        )
    return rows


def alarm_fact(
    place: str, priority: Priority, *, in_hand: bool, evidence: str, evidence_en: str, target: str, since_us: int,
    until_us: int | None = None,
) -> Fact:  # fmt: skip
    """An alarm that is up; one that somebody has acknowledged counts a share."""
    return Fact(
        kind="alarm",
        place=place,
        weigh=ALARM_WEIGHTS.get(priority, ""),
        share="alarm_acknowledged" if in_hand else "",
        evidence=evidence,
        evidence_en=evidence_en,
        target=target,
        since_us=since_us,
        until_us=until_us,
    )


def incident_fact(
    place: str, kind: IncidentKind, number: str, title: str, t_us: int, now_us: int, decay: DecayRules
) -> Fact | None:
    """A past incident: half of it is gone after each half-life; None once it is forgotten."""
    accident = kind is IncidentKind.ACCIDENT
    half = decay.accident_half_days if accident else decay.near_miss_half_days
    amount = 0.5 ** (max(0, now_us - t_us) / DAY_US / half)
    if amount * 100 < decay.forget_below:
        return None
    return Fact(
        kind="incident",
        place=place,
        weigh="incident_accident" if accident else "incident_near_miss",
        amount=round(amount, 4),
        evidence=f"{number} {title}".strip(),
        target=f"incident:{number}",
        since_us=t_us,
    )


def _weight(fact: Fact, weights: Mapping[str, float]) -> float:
    weight = fact.own if not fact.weigh else weights.get(fact.weigh, 0.0) * fact.amount
    return weight * weights.get(fact.share, 1.0) if fact.share else weight
