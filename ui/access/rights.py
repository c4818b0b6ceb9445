"""Rights on one page: what each role holds, what one person may do and why, who may do something, what asks for signatures."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.access.rights_ask import MayPanel, WhoPanel
from ui.access.rights_roles import RolesPanel
from ui.access.rights_rules import SignatureRulesPanel
from ui.i18n import t
from ui.widgets.controls import SegmentedButtons
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.workspace import Page

PAGES = ("roles", "may", "who", "rules")


class RightsPanel(Panel):
    """Four pages and the buttons between them."""

    title_key = "access.rights"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.switch = SegmentedButtons(PAGES)
        self.header.left.addWidget(self.switch)
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.roles, self.may = RolesPanel(ctx), MayPanel(ctx)
        self.who, self.rules = WhoPanel(ctx), SignatureRulesPanel(ctx)
        for panel in (self.roles, self.may, self.who, self.rules):
            self.stack.addWidget(Page(panel))
        self.switch.chosen.connect(self.show_page)
        self.show_page("roles")
        self.ready()

    def show_page(self, key: str) -> None:
        """One of PAGES."""
        self.switch.select(key)
        self.stack.setCurrentIndex(PAGES.index(key))

    def retranslate(self) -> None:
        for key in PAGES:
            self.switch.buttons[key].setText(t(f"access.rights_page.{key}"))
