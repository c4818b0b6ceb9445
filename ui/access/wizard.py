"""The first start: which site this is, who administers it, and where the messages come from. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.jobs import Jobs
from ui.access.password import NewPassword, Weakness, password_field
from ui.i18n import LANGUAGES, has, messages, t
from ui.widgets.controls import SegmentedButtons, button, hairline, plain_label, role_label

STEPS = ("site", "person", "broker")
PORT, TLS_PORT = 1883, 8883


class BrokerChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A broker as typed; ``password`` goes to the keyring, never into the configuration file."""

    host: str
    port: int
    tls: bool
    ca: Path | None
    user: str
    password: str


class FirstStart(msgspec.Struct, frozen=True, kw_only=True):
    """What the wizard found out."""

    language: str
    site: str
    login: str
    name: str
    password: str
    broker: BrokerChoice


#: Tries a broker on a worker thread; returns None when it worked, else what went wrong.
TestBroker = Callable[[BrokerChoice], str | None]


def problem_text(detail: str) -> str:
    """What went wrong with a broker, in words where its first word is known, and as the system said it."""
    code, colon, rest = detail.partition(": ")
    key = f"wizard.broker.why.{code}"
    return f"{t(key)} ({rest})" if colon and has(key) else detail


class Wizard(QWidget):
    """Three short pages. ``finished(FirstStart)`` at the end; ``cancelled`` when the window is closed before."""

    finished = Signal(object)
    cancelled = Signal()
    _tested = Signal(object)

    def __init__(self, weakness: Weakness, test_broker: TestBroker, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._test_broker, self._jobs = test_broker, jobs
        self._done = False
        self._outcome: tuple[str, dict[str, str]] | None = None
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.resize(720, 620)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(40, 28, 40, 28)
        outer.setSpacing(12)
        top = QHBoxLayout()
        self.title, self.language = role_label("page"), SegmentedButtons(LANGUAGES)
        self.language.buttons["zh"].setText("中文")
        self.language.buttons["en"].setText("English")
        self.language.select(messages().language)
        self.language.chosen.connect(messages().switch)
        top.addWidget(self.title, 1)
        top.addWidget(self.language)
        outer.addLayout(top)
        self.step_text = role_label("dim")
        outer.addWidget(self.step_text)
        outer.addWidget(hairline())
        self.pages = QStackedWidget()
        outer.addWidget(self.pages, 1)
        self._labels: list[tuple[QLabel, str]] = []
        self._fields: list[tuple[QWidget, str]] = []
        self._build_site()
        self._build_person(weakness)
        self._build_broker()
        self.back, self.next = button("left"), button(kind="primary")
        self.back.clicked.connect(lambda: self.go(self.pages.currentIndex() - 1))
        self.next.clicked.connect(self._forward)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addStretch(1)
        row.addWidget(self.next)
        outer.addLayout(row)
        self._tested.connect(self._show_outcome)
        messages().changed.connect(self.retranslate)
        self.retranslate()
        self.go(0)

    # -- pages

    def _page(self, step: str) -> QVBoxLayout:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        head, hint = role_label("heading"), plain_label(wrap=True)
        self._labels += [(head, f"wizard.{step}.title"), (hint, f"wizard.{step}.hint")]
        column.addWidget(head)
        column.addWidget(hint)
        column.addSpacing(8)
        self.pages.addWidget(page)
        return column

    def _field(self, column: QVBoxLayout, key: str, field: QWidget) -> None:
        label = role_label("dim")
        self._labels.append((label, key))
        self._fields.append((field, key))
        column.addWidget(label)
        column.addWidget(field)
        if isinstance(field, QLineEdit):
            field.textChanged.connect(lambda _text: self._enable())

    def _build_site(self) -> None:
        column = self._page("site")
        self.site = QLineEdit()
        self._field(column, "wizard.site.name", self.site)
        column.addStretch(1)

    def _build_person(self, weakness: Weakness) -> None:
        column = self._page("person")
        self.name, self.login = QLineEdit(), QLineEdit("admin")
        self._field(column, "access.name", self.name)
        self._field(column, "access.login", self.login)
        self.password = NewPassword(weakness, lambda: self.login.text().strip())
        self.password.changed.connect(self._enable)
        self.login.textChanged.connect(self.password.refresh)
        column.addWidget(self.password)
        column.addStretch(1)

    def _build_broker(self) -> None:
        column = self._page("broker")
        self.host, self.port = QLineEdit(), QSpinBox()
        self.port.setRange(1, 65_535)
        self.port.setValue(PORT)
        self._field(column, "wizard.broker.host", self.host)
        self._field(column, "wizard.broker.port", self.port)
        self.tls = QCheckBox()
        self.tls.toggled.connect(self._tls_toggled)
        column.addWidget(self.tls)
        ca = QHBoxLayout()
        self.ca, self.browse = QLineEdit(), button()
        self.browse.clicked.connect(self._browse)
        ca.addWidget(self.ca, 1)
        ca.addWidget(self.browse)
        self.ca_row = QWidget()
        ca.setContentsMargins(0, 0, 0, 0)
        self.ca_row.setLayout(ca)
        self.ca_row.hide()
        column.addWidget(self.ca_row)
        self.user, self.broker_password = QLineEdit(), password_field("")
        self._field(column, "wizard.broker.user", self.user)
        self._field(column, "wizard.broker.password", self.broker_password)
        row = QHBoxLayout()
        self.test, self.outcome = button("play-circle"), plain_label(wrap=True)
        self.test.clicked.connect(self.try_broker)
        row.addWidget(self.test)
        row.addWidget(self.outcome, 1)
        column.addLayout(row)
        column.addStretch(1)

    def _tls_toggled(self, on: bool) -> None:
        self.ca_row.setVisible(on)
        if self.port.value() == (PORT if on else TLS_PORT):
            self.port.setValue(TLS_PORT if on else PORT)

    def _browse(self) -> None:
        dialog = QFileDialog(self, t("wizard.broker.ca"))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setNameFilters(["PEM (*.pem *.crt *.cer)", "* (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.ca.setText)
        dialog.show()

    # -- going on

    def go(self, page: int) -> None:
        """Show a page."""
        self.pages.setCurrentIndex(max(0, min(page, len(STEPS) - 1)))
        self._enable()
        first = (self.site, self.name, self.host)[self.pages.currentIndex()]
        first.setFocus()

    def complete(self, page: int) -> bool:
        """May one go on from this page?"""
        if page == 0:
            return bool(self.site.text().strip())
        if page == 1:
            return bool(self.name.text().strip() and self.login.text().strip()) and self.password.problem() is None
        return bool(self.host.text().strip())

    def _enable(self) -> None:
        if not hasattr(self, "next"):
            return
        page = self.pages.currentIndex()
        last = page == len(STEPS) - 1
        self.back.setEnabled(page > 0)
        self.next.setEnabled(self.complete(page))
        self.next.setText(t("wizard.finish") if last else t("wizard.next"))
        self.test.setEnabled(self.complete(2))
        self.step_text.setText(t("wizard.step", n=page + 1, total=len(STEPS)))

    def _forward(self) -> None:
        page = self.pages.currentIndex()
        if page < len(STEPS) - 1:
            self.go(page + 1)
        elif all(self.complete(n) for n in range(len(STEPS))):
            self._done = True
            self.finished.emit(self.result())
            self.close()

    def broker(self) -> BrokerChoice:
        """The broker as typed."""
        ca = self.ca.text().strip()
        return BrokerChoice(
            host=self.host.text().strip(),
            port=self.port.value(),
            tls=self.tls.isChecked(),
            ca=Path(ca) if ca and self.tls.isChecked() else None,
            user=self.user.text().strip(),
            password=self.broker_password.text(),
        )

    def result(self) -> FirstStart:
        """Everything that was typed."""
        return FirstStart(
            language=messages().language,
            site=self.site.text().strip(),
            login=self.login.text().strip(),
            name=self.name.text().strip(),
            password=self.password.password,
            broker=self.broker(),
        )

    def try_broker(self) -> None:
        """Try the broker on a worker and say how it went."""
        self._say("wizard.broker.testing")
        self.test.setEnabled(False)
        future: Future[str | None] = self._jobs.run(self._test_broker, self.broker())
        future.add_done_callback(lambda f: None if f.cancelled() else self._tested.emit(f))

    def _show_outcome(self, future: Future[str | None]) -> None:
        self.test.setEnabled(True)
        error = future.exception()
        problem = str(error) or type(error).__name__ if error is not None else future.result()
        if problem is None:
            self._say("wizard.broker.works")
        else:
            self._say("wizard.broker.fails", detail=problem)

    def _say(self, key: str, **params: str) -> None:
        self._outcome = (key, params)
        shown = {name: problem_text(value) for name, value in params.items()}
        self.outcome.setText(t(key, **shown))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing before the end is a cancellation."""
        if not self._done:
            self.cancelled.emit()
        super().closeEvent(event)

    def retranslate(self) -> None:
        """Words in the present language."""
        self.setWindowTitle(t("wizard.title"))
        self.title.setText(t("wizard.title"))
        for label, key in self._labels:
            label.setText(t(key))
        for field, key in self._fields:
            field.setAccessibleName(t(key))
        self.back.setText(t("wizard.back"))
        self.tls.setText(t("wizard.broker.tls"))
        self.ca.setPlaceholderText(t("wizard.broker.ca"))
        self.ca.setAccessibleName(t("wizard.broker.ca"))
        self.browse.setText(t("wizard.broker.browse"))
        self.test.setText(t("wizard.broker.test"))
        self.password.retranslate()
        if self._outcome is not None:
            self._say(self._outcome[0], **self._outcome[1])
        self._enable()
