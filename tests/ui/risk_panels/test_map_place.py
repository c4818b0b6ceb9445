"""The risk place: what is painted when, layers, replay, and the notice on paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.clock import US
from models import maps
from models.alarms import AlarmState, Priority
from models.commands import ExportData
from models.maps import Tone
from models.risk import Grade
from models.risk_rows import PointRow
from tests.ui.risk_panels.conftest import factor
from tests.ui.station import NOW, MemoryStation
from ui.i18n import messages, t
from ui.risk import printing
from ui.risk.workspace import RiskPanel
from ui.widgets.panel import PanelContext

Show = Callable[[], RiskPanel]


def grades(panel: RiskPanel) -> dict[str, Grade]:
    return {code: panel.map.state.paint(code).grade for code in panel.map.state.shapes}


def test_an_empty_store_says_what_is_missing_and_what_to_do(station: MemoryStation, show: Show) -> None:
    panel = show()
    assert panel.states.state == "note"
    assert panel.states.note.title.text() == t("risk.no_plan")
    assert panel.states.note.hint.text() == t("risk.no_plan_hint")


def test_a_plan_without_outlines_is_shown_and_the_gap_is_said(plant: MemoryStation, show: Show) -> None:
    plant.risk.outline_rows = []
    panel = show()
    assert panel.states.state == "content"
    assert panel.note.text() == t("risk.no_outlines")


def test_a_store_that_is_away_is_said_and_asked_again(plant: MemoryStation, show: Show, qtbot: Any) -> None:
    panel = show()
    plant.risk.plan_row, plant.risk.outline_rows = None, []
    panel.stock = type(panel.stock)()
    plant.risk.broken = True
    plant.risk.changed()
    qtbot.waitUntil(lambda: panel.states.note.title.text() == t("common.load_failed"))
    plant.risk.broken = False
    panel.states.note.action.click()
    qtbot.waitUntil(lambda: panel.states.note.title.text() == t("risk.no_plan"))


def test_the_zones_have_the_colours_of_the_engine(plant: MemoryStation, show: Show) -> None:
    panel = show()
    assert grades(panel) == {code: state.grade for code, state in plant.risk.states.items()}
    assert panel.layers.rows[maps.ZONES].count.text() == "6"
    assert panel.layers.rows[maps.CAMERAS].count.text() == "6"
    assert panel.layers.rows[maps.TICKETS].isHidden()


def test_a_regrade_repaints_only_that_zone(plant: MemoryStation, show: Show, qtbot: Any) -> None:
    panel = show()
    changes: list[Any] = []
    apply = panel.map.inner.apply
    panel.map.inner.apply = lambda change, serial: (changes.append(change), apply(change, serial))[1]
    plant.risk.put("LOAD", 126, factor("alarm", 60, "GD-11"))
    qtbot.waitUntil(lambda: grades(panel)["LOAD"] is Grade.ORANGE)
    assert [change.ids for change in changes if change.what == "paint"] == [("LOAD",)]


def test_inherent_and_difference_show_what_live_facts_moved(plant: MemoryStation, show: Show, qtbot: Any) -> None:
    plant.risk.put("LOAD", 126, factor("alarm", 60, "GD-11"))
    panel = show()
    panel.modes.buttons["inherent"].click()
    assert grades(panel)["LOAD"] is Grade.YELLOW
    panel.modes.buttons["difference"].click()
    paint = panel.map.state.paint("LOAD")
    assert (paint.grade, paint.stale) == (Grade.ORANGE, False)
    assert paint.caption.endswith("+60")
    assert panel.map.state.paint("TFA").stale
    assert t("risk.mode_long.difference") in panel.computed.text()


def test_an_open_alarm_stands_at_its_point_or_in_its_zone_and_leaves_when_it_is_over(
    plant: MemoryStation, show: Show, qtbot: Any
) -> None:
    tag = plant.add_tag("GD-07", 52.4, area="TFB", unit="%{LEL}")
    plant.risk.point_rows.append(
        PointRow(
            code="GD-07", layer=maps.VALUES, name="GD-07", name_en="", x=300.0, y=200.0,
            heading=None, range_m=None, place="TFB", target="tag:GD-07",
        )
    )  # fmt: skip
    panel = show()
    row = plant.raise_alarm(plant.make_row(tag, priority=Priority.CRITICAL, value=52.4))
    marker_id = f"alarm:{row.occurrence_id}"
    qtbot.waitUntil(lambda: marker_id in panel.map.state.markers)
    marker = panel.map.state.markers[marker_id]
    assert (marker.x, marker.y, marker.tone) == (300.0, 200.0, Tone.ALARM)
    assert panel.map.state.paint("TFB").alarm
    assert panel.layers.rows[maps.ALARMS].count.text() == "1"
    heard: list[Any] = []
    panel.ctx.select_alarm.connect(heard.append)
    panel.map.marker_clicked.emit(marker_id)
    assert heard == [panel.ctx.open_alarms.get(row.occurrence_id)]
    plant.change(msgspec.structs.replace(row, state=AlarmState.NORM, closed_us=plant.now_us()))
    qtbot.waitUntil(lambda: marker_id not in panel.map.state.markers)
    assert not panel.map.state.paint("TFB").alarm


def test_layers_are_shown_and_hidden(plant: MemoryStation, show: Show) -> None:
    panel = show()
    assert not panel.map.state.shown(maps.HYDRANTS)
    panel.layers.rows[maps.HYDRANTS].box.click()
    panel.layers.rows[maps.CAMERAS].box.click()
    assert panel.map.state.shown(maps.HYDRANTS)
    assert not panel.map.state.shown(maps.CAMERAS)


def test_the_wind_is_read_from_the_tags_that_the_plan_names(plant: MemoryStation, show: Show, qtbot: Any) -> None:
    tag = plant.add_tag("WS-001", 3.4, unit="m/s", description="风速", description_en="wind speed")
    direction = plant.add_tag("WD-001", 45.0, unit="deg", description="风向", description_en="wind from")
    for number, name in enumerate(("WS-001", "WD-001")):
        plant.risk.point_rows.append(
            PointRow(
                code=name, layer=maps.WIND, name=name, name_en="", x=40.0 + number, y=300.0,
                heading=None, range_m=None, place="", target=f"tag:{name}",
            )
        )  # fmt: skip
    panel = show()
    assert panel.layers.wind.text().splitlines()[0] == "风速 3.4 m/s"
    assert panel.layers.wind.text().splitlines()[1].startswith("风向 45.0")
    assert panel.map.state.markers["point:WD-001"].heading == 45.0
    plant.speak(tag.id, 5.1)
    plant.speak(direction.id, 90.0)
    qtbot.waitUntil(lambda: "5.1" in panel.layers.wind.text(), timeout=5000)
    assert panel.map.state.markers["point:WD-001"].heading == 90.0


def test_dragging_replays_the_colours_says_the_time_and_live_returns(plant: MemoryStation, show: Show) -> None:
    plant.clock.set(NOW - 7200 * US)
    plant.risk.put("LOAD", 126, factor("alarm", 60, "GD-11"))
    plant.clock.set(NOW)
    panel = show()
    assert grades(panel)["LOAD"] is Grade.ORANGE
    strip = panel.bar.strip
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.x_of(20)), 14))
    assert panel.bar.replaying
    assert grades(panel)["LOAD"] is Grade.YELLOW
    assert panel.past.isVisible()
    assert panel.past.text() == t("risk.replay", time=panel.bar.title.text())
    plant.risk.put("TFA", 400)  # what happens meanwhile is not painted into the past
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.at == 21
    assert grades(panel)["TFA"] is Grade.YELLOW
    panel.bar.now.click()
    assert not panel.bar.replaying
    assert (grades(panel)["LOAD"], grades(panel)["TFA"]) == (Grade.ORANGE, Grade.RED)
    assert panel.past.isHidden()


def test_playing_runs_to_the_end_and_is_live_again(plant: MemoryStation, show: Show) -> None:
    panel = show()
    panel.bar.play.click()
    assert panel.bar.playing
    assert panel.bar.strip.at == 0
    for _ in panel.bar.timeline.times:
        panel.bar.step()
    assert not panel.bar.playing
    assert not panel.bar.replaying


def test_another_period_is_read_with_its_own_steps(plant: MemoryStation, show: Show, qtbot: Any) -> None:
    panel = show()
    panel.bar.periods.buttons["month"].click()
    qtbot.waitUntil(lambda: len(plant.risk.asked) > 1)
    start_us, end_us, step_us = plant.risk.asked[-1]
    assert (end_us - start_us, step_us) == (30 * 86_400 * US, 4 * 3600 * US)


def test_the_notice_is_written_as_pdf_and_traced(plant: MemoryStation, show: Show, tmp_path: Path, qtbot: Any) -> None:
    panel = show()
    said: list[str] = []
    panel.ctx.toast.connect(lambda text, _level: said.append(text))
    printing.to_pdf(panel, tmp_path / "notice")
    file = tmp_path / "notice.pdf"
    assert file.read_bytes().startswith(b"%PDF")
    qtbot.waitUntil(lambda: bool(said))
    orders = [order for order, _ in plant.door.submitted if isinstance(order, ExportData)]
    assert [(order.what, order.rows, order.path) for order in orders] == [("risk_notice", 6, str(file))]
    notice = printing.notice_of(panel)
    assert notice.site == plant.site
    assert dict(notice.zones)["罐区A"] is Grade.YELLOW
    assert not list(tmp_path.glob(".*part"))


def test_a_notice_that_cannot_be_written_is_said_and_not_traced(
    plant: MemoryStation, show: Show, tmp_path: Path
) -> None:
    panel = show()
    said: list[str] = []
    panel.ctx.toast.connect(lambda text, _level: said.append(text))
    printing.to_pdf(panel, tmp_path / "missing" / "notice.pdf")
    assert len(said) == 1
    assert not [order for order, _ in plant.door.submitted if isinstance(order, ExportData)]


def test_who_may_not_take_data_out_gets_no_notice(plant: MemoryStation, show: Show) -> None:
    panel = show()
    said: list[str] = []
    panel.ctx.toast.connect(lambda text, _level: said.append(text))
    plant.door.forbidden.add(ExportData.action)
    panel.print_button.click()
    assert said == [t("common.not_allowed")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_follow_the_language(plant: MemoryStation, show: Show, ctx: PanelContext, language: str) -> None:
    panel = show()
    messages().switch(language)
    assert panel.scope.text() == t("risk.whole_plant")
    assert panel.map.state.paint("TFA").caption == t(
        "risk.caption", grade=t("risk.grade.yellow"), level=t("risk.level.yellow")
    )
    assert panel.layers.rows[maps.ZONES].name.text() == t("risk.layer.zones")
