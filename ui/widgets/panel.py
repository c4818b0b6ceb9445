"""What every panel is given and what every panel is, so that the frame can place, retitle and repaint them alike.

A panel gets one :class:`PanelContext`: the station to ask, the bridge to listen to, workers for slow questions, the
way to give orders, and signals by which panels speak to each other without knowing each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from PySide6.QtCore import QEvent, QObject, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget
from shiboken6 import isValid

from app.bridge import Bridge
from app.jobs import Jobs
from app.ports import Answer, Station
from models.commands import Command
from models.people import Actor, Credential
from ui.i18n import age_text, has, messages, t
from ui.theme import Theme, theme
from ui.widgets.controls import Button, SearchBox
from ui.widgets.open_alarms import OpenAlarms
from ui.widgets.preferences import Preferences

T = TypeVar("T")
SEARCH_NARROW = 120

#: Writes a table to a file (csv or xlsx by suffix): path, head, rows. Runs on a worker thread.
Exporter = Callable[[Path, Sequence[str], Sequence[Sequence[Any]]], None]


class ReasonRequest(msgspec.Struct, kw_only=True):
    """A question put to the person beside the work, not above it (see ``ui.widgets.sheet.ReasonSheet``).

    done       called with (reason, seconds or None, one_shot) when the person confirms
    durations  seconds to choose from; the first is preset; empty = no duration asked
    required   a reason must be given
    """

    title: str
    text: str
    confirm: str
    done: Callable[[str, float | None, bool], None]
    phrases: tuple[str, ...] = ()
    required: bool = True
    durations: tuple[float, ...] = ()
    one_shot: bool = False


class SignatureRequest(msgspec.Struct, kw_only=True):
    """A dangerous order waits for signatures (see ``ui.access.signing.SignatureSheet``).

    danger  code of what is dangerous about it
    second  a second person must sign too
    sign    gives the order again with these signatures; its second argument is called with the answer
    done    called once with the final answer; code 'cancelled' when the person gave up
    """

    danger: str
    second: bool
    sign: Callable[[tuple[Credential, ...], Callable[[Answer], None]], None]
    done: Callable[[Answer], None]


class PanelContext(QObject):
    """Everything a panel may use.

    select_tag(tag_id)            a tag was chosen: the context column shows it
    select_zone(place)            a risk zone was chosen: the context column says why it has its colour
    select_alarm(AlarmRow|None)   an alarm was chosen: the context column shows it
    show_on_plot(tag_id, t_us)    bring a tag to the trends, at a moment (UTC µs, or None for now)
    toast(text, level)            say something that needs no answer; level 'info' · 'ok' · 'warning'
    actor_changed(Actor|None)     somebody logged in, or the station was locked
    ask(ReasonRequest)            ask for a reason in a sheet at the side
    sign(SignatureRequest)        ask for the signatures that a dangerous order needs
    open_sheet(QWidget)           show any form at the side; the widget emits ``closed`` or is closed by Esc
    go(workspace)                 bring a workspace to the front: 'monitoring', 'alarms', 'dead_letters', …
    silenced()                    the person silenced the present sound
    plotted(list of names)        the tags that are on plots now
    edit_tag(tag_id)              open the editor of a tag and its alarms in a sheet
    """

    select_tag = Signal(int)
    select_zone = Signal(str)
    select_alarm = Signal(object)
    show_on_plot = Signal(int, object)
    toast = Signal(str, str)
    actor_changed = Signal(object)
    ask = Signal(object)
    sign = Signal(object)
    open_sheet = Signal(object)
    go = Signal(str)
    silenced = Signal()
    plotted = Signal(object)
    edit_tag = Signal(int)

    def __init__(
        self,
        station: Station,
        bridge: Bridge,
        jobs: Jobs,
        settings: QSettings,
        actor: Actor | None = None,
        exporter: Exporter | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.station = station
        self.bridge = bridge
        self.jobs = jobs
        self.settings = settings
        self.exporter = exporter
        self._actor = actor
        self.open_alarms = OpenAlarms(station, bridge, self)
        self.preferences = Preferences(settings, self)
        bridge.rights_changed.connect(self._rights_changed)

    @property
    def theme(self) -> Theme:
        """The application's theme."""
        return theme()

    @property
    def actor(self) -> Actor | None:
        """Who is logged in; None while the station is locked."""
        return self._actor

    def set_actor(self, actor: Actor | None) -> None:
        """Somebody logged in or left."""
        self._actor = actor
        self.actor_changed.emit(actor)

    def _rights_changed(self, _event: object) -> None:
        """What is enabled is looked at again everywhere."""
        if self._actor is not None:
            self.actor_changed.emit(self._actor)

    def allowed(self, action: str) -> bool:
        """May the present person do that? False while locked."""
        return self._actor is not None and self.station.door.allowed(action, self._actor)

    def why_not(self, action: str) -> str:
        """Why the present person may not do that, in words; '' when they may."""
        if self._actor is None:
            return t("common.locked_no_order")
        return "" if self.allowed(action) else t("common.not_allowed")

    def let(self, control: QWidget, action: str, possible: bool = True) -> None:
        """Enable a control if it can be done and the person may; one that rights keep shut says so in its tool tip."""
        tip, reason = control.toolTip(), self.why_not(action)
        if tip != control.property("whyNot"):
            control.setProperty("ownTip", tip)
        control.setProperty("whyNot", reason or None)
        control.setToolTip(reason or control.property("ownTip") or "")
        control.setEnabled(possible and not reason)

    def order(
        self, command: Command, done: Callable[[Answer], None] | None = None, owner: QObject | None = None
    ) -> bool:
        """Give an order as the present person. Refusals are said in a toast; ``done`` gets every answer.

        With ``owner``, ``done`` is dropped once the owner is gone. Returns False (and says so) while locked.
        """
        actor = self._actor
        if actor is None:
            self.toast.emit(t("common.locked_no_order"), "warning")
            return False

        def finish(answer: Answer) -> None:
            if not answer.ok and answer.code != "cancelled":
                self.toast.emit(answer_text(answer), "warning")
            if done is not None and (owner is None or isValid(owner)):
                done(answer)

        def answered(answer: Answer) -> None:
            if answer.code == "signature_needed" and self._actor != actor:
                finish(Answer("session_closed"))  # who gave the order has left: nobody else signs it
            elif answer.code == "signature_needed":
                danger, second = str(answer.params.get("danger")), bool(answer.params.get("second"))
                self.sign.emit(SignatureRequest(danger=danger, second=second, sign=give, done=finish))
            else:
                finish(answer)

        def give(signatures: tuple[Credential, ...], reply: Callable[[Answer], None]) -> None:
            def failed(error: BaseException) -> None:
                reply(Answer(code="failed", detail=str(error)))

            self.bridge.when_done(self.station.door.submit(command, actor, signatures), reply, failed)

        give((), answered)
        return True

    def work(
        self,
        owner: QObject,
        function: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Run a slow question on a worker; the answer comes back on the Qt thread unless ``owner`` is gone by then."""
        self.follow(owner, self.jobs.run(function), done, failed)

    def follow(
        self,
        owner: QObject,
        future: Future[T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Deliver a future's outcome on the Qt thread unless ``owner`` is gone by then; failures default to a toast."""

        def guarded(result: T) -> None:
            if isValid(owner):
                done(result)

        def guarded_failure(error: BaseException) -> None:
            if not isValid(owner):
                return
            if failed is not None:
                failed(error)
            else:
                self.toast.emit(t("common.failed", detail=str(error) or type(error).__name__), "warning")

        self.bridge.when_done(future, guarded, guarded_failure)


def answer_text(answer: Answer) -> str:
    """A refusal in the person's language; the engine's own detail when the code is unknown."""
    key = f"answers.{answer.code}"
    weakness = f"access.weak.{answer.params.get('weakness')}"
    if answer.code == "weak_password" and has(weakness):
        return t(weakness)
    if answer.code == "conflict" and answer.params.get("field") == "login":
        return t("answers.taken")
    if not has(key):
        return t("common.failed", detail=answer.detail or answer.code)
    try:
        longest = age_text(round(float(answer.params.get("max_s", 0)) * 1_000_000))
        return t(key, **{"detail": answer.detail, "max": longest, **answer.params})
    except (KeyError, IndexError):  # the engine gave other parameters than the sentence wants
        return t("common.failed", detail=answer.detail or answer.code)


class PanelHeader(QWidget):
    """Title row of a panel; docks use it as their title bar. Put widgets at ``left`` (after the title) and ``right``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelHeader")
        self.title = QLabel()
        self.title.setProperty("role", "title")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(8)
        self.left = QHBoxLayout()
        self.left.setSpacing(4)
        self.right = QHBoxLayout()
        self.right.setSpacing(4)
        row.addWidget(self.title)
        row.addLayout(self.left)
        row.addStretch(1)
        row.addLayout(self.right)
        self._row = row
        self._boxes: dict[SearchBox, int] = {}
        self.resize_title()
        theme().changed.connect(self.resize_title)

    def resize_title(self) -> None:
        """Follow the size for mouse or finger."""
        self.setFixedHeight(theme().sizes.dock_title)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, theme().sizes.dock_title)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self.fit()
        return done

    def fit(self) -> None:
        """Too narrow: search boxes get smaller, then buttons lose their words from the right on; and back again."""
        buttons = [part for part in self._parts(self.right) if isinstance(part, Button)]
        for part in self._parts(self.right):
            if isinstance(part, SearchBox):
                self._boxes.setdefault(part, part.maximumWidth())
        wide = self._needed(buttons)
        room = self.width()
        small = room < wide
        for box, width in self._boxes.items():
            box.setFixedWidth(min(width, SEARCH_NARROW) if small else width)
        over = wide - room - (sum(max(0, width - SEARCH_NARROW) for width in self._boxes.values()) if small else 0)
        for part in reversed(buttons):
            saved = part.words_width() if part.can_shrink else 0
            part.set_icon_only(over > 0 and saved > 0)
            over -= saved if over > 0 else 0

    def _parts(self, layout: QHBoxLayout) -> list[QWidget]:
        widgets = (item.widget() for i in range(layout.count()) if (item := layout.itemAt(i)) is not None)
        return [widget for widget in widgets if widget is not None and not widget.isHidden()]

    def _needed(self, buttons: list[Button]) -> int:
        """Width with all words and full search boxes."""
        now = self._row.sizeHint().width()
        hidden = sum(part.words_width() for part in buttons if part.icon_only)
        narrowed = sum(max(0, width - box.width()) for box, width in self._boxes.items() if box.maximumWidth() < width)
        return now + hidden + narrowed


class Panel(QWidget):
    """Base of all panels: a header, a body (the widget itself), words and colours that can change while it runs.

    Subclasses set ``title_key`` and ``icon_name``, build their widgets, fill ``retranslate`` (called once at the end
    of construction by :meth:`ready`, and at each switch of language) and, when they paint themselves, ``on_theme``.
    """

    title_key = ""
    icon_name = ""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.header = PanelHeader()

    def ready(self) -> None:
        """Call at the end of the subclass's constructor."""
        messages().changed.connect(self._language_changed)
        theme().changed.connect(self.on_theme)
        self._language_changed()
        self.on_theme()

    def _language_changed(self) -> None:
        self.header.title.setText(t(self.title_key))
        self.setAccessibleName(t(self.title_key))
        self.retranslate()

    def retranslate(self) -> None:
        """Redo all words in the present language."""

    def on_theme(self) -> None:
        """Redo what was painted in the colours of the theme."""
