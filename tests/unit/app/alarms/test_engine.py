"""All alarms together: the quiet path, timers, rows and journal, restart, bursts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.alarms import records
from app.alarms.acts import Attempt, act, act_on_key
from app.alarms.life import by
from app.alarms.logic import Act, AlarmLogic
from app.clock import US
from models.alarms import (
    AlarmDefinition,
    AlarmOccurrence,
    AlarmRuntimeRow,
    AlarmState,
    AlarmTransition,
    Condition,
    ConditionKind,
    Priority,
)
from models.people import Actor, system_actor
from models.rights import Role
from tests.unit.app.alarms.conftest import ANNA, Plant, high


def test_a_raise_is_one_row_one_journal_line_and_one_sound(plant: Plant) -> None:
    tag = plant.tag("TI-1", unit="Cel", decimals=2)
    plant.define(high("TI-1/H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.5)
    changes = plant.commit()
    (row,) = changes.rows
    assert (row.state, row.priority, row.value, row.limit, row.unit, row.area_name) == (
        AlarmState.UNACK,
        Priority.HIGH,
        11.5,
        10.0,
        "Cel",
        "一区",
    )
    assert changes.annunciate == [row.occurrence_id]
    assert engine.open_rows() == [row]
    (stored,) = plant.rows(AlarmOccurrence)
    assert (stored["id"], stored["raised_us"], stored["value"], stored["closed_us"]) == (1, plant.now, 11.5, None)
    (line,) = plant.rows(AlarmTransition)
    assert (line["transition"], line["from_state"], line["to_state"]) == ("raise", "NORM", "UNACK")
    assert not engine.take_changes()


def test_quiet_band_follows_the_state_of_all_alarms_of_a_tag(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    low = AlarmDefinition(key="L", tag="TI-1", conditions=(Condition(kind=ConditionKind.L, limit=2.0),))
    plant.define(high("H", "TI-1"), low)
    engine = plant.start()
    assert engine.quiet == {tag: (2.0, 10.0)}
    plant.hear(tag, 10.0)
    assert tag not in engine.quiet
    plant.clock.advance(1)
    plant.hear(tag, 9.0)
    assert engine.quiet == {tag: (2.0, 10.0)}  # returned but not acknowledged: inside the band nothing can change


def test_tags_without_alarms_are_not_watched(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    other = plant.tag("TI-2")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    assert tag in engine.watched
    assert other not in engine.watched
    engine.sample(other, plant.now, 5.0, 192)
    assert not engine.take_changes()


@pytest.mark.parametrize(
    "condition",
    [
        Condition(kind=ConditionKind.RATE, limit=1.0, window_s=5),
        Condition(kind=ConditionKind.STUCK, window_s=5),
        Condition(kind=ConditionKind.DEVIATION, limit=1.0, setpoint=5.0),
        Condition(kind=ConditionKind.CALCULATED, expression="TI_1 > 5"),
    ],
)
def test_conditions_that_need_every_sample_have_no_quiet_band(plant: Plant, condition: Condition) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"), AlarmDefinition(key="X", tag="TI-1", conditions=(condition,)))
    engine = plant.start()
    assert tag in engine.watched
    assert tag not in engine.quiet


def test_a_late_sample_never_moves_an_alarm(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    plant.start()
    plant.hear(tag, 11.0)
    plant.hear(tag, 5.0, t_us=plant.now)
    plant.hear(tag, 5.0, t_us=plant.now - US)
    assert [r.state for r in plant.commit().rows] == [AlarmState.UNACK]


def test_on_delay_of_a_device_whose_clock_is_off_is_neither_short_nor_long(plant: Plant) -> None:
    fast, slow = plant.tag("F"), plant.tag("S")
    plant.define(high("F", "F", on_delay_s=5), high("S", "S", on_delay_s=5))
    plant.start()
    plant.hear(fast, 11.0, t_us=plant.now + 20 * US)
    plant.hear(slow, 11.0, t_us=plant.now - 300 * US)
    assert plant.wait(4.9).rows == []
    rows = plant.wait(0.2).rows
    assert {r.key: r.raised_us for r in rows} == {"F": 1_025 * US, "S": 705 * US}


def test_acknowledge_shows_who_when_and_where_and_clearing_then_closes_the_row(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0)
    plant.commit()
    t_us = plant.clock.advance(3)
    (done,) = act(engine, Act.ACKNOWLEDGE, [1], ANNA, "on my way", t_us)
    assert (done.transition, done.key) == ("acknowledge", "H")
    (row,) = plant.commit().rows
    assert (row.acked_by, row.acked_us, row.acked_station, row.comment) == ("Anna", t_us, "CR-1", "on my way")
    plant.clock.advance(1)
    plant.hear(tag, 5.0)
    (row,) = plant.commit().rows
    assert (row.state, row.closed_us, row.cleared_us) == (AlarmState.NORM, plant.now, plant.now)
    assert engine.open_rows() == []
    assert [line["by"] for line in plant.rows(AlarmTransition)] == ["", "Anna", ""]


def test_one_life_is_one_occurrence_and_the_next_raise_is_a_new_one(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    for value in (11.0, 5.0, 12.0, 5.0):
        plant.clock.advance(1)
        plant.hear(tag, value)
    plant.commit()
    assert len(plant.rows(AlarmOccurrence)) == 1
    act(engine, Act.ACKNOWLEDGE, [1], ANNA, "", plant.clock.advance(1))
    plant.clock.advance(1)
    plant.hear(tag, 11.0)
    plant.commit()
    assert [(o["id"], o["state"]) for o in plant.rows(AlarmOccurrence)] == [(1, "NORM"), (2, "UNACK")]


def test_act_on_an_unknown_or_closed_occurrence_does_nothing(plant: Plant) -> None:
    plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    (done,) = act(engine, Act.ACKNOWLEDGE, [99], ANNA, "", plant.now)
    assert (done.transition, done.row) == ("none", None)
    assert not engine.take_changes()


def test_shelved_normal_alarm_is_in_the_list_and_can_be_undone(plant: Plant) -> None:
    plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    done = act_on_key(engine, Act.OUT_OF_SERVICE, "H", ANNA, "calibration", plant.now)
    assert done is not None
    assert done.to_state == AlarmState.OOSRV
    (row,) = plant.commit().rows
    assert (row.state, row.held_by, row.held_reason, row.priority) == (
        AlarmState.OOSRV,
        "Anna",
        "calibration",
        Priority.HIGH,
    )
    assert [r.state for r in engine.open_rows()] == [AlarmState.OOSRV]
    act(engine, Act.RETURN_TO_SERVICE, [row.occurrence_id], ANNA, "", plant.clock.advance(60))
    (row,) = plant.commit().rows
    assert (row.state, row.closed_us) == (AlarmState.NORM, plant.now)
    assert engine.open_rows() == []


def test_hold_that_ends_with_the_alarm_active_closes_its_row_and_raises_a_true_one(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    act_on_key(engine, Act.OUT_OF_SERVICE, "H", ANNA, "calibration", plant.now)
    plant.commit()
    plant.clock.advance(1)
    plant.hear(tag, 11.0)
    assert plant.commit().rows == []
    act_on_key(engine, Act.RETURN_TO_SERVICE, "H", ANNA, "", plant.clock.advance(1))
    changes = plant.commit()
    assert [(r.occurrence_id, r.state) for r in changes.rows] == [(1, AlarmState.NORM), (2, AlarmState.UNACK)]
    assert changes.annunciate == [2]
    first, second = plant.rows(AlarmOccurrence)
    assert first["cleared_us"] == first["raised_us"]
    assert (second["value"], second["limit"], second["cleared_us"]) == (11.0, 10.0, None)


def test_timed_shelving_ends_by_itself_on_the_clock_of_the_station(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0, t_us=plant.now + 30 * US)  # the device is half a minute ahead
    plant.commit()
    act(engine, Act.SHELVE, [1], ANNA, "works", plant.now, for_s=10)
    (row,) = plant.commit().rows
    assert (row.state, row.held_until_us, row.held_reason) == (AlarmState.SHLVD, plant.now + 10 * US, "works")
    assert plant.wait(9.9).rows == []
    changes = plant.wait(0.2)
    assert [(r.state, r.held_by) for r in changes.rows] == [(AlarmState.UNACK, "")]
    assert changes.annunciate == [1]
    assert plant.rows(AlarmTransition)[-1]["transition"] == "unshelve_timed"


def test_lost_signal_is_judged_by_receipt_even_when_all_samples_were_quiet(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    stale = Condition(kind=ConditionKind.STALE, window_s=10, priority=Priority.LOW)
    plant.define(AlarmDefinition(key="X", tag="TI-1", conditions=(stale, Condition(kind=ConditionKind.H, limit=10.0))))
    engine = plant.start()
    for _ in range(6):
        plant.hear(tag, 5.0, t_us=plant.now - 3 * US)
        assert plant.wait(4).rows == []
    assert tag in engine.quiet
    assert [r.kind for r in plant.wait(6.1).rows] == [ConditionKind.STALE]
    plant.hear(tag, 5.0)
    assert [r.state for r in plant.commit().rows] == [AlarmState.RTNUN]
    assert tag in engine.quiet


def test_a_first_loud_sample_after_quiet_ones_is_no_lost_signal(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    stale = Condition(kind=ConditionKind.STALE, window_s=10)
    plant.define(AlarmDefinition(key="X", tag="TI-1", conditions=(stale, Condition(kind=ConditionKind.H, limit=10.0))))
    plant.start()
    for _ in range(30):
        plant.clock.advance(1)
        plant.hear(tag, 5.0)
    plant.clock.advance(1)
    plant.hear(tag, 11.0)
    plant.commit()
    assert [(t["transition"], t["to_state"]) for t in plant.rows(AlarmTransition)] == [("raise", "UNACK")]
    assert plant.rows(AlarmOccurrence)[0]["kind"] == "H"


def test_a_tag_that_never_spoke_counts_as_lost_after_its_window(plant: Plant) -> None:
    plant.tag("TI-1")
    plant.define(AlarmDefinition(key="X", tag="TI-1", conditions=(Condition(kind=ConditionKind.STALE, window_s=10),)))
    plant.start()
    assert plant.wait(9.9).rows == []
    assert [r.state for r in plant.wait(0.2).rows] == [AlarmState.UNACK]


def test_silence_while_the_engine_was_down_is_not_held_against_a_tag(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(AlarmDefinition(key="X", tag="TI-1", conditions=(Condition(kind=ConditionKind.STALE, window_s=10),)))
    plant.start()
    plant.hear(tag, 5.0)
    plant.wait(1)
    plant.clock.advance(3600)
    plant.start()
    assert plant.wait(9).rows == []
    assert len(plant.wait(2).rows) == 1


def test_calculated_alarm_hears_all_its_tags(plant: Plant) -> None:
    a, b = plant.tag("TI-1"), plant.tag("TI-2")
    expression = Condition(kind=ConditionKind.CALCULATED, expression="TI_1 - TI_2 > 10", priority=Priority.CRITICAL)
    plant.define(AlarmDefinition(key="dT", conditions=(expression,)))
    engine = plant.start()
    assert set(engine.watched) == {a, b}
    plant.hear(a, 50.0)
    assert plant.commit().rows == []
    plant.hear(b, 30.0)
    (row,) = plant.commit().rows
    assert (row.key, row.priority, row.tag_id, row.kind) == ("dT", Priority.CRITICAL, None, ConditionKind.CALCULATED)


def test_deviation_hears_the_tag_of_its_set_point(plant: Plant) -> None:
    value, setpoint = plant.tag("TI-1"), plant.tag("TI-1.SP")
    deviation = Condition(kind=ConditionKind.DEVIATION, limit=5.0, setpoint_tag="TI-1.SP")
    plant.define(AlarmDefinition(key="D", tag="TI-1", conditions=(deviation,)))
    plant.start()
    plant.hear(value, 50.0)
    plant.hear(setpoint, 52.0)
    assert plant.commit().rows == []
    plant.clock.advance(1)
    plant.hear(setpoint, 60.0)
    assert [r.state for r in plant.commit().rows] == [AlarmState.UNACK]


def test_text_tag_with_a_discrete_alarm_keeps_the_text_as_value(plant: Plant) -> None:
    tag = plant.tag("XS-1")
    plant.define(
        AlarmDefinition(key="X", tag="XS-1", conditions=(Condition(kind=ConditionKind.DISCRETE, values=("TRIP",)),))
    )
    plant.start()
    plant.hear(tag, "TRIP")
    assert [r.value for r in plant.commit().rows] == ["TRIP"]


def test_killed_in_the_middle_of_an_on_delay_it_raises_at_its_own_time(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1", on_delay_s=10))
    plant.start()
    plant.hear(tag, 11.0)
    raised_at = plant.now + 10 * US
    assert plant.commit().runtimes
    plant.wait(4)
    plant.start()  # kill -9 and start again
    assert plant.wait(5.9).rows == []
    (row,) = plant.wait(0.2).rows
    assert (row.state, row.raised_us) == (AlarmState.UNACK, raised_at)


def test_after_a_restart_list_shelving_and_numbers_go_on(plant: Plant) -> None:
    tags = [plant.tag(f"TI-{i}") for i in range(3)]
    plant.define(*[high(f"H{i}", f"TI-{i}") for i in range(3)])
    engine = plant.start()
    for tag in tags:
        plant.hear(tag, 11.0)
    act(engine, Act.ACKNOWLEDGE, [1], ANNA, "", plant.clock.advance(1))
    act(engine, Act.SHELVE, [2], ANNA, "x", plant.now, for_s=5)
    plant.commit()
    before = engine.open_rows()
    engine = plant.start()
    assert engine.open_rows() == before
    assert [r.state for r in plant.wait(5.1).rows] == [AlarmState.UNACK]
    plant.hear(tags[0], 5.0)
    plant.clock.advance(1)
    plant.hear(tags[0], 11.0)
    plant.commit()
    assert [o["id"] for o in plant.rows(AlarmOccurrence)] == [1, 2, 3, 4]
    ids = [t["id"] for t in plant.rows(AlarmTransition)]
    assert ids == sorted(set(ids))


def test_time_away_from_the_plant_is_no_proof_of_a_stuck_sensor(plant: Plant) -> None:
    tag = plant.tag("GD-1")
    stuck = Condition(kind=ConditionKind.STUCK, window_s=60, priority=Priority.LOW)
    plant.define(AlarmDefinition(key="S", tag="GD-1", conditions=(stuck,)))
    plant.start()
    plant.hear(tag, 3.0)
    plant.commit()
    plant.clock.advance(3600)
    plant.start()
    plant.hear(tag, 3.0)
    assert plant.commit().rows == []
    assert plant.wait(50).rows == []
    assert [r.state for r in plant.wait(20).rows] == [AlarmState.UNACK]


def test_saving_twice_is_saving_once(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    plant.start()
    plant.hear(tag, 11.0)
    changes = plant.commit()
    before = plant.rows(AlarmOccurrence), plant.rows(AlarmTransition), plant.rows(AlarmRuntimeRow)
    again = records.from_plain(msgspec.msgpack.decode(msgspec.msgpack.encode(records.to_plain(changes))))
    with plant.store.begin() as connection:
        records.save(connection, again)
    assert before == (plant.rows(AlarmOccurrence), plant.rows(AlarmTransition), plant.rows(AlarmRuntimeRow))


def test_changes_go_on_being_told_when_the_commit_failed(plant: Plant) -> None:
    """Ids come from memory: the rows of a lost commit are named as they will be stored later."""
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0)
    lost = engine.take_changes()
    plant.clock.advance(1)
    plant.hear(tag, 5.0)
    later = engine.take_changes()
    assert [r.occurrence_id for r in lost.rows] == [r.occurrence_id for r in later.rows] == [1]
    with plant.store.begin() as connection:
        records.save(connection, lost)
        records.save(connection, later)
    assert plant.rows(AlarmOccurrence)[0]["state"] == "RTNUN"
    assert [t["transition"] for t in plant.rows(AlarmTransition)] == ["raise", "clear"]


def test_list_is_sorted_waiting_first_then_priority_then_newest(plant: Plant) -> None:
    names = ["a", "b", "c", "d"]
    priorities = [Priority.LOW, Priority.CRITICAL, Priority.CRITICAL, Priority.CRITICAL]
    tags = [plant.tag(n) for n in names]
    plant.define(*[high(n, n, priority=p) for n, p in zip(names, priorities, strict=True)])
    engine = plant.start()
    for tag in tags:
        plant.clock.advance(1)
        plant.hear(tag, 11.0)
    plant.commit()
    act(engine, Act.ACKNOWLEDGE, [4], ANNA, "", plant.now)
    plant.commit()
    assert [r.key for r in engine.open_rows()] == ["c", "b", "a", "d"]


def test_two_thousand_alarms_at_once_are_all_told_and_saved(plant: Plant) -> None:
    tags = [plant.tag(f"T{i}") for i in range(200)]
    plant.define(*[high(f"T{i}/{n}", f"T{i}", limit=10.0 + n) for i in range(200) for n in range(10)])
    engine = plant.start()
    for tag in tags:
        plant.hear(tag, 50.0)
    changes = plant.commit()
    assert len(changes.rows) == len(changes.annunciate) == len(engine.open_rows()) == 2000
    done = act(engine, Act.ACKNOWLEDGE, [r.occurrence_id for r in changes.rows], ANNA, "", plant.clock.advance(1))
    assert {d.transition for d in done} == {"acknowledge"}
    plant.commit()
    assert {o["state"] for o in plant.rows(AlarmOccurrence)} == {"ACKED"}


def test_an_undone_attempt_leaves_no_trace_in_memory(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"), high("H2", "TI-1", limit=20.0))
    engine = plant.start()
    plant.hear(tag, 11.0)
    plant.commit()
    before = engine.open_rows()
    attempt = Attempt(engine)
    attempt.act(Act.ACKNOWLEDGE, [1], ANNA, "seen", plant.now)
    attempt.act_on_key(Act.OUT_OF_SERVICE, "H2", ANNA, "works", plant.now)
    assert len(attempt.changes().rows) == 2
    attempt.undo()
    assert engine.open_rows() == before
    assert not engine.take_changes()
    (done,) = act(engine, Act.ACKNOWLEDGE, [1], ANNA, "now", plant.now)
    assert done.from_state == AlarmState.UNACK


def test_an_undone_attempt_does_not_spoil_what_waited_to_be_saved(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0)
    attempt = Attempt(engine)
    attempt.act(Act.ACKNOWLEDGE, [1], ANNA, "seen", plant.now)
    attempt.undo()
    (row,) = plant.commit().rows
    assert (row.state, row.acked_by) == (AlarmState.UNACK, "")
    assert plant.rows(AlarmOccurrence)[0]["state"] == "UNACK"


def test_a_kept_attempt_is_shown_and_saved_once(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0)
    plant.commit()
    attempt = Attempt(engine)
    attempt.act(Act.ACKNOWLEDGE, [1], ANNA, "", plant.now)
    changes = attempt.changes()
    assert [r.state for r in engine.open_rows()] == [AlarmState.UNACK]
    attempt.keep()
    assert [r.state for r in engine.open_rows()] == [AlarmState.ACKED]
    assert [r.state for r in changes.rows] == [AlarmState.ACKED]
    assert not engine.take_changes()


def test_edited_limit_looks_at_the_live_value_at_once(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 8.0)
    plant.wait(1)
    engine.reload_definition(1, tag, high("H", "TI-1", limit=7.0))
    (row,) = plant.commit().rows
    assert (row.state, row.limit) == (AlarmState.UNACK, 7.0)
    engine.reload_definition(1, tag, high("H", "TI-1", limit=9.0))
    assert [r.state for r in plant.commit().rows] == [AlarmState.RTNUN]
    assert engine.quiet[tag][1] == 9.0


def test_edited_text_keeps_the_state_and_the_delay(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1", on_delay_s=10))
    engine = plant.start()
    plant.hear(tag, 11.0)
    plant.wait(5)
    engine.reload_definition(1, tag, msgspec.structs.replace(high("H", "TI-1", on_delay_s=10), text="renamed"))
    assert plant.wait(4.9).rows == []
    assert [(r.state, r.text) for r in plant.wait(0.2).rows] == [(AlarmState.UNACK, "renamed")]


def test_switched_off_definition_closes_its_row_and_is_watched_no_more(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0)
    plant.commit()
    engine.reload_definition(1, tag, high("H", "TI-1", enabled=False))
    (row,) = plant.commit().rows
    assert (row.state, row.closed_us) == (AlarmState.NORM, plant.now)
    assert plant.rows(AlarmTransition)[-1]["transition"] == "disable"
    assert engine.watched == {}
    assert engine.definition("H") is None


def test_unusable_definitions_never_stop_the_start(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(
        AlarmDefinition(key="bad", tag="TI-1", conditions=(Condition(kind=ConditionKind.H),)), high("H", "TI-1")
    )
    engine = plant.start()
    assert [d.key for d in engine.definitions_of(tag)] == ["H"]


KINDS = [
    Condition(kind=ConditionKind.H, limit=3.0, deadband=1.0, priority=Priority.LOW),
    Condition(kind=ConditionKind.HH, limit=5.0, on_delay_s=2.0, priority=Priority.HIGH),
    Condition(kind=ConditionKind.L, limit=-3.0, off_delay_s=1.5),
    Condition(kind=ConditionKind.LL, limit=-5.0, deadband=0.5, priority=Priority.CRITICAL),
    Condition(kind=ConditionKind.BAD_QUALITY, on_delay_s=1.0, priority=Priority.LOW),
]


@given(
    conditions=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique_by=lambda c: c.kind).map(tuple),
    latching=st.booleans(),
    auto_reset=st.booleans(),
    script=st.lists(
        st.tuples(
            st.integers(1, 3 * US),
            st.one_of(
                st.tuples(st.none() | st.integers(-7, 7).map(float), st.sampled_from([192, 192, 192, 64, 0])),
                st.sampled_from([Act.ACKNOWLEDGE, Act.RESET, Act.OUT_OF_SERVICE, Act.RETURN_TO_SERVICE]),
                st.just("restart"),
            ),
        ),
        max_size=25,
    ),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_tells_what_the_logic_alone_would(
    tmp_path_factory: pytest.TempPathFactory,
    conditions: tuple[Condition, ...],
    latching: bool,
    auto_reset: bool,
    script: list[tuple[int, Any]],
) -> None:
    """Quiet bands, heap, books and restarts from the store in between: nothing is lost, nothing added."""
    plant = Plant(Path(tmp_path_factory.mktemp("plant")))
    try:
        tag = plant.tag("T")
        definition = AlarmDefinition(key="A", tag="T", conditions=conditions, latching=latching, auto_reset=auto_reset)
        plant.define(definition)
        engine = plant.start()
        alone = AlarmLogic(definition)
        runtime = alone.start(plant.now)
        told = []
        for wait, step in script:
            plant.clock.set(plant.now + wait)
            told += alone.advance(runtime, plant.now)
            engine.tick(plant.now, plant.live)
            if isinstance(step, Act):
                told += alone.act(runtime, step, plant.now)
                act_on_key(engine, step, "A", ANNA, "", plant.now)
            elif step == "restart":
                plant.commit()
                engine = plant.start()
            else:
                told += alone.sample(runtime, plant.now, step[0], step[1], arrived_us=plant.now)
                plant.hear(tag, *step)
            plant.commit()
            open_row = engine.open_rows()
            assert (open_row[0].state if open_row else AlarmState.NORM) == runtime.state
        expected = [(c.t_us, c.transition.value, c.to_state.value) for c in told if c.transition != "none"]
        journal = [(t["t_us"], t["transition"], t["to_state"]) for t in plant.rows(AlarmTransition)]
        assert journal == expected
        sounds = sum(len(c.annunciate) for c in plant.told)
        assert sounds == sum(c.annunciate for c in told)
    finally:
        plant.store.dispose()


def test_the_system_itself_may_suppress(plant: Plant) -> None:
    tag = plant.tag("TI-1")
    plant.define(high("H", "TI-1"))
    engine = plant.start()
    plant.hear(tag, 11.0)
    act_on_key(engine, Act.SUPPRESS, "H", system_actor("CR-1"), "plant is down", plant.now)
    assert [(r.state, r.held_by) for r in plant.commit().rows] == [(AlarmState.DSUPR, "system")]


def test_a_person_without_a_name_is_shown_by_login() -> None:
    nameless = Actor(user_id=2, login="bo", name="", roles=(Role.OPERATOR,), station="CR-2")
    assert by(nameless, "x").name == "bo"
