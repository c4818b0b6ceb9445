"""The bounded queue between network threads and the engine thread, and the orders that wait beside it.

A full inbox is not a drop: the network thread stops reading, TCP pushes back, and the broker keeps the messages.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple, Protocol


class Acknowledger(Protocol):
    """Where messages came from and where they are acknowledged (a broker client)."""

    name: str

    def acknowledge(self, mids: list[int]) -> None:
        """Tell the broker that these messages are safe. Called on the engine thread."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message (rebirth requests). Called on the engine thread."""

    def reconnect(self) -> None:
        """Come back so that what was not acknowledged is sent again. Called on the engine thread."""


class Message(NamedTuple):
    """One PUBLISH as received; ``mid`` is 0 when nothing is to be acknowledged (QoS 0)."""

    topic: str
    payload: bytes
    received_us: int
    mid: int
    origin: Acknowledger | None


class Inbox:
    """Many writers, one reader."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._queue: deque[Message] = deque()
        self._wake = threading.Event()
        self.put = self._queue.append  # the hot path: one C call; then notify() once per network read

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        """True when network threads should stop reading."""
        return len(self._queue) >= self.limit

    def notify(self) -> None:
        """Wake the reader."""
        if not self._wake.is_set():
            self._wake.set()

    def wait(self, timeout: float) -> None:
        """Sleep until something was put or ``timeout`` seconds passed."""
        if not self._queue:
            self._wake.wait(timeout)
        self._wake.clear()

    def take(self, most: int) -> list[Message]:
        """The oldest messages, at most ``most``."""
        queue = self._queue
        return [queue.popleft() for _ in range(min(len(queue), most))]
