"""One's own account: who one is here, the password, and the second step: set up, new recovery codes, switched off."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from PySide6.QtWidgets import QVBoxLayout

from app.ports import Answer
from models.commands import ChangeOwnPassword, Command
from models.login import TotpOffer, TotpState
from models.login_commands import ConfirmTotp, DisableTotp, EnrolTotp, RenewRecoveryCodes
from ui.access.password import NewPassword, password_field
from ui.access.recovery import RecoverySheet
from ui.access.second_step import CodeEntry, OfferCard
from ui.i18n import date_text, roles_text, t
from ui.widgets.controls import button, hairline, plain_label, role_label
from ui.widgets.panel import PanelContext, answer_text
from ui.widgets.sheet import Sheet

FEW_CODES = 3  # so few recovery codes left: say that new ones are due


class Own(msgspec.Struct, frozen=True):
    """What the account sheet shows."""

    step: TotpState
    external: bool


class AccountSheet(Sheet):
    """Name, roles, password, second step. The buttons lead to sheets of their own."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(t("login.account"))
        self.ctx = ctx
        actor = ctx.actor
        self.form.addWidget(role_label("heading", actor.name if actor is not None else "", wrap=True))
        login, roles = (actor.login, roles_text(actor.roles)) if actor is not None else ("", "")
        self.form.addWidget(plain_label(t("login.account_who", login=login, roles=roles), wrap=True))
        self.form.addWidget(hairline())
        self.form.addWidget(role_label("section", t("access.password")))
        self.password_note = role_label("dim", "", wrap=True)
        self.password = button("key")
        self.password.setText(t("settings.change_password"))
        self.password.clicked.connect(lambda: ctx.open_sheet.emit(OwnPasswordSheet(ctx)))
        self.form.addWidget(self.password_note)
        self.form.addWidget(self.password)
        self.form.addWidget(hairline())
        self.form.addWidget(role_label("section", t("login.second_step")))
        self.state = role_label("strong", t("login.asking"), wrap=True)
        self.state_note = role_label("dim", "", wrap=True)
        column = QVBoxLayout()
        column.setSpacing(8)
        self.enrol, self.renew, self.disable = button("shield", "primary"), button("reset"), button("close")
        for part, key, opened in (
            (self.enrol, "login.enrol", lambda: EnrolSheet(ctx)),
            (self.renew, "login.ask.renew.title", lambda: renew_sheet(ctx)),
            (self.disable, "login.ask.disable.title", lambda: disable_sheet(ctx)),
        ):
            part.setText(t(key))
            part.clicked.connect(lambda _on=False, make=opened: ctx.open_sheet.emit(make()))
            part.hide()
            column.addWidget(part)
        self.form.addWidget(self.state)
        self.form.addWidget(self.state_note)
        self.form.addLayout(column)
        self.form.addStretch(1)
        self.password_note.hide()
        self.setFocusProxy(self.password)
        self._load()

    def _load(self) -> None:
        actor, people = self.ctx.actor, self.ctx.station.people
        if actor is None:
            return

        def ask() -> Own:
            external = any(user.external for user in people.users() if user.id == actor.user_id)
            return Own(people.second_step(actor), external)

        self.ctx.work(self, ask, self._show, self._failed)

    def _show(self, own: Own) -> None:
        self.password.setEnabled(not own.external)
        self.password_note.setText(t("answers.external_account") if own.external else "")
        self.password_note.setVisible(own.external)
        step, on = own.step, own.step.state == "on"
        since = date_text(step.confirmed_us) if step.confirmed_us is not None else ""
        self.state.setText(t(f"login.state.{step.state}", since=since))
        notes = [t("login.explain")] if not on else [t("login.codes_left", n=step.recovery_left)]
        if on and step.recovery_left < FEW_CODES:
            notes.append(t("login.codes_few"))
        if step.required:
            notes.append(t("login.required"))
        self.state_note.setText("\n".join(notes))
        self.enrol.setVisible(not on)
        self.renew.setVisible(on)
        self.disable.setVisible(on and not step.required)

    def _failed(self, error: BaseException) -> None:
        self.state.setText(t("common.failed", detail=str(error) or type(error).__name__))


class OwnPasswordSheet(Sheet):
    """Old password, new password twice."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(t("settings.change_password"))
        self.ctx = ctx
        self.form.addWidget(role_label("dim", t("access.old_password")))
        self.old = password_field(t("access.old_password"))
        self.form.addWidget(self.old)
        actor = ctx.actor
        login = actor.login if actor is not None else ""
        self.new = NewPassword(ctx.station.people.weakness, lambda: login)
        self.form.addWidget(self.new)
        self.buttons(t("common.save"))
        self.new.changed.connect(self._enable)
        self.old.textChanged.connect(lambda _text: self._enable())
        self._enable()
        self.setFocusProxy(self.old)

    def _enable(self) -> None:
        self.confirm.setEnabled(bool(self.old.text()) and self.new.problem() is None)

    def confirmed(self) -> None:
        """Give the order; a refusal is said and the sheet stays."""
        self.confirm.setEnabled(False)
        self.ctx.order(
            ChangeOwnPassword(old_password=self.old.text(), new_password=self.new.password), self._answered, self
        )

    def _answered(self, answer: Answer) -> None:
        self._enable()
        if answer.ok:
            self.ctx.toast.emit(t("settings.password_changed"), "ok")
            self.close()


class _Asking(Sheet):
    """A sheet that gives orders and stays, with the reason, when one is refused."""

    def __init__(self, ctx: PanelContext, title: str) -> None:
        super().__init__(title)
        self.ctx = ctx
        self.problem = role_label("error", wrap=True)
        self.problem.hide()

    def give(self, command: Command, done: Callable[[object], None], again: Callable[[], None]) -> None:
        """Give an order; ``done`` gets its data, ``again`` puts the focus where the mistake is."""

        def answered(answer: Answer) -> None:
            self.confirm.setEnabled(True)
            if answer.ok:
                done(answer.data)
                return
            self.problem.setText(answer_text(answer))
            self.problem.show()
            again()

        self.problem.hide()
        self.confirm.setEnabled(False)
        if not self.ctx.order(command, answered, self):
            self.confirm.setEnabled(True)

    def show_codes(self, codes: object) -> None:
        """The recovery codes take this sheet's place."""
        assert isinstance(codes, Sequence)
        self.ctx.open_sheet.emit(RecoverySheet(self.ctx, tuple(str(code) for code in codes)))


class PasswordSheet(_Asking):
    """Says what will happen and asks for one's own password."""

    def __init__(
        self,
        ctx: PanelContext,
        key: str,
        make: Callable[[str], Command],
        done: Callable[[PasswordSheet, object], None],
    ) -> None:
        super().__init__(ctx, t(f"login.ask.{key}.title"))
        self._make, self._done = make, done
        self.form.addWidget(plain_label(t(f"login.ask.{key}.text"), wrap=True))
        self.form.addWidget(role_label("dim", t("access.password")))
        self.password = password_field(t("access.password"))
        self.password.returnPressed.connect(self._confirm)
        self.form.addWidget(self.password)
        self.form.addWidget(self.problem)
        self.buttons(t(f"login.ask.{key}.now"))
        self.setFocusProxy(self.password)

    def confirmed(self) -> None:
        """Give the order."""
        if self.password.text():
            self.give(self._make(self.password.text()), lambda data: self._done(self, data), self._again)
        else:
            self.password.setFocus()

    def _again(self) -> None:
        self.password.clear()
        self.password.setFocus()


def renew_sheet(ctx: PanelContext) -> PasswordSheet:
    """New recovery codes."""
    return PasswordSheet(ctx, "renew", lambda password: RenewRecoveryCodes(password=password), PasswordSheet.show_codes)


def disable_sheet(ctx: PanelContext) -> PasswordSheet:
    """No second step any more."""

    def done(_sheet: PasswordSheet, _data: object) -> None:
        ctx.toast.emit(t("login.disabled"), "ok")
        ctx.open_sheet.emit(AccountSheet(ctx))

    return PasswordSheet(ctx, "disable", lambda password: DisableTotp(password=password), done)


class EnrolSheet(_Asking):
    """The password; then picture, secret and the first code; then the recovery codes."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(ctx, t("login.enrol"))
        self.text = plain_label(t("login.enrol_text"), wrap=True)
        self.label = role_label("dim", t("access.password"))
        self.password = password_field(t("access.password"))
        self.offer, self.code = OfferCard(), CodeEntry()
        self.offering = False
        for widget in (self.text, self.label, self.password, self.offer, self.code, self.problem):
            self.form.addWidget(widget)
        for part in (self.offer, self.code):
            part.hide()
        self.password.returnPressed.connect(self._confirm)
        self.code.entered.connect(self._confirm)
        self.buttons(t("login.enrol_now"))
        self.setFocusProxy(self.password)
        self.closed.connect(self._forget)

    def confirmed(self) -> None:
        """The next order: ask for a secret, or confirm it by the first code."""
        if not self.offering:
            if self.password.text():
                self.give(EnrolTotp(password=self.password.text()), self._offered, self._again)
            else:
                self.password.setFocus()
        elif self.code.field.complete:
            self.give(ConfirmTotp(code=self.code.field.code), self.show_codes, self.code.again)
        else:
            self.problem.setText(t("login.code_short"))
            self.problem.show()
            self.code.field.setFocus()

    def _offered(self, offer: object) -> None:
        assert isinstance(offer, TotpOffer)
        self.offering = True
        self.password.clear()
        for widget in (self.text, self.label, self.password):
            widget.hide()
        self.offer.show_offer(offer)
        self.offer.show()
        self.code.show()
        self.confirm.setText(t("login.confirm_code"))
        self.code.start(paper=False)

    def _again(self) -> None:
        self.password.clear()
        self.password.setFocus()

    def _forget(self) -> None:
        self.password.clear()
        self.code.field.clear()
        self.offer.clear()
