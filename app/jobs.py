"""A small pool for queries and exports, so that neither the engine nor the screen waits for them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

T = TypeVar("T")
YOUNG = 20_000  # new containers before a look at the young ones


def hold_collector() -> None:
    """No rounds of the garbage collector while modules are loaded: hardly anything of that is garbage.

    It saves a tenth of the start; :func:`calm_collector` lets it go again.
    """
    gc.disable()


def release_collector() -> None:
    """The garbage collector goes round again, as it was."""
    gc.enable()


def calm_collector() -> None:
    """Take what stands now out of the garbage collector's rounds, and let it go round less often.

    A full round over the 200 000 objects of a running station holds every thread for 100 to 250 ms: alarms and
    screen would stand still that long, some times a minute. What is made later is still looked after.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    gc.enable()


class Late(Generic[T]):
    """Something that is made when it is first asked for, once, whichever thread asks: a start does not wait for it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def get(self) -> T:
        """The thing itself; raises what making it raised, and tries again at the next call."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class Cancelled(Exception):
    """Raised inside a job whose owner no longer wants the result."""


class Progress:
    """Shared between a job and its watcher: how far, and whether to go on."""

    def __init__(self) -> None:
        self._cancel = threading.Event()
        self.done = 0
        self.total = 0

    def cancel(self) -> None:
        """Ask the job to stop at its next step."""
        self._cancel.set()

    def step(self, done: int, total: int) -> None:
        """Called by the job; raises :class:`Cancelled` when asked to stop."""
        self.done, self.total = done, total
        if self._cancel.is_set():
            raise Cancelled


class Jobs:
    """Runs functions on worker threads."""

    def __init__(self, workers: int = 2) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ankan-job")

    def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        """Queue a call."""
        return self._pool.submit(function, *args, **kwargs)

    def close(self) -> None:
        """Drop what is queued and wait for what runs."""
        self._pool.shutdown(wait=True, cancel_futures=True)
