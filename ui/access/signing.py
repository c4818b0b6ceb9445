"""An electronic signature beside the work: what is signed, the password again, and where it must be, a second person.

The order waits until the signatures are right; a wrong password leaves the sheet open, closing it calls the order off.
"""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit

from app.ports import Answer
from models.people import Credential
from ui.access.password import password_field
from ui.access.rights_model import danger_text
from ui.i18n import t
from ui.widgets.controls import plain_label, role_label
from ui.widgets.panel import PanelContext, SignatureRequest, answer_text
from ui.widgets.sheet import Sheet

MEANINGS = ("responsible", "reviewed", "approved")
_AGAIN = (
    "signature_wrong",
    "signature_void",
    "signature_locked",
    "signature_needed",
    "same_person",
    "second_step_needed",
)


class SignatureSheet(Sheet):
    """Asks for the signatures that a dangerous order needs."""

    def __init__(self, ctx: PanelContext, request: SignatureRequest) -> None:
        super().__init__(t("access.sign_title"))
        self.ctx, self._request, self._answered = ctx, request, False
        actor = ctx.actor
        self._login = actor.login if actor is not None else ""
        self.form.addWidget(role_label("heading", danger_text(request.danger), wrap=True))
        self.form.addWidget(plain_label(t("access.sign_text"), wrap=True))
        self.meaning = QComboBox()
        for meaning in MEANINGS:
            self.meaning.addItem(t(f"access.meaning.{meaning}"))
        self.password = password_field(t("access.password"))
        self.second_login, self.second_password = QLineEdit(), password_field(t("access.second_password"))
        self._field("access.sign_meaning", self.meaning)
        self.form.addWidget(role_label("dim", t("access.sign_as", name=actor.name if actor else "", login=self._login)))
        self.password.setAccessibleName(t("access.password"))
        self.form.addWidget(self.password)
        if request.second:
            self.form.addWidget(plain_label(t("access.second_text"), wrap=True))
            self._field("access.second_login", self.second_login)
            self._field("access.second_password", self.second_password)
            self.second_password.returnPressed.connect(self._confirm)
        else:
            self.second_login.setParent(self)
            self.second_password.setParent(self)
            self.second_login.hide()
            self.second_password.hide()
        self.password.returnPressed.connect(self._confirm)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("access.sign"))
        self.setFocusProxy(self.password)
        self.closed.connect(self._call_off)

    def _field(self, key: str, field: QLineEdit | QComboBox) -> None:
        self.form.addWidget(role_label("dim", t(key)))
        field.setAccessibleName(t(key))
        self.form.addWidget(field)

    def credentials(self) -> tuple[Credential, ...] | None:
        """What was typed, None while something is missing."""
        meaning = self.meaning.currentText()
        if not self.password.text():
            return None
        given = [Credential(self._login, self.password.text(), meaning)]
        if self._request.second:
            login = self.second_login.text().strip()
            if not login or not self.second_password.text():
                return None
            given.append(Credential(login, self.second_password.text(), meaning, second=True))
        return tuple(given)

    def confirmed(self) -> None:
        """Give the order again, signed."""
        given = self.credentials()
        if given is None:
            self._say(t("access.sign_missing"))
            return
        self.confirm.setEnabled(False)
        self._request.sign(given, self._reply)

    def _reply(self, answer: Answer) -> None:
        self.confirm.setEnabled(True)
        if answer.code in _AGAIN:
            self._say(answer_text(answer))
            field = self.second_password if answer.params.get("second") is True else self.password
            field.clear()
            field.setFocus()
            return
        self._answered = True
        self.close()
        self._request.done(answer)

    def _call_off(self) -> None:
        for field in (self.password, self.second_password):
            field.clear()
        if not self._answered:
            self._answered = True
            self._request.done(Answer("cancelled"))

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()
