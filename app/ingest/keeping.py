"""Makes a batch safe: one commit; the spool when the store refuses; memory when even that fails.

The order is the promise. Messages are acknowledged only after the commit or after the spool is on the disk; what is
merely held in memory is not acknowledged, so the broker still has it. Nothing here looks into a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.clock import Clock
from app.ingest import deadletters
from app.ingest.inbox import Acknowledger
from app.store.history import HistoryWriter, Row, TextRow
from app.store.spool import Spool
from models.events import Event, StoreFailed, StoreRecovered

log = structlog.get_logger(__name__)

RETRY_STORE_S = 2.0
HELD_ROWS = 500_000  # samples kept in memory while neither store nor spool takes them

Acks = dict[Acknowledger, list[int]]


class Batch(msgspec.Struct):
    """Everything of one batch that has to be written together; what the spool holds is its msgpack form."""

    fresh: list[Row] = []
    late: list[Row] = []
    texts: list[TextRow] = []
    last: list[tuple[int, int, int, float | None, str | None, int]] = []
    letters: list[dict[str, Any]] = []
    retried: list[int] = []
    alarms: Any = None
    restated: list[tuple[int, str, str]] = []

    @property
    def empty(self) -> bool:
        """True when there is nothing to write."""
        return not (
            self.fresh
            or self.late
            or self.texts
            or self.last
            or self.letters
            or self.retried
            or self.alarms
            or self.restated
        )

    @property
    def rows(self) -> int:
        """Samples and letters in it."""
        return len(self.fresh) + len(self.late) + len(self.texts) + len(self.letters)


class Counters:
    """Totals since start, for the health of the engine."""

    def __init__(self) -> None:
        self.messages = 0
        self.committed = 0  # messages that are safe and published
        self.readings = 0
        self.refused = 0
        self.duplicates = 0
        self.commit_s = 0.0
        self.lag_us = 0


class Keeper:
    """Owned by the engine thread."""

    def __init__(
        self,
        *,
        writer: HistoryWriter,
        save_alarms: Callable[[Connection, Any], None],
        alarm_codec: tuple[Callable[[Any], Any], Callable[[Any], Any]],
        transaction: Callable[[], AbstractContextManager[Connection]],
        spool: Spool,
        publish: Callable[[Event], None],
        clock: Clock,
        counters: Counters,
    ) -> None:
        self._writer = writer
        self._save_alarms = save_alarms
        self._alarms_out, self._alarms_in = alarm_codec
        self._transaction = transaction
        self._spool = spool
        self._publish = publish
        self._clock = clock
        self._counters = counters
        self._held: list[tuple[Batch, Acks]] = []
        self._held_rows = 0
        self._ask_again: set[Acknowledger] = set()
        self._failed_at: float | None = None
        self._said: set[str] = set()
        self._letters_came = True

    @property
    def ok(self) -> bool:
        """False while batches wait in the spool or in memory."""
        return self._failed_at is None

    @property
    def waiting(self) -> int:
        """Batches that the store has not taken yet."""
        return self._spool.count + len(self._held)

    @property
    def fold_due(self) -> bool:
        """True when :meth:`housekeeping` has something to do."""
        return self._failed_at is None and self._writer.fold_due(self._clock.now_us())

    def keep(self, batch: Batch, acks: Acks) -> None:
        """Make a batch safe and acknowledge it; never raises for a store or a disk that refuses."""
        self.retry()
        if batch.empty:
            self._acknowledge(acks)
        elif self._failed_at is None:
            self._commit(batch, acks)
        else:
            self._put_aside(batch, acks)
        self._letters_came = self._letters_came or bool(batch.letters)

    def retry(self) -> None:
        """Try the store again when it failed a while ago."""
        if self._failed_at is not None and self._clock.monotonic() - self._failed_at >= RETRY_STORE_S:
            self._try_recover()

    def recover(self) -> None:
        """Write what an earlier run left in the spool; before anything is read from the store.

        Raises SQLAlchemyError when the store does not take it.
        """
        if self._spool.count:
            with self._transaction() as connection:
                self._writer.load(connection, self._clock.now_us())
                _, unreadable = self._write_spool(connection)
            self._empty_spool(unreadable)
        self._failed_at = None

    def housekeeping(self) -> int | None:
        """Fold the minutes and hours that are over, forget the oldest letters.

        Returns how many letters are open when some were forgotten, else None.
        """
        try:
            with self._transaction() as connection:
                self._writer.fold(connection, self._clock.now_us())
                came, self._letters_came = self._letters_came, False
                if came and deadletters.trim(connection):
                    return deadletters.count_open(connection)
        except SQLAlchemyError as error:
            self._fail(_cause(error))
        return None

    def _commit(self, batch: Batch, acks: Acks) -> None:
        started = self._clock.monotonic()
        try:
            with self._transaction() as connection:
                self._save(connection, batch)
        except SQLAlchemyError as error:
            self._failed_at = started
            self._put_aside(batch, acks)
            self._fail(_cause(error))
            return
        self._counters.commit_s = self._clock.monotonic() - started
        self._acknowledge(acks)

    def _save(self, connection: Connection, batch: Batch) -> None:
        self._counters.duplicates += self._writer.append(connection, batch.fresh, batch.late, batch.texts)
        self._writer.save_last(connection, batch.last)
        if batch.letters:
            deadletters.save(connection, batch.letters)
        if batch.retried:
            deadletters.settle(connection, batch.retried, "retried", self._clock.now_us())
        if batch.restated:
            deadletters.restate(connection, batch.restated)
        if batch.alarms:
            self._save_alarms(connection, batch.alarms)

    @staticmethod
    def _acknowledge(acks: Acks) -> None:
        for origin, mids in acks.items():
            origin.acknowledge(mids)

    def _fail(self, detail: str) -> None:
        self._failed_at = self._clock.monotonic()
        log.error("store_failed", detail=detail)
        self._say("store", detail)

    def _say(self, what: str, detail: str) -> None:
        """Tell the room, once an outage."""
        if what not in self._said:
            self._said.add(what)
            self._publish(StoreFailed(self._clock.now_us(), detail, self.waiting))

    def _put_aside(self, batch: Batch, acks: Acks) -> None:
        """Into the spool, and only then acknowledged; when even that fails, into memory and not acknowledged."""
        body = msgspec.msgpack.encode(
            msgspec.structs.replace(batch, alarms=self._alarms_out(batch.alarms) if batch.alarms else None)
        )
        try:
            self._spool.append(body)
        except OSError as error:
            log.error("spool_failed", detail=str(error))
            self._hold(batch, acks)
            self._say("spool", f"spool: {error}")
        else:
            self._acknowledge(acks)

    def _hold(self, batch: Batch, acks: Acks) -> None:
        """Memory is not endless either: beyond its limit only alarms are kept, and brokers are asked to send again."""
        if self._held_rows + batch.rows > HELD_ROWS:
            log.error("held_full", rows=self._held_rows, let_go=batch.rows)
            self._ask_again.update(acks)
            batch, acks = Batch(last=batch.last, alarms=batch.alarms), {}
            if not batch.alarms:
                return
        self._held.append((batch, acks))
        self._held_rows += batch.rows

    def _try_recover(self) -> None:
        """Write what waits, oldest first; on success the store is trusted again."""
        self._failed_at = self._clock.monotonic()
        try:
            with self._transaction() as connection:
                self._writer.load(connection, self._clock.now_us())
                recovered, unreadable = self._write_spool(connection)
                for batch, _ in self._held:
                    self._save(connection, batch)
        except SQLAlchemyError as error:
            log.warning("store_still_failing", detail=_cause(error))
            return
        self._empty_spool(unreadable)
        held, self._held, self._held_rows = self._held, [], 0
        for _, acks in held:
            self._acknowledge(acks)
        again, self._ask_again = self._ask_again, set()
        for origin in again:
            origin.reconnect()
        self._failed_at = None
        self._said.clear()
        self._publish(StoreRecovered(self._clock.now_us(), recovered + len(held)))

    def _write_spool(self, connection: Connection) -> tuple[int, int]:
        """Returns how many records were written, and how many could not be read."""
        count = unreadable = 0
        for body in self._spool.records():
            try:
                stored = msgspec.msgpack.decode(body, type=Batch)
                if stored.alarms is not None:
                    stored.alarms = self._alarms_in(stored.alarms)
            except msgspec.MsgspecError as error:
                log.error("spool_record_unreadable", detail=str(error))
                unreadable += 1
                continue
            self._save(connection, stored)
            count += 1
        return count, unreadable

    def _empty_spool(self, unreadable: int) -> None:
        """All is in the store now; what could not be read stays on the disk for whoever can."""
        if unreadable:
            self._spool.set_aside(self._clock.now_us())
        else:
            self._spool.clear()


def _cause(error: SQLAlchemyError) -> str:
    """What the database said, without the statement and its parameters."""
    return str(getattr(error, "orig", None) or error.__cause__ or error)
