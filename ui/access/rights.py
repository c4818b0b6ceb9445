"""Rights on one page: what each role holds, what one person may do and why, who may do something, what asks for signatures."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.access.rights_ask import MayPanel, WhoPanel
from ui.access.rights_roles import RolesPanel
from ui.access.rights_rules import SignatureRulesPanel
from ui.widgets.paged import PagedPanel
from ui.widgets.panel import PanelContext


class RightsPanel(PagedPanel):
    """Four questions about rights."""

    title_key = "access.rights"
    icon_name = "shield"
    words = "access.rights_page"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.roles, self.may = RolesPanel(ctx), MayPanel(ctx)
        self.who, self.rules = WhoPanel(ctx), SignatureRulesPanel(ctx)
        self.hold({"roles": self.roles, "may": self.may, "who": self.who, "rules": self.rules})
        self.ready()
