"""The latest value of every tag, written by the engine thread and read by everyone."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sqlalchemy import Connection, select

from models.readings import LiveValue, TagLast


class LiveValues:
    """``app.ports.Live``. Single dict operations are atomic, so readers need no lock."""

    def __init__(self) -> None:
        self.values: dict[int, LiveValue] = {}
        self.watched: frozenset[int] = frozenset()
        self._watchers: dict[object, frozenset[int]] = {}
        self._lock = threading.Lock()

    def load(self, connection: Connection) -> None:
        """Last known values of an earlier run; what was shown but never stored (a crash) is forgotten."""
        values: dict[int, LiveValue] = {}
        for row in connection.execute(select(TagLast.__table__)):
            value = row.value_text if row.value_text is not None else row.value
            values[row.tag_id] = LiveValue(row.tag_id, row.ts_us, value, row.quality, row.received_us)
        self.values = values

    def get(self, tag_id: int) -> LiveValue | None:
        """Latest value of one tag."""
        return self.values.get(tag_id)

    def snapshot(self) -> dict[int, LiveValue]:
        """All latest values."""
        return dict(self.values)

    def watch(self, tag_ids: Iterable[int], watcher: object = None) -> None:
        """Deliver every sample of these tags; each ``watcher`` has a set of its own, an empty one ends it."""
        with self._lock:
            wanted = frozenset(tag_ids)
            if wanted:
                self._watchers[watcher] = wanted
            else:
                self._watchers.pop(watcher, None)
            self.watched = frozenset().union(*self._watchers.values())
