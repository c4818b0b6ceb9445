"""Fixtures for all tests: real servers, the cases folder, and the fences (leaked threads, unexpected warnings)."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.engine import Store, sqlite_url
from tests.servers import Mosquitto, PostgreSQL

LONGEST = "tests/e2e/test_tour.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tour takes minutes: begun first, it runs beside all others instead of after them."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")

#: Threads that libraries keep for the life of the process.
KEPT_THREADS = ("pytest", "execnet", "ThreadPoolExecutor-", "asyncio_")


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A test that leaves a thread running fails."""
    before = set(threading.enumerate())
    yield
    leaked = [
        t for t in threading.enumerate() if t not in before and t.is_alive() and not t.name.startswith(KEPT_THREADS)
    ]
    if leaked:
        gc.collect()  # some end with the object that owns them
    for thread in leaked:
        thread.join(2.0)
    leaked = [t for t in leaked if t.is_alive()]
    assert not leaked, f"threads left running: {[t.name for t in leaked]}"


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real cases; skips where it is missing."""
    path = Path(os.environ.get("ANKAN_CASES", Path(__file__).parents[1] / ".." / "shared" / "cases")).resolve()
    if not path.is_dir():
        pytest.skip(f"no cases folder at {path} (set ANKAN_CASES)")
    return path


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker that anyone may use."""
    broker = Mosquitto(tmp_path).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running PostgreSQL."""
    server = PostgreSQL().start()
    yield server
    server.stop()


_databases = iter(range(1_000_000))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store at the newest schema, on each database in turn."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "ankan.db")
    else:
        url = request.getfixturevalue("postgresql").new_database(f"t{next(_databases)}")
    opened = Store(url)
    opened.upgrade()
    yield opened
    opened.close()
