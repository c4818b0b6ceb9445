"""Users: who exists, in which role, active or locked; created, changed and unlocked through the door."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.ports import Answer
from models.commands import ChangeUser, CreateUser
from models.login_commands import ResetTotp
from models.people import UserInfo
from ui.access.usersheet import UserSheet
from ui.i18n import near_text, roles_text, stamp_text, t
from ui.widgets.controls import SearchBox, button, name_control
from ui.widgets.panel import Panel, PanelContext, ReasonRequest
from ui.widgets.rows import Column, RowsModel
from ui.widgets.table import DataTable


def _state(ctx: PanelContext, user: UserInfo) -> str:
    now = ctx.station.now_us()
    if not user.active:
        return t("access.state_inactive")
    if user.locked_until_us is not None and user.locked_until_us > now:
        return t("access.state_locked", time=near_text(user.locked_until_us, now))
    return t("access.state_must_change") if user.must_change else t("access.state_active")


def account_text(user: UserInfo) -> str:
    """Whose the account is: the company's directory's, or this station's."""
    return t("login.account_directory") if user.external else t("login.account_here")


def user_columns(ctx: PanelContext) -> list[Column[UserInfo]]:
    """Columns of the table of users."""

    def dim(user: UserInfo) -> bool:
        return not user.active

    return [
        Column("login", "access.column.login", lambda u: u.login, width=140, dim=dim),
        Column("name", "access.column.name", lambda u: u.name, width=160, stretch=True, dim=dim),
        Column("role", "access.column.role", lambda u: roles_text(u.roles), width=160, dim=dim),
        Column("state", "access.column.state", lambda u: _state(ctx, u), width=200, dim=dim),
        Column("account", "login.column.account", lambda u: account_text(u), width=120, dim=dim),
        Column(
            "second_step", "login.column.second_step", lambda u: t(f"login.step.{u.second_step}"), width=110, dim=dim
        ),
        Column(
            "created", "access.column.created", lambda u: stamp_text(u.created_us), lambda u: u.created_us, 160, dim=dim
        ),
    ]


class UsersPanel(Panel):
    """The table of users and what an administrator can do."""

    title_key = "access.users"
    icon_name = "users"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.model: RowsModel[UserInfo] = RowsModel(user_columns(ctx), lambda u: u.id, lambda u: u.login)
        self.table: DataTable[UserInfo] = DataTable(ctx, "users", self.model, "users")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.search.searched.connect(self.model.set_search)
        self.new = button("plus")
        self.new.clicked.connect(lambda: self._open(None))
        self.edit = button("edit")
        self.edit.clicked.connect(self._edit)
        for widget in (self.search, self.edit, self.new):
            self.header.right.addWidget(widget)
        self.table.activated.connect(self._open_if_allowed)
        self.table.picked.connect(lambda _user: self._enable())
        self.table.context.connect(self._fill_menu)
        ctx.bridge.users_changed.connect(self.load)
        ctx.bridge.rights_changed.connect(self.load)
        ctx.actor_changed.connect(self._enable)
        self.ready()
        self.load()

    def load(self) -> None:
        """Read the users (they come from the store)."""
        self.ctx.work(self, self.ctx.station.people.users, self._show, self._failed)
        if not self.model.all_rows():
            self.table.states.show_loading()

    def _show(self, users: list[UserInfo]) -> None:
        kept = self.table.current()
        self.model.replace(users)
        if users:
            self.table.states.show_content()
        else:
            self.table.states.show_empty("access.no_users")
        if kept is not None:
            self.table.select(kept.id)
        self._enable()

    def _failed(self, error: BaseException) -> None:
        self.table.states.show_error(str(error), self.load)

    def _enable(self) -> None:
        self.ctx.let(self.new, CreateUser.action)
        self.ctx.let(self.edit, ChangeUser.action, self.table.current() is not None)

    def _edit(self) -> None:
        user = self.table.current()
        if user is not None:
            self._open(user)

    def _open_if_allowed(self, user: UserInfo) -> None:
        if self.ctx.allowed(ChangeUser.action):
            self._open(user)

    def _open(self, user: UserInfo | None) -> None:
        self.ctx.open_sheet.emit(UserSheet(self.ctx, user))

    def _fill_menu(self, menu: QMenu) -> None:
        user = self.table.current()
        if user is None:
            return
        may = self.ctx.allowed(ChangeUser.action)
        entries = [
            (t("access.edit"), lambda: self._open(user), True),
            (t("access.unlock"), lambda: self._change(ChangeUser(login=user.login, unlock=True)), True),
            (
                t("access.deactivate" if user.active else "access.activate"),
                lambda: self._change(ChangeUser(login=user.login, active=not user.active)),
                True,
            ),
        ]
        for text, run, possible in entries:
            action: QAction = menu.addAction(text, run)
            action.setEnabled(may and possible)
        reset = menu.addAction(t("login.reset"), lambda: self._ask_reset(user))
        reset.setEnabled(user.second_step != "off" and self.ctx.allowed(ResetTotp.action))

    def _ask_reset(self, user: UserInfo) -> None:
        """Why; the signatures are asked for by the order itself."""

        def reset(reason: str, _seconds: float | None, _one_shot: bool) -> None:
            self.ctx.order(ResetTotp(login=user.login, reason=reason), said, self)

        def said(answer: Answer) -> None:
            if answer.ok:
                self.ctx.toast.emit(t("login.reset_done", name=user.name), "ok")

        self.ctx.ask.emit(
            ReasonRequest(
                title=t("login.reset"),
                text=t("login.reset_text", name=user.name, login=user.login),
                confirm=t("login.reset_now"),
                done=reset,
                phrases=tuple(t(f"login.reset_why.{why}") for why in ("lost", "new", "broken")),
            )
        )

    def _change(self, command: ChangeUser) -> None:
        def said(answer: Answer) -> None:
            if answer.ok:
                self.ctx.toast.emit(t("access.changed", login=command.login), "ok")

        self.ctx.order(command, said, self)

    def retranslate(self) -> None:
        self.search.setPlaceholderText(t("access.search_users"))
        name_control(self.search, t("access.search_users"))
        self.new.setText(t("access.new_user"))
        self.edit.setText(t("access.edit"))
        self.table.view.setAccessibleName(t("access.users"))
