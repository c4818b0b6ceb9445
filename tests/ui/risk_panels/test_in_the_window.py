"""The risk place in the window: on the rail behind monitoring, its zone in the context column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models.risk import Grade
from tests.ui.risk_panels.conftest import factor
from tests.ui.station import MemoryStation
from ui.main_window import MainWindow
from ui.risk.workspace import RiskPanel
from ui.widgets.places import PLACES


def test_risk_stands_right_after_monitoring() -> None:
    assert [place.item.key for place in PLACES][:2] == ["monitoring", "risk"]


def test_a_click_on_a_zone_says_why_beside_the_map(
    plant: MemoryStation, open_window: Callable[..., MainWindow], qtbot: Any
) -> None:
    window = open_window()
    window.rail.buttons["risk"].click()
    panel = window.panel("risk.map")
    assert isinstance(panel, RiskPanel)
    qtbot.waitUntil(lambda: bool(panel.map.state.shapes))
    panel.map.zone_clicked.emit("TFB")
    assert window.context.current == "zone"
    assert window.zone_why.place == "TFB"
    assert panel.map.state.selected == "TFB"
    plant.risk.put("TFB", 126, factor("alarm", 200, "GD-07"))
    qtbot.waitUntil(lambda: window.zone_why.swatch.grade is Grade.RED)


def test_nobody_sees_a_zone_at_a_locked_station(plant: MemoryStation, open_window: Callable[..., MainWindow]) -> None:
    window = open_window("")
    window.ctx.select_zone.emit("TFB")
    assert window.context.current == "login"
