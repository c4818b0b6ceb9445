"""Reads history for screens: picks the coarsest rollup that a pixel can't tell from raw, keeps every spike and gap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from app.clock import US
from app.ports import Statistics, Trend
from app.store.engine import Store
from app.store.history import HOUR, MINUTE
from models.readings import Quality

_LEVELS = (("rollup_1h", HOUR), ("rollup_1m", MINUTE), ("rollup_1s", US))
_GOOD = int(Quality.UNCERTAIN)

_PLAIN = """
SELECT ts_us, v_min, v_max, v_sum, n FROM {table} WHERE tag_id = :tag AND ts_us >= :start AND ts_us < :end ORDER BY ts_us
"""
_GROUPED = """
SELECT MIN(ts_us), MIN(v_min), MAX(v_max), SUM(v_sum), SUM(n) FROM {table}
WHERE tag_id = :tag AND ts_us >= :start AND ts_us < :end GROUP BY (ts_us - :origin) / :pixel ORDER BY 1
"""


class _Columns(NamedTuple):
    t_us: NDArray[np.int64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    total: NDArray[np.float64]
    n: NDArray[np.int64]


def pick_level(span_us: int, width_px: int) -> int:
    """Width in µs of the coarsest bucket that is at most two pixels wide; 0 for raw samples."""
    pixel = span_us / max(1, width_px)
    return next((width for _, width in _LEVELS if pixel * 2 >= width), 0)


def _arrays(rows: list[tuple[int, float | None, float | None, float | None, int]]) -> _Columns:
    if not rows:
        empty = np.empty(0, dtype=np.float64)
        return _Columns(np.empty(0, dtype=np.int64), empty, empty, empty, np.empty(0, dtype=np.int64))
    t, lo, hi, total, n = zip(*rows, strict=True)
    return _Columns(
        np.array(t, dtype=np.int64),
        np.array(lo, dtype=np.float64),
        np.array(hi, dtype=np.float64),
        np.array(total, dtype=np.float64),
        np.array(n, dtype=np.int64),
    )


def _squeeze(columns: _Columns, start_us: int, end_us: int, width_px: int) -> _Columns:
    """At most one point a pixel: smallest of the small, largest of the large; gaps (n = 0) survive where alone."""
    pixel = max(1, -(-(end_us - start_us) // max(1, width_px)))
    bucket = (columns.t_us - start_us) // pixel
    starts = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1])))
    with np.errstate(invalid="ignore"):
        lo = np.fmin.reduceat(columns.lo, starts)
        hi = np.fmax.reduceat(columns.hi, starts)
    total = np.add.reduceat(np.nan_to_num(columns.total), starts)
    return _Columns(columns.t_us[starts], lo, hi, total, np.add.reduceat(columns.n, starts))


def _with_gaps(columns: _Columns, level_us: int) -> Trend:
    """Break the line (a NaN point) where nothing came for much longer than the tag's usual interval."""
    t, lo, hi, total, n = columns
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, total / n, np.nan)
    lo, hi = np.where(n > 0, lo, np.nan), np.where(n > 0, hi, np.nan)
    if t.size > 2:
        step = np.diff(t)
        holes = np.flatnonzero(step > max(5 * float(np.median(step)), 2.5 * level_us))
        if holes.size:
            at = holes + 1
            usual = int(np.median(step))
            t = np.insert(t, at, t[holes] + usual)
            lo, hi, mean = (np.insert(c, at, np.nan) for c in (lo, hi, mean))
            n = np.insert(n, at, 0)
    return Trend(t, lo, hi, mean, n, level_us / US)


class TrendReader:
    """Stored history for screens and exports (``app.ports.History``). Each call uses a connection of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def trend(self, tag_id: int, start_us: int, end_us: int, width_px: int) -> Trend:
        """At most about 2 x width points; see :class:`app.ports.History`."""
        level = pick_level(end_us - start_us, width_px)
        with self._store.read() as connection:
            columns = (
                self._raw(connection, tag_id, start_us, end_us)
                if level == 0
                else self._rollups(connection, tag_id, start_us, end_us, level, width_px)
            )
        if columns.t_us.size > 2 * width_px:
            columns = _squeeze(columns, start_us, end_us, width_px)
        return _with_gaps(columns, level)

    def samples(self, tag_id: int, start_us: int, end_us: int, limit: int = 1_000_000) -> Trend:
        """Raw samples, oldest first, NaN where the value was not good."""
        with self._store.read() as connection:
            columns = self._raw(connection, tag_id, start_us, end_us, limit)
        mean = np.where(columns.n > 0, columns.total, np.nan)
        return Trend(columns.t_us, mean, mean, mean, columns.n, 0.0)

    def statistics(self, tag_id: int, start_us: int, end_us: int) -> Statistics:
        """Figures of the raw samples from ``start_us`` (inclusive) to ``end_us`` (exclusive)."""
        with self._store.read() as connection:
            columns = self._raw(connection, tag_id, start_us, end_us)
        good = columns.n > 0
        values, times = columns.total[good], columns.t_us[good]
        bad = int(columns.n.size - values.size)
        if not values.size:
            return Statistics(0, bad, None, None, None, None, None, None, None, None)
        low, high = int(values.argmin()), int(values.argmax())
        return Statistics(
            n=int(values.size),
            bad=bad,
            minimum=float(values[low]),
            maximum=float(values[high]),
            mean=float(values.mean()),
            stdev=float(values.std(ddof=1)) if values.size > 1 else 0.0,
            first=float(values[0]),
            last=float(values[-1]),
            t_min_us=int(times[low]),
            t_max_us=int(times[high]),
        )

    def _raw(self, connection: Connection, tag_id: int, start_us: int, end_us: int, limit: int = 5_000_000) -> _Columns:
        rows = connection.execute(
            text(
                "SELECT ts_us, value, quality FROM sample WHERE ts_us >= :start AND ts_us < :end AND tag_id = :tag "
                "ORDER BY ts_us LIMIT :limit"
            ),
            {"start": start_us, "end": end_us, "tag": tag_id, "limit": limit},
        )
        return _arrays(
            [(t, v, v, v, 1) if v is not None and q >= _GOOD else (t, None, None, None, 0) for t, v, q in rows]
        )

    def _rollups(
        self, connection: Connection, tag_id: int, start_us: int, end_us: int, level: int, width_px: int
    ) -> _Columns:
        """The level's rows as far as they are folded, then finer ones for the open end; a row a pixel at most.

        The database groups by pixel: it is many times faster than carrying every bucket into Python.
        """
        marks: dict[str, int] = dict(iter(connection.execute(text("SELECT name, t_us FROM watermark"))))
        pixel = max(1, -(-(end_us - start_us) // max(1, width_px)))
        rows: list[tuple[int, float | None, float | None, float | None, int]] = []
        at = start_us
        for table, width in _LEVELS:
            if width > level or at >= end_us:
                continue
            until = end_us if width == US else min(end_us, marks.get(table, 0))
            if until > at:
                first = at - at % width
                grouped = width < pixel
                rows.extend(
                    tuple(row)
                    for row in connection.execute(
                        text(_GROUPED.format(table=table) if grouped else _PLAIN.format(table=table)),
                        {"tag": tag_id, "start": first, "end": until}
                        | ({"origin": start_us - pixel, "pixel": pixel} if grouped else {}),
                    )
                )
                at = max(at, until)
        return _arrays(rows)
