"""Retention: each class loses exactly what is too old, hour by hour, and goes on where it stopped."""

from __future__ import annotations

from sqlalchemy import text

from app.config import StoreConfig
from app.store.engine import Store
from app.store.history import HOUR, HistoryWriter
from app.store.retention import DAY, Retirement
from models.readings import Retention, Tag

NOW = 1_700_000_000_000_000 - 1_700_000_000_000_000 % HOUR


def fill(store: Store) -> None:
    with store.session() as session:
        session.add_all(
            [
                Tag(id=1, name="short", retention=Retention.SHORT),
                Tag(id=2, name="normal", retention=Retention.NORMAL),
                Tag(id=3, name="long", retention=Retention.LONG),
            ]
        )
    writer = HistoryWriter(store.dialect)
    rows = [(NOW - age * DAY // 4 + tag, tag, 1.0, 192) for age in range(60, -1, -1) for tag in (1, 2, 3)]
    with store.write() as connection:
        writer.load(connection, NOW - 30 * DAY)
        writer.append(connection, rows, [], [])
        writer.fold(connection, NOW)


def oldest(store: Store, table: str = "sample") -> dict[int, float]:
    with store.read() as connection:
        rows = connection.execute(text(f"SELECT tag_id, MIN(ts_us) FROM {table} GROUP BY tag_id"))
        return {tag: (NOW - t) / DAY for tag, t in rows}


def test_each_class_keeps_what_it_promises(store: Store) -> None:
    fill(store)
    config = StoreConfig(keep_short_days=2, keep_normal_days=5, keep_long_days=100, keep_seconds_days=3)
    steps = 0
    retirement = Retirement(config)
    now = NOW
    while retirement.due(now):
        with store.write() as connection:
            retirement.step(connection, now)
        steps += 1
        if steps % 50 == 0:
            retirement = Retirement(config)  # a restart loses no place
        now += 1_000_000
    ages = oldest(store)
    assert ages[1] <= 2.001
    assert 4.7 < ages[2] <= 5.001
    assert ages[3] > 14.9
    assert max(oldest(store, "rollup_1s").values()) <= 3.001
    assert max(oldest(store, "rollup_1h").values()) > 14
    assert steps > 24


def test_an_empty_store_has_nothing_to_do_for_an_hour(store: Store) -> None:
    retirement = Retirement(StoreConfig())
    with store.write() as connection:
        assert retirement.step(connection, NOW) == 0
    assert not retirement.due(NOW + HOUR - 1)
    assert retirement.due(NOW + HOUR)
