"""The value of one Sparkplug metric: signed numbers hidden in unsigned fields, qualities and units in properties."""

from __future__ import annotations

import math
from typing import NamedTuple

from app.ingest.decode.base import Undecodable
from app.ingest.decode.sparkplug_b_pb2 import DataType, Payload
from models.events import Refusal
from models.readings import Quality

_SIGNED_BITS: dict[int, int] = {DataType.Int8: 8, DataType.Int16: 16, DataType.Int32: 32, DataType.Int64: 64}
_STALE = 500  # the specification's third quality beside 0 and 192


class Definition(NamedTuple):
    """What a birth said about a metric. ``datatype`` 0 means that it said nothing."""

    name: str
    datatype: int
    unit: str | None


def is_text(value: object) -> bool:
    """False for a protobuf string that is not UTF-8: the library hands it over as bytes."""
    return isinstance(value, str)


def metric_value(metric: Payload.Metric, datatype: int) -> float | str | None:
    """The value as a reading carries it; None for "no value". DateTime is the number of milliseconds since 1970 UTC.

    Raises :class:`Undecodable` (wrong_type) for data sets, templates, bytes and arrays.
    """
    if metric.is_null:
        return None
    field = metric.WhichOneof("value")
    if field is None:
        return None
    if field in ("int_value", "long_value"):
        number = int(getattr(metric, field))
        bits = _SIGNED_BITS.get(metric.datatype or datatype)
        if bits is not None:
            number &= (1 << bits) - 1
            if number >= 1 << (bits - 1):
                number -= 1 << bits
        return float(number)
    if field in ("float_value", "double_value"):
        value = float(getattr(metric, field))
        # a 32-bit 21.3 is meant to be 21.3, not 21.299999237060547
        return float(f"{value:.7g}") if field == "float_value" and math.isfinite(value) else value
    if field == "boolean_value":
        return 1.0 if metric.boolean_value else 0.0
    if field == "string_value":
        if not is_text(metric.string_value):
            raise Undecodable(Refusal.NOT_UTF8, f"{metric.name[:80]}: the text is not UTF-8")
        return str(metric.string_value)
    raise Undecodable(Refusal.WRONG_TYPE, f"{metric.name[:80]}: {field.removesuffix('_value')} is not taken")


def _property(metric: Payload.Metric, name: str) -> object:
    if not metric.HasField("properties"):
        return None
    for key, value in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key.lower() == name and not value.is_null:
            field = value.WhichOneof("value")
            return getattr(value, field) if field is not None else None
    return None


def quality_of(metric: Payload.Metric) -> int:
    """OPC code of the property 'Quality' (0, 192, or 500 for stale); good without it."""
    code = _property(metric, "quality")
    if not isinstance(code, int):
        return int(Quality.GOOD)
    if code == _STALE:
        return int(Quality.BAD_LAST_KNOWN)
    return code if 0 <= code <= 255 else int(Quality.BAD)


def unit_of(metric: Payload.Metric) -> str | None:
    """The property 'engUnit', None without it."""
    unit = _property(metric, "engunit")
    return unit if isinstance(unit, str) and unit else None
