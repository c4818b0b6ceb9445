"""The check between decoding and alarms: times that can be, units that convert, values that fit the kind of tag.

A reading is refused only when it would be a lie (a year ahead, text for a pressure, a unit nobody knows); what is merely
doubtful is kept and marked, because an operator must see that a sensor is talking nonsense. The usual reading passes
through one comparison chain.
"""

from __future__ import annotations

import math

from app.ingest.units import shipped
from models.events import Refusal
from models.readings import Quality, Reading, TagInfo, TagKind

AHEAD_US = 5 * 60 * 1_000_000  # clocks of senders may be that fast
OLDEST_US = 400 * 86_400 * 1_000_000
BEYOND_SPAN = 0.1  # outside the range by more than this share of the span is doubtful
LARGEST = 1e100  # no plant has such values, and their sums and squares must stay numbers in every rollup
ANALOG = TagKind.ANALOG.value
DISCRETE = TagKind.DISCRETE.value


def validate(reading: Reading, tag: TagInfo, now_us: int) -> Refusal | None:
    """Check a reading against its tag and mend it in place; returns why it is refused, or None.

    Fills a missing time with ``now_us`` (UTC microseconds), converts to the tag's unit, marks values far outside the
    range as UNCERTAIN_RANGE, and turns NaN and infinities into "no value" with BAD_SENSOR.
    """
    value = reading.value
    if (
        type(value) is float
        and (reading.unit is None or reading.unit == tag.unit)
        and tag.kind == ANALOG
        and tag.range_lo is not None
        and tag.range_hi is not None
        and tag.range_lo <= value <= tag.range_hi
        and now_us - OLDEST_US < reading.t_us <= now_us + AHEAD_US
    ):
        return None
    return _closely(reading, tag, now_us)


def _closely(reading: Reading, tag: TagInfo, now_us: int) -> Refusal | None:
    if reading.t_us == 0:
        reading.t_us = now_us
    elif reading.t_us > now_us + AHEAD_US:
        return Refusal.FUTURE_TIME
    elif reading.t_us <= now_us - OLDEST_US:
        return Refusal.TOO_OLD
    value = reading.value
    if value is None:
        if reading.quality >= Quality.UNCERTAIN:
            reading.quality = int(Quality.BAD_NO_VALUE)
        return None
    if isinstance(value, str):
        return _text(reading, value, tag)
    if not math.isfinite(value):
        reading.value = None
        reading.quality = int(Quality.BAD_SENSOR)
        return None
    if abs(value) > LARGEST:
        return Refusal.NUMBER_RANGE
    if tag.kind == ANALOG:
        return _analog(reading, value, tag)
    if tag.kind == DISCRETE:
        return None
    reading.value = str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    return None


def _analog(reading: Reading, value: float, tag: TagInfo) -> Refusal | None:
    unit = reading.unit
    if unit and tag.unit and unit != tag.unit:
        conversion = shipped().conversion(unit, tag.unit)
        if conversion is None:
            return Refusal.UNKNOWN_UNIT
        value = conversion.apply(value)
        if not abs(value) <= LARGEST:
            return Refusal.NUMBER_RANGE
        reading.value = value
        reading.unit = tag.unit
    lo, hi = tag.range_lo, tag.range_hi
    if lo is None or hi is None:
        outside = (lo is not None and value < lo) or (hi is not None and value > hi)
    else:
        margin = (hi - lo) * BEYOND_SPAN
        outside = not lo - margin <= value <= hi + margin
    if outside and reading.quality >= Quality.GOOD:
        reading.quality = int(Quality.UNCERTAIN_RANGE)
    return None


def _text(reading: Reading, value: str, tag: TagInfo) -> Refusal | None:
    """Text fits a text tag, and a discrete tag when it is one of its states ('open', '开')."""
    if tag.kind == TagKind.TEXT.value:
        return None
    if tag.kind == DISCRETE and tag.states:
        word = value.strip().casefold()
        for number, names in tag.states.items():
            if word in (name.casefold() for name in names):
                reading.value = float(number)
                return None
    return Refusal.WRONG_TYPE
