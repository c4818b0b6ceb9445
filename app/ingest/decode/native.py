"""The program's own JSON form (resources/docs/payloads.md), and any other JSON flattened to one tag a leaf.

:func:`fast` is the hot path: one typed parse for a bare scalar or ``{"v", "t", "q", "u"}``, which is what nearly every
sensor sends. Whatever it does not take falls to :func:`readings`, which knows all forms and keeps the good values of a
message when others are bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from app.ingest.decode.base import (
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_PATH,
    Undecodable,
    no_value_quality,
    quality_code,
    scalar,
    tag_name,
    text_of,
    time_us,
)
from models.events import Refusal
from models.readings import Quality, Reading

GOOD = int(Quality.GOOD)
BOM = b"\xef\xbb\xbf"

_LONG = {"value": "v", "time": "t", "quality": "q", "unit": "u"}
_SAMPLE_KEYS = frozenset({"v", "t", "q", "u", "tag", *_LONG})
_VALUES_KEYS = frozenset({"t", "time", "q", "quality", "values"})
_SERIES_KEYS = frozenset({"tag", "u", "unit", "samples"})

Rejected = list[tuple[Refusal, str]]


class Sample(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One value as most sensors send it."""

    v: float | str | bool | None
    t: int | float | str | None = None
    q: int | str | bool | None = 192
    u: str | None = None


_fast = msgspec.json.Decoder(Sample | float | str | bool | None)
#: Numbers that don't fit become infinite, so that one of them does not cost the message its good values.
_any = msgspec.json.Decoder(float_hook=float)


def fast(tag: str, payload: bytes) -> list[Reading] | None:
    """The reading of a message with one value, or None when the payload needs :func:`readings`.

    Raises :class:`Undecodable` only for a bad time or quality in a payload that is certainly a sample.
    """
    try:
        sample = _fast.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if type(sample) is Sample:
        value = sample.v
        t = sample.t
        if type(t) is int and 100_000_000_000_000 <= t < 100_000_000_000_000_000:
            t_us = t
        else:
            t_us = time_us(t)
        q = sample.q
        if type(q) is not int or not 0 <= q <= 255:
            q = quality_code(q)
        if type(value) is float:
            return [Reading(tag, t_us, value, q, sample.u)]
        if value is None:
            return [Reading(tag, t_us, None, no_value_quality(q), sample.u)]
        return [Reading(tag, t_us, float(value) if value is True or value is False else value, q, sample.u)]
    if type(sample) is float:
        return [Reading(tag, 0, sample)]
    if sample is None:
        return [Reading(tag, 0, None, 8)]
    return [Reading(tag, 0, float(sample) if sample is True or sample is False else sample)]


def document(payload: bytes) -> Any:
    """Any JSON as Python objects; numbers too big for a double are infinite.

    A byte-order mark before the document is skipped, as RFC 8259 allows. Raises :class:`Undecodable`: not_utf8,
    not_json, too_deep, number_range.
    """
    body = payload[3:] if payload.startswith(BOM) else payload
    try:
        return _any.decode(body)
    except UnicodeDecodeError as error:
        raise Undecodable(Refusal.NOT_UTF8, str(error)[:200]) from None
    except RecursionError:
        raise Undecodable(Refusal.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels") from None
    except msgspec.ValidationError as error:
        raise Undecodable(Refusal.NUMBER_RANGE, str(error)[:200]) from None
    except msgspec.DecodeError as error:
        raise _malformed(body, str(error)) from None


def _malformed(body: bytes, detail: str) -> Undecodable:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return Undecodable(Refusal.NOT_UTF8, str(error)[:200])
    return Undecodable(Refusal.NOT_JSON, detail[:200] if body.strip() else "empty")


def readings(tag: str, payload: bytes, rejected: Rejected) -> list[Reading]:
    """All readings of a payload in any form; values that can't be used are added to ``rejected``.

    Raises :class:`Undecodable` when the payload as a whole, or every value of it, can't be used.
    """
    return from_document(tag, document(payload), rejected)


def from_document(tag: str, doc: Any, rejected: Rejected) -> list[Reading]:
    """Like :func:`readings`, from a parsed document."""
    if not isinstance(doc, dict | list):
        return [_reading(tag, doc, 0, GOOD, None)]
    out: list[Reading] = []
    refused: Rejected = []
    for item in _forms(tag, doc):
        if isinstance(item, Reading):
            out.append(item)
        else:
            refused.append((item.reason, item.detail))
    if refused and not out:
        reason, detail = refused[0]
        raise Undecodable(reason, detail)
    rejected.extend(refused)
    return out


def _forms(tag: str, doc: dict[str, Any] | list[Any]) -> Iterator[Reading | Undecodable]:
    """Pick the form by the keys."""
    if isinstance(doc, dict):
        keys = doc.keys()
        if "values" in keys and keys <= _VALUES_KEYS and isinstance(doc["values"], dict):
            return _many(doc)
        if "samples" in keys and keys <= _SERIES_KEYS and isinstance(doc["samples"], list):
            return _series(tag, doc)
        if _is_sample(doc):
            return _each(tag, [doc], 0)
    elif doc and all(isinstance(item, dict) and _is_sample(item) for item in doc):
        return _each(tag, doc, 0)
    elif doc and all(isinstance(item, dict) and "samples" in item and item.keys() <= _SERIES_KEYS for item in doc):
        return (reading for item in doc for reading in _series(tag, item))
    return flat_readings(tag, doc)


def _is_sample(doc: dict[str, Any]) -> bool:
    return ("v" in doc or "value" in doc) and doc.keys() <= _SAMPLE_KEYS


def _reading(tag: str, value: object, t_us: int, quality: int, unit: str | None) -> Reading:
    v = scalar(value)
    return Reading(tag, t_us, v, quality if v is not None else no_value_quality(quality), unit)


def _sample(tag: str, doc: dict[str, Any], t_us: int, quality: int = GOOD, unit: str | None = None) -> Reading:
    fields = {_LONG.get(key, key): value for key, value in doc.items()}
    return _reading(
        tag_name(fields["tag"]) if "tag" in fields else tag,
        fields["v"],
        time_us(fields.get("t")) or t_us,
        quality_code(fields["q"]) if "q" in fields else quality,
        text_of(fields.get("u"), "a unit") or unit,
    )


def _each(tag: str, docs: list[dict[str, Any]], t_us: int, unit: str | None = None) -> Iterator[Reading | Undecodable]:
    _count(len(docs))
    for doc in docs:
        try:
            yield _sample(tag, doc, t_us, unit=unit)
        except Undecodable as refusal:
            yield refusal


def _many(doc: dict[str, Any]) -> Iterator[Reading | Undecodable]:
    """``{"t": …, "values": {tag: scalar or sample}}``"""
    values: dict[str, Any] = doc["values"]
    _count(len(values))
    t_us = time_us(doc.get("t", doc.get("time")))
    quality = quality_code(doc.get("q", doc.get("quality")))
    for name, value in values.items():
        try:
            tag = tag_name(name)
            if isinstance(value, dict):
                if not _is_sample(value):
                    raise Undecodable(Refusal.WRONG_TYPE, f"{name[:80]}: an object without v")
                yield _sample(tag, value, t_us, quality)
            else:
                yield _reading(tag, value, t_us, quality, None)
        except Undecodable as refusal:
            yield refusal


def _series(tag: str, doc: dict[str, Any]) -> Iterator[Reading | Undecodable]:
    """``{"tag": …, "samples": [[t, v, q?] or sample, …]}``"""
    samples = doc["samples"]
    if not isinstance(samples, list):
        yield Undecodable(Refusal.WRONG_TYPE, "samples must be a list")
        return
    _count(len(samples))
    try:
        tag = tag_name(doc["tag"]) if "tag" in doc else tag
        unit = text_of(doc.get("u", doc.get("unit")), "a unit")
    except Undecodable as refusal:
        yield refusal
        return
    for item in samples:
        try:
            if isinstance(item, list) and 2 <= len(item) <= 3:
                quality = quality_code(item[2]) if len(item) == 3 else GOOD
                yield _reading(tag, item[1], time_us(item[0]), quality, unit)
            elif isinstance(item, dict) and _is_sample(item):
                yield _sample(tag, item, 0, unit=unit)
            else:
                raise Undecodable(Refusal.WRONG_TYPE, "a sample must be [t, v], [t, v, q] or {t, v, q}")
        except Undecodable as refusal:
            yield refusal


def _count(n: int) -> None:
    if n > MAX_LEAVES:
        raise Undecodable(Refusal.TOO_BIG, f"more than {MAX_LEAVES} values in one message")


def flat_readings(tag: str, doc: Any) -> Iterator[Reading | Undecodable]:
    """One reading a leaf, named ``<tag>.<path>``."""
    for path, value in leaves(doc):
        name = f"{tag}{path}" if path.startswith("[") else f"{tag}.{path}"
        try:
            yield _reading(name, value, 0, GOOD, None)
        except Undecodable as refusal:
            yield refusal


def leaves(doc: Any) -> list[tuple[str, Any]]:
    """All scalars of a document in its order, as (path, value); path is ``a.b[0].c``.

    Raises :class:`Undecodable`: too_big beyond 10 000 leaves, too_deep beyond 100 levels.
    """
    out: list[tuple[str, Any]] = []
    stack: list[tuple[str, Any, int]] = [("", doc, 0)]
    visited = 0
    while stack:
        path, node, depth = stack.pop()
        visited += 1
        if len(path) > MAX_PATH:  # long keys times many leaves would fill the memory
            raise Undecodable(Refusal.TOO_BIG, f"a path longer than {MAX_PATH} characters")
        if depth > MAX_DEPTH:
            raise Undecodable(Refusal.TOO_DEEP, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, dict):
            children = [(f"{path}.{key}" if path else key, value, depth + 1) for key, value in node.items()]
        elif isinstance(node, list):
            children = [(f"{path}[{i}]", value, depth + 1) for i, value in enumerate(node)]
        else:
            out.append((path, node))
            continue
        if len(out) + len(children) > MAX_LEAVES or visited > 10 * MAX_LEAVES:
            raise Undecodable(Refusal.TOO_BIG, f"more than {MAX_LEAVES} values in one message")
        children.reverse()
        stack.extend(children)
    return out
