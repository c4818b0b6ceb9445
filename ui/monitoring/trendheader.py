"""The controls in the trends' title row: group, width of time, live, cross-hair, export, fit, and the demo's scenarios."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from ui.i18n import t
from ui.monitoring.groups import GroupButton
from ui.monitoring.scenarios import ScenarioButton
from ui.monitoring.timewindow import SPANS
from ui.monitoring.trendexport import KINDS
from ui.widgets.controls import SegmentedButtons, button, icon_button, name_control, role_label
from ui.widgets.icons import set_icon
from ui.widgets.panel import PanelContext, PanelHeader

ROOM_FOR_COUNT, ROOM_FOR_FIT = 760, 680


class TrendHeader(QObject):
    """Builds the controls into a header. ``exported`` with png, csv or xlsx."""

    exported = Signal(str)

    def __init__(self, ctx: PanelContext, header: PanelHeader) -> None:
        super().__init__(header)
        self.groups = GroupButton(ctx)
        self.count = role_label("dim")
        header.left.addWidget(self.groups)
        header.left.addWidget(self.count)
        self.spans = SegmentedButtons(list(SPANS))
        self.live = button("pause")
        self.live.setCheckable(True)
        self._live = True
        self.cross = button("crosshair", "flat")
        self.cross.setCheckable(True)
        self.cross.setChecked(bool(ctx.settings.value("trends/cross", True, type=bool)))
        self.export = button("export", "flat")
        self.export_menu = QMenu(self.export)
        self.export.setMenu(self.export_menu)
        self.fit = icon_button("refresh")
        self.scenarios = ScenarioButton(ctx)
        for widget in (self.spans, self.live, self.scenarios, self.cross, self.export, self.fit):
            header.right.addWidget(widget)

    def show_live(self, live: bool) -> None:
        """Following the present, or standing still."""
        self._live = live
        self.live.setChecked(live)
        self.live.setText(t("monitoring.live" if live else "monitoring.paused"))
        set_icon(self.live, "pause" if live else "play")
        name_control(self.live, t("monitoring.live_tip" if live else "monitoring.paused_tip"))

    def fit_width(self, width: int) -> None:
        """In a narrow panel what can be missed gives way: the number of curves, then the fit (a double click does it)."""
        self.count.setVisible(width >= ROOM_FOR_COUNT)
        self.fit.setVisible(width >= ROOM_FOR_FIT)

    def retranslate(self) -> None:
        """Words in the present language."""
        for key in SPANS:
            self.spans.buttons[key].setText(t(f"monitoring.span.{key}"))
        self.cross.setText(t("monitoring.readout"))
        self.export.setText(t("monitoring.export"))
        name_control(self.fit, t("monitoring.fit"))
        self.export_menu.clear()
        for key in KINDS:
            self.export_menu.addAction(t(f"monitoring.export_{key}"), partial(self.exported.emit, key))
        self.groups.retranslate()
        self.scenarios.retranslate()
        self.show_live(self._live)
