"""The demo's plant under the risk panels, on the built-in map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from app.clock import US
from models.readings import PlaceInfo, PlaceKind
from models.risk import Factor
from models.risk_rows import OutlineRow, PlanRow, PointRow
from tests.ui.risk import demo
from tests.ui.station import NOW, MemoryStation
from ui.risk.workspace import RiskPanel
from ui.widgets.panel import PanelContext
from ui.widgets.workspace import Page


def factor(kind: str, weight: float, evidence: str, target: str = "", ago_s: float = 3600, **more: Any) -> Factor:
    return Factor(kind=kind, weight=weight, evidence=evidence, target=target, since_us=NOW - round(ago_s * US), **more)


def furnish(station: MemoryStation) -> None:
    """Plan, outlines, points and colours of the demo."""
    risk, plan = station.risk, demo.plan()
    risk.plan_row = PlanRow(
        revision=1, kind=plan.kind, media_type=plan.media_type, width=plan.width, height=plan.height, data=plan.data
    )
    risk.outline_rows = [OutlineRow(place=s.code, polygon=s.polygon, label=None) for s in demo.shapes()]
    for feature in demo.features():
        about = feature["properties"]
        if about["class"] == "point":
            x, y = feature["geometry"]["coordinates"]
            fields = {name: about.get(name) for name in ("heading", "range_m")}
            names = {name: about.get(name, "") for name in ("code", "layer", "name", "name_en", "place")}
            risk.point_rows.append(PointRow(**names, **fields, x=float(x), y=float(y), target=""))
    station.tags.place_list = [
        PlaceInfo(code=s.code, kind=PlaceKind.AREA, name=s.name, name_en=s.name_en) for s in demo.shapes()
    ]
    for code, value in (("TFA", 90), ("TFB", 126), ("LOAD", 126), ("COMP", 80), ("BOIL", 40), ("WARE", 30)):
        risk.put(code, float(value))


@pytest.fixture
def plant(station: MemoryStation) -> MemoryStation:
    furnish(station)
    return station


@pytest.fixture
def show(ctx: PanelContext, keep: Callable[[QWidget], QWidget], qtbot: Any) -> Callable[[], RiskPanel]:
    """Opens the panel and waits for the map."""

    def make() -> RiskPanel:
        panel = RiskPanel(ctx)
        page = keep(Page(panel))
        page.resize(1200, 800)
        page.show()
        qtbot.waitUntil(lambda: panel.states.note.busy.isHidden() and bool(panel.bar.timeline.times))
        return panel

    return make
