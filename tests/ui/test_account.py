"""One's own account, the users' second steps and the directory's state, to the last click."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import msgspec
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.ports import Answer
from models.commands import ChangeOwnPassword
from models.login_commands import ConfirmTotp, DisableTotp, EnrolTotp, RenewRecoveryCodes, ResetTotp
from models.people import Credential
from models.rights import Role
from tests.ui.conftest import flush
from tests.ui.plant import fill
from tests.ui.station import MemoryStation
from ui.access.account import AccountSheet, EnrolSheet, OwnPasswordSheet, PasswordSheet
from ui.access.panel import AccessPanel
from ui.access.recovery import CLIPBOARD_MS, RecoverySheet
from ui.access.settings import SettingsPanel
from ui.access.signing import SignatureSheet
from ui.i18n import messages, stamp_text, t
from ui.main_window import MainWindow
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import ReasonSheet, Sheet

Keep = Callable[[QWidget], QWidget]
GOOD = "correct horse"
S = TypeVar("S", bound=Sheet)


@pytest.fixture
def window(station: MemoryStation, open_window: Callable[..., MainWindow]) -> MainWindow:
    fill(station)
    made = open_window("admin")
    flush()
    return made


def account(window: MainWindow, qtbot: QtBot) -> AccountSheet:
    window.attendance.account()
    qtbot.waitUntil(lambda: sheet(window, AccountSheet).state.text() != t("login.asking"))
    return sheet(window, AccountSheet)


def sheet(window: MainWindow, kind: type[S]) -> S:
    flush()
    shown = window.context.sheet
    assert isinstance(shown, kind), shown
    return shown


def click(button: QWidget) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_account_says_who_one_is_and_that_codes_are_off(window: MainWindow, qtbot: QtBot) -> None:
    shown = account(window, qtbot)
    assert shown.state.text() == t("login.state.off")
    assert shown.enrol.isVisible()
    assert not shown.renew.isVisible()
    assert not shown.disable.isVisible()


def test_ones_own_password_is_changed_from_the_account(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    click(account(window, qtbot).password)
    shown = sheet(window, OwnPasswordSheet)
    QTest.keyClicks(shown.old, GOOD)
    for field in (shown.new.first, shown.new.second):
        QTest.keyClicks(field, "blue-kettle-19")
    click(shown.confirm)
    flush()
    assert station.door.submitted[-1][0] == ChangeOwnPassword(old_password=GOOD, new_password="blue-kettle-19")
    assert window.context.sheet is None


def test_a_password_of_the_directory_is_not_changed_here(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.infos["admin"] = msgspec.structs.replace(station.people.infos["admin"], external=True)
    shown = account(window, qtbot)
    assert not shown.password.isEnabled()
    assert shown.password_note.text() == t("answers.external_account")


def test_codes_are_set_up_by_password_picture_and_first_code(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    steps = station.people.steps
    click(account(window, qtbot).enrol)
    shown = sheet(window, EnrolSheet)
    click(shown.confirm)  # nothing typed: nothing ordered
    assert station.door.submitted == []
    QTest.keyClicks(shown.password, "guess")
    QTest.keyClick(shown.password, Qt.Key.Key_Return)
    qtbot.waitUntil(shown.problem.isVisible)
    assert shown.problem.text() == t("answers.wrong_password")
    QTest.keyClicks(shown.password, GOOD)
    QTest.keyClick(shown.password, Qt.Key.Key_Return)
    qtbot.waitUntil(shown.offer.isVisible)
    assert not shown.problem.isVisible()
    assert not shown.password.isVisible()
    assert shown.offer.secret.text().replace(" ", "") == steps.secrets["admin"]
    click(shown.confirm)
    assert shown.problem.text() == t("login.code_short")
    QTest.keyClicks(shown.code.field, "000000" if steps.code("admin") != "000000" else "111111")
    click(shown.confirm)
    qtbot.waitUntil(lambda: shown.problem.text() == t("answers.wrong_code"))
    QTest.keyClicks(shown.code.field, steps.code("admin"))
    QTest.keyClick(shown.code.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(window.context.sheet, RecoverySheet))
    papers = sheet(window, RecoverySheet)
    assert list(papers.codes) == steps.papers["admin"]
    click(papers.confirm)
    orders = [type(command) for command, _ in station.door.submitted]
    assert orders == [EnrolTotp, EnrolTotp, ConfirmTotp, ConfirmTotp]
    assert account(window, qtbot).state.text().startswith("已启用")


def test_a_sheet_that_is_closed_keeps_no_secret(window: MainWindow, qtbot: QtBot) -> None:
    click(account(window, qtbot).enrol)
    shown = sheet(window, EnrolSheet)
    QTest.keyClicks(shown.password, GOOD)
    QTest.keyClick(shown.password, Qt.Key.Key_Return)
    qtbot.waitUntil(shown.offer.isVisible)
    forgotten: list[str] = []
    shown.closed.connect(lambda: forgotten.append(shown.offer.secret.text() + shown.code.field.text()))
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert forgotten == [""]


def test_new_codes_on_paper_replace_the_old_ones(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    steps = station.people.steps
    steps.set_up("admin")
    old = list(steps.papers["admin"])
    del steps.papers["admin"][2:]
    shown = account(window, qtbot)
    assert t("login.codes_few") in shown.state_note.text()
    click(shown.renew)
    asked = sheet(window, PasswordSheet)
    QTest.keyClicks(asked.password, GOOD)
    click(asked.confirm)
    qtbot.waitUntil(lambda: isinstance(window.context.sheet, RecoverySheet))
    assert isinstance(station.door.submitted[-1][0], RenewRecoveryCodes)
    assert not set(old) & set(sheet(window, RecoverySheet).codes)


def test_codes_are_switched_off_with_the_password(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    station.people.steps.set_up("admin")
    click(account(window, qtbot).disable)
    asked = sheet(window, PasswordSheet)
    QTest.keyClicks(asked.password, "guess")
    click(asked.confirm)
    qtbot.waitUntil(asked.problem.isVisible)
    assert asked.password.text() == ""
    QTest.keyClicks(asked.password, GOOD)
    QTest.keyClick(asked.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(window.context.sheet, AccountSheet))
    assert isinstance(station.door.submitted[-1][0], DisableTotp)
    qtbot.waitUntil(lambda: sheet(window, AccountSheet).state.text() == t("login.state.off"))


def test_a_role_that_must_use_codes_can_not_switch_them_off(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.steps.set_up("admin")
    station.people.steps.required.add("admin")
    shown = account(window, qtbot)
    assert not shown.disable.isVisible()
    assert t("login.required") in shown.state_note.text()


# -- codes on paper


@pytest.fixture
def papers(ctx: PanelContext, keep: Keep) -> RecoverySheet:
    made = cast(RecoverySheet, keep(RecoverySheet(ctx, tuple(f"abcde-{n:05d}" for n in range(10)))))
    made.resize(344, 700)
    made.show()
    return made


def test_the_paper_names_its_owner_and_all_codes_in_both_languages(papers: RecoverySheet) -> None:
    for language in ("zh", "en"):
        messages().switch(language)
        text = papers.text()
        assert "李建国 (li)" in text
        assert "南港化工" in text
        assert all(code in text for code in papers.codes)


def test_codes_are_copied_and_leave_the_clipboard_after_a_minute(papers: RecoverySheet, ctx: PanelContext) -> None:
    said: list[str] = []
    ctx.toast.connect(lambda text, _level: said.append(text))
    click(papers.copy)
    assert papers.codes[3] in QApplication.clipboard().text()
    assert said == [t("login.codes_copied", s=60)]
    later = next(timer for timer in ctx.findChildren(QTimer) if timer.interval() == CLIPBOARD_MS)
    assert later.isActive()
    later.stop()
    papers.close()
    later.timeout.emit()  # a minute later, the sheet long closed
    assert QApplication.clipboard().text() == ""


def test_a_file_of_codes_is_the_owners_alone(
    papers: RecoverySheet, ctx: PanelContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[QFileDialog] = []
    monkeypatch.setattr(QFileDialog, "show", lambda dialog: shown.append(dialog))
    click(papers.save)
    assert not shown[0].isModal()
    shown[0].selectNameFilter("TXT (*.txt)")
    shown[0].fileSelected.emit(str(tmp_path / "codes"))
    shown[0].done(0)
    text = tmp_path / "codes.txt"
    assert papers.codes[9] in text.read_text("utf-8")
    papers.write(str(tmp_path / "codes.pdf"))
    pdf = tmp_path / "codes.pdf"
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert len(pdf.read_bytes()) > 2000
    for file in (text, pdf):
        if os.name == "posix":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_file_that_can_not_be_written_is_said_and_the_codes_stay(
    papers: RecoverySheet, ctx: PanelContext, tmp_path: Path
) -> None:
    said: list[tuple[str, str]] = []
    ctx.toast.connect(lambda text, level: said.append((text, level)))
    papers.write(str(tmp_path / "nowhere" / "codes.pdf"))
    assert said[0][1] == "warning"
    assert papers.isVisible()


# -- users


def users_of(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> AccessPanel:
    window.go("access")
    panel = window.panel("access.people")
    assert isinstance(panel, AccessPanel)
    qtbot.waitUntil(lambda: panel.users.model.rowCount() == len(station.people.infos))
    return panel


def test_the_table_of_users_tells_whose_account_and_whether_with_codes(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    station.people.infos["wang"] = msgspec.structs.replace(station.people.infos["wang"], external=True)
    station.people.steps.set_up("wang")
    table = users_of(window, station, qtbot).users.table
    columns = {column.key: column for column in table.model.columns}
    shown = {u.login: (columns["account"].text(u), columns["second_step"].text(u)) for u in table.model.all_rows()}
    assert shown["wang"] == ("公司目录", "已启用")
    assert shown["li"] == ("本站", "未启用")


def reset_entry(window: MainWindow, station: MemoryStation, login: str, qtbot: QtBot) -> tuple[QMenu, int]:
    panel = users_of(window, station, qtbot)
    panel.users.table.select(station.people.infos[login].id)
    menu = QMenu()
    panel.users._fill_menu(menu)
    return menu, next(n for n, action in enumerate(menu.actions()) if action.text() == t("login.reset"))


def test_a_lost_telephone_is_reset_with_a_reason_and_a_signature(
    window: MainWindow, station: MemoryStation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.people.steps.set_up("wang")
    plain, signed = station.carry_out, list[tuple[Credential, ...]]()

    def dangerous(command: object, actor: object) -> Answer:
        if isinstance(command, ResetTotp) and not station.door.signed[-1]:
            return Answer("signature_needed", params={"danger": "totp.reset", "second": False})
        signed.append(station.door.signed[-1])
        return plain(command, actor)  # type: ignore[arg-type]  # the door gives what it was given

    monkeypatch.setattr(station, "carry_out", dangerous)
    menu, at = reset_entry(window, station, "wang", qtbot)
    assert menu.actions()[at].isEnabled()
    menu.actions()[at].trigger()
    menu.deleteLater()
    asked = sheet(window, ReasonSheet)
    click(asked.confirm)
    assert asked.problem.isVisible()
    QTest.keyClicks(asked.reason, "telephone lost")
    click(asked.confirm)
    qtbot.waitUntil(lambda: isinstance(window.context.sheet, SignatureSheet))
    sign = sheet(window, SignatureSheet)
    QTest.keyClicks(sign.password, GOOD)
    click(sign.confirm)
    qtbot.waitUntil(lambda: station.people.infos["wang"].second_step == "off")
    assert station.door.submitted[-1][0] == ResetTotp(login="wang", reason="telephone lost")
    assert signed[-1][0].login == "admin"


def test_nothing_is_to_be_reset_where_there_is_nothing(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    menu, at = reset_entry(window, station, "li", qtbot)
    assert not menu.actions()[at].isEnabled()
    menu.deleteLater()


def test_who_may_not_reset_can_not(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    station.people.steps.set_up("wang")
    station.door.forbidden.add("totp.reset")
    menu, at = reset_entry(window, station, "wang", qtbot)
    assert not menu.actions()[at].isEnabled()
    menu.deleteLater()


# -- the directory


@pytest.fixture
def settings_panel(ctx: PanelContext, station: MemoryStation, keep: Keep) -> SettingsPanel:
    ctx.set_actor(station.actor("admin"))
    panel = cast(SettingsPanel, keep(SettingsPanel(ctx)))
    keep(panel.header)
    panel.resize(1000, 900)
    panel.show()
    return panel


def test_a_station_without_directory_says_so(settings_panel: SettingsPanel) -> None:
    assert settings_panel.directory.state.text() == t("login.directory_off")
    assert not settings_panel.directory.test.isVisible()


def test_the_directory_is_tested_by_a_button_on_a_worker(
    settings_panel: SettingsPanel, station: MemoryStation, qtbot: QtBot
) -> None:
    row, servers = settings_panel.directory, ("ldaps://dc1.example", "ldaps://dc2.example")
    station.directory.problems = {servers[0]: "", servers[1]: "connection refused"}
    row.retranslate()
    assert row.state.text() == t("login.directory_untested")
    assert row.servers.text() == "\n".join(servers)
    click(row.test)
    assert row.test.words() == t("login.directory_asking")
    qtbot.waitUntil(lambda: row.test.isEnabled())
    assert row.state.text() == t("login.directory_up", good=1, all=2, time=stamp_text(station.now_us()))
    assert "connection refused" in row.servers.text()
    station.directory.problems[servers[0]] = "no answer"
    click(row.test)
    qtbot.waitUntil(lambda: row.state.text().startswith("不可用"))


def test_who_may_not_change_users_reads_only_whether_there_is_a_directory(
    settings_panel: SettingsPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    station.add_user("shen", "沈计", Role.AUDITOR)
    station.directory.problems = {"ldaps://dc1.example": ""}
    ctx.set_actor(station.actor("shen"))
    assert settings_panel.directory.state.text() == t("login.directory_untested")
    assert not settings_panel.directory.servers.isVisible()
    assert not settings_panel.directory.test.isVisible()


def test_a_check_that_fails_is_told(
    settings_panel: SettingsPanel, station: MemoryStation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = settings_panel.directory
    station.directory.problems = {"ldaps://dc1.example": ""}
    row.retranslate()

    def fail(_reader: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(station.directory, "check", fail)
    click(row.test)
    qtbot.waitUntil(lambda: "no route" in row.servers.text())
    assert row.test.isEnabled()
