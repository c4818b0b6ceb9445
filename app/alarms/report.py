"""The performance picture of a period, from the store: read what was recorded, put it together, or print it.

Reading and putting together are apart, so that the latter is a pure function. Hours of the heat map are those of ``zone``
(the machine's own by default): a shift's habits follow the clock on the wall.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, false, func, or_, select

from app.alarms.actors import Step, bad_actors, name_of
from app.alarms.kpi import Performance, performance
from app.alarms.logic import Transition
from app.alarms.records import OccurrenceRecord, batches, occurrence_of
from app.alarms.rules import AlarmRules, KpiRules, load_alarm_rules
from app.clock import US, SystemClock
from app.store.engine import open_store
from models.alarms import (
    AlarmDefinition,
    AlarmDefinitionRow,
    AlarmOccurrence,
    AlarmState,
    AlarmTransition,
    Priority,
)
from models.performance import AlarmPerformance, Figure, FloodPeriod, HeatRow, PriorityShare
from models.readings import Place, Tag

DAY_US = 86_400 * US
ORDER = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW)
RINGS = tuple(
    t.value
    for t in (
        Transition.RAISE,
        Transition.REALARM,
        Transition.UNSHELVE,
        Transition.UNSHELVE_TIMED,
        Transition.UNSUPPRESS,
        Transition.RETURN_TO_SERVICE,
    )
)
_O, _T, _D = AlarmOccurrence.__table__, AlarmTransition.__table__, AlarmDefinitionRow.__table__
Read = Callable[[], AbstractContextManager[Connection]]


class Recorded(msgspec.Struct, kw_only=True):
    """What the store knows of a period: occurrences that lived in it, and by key every ring and clearing, in order."""

    occurrences: list[OccurrenceRecord] = []
    steps: dict[str, list[Step]] = {}
    definitions: dict[str, AlarmDefinition] = {}
    since_us: int | None = None  # begin of all records

    def rings(self) -> list[tuple[int, str]]:
        """(time, key) of every ring, in order."""
        return sorted((step.t_us, key) for key, own in self.steps.items() for step in own if step.rang)


def read_recorded(
    connection: Connection, start_us: int, end_us: int, tag_ids: Collection[int] | None = None
) -> Recorded:
    """What happened in ``start_us`` ≤ t < ``end_us`` to the alarms of these tags, or to all."""
    lives = and_(_O.c.raised_us < end_us, or_(_O.c.closed_us.is_(None), _O.c.closed_us >= start_us))
    mine = _O.c.tag_id.in_(tag_ids) if tag_ids else false() if tag_ids is not None else None
    wanted = select(_O).where(lives)
    rang = and_(_T.c.transition.in_(RINGS), _T.c.to_state == AlarmState.UNACK)
    moved = (
        select(_T.c.t_us, _O.c.key, _T.c.transition, _T.c.priority)
        .join(_O, _O.c.id == _T.c.occurrence_id)
        .where(or_(rang, _T.c.transition == Transition.CLEAR.value), _T.c.t_us >= start_us, _T.c.t_us < end_us)
        .order_by(_T.c.t_us, _T.c.id)
    )
    if mine is not None:
        wanted, moved = wanted.where(mine), moved.where(mine)
    found = Recorded(since_us=connection.execute(select(func.min(_T.c.t_us))).scalar())
    found.occurrences = [occurrence_of(row) for row in connection.execute(wanted)]
    for row in connection.execute(moved):
        step = Step(row.t_us, row.transition != Transition.CLEAR.value, Priority(row.priority))
        found.steps.setdefault(row.key, []).append(step)
    for some in batches(sorted({*found.steps, *(o.key for o in found.occurrences)})):
        body: Any
        for body in connection.execute(select(_D.c.key, _D.c.body).where(_D.c.key.in_(some))):
            try:
                found.definitions[body.key] = msgspec.convert(body.body, AlarmDefinition)
            except msgspec.ValidationError:
                continue  # called by its key; the engine has logged it at start
    return found


def report(
    read: Read,
    rules: AlarmRules,
    start_us: int,
    end_us: int,
    *,
    tag_ids: Collection[int] | None = None,
    zone: tzinfo | None = None,
) -> AlarmPerformance:
    """The picture of a period (UTC µs, end excluded), beside the period of the same length before it.

    Raises ValueError for an empty period.
    """
    if end_us <= start_us:
        raise ValueError("the period is empty")
    with read() as connection:
        now = read_recorded(connection, start_us, end_us, tag_ids)
        earlier = 2 * start_us - end_us
        whole = now.since_us is not None and now.since_us <= earlier
        before = read_recorded(connection, earlier, start_us, tag_ids) if whole else None
    return assemble(now, before, start_us, end_us, rules, zone)


def assemble(
    now: Recorded, before: Recorded | None, start_us: int, end_us: int, rules: AlarmRules, zone: tzinfo | None = None
) -> AlarmPerformance:
    """Put a period together; ``before`` is what was recorded in the one before it, None if that is not known whole."""
    kpi = rules.kpi
    asked_us, start_us = start_us, min(max(start_us, now.since_us or start_us), end_us - 1)
    rings = now.rings()
    figures = _performance(now, rings, start_us, end_us, kpi)
    earlier = _performance(before, before.rings(), 2 * asked_us - end_us, asked_us, kpi) if before is not None else None
    standing: dict[str, float] = {}
    for o in now.occurrences:
        if not o.only_held:
            stood = (min(end_us, o.cleared_us or end_us) - o.raised_us) / US
            standing[o.key] = max(standing.get(o.key, 0.0), stood)
    top = bad_actors(now.steps, now.definitions, standing, (end_us - start_us) / DAY_US, kpi)
    bin_us = round(kpi.bin_s * US)
    series_us = max(start_us, end_us - DAY_US)
    series_us = end_us - -(-(end_us - series_us) // bin_us) * bin_us
    times = [t for t, _ in rings]
    return AlarmPerformance(
        rules_version=rules.version,
        start_us=start_us,
        end_us=end_us,
        whole=start_us == asked_us,
        alarms=figures.alarms,
        figures=_figures(figures, earlier, kpi),
        bin_s=kpi.bin_s,
        series_us=series_us,
        series=_series(now, series_us, end_us, bin_us),
        flood_starts=kpi.flood_starts,
        flood_ends=kpi.flood_ends,
        average_target=kpi.average_per_bin,
        floods=tuple(_floods(figures, now, rings, bin_us)),
        top=tuple(top),
        top_count=sum(actor.count for actor in top),
        priorities=tuple(_priorities(now, kpi)),
        target_share=kpi.priority_share,
        heat=tuple(_heat(times, start_us, end_us, zone)),
        heat_steps=kpi.heat_steps,
    )


def _performance(
    recorded: Recorded, rings: Sequence[tuple[int, str]], start_us: int, end_us: int, kpi: KpiRules
) -> Performance:
    respond = {key: d.respond_s for key, d in recorded.definitions.items() if d.respond_s is not None}
    return performance(recorded.occurrences, start_us, end_us, kpi, raises=rings, respond_s=respond)


def _figures(now: Performance, before: Performance | None, kpi: KpiRules) -> tuple[Figure, ...]:
    def values(p: Performance) -> dict[str, float | None]:
        return {
            "average_per_bin": p.average_per_bin,
            "per_day": p.per_day,
            "peak_per_bin": float(p.peak_per_bin),
            "flood_share": p.flood_share,
            "stale": float(len(p.stale)),
            "chattering": float(len(p.chattering)),
            "top_share": p.top_share if p.alarms else None,
            "median_ack_s": p.median_ack_s,
        }

    targets: dict[str, tuple[float, bool]] = {
        "average_per_bin": (kpi.average_per_bin, False),
        "per_day": (kpi.day_manageable, False),
        "peak_per_bin": (kpi.flood_starts, True),
        "flood_share": (kpi.flood_share, True),
        "stale": (kpi.stale_most, True),
        "chattering": (kpi.chattering_most, False),
        "top_share": (kpi.top_share, False),
        "median_ack_s": (kpi.ack_s, False),
    }
    then = values(before) if before is not None else {}
    return tuple(
        Figure(name=name, value=value, target=targets[name][0], strict=targets[name][1], before=then.get(name))
        for name, value in values(now).items()
    )


def _series(now: Recorded, series_us: int, end_us: int, bin_us: int) -> tuple[tuple[int, int], ...]:
    bins = [[0, 0] for _ in range((end_us - series_us) // bin_us)]
    for own in now.steps.values():
        for step in own:
            if step.rang and series_us <= step.t_us < end_us:
                bins[(step.t_us - series_us) // bin_us][step.priority < Priority.HIGH] += 1
    return tuple((urgent, other) for urgent, other in bins)


def _floods(
    figures: Performance, now: Recorded, rings: Sequence[tuple[int, str]], bin_us: int
) -> Iterator[FloodPeriod]:
    for flood in figures.floods:
        at = bisect.bisect_right(rings, (flood.start_us - bin_us, chr(0x10FFFF)))
        first_us, key = rings[at]
        yield FloodPeriod(
            start_us=flood.start_us,
            end_us=flood.end_us,
            alarms=flood.alarms,
            peak=flood.peak,
            first=name_of(key, now.definitions.get(key)),
            first_us=first_us,
        )


def _priorities(now: Recorded, kpi: KpiRules) -> Iterator[PriorityShare]:
    counts = Counter(step.priority for own in now.steps.values() for step in own if step.rang)
    total = counts.total()
    for priority in ORDER:
        share = counts[priority] / total if total else 0.0
        target = kpi.priority_share.get(priority.word)
        judged = share
        if priority is Priority.HIGH and total:  # critical counts with high
            judged = (counts[Priority.HIGH] + counts[Priority.CRITICAL]) / total
        verdict = "ok"
        if target is None or not total:
            verdict = "none"
        elif judged > target + kpi.share_slack:
            verdict = "too_many"
        elif judged < target - kpi.share_slack:
            verdict = "too_few"
        yield PriorityShare(priority=priority, count=counts[priority], share=share, target=target, verdict=verdict)


def _heat(times: Sequence[int], start_us: int, end_us: int, zone: tzinfo | None) -> list[HeatRow]:
    """Rows of days; from eight days on, rows of weekdays with the average."""

    def local(t_us: int) -> datetime:
        return datetime.fromtimestamp(t_us / US, UTC).astimezone(zone)

    counts = Counter((moment.date(), moment.hour) for moment in map(local, times))
    first, last = local(start_us), local(end_us - 1)
    begin, end = first.replace(minute=0, second=0, microsecond=0, fold=0), last
    days = [first.date() + timedelta(days=n) for n in range((last.date() - first.date()).days + 1)]
    grid = {
        day: [
            counts[day, hour]
            if (day, hour) >= (begin.date(), begin.hour) and (day, hour) <= (end.date(), end.hour)
            else None
            for hour in range(24)
        ]
        for day in days
    }
    if len(days) <= 8:
        zero = first.replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [(zero + timedelta(days=n)).timestamp() for n in range(len(days))]
        return [
            HeatRow(weekday=day.isoweekday(), day_us=round(start) * US, hours=tuple(grid[day]))
            for day, start in zip(days, starts, strict=True)
        ]
    rows = []
    for weekday in range(1, 8):
        same = [grid[day] for day in days if day.isoweekday() == weekday]
        known = [[hours[hour] for hours in same if hours[hour] is not None] for hour in range(24)]
        means = tuple(sum(map(float, some)) / len(some) if some else None for some in known)  # type: ignore[arg-type]  # Nones are left out above
        rows.append(HeatRow(weekday=weekday, day_us=None, hours=means))
    return rows


def performance_of(
    data_dir: Path, start: str, end: str, *, url: str = "", password_env: str = "", areas: Sequence[str] = ()
) -> dict[str, Any]:
    """The picture as plain data, for the command line.

    ``start`` and ``end`` are ISO dates or times, local unless they name a zone, and what is to come does not count; ``areas`` are codes of areas. Raises
    ValueError for words that are no time or an empty period, and StoreError.
    """
    start_us, end_us = _moment(start), min(_moment(end), SystemClock().now_us())
    store = open_store(data_dir, url, password_env)
    try:
        tag_ids = None
        if areas:
            with store.read() as connection:
                tag_ids = _tags_of(connection, areas)
        found = report(store.read, load_alarm_rules(), start_us, end_us, tag_ids=tag_ids)
    finally:
        store.close()
    plain: dict[str, Any] = msgspec.to_builtins(found)
    for figure, told in zip(found.figures, plain["figures"], strict=True):
        told["met"] = figure.met
    return plain


def performance_lines(plain: dict[str, Any]) -> Iterator[str]:
    """What :func:`performance_of` found, in lines for a person."""
    begin, end = (datetime.fromtimestamp(plain[key] / US, UTC).astimezone() for key in ("start_us", "end_us"))
    yield f"{begin:%Y-%m-%d %H:%M} - {end:%Y-%m-%d %H:%M}  {plain['alarms']} alarms  rules {plain['rules_version']}"
    for figure in plain["figures"]:
        value = "-" if figure["value"] is None else f"{figure['value']:.3g}"
        mark = {True: "ok", False: "OVER", None: ""}[figure["met"]]
        sign = "<" if figure.get("strict") else "<="
        yield f"  {figure['name']:<16} {value:>8}  target {sign} {figure['target']:g}  {mark}".rstrip()
    for flood in plain["floods"]:
        at = datetime.fromtimestamp(flood["start_us"] / US, UTC).astimezone()
        first = (flood.get("first") or {}).get("key", "")
        yield f"  flood {at:%m-%d %H:%M}  {flood['alarms']} alarms, peak {flood['peak']}, first {first}"
    for actor in plain["top"]:
        yield f"  {actor['count']:>6}  {actor['name']['key']}  {actor['nature']}  {actor['advice']['code']}"


def _moment(words: str) -> int:
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise ValueError(f"{words}: not a date or time like 2026-11-23 or 2026-11-23T14:00") from error
    return round(moment.timestamp() * US)


def _tags_of(connection: Connection, areas: Sequence[str]) -> list[int]:
    """Ids of the tags below these areas of the plant tree. Raises ValueError for one that is not there."""
    places = [(row.id, row.parent_id, row.code) for row in connection.execute(select(Place.__table__))]
    missing = set(areas) - {code for _, _, code in places}
    if missing:
        raise ValueError(f"there is no area {min(missing)}")
    below = {key for key, _, code in places if code in areas}
    while more := {key for key, parent, _ in places if parent in below} - below:
        below |= more
    tags = connection.execute(select(Tag.__table__.c.id, Tag.__table__.c.place_id))
    return [row.id for row in tags if row.place_id in below]
