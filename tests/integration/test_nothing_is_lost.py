"""What the broker was told is received is never lost, and nothing is stored twice: the engine is killed again and again.

A foreign client publishes; ``main.py serve`` runs in a process of its own and is ended by SIGKILL at random moments: some
in the middle of starting, most in the middle of writing. At the end every message is in the store exactly once, rollups
agree with the samples, and the alarm journal is the one that an engine would have written that never died.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.clock import US
from app.config import BrokerConfig, Config, StoreConfig, save_config
from app.store.engine import Store, open_store
from models.readings import Tag
from tests.room import Room, high
from tests.servers import Mosquitto, PostgreSQL, need, wait_for

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TAGS = tuple(f"TT-{i}" for i in range(1, 6))
HIGH, DEADBAND = 80.0, 5.0


def value(i: int) -> float:
    """A saw-tooth that crosses the alarm limit now and then, with ripples inside the dead-band."""
    return (i % 400) / 4 + (i % 3)


class Publisher:
    """mosquitto_pub for each tag, fed in bursts so that kills fall into a stream that keeps the engine busy."""

    def __init__(self, broker: Mosquitto, each: int) -> None:
        self._start_us = time.time_ns() // 1000 - each * 1000 - 60 * US
        self._each, self._at = each, 0
        self._pipes = [
            subprocess.Popen(
                [need("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1",
                 "-t", f"ankan/v1/{tag}", "-l"],
                stdin=subprocess.PIPE,
            )
            for tag in TAGS
        ]  # fmt: skip

    def t_us(self, i: int) -> int:
        return self._start_us + i * 1000

    @property
    def left(self) -> int:
        return self._each - self._at

    def send(self, count: int) -> None:
        """The next messages of each tag, as fast as they go."""
        until = min(self._at + count, self._each)
        lines = "".join(f'{{"t":{self.t_us(i)},"v":{value(i)}}}\n' for i in range(self._at, until)).encode()
        self._at = until
        for process in self._pipes:
            assert process.stdin is not None
            process.stdin.write(lines)
            process.stdin.flush()

    def finish(self) -> None:
        """Wait until the broker has everything."""
        for process in self._pipes:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(60) == 0


class Served:
    """``main.py serve``, again and again."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self._dir / "serve.log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "main.py"), "serve", "--data", str(self._dir)],
                stdout=log, stderr=log, cwd=ROOT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_up(self) -> None:
        """Until this run is connected."""
        wait_for(lambda: "state=up" in self.said(), 30, "connection")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def said(self) -> str:
        return (self._dir / "serve.log").read_text("utf-8", "replace")[-4000:]


@pytest.fixture
def lasting_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Keeps the sessions of stations that are away, and as many messages for them as come."""
    broker = Mosquitto(tmp_path, ["max_queued_bytes 0"]).start()
    yield broker
    broker.stop()


def prepare(data_dir: Path, url: str, port: int) -> None:
    data_dir.mkdir()
    room = Room(data_dir, url)
    room.tags(*[Tag(name=tag) for tag in TAGS])
    room.guard(*[high(tag, HIGH, deadband=DEADBAND) for tag in TAGS])
    room.close()
    save_config(Config(brokers=(BrokerConfig(port=port),), store=StoreConfig(url=url)), data_dir)


def expected_journal(each: int) -> list[str]:
    """What happens to one alarm, by hand: raised at the limit, back below limit less dead-band."""
    journal, active, raised = [], False, False
    for i in range(each):
        if not active and value(i) >= HIGH:
            journal.append("realarm" if raised else "raise")
            active = raised = True
        elif active and value(i) < HIGH - DEADBAND:
            journal.append("clear")
            active = False
    return journal


def check(store: Store, publisher: Publisher, each: int) -> None:
    def rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with store.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    sent = [(publisher.t_us(i), value(i)) for i in range(each)]
    for tag in TAGS:
        own = "FROM sample s JOIN tag ON tag.id = s.tag_id WHERE tag.name = :tag"
        stored = rows(f"SELECT ts_us, value {own} ORDER BY ts_us", tag=tag)
        assert len(stored) == each, f"{tag}: {len(stored)} of {each}"
        assert stored == sent
        journal = rows(
            "SELECT transition FROM alarm_transition t JOIN alarm_definition d ON d.id = t.definition_id "
            "WHERE d.key = :key ORDER BY t.id",
            key=f"{tag}.H",
        )
        want = expected_journal(each)
        assert [word for (word,) in journal] == want
        [(state,)] = rows(
            "SELECT r.state FROM alarm_runtime r JOIN alarm_definition d ON d.id = r.definition_id WHERE d.key = :key",
            key=f"{tag}.H",
        )
        assert state == ("RTNUN" if want[-1] == "clear" else "UNACK")
        [(occurrence,)] = rows("SELECT state FROM alarm_occurrence WHERE key = :key", key=f"{tag}.H")
        assert occurrence == state
        [(last, received)] = rows(
            "SELECT l.ts_us, l.value FROM tag_last l JOIN tag ON tag.id = l.tag_id WHERE tag.name = :tag", tag=tag
        )
        assert (last, received) == sent[-1]
    samples = (
        "SELECT tag_id, ts_us - ts_us % :width, COUNT(value), MIN(value), MAX(value) FROM sample "
        "WHERE ts_us < :until GROUP BY 1, 2 ORDER BY 1, 2"
    )
    rolled = "SELECT tag_id, ts_us, n, v_min, v_max FROM {} WHERE ts_us < :until ORDER BY 1, 2"
    now = time.time_ns() // 1000 + 60 * US
    assert rows(samples, width=US, until=now) == rows(rolled.format("rollup_1s"), until=now)
    [(mark,)] = rows("SELECT t_us FROM watermark WHERE name = 'rollup_1m'")
    assert mark > publisher.t_us(0)
    assert rows(samples, width=60 * US, until=mark) == rows(rolled.format("rollup_1m"), until=mark)
    sums = "SELECT SUM(v_sum) FROM rollup_1s r JOIN tag ON tag.id = r.tag_id WHERE tag.name = :tag"
    assert rows(sums, tag="TT-1")[0][0] == pytest.approx(sum(v for _, v in sent))
    assert rows("SELECT COUNT(*) FROM dead_letter") == [(0,)]


def in_the_middle(log: Path, after_s: float) -> None:
    """Until a commit is being written (SQLite's log has just been touched) and ``after_s`` more; 0.2 s at most."""
    if not log.exists():
        return
    begun, touched = time.perf_counter(), log.stat().st_mtime_ns
    while log.stat().st_mtime_ns == touched and time.perf_counter() < begun + 0.2:
        pass
    begun = time.perf_counter()
    while time.perf_counter() < begun + after_s:
        pass


def torment(
    tmp_path: Path, broker: Mosquitto, url: str, stored: Callable[[], int], *, each: int, kills: int
) -> tuple[Publisher, int]:
    seed = int(os.environ.get("ANKAN_SEED", random.randrange(1 << 31)))
    print(f"seed {seed} (ANKAN_SEED repeats it)")  # noqa: T201 - shown when the test fails
    rng = random.Random(seed)
    data_dir = tmp_path / "station"
    prepare(data_dir, url, broker.port)
    served = Served(data_dir)
    publisher = Publisher(broker, each)
    pause = threading.Event()
    while_writing = 0
    burst = each // (kills + 2)
    try:
        served.start()
        served.wait_up()  # the session must exist before anything is published, as on any day but the first
        for number in range(kills):
            if number % 5 == 4:
                publisher.send(burst)  # waits in the broker for an engine that dies while it starts
                served.start()
                pause.wait(rng.uniform(0.0, 1.5))
            else:
                if not served.alive:
                    served.start()
                    served.wait_up()
                publisher.send(burst)
                pause.wait(rng.uniform(0.0, 0.15))
                if number % 2:
                    in_the_middle(data_dir / "ankan.db-wal", rng.uniform(0.0, 0.004))
                while_writing += 1
            assert served.alive, served.said()
            served.kill()
        publisher.send(publisher.left)
        served.start()
        total = each * len(TAGS)
        wait_for(lambda: stored() >= total or not served.alive, 60, f"all {total}: {served.said()}")
        assert served.alive, served.said()
        assert served.stop() == 0, served.said()
    finally:
        publisher.finish()
        if served.alive:
            served.kill()
    return publisher, while_writing


def test_50_000_messages_and_25_kills_every_message_once(tmp_path: Path, lasting_broker: Mosquitto) -> None:
    path = tmp_path / "station" / "ankan.db"
    names = ",".join("?" * len(TAGS))

    def stored() -> int:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as connection:
            sql = f"SELECT COUNT(*) FROM sample WHERE tag_id IN (SELECT id FROM tag WHERE name IN ({names}))"
            count = connection.execute(sql, TAGS).fetchone()[0]
        connection.close()
        return int(count)

    publisher, while_writing = torment(tmp_path, lasting_broker, "", stored, each=10_000, kills=25)
    assert while_writing >= 15
    store = open_store(tmp_path / "station")
    try:
        check(store, publisher, 10_000)
    finally:
        store.close()


def test_the_same_on_postgresql(tmp_path: Path, lasting_broker: Mosquitto, postgresql: PostgreSQL) -> None:
    url = postgresql.new_database("torment")
    store = Store(url)

    def stored() -> int:
        with store.read() as connection:
            return int(
                connection.execute(
                    text("SELECT COUNT(*) FROM sample JOIN tag ON tag.id = tag_id WHERE tag.name LIKE 'TT-%'")
                ).scalar_one()
            )

    try:
        publisher, _ = torment(tmp_path, lasting_broker, url, stored, each=2_000, kills=6)
        check(store, publisher, 2_000)
    finally:
        store.close()
