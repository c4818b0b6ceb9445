"""The last ten minutes of many tags in one block of memory, for the sparklines of the values table. Knows no Qt.

Live values fold into buckets of five seconds (smallest and largest, so that a spike survives); one numpy call takes a
whole drain of the bridge, so that 10 000 tags cost a millisecond or two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from app.ports import Trend
from models.readings import LiveValue, Quality

BUCKET_US = 5_000_000
BUCKETS = 120
Floats = NDArray[np.float32]


class Sparks:
    """Ring of buckets for a fixed set of tags."""

    def __init__(self, tag_ids: Iterable[int] = ()) -> None:
        self._slot = {tag_id: at for at, tag_id in enumerate(tag_ids)}
        shape = (len(self._slot), BUCKETS)
        self._lo: Floats = np.full(shape, np.nan, dtype=np.float32)
        self._hi: Floats = np.full(shape, np.nan, dtype=np.float32)
        self._now = 0  # number of the newest bucket
        self._filled: set[int] = set()

    def __contains__(self, tag_id: int) -> bool:
        return tag_id in self._slot

    @property
    def tag_ids(self) -> list[int]:
        """The tags it was made for."""
        return list(self._slot)

    @property
    def bucket(self) -> int:
        """Number of the newest bucket: changes when the lines have moved on."""
        return self._now

    def advance(self, now_us: int) -> bool:
        """Open the bucket of the present and forget what has become too old; True when it moved."""
        bucket = now_us // BUCKET_US
        if bucket <= self._now:
            return False
        passed = min(BUCKETS, bucket - self._now)
        for old in range(bucket - passed + 1, bucket + 1):
            self._lo[:, old % BUCKETS] = np.nan
            self._hi[:, old % BUCKETS] = np.nan
        self._now = bucket
        return True

    def take(self, values: Mapping[int, LiveValue]) -> None:
        """Fold in the latest values (at most one a tag); what is bad or no number leaves a gap."""
        slots, found = [], []
        where, good = self._slot, Quality.UNCERTAIN
        oldest = (self._now - 1) * BUCKET_US
        for tag_id, live in values.items():
            value = live.value
            if type(value) is float and live.quality >= good and live.t_us >= oldest:
                slot = where.get(tag_id)
                if slot is not None:
                    slots.append(slot)
                    found.append(value)
        if slots:
            at, v, column = np.array(slots), np.array(found, dtype=np.float32), self._now % BUCKETS
            self._lo[at, column] = np.fmin(self._lo[at, column], v)
            self._hi[at, column] = np.fmax(self._hi[at, column], v)

    def wanting(self, tag_ids: Iterable[int]) -> list[int]:
        """Which of these have no history yet; they count as asked for from now on."""
        new = [tag_id for tag_id in tag_ids if tag_id in self._slot and tag_id not in self._filled]
        self._filled.update(new)
        return new

    def ask_again(self, tag_ids: Iterable[int]) -> None:
        """Their history could not be read: they are wanting again."""
        self._filled.difference_update(tag_ids)

    def fill(self, tag_id: int, past: Trend) -> None:
        """Put stored history behind the live samples."""
        slot = self._slot.get(tag_id)
        if slot is None:
            return
        bucket = past.t_us // BUCKET_US
        keep = (bucket > self._now - BUCKETS) & (bucket <= self._now) & np.isfinite(past.lo)
        column = (bucket[keep] % BUCKETS).astype(np.int64)
        np.fmin.at(self._lo[slot], column, past.lo[keep].astype(np.float32))
        np.fmax.at(self._hi[slot], column, past.hi[keep].astype(np.float32))

    def line(self, tag_id: int) -> tuple[Floats, Floats]:
        """Smallest and largest value of each bucket, oldest first; NaN where there was none."""
        slot = self._slot.get(tag_id)
        if slot is None:
            empty: Floats = np.full(BUCKETS, np.nan, dtype=np.float32)
            return empty, empty
        turn = -(self._now % BUCKETS) - 1
        return np.roll(self._lo[slot], turn), np.roll(self._hi[slot], turn)
