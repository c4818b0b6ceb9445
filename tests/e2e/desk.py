"""A workstation as main.py makes it, and the hands of the person at it: clicks, keys, an input method, and patience.

Nothing here reaches past the screen but to read what it should show: every act goes through a widget.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QSettings, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMenu, QTabBar, QWidget
from pytestqt.exceptions import TimeoutError
from pytestqt.qtbot import QtBot

from app.access.passwords import Passwords
from app.access.permissions import load_permissions
from app.bootstrap.room import ControlRoom, open_room
from app.bootstrap.setup import StationSetup
from app.config import BrokerConfig, Config, save_config
from models.alarms import AlarmRow
from models.people import Actor
from models.readings import Tag
from models.rights import Role
from tests.rights import add_user
from tests.room import START, Room
from ui.alarms.banner import GUARD_MS
from ui.alarms.panel import AlarmPanel
from ui.application import Runner, make_application
from ui.i18n import t
from ui.main_window import MainWindow
from ui.widgets.table import DataTable
from ui.widgets.toasts import Toast

W = TypeVar("W", bound=QWidget)
PATIENCE_MS = 20_000
PASSWORD = "correct-Horse-7-battery"
PEOPLE = {
    "wang": ("王敏", Role.OPERATOR),
    "li": ("李建国", Role.SHIFT_LEADER),
    "zhao": ("赵云", Role.ADMINISTRATOR),
}


def prepare(directory: Path, port: int, *tags: Tag | str, alarms: Any = (), **broker: Any) -> None:
    """A station that was set up some time ago: configuration, people, tags and alarms, nothing running."""
    directory.mkdir(exist_ok=True)
    save_config(Config(station="CTRL-1", site="南港化工", brokers=(BrokerConfig(port=port, **broker),)), directory)
    room = Room(directory)
    room.tags(*tags)
    room.guard(*alarms)
    passwords = Passwords(load_permissions().password)
    with room.store.session() as session:
        for login, (name, role) in PEOPLE.items():
            add_user(session, login, role, name=name, now_us=START, password=passwords.hash(PASSWORD))
    room.close()


class Desk:
    """One data directory, the program on it, and somebody before the screen."""

    def __init__(self, qtbot: QtBot, directory: Path) -> None:
        self.qtbot, self.directory = qtbot, directory
        self.runner: Runner | None = None
        self.room: ControlRoom | None = None
        self.defects: list[BaseException] = []
        self.said: list[str] = []

    # -- start and end, as main.py does it

    def start(self) -> None:
        """Start; the wizard or the window comes."""
        app, settings = make_application(self.directory)
        assert isinstance(settings, QSettings)
        self.runner = Runner(app, settings, self._open, setup=StationSetup(self.directory))
        noticed = sys.excepthook

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            self.defects.append(error)
            noticed(kind, error, trace)

        sys.excepthook = hook
        self.runner.begin()

    def _open(self) -> ControlRoom:
        self.room = open_room(self.directory)
        return self.room

    def open(self, login: str = "") -> MainWindow:
        """Start a station that was set up, and log in."""
        self.start()
        window = self.window()
        if login:
            self.log_in(login)
        return window

    def window(self) -> MainWindow:
        """The window, once it has come."""
        runner = self.runner
        assert runner is not None
        self.until(lambda: runner.window is not None, "the window")
        window = runner.window
        assert window is not None
        window.ctx.toast.connect(lambda text, _level: self.said.append(text))
        return window

    def stop(self) -> None:
        """Close the program; nothing of it stays. A defect that the window survived fails the test here."""
        runner, self.runner, self.room = self.runner, None, None
        if runner is None:
            return
        runner.end()
        runner.splash.close()
        runner.splash.deleteLater()
        if runner._wizard is not None:
            runner._wizard.deleteLater()
        if runner._bridge is not None:
            runner._bridge.deleteLater()
        runner.deleteLater()
        for _ in range(3):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QApplication.processEvents()
        assert not self.defects, f"defects in the window: {self.defects!r}"

    @property
    def shown(self) -> MainWindow:
        """The window that stands."""
        assert self.runner is not None
        assert self.runner.window is not None
        return self.runner.window

    # -- hands

    def until(self, condition: Callable[[], Any], what: str, timeout: int = PATIENCE_MS) -> None:
        """Wait while the program runs."""
        try:
            self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout)
        except TimeoutError as error:
            said = f"; said: {self.said[-6:]}"
            raise AssertionError(f"{what} did not come in {timeout} ms{said}") from error

    def click(self, target: QWidget) -> None:
        """Click what can be clicked: visible, and open to the person."""
        self.until(lambda: target.isVisible() and target.isEnabled(), f"{target} to click")
        QTest.mouseClick(target, Qt.MouseButton.LeftButton)

    def type(self, target: QWidget, text: str) -> None:
        """Replace what stands in a field; Chinese comes by the input method, all else by keys."""
        assert target.isVisible(), target
        assert target.isEnabled(), target
        line = target.lineEdit() if isinstance(target, QComboBox) else target
        assert line is not None
        line.setFocus()
        QTest.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(line, Qt.Key.Key_Delete)
        if text.isascii():
            QTest.keyClicks(line, text)
        else:
            event = QInputMethodEvent()
            event.setCommitString(text)
            QCoreApplication.sendEvent(line, event)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key to the window, wherever its focus is."""
        window = self.shown
        window.activateWindow()
        self.until(window.isActiveWindow, "an active window")
        QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)

    def press(self, target: QWidget) -> None:
        """Reach a button by Tab alone and press it by Space, as somebody without a mouse does."""
        for _ in range(30):
            focus = QApplication.focusWidget()
            assert focus is not None
            if focus is target:
                break
            QTest.keyClick(focus, Qt.Key.Key_Tab)
        assert target.hasFocus(), f"Tab does not lead to {target}"
        QTest.keyClick(target, Qt.Key.Key_Space)

    def sheet(self, kind: type[W]) -> W:
        """The sheet that has come into the context column."""
        context = self.shown.context
        self.until(lambda: isinstance(context.sheet, kind) and context.sheet.isVisible(), kind.__name__)
        assert isinstance(context.sheet, kind)
        return context.sheet

    def no_sheet(self) -> None:
        """The sheet closes by itself, and what lies under it takes clicks again."""
        context = self.shown.context
        through = Qt.WidgetAttribute.WA_TransparentForMouseEvents
        self.until(lambda: context.sheet is None and not context.stack.testAttribute(through), "the end of the sheet")

    def button(self, inside: QWidget, text: str) -> QAbstractButton:
        """A button by its words."""
        found = [b for b in inside.findChildren(QAbstractButton) if b.text() == text and b.isVisible()]
        assert len(found) == 1, [b.text() for b in inside.findChildren(QAbstractButton)]
        return found[0]

    def menu(self, text: str) -> QAction:
        """An entry of the menu that is open."""
        return self._entry(text)[1]

    def _entry(self, text: str) -> tuple[QMenu, QAction]:
        """The open menu (or its submenu) that has an entry of these words, and the entry."""

        def found() -> list[tuple[QMenu, QAction]]:
            menus = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]
            return [(menu, action) for menu in menus for action in menu.actions() if action.text() == text]

        self.until(lambda: len(found()) == 1, f"the entry {text!r} in a menu")
        return found()[0]

    def choose(self, text: str) -> None:
        """Click an entry of the open menu."""
        menu, entry = self._entry(text)
        assert entry.isEnabled(), entry.toolTip()
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())

    def close_menu(self) -> None:
        """Escape."""
        menu = QApplication.activePopupWidget()
        assert menu is not None
        QTest.keyClick(menu, Qt.Key.Key_Escape)

    def heard(self, text: str) -> None:
        """A toast with these words in it came."""
        self.until(lambda: any(text in said for said in self.said), f"the words {text!r}")

    # -- what a person does often

    def log_in(self, login: str, password: str = PASSWORD) -> None:
        """Name and password by keys, Return."""
        window = self.shown
        view = window.login
        self.until(view.isVisible, "the login")
        self.type(view.name, login)
        self.type(view.password, password)
        QTest.keyClick(view.password, Qt.Key.Key_Return)
        self.until(lambda: window.ctx.actor is not None and window.ctx.actor.login == login, f"{login}'s session")

    def read_banner(self) -> None:
        """Take the time to read it: F2 does nothing in the moment in which another alarm took the place."""
        since = self.shown.banner._since_change
        self.until(lambda: not since.isValid() or since.elapsed() > GUARD_MS, "a banner that stands")

    def lock(self) -> None:
        """Ctrl+L."""
        self.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        self.until(lambda: self.shown.ctx.actor is None and self.shown.login.isVisible(), "the login")

    def go(self, place: str) -> None:
        """Click on the rail."""
        self.click(self.shown.rail.buttons[place])
        self.until(lambda: self.shown.place == place, place)

    def panel(self, kind: type[W]) -> W:
        """The panel of this kind that can be seen."""
        self.until(lambda: self._visible(kind), kind.__name__)
        return self._visible(kind)[0]

    def _visible(self, kind: type[W]) -> list[W]:
        return [w for w in self.shown.findChildren(kind) if w.isVisible()]

    def tab(self, title: str) -> None:
        """Bring a dock to the front by its tab."""
        for bar in self.shown.findChildren(QTabBar):
            for at in range(bar.count()):
                if bar.tabText(at) == title and bar.isVisible():
                    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(at).center())
                    return
        pytest.fail(f"no tab {title}")

    def alarms(self) -> AlarmPanel:
        """The alarm list in sight."""
        return self.panel(AlarmPanel)

    def alarm(self, tag: str, check: Callable[[AlarmRow], bool] = lambda _row: True) -> AlarmRow:
        """The row of a tag in the alarm list, once it is as expected."""
        model = self.alarms().model

        def rows() -> list[AlarmRow]:
            return [row for row in model.shown() if row.tag == tag and check(row)]

        self.until(rows, f"the alarm of {tag}, have {[(r.tag, r.state) for r in model.shown()]}")
        return rows()[0]

    def row_point(self, table: DataTable[Any], key: int) -> QPoint:
        """Where a row is, in the table's viewport; it is scrolled into sight."""
        at = table.model.position(key)
        assert at >= 0
        index = table.model.index(at, table.view.columnAt(40))
        table.view.scrollTo(index)
        return table.view.visualRect(index).center()

    def pick(self, table: DataTable[Any], key: int) -> None:
        """Click a row."""
        point = self.row_point(table, key)
        QTest.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=point)

    def row_menu(self, table: DataTable[Any], key: int) -> None:
        """Right click on a row."""
        self.pick(table, key)
        viewport, point = table.view.viewport(), self.row_point(table, key)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, viewport.mapToGlobal(point))
        QCoreApplication.sendEvent(viewport, event)

    def cells(self, table: DataTable[Any], key: int) -> dict[str, str]:
        """A row as it is read: its columns' words by key."""
        row = table.model.find(key)
        assert row is not None
        return {column.key: column.text(row) for column in table.model.columns}

    def trail(self, **fields: Any) -> list[Any]:
        """The audit, newest first."""
        assert self.room is not None
        boss = next(user for user in self.room.people.users() if Role.ADMINISTRATOR in user.roles)
        reader = Actor(boss.id, boss.login, boss.name, boss.roles, self.room.name)
        return list(self.room.trail.entries(reader, **fields)[0])

    def toasts(self) -> list[str]:
        """Toasts that can be read now."""
        return [toast.text for toast in self.shown.findChildren(Toast) if toast.isVisible()]


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A desk on an empty data directory; ends whatever runs."""
    made = Desk(qtbot, tmp_path / "station")
    thresholds = gc.get_threshold()
    yield made
    made.stop()
    gc.unfreeze()  # a window that stood for some seconds calms the collector for good
    gc.set_threshold(*thresholds)


def words(inside: QWidget) -> str:
    """All that can be read in labels, buttons and fields."""
    found = []
    for widget in inside.findChildren(QWidget):
        text = getattr(widget, "text", None)
        if widget.isVisible() and callable(text) and not isinstance(widget, QLineEdit):
            found.append(str(text()))
    return "\n".join(found)


__all__ = ["PASSWORD", "PEOPLE", "Desk", "desk", "prepare", "t", "words"]
