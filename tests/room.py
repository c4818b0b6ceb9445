"""A control room for tests: real store, pipeline, alarms and door, on a clock that stands still until told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from app.bootstrap.room import ControlRoom, EngineCore
from app.clock import US, Clock, ManualClock
from app.config import Config, StoreConfig
from app.ingest.inbox import Message
from models import events
from models.alarms import AlarmDefinition, AlarmDefinitionRow, Condition, ConditionKind, Priority
from models.events import Event
from models.readings import Tag

START = 1_764_000_000 * US
KINDS = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]


class Broker:
    """Remembers what it was told is received."""

    def __init__(self, name: str = "field") -> None:
        self.name = name
        self.acknowledged: list[int] = []
        self.published: list[tuple[str, bytes]] = []
        self.reconnects = 0

    def acknowledge(self, mids: list[int]) -> None:
        self.acknowledged += mids

    def publish(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))

    def reconnect(self) -> None:
        self.reconnects += 1


def high(tag: str, limit: float, **fields: Any) -> AlarmDefinition:
    """A high alarm on a tag; delays and dead-band in ``fields``."""
    return AlarmDefinition(
        key=f"{tag}.H",
        tag=tag,
        text=f"{tag} 高",
        conditions=(Condition(kind=ConditionKind.H, priority=Priority.HIGH, limit=limit, **fields),),
    )


class Room:
    """One station without network threads; :meth:`begin` builds the engine's core as a start does."""

    def __init__(self, directory: Path, url: str = "", clock: Clock | None = None, **config: Any) -> None:
        self.clock = clock or ManualClock(START)
        self.control = ControlRoom(Config(store=StoreConfig(url=url), **config), directory, self.clock)
        self.store = self.control.store
        self.told: list[Event] = []
        for kind in KINDS:
            self.control.bus.subscribe(kind, self.told.append)
        self.control.bus.subscribe(events.AlarmsChanged, lambda event: self.core.alarms_changed(event))
        self.broker = Broker()
        self.core: EngineCore
        self._mid = 0

    def tags(self, *tags: Tag | str) -> None:
        with self.store.session() as session:
            session.add_all(Tag(name=tag) if isinstance(tag, str) else tag for tag in tags)

    def guard(self, *definitions: AlarmDefinition) -> None:
        with self.store.session() as session:
            for definition in definitions:
                tag_id = session.execute(text("SELECT id FROM tag WHERE name = :n"), {"n": definition.tag}).scalar_one()
                body = msgspec.to_builtins(definition)
                session.add(AlarmDefinitionRow(key=definition.key, tag_id=tag_id, body=body))

    def begin(self) -> EngineCore:
        self.core = EngineCore(self.control)
        return self.core

    def message(self, topic: str, payload: bytes | str, *, mid: int | None = None) -> Message:
        if mid is None:
            self._mid += 1
            mid = self._mid
        body = payload.encode() if isinstance(payload, str) else payload
        return Message(f"ankan/v1/{topic}", body, self.clock.now_us(), mid, self.broker)

    def hear(self, *messages: tuple[str, bytes | str]) -> None:
        """Messages of one batch, at QoS 1, as (tag, payload)."""
        self.core.pipeline.process([self.message(topic, payload) for topic, payload in messages])

    def wait(self, seconds: float) -> None:
        """Time passes in steps of the engine's tick."""
        assert isinstance(self.clock, ManualClock)
        end = self.clock.now_us() + round(seconds * US)
        while self.clock.now_us() < end:
            self.clock.set(min(end, self.clock.now_us() + US // 20))
            self.core.tick()

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def samples(self, tag: str) -> list[tuple[int, float | None]]:
        return self.rows(
            "SELECT ts_us, value FROM sample JOIN tag ON tag.id = tag_id WHERE tag.name = :t ORDER BY ts_us", t=tag
        )

    def letters(self, state: str = "open") -> list[tuple[str, str]]:
        return self.rows("SELECT reason, detail FROM dead_letter WHERE state = :s ORDER BY id", s=state)

    def state(self, key: str) -> str:
        return self.rows(
            "SELECT state FROM alarm_runtime r JOIN alarm_definition d ON d.id = r.definition_id WHERE d.key = :k",
            k=key,
        )[0][0]

    def heard_of(self, kind: type[Event]) -> Sequence[Any]:
        return [event for event in self.told if type(event) is kind]

    def close(self) -> None:
        self.control.jobs.close()
        self.control.guard.close()
        self.store.close()
