"""From publish to the row in the alarm list of a real (offscreen) window, at 2 000 messages a second."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.common import Child, main, mosquitto, percentile
from tests.benchmarks.desk import desk

RATE, TAGS = 2000, 500


def measure(seconds: float = 20.0) -> dict[str, Any]:
    """Twenty alarms a second that clear by themselves; each is timed when the list's model holds its row."""
    with mosquitto() as broker, desk(broker.port, TAGS, auto_reset=True) as seat:
        window = seat.window
        panel = window.panel("alarms.list")
        delays: list[float] = []
        seen: set[int] = set()

        def changed(rows: list[Any], _sounding: object) -> None:
            now = time.time()
            for row in rows:
                if row.occurrence_id not in seen and row.tag.startswith("T"):
                    assert panel.model.find(row.occurrence_id) is not None
                    seen.add(row.occurrence_id)
                    delays.append((now - row.raised_us / 1e6) * 1000)

        window.ctx.open_alarms.changed.connect(changed)
        seat.run_until(lambda: seat.room.links()[0].state == "up", 20)
        child = Child("-m", "tests.benchmarks.publisher", str(broker.port), str(RATE), str(TAGS), "20")
        seat.run(4.0)
        delays.clear()
        seat.run(seconds)
        child.end()
        rate = seat.room.stats().messages_per_s
    return {
        "p99_ms": round(percentile(delays, 0.99), 1),
        "p50_ms": round(percentile(delays, 0.5), 1),
        "max_ms": round(max(delays), 1),
        "alarms": len(delays),
        "messages_per_s": round(rate),
    }


if __name__ == "__main__":
    main("alarm_latency", "p99_ms <= 100", measure)
