"""What each role may do: a versioned rule pack, denied by default.

The pack is data (``resources/rules/permissions.toml``) so that a site can read and change it; it also holds the figures
for logins and passwords, because the same people answer for them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from app.paths import resource_path
from models.people import Actor, Role

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


class _RolePack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allow: list[str]
    inherits: str = ""


class _Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    roles: dict[str, _RolePack]
    login: LoginRules
    password: PasswordRules
    notes: str = ""


class Permissions:
    """The loaded pack; immutable, so every thread may ask."""

    def __init__(self, pack: _Pack) -> None:
        self.version = pack.version
        self.login = pack.login
        self.password = pack.password
        self._allowed = {name: _closure(name, pack.roles) for name in pack.roles}

    def allowed(self, action: str, actor: Actor) -> bool:
        """May this person do that? False for whatever is not listed."""
        return action in self._allowed.get(role_name(actor), frozenset())

    def actions(self, role: str) -> frozenset[str]:
        """Everything that a role may do, inherited included."""
        return self._allowed.get(role, frozenset())


def role_name(actor: Actor) -> str:
    """The name that the pack knows somebody by."""
    if actor.role is not None:
        return actor.role.value
    return SYSTEM if actor.user_id == 0 and actor.login == SYSTEM else ANONYMOUS


def load_permissions(path: Path | None = None) -> Permissions:
    """Read the shipped pack, or a site's own.

    Raises RulesError when it can't be read, lacks a role or inherits in a circle.
    """
    path = path or resource_path("rules", "permissions.toml")
    try:
        pack = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Pack)
        missing = [role for role in (*Role, SYSTEM, ANONYMOUS) if role not in pack.roles]
        if missing:
            raise RulesError(f"no rules for the role {missing[0]}")
        if pack.login.lockout_after < 1 or pack.password.min_length < 1:
            raise RulesError("lockout_after and min_length must be at least 1")
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
