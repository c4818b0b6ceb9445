"""The same rows on SQLite and PostgreSQL: upserts, restart, questions of the board, the seal of trail and journal."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from app.access import audit, users
from app.access.door import Door
from app.access.force import RightsInForce
from app.access.permissions import load_permissions
from app.alarms import records
from app.alarms.acts import act
from app.alarms.board import AlarmBoard
from app.alarms.engine import AlarmEngine
from app.alarms.handlers import handlers
from app.alarms.logic import Act
from app.alarms.rules import load_alarm_rules
from app.clock import US, ManualClock
from app.ports import AlarmQuery
from app.store.engine import Store
from models.alarms import (
    AlarmDefinition,
    AlarmDefinitionRow,
    AlarmOccurrence,
    AlarmState,
    AlarmTransition,
    Condition,
    ConditionKind,
)
from models.commands import AcknowledgeAlarms, SaveAlarmDefinition
from models.events import Event
from models.readings import Tag, TagInfo
from models.rights import Role
from tests.rights import add_user
from tests.trail import first_broken
from tests.unit.app.alarms.conftest import ANNA, Tags, high


class Both:
    """A station on whichever database the fixture brings."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(1_000 * US)
        with store.write() as connection:
            tag = {"name": "TI-1", "kind": "analog", "retention": "normal", "version": 1}
            tag_id = connection.execute(insert(Tag).values(**tag).returning(Tag.id)).scalar_one()
            body = msgspec.to_builtins(high("H", "TI-1"))
            row = {"key": "H", "tag_id": tag_id, "body": body, "enabled": True, "version": 1}
            connection.execute(insert(AlarmDefinitionRow), [row])
        self.tag = tag_id
        self.tags = Tags([TagInfo(id=tag_id, name="TI-1", area="A1")])
        self.engine = self.start()

    def start(self) -> AlarmEngine:
        self.engine = AlarmEngine(self.clock, "CR-1")
        with self.store.read() as connection:
            self.engine.load(connection, self.tags)
        return self.engine

    def hear(self, value: float) -> None:
        self.clock.advance(1)
        self.engine.sample(self.tag, self.clock.now_us(), value, 192)

    def save(self, times: int = 1) -> None:
        changes = self.engine.take_changes()
        for _ in range(times):
            with self.store.write() as connection:
                records.save(connection, changes)

    def rows(self, table: Any) -> list[Any]:
        with self.store.read() as connection:
            return list(connection.execute(select(table.__table__).order_by(table.id)))


@pytest.fixture
def both(store: Store) -> Both:
    return Both(store)


def test_rows_are_written_once_however_often_they_are_saved(both: Both) -> None:
    both.hear(11.0)
    both.save(times=3)
    act(both.engine, Act.ACKNOWLEDGE, [1], ANNA, "seen", both.clock.advance(1))
    both.save(times=2)
    (occurrence,) = both.rows(AlarmOccurrence)
    assert (occurrence.state, occurrence.acked_by, occurrence.value) == ("ACKED", "Anna", 11.0)
    assert [t.transition for t in both.rows(AlarmTransition)] == ["raise", "acknowledge"]
    assert both.start().open_rows()[0].state == AlarmState.ACKED


def test_a_batch_that_comes_out_of_the_spool_late_overwrites_nothing_newer(both: Both) -> None:
    both.hear(11.0)
    spooled = both.engine.take_changes()
    both.engine._clock = ManualClock(1 * US)  # even when the clock was set back meanwhile
    act(both.engine, Act.ACKNOWLEDGE, [1], ANNA, "seen", both.clock.now_us())
    both.save()
    before = both.rows(AlarmOccurrence), both.start().open_rows()
    with both.store.write() as connection:
        records.save(connection, records.from_plain(records.to_plain(spooled)))
    assert (both.rows(AlarmOccurrence), both.start().open_rows()) == before
    assert [t.transition for t in both.rows(AlarmTransition)] == ["raise", "acknowledge"]


def test_the_board_asks_both_databases_alike(both: Both) -> None:
    both.hear(11.0)
    act(both.engine, Act.ACKNOWLEDGE, [1], ANNA, "50% 阀", both.clock.advance(1))
    both.hear(5.0)
    both.hear(12.0)
    both.save()
    board = AlarmBoard(lambda: both.engine, both.store.read, both.tags, load_alarm_rules())
    rows, total = board.query(AlarmQuery(text="50%", areas=("A1",), states=("NORM",), priorities=(3,), limit=5))
    assert ([r.occurrence_id for r in rows], total) == ([1], 1)
    assert [r.occurrence_id for r in board.query(AlarmQuery())[0]] == [2, 1]
    assert [j.transition for j in board.journal(1)] == ["raise", "acknowledge", "clear"]
    assert board.performance(0, 2_000 * US).alarms == 2


def test_orders_go_through_the_door_on_both(both: Both) -> None:
    published: list[Event] = []
    rights = RightsInForce(load_permissions(), both.clock, both.store.read, lambda: [])
    door = Door(both.store.session, rights, published.append, both.clock, standing=users.standing)
    door.register(handlers(both.engine, both.tags, load_alarm_rules()))
    with both.store.session() as session:
        boss = add_user(session, "boss", Role.SAFETY_MANAGER)
    rights.reload()
    both.hear(11.0)
    both.save()
    assert door.handle(AcknowledgeAlarms(occurrence_ids=(1,), reason="a\x00b"), boss).ok
    assert door.handle(SaveAlarmDefinition(definition=high("H", "TI-1", limit=20.0)), boss).ok
    assert door.handle(SaveAlarmDefinition(definition=high("New", "TI-1", limit=30.0)), boss).ok
    both.save()
    assert [r.state for r in both.engine.open_rows()] == []
    with both.store.read() as connection:
        assert first_broken(connection) is None
    assert {e.__class__.__name__ for e in published} == {"AlarmsChanged", "TagsChanged"}


@pytest.mark.parametrize("table", ["audit_entry", "alarm_transition"])
@pytest.mark.parametrize("deed", ["UPDATE {0} SET station = 'x'", "DELETE FROM {0}"])
def test_trail_and_journal_can_only_grow(both: Both, table: str, deed: str) -> None:
    both.hear(11.0)
    both.save()
    with both.store.session() as session:
        audit.append(session, t_us=1, actor=ANNA, action="x", target="y", outcome="done")
    with pytest.raises(DBAPIError, match="append-only"), both.store.write() as connection:
        connection.execute(text(deed.format(table)))
    assert len(both.rows(AlarmTransition)) == 1


def test_hostile_text_from_devices_and_people_never_stops_a_commit(both: Both) -> None:
    condition = Condition(kind=ConditionKind.DISCRETE, values=("TRIP\x00\ud800",))
    both.engine.reload_definition(1, both.tag, AlarmDefinition(key="H", tag="TI-1", conditions=(condition,)))
    both.clock.advance(1)
    both.engine.sample(both.tag, both.clock.now_us(), "TRIP\x00\ud800", 192)
    act(both.engine, Act.ACKNOWLEDGE, [1], ANNA, "阀门 🔧 \x00\udfff", both.clock.advance(1))
    both.save()
    (occurrence,) = both.rows(AlarmOccurrence)
    assert (occurrence.value_text, occurrence.comment) == ("TRIP\\0?", "阀门 🔧 \\0?")
