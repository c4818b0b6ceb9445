"""Is the trail whole? Every row is read and sealed again, and what anchors and head say is held against it.

A million rows in well under 20 s: rows come raw from the driver, page by page in one snapshot, and are first sealed over
msgspec's text, which in all but rare cases (some floats) is the canonical one; where it is not, the definition in
:mod:`app.access.check` decides.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import JSON, Connection, text

from app.access import check
from app.access.anchors import read_anchors, read_head, signed_by, stored_anchors
from app.access.check import GENESIS, OPTIONAL
from models.anchors import Finding, TrailReport
from models.audit import AuditEntry

PAGE = 5000
PATIENCE_S = 0.5  # so long a running engine may take from its commit to the head
_COLUMNS = list(AuditEntry.__table__.columns)
_NAMES = tuple(column.name for column in _COLUMNS)
_JSON = tuple(at for at, column in enumerate(_COLUMNS) if isinstance(column.type, JSON))
_ID, _PREVIOUS, _HASH = (_NAMES.index(name) for name in ("id", "prev_hash", "hash"))
_NOT_SEALED = ("hash", *OPTIONAL)
_PLAIN = frozenset((int, str, type(None)))

Read = Callable[[], AbstractContextManager[Connection]]
Step = Callable[[int, int], None]


def verify(
    read: Read,
    *,
    head: Path,
    copies: Sequence[Path],
    trusted: Mapping[str, str],
    step: Step = lambda _done, _total: None,
    patience_s: float = PATIENCE_S,
) -> TrailReport:
    """Read the whole trail and say whether it is as it was written; for worker threads, beside a running engine.

    head     the head file; copies: anchor files outside the database, the installation's own first
    trusted  public keys (hex) by fingerprint; none means that the trail was never guarded
    step     told how many rows of how many are done; may raise to stop
    Raises SQLAlchemyError, OSError for a head that can't be read.
    """
    started = time.perf_counter()
    early = read_head(head, trusted)
    with read() as connection, snapshot(connection):
        last_id = connection.execute(text("SELECT max(id) FROM audit_entry")).scalar() or 0
        kept = stored_anchors(connection)
        outside, warnings = _outside(copies)
        anchors = _together(kept, outside)
        wanted = {a["last_id"]: str(a.get("last_hash")) for a in [*anchors, *([early] if early else [])]}
        walk = _Walk(connection, wanted)
        broken = walk.through(last_id, step)
        entries = walk.count
        if broken:
            entries = connection.execute(text("SELECT count(*) FROM audit_entry")).scalar_one()
    late = _late_head(head, trusted, last_id, patience_s)
    if early is None and late is not None and late["last_id"] <= last_id:
        early = late
    found = check.judge(last_id, walk.seals, broken, anchors, early, trusted, signed_by)
    found += _missing(kept, outside, trusted)
    if not any(f["kind"] in ("head_forged", "tail_cut", "inserted") for f in found):
        found += check.beyond(late, last_id)
    if early is None and trusted and last_id:
        found.append(check.found(last_id, "head_missing", f"{head} is missing"))
    if not trusted:
        warnings.append("the trail has no key yet: neither a cut tail nor a chain written anew would be seen")
    elif copies and len(outside[copies[0]]) < len(kept):
        warnings.append(f"{copies[0]} lacks {len(kept) - len(outside[copies[0]])} of {len(kept)} anchors")
    findings = tuple(msgspec.convert(f, Finding) for f in check.in_order(found)[: check.MOST])
    return TrailReport(
        ok=not findings,
        entries=entries,
        first_broken=findings[0] if findings else None,
        findings=findings,
        warnings=tuple(warnings),
        anchors=len(anchors),
        last_anchor_us=max((a["t_us"] for a in anchors), default=None),
        key=next(iter(trusted), ""),
        seconds=round(time.perf_counter() - started, 3),
    )


def trail_rows(connection: Connection, first: int = 1, last: int | None = None) -> Iterator[dict[str, Any]]:
    """The rows as they lie there, by number, with decoded JSON. Raises SQLAlchemyError or the driver's errors."""
    reader = _Reader(connection)
    at = first - 1 if first > 1 else -(2**62)
    while page := reader.page(at):
        for values in page:
            if last is not None and values[_ID] > last:
                return
            yield _row(values)
        at = page[-1][_ID]


class _Reader:
    """Raw pages of the trail. Text that is no UTF-8, as only somebody's own hands leave it, is read all the same."""

    def __init__(self, connection: Connection) -> None:
        connection.execute(text("SELECT 1"))  # the transaction begins here, so that raw cursors are in it
        self._raw: Any = connection.connection.dbapi_connection
        self._sqlite = connection.dialect.name == "sqlite"
        mark = "?" if self._sqlite else "%s"
        names = ", ".join(self._column(at) for at in range(len(_NAMES)))
        self._page = f"SELECT {names} FROM audit_entry WHERE id > {mark} ORDER BY id LIMIT {PAGE}"
        self._heirs = f"SELECT {names} FROM audit_entry WHERE prev_hash = {mark} ORDER BY id LIMIT 100"

    def page(self, after: int) -> list[tuple[Any, ...]]:
        """Rows with higher numbers, at most ``PAGE``."""
        return self._fetch(self._page, after)

    def heirs(self, prev_hash: str) -> list[tuple[Any, ...]]:
        """Rows that name this seal as their predecessor's."""
        return self._fetch(self._heirs, prev_hash)

    def _column(self, at: int) -> str:
        name = f'"{_NAMES[at]}"'
        return f"{name}::text" if at in _JSON and not self._sqlite else name

    def _fetch(self, sql: str, value: Any) -> list[tuple[Any, ...]]:
        cursor = self._raw.cursor()
        try:
            return list(cursor.execute(sql, (value,)).fetchall())
        except (sqlite3.OperationalError, UnicodeDecodeError):
            if not self._sqlite or self._raw.text_factory is not str:
                raise
        finally:
            cursor.close()
        self._raw.text_factory = _any_text
        try:
            return self._fetch(sql, value)
        finally:
            self._raw.text_factory = str


class _Walk:
    """The chain, from the first row to the first that does not hold."""

    def __init__(self, connection: Connection, vouched: Mapping[int, str]) -> None:
        self._reader = _Reader(connection)
        self._vouched = vouched
        self.seals: dict[int, str] = {0: GENESIS}
        self.count = 0

    def through(self, total: int, step: Step) -> check.Finding | None:
        """None when all hold, else what happened at the first that doesn't."""
        number, last, at = 1, GENESIS, -(2**62)
        before: tuple[Any, ...] | None = None
        seal, vouched, seals = _Sealer().seal, self._vouched, self.seals
        while page := self._reader.page(at):
            for index, values in enumerate(page):
                if values[_ID] != number or values[_PREVIOUS] != last or seal(values) != values[_HASH]:
                    following = page[index + 1 : index + 2] or self._reader.page(values[_ID])[:1]
                    return check.classify(
                        number,
                        _row(before) if before else None,
                        _row(values),
                        _row(following[0]) if following else None,
                        [_row(heir) for heir in self._reader.heirs(last)],
                        vouched,
                    )
                last = values[_HASH]
                if number in vouched:
                    seals[number] = last
                number += 1
                before = values
            at, self.count = page[-1][_ID], number - 1
            step(self.count, total)
        return None


class _Sealer:
    """Seals of raw rows."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder().decode
        self._encode = msgspec.json.Encoder(order="sorted").encode

    def seal(self, values: tuple[Any, ...]) -> str:
        """The seal that the row should have; '' when it can't have any."""
        stored = values[_HASH]
        row = dict(zip(_NAMES, values, strict=True))
        try:
            for at in _JSON:
                if values[at] is not None:
                    row[_NAMES[at]] = self._decode(values[at])
            for name in _NOT_SEALED:
                if name == "hash" or row[name] is None:
                    del row[name]
            made = hashlib.sha256(self._encode(row)).hexdigest()
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError):
            made = ""
        if made == stored and _PLAIN.issuperset(map(type, values)):
            return made
        return check.seal(_row(values))


def _row(values: tuple[Any, ...]) -> dict[str, Any]:
    """A row as the definition of the seal wants it; JSON that is none stays text."""
    row = dict(zip(_NAMES, values, strict=True))
    for at in _JSON:
        if isinstance(values[at], str):
            try:
                row[_NAMES[at]] = json.loads(values[at])
            except ValueError:
                continue
    return row


def _any_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """All that is read belongs to one moment."""
    if connection.dialect.name == "postgresql":
        connection.rollback()
        connection.execution_options(isolation_level="REPEATABLE READ")
    yield
    connection.rollback()


def _late_head(path: Path, trusted: Mapping[str, str], last_id: int, patience_s: float) -> dict[str, Any] | None:
    """The head after the snapshot; a running engine writes it a moment after its commit."""
    deadline = time.monotonic() + patience_s
    while True:
        head = read_head(path, trusted)
        if head is None or head["last_id"] >= last_id or time.monotonic() >= deadline:
            return head
        threading.Event().wait(0.02)


def _outside(copies: Sequence[Path]) -> tuple[dict[Path, list[dict[str, Any]]], list[str]]:
    """The anchors of each copy, and what can't be read."""
    anchors: dict[Path, list[dict[str, Any]]] = {}
    warnings = []
    for path in copies:
        anchors[path] = []
        try:
            anchors[path] = read_anchors(path)
        except (OSError, ValueError) as error:
            warnings.append(f"a copy of the anchors can't be read: {error}")
    return anchors, warnings


def _together(kept: list[dict[str, Any]], outside: Mapping[Path, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each different anchor once."""
    each: dict[tuple[Any, Any], dict[str, Any]] = {}
    for anchor in (*kept, *(anchor for copy in outside.values() for anchor in copy)):
        each.setdefault((anchor.get("id"), anchor.get("signature")), anchor)
    return list(each.values())


def _missing(
    kept: list[dict[str, Any]], outside: Mapping[Path, list[dict[str, Any]]], trusted: Mapping[str, str]
) -> list[check.Finding]:
    """Genuine anchors of the copies that the store has lost."""
    there = {anchor["signature"] for anchor in kept}
    lost = {
        anchor["signature"]: anchor
        for copy in outside.values()
        for anchor in copy
        if anchor.get("signature") not in there and not check.not_genuine("anchor", anchor, trusted, signed_by)
    }
    return [
        check.found(a["last_id"], "anchor_removed", f"the anchor of {check.utc(a['t_us'])} is gone from the store")
        for a in lost.values()
    ]
