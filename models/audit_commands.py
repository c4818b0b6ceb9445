"""Orders about the trail itself. None of them changes or removes an entry: there is no such order."""

from __future__ import annotations

from typing import ClassVar

from models.commands import Command


class AnchorTrail(Command, frozen=True, kw_only=True):
    """Sign now how long the trail is and how it ends."""

    action: ClassVar[str] = "audit.anchor"
    reason: str = ""

    @property
    def target(self) -> str:
        """What the order acts on."""
        return "audit"


class PackageTrail(Command, frozen=True, kw_only=True):
    """Somebody took the trail out as an auditor's package. Only the trace is written."""

    action: ClassVar[str] = "audit.package"
    path: str
    entries: int
    reason: str = ""

    @property
    def target(self) -> str:
        """What the order acts on."""
        return self.path


class NoteVerification(Command, frozen=True, kw_only=True):
    """Somebody had the trail verified, with this outcome. Only the trace is written."""

    action: ClassVar[str] = "audit.verify"
    ok: bool
    entries: int
    finding: str = ""

    @property
    def target(self) -> str:
        """What the order acts on."""
        return "audit"
