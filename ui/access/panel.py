"""Users and audit on one page, as both answer the question who may and who did."""

from __future__ import annotations

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.access.audit import AuditPanel
from ui.access.users import UsersPanel
from ui.i18n import t
from ui.widgets.controls import SegmentedButtons
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.workspace import Page


class AccessPanel(Panel):
    """Two pages and the buttons between them."""

    title_key = "access.title"
    icon_name = "users"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.switch = SegmentedButtons(("users", "audit"))
        self.header.left.addWidget(self.switch)
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.users, self.audit = UsersPanel(ctx), AuditPanel(ctx)
        self.stack.addWidget(Page(self.users))
        self.stack.addWidget(Page(self.audit))
        self.switch.chosen.connect(self.show_page)
        self.show_page("users")
        self.ready()

    def show_page(self, key: str) -> None:
        """'users' or 'audit'; the audit is read anew each time it comes to the front."""
        self.switch.select(key)
        self.stack.setCurrentIndex(0 if key == "users" else 1)
        if key == "audit" and self.isVisible():
            self.audit.load()

    def retranslate(self) -> None:
        self.switch.buttons["users"].setText(t("access.users"))
        self.switch.buttons["audit"].setText(t("access.audit"))
