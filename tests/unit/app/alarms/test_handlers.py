"""Orders about alarms through the real door: rights, rules, trail, and memory that follows the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.access import users
from app.access.audit import AuditTrail
from app.access.door import Door
from app.access.force import RightsInForce
from app.access.permissions import load_permissions
from app.alarms.handlers import handlers
from app.alarms.rules import load_alarm_rules
from models import commands
from models.alarms import (
    AlarmDefinition,
    AlarmDefinitionRow,
    AlarmOccurrence,
    AlarmState,
    AlarmTransition,
    Condition,
    ConditionKind,
    Priority,
)
from models.commands import (
    AcknowledgeAlarms,
    MuteSound,
    ResetAlarms,
    ReturnToService,
    SaveAlarmDefinition,
    ShelveAlarms,
    SilenceSound,
    TakeOutOfService,
    UnacknowledgeAlarms,
    UnshelveAlarms,
)
from models.events import AlarmsChanged, Event, TagsChanged
from models.people import Actor
from models.rights import Role
from tests.rights import add_user
from tests.unit.app.alarms.conftest import Plant, high


class Room:
    """A plant with a door and people."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.tag = plant.tag("TI-1", unit="Cel", range_lo=0.0, range_hi=100.0)
        plant.define(high("TI-1/H", "TI-1"))
        self.engine = plant.start()
        self.events: list[Event] = []
        self.fail_commits = 0
        self.rights = RightsInForce(load_permissions(), plant.clock, self.read, lambda: [])
        self.door = Door(self.begin, self.rights, self.events.append, plant.clock, standing=users.standing)
        self.door.register(handlers(self.engine, plant.tags, load_alarm_rules()))
        self.trail = AuditTrail(self.read, self.rights.allowed)
        with self.begin() as session:
            for role in Role:
                add_user(session, role.value, role)
        self.rights.reload()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.plant.store, expire_on_commit=False) as session, session.begin():
            yield session
            if self.fail_commits:
                self.fail_commits -= 1
                raise OperationalError("COMMIT", {}, OSError("disk full"))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.plant.store.connect() as connection:
            yield connection

    def who(self, role: Role) -> Actor:
        return Actor(list(Role).index(role) + 1, role.value, role.value.title(), (role,), "CR-1")

    def order(self, command: Any, role: Role = Role.OPERATOR) -> Any:
        return self.door.handle(command, self.who(role))

    def raised(self) -> int:
        self.plant.clock.advance(1)
        self.plant.hear(self.tag, 50.0)
        return self.plant.commit().rows[0].occurrence_id

    @property
    def state(self) -> str:
        rows = self.engine.open_rows()
        return rows[0].state.value if rows else "NORM"


@pytest.fixture
def room(plant: Plant) -> Room:
    return Room(plant)


def test_an_acknowledgement_is_stored_shown_told_and_audited_together(room: Room) -> None:
    key = room.raised()
    answer = room.order(AcknowledgeAlarms(occurrence_ids=(key,), reason="on my way"))
    assert answer.data == {"done": [key], "unchanged": []}
    assert room.state == "ACKED"
    assert room.plant.rows(AlarmOccurrence)[0]["acked_by"] == "Operator"
    (event,) = room.events
    assert isinstance(event, AlarmsChanged)
    assert [r.state for r in event.rows] == [AlarmState.ACKED]
    row = room.trail.entries(room.who(Role.AUDITOR))[0][0]
    assert (row.before, row.after) == ({"states": {"TI-1/H#1": "UNACK"}}, {"states": {"TI-1/H#1": "ACKED"}})
    assert not room.engine.take_changes()


def test_when_the_commit_fails_the_alarm_stays_unacknowledged_everywhere(room: Room) -> None:
    key = room.raised()
    room.fail_commits = 1
    assert room.order(AcknowledgeAlarms(occurrence_ids=(key,))).code == "store_failed"
    assert room.state == "UNACK"
    assert room.events == []
    assert not room.engine.take_changes()
    assert room.plant.rows(AlarmOccurrence)[0]["state"] == "UNACK"
    assert [t["transition"] for t in room.plant.rows(AlarmTransition)] == ["raise"]
    assert room.order(AcknowledgeAlarms(occurrence_ids=(key,))).ok
    assert room.state == "ACKED"
    assert room.plant.start().open_rows()[0].state == AlarmState.ACKED


def test_a_page_is_acknowledged_as_far_as_it_goes(room: Room) -> None:
    key = room.raised()
    answer = room.order(AcknowledgeAlarms(occurrence_ids=(key, 77)))
    assert answer.data == {"done": [key], "unchanged": [77]}


@pytest.mark.parametrize(("key", "code"), [(1, "nothing_to_do"), (99, "not_found")])
def test_an_act_that_changes_nothing_is_refused_and_audited(room: Room, key: int, code: str) -> None:
    room.raised()
    assert room.order(ResetAlarms(occurrence_ids=(key,))).code == code
    assert room.trail.entries(room.who(Role.AUDITOR))[0][0].outcome == "refused"
    assert room.state == "UNACK"


def test_unacknowledge_takes_it_back(room: Room) -> None:
    key = room.raised()
    room.order(AcknowledgeAlarms(occurrence_ids=(key,)))
    assert room.order(UnacknowledgeAlarms(occurrence_ids=(key,))).ok
    assert (room.state, room.engine.open_rows()[0].acked_by) == ("UNACK", "")


def test_shelving_needs_a_reason_and_has_a_limit_by_priority(room: Room) -> None:
    key = room.raised()
    shelve = lambda **f: room.order(ShelveAlarms(occurrence_ids=(key,), **f))  # noqa: E731 - one line a case
    assert shelve(for_s=60, reason=" ").code == "reason_missing"
    assert shelve(for_s=0, reason="works").code == "invalid"
    answer = shelve(for_s=14_401, reason="works")
    assert (answer.code, answer.params) == ("too_long", {"max_s": 14_400, "priority": "high"})
    assert shelve(for_s=14_400, reason="works").ok
    assert room.state == "SHLVD"
    assert room.order(UnshelveAlarms(occurrence_ids=(key,))).ok
    assert room.state == "UNACK"


def test_one_shot_shelving_lasts_as_long_as_is_allowed_at_most(room: Room) -> None:
    key = room.raised()
    assert room.order(ShelveAlarms(occurrence_ids=(key,), for_s=0, one_shot=True, reason="works")).ok
    (row,) = room.engine.open_rows()
    assert row.held_until_us == room.plant.now + 14_400_000_000


def test_out_of_service_is_for_shift_leaders_and_ends_as_it_began(room: Room) -> None:
    take = TakeOutOfService(alarm_key="TI-1/H", reason="calibration")
    assert room.order(take).code == "forbidden"
    assert room.order(take, Role.SHIFT_LEADER).ok
    assert room.state == "OOSRV"
    assert room.order(take, Role.SHIFT_LEADER).code == "nothing_to_do"
    assert room.order(TakeOutOfService(alarm_key="nope", reason="xx"), Role.SHIFT_LEADER).code == "not_found"
    assert room.order(TakeOutOfService(alarm_key="TI-1/H", reason=""), Role.SHIFT_LEADER).code == "reason_missing"
    assert room.order(ReturnToService(alarm_key="TI-1/H"), Role.SHIFT_LEADER).ok
    assert room.state == "NORM"


def test_a_failed_commit_of_a_hold_leaves_no_row_behind(room: Room) -> None:
    room.fail_commits = 1
    take = TakeOutOfService(alarm_key="TI-1/H", reason="calibration")
    assert room.order(take, Role.SHIFT_LEADER).code == "store_failed"
    assert room.state == "NORM"
    room.raised()
    assert room.state == "UNACK"


def test_silence_and_mute_are_only_written_down_and_a_mute_ends(room: Room) -> None:
    room.raised()
    assert room.order(SilenceSound()).ok
    assert room.state == "UNACK"
    answer = room.order(MuteSound(muted=True, for_s=60, reason="radio"))
    assert answer.data == {"until_us": room.plant.now + 60_000_000}
    assert room.order(MuteSound(muted=True, for_s=601, reason="radio")).code == "too_long"
    assert room.order(MuteSound(muted=True, for_s=60)).code == "reason_missing"
    assert room.order(MuteSound(muted=False)).ok


def save(room: Room, definition: AlarmDefinition, role: Role = Role.SAFETY_MANAGER) -> Any:
    return room.order(SaveAlarmDefinition(definition=definition, reason="review"), role)


def test_a_saved_limit_guards_at_once_and_shows_before_and_after(room: Room) -> None:
    room.plant.hear(room.tag, 8.0)
    room.plant.wait(1)
    changed = high("TI-1/H", "TI-1", limit=7.0)
    assert save(room, changed, Role.OPERATOR).code == "forbidden"
    assert save(room, changed).ok
    assert isinstance(room.events[-1], TagsChanged)
    assert [r.state for r in room.plant.commit().rows] == [AlarmState.UNACK]
    (row,), _ = room.trail.entries(room.who(Role.AUDITOR), action="alarm.define")[0][:1], 1
    assert row.before is not None
    assert row.after is not None
    assert (row.before["conditions"][0]["limit"], row.after["conditions"][0]["limit"]) == (10.0, 7.0)
    assert [d["version"] for d in room.plant.rows(AlarmDefinitionRow)] == [2]


def test_a_new_definition_is_watched_after_the_commit_only(room: Room) -> None:
    new = AlarmDefinition(key="TI-1/L", tag="TI-1", conditions=(Condition(kind=ConditionKind.L, limit=2.0),))
    room.fail_commits = 1
    assert save(room, new).code == "store_failed"
    assert room.engine.definition("TI-1/L") is None
    assert save(room, new).ok
    assert room.engine.definition("TI-1/L") == new
    assert room.engine.quiet[room.tag] == (2.0, 10.0)


def test_switching_off_and_on_again(room: Room) -> None:
    room.raised()
    assert save(room, high("TI-1/H", "TI-1", enabled=False)).ok
    assert [r.state for r in room.plant.commit().rows] == [AlarmState.NORM]
    assert save(room, high("TI-1/H", "TI-1")).ok
    room.raised()
    assert room.state == "UNACK"


H, L = ConditionKind.H, ConditionKind.L


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"key": " "}, "key_missing"),
        ({"conditions": ()}, "no_condition"),
        ({"tag": "nope"}, "tag_unknown"),
        ({"tag": ""}, "tag_unknown"),
        ({"latching": True, "auto_reset": True}, "latching_and_auto_reset"),
        ({"count": 3}, "count_window"),
        ({"respond_s": 0.0}, "respond_time"),
        ({"conditions": (Condition(kind=H),)}, "limit_missing"),
        ({"conditions": (Condition(kind=H, limit=float("nan")),)}, "limit_missing"),
        ({"conditions": (Condition(kind=H, limit=101.0),)}, "limit_outside_range"),
        ({"conditions": (Condition(kind=H, limit=5.0, priority=Priority.NONE),)}, "priority"),
        ({"conditions": (Condition(kind=H, limit=5.0, on_delay_s=-1.0),)}, "delay"),
        ({"conditions": (Condition(kind=H, limit=5.0, off_delay_s=9e9),)}, "delay"),
        ({"conditions": (Condition(kind=H, limit=5.0, deadband=-1.0),)}, "deadband"),
        ({"conditions": (Condition(kind=H, limit=5.0), Condition(kind=H, limit=6.0))}, "kind_twice"),
        ({"conditions": (Condition(kind=H, limit=5.0), Condition(kind=L, limit=6.0))}, "limit_order"),
        ({"conditions": (Condition(kind=H, limit=5.0, deadband=3.0), Condition(kind=L, limit=2.0))}, "deadbands_meet"),
        ({"conditions": (Condition(kind=ConditionKind.RATE, limit=0.0, window_s=5),)}, "limit_not_positive"),
        ({"conditions": (Condition(kind=ConditionKind.RATE, limit=1.0, direction="up"),)}, "condition"),
        ({"conditions": (Condition(kind=ConditionKind.STALE),)}, "condition"),
        ({"conditions": (Condition(kind=ConditionKind.STALE, window_s=-1),)}, "window"),
        ({"conditions": (Condition(kind=ConditionKind.DEVIATION, limit=1.0, setpoint_tag="SP"),)}, "tag_unknown"),
        ({"conditions": (Condition(kind=ConditionKind.CALCULATED, expression="TI_1 >"),)}, "expression"),
        ({"conditions": (Condition(kind=ConditionKind.CALCULATED, expression="TI_9 > 1"),)}, "expression_tag"),
    ],
)
def test_definitions_that_could_not_guard_are_refused(room: Room, fields: dict[str, Any], problem: str) -> None:
    definition = msgspec.structs.replace(high("X", "TI-1"), **fields)
    answer = save(room, definition)
    assert (answer.code, answer.params.get("problem")) == ("invalid", problem)
    assert len(room.plant.rows(AlarmDefinitionRow)) == 1


def test_a_calculated_alarm_needs_no_tag_of_its_own(room: Room) -> None:
    condition = Condition(kind=ConditionKind.CALCULATED, expression="TI_1 > 30 and True")
    assert save(room, AlarmDefinition(key="C", conditions=(condition,))).ok
    room.raised()
    assert {r.key for r in room.engine.open_rows()} == {"TI-1/H", "C"}


def test_every_order_about_alarms_has_a_handler(room: Room) -> None:
    kinds = vars(commands).values()
    orders = {
        c for c in kinds if isinstance(c, type) and issubclass(c, commands.Command) and c.action.startswith("alarm.")
    }
    assert orders - room.door.commands == set()


def test_an_alarm_that_became_worse_since_it_was_read_is_not_acknowledged(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    tag, other = plant.tag("PT-1"), plant.tag("PT-2")
    levels = [
        Condition(kind=ConditionKind.H, priority=Priority.MEDIUM, limit=10.0),
        Condition(kind=ConditionKind.HH, priority=Priority.CRITICAL, limit=20.0),
    ]
    plant.define(AlarmDefinition(key="PT-1.H", tag="PT-1", conditions=tuple(levels)), high("PT-2.H", "PT-2"))
    room = Room(plant)
    plant.clock.advance(1)
    plant.hear(tag, 12.0)
    plant.hear(other, 12.0)
    plant.commit()
    read = room.engine.open_rows()
    ids, seen = tuple(row.occurrence_id for row in read), tuple(int(row.priority) for row in read)
    plant.clock.advance(1)
    plant.hear(tag, 25.0)
    plant.commit()
    answer = room.order(AcknowledgeAlarms(occurrence_ids=ids, seen=seen))
    assert [room.engine.alarm_of(key).definition.key for key in answer.data["done"]] == ["PT-2.H"]  # type: ignore[union-attr]  # open
    states = {row.key: row.state for row in room.engine.open_rows()}
    assert states == {"PT-1.H": AlarmState.UNACK, "PT-2.H": AlarmState.ACKED}
    worse = next(row.occurrence_id for row in room.engine.open_rows() if row.key == "PT-1.H")
    last = room.order(AcknowledgeAlarms(occurrence_ids=(worse,), seen=(2,)))
    assert last.code == "stale"
    plant.store.dispose()
