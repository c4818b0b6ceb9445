"""Users, rights, audit and personal data on one page, as all answer the question who may, who did, and what is known of whom."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.access.audit import AuditPanel
from ui.access.privacy import PrivacyPanel
from ui.access.rights import RightsPanel
from ui.access.users import UsersPanel
from ui.i18n import t
from ui.widgets.controls import SegmentedButtons
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.workspace import Page

PAGES = ("users", "rights", "audit", "privacy")


class AccessPanel(Panel):
    """Four pages and the buttons between them."""

    title_key = "access.title"
    icon_name = "users"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.switch = SegmentedButtons(PAGES)
        self.header.left.addWidget(self.switch)
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.users, self.rights = UsersPanel(ctx), RightsPanel(ctx)
        self.audit, self.privacy = AuditPanel(ctx), PrivacyPanel(ctx)
        for panel in (self.users, self.rights, self.audit, self.privacy):
            self.stack.addWidget(Page(panel))
        self.switch.chosen.connect(self.show_page)
        self.show_page("users")
        self.ready()

    def show_page(self, key: str) -> None:
        """One of PAGES; audit and inventory are read anew each time they come to the front."""
        self.switch.select(key)
        self.stack.setCurrentIndex(PAGES.index(key))
        if key == "audit" and self.isVisible():
            self.audit.load()
        if key == "privacy" and self.isVisible():
            self.privacy.load()

    def retranslate(self) -> None:
        for key in PAGES:
            self.switch.buttons[key].setText(t(f"access.page.{key}"))
