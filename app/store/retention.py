"""Old samples go by class of tag, an hour of history at a time, so that no purge ever holds the writer up.

A watermark a class remembers how far the purge came; a crash repeats at most one hour's work.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from app.clock import US
from app.config import StoreConfig
from app.store.history import HOUR
from models.readings import Retention

DAY = 24 * HOUR
_SAMPLES = "ts_us >= :start AND ts_us < :end AND tag_id IN (SELECT id FROM tag WHERE retention = '{retention}')"
_ROLLUPS = "ts_us >= :start AND ts_us < :end AND tag_id IN (SELECT id FROM tag)"


class _Rule(NamedTuple):
    """One thing that gets old: watermark, tables, condition, how long it is kept and how much goes in one step."""

    name: str
    tables: tuple[str, ...]
    condition: str
    keep_us: int
    step_us: int


class Retirement:
    """Removes what its class no longer keeps. Call :meth:`step` now and then with a transaction's connection."""

    def __init__(self, config: StoreConfig) -> None:
        kept_days = {
            Retention.SHORT: config.keep_short_days,
            Retention.NORMAL: config.keep_normal_days,
            Retention.LONG: config.keep_long_days,
        }
        self._rules = [
            _Rule(
                f"purge_{retention.value}",
                ("sample", "sample_text"),
                _SAMPLES.format(retention=retention.value),
                int(days * DAY),
                HOUR,
            )
            for retention, days in kept_days.items()
        ]
        self._rules += [
            _Rule("purge_seconds", ("rollup_1s",), _ROLLUPS, int(config.keep_seconds_days * DAY), HOUR),
            _Rule("purge_minutes", ("rollup_1m",), _ROLLUPS, int(config.keep_minutes_days * DAY), DAY),
            _Rule("purge_hours", ("rollup_1h",), _ROLLUPS, int(config.keep_hours_days * DAY), DAY),
        ]
        self._due_us = 0

    def due(self, now_us: int) -> bool:
        """True when there may be something to remove."""
        return now_us >= self._due_us

    def step(self, connection: Connection, now_us: int) -> int:
        """Remove one step of each rule; returns rows removed.

        ``now_us`` is UTC in microseconds. Sets itself due again in a second while there is more, else in an hour.
        """
        removed, more = 0, False
        for rule in self._rules:
            start = self._mark(connection, rule)
            if start is None:
                continue
            until = now_us - rule.keep_us
            end = min(until, start + rule.step_us)
            if end <= start:
                continue
            for table in rule.tables:
                done = connection.execute(
                    text(f"DELETE FROM {table} WHERE {rule.condition}"), {"start": start, "end": end}
                )
                removed += done.rowcount
            self._set(connection, rule.name, end)
            more = more or end < until
        self._due_us = now_us + (US if more else HOUR)
        return removed

    @staticmethod
    def _mark(connection: Connection, rule: _Rule) -> int | None:
        """How far the purge came; at first the oldest row, None when there is none."""
        mark = connection.execute(text("SELECT t_us FROM watermark WHERE name = :n"), {"n": rule.name}).scalar()
        if mark is None:
            mark = connection.execute(text(f"SELECT MIN(ts_us) FROM {rule.tables[0]}")).scalar()
        return mark

    @staticmethod
    def _set(connection: Connection, name: str, t_us: int) -> None:
        connection.execute(
            text(
                "INSERT INTO watermark (name, t_us) VALUES (:n, :t) ON CONFLICT (name) DO UPDATE SET t_us = excluded.t_us"
            ),
            {"n": name, "t": t_us},
        )
