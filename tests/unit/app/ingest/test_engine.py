"""The engine thread: crash and restart with state intact, orders between batches, nothing left in the inbox at the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.clock import US, SystemClock
from app.ports import Answer
from models.commands import AcknowledgeAlarms
from models.events import AlarmsResynchronised, EngineCrashed, EngineStats
from models.people import Actor
from models.rights import Role
from tests.room import Room, high
from tests.servers import wait_for


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Room]:
    """A station whose engine thread runs on the machine's clock; messages are put by hand."""
    room = Room(tmp_path, clock=SystemClock())
    room.tags("TT-1")
    room.guard(high("TT-1", 50))
    room.control.engine.start()
    yield room
    room.control.engine.stop()
    room.close()


def put(room: Room, *values: float) -> list[tuple[int, float]]:
    """Samples a millisecond apart, ending now; returns them."""
    now = room.clock.now_us()
    sent = [(now - (len(values) - i) * 1000, value) for i, value in enumerate(values)]
    for t_us, value in sent:
        room.control.inbox.put(room.message("TT-1", json.dumps({"t": t_us, "v": value})))
    room.control.inbox.notify()
    return sent


def poison(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look at the alarm timers is a defect; the core that is built after it is sound."""

    def defect(*_: Any) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(room.control.alarm_engine, "tick", defect)


def test_crash_leaves_a_report_and_the_engine_goes_on_where_it_stood(
    running: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = put(running, 20, 60)
    wait_for(lambda: len(running.samples("TT-1")) == 2, what="samples")
    poison(running, monkeypatch)
    [crash] = wait_for(lambda: running.heard_of(EngineCrashed), what="crash")
    assert crash.detail == "ZeroDivisionError: a defect"
    report = Path(crash.report).read_text("utf-8")
    assert "in defect" in report
    assert "Traceback" in report
    wait_for(lambda: "engine" in [e.why for e in running.heard_of(AlarmsResynchronised)], what="restart")
    assert [row.key for row in running.control.alarms.open()] == ["TT-1.H"]
    after = put(running, 61, 20)
    wait_for(lambda: len(running.samples("TT-1")) == 4, what="samples after the crash")
    assert running.samples("TT-1") == before + after
    wait_for(lambda: running.control.alarms.open()[0].state == "RTNUN", what="clear")
    assert running.control.engine.restarts == 1


def test_an_order_that_waited_through_a_crash_is_carried_out(running: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    poison(running, monkeypatch)
    wait_for(lambda: running.heard_of(EngineCrashed), what="crash")
    assert running.control.engine.call(lambda _core: Answer(data="done")).result(10).data == "done"


def test_reports_of_crashes_do_not_fill_the_disk(running: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = running.control.data_dir / "crashes"
    folder.mkdir()
    for i in range(60):
        (folder / f"crash-{i:016d}.txt").write_text("old", "utf-8")
    poison(running, monkeypatch)
    [crash] = wait_for(lambda: running.heard_of(EngineCrashed), what="crash")
    kept = sorted(folder.iterdir())
    assert len(kept) == 50
    assert kept[-1] == Path(crash.report)


def test_an_order_that_is_a_defect_answers_and_stops_nothing(running: Room) -> None:
    def defect(_core: object) -> Answer:
        raise ZeroDivisionError("a defect")

    answer = running.control.engine.call(defect).result(10)
    assert (answer.code, answer.detail) == ("failed", "ZeroDivisionError: a defect")
    assert running.control.engine.call(lambda _core: Answer()).result(10).ok
    assert running.control.engine.restarts == 0


def test_a_stranger_is_refused_and_the_alarm_stays(running: Room) -> None:
    put(running, 60)
    [row] = wait_for(running.control.alarms.open, what="alarm")
    stranger = Actor(99, "nobody", "?", (Role.OPERATOR,), "CTRL-1", 12345)
    order = AcknowledgeAlarms(occurrence_ids=(row.occurrence_id,))
    answer = running.control.engine.submit(order, stranger).result(10)
    assert not answer.ok
    assert running.control.alarms.open()[0].state == "UNACK"


def test_stopping_stores_what_is_in_the_inbox_and_refuses_new_orders(running: Room) -> None:
    sent = put(running, *[float(i % 40) for i in range(20_000)])
    running.control.engine.stop()
    assert running.samples("TT-1") == sent
    assert sorted(running.broker.acknowledged) == list(range(1, 20_001))
    assert running.control.engine.call(lambda _core: Answer()).result(1).code == "stopped"


def test_orders_that_the_engine_could_not_carry_out_are_answered_at_the_end(
    running: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_room: object) -> None:
        raise RuntimeError("the store is gone")

    monkeypatch.setattr("app.bootstrap.room.EngineCore", never)
    poison(running, monkeypatch)
    wait_for(lambda: running.heard_of(EngineCrashed), what="crash")
    waiting = running.control.engine.call(lambda _core: Answer())
    wait_for(lambda: len(running.heard_of(EngineCrashed)) > 1, what="second failure")
    running.control.engine.stop()
    assert waiting.result(1).code == "stopped"


def test_health_is_published_and_kept_as_tags_of_its_own(running: Room) -> None:
    put(running, 1, 2, 3)
    stats = wait_for(lambda: running.heard_of(EngineStats), what="stats")[0]
    assert stats.queue_depth == 0
    wait_for(lambda: running.samples("$sys/queue_depth"), what="own tags")
    names = {name for (name,) in running.rows("SELECT DISTINCT name FROM sample JOIN tag ON tag.id = tag_id")}
    assert {"$sys/messages_per_s", "$sys/lag_ms", "$sys/commit_ms", "$sys/refused_total", "$sys/store_waiting"} <= names
    assert running.control.stats().t_us >= stats.t_us


def test_start_raises_what_reading_the_state_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(tmp_path)

    def broken(_room: object) -> None:
        raise RuntimeError("unreadable")

    monkeypatch.setattr("app.bootstrap.room.EngineCore", broken)
    with pytest.raises(RuntimeError, match="unreadable"):
        room.control.engine.start()
    room.close()


def test_quiet_moment_then_a_message_is_stored_within_moments(running: Room) -> None:
    sent = put(running, 5)
    wait_for(lambda: running.samples("TT-1") == sent, timeout=2.0, what="sample")
    assert running.clock.now_us() - sent[0][0] < 2 * US
