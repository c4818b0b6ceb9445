"""Login in the context column: banner, plots and alarm list stay in sight while nobody can act."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QScrollArea, QVBoxLayout, QWidget

from app.ports import Answer
from models.login import LoginResult
from models.people import Actor
from ui.access.password import NewPassword, password_field
from ui.i18n import clock_text, messages, t
from ui.widgets.controls import button, role_label
from ui.widgets.icons import IconLabel
from ui.widgets.panel import PanelContext, answer_text

RECENT = 8
_SETTING = "access/recent"


class LoginView(QScrollArea):
    """Name and password, and where it must be, a new password. ``entered(Actor)`` when somebody is in."""

    entered = Signal(object)

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self._busy = False
        self._problem: tuple[str, dict[str, str]] | None = None
        self._changing = False
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("contextBody")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 24, 16, 16)
        column.setSpacing(8)
        column.addWidget(IconLabel("lock", "g5", 32), alignment=Qt.AlignmentFlag.AlignHCenter)
        self.title = role_label("heading")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint = role_label("dim", wrap=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.title)
        column.addWidget(self.hint)
        column.addSpacing(8)
        self.name_label, self.password_label = role_label("dim"), role_label("dim")
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.password = password_field("")
        for widget in (self.name_label, self.name, self.password_label, self.password):
            column.addWidget(widget)
        weakness = ctx.station.people.weakness
        self.new = NewPassword(lambda password, login: weakness(password, login), self.login)
        column.addWidget(self.new)
        self.problem = role_label("error", wrap=True)
        column.addWidget(self.problem)
        self.enter = button("key", "primary")
        column.addWidget(self.enter)
        column.addStretch(1)
        self.setWidget(page)
        self.enter.clicked.connect(self.submit)
        self.password.returnPressed.connect(self.submit)
        self.new.second.returnPressed.connect(self.submit)
        messages().changed.connect(self.retranslate)
        self._show_recent()
        self._mode(False)
        self.setFocusProxy(self.password)

    def login(self) -> str:
        """The login that was typed or chosen."""
        data = self.name.currentData()
        return (
            str(data)
            if data and self.name.currentText() == self.name.itemText(self.name.currentIndex())
            else (self.name.currentText().strip())
        )

    def start(self, login: str = "") -> None:
        """Wait for the next person; ``login`` is proposed."""
        self._mode(False)
        self._say(None)
        if login:
            at = self.name.findData(login)
            if at >= 0:
                self.name.setCurrentIndex(at)
            else:
                self.name.setEditText(login)
        self.password.clear()
        self.password.setFocus()

    def submit(self) -> None:
        """Check what was typed (on a worker: hashing takes time)."""
        if self._busy or not self.login():
            return
        login, password, people = self.login(), self.password.text(), self.ctx.station.people
        if self._changing:
            if self.new.problem() is not None:
                return
            new = self.new.password
            future = self.ctx.jobs.run(lambda: people.set_first_password(login, password, new).result())
        else:
            future = self.ctx.jobs.run(lambda: people.log_in(login, password).result())
        self._set_busy(True)
        self.ctx.follow(self, future, self._answered, self._failed)

    def _answered(self, result: LoginResult) -> None:
        self._set_busy(False)
        if result.actor is not None and result.code == "done":
            self._remember(result.actor)
            self.password.clear()
            self.new.first.clear()
            self.new.second.clear()
            self._mode(False)
            self._say(None)
            self.entered.emit(result.actor)
        elif result.code == "must_change":
            self._mode(True)
            self._say(None)
            self.new.first.setFocus()
        else:
            if not self._changing:
                self.password.clear()
                self.password.setFocus()
            if result.code in ("wrong", "locked", "inactive"):
                self._say(f"access.login_{result.code}", time=clock_text(result.locked_until_us))
            else:
                self._say("common.failed", detail=answer_text(Answer(code=result.code)))

    def _failed(self, error: BaseException) -> None:
        self._set_busy(False)
        self._say("common.failed", detail=str(error))

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self.enter.setEnabled(not busy)
        self.enter.setText(t("access.checking") if busy else self._enter_text())

    def _mode(self, changing: bool) -> None:
        self._changing = changing
        self.new.setVisible(changing)
        self.name.setEnabled(not changing)
        self.retranslate()

    def _enter_text(self) -> str:
        return t("access.set_password") if self._changing else t("access.enter")

    def _say(self, key: str | None, **params: str) -> None:
        self._problem = (key, params) if key is not None else None
        self.problem.setText(t(key, **params) if key is not None else "")
        self.problem.setVisible(key is not None)

    # -- who was here before

    def _recent(self) -> list[list[str]]:
        try:
            stored = json.loads(str(self.ctx.settings.value(_SETTING, "[]")))
            return [[str(login), str(name)] for login, name in stored]
        except (ValueError, TypeError):  # written by another version
            return []

    def _remember(self, actor: Actor) -> None:
        others = [entry for entry in self._recent() if entry[0] != actor.login]
        self.ctx.settings.setValue(_SETTING, json.dumps([[actor.login, actor.name], *others][:RECENT]))
        self._show_recent()

    def _show_recent(self) -> None:
        self.name.clear()
        for login, name in self._recent():
            self.name.addItem(f"{name} ({login})", login)
        if not self.name.count():
            self.name.setEditText("")

    def retranslate(self) -> None:
        """Words in the present language."""
        self.title.setText(t("access.change_title") if self._changing else t("access.locked_title"))
        self.hint.setText(t("access.change_hint") if self._changing else t("access.locked_hint"))
        self.name_label.setText(t("access.login"))
        self.name.setAccessibleName(t("access.login"))
        self.password_label.setText(t("access.old_password") if self._changing else t("access.password"))
        self.password.setAccessibleName(self.password_label.text())
        self.new.retranslate()
        self.enter.setText(self._enter_text())
        if self._problem is not None:
            self._say(self._problem[0], **self._problem[1])
        else:
            self._say(None)
