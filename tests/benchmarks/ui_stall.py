"""Longest gaps of the Qt loop at 5 000 messages a second with 64 curves of 3 600 points on the screen."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

from tests.benchmarks.common import Child, main, mosquitto, percentile
from tests.benchmarks.desk import desk, fill_history

RATE, TAGS, CURVES, POINTS, BEAT_MS = 5000, 500, 64, 3600, 5


def measure(seconds: float = 20.0) -> dict[str, Any]:
    """A 5 ms timer beats in the window's loop; the gaps between its beats are what a person would feel."""
    from PySide6.QtCore import Qt, QTimer

    with mosquitto() as broker, desk(broker.port, TAGS, prepare=lambda d: fill_history(d, CURVES, POINTS)) as seat:
        trends = seat.window.panel("monitoring.trends")
        trends.window_.show_span(POINTS)
        trends.show_group([[f"T{plot * 4 + k}" for k in range(4)] for plot in range(CURVES // 4)])
        seat.run_until(lambda: seat.room.links()[0].state == "up", 20)
        child = Child("-m", "tests.benchmarks.publisher", str(broker.port), str(RATE), str(TAGS), "0.5")
        seat.run(5.0)
        beats: list[float] = []
        timer = QTimer(interval=BEAT_MS)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(lambda: beats.append(time.perf_counter()))
        timer.start()
        seat.run(seconds)
        timer.stop()
        child.end()
        points = sum(
            s.view(trends.window_.start_us, trends.window_.end_us).t_us.size for p in trends.plots for s in p.series
        )
        rate = seat.room.stats().messages_per_s
    gaps = [(b - a) * 1000 for a, b in pairwise(beats)]
    return {
        "p99_ms": round(percentile(gaps, 0.99), 1),
        "p999_ms": round(percentile(gaps, 0.999), 1),
        "max_ms": round(max(gaps), 1),
        "beats": len(gaps),
        "curves": CURVES,
        "points_shown": int(points),
        "messages_per_s": round(rate),
    }


if __name__ == "__main__":
    main("ui_stall", "p99_ms <= 50", measure)
