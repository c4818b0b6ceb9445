"""Users, rights, audit and personal data on one page, as all answer the question who may, who did, and what is known of whom."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.access.audit import AuditPanel
from ui.access.privacy import PrivacyPanel
from ui.access.rights import RightsPanel
from ui.access.users import UsersPanel
from ui.widgets.paged import PagedPanel
from ui.widgets.panel import PanelContext


class AccessPanel(PagedPanel):
    """Audit and inventory are read anew each time they come to the front."""

    title_key = "access.title"
    icon_name = "users"
    words = "access.page"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.users, self.rights = UsersPanel(ctx), RightsPanel(ctx)
        self.audit, self.privacy = AuditPanel(ctx), PrivacyPanel(ctx)
        self.hold({"users": self.users, "rights": self.rights, "audit": self.audit, "privacy": self.privacy})
        self.ready()

    def show_page(self, key: str) -> None:
        super().show_page(key)
        if key == "audit" and self.isVisible():
            self.audit.load()
        if key == "privacy" and self.isVisible():
            self.privacy.load()
