"""Rights as data: roles hold actions, people hold roles in zones, dangerous acts ask for signatures.

A zone is the code of a place of the plant tree and covers everything beneath it; '' is the whole plant.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from sqlalchemy import BigInteger, Boolean, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned


class Role(StrEnum):
    """Codes of the ready roles. A site may change what they hold and add roles of its own."""

    WORKER = "worker"
    OPERATOR = "operator"
    SHIFT_LEADER = "shift_leader"
    COMMANDER = "commander"
    SAFETY_MANAGER = "safety_manager"
    EQUIPMENT_MANAGER = "equipment_manager"
    TRAINING_MANAGER = "training_manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """Where a right counts: in the zones where the role is held, only plant-wide, or wherever the role is held."""

    ZONE = "zone"
    PLANT = "plant"
    ANY = "any"


class RoleRow(Keyed, Versioned, Base):
    """A role. ``ready`` ones come with the program and can't be removed."""

    __tablename__ = "role"

    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    name_en: Mapped[str] = mapped_column(String(60), default="")
    ready: Mapped[bool] = mapped_column(Boolean, default=False)


class RoleRight(Base):
    """A role holds an action."""

    __tablename__ = "role_right"

    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), primary_key=True)
    action: Mapped[str] = mapped_column(String(64), primary_key=True)


class RoleAssignment(Keyed, Base):
    """A user holds a role in a zone, for good or until a moment."""

    __tablename__ = "role_assignment"
    __table_args__ = (UniqueConstraint("user_id", "role_id", "zone"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"))
    zone: Mapped[str] = mapped_column(String(64), default="")
    until_us: Mapped[int | None] = mapped_column(BigInt)
    granted_us: Mapped[int] = mapped_column(BigInteger)
    granted_by: Mapped[str] = mapped_column(String(64), default="")
    reason: Mapped[str] = mapped_column(Text, default="")


class KnownAction(Base):
    """An action whose default rights were once handed to the ready roles: an upgrade brings only what is new."""

    __tablename__ = "known_action"

    action: Mapped[str] = mapped_column(String(64), primary_key=True)
    since_us: Mapped[int] = mapped_column(BigInteger)


class SignatureRuleRow(Versioned, Base):
    """Whether a danger asks for the password again, and for a second person."""

    __tablename__ = "signature_rule"

    danger: Mapped[str] = mapped_column(String(64), primary_key=True)
    password: Mapped[bool] = mapped_column(Boolean, default=True)
    second: Mapped[bool] = mapped_column(Boolean, default=False)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role held in a zone; times in UTC microseconds, ``until_us`` None means for good."""

    role: str
    zone: str = ""
    until_us: int | None = None
    granted_us: int = 0
    granted_by: str = ""
    reason: str = ""


class RoleInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A role and what it holds; ``name`` is empty for ready roles, whose names come with the program's words."""

    code: str
    name: str
    name_en: str
    ready: bool
    actions: frozenset[str]
    holders: int = 0


class ActionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be allowed; ``dangers`` are the dangers that it may come with.

    ``basic`` ones are everybody's who can log in; no role is asked for them.
    """

    action: str
    scope: Scope
    dangers: tuple[str, ...] = ()
    basic: bool = False


class SignatureRule(msgspec.Struct, frozen=True, kw_only=True):
    """What a danger asks for before it is done."""

    danger: str
    password: bool
    second: bool


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody may do something somewhere, and the grants that say so (empty when they may not)."""

    user_id: int
    login: str
    name: str
    action: str
    zone: str
    allowed: bool
    because: tuple[Grant, ...]
    why_not: str = ""  # no_role · not_here · expired · inactive · '' when allowed
