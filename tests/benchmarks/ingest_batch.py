"""Fifty values a message: points a second through the whole way, and that none is lost."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.benchmarks.blaster import publish_packet
from tests.benchmarks.common import main, median
from tests.benchmarks.ingest import one

TAGS, EACH = 500, 50


def measure(messages: int = 20_000, rounds: int = 3) -> dict[str, Any]:
    """Each message speaks for fifty of five hundred tags."""
    start_ms = int(time.time() * 1000) - messages - 1000
    out = bytearray()
    for n in range(messages):
        first = n * EACH % TAGS
        values = {f"T{first + k}": 50 + (n * k) % 17 for k in range(EACH)}
        payload = json.dumps(
            {"t": start_ms + n // (TAGS // EACH) * 10, "values": values}, separators=(",", ":")
        ).encode()
        out += publish_packet("ankan/v1/gateway", payload, 1, n % 65_535 + 1)
    rates, lost = [], 0
    for _ in range(rounds):
        result = one("room", 1, messages, bytes(out), TAGS, messages * EACH)
        rates.append(result["points_per_s"])
        lost += result["lost"]
    return {"points_per_s": round(median(rates)), "lost": lost, "points": messages * EACH}


if __name__ == "__main__":
    main("ingest_batch", "points_per_s >= 80000, lost = 0", measure)
