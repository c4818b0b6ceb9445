"""Refused messages: kept with the reason, counted, shown, and sent through the pipeline again when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from app.ports import DeadLetterRow
from app.store.engine import Store
from app.store.history import holdable
from models.events import Refusal
from models.readings import DeadLetter

KEEP_BYTES = 65_536  # of a message that was too big to be read
DETAIL = 1000  # characters
KEEP_ROWS = 200_000
KEEP_TOTAL = 1 << 30  # bytes of payload in all letters
_PREVIEW = 200
_table = DeadLetter.__table__


def preview(payload: bytes) -> str:
    """The start of a payload as text that can be shown anywhere: no control characters."""
    words = payload[: _PREVIEW * 4].decode("utf-8", "backslashreplace")[:_PREVIEW]
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in words)


def told(problems: Sequence[tuple[Refusal, str]]) -> str:
    """What was wrong with a message, in at most 1000 characters; the reason itself stands in a column of its own."""
    if len(problems) == 1:
        return problems[0][1][:DETAIL]
    return f"{len(problems)} problems: " + "; ".join(f"{r.value} {d[:200]}" for r, d in problems[:20])[: DETAIL - 40]


def save(connection: Connection, letters: Sequence[dict[str, Any]]) -> None:
    """Store new letters (columns of :class:`DeadLetter`)."""
    if letters:
        dialect = connection.dialect.name
        connection.execute(
            insert(DeadLetter),
            [
                letter | {"topic": holdable(letter["topic"], dialect), "detail": holdable(letter["detail"], dialect)}
                for letter in letters
            ],
        )


def restate(connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """A retry failed again: the open letter (id, reason, detail) says why it failed now."""
    for key, reason, detail in rows:
        connection.execute(
            update(DeadLetter)
            .where(DeadLetter.id == key, DeadLetter.state == "open")
            .values(reason=reason, detail=holdable(detail, connection.dialect.name))
        )


def settle(connection: Connection, ids: Sequence[int], state: str, now_us: int, by: str = "") -> int:
    """Close letters: 'retried' or 'discarded'. Returns how many were open."""
    done = connection.execute(
        update(DeadLetter)
        .where(DeadLetter.id.in_(ids), DeadLetter.state == "open")
        .values(state=state, handled_us=now_us, handled_by=by)
    )
    return done.rowcount


def trim(connection: Connection) -> int:
    """Forget the oldest letters beyond the limits of number and size; returns how many."""
    newest = connection.execute(select(func.max(DeadLetter.id))).scalar() or 0
    sizes = select(
        DeadLetter.id, func.sum(func.length(DeadLetter.payload)).over(order_by=DeadLetter.id.desc()).label("total")
    ).subquery()
    too_much = connection.execute(select(func.max(sizes.c.id)).where(sizes.c.total > KEEP_TOTAL)).scalar() or 0
    last = max(newest - KEEP_ROWS, too_much)
    return connection.execute(delete(DeadLetter).where(DeadLetter.id <= last)).rowcount


def open_letters(connection: Connection, ids: Sequence[int], reason: str, limit: int = 10_000) -> list[Any]:
    """Open letters to retry: those named, or all of a reason, or all; oldest first."""
    query = select(_table).where(DeadLetter.state == "open").order_by(DeadLetter.id).limit(limit)
    if ids:
        query = query.where(DeadLetter.id.in_(ids))
    elif reason:
        query = query.where(DeadLetter.reason == reason)
    return list(connection.execute(query))


def count_open(connection: Connection) -> int:
    """How many letters wait."""
    return connection.execute(
        select(func.count()).select_from(DeadLetter).where(DeadLetter.state == "open")
    ).scalar_one()


class DeadLetterReader:
    """``app.ports.DeadLetters``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(
        self, *, reason: str = "", text: str = "", state: str = "open", offset: int = 0, limit: int = 500
    ) -> tuple[list[DeadLetterRow], int]:
        """A page, newest first, and how many match."""
        where = []
        if state:
            where.append(DeadLetter.state == state)
        if reason:
            where.append(DeadLetter.reason == reason)
        if text:
            where.append(
                or_(DeadLetter.topic.contains(text, autoescape=True), DeadLetter.detail.contains(text, autoescape=True))
            )
        condition = and_(True, *where)
        with self._store.read() as connection:
            total = connection.execute(select(func.count()).select_from(DeadLetter).where(condition)).scalar_one()
            rows = connection.execute(
                select(_table).where(condition).order_by(DeadLetter.id.desc()).offset(offset).limit(limit)
            )
            return [
                DeadLetterRow(
                    r.id,
                    r.received_us,
                    r.source,
                    r.topic,
                    preview(r.payload),
                    r.payload_size,
                    r.reason,
                    r.detail,
                    r.state,
                )
                for r in rows
            ], total

    def counts(self) -> dict[str, int]:
        """Open letters by reason."""
        with self._store.read() as connection:
            rows = connection.execute(
                select(DeadLetter.reason, func.count()).where(DeadLetter.state == "open").group_by(DeadLetter.reason)
            )
            return dict(iter(rows))

    def payload(self, letter_id: int) -> bytes | None:
        """What was kept of one message's payload."""
        with self._store.read() as connection:
            found = connection.execute(select(DeadLetter.payload).where(DeadLetter.id == letter_id)).scalar()
            return bytes(found) if found is not None else None
