"""Where the rail leads, and which panels stand there. A later feature appends its panels and places here.

Panels are named, not imported: plots are slow to load, so a panel's module comes in when its place is first shown.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ui.theme import COMPACT, theme
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.rail import RailItem
from ui.widgets.workspace import Dock, Page, Workspace

PanelFactory = Callable[[PanelContext], Panel]


class Maker(Protocol):
    """Makes panels by name (the window)."""

    @property
    def ctx(self) -> PanelContext:
        """What every panel is given."""

    def make(self, name: str) -> Panel:
        """A new panel."""

    def make_later(self, name: str, title_key: str, arrived: Callable[[Panel], None]) -> Panel:
        """A panel that gives way to the one of that name when it is first seen."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Something that the rail leads to."""

    item: RailItem
    build: Callable[[Maker], QWidget]


def lazily(module: str, name: str) -> PanelFactory:
    """A factory that imports its panel when it is needed."""

    def make(ctx: PanelContext) -> Panel:
        panel: Panel = getattr(importlib.import_module(module), name)(ctx)
        return panel

    return make


PANELS: dict[str, PanelFactory] = {
    "monitoring.tree": lazily("ui.monitoring.tree", "TagTree"),
    "monitoring.trends": lazily("ui.monitoring.trends", "TrendPanel"),
    "monitoring.values": lazily("ui.monitoring.values", "ValuesPanel"),
    "monitoring.dead_letters": lazily("ui.monitoring.dead_letters", "DeadLetterPanel"),
    "alarms.list": lazily("ui.alarms.panel", "AlarmPanel"),
    "alarms.performance": lazily("ui.alarms.performance", "PerformancePanel"),
    "risk.map": lazily("ui.risk.workspace", "RiskPanel"),
    "organisation.panel": lazily("ui.organisation.panel", "OrganisationPanel"),
    "access.people": lazily("ui.access.panel", "AccessPanel"),
    "access.settings": lazily("ui.access.settings", "SettingsPanel"),
}


def build_monitoring(maker: Maker) -> QWidget:
    """Tree at the left, trends over the alarm list, values as a tab behind the list."""
    workspace = Workspace("monitoring", maker.ctx.settings)
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    tree = workspace.place("tree", maker.make("monitoring.tree"), left)
    trends = _place_later(workspace, maker, "monitoring.trends", right)
    workspace.splitDockWidget(tree, trends, Qt.Orientation.Horizontal)
    alarms = workspace.place("alarms", maker.make("alarms.list"), right)
    workspace.splitDockWidget(trends, alarms, Qt.Orientation.Vertical)
    values = _place_later(workspace, maker, "monitoring.values", right)
    workspace.tabifyDockWidget(alarms, values)
    alarms.raise_()
    return workspace


def _place_later(workspace: Workspace, maker: Maker, name: str, area: Qt.DockWidgetArea) -> Dock:
    """A dock whose panel is built when it is first seen; the panel's name is its title's key too."""
    docks: list[Dock] = []
    panel = maker.make_later(name, name, lambda real: docks[0].take(real))
    docks.append(workspace.place(name.rpartition(".")[2], panel, area))
    return docks[0]


def share_monitoring(workspace: Workspace, *, compact: bool) -> None:
    """Trends 60 %, alarm list 40 %; the tree its own width."""
    tree = COMPACT["tree"] if compact else theme().sizes.tree
    workspace.shares((("tree", tree), ("trends", max(400, workspace.width() - tree))), Qt.Orientation.Horizontal)
    workspace.shares((("trends", 60), ("alarms", 40)), Qt.Orientation.Vertical)


def page_of(name: str) -> Callable[[Maker], QWidget]:
    """A place with one panel."""
    return lambda maker: Page(maker.make(name))


PLACES: list[Place] = [
    Place(RailItem("monitoring", "frame.monitoring", "monitor"), build_monitoring),
    Place(RailItem("risk", "risk.rail", "risk"), page_of("risk.map")),
    Place(RailItem("alarms", "frame.alarms", "bell"), page_of("alarms.list")),
    Place(RailItem("kpi", "frame.kpi", "bars"), page_of("alarms.performance")),
    Place(RailItem("dead_letters", "frame.dead_letters", "inbox"), page_of("monitoring.dead_letters")),
    Place(RailItem("people", "organisation.rail", "org", personal=True), page_of("organisation.panel")),
    Place(RailItem("access", "frame.access", "users", personal=True), page_of("access.people")),
    Place(RailItem("settings", "frame.settings", "settings", foot=True, personal=True), page_of("access.settings")),
]
