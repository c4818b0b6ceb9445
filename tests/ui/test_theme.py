from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QFontInfo, QFontMetricsF
from pytestqt.qtbot import QtBot

from models.alarms import AlarmState, Priority
from ui.theme import DAY, NIGHT, Tokens, contrast, theme

UI = Path(__file__).resolve().parents[2] / "ui"


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=lambda tokens: tokens.name)
def test_text_has_enough_contrast_on_every_ground(tokens: Tokens) -> None:
    for ground in (tokens.g0, tokens.g1, tokens.g2, tokens.sel):
        for text in (tokens.g5, tokens.g6, tokens.g7):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast(tokens.onacc, tokens.accent) >= 4.5
    assert contrast(tokens.oncrit, tokens.critfill) >= 4.5
    assert contrast(tokens.g0, tokens.g7) >= 4.5


@pytest.mark.parametrize("tokens", [DAY, NIGHT], ids=lambda tokens: tokens.name)
def test_shapes_and_lines_have_enough_contrast_on_the_data_ground(tokens: Tokens) -> None:
    for ground in (tokens.g0, tokens.g1):
        for shape in (tokens.crit, tokens.high, tokens.medline, tokens.low, tokens.g4, tokens.accent, tokens.trace):
            assert contrast(shape, ground) >= 3.0, (shape, ground)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_switching_says_so_once_and_only_when_something_changed(qtbot: QtBot) -> None:
    heard: list[str] = []
    theme().changed.connect(lambda: heard.append(theme().name))
    theme().switch("night")
    theme().switch("night")
    theme().switch(touch=True)
    assert heard == ["night", "night"]
    assert theme().sizes.row == 44
    theme().changed.disconnect()


def test_digits_are_tabular_in_both_weights() -> None:
    for bold in (False, True):
        metrics = QFontMetricsF(theme().font(13, bold=bold))
        assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1


def test_the_shipped_font_is_used_and_holds_chinese_in_bold() -> None:
    font = theme().font(13, bold=True)
    assert "Noto Sans SC" in QFontInfo(font).family()
    assert QFontMetricsF(font).horizontalAdvance("报") == pytest.approx(13.0)


def test_quiet_alarms_are_grey_and_loud_ones_have_their_colour() -> None:
    assert theme().alarm(Priority.CRITICAL, AlarmState.SHLVD) == theme().color("g4")
    assert theme().alarm(Priority.CRITICAL, AlarmState.UNACK) == theme().color("crit")
    assert theme().alarm(Priority.MEDIUM, AlarmState.ACKED, line=True) == theme().color("medline")


def test_no_colour_is_spelt_outside_the_theme() -> None:
    spelt = [
        f"{path.relative_to(UI)}: {line.strip()}"
        for path in UI.rglob("*.py")
        if path.name != "theme.py"
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"""["']#[0-9A-Fa-f]{6}\b|QColor\(\s*\d|Qt\.GlobalColor\.(?!transparent)""", line)
    ]
    assert spelt == []
