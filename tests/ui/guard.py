"""The guard of the trail in memory: a verification that takes steps, anchors, and a package that is really written."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from app.ports import Answer, AuditRow, Refused
from models.anchors import AnchorInfo, Finding, GuardStatus, Packed, TrailReport
from models.audit_commands import AnchorTrail, NoteVerification, PackageTrail
from models.commands import Command
from models.people import Actor

if TYPE_CHECKING:
    from tests.ui.station import MemoryStation

KEY = "1f2e3d4c5b6a7988"
ORDERS = (AnchorTrail, NoteVerification, PackageTrail)


class MemoryGuard:
    """``app.ports.Guard``. ``gate`` holds a verification between its steps until the test opens it."""

    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.anchor_rows: list[AnchorInfo] = []
        self.finding: Finding | None = None
        self.others: tuple[Finding, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self.trouble = ""
        self.steps: list[tuple[int, int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def status(self) -> GuardStatus:
        last = max((a.t_us for a in self.anchor_rows), default=None)
        return GuardStatus(key="" if self.trouble else KEY, last_anchor_us=last, trouble=self.trouble)

    def _check(self, action: str, reader: Actor) -> None:
        if not self._station.door.allowed(action, reader):
            raise Refused("forbidden")
        if self.error is not None:
            raise self.error

    def verify(self, reader: Actor, step: Callable[[int, int], None] = lambda _d, _t: None) -> TrailReport:
        self._check("audit.read", reader)
        rows = self._station.trail.rows
        for done in range(1, len(rows) + 1):
            self.steps.append((done, len(rows)))
            step(done, len(rows))
            self.gate.wait(10)
        found = (self.finding, *self.others) if self.finding is not None else ()
        return TrailReport(
            ok=self.finding is None,
            entries=len(rows),
            first_broken=self.finding,
            findings=found,
            warnings=self.warnings,
            anchors=len(self.anchor_rows),
            last_anchor_us=self.status().last_anchor_us,
            key=KEY,
            seconds=0.4,
        )

    def anchors(self, reader: Actor) -> list[AnchorInfo]:
        self._check("audit.read", reader)
        return list(self.anchor_rows)

    def pack(self, path: Path, reader: Actor, step: Callable[[int, int], None] = lambda _d, _t: None) -> Packed:
        self._check("audit.package", reader)
        report = self.verify(reader, step)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("entries.jsonl", "")
        content = path.read_bytes()
        return Packed(
            path=str(path),
            entries=report.entries,
            bytes=len(content),
            key=KEY,
            trail=report,
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def carry_out(self, command: Command, actor: Actor) -> Answer:
        """The order's trace, and an anchor for :class:`AnchorTrail`."""
        data: Any = None
        rows, now = self._station.trail.rows, self._station.now_us()
        if isinstance(command, AnchorTrail):
            anchor = AnchorInfo(
                id=len(self.anchor_rows) + 1, t_us=now, last_id=len(rows), entries=len(rows), key_id=KEY
            )
            self.anchor_rows.append(anchor)
            data = {"id": anchor.id, "entries": anchor.entries}
        facts = msgspec.to_builtins(command)
        roles = ",".join(actor.roles)
        rows.append(
            AuditRow(
                len(rows) + 1, now, actor.login, actor.name, roles, actor.station, command.action, command.target,
                "done", "", None, facts,
            )
        )  # fmt: skip
        return Answer(data=data)
