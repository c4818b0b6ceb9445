"""The rule pack behind the rights: what there is to be allowed, what ready roles hold at first, figures for logins.

The pack (``resources/rules/permissions.toml``) seeds the store; what is in force is :class:`app.access.rights.Book`.
The program itself and people who have not logged in hold what the pack gives them, and nothing can change that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from app.paths import resource_path
from models.people import Actor
from models.rights import Role, Scope

SYSTEM = "system"
ANONYMOUS = "anonymous"


class RulesError(ValueError):
    """A rule pack can't be used; the message names the file and what is wrong."""


class LoginRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When failed logins make somebody wait. Times in seconds."""

    lockout_after: int
    lockout_s: float
    backoff_s: list[float]

    def wait_s(self, failures: int) -> float:
        """How long the next attempt has to wait after so many failures in a row."""
        if failures >= self.lockout_after:
            return self.lockout_s
        if failures < 1 or not self.backoff_s:
            return 0.0
        return self.backoff_s[min(failures, len(self.backoff_s)) - 1]


class PasswordRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new password must be."""

    min_length: int
    max_length: int
    min_kinds: int
    min_different: int
    common: list[str]


class SecondStepRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Roles (their codes) whose holders must use one-time codes."""

    required: list[str] = []


class SignaturePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a danger asks for at first."""

    password: bool
    second: bool


class _RolePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allow: list[str]
    inherits: str = ""


class _BasicPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allow: list[str]


class _Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    actions: dict[str, Scope]
    basic: _BasicPack
    roles: dict[str, _RolePack]
    signatures: dict[str, SignaturePack]
    login: LoginRules
    password: PasswordRules
    second_step: SecondStepRules = SecondStepRules()
    notes: str = ""


class Permissions:
    """The loaded pack; immutable, so every thread may ask."""

    def __init__(self, pack: _Pack) -> None:
        self.version = pack.version
        self.login = pack.login
        self.password = pack.password
        self.second_step = pack.second_step
        self.scopes: Mapping[str, Scope] = pack.actions
        self.signatures: Mapping[str, SignaturePack] = pack.signatures
        self.basic = frozenset(pack.basic.allow)
        self._allowed = {name: _closure(name, pack.roles) for name in pack.roles}

    def actions(self, role: str) -> frozenset[str]:
        """Everything that a ready role holds at first, inherited included; what everybody holds is in ``basic``."""
        return self._allowed.get(role, frozenset())

    def without_login(self, action: str, actor: Actor) -> bool:
        """May the program itself, or somebody who has not logged in, do that? False for people who have."""
        if actor.user_id > 0:
            return False
        system = actor.user_id == 0 and actor.login == SYSTEM
        return action in self._allowed[SYSTEM if system else ANONYMOUS]


def load_permissions(path: Path | None = None) -> Permissions:
    """Read the shipped pack, or a site's own.

    Raises RulesError when it can't be read, lacks a role, names an unknown action or inherits in a circle.
    """
    path = path or resource_path("rules", "permissions.toml")
    try:
        pack = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Pack)
        missing = [role for role in (*Role, SYSTEM, ANONYMOUS) if role not in pack.roles]
        if missing:
            raise RulesError(f"no rules for the role {missing[0]}")
        if pack.login.lockout_after < 1 or pack.password.min_length < 1:
            raise RulesError("lockout_after and min_length must be at least 1")
        named = {a for name, role in pack.roles.items() if name != ANONYMOUS for a in role.allow} | set(
            pack.basic.allow
        )
        if named - pack.actions.keys():
            raise RulesError(f"{sorted(named - pack.actions.keys())[0]} is not in [actions]")
        return Permissions(pack)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise RulesError(f"{path}: {error}") from error


def _closure(name: str, roles: dict[str, _RolePack]) -> frozenset[str]:
    found: set[str] = set()
    seen: set[str] = set()
    while name:
        if name in seen or name not in roles:
            raise RulesError(f"the role {name} inherits in a circle or is not there")
        seen.add(name)
        found.update(roles[name].allow)
        name = roles[name].inherits
    return frozenset(found)
