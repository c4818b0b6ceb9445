"""Fixtures of all screen tests: one themed application, the station in memory, and a check that nothing is left behind."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if hasattr(os, "geteuid") and os.geteuid() == 0:  # containers test as root, where the web engine has no sandbox
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from app.bridge import Bridge
from app.jobs import Jobs
from models.rights import Role
from tests.ui.plain import PLAIN
from tests.ui.station import MemoryStation
from ui.i18n import messages
from ui.main_window import MainWindow
from ui.theme import theme
from ui.widgets.panel import PanelContext

if QCoreApplication.instance() is None:  # as ui.application does: the web map needs it
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)

HARMLESS = (
    "This plugin does not support",  # what the offscreen platform cannot do
    "Couldn't load ",  # sound and video libraries that a bare machine lacks
    "Couldn't resolve ",
    "Using Qt multimedia",
    "PulseAudioService",
    "Sandboxing disabled by user",  # the web engine on a machine without screen and graphics card
    "QRhiGles2: Failed to create",
    "Failed to create RHI",
    "QVulkanInstance: Failed",
    "GBM is not supported",
    "GPUInfo not initialized",
)


class Ear:
    """A player that remembers what was played."""

    def __init__(self, available: bool = True) -> None:
        self.available = available
        self.heard: list[str] = []

    def play(self, name: str) -> None:
        self.heard.append(name)


def flush() -> None:
    """Let queued calls and deletions happen."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


@pytest.fixture(scope="session")
def themed(qapp: QApplication) -> QApplication:
    """The application with fonts and style."""
    if not theme().family:
        theme().load()
    return qapp


@pytest.fixture(autouse=True)
def clean(themed: QApplication, qtlog: Any) -> Iterator[None]:
    """Day, Chinese, mouse at the start; no widget, timer, thread or Qt warning left at the end."""
    messages().switch("zh")
    theme().switch("day", touch=False)
    widgets = set(map(id, QApplication.topLevelWidgets()))
    threads = set(threading.enumerate())
    yield
    flush()
    gc.collect()
    flush()
    left = [w for w in QApplication.topLevelWidgets() if id(w) not in widgets and not w.parent()]
    assert not left, f"widgets left: {left}"
    running = [o for o in gc.get_objects() if type(o) is QTimer and isValid(o) and o.isActive()]
    assert not running, f"timers left: {[(t.parent(), t.interval()) for t in running]}"
    assert not set(threading.enumerate()) - threads, "threads left"
    said = [r.message for r in qtlog.records if r.type_name != "QtDebugMsg" and not r.message.startswith(HARMLESS)]
    assert not said, f"Qt said: {said}"


@pytest.fixture
def station() -> MemoryStation:
    """An empty plant with three people."""
    made = MemoryStation()
    made.add_user("li", "李建国", Role.SHIFT_LEADER)
    made.add_user("wang", "王敏", Role.OPERATOR)
    made.add_user("admin", "赵云", Role.ADMINISTRATOR)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    """Settings in a file of the test's own."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def bridge(themed: QApplication, station: MemoryStation) -> Iterator[Bridge]:
    """The way from the station's bus to the screen."""
    made = Bridge(station)
    yield made
    made.close()
    made.deleteLater()
    flush()


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """Workers."""
    made = Jobs()
    yield made
    made.close()


@pytest.fixture
def ctx(station: MemoryStation, bridge: Bridge, jobs: Jobs, settings: QSettings) -> Iterator[PanelContext]:
    """What panels are given, with the shift leader logged in."""
    made = PanelContext(station, bridge, jobs, settings, station.actor("li"))
    yield made
    made.deleteLater()
    flush()


@pytest.fixture
def keep() -> Iterator[Callable[[QWidget], QWidget]]:
    """Deletes what a test made."""
    kept: list[QWidget] = []

    def add(widget: QWidget) -> QWidget:
        kept.append(widget)
        return widget

    yield add
    for widget in reversed(kept):
        if isValid(widget):
            widget.close()
            widget.deleteLater()
    kept.clear()
    flush()


@pytest.fixture
def open_window(
    station: MemoryStation, bridge: Bridge, jobs: Jobs, settings: QSettings
) -> Iterator[Callable[..., MainWindow]]:
    """Opens the window (with plain panels in place of plots); ``login`` '' = nobody."""
    made: list[MainWindow] = []

    def make(login: str = "li", **more: Any) -> MainWindow:
        actor = station.actor(login) if login else None
        more.setdefault("player", Ear())
        window = MainWindow(station, bridge, actor, settings, jobs=jobs, panels=PLAIN, **more)
        window.resize(1920, 1080)
        window.show()
        made.append(window)
        return window

    yield make
    for window in made:
        if isValid(window):
            window.close()
            window.deleteLater()
    made.clear()
    flush()
