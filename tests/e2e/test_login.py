"""A second step from its first picture to the next login, and a console that goes from hand to hand, in a real room."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.access import totp
from app.clock import US
from models.readings import Tag
from tests.e2e.desk import PASSWORD, Desk, desk, prepare, t
from tests.room import high
from tests.servers import Mosquitto
from tests.ui.conftest import clean, themed
from ui.access.account import AccountSheet, EnrolSheet
from ui.access.login import CODE
from ui.access.login import PASSWORD as FIRST
from ui.access.recovery import RecoverySheet
from ui.access.signing import SignatureSheet
from ui.access.users import UsersPanel
from ui.widgets.sheet import ReasonSheet

__all__ = ["clean", "desk", "themed"]  # fixtures
pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def plant(desk: Desk, mosquitto: Mosquitto) -> Desk:
    """One guarded tag, three people, nothing running."""
    prepare(desk.directory, mosquitto.port, Tag(name="TT-1", range_lo=0.0, range_hi=200.0), alarms=[high("TT-1", 80.0)])
    return desk


def code(secret: str, later_s: int = 0) -> str:
    """What the telephone shows; its clock may be half a minute fast."""
    return totp.code_at(secret, (int(time.time()) + later_s) * US)


def wrong(*right: str) -> str:
    """A code that is none of these."""
    return next(f"{n:06d}" for n in range(10) if f"{n:06d}" not in right)


def account(desk: Desk) -> AccountSheet:
    """The user button, then its entry."""
    desk.click(desk.shown.status.user)
    desk.choose(t("login.account"))
    sheet = desk.sheet(AccountSheet)
    desk.until(lambda: sheet.state.text() != t("login.asking"), "the state of the second step")
    return sheet


def enrol(desk: Desk) -> tuple[str, tuple[str, ...]]:
    """Set a telephone up; its secret, as it was typed from the screen, and the codes on paper."""
    desk.click(account(desk).enrol)
    sheet = desk.sheet(EnrolSheet)
    desk.type(sheet.password, PASSWORD)
    QTest.keyClick(sheet.password, Qt.Key.Key_Return)
    desk.until(sheet.offer.isVisible, "picture and secret")
    secret = sheet.offer.secret.text().replace(" ", "")
    desk.type(sheet.code.field, code(secret))
    QTest.keyClick(sheet.code.field, Qt.Key.Key_Return)
    papers = desk.sheet(RecoverySheet)
    kept = papers.codes
    desk.click(papers.confirm)
    desk.no_sheet()
    return secret, kept


def password(desk: Desk, login: str) -> None:
    """The first step by keys."""
    view = desk.shown.login
    desk.until(lambda: view.isVisible() and view.step == FIRST, "the login")
    desk.type(view.name, login)
    desk.type(view.password, PASSWORD)
    QTest.keyClick(view.password, Qt.Key.Key_Return)
    desk.until(lambda: view.step == CODE, "the second step")


def answer(desk: Desk, text: str) -> None:
    """The second step by keys."""
    field: QWidget = desk.shown.login.code.field
    desk.type(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def in_is(desk: Desk, login: str) -> None:
    """Somebody's session is open."""
    desk.until(lambda: (actor := desk.shown.ctx.actor) is not None and actor.login == login, f"{login}'s session")


def test_a_telephone_is_set_up_and_asked_for_at_the_next_login(plant: Desk) -> None:
    desk = plant
    window = desk.open("li")
    secret, papers = enrol(desk)
    desk.lock()

    view = window.login
    password(desk, "li")
    answer(desk, wrong(code(secret, -30), code(secret), code(secret, 30)))
    desk.until(view.problem.isVisible, "the refusal")
    assert view.problem.text() == t("answers.wrong_code")
    answer(desk, code(secret, 30))
    in_is(desk, "li")

    desk.lock()
    password(desk, "li")
    desk.click(view.code.other)
    answer(desk, papers[0])
    in_is(desk, "li")
    left = account(desk).state_note.text()
    assert left.startswith(t("login.codes_left", n=9))

    desk.lock()
    password(desk, "li")
    desk.click(view.code.other)
    answer(desk, papers[0])
    desk.until(view.problem.isVisible, "the refusal of a code that was used")
    assert view.problem.text() == t("login.wrong_paper")
    desk.click(view.back)

    logins = desk.trail(action="session.login", login="li")
    done = [row for row in logins if row.action == "session.login"]
    assert [row.after.get("second_step") for row in done] == ["recovery", "code", None]
    failed = [row for row in logins if row.action == "session.login_failed"]
    assert [row.outcome for row in failed] == ["refused", "refused"]
    shown = str([(row.before, row.after, row.reason) for row in desk.trail(limit=500)])
    assert secret not in shown
    assert not any(paper in shown for paper in papers)


def test_an_administrator_who_signs_takes_a_lost_telephone_away(plant: Desk) -> None:
    desk = plant
    window = desk.open("li")
    enrol(desk)
    desk.click(window.status.change)
    desk.log_in("zhao")
    desk.go("access")
    panel = desk.panel(UsersPanel)
    desk.until(lambda: panel.model.rowCount() == 3, "the users")
    user = next(user for user in panel.model.all_rows() if user.login == "li")
    assert desk.cells(panel.table, user.id)["second_step"] == t("login.step.on")
    desk.row_menu(panel.table, user.id)
    desk.choose(t("login.reset"))
    reason = desk.sheet(ReasonSheet)
    QTest.keyClicks(reason.reason, "lost in the tank farm")
    desk.click(reason.confirm)
    sign = desk.sheet(SignatureSheet)
    desk.type(sign.password, PASSWORD)
    if sign.second_password.isVisible():
        desk.type(sign.second_login, "li")
        desk.type(sign.second_password, PASSWORD)
    desk.click(sign.confirm)
    desk.until(lambda: desk.cells(panel.table, user.id)["second_step"] == t("login.step.off"), "the reset")
    row = desk.trail(action="totp.reset")[0]
    assert (row.outcome, row.target, row.reason) == ("done", "user:li", "lost in the tank farm")
    assert row.signed
    desk.no_sheet()
    desk.click(window.status.change)
    desk.log_in("li")


def test_a_console_goes_from_hand_to_hand_with_one_touch_and_the_trail_tells_who_was_there(
    plant: Desk, mosquitto: Mosquitto
) -> None:
    desk = plant
    window = desk.open("wang")
    desk.click(window.status.change)
    desk.log_in("li")
    mosquitto.publish("ankan/v1/TT-1", ["95"])
    desk.alarm("TT-1")
    layout = window._pages["monitoring"].saveState()  # type: ignore[attr-defined]  # a workspace
    desk.click(window.status.change)
    assert window.ctx.actor is None
    assert window.banner.row is not None
    tile = next(tile for tile in window.login.people.tiles if tile.login == "wang")
    desk.click(tile)
    desk.type(window.login.password, PASSWORD)
    QTest.keyClick(window.login.password, Qt.Key.Key_Return)
    in_is(desk, "wang")
    assert window._pages["monitoring"].saveState() == layout  # type: ignore[attr-defined]  # a workspace
    desk.read_banner()
    desk.key(Qt.Key.Key_F2)
    desk.until(lambda: desk.trail(action="alarm.acknowledge"), "the acknowledgement")
    assert desk.trail(action="alarm.acknowledge")[0].login == "wang"
    desk.stop()

    window = desk.open("zhao")
    rows = [(row.action, row.login, row.station) for row in desk.trail(action="session")]
    told = [row[:2] for row in reversed(rows) if row[0] in ("session.login", "session.logout")]
    assert told == [
        ("session.login", "wang"),
        ("session.logout", "wang"),
        ("session.login", "li"),
        ("session.logout", "li"),
        ("session.login", "wang"),
        ("session.logout", "wang"),  # by closing the program
        ("session.login", "zhao"),
    ]
    assert {row[2] for row in rows} == {"CTRL-1"}
