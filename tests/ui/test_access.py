from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWindow
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.clock import US
from models.commands import ChangeOwnPassword, ChangeUser, CreateUser
from models.people import Actor
from models.rights import Grant, Role
from tests.ui.conftest import flush
from tests.ui.station import NOW, MemoryStation
from ui.access.account import OwnPasswordSheet
from ui.access.idle import IdleWatch
from ui.access.login import LoginView
from ui.access.panel import AccessPanel
from ui.access.settings import SettingsPanel
from ui.access.users import UserSheet, UsersPanel
from ui.i18n import messages
from ui.widgets.panel import PanelContext

Keep = Callable[[QWidget], QWidget]


@pytest.fixture
def login(ctx: PanelContext, keep: Keep) -> LoginView:
    view = cast(LoginView, keep(LoginView(ctx)))
    view.resize(344, 700)
    view.show()
    return view


def enter(view: LoginView, login: str, password: str) -> None:
    view.name.setEditText(login)
    view.password.setText(password)
    view.submit()


def test_the_right_password_lets_the_person_in_and_is_forgotten(login: LoginView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(login.entered) as caught:
        enter(login, "wang", "correct horse")
    actor: Actor = caught.args[0]
    assert (actor.login, actor.roles) == ("wang", (Role.OPERATOR,))
    assert login.password.text() == ""


@pytest.mark.parametrize(
    ("who", "password", "said"),
    [
        ("wang", "wrong", "登录名或密码不对"),
        ("nobody", "x", "登录名或密码不对"),
        ("off", "correct horse", "该用户已停用，请联系管理员"),
        ("shut", "correct horse", "错误次数过多，已锁定到 "),
    ],
)
def test_a_refused_login_says_why(
    login: LoginView, station: MemoryStation, qtbot: QtBot, who: str, password: str, said: str
) -> None:
    station.add_user("off", "周强", Role.SAFETY_MANAGER, active=False)
    station.add_user("shut", "钱多", Role.SAFETY_MANAGER, locked_until_us=NOW + 600 * US)
    enter(login, who, password)
    qtbot.waitUntil(lambda: login.problem.isVisible())
    assert login.problem.text().startswith(said)
    assert login.enter.isEnabled()


def test_a_first_password_must_be_replaced_by_a_good_one(
    login: LoginView, station: MemoryStation, qtbot: QtBot
) -> None:
    station.add_user("new", "陈晓", Role.OPERATOR, must_change=True)
    enter(login, "new", "correct horse")
    qtbot.waitUntil(login.new.isVisible)
    login.new.first.setText("short")
    assert login.new.state.text() == "太短"
    login.new.first.setText("new-person-2026")
    assert login.new.state.text() == "不要包含登录名"
    login.new.first.setText("blue-kettle-19")
    assert login.new.state.text() == "两次输入不一致"
    login.new.second.setText("blue-kettle-19")
    assert login.new.state.text() == "可以使用"
    with qtbot.waitSignal(login.entered):
        login.submit()
    assert station.people.passwords["new"] == "blue-kettle-19"


def test_people_who_were_here_are_offered_newest_first(login: LoginView, qtbot: QtBot) -> None:
    for who in ("wang", "li"):
        with qtbot.waitSignal(login.entered):
            enter(login, who, "correct horse")
    assert [login.name.itemText(n) for n in range(login.name.count())] == ["李建国 (li)", "王敏 (wang)"]
    login.start("wang")
    assert login.login() == "wang"


def test_idle_watch_locks_only_after_its_time_without_input(
    themed: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, window, heard = IdleWatch(), QWindow(), []
    watch.idle.connect(lambda: heard.append(True))
    watch.watch(window)
    watch.start(0)
    assert not watch.running
    watch.start(15)
    for event in (
        QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier),
        QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(1, 1),
            QPointF(1, 1),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        ),
    ):
        with monkeypatch.context() as patch:
            restarted: list[bool] = []
            patch.setattr(watch._timer, "start", lambda seen=restarted: seen.append(True))
            QApplication.sendEvent(window, event)
            assert restarted == [True]
    watch._timer.timeout.emit()
    assert heard == [True]
    watch.stop()
    assert not watch.running
    window.destroy()
    window.deleteLater()
    watch.deleteLater()
    flush()


@pytest.fixture
def users(ctx: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot) -> UsersPanel:
    station.add_user("old", "周强", Role.SAFETY_MANAGER, active=False)
    ctx.set_actor(station.actor("admin"))
    panel = cast(UsersPanel, keep(UsersPanel(ctx)))
    keep(panel.header)
    panel.resize(900, 400)
    panel.show()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 4)
    return panel


def sheets(ctx: PanelContext, keep: Keep) -> list[UserSheet]:
    opened: list[UserSheet] = []
    ctx.open_sheet.connect(lambda sheet: opened.append(cast(UserSheet, keep(sheet))))
    return opened


def test_an_administrator_creates_a_user_with_a_first_password(
    users: UsersPanel, ctx: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot
) -> None:
    opened = sheets(ctx, keep)
    users.new.click()
    sheet = opened[0]
    sheet.confirmed()
    assert sheet.problem.text() == "请填写登录名和姓名"
    sheet.login.setText("sun")
    sheet.name.setText("孙丽")
    sheet.grants.add.click()
    row = sheet.grants.rows[0]
    row.role.setCurrentIndex(row.role.findData(Role.OPERATOR))
    sheet.confirmed()
    assert sheet.problem.text() == "太短"
    for field in (sheet.password.first, sheet.password.second):
        field.setText("blue-kettle-19")
    sheet.confirmed()
    qtbot.waitUntil(lambda: users.model.rowCount() == 5)
    command = station.door.submitted[-1][0]
    assert command == CreateUser(
        login="sun", name="孙丽", password="blue-kettle-19", grants=(Grant(role=Role.OPERATOR),)
    )


def test_only_what_was_changed_is_ordered(
    users: UsersPanel, ctx: PanelContext, station: MemoryStation, keep: Keep
) -> None:
    opened = sheets(ctx, keep)
    users.table.select(station.people.infos["old"].id)
    users.edit.click()
    opened[0].active.setChecked(True)
    opened[0].unlock.setChecked(True)
    opened[0].confirmed()
    assert station.door.submitted[-1][0] == ChangeUser(login="old", active=True, unlock=True)
    assert station.people.infos["old"].active


def test_the_menu_unlocks_and_deactivates(users: UsersPanel, station: MemoryStation) -> None:
    users.table.select(station.people.infos["wang"].id)
    menu = QMenu()
    users._fill_menu(menu)
    for action in menu.actions()[1:]:
        action.trigger()
    menu.deleteLater()
    ordered = [command for command, _ in station.door.submitted]
    assert ordered == [ChangeUser(login="wang", unlock=True), ChangeUser(login="wang", active=False)]


def test_a_person_without_the_right_sees_users_but_changes_nothing(
    users: UsersPanel, ctx: PanelContext, station: MemoryStation
) -> None:
    ctx.set_actor(station.actor("wang"))
    assert not users.new.isEnabled()
    opened: list[object] = []
    ctx.open_sheet.connect(opened.append)
    users.table.activated.emit(users.model.row_at(0))
    assert opened == []


def test_a_refused_order_leaves_the_sheet_open(
    users: UsersPanel, ctx: PanelContext, station: MemoryStation, keep: Keep
) -> None:
    opened, said = sheets(ctx, keep), []
    ctx.toast.connect(lambda text, _level: said.append(text))
    users.new.click()
    opened[0].login.setText("wang")
    opened[0].name.setText("同名")
    for field in (opened[0].password.first, opened[0].password.second):
        field.setText("blue-kettle-19")
    opened[0].show()
    opened[0].confirmed()
    flush()
    assert said == ["登录名已被占用"]
    assert opened[0].isVisible()
    assert opened[0].confirm.isEnabled()


def test_users_and_audit_share_a_page(ctx: PanelContext, keep: Keep, qtbot: QtBot) -> None:
    panel = cast(AccessPanel, keep(AccessPanel(ctx)))
    keep(panel.header)
    panel.show()
    panel.switch.buttons["audit"].click()
    assert panel.stack.currentIndex() == 2
    qtbot.waitUntil(lambda: panel.audit.table.states.note.title.text() == "没有符合条件的记录")
    qtbot.waitUntil(lambda: panel.users.model.rowCount() == 3)
    panel.switch.buttons["privacy"].click()
    qtbot.waitUntil(lambda: panel.privacy.model.rowCount() > 10)
    messages().switch("en")
    assert panel.switch.buttons["users"].text() == "Users"


def test_settings_take_effect_at_once(ctx: PanelContext, keep: Keep) -> None:
    panel = cast(SettingsPanel, keep(SettingsPanel(ctx)))
    keep(panel.header)
    changed: list[str] = []
    ctx.preferences.changed.connect(changed.append)
    panel.language.buttons["en"].click()
    panel.theme_choice.buttons["night"].click()
    panel.touch.click()
    panel.blink.click()
    panel.kiosk.click()
    panel.idle.setCurrentIndex(0)
    panel.idle.activated.emit(0)
    assert changed == ["language", "theme", "touch", "blink", "kiosk", "idle_minutes"]
    p = ctx.preferences
    assert (p.language, p.theme, p.touch, p.blink, p.kiosk, p.idle_minutes) == ("en", "night", True, False, True, 0)


def test_ones_own_password_is_changed_through_the_door(ctx: PanelContext, station: MemoryStation, keep: Keep) -> None:
    sheet = cast(OwnPasswordSheet, keep(OwnPasswordSheet(ctx)))
    assert not sheet.confirm.isEnabled()
    sheet.old.setText("correct horse")
    for field in (sheet.new.first, sheet.new.second):
        field.setText("blue-kettle-19")
    assert sheet.confirm.isEnabled()
    sheet.confirmed()
    assert station.door.submitted[-1][0] == ChangeOwnPassword(
        old_password="correct horse", new_password="blue-kettle-19"
    )
