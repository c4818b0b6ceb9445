"""The stories that operators tell: delays, dead-bands, counting, holds, severities."""

from __future__ import annotations

from typing import Any

import pytest

from app.alarms.logic import Act, AlarmLogic, AlarmRuntime
from app.alarms.replay import replay
from models.alarms import AlarmDefinition, AlarmState, Condition, ConditionKind, Priority

S = 1_000_000


def told(alarm: dict[str, Any], *steps: dict[str, Any]) -> list[str]:
    """'state' and '!' when it annunciates, for each step."""
    return [a["state"] + "!" * a["annunciate"] for a in replay({"alarm": alarm, "steps": list(steps)})]


def one(kind: str, **fields: Any) -> dict[str, Any]:
    return {"tag": "TI-1", "conditions": [{"kind": kind, **fields}]}


def values(*pairs: tuple[float, Any]) -> list[dict[str, Any]]:
    return [{"t": t, "act": v} if isinstance(v, str) else {"t": t, "value": v} for t, v in pairs]


def test_acknowledged_alarm_that_clears_goes_to_normal_and_never_flashes_back() -> None:
    story = values((0, 5), (1, 11), (2, "acknowledge"), (3, 5), (4, 5), (5, "acknowledge"))
    assert told(one("H", limit=10), *story) == ["NORM", "UNACK!", "ACKED", "NORM", "NORM", "NORM"]


def test_high_limit_is_met_at_the_limit_and_clears_below_the_dead_band() -> None:
    story = values((0, 9.99), (1, 10), (2, 9), (3, 8.01), (4, 8), (5, 7.99))
    assert told(one("H", limit=10, deadband=2), *story) == ["NORM", "UNACK!", "UNACK", "UNACK", "UNACK", "RTNUN"]


def test_low_limit_mirrors_the_high_one() -> None:
    story = values((0, 10.01), (1, 10), (2, 12), (3, 12.01))
    assert told(one("L", limit=10, deadband=2), *story) == ["NORM", "UNACK!", "UNACK", "RTNUN"]


def test_a_spike_shorter_than_the_on_delay_raises_nothing() -> None:
    story = values((0, 0), (1, 11), (5.9, 9), (20, 9))
    assert told(one("H", limit=10, on_delay_s=5), *story) == ["NORM"] * 4


def test_on_delay_passes_without_another_sample() -> None:
    alarm = AlarmLogic(AlarmDefinition(key="A", conditions=(Condition(kind=ConditionKind.H, limit=10, on_delay_s=5),)))
    runtime = alarm.start(0)
    assert alarm.sample(runtime, 1 * S, 11.0) == []
    assert alarm.next_due_us(runtime) == 6 * S
    assert alarm.advance(runtime, 6 * S - 1) == []
    (change,) = alarm.advance(runtime, 60 * S)
    assert (change.t_us, change.transition, change.to_state, change.annunciate) == (6 * S, "raise", "UNACK", True)


def test_off_delay_keeps_an_alarm_until_it_is_gone_for_good() -> None:
    story = values((0, 11), (1, 5), (3, 11), (4, 5), (8.9, 5), (9, 5))
    assert told(one("H", limit=10, off_delay_s=5), *story) == ["UNACK!", *["UNACK"] * 4, "RTNUN"]


def test_a_device_whose_clock_is_an_hour_behind_keeps_its_delay() -> None:
    alarm = AlarmLogic(AlarmDefinition(key="A", conditions=(Condition(kind=ConditionKind.H, limit=10, on_delay_s=5),)))
    runtime = alarm.start(0)
    alarm.sample(runtime, 1 * S, 11.0, arrived_us=3601 * S)
    assert alarm.next_due_us(runtime) == 3606 * S
    assert alarm.advance(runtime, 3605 * S) == []
    (change,) = alarm.advance(runtime, 3606 * S)
    assert change.t_us == 6 * S


def test_higher_severity_on_an_acknowledged_alarm_rings_again_and_a_lower_one_does_not() -> None:
    alarm = {"conditions": [{"kind": "H", "limit": 10, "priority": "low"}, {"kind": "HH", "limit": 20, "priority": 4}]}
    story = values((0, 11), (1, "acknowledge"), (2, 21), (3, "acknowledge"), (4, 11), (5, 21), (6, 0))
    assert told(alarm, *story) == ["UNACK!", "ACKED", "UNACK!", "ACKED", "ACKED", "ACKED", "NORM"]


def test_returned_alarm_that_comes_again_before_anybody_looked_rings_again() -> None:
    assert told(one("H", limit=10), *values((0, 11), (1, 9), (2, 11), (3, 9), (4, "acknowledge"))) == [
        "UNACK!",
        "RTNUN",
        "UNACK!",
        "RTNUN",
        "NORM",
    ]


def test_latched_alarm_needs_acknowledgement_and_reset() -> None:
    alarm = {**one("H", limit=10), "latching": True}
    story = values((0, 11), (1, "reset"), (2, 9), (3, "acknowledge"), (4, "acknowledge"), (5, "reset"))
    assert told(alarm, *story) == ["UNACK!", "UNACK", "LATCH_UNACK", "LATCH_ACKED", "LATCH_ACKED", "NORM"]


def test_latched_alarm_reset_before_it_was_acknowledged_still_wants_to_be_seen() -> None:
    alarm = {**one("H", limit=10), "latching": True}
    assert told(alarm, *values((0, 11), (1, 9), (2, "reset"), (3, "acknowledge"))) == [
        "UNACK!",
        "LATCH_UNACK",
        "RTNUN",
        "NORM",
    ]


def test_latched_and_acknowledged_alarm_that_comes_again_is_new() -> None:
    alarm = {**one("H", limit=10), "latching": True}
    assert told(alarm, *values((0, 11), (1, "acknowledge"), (2, 9), (3, 11)))[-2:] == ["LATCH_ACKED", "UNACK!"]


def test_auto_reset_alarm_clears_without_acknowledgement() -> None:
    assert told({**one("H", limit=10), "auto_reset": True}, *values((0, 11), (1, 9))) == ["UNACK!", "NORM"]


def test_acts_that_the_state_does_not_allow_do_nothing() -> None:
    answers = list(replay({"alarm": one("H", limit=10), "steps": values((0, 1), (1, "acknowledge"), (2, "unshelve"))}))
    assert [(a["state"], a["transition"]) for a in answers] == [("NORM", "none")] * 3


def test_shelved_alarm_ignores_the_process_and_comes_back_as_new_when_the_time_is_over() -> None:
    steps = [
        {"t": 0, "value": 11},
        {"t": 1, "act": "shelve", "for_s": 10, "reason": "works"},
        {"t": 2, "value": 9},
        {"t": 3, "value": 11},
        {"t": 10.9},
        {"t": 11},
    ]
    answers = list(replay({"alarm": one("H", limit=10), "steps": steps}))
    assert [a["state"] for a in answers] == ["UNACK", "SHLVD", "SHLVD", "SHLVD", "SHLVD", "UNACK"]
    assert (answers[-1]["transition"], answers[-1]["annunciate"]) == ("unshelve_timed", True)


def test_one_shot_shelving_ends_when_the_alarm_has_cleared_once() -> None:
    steps = [
        {"t": 0, "value": 11},
        {"t": 1, "act": "shelve", "one_shot": True},
        {"t": 2, "value": 12},
        {"t": 3, "value": 9},
        {"t": 4, "value": 11},
    ]
    assert told(one("H", limit=10), *steps) == ["UNACK!", "SHLVD", "SHLVD", "NORM", "UNACK!"]


def test_one_shot_shelving_of_a_quiet_alarm_waits_for_the_next_occurrence() -> None:
    steps = [{"t": 0, "act": "shelve", "one_shot": True}, *values((1, 9), (2, 11), (3, 9), (4, 11))]
    assert told(one("H", limit=10), *steps) == ["SHLVD", "SHLVD", "SHLVD", "NORM", "UNACK!"]


def test_holds_are_independent_and_the_strongest_shows() -> None:
    names = ["shelve", "suppress", "out_of_service", "return_to_service", "unsuppress", "unshelve"]
    story = values((0, 11), *enumerate(names, 1))
    assert told(one("H", limit=10), *story) == ["UNACK!", "SHLVD", "DSUPR", "OOSRV", "DSUPR", "SHLVD", "UNACK!"]


def test_a_held_alarm_that_is_normal_when_released_is_normal() -> None:
    story = values((0, 11), (1, "out_of_service"), (2, 9), (3, "return_to_service"))
    assert told(one("H", limit=10), *story) == ["UNACK!", "OOSRV", "OOSRV", "NORM"]


def test_shelving_that_runs_out_under_maintenance_rings_only_after_it() -> None:
    steps = [
        {"t": 0, "value": 11},
        {"t": 1, "act": "shelve", "for_s": 5},
        {"t": 2, "act": "out_of_service"},
        {"t": 9},
        {"t": 10, "act": "return_to_service"},
    ]
    assert told(one("H", limit=10), *steps) == ["UNACK!", "SHLVD", "OOSRV", "OOSRV", "UNACK!"]


def test_alarm_comes_only_after_so_many_activations_within_the_window() -> None:
    alarm = {**one("H", limit=10), "count": 3, "count_window_s": 10}
    story = values(
        (0, 11), (1, 9), (2, 11), (3, 9), (11, 11), (11.5, 9), (12.1, 11), (13, 9), (14, "acknowledge"), (15, 11)
    )
    assert told(alarm, *story) == [
        *["NORM"] * 4,
        "NORM",  # 0 s fell out of the window; 2, 11
        "NORM",
        "NORM",  # 2 s fell out at 12; 11, 12.1
        "NORM",
        "NORM",
        "UNACK!",  # 11, 12.1, 15
    ]


def test_after_counting_to_an_alarm_the_count_starts_anew() -> None:
    alarm = {**one("H", limit=10), "count": 2, "count_window_s": 100, "auto_reset": True}
    story = values((0, 11), (1, 9), (2, 11), (3, 9), (4, 11), (5, 9), (6, 11))
    assert told(alarm, *story) == ["NORM", "NORM", "UNACK!", "NORM", "NORM", "NORM", "UNACK!"]


def test_with_count_and_delay_whichever_comes_first_raises() -> None:
    alarm = {**one("H", limit=10, on_delay_s=5), "count": 3, "count_window_s": 60}
    assert told(alarm, *values((0, 11), (5, 11)))[-1] == "UNACK!"
    assert told(alarm, *values((0, 11), (1, 9), (2, 11), (3, 9), (4, 11)))[-1] == "UNACK!"


def test_delayed_severities_remember_the_worst_unless_auto_reset() -> None:
    steps = [{"t": 0, "severity": "minor"}, {"t": 1, "severity": "major"}, {"t": 1.5, "severity": "minor"}, {"t": 5}]
    for auto_reset, severity in ((False, "high"), (True, "low")):
        alarm = {**one("severity", on_delay_s=2), "auto_reset": auto_reset}
        last = list(replay({"alarm": alarm, "steps": steps}))[-1]
        assert (last["state"], last["severity"], last["alarm_severity"]) == ("UNACK", "low", severity)


def test_acknowledging_a_severity_that_has_sunk_forgets_the_worse_one() -> None:
    words = ["major", "minor", "ack", "major", "minor", "ack", "ok"]
    steps = [{"t": t, "act": w} if w == "ack" else {"t": t, "severity": w} for t, w in enumerate(words)]
    answers = list(replay({"alarm": {"conditions": []}, "steps": steps}))
    assert [(a["alarm_severity"], a["annunciate"]) for a in answers] == [
        ("high", True),
        ("high", False),
        ("low", False),
        ("high", True),
        ("high", False),
        ("low", False),
        ("none", False),
    ]


def test_taking_an_acknowledgement_back_shows_the_present_severity() -> None:
    words = ["major", "undefined", "ack", "major", "unack", "ack", "ok"]
    steps = [{"t": t, "act": w} if w.endswith("ack") else {"t": t, "severity": w} for t, w in enumerate(words)]
    answers = list(replay({"alarm": {"conditions": []}, "steps": steps}))
    assert [a["alarm_severity"] for a in answers] == [
        "high",
        "critical",
        "critical",
        "critical",
        "high",
        "high",
        "none",
    ]
    assert [a["annunciate"] for a in answers] == [True, True, False, False, False, False, False]


def test_alarm_that_is_not_to_annunciate_shows_without_a_sound() -> None:
    assert told({**one("H", limit=10), "annunciate": False}, *values((0, 11), (1, 9), (2, 11))) == [
        "UNACK",
        "RTNUN",
        "UNACK",
    ]


@pytest.mark.parametrize(("value", "quality"), [(None, 192), (99.0, 0), (99.0, 24), (float("nan"), 192), ("text", 192)])
def test_values_that_mean_nothing_hold_a_limit_alarm_where_it_is(value: Any, quality: int) -> None:
    logic = AlarmLogic(AlarmDefinition(key="A", conditions=(Condition(kind=ConditionKind.H, limit=10.0),)))
    for first, state in ((5.0, AlarmState.NORM), (11.0, AlarmState.UNACK)):
        runtime = logic.start(0)
        logic.sample(runtime, S, first)
        assert logic.sample(runtime, 2 * S, value, quality) == []
        assert runtime.state is state


def test_uncertain_values_still_alarm() -> None:
    assert told(one("H", limit=10), {"t": 0, "value": 11, "quality": "uncertain"}) == ["UNACK!"]


def test_bad_quality_alarm_follows_quality_and_missing_values() -> None:
    steps = [
        {"t": 0, "value": 1},
        {"t": 1, "value": 1, "quality": "bad"},
        {"t": 2, "value": 1},
        {"t": 3, "value": None},
    ]
    assert told(one("bad_quality"), *steps) == ["NORM", "UNACK!", "RTNUN", "UNACK!"]


def test_deviation_from_a_fixed_set_point_in_both_directions() -> None:
    alarm = one("deviation", limit=5, setpoint=100, deadband=1)
    assert told(alarm, *values((0, 104), (1, 105), (2, 104.5), (3, 103), (4, 95))) == [
        "NORM",
        "UNACK!",
        "UNACK",
        "RTNUN",
        "UNACK!",
    ]
    assert told(one("deviation", limit=5, setpoint=100, direction="fall"), *values((0, 110), (1, 95))) == [
        "NORM",
        "UNACK!",
    ]


def test_deviation_follows_the_tag_of_the_set_point() -> None:
    alarm = one("deviation", limit=5, setpoint_tag="SP-1")
    steps = [{"t": 0, "value": 50}, {"t": 1, "value": 52, "tag": "SP-1"}, {"t": 2, "value": 60, "tag": "SP-1"}]
    assert told(alarm, *steps) == ["NORM", "NORM", "UNACK!"]


def test_rate_of_change_over_its_window() -> None:
    alarm = one("rate", limit=1.0, window_s=10, direction="rise")
    story = values((0, 0), (1, 2), (5, 4), (10, 9.9), (11, 12), (12, 12.5), (25, 12.5))
    assert told(alarm, *story) == ["NORM", "NORM", "NORM", "NORM", "UNACK!", "RTNUN", "RTNUN"]
    assert told(alarm, *values((0, 50), (10, 0))) == ["NORM", "NORM"]
    assert told(one("rate", limit=1.0, window_s=10, direction="both"), *values((0, 50), (10, 0)))[-1] == "UNACK!"


def test_rate_remembers_few_points_however_fast_the_source_is() -> None:
    logic = AlarmLogic(
        AlarmDefinition(key="A", conditions=(Condition(kind=ConditionKind.RATE, limit=1e9, window_s=10),))
    )
    runtime = logic.start(0)
    for i in range(5000):
        logic.sample(runtime, i * 10_000, float(i))
    assert len(runtime.conditions[0].points) <= 35


def test_stuck_value_raises_by_itself_and_clears_when_it_moves() -> None:
    alarm = one("stuck", window_s=60, deadband=0.1)
    story = values((0, 5), (30, 5.05), (59, 4.95), (60, 5), (61, 5.2), (62, 5.2))
    assert told(alarm, *story) == ["NORM", "NORM", "NORM", "UNACK!", "RTNUN", "RTNUN"]


def test_lost_signal_raises_when_nothing_came_and_clears_with_any_sample() -> None:
    alarm = one("stale", window_s=30)
    steps = [*values((0, 5), (29, 5)), {"t": 58}, {"t": 59}, {"t": 70, "value": None, "quality": "bad"}]
    assert told(alarm, *steps) == ["NORM", "NORM", "NORM", "UNACK!", "RTNUN"]


def test_discrete_alarm_by_number_and_by_text() -> None:
    assert told(one("discrete", values=[1, 3]), *values((0, 0), (1, 1), (2, 2), (3, 3))) == [
        "NORM",
        "UNACK!",
        "RTNUN",
        "UNACK!",
    ]
    steps = [{"t": 0, "value": "run"}, {"t": 1, "value": "trip"}]
    assert told(one("discrete", values=["trip"]), *steps) == ["NORM", "UNACK!"]


def test_calculated_alarm_over_several_tags_waits_for_all_of_them() -> None:
    alarm = one("calculated", expression="TI_1 - TI_2 > 10 and FV_3 == 0")
    steps = [
        {"t": 0, "value": 50},
        {"t": 1, "value": 30, "tag": "TI-2"},
        {"t": 2, "value": 0, "tag": "FV.3"},
        {"t": 3, "value": 45, "tag": "TI-2"},
        {"t": 4, "value": 70},
    ]
    assert told(alarm, *steps) == ["NORM", "NORM", "UNACK!", "RTNUN", "UNACK!"]


def test_calculated_alarm_holds_while_it_divides_by_zero() -> None:
    alarm = one("calculated", expression="10 / value > 1")
    assert told(alarm, *values((0, 5), (1, 0), (2, 20))) == ["UNACK!", "UNACK", "RTNUN"]


@pytest.mark.parametrize(
    "expression", ["__import__('os')", "a.b > 1", "a[0]", "", "1 +", "[x for x in a]", "lambda: 1", "f'{a}'", "x" * 600]
)
def test_expressions_that_do_more_than_calculate_are_refused(expression: str) -> None:
    definition = AlarmDefinition(key="A", conditions=(Condition(kind=ConditionKind.CALCULATED, expression=expression),))
    with pytest.raises(ValueError, match=r"expression|functions"):
        AlarmLogic(definition)


@pytest.mark.parametrize(
    "condition",
    [
        Condition(kind=ConditionKind.H),
        Condition(kind=ConditionKind.L, limit=float("nan")),
        Condition(kind=ConditionKind.STALE),
        Condition(kind=ConditionKind.STUCK),
        Condition(kind=ConditionKind.DISCRETE),
        Condition(kind=ConditionKind.DEVIATION, limit=1.0),
        Condition(kind=ConditionKind.RATE, limit=1.0, direction="up"),
    ],
)
def test_conditions_that_lack_what_they_need_are_refused(condition: Condition) -> None:
    with pytest.raises(ValueError, match=r"need|direction"):
        AlarmLogic(AlarmDefinition(key="A", conditions=(condition,)))


def test_leading_condition_is_the_most_severe_effective_one() -> None:
    conditions = (
        Condition(kind=ConditionKind.H, limit=10.0, priority=Priority.LOW),
        Condition(kind=ConditionKind.HH, limit=20.0, priority=Priority.HIGH),
    )
    logic = AlarmLogic(AlarmDefinition(key="A", conditions=conditions))
    runtime: AlarmRuntime = logic.start(0)
    assert logic.leading(runtime) is None
    logic.sample(runtime, S, 15.0)
    assert logic.leading(runtime) == conditions[0]
    logic.sample(runtime, 2 * S, 25.0)
    assert logic.leading(runtime) == conditions[1]
    assert logic.act(runtime, Act.ACKNOWLEDGE, 3 * S)[-1].transition == "acknowledge"
