"""What guards the end of the trail, which a chain alone can't: signed anchors, and the head outside the database.

An anchor says how long the trail was and how it ended; there is one a day, in the store, in ``anchors/anchors.jsonl``
of the data directory and in a second folder of the site's choice. The head says the same after each commit, in a small
file of two slots that are written in turn, so that a power cut while writing leaves the other one whole. It is written
after the commit and not forced to the disk: behind the store it may be, ahead of it never.

Whatever goes wrong here is logged and shown, and never stops the engine.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, func, insert, select

from app.access.check import GENESIS, fingerprint, found, not_genuine, signed_text
from app.access.keys import KeyStore, KeyTrouble
from models.anchors import AuditAnchor
from models.audit import AuditEntry

log = structlog.get_logger(__name__)

KEY = "audit"
FOLDER = "anchors"
ANCHORS_FILE = "anchors.jsonl"
HEAD_FILE = "head.json"
SLOT = 1024  # bytes
PATIENCE_S = 0.2  # so long another process may take from its commit to the head
_ANCHOR = AuditAnchor.__table__
_ENTRY = AuditEntry.__table__


class Written(NamedTuple):
    """Rows that one commit added to the trail: the first one's number and predecessor, the last one's number and seal."""

    first_id: int
    prev_hash: str
    last_id: int
    last_hash: str


class Signer:
    """Signs with the installation's own key, which is made at the first use."""

    def __init__(self, keys: KeyStore) -> None:
        """Raises KeyTrouble when the key can't be read or kept, or is none."""
        raw = keys.create(KEY, lambda: Ed25519PrivateKey.generate().private_bytes_raw())
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(raw)
        except ValueError as error:
            raise KeyTrouble(f"the key {KEY} is not an Ed25519 key: {error}") from error
        self.public_key = self._key.public_key().public_bytes_raw().hex()
        self.key_id = fingerprint(self.public_key)

    def sign_text(self, message: bytes) -> str:
        """The signature, hex."""
        return self._key.sign(message).hex()

    def sign(self, what: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record with ``key_id`` and ``signature``."""
        signed = {**record, "key_id": self.key_id}
        return {**signed, "signature": self.sign_text(signed_text(what, signed))}


def own_public_key(keys: KeyStore) -> str:
    """The public key (hex) of the installation, '' when it has none yet. Raises KeyTrouble."""
    return Signer(keys).public_key if keys.get(KEY) is not None else ""


def signed_by(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the key (hex) made the signature (hex). Raises ValueError for what is neither."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True


def read_head(path: Path, trusted: Mapping[str, str]) -> dict[str, Any] | None:
    """The newest genuine head; failing that, what lies there instead; None when there is no file. Raises OSError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    slots = [slot for at in (0, SLOT) if (slot := _slot(content[at : at + SLOT])) is not None]
    genuine = [slot for slot in slots if not not_genuine("head", slot, trusted, signed_by)]
    if genuine:
        return max(genuine, key=lambda slot: int(slot["seq"]))
    return slots[0] if slots else {"last_id": 0, "key_id": "", "signature": "", "t_us": 0}


def _slot(content: bytes) -> dict[str, Any] | None:
    try:
        slot = json.loads(content)
    except ValueError:
        return None
    return slot if isinstance(slot, dict) and isinstance(slot.get("last_id"), int) else None


class HeadFile:
    """The head, rewritten after each commit by the engine thread. ``trouble`` says why it can't be ('' is well)."""

    def __init__(self, path: Path, signer: Signer) -> None:
        self._path = path
        self._signer = signer
        self._trusted = {signer.key_id: signer.public_key}
        self._file: int | None = None
        self._seq = 0
        self._last = (0, GENESIS)
        self._broken: dict[str, Any] | None = None
        self.trouble = ""

    def start(self, connection: Connection, t_us: int, *, fresh: bool) -> dict[str, Any] | None:
        """Take up the end of the trail; returns what the trail should know of how that was found, else None.

        ``fresh``: the key has just been made, so there can't have been a head. Raises SQLAlchemyError.
        """
        tail = tail_of(connection)
        head = self._read()
        self._take(head)
        if head is None:
            note = None if fresh or not tail[0] else {"kind": "head_missing", "last": tail[0]}
        elif not_genuine("head", head, self._trusted, signed_by):
            note = {"kind": "head_forged", "last": tail[0]}
            self._broken = found(head["last_id"], "head_forged", "the head was not genuine when the engine started")
        elif self._last == tail:
            note = None
        elif self._last[0] < tail[0] and _seal_at(connection, self._last[0]) == self._last[1]:
            note = {"kind": "unconfirmed", "first": self._last[0] + 1, "last": tail[0]}
        else:
            self._broken = self._broken or _difference(self._last, tail)
            note = {"kind": self._broken["kind"], "first": self._broken["id"], "last": tail[0]}
        if note:
            log.warning("trail_head_differs", **note)
        self._last = tail
        self._write(t_us)
        return note

    def committed(self, written: Written, t_us: int) -> None:
        """After a commit that added rows. Never raises; about 50 µs."""
        before = (written.first_id - 1, written.prev_hash)
        if before != self._last and not self._caught_up(before):
            self._broken = self._broken or _difference(self._last, before)
            log.error("trail_changed_by_others", **self._broken)
        self._last = (written.last_id, written.last_hash)
        self._write(t_us)

    def follow(self, written: Written, t_us: int, *, fresh: bool) -> bool:
        """Like :meth:`committed`, for a process beside the engine's: the head is carried on only where it fits.

        ``fresh``: the key has just been made, so there can't have been a head. False when it did not fit: the next
        verification, or the engine's next start, says what is amiss.
        """
        if not fresh and not self._caught_up((written.first_id - 1, written.prev_hash)):
            return False
        self._last = (written.last_id, written.last_hash)
        self._write(t_us)
        return True

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _caught_up(self, before: tuple[int, str]) -> bool:
        """Another process of this installation may have added rows, and says so a moment after its commit."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            head = self._read()
            if head is not None and not not_genuine("head", head, self._trusted, signed_by):
                self._take(head)
            if before == self._last or time.monotonic() >= deadline:
                return before == self._last
            threading.Event().wait(0.01)

    def _take(self, head: dict[str, Any] | None) -> None:
        if head is not None and isinstance(head.get("seq"), int):
            self._seq = max(self._seq, head["seq"])
            self._last = (head["last_id"], str(head.get("last_hash")))
            self._broken = self._broken or head.get("broken")

    def _read(self) -> dict[str, Any] | None:
        try:
            return read_head(self._path, self._trusted)
        except OSError as error:
            self._failed(error)
            return None

    def _write(self, t_us: int) -> None:
        self._seq += 1
        record = {"seq": self._seq, "t_us": t_us, "last_id": self._last[0], "last_hash": self._last[1]}
        if self._broken:
            record["broken"] = self._broken
        content = json.dumps(self._signer.sign("head", record)).encode().ljust(SLOT - 1) + b"\n"
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._file = os.open(self._path, flags, 0o644)
            os.lseek(self._file, self._seq % 2 * SLOT, os.SEEK_SET)
            os.write(self._file, content)
            self.trouble = ""
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        if not self.trouble:
            log.error("trail_head_not_kept", path=str(self._path), detail=str(error))
        self.trouble = f"{self._path}: {error.strerror or error}"


class AnchorFiles:
    """The copies of the anchors outside the database, one JSON object a line. ``trouble`` by path."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self.trouble: dict[Path, str] = {}

    def append(self, record: Mapping[str, Any]) -> None:
        """Add an anchor to each copy, forced to the disk. Never raises."""
        line = (json.dumps(record) + "\n").encode()
        for path in self.paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("ab") as file:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
                self.trouble.pop(path, None)
            except OSError as error:
                log.error("anchor_not_kept", path=str(path), detail=str(error))
                self.trouble[path] = f"{path}: {error.strerror or error}"


def read_anchors(path: Path) -> list[dict[str, Any]]:
    """The anchors of a copy; [] when there is none. Raises OSError, ValueError for a line that is no anchor."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    anchors = []
    for number, line in enumerate(lines, 1):
        anchor = _slot(line)
        if anchor is None:
            raise ValueError(f"{path}: line {number} is no anchor")
        anchors.append(anchor)
    return anchors


def stored_anchors(connection: Connection) -> list[dict[str, Any]]:
    """The anchors of the store, oldest first. Raises SQLAlchemyError."""
    return [dict(row._mapping) for row in connection.execute(select(_ANCHOR).order_by(_ANCHOR.c.id))]


def make_anchor(connection: Connection, signer: Signer, t_us: int) -> dict[str, Any]:
    """Add an anchor over the trail as this transaction sees it; give it to :class:`AnchorFiles` after the commit.

    Raises SQLAlchemyError.
    """
    last_id, last_hash = tail_of(connection)
    number = (connection.execute(select(func.max(_ANCHOR.c.id))).scalar() or 0) + 1
    record = {
        "id": number,
        "t_us": t_us,
        "last_id": last_id,
        "last_hash": last_hash,
        "entries": connection.execute(select(func.count()).select_from(_ENTRY)).scalar_one(),
        "public_key": signer.public_key,
    }
    signed = signer.sign("anchor", record)
    connection.execute(insert(AuditAnchor), [signed])
    return signed


def tail_of(connection: Connection) -> tuple[int, str]:
    """Number and seal of the last row of the trail. Raises SQLAlchemyError."""
    row = connection.execute(select(_ENTRY.c.id, _ENTRY.c.hash).order_by(_ENTRY.c.id.desc()).limit(1)).first()
    return (row.id, row.hash) if row else (0, GENESIS)


def _seal_at(connection: Connection, number: int) -> str:
    if number == 0:
        return GENESIS
    return connection.execute(select(_ENTRY.c.hash).where(_ENTRY.c.id == number)).scalar() or ""


def _difference(head: tuple[int, str], tail: tuple[int, str]) -> dict[str, Any]:
    """What somebody did to the end of the trail behind the program's back."""
    if tail[0] < head[0]:
        return found(tail[0] + 1, "tail_cut", f"rows {tail[0] + 1} to {head[0]} were gone")
    if tail[0] > head[0]:
        return found(head[0] + 1, "inserted", f"rows {head[0] + 1} to {tail[0]} were not written by the program")
    return found(tail[0], "edited", f"row {tail[0]} was not what the program wrote")
