"""The way of a message, one thread, in batches: decode → validate → alarms → one commit → acknowledge → publish.

Two promises shape it. No QoS 1 message is acknowledged before it is safe: in the store, or flushed to the spool when
the store refuses. And an operator never loses an alarm to a full disk: while the store is out, alarms are published
all the same. A message that breaks the code itself becomes a dead letter instead of stopping the room.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection

from app.clock import Clock
from app.ingest import deadletters
from app.ingest.decode.base import Undecodable
from app.ingest.inbox import Acknowledger, Message
from app.ingest.keeping import Batch, Counters, Keeper
from app.ingest.validate import validate
from app.monitoring.live import LiveValues
from app.ports import TagCatalogue
from app.store.history import HistoryWriter
from app.store.spool import Spool
from models.events import AlarmsChanged, DeadLettersChanged, Event, Refusal, ValuesChanged
from models.readings import LiveValue, Quality, Reading, TagInfo, TagKind

log = structlog.get_logger(__name__)

GOOD = int(Quality.GOOD)
AHEAD_US = 2_000_000  # a source's clock may be ahead by this much before it is not believed
COMPRESS_AT_MOST_US = 600_000_000  # a compressed tag still stores one sample in ten minutes
NAMED_TAGS = 20  # unknown tags that a dead letter names


class AlarmPart(Protocol):
    """What the pipeline needs of the alarm engine."""

    @property
    def quiet(self) -> Mapping[int, tuple[float, float]]:
        """Open band of each tag in which nothing can change."""

    @property
    def watched(self) -> Mapping[int, Any]:
        """Tags that move an alarm."""

    def sample(self, tag_id: int, t_us: int, value: float | str | None, quality: int) -> None:
        """A new sample of a tag."""

    def tick(self, now_us: int, live: Mapping[int, LiveValue]) -> None:
        """Fire due timers."""

    def take_changes(self) -> Any:
        """What has to be saved and published since the last call; falsy when nothing."""


class DecodePart(Protocol):
    """What the pipeline needs of the decoder."""

    rejected: list[tuple[Refusal, str]]
    outbox: list[tuple[str, bytes]]

    def decode(self, topic: str, payload: bytes, received_us: int, source: str = "") -> list[Reading]:
        """Readings of a message; raises Undecodable."""


class TagSlot:
    """What the pipeline remembers of a tag between samples."""

    __slots__ = ("compress", "info", "last_us", "stored_quality", "stored_us", "stored_value", "tag_id", "text")

    def __init__(self, info: TagInfo, last_us: int) -> None:
        self.info = info
        self.tag_id = info.id
        self.last_us = last_us
        self.text = info.kind == TagKind.TEXT
        self.compress = info.compress_deadband or 0.0
        self.stored_us = 0
        self.stored_value = math.nan
        self.stored_quality = -1


class Pipeline:
    """Owned by the engine thread; nothing here is called from another."""

    def __init__(
        self,
        *,
        decoder: DecodePart,
        alarms: AlarmPart,
        save_alarms: Callable[[Connection, Any], None],
        alarm_codec: tuple[Callable[[Any], Any], Callable[[Any], Any]],
        writer: HistoryWriter,
        transaction: Callable[[], AbstractContextManager[Connection]],
        catalogue: TagCatalogue,
        live: LiveValues,
        spool: Spool,
        publish: Callable[[Event], None],
        clock: Clock,
    ) -> None:
        self._decoder = decoder
        self._alarms = alarms
        self._catalogue = catalogue
        self._live = live
        self._publish = publish
        self._clock = clock
        self.counters = Counters()
        self._keeper = Keeper(
            writer=writer,
            save_alarms=save_alarms,
            alarm_codec=alarm_codec,
            transaction=transaction,
            spool=spool,
            publish=publish,
            clock=clock,
            counters=self.counters,
        )
        self._slots: dict[str, TagSlot] = {}
        self._open_letters = 0

    @property
    def store_ok(self) -> bool:
        """False while batches wait in the spool or in memory."""
        return self._keeper.ok

    @property
    def waiting(self) -> int:
        """Batches that the store has not taken yet."""
        return self._keeper.waiting

    def rebuild_slots(self) -> None:
        """Take over a changed catalogue."""
        values = self._live.values
        old = self._slots
        self._slots = {}
        for info in self._catalogue.all():
            known = values.get(info.id)
            last = old[info.name].last_us if info.name in old else known.t_us if known else 0
            self._slots[info.name] = TagSlot(info, last)

    def set_open_letters(self, count: int) -> None:
        """Number of open dead letters at start."""
        self._open_letters = count

    def process(self, messages: list[Message]) -> None:
        """Take a batch the whole way. Never raises for what a message holds."""
        batch = Batch()
        touched: dict[TagSlot, Reading] = {}
        samples: dict[int, list[tuple[int, float]]] = {}
        acks: dict[Acknowledger, list[int]] = {}
        now_us = self._clock.now_us()
        problems = self._decoder.rejected
        for message in messages:
            try:
                readings = self._decoder.decode(
                    message.topic, message.payload, message.received_us, message.origin.name if message.origin else ""
                )
                if readings:
                    self._take(readings, message, now_us, batch, touched, samples)
            except Undecodable as error:
                problems.append((error.reason, error.detail))
            except Exception as error:  # one message must never stop the room
                log.exception("message_failed", topic=message.topic[:200])
                problems.append((Refusal.INTERNAL, f"{type(error).__name__}: {error}"))
            if message.mid > 0 and message.origin is not None:
                acks.setdefault(message.origin, []).append(message.mid)
            elif message.mid < 0 and not problems:
                batch.retried.append(-message.mid)
            if problems:
                self._refuse(batch, message)
        if messages:
            self.counters.messages += len(messages)
            self.counters.lag_us = max(0, now_us - messages[0].received_us)
            if self._decoder.outbox:
                self._reply(messages)
        self._finish(batch, touched, samples, acks, now_us)
        self.counters.committed += len(messages)

    def feed(self, readings: list[Reading]) -> None:
        """Readings of the program itself (``$sys/…``) or of a replay; same way, nothing to acknowledge."""
        batch = Batch()
        touched: dict[TagSlot, Reading] = {}
        samples: dict[int, list[tuple[int, float]]] = {}
        now_us = self._clock.now_us()
        message = Message("", b"", now_us, 0, None)
        self._take(readings, message, now_us, batch, touched, samples)
        if self._decoder.rejected:
            self._refuse(batch, message)
        self._finish(batch, touched, samples, {}, now_us)

    def tick(self) -> None:
        """Time passes: alarm timers, the store's retry."""
        now_us = self._clock.now_us()
        self._alarms.tick(now_us, self._live.values)
        changes = self._alarms.take_changes()
        if changes:
            self._write(Batch(alarms=changes), {}, None)
        elif not self._keeper.ok:
            self._keeper.retry()
        elif self._keeper.fold_due:
            left = self._keeper.housekeeping()
            if left is not None:
                self._open_letters = left
                self._publish(DeadLettersChanged(left))

    def recover(self) -> None:
        """Write what an earlier run left in the spool; before anything is read from the store.

        Raises SQLAlchemyError when the store does not take it.
        """
        self._keeper.recover()

    def flush_changes(self) -> None:
        """Save and publish what an order changed in the alarm engine outside the door's own transaction."""
        changes = self._alarms.take_changes()
        if changes:
            self._write(Batch(alarms=changes), {}, None)

    def _take(
        self,
        readings: Iterable[Reading],
        message: Message,
        now_us: int,
        batch: Batch,
        touched: dict[TagSlot, Reading],
        samples: dict[int, list[tuple[int, float]]],
    ) -> None:
        slots, quiet, watched_alarms = self._slots, self._alarms.quiet, self._alarms.watched
        shown = self._live.watched
        fresh, received_us, ahead_us = batch.fresh, message.received_us, now_us + AHEAD_US
        problems, unknown = self._decoder.rejected, []
        count = 0
        for reading in readings:
            slot = slots.get(reading.tag)
            if slot is None:
                unknown.append(reading.tag)
                continue
            if reading.t_us == 0:  # a retried message is as old as it was: what it has stored already is a duplicate
                reading.t_us = max(received_us, slot.last_us + 1) if message.mid >= 0 else received_us
            refusal = validate(reading, slot.info, now_us)
            if refusal is not None:
                problems.append((refusal, f"{reading.tag[:200]}: {reading.value!r:.80} t={reading.t_us}"))
                continue
            count += 1
            t_us, value, quality, tag_id = reading.t_us, reading.value, reading.quality, slot.tag_id
            if slot.text:
                batch.texts.append((t_us, tag_id, value if value is None else str(value), quality))
                if t_us > slot.last_us and not reading.historical:
                    slot.last_us = t_us = reading.t_us = min(t_us, max(now_us, slot.last_us + 1))
                    touched[slot] = reading
                    if tag_id in watched_alarms:
                        self._alarms.sample(tag_id, t_us, value, quality)
                continue
            if t_us <= slot.last_us or reading.historical:
                batch.late.append((t_us, tag_id, value, quality))  # type: ignore[arg-type]  # validated: not text
                continue
            if t_us > ahead_us:
                # a clock that is ahead: kept with its own time, judged as of now, or the tag would be deaf until then
                batch.late.append((t_us, tag_id, value, quality))  # type: ignore[arg-type]  # validated: not text
                t_us = reading.t_us = max(now_us, slot.last_us + 1)
                kept = True
            else:
                kept = False
            slot.last_us = t_us
            touched[slot] = reading
            band = quiet.get(tag_id)
            if band is not None:
                if value is None or quality < GOOD or not band[0] < value < band[1]:  # type: ignore[operator]  # not text
                    self._alarms.sample(tag_id, t_us, value, quality)
                    slot.stored_us = 0
            elif tag_id in watched_alarms:
                self._alarms.sample(tag_id, t_us, value, quality)
                slot.stored_us = 0
            if tag_id in shown:
                samples.setdefault(tag_id, []).append((t_us, math.nan if value is None or quality < 64 else value))  # type: ignore[arg-type]  # not text
            if kept or (slot.compress and self._compressible(slot, t_us, value, quality)):
                continue
            fresh.append((t_us, tag_id, value, quality))  # type: ignore[arg-type]  # validated: not text
        self.counters.readings += count
        if unknown:
            names = ", ".join(name[:200] for name in unknown[:NAMED_TAGS])
            more = "…" if len(unknown) > NAMED_TAGS else ""
            told = f"{len(unknown)} unknown: {names}{more}" if len(unknown) > 1 else names
            problems.append((Refusal.UNKNOWN_TAG, told))

    @staticmethod
    def _compressible(slot: TagSlot, t_us: int, value: Any, quality: int) -> bool:
        """True when a sample says nothing new; alarm-relevant ones never do (the caller zeroes ``stored_us``)."""
        if (
            value is not None
            and quality == slot.stored_quality
            and abs(value - slot.stored_value) < slot.compress
            and t_us - slot.stored_us < COMPRESS_AT_MOST_US
        ):
            return True
        slot.stored_us, slot.stored_value, slot.stored_quality = t_us, math.nan if value is None else value, quality
        return False

    def _refuse(self, batch: Batch, message: Message) -> None:
        """One dead letter a message, telling all that was wrong with it; a retried one keeps the letter that it has."""
        problems = self._decoder.rejected
        reason = problems[0][0]
        keep = deadletters.KEEP_BYTES if reason == Refusal.TOO_BIG else None
        detail = deadletters.told(problems)
        problems.clear()
        self.counters.refused += 1
        if message.mid < 0:
            batch.restated.append((-message.mid, reason.value, detail))
            return
        batch.letters.append(
            {
                "received_us": message.received_us,
                "source": message.origin.name if message.origin else "",
                "topic": message.topic,
                "payload": message.payload[:keep],
                "payload_size": len(message.payload),
                "reason": reason.value,
                "detail": detail,
                "state": "open",
                "handled_by": "",
            }
        )

    def _reply(self, messages: list[Message]) -> None:
        """Sparkplug rebirth requests go back where the messages came from."""
        origins = {m.origin for m in messages if m.origin is not None}
        for topic, payload in self._decoder.outbox:
            for origin in origins:
                origin.publish(topic, payload)
        self._decoder.outbox.clear()

    def _finish(
        self,
        batch: Batch,
        touched: dict[TagSlot, Reading],
        samples: dict[int, list[tuple[int, float]]],
        acks: dict[Acknowledger, list[int]],
        now_us: int,
    ) -> None:
        latest: dict[int, LiveValue] = {}
        for slot, r in touched.items():
            latest[slot.tag_id] = LiveValue(slot.tag_id, r.t_us, r.value, r.quality, now_us)
            if isinstance(r.value, str):
                batch.last.append((slot.tag_id, r.t_us, now_us, None, r.value, r.quality))
            else:
                batch.last.append((slot.tag_id, r.t_us, now_us, r.value, None, r.quality))
        self._live.values.update(latest)
        changes = self._alarms.take_changes()
        batch.alarms = changes or None
        self._write(batch, acks, ValuesChanged(latest, samples) if latest else None)

    def _write(self, batch: Batch, acks: dict[Acknowledger, list[int]], values: ValuesChanged | None) -> None:
        """Make a batch safe, acknowledge it, and tell the room."""
        self._keeper.keep(batch, acks)
        if batch.alarms:
            self._publish(AlarmsChanged(tuple(batch.alarms.rows), tuple(batch.alarms.annunciate)))
        if values is not None:
            self._publish(values)
        if batch.letters or batch.retried:
            self._open_letters += len(batch.letters) - len(batch.retried)
            self._publish(DeadLettersChanged(self._open_letters))
