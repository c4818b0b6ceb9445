from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PySide6.QtCore import Qt

from app.clock import US, ManualClock
from ui.i18n import local
from ui.monitoring.ruler import span_words
from ui.monitoring.timewindow import LEAST_US, MOST_US, TimeWindow


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def window(clock: ManualClock) -> TimeWindow:
    return TimeWindow(clock.now_us)


def test_live_keeps_the_present_in_sight(window: TimeWindow, clock: ManualClock) -> None:
    clock.advance(600)
    assert window.catch_up()
    assert window.start_us < clock.now_us() < window.end_us


def test_nothing_moves_before_it_would_be_a_pixel(window: TimeWindow, clock: ManualClock) -> None:
    clock.advance(1)
    assert not window.catch_up(1000)  # a pixel of two hours is 7.2 s
    clock.advance(8)
    assert window.catch_up(1000)


def test_going_back_stops_following_and_coming_back_starts_it(window: TimeWindow) -> None:
    said: list[bool] = []
    window.live_changed.connect(said.append)
    window.pan(-window.span_us)
    assert not window.live
    window.pan(3 * window.span_us)
    assert window.live
    assert said == [False, True]


def test_paused_stands_still(window: TimeWindow, clock: ManualClock) -> None:
    window.pause()
    before = window.start_us
    clock.advance(3600)
    assert not window.catch_up()
    assert window.start_us == before


def test_zoom_keeps_the_moment_under_the_hand(window: TimeWindow) -> None:
    window.pause()
    at = window.start_us + window.span_us // 4
    window.zoom(0.5, at)
    assert abs((at - window.start_us) / window.span_us - 0.25) < 1e-6


@given(some.lists(some.floats(0.01, 100), max_size=20))
def test_zoom_stays_between_seconds_and_a_year(factors: list[float]) -> None:
    window = TimeWindow(ManualClock().now_us)
    window.pause()
    for factor in factors:
        window.zoom(factor, window.start_us)
    assert LEAST_US <= window.span_us <= MOST_US


@pytest.mark.parametrize("seconds", [60, 900, 7200, 86_400, 30 * 86_400])
def test_ticks_are_round_local_times_apart(window: TimeWindow, seconds: int) -> None:
    window.show_span(seconds)
    ticks = window.ticks(1000)
    assert 3 <= len(ticks) <= 12
    assert all(local(t).second == 0 or seconds <= 900 for t in ticks)
    assert min(b - a for a, b in itertools.pairwise(ticks)) * 1000 / window.span_us >= 89


def test_keys_move_and_come_back(window: TimeWindow) -> None:
    start = window.start_us
    assert window.key(Qt.Key.Key_Left)
    assert window.start_us < start
    assert window.key(Qt.Key.Key_End)
    assert window.live
    assert not window.key(Qt.Key.Key_A)


def test_a_moment_is_shown_in_the_middle(window: TimeWindow) -> None:
    window.show_moment(1_699_000_000 * US)
    assert (window.start_us + window.end_us) // 2 == 1_699_000_000 * US


def test_widths_in_words() -> None:
    assert span_words(7200 * US) == "2 h"
    assert span_words(183_600 * US) == "2 d 3 h"
    assert span_words(0) == "0 s"
