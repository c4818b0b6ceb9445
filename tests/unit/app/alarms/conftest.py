"""A small plant on a real SQLite file: tags, alarms, an engine and a clock that stands still until told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, create_engine, event, insert, select

from app.alarms import records
from app.alarms.engine import AlarmEngine
from app.alarms.records import AlarmChanges
from app.clock import US, ManualClock
from app.store.engine import begin_in_full
from models.alarms import AlarmDefinition, AlarmDefinitionRow, Condition, ConditionKind, Priority
from models.base import Base
from models.people import Actor
from models.readings import LiveValue, Tag, TagInfo
from models.rights import Role

import models.audit  # noqa: F401  isort: skip - tables of every area must be known to the metadata

ANNA = Actor(user_id=1, login="anna", name="Anna", roles=(Role.OPERATOR,), station="CR-1", session_id=7)


class Tags:
    """A catalogue in memory."""

    def __init__(self, infos: Sequence[TagInfo]) -> None:
        self.infos = list(infos)

    def all(self) -> Sequence[TagInfo]:
        return self.infos

    def by_id(self, tag_id: int) -> TagInfo | None:
        return next((t for t in self.infos if t.id == tag_id), None)

    def by_name(self, name: str) -> TagInfo | None:
        return next((t for t in self.infos if t.name == name), None)


def _quick(connection: Any, _: Any) -> None:
    """Real constraints, no waiting for the disk."""
    for pragma in ("foreign_keys=ON", "synchronous=OFF", "journal_mode=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


class Plant:
    """Store, clock, tags and alarm engine."""

    def __init__(self, path: Path) -> None:
        self.store: Engine = create_engine(f"sqlite:///{path / 'plant.db'}")
        event.listen(self.store, "connect", _quick)
        begin_in_full(self.store)
        Base.metadata.create_all(self.store)
        self.clock = ManualClock(1_000 * US)
        self.live: dict[int, LiveValue] = {}
        self.tags = Tags([])
        self.engine = AlarmEngine(self.clock, "CR-1")
        self.told: list[AlarmChanges] = []

    @property
    def now(self) -> int:
        return self.clock.now_us()

    def tag(self, name: str, **fields: Any) -> int:
        key = len(self.tags.infos) + 1
        with self.store.begin() as connection:
            connection.execute(insert(Tag.__table__), [{"id": key, "name": name}])
        self.tags.infos.append(TagInfo(id=key, name=name, area="A1", area_name="一区", **fields))
        return key

    def define(self, *definitions: AlarmDefinition) -> None:
        with self.store.begin() as connection:
            for definition in definitions:
                tag = self.tags.by_name(definition.tag)
                row = {
                    "key": definition.key,
                    "tag_id": tag.id if tag else None,
                    "body": msgspec.to_builtins(definition),
                    "enabled": definition.enabled,
                }
                connection.execute(insert(AlarmDefinitionRow.__table__), [row])

    def start(self) -> AlarmEngine:
        """A fresh engine from what the store holds: also after a kill."""
        self.engine = AlarmEngine(self.clock, "CR-1")
        with self.store.connect() as connection:
            self.engine.load(connection, self.tags)
        return self.engine

    def hear(self, tag_id: int, value: float | str | None, quality: int = 192, *, t_us: int | None = None) -> None:
        """A sample, the way of the pipeline."""
        t_us = self.now if t_us is None else t_us
        band = self.engine.quiet.get(tag_id)
        inside = band is not None and quality >= 192 and isinstance(value, float) and band[0] < value < band[1]
        if tag_id in self.engine.watched and not inside:
            self.engine.sample(tag_id, t_us, value, quality)
        self.live[tag_id] = LiveValue(tag_id, t_us, value, quality, self.now)

    def wait(self, seconds: float, step: float = 0.05) -> AlarmChanges:
        """Time passes, the engine ticks."""
        end = self.now + round(seconds * US)
        while self.now < end:
            self.clock.set(min(end, self.now + round(step * US)))
            self.engine.tick(self.now, self.live)
        return self.commit()

    def commit(self) -> AlarmChanges:
        changes = self.engine.take_changes()
        if changes:
            with self.store.begin() as connection:
                records.save(connection, changes)
            self.told.append(changes)
        return changes

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.store.connect() as connection:
            return [
                dict(r._mapping)
                for r in connection.execute(select(table.__table__).order_by(*table.__table__.primary_key))
            ]


def high(key: str, tag: str, limit: float = 10.0, **fields: Any) -> AlarmDefinition:
    condition = {"kind": ConditionKind.H, "priority": Priority.HIGH, "limit": limit}
    own = {k: fields.pop(k) for k in ("on_delay_s", "off_delay_s", "deadband", "priority") if k in fields}
    return AlarmDefinition(key=key, tag=tag, text=f"{tag} 高", conditions=(Condition(**(condition | own)),), **fields)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    yield made
    made.store.dispose()
