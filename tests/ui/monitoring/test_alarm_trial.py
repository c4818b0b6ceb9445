from __future__ import annotations

import numpy as np
import pytest

from app.clock import US
from app.ports import Trend
from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority
from models.readings import LiveValue, TagInfo
from tests.ui.station import NOW, MemoryStation
from ui.monitoring.alarmtrial import Trial, inputs_of, trial

START = NOW - 86_400 * US


class Past:
    """History that a test wrote: tag → (seconds from the start, smallest, largest)."""

    def __init__(self, level_s: float = 1.0) -> None:
        self.points: dict[int, list[tuple[float, float, float]]] = {}
        self.level_s = level_s

    def trend(self, tag_id: int, start_us: int, end_us: int, width_px: int) -> Trend:
        rows = self.points.get(tag_id, [])
        t = np.array([start_us + round(s * US) for s, _, _ in rows], dtype=np.int64)
        lo, hi = (np.array([row[i] for row in rows], dtype=float) for i in (1, 2))
        return Trend(t, lo, hi, (lo + hi) / 2, np.ones(len(rows), np.int64), self.level_s)


@pytest.fixture
def tag(station: MemoryStation) -> TagInfo:
    return station.add_tag("TT-1", 20.0)


def run(station: MemoryStation, past: Past, *conditions: Condition, **more: object) -> Trial:
    definition = AlarmDefinition(key="k", tag="TT-1", conditions=conditions, **more)  # type: ignore[arg-type]
    return trial(definition, station.tags, past, station.live, START, NOW)  # type: ignore[arg-type]


def high(limit: float = 50.0, **more: float) -> Condition:
    return Condition(kind=ConditionKind.H, limit=limit, **more)  # type: ignore[arg-type]


def test_each_excursion_counts_once_and_its_time_is_added(station: MemoryStation, tag: TagInfo) -> None:
    past = Past()
    past.points[tag.id] = [(s, v, v) for s, v in enumerate([20, 60, 61, 20, 20, 20, 55, 20])]
    result = run(station, past, high())
    assert (result.raised, result.active_us, result.now) == (2, 3 * US, Priority.NONE)
    assert result.complete


def test_a_spike_inside_a_bucket_raises_it(station: MemoryStation, tag: TagInfo) -> None:
    past = Past()
    past.points[tag.id] = [(0, 20, 20), (60, 20, 75), (120, 20, 20)]
    assert run(station, past, high()).raised == 1


def test_an_on_delay_ignores_what_is_shorter(station: MemoryStation, tag: TagInfo) -> None:
    past = Past()
    past.points[tag.id] = [(s, 60.0 if 10 <= s < 13 or 30 <= s < 60 else 20.0, 0.0) for s in range(100)]
    past.points[tag.id] = [(s, v, v) for s, v, _ in past.points[tag.id]]
    assert run(station, past, high(on_delay_s=10)).raised == 1


def test_a_dead_band_keeps_one_alarm_from_becoming_many(station: MemoryStation, tag: TagInfo) -> None:
    past = Past()
    past.points[tag.id] = [(s, v, v) for s, v in enumerate([20, 51, 49, 51, 49, 51, 49, 20, 20])]
    assert run(station, past, high()).raised == 3
    assert run(station, past, high(deadband=5)).raised == 1


def test_what_has_not_cleared_lasts_until_now(station: MemoryStation, tag: TagInfo) -> None:
    station.live.values[tag.id] = LiveValue(tag.id, NOW, 70.0, 192, NOW)
    past = Past()
    past.points[tag.id] = [(0, 20, 20), (86_300, 70, 70)]
    result = run(station, past, high())
    assert (result.raised, result.now, result.active_us) == (1, Priority.MEDIUM, 100 * US)


def test_a_silence_raises_a_stale_alarm(station: MemoryStation, tag: TagInfo) -> None:
    station.live.values[tag.id] = LiveValue(tag.id, START + 4000 * US, 20.0, 192, START + 4000 * US)
    past = Past()
    past.points[tag.id] = [(s, 20, 20) for s in (0, 30, 60, 3000, 3030)]
    result = run(station, past, Condition(kind=ConditionKind.STALE, window_s=600))
    assert result.raised == 3
    assert result.now is Priority.MEDIUM


def test_other_tags_of_an_expression_are_read_too(station: MemoryStation, tag: TagInfo) -> None:
    other = station.add_tag("PT-2", 1.0)
    past = Past()
    past.points[tag.id] = [(s, 60.0, 60.0) for s in range(0, 100, 10)]
    past.points[other.id] = [(0, 5, 5), (45, 0.1, 0.1), (75, 5, 5)]
    condition = Condition(kind=ConditionKind.CALCULATED, expression="TT_1 > 50 and PT_2 < 0.2")
    definition = AlarmDefinition(key="k", tag="TT-1", conditions=(condition,))
    assert [info.name for info in inputs_of(definition, station.tags)] == ["PT-2"]
    assert run(station, past, condition).raised == 1


def test_bad_quality_can_only_be_judged_now(station: MemoryStation, tag: TagInfo) -> None:
    station.live.values[tag.id] = LiveValue(tag.id, NOW, 20.0, 0, NOW)
    result = run(station, Past(), Condition(kind=ConditionKind.BAD_QUALITY, priority=Priority.LOW))
    assert result.now is Priority.LOW
    assert not result.complete


def test_without_any_history_nothing_is_claimed(station: MemoryStation, tag: TagInfo) -> None:
    station.live.values.clear()
    assert run(station, Past(), high())[:3] == (0, 0, Priority.NONE)


def test_a_quiet_day_costs_little_however_many_points_it_has(station: MemoryStation, tag: TagInfo) -> None:
    past = Past()
    past.points[tag.id] = [(float(s), 20.0, 21.0) for s in range(86_400)]
    past.points[tag.id][40_000] = (40_000.0, 20.0, 80.0)
    assert run(station, past, high()).raised == 1
