"""What is the matter with a busy alarm, and what the recorded times say would help."""

from __future__ import annotations

from app.alarms.actors import Step, bad_actors
from app.alarms.rules import load_alarm_rules
from app.clock import US
from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority
from models.performance import BadActor

RULES = load_alarm_rules().kpi


def one(pairs: list[tuple[float, float]], *, priority: Priority = Priority.LOW, kind: ConditionKind = ConditionKind.H, standing_s: float = 0.0, days: float = 1.0, **fields: float) -> BadActor:  # fmt: skip
    """The actor of an alarm that rang and cleared at these pairs of seconds."""
    respond = fields.pop("respond_s", None)
    condition = Condition(kind=kind, priority=priority, limit=1.0, **fields)
    definition = AlarmDefinition(key="A", tag="T", text="高", conditions=(condition,), respond_s=respond)
    steps = [Step(round(t * US), rang, priority) for pair in pairs for t, rang in zip(pair, (True, False), strict=True)]
    (actor,) = bad_actors({"A": steps}, {"A": definition}, {"A": standing_s}, days, RULES)
    return actor


def test_a_chattering_alarm_is_told_the_off_delay_that_joins_its_repeats() -> None:
    actor = one([(i * 20.0, i * 20.0 + 12.0) for i in range(10)], off_delay_s=2.0)
    assert (actor.nature, actor.count, actor.share) == ("chattering", 10, 1.0)
    assert actor.advice.code == "off_delay"
    assert actor.advice.params == {"from_s": 2.0, "to_s": 15.0, "n": 9, "of": 10}


def test_a_fleeting_alarm_is_told_the_on_delay_that_spares_it() -> None:
    actor = one([(i * 3600.0, i * 3600.0 + 8.0) for i in range(4)])
    assert actor.nature == "fleeting"
    assert actor.advice.code == "on_delay"
    assert actor.advice.params == {"from_s": 0.0, "to_s": 10.0, "n": 4, "of": 4}


def test_no_delay_is_proposed_beyond_half_the_time_to_respond() -> None:
    actor = one([(i * 3600.0, i * 3600.0 + 8.0) for i in range(4)], respond_s=12.0)
    assert actor.nature == "fleeting"
    assert actor.advice.code == "review"


def test_urgent_alarms_are_never_told_to_wait() -> None:
    for priority in (Priority.HIGH, Priority.CRITICAL):
        actor = one([(i * 20.0, i * 20.0 + 12.0) for i in range(10)], priority=priority)
        assert actor.advice.code == "review"


def test_a_signal_that_fails_again_and_again_wants_repair() -> None:
    actor = one([(i * 3600.0, i * 3600.0 + 1800.0) for i in range(8)], kind=ConditionKind.STALE)
    assert (actor.nature, actor.advice.code) == ("repeating", "repair")


def test_one_that_stands_for_days_wants_attention() -> None:
    actor = one([(0.0, 200_000.0)], standing_s=200_000.0, days=3.0)
    assert (actor.nature, actor.advice.code, actor.advice.params) == ("stale", "attend", {"hours": 56})


def test_an_ordinary_alarm_is_left_alone() -> None:
    actor = one([(0.0, 900.0), (40_000.0, 41_000.0)])
    assert (actor.nature, actor.advice.code) == ("normal", "none")


def test_only_the_busiest_are_named_and_an_unknown_one_by_its_key() -> None:
    steps = {f"K{n:02}": [Step(i * 3600 * US, True, Priority.LOW) for i in range(n)] for n in range(15)}
    actors = bad_actors(steps, {}, {}, 1.0, RULES)
    assert [actor.name.key for actor in actors] == [f"K{n:02}" for n in range(14, 4, -1)]
    assert actors[0].advice.code == ("none" if actors[0].nature == "normal" else actors[0].advice.code)
