"""Every way to an order, walked at a locked station: none may lead anywhere, and the alarms stay in sight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QItemSelectionModel, QMimeData, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QDesktopServices, QDropEvent, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QFileDialog, QHeaderView, QMenu, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.bridge import Bridge
from app.jobs import Jobs
from app.ports import Answer
from models.alarms import Priority
from models.commands import AcknowledgeAlarms, LogOut, ShelveAlarms
from models.people import Credential
from tests.ui.conftest import Ear, flush
from tests.ui.plant import fill
from tests.ui.station import MemoryStation
from ui.main_window import MainWindow
from ui.widgets.panel import ReasonRequest, SignatureRequest
from ui.widgets.places import PLACES
from ui.widgets.sheet import Sheet
from ui.widgets.status import StatusBar
from ui.widgets.workspace import Workspace

NO_MODIFIER = Qt.KeyboardModifier.NoModifier
KEYS = [Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space]


class Walker:
    """Somebody who tries everything at a window. ``check`` is called after each step."""

    def __init__(self, window: MainWindow, check: Callable[[str], None]) -> None:
        self.window, self._check = window, check
        self.steps = 0

    def _done(self, what: str) -> None:
        for popup in QApplication.topLevelWidgets():
            if isinstance(popup, QMenu) and popup.isVisible():
                popup.close()
        self.window.palette_box.hide()
        flush()
        self.steps += 1
        self._check(what)

    def shortcuts(self) -> None:
        for shortcut in self.window.findChildren(QShortcut):
            shortcut.activated.emit()
            self._done(f"shortcut {shortcut.key().toString()}")

    def palette(self) -> None:
        for item in self.window.palette_items():
            item.run()
            self._done(f"palette {item.title}")

    def buttons(self) -> None:
        inside = self.window.login
        for button in self.window.findChildren(QAbstractButton):
            if not isValid(button):  # a toast that went
                continue
            if button.isVisible() and button.isEnabled() and not inside.isAncestorOf(button):
                name = button.accessibleName() or button.text() or type(button).__name__
                QTest.mouseClick(button, Qt.MouseButton.LeftButton)
                self._done(f"button {name}")

    def views(self) -> None:
        for view in self.window.findChildren(QAbstractItemView):
            model = view.model()
            if (
                not view.isVisible()
                or model is None
                or isinstance(view, QHeaderView)
                or self.window.login.isAncestorOf(view)
            ):
                continue
            for row in range(min(3, model.rowCount())):
                self._row(view, model.index(row, 0))
                children = model.index(row, 0)
                if model.rowCount(children):
                    self._row(view, model.index(0, 0, children))

    def _row(self, view: QAbstractItemView, index: Any) -> None:
        flags = QItemSelectionModel.SelectionFlag
        view.scrollTo(index)
        view.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        point = view.visualRect(index).center()
        QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)
        self._done("double click")
        for key in KEYS:
            QTest.keyClick(view, key)
            self._done(f"key {key.name}")
        at = 0
        while (entry := self._entry(view, point, at)) is not None:
            entry.trigger()
            self._done(f"menu entry {entry.text()}")
            at += 1

    def _entry(self, view: QAbstractItemView, point: QPoint, at: int) -> QAction | None:
        """The n-th enabled entry of a row's menu, with the menu open."""
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, view.viewport().mapToGlobal(point))
        QCoreApplication.sendEvent(view.viewport(), event)
        menus = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible()]
        entries = [action for menu in menus for action in menu.actions() if action.isEnabled() and action.text()]
        return entries[at] if at < len(entries) else None

    def actions(self) -> None:
        """Entries of menus that hang at buttons."""
        for menu in [b.menu() for b in self.window.findChildren(QAbstractButton) if hasattr(b, "menu") and b.menu()]:
            for action in menu.actions():
                if action.isEnabled():
                    action.trigger()
                    self._done(f"action {action.text()}")

    def drops(self) -> None:
        for target in [w for w in self.window.findChildren(QWidget) if w.acceptDrops() and w.isVisible()]:
            data = QMimeData()
            data.setText("GD-07")
            drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NO_MODIFIER)
            QCoreApplication.sendEvent(target, drop)
            self._done(f"drop on {type(target).__name__}")


@pytest.fixture
def whole(
    station: MemoryStation, bridge: Bridge, jobs: Jobs, settings: QSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The window with its real panels, every place looked at, the shift leader logged in."""
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    fill(station)
    window = MainWindow(station, bridge, station.actor("li"), settings, jobs=jobs, player=Ear())
    window.resize(1920, 1080)
    window.show()
    for place in PLACES:
        window.go(place.item.key)
        flush()
    window.go("monitoring")
    yield window
    window.close()
    window.deleteLater()
    flush()


def test_no_way_leads_to_an_order_while_the_station_is_locked(
    whole: MainWindow, station: MemoryStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole.idle.idle.emit()
    flush()
    assert isinstance(station.door.submitted[-1][0], LogOut)
    ordered, files, wrong = len(station.door.submitted), list[str](), list[str]()
    monkeypatch.setattr(QFileDialog, "show", lambda dialog: files.append(dialog.windowTitle()))

    def check(what: str) -> None:
        if len(station.door.submitted) != ordered:
            wrong.append(f"{what} ordered {[c for c, _ in station.door.submitted[ordered:]]}")
            del station.door.submitted[ordered:]
        if whole.context.sheet is not None or whole.context.current != "login" or whole.ctx.actor is not None:
            wrong.append(f"{what} opened {whole.context.sheet or whole.context.current}")
            whole.context.close_sheet()
            whole.context.show_view("login")
        if files:
            wrong.append(f"{what} asked for a file")
            files.clear()
        if not whole.banner.isVisible() or not whole.login.isVisible():
            wrong.append(f"{what} hid the alarms or the login")

    walker = Walker(whole, check)
    walker.shortcuts()
    walker.palette()
    for place in [place.item.key for place in PLACES if not place.item.personal]:
        whole.go(place)
        flush()
        walker.views()
        page = whole.stack.currentWidget()
        if isinstance(page, Workspace):
            page.raise_panel("values")
            flush()
            walker.views()
            page.raise_panel("alarms")
        walker.drops()
        walker.actions()
        walker.buttons()
    whole.banner.strip.clicked.emit()
    whole.banner.ask_mute()
    check("the banner's strip and mute")
    assert wrong == []
    assert walker.steps > 150


def test_the_same_walk_with_somebody_there_finds_orders(whole: MainWindow, station: MemoryStation) -> None:
    """Proves the walk above: it is no use if it passes by the ways there are."""
    asked: list[str] = []
    whole.ctx.ask.connect(lambda request: asked.append(request.title))
    walker = Walker(whole, lambda _what: whole.context.close_sheet())
    whole.go("alarms")
    flush()
    walker.views()
    ordered = {type(command) for command, _ in station.door.submitted}
    assert AcknowledgeAlarms in ordered
    assert len(asked) >= 3  # shelve, take out of service, comment


def test_panels_that_ask_for_a_sheet_get_none_while_locked(whole: MainWindow, station: MemoryStation) -> None:
    tag = station.tags.by_name("GD-07")
    assert tag is not None
    whole.lock()
    answers: list[Answer] = []
    ordered = len(station.door.submitted)

    def sign(_given: tuple[Credential, ...], _reply: Callable[[Answer], None]) -> None:
        raise AssertionError("signed at a locked station")

    ctx = whole.ctx
    ctx.open_sheet.emit(Sheet("anything"))
    ctx.ask.emit(ReasonRequest(title="t", text="t", confirm="c", done=lambda *_args: None))
    ctx.edit_tag.emit(tag.id)
    ctx.sign.emit(SignatureRequest(danger="rights.change", second=False, sign=sign, done=answers.append))
    ctx.select_alarm.emit(whole.banner.row)
    ctx.select_tag.emit(tag.id)
    assert not ctx.order(ShelveAlarms(occurrence_ids=(1,), reason="x", for_s=60.0))
    flush()
    assert whole.context.sheet is None
    assert whole.context.current == "login"
    assert [answer.code for answer in answers] == ["cancelled"]
    assert len(station.door.submitted) == ordered


def test_an_order_that_asks_for_a_signature_after_its_giver_has_left_is_called_off(
    whole: MainWindow, station: MemoryStation, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    answers: list[Answer] = []
    needed = Answer("signature_needed", params={"danger": "rights.change", "second": False})
    monkeypatch.setattr(station, "carry_out", lambda _command, _actor: needed)
    whole.ctx.order(ShelveAlarms(occurrence_ids=(1,), reason="x", for_s=60.0), answers.append)
    whole.ctx.set_actor(station.actor("wang"))  # before the answer is heard
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0].code == "session_closed"
    assert whole.context.sheet is None


def test_alarms_go_on_in_sight_and_in_sound_while_locked(
    whole: MainWindow, station: MemoryStation, bridge: Bridge
) -> None:
    whole.lock()
    tag = station.tags.by_name("TK-102")
    assert tag is not None
    row = station.raise_alarm(station.make_row(tag, ago_s=0, priority=Priority.CRITICAL, text="液位 高高"))
    bridge._drain_alarms()
    flush()
    listed = whole.panel("alarms.list")
    assert listed is not None
    assert listed.isVisible()
    assert row.occurrence_id in {shown.occurrence_id for shown in whole.ctx.open_alarms.rows()}
    assert isinstance(whole.sound.player, Ear)
    assert whole.sound.player.heard
    assert isinstance(whole.status, StatusBar)
    assert not whole.status.change.isVisible()


def test_the_walk_sends_the_events_that_a_hand_sends(whole: MainWindow) -> None:
    seen: list[QEvent.Type] = []
    view = next(v for v in whole.findChildren(QAbstractItemView) if v.isVisible() and v.model().rowCount())
    index = view.model().index(0, 0)
    view.customContextMenuRequested.connect(lambda _point: seen.append(QEvent.Type.ContextMenu))
    Walker(whole, lambda _what: None)._entry(view, view.visualRect(index).center(), 99)
    assert seen == [QEvent.Type.ContextMenu]
    for menu in QApplication.topLevelWidgets():
        if isinstance(menu, QMenu):
            menu.close()
