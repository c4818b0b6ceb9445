"""Login in the context column: banner, plots and alarm list stay in sight while nobody can act.

Name and password first, then whatever the answer asks for: a password of one's own, a telephone's code, a telephone to
be set up. What was typed is kept for as long as that takes, and forgotten when nobody goes on.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QScrollArea, QVBoxLayout, QWidget

from models.login import LoginResult
from models.people import Actor
from ui.access.login_words import login_text
from ui.access.password import NewPassword, password_field
from ui.access.recent import RecentPeople, recent_people, remember
from ui.access.second_step import CodeEntry, OfferCard
from ui.i18n import messages, t
from ui.widgets.controls import button, role_label
from ui.widgets.icons import IconLabel
from ui.widgets.panel import PanelContext

#: How long a step waits with the password in hand, ms: a telephone is at hand, but is not set up in a minute.
FORGET_MS = {"change": 300_000, "code": 120_000, "enrol": 600_000}
PASSWORD, CHANGE, CODE, ENROL = "password", "change", "code", "enrol"


class LoginView(QScrollArea):
    """Asks step by step. ``entered(Actor)`` when somebody is in; ``step`` is one of the four above."""

    entered = Signal(object)

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.step = PASSWORD
        self._busy = False
        self._who = self._password = ""
        self._new: str | None = None
        self._problem: tuple[LoginResult, bool] | str | None = None
        self._forget = QTimer(self, singleShot=True)
        self._forget.timeout.connect(self._time_up)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        self.enter.clicked.connect(self.submit)
        self.back.clicked.connect(lambda: self.start(self._who))
        self.password.returnPressed.connect(self.submit)
        self.new.second.returnPressed.connect(self.submit)
        self.code.entered.connect(self.submit)
        self.code.edited.connect(lambda: self._say(None))
        self.people.chosen.connect(self.choose)
        self.people.changed.connect(self._list_names)
        self.name.currentTextChanged.connect(lambda _text: self.people.mark(self.login()))
        messages().changed.connect(self.retranslate)
        self._list_names()
        self._go(PASSWORD)
        self.setFocusProxy(self.password)

    def _build(self) -> None:
        page = QWidget()
        page.setObjectName("contextBody")
        column = self._column = QVBoxLayout(page)
        column.setContentsMargins(16, 20, 16, 16)
        column.setSpacing(8)
        self.icon = IconLabel("lock", "g5", 32)
        column.addWidget(self.icon, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.title, self.hint = role_label("heading", wrap=True), role_label("dim", wrap=True)
        for label in (self.title, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addSpacing(8)
        self.people = RecentPeople(self.ctx.settings, lambda: not self._busy)
        self.name_label, self.password_label = role_label("dim"), role_label("dim")
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setMinimumContentsLength(8)
        self.name.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.password = password_field("")
        weakness = self.ctx.station.people.weakness
        self.new = NewPassword(lambda password, login: weakness(password, login), self.login)
        self.offer, self.code = OfferCard(), CodeEntry()
        self.problem = role_label("error", wrap=True)
        self.enter, self.back = button("key", "primary"), button(kind="flat")
        shown = (self.people, self.name_label, self.name, self.password_label, self.password)
        for widget in (*shown, self.new, self.offer, self.code, self.problem, self.enter, self.back):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(page)

    def login(self) -> str:
        """The login that was typed or chosen."""
        data, text = self.name.currentData(), self.name.currentText()
        return str(data) if data and text == self.name.itemText(self.name.currentIndex()) else text.strip()

    def start(self, login: str = "") -> None:
        """Wait for the next person; ``login`` is proposed. What somebody typed before is forgotten."""
        if self._busy:
            return  # somebody is being let in
        self._clear()
        self._go(PASSWORD)
        self._say(None)
        self._propose(login)
        (self.password if login else self.name).setFocus()

    def choose(self, login: str) -> None:
        """Somebody of the list: only the password is missing."""
        self._say(None)
        self._propose(login)
        self.password.clear()
        self.password.setFocus()
        self.ensureWidgetVisible(self.enter)

    def submit(self) -> None:
        """Check what was typed (on a worker: hashing takes time)."""
        if self._busy:
            return
        if self.step == PASSWORD:
            self._who, self._password, self._new = self.login(), self.password.text(), None
            if not self._who:
                self.name.setFocus()
                return
        elif self.step == CHANGE:
            if self.new.problem() is not None:
                return
            self._new = self.new.password
        elif not self.code.field.complete:
            self._say("login.code_short")
            self.code.field.setFocus()
            return
        code = self.code.field.code if self.step in (CODE, ENROL) else ""
        login, password, new, people = self._who, self._password, self._new, self.ctx.station.people
        if new is None:
            future = self.ctx.jobs.run(lambda: people.log_in(login, password, code=code).result())
        else:
            future = self.ctx.jobs.run(lambda: people.set_first_password(login, password, new, code=code).result())
        self._set_busy(True)
        self.ctx.follow(self, future, self._answered, self._failed)

    def _answered(self, result: LoginResult) -> None:
        self._set_busy(False)
        if result.code == "done" and result.actor is not None:
            self._let_in(result.actor, result.recovery_codes)
        elif result.code == "must_change":
            self._go(CHANGE)
            self.new.first.setFocus()
        elif result.code == "totp_needed":
            self._go(CODE)
            self.code.start()
        elif result.code == "totp_enrol" and result.offer is not None:
            self._go(ENROL)
            self.offer.show_offer(result.offer)
            self.code.start(paper=False)
            self.ensureVisible(0, 0)
        else:
            self._refused(result)

    def _refused(self, result: LoginResult) -> None:
        """Say why; what can be mended here may be mended, everything else begins anew."""
        said = (result, self.code.field.paper)
        if result.code == "wrong_code" and self.step in (CODE, ENROL):
            self.code.again()
        elif result.code == "weak_password" and self._new is not None:
            self._go(CHANGE)
            self.new.first.setFocus()
        elif result.code not in ("store_failed", "directory_unavailable", "key_trouble") or self.step == PASSWORD:
            who = self._who
            self._clear()
            self._go(PASSWORD)
            self._propose(who)
            self.password.setFocus()
        self._say(said)

    def _let_in(self, actor: Actor, papers: tuple[str, ...]) -> None:
        self._clear()
        remember(self.ctx.settings, actor)
        self._list_names()
        self._go(PASSWORD)
        self.entered.emit(actor)
        if papers:
            from ui.access.recovery import RecoverySheet  # built on the first wish: a start does without

            self.ctx.open_sheet.emit(RecoverySheet(self.ctx, papers))

    def _failed(self, error: BaseException) -> None:
        self._set_busy(False)
        self._say((LoginResult("failed", detail=str(error) or type(error).__name__), False))

    def _time_up(self) -> None:
        if not self._busy:
            self.start(self._who)
            self._say("login.time_up")

    # -- steps

    def _go(self, step: str) -> None:
        self.step = step
        self._say(None)
        for widget in (self.name_label, self.name, self.password_label, self.password):
            widget.setVisible(step == PASSWORD)
        self.people.setVisible(step == PASSWORD and bool(self.people.tiles))
        self.icon.setVisible(step != ENROL)
        self.new.setVisible(step == CHANGE)
        self.offer.setVisible(step == ENROL)
        self.code.setVisible(step in (CODE, ENROL))
        self.back.setVisible(step != PASSWORD)
        self._forget.stop()
        if step in FORGET_MS:
            self._forget.start(FORGET_MS[step])
        self.retranslate()

    def _clear(self) -> None:
        """Nothing secret stays in fields or memory of this view."""
        self._forget.stop()
        self._password, self._new = "", None
        for field in (self.password, self.new.first, self.new.second, self.code.field):
            field.clear()
        self.offer.clear()

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        for control in (self.enter, self.back):
            control.setEnabled(not busy)
        self.enter.setText(t("access.checking") if busy else self._enter_text())

    def _enter_text(self) -> str:
        if self.step == CHANGE:
            return t("access.set_password")
        return t("access.enter") if self.step == PASSWORD else t("login.confirm_code")

    def _say(self, problem: tuple[LoginResult, bool] | str | None) -> None:
        """A refusal (from paper or not), a sentence by its key, or nothing."""
        self._problem = problem
        text = "" if problem is None else t(problem) if isinstance(problem, str) else ""
        if isinstance(problem, tuple):
            text = login_text(problem[0], paper=problem[1])
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        if text:
            self._column.activate()
            self.ensureWidgetVisible(self.problem)

    # -- who was here before

    def _propose(self, login: str) -> None:
        at = self.name.findData(login) if login else -1
        if at >= 0:
            self.name.setCurrentIndex(at)
        else:
            self.name.setCurrentIndex(-1)
            self.name.setEditText(login)
        self.people.mark(login)

    def _list_names(self) -> None:
        self.name.clear()
        for login, name in recent_people(self.ctx.settings):
            self.name.addItem(f"{name} ({login})", login)
        self.people.load()
        self.name.setCurrentIndex(-1)
        self.name.setEditText("")

    def retranslate(self) -> None:
        """Words in the present language."""
        titles = {
            PASSWORD: ("access.locked_title", "access.locked_hint"),
            CHANGE: ("access.change_title", "access.change_hint"),
            CODE: ("login.code_title", "login.code_hint"),
            ENROL: ("login.enrol_title", "login.enrol_hint"),
        }
        title, hint = titles[self.step]
        self.title.setText(t(title))
        self.hint.setText(t(hint, who=self._who))
        self.people.retranslate()
        self.name_label.setText(t("access.login"))
        self.name.setAccessibleName(t("access.login"))
        self.password_label.setText(t("access.password"))
        self.password.setAccessibleName(self.password_label.text())
        for part in (self.new, self.offer, self.code):
            part.retranslate()
        if not self._busy:
            self.enter.setText(self._enter_text())
        self.back.setText(t("login.back"))
        self._say(self._problem)
