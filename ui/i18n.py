"""Words and figures for the screen: keyed messages in two languages, and how times, numbers and units are written.

``t("alarms.acknowledge", n=3)`` looks up resources/i18n/<language>/alarms.toml, key ``acknowledge`` (tables nest with
dots) and fills it with ``str.format``. The language switches while the window runs: panels redo their texts on
``messages().changed``. Times come in as UTC microseconds and are shown in the machine's local zone, 24 h.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Signal

from app.paths import resource_path

LANGUAGES = ("zh", "en")
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EM DASH}"


class Messages(QObject):
    """Present language; emits ``changed`` after it was switched."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.language = "zh"
        self._translator: QTranslator | None = None

    def switch(self, language: str) -> None:
        """Change language; Qt's own texts (file dialogs, menus) follow.

        Raises KeyError for a language that does not exist.
        """
        if language not in LANGUAGES:
            raise KeyError(language)
        before, self.language = self.language, language
        self._install()
        if before != language:
            self.changed.emit()

    def _install(self) -> None:
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)
            self._translator = None
        QLocale.setDefault(QLocale("zh_CN" if self.language == "zh" else "en_GB"))
        if self.language == "zh":
            translator = QTranslator()
            folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            if translator.load("qtbase_zh_CN", folder):
                QCoreApplication.installTranslator(translator)
                self._translator = translator


@cache
def messages() -> Messages:
    """The application's language."""
    return Messages()


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of a language by their full key."""
    result: dict[str, str] = {}
    for path in sorted(resource_path("i18n", language).glob("*.toml")):
        result |= _file(language, path.stem)
    return result


@cache
def _file(language: str, stem: str) -> dict[str, str]:
    """Messages of one file, read when the first of them is wanted; none for a file that is not there."""
    path = resource_path("i18n", language, f"{stem}.toml")
    result: dict[str, str] = {}
    if path.exists():
        _flatten(stem, tomllib.loads(path.read_text("utf-8")), result)
    return result


def _text(key: str) -> str | None:
    return _file(messages().language, key.partition(".")[0]).get(key)


def _flatten(prefix: str, table: dict[str, Any], into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}.{key}", value, into)
        else:
            into[f"{prefix}.{key}"] = str(value)


def t(key: str, /, **params: Any) -> str:
    """The message in the present language, parameters filled in.

    Raises KeyError for a key that no message file has.
    """
    text = _text(key)
    if text is None:
        raise KeyError(key)
    return text.format(**params) if params else text


def has(key: str) -> bool:
    """True if there is such a message (for codes that come from the engine)."""
    return _text(key) is not None


def pick(chinese: str, english: str) -> str:
    """The one of a plant's own two texts that suits the language; the other when it is empty."""
    return (english or chinese) if messages().language == "en" else (chinese or english)


def english() -> bool:
    """True while the interface is in English."""
    return messages().language == "en"


# -- time ---------------------------------------------------------------------------------------------------------


def roles_text(codes: Iterable[str]) -> str:
    """Names of roles, by code; a role of the site's own by its code. A dash for none."""
    return "、".join(t(f"common.role.{code}") if has(f"common.role.{code}") else code for code in codes) or DASH


def local(t_us: int) -> datetime:
    """Local date and time of a moment in UTC microseconds."""
    return datetime.fromtimestamp(t_us / 1_000_000).astimezone()


@lru_cache(maxsize=4096)
def _clock_of_second(second: int) -> str:
    return datetime.fromtimestamp(second).astimezone().strftime("%H:%M:%S")


def clock_text(t_us: int | None) -> str:
    """Local time of day, ``14:03:17``; a dash for None."""
    return DASH if t_us is None else _clock_of_second(t_us // 1_000_000)


def date_text(t_us: int) -> str:
    """Local date, ``2026-11-23``."""
    return local(t_us).strftime("%Y-%m-%d")


def weekday_text(t_us: int) -> str:
    """Local weekday, short."""
    return t(f"common.weekday.{local(t_us).isoweekday()}")


def stamp_text(t_us: int | None) -> str:
    """Local date and time with seconds; a dash for None."""
    return DASH if t_us is None else local(t_us).strftime("%Y-%m-%d %H:%M:%S")


def near_text(t_us: int | None, now_us: int) -> str:
    """Time of day when it is today, else month, day and time (``11-19 09:14:20``), else with the year."""
    if t_us is None:
        return DASH
    then, now = local(t_us), local(now_us)
    if then.date() == now.date():
        return clock_text(t_us)
    return then.strftime("%m-%d %H:%M:%S" if then.year == now.year else "%Y-%m-%d %H:%M:%S")


def span_text(microseconds: int) -> str:
    """A duration as ``00:03:29``; from a day on ``2 d 03:04``."""
    seconds = max(0, microseconds // 1_000_000)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    if days:
        return t("common.days_hours", days=days, hours=f"{hours:02d}:{rest // 60:02d}")
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def short_span_text(microseconds: int) -> str:
    """A duration as ``00:41`` below an hour, else as :func:`span_text`."""
    text = span_text(microseconds)
    return text[3:] if text.startswith("00:") and len(text) == 8 else text


def age_text(microseconds: int) -> str:
    """A rough age in words: ``45 s``, ``95 min``, ``7 h``, ``3 d``."""
    seconds = max(0, microseconds // 1_000_000)
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return t(f"common.age.{unit}", n=seconds // size)
    return t("common.age.d", n=seconds // 86_400)


# -- figures ------------------------------------------------------------------------------------------------------


def number_text(value: float | None, decimals: int = 1) -> str:
    """A number with a true minus sign and fixed decimals; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return DASH
    text = f"{value:.{decimals}f}"
    if not float(text):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def count_text(value: float) -> str:
    """A whole number with thin groups, ``3 210``."""
    return f"{value:,.0f}".replace(",", "\N{NO-BREAK SPACE}").replace("-", MINUS)


def value_text(value: float | str | None, decimals: int = 1, states: dict[str, list[str]] | None = None) -> str:
    """A reading as shown: number, the word of a discrete state, or text."""
    if value is None:
        return DASH
    if states:
        code = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        words = states.get(code)
        if words:
            return pick(words[0], words[1] if len(words) > 1 else "")
    return value if isinstance(value, str) else number_text(value, decimals)


_UNITS = {
    "Cel": "°C",
    "[degF]": "°F",
    "%{LEL}": "%LEL",
    "%[LEL]": "%LEL",
    "[ppm]": "ppm",
    "[ppb]": "ppb",
    "[pH]": "pH",
    "deg": "°",
    "Ohm": "Ω",
    "{rpm}": "r/min",
    "1": "",
}
_SUPERSCRIPT = str.maketrans("23456789-", "²³⁴⁵⁶⁷⁸⁹⁻")


@lru_cache(maxsize=256)
def unit_text(code: str) -> str:
    """How a UCUM code is written on the screen: ``Cel`` → °C, ``m3/h`` → m³/h, ``%{RH}`` → %RH."""
    if code in _UNITS:
        return _UNITS[code]
    text = re.sub(r"\{([^}]*)\}", r"\1", code).replace("[", "").replace("]", "")
    text = re.sub(r"(?<=[A-Za-zµ])(-?[2-9])(?![0-9])", lambda m: m.group(1).translate(_SUPERSCRIPT), text)
    text = re.sub(r"(?<![A-Za-z])u(?=[a-zA-Z])", "µ", text)
    return text.replace(".", "·")


def file_stamp(t_us: int) -> str:
    """Local time for file names, ``20261124-140317``."""
    return local(t_us).strftime("%Y%m%d-%H%M%S")
