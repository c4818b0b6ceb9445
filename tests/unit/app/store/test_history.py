"""History: exactly once, rollups that agree with the samples, envelopes that hide no spike. On both databases."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from sqlalchemy import text

from app.clock import US
from app.store.engine import Store
from app.store.history import HOUR, MINUTE, HistoryWriter
from app.store.trends import TrendReader, pick_level
from models.readings import Tag

START = 1_700_000_000 * US - 1_700_000_000 * US % HOUR


@pytest.fixture
def writer(store: Store) -> HistoryWriter:
    with store.session() as session:
        session.add_all([Tag(id=1, name="TT-1"), Tag(id=2, name="TT-2")])
    writer = HistoryWriter(store.dialect)
    with store.write() as connection:
        writer.load(connection, START)
    return writer


def rows_of(store: Store, table: str) -> list[tuple]:
    with store.read() as connection:
        return [tuple(r) for r in connection.execute(text(f"SELECT * FROM {table} ORDER BY tag_id, ts_us"))]


def expected(samples: list[tuple], width: int) -> dict[tuple[int, int], tuple]:
    buckets: dict[tuple[int, int], list[tuple]] = {}
    for row in {(ts, tag): (ts, tag, v, q) for ts, tag, v, q in reversed(samples)}.values():
        buckets.setdefault((row[1], row[0] - row[0] % width), []).append(row)
    result = {}
    for key, members in buckets.items():
        good = [v for _, _, v, q in members if v is not None and q >= 64]
        result[key] = (len(good), len(members) - len(good), min(good, default=None), max(good, default=None), sum(good))
    return result


def assert_rollup(store: Store, table: str, want: dict[tuple[int, int], tuple]) -> None:
    got = {(r[0], r[1]): r[2:] for r in rows_of(store, table)}
    assert got.keys() == want.keys()
    for key, (n, bad, low, high, total) in want.items():
        assert got[key][:4] == (n, bad, low, high)
        assert (got[key][4] or 0.0) == pytest.approx(total)


def test_rollups_agree_with_samples_whatever_the_order_of_arrival(store: Store, writer: HistoryWriter) -> None:
    rng = random.Random(7)
    samples = []
    for second in range(0, 3 * 3600, 7):
        for tag in (1, 2):
            value = None if rng.random() < 0.05 else rng.uniform(-50, 50)
            samples.append((START + second * US + rng.randrange(US), tag, value, rng.choice([192, 192, 192, 64, 0])))
    held_back = samples[100:160]
    on_time = samples[:100] + samples[160:]
    for at in range(0, len(on_time), 97):
        piece = on_time[at : at + 97]
        with store.write() as connection:
            writer.append(connection, piece, [], [])
            writer.fold(connection, piece[-1][0])
    with store.write() as connection:
        assert writer.append(connection, [], held_back + on_time[:20], []) == 20
        writer.fold(connection, START + 4 * HOUR)
    assert_rollup(store, "rollup_1s", expected(samples, US))
    assert_rollup(store, "rollup_1m", expected(samples, MINUTE))
    assert_rollup(store, "rollup_1h", expected(samples, HOUR))


def test_a_sample_sent_twice_is_stored_once(store: Store, writer: HistoryWriter) -> None:
    row = (START + 5, 1, 20.5, 192)
    with store.write() as connection:
        assert writer.append(connection, [row], [], []) == 0
    with store.write() as connection:
        assert writer.append(connection, [], [row, row], []) == 2
    assert rows_of(store, "sample") == [row]
    assert rows_of(store, "rollup_1s") == [(1, START, 1, 0, 20.5, 20.5, 20.5)]


def test_a_rolled_back_batch_leaves_nothing_and_the_watermark_stays(store: Store, writer: HistoryWriter) -> None:
    class Crash(Exception):
        pass

    def crash() -> None:
        with store.write() as connection:
            writer.append(connection, [(START + 1, 1, 1.0, 192)], [], [])
            writer.fold(connection, START + 2 * HOUR)
            raise Crash

    with pytest.raises(Crash):
        crash()
    assert rows_of(store, "sample") == []
    again = HistoryWriter(store.dialect)
    with store.write() as connection:
        again.load(connection, START + 9 * HOUR)
        again.append(connection, [(START + 1, 1, 1.0, 192)], [], [])
        again.fold(connection, START + 2 * HOUR)
    assert [r[:3] for r in rows_of(store, "rollup_1h")] == [(1, START, 1)]


@pytest.mark.parametrize("width", [400, 90])
def test_zoomed_out_trend_shows_a_one_sample_spike_and_a_gap(store: Store, writer: HistoryWriter, width: int) -> None:
    seconds = [s for s in range(6 * 3600) if not 7200 <= s < 9000]
    rows = [(START + s * US, 1, 999.0 if s == 12_345 else 20.0 + math.sin(s / 500), 192) for s in seconds]
    with store.write() as connection:
        writer.append(connection, rows, [], [])
        writer.fold(connection, START + 6 * HOUR + MINUTE)
    trend = TrendReader(store).trend(1, START, START + 6 * HOUR, width)
    assert trend.level_s == 60
    assert trend.t_us.size <= 2 * width + 2
    assert np.nanmax(trend.hi) == 999.0
    assert np.nanmin(trend.lo) == pytest.approx(19.0, abs=1e-3)
    gap = np.flatnonzero(np.isnan(trend.lo))
    assert gap.size == 1
    assert START + 7200 * US <= trend.t_us[gap[0]] <= START + 9000 * US
    assert int(trend.n.sum()) == len(seconds)


def test_trend_reaches_the_present_before_its_minutes_are_folded(store: Store, writer: HistoryWriter) -> None:
    rows = [(START + s * US, 1, float(s), 192) for s in range(3600 + 90)]
    with store.write() as connection:
        writer.append(connection, rows, [], [])
        writer.fold(connection, START + 3600 * US + 10 * US)
    trend = TrendReader(store).trend(1, START, START + 3690 * US, 60)
    assert np.nanmax(trend.hi) == 3689.0
    assert int(trend.n.sum()) == 3690


def test_raw_trend_and_statistics_leave_bad_samples_out(store: Store, writer: HistoryWriter) -> None:
    rows = [(START + i * US // 10, 1, float(i), 192) for i in range(10)]
    rows[4] = (rows[4][0], 1, 1e9, 0)
    rows[5] = (rows[5][0], 1, None, 8)
    with store.write() as connection:
        writer.append(connection, rows, [], [])
    reader = TrendReader(store)
    raw = reader.trend(1, START, START + US, 1600)
    assert raw.level_s == 0
    assert np.isnan(raw.mean[[4, 5]]).all()
    figures = reader.statistics(1, START, START + US)
    assert (figures.n, figures.bad, figures.minimum, figures.maximum) == (8, 2, 0.0, 9.0)
    assert figures.mean == pytest.approx(sum([0, 1, 2, 3, 6, 7, 8, 9]) / 8)
    assert figures.t_max_us == rows[9][0]


def test_statistics_of_an_empty_stretch_are_none_not_zero(store: Store, writer: HistoryWriter) -> None:
    figures = TrendReader(store).statistics(1, START, START + US)
    assert (figures.n, figures.minimum, figures.mean) == (0, None, None)


@pytest.mark.parametrize(
    ("hours", "width", "level"),
    [(0.1, 1600, 0), (1, 1600, US), (12, 1600, US), (24, 1600, MINUTE), (96, 1600, MINUTE), (24 * 365, 1600, HOUR)],
)
def test_level_is_the_coarsest_that_a_pixel_allows(hours: float, width: int, level: int) -> None:
    assert pick_level(int(hours * HOUR), width) == level


def test_text_samples_are_kept_apart_and_once(store: Store, writer: HistoryWriter) -> None:
    with store.write() as connection:
        writer.append(connection, [], [], [(START, 2, "批次 7", 192), (START, 2, "批次 7", 192)])
    with store.read() as connection:
        assert connection.execute(text("SELECT value FROM sample_text")).scalars().all() == ["批次 7"]
