"""What an act changed, as a person reads it: one line a field, its path and both values in words instead of JSON.

Nested facts are compared field by field. Lists of things that have a code, a number or a login are compared thing by
thing, so that a role that was added is one line and not a whole list twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from models.organisation import day_of
from ui.access.rights_model import action_text
from ui.i18n import DASH, has, roles_text, stamp_text, t

_NAMED_BY = ("code", "number", "login", "key", "role", "name", "id")
_DAYS = ("joined_us", "left_us", "from_us", "kept")
_ROLES = ("role", "roles")
_ACTIONS = ("action", "actions")
_FIELDS = ("fields", "gone")
_JOIN = ", "


class Change(StrEnum):
    """What happened to a field."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class Difference(NamedTuple):
    """A field that differs: its path from the outside in, what happened, and the values (None where there is none)."""

    path: tuple[str, ...]
    change: Change
    before: Any
    after: Any

    @property
    def field(self) -> str:
        """The path in words."""
        return " › ".join(field_text(part) for part in self.path)

    @property
    def old(self) -> str:
        """The value before, in words."""
        return DASH if self.change is Change.ADDED else value_text(self.path[-1], self.before)

    @property
    def new(self) -> str:
        """The value after, in words."""
        return DASH if self.change is Change.REMOVED else value_text(self.path[-1], self.after)


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Every field that differs, in the order of the facts."""
    return list(_walk((), before or {}, after or {}))


def _walk(path: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *after]):
        here = (*path, str(key))
        if key not in before:
            yield from _leaves(here, Change.ADDED, after[key])
        elif key not in after:
            yield from _leaves(here, Change.REMOVED, before[key])
        elif before[key] != after[key]:
            yield from _changed(here, before[key], after[key])


def _changed(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _walk(path, old, new)
        return
    if isinstance(old, list) and isinstance(new, list):
        named, named_too = _named(old), _named(new)
        if named is not None and named_too is not None:
            yield from _walk(path, named, named_too)
        elif not any(isinstance(each, Mapping | list) for each in (*old, *new)):
            gone, come = [v for v in old if v not in new], [v for v in new if v not in old]
            yield Difference(path, Change.CHANGED, gone or old, come or new)
        else:
            yield from _walk(path, _numbered(old), _numbered(new))
        return
    yield Difference(path, Change.CHANGED, old, new)


def _leaves(path: tuple[str, ...], change: Change, value: Any) -> Iterator[Difference]:
    """A whole that came or went, field by field, a thing of a list in one line; what is empty tells nothing."""
    flat = isinstance(value, Mapping) and not any(isinstance(inner, Mapping | list) for inner in value.values())
    if flat and len(path) > 1:
        yield Difference(path, change, value if change is Change.REMOVED else None, value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves((*path, str(key)), change, inner)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        yield from _leaves(path, change, _named(value) or _numbered(value))
    elif value not in (None, "", []):
        yield Difference(path, change, value if change is Change.REMOVED else None, value)


def _named(things: list[Any]) -> dict[str, Any] | None:
    """Things by what names them; None when they have no name or share one."""
    if not things:
        return {}
    for name in _NAMED_BY:
        if all(isinstance(thing, Mapping) and thing.get(name) not in (None, "") for thing in things):
            found = {str(thing[name]): thing for thing in things}
            return found if len(found) == len(things) else None
    return None


def _numbered(things: list[Any]) -> dict[str, Any]:
    return {f"{at}": thing for at, thing in enumerate(things, 1)}


def field_text(key: str) -> str:
    """A field in words; its name without underscores where there is no word for it."""
    for form in (f"trail.field.{key}", f"personal.field.{key}"):
        if has(form):
            return t(form)
    if has(f"common.role.{key}"):
        return roles_text([key])
    return key.replace("_us", "").replace("_", " ").strip() or key


def private_text(field: str) -> str:
    """A field of personal data in words."""
    key = f"personal.field.{field}"
    return t(key) if has(key) else field_text(field)


def value_text(key: str, value: Any) -> str:
    """A value in words, as the field that holds it wants."""
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return t("access.yes") if value else t("access.no")
    if isinstance(value, list):
        return _JOIN.join(value_text(key, each) for each in value) or DASH
    if isinstance(value, Mapping):
        told = {str(k): v for k, v in value.items() if v not in (None, "", [])}
        return _JOIN.join(f"{field_text(k)}: {value_text(k, v)}" for k, v in told.items()) or DASH
    if isinstance(value, int) and key in _DAYS:
        return day_of(value).isoformat()
    if isinstance(value, int) and key.endswith("_us"):
        return stamp_text(value)
    if isinstance(value, str):
        return _word(key, value)
    return json.dumps(value, ensure_ascii=False)


def _word(key: str, value: str) -> str:
    if key in _ROLES:
        return roles_text([value])
    if key in _ACTIONS or has(f"access.action.{value}"):
        return action_text(value)
    if key in _FIELDS:
        return private_text(value)
    for form in (f"common.state.{value}", f"trail.value.{value}"):
        if has(form):
            return t(form)
    return value
