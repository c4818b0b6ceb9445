"""The state machine against a table written down by hand from ISA-18.2, and its JSON at every step."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from app.alarms.logic import Act, AlarmLogic, AlarmRuntime
from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority

S = 1_000_000

# (state, event) → next state; what is not listed stays. '!' after the state: it annunciates.
COMMON = {
    ("NORM", "abnormal"): "UNACK!",
    ("UNACK", "ack"): "ACKED",
    ("ACKED", "unack"): "UNACK",
    ("ACKED", "worse"): "UNACK!",
    ("RTNUN", "ack"): "NORM",
    ("RTNUN", "abnormal"): "UNACK!",
    ("LATCH_UNACK", "ack"): "LATCH_ACKED",
    ("LATCH_UNACK", "reset"): "RTNUN",
    ("LATCH_UNACK", "abnormal"): "UNACK!",
    ("LATCH_ACKED", "reset"): "NORM",
    ("LATCH_ACKED", "abnormal"): "UNACK!",
}
TABLES = {
    "plain": COMMON | {("UNACK", "normal"): "RTNUN", ("ACKED", "normal"): "NORM"},
    "auto_reset": COMMON | {("UNACK", "normal"): "NORM", ("ACKED", "normal"): "NORM"},
    "latching": COMMON | {("UNACK", "normal"): "LATCH_UNACK", ("ACKED", "normal"): "LATCH_ACKED"},
}
HOLDS = {"shelve": "SHLVD", "suppress": "DSUPR", "out_of_service": "OOSRV"}
ENDS = {"unshelve": "SHLVD", "unsuppress": "DSUPR", "return_to_service": "OOSRV"}
ACTS = ["acknowledge", "unacknowledge", "reset", *HOLDS, *ENDS]


class Book:
    """The table, turned by hand: knows nothing of the code under test."""

    def __init__(self, mode: str) -> None:
        self.mode, self.state, self.severity, self.alarm, self.acked = mode, "NORM", 0, 0, 0
        self.holds: set[str] = set()

    @property
    def shown(self) -> str:
        return next((h for h in ("OOSRV", "DSUPR", "SHLVD") if h in self.holds), self.state)

    def turn(self, event: str) -> bool:
        to = TABLES[self.mode].get((self.state, event), self.state)
        self.state = to.removesuffix("!")
        return to.endswith("!")

    def severe(self, level: int) -> bool:
        before, self.severity = self.severity, level
        if self.holds or level == before:
            return False
        if level == 0:
            self.turn("normal")
            if self.state == "NORM":
                self.alarm = self.acked = 0
            return False
        if before == 0:
            self.alarm = max(self.alarm if self.state in ("RTNUN", "LATCH_UNACK") else 0, level)
            self.acked = 0
            return self.turn("abnormal")
        if self.state == "ACKED":
            if level > self.acked:
                self.alarm = level
                return self.turn("worse")
            return False
        louder = level > self.alarm
        self.alarm = level if self.mode == "auto_reset" else max(self.alarm, level)
        return louder

    def act(self, act: str) -> bool:
        if act in HOLDS:
            self.holds.add(HOLDS[act])
            self.state, self.alarm, self.acked = "NORM", 0, 0
            return False
        if act in ENDS:
            was = bool(self.holds)
            self.holds.discard(ENDS[act])
            if was and not self.holds and self.severity:
                self.state, self.alarm = "UNACK", self.severity
                return True
            return False
        if self.holds:
            return False
        before = self.state
        event = {"acknowledge": "ack", "unacknowledge": "unack", "reset": "reset"}[act]
        sound = self.turn(event)
        if before == "UNACK" and self.state == "ACKED":
            self.alarm = self.acked = self.severity
        if before == "ACKED" and self.state == "UNACK":
            self.alarm = self.severity
        if self.state == "NORM":
            self.alarm = self.acked = 0
        return sound


def definition(mode: str, **fields: Any) -> AlarmDefinition:
    return AlarmDefinition(
        key="A",
        tag="T",
        conditions=(Condition(kind=ConditionKind.SEVERITY),),
        latching=mode == "latching",
        auto_reset=mode == "auto_reset",
        **fields,
    )


def copy(runtime: AlarmRuntime) -> AlarmRuntime:
    return msgspec.json.decode(msgspec.json.encode(runtime), type=AlarmRuntime)


steps = st.lists(st.one_of(st.integers(0, 4), st.sampled_from(ACTS)), max_size=40)


@given(mode=st.sampled_from(sorted(TABLES)), script=steps)
@settings(max_examples=400, deadline=None)
def test_every_walk_agrees_with_the_isa_table(mode: str, script: list[int | str]) -> None:
    logic, book = AlarmLogic(definition(mode)), Book(mode)
    runtime = logic.start(0)
    for t, step in enumerate(script):
        shown = book.shown
        if isinstance(step, int):
            sound = book.severe(step)
            changes = logic.sample(runtime, t * S, float(step))
        else:
            sound = book.act(step)
            changes = logic.act(runtime, Act(step), t * S)
            assert changes[-1].from_state == shown
        assert (runtime.state, runtime.severity, runtime.alarm_severity, any(c.annunciate for c in changes)) == (
            book.shown,
            book.severity,
            0 if book.holds else book.alarm,
            sound,
        )
        if runtime.state != shown:
            assert changes[-1].to_state == book.shown
            assert changes[-1].transition != "none"


condition_sets = st.lists(
    st.builds(
        Condition,
        kind=st.sampled_from(
            [
                ConditionKind.HH,
                ConditionKind.H,
                ConditionKind.L,
                ConditionKind.RATE,
                ConditionKind.STUCK,
                ConditionKind.STALE,
                ConditionKind.BAD_QUALITY,
                ConditionKind.SEVERITY,
            ]
        ),
        priority=st.sampled_from([Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.CRITICAL]),
        limit=st.integers(-5, 5).map(float),
        deadband=st.sampled_from([0.0, 1.0]),
        on_delay_s=st.sampled_from([0.0, 0.0, 2.0, 5.0]),
        off_delay_s=st.sampled_from([0.0, 0.0, 3.0]),
        window_s=st.sampled_from([4.0, 7.0]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
definitions = st.builds(
    AlarmDefinition,
    key=st.just("A"),
    tag=st.just("T"),
    conditions=condition_sets,
    latching=st.booleans(),
    auto_reset=st.booleans(),
    count=st.sampled_from([1, 1, 2]),
    count_window_s=st.just(10.0),
)
happenings = st.lists(
    st.tuples(
        st.integers(0, 6 * S),
        st.one_of(
            st.tuples(
                st.just("value"), st.one_of(st.none(), st.integers(-6, 6).map(float)), st.sampled_from([192, 64, 0])
            ),
            st.tuples(st.just("act"), st.sampled_from(ACTS), st.sampled_from([None, 3.0])),
            st.tuples(st.just("wait"), st.none(), st.none()),
        ),
    ),
    max_size=25,
)


def play(logic: AlarmLogic, runtime: AlarmRuntime, t: int, step: Any) -> list[Any]:
    kind, what, extra = step
    if kind == "value":
        return logic.sample(runtime, t, what, extra, arrived_us=t + 700_000)
    if kind == "act":
        return logic.act(runtime, Act(what), t + 700_000, for_s=extra)
    return logic.advance(runtime, t + 700_000)


@given(definition=definitions, script=happenings)
@settings(max_examples=300, deadline=None)
def test_state_written_to_json_has_the_same_future_as_the_living_one(definition: AlarmDefinition, script: Any) -> None:
    logic = AlarmLogic(definition)
    living, reborn = logic.start(0), logic.start(0)
    t = 0
    for wait, step in script:
        t += wait
        reborn = copy(reborn)
        assert play(logic, living, t, step) == play(logic, reborn, t, step)
        assert copy(living) == living == reborn


@given(definition=definitions, script=happenings, cuts=st.integers(1, 7))
@settings(max_examples=300, deadline=None)
def test_looking_more_often_changes_nothing(definition: AlarmDefinition, script: Any, cuts: int) -> None:
    """Timers fire at their own time: an engine that ticks often and one that slept tell the same story."""
    logic = AlarmLogic(definition)
    seldom, often = logic.start(0), logic.start(0)
    t = 0
    for wait, step in script:
        told = []
        for i in range(1, cuts):
            told += logic.advance(often, t + wait * i // cuts + (often.offset_us if t else 0))
        t += wait
        told += play(logic, often, t, step)
        assert told == play(logic, seldom, t, step)
        assert msgspec.structs.replace(often, now_us=0) == msgspec.structs.replace(seldom, now_us=0)


@given(definition=definitions, script=happenings)
@settings(max_examples=200, deadline=None)
def test_a_normal_state_never_owes_an_acknowledgement_and_due_timers_lie_ahead(
    definition: AlarmDefinition, script: Any
) -> None:
    logic = AlarmLogic(definition)
    runtime = logic.start(0)
    t = 0
    for wait, step in script:
        t += wait
        play(logic, runtime, t, step)
        if runtime.state == "NORM":
            assert (runtime.severity, runtime.alarm_severity, runtime.acked_severity) == (0, 0, 0)
        if runtime.state in ("UNACK", "ACKED"):
            assert runtime.severity > 0
            assert runtime.alarm_severity >= runtime.severity or runtime.process == "ACKED"
        due = logic.next_due_us(runtime)
        assert due is None or due > t
