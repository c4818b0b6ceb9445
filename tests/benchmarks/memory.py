"""One hour of 2 000 messages a second, time-compressed, through engine and window: growth after warm-up."""

from __future__ import annotations

import gc
import os
import time
from typing import Any

from tests.benchmarks.common import main, mosquitto
from tests.benchmarks.desk import desk

RATE, TAGS, HOUR_S, WARM_S = 2000, 500, 3600, 900
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mb() -> float:
    """Resident memory of this process."""
    with open("/proc/self/statm") as handle:
        return int(handle.read().split()[1]) * PAGE / 1e6


def measure() -> dict[str, Any]:
    """Every tag speaks four times a second; a few alarms come and go; the window shows it all."""
    from app.clock import US
    from app.ingest.inbox import Message

    with mosquitto() as broker, desk(broker.port, TAGS) as seat:
        core, inbox = seat.room.engine._core, seat.room.inbox
        start_us = int(time.time() * US) - (WARM_S + HOUR_S) * US
        readings: list[tuple[int, float]] = []
        began = time.perf_counter()
        for second in range(WARM_S + HOUR_S):
            for n in range(RATE):
                tag = n % TAGS
                t_us = start_us + second * US + n * 500
                value = 85.0 if (second + tag) % 1800 == 0 else 50 + (n + second) % 97 / 10
                inbox.put(Message(f"ankan/v1/T{tag}", b'{"v":%.2f,"t":%d}' % (value, t_us), t_us, 0, None))
            inbox.notify()
            while len(inbox) > 3 * RATE:
                seat.app.processEvents()
                time.sleep(0.0005)
            seat.app.processEvents()
            if second >= WARM_S and (second - WARM_S) % 60 == 0:
                gc.collect()
                readings.append(((second - WARM_S), resident_mb()))
        compressed = (WARM_S + HOUR_S) / (time.perf_counter() - began)
        messages = core.pipeline.counters.messages
    growth = slope(readings) * HOUR_S
    return {
        "mb_per_hour": round(growth, 2),
        "mb_start": round(readings[0][1], 1),
        "mb_end": round(readings[-1][1], 1),
        "messages": messages,
        "compressed": round(compressed, 1),
    }


def slope(points: list[tuple[int, float]]) -> float:
    """Least squares."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


if __name__ == "__main__":
    main("memory", "mb_per_hour <= 5", measure)
