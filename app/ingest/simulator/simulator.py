"""The simulator: samples of the demonstration plant as time passes, and its past in blocks.

The values are functions of time and seed (see :mod:`app.ingest.simulator.noise`); a step only decides which samples are
due. So the same seed, start and scenarios give the same samples however the time is cut into steps.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.clock import US, Clock
from app.ingest.simulator.demo import DemoPlant
from app.ingest.simulator.noise import Floats, key_of, uniform
from app.ingest.simulator.plant import Point, living_points
from app.ingest.simulator.scenarios import Run, Scenario, scenarios
from app.ports import ScenarioInfo
from models.readings import Quality

GOOD = int(Quality.GOOD)
AHEAD = 16  # undisturbed samples of a tag that are computed at once
CHECK_S = 1.0  # how often switches and texts are looked at

#: tag, source time (UTC µs), value, OPC quality
Sample = tuple[str, int, float | str | None, int]


class Block(NamedTuple):
    """A stretch of the past: one row a time, one column a tag; NaN where nothing was sent. ``texts`` are on change."""

    t_us: NDArray[np.int64]
    tags: tuple[str, ...]
    values: NDArray[np.float64]
    qualities: NDArray[np.int64]
    texts: list[Sample]

    def rows(self, ids: Mapping[str, int]) -> list[tuple[int, int, float, int]]:
        """(t_us, tag id, value, quality) in time order, for tags that have an id."""
        columns = [i for i, tag in enumerate(self.tags) if tag in ids]
        numbers = np.array([ids[self.tags[i]] for i in columns], dtype=np.int64)
        values = self.values[:, columns]
        sent = ~np.isnan(values).ravel()
        times = np.repeat(self.t_us, len(columns))[sent].tolist()
        tags = np.tile(numbers, len(self.t_us))[sent].tolist()
        return list(
            zip(
                times,
                tags,
                values.ravel()[sent].tolist(),
                self.qualities[:, columns].ravel()[sent].tolist(),
                strict=True,
            )
        )


class _Feed:
    """A tag on the way: its grid of times, the samples computed ahead, and what was last sent."""

    __slots__ = ("at", "base", "every_us", "last_us", "last_value", "name", "next_us", "phase_us", "point", "times")

    def __init__(self, name: str, point: Point, phase_us: int, every_us: int) -> None:
        self.name = name
        self.point = point
        self.phase_us = phase_us
        self.every_us = every_us
        self.next_us = 0
        self.at = 0
        self.times: list[int] = []
        self.base: list[float] = []
        self.last_us = 0
        self.last_value: float | str | None = None


class Simulator:
    """A plant that lives from ``clock.now_us()`` on. Scenarios may be started and stopped from any thread."""

    def __init__(self, clock: Clock, seed: int, plant: DemoPlant) -> None:
        self.seed = seed
        self.now_us = clock.now_us()
        self._clock = clock
        self.world, self.points = living_points(plant.file, seed)
        self._scenarios = scenarios(self.world, self.points)
        self._runs: tuple[Run, ...] = ()
        self._lock = threading.Lock()
        self._feeds: list[tuple[int, int, _Feed]] = []
        phase = key_of(seed, "phase")
        for i, (name, point) in enumerate(self.points.items()):
            every_us = round((point.spec.every_s if point.spec.kind == "analog" else CHECK_S) * US)
            # a tenth of a second is as fine as the publisher's step
            feed = _Feed(name, point, int(uniform(np.array([i]), phase)[0] * every_us) // 100_000 * 100_000, every_us)
            feed.next_us = -(-(self.now_us - feed.phase_us) // every_us) * every_us + feed.phase_us
            self._feeds.append((feed.next_us, i, feed))
        heapq.heapify(self._feeds)

    def step(self, dt_s: float) -> list[Sample]:
        """Let ``dt_s`` seconds pass; every sample that fell due in them, in time order."""
        self.now_us += round(dt_s * US)
        runs = self._living_runs()
        out: list[Sample] = []
        while self._feeds and self._feeds[0][0] <= self.now_us:
            _, i, feed = self._feeds[0]
            sample = self._sample(feed, runs)
            if sample is not None:
                out.append(sample)
            feed.next_us += feed.every_us
            heapq.heapreplace(self._feeds, (feed.next_us, i, feed))
        return out

    def skip_to(self, t_us: int) -> None:
        """Leave out what fell due until ``t_us`` (a machine that slept need not catch up)."""
        while self._feeds[0][0] <= t_us:
            _, i, feed = self._feeds[0]
            feed.next_us = -(-(t_us + 1 - feed.phase_us) // feed.every_us) * feed.every_us + feed.phase_us
            feed.times = []
            feed.at = 0
            heapq.heapreplace(self._feeds, (feed.next_us, i, feed))
        self.now_us = max(self.now_us, t_us)

    def start_scenario(self, name: str, at_us: int | None = None) -> None:
        """Start a scenario now, or at another time (UTC µs, also in the past). KeyError for an unknown name."""
        scenario = self._scenarios[name]
        start_s = (self._clock.now_us() if at_us is None else at_us) / US
        with self._lock:
            if not any(run.scenario is scenario and self._running(run) for run in self._runs):
                self._runs = (*self._runs, Run(scenario, start_s))

    def stop_scenario(self, name: str, at_us: int | None = None) -> None:
        """Let a scenario fade from now on; nothing happens when it does not run. KeyError for an unknown name."""
        scenario = self._scenarios[name]
        stop_s = (self._clock.now_us() if at_us is None else at_us) / US
        with self._lock:
            for run in self._runs:
                if run.scenario is scenario and (run.stop_s is None or run.stop_s > stop_s):
                    run.stop_s = max(stop_s, run.start_s)

    def scenarios(self) -> list[ScenarioInfo]:
        """All scenarios, and which of them run."""
        running = {run.scenario.name for run in self._runs if self._running(run)}
        return [ScenarioInfo(s.name, s.title, s.title_en, s.name in running) for s in self._scenarios.values()]

    def scenario(self, name: str) -> Scenario:
        """A scenario by name; KeyError when there is none."""
        return self._scenarios[name]

    def history(self, start_us: int, end_us: int, step_s: float, rows_at_once: int = 200_000) -> Iterator[Block]:
        """The past from ``start_us`` (inclusive) to ``end_us`` (exclusive) at a fixed step, in blocks in time order.

        Runs of scenarios that were placed in the past are in it. Switches are written at every step, texts on change.
        """
        step_us = max(1, round(step_s * US))
        analog = tuple(name for name, point in self.points.items() if point.spec.kind != "text")
        texts = [(name, point) for name, point in self.points.items() if point.spec.kind == "text"]
        last_text: dict[str, float | str | None] = {}
        length = max(1, rows_at_once // max(1, len(analog)))
        for first in range(start_us, end_us, step_us * length):
            t_us = np.arange(first, min(end_us, first + step_us * length), step_us, dtype=np.int64)
            t = t_us / US
            values = np.empty((len(t), len(analog)))
            qualities = np.full((len(t), len(analog)), GOOD, dtype=np.int64)
            for i, name in enumerate(analog):
                values[:, i], quality = self._shown(name, t, self.points[name].signal(t), self._runs)
                if quality is not None:
                    qualities[:, i] = quality
            said: list[Sample] = []
            for name, point in texts:
                for at, number in zip(t_us.tolist(), point.signal(t).tolist(), strict=True):
                    word = _text(point, number)
                    if last_text.get(name, "") != word:
                        last_text[name] = word
                        said.append((name, at, word, GOOD))
            yield Block(t_us, analog, values, qualities, sorted(said, key=lambda sample: sample[1]))

    def _running(self, run: Run) -> bool:
        now_s = self._clock.now_us() / US
        return run.stop_s is None or now_s < run.stop_s

    def _living_runs(self) -> tuple[Run, ...]:
        if self._runs:
            with self._lock:
                self._runs = tuple(run for run in self._runs if not run.over(self.now_us / US))
        return self._runs

    def _shown(
        self, name: str, t: Floats, base: Floats, runs: tuple[Run, ...]
    ) -> tuple[Floats, NDArray[np.float64] | None]:
        """What the transmitter sends: disturbed, cut to its range, rounded to its resolution."""
        spec = self.points[name].spec
        values, quality = base, None
        for run in runs:
            if name in run.scenario.effects:
                values, worse = run.disturb(name, t, values, discrete=spec.kind != "analog")
                quality = worse if quality is None else np.minimum(quality, worse)
        if spec.kind != "analog":
            return values, quality
        if spec.range is not None:
            values = np.clip(values, *spec.range)
        return np.round(values, spec.decimals + 1), quality

    def _sample(self, feed: _Feed, runs: tuple[Run, ...]) -> Sample | None:
        if feed.at >= len(feed.times):
            feed.times = [feed.next_us + k * feed.every_us for k in range(AHEAD)]
            feed.base = feed.point.signal(np.array(feed.times, dtype=np.int64) / US).tolist()
            feed.at = 0
        t_us, base = feed.times[feed.at], feed.base[feed.at]
        feed.at += 1
        spec = feed.point.spec
        quality = GOOD
        number = base
        if any(feed.name in run.scenario.effects for run in runs):
            shown, worse = self._shown(feed.name, np.array([t_us]) / US, np.array([base]), runs)
            number = float(shown[0])
            quality = GOOD if worse is None else int(worse[0])
            if number != number:  # lost
                feed.last_value = None
                return None
        elif spec.kind == "analog":
            if spec.range is not None:
                number = min(max(number, spec.range[0]), spec.range[1])
            number = float(np.round(number, spec.decimals + 1))
        if spec.kind == "analog":
            return feed.name, t_us, number, quality
        value = number if spec.kind == "discrete" else _text(feed.point, number)
        if value == feed.last_value and t_us - feed.last_us < spec.every_s * US:
            return None
        feed.last_value = value
        feed.last_us = t_us
        return feed.name, t_us, value, quality


def _text(point: Point, number: float) -> str:
    """A batch number, or a dash while there is no batch."""
    return f"{point.device.code}-{int(number):05d}" if number else "—"
