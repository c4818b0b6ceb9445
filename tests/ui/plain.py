"""A panel with nothing in it, for tests of the frame that need no plots."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.i18n import t
from ui.widgets.controls import plain_label
from ui.widgets.panel import Panel, PanelContext


class PlainPanel(Panel):
    title_key = "frame.monitoring"
    icon_name = "monitor"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.label = plain_label()
        QVBoxLayout(self).addWidget(self.label)
        self.ready()

    def retranslate(self) -> None:
        self.label.setText(t("frame.monitoring"))


PLAIN = dict.fromkeys(
    ("monitoring.tree", "monitoring.trends", "monitoring.values", "monitoring.dead_letters"), PlainPanel
)
