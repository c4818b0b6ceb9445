"""Scripts: what they may say, what they answer, and what is refused in plain words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alarms.replay import ScriptError, definition_from, replay
from models.alarms import ConditionKind, Priority

HIGH = {"key": "A", "tag": "T", "conditions": [{"kind": "h", "limit": 10, "priority": "HIGH"}]}


def test_answers_name_everything_that_a_reader_needs() -> None:
    answers = list(replay({"alarm": HIGH, "steps": [{"t": 0.5, "value": 11, "quality": "good"}]}))
    assert answers == [
        {
            "t": 0.5,
            "state": "UNACK",
            "severity": "high",
            "alarm_severity": "high",
            "annunciate": True,
            "transition": "raise",
        }
    ]


def test_a_timer_between_two_steps_is_told_with_the_later_one() -> None:
    alarm = {"conditions": [{"kind": "H", "limit": 10, "on_delay_s": 2}]}
    answers = list(replay({"alarm": alarm, "steps": [{"t": 0, "value": 11}, {"t": 9, "act": "ack"}]}))
    assert [(a["state"], a["severity"], a["transition"], a["annunciate"]) for a in answers] == [
        ("NORM", "medium", "none", False),
        ("ACKED", "medium", "acknowledge", True),
    ]


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("Critical", "critical"),
        ("OK", "none"),
        ("MINOR", "low"),
        ("advisory", "low"),
        (3, "high"),
        ("no_alarm", "none"),
    ],
)
def test_severity_words_of_other_systems(word: Any, severity: str) -> None:
    assert next(replay({"alarm": {"conditions": []}, "steps": [{"t": 0, "severity": word}]}))["severity"] == severity


def test_definitions_may_be_written_loosely() -> None:
    definition = definition_from({"conditions": [{"kind": "hh", "limit": 1, "priority": 4}, {"kind": "L", "limit": 0}]})
    assert [(c.kind, c.priority) for c in definition.conditions] == [
        (ConditionKind.HH, Priority.CRITICAL),
        (ConditionKind.L, Priority.MEDIUM),
    ]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ([], "a script is an object"),
        ({"alarm": HIGH}, '"steps" must be a list'),
        ({"alarm": None, "steps": []}, '"alarm" must be an object'),
        ({"alarm": {"conditions": []}, "steps": []}, "no condition"),
        ({"alarm": {"conditions": 3}, "steps": []}, "must be a list"),
        ({"alarm": {"conditions": [3]}, "steps": []}, "condition 1 must be an object"),
        ({"alarm": {"conditions": [{"kind": "wet"}]}, "steps": []}, "unknown kind 'wet'"),
        ({"alarm": {"conditions": [{"kind": "H", "limt": 1}]}, "steps": []}, "unknown field 'limt'"),
        ({"alarm": {"conditions": [{"kind": "H"}]}, "steps": []}, "a limit is needed"),
        ({"alarm": {"conditions": [{"kind": "H", "limit": "x"}]}, "steps": []}, "can't be read"),
        ({"alarm": {"conditions": [{"kind": "H", "limit": 1, "priority": "odd"}]}, "steps": []}, "priority is"),
        ({"alarm": {"conditions": [{"kind": "H", "limit": 1, "on_delay_s": -1}]}, "steps": []}, "must not be negative"),
        ({"alarm": HIGH | {"sound": 1}, "steps": []}, "unknown field 'sound'"),
        ({"alarm": HIGH | {"count": 0}, "steps": []}, "count must be"),
        ({"alarm": HIGH, "steps": [3]}, "step 1 must be an object"),
        ({"alarm": HIGH, "steps": [{"value": 3}]}, "step 1: t must be a number"),
        ({"alarm": HIGH, "steps": [{"t": 0, "val": 3}]}, "unknown field 'val'"),
        ({"alarm": HIGH, "steps": [{"t": 0, "value": 3, "act": "ack"}]}, "only one of"),
        ({"alarm": HIGH, "steps": [{"t": 1, "value": 3}, {"t": 0, "value": 3}]}, "time goes back"),
        ({"alarm": HIGH, "steps": [{"t": 0, "value": [3]}]}, "a value is"),
        ({"alarm": HIGH, "steps": [{"t": 0, "value": 3, "quality": "fair"}]}, "quality is"),
        ({"alarm": HIGH, "steps": [{"t": 0, "act": "dance"}]}, "unknown act 'dance'"),
        ({"alarm": HIGH, "steps": [{"t": 0, "act": "shelve", "for_s": -3}]}, "more than 0"),
        ({"alarm": HIGH, "steps": [{"t": 0, "severity": "odd"}]}, "unknown severity 'odd'"),
        ({"alarm": HIGH, "steps": [{"t": 0, "severity": 7}]}, "unknown severity 7"),
    ],
)
def test_nonsense_is_refused_in_plain_words(script: Any, says: str) -> None:
    with pytest.raises(ScriptError) as refused:
        list(replay(script))
    assert says in str(refused.value)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["alarm", "steps", "t", "value", "act", "kind", "limit", "conditions", "severity", "for_s", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(script=json_like, step=json_like)
def test_whatever_comes_is_either_played_or_refused(script: Any, step: Any) -> None:
    for candidate in (script, {"alarm": script, "steps": [step]}, {"alarm": HIGH, "steps": [step, step]}):
        try:
            states = [answer["state"] for answer in replay(candidate)]
        except ScriptError:
            states = []
        assert set(states) <= {"NORM", "UNACK", "ACKED", "RTNUN", "SHLVD", "DSUPR", "OOSRV"}
