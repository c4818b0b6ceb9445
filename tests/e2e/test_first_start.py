"""The first hour of a station: an empty data directory, the wizard, a tag, an alarm, its acknowledgement, the next day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.config import config_file, load_config
from models.alarms import AlarmState
from models.rights import Role
from tests.e2e.desk import PASSWORD, Desk, desk, t, words
from tests.servers import Mosquitto, free_port
from tests.ui.conftest import clean, themed
from ui.access.wizard import Wizard
from ui.alarms.columns import alarm_text
from ui.i18n import messages
from ui.monitoring.alarmsheet import AlarmSheet
from ui.monitoring.tagsheet import TagSheet
from ui.monitoring.values import ValuesPanel

__all__ = ["clean", "desk", "themed"]  # fixtures
pytestmark = [pytest.mark.server, pytest.mark.slow]

BROKER_USER, BROKER_PASSWORD = "station", "field-Secret-42"


class Drawer(KeyringBackend):
    """A keyring in memory, in place of the desktop's."""

    priority = 1  # type: ignore[assignment] # a class property in the base

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before, made = keyring.get_keyring(), Drawer()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that wants a password."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder, users={BROKER_USER: BROKER_PASSWORD}).start()
    yield broker
    broker.stop()


def wizard_of(desk: Desk) -> Wizard:
    assert desk.runner is not None
    wizard = desk.runner._wizard
    assert wizard is not None
    desk.until(wizard.isVisible, "the wizard")
    return wizard


def fill_wizard(desk: Desk, port: int, user: str = "", password: str = "") -> Wizard:
    """All three pages by keys, up to the last one."""
    wizard = wizard_of(desk)
    desk.until(wizard.isActiveWindow, "the keyboard at the wizard")
    desk.type(wizard.site, "南港化工")
    desk.press(wizard.next)
    assert wizard.name.hasFocus()
    desk.type(wizard.name, "赵云")
    desk.type(wizard.login, "zhao")
    desk.type(wizard.password.first, PASSWORD)
    desk.type(wizard.password.second, PASSWORD)
    desk.press(wizard.next)
    assert wizard.host.hasFocus()
    desk.type(wizard.host, "127.0.0.1")
    desk.type(wizard.port, str(port))
    if user:
        desk.type(wizard.user, user)
        desk.type(wizard.broker_password, password)
    return wizard


def test_the_wizard_goes_on_only_with_a_strong_password_and_says_what_is_wrong_with_a_weak_one(desk: Desk) -> None:
    desk.start()
    wizard = wizard_of(desk)
    assert not wizard.next.isEnabled()  # no site yet
    desk.type(wizard.site, "南港化工")
    desk.click(wizard.next)
    desk.type(wizard.name, "赵云")
    desk.type(wizard.login, "zhao")
    for weak, code in (("abc", "too_short"), ("passw0rd123", "common")):
        desk.type(wizard.password.first, weak)
        desk.type(wizard.password.second, weak)
        assert wizard.password.state.text() == t(f"access.weak.{code}")
        assert not wizard.next.isEnabled()
    desk.type(wizard.password.first, PASSWORD)
    assert wizard.password.state.text() == t("access.differ")
    assert not wizard.next.isEnabled()
    desk.type(wizard.password.second, PASSWORD)
    assert wizard.password.state.text() == t("access.password_good")
    desk.click(wizard.language.buttons["en"])
    assert messages().language == "en"
    assert wizard.password.state.text() == t("access.password_good")
    assert wizard.title.text().isascii()
    desk.click(wizard.next)
    assert wizard.pages.currentIndex() == 2
    assert not config_file(desk.directory).exists()  # nothing is written before the end


def test_the_broker_button_tells_a_wrong_port_and_a_wrong_password_from_a_good_one_and_no_secret_is_written(
    desk: Desk, guarded: Mosquitto, drawer: Drawer
) -> None:
    desk.start()
    wizard = fill_wizard(desk, free_port(), BROKER_USER, BROKER_PASSWORD)

    def outcome() -> str:
        desk.until(wizard.test.isEnabled, "the button")
        desk.press(wizard.test)
        desk.until(lambda: wizard.outcome.text() != t("wizard.broker.testing"), "the outcome")
        return wizard.outcome.text()

    assert t("wizard.broker.why.refused") in outcome()  # nobody listens there
    desk.type(wizard.port, str(guarded.port))
    desk.type(wizard.broker_password, "wrong")
    assert t("wizard.broker.why.not_authorized") in outcome()
    desk.type(wizard.broker_password, BROKER_PASSWORD)
    assert outcome() == t("wizard.broker.works")
    desk.click(wizard.next)
    desk.window()

    config = load_config(desk.directory)
    assert (config.site, config.brokers[0].port, config.brokers[0].user) == ("南港化工", guarded.port, BROKER_USER)
    assert list(drawer.kept.values()) == [BROKER_PASSWORD]
    for file in desk.directory.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert BROKER_PASSWORD.encode() not in content, file
            assert PASSWORD.encode() not in content, file
    assert desk.room is not None
    assert [(u.login, u.name, u.roles) for u in desk.room.people.users()] == [("zhao", "赵云", (Role.ADMINISTRATOR,))]
    assert not desk.shown.login.isHidden()
    desk.until(lambda: desk.shown.status.broker.accessibleName() == t("frame.broker_up"), "the link")


def make_tag(desk: Desk) -> None:
    desk.tab(t("monitoring.values"))
    values = desk.panel(ValuesPanel)
    desk.click(values.new_button)
    sheet = desk.sheet(TagSheet)
    desk.type(sheet.name.line, "TT-101")
    desk.type(sheet.description.line, "反应釜温度")
    desk.type(sheet.unit.line, "Cel")
    desk.type(sheet.high.line, "20")
    desk.type(sheet.low.line, "200")
    desk.click(sheet.confirm)
    assert sheet.high.problem.text() == t("monitoring.tag_sheet.invalid.range")  # said at the field, nothing lost
    desk.type(sheet.low.line, "0")
    desk.type(sheet.high.line, "200")
    desk.click(sheet.confirm)
    desk.no_sheet()
    desk.heard(t("monitoring.tag_sheet.created", name="TT-101"))


def make_alarm(desk: Desk) -> None:
    values = desk.panel(ValuesPanel)
    tags = desk.shown.ctx.station.tags
    desk.until(lambda: tags.by_name("TT-101") is not None, "the tag")
    tag = tags.by_name("TT-101")
    assert tag is not None
    desk.until(lambda: values.model.position(tag.id) >= 0, "the tag in the table")
    desk.pick(values.table, tag.id)
    desk.click(desk.shown.tag_detail.edit)
    editor = desk.sheet(TagSheet)
    desk.click(editor.new_alarm)
    sheet = desk.sheet(AlarmSheet)
    desk.type(sheet.text.line, "反应釜温度高")
    form = sheet.forms[0]
    desk.type(form.limit.line, "80")
    desk.type(form.deadband.line, "1")
    form.priority.box.setFocus()
    while form.priority.key != "high":
        QTest.keyClick(form.priority.box, Qt.Key.Key_Up)
    desk.click(sheet.confirm)
    desk.no_sheet()
    desk.heard(t("monitoring.alarm_sheet.saved", key="TT-101.H"))


def test_from_an_empty_directory_to_an_acknowledged_alarm_that_the_next_start_still_knows(
    desk: Desk, mosquitto: Mosquitto, qtbot: QtBot
) -> None:
    desk.start()
    wizard = fill_wizard(desk, mosquitto.port)
    desk.press(wizard.next)
    window = desk.window()
    assert not wizard.isVisible()
    assert "南港化工" in window.windowTitle()
    assert window.ctx.actor is None
    desk.log_in("zhao")
    assert window.banner.row is None

    make_tag(desk)
    make_alarm(desk)
    desk.tab(t("alarms.title"))
    assert desk.alarms().model.rowCount() == 0

    mosquitto.publish("ankan/v1/TT-101", ["85.5"])
    row = desk.alarm("TT-101", lambda r: r.state is AlarmState.UNACK)
    assert alarm_text(row) == "反应釜温度高"
    assert "85.5 / 80" in desk.cells(desk.alarms().table, row.occurrence_id)["value"]
    desk.until(lambda: window.banner.row is not None, "the banner")
    assert "反应釜温度高" in window.banner.strip.accessibleName()
    assert window.banner.ack.isVisible()

    desk.key(Qt.Key.Key_F2)
    row = desk.alarm("TT-101", lambda r: r.state is AlarmState.ACKED)
    acked = desk.cells(desk.alarms().table, row.occurrence_id)["acked"]
    assert acked.startswith("赵云 ")
    assert acked.endswith(" CTRL-1")
    assert ":" in acked  # when
    desk.until(lambda: window.banner.row is None, "a quiet banner")
    assert not window.banner.ack.isVisible()

    done = [(entry.action, entry.login, entry.outcome) for entry in reversed(desk.trail())]
    assert [action for action, _, _ in done] == [
        "rights.seed",
        "user.first_administrator",
        "session.login",
        "tag.save",
        "alarm.define",
        "alarm.acknowledge",
    ]
    assert {outcome for _, _, outcome in done} == {"done"}
    assert {login for action, login, _ in done if action != "user.first_administrator"} == {"system", "zhao"}
    desk.stop()

    desk.start()
    window = desk.window()
    assert desk.runner is not None
    assert desk.runner._wizard is None
    assert window.login.isVisible()
    row = desk.alarm("TT-101")
    assert row.state is AlarmState.ACKED
    assert desk.cells(desk.alarms().table, row.occurrence_id)["acked"].startswith("赵云 ")
    assert window.banner.row is None
    assert t("access.locked_title") in words(window.login)
    desk.log_in("zhao")
    mosquitto.publish("ankan/v1/TT-101", ["60"])
    desk.until(lambda: desk.alarms().model.rowCount() == 0, "the end of the alarm")
