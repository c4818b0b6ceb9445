"""The grid of roles and what they hold: read it at a glance, change one role, say why, sign."""

from __future__ import annotations

import re

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QMenu, QTableView, QVBoxLayout, QWidget

from app.ports import Answer, Refused
from models.commands import RemoveRole, SaveRole
from models.rights import ActionInfo, RoleInfo
from ui.access.rights_model import FIXED, RightsGrid, action_text, role_name
from ui.i18n import t
from ui.theme import theme
from ui.widgets.controls import button, role_label
from ui.widgets.fields import LinesField, TextField
from ui.widgets.panel import Panel, PanelContext, ReasonRequest, answer_text
from ui.widgets.sheet import Sheet
from ui.widgets.states import StateStack

_CODE = re.compile(r"[a-z][a-z0-9_]{1,31}")


class RolesPanel(Panel):
    """Roles × actions."""

    title_key = "access.rights"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.grid = RightsGrid(self)
        self.view = QTableView()
        self.view.setModel(self.grid)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setCornerButtonEnabled(False)
        self.view.verticalHeader().hide()
        head = self.view.horizontalHeader()
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(self._head_menu)
        self.view.clicked.connect(self.grid.toggle)
        self.view.activated.connect(self.grid.toggle)
        self.states = StateStack(self.view, "shield")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.states, 1)
        self.bar = QWidget()
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(12, 6, 12, 6)
        self.pending = role_label("strong", wrap=True)
        self.save, self.discard = button("check", "primary"), button()
        row.addWidget(self.pending, 1)
        row.addWidget(self.discard)
        row.addWidget(self.save)
        column.addWidget(self.bar)
        self.bar.hide()
        self.hint = role_label("dim")
        self.new = button("plus")
        self.header.left.addWidget(self.hint)
        self.header.right.addWidget(self.new)
        self.grid.touched.connect(self._touched)
        self.grid.refused.connect(lambda name: ctx.toast.emit(t("access.one_role", name=name), "warning"))
        self.save.clicked.connect(self._ask_reason)
        self.discard.clicked.connect(self.grid.drop)
        self.new.clicked.connect(lambda: ctx.open_sheet.emit(RoleSheet(ctx, self._existing())))
        ctx.bridge.rights_changed.connect(self.load)
        ctx.actor_changed.connect(self.load)
        self.ready()
        self.load()

    def load(self) -> None:
        """Show what is in force (it lies in memory)."""
        actor, rights = self.ctx.actor, self.ctx.station.rights
        try:
            if actor is None:
                raise Refused("forbidden")
            roles, actions = rights.roles(actor), rights.actions(actor)
        except Refused:
            self.grid.show([], [])
            self.states.show_empty("access.rights_hidden")
            self._enable()
            return
        self._show(roles, actions)

    def _show(self, roles: list[RoleInfo], actions: list[ActionInfo]) -> None:
        self.grid.show(roles, actions)
        self.states.show_content()
        head = self.view.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setMinimumSectionSize(64)
        self.view.setColumnWidth(1, 90)
        for at in range(len(FIXED), self.grid.columnCount()):
            self.view.setColumnWidth(at, max(76, head.sectionSizeHint(at)))
        self.on_theme()
        self._enable()

    def _existing(self) -> set[str]:
        return {role.code for role in self.grid.roles}

    def _enable(self) -> None:
        self.grid.editable = self.ctx.allowed(SaveRole.action)
        self.ctx.let(self.new, SaveRole.action)
        self.hint.setText(t("access.rights_hint") if self.grid.editable else "")

    def _touched(self, code: str) -> None:
        role = self.grid.role(code)
        self.bar.setVisible(role is not None)
        if role is None:
            return
        given = [action_text(a) for a, gives in self.grid.changes() if gives]
        taken = [action_text(a) for a, gives in self.grid.changes() if not gives]
        parts = [t("access.gives", what="、".join(given))] if given else []
        parts += [t("access.takes", what="、".join(taken))] if taken else []
        self.pending.setText(f"{role_name(role)}: " + " ".join(parts))

    def _ask_reason(self) -> None:
        role = self.grid.role(self.grid.draft_role)
        if role is None:
            return
        request = ReasonRequest(
            title=t("access.save_role", name=role_name(role)),
            text=self.pending.text(),
            confirm=t("common.save"),
            done=lambda reason, _seconds, _once: self._save(role, reason),
        )
        self.ctx.ask.emit(request)

    def _save(self, role: RoleInfo, reason: str) -> None:
        actions = frozenset(self.grid.draft)
        order = SaveRole(code=role.code, name=role.name, name_en=role.name_en, actions=actions, reason=reason)

        def said(answer: Answer) -> None:
            if answer.ok:
                self.ctx.toast.emit(t("access.role_saved", name=role_name(role)), "ok")
                self.load()

        self.ctx.order(order, said, self)

    def _head_menu(self, at: QPoint) -> None:
        head = self.view.horizontalHeader()
        section = head.logicalIndexAt(at)
        if section < len(FIXED):
            return
        role = self.grid.roles[section - len(FIXED)]
        menu = QMenu(self)
        remove = menu.addAction(t("access.remove_role"), lambda: self._ask_removal(role))
        remove.setEnabled(not role.ready and self.ctx.allowed(RemoveRole.action))
        menu.exec(head.mapToGlobal(at))
        menu.deleteLater()

    def _ask_removal(self, role: RoleInfo) -> None:
        self.ctx.ask.emit(
            ReasonRequest(
                title=t("access.remove_role"),
                text=role_name(role),
                confirm=t("access.remove_role"),
                done=lambda reason, _seconds, _once: self._remove(role, reason),
            )
        )

    def _remove(self, role: RoleInfo, reason: str) -> None:
        self.ctx.order(RemoveRole(code=role.code, reason=reason), lambda _answer: self.load(), self)

    def on_theme(self) -> None:
        self.view.verticalHeader().setDefaultSectionSize(theme().sizes.row)

    def retranslate(self) -> None:
        self.new.setText(t("access.new_role"))
        self.save.setText(t("common.save"))
        self.discard.setText(t("access.discard"))
        self.view.setAccessibleName(t("access.rights"))
        self._enable()
        self._touched(self.grid.draft_role)
        if self.grid.roles:
            top = self.grid.index(0, 0, QModelIndex())
            self.grid.dataChanged.emit(top, self.grid.index(len(self.grid.actions) - 1, self.grid.columnCount() - 1))
            self.grid.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, self.grid.columnCount() - 1)


class RoleSheet(Sheet):
    """A role of the site's own, empty at first."""

    def __init__(self, ctx: PanelContext, existing: set[str]) -> None:
        super().__init__(t("access.new_role"))
        self.ctx, self._existing = ctx, existing
        self.code = TextField(t("access.role_code"), hint=t("access.role_code_hint"), most=32)
        self.name = TextField(t("access.role_name"), most=60)
        self.name_en = TextField(t("access.role_name_en"), most=60)
        self.reason = LinesField(t("common.reason"))
        for field in (self.code, self.name, self.name_en, self.reason):
            self.form.addWidget(field)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("common.save"))
        self.setFocusProxy(self.code)

    def confirmed(self) -> None:
        """Create it; the sheet stays open with what is wrong."""
        wrong = False
        for field, text in (
            (self.code, t("access.role_code_hint") if not _CODE.fullmatch(self.code.text) else ""),
            (self.name, t("access.name_needed") if not self.name.text else ""),
            (self.reason, t("answers.reason_missing") if len(self.reason.text) < 2 else ""),
        ):
            field.complain(text)
            wrong = wrong or bool(text)
        if self.code.text in self._existing:
            self.code.complain(t("access.role_taken"))
            wrong = True
        if wrong:
            return
        order = SaveRole(
            code=self.code.text,
            name=self.name.text,
            name_en=self.name_en.text,
            actions=frozenset(),
            reason=self.reason.text,
        )
        self.confirm.setEnabled(False)
        self.ctx.order(order, self._answered, self)

    def _answered(self, answer: Answer) -> None:
        self.confirm.setEnabled(True)
        if answer.ok:
            self.ctx.toast.emit(t("access.role_saved", name=self.name.text), "ok")
            self.close()
        elif answer.code != "cancelled":
            self.problem.setText(answer_text(answer))
            self.problem.show()
