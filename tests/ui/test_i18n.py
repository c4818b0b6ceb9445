from __future__ import annotations

import re
import string
import tomllib
from pathlib import Path

import pytest

from app.access.permissions import load_permissions
from app.clock import US
from models.rights import Role
from ui import i18n
from ui.i18n import catalogue, messages, t

ROOT = Path(__file__).resolve().parents[2]
CODE = [path for folder in ("ui",) for path in (ROOT / folder).rglob("*.py")]
#: Keys built from a code: f"common.state.{row.state}" stands for every message of that form.
BUILT = re.compile(r"""f["']([a-z_]+\.[^"'\s]*\{[^"'\s]*)["']""")
WHOLE_FILES = {"answers"}  # files in which every key is a code of the engine
KEY = re.compile(r"""["']([a-z_]+(?:\.[a-zA-Z0-9_]+)+)["']""")


def params(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def source() -> str:
    return "\n".join(path.read_text("utf-8") for path in CODE)


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("zh")) == set(catalogue("en"))


def test_both_languages_fill_in_the_same_parameters() -> None:
    different = [key for key, text in catalogue("zh").items() if params(text) != params(catalogue("en")[key])]
    assert different == []


def test_no_message_is_empty() -> None:
    assert [key for language in ("zh", "en") for key, text in catalogue(language).items() if not text.strip()] == []


def test_every_key_that_the_code_names_exists() -> None:
    files = {path.stem for path in (ROOT / "resources/i18n/zh").glob("*.toml")}
    ignored = re.compile(r"^(monitoring|alarms|access)\.[a-z_]+$")  # also names of panels
    panels = {"monitoring.tree", "monitoring.trends", "monitoring.values", "monitoring.dead_letters"}
    panels |= {"alarms.list", "alarms.performance", "access.people", "access.settings"}
    named = {key for key in KEY.findall(source()) if key.split(".")[0] in files}
    missing = {key for key in named if key not in catalogue("zh") and not (ignored.match(key) and key in panels)}
    tables = {key for key in missing if any(other.startswith(f"{key}.") for other in catalogue("zh"))}
    assert missing - tables == set()


def built_keys(text: str) -> list[re.Pattern[str]]:
    """The forms of the keys that the code builds."""
    forms = set()
    for found in BUILT.findall(text):
        parts = [re.escape(part) for part in re.split(r"\{[^}]*\}", found)]
        forms.add("[A-Za-z0-9_.]+".join(parts))
    return [re.compile(form) for form in sorted(forms)]


def test_no_key_is_built_from_nothing_but_its_file() -> None:
    loose = [f for f in BUILT.findall(source()) if re.fullmatch(r"[a-z_]+\.\{[^}]*\}", f)]
    assert [form for form in loose if form.split(".")[0] not in WHOLE_FILES] == []


def test_every_message_is_used() -> None:
    text = source()
    named, forms = set(KEY.findall(text)), built_keys(text)
    tables = tuple(f"{key}." for key in named if key not in catalogue("zh") and key.count(".") >= 1)
    unused = [
        key
        for key in catalogue("zh")
        if key not in named and not key.startswith(tables) and not any(form.fullmatch(key) for form in forms)
    ]
    assert unused == []


def test_message_files_are_flat_tables_of_texts() -> None:
    for path in (ROOT / "resources/i18n").rglob("*.toml"):
        assert tomllib.loads(path.read_text("utf-8")), path


def test_switching_the_language_changes_texts_and_says_so() -> None:
    heard: list[str] = []
    messages().changed.connect(lambda: heard.append(messages().language))
    assert t("common.priority.critical") == "危急"
    messages().switch("en")
    messages().switch("en")
    assert t("common.priority.critical") == "Critical"
    assert heard == ["en"]
    messages().changed.disconnect()
    with pytest.raises(KeyError):
        messages().switch("fr")


def test_an_unknown_key_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(KeyError):
        t("common.no_such_key")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("Cel", "°C"),
        ("m3/h", "m³/h"),
        ("%{LEL}", "%LEL"),
        ("%{RH}", "%RH"),
        ("[ppm]", "ppm"),
        ("um", "µm"),
        ("mm/s", "mm/s"),
        ("m/s2", "m/s²"),
        ("kPa", "kPa"),
        ("", ""),
        ("1", ""),
    ],
)
def test_units_are_written_as_people_write_them(code: str, shown: str) -> None:
    assert i18n.unit_text(code) == shown


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (-38.0, 0, "\N{MINUS SIGN}38"),
        (0.38, 2, "0.38"),
        (None, 1, "\N{EM DASH}"),
        (float("nan"), 1, "\N{EM DASH}"),
        (-0.04, 1, "0.0"),
    ],
)
def test_numbers_have_fixed_decimals_a_true_minus_and_no_value_is_not_zero(
    value: float | None, decimals: int, shown: str
) -> None:
    assert i18n.number_text(value, decimals) == shown


def test_discrete_values_show_the_word_of_their_state() -> None:
    states = {"0": ["关", "closed"], "1": ["开", "open"]}
    assert i18n.value_text(1.0, 0, states) == "开"
    messages().switch("en")
    assert i18n.value_text(1.0, 0, states) == "open"


def test_durations_grow_from_minutes_to_days() -> None:
    assert i18n.span_text(41 * US) == "00:00:41"
    assert i18n.short_span_text(41 * US) == "00:41"
    assert i18n.short_span_text(3700 * US) == "01:01:40"
    assert i18n.span_text((2 * 86_400 + 3 * 3600) * US) == "2 天 03:00"


def test_a_time_of_today_is_short_and_an_older_one_has_its_date() -> None:
    now = 1_795_413_797 * US
    assert i18n.near_text(now - 60 * US, now) == i18n.clock_text(now - 60 * US)
    assert len(i18n.near_text(now - 4 * 86_400 * US, now)) == len("11-19 09:14:20")
    assert len(i18n.near_text(now - 400 * 86_400 * US, now)) == len("2025-10-19 09:14:20")


def test_the_plants_own_texts_fall_back_to_the_other_language() -> None:
    assert i18n.pick("罐区", "Tank farm") == "罐区"
    messages().switch("en")
    assert i18n.pick("罐区", "Tank farm") == "Tank farm"
    assert i18n.pick("罐区", "") == "罐区"


def test_qts_own_words_are_chinese_in_chinese() -> None:
    from PySide6.QtCore import QCoreApplication

    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消"


def test_every_right_and_every_danger_has_words() -> None:
    pack, words = load_permissions(), catalogue("zh")
    assert [a for a in pack.scopes if f"access.action.{a}" not in words] == []
    assert [d for d in pack.signatures if f"access.danger.{d.replace('.', '_')}" not in words] == []
    assert [r for r in Role if f"common.role.{r}" not in words] == []
