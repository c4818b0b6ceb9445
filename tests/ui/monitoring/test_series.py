from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.ports import Trend
from ui.monitoring.series import Series
from ui.monitoring.trenddata import level_of

S = 1_000_000


def trend(seconds: list[float], values: list[float], level_s: float = 0.0) -> Trend:
    t = np.array([round(s * S) for s in seconds], dtype=np.int64)
    v = np.array(values, dtype=float)
    return Trend(t, v, v, v, np.isfinite(v).astype(np.int64), level_s)


def test_live_samples_continue_stored_history_as_one_line() -> None:
    series = Series(1)
    series.set_history(trend([0, 1, 2], [1, 2, 3]), 0, 3 * S)
    series.append([(3 * S, 4.0), (4 * S, 5.0)])
    assert series.view(0, 5 * S).mean.tolist() == [1, 2, 3, 4, 5]


def test_a_sample_that_history_brings_too_is_shown_once() -> None:
    series = Series(1)
    series.append([(2 * S, 3.0), (3 * S, 4.0)])
    series.set_history(trend([0, 1, 2], [1, 2, 3]), 0, 3 * S)
    assert series.view(0, 5 * S).t_us.tolist() == [0, S, 2 * S, 3 * S]


def test_a_hole_in_the_live_samples_breaks_the_line() -> None:
    series = Series(1, usual_gap_us=5 * S)
    series.append([(S, 1.0), (61 * S, 2.0)])
    assert [math.isnan(v) for v in series.view(0, 62 * S).mean] == [False, True, False]
    assert series.gaps(0, 62 * S, 20 * S) == [(S, 61 * S)]


def test_a_silent_stretch_between_history_and_the_first_live_sample_is_a_gap() -> None:
    series = Series(1, usual_gap_us=5 * S)
    series.set_history(trend([0, 1], [1, 2]), 0, 2 * S)
    series.append([(100 * S, 3.0)])
    assert series.gaps(0, 101 * S, 20 * S) == [(1 * S, 100 * S)]
    assert math.isnan(series.at(50 * S))


def test_the_cross_hair_reads_the_value_that_stood_then() -> None:
    series = Series(1)
    series.set_history(trend([0, 10], [1, 2]), 0, 11 * S)
    assert series.at(9 * S) == 1.0
    assert series.at(10 * S) == 2.0
    assert math.isnan(series.at(-1))


def test_late_and_doubled_live_samples_change_nothing() -> None:
    series = Series(1)
    series.append([(2 * S, 1.0), (1 * S, 9.0), (2 * S, 9.0)])
    assert series.view(0, 3 * S).mean.tolist() == [1.0]


def test_history_up_to_the_present_covers_a_quiet_tag() -> None:
    series = Series(1)
    series.set_history(trend([0], [1]), 0, 10 * S, to_present=True)
    assert series.covers(5 * S, 60 * S, 0.0)


def test_a_look_into_the_past_does_not_cover_what_lies_between_it_and_the_present() -> None:
    series = Series(1)
    series.append([(100 * S, 1.0)])
    series.set_history(trend([0], [1]), 0, 10 * S)
    assert series.covers(0, 10 * S, 0.0)
    assert not series.covers(5 * S, 100 * S, 0.0)


def test_a_long_live_tail_is_read_again_in_buckets() -> None:
    series = Series(1)
    series.set_history(trend([0], [1]), 0, S, to_present=True)
    series.append([(k * S, 1.0) for k in range(2, 103)])
    assert series.covers(0, 102 * S, 0.0, most=101)
    assert not series.covers(0, 102 * S, 0.0, most=100)


@pytest.mark.parametrize(("span_s", "level"), [(900, 0.0), (7200, 1.0), (86_400, 60.0), (40 * 86_400, 3600.0)])
def test_the_level_follows_the_zoom(span_s: int, level: float) -> None:
    assert level_of(span_s * S, 1000 if span_s > 900 else 2000) == level


@given(some.lists(some.tuples(some.integers(1, 500), some.floats(-1e6, 1e6)), max_size=80))
def test_a_view_is_always_in_order_of_time(steps: list[tuple[int, float]]) -> None:
    series, t = Series(1, usual_gap_us=100 * S), 0
    series.set_history(trend([0, 3, 7], [1, 2, 3]), 0, 8 * S)
    for step, value in steps:
        t += step * S
        series.append([(t, value)])
    times = series.view(0, t + S).t_us
    assert (np.diff(times) > 0).all()
