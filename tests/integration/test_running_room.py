"""A running room on real brokers: hostile input, two brokers at once, links that come and go, back-pressure, a crash."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.clock import US, SystemClock
from app.config import BrokerConfig, EngineConfig
from models.events import AlarmsResynchronised, EngineCrashed, LinkState
from models.readings import Tag, TagKind
from tests.room import Room, high
from tests.servers import Mosquitto, need, wait_for

pytestmark = pytest.mark.server


@contextmanager
def running(
    directory: Path, *brokers: BrokerConfig, tags: tuple[Tag | str, ...] = ("TT-1",), **config: Any
) -> Iterator[Room]:
    directory.mkdir(exist_ok=True)
    room = Room(directory, clock=SystemClock(), brokers=brokers, **config)
    room.tags(*tags)
    room.guard(high("TT-1", 50))
    room.control.start()
    try:
        wait_for(lambda: all(link.state is LinkState.UP for link in room.control.links()), what="links")
        yield room
    finally:
        room.control.stop()


def send(broker: Mosquitto, topic: str, payload: bytes) -> None:
    """One message as it is, by a foreign client."""
    command = [need("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-t", topic, "-s"]
    subprocess.run(command, input=payload, check=True, capture_output=True)


def now(room: Room, ago_s: float = 1.0) -> int:
    return room.clock.now_us() - round(ago_s * US)


def test_no_input_of_any_kind_stops_the_room(mosquitto: Mosquitto, tmp_path: Path, cases: Path) -> None:
    suite = sorted((cases / "b_mqtt" / "json_suite" / "test_parsing").glob("*.json"))
    naughty = json.loads((cases / "b_mqtt" / "blns.json").read_text("utf-8"))
    hostile: list[tuple[str, bytes, str]] = [
        ("TT-1", b"\xff\xfe\xfd", "not_utf8"),
        ("TT-1", b"NaN", "not_json"),
        ("TT-1", b"1e999", "number_range"),
        ("TT-1", b'{"v": 1e999}', "number_range"),
        ("TT-1", b" " * (10 << 20) + b"1", "too_big"),
        ("TT-1", b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        ("TT-1", b'{"v":' * 50_000 + b"1" + b"}" * 50_000, "too_deep"),
        ("TT-1", b'"open"', "wrong_type"),
        ("TT-1", b'{"v": 1, "t": true}', "bad_time"),
        ("nobody", b"1", "unknown_tag"),
        ("TT-1", b'{"v": 1, "u": "parsec"}', "unknown_unit"),
    ]
    brokers = (BrokerConfig(port=mosquitto.port, subscriptions=("ankan/v1/#", "spBv1.0/#")),)
    with running(
        tmp_path / "s", *brokers, tags=(Tag(name="TT-1", unit="kPa"), Tag(name="BATCH", kind=TagKind.TEXT))
    ) as room:
        send(mosquitto, "ankan/v1/TT-1", json.dumps({"t": now(room, 60), "v": 20.5}).encode())
        hostile.append(("TT-1", json.dumps({"t": now(room, -366 * 86_400), "v": 1}).encode(), "future_time"))
        for topic, payload, _ in hostile:
            send(mosquitto, f"ankan/v1/{topic}", payload)
        send(mosquitto, "spBv1.0/G/NDATA/N", b"\x00\x01garbage")
        for file in suite:
            if file.stat().st_size:
                send(mosquitto, f"ankan/v1/suite/{suite.index(file)}", file.read_bytes())
        mosquitto.publish(
            "ankan/v1/BATCH", [json.dumps({"t": now(room, 3600) + i, "v": s}) for i, s in enumerate(naughty)]
        )
        mosquitto.publish("ankan/v1/TT-1", [json.dumps(s) for s in naughty])
        send(mosquitto, "ankan/v1/TT-1", json.dumps({"t": now(room, 0), "v": 60.0}).encode())
        wait_for(lambda: "TT-1.H" in [a.key for a in room.control.alarms.open()], 30, "the alarm behind all that")
        wait_for(
            lambda: [value for _, value in room.samples("TT-1")] == [20.5, 60.0], what="the good samples, no other"
        )
        assert room.rows("SELECT COUNT(*) FROM sample_text") == [(len(naughty),)]
        assert room.rows("SELECT value FROM sample_text ORDER BY ts_us") == [(s,) for s in naughty]
        reasons = [reason for reason, _ in room.letters()]
        assert reasons[: len(hostile)] == [reason for _, _, reason in hostile]
        refused = {topic for (topic,) in room.rows("SELECT topic FROM dead_letter")}
        for file in suite:
            if file.name.startswith("n_") and file.stat().st_size:
                assert f"ankan/v1/suite/{suite.index(file)}" in refused
        assert sum(room.control.dead_letters.counts().values()) == len(reasons)
        assert room.control.engine.restarts == 0
        assert room.heard_of(EngineCrashed) == []
        assert room.control.store_ok()


def test_two_brokers_feed_one_room_and_each_is_acknowledged(mosquitto: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    second = Mosquitto(tmp_path / "two").start()
    try:
        brokers = (BrokerConfig(name="north", port=mosquitto.port), BrokerConfig(name="south", port=second.port))
        with running(tmp_path / "s", *brokers, tags=("TT-1", "TT-2")) as room:
            start = now(room, 10)
            mosquitto.publish("ankan/v1/TT-1", [json.dumps({"t": start + i, "v": i % 40}) for i in range(2000)])
            second.publish("ankan/v1/TT-2", [json.dumps({"t": start + i, "v": i % 40}) for i in range(2000)])
            wait_for(lambda: len(room.samples("TT-1")) == len(room.samples("TT-2")) == 2000, 20, "all samples")
            second.stop()
            wait_for(
                lambda: [link.state is LinkState.UP for link in room.control.links()] == [True, False], what="one down"
            )
            mosquitto.publish("ankan/v1/TT-1", [json.dumps({"t": now(room), "v": 1})])
            wait_for(lambda: len(room.samples("TT-1")) == 2001, what="the other goes on")
            wait_for(lambda: (room.samples("$sys/broker/south") or [(0, 1.0)])[-1][1] == 0.0, what="own tag")
            assert room.samples("$sys/broker/north")[-1][1] == 1.0
    finally:
        second.stop()


def test_a_link_that_comes_back_resynchronises_and_says_so(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with running(tmp_path / "s", BrokerConfig(port=mosquitto.port)) as room:
        before = len([e for e in room.heard_of(AlarmsResynchronised) if e.why == "link"])
        mosquitto.stop()
        wait_for(lambda: room.control.links()[0].state is not LinkState.UP, what="link down")
        mosquitto.start()
        wait_for(lambda: room.control.links()[0].state is LinkState.UP, what="link up")
        wait_for(
            lambda: len([e for e in room.heard_of(AlarmsResynchronised) if e.why == "link"]) == before + 1, what="said"
        )


def test_a_small_inbox_pushes_back_and_nothing_of_qos_1_is_dropped(mosquitto: Mosquitto, tmp_path: Path) -> None:
    engine = EngineConfig(queue=1000, batch=100)
    with running(tmp_path / "s", BrokerConfig(port=mosquitto.port), engine=engine) as room:
        start = now(room, 60)
        sent = [(start + i * 100, float(i % 40)) for i in range(20_000)]
        pad = " " * 500
        mosquitto.publish("ankan/v1/TT-1", [json.dumps({"t": t, "v": v}) + pad for t, v in sent])
        wait_for(lambda: len(room.samples("TT-1")) == len(sent), 60, "all samples")
        assert room.samples("TT-1") == sent
        assert room.control.stats().duplicates_total == 0


def test_what_a_crash_took_from_the_inbox_is_sent_again(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path / "s", BrokerConfig(port=mosquitto.port)) as room:
        real = room.control.store.write
        blows = iter([True])

        @contextmanager
        def defect() -> Iterator[Any]:
            with real() as connection:
                yield connection
                if room.rows("SELECT 1 FROM sample JOIN tag ON tag.id = tag_id WHERE name = 'TT-1'") == [] and next(
                    blows, False
                ):
                    raise ZeroDivisionError("a defect in the middle of a commit")

        core = room.control.engine._core
        monkeypatch.setattr(core.pipeline._keeper, "_transaction", defect)
        start = now(room, 60)
        sent = [(start + i * 1000, float(i % 100)) for i in range(3000)]
        mosquitto.publish("ankan/v1/TT-1", [json.dumps({"t": t, "v": v}) for t, v in sent])
        wait_for(lambda: room.heard_of(EngineCrashed), what="crash")
        wait_for(lambda: len(room.samples("TT-1")) == len(sent), 30, "all samples")
        assert room.samples("TT-1") == sent
        assert room.state("TT-1.H") == "UNACK"
