"""Samples in, envelopes out.

Samples are appended in arrival order (key (ts, tag), ADR 0003). In the same transaction their 1 s rollups are
upserted; minutes are folded from seconds and hours from minutes once they are over, tracked by a watermark that moves
in the same transaction, so a crash at any moment leaves rollups that agree with the samples. Late samples rebuild
exactly the buckets they fall in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from app.clock import US
from models.readings import Quality

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINUTE = 60 * US
HOUR = 3600 * US
#: A bucket is folded this long after its end; samples arriving later take the rebuild path.
GRACE_US = 5 * US

Row = tuple[int, int, float | None, int]  # ts_us, tag_id, value, quality
TextRow = tuple[int, int, str | None, int]

_INSERT = "INSERT INTO {table} (ts_us, tag_id, value, quality) VALUES ({p0}, {p1}, {p2}, {p3}) ON CONFLICT DO NOTHING"
_UPSERT_SECOND = """
INSERT INTO rollup_1s (tag_id, ts_us, n, bad, v_min, v_max, v_sum) VALUES ({p0}, {p1}, {p2}, {p3}, {p4}, {p5}, {p6})
ON CONFLICT (tag_id, ts_us) DO UPDATE SET
  n = rollup_1s.n + excluded.n, bad = rollup_1s.bad + excluded.bad,
  v_min = CASE WHEN rollup_1s.v_min IS NULL OR excluded.v_min < rollup_1s.v_min THEN excluded.v_min ELSE rollup_1s.v_min END,
  v_max = CASE WHEN rollup_1s.v_max IS NULL OR excluded.v_max > rollup_1s.v_max THEN excluded.v_max ELSE rollup_1s.v_max END,
  v_sum = CASE WHEN rollup_1s.v_sum IS NULL THEN excluded.v_sum
               WHEN excluded.v_sum IS NULL THEN rollup_1s.v_sum ELSE rollup_1s.v_sum + excluded.v_sum END
"""
_REPLACE = """
INSERT INTO {into} (tag_id, ts_us, n, bad, v_min, v_max, v_sum)
{select}
ON CONFLICT (tag_id, ts_us) DO UPDATE SET n = excluded.n, bad = excluded.bad,
  v_min = excluded.v_min, v_max = excluded.v_max, v_sum = excluded.v_sum
"""
_FROM_SAMPLES = f"""
SELECT tag_id, :start, SUM(CASE WHEN value IS NOT NULL AND quality >= {int(Quality.UNCERTAIN)} THEN 1 ELSE 0 END),
  SUM(CASE WHEN value IS NULL OR quality < {int(Quality.UNCERTAIN)} THEN 1 ELSE 0 END),
  MIN(CASE WHEN quality >= {int(Quality.UNCERTAIN)} THEN value END),
  MAX(CASE WHEN quality >= {int(Quality.UNCERTAIN)} THEN value END),
  SUM(CASE WHEN quality >= {int(Quality.UNCERTAIN)} THEN value END)
FROM sample WHERE ts_us >= :start AND ts_us < :end AND tag_id = :tag GROUP BY tag_id
"""
_FROM_FINER = """
SELECT r.tag_id, r.ts_us - r.ts_us % {width}, SUM(n), SUM(bad), MIN(v_min), MAX(v_max), SUM(v_sum)
FROM {finer} r {join} WHERE {tag} r.ts_us >= :start AND r.ts_us < :end
GROUP BY r.tag_id, r.ts_us - r.ts_us % {width}
"""
_LAST = """
INSERT INTO tag_last (tag_id, ts_us, received_us, value, value_text, quality) VALUES ({p0}, {p1}, {p2}, {p3}, {p4}, {p5})
ON CONFLICT (tag_id) DO UPDATE SET ts_us = excluded.ts_us, received_us = excluded.received_us,
  value = excluded.value, value_text = excluded.value_text, quality = excluded.quality
"""


def positional(sql: str, dialect: str, n: int, **names: str) -> str:
    """SQL for exec_driver_sql with the driver's own positional markers ({p0} …)."""
    marker = "?" if dialect == "sqlite" else "%s"
    return sql.replace("%", "%%" if dialect != "sqlite" else "%").format(**{f"p{i}": marker for i in range(n)}, **names)


def holdable(words: str, dialect: str) -> str:
    """Text as the database can hold it: PostgreSQL has no NUL, so it becomes U+FFFD there."""
    return words.replace("\0", "\ufffd") if dialect == "postgresql" and "\0" in words else words


class Rolled:
    """Rollup of one batch by tag and second, computed with numpy. ``rows`` fit the upsert."""

    def __init__(
        self, ts: NDArray[np.int64], tag: NDArray[np.int64], value: NDArray[np.float64], good: NDArray[np.bool_]
    ):
        import numpy as np

        second = ts // US
        base = int(second.min())
        key = tag * (1 << 32) + (second - base)
        order = np.argsort(key, kind="stable")
        key = key[order]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        value, good = value[order], good[order]
        n = np.add.reduceat(good.astype(np.int64), starts)
        count = np.diff(np.append(starts, key.size))
        low = np.minimum.reduceat(np.where(good, value, np.inf), starts)
        high = np.maximum.reduceat(np.where(good, value, -np.inf), starts)
        total = np.add.reduceat(np.where(good, value, 0.0), starts)
        self.tags = (key[starts] >> 32).tolist()
        self.seconds = (((key[starts] & 0xFFFFFFFF) + base) * US).tolist()
        none = n == 0
        if none.any():
            columns = [
                [None if empty else v for v, empty in zip(c.tolist(), none.tolist(), strict=True)]
                for c in (low, high, total)
            ]
        else:
            columns = [c.tolist() for c in (low, high, total)]
        self.rows = list(zip(self.tags, self.seconds, n.tolist(), (count - n).tolist(), *columns, strict=True))


class HistoryWriter:
    """Writes batches; owned by the engine thread. Call everything with the transaction's connection."""

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect
        self._insert = positional(_INSERT, dialect, 4, table="sample")
        self._insert_text = positional(_INSERT, dialect, 4, table="sample_text")
        self._second = positional(_UPSERT_SECOND, dialect, 7)
        self._last = positional(_LAST, dialect, 6)
        self._marks = {"rollup_1m": 0, "rollup_1h": 0}

    def load(self, connection: Connection, now_us: int) -> None:
        """Read the watermarks; a new store starts folding at the present hour."""
        stored: dict[str, int] = dict(iter(connection.execute(text("SELECT name, t_us FROM watermark"))))
        for name in self._marks:
            if name not in stored:
                stored[name] = now_us - now_us % HOUR
                connection.execute(
                    text("INSERT INTO watermark (name, t_us) VALUES (:n, :t)"), {"n": name, "t": stored[name]}
                )
            self._marks[name] = stored[name]

    def append(
        self, connection: Connection, fresh: Sequence[Row], late: Sequence[Row], texts: Sequence[TextRow]
    ) -> int:
        """Store a batch and its 1 s rollups; returns how many of ``late`` were duplicates.

        ``fresh`` rows are newer than anything stored for their tag; ``late`` rows may already be there.
        """
        duplicates = 0
        if fresh and connection.exec_driver_sql(self._insert, fresh).rowcount < len(fresh):
            # a historical sample had been there before the live one: count what is stored, not what came
            seconds = {(tag_id, ts - ts % US) for ts, tag_id, _, _ in fresh}
            self._rebuild(connection, "rollup_1s", _FROM_SAMPLES, seconds, US)
            self._rebuild_old(connection, seconds)
        elif fresh:
            import numpy as np

            ts, tag, value, quality = zip(*fresh, strict=True)
            values = np.array(value, dtype=np.float64)
            good = (np.array(quality, dtype=np.int64) >= Quality.UNCERTAIN) & np.isfinite(values)
            rolled = Rolled(np.array(ts, dtype=np.int64), np.array(tag, dtype=np.int64), values, good)
            connection.exec_driver_sql(self._second, rolled.rows)
            self._rebuild_old(connection, zip(rolled.tags, rolled.seconds, strict=True))
        if late:
            for row in late:
                duplicates += 1 - connection.exec_driver_sql(self._insert, row).rowcount
            seconds = {(tag_id, ts - ts % US) for ts, tag_id, _, _ in late}
            self._rebuild(connection, "rollup_1s", _FROM_SAMPLES, seconds, US)
            self._rebuild_old(connection, seconds)
        if texts:
            connection.exec_driver_sql(self._insert_text, [self._clean(row, 2) for row in texts])
        return duplicates

    def save_last(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Upsert (tag_id, ts_us, received_us, value, value_text, quality) of the tags that a batch touched."""
        if rows:
            connection.exec_driver_sql(self._last, [self._clean(row, 4) for row in rows])

    def _clean(self, row: tuple[Any, ...], at: int) -> tuple[Any, ...]:
        """The row with its text as the database can hold it."""
        words = row[at]
        if words is None or self._dialect != "postgresql" or "\0" not in words:
            return row
        return (*row[:at], holdable(words, self._dialect), *row[at + 1 :])

    def fold(self, connection: Connection, now_us: int) -> None:
        """Fold the minutes and hours that are over."""
        self._advance(connection, "rollup_1m", "rollup_1s", MINUTE, now_us - GRACE_US)
        self._advance(connection, "rollup_1h", "rollup_1m", HOUR, self._marks["rollup_1m"])

    def fold_due(self, now_us: int) -> bool:
        """True when :meth:`fold` has something to do."""
        return now_us - GRACE_US >= self._marks["rollup_1m"] + MINUTE

    def _advance(self, connection: Connection, into: str, finer: str, width: int, until_us: int) -> None:
        start = self._marks[into]
        end = until_us - until_us % width
        if end <= start:
            return
        select = _FROM_FINER.format(width=width, finer=finer, join="JOIN tag t ON t.id = r.tag_id", tag="")
        connection.execute(text(_REPLACE.format(into=into, select=select)), {"start": start, "end": end})
        connection.execute(text("UPDATE watermark SET t_us = :t WHERE name = :n"), {"t": end, "n": into})
        self._marks[into] = end

    def _rebuild_old(self, connection: Connection, buckets: Iterable[tuple[int, int]]) -> None:
        old = {(tag, t - t % MINUTE) for tag, t in buckets if t < self._marks["rollup_1m"]}
        if not old:
            return
        self._rebuild(
            connection,
            "rollup_1m",
            _FROM_FINER.format(width=MINUTE, finer="rollup_1s", join="", tag="r.tag_id = :tag AND"),
            old,
            MINUTE,
        )
        hours = {(tag, t - t % HOUR) for tag, t in old if t < self._marks["rollup_1h"]}
        self._rebuild(
            connection,
            "rollup_1h",
            _FROM_FINER.format(width=HOUR, finer="rollup_1m", join="", tag="r.tag_id = :tag AND"),
            hours,
            HOUR,
        )

    def _rebuild(
        self, connection: Connection, into: str, select: str, buckets: Iterable[tuple[int, int]], width: int
    ) -> None:
        parameters = [{"tag": tag, "start": start, "end": start + width} for tag, start in buckets]
        if parameters:
            connection.execute(text(_REPLACE.format(into=into, select=select)), parameters)
