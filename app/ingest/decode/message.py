"""One kind of message of a foreign device, compiled: JSONPath to tag, unit, scale, time and quality.

Two ways, which can be combined: ``value`` rules pick single places, ``flatten`` takes every leaf of the document. The
compiled form is what runs; JSONPath that names one place is walked directly, as that is a few times quicker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from fnmatch import fnmatchcase
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from app.ingest.decode import native
from app.ingest.decode.base import MAX_LEAVES, Undecodable, no_value_quality, quality_code, tag_name, time_us
from app.ingest.decode.convert import Conversion, Kind
from app.ingest.decode.topics import valid_filter
from models.events import Refusal
from models.readings import Quality, Reading

GOOD = int(Quality.GOOD)
_ONE_PLACE = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\['[^'\\]*'\]|\[[0-9]+\])*")
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\['([^'\\]*)'\]|\[([0-9]+)\]")
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class BadRuleError(ValueError):
    """A rule that can't be compiled: which key, and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")


class ValueRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place of the document (or several, by wildcard): ``tag`` may use {topic levels}, {vars}, {path} and {key}."""

    path: str
    tag: str
    unit: str | None = None
    type: Kind = "any"
    scale: float = 1.0
    offset: float = 0.0
    words: dict[str, float] = {}
    time: str | None = None
    quality: str | None = None


class UnitRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Flattened leaves whose path matches the glob have this unit, or the one that the document names at ``path``."""

    match: str
    unit: str | None = None
    path: str | None = None
    names: dict[str, str] = {}


class MessageRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of message as the file has it; globs match the dotted path below ``root`` (``*`` also matches dots).

    when     the rule applies only if this JSONPath finds something
    root     where ``path`` rules and ``flatten`` start; the rule does not apply if it is missing
    vars     further names for tags, taken from the document
    zone     zone of times without one: 'UTC', '+08:00' or an IANA name; without it such times are refused
    skip     leaves that are no values; text: leaves that stay text; bools: leaves that are flags (words, on/off)
    """

    topic: str | list[str]
    format: Literal["json", "text"] = "json"
    when: str | None = None
    root: str = "$"
    vars: dict[str, str] = {}
    time: str | None = None
    zone: str | None = None
    quality: str | None = None
    flatten: bool = False
    tag: str = ""
    numbers_in_text: bool = False
    skip: list[str] = []
    text: list[str] = []
    bools: list[str] = []
    words: dict[str, float] = {}
    units: list[UnitRule] = []
    value: list[ValueRule] = []


Found = tuple[tuple[str | int, ...], Any]


def finder(key: str, text: str) -> Callable[[Any], Iterator[Found]]:
    """Compile a JSONPath to a function that yields (steps, value); raises :class:`BadRuleError` naming ``key``."""
    if _ONE_PLACE.fullmatch(text):
        steps = tuple(int(m[3]) if m[3] else m[1] or m[2] or "" for m in _STEP.finditer(text))

        def walk(doc: Any) -> Iterator[Found]:
            for step in steps:
                if isinstance(step, str):
                    if not isinstance(doc, dict) or step not in doc:
                        return
                elif not isinstance(doc, list) or step >= len(doc):
                    return
                doc = doc[step]
            yield steps, doc

        return walk
    import jsonpath  # slow to load, and few rules need it

    try:
        compiled = jsonpath.compile(text)
    except jsonpath.JSONPathError as error:
        raise BadRuleError(key, f"{text!r} is no JSONPath: {error}") from None
    return lambda doc: ((match.parts, match.obj) for match in compiled.finditer(doc))


def _maybe_finder(key: str, text: str | None) -> Callable[[Any], Iterator[Found]] | None:
    return finder(key, text) if text is not None else None


def _first(find: Callable[[Any], Iterator[Found]] | None, doc: Any) -> Any:
    return next((value for _, value in find(doc)), None) if find is not None else None


def dotted(steps: tuple[str | int, ...]) -> str:
    """``a.b[0].c`` of a place in a document."""
    out = ""
    for step in steps:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out


def _template(key: str, text: str, known: set[str]) -> Callable[[Mapping[str, str]], str]:
    names = _NAME.findall(text)
    unknown = sorted(set(names) - known)
    if unknown or not text:
        raise BadRuleError(key, f"unknown name {{{unknown[0]}}}, known are {sorted(known)}" if unknown else "missing")
    parts = _NAME.split(text)  # literal, name, literal, …
    return lambda names: "".join(names[part] if i % 2 else part for i, part in enumerate(parts))


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    try:
        if text[:1] in "+-":
            return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo
        return ZoneInfo(text)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise BadRuleError("zone", f"{text!r} is no time zone") from None


class _Value:
    """A compiled :class:`ValueRule`."""

    def __init__(self, rule: ValueRule, key: str, known: set[str]) -> None:
        self.find = finder(f"{key}.path", rule.path)
        self.tag = _template(f"{key}.tag", rule.tag, known | {"path", "key"})
        self.convert = Conversion(rule.type, rule.scale, rule.offset, rule.words)
        self.unit = rule.unit
        self.time = _maybe_finder(f"{key}.time", rule.time)
        self.quality = _maybe_finder(f"{key}.quality", rule.quality)


class Message:
    """A compiled :class:`MessageRule`. ``filter`` is its MQTT topic filter; raises :class:`BadRuleError` on construction."""

    def __init__(self, rule: MessageRule, text: str, levels: dict[int, str]) -> None:
        if not valid_filter(text):
            raise BadRuleError("topic", f"{text!r} is no valid topic filter")
        if not rule.flatten and not rule.value:
            raise BadRuleError("value", "neither values nor flatten")
        if rule.format == "text" and (rule.flatten or any(value.path != "$" for value in rule.value)):
            raise BadRuleError("format", "text has no places: only values with the path '$'")
        self.filter = text
        self._levels = levels
        self._rule = rule
        known = {*levels.values(), *rule.vars}
        self._when = _maybe_finder("when", rule.when)
        self._root = finder("root", rule.root)
        self._vars = {name: finder(f"vars.{name}", path) for name, path in rule.vars.items()}
        self._time = _maybe_finder("time", rule.time)
        self._quality = _maybe_finder("quality", rule.quality)
        self._zone = _zone(rule.zone)
        self._values = [_Value(value, f"value[{i}]", known) for i, value in enumerate(rule.value)]
        self._tag = _template("tag", rule.tag, known | {"path", "key"}) if rule.flatten else None
        self._units = [(unit, _maybe_finder(f"units[{i}].path", unit.path)) for i, unit in enumerate(rule.units)]
        self._plain = Conversion("auto" if rule.numbers_in_text else "any")
        self._text = Conversion("text")
        self._flag = Conversion("bool", words=rule.words)
        #: what is done with each path was decided when it was first seen
        self._leaf: dict[str, tuple[Conversion | None, int]] = {}

    def readings(self, topic: str, payload: bytes, rejected: native.Rejected) -> list[Reading] | None:
        """The readings of a payload; None when the rule does not apply to it (``when``, ``root``, ``vars``).

        Values that can't be used are added to ``rejected``; raises :class:`Undecodable` when nothing can be used.
        """
        doc = native.document(payload) if self._rule.format == "json" else _utf8(payload)
        if self._when is not None and next(self._when(doc), None) is None:
            return None
        root = next(self._root(doc), None)
        if root is None:
            return None
        split = topic.split("/")
        names = {name: split[i] for i, name in self._levels.items()}
        for name, find in self._vars.items():
            value = _first(find, doc)
            if not isinstance(value, str | int):
                return None
            names[name] = str(value)
        t_us = time_us(_first(self._time, doc), self._zone)
        quality = quality_code(_first(self._quality, doc))
        out: list[Reading] = []
        refused: native.Rejected = []
        taken: set[str] = set()
        for item in self._all(root[1], names, t_us, quality, taken):
            if isinstance(item, Reading):
                out.append(item)
            else:
                refused.append((item.reason, item.detail))
        if not out:
            if refused:
                raise Undecodable(*refused[0])
            if not self._rule.flatten and root[1] not in ({}, []):
                raise Undecodable(Refusal.WRONG_TYPE, "the mapping finds none of its values in the document")
        rejected.extend(refused)
        return out

    def _all(
        self, root: Any, names: dict[str, str], t_us: int, quality: int, taken: set[str]
    ) -> Iterator[Reading | Undecodable]:
        for rule in self._values:
            for steps, value in rule.find(root):
                path = dotted(steps)
                taken.add(path)
                names["path"] = path
                names["key"] = str(steps[-1]) if steps else ""
                try:
                    t = time_us(_first(rule.time, root), self._zone) or t_us
                    q = quality_code(_first(rule.quality, root)) if rule.quality is not None else quality
                    yield _reading(rule.tag(names), rule.convert(value), t, q, rule.unit)
                except Undecodable as refusal:
                    yield Undecodable(refusal.reason, f"{path}: {refusal.detail}")
        if self._tag is None:
            return
        units = [_unit(unit, find, root) for unit, find in self._units]
        for path, value in native.leaves(root):
            convert, which = self._treatment(path)
            if convert is None or path in taken:
                continue
            names["path"] = path
            names["key"] = path.rpartition(".")[2]
            try:
                yield _reading(self._tag(names), convert(value), t_us, quality, units[which] if which >= 0 else None)
            except Undecodable as refusal:
                yield Undecodable(refusal.reason, f"{path}: {refusal.detail}")

    def _treatment(self, path: str) -> tuple[Conversion | None, int]:
        """Conversion of a leaf (None: it is skipped) and the index of its unit rule (-1: none)."""
        try:
            return self._leaf[path]
        except KeyError:
            pass
        rule = self._rule
        convert: Conversion | None = self._plain
        if any(fnmatchcase(path, glob) for glob in rule.skip):
            convert = None
        elif any(fnmatchcase(path, glob) for glob in rule.text):
            convert = self._text
        elif any(fnmatchcase(path, glob) for glob in rule.bools):
            convert = self._flag
        if len(self._leaf) >= MAX_LEAVES:
            self._leaf.clear()
        which = next((i for i, (unit, _) in enumerate(self._units) if fnmatchcase(path, unit.match)), -1)
        self._leaf[path] = convert, which
        return convert, which


def _unit(rule: UnitRule, find: Callable[[Any], Iterator[Found]] | None, root: Any) -> str | None:
    said = _first(find, root)
    return rule.names.get(said, rule.unit) if isinstance(said, str) else rule.unit


def _utf8(payload: bytes) -> str:
    try:
        return payload.decode().strip()
    except UnicodeDecodeError as error:
        raise Undecodable(Refusal.NOT_UTF8, str(error)[:200]) from None


def _reading(tag: str, value: float | str | None, t_us: int, quality: int, unit: str | None) -> Reading:
    name = tag_name(tag)
    if value is None:
        return Reading(name, t_us, None, no_value_quality(quality), unit)
    return Reading(name, t_us, value, quality, unit if isinstance(value, float) else None)
