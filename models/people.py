"""Users, roles and sessions: who may act, and from which station."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned


class Role(StrEnum):
    """Roles of the control room. What each may do is data: resources/rules/permissions.toml."""

    OPERATOR = "operator"
    SHIFT_LEADER = "shift_leader"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class User(Keyed, Versioned, Base):
    """A person who can log in. ``password`` is an argon2id hash; empty means: must be set before the first login."""

    __tablename__ = "user_account"

    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(String(32))
    password: Mapped[str] = mapped_column(String(255), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    must_change: Mapped[bool] = mapped_column(Boolean, default=False)
    failed_logins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until_us: Mapped[int | None] = mapped_column(BigInt)
    created_us: Mapped[int] = mapped_column(BigInteger)


class Session(Keyed, Base):
    """One stay of a person at a station, from login to logout."""

    __tablename__ = "session"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    station: Mapped[str] = mapped_column(String(64))
    opened_us: Mapped[int] = mapped_column(BigInteger)
    closed_us: Mapped[int | None] = mapped_column(BigInt)


class Actor(msgspec.Struct, frozen=True):
    """Who gives an order: a logged-in person at a station, or the system itself (user_id 0)."""

    user_id: int
    login: str
    name: str
    role: Role | None
    station: str
    session_id: int = 0


class UserInfo(msgspec.Struct, frozen=True):
    """What lists of users show; never the hash."""

    id: int
    login: str
    name: str
    role: Role
    active: bool
    must_change: bool
    locked_until_us: int | None
    created_us: int


def system_actor(station: str) -> Actor:
    """The program acting by rule (timed unshelving, scheduled work); audited like a person."""
    return Actor(user_id=0, login="system", name="system", role=None, station=station)
