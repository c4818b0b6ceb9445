"""The engine thread and its supervisor.

One thread owns all changing state: it drains the inbox, carries out orders, fires timers and writes. When it dies of a
defect, the supervisor writes a crash report, rebuilds everything from the store and starts it again; brokers send
what was not acknowledged once more.
"""

from __future__ import annotations

import itertools
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

import structlog

from app.access.door import Order
from app.clock import US, Clock
from app.ingest.inbox import Inbox
from app.ingest.pipeline import Pipeline
from app.ports import Answer
from models.commands import Command
from models.events import EngineCrashed, EngineStats, Event
from models.people import Actor, Signature
from models.readings import Reading

log = structlog.get_logger(__name__)

IDLE_S = 0.05  # longest sleep: timers fire at least 20 times a second
LINGER_S = 0.005  # after the first message of a quiet moment, let a few more come before a commit
KEEP_REPORTS = 50
RESTART_AFTER_S = (0.0, 0.5, 2.0, 5.0, 10.0, 30.0)


class DoorPart(Protocol):
    """What the engine needs of the door."""

    def handle_all(self, orders: Sequence[Order]) -> list[Answer]:
        """Permission → handler → audit in one transaction → events, for each in turn."""


class Core(Protocol):
    """All that the engine thread owns; built anew after a crash."""

    @property
    def pipeline(self) -> Pipeline:
        """The way of a message."""

    @property
    def door(self) -> DoorPart:
        """The way of an order."""

    def tick(self) -> None:
        """Timers: at least twenty times a second."""

    def every_second(self) -> None:
        """Slow housekeeping: retention, timed things."""

    def close(self) -> None:
        """Give back what was opened."""


class Engine:
    """Runs a :class:`Core` on a supervised thread."""

    def __init__(
        self,
        inbox: Inbox,
        build: Callable[[], Core],
        publish: Callable[[Event], None],
        clock: Clock,
        report_dir: Path,
        *,
        batch: int = 5000,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self._inbox = inbox
        self._build = build
        self._publish = publish
        self._clock = clock
        self._report_dir = report_dir
        self._batch = batch
        self._on_restart = on_restart
        self._orders: deque[tuple[Order | Callable[[Core], Answer], Future[Answer]]] = deque()
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._supervisor: threading.Thread | None = None
        self._core: Core | None = None
        self._next_stats = 0.0
        self._seen = (0, 0, 0.0)
        self.restarts = 0
        self.stats: EngineStats | None = None

    def start(self, timeout_s: float = 60.0) -> None:
        """Start; returns when the engine has read its state. Raises what building it raised."""
        self._core = self._build()
        self._supervisor = threading.Thread(target=self._supervise, name="engine-supervisor", daemon=True)
        self._supervisor.start()
        if not self._ready.wait(timeout_s):
            raise TimeoutError("the engine did not start")

    def stop(self) -> None:
        """Finish what is in the inbox, then end."""
        self._stop.set()
        self._inbox.notify()
        if self._supervisor is not None:
            self._supervisor.join()
            self._supervisor = None

    def submit(self, command: Command, actor: Actor, signatures: Sequence[Signature] = ()) -> Future[Answer]:
        """Queue an order; it is carried out between two batches."""
        return self._queue(Order(command, actor, tuple(signatures)))

    def call(self, function: Callable[[Core], Answer]) -> Future[Answer]:
        """Run a function on the engine thread."""
        return self._queue(function)

    def _queue(self, work: Order | Callable[[Core], Answer]) -> Future[Answer]:
        future: Future[Answer] = Future()
        if self._stop.is_set():
            future.set_result(Answer("stopped", "the engine is stopping"))
            return future
        self._orders.append((work, future))
        self._inbox.notify()
        return future

    @property
    def core(self) -> Core | None:
        """What runs now; None while it is built anew after a crash."""
        return self._core

    @property
    def store_ok(self) -> bool:
        """False while the store does not take what is written."""
        return self._core is None or self._core.pipeline.store_ok

    def _supervise(self) -> None:
        while True:
            self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
            self._thread.start()
            self._thread.join()
            if self._stop.is_set():
                break
            self.restarts += 1
            self._stop.wait(RESTART_AFTER_S[min(self.restarts - 1, len(RESTART_AFTER_S) - 1)])
            self._core = None
        if self._core is not None:
            self._core.close()
        while self._orders:  # came too late, or the engine could not be started again
            self._orders.popleft()[1].set_result(Answer("stopped", "the engine is stopping"))

    def _run(self) -> None:
        try:
            if self._core is None:
                self._core = self._build()
                self._on_restart()
            self._ready.set()
            self._loop(self._core)
        except Exception as error:  # the supervisor starts a new thread; the person is told
            log.exception("engine_crashed")
            report = self._write_report()
            self._publish(EngineCrashed(self._clock.now_us(), f"{type(error).__name__}: {error}", report))

    def _loop(self, core: Core) -> None:
        pipeline, inbox, monotonic = core.pipeline, self._inbox, self._clock.monotonic
        next_tick, next_second = 0.0, monotonic() + 1.0
        while True:
            if not len(inbox) and not self._orders:
                if self._stop.is_set():
                    return
                inbox.wait(IDLE_S)
                if 0 < len(inbox) < self._batch and not self._orders:
                    self._stop.wait(LINGER_S)
            if self._orders:
                self._carry_out(core)
            messages = inbox.take(self._batch)
            if messages:
                pipeline.process(messages)
            now = monotonic()
            if now >= next_tick:
                next_tick = now + IDLE_S
                core.tick()
            if now >= next_second:
                next_second = now + 1.0
                self._report_stats(core)
                core.every_second()

    def _carry_out(self, core: Core) -> None:
        """All that waits now, orders that follow each other together."""
        waiting = [self._orders.popleft() for _ in range(len(self._orders))]
        for whole, together in itertools.groupby(waiting, lambda each: isinstance(each[0], Order)):
            batch = list(together)
            if whole:
                self._together(core, batch)
            else:
                for function, future in batch:
                    self._call(core, function, future)

    @staticmethod
    def _together(core: Core, batch: list[tuple[Any, Future[Answer]]]) -> None:
        try:
            answers = core.door.handle_all([order for order, _ in batch])
        except Exception as error:  # whoever gave an order is told; the engine goes on
            log.exception("order_failed")
            answers = [Answer("failed", f"{type(error).__name__}: {error}")] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)

    @staticmethod
    def _call(core: Core, function: Any, future: Future[Answer]) -> None:
        try:
            future.set_result(function(core))
        except Exception as error:  # the person who gave the order is told; the engine goes on
            log.exception("order_failed")
            future.set_result(Answer("failed", f"{type(error).__name__}: {error}"))

    def _report_stats(self, core: Core) -> None:
        counters, now = core.pipeline.counters, self._clock.monotonic()
        messages, readings, then = self._seen
        span = max(1e-3, now - then)
        self._seen = (counters.messages, counters.readings, now)
        self.stats = EngineStats(
            t_us=self._clock.now_us(),
            messages_per_s=max(0.0, (counters.messages - messages) / span),
            readings_per_s=max(0.0, (counters.readings - readings) / span),
            lag_ms=(counters.lag_us + counters.commit_s * US) / 1000,
            queue_depth=len(self._inbox),
            refused_total=counters.refused,
            duplicates_total=counters.duplicates,
            commit_ms=counters.commit_s * 1000,
            restarts=self.restarts,
        )
        counters.lag_us = 0
        self._publish(self.stats)
        core.pipeline.feed(system_readings(self.stats, core.pipeline))

    def _write_report(self) -> str:
        """A crash report for whoever maintains the program; returns its path or '' when it can't be written."""
        path = self._report_dir / f"crash-{self._clock.now_us()}.txt"
        lines = [
            "安瞰 Ankan: the engine stopped because of a defect and was started again.",
            f"time (UTC µs): {self._clock.now_us()}",
            f"python {sys.version}",
            f"system {platform.platform()}",
            f"restarts {self.restarts}",
            f"stats {self.stats}",
            "",
            traceback.format_exc(),
        ]
        try:
            self._report_dir.mkdir(parents=True, exist_ok=True)
            for old in sorted(self._report_dir.glob("crash-*.txt"))[: -KEEP_REPORTS + 1]:
                old.unlink()
            path.write_text("\n".join(lines), encoding="utf-8")
        except OSError as error:
            log.error("report_failed", detail=str(error))
            return ""
        return str(path)


def system_readings(stats: EngineStats, pipeline: Pipeline) -> list[Reading]:
    """The engine's health as readings of tags of its own, so that they are alarmed and plotted like any other."""
    figures = {
        "$sys/messages_per_s": stats.messages_per_s,
        "$sys/readings_per_s": stats.readings_per_s,
        "$sys/lag_ms": stats.lag_ms,
        "$sys/queue_depth": float(stats.queue_depth),
        "$sys/refused_total": float(stats.refused_total),
        "$sys/duplicates_total": float(stats.duplicates_total),
        "$sys/commit_ms": stats.commit_ms,
        "$sys/store_waiting": float(pipeline.waiting),
    }
    return [Reading(tag, stats.t_us, value) for tag, value in figures.items()]
