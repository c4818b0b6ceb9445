"""Brings the simulator's samples to the broker as native JSON, each tag at its own rate, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import structlog

from app.clock import US, Clock
from app.ingest.simulator.simulator import GOOD, Sample, Simulator

log = structlog.get_logger(__name__)

STEP_S = 0.1
SLEPT_S = 10.0  # more than this behind: leave out what was missed


class SimulatorPublisher:
    """Publishes ``{"t": µs, "v": value}`` (and ``"q"`` unless good) on ``<prefix><tag>``.

    ``publish`` is called on the publisher's thread; when it raises OSError or RuntimeError the sample is counted in
    ``failed`` and the next one is tried.
    """

    def __init__(
        self,
        simulator: Simulator,
        publish: Callable[[str, bytes], None],
        *,
        clock: Clock,
        prefix: str = "ankan/v1/",
        step_s: float = STEP_S,
    ) -> None:
        self.simulator = simulator
        self.published = 0
        self.failed = 0
        self._publish = publish
        self._clock = clock
        self._prefix = prefix
        self._step_s = step_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._encoder = msgspec.json.Encoder()

    def start(self) -> None:
        """Begin to publish; does nothing when it already does."""
        if self._thread is None:
            self._stop.clear()
            self.simulator.skip_to(self._clock.now_us())
            self._thread = threading.Thread(target=self._run, name="ankan-simulator", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop and wait for the thread; safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def pump(self) -> int:
        """Publish what fell due since the last call; returns how many samples that were."""
        behind_s = (self._clock.now_us() - self.simulator.now_us) / US
        if behind_s > SLEPT_S:
            self.simulator.skip_to(self._clock.now_us() - US)
            behind_s = 1.0
        if behind_s <= 0:
            return 0
        samples = self.simulator.step(behind_s)
        for sample in samples:
            self._send(sample)
        return len(samples)

    def _send(self, sample: Sample) -> None:
        tag, t_us, value, quality = sample
        body: dict[str, object] = {"v": value, "t": t_us}
        if quality != GOOD:
            body["q"] = quality
        try:
            self._publish(self._prefix + tag, self._encoder.encode(body))
        except (OSError, RuntimeError) as error:  # the broker is away; the client comes back by itself
            if self.failed == 0:
                log.warning("simulator_publish_failed", detail=str(error))
            self.failed += 1
        else:
            self.published += 1

    def _run(self) -> None:
        while not self._stop.wait(self._step_s):
            self.pump()
