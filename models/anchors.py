"""Anchors of the trail: signed statements of how long it was and how it ended, one a day and on demand."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed


class AuditAnchor(Keyed, Base):
    """At ``t_us`` the trail had ``entries`` rows, the last of them ``last_id`` with the seal ``last_hash``.

    Signed with Ed25519 over the canonical JSON of the row without ``signature``; keys and signature are hex. Append-only.
    """

    __tablename__ = "audit_anchor"

    t_us: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInt, index=True)
    last_hash: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int] = mapped_column(BigInt)
    key_id: Mapped[str] = mapped_column(String(16))
    public_key: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with the trail: at which row, what was done, and a sentence (English) for the report.

    kind: edited · deleted · inserted · reordered · rewritten · tail_cut · anchor_forged · anchor_removed · head_forged ·
    head_missing
    """

    id: int
    kind: str
    detail: str


class TrailReport(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a verification. ``first_broken`` is the first of ``findings``; times in UTC microseconds.

    warnings  what does not break the trail but weakens it (a copy of the anchors that can't be read …)
    """

    ok: bool
    entries: int
    first_broken: Finding | None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    anchors: int = 0
    last_anchor_us: int | None = None
    key: str = ""
    seconds: float = 0.0


class GuardStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the trail is guarded at present: the key's fingerprint, the last anchor, and what is in the way ('' is well)."""

    key: str
    last_anchor_us: int | None
    trouble: str


class AnchorInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An anchor as lists show it."""

    id: int
    t_us: int
    last_id: int
    entries: int
    key_id: str


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """What was packed: entries, the key's fingerprint, how the trail stood, and the SHA-256 (hex) of the file."""

    path: str
    entries: int
    bytes: int
    key: str
    trail: TrailReport
    sha256: str = ""
