"""Without a window: the engine as a service, and recordings through the real pipeline."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.alarms.replay import definition_from
from app.bootstrap.room import ControlRoom, EngineCore, open_room
from app.clock import US, ManualClock
from app.config import Config, load_config
from app.ingest.decode.base import Undecodable
from app.ingest.decode.router import Decoder
from app.ingest.decodefile import iso_utc
from app.ingest.inbox import Message
from app.ingest.replayfile import Recorded, ReplayError, read_recording
from app.logs import set_up_logging
from app.store.engine import StoreError
from models.alarms import AlarmDefinition, AlarmDefinitionRow, AlarmTransition, Priority
from models.events import AlarmsChanged
from models.readings import Tag, TagKind

log = structlog.get_logger(__name__)

BATCH = 5000


def serve_forever(data_dir: Path) -> None:
    """Run the engine until SIGINT or SIGTERM. Raises ConfigError, StoreError."""
    config = load_config(data_dir)
    set_up_logging(config.log_level, data_dir / "logs")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    room = open_room(data_dir)
    try:
        room.start()
    except SQLAlchemyError as error:  # a full disk, a database that went away: said in words, not as a traceback
        room.stop()
        raise StoreError(f"the engine could not read its state: {getattr(error, 'orig', None) or error}") from error
    log.info("serving", station=room.name, directory=str(data_dir), brokers=[b.name for b in config.brokers])
    try:
        while not stop.wait(1.0):
            pass
    finally:
        room.stop()
        log.info("stopped", station=room.name)


def replay_file(
    file: Path, data_dir: Path | None, *, speed: float = 0.0, tag: str = "", alarms: Path | None = None
) -> Iterator[dict[str, Any]]:
    """Play a recording; yields each alarm transition and, last, a summary.

    ``data_dir`` keeps what is stored; without it everything goes to a scratch directory. Tags that the catalogue does
    not know are created, since a recording is not the plant. ``speed`` 0 does not wait, 1 waits as recorded.
    Raises ReplayError.
    """
    recording = read_recording(file, tag)
    first = next(iter(recording), None)
    if first is None:
        raise ReplayError(f"{file}: nothing recorded")
    definitions = _definitions(alarms)
    with ExitStack() as stack:
        where = data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ankan-replay-")))
        clock = ManualClock(first.t_us)
        room = ControlRoom(load_config(where) if data_dir else Config(), where, clock)
        stack.callback(room.store.close)
        stack.callback(room.jobs.close)
        stack.callback(room.guard.close)
        if data_dir is None:
            room.store.relax()
        player = _Player(room, clock, definitions)
        yield from player.play(first, recording, speed)


def _definitions(path: Path | None) -> list[AlarmDefinition]:
    if path is None:
        return []
    try:
        bodies = msgspec.json.decode(path.read_bytes(), type=list[Any])
        return [definition_from(body) for body in bodies]
    except (msgspec.DecodeError, ValueError) as error:
        raise ReplayError(f"{path}: {error}") from error


class _Player:
    """Feeds recorded messages in batches of at most a second of recorded time."""

    def __init__(self, room: ControlRoom, clock: ManualClock, definitions: list[AlarmDefinition]) -> None:
        self._room, self._clock = room, clock
        self._define(definitions)
        self._core = EngineCore(room)
        # names are learnt by a decoder of its own: Sparkplug counts every message that the real one sees
        engine = room.config.engine
        self._scout = Decoder(room.mapping, max_bytes=engine.max_payload, native_prefix=engine.tag_prefix)
        self._moved = False
        room.bus.subscribe(AlarmsChanged, self._on_alarms)
        with room.store.read() as connection:
            self._journal = connection.execute(select(func.max(AlarmTransition.id))).scalar() or 0

    def play(self, first: Recorded, rest: Iterator[Recorded], speed: float) -> Iterator[dict[str, Any]]:
        """All transitions, then the summary."""
        started, begun = time.monotonic(), first.t_us
        batch = [_message(first)]
        edge, last, count, raised = first.t_us + US, first.t_us, 0, 0
        for recorded in chain(rest, [None]):
            if recorded is None or recorded.t_us >= edge or len(batch) >= BATCH:
                count += len(batch)
                for line in self._send(batch, last):
                    raised += line["transition"] in ("raise", "realarm")
                    yield line
                batch = []
                if recorded is not None:
                    edge = recorded.t_us + US
                    wait = (recorded.t_us - begun) / US / speed - (time.monotonic() - started) if speed > 0 else 0.0
                    if wait > 0:
                        time.sleep(wait)
            if recorded is not None:
                batch.append(_message(recorded))
                last = max(last, recorded.t_us)
        counters = self._core.pipeline.counters
        yield {
            "summary": True,
            "messages": count,
            "readings": counters.readings,
            "refused": counters.refused,
            "duplicates": counters.duplicates,
            "alarms_raised": raised,
            "seconds_recorded": (last - begun) / US,
        }

    def _define(self, definitions: list[AlarmDefinition]) -> None:
        with self._room.store.session() as session:
            for definition in definitions:
                tag = session.scalar(select(Tag).where(Tag.name == definition.tag))
                if tag is None:
                    tag = Tag(name=definition.tag)
                    session.add(tag)
                    session.flush()
                old = session.scalar(select(AlarmDefinitionRow).where(AlarmDefinitionRow.key == definition.key))
                body = msgspec.to_builtins(definition)
                if old is None:
                    session.add(AlarmDefinitionRow(key=definition.key, tag_id=tag.id, body=body))
                else:
                    old.body, old.tag_id = body, tag.id

    def _send(self, batch: list[Message], t_us: int) -> Iterator[dict[str, Any]]:
        self._learn(batch)
        self._clock.set(t_us)
        self._core.pipeline.process(batch)
        self._core.pipeline.tick()
        moved, self._moved = self._moved, False
        if not moved:
            return
        with self._room.store.read() as connection:
            rows = connection.execute(
                select(AlarmTransition.__table__, AlarmDefinitionRow.key)
                .join(AlarmDefinitionRow, AlarmDefinitionRow.id == AlarmTransition.definition_id)
                .where(AlarmTransition.id > self._journal)
                .order_by(AlarmTransition.id)
            ).all()
        for row in rows:
            self._journal = row.id
            yield {
                "time": iso_utc(row.t_us),
                "alarm": row.key,
                "transition": row.transition,
                "state": row.to_state,
                "priority": Priority(row.priority).word,
                "value": row.value,
            }

    def _on_alarms(self, _event: AlarmsChanged) -> None:
        self._moved = True

    def _learn(self, batch: list[Message]) -> None:
        """Create the tags that the recording speaks of."""
        unknown: dict[str, bool] = {}
        for message in batch:
            try:
                readings = self._scout.decode(message.topic, message.payload, message.received_us, "replay")
            except Undecodable:
                continue
            for reading in readings:
                if self._room.tags.by_name(reading.tag) is None:
                    unknown[reading.tag] = unknown.get(reading.tag, False) or isinstance(reading.value, str)
        self._scout.rejected.clear()
        self._scout.outbox.clear()
        if unknown:
            with self._room.store.session() as session:
                session.add_all(
                    Tag(name=name, kind=TagKind.TEXT if text else TagKind.ANALOG) for name, text in unknown.items()
                )
            self._core.reload_tags()


def _message(recorded: Recorded) -> Message:
    return Message(recorded.topic, recorded.payload, recorded.t_us, 0, None)
