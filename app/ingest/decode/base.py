"""What every payload format shares: the refusal, times, qualities and scalars.

Kept in one place so that a time stamp or a quality means the same in native JSON, in a mapped document and in Sparkplug.
All times are UTC microseconds since the epoch.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, tzinfo

from models.events import Refusal
from models.readings import Quality

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_US = timedelta(microseconds=1)
MAX_LEAVES = 10_000  # values in one message
MAX_DEPTH = 100  # levels of nesting in one message
MAX_PATH = 1_000  # characters of the path to a leaf
#: Name space of the program's own tags; no sensor may speak for them.
RESERVED = "$sys/"

_QUALITY_WORDS = {
    "good": int(Quality.GOOD),
    "uncertain": int(Quality.UNCERTAIN),
    "bad": int(Quality.BAD),
    **{quality.name.lower(): int(quality) for quality in Quality},
}


class Undecodable(Exception):
    """A whole message, or one value of it, that can't be used: why, as a code and in words."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


def time_us(value: object, zone: tzinfo | None = None) -> int:
    """UTC microseconds of a time stamp as senders write it; 0 when it is None (the sender gave none).

    Text is ISO 8601 with a zone; without one it is read in ``zone``, or refused when ``zone`` is None. A number is the
    time since 1970 in s, ms, µs or ns, told apart by its magnitude. Raises :class:`Undecodable` (bad_time).
    """
    if type(value) is int or type(value) is float:
        return epoch_us(value)
    if value is None:
        return 0
    if type(value) is str:
        return iso_us(value, zone)
    raise Undecodable(Refusal.BAD_TIME, f"a time can't be {type(value).__name__}")


def epoch_us(value: int | float) -> int:
    """UTC microseconds of a number since 1970: below 1e11 s, below 1e14 ms, below 1e17 µs, below 1e20 ns.

    Zero and less are refused: they come from devices whose clock was never set. Raises :class:`Undecodable` (bad_time).
    """
    if not 0 < value < 1e20:  # also NaN
        raise Undecodable(Refusal.BAD_TIME, f"{value!r} is no time since 1970")
    if value < 1e11:
        return round(value * 1_000_000)
    if value < 1e14:
        return round(value * 1_000)
    if value < 1e17:
        return round(value)
    return int(value) // 1_000


def iso_us(text: str, zone: tzinfo | None = None) -> int:
    """UTC microseconds of ISO 8601 text; raises :class:`Undecodable` (bad_time) when it is malformed or has no zone."""
    try:
        if len(text) < 11 or not {"T", " "}.intersection(text[8:11]):
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Undecodable(Refusal.BAD_TIME, f"{text[:40]!r} is no ISO 8601 time") from None
    if moment.tzinfo is None:
        if zone is None:
            raise Undecodable(Refusal.BAD_TIME, f"{text[:40]!r} has no time zone")
        moment = moment.replace(tzinfo=zone)
    try:
        return (moment - EPOCH) // ONE_US
    except OverflowError:
        raise Undecodable(Refusal.BAD_TIME, f"{text[:40]!r} is out of range") from None


def quality_code(value: object) -> int:
    """OPC quality code of 'good' / 'uncertain' / 'bad', of the code itself (0–255) or of a flag; None means good.

    Raises :class:`Undecodable` (wrong_type) for anything else.
    """
    if value is None:
        return int(Quality.GOOD)
    if type(value) is bool:
        return int(Quality.GOOD) if value else int(Quality.BAD)
    if type(value) is int and 0 <= value <= 255:
        return value
    if type(value) is str:
        code = _QUALITY_WORDS.get(value.strip().lower())
        if code is not None:
            return code
    raise Undecodable(Refusal.WRONG_TYPE, f"{str(value)[:40]!r} is no quality")


def no_value_quality(code: int) -> int:
    """Quality of a reading without a value: what the sender says when it is bad, else BAD_NO_VALUE."""
    return code if 0 < code < Quality.UNCERTAIN else int(Quality.BAD_NO_VALUE)


def scalar(value: object) -> float | str | None:
    """A JSON scalar as a reading carries it: numbers and flags as float, text and null as they are.

    Raises :class:`Undecodable`: number_range when no float can hold it, wrong_type for lists and objects.
    """
    kind = type(value)
    if kind is float or kind is int or kind is bool:
        try:
            number = float(value)  # type: ignore[arg-type]  # the three kinds above convert
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise Undecodable(Refusal.NUMBER_RANGE, "the number does not fit a double")
        return number
    if value is None or isinstance(value, str):
        return value
    raise Undecodable(Refusal.WRONG_TYPE, f"a value can't be {'a list' if kind is list else 'an object'}")


def text_of(value: object, what: str) -> str | None:
    """Optional text field; raises :class:`Undecodable` (wrong_type) when it is something else."""
    if value is None or isinstance(value, str):
        return value
    raise Undecodable(Refusal.WRONG_TYPE, f"{what} must be text")


def tag_name(value: object) -> str:
    """A tag named by the payload itself; raises :class:`Undecodable` when it is no name or a reserved one."""
    if not isinstance(value, str) or not value.strip():
        raise Undecodable(Refusal.WRONG_TYPE, "a tag name must be text that is not empty")
    if value.startswith(RESERVED):
        raise Undecodable(Refusal.UNKNOWN_TAG, f"{RESERVED}… is kept for the program itself")
    return value
