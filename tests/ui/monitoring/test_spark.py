from __future__ import annotations

import numpy as np

from app.ports import Trend
from models.readings import LiveValue
from ui.monitoring.spark import BUCKET_US, BUCKETS, Sparks
from ui.monitoring.valuedelegate import spark_path

T0 = 1000 * BUCKET_US


def live(tag_id: int, value: float | None, t_us: int = T0, quality: int = 192) -> dict[int, LiveValue]:
    return {tag_id: LiveValue(tag_id, t_us, value, quality, t_us)}


def test_a_spike_within_a_bucket_survives() -> None:
    sparks = Sparks([7])
    sparks.advance(T0)
    for value in (1.0, 50.0, 2.0):
        sparks.take(live(7, value))
    lo, hi = sparks.line(7)
    assert (lo[-1], hi[-1]) == (1.0, 50.0)


def test_buckets_move_left_and_fall_off_after_ten_minutes() -> None:
    sparks = Sparks([7])
    sparks.advance(T0)
    sparks.take(live(7, 3.0))
    assert sparks.advance(T0 + 3 * BUCKET_US)
    assert sparks.line(7)[0][-4] == 3.0
    sparks.advance(T0 + BUCKETS * BUCKET_US)
    assert np.isnan(sparks.line(7)[0]).all()


def test_bad_values_texts_and_strangers_leave_gaps() -> None:
    sparks = Sparks([7])
    sparks.advance(T0)
    sparks.take({**live(7, 1.0, quality=0), **live(8, 1.0)})
    sparks.take(live(7, None))
    assert np.isnan(sparks.line(7)[0]).all()
    assert np.isnan(sparks.line(99)[0]).all()


def test_stored_history_is_put_behind_the_live_values_once() -> None:
    sparks = Sparks([7])
    sparks.advance(T0)
    sparks.take(live(7, 5.0))
    assert sparks.wanting([7, 99]) == [7]
    assert sparks.wanting([7]) == []
    t = np.array([T0 - 2 * BUCKET_US, T0, T0 - 500 * BUCKET_US], dtype=np.int64)
    v = np.array([1.0, 9.0, 77.0])
    sparks.fill(7, Trend(t, v, v, v, np.ones(3, np.int64), 0.0))
    lo, hi = sparks.line(7)
    assert lo[-3] == 1.0
    assert (lo[-1], hi[-1]) == (5.0, 9.0)
    assert np.nanmax(hi) == 9.0
    sparks.ask_again([7])
    assert sparks.wanting([7]) == [7]


def test_the_line_breaks_at_gaps_and_a_still_value_is_flat() -> None:
    lo = np.full(BUCKETS, np.nan, dtype=np.float32)
    lo[[0, 1, 2, 60, 61]] = 5.0
    line, band = spark_path(lo, lo, 119, 20)
    moves = [line.elementAt(i) for i in range(line.elementCount()) if line.elementAt(i).isMoveTo()]
    assert [round(m.x) for m in moves] == [0, 60]
    assert {round(line.elementAt(i).y, 3) for i in range(line.elementCount())} == {10.0}
    assert band.isEmpty()
