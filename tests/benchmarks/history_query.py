"""Thirty days at 1 Hz drawn 1 600 px wide, against a raw SQLite range scan of the same rows."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from tests.benchmarks.common import main, median, scratch

DAYS, WIDTH = 30, 1600


def measure(rounds: int = 5) -> dict[str, Any]:
    """Fill through the real writer, then read both ways in turn."""
    from app.clock import US
    from app.store.engine import open_store
    from app.store.history import HOUR, HistoryWriter
    from app.store.trends import TrendReader
    from models.readings import Tag

    with scratch() as directory:
        store = open_store(directory)
        start = 1_780_000_000 * US - 1_780_000_000 * US % HOUR
        end = start + DAYS * 24 * HOUR
        with store.session() as session:
            session.add(Tag(id=1, name="T"))
        writer = HistoryWriter(store.dialect)
        with store.write() as connection:
            writer.load(connection, start)
        for first in range(0, DAYS * 86_400, 43_200):
            rows = [(start + s * US, 1, 50 + (s * 37 % 1000) / 50, 192) for s in range(first, first + 43_200)]
            with store.write() as connection:
                writer.append(connection, rows, [], [])
                writer.fold(connection, rows[-1][0])
        with store.write() as connection:
            writer.fold(connection, end + HOUR)
        raw = sqlite3.connect(directory / "ankan.db")
        reader = TrendReader(store)
        bare, ours, points = [], [], 0
        for _ in range(rounds):
            began = time.perf_counter()
            scanned = raw.execute(
                "SELECT ts_us, value FROM sample WHERE ts_us >= ? AND ts_us < ? AND tag_id = 1", (start, end)
            ).fetchall()
            bare.append(time.perf_counter() - began)
            began = time.perf_counter()
            trend = reader.trend(1, start, end, WIDTH)
            ours.append(time.perf_counter() - began)
            points = int(trend.t_us.size)
            assert len(scanned) == DAYS * 86_400
            assert int(trend.n.sum()) == len(scanned)
        raw.close()
        store.close()
        return {
            "ratio": round(median(ours) / median(bare), 4),
            "ms": round(median(ours) * 1000, 1),
            "bare_ms": round(median(bare) * 1000, 1),
            "points": points,
        }


if __name__ == "__main__":
    main("history_query", "ratio <= 0.05", measure)
