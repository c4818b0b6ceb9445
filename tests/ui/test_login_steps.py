"""The login step by step, to the last click: second step, setting it up, what every refusal says, changing operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from models.commands import LogOut
from models.login import LoginResult
from models.rights import Role
from tests.ui.conftest import flush
from tests.ui.plant import fill
from tests.ui.station import MemoryStation
from ui.access.account import AccountSheet
from ui.access.login import CHANGE, CODE, ENROL, FORGET_MS, PASSWORD, LoginView
from ui.access.recent import TILE, forget, recent_people, remember
from ui.access.recovery import RecoverySheet
from ui.access.second_step import in_fours
from ui.i18n import catalogue, messages, t
from ui.main_window import MainWindow
from ui.widgets.panel import PanelContext
from ui.widgets.workspace import Workspace

Keep = Callable[[QWidget], QWidget]
GOOD = "correct horse"
DETAILS = (
    "no_group",
    "no_role",
    "login",
    "disabled",
    "locked",
    "account_expired",
    "password_expired",
    "must_change",
    "hours",
    "workstation",
    "refused",
)


@pytest.fixture
def view(ctx: PanelContext, keep: Keep) -> LoginView:
    ctx.set_actor(None)
    made = cast(LoginView, keep(LoginView(ctx)))
    made.resize(344, 700)
    made.show()
    return made


@pytest.fixture
def sheets(ctx: PanelContext, keep: Keep) -> list[QWidget]:
    opened: list[QWidget] = []
    ctx.open_sheet.connect(lambda sheet: opened.append(keep(sheet)))
    return opened


def enter(view: LoginView, login: str, password: str = GOOD) -> None:
    view.name.setEditText(login)
    view.password.setText(password)
    QTest.keyClick(view.password, Qt.Key.Key_Return)


def type_code(view: LoginView, code: str) -> None:
    view.code.field.clear()
    QTest.keyClicks(view.code.field, code)
    QTest.keyClick(view.code.field, Qt.Key.Key_Return)


def test_a_code_is_asked_for_after_the_password_and_return_goes_on(
    view: LoginView, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.steps.set_up("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    assert view.code.field.isVisible()
    assert not view.password.isVisible()
    assert "wang" in view.hint.text()
    assert view.code.field.hasFocus()
    with qtbot.waitSignal(view.entered) as caught:
        type_code(view, station.people.steps.code("wang"))
    assert caught.args[0].login == "wang"
    assert station.people.asked[-1] == ("wang", station.people.steps.code("wang"))
    assert (view.step, view.password.text(), view.code.field.text(), view._password) == (PASSWORD, "", "", "")


def test_only_digits_go_into_the_field_full_width_ones_too(view: LoginView, station: MemoryStation) -> None:
    field = view.code.field
    QTest.keyClicks(field, "12a3-4 56x789")
    assert field.code == "123456"
    field.setText("１２３４５６")
    assert field.code == "123456"
    assert field.complete
    assert field.inputMethodHints() & Qt.InputMethodHint.ImhDigitsOnly


def test_a_half_typed_code_is_not_sent(view: LoginView, station: MemoryStation, qtbot: QtBot) -> None:
    station.people.steps.set_up("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    type_code(view, "123")
    assert view.problem.text() == t("login.code_short")
    assert [code for _, code in station.people.asked] == [""]
    QTest.keyClick(view.code.field, Qt.Key.Key_4)
    assert not view.problem.isVisible()


def test_a_wrong_code_is_said_and_the_next_one_may_be_right(
    view: LoginView, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.steps.set_up("wang")
    right = station.people.steps.code("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    type_code(view, "000000" if right != "000000" else "111111")
    qtbot.waitUntil(view.problem.isVisible)
    assert view.problem.text() == "动态码不对、已过期或已用过"
    assert view.code.field.text() == ""
    with qtbot.waitSignal(view.entered):
        type_code(view, right)


def test_a_lost_telephone_is_no_end_a_code_on_paper_does_once(
    view: LoginView, station: MemoryStation, qtbot: QtBot
) -> None:
    steps = station.people.steps
    steps.set_up("wang")
    paper = steps.papers["wang"][0]
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    QTest.mouseClick(view.code.other, Qt.MouseButton.LeftButton)
    assert view.code.label.text() == t("login.paper_code")
    with qtbot.waitSignal(view.entered):
        type_code(view, paper.upper())
    assert paper not in steps.papers["wang"]
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    assert not view.code.field.paper
    QTest.mouseClick(view.code.other, Qt.MouseButton.LeftButton)
    type_code(view, paper)
    qtbot.waitUntil(view.problem.isVisible)
    assert view.problem.text() == t("login.wrong_paper")


def test_a_role_that_must_use_codes_sets_its_telephone_up_while_it_logs_in(
    view: LoginView, station: MemoryStation, sheets: list[QWidget], ctx: PanelContext, qtbot: QtBot
) -> None:
    steps = station.people.steps
    steps.required.add("wang")
    view.entered.connect(ctx.set_actor)
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == ENROL)
    assert view.offer.secret.text() == in_fours(steps.secrets["wang"])
    assert not view.offer.picture.pixmap().isNull()
    assert not view.code.other.isVisible()  # there are no codes on paper yet
    with qtbot.waitSignal(view.entered):
        type_code(view, steps.code("wang"))
    assert view.offer.secret.text() == ""
    assert view.offer.picture.pixmap().isNull()
    assert isinstance(sheets[0], RecoverySheet)
    assert list(sheets[0].codes) == steps.papers["wang"]


def test_the_picture_is_dark_on_white_with_whole_squares_in_either_theme(
    view: LoginView, station: MemoryStation, qtbot: QtBot
) -> None:
    from ui.theme import theme

    theme().switch("night")
    station.people.steps.required.add("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == ENROL)
    image = view.offer.picture.pixmap().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(0, image.height(), 7)}
    assert colours == {"#000000", "#ffffff"}
    assert image.pixelColor(0, 0).name() == "#ffffff"  # the quiet zone


def test_own_password_then_code_in_one_go(view: LoginView, station: MemoryStation, qtbot: QtBot) -> None:
    station.add_user("new", "陈晓", Role.OPERATOR, must_change=True)
    station.people.steps.set_up("new")
    enter(view, "new")
    qtbot.waitUntil(lambda: view.step == CHANGE)
    for field in (view.new.first, view.new.second):
        QTest.keyClicks(field, "blue-kettle-19")
    QTest.keyClick(view.new.second, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.step == CODE)
    with qtbot.waitSignal(view.entered):
        type_code(view, station.people.steps.code("new"))
    assert station.people.passwords["new"] == "blue-kettle-19"


def test_back_forgets_what_was_typed(view: LoginView, station: MemoryStation, qtbot: QtBot) -> None:
    station.people.steps.set_up("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    QTest.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert (view.step, view._password, view.login()) == (PASSWORD, "", "wang")
    assert not view._forget.isActive()


def test_a_login_left_half_way_is_forgotten_in_time(view: LoginView, station: MemoryStation, qtbot: QtBot) -> None:
    station.people.steps.set_up("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    assert view._forget.isActive()
    assert view._forget.interval() == FORGET_MS[CODE]
    view._forget.timeout.emit()
    assert (view.step, view._password) == (PASSWORD, "")
    assert view.problem.text() == t("login.time_up")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("detail", DETAILS)
def test_each_reason_of_the_directory_is_told(
    view: LoginView, station: MemoryStation, qtbot: QtBot, language: str, detail: str
) -> None:
    messages().switch(language)
    station.people.answers["zhou"] = LoginResult("not_allowed", detail=detail)
    enter(view, "zhou")
    qtbot.waitUntil(view.problem.isVisible)
    assert view.problem.text() == catalogue(language)[f"login.refused.{detail}"]
    assert view.login() == "zhou"
    assert view.password.hasFocus()


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("directory_unavailable", "answers.directory_unavailable"),
        ("store_failed", "answers.store_failed"),
        ("key_trouble", "answers.key_trouble"),
        ("weak_password", "answers.weak_password"),
        ("not_allowed", "answers.not_allowed"),
    ],
)
def test_every_other_end_is_told_in_both_languages_and_the_button_works_again(
    view: LoginView, station: MemoryStation, qtbot: QtBot, code: str, key: str
) -> None:
    station.people.answers["zhou"] = LoginResult(code)
    enter(view, "zhou")
    qtbot.waitUntil(view.problem.isVisible)
    assert view.problem.text() == t(key)
    messages().switch("en")
    assert view.problem.text() == catalogue("en")[key]
    assert view.enter.isEnabled()
    assert view.enter.words() == "Log in"


def test_a_key_that_can_not_be_read_leaves_the_code_step_open(
    view: LoginView, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.steps.set_up("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    station.people.steps.broken = "key_trouble"
    type_code(view, "123456")
    qtbot.waitUntil(view.problem.isVisible)
    assert view.step == CODE
    station.people.steps.broken = ""
    with qtbot.waitSignal(view.entered):
        type_code(view, station.people.steps.code("wang"))


def test_locked_out_in_the_middle_begins_anew(view: LoginView, station: MemoryStation, qtbot: QtBot) -> None:
    station.people.steps.set_up("wang")
    enter(view, "wang")
    qtbot.waitUntil(lambda: view.step == CODE)
    station.people.answers["wang"] = LoginResult("locked", locked_until_us=station.now_us() + 60_000_000)
    type_code(view, "123456")
    qtbot.waitUntil(lambda: view.step == PASSWORD)
    assert view.problem.text().startswith("错误次数过多")
    assert view._password == ""


def test_nobody_can_begin_anew_while_a_password_is_checked(view: LoginView) -> None:
    view._set_busy(True)
    view.name.setEditText("wang")
    view.start("li")
    view.people._clicked("li")
    view.submit()
    assert view.login() == "wang"
    assert not view.enter.isEnabled()


# -- who was here


def test_the_list_of_recent_people_is_touched_not_typed(
    view: LoginView, station: MemoryStation, settings: QSettings, qtbot: QtBot
) -> None:
    for who in ("admin", "li", "wang"):
        remember(settings, station.actor(who))
    view._list_names()
    tiles = view.people.tiles
    assert [tile.login for tile in tiles] == ["wang", "li", "admin"]
    assert all(tile.height() >= 44 for tile in tiles)
    assert TILE >= 44
    QTest.mouseClick(tiles[1], Qt.MouseButton.LeftButton)
    assert view.login() == "li"
    assert tiles[1].isChecked()
    assert view.password.hasFocus()
    QTest.keyClicks(view.password, GOOD)
    with qtbot.waitSignal(view.entered) as caught:
        QTest.keyClick(view.password, Qt.Key.Key_Return)
    assert caught.args[0].login == "li"
    assert [tile.login for tile in view.people.tiles] == ["li", "wang", "admin"]


def test_typing_another_name_takes_the_mark_off(view: LoginView, station: MemoryStation, settings: QSettings) -> None:
    remember(settings, station.actor("li"))
    view._list_names()
    view.people.tiles[0].click()
    view.name.setEditText("wan")
    assert not view.people.tiles[0].isChecked()


def test_somebody_is_taken_off_the_list_by_its_menu(
    view: LoginView, station: MemoryStation, settings: QSettings
) -> None:
    for who in ("li", "wang"):
        remember(settings, station.actor(who))
    view._list_names()
    tile = view.people.tiles[0]
    point = tile.rect().center()
    QApplication.sendEvent(tile, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, tile.mapToGlobal(point)))
    menu = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
    menu.actions()[0].trigger()
    menu.close()
    flush()
    assert recent_people(settings) == [("li", "李建国")]
    assert [view.name.itemData(n) for n in range(view.name.count())] == ["li"]
    forget(settings, "li")
    view.people.load()
    assert not view.people.isVisible()


def test_a_long_name_is_shortened_and_whole_in_its_tip(
    view: LoginView, station: MemoryStation, settings: QSettings
) -> None:
    station.add_user("konstantinopolous", "Alexander Konstantinopolous", Role.WORKER)
    remember(settings, station.actor("konstantinopolous"))
    view._list_names()
    flush()
    tile = view.people.tiles[0]
    assert "…" in tile.text()
    assert tile.toolTip() == "Alexander Konstantinopolous (konstantinopolous)"


def test_a_list_of_another_version_is_no_trouble(view: LoginView, settings: QSettings) -> None:
    settings.setValue("access/recent", "{not json")
    view._list_names()
    assert view.people.tiles == []


# -- at the console


@pytest.fixture
def window(station: MemoryStation, open_window: Callable[..., MainWindow]) -> MainWindow:
    fill(station)
    made = open_window()
    flush()
    return made


def test_one_click_changes_the_operator_and_leaves_all_in_its_place(
    window: MainWindow, station: MemoryStation, settings: QSettings, qtbot: QtBot
) -> None:
    for who in ("wang", "li"):
        remember(settings, station.actor(who))
    window.login._list_names()
    window.go("alarms")
    page = window._pages["monitoring"]
    assert isinstance(page, Workspace)
    before = page.saveState()
    QTest.mouseClick(window.status.change, Qt.MouseButton.LeftButton)
    assert window.ctx.actor is None
    assert isinstance(station.door.submitted[-1][0], LogOut)
    assert station.door.submitted[-1][1].login == "li"
    assert window.place == "alarms"
    assert window.banner.row is not None
    assert window.login.login() == ""  # nobody is proposed: the next is somebody else
    tile = next(tile for tile in window.login.people.tiles if tile.login == "wang")
    QTest.mouseClick(tile, Qt.MouseButton.LeftButton)
    QTest.keyClicks(window.login.password, GOOD)
    QTest.keyClick(window.login.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.ctx.actor is not None)
    assert window.ctx.actor is not None
    assert window.ctx.actor.login == "wang"
    assert window.place == "alarms"
    assert page.saveState() == before


def test_the_shortcut_changes_the_operator_and_the_lock_proposes_the_same_person(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_U, both)
    assert window.ctx.actor is None
    assert window.login.login() == ""
    window.ctx.set_actor(station.actor("li"))
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.login.login() == "li"


def menu_of(window: MainWindow) -> dict[str, QMenu]:
    QTest.mouseClick(window.status.user, Qt.MouseButton.LeftButton)
    menus = [m for m in window.findChildren(QMenu) if m.isVisible()]
    return {action.text().partition("\t")[0]: menus[0] for action in menus[0].actions()}


@pytest.mark.parametrize(("key", "left"), [("login.change", True), ("login.lock", True), ("login.account", False)])
def test_the_user_button_opens_a_menu_with_large_entries(window: MainWindow, key: str, left: bool) -> None:
    menu = menu_of(window)[t(key)]
    entry = next(a for a in menu.actions() if a.text().startswith(t(key)))
    assert menu.actionGeometry(entry).height() >= 40
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
    flush()
    assert (window.ctx.actor is None) == left
    assert isinstance(window.context.sheet, AccountSheet) == (not left)


def test_with_nobody_there_the_user_button_leads_to_the_login(window: MainWindow) -> None:
    window.change_operator()
    QTest.mouseClick(window.status.user, Qt.MouseButton.LeftButton)
    assert not [m for m in window.findChildren(QMenu) if m.isVisible()]
    assert window.login.step == PASSWORD
    assert window.status.user.accessibleName() == t("login.enter_tip")


def test_closing_the_window_closes_the_session(window: MainWindow, station: MemoryStation) -> None:
    window.close()
    assert [type(command) for command, _ in station.door.submitted] == [LogOut]


def test_codes_come_with_the_first_login_in_the_window_and_the_worst_alarm_waits_beneath(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.steps.required.add("wang")
    window.change_operator()
    enter(window.login, "wang")
    qtbot.waitUntil(lambda: window.login.step == ENROL)
    type_code(window.login, station.people.steps.code("wang"))
    qtbot.waitUntil(lambda: isinstance(window.context.sheet, RecoverySheet))
    sheet = window.context.sheet
    assert isinstance(sheet, RecoverySheet)
    assert sheet.isVisible()
    assert window.banner.ack.isEnabled()
    QTest.mouseClick(sheet.confirm, Qt.MouseButton.LeftButton)
    flush()
    assert window.context.sheet is None
    assert window.context.current == "alarm"
