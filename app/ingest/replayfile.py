"""Recorded input as messages again: JSON lines of an MQTT recording, or a CSV of values with a time column.

Everything comes out as ``(t_us, topic, payload)`` in native form, so that a replay takes the very way of live input.
"""

from __future__ import annotations

import base64
import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from app.clock import US
from app.ingest.decode.base import Undecodable, time_us

TIME_NAMES = ("t", "time", "timestamp", "ts", "datetime", "date", "时间")


class ReplayError(ValueError):
    """The file can't be replayed; the message names the line and what is wrong."""


class Recorded(msgspec.Struct, frozen=True):
    """One recorded message; ``t_us`` UTC microseconds."""

    t_us: int
    topic: str
    payload: bytes


class _Line(msgspec.Struct):
    t: float | str
    topic: str
    payload: msgspec.Raw = msgspec.Raw(b"null")
    base64: str | None = None


def read_recording(path: Path, tag: str = "") -> Iterator[Recorded]:
    """Messages of a recording, in its order.

    ``.csv``: the first column called time (or one of TIME_NAMES) and one column a tag, or a column ``value`` with
    ``tag`` naming it; times without a zone are UTC; empty cells are "no value". Anything else: JSON lines
    ``{"t": time, "topic": …, "payload": JSON}`` (or ``"base64"`` for a binary payload).

    Raises ReplayError naming file and line.
    """
    return _read_csv(path, tag) if path.suffix.lower() == ".csv" else _read_lines(path)


def _read_lines(path: Path) -> Iterator[Recorded]:
    with path.open("rb") as handle:
        for number, raw in enumerate(handle, 1):
            if not raw.strip():
                continue
            try:
                line = msgspec.json.decode(raw, type=_Line)
                payload = (
                    base64.b64decode(line.base64, validate=True) if line.base64 is not None else bytes(line.payload)
                )
                yield Recorded(_time(line.t), line.topic, payload)
            except (msgspec.DecodeError, ValueError, Undecodable) as error:
                raise ReplayError(f"{path}, line {number}: {error}") from error


def _time(value: float | str) -> int:
    if isinstance(value, str):
        try:
            return time_us(value, UTC)
        except Undecodable:
            return round(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp() * US)
    return time_us(value)


def _read_csv(path: Path, tag: str) -> Iterator[Recorded]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = csv.reader(handle)
        try:
            head = [cell.strip() for cell in next(rows)]
        except StopIteration:
            raise ReplayError(f"{path}: no head line") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise ReplayError(f"{path}: {error}") from error
        at = next((i for i, name in enumerate(head) if name.lower() in TIME_NAMES), None)
        if at is None:
            raise ReplayError(f"{path}: no time column; one of {', '.join(TIME_NAMES)} is needed")
        names = {i: name for i, name in enumerate(head) if i != at and name}
        if tag:
            if len(names) != 1:
                raise ReplayError(f"{path}: --tag needs exactly one value column, here are {len(names)}")
            names = dict.fromkeys(names, tag)
        try:
            for number, row in enumerate(rows, 2):
                if not any(row):
                    continue
                try:
                    t_us = _time(_cell(row[at]) or "")
                    values = {name: _cell(row[i]) if i < len(row) else None for i, name in names.items()}
                except (ValueError, IndexError, Undecodable) as error:
                    raise ReplayError(f"{path}, line {number}: {error}") from error
                yield Recorded(t_us, "ankan/v1/replay", msgspec.json.encode({"t": t_us / US, "values": values}))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ReplayError(f"{path}: {error}") from error


def _cell(text: str) -> float | str | None:
    text = text.strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text
