"""Who is at this console: lock it, change the operator, one's own account; and what must not outlive a session."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app.ports import Answer
from models.commands import LogOut
from models.people import Actor
from ui.access.login import LoginView
from ui.i18n import t
from ui.widgets.context import ContextColumn
from ui.widgets.panel import PanelContext, SignatureRequest


class Attendance(QObject):
    """Comings and goings of one window. What everybody sees stays where it is through all of them."""

    def __init__(self, ctx: PanelContext, context: ContextColumn, login: LoginView, parent: QObject) -> None:
        super().__init__(parent)
        self.ctx, self._context, self._login = ctx, context, login
        login.entered.connect(self._entered)
        ctx.sign.connect(self._sign)

    def lock(self, why: str = "frame.locked_now") -> None:
        """End the session: the login takes the context column, everything stays in sight, nothing can be ordered."""
        actor = self.ctx.actor
        if actor is None:
            self._login.start()
            return
        self.leave()
        self._login.start(actor.login)
        self.ctx.toast.emit(t(why), "info")

    def change(self) -> None:
        """The next person takes over: the session is closed, and those who were here lately can be touched."""
        if self.ctx.actor is not None:
            self.leave()
            self.ctx.toast.emit(t("login.left"), "info")
        self._login.start()

    def leave(self) -> None:
        """Close the session, in the trail too."""
        self.ctx.order(LogOut())
        self.ctx.set_actor(None)

    def end(self) -> None:
        """The window goes: the session is closed, and nobody is left to hear the answer."""
        actor = self.ctx.actor
        if actor is not None:
            self.ctx.station.door.submit(LogOut(), actor)
            self.ctx.set_actor(None)

    def account(self) -> None:
        """One's own account in a sheet."""
        if self.ctx.actor is None:
            self.ctx.toast.emit(t("common.locked_no_order"), "warning")
        else:
            from ui.access.account import AccountSheet  # built on the first wish: a start does without

            self.ctx.open_sheet.emit(AccountSheet(self.ctx))

    def menu(self, over: QWidget) -> None:
        """What can be done about oneself, above a button of the status bar; with nobody there, the login."""
        if self.ctx.actor is None:
            self._login.start()
            return
        menu = QMenu(over)
        menu.setProperty("kind", "large")
        entries: list[tuple[str, str, Callable[[], object]]] = [
            ("login.change", "Ctrl+Shift+U", self.change),
            ("login.lock", "Ctrl+L", self.lock),
            ("login.account", "", self.account),
        ]
        for key, shortcut, run in entries:
            text = t(key)
            entry = menu.addAction(f"{text}\t{shortcut}" if shortcut else text)
            entry.triggered.connect(lambda _on=False, run=run: run())
        menu.aboutToHide.connect(menu.deleteLater)
        corner = over.mapToGlobal(QPoint(0, 0))
        menu.popup(corner - QPoint(0, menu.sizeHint().height()))

    def _entered(self, actor: Actor) -> None:
        self.ctx.set_actor(actor)
        self.ctx.toast.emit(t("frame.logged_in", name=actor.name), "ok")

    def _sign(self, request: SignatureRequest) -> None:
        """Ask for the signatures; at a locked station for none, the order is called off."""
        if self.ctx.actor is None:
            request.done(Answer("cancelled"))
        else:
            from ui.access.signing import SignatureSheet  # built on the first wish: a start does without

            self._context.open_sheet(SignatureSheet(self.ctx, request), over=True)
