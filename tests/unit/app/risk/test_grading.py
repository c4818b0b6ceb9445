"""A zone's colour: up at once, down only when it stays down, by hand until its end, and always explained."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clock import US
from app.risk.grading import Hysteresis, Scale, ZoneGrader, total, way_down
from app.risk.methods import load_methods
from models.risk import Factor, Grade, Override, Regrade

METHODS = load_methods()
SCALE = Scale(METHODS.grade_of, METHODS.floors())
HOLD = 300 * US
RULES = Hysteresis(margin=5, hold_us=HOLD)


def zone(inherent: float = 126, now_us: int = 0) -> ZoneGrader:
    return ZoneGrader("A1", SCALE, RULES, inherent, now_us)


def factor(weight: float, target: str = "x", since_us: int = 0, until_us: int | None = None) -> Factor:
    return Factor(kind="alarm", weight=weight, evidence=target, target=target, since_us=since_us, until_us=until_us)


def test_floors_are_those_of_the_colours() -> None:
    assert METHODS.floors() == {Grade.RED: 320, Grade.ORANGE: 160, Grade.YELLOW: 70, Grade.BLUE: 0}


def test_the_sum_of_the_mock_up() -> None:
    grader = zone(126)
    weights = [24, 18, 12, 8, 6, 4]
    change = grader.update(126, [factor(w, f"f{w}") for w in weights], 1, "permit")
    assert change is not None
    assert (change.before, change.after, change.value, change.cause) == (Grade.YELLOW, Grade.ORANGE, 198, "permit")
    assert [f.weight for f in change.factors] == weights
    assert [f.weight for f in way_down(grader.state(), SCALE, 0)] == [24, 18]
    assert grader.update(126, [factor(w, f"f{w}") for w in weights], 2) is None


def test_worse_comes_at_once_and_milder_only_after_the_hold() -> None:
    grader = zone()
    assert grader.update(126, [factor(200)], 10) is not None
    assert grader.state().grade is Grade.RED
    assert grader.update(126, [], 20) is None
    assert (grader.state().grade, grader.state().falling_us, grader.due_us) == (Grade.RED, 20, 20 + HOLD)
    assert grader.update(126, [], 20 + HOLD - 1) is None
    change = grader.update(126, [], 20 + HOLD)
    assert change is not None
    assert (change.before, change.after, grader.due_us) == (Grade.RED, Grade.YELLOW, None)


def test_a_return_within_the_hold_starts_it_anew() -> None:
    grader = zone()
    grader.update(126, [factor(40)], 0)
    grader.update(126, [], 10)
    grader.update(126, [factor(40)], HOLD // 2)
    assert grader.state().falling_us is None
    assert grader.update(126, [], HOLD) is None
    assert grader.update(126, [], HOLD + 11) is None
    assert grader.update(126, [], 2 * HOLD) is not None


def test_just_below_the_floor_is_not_low_enough() -> None:
    grader = zone()
    grader.update(126, [factor(40)], 0)
    for t_us in range(0, 5 * HOLD, HOLD):
        assert grader.update(126, [factor(30)], t_us) is None  # 156: within the margin of 160
    assert grader.state().computed is Grade.YELLOW
    assert grader.state().grade is Grade.ORANGE


def test_a_factor_ends_by_itself() -> None:
    grader = zone()
    grader.update(126, [factor(40, until_us=100)], 0)
    assert grader.due_us == 100
    assert grader.update(126, [factor(40, until_us=100)], 100) is None
    assert grader.state().factors == ()
    assert grader.due_us == 100 + HOLD


def test_by_hand_holds_until_its_end_and_then_the_sum_rules_at_once() -> None:
    grader = zone()
    by_hand = Override(grade=Grade.BLUE, reason="shut down", by="li", since_us=5, until_us=1000)
    grader.set_override(by_hand)
    change = grader.update(126, [factor(200)], 5, "override")
    assert change is not None
    assert (change.after, grader.state().computed, grader.due_us) == (Grade.BLUE, Grade.RED, 1000)
    assert grader.update(126, [factor(500)], 999) is None
    change = grader.update(126, [factor(40)], 1000)
    assert change is not None
    assert (change.after, change.cause, grader.override) == (Grade.ORANGE, "override_ended", None)


def test_what_was_shown_before_a_restart_is_taken_up() -> None:
    grader = zone()
    grader.restore(Grade.ORANGE, 7, None)
    assert grader.update(126, [factor(40)], 50) is None
    assert grader.state().since_us == 7


def test_there_is_no_way_down_from_what_is_inherent() -> None:
    grader = zone(330)
    grader.update(330, [factor(3)], 0)
    assert way_down(grader.state(), SCALE, 0) == []
    assert way_down(zone(10).state(), SCALE, 0) == []


@pytest.mark.parametrize(("inherent", "weights", "expected"), [(10, [-50], 0), (0.1, [0.2], 0.3), (126, [], 126)])
def test_sums(inherent: float, weights: list[float], expected: float) -> None:
    assert total(inherent, [factor(w) for w in weights]) == expected


steps = st.lists(
    st.tuples(
        st.integers(1, 2 * HOLD),  # time since the step before
        st.lists(st.floats(0, 250), max_size=4),  # weights that hold
    ),
    min_size=1,
    max_size=40,
)


@given(inherent=st.floats(0, 400), steps=steps)
@settings(max_examples=200)
def test_a_colour_is_never_milder_than_the_sum_and_never_falls_before_its_hold(
    inherent: float, steps: list[tuple[int, list[float]]]
) -> None:
    grader, now_us, low_since = zone(inherent), 0, None
    changes: list[Regrade] = []
    for pause, weights in steps:
        now_us += pause
        shown = grader.state().grade
        value = total(inherent, [factor(w, str(n)) for n, w in enumerate(weights)])
        low = value < SCALE.floor(shown) - RULES.margin
        low_since = (low_since if low_since is not None else now_us) if low else None
        change = grader.update(inherent, [factor(w, str(n)) for n, w in enumerate(weights)], now_us)
        state = grader.state()
        assert state.value == value
        assert state.grade.rank >= SCALE.grade_of(value).rank
        if change is not None:
            changes.append(change)
            assert change.before is shown
            assert change.after is state.grade is not shown
            if change.after.rank < shown.rank:
                assert low_since is not None
                assert now_us - low_since >= HOLD
                assert change.after is SCALE.grade_of(value)
            low_since = None
    falls = [c for c in changes if c.after.rank < c.before.rank]
    assert all(later.t_us - earlier.t_us >= HOLD for earlier, later in itertools.pairwise(falls))


@given(inherent=st.floats(0, 400), weights=st.lists(st.floats(0.5, 200), max_size=8))
def test_the_way_down_leads_down_and_no_shorter_one_does(inherent: float, weights: list[float]) -> None:
    grader = zone(inherent)
    grader.update(inherent, [factor(w, str(n)) for n, w in enumerate(weights)], 0)
    state = grader.state()
    way = way_down(state, SCALE, 0)
    if way:
        left = state.value - sum(f.weight for f in way)
        assert left < SCALE.floor(state.grade) + 1e-6
        heaviest = sorted((f.weight for f in state.factors), reverse=True)[: len(way) - 1]
        assert state.value - sum(heaviest) >= SCALE.floor(state.grade) - 1e-6
