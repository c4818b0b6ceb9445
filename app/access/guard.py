"""The guard of one installation's trail: its key, the head after each commit, the daily anchor, verification.

Owned by the control room. The engine thread tells it of commits and asks whether an anchor is due; panels ask it, from
worker threads, for a verification and how things stand. A key that can't be used is shown as trouble, and the engine
runs on without guard: alarms matter more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.anchors import (
    ANCHORS_FILE,
    FOLDER,
    HEAD_FILE,
    KEY,
    AnchorFiles,
    HeadFile,
    Signer,
    Written,
    make_anchor,
    stored_anchors,
    tail_of,
)
from app.access.door import Handler, Outcome, Unit
from app.access.keys import KeyTrouble, key_store
from app.clock import US, Clock
from app.config import Config
from app.paths import VERSION
from app.ports import Refused
from models.anchors import AnchorInfo, AuditAnchor, GuardStatus, Packed, TrailReport
from models.audit_commands import AnchorTrail, NoteVerification, PackageTrail
from models.commands import Command
from models.people import Actor, system_actor

if TYPE_CHECKING:
    from app.access.verification import Read, Step

log = structlog.get_logger(__name__)

DAY_US = 86_400 * US
RETRY_US = 60 * US
May = Callable[[str, Actor], bool]
Begin = Callable[[], AbstractContextManager[Session]]


def anchor_copies(data_dir: Path, config: Config) -> list[Path]:
    """Where anchors lie outside the database, the installation's own copy first."""
    copies = [data_dir / FOLDER / ANCHORS_FILE]
    if config.audit.anchor_dir is not None:
        copies.append(data_dir / config.audit.anchor_dir / f"{config.station}-{ANCHORS_FILE}")
    return copies


def _quiet(_done: int, _total: int) -> None:
    """Nobody watches."""


class TrailGuard:
    """See the module. ``signer`` is None when the key can't be used."""

    def __init__(self, data_dir: Path, config: Config, read: Read, may: May, clock: Clock) -> None:
        """Makes the key at the very first start. ``may`` answers whether somebody holds a right plant-wide."""
        self._head_path = data_dir / FOLDER / HEAD_FILE
        self._config, self._read, self._may, self._clock = config, read, may, clock
        self._files = AnchorFiles(anchor_copies(data_dir, config))
        self._last_us: int | None = None
        self._tried_us = 0
        self._key_trouble = ""
        self.signer: Signer | None = None
        keys = key_store(data_dir, config.audit.keys == "keyring")
        try:
            self._fresh = keys.get(KEY) is None
            self.signer = Signer(keys)
        except KeyTrouble as error:
            log.error("trail_not_guarded", detail=str(error))
            self._key_trouble = str(error)
        self._head = HeadFile(self._head_path, self.signer) if self.signer else None

    def start(self, begin: Begin, now_us: int) -> None:
        """Take up the end of the trail; what was found amiss goes into it. Raises SQLAlchemyError."""
        if self._head is None:
            return
        with begin() as session:
            connection = session.connection()
            self._last_us = connection.execute(select(func.max(AuditAnchor.t_us))).scalar()
            note = self._head.start(connection, now_us, fresh=self._fresh)
        self._fresh = False
        if note:
            with self.watched(begin, now_us) as session:
                audit.append(
                    session,
                    t_us=now_us,
                    actor=system_actor(self._config.station),
                    action="audit.head",
                    target="audit",
                    outcome="failed",
                    after=note,
                )

    def committed(self, first: audit.Sealed, last: audit.Sealed, now_us: int) -> None:
        """Tell of the first and the last row that a commit added. Engine thread; about 50 µs; never raises."""
        if self._head is not None:
            self._head.committed(Written(first.id, first.prev_hash, last.id, last.hash), now_us)

    @contextmanager
    def watched(self, begin: Begin, now_us: int) -> Iterator[Session]:
        """A unit of work outside the door that may add rows: told of like any other once it is committed."""
        with begin() as session:
            before = tail_of(session.connection())
            yield session
            session.flush()
            after = tail_of(session.connection())
        if after != before and self._head is not None:
            self._head.committed(Written(before[0] + 1, before[1], *after), now_us)

    @contextmanager
    def beside(self, begin: Begin, now_us: int) -> Iterator[Session]:
        """A unit of work of another process than the engine's that may add rows."""
        with begin() as session:
            before = tail_of(session.connection())
            yield session
            session.flush()
            after = tail_of(session.connection())
        if after != before and self._head is not None:
            self._head.follow(Written(before[0] + 1, before[1], *after), now_us, fresh=self._fresh)
            self._fresh = False

    def due(self, now_us: int) -> bool:
        """Is it time for the daily anchor (a new UTC day, or none yet)? Engine thread, cheap."""
        if self.signer is None or now_us - self._tried_us < RETRY_US:
            return False
        return self._last_us is None or now_us // DAY_US > self._last_us // DAY_US

    def anchor(self, begin: Begin, now_us: int) -> None:
        """Make the daily anchor. Engine thread. Raises SQLAlchemyError; it is due again a minute later then."""
        if self.signer is None:
            return
        self._tried_us = now_us
        with begin() as session:
            record = make_anchor(session.connection(), self.signer, now_us)
        self.anchored(record)

    def handlers(self) -> dict[type[Command], Handler]:
        """Handlers of the orders about the trail."""
        return {AnchorTrail: self._on_anchor, PackageTrail: _on_package, NoteVerification: _on_verification}

    def verify(self, reader: Actor, step: Step = _quiet) -> TrailReport:
        """See :func:`app.access.verification.verify`. For worker threads. Raises Refused forbidden."""
        from app.access.verification import verify  # for those who ask: a start does without

        self._check(reader)
        trusted = {self.signer.key_id: self.signer.public_key} if self.signer else {}
        return verify(self._read, head=self._head_path, copies=self._files.paths, trusted=trusted, step=step)

    def pack(self, path: Path, reader: Actor, step: Step = _quiet) -> Packed:
        """Write the auditor's package; leave its trace with :class:`PackageTrail`. For worker threads.

        Raises Refused forbidden or no_key, OSError, SQLAlchemyError.
        """
        if not self._may("audit.package", reader):
            raise Refused("forbidden", f"{reader.login} may not take the trail out")
        if self.signer is None:
            raise Refused("no_key", self._key_trouble)
        from app.access.package import write_package  # for those who ask: a start does without

        return write_package(
            path,
            read=self._read,
            signer=self.signer,
            head=self._head_path,
            copies=self._files.paths,
            config=self._config,
            version=VERSION,
            now_us=self._clock.now_us(),
            step=step,
        )

    def anchors(self, reader: Actor) -> list[AnchorInfo]:
        """All anchors of the store, oldest first. For worker threads. Raises Refused forbidden."""
        self._check(reader)
        with self._read() as connection:
            return msgspec.convert(stored_anchors(connection), list[AnchorInfo])

    def status(self) -> GuardStatus:
        """How the trail is guarded at present. Any thread, cheap."""
        head = self._head.trouble if self._head else ""
        troubles = [self._key_trouble, head, *self._files.trouble.copy().values()]
        return GuardStatus(
            key=self.signer.key_id if self.signer else "",
            last_anchor_us=self._last_us,
            trouble="; ".join(filter(None, troubles)),
        )

    def close(self) -> None:
        """Let go of the head file."""
        if self._head is not None:
            self._head.close()

    def _check(self, reader: Actor) -> None:
        if not self._may("audit.read", reader):
            raise Refused("forbidden", f"{reader.login} may not read the trail")

    def anchored(self, record: dict[str, Any]) -> None:
        """After the commit of an anchor: its copies."""
        self._last_us = record["t_us"]
        self._files.append(record)

    def _on_anchor(self, unit: Unit, _command: AnchorTrail, _actor: Actor) -> Outcome:
        if self.signer is None:
            raise Refused("no_key", self._key_trouble)
        record = make_anchor(unit.session.connection(), self.signer, unit.now_us)
        unit.after_commit(lambda: self.anchored(record))
        facts = {"anchor": record["id"], "last_id": record["last_id"], "entries": record["entries"]}
        return Outcome(data=record, after=facts)


def _on_package(_unit: Unit, command: PackageTrail, _actor: Actor) -> Outcome:
    return Outcome(after={"entries": command.entries})


def _on_verification(_unit: Unit, command: NoteVerification, _actor: Actor) -> Outcome:
    return Outcome(after={"ok": command.ok, "entries": command.entries, "finding": command.finding})
