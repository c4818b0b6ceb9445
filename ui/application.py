"""From nothing to a painted window: fonts, the room opened on a worker, the first-start wizard, the window, the end.

Who builds the room is not known here: main.py hands over a function. While it works a small splash says what is being
done; when it fails the person reads why instead of seeing a program that vanishes.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import structlog
from PySide6.QtCore import QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.bridge import Bridge
from app.jobs import Jobs, calm_collector, release_collector
from app.ports import Station
from app.reports.excel import export_table
from models.login import LoginResult
from models.people import Actor
from ui.i18n import messages, t
from ui.main_window import MainWindow
from ui.theme import theme
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.preferences import Preferences

if TYPE_CHECKING:
    from ui.access.wizard import BrokerChoice, FirstStart, Wizard

log = structlog.get_logger(__name__)

SPLASH_AFTER_MS = 300  # a quick start needs no splash
CALM_AFTER_MS = 4000  # by then all panels of the first workspace stand


class Room(Station, Protocol):
    """A station that can be started and stopped."""

    @property
    def jobs(self) -> Jobs:
        """Workers for the window's questions."""

    def start(self) -> None:
        """Start engine and links."""

    def stop(self) -> None:
        """Stop in reverse order."""


class Setup(Protocol):
    """What the first start needs; given by main.py."""

    def needed(self) -> bool:
        """True when this station was never set up."""

    def weakness(self, password: str, login: str) -> str | None:
        """Why a password is too weak, or None."""

    def test(self, choice: BrokerChoice) -> str | None:
        """None when the broker answered, else what went wrong. On a worker."""

    def keep(self, first: FirstStart) -> None:
        """Write configuration and keyring, create the administrator. On a worker; raises what went wrong."""


def make_application(data_dir: Path) -> tuple[QApplication, QSettings]:
    """The Qt application with fonts, theme and language of this station."""
    if QApplication.instance() is None:  # the web map needs it, and only before the application exists
        QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("ankan")
    app.setApplicationDisplayName("安瞰 Ankan")
    data_dir.mkdir(parents=True, exist_ok=True)
    settings = QSettings(str(data_dir / "window.ini"), QSettings.Format.IniFormat)
    theme().load()
    preferences = Preferences(settings)
    messages().switch(preferences.language)
    theme().switch(preferences.theme, touch=preferences.touch)
    return app, settings


class Splash(QWidget):
    """Says what is being done, and why it failed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.resize(560, 220)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 32, 40, 32)
        column.addWidget(role_label("page", t("common.app_full")))
        self.words = plain_label(t("common.starting"), wrap=True)
        column.addWidget(self.words, 1)
        self.leave = button()
        self.leave.setText(t("common.close"))
        self.leave.clicked.connect(self.close)
        self.leave.hide()
        column.addWidget(self.leave, alignment=Qt.AlignmentFlag.AlignRight)

    def fail(self, error: BaseException) -> None:
        """Show what went wrong and what to do."""
        self.words.setText(t("common.start_failed", detail=f"{type(error).__name__}: {error}"))
        self.leave.show()


class Runner(QObject):
    """Takes one station from start to end. ``entered`` when the window is shown, for tests and the tour."""

    entered = Signal(object)
    _opened = Signal(object)
    _failed = Signal(object)

    def __init__(
        self,
        app: QApplication,
        settings: QSettings,
        make_room: Callable[[], Room],
        *,
        setup: Setup | None = None,
        sign_in: Callable[[Room], Future[LoginResult]] | None = None,
    ) -> None:
        super().__init__()
        self._app, self._settings = app, settings
        self._make_room, self._setup, self._sign_in = make_room, setup, sign_in
        self._room: Room | None = None
        self._bridge: Bridge | None = None
        self._jobs = Jobs(1)
        self._wizard: Wizard | None = None
        self.window: MainWindow | None = None
        self.splash = Splash()
        self._opened.connect(self._enter)
        self._failed.connect(self.splash.fail)
        self._failed.connect(lambda _error: release_collector())
        self._slow = QTimer(self, singleShot=True, interval=SPLASH_AFTER_MS)
        self._slow.timeout.connect(self._show_splash)
        self._calm = QTimer(self, singleShot=True, interval=CALM_AFTER_MS)
        self._calm.timeout.connect(calm_collector)
        self._old_hook = sys.excepthook
        sys.excepthook = self._unexpected

    def begin(self) -> None:
        """Show the wizard, or open the room behind the splash."""
        if self._setup is not None and self._setup.needed():
            from ui.access.wizard import Wizard

            self._wizard = Wizard(self._setup.weakness, self._setup.test, self._jobs)
            self._wizard.finished.connect(self._set_up)
            self._wizard.cancelled.connect(self._app.quit)
            self._wizard.show()
            return
        self._slow.start()
        self._run(lambda: None)

    def _show_splash(self) -> None:
        if self.window is None:
            self.splash.show()

    def _set_up(self, choice: FirstStart) -> None:
        assert self._setup is not None
        setup = self._setup
        Preferences(self._settings).put("language", choice.language)
        self.splash.show()
        self._run(lambda: setup.keep(choice))

    def _run(self, before: Callable[[], None]) -> None:
        def work() -> None:
            try:
                before()
                room = self._make_room()
                room.start()
                result = self._sign_in(room).result() if self._sign_in is not None else None
            except Exception as error:  # whatever stops the start is shown to the person
                log.exception("start_failed")
                self._failed.emit(error)
            else:
                self._opened.emit((room, result.actor if result is not None else None))

        threading.Thread(target=work, name="ankan-start", daemon=True).start()

    def _enter(self, opened: tuple[Room, Actor | None]) -> None:
        room, actor = opened
        self._room = room
        self._bridge = Bridge(room)
        self.window = MainWindow(room, self._bridge, actor, self._settings, jobs=room.jobs, exporter=export_table)
        self.window.show()
        self.splash.close()
        if self._wizard is not None:
            self._wizard.close()
        self._calm.start()
        self.entered.emit(self.window)

    def end(self) -> None:
        """Close what is open; the room stores what it has received."""
        sys.excepthook = self._old_hook
        self._slow.stop()
        self._calm.stop()
        release_collector()
        if self.window is not None:
            self.window.close()
            self.window.deleteLater()
        if self._bridge is not None:
            self._bridge.close()
        if self._room is not None:
            self._room.stop()
        self._jobs.close()

    def _unexpected(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """A defect in the window: logged whole, said in a few words; the window goes on."""
        log.error("window_defect", detail="".join(traceback.format_exception(kind, error, trace)))
        if self.window is not None:
            self.window.ctx.toast.emit(t("common.failed", detail=f"{kind.__name__}: {error}"), "warning")


def run(
    data_dir: Path,
    make_room: Callable[[], Room],
    *,
    setup: Setup | None = None,
    sign_in: Callable[[Room], Future[LoginResult]] | None = None,
) -> int:
    """Open the window and stay until it is closed; returns the exit code."""
    app, settings = make_application(data_dir)
    runner = Runner(app, settings, make_room, setup=setup, sign_in=sign_in)
    runner.begin()
    code = app.exec()
    runner.end()
    return int(code)
