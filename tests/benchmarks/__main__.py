"""All benchmarks, one JSON line each: ``python -m tests.benchmarks --all``, or some by name."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "ingest",
    "ingest_qos1",
    "ingest_batch",
    "alarm_latency",
    "ui_stall",
    "plot_frame",
    "history_query",
    "startup",
    "memory",
    "audit",
    "permission",
    "risk_regrade",
    "map_update",
    "map_open",
)


def run(names: list[str]) -> int:
    """Each in a process of its own, so that none inherits another's memory; returns how many failed to run."""
    failed = 0
    for name in names:
        done = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}", "--json"], stdout=subprocess.PIPE, text=True, check=False
        )
        print(
            done.stdout.strip().splitlines()[-1]
            if done.stdout.strip()
            else f'{{"name": "{name}", "failed": {done.returncode}}}',
            flush=True,
        )
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    sys.exit(run(wanted or list(NAMES)))
