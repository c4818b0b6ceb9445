"""Passwords: argon2id hashes, and why a new one is too weak.

Hashing costs tens of milliseconds and tens of megabytes by design: call it from a worker, never from the engine thread.
"""

from __future__ import annotations

import secrets

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from app.access.permissions import PasswordRules


class Passwords:
    """Hashes and checks. Thread-safe."""

    def __init__(self, rules: PasswordRules, hasher: argon2.PasswordHasher | None = None) -> None:
        self._rules = rules
        self._hasher = hasher or argon2.PasswordHasher()
        self._nobody = ""
        self._common = frozenset(rules.common)

    def hash(self, password: str) -> str:
        """An argon2id hash with its own salt."""
        return self._hasher.hash(password)

    def matches(self, stored: str, password: str) -> bool:
        """Does the password belong to the hash? With no hash at all it takes as long and is False."""
        if not self._nobody:
            self._nobody = self._hasher.hash(secrets.token_hex(16))
        try:
            return self._hasher.verify(stored or self._nobody, password) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, stored: str) -> bool:
        """True when the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def weakness(self, password: str, login: str = "") -> str | None:
        """Why it is too weak for a new password, as a code: too_short · too_long · few_kinds · few_different ·
        contains_login · common; None when it will do.
        """
        rules, lower = self._rules, password.lower()
        if len(password) < rules.min_length:
            return "too_short"
        if len(password) > rules.max_length:
            return "too_long"
        if lower in self._common:
            return "common"
        if len(set(lower)) < rules.min_different:
            return "few_different"
        if _kinds(password) < rules.min_kinds:
            return "few_kinds"
        if len(login) >= 3 and login.lower() in lower:
            return "contains_login"
        return None


def _kinds(password: str) -> int:
    """How many of lower case, upper case, digits and others it holds."""
    return (
        any(c.isascii() and c.islower() for c in password)
        + any(c.isascii() and c.isupper() for c in password)
        + any(c.isascii() and c.isdigit() for c in password)
        + any(not (c.isascii() and c.isalnum()) for c in password)
    )
