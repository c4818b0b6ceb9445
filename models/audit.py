"""The trail: one append-only row for each act, refusal and login."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed


class AuditEntry(Keyed, Base):
    """Who did what, to what, from which station, when, why, and how it was before and after.

    ``signed`` lists the signatures given with a dangerous order (login, name, meaning, second).
    ``hash`` is SHA-256 over the canonical JSON of the row and ``prev_hash``: a changed, removed or inserted row breaks
    the chain from there on.
    """

    __tablename__ = "audit_entry"

    t_us: Mapped[int] = mapped_column(BigInteger, index=True)
    user_id: Mapped[int] = mapped_column(BigInt)
    login: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(200))  # codes of the roles held, with commas between
    station: Mapped[str] = mapped_column(String(64))
    session_id: Mapped[int] = mapped_column(BigInt, default=0)
    action: Mapped[str] = mapped_column(String(64), index=True)  # the command's name
    target: Mapped[str] = mapped_column(String(200), default="", index=True)
    outcome: Mapped[str] = mapped_column(String(16))  # done · refused · failed
    reason: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    after: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    signed: Mapped[list[Any] | None] = mapped_column(default=None)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
