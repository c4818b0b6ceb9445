"""A room on a real store, on each database in turn (``room``) or on SQLite only (``small_room``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.engine import Store
from tests.room import Room


@pytest.fixture
def room(store: Store, tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path, store.url)
    yield made
    made.close()


@pytest.fixture
def small_room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.close()
