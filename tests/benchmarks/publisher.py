"""The child that publishes at a steady rate until it is told to stop: ``publisher PORT RATE TAGS ALARMS_PER_S``.

Each value carries the time of sending. Once in a while a tag crosses its limit (and comes back a second later).
"""

from __future__ import annotations

import sys
import threading
import time

from tests.benchmarks.blaster import Blaster, publish_packet


def run(port: int, rate: float, tags: int, alarms_per_s: float) -> None:
    """Send until standard input closes."""
    blaster = Blaster(port)
    over = threading.Event()

    def until_closed() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=until_closed, daemon=True).start()
    start, sent = time.perf_counter(), 0
    every = int(rate / alarms_per_s) if alarms_per_s else 0
    high: dict[int, float] = {}
    while not over.is_set():
        burst = bytearray()
        due = int((time.perf_counter() - start) * rate)
        now = time.time()
        for n in range(sent, min(due, sent + 5000)):
            tag = n % tags
            if every and n % every == 0:
                high[n // every * 7 % tags] = now + 1.0
            beyond = high.get(tag, 0.0) > now
            value = 85.0 if beyond else 50 + n % 97 / 10
            burst += publish_packet(f"ankan/v1/T{tag}", b'{"v":%.2f,"t":%d}' % (value, int(now * 1e6)))
        sent = min(due, sent + 5000)
        if burst:
            blaster.send(bytes(burst))
        over.wait(0.005)
    blaster.close()


if __name__ == "__main__":
    run(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
