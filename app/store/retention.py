"""Old samples go by class of tag, an hour of history at a time, so that no purge ever holds the writer up.

A watermark a class remembers how far the purge came; a crash repeats at most one hour's work.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from app.clock import US
from app.config import StoreConfig
from app.store.history import HOUR
from models.readings import Retention

DAY = 24 * HOUR
ROLLUP_EVERY = DAY


class Retirement:
    """Removes what its class no longer keeps. Call :meth:`step` now and then with a transaction's connection."""

    def __init__(self, config: StoreConfig) -> None:
        self._keep_us = {
            Retention.SHORT: int(config.keep_short_days * DAY),
            Retention.NORMAL: int(config.keep_normal_days * DAY),
            Retention.LONG: int(config.keep_long_days * DAY),
        }
        self._rollups_us = {
            "rollup_1s": int(config.keep_seconds_days * DAY),
            "rollup_1m": int(config.keep_minutes_days * DAY),
            "rollup_1h": int(config.keep_hours_days * DAY),
        }
        self._due_us = 0

    def due(self, now_us: int) -> bool:
        """True when there may be something to remove."""
        return now_us >= self._due_us

    def step(self, connection: Connection, now_us: int) -> int:
        """Remove at most one hour of samples a class and, once a day, old rollups; returns rows removed.

        ``now_us`` is UTC in microseconds. Sets itself due again in an hour when all is done, at once when not.
        """
        removed, more = 0, False
        for retention, keep_us in self._keep_us.items():
            name, until = f"purge_{retention.value}", now_us - keep_us
            start = self._mark(connection, name)
            if start is None:
                start = connection.execute(text("SELECT MIN(ts_us) FROM sample")).scalar()
                if start is None:
                    continue
            end = min(until, start + HOUR)
            if end <= start:
                continue
            for table in ("sample", "sample_text"):
                removed += connection.execute(
                    text(
                        f"DELETE FROM {table} WHERE ts_us >= :start AND ts_us < :end "  # noqa: S608 - constant names
                        "AND tag_id IN (SELECT id FROM tag WHERE retention = :retention)"
                    ),
                    {"start": start, "end": end, "retention": retention.value},
                ).rowcount
            self._set(connection, name, end)
            more = more or end < until
        removed += self._rollups(connection, now_us)
        self._due_us = now_us + (US if more else HOUR)
        return removed

    def _rollups(self, connection: Connection, now_us: int) -> int:
        last = self._mark(connection, "purge_rollups")
        if last is not None and now_us - last < ROLLUP_EVERY:
            return 0
        removed = 0
        for table, keep_us in self._rollups_us.items():
            removed += connection.execute(
                text(
                    f"DELETE FROM {table} WHERE tag_id IN (SELECT id FROM tag) AND ts_us < :until"  # noqa: S608 - constants
                ),
                {"until": now_us - keep_us},
            ).rowcount
        self._set(connection, "purge_rollups", now_us)
        return removed

    @staticmethod
    def _mark(connection: Connection, name: str) -> int | None:
        return connection.execute(text("SELECT t_us FROM watermark WHERE name = :n"), {"n": name}).scalar()

    @staticmethod
    def _set(connection: Connection, name: str, t_us: int) -> None:
        connection.execute(
            text(
                "INSERT INTO watermark (name, t_us) VALUES (:n, :t) ON CONFLICT (name) DO UPDATE SET t_us = excluded.t_us"
            ),
            {"n": name, "t": t_us},
        )
