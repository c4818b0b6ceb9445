"""What would have been: stored alarms and incidents weighed anew under other weights, zone by zone.

Only what is stored can be asked: alarms (raised, acknowledged, closed) and incidents. Silent sensors and weather left no
facts of their own; the answer says which kinds it saw.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping

import msgspec
from sqlalchemy import Connection, or_, select

from app.risk.facts import DAY_US, alarm_fact, incident_fact, weigh
from app.risk.grading import Scale, ZoneGrader
from app.risk.rules import RiskRules
from models.alarms import AlarmOccurrence, Priority
from models.readings import Place, Tag
from models.risk import Fact, Grade, Regrade
from models.risk_register import Incident, IncidentKind
from models.risk_rows import Share, WhatIf

LONGEST_US = 400 * DAY_US


def replay(
    connection: Connection,
    zones: Mapping[str, float],
    above: Callable[[str], Iterable[str]],
    scale: Scale,
    present: RiskRules,
    other: RiskRules,
    start_us: int,
    end_us: int,
) -> WhatIf:
    """Both runs over the same stored facts. Raises ValueError for an empty or too long period, SQLAlchemyError."""
    if not 0 < end_us - start_us <= LONGEST_US:
        raise ValueError("a period of up to 400 days")
    facts = [*_alarms(connection, start_us, end_us), *_incidents(connection, start_us, end_us, present)]
    by_zone: dict[str, list[Fact]] = {zone: [] for zone in zones}
    for fact in facts:
        for zone in above(fact.place):
            if zone in by_zone:
                by_zone[zone].append(fact)
    changes: dict[str, tuple[list[Regrade], list[Regrade]]] = {}
    shares: list[Share] = []
    for zone, inherent in zones.items():
        runs = [_run(zone, inherent, by_zone[zone], scale, rules, start_us, end_us) for rules in (present, other)]
        changes[zone] = (runs[0][0], runs[1][0])
        shares.append(Share(place=zone, present_s=runs[0][1], other_s=runs[1][1]))
    now, then = (
        tuple(sorted(itertools.chain(*(pair[n] for pair in changes.values())), key=lambda r: (r.t_us, r.place)))
        for n in (0, 1)
    )
    return WhatIf(start_us=start_us, end_us=end_us, present=now, other=then, shares=tuple(shares))


def _run(
    zone: str, inherent: float, facts: list[Fact], scale: Scale, rules: RiskRules, start_us: int, end_us: int
) -> tuple[list[Regrade], dict[str, float]]:
    """One zone through the period: it looks when a fact comes or goes and when the grader says."""
    grader = ZoneGrader(zone, scale, rules.hysteresis, inherent, start_us)
    moments = {start_us, end_us}
    for fact in facts:
        moments.add(max(start_us, fact.since_us))
        if fact.until_us is not None:
            moments.add(min(end_us, fact.until_us))
    waiting = sorted(moments)
    changes: list[Regrade] = []
    shown_s = {grade.value: 0.0 for grade in Grade}
    at, shown = start_us, grader.state().grade
    while waiting:
        moment = waiting.pop(0)
        due = grader.due_us
        if due is not None and at < due < moment:
            waiting.insert(0, moment)
            moment = due
        shown_s[shown.value] += (moment - at) / 1e6
        at = moment
        held = [f for f in facts if f.since_us <= moment and (f.until_us is None or f.until_us > moment)]
        change = grader.update(inherent, weigh(held, rules.weights), moment)
        if change is not None:
            changes.append(change)
        shown = grader.state().grade
    return changes, {colour: round(seconds, 3) for colour, seconds in shown_s.items()}


def _alarms(connection: Connection, start_us: int, end_us: int) -> list[Fact]:
    """Each alarm of the period as one or two facts: before and after somebody took it in hand."""
    places = _tag_places(connection)
    t = AlarmOccurrence.__table__.c
    wanted = select(AlarmOccurrence.__table__).where(
        t.raised_us < end_us, or_(t.closed_us.is_(None), t.closed_us > start_us)
    )
    facts: list[Fact] = []
    for row in connection.execute(wanted):
        place = places.get(row.tag_id, "")
        if not place:
            continue
        acked = row.acked_us if row.acked_us is not None else row.cleared_us
        parts = [(False, row.raised_us, acked or row.closed_us), (True, acked, row.closed_us)]
        for in_hand, since, until in parts:
            if since is None or (until is not None and until <= since):
                continue
            facts.append(
                alarm_fact(
                    place,
                    Priority(row.priority),
                    in_hand=in_hand,
                    evidence=f"#{row.id}",
                    evidence_en=f"#{row.id}",
                    target=f"alarm:{row.id}",
                    since_us=since,
                    until_us=until,
                )
            )
    return facts


def _incidents(connection: Connection, start_us: int, end_us: int, rules: RiskRules) -> list[Fact]:
    """Incidents day by day, fading; those that happen within the period from their own day on."""
    facts: list[Fact] = []
    rows = connection.execute(select(Incident.__table__).where(Incident.t_us < end_us)).all()
    for day in range(start_us, end_us, DAY_US):
        until = min(end_us, day + DAY_US)
        for row in rows:
            since = max(day, row.t_us)
            if since >= until:
                continue
            fact = incident_fact(row.place, IncidentKind(row.kind), row.number, row.title, row.t_us, since, rules.decay)
            if fact is not None:
                facts.append(msgspec.structs.replace(fact, since_us=since, until_us=until))
    return facts


def _tag_places(connection: Connection) -> dict[int, str]:
    wanted = select(Tag.id, Place.code).join(Place, Place.id == Tag.place_id)
    return {row[0]: row[1] for row in connection.execute(wanted)}
