"""mosquitto → decoded → alarmed → committed at QoS 0, one value a message, against a paho loop that only counts."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.blaster import Blaster, publish_packet
from tests.benchmarks.common import Child, main, median, mosquitto

TOPICS = 500


def packets(messages: int, qos: int) -> bytes:
    """Messages of 500 tags in turn, 10 ms apart, most of them well within their limits, a few beyond."""
    start_ms = int(time.time() * 1000) - messages // TOPICS * 10 - 1000
    out = bytearray()
    for n in range(messages):
        value = 85.0 if n % 5000 == 4999 else 50 + (n * 7919 % 1000) / 100
        payload = b'{"v":%.2f,"t":%d}' % (value, start_ms + n // TOPICS * 10)
        out += publish_packet(f"ankan/v1/T{n % TOPICS}", payload, qos, n % 65_535 + 1)
    return bytes(out)


def one(
    kind: str, qos: int, messages: int, data: bytes, tags: int = TOPICS, readings: int | None = None
) -> dict[str, Any]:
    """One run of one receiver against a broker of its own."""
    with mosquitto() as broker:
        child = Child(
            "-m",
            "tests.benchmarks.receiver",
            kind,
            str(broker.port),
            str(qos),
            str(messages),
            str(tags),
            str(readings or messages),
        )
        child.line()
        blaster = Blaster(broker.port)
        blaster.send(data)
        result = child.line()
        blaster.close()
        child.end()
        return result


def compare(qos: int, messages: int, rounds: int = 3) -> dict[str, Any]:
    """Bare and whole in turn, so that both see the same weather; medians are compared."""
    data = packets(messages, qos)
    bare, ours, lost = [], [], 0
    for _ in range(rounds):
        bare.append(one("bare", qos, messages, data)["per_s"])
        result = one("room", qos, messages, data)
        ours.append(result["per_s"])
        lost += result["lost"]
    return {
        "ratio": round(median(ours) / median(bare), 3),
        "per_s": round(median(ours)),
        "bare_per_s": round(median(bare)),
        "lost": lost,
        "messages": messages,
    }


if __name__ == "__main__":
    main("ingest", "ratio >= 0.70", lambda: compare(0, 300_000))
