"""The trail: entries a second through the real path (door, permission, chain, commit to the disk), and a million verified."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.common import main, percentile, scratch

ORDERS, ROWS = 20_000, 1_000_000
PASSWORD = "Blue-harbour-1967"


def write(directory: Path) -> dict[str, Any]:
    """Orders of a logged-in person, given to the running engine as fast as a script can."""
    from app.bootstrap.room import ControlRoom
    from app.config import Config
    from models.commands import SilenceSound

    room = ControlRoom(Config(station="BENCH"), directory)
    room.start()
    try:
        assert room.people.create_first("boss", "Boss", PASSWORD).result(30).ok
        actor = room.people.log_in("boss", PASSWORD).result(30).actor
        assert actor is not None
        for future in [room.engine.submit(SilenceSound(), actor) for _ in range(500)]:  # warm
            assert future.result(30).ok
        started = time.perf_counter()
        futures = [room.engine.submit(SilenceSound(), actor) for _ in range(ORDERS)]
        answers = [future.result(60) for future in futures]
        seconds = time.perf_counter() - started
        assert all(answer.ok for answer in answers)
        waits = []
        for _ in range(300):  # one at a time, as people do
            begun = time.perf_counter()
            assert room.engine.submit(SilenceSound(), actor).result(30).ok
            waits.append(time.perf_counter() - begun)
        report = room.guard.verify(actor)
        assert report.ok, report
    finally:
        room.stop()
    return {
        "entries_per_s": round(ORDERS / seconds),
        "one_order_ms_p50": round(percentile(waits, 0.5) * 1000, 2),
        "one_order_ms_p99": round(percentile(waits, 0.99) * 1000, 2),
    }


def fill(directory: Path) -> None:
    """A million rows as the program seals and stores them, brought in by the driver alone."""
    from app.access.check import GENESIS, seal
    from app.store.engine import open_store
    from models.audit import AuditEntry

    open_store(directory).close()
    names = [column.name for column in AuditEntry.__table__.columns]
    previous = GENESIS

    def rows() -> Any:
        nonlocal previous
        for number in range(1, ROWS + 1):
            row: dict[str, Any] = {
                "id": number,
                "t_us": 1_764_000_000_000_000 + number * 1_000_000,
                "user_id": 1 + number % 20,
                "login": "lijianguo",
                "name": "李建国",
                "role": "operator",
                "station": "CTRL-1",
                "session_id": number // 400,
                "action": "alarm.acknowledge",
                "target": f"alarm:{number}",
                "outcome": "done",
                "reason": "现场确认" if number % 3 else "",
                "before": {"state": "unacked", "priority": 3, "value": number / 8} if number % 2 else None,
                "after": {"state": "acked", "priority": 3, "value": number / 7},
                "signed": None,
                "prev_hash": previous,
            }
            row["hash"] = previous = seal(row)
            for name in ("before", "after", "signed"):
                row[name] = json.dumps(row[name])
            yield tuple(row[name] for name in names)

    raw = sqlite3.connect(directory / "ankan.db")
    raw.execute("PRAGMA synchronous=OFF")
    quoted, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    raw.executemany(f"INSERT INTO audit_entry ({quoted}) VALUES ({marks})", rows())
    raw.commit()
    raw.close()


def check(directory: Path) -> dict[str, Any]:
    """The million, with key, head and anchors, as ``main.py audit verify`` does it."""
    from app.access.guard import TrailGuard
    from app.clock import SystemClock
    from app.config import Config
    from app.store.engine import open_store
    from models.people import system_actor

    store = open_store(directory)
    guard = TrailGuard(directory, Config(), store.read, lambda _action, _actor: True, SystemClock())
    guard.start(store.session, 1_765_000_000_000_000)
    guard.anchor(store.session, 1_765_000_000_000_000)
    report = guard.verify(system_actor("BENCH"))
    assert report.ok, report
    assert report.entries == ROWS
    guard.close()
    store.close()
    return {"entries": report.entries, "seconds": report.seconds}


def measure() -> dict[str, Any]:
    """Both."""
    with scratch() as directory:
        written = write(directory)
    with scratch() as directory:
        fill(directory)
        return {**written, **check(directory)}


if __name__ == "__main__":
    main("audit", "≥ 2 000 entries/s in the real path; 1 000 000 entries verified in ≤ 20 s", measure)
