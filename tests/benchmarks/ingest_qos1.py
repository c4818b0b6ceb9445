"""The same at QoS 1: acknowledged after the commit, against bare paho at QoS 1."""

from __future__ import annotations

from tests.benchmarks.common import main
from tests.benchmarks.ingest import compare

if __name__ == "__main__":
    main("ingest_qos1", "ratio >= 0.85", lambda: compare(1, 150_000))
