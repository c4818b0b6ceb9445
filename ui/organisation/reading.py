"""What all pages of the organisation share: read on a worker, read again when something changed, forget at the lock.

A page that is not in sight only notes that it is out of date; one question is under way at a time.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from app.ports import Organisation, Refused
from models.people import Actor
from ui.organisation.words import error_text
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.states import StateStack

T = TypeVar("T")


class ReadingPanel(Panel, Generic[T]):
    """Subclasses set ``states``, and say what to :meth:`read`, how to :meth:`show_data` and how to :meth:`forget` it."""

    states: StateStack
    eager = False  # read as soon as the window is there, not only when the page is

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.data: T | None = None
        self._busy = False
        self._stale = True
        self._round = 0

    def begin(self) -> None:
        """Call at the end of the constructor, after ``ready``."""
        self.ctx.bridge.organisation_changed.connect(self.load)
        self.ctx.bridge.tags_changed.connect(self.load)
        self.ctx.actor_changed.connect(self._actor_changed)
        self._actor_changed(self.ctx.actor)

    def read(self, organisation: Organisation, reader: Actor) -> T:
        """On a worker thread. May raise Refused and OSError."""
        raise NotImplementedError

    def show_data(self, data: T) -> None:
        """On the Qt thread."""
        raise NotImplementedError

    def forget(self) -> None:
        """Nobody is logged in, or may not read: show nothing of what was there."""
        raise NotImplementedError

    def enable(self) -> None:
        """Look again at what can be done."""

    def load(self) -> None:
        """Read anew, now or when the page comes into sight."""
        self._stale = True
        if (self.isVisible() or (self.eager and self.window().isVisible())) and not self._busy:
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.load()

    def _ask(self) -> None:
        reader, organisation, number = self.ctx.actor, self.ctx.station.organisation, self._round
        if reader is None:
            return
        self._stale, self._busy = False, True
        if self.data is None:
            self.states.show_loading()

        def over() -> bool:
            self._busy = False
            if self._stale or number != self._round:
                self._stale = True
                self.load()
            return number == self._round

        def done(data: T) -> None:
            if over():
                self.data = data
                self.show_data(data)
                self.enable()

        def failed(error: BaseException) -> None:
            if not over():
                return
            self._drop()
            if isinstance(error, Refused) and error.code == "forbidden":
                self.states.show_empty("organisation.hidden", "organisation.hidden_hint")
            else:
                self.states.show_error(error_text(error), self.load)

        self.ctx.work(self, lambda: self.read(organisation, reader), done, failed)

    def _drop(self) -> None:
        self.data = None
        self.forget()
        self.enable()

    def _actor_changed(self, actor: Actor | None) -> None:
        """Another reader sees other names: what the one before saw goes at once."""
        self._round += 1
        if actor is None:
            self._drop()
            self.states.show_empty("organisation.locked")
        self._stale = True
        self.enable()
        self.load()
