"""The settings' row about the company's directory: whether it is used, its servers, and a button that asks them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.ports import Refused
from models.login import DirectoryCheck
from ui.i18n import stamp_text, t
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.panel import PanelContext

WIDTH = 460  # px of the settings' right column


class DirectoryRow(QWidget):
    """Servers are shown to those who may change users; everybody else reads whether a directory is used at all."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__()
        self.ctx = ctx
        self._busy = False
        self._failure = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.state = plain_label("", wrap=True)
        self.servers = role_label("dim", "", wrap=True)
        self.servers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.test = button("refresh")
        self.test.clicked.connect(self.check)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addStretch(1)
        column.addWidget(self.state)
        column.addWidget(self.servers)
        column.addLayout(row)
        ctx.actor_changed.connect(self.retranslate)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, self.heightForWidth(WIDTH))

    def minimumSizeHint(self) -> QSize:
        return QSize(WIDTH, super().minimumSizeHint().height())

    def check(self) -> None:
        """Ask every server, on a worker."""
        actor, directory = self.ctx.actor, self.ctx.station.directory
        if self._busy or actor is None:
            return
        self._busy, self._failure = True, ""
        self.retranslate()
        self.ctx.work(self, lambda: directory.check(actor), lambda _found: self._done(), self._failed)

    def _done(self) -> None:
        self._busy = False
        self.retranslate()

    def _failed(self, error: BaseException) -> None:
        self._failure = str(error) or type(error).__name__
        self._done()

    def retranslate(self) -> None:
        """Words in the present language, and the state as it is now."""
        directory, actor = self.ctx.station.directory, self.ctx.actor
        servers: tuple[str, ...] = ()
        last: DirectoryCheck | None = None
        try:
            if actor is not None and directory.configured:
                servers, last = directory.servers(actor), directory.last(actor)
        except Refused:
            servers = ()
        self.test.setVisible(bool(servers))
        self.test.setEnabled(not self._busy)
        self.test.setText(t("login.directory_asking") if self._busy else t("login.directory_test"))
        self.state.setText(self._state(directory.configured, last))
        if self._failure:
            self.servers.setText(t("common.failed", detail=self._failure))
        elif last is not None:
            lines = (
                t("login.server_bad", server=s.server, problem=s.problem)
                if s.problem
                else t("login.server_good", server=s.server)
                for s in last.servers
            )
            self.servers.setText("\n".join(lines))
        else:
            self.servers.setText("\n".join(servers))
        self.servers.setVisible(bool(self.servers.text()))

    def _state(self, configured: bool, last: DirectoryCheck | None) -> str:
        if not configured:
            return t("login.directory_off")
        if last is None:
            return t("login.directory_untested")
        good = sum(not server.problem for server in last.servers)
        key = "login.directory_up" if good else "login.directory_down"
        return t(key, good=good, all=len(last.servers), time=stamp_text(last.t_us))
