"""Users and sessions: who may log in, and from which station somebody acts. What they may do is in :mod:`models.rights`."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned
from models.rights import Grant


class User(Keyed, Versioned, Base):
    """A person who can log in. ``password`` is an argon2id hash; empty means: must be set before the first login."""

    __tablename__ = "user_account"

    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
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
    """Who gives an order: a logged-in person at a station, or the system itself (user_id 0).

    ``roles`` are the codes of the roles held when the person logged in, for showing; what they may do now is asked of
    the rights in force.
    """

    user_id: int
    login: str
    name: str
    roles: tuple[str, ...]
    station: str
    session_id: int = 0


class UserInfo(msgspec.Struct, frozen=True):
    """What lists of users show; never the hash.

    ``external``: the password lies in the company's directory; ``second_step``: off · pending · on.
    """

    id: int
    login: str
    name: str
    grants: tuple[Grant, ...]
    active: bool
    must_change: bool
    locked_until_us: int | None
    created_us: int
    external: bool = False
    second_step: str = "off"

    @property
    def roles(self) -> tuple[str, ...]:
        """Codes of the roles, each once, in the order of the grants."""
        return tuple(dict.fromkeys(grant.role for grant in self.grants))


class Credential(msgspec.Struct, frozen=True):
    """A signature as given: who, with which password, meaning what. Never printed, never stored.

    ``second`` marks the person who signs beside the one who gives the order.
    """

    login: str
    password: str
    meaning: str
    second: bool = False

    def __repr__(self) -> str:
        return f"Credential({self.login!r}, ***)"


class Signature(msgspec.Struct, frozen=True):
    """A signature whose password was right: ``seen`` is what it was checked against, looked at again before it counts."""

    user_id: int
    login: str
    name: str
    meaning: str
    seen: str
    second: bool = False

    def __repr__(self) -> str:
        return f"Signature({self.login!r}, {self.meaning!r})"


def system_actor(station: str) -> Actor:
    """The program acting by rule (timed unshelving, scheduled work); audited like a person."""
    return Actor(user_id=0, login="system", name="system", roles=(), station=station)
