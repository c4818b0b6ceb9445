"""A store that fails: alarms are told all the same, nothing is acknowledged before it is safe, recovery writes once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from app.clock import US
from app.ingest import keeping
from app.store.engine import Store
from models.commands import AcknowledgeAlarms
from models.events import AlarmsChanged, StoreFailed, StoreRecovered, ValuesChanged
from models.rights import Role
from tests.rights import add_user
from tests.room import START, Room, high


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """SQLite's own refusal to grow: the database is as big as it may be."""
    store.engine.dispose()

    def small(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite makes it the present size

    event.listen(store.engine, "connect", small)
    try:
        yield
    finally:
        event.remove(store.engine, "connect", small)
        store.engine.dispose()


@contextmanager
def no_spool(directory: Path) -> Iterator[None]:
    """A directory stands where the spool file should be."""
    path = directory / "spool.bin"
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()


def at(seconds: float, value: object) -> str:
    return json.dumps({"t": START + round(seconds * US), "v": value})


@pytest.fixture
def filled(small_room: Room) -> Room:
    small_room.tags("TT-1")
    small_room.guard(high("TT-1", 50))
    small_room.begin()
    small_room.hear(("TT-1", at(-100, 20)))
    return small_room


def burst(room: Room, seconds: float, value: float = 20.0, n: int = 4000) -> None:
    """Enough that a full disk can't take it."""
    room.hear(*[("TT-1", at(seconds + i / 10_000, value)) for i in range(n)])


def agree(room: Room) -> None:
    """The 1 s rollups say what the samples say."""
    second = (
        "SELECT ts_us - ts_us % 1000000, COUNT(*), MIN(value), MAX(value) FROM sample GROUP BY 1, tag_id ORDER BY 1, 2"
    )
    assert room.rows(second) == room.rows("SELECT ts_us, n, v_min, v_max FROM rollup_1s ORDER BY ts_us, n")


def test_alarms_are_told_and_the_batch_is_spooled_while_the_disk_is_full(filled: Room) -> None:
    with full_disk(filled.store):
        burst(filled, -50, 60.0)
        assert not filled.core.pipeline.store_ok
        assert filled.core.pipeline.waiting == 1
        [failed] = filled.heard_of(StoreFailed)
        assert "full" in failed.detail
        assert failed.spooled == 1
        assert filled.broker.acknowledged == list(range(1, 4002))  # flushed to the spool is safe
        assert [row.key for row in filled.heard_of(AlarmsChanged)[-1].rows] == ["TT-1.H"]
        assert [row.key for row in filled.control.alarms.open()] == ["TT-1.H"]
        assert next(iter(filled.heard_of(ValuesChanged)[-1].latest.values())).value == 60.0
        filled.wait(10)
        burst(filled, -40, 20.0)
        assert len(filled.heard_of(StoreFailed)) == 1  # said once an outage
    assert len(filled.samples("TT-1")) == 1
    filled.wait(keeping.RETRY_STORE_S + 0.1)
    assert filled.core.pipeline.store_ok
    assert filled.heard_of(StoreRecovered)[0].recovered == 2
    assert len(filled.samples("TT-1")) == 8001
    assert not (filled.control.data_dir / "spool.bin").exists()
    assert filled.rows("SELECT transition FROM alarm_transition ORDER BY id") == [("raise",), ("clear",)]
    assert filled.state("TT-1.H") == "RTNUN"
    agree(filled)


def test_with_neither_store_nor_spool_nothing_is_acknowledged_until_it_is_written(filled: Room) -> None:
    with full_disk(filled.store), no_spool(filled.control.data_dir):
        burst(filled, -50, 60.0)
        burst(filled, -49, 61.0)
        assert filled.broker.acknowledged == [1]
        assert [row.key for row in filled.control.alarms.open()] == ["TT-1.H"]
        assert ["spool" in failed.detail for failed in filled.heard_of(StoreFailed)] == [True, False]
        filled.hear(("", "{}"))  # nothing to store: nothing to wait for
    filled.wait(keeping.RETRY_STORE_S + 0.1)
    assert sorted(filled.broker.acknowledged) == list(range(1, 8003))
    assert len(filled.samples("TT-1")) == 8001
    agree(filled)


def test_memory_is_bounded_and_the_broker_is_asked_again_for_what_was_let_go(
    filled: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "HELD_ROWS", 5000)
    with full_disk(filled.store), no_spool(filled.control.data_dir):
        burst(filled, -50, 20.0)
        burst(filled, -49, 60.0)
        burst(filled, -48, 20.0)
        assert filled.core.pipeline.waiting == 3  # the two that held an alarm are there without their samples
    filled.wait(keeping.RETRY_STORE_S + 0.1)
    assert filled.broker.acknowledged == list(range(1, 4002))
    assert filled.broker.reconnects == 1
    assert filled.rows("SELECT transition FROM alarm_transition ORDER BY id") == [("raise",), ("clear",)]
    burst(filled, -49, 60.0)
    burst(filled, -48, 20.0)  # sent again
    assert len(filled.samples("TT-1")) == 12_001
    assert len(filled.rows("SELECT 1 FROM alarm_transition")) == 2  # and not alarmed again
    agree(filled)


def test_an_earlier_runs_spool_is_written_once_though_it_died_before_emptying_it(filled: Room) -> None:
    with full_disk(filled.store):
        burst(filled, -50, 60.0)
    spool = filled.control.data_dir / "spool.bin"
    body = spool.read_bytes()
    filled.begin()
    assert not spool.exists()
    spool.write_bytes(body)  # as if it had been killed between commit and clearing
    filled.begin()
    assert len(filled.samples("TT-1")) == 4001
    assert filled.state("TT-1.H") == "UNACK"
    assert [row.key for row in filled.control.alarms.open()] == ["TT-1.H"]
    assert len(filled.rows("SELECT 1 FROM alarm_transition")) == 1
    agree(filled)


def test_a_spool_that_can_not_be_read_is_kept_aside_and_stops_nothing(filled: Room) -> None:
    with full_disk(filled.store):
        burst(filled, -50)
    core = filled.core
    core.pipeline._keeper._spool.append(b"\xc1 of another version")
    filled.begin()
    assert len(filled.samples("TT-1")) == 4001
    [kept] = filled.control.data_dir.glob("spool-unreadable-*.bin")
    assert b"another version" in kept.read_bytes()
    assert filled.core.pipeline.waiting == 0


def test_orders_are_refused_in_words_while_the_store_is_out(filled: Room) -> None:
    filled.hear(("TT-1", at(-60, 60)))
    [row] = filled.control.alarms.open()
    with filled.store.session() as session:
        actor = add_user(session, "li", Role.OPERATOR)
    filled.control.rights.reload()
    with full_disk(filled.store):
        order = AcknowledgeAlarms(occurrence_ids=(row.occurrence_id,), reason="x" * 100_000)
        assert filled.core.door.handle(order, actor).code == "store_failed"
        assert filled.control.alarms.open()[0].state == "UNACK"  # list and store tell the same story
    assert filled.core.door.handle(order, actor).ok


@pytest.mark.server
def test_a_lost_postgresql_is_found_again(postgresql, tmp_path: Path) -> None:
    """The server ends the sessions (as in a fail-over): one batch waits, nothing is lost."""
    room = Room(tmp_path, postgresql.new_database("failover"))
    try:
        room.tags("TT-1")
        room.begin()
        room.hear(("TT-1", at(-3, 1)))

        cuts = iter([True])

        def cut(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if "INTO tag_last" in statement and next(cuts, False):
                pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
                with room.store.engine.connect() as other:
                    other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

        event.listen(room.store.engine, "before_cursor_execute", cut)
        room.hear(("TT-1", at(-2, 2)))
        assert not room.core.pipeline.store_ok
        room.wait(keeping.RETRY_STORE_S + 0.1)
        assert room.core.pipeline.store_ok
        room.hear(("TT-1", at(-1, 3)))
        assert [value for _, value in room.samples("TT-1")] == [1.0, 2.0, 3.0]
        agree(room)
    finally:
        room.close()
