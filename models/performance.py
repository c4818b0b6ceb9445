"""How good the alarm system was over a period (EEMUA 191, ISA-18.2): what the performance panel and its reports show.

Shares are 0…1, times UTC microseconds, spans in seconds; names of figures, natures, advice and verdicts are stable words
that screens translate.
"""

from __future__ import annotations

from typing import Any

import msgspec

from models.alarms import Priority


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its target.

    name    average_per_bin · per_day · peak_per_bin · flood_share · stale · chattering · top_share · median_ack_s
    value   None when there is nothing to take it from
    strict  the target itself is already too much
    before  the same figure of the period before, None when that was not recorded whole
    """

    name: str
    value: float | None
    target: float
    strict: bool = False
    before: float | None = None

    @property
    def met(self) -> bool | None:
        """Is the target met? None without a value."""
        if self.value is None:
            return None
        return self.value < self.target if self.strict else self.value <= self.target


class AlarmName(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm is called: key of its definition, tag, and its texts."""

    key: str
    tag: str = ""
    text: str = ""
    text_en: str = ""


class FloodPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch with more alarms than a person can follow; ``first`` is the alarm that it began with."""

    start_us: int
    end_us: int
    alarms: int
    peak: int
    first: AlarmName | None = None
    first_us: int | None = None


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What the data say could be changed.

    off_delay   params from_s, to_s, n (repeats that would have been one alarm), of
    on_delay    params from_s, to_s, n (alarms that would not have come), of
    repair      the signal itself fails; params n
    attend      it stands for long; params hours
    review      limit and priority should be looked at; params n
    none        nothing to change
    """

    code: str
    params: dict[str, Any] = {}


class BadActor(msgspec.Struct, frozen=True, kw_only=True):
    """One of the busiest alarms. ``nature``: chattering · stale · fleeting · repeating · normal."""

    name: AlarmName
    priority: Priority
    count: int
    share: float
    nature: str
    advice: Advice


class PriorityShare(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms of one priority against the target share; ``verdict``: ok · too_many · too_few · none (no target)."""

    priority: Priority
    count: int
    share: float
    target: float | None
    verdict: str


class HeatRow(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms by local hour, of one day (``day_us`` is its begin) or, without, of a weekday (1 = Monday) on average.

    None is an hour outside the period.
    """

    weekday: int
    day_us: int | None
    hours: tuple[float | None, ...]


class AlarmPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """The whole picture of a period.

    start_us, end_us  what was asked for, cut to what is recorded
    series            (critical and high, medium and low) alarms in each bin of ``bin_s`` from ``series_us`` on
    whole             False when records begin only after the asked start
    heat_steps        lower bounds of the darker steps of the heat map, alarms an hour
    """

    rules_version: str
    start_us: int
    end_us: int
    whole: bool
    alarms: int
    figures: tuple[Figure, ...]
    bin_s: float
    series_us: int
    series: tuple[tuple[int, int], ...]
    flood_starts: int
    flood_ends: int
    average_target: float
    floods: tuple[FloodPeriod, ...]
    top: tuple[BadActor, ...]
    top_count: int
    priorities: tuple[PriorityShare, ...]
    target_share: dict[str, float]
    heat: tuple[HeatRow, ...]
    heat_steps: tuple[int, ...]
