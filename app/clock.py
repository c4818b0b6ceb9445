"""Injected time: logic never asks the operating system what time it is, so that tests and replays can say."""

from __future__ import annotations

import time
from typing import Protocol

US = 1_000_000  # microseconds in a second


class Clock(Protocol):
    """Source of time."""

    def now_us(self) -> int:
        """UTC in microseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never jump, for measuring durations."""


class SystemClock:
    """The machine's own clock."""

    def now_us(self) -> int:
        """UTC in microseconds since the epoch."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until told: for tests and for replaying records faster than they happened."""

    def __init__(self, start_us: int = 1_700_000_000 * US) -> None:
        self._now = start_us

    def now_us(self) -> int:
        """UTC in microseconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since the epoch of this clock."""
        return self._now / US

    def advance(self, seconds: float) -> int:
        """Move forward; returns the new time."""
        self._now += round(seconds * US)
        return self._now

    def set(self, t_us: int) -> None:
        """Jump to a time; going back is ignored, as a replay may hold late samples."""
        self._now = max(self._now, t_us)
