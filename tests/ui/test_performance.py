from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.clock import US
from models.alarms import ConditionKind, Priority
from models.commands import ExportData
from tests.ui.conftest import flush
from tests.ui.station import NOW, MemoryStation
from ui.alarms.performance import PerformancePanel
from ui.alarms.performance_words import figure_text
from ui.i18n import messages
from ui.theme import theme
from ui.widgets.panel import PanelContext

Keep = Callable[[QWidget], QWidget]
MIN, HOUR, DAY = 60, 3600, 86_400


def ring(station: MemoryStation, name: str, ago_s: float, priority: Priority = Priority.LOW, area: str = "A") -> None:
    tag = station.tags.by_name(name) or station.add_tag(name, area=area, area_name=f"罐区{area}")
    key = station.define(tag, ConditionKind.H, 1.0, priority, text=f"{name} 高", text_en=f"{name} high")
    row = station.make_row(tag, ago_s=ago_s, priority=priority, key=key)
    station.alarms.rows[row.occurrence_id] = row


@pytest.fixture
def busy(station: MemoryStation) -> MemoryStation:
    """A flood two hours ago that T-0 began, T-1 chattering, one alarm three days ago."""
    ring(station, "T-0", 2 * HOUR, Priority.HIGH)
    for n in range(24):
        ring(station, "T-1", 2 * HOUR - 15 - n * 15)
    for n in range(5):
        ring(station, f"B-{n}", 5 * HOUR + n * HOUR, Priority.MEDIUM, "B")
    ring(station, "OLD", 3 * DAY)
    return station


@pytest.fixture
def panel(busy: MemoryStation, ctx: PanelContext, keep: Keep, qtbot: QtBot) -> PerformancePanel:
    made = cast(PerformancePanel, keep(PerformancePanel(ctx)))
    keep(made.header)
    made.resize(1400, 900)
    made.show()
    qtbot.waitUntil(lambda: made.picture is not None)
    return made


def asked(panel: PerformancePanel, qtbot: QtBot) -> None:
    """Wait for the answer to the latest question."""
    before = panel.picture
    qtbot.waitUntil(lambda: panel.picture is not before)


def test_the_day_is_shown_with_its_flood_and_who_began_it(panel: PerformancePanel) -> None:
    assert panel.picture is not None
    assert panel.picture.alarms == 30
    assert "首发 T-0 高" in panel.series.accessibleName()
    rates = {tile.figure.name: tile.figure.met for tile in panel.tiles.tiles if tile.figure is not None}
    assert rates["peak_per_bin"] is False
    assert rates["per_day"] is True
    assert panel.top_note.text() == "30 / 30 条 · 100 %"


def test_the_busiest_alarm_stands_first_with_its_nature(panel: PerformancePanel) -> None:
    rank, actor = panel.model.row_at(0)
    assert (rank, actor.name.tag, actor.count, actor.nature) == (1, "T-1", 24, "chattering")
    texts = [panel.model.index(0, n).data() for n in range(panel.model.columnCount())]
    assert "抖动" in texts


def test_another_period_and_area_are_asked_for(panel: PerformancePanel, qtbot: QtBot) -> None:
    panel.periods.buttons["week"].click()
    asked(panel, qtbot)
    assert panel.picture is not None
    assert panel.picture.alarms == 31
    panel.area.addItem("罐区B", "B")
    panel.area.setCurrentIndex(panel.area.count() - 1)
    panel.area.activated.emit(panel.area.currentIndex())
    asked(panel, qtbot)
    assert panel.picture.alarms == 5


def test_a_bar_says_what_it_holds(panel: PerformancePanel) -> None:
    assert panel.picture is not None
    fullest = max(range(len(panel.picture.series)), key=lambda n: sum(panel.picture.series[n]))  # type: ignore[union-attr]  # asserted
    words = panel.series.words_of(fullest)
    assert "危急和高" in words
    assert "泛滥" in words
    plot = panel.series._plot()
    assert panel.series.bin_at(plot.left() + 1) == 0
    assert panel.series.bin_at(plot.right() + 5) == -1


def test_an_empty_period_says_so_and_offers_a_longer_one(
    busy: MemoryStation, panel: PerformancePanel, qtbot: QtBot
) -> None:
    busy.alarms.rows.clear()
    panel.ask()
    asked(panel, qtbot)
    assert panel.states.state == "note"
    assert panel.states.note.title.text() == "该时段没有报警"
    ring(busy, "OLD", 20 * DAY)
    panel.states.note.action.click()
    asked(panel, qtbot)
    assert panel.periods.current == "month"
    assert panel.states.state == "content"


def test_a_store_that_is_away_is_said_and_can_be_tried_again(
    busy: MemoryStation, panel: PerformancePanel, qtbot: QtBot
) -> None:
    busy.alarms.broken = True
    panel.ask()
    qtbot.waitUntil(lambda: panel.states.state == "note")
    assert panel.states.note.hint.text() == "store is away"
    busy.alarms.broken = False
    panel.states.note.action.click()
    qtbot.waitUntil(lambda: panel.picture is not None)
    assert panel.states.state == "content"


def test_the_whole_picture_goes_to_a_file_and_leaves_a_trace(
    busy: MemoryStation, panel: PerformancePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "kpi.csv"
    panel.export(path)
    qtbot.waitUntil(lambda: any(isinstance(c, ExportData) for c, _ in busy.door.submitted))
    text = path.read_text("utf-8-sig")
    assert text.splitlines()[0] == "部分,名称,值,目标,上期/明细,说明"
    assert "频繁报警,T-1 高,24" in text
    assert text.count("报警率,") >= 144


def test_it_is_retold_in_english_and_repainted_at_night(panel: PerformancePanel) -> None:
    day = panel.grab().toImage()
    messages().switch("en")
    theme().switch("night")
    flush()
    assert panel.header.title.text() == "Alarm performance"
    assert "first T-0 high" in panel.series.accessibleName()
    assert panel.grab().toImage() != day


def test_blocks_stand_under_each_other_where_it_is_narrow(panel: PerformancePanel) -> None:
    wide = panel.tiles.height()
    panel.resize(700, 600)
    flush()
    assert panel.blocks.getItemPosition(panel.blocks.indexOf(panel.right))[:2] == (1, 0)
    assert panel.tiles.height() > wide
    assert not panel.grab().isNull()


def test_records_that_begin_later_are_said(busy: MemoryStation, panel: PerformancePanel, qtbot: QtBot) -> None:
    busy.alarms.recorded_since_us = NOW - 6 * HOUR * US
    panel.ask()
    asked(panel, qtbot)
    assert panel.span.text().endswith("记录自此开始")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("average_per_bin", 1.01, "1.01"),
        ("average_per_bin", 1.4, "1.4"),
        ("average_per_bin", 1.0, "1.0"),
        ("flood_share", 0.023, "2.3"),
        ("per_day", 203.4, "203"),
        ("median_ack_s", None, "—"),
    ],
)
def test_figures_are_as_exact_as_their_target_needs(name: str, value: float | None, text: str) -> None:
    assert figure_text(name, value) == text
