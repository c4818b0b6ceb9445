"""A new user, or the changes to one: name, activity, first password, and which roles they hold where."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QLineEdit

from app.ports import Answer, Refused
from models.commands import ChangeUser, CreateUser, SetGrants
from models.people import UserInfo
from models.rights import RoleInfo
from ui.access.grants import GrantsEditor
from ui.access.password import NewPassword
from ui.i18n import pick, t
from ui.widgets.controls import role_label
from ui.widgets.fields import LinesField
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet


class UserSheet(Sheet):
    """The form; orders are given one after the other, and it stays open with the reason when one is refused."""

    def __init__(self, ctx: PanelContext, user: UserInfo | None) -> None:
        super().__init__(t("access.new_user") if user is None else t("access.edit_user", login=user.login))
        self.ctx, self.user = ctx, user
        self.login, self.name = QLineEdit(), QLineEdit()
        self.active, self.unlock = QCheckBox(t("access.is_active")), QCheckBox(t("access.unlock_now"))
        self.reset = QCheckBox(t("access.reset_password"))
        self.password = NewPassword(ctx.station.people.weakness, lambda: self.login.text().strip())
        for key, field in (("access.login", self.login), ("access.name", self.name)):
            self.form.addWidget(role_label("dim", t(key)))
            field.setAccessibleName(t(key))
            self.form.addWidget(field)
        self.login.textChanged.connect(self.password.refresh)
        for box in (self.active, self.unlock, self.reset):
            self.form.addWidget(box)
            box.setVisible(user is not None)
        if user is not None:
            self.login.setText(user.login)
            self.login.setReadOnly(True)
            self.name.setText(user.name)
            self.active.setChecked(user.active)
            self.reset.toggled.connect(self.password.setVisible)
            self.password.hide()
        self.form.addWidget(self.password)
        self.first_note = role_label("dim", t("access.first_password_note"), wrap=True)
        self.first_note.setVisible(user is None)
        self.reset.toggled.connect(self.first_note.setVisible)
        self.form.addWidget(self.first_note)
        roles = self._roles()
        codes = [role.code for role in roles]
        codes += [code for code in (user.roles if user is not None else ()) if code not in codes]
        names = {role.code: pick(role.name, role.name_en) for role in roles if not role.ready}
        held = user.grants if user is not None else ()
        self.grants = GrantsEditor(held, codes, names, ctx.station.tags.places())
        self.grants.setEnabled(ctx.allowed(SetGrants.action))
        self.reason = LinesField(t("access.grant_reason"))
        self.grants.changed.connect(self._show_reason)
        self.form.addWidget(self.grants)
        self.form.addWidget(self.reason)
        self._show_reason()
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("common.save"))
        self.setFocusProxy(self.login if user is None else self.name)

    def _roles(self) -> list[RoleInfo]:
        actor = self.ctx.actor
        try:
            return self.ctx.station.rights.roles(actor) if actor is not None else []
        except Refused:
            return []

    def _show_reason(self) -> None:
        self.reason.setVisible(self.user is not None and self.grants.touched)

    def commands(self) -> list[CreateUser | ChangeUser | SetGrants]:
        """The orders that the form stands for.

        Raises ValueError with the reason in words when something is missing.
        """
        login, name = self.login.text().strip(), self.name.text().strip()
        if not login or not name:
            raise ValueError(t("access.name_needed"))
        new = self.user is None or self.reset.isChecked()
        if new and (problem := self.password.problem()) is not None:
            raise ValueError(problem)
        if self.user is None:
            return [CreateUser(login=login, name=name, password=self.password.password, grants=self.grants.grants())]
        before, orders = self.user, list[CreateUser | ChangeUser | SetGrants]()
        if self.grants.touched:
            if len(self.reason.text) < 2:
                raise ValueError(t("answers.reason_missing"))
            orders.append(SetGrants(login=login, grants=self.grants.grants(), reason=self.reason.text))
        change = ChangeUser(
            login=login,
            name=name if name != before.name else None,
            active=self.active.isChecked() if self.active.isChecked() != before.active else None,
            unlock=self.unlock.isChecked(),
            new_password=self.password.password if new else None,
        )
        if not orders or change != ChangeUser(login=login):
            orders.append(change)
        return orders

    def confirmed(self) -> None:
        """Give the orders."""
        try:
            waiting = self.commands()
        except ValueError as error:
            self._say(str(error))
            return
        self.problem.hide()
        self.confirm.setEnabled(False)
        self._next(waiting)

    def _next(self, waiting: list[CreateUser | ChangeUser | SetGrants]) -> None:
        order, rest = waiting[0], waiting[1:]

        def answered(answer: Answer) -> None:
            if answer.ok and rest:
                self._next(rest)
                return
            self.confirm.setEnabled(True)
            if answer.ok:
                key = "access.created" if self.user is None else "access.changed"
                self.ctx.toast.emit(t(key, login=self.login.text().strip()), "ok")
                self.close()

        if not self.ctx.order(order, answered, self):
            self.confirm.setEnabled(True)

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()
