"""What every benchmark shares: one JSON object on the last line, percentiles, children, a room with tags and alarms."""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def quiet_logs() -> None:
    """Only errors: a benchmark's output is its figures."""
    import structlog

    logging.getLogger().setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def main(name: str, limit: str, measure: Callable[[], dict[str, Any]]) -> None:
    """Run ``measure`` and print its figures; ``limit`` says in words what must be reached."""
    parser = argparse.ArgumentParser(description=f"{name}: {limit}")
    parser.add_argument("--json", action="store_true", help="only the JSON line")
    arguments = parser.parse_args()
    quiet_logs()
    if not arguments.json:
        print(f"{name}: {limit}", file=sys.stderr)
    print(json.dumps({"name": name, "limit": limit, **measure()}))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0…1) of the values don't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """Middle value."""
    return percentile(values, 0.5)


class Child:
    """A Python child process that speaks JSON lines on its standard output."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        # an installed program has compiled modules: let the children keep theirs
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
            env={**inherited, **environment},
            cwd=Path(__file__).parents[2],
        )

    def line(self) -> dict[str, Any]:
        """The next JSON line; other output is passed over."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            if text.startswith("{"):
                found: dict[str, Any] = json.loads(text)
                return found
        raise RuntimeError(f"child ended with {self.process.wait()}")

    def tell(self, word: str) -> None:
        """Send it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Wait for it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ankan-bench-") as name:
        yield Path(name)


@contextmanager
def mosquitto() -> Iterator[Any]:
    """A real broker."""
    from tests.servers import Mosquitto

    with scratch() as directory:
        broker = Mosquitto(directory).start()
        try:
            yield broker
        finally:
            broker.stop()


def fill_tags(
    data_dir: Path,
    count: int,
    *,
    limits: Sequence[tuple[str, float, int]] = (("H", 80.0, 3), ("HH", 90.0, 4)),
    auto_reset: bool = False,
) -> None:
    """A store with ``count`` tags T0… with limits, in one area per hundred tags."""
    import msgspec

    from app.store.engine import open_store
    from models.alarms import AlarmDefinition, AlarmDefinitionRow, Condition, ConditionKind, Priority
    from models.readings import Place, PlaceKind, Tag

    store = open_store(data_dir)
    with store.session() as session:
        plant = Place(code="P", kind=PlaceKind.PLANT, name="Plant")
        session.add(plant)
        session.flush()
        areas = [
            Place(code=f"A{n}", kind=PlaceKind.AREA, name=f"Area {n}", parent_id=plant.id)
            for n in range(-(-count // 100))
        ]
        session.add_all(areas)
        session.flush()
        tags = [
            Tag(name=f"T{n}", unit="Cel", range_lo=0.0, range_hi=200.0, place_id=areas[n // 100].id)
            for n in range(count)
        ]
        session.add_all(tags)
        session.flush()
        if limits:
            conditions = tuple(
                Condition(kind=ConditionKind(k), limit=x, deadband=1.0, priority=Priority(p)) for k, x, p in limits
            )
            for tag in tags:
                definition = AlarmDefinition(
                    key=tag.name, tag=tag.name, text=f"{tag.name} high", conditions=conditions, auto_reset=auto_reset
                )
                session.add(AlarmDefinitionRow(key=tag.name, tag_id=tag.id, body=msgspec.to_builtins(definition)))
    store.close()


def room_for(data_dir: Path, port: int, qos: int = 1) -> Any:
    """A control room on a broker at ``port``, as a station would have it."""
    from app.bootstrap.room import ControlRoom
    from app.config import BrokerConfig, Config

    return ControlRoom(Config(station="BENCH", brokers=(BrokerConfig(port=port, qos=qos),)), data_dir)


def until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Wait, looking a thousand times a second."""
    deadline = time.perf_counter() + timeout
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError(what)
        time.sleep(0.001)
