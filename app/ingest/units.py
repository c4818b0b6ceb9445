"""Conversion of units by the rule pack resources/rules/units.toml, so that a sensor in °F may feed a tag in °C.

Nothing is guessed: a unit that the pack does not know, or of another dimension, is refused by the caller.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from app.paths import resource_path

_ANNOTATION = re.compile(r"\{[^{}]*\}")
_REMEMBERED = 2_000


class UnitsError(ValueError):
    """The unit pack can't be used; says which file and why."""


class _Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    factor: str = "1"
    offset: str = "0"
    aliases: list[str] = []


class _Dimension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    units: list[_Unit]
    strict: bool = False  # different annotations are different quantities


class _Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    version: str
    dimension: list[_Dimension]
    notes: str = ""


class Conversion(NamedTuple):
    """wanted = given × factor + offset"""

    factor: float
    offset: float

    def apply(self, value: float) -> float:
        """The value in the wanted unit, freed of the last digits' noise (50 °F is 10 °C, not 10.000000000000004)."""
        if self == SAME:
            return value
        return float(f"{value * self.factor + self.offset:.12g}")


SAME = Conversion(1.0, 0.0)


class Units:
    """The pack in use. ``version`` is to be kept beside results that depend on it."""

    def __init__(self, path: Path) -> None:
        """Read a pack; raises :class:`UnitsError`."""
        self._units: dict[str, tuple[str, str, Fraction, Fraction]] = {}  # any name → code, dimension, factor, offset
        self._strict: set[str] = set()
        try:
            pack = msgspec.toml.decode(path.read_bytes(), type=_Pack)
            for dimension in pack.dimension:
                if dimension.strict:
                    self._strict.add(dimension.name)
                for unit in dimension.units:
                    entry = (unit.code, dimension.name, _number(unit.factor), _number(unit.offset))
                    for name in (unit.code, *unit.aliases):
                        if name in self._units:
                            raise ValueError(f"{name!r} stands for two units")
                        self._units[name] = entry
        except OSError as error:
            raise UnitsError(f"{path}: {error.strerror}") from error
        except (msgspec.MsgspecError, ValueError, ZeroDivisionError) as error:
            raise UnitsError(f"{path}: {error}") from error
        self.version = pack.version
        self._known: dict[tuple[str, str], Conversion | None] = {}

    def code(self, name: str) -> str | None:
        """UCUM code of a unit by code or alias, None when the pack does not know it."""
        entry = self._units.get(name) or self._units.get(name.strip())
        return entry[0] if entry is not None else None

    def conversion(self, given: str, wanted: str) -> Conversion | None:
        """How to convert, or None when it can't be done."""
        key = (given, wanted)
        try:
            return self._known[key]
        except KeyError:
            pass
        if len(self._known) >= _REMEMBERED:  # names come from outside
            self._known.clear()
        found = self._known[key] = self._find(given, wanted)
        return found

    def _find(self, given: str, wanted: str) -> Conversion | None:
        if given == wanted:
            return SAME
        a = self._units.get(given) or self._units.get(given.strip())
        b = self._units.get(wanted)
        if a is None or b is None or a[1] != b[1]:
            return None
        if a[1] in self._strict and not _same_share(a[0], b[0]):
            return None
        return Conversion(float(a[2] / b[2]), float((a[3] - b[3]) / b[2]))


def _same_share(given: str, wanted: str) -> bool:
    """500 ppm is no share of a lower explosive limit; a bare % is taken as what the tag says that it is."""
    said, asked = _ANNOTATION.findall(given), _ANNOTATION.findall(wanted)
    if said and asked:
        return bool(said == asked)
    return bool(said) == bool(asked) or _ANNOTATION.sub("", given) == _ANNOTATION.sub("", wanted)


def _number(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    number = Fraction(top) / Fraction(bottom or "1")
    return number


@cache
def shipped() -> Units:
    """The pack that comes with the program."""
    return Units(resource_path("rules", "units.toml"))
