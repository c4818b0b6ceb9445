"""Demo only: start and end the simulator's scenarios from the trends' header, so that there is something to watch."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from app.ports import Answer, ScenarioInfo
from models.commands import RunScenario
from ui.i18n import pick, t
from ui.widgets.controls import Button
from ui.widgets.icons import set_icon
from ui.widgets.panel import PanelContext


class ScenarioButton(Button):
    """A button with a menu of scenarios, those that run ticked; hidden outside the demo plant."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__()
        self.ctx = ctx
        self.setProperty("kind", "flat")
        set_icon(self, "play-circle")
        self.menu_ = QMenu(self)
        self.menu_.aboutToShow.connect(self.fill)
        self.setMenu(self.menu_)
        self.setVisible(ctx.station.demo)

    def retranslate(self) -> None:
        """Words in the present language."""
        self.setText(t("monitoring.scenario.button"))
        self.setToolTip(t("monitoring.scenario.title"))

    def fill(self) -> None:
        """Offer what the simulator has, as it is now."""
        self.menu_.clear()
        may = self.ctx.allowed(RunScenario.action)
        scenarios = self.ctx.station.scenarios()
        if not scenarios:
            self.menu_.addAction(t("monitoring.scenario.none")).setEnabled(False)
        for scenario in scenarios:
            action = self.menu_.addAction(pick(scenario.title, scenario.title_en))
            action.setCheckable(True)
            action.setChecked(scenario.running)
            action.setEnabled(may)
            action.triggered.connect(partial(self._run, scenario))

    def _run(self, scenario: ScenarioInfo, _checked: bool = False) -> None:
        starting = not scenario.running

        def said(answer: Answer) -> None:
            if answer.ok:
                key = "started" if starting else "stopped"
                name = pick(scenario.title, scenario.title_en)
                self.ctx.toast.emit(t(f"monitoring.scenario.{key}", name=name), "ok")

        self.ctx.order(RunScenario(name=scenario.name, running=starting), said, self)
