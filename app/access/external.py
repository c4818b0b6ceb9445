"""What a directory says about a person, and the text rules that keep a login from becoming part of a question.

Without any network, so that people and tests can speak of it without loading the protocol's library
(:mod:`app.access.directory`). The escapes are the project's own: the library's leave NUL bare in distinguished names
and fail on an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

import msgspec

from app.config import GroupGrant

_FILTER = {c: f"\\{ord(c):02x}" for c in "\\*()\x00"}
_DN = {c: f"\\{c}" for c in '\\,+"<>;='} | {"\x00": "\\00"}
_PART = re.compile(r"((?:[^\\,;+]|\\.)*)([,;+]|$)", re.DOTALL)
_ESCAPED = re.compile(r"(?:\\[0-9A-Fa-f]{2})+|\\.", re.DOTALL)
_SPACE = re.compile(r"\s+")


class Grant(NamedTuple):
    """A role (its code) in a zone; "" is the whole plant."""

    role: str
    zone: str


class DirectoryPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who proved the password. ``login`` is in lower case; ``groups`` are distinguished names."""

    login: str
    name: str
    mail: str
    dn: str
    groups: tuple[str, ...]
    grants: tuple[Grant, ...]


class DirectoryAnswer(msgspec.Struct, frozen=True):
    """done · wrong · unavailable · not_allowed; the person when the password was right and the groups are known.

    ``detail`` is English for the log; for not_allowed it is a code that may be shown: no_group · disabled · locked ·
    account_expired · password_expired · must_change · hours · workstation · refused.
    """

    code: Literal["done", "wrong", "unavailable", "not_allowed"]
    person: DirectoryPerson | None = None
    detail: str = ""


class LoginDirectory(Protocol):
    """Somewhere that knows people and their passwords."""

    def check(self, login: str, password: str) -> DirectoryAnswer:
        """Is it them, and what may they be here? Slow, never raises; for workers."""


def escape_filter(value: str) -> str:
    """A text as a value in a search filter (RFC 4515)."""
    return "".join(_FILTER.get(c, c) for c in value)


def escape_dn(value: str) -> str:
    """A text as a value in a distinguished name (RFC 4514)."""
    escaped = "".join(_DN.get(c, c) for c in value)
    if escaped.startswith(("#", " ")):
        escaped = "\\" + escaped
    if escaped.endswith(" ") and not escaped.endswith("\\ "):
        escaped = escaped[:-1] + "\\ "
    return escaped


def same_dn(dn: str) -> str:
    """A distinguished name in a form that is equal for equal names: cases, spaces and escapes smoothed out.

    Raises ValueError when it is none.
    """
    names: list[list[str]] = [[]]
    position = 0
    while position <= len(dn):
        found = _PART.match(dn, position)
        if found is None:
            raise ValueError(f"{dn!r} is no distinguished name")
        attribute, equals, value = found[1].partition("=")
        if not equals or not attribute.strip():
            raise ValueError(f"{dn!r} is no distinguished name")
        names[-1].append(f"{attribute.strip().lower()}={escape_dn(_smooth(_unescaped(value)))}")
        if not found[2]:
            break
        if found[2] != "+":
            names.append([])
        position = found.end()
    return ",".join("+".join(sorted(name)) for name in names)


def _unescaped(value: str) -> str:
    def bare(found: re.Match[str]) -> str:
        text = found[0]
        return text[1:] if len(text) == 2 else bytes.fromhex(text.replace("\\", "")).decode("utf-8", "replace")

    return _ESCAPED.sub(bare, value)


def _smooth(value: str) -> str:
    """A text without what directories don't tell apart: case and runs of spaces. Nothing more: in doubt, different."""
    return _SPACE.sub(" ", value.lower()).strip()


def grants_of(groups: Iterable[str], table: Iterable[GroupGrant]) -> tuple[Grant, ...]:
    """Roles and zones of somebody in these groups, each once, in the table's order.

    Whole names are compared: a group of the same short name somewhere else in the directory gives nothing. Raises
    ValueError when the table holds something that is no distinguished name.
    """
    known = set()
    for group in groups:
        try:
            known.add(same_dn(group))
        except ValueError:
            continue  # a group that is named in another way can't stand in the table
    found = [Grant(row.role, row.zone) for row in table if same_dn(row.group) in known]
    return tuple(dict.fromkeys(found))
