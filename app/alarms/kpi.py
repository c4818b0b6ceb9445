"""How good is the alarm system? The figures of EEMUA 191 and ISA-18.2 over a period, as a pure function.

What rings is counted by raises: an occurrence that comes again before anybody acknowledged it rings again, so a list of
raises (from the journal) tells more than the occurrences alone; without one, each occurrence counts once. Rows that only
tell of a hold are left out. All figures and targets come from the rule pack.
"""

from __future__ import annotations

import itertools
import statistics
from collections import Counter, deque
from collections.abc import Mapping, Sequence

import msgspec

from app.alarms.records import OccurrenceRecord
from app.alarms.rules import KpiRules
from app.clock import US
from models.alarms import Priority

DAY_US = 86_400 * US


class Flood(msgspec.Struct, frozen=True):
    """A stretch with more alarms than a person can follow; times in UTC µs."""

    start_us: int
    end_us: int
    alarms: int
    peak: int


class BadActor(msgspec.Struct, frozen=True):
    """One of the busiest alarms and its share of all."""

    key: str
    count: int
    share: float


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """The figures; shares are 0…1, rates per ``bin_s`` of the rule pack.

    ``day_class`` is manageable · high · over_demanding, after the alarms a day.
    """

    alarms: int
    bins: list[int]
    average_per_bin: float
    peak_per_bin: int
    per_day: float
    day_class: str
    floods: list[Flood]
    flood_share: float
    top: list[BadActor]
    top_share: float
    stale: list[str]
    chattering: list[str]
    fleeting: int
    fleeting_keys: list[str]
    priority_share: dict[str, float]
    median_ack_s: float | None
    unacknowledged: int
    targets_met: dict[str, bool]


def performance(
    occurrences: Sequence[OccurrenceRecord],
    start_us: int,
    end_us: int,
    rules: KpiRules,
    *,
    raises: Sequence[tuple[int, str]] | None = None,
    respond_s: Mapping[str, float] | None = None,
) -> Performance:
    """Figures of the period ``start_us`` ≤ t < ``end_us`` (UTC µs). ``raises`` are (time, alarm key).

    ``respond_s`` is the time to respond by alarm key, where a definition names one. Raises ValueError for an empty period.
    """
    if end_us <= start_us:
        raise ValueError("the period is empty")
    true = [o for o in occurrences if not o.only_held]
    inside = [o for o in true if start_us <= o.raised_us < end_us]
    rings = sorted(raises if raises is not None else [(o.raised_us, o.key) for o in inside])
    rings = [(t, key) for t, key in rings if start_us <= t < end_us]
    times = [t for t, _ in rings]
    bin_us = round(rules.bin_s * US)
    bins = bins_of(times, start_us, end_us, bin_us)
    span_bins = (end_us - start_us) / bin_us
    floods = floods_of(times, end_us, rules)
    flood_share = sum(f.end_us - f.start_us for f in floods) / (end_us - start_us)
    counts = Counter(key for _, key in rings)
    top = [BadActor(k, n, n / len(rings)) for k, n in sorted(counts.items(), key=lambda i: (-i[1], i[0]))[: rules.top]]
    fleeting = [o.key for o in inside if _fleeting(o, rules, respond_s or {})]
    waits = [(o.acked_us - o.raised_us) / US for o in inside if o.acked_us is not None and o.acked_us >= o.raised_us]
    per_day = len(rings) * DAY_US / (end_us - start_us)
    average = len(rings) / span_bins
    shares = _priority_share(inside)
    return Performance(
        alarms=len(rings),
        bins=bins,
        average_per_bin=average,
        peak_per_bin=max(bins),
        per_day=per_day,
        day_class=_day_class(per_day, rules),
        floods=floods,
        flood_share=flood_share,
        top=top,
        top_share=sum(t.share for t in top),
        stale=sorted({o.key for o in true if _standing_us(o, end_us) > rules.stale_s * US}),
        chattering=chattering_of(rings, rules),
        fleeting=len(fleeting),
        fleeting_keys=sorted(set(fleeting)),
        priority_share=shares,
        median_ack_s=statistics.median(waits) if waits else None,
        unacknowledged=sum(o.acked_us is None for o in inside),
        targets_met={
            "average_per_bin": average <= rules.average_per_bin,
            "per_day": per_day <= rules.day_manageable,
            "flood_share": flood_share < rules.flood_share,
            "high_share": not inside or shares["critical"] + shares["high"] <= rules.priority_share.get("high", 1.0),
        },
    )


def bins_of(times: Sequence[int], start_us: int, end_us: int, bin_us: int) -> list[int]:
    """Alarms in each bin from the start; the last bin may be cut short by the end."""
    bins = [0] * (-(-(end_us - start_us) // bin_us))
    for t in times:
        bins[(t - start_us) // bin_us] += 1
    return bins


def floods_of(times: Sequence[int], end_us: int, rules: KpiRules) -> list[Flood]:
    """Floods in sorted ``times``.

    One begins with the alarm that makes it ``flood_starts`` within the last ``bin_s``, and ends at the moment when fewer
    than ``flood_ends`` lie within them; one that lasts is cut at ``end_us``.
    """
    window = round(rules.bin_s * US)
    floods: list[Flood] = []
    recent: deque[int] = deque()
    started: int | None = None
    alarms = peak = 0

    def leave(until_us: int) -> None:
        nonlocal started
        while recent and recent[0] + window <= until_us:
            left_at = recent.popleft() + window
            if started is not None and len(recent) < rules.flood_ends:
                floods.append(Flood(started, min(left_at, end_us), alarms, peak))
                started = None

    for t, together in itertools.groupby(times):
        leave(t - 1)
        new = sum(1 for _ in together)
        recent.extend([t] * new)
        leave(t)  # one that leaves while another comes does not end a flood
        if started is None and len(recent) >= rules.flood_starts:
            started, alarms, peak = t, len(recent) - new, 0
        if started is not None:
            alarms, peak = alarms + new, max(peak, len(recent))
    leave(end_us)
    if started is not None:
        floods.append(Flood(started, end_us, alarms, peak))
    return floods


def chattering_of(rings: Sequence[tuple[int, str]], rules: KpiRules) -> list[str]:
    """Alarms that rang ``chattering_count`` times within ``chattering_window_s`` at least once, by key."""
    window = round(rules.chattering_window_s * US)
    last: dict[str, deque[int]] = {}
    found: set[str] = set()
    for t, key in rings:
        recent = last.setdefault(key, deque(maxlen=rules.chattering_count))
        recent.append(t)
        if len(recent) == rules.chattering_count and t - recent[0] <= window:
            found.add(key)
    return sorted(found)


def _standing_us(o: OccurrenceRecord, end_us: int) -> int:
    """How long the condition stood, up to the end of the period."""
    cleared = min(end_us, o.cleared_us) if o.cleared_us is not None else end_us
    return cleared - o.raised_us


def _fleeting(o: OccurrenceRecord, rules: KpiRules, respond_s: Mapping[str, float]) -> bool:
    """It cleared before anybody could do something, and nobody had seen it by then."""
    if o.cleared_us is None or (o.acked_us is not None and o.acked_us <= o.cleared_us):
        return False
    return 0 <= o.cleared_us - o.raised_us < respond_s.get(o.key, rules.fleeting_s) * US


def _priority_share(inside: Sequence[OccurrenceRecord]) -> dict[str, float]:
    counts = Counter(o.priority for o in inside)
    return {p.word: counts[p] / len(inside) if inside else 0.0 for p in Priority if p}


def _day_class(per_day: float, rules: KpiRules) -> str:
    if per_day <= rules.day_manageable:
        return "manageable"
    return "over_demanding" if per_day >= rules.day_over_demanding else "high"
