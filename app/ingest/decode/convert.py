"""What a mapping may do to a value: numbers that came as text, words that mean a number, flags, scale and offset."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from app.ingest.decode.base import Undecodable, scalar
from models.events import Refusal

#: any: as it came; auto: text that is a number becomes one; the others: that type, or the value is refused
Kind = Literal["any", "auto", "number", "text", "bool"]

#: The grammar of RFC 8259, nothing wider: '01191ED79190', '1_000', '0x10', ' 5' and 'NaN' are text.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_FLAGS = {"true": 1.0, "on": 1.0, "yes": 1.0, "1": 1.0, "false": 0.0, "off": 0.0, "no": 0.0, "0": 0.0}


def number_of(text: str) -> float | None:
    """The number that the text is in JSON's grammar, None when it is none or does not fit a double."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


class Conversion:
    """A compiled conversion; call it with a JSON scalar. Raises :class:`Undecodable` when the value does not fit."""

    __slots__ = ("_kind", "_offset", "_scale", "_words")

    def __init__(
        self, kind: Kind = "any", scale: float = 1.0, offset: float = 0.0, words: Mapping[str, float] | None = None
    ) -> None:
        self._kind = kind
        self._scale = scale
        self._offset = offset
        self._words = dict(words or {})

    def __call__(self, raw: object) -> float | str | None:
        """Convert one JSON scalar; null stays None."""
        value = scalar(raw)
        if value is None:
            return None
        if isinstance(value, str):
            if value in self._words:
                return self._words[value]
            value = self._from_text(value)
            if isinstance(value, str):
                return value
        elif self._kind == "text":
            return _plain(value, raw)
        elif self._kind == "bool" and value not in (0.0, 1.0):
            raise Undecodable(Refusal.WRONG_TYPE, f"{value:g} is no flag")
        value = value * self._scale + self._offset
        if not math.isfinite(value):
            raise Undecodable(Refusal.NUMBER_RANGE, "the scaled number does not fit a double")
        return value

    def _from_text(self, text: str) -> float | str:
        if self._kind in ("any", "text"):
            return text
        if self._kind == "bool":
            number = _FLAGS.get(text.strip().lower())
        else:
            number = number_of(text)
        if number is not None:
            return number
        if self._kind == "auto":
            return text
        raise Undecodable(Refusal.WRONG_TYPE, f"{text[:40]!r} is no {'flag' if self._kind == 'bool' else 'number'}")


def _plain(value: float, raw: object) -> str:
    """A number as text: without the '.0' that a double would add."""
    if raw is True or raw is False:
        return "true" if raw else "false"
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
