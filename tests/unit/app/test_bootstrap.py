"""Rooms are built from a configuration, started in order, stopped in reverse, and set up once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.bootstrap.room import open_room
from app.bootstrap.serve import replay_file
from app.bootstrap.setup import StationSetup, broker_config
from app.clock import US
from app.config import BrokerConfig, Config, ConfigError, save_config
from app.ingest.replayfile import ReplayError
from app.store.engine import StoreError
from models.events import AlarmsResynchronised, LinkChanged, LinkState
from tests.room import START, Room, high
from tests.servers import free_port

GOOD_PASSWORD = "correct-Horse-7-battery"


def test_a_room_without_brokers_starts_and_stops_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    room = open_room(tmp_path)
    room.start()
    assert room.store_ok()
    assert room.links() == []
    assert room.scenarios() == []
    assert not room.demo
    room.stop()
    assert threading.active_count() == before


def test_an_unreachable_broker_is_no_obstacle(tmp_path: Path) -> None:
    save_config(Config(brokers=(BrokerConfig(name="away", port=free_port()),)), tmp_path)
    room = open_room(tmp_path)
    room.start()
    try:
        assert room.links()[0].state in (LinkState.CONNECTING, LinkState.DOWN)
        assert room.tags.by_name("$sys/broker/away") is not None
    finally:
        room.stop()


def test_own_tags_keep_what_a_site_has_changed(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.begin()
    with room.store.write() as connection:
        connection.exec_driver_sql("UPDATE tag SET description = 'mine' WHERE name = '$sys/lag_ms'")
    room.begin()
    assert room.rows("SELECT description FROM tag WHERE name = '$sys/lag_ms'") == [("mine",)]
    room.close()


@pytest.mark.parametrize(
    ("body", "error"),
    [("x = 1\n", ConfigError), ('[store]\nurl = "mysql://127.0.0.1/x"\n', StoreError)],
)
def test_what_can_not_be_opened_is_said_in_words(tmp_path: Path, body: str, error: type[Exception]) -> None:
    (tmp_path / "ankan.toml").write_text(body, "utf-8")
    with pytest.raises(error):
        open_room(tmp_path)


def test_set_up_makes_a_station_with_an_administrator_once(tmp_path: Path) -> None:
    setup = StationSetup(tmp_path)
    assert setup.needed()
    broker = broker_config("127.0.0.1", free_port(), False, None, "")
    setup.store(
        site="东方罐区", login="admin", name="管理员", password=GOOD_PASSWORD, broker=broker, broker_password=""
    )
    assert not StationSetup(tmp_path).needed()
    text = (tmp_path / "ankan.toml").read_text("utf-8")
    assert "东方罐区" in text
    assert GOOD_PASSWORD not in text
    room = open_room(tmp_path)
    room.start()
    try:
        result = room.people.log_in("admin", GOOD_PASSWORD).result(20)
        assert (result.code, result.actor.roles) == ("done", ("administrator",))
        assert room.people.log_in("admin", "guess").result(20).code == "wrong"
    finally:
        room.stop()


def test_a_broker_that_can_not_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="port"):
        broker_config("h", 99_999, False, None, "")
    assert StationSetup.test_broker(broker_config("127.0.0.1", free_port(), False, None, ""), "")


def test_a_replay_into_a_station_keeps_its_tags_and_alarms(tmp_path: Path) -> None:
    room = Room(tmp_path / "s")
    room.tags("TT-1")
    room.guard(high("TT-1", 50))
    room.close()
    file = tmp_path / "a.csv"
    t = START // US
    file.write_text(f"t,TT-1,NEW,TXT\n{t},20,1,a\n{t + 1},60,2,b\n", "utf-8")
    *moves, summary = replay_file(file, tmp_path / "s")
    assert [(m["alarm"], m["transition"], m["value"]) for m in moves] == [("TT-1.H", "raise", 60.0)]
    assert (summary["readings"], summary["refused"]) == (6, 0)
    again = Room(tmp_path / "s")
    assert [v for _, v in again.samples("NEW")] == [1.0, 2.0]
    assert again.rows("SELECT value FROM sample_text ORDER BY ts_us") == [("a",), ("b",)]
    again.close()


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("\n", "utf-8")
    with pytest.raises(ReplayError, match="nothing recorded"):
        list(replay_file(file, None))


def test_only_a_link_that_was_lost_is_told_as_resynchronised(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.begin()
    tell = room.control._link_changed
    for state in (LinkState.CONNECTING, LinkState.UP):
        tell(LinkChanged("field", state, START))
    assert not room.heard_of(AlarmsResynchronised)
    for state in (LinkState.DOWN, LinkState.CONNECTING, LinkState.UP):
        tell(LinkChanged("field", state, START))
    assert [event.why for event in room.heard_of(AlarmsResynchronised)] == ["link"]
    room.close()
