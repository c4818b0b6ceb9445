"""The inventory of personal data to the last click: what is kept and why, export with signature, erasure, who may not."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.clock import US
from app.ports import Answer, AuditRow
from models.commands import Command
from models.organisation import PersonKind, PersonRow, today_us
from models.organisation_commands import ErasePerson, ExportPrivate
from models.people import Actor, Credential
from models.privacy import KeyUse, PrivateField
from tests.ui.conftest import flush
from tests.ui.station import NOW, MemoryStation, done
from tests.ui.test_audit import opened, words
from ui.access.audit_sheet import AuditSheet
from ui.access.privacy import PrivacyPanel
from ui.access.privacy_erase import EraseSheet
from ui.access.privacy_sheets import DataSheet, ExportSheet
from ui.access.signing import SignatureSheet
from ui.i18n import messages, t
from ui.main_window import MainWindow
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet

__all__ = ["opened"]  # fixture
Keep = Callable[[QWidget], QWidget]
DAY = 86_400 * US


def person(number: str, name: str, left_days: int | None = None) -> PersonRow:
    left = today_us(NOW) - left_days * DAY if left_days is not None else None
    return PersonRow(
        number=number, name=name, clear=True, kind=PersonKind.EMPLOYEE, department="", department_name="", post="",
        post_name="", company="", host="", joined_us=None, left_us=left, active=left is None, login="", erased_us=None,
        version=1,
    )  # fmt: skip


@pytest.fixture
def kept(station: MemoryStation) -> MemoryStation:
    """Three people with data, one of whom has left, and what was done with it."""
    o = station.organisation
    o.person_rows = [person("E1", "张大山"), person("E2", "王小明", left_days=10), person("E3", "李四")]
    for row in o.person_rows:
        o.masked[row.number] = {PrivateField.NAME: "*", PrivateField.PHONE: "138****5678"}
        o.private[row.number] = {PrivateField.NAME: row.name, PrivateField.PHONE: f"1381234567{row.number[1]}"}
    o.keys = (KeyUse("k-2026-new", 6, True, True),)
    o.key_us, o.next_us, o.purged_us = NOW - 40 * DAY, NOW + 80 * DAY, NOW - 3600 * US
    station.trail.rows = [
        AuditRow(1, NOW - 90 * US, "li", "李建国", "safety_manager", "CR-01", "privacy.reveal", "person:E1", "done", "家属联系", None, {"fields": ["phone", "allergies"]}),
        AuditRow(2, NOW - 60 * US, "li", "李建国", "safety_manager", "CR-01", "privacy.export", "x.csv", "done", "核对", None, {"fields": ["name"], "people": 3, "path": "x.csv"}),
        AuditRow(3, NOW - 30 * US, "system", "system", "", "CR-01", "privacy.purge", "privacy", "done", "", None, {"left": [], "removed": {"V1": ["phone"], "V2": ["phone"]}}),
        AuditRow(4, NOW - 10 * US, "wang", "王敏", "operator", "CR-01", "session.login", "user:wang", "done", "", None, None),
    ]  # fmt: skip
    return station


@pytest.fixture
def privacy(ctx: PanelContext, kept: MemoryStation, keep: Keep, qtbot: QtBot) -> PrivacyPanel:
    panel = cast(PrivacyPanel, keep(PrivacyPanel(ctx)))
    keep(panel.header)
    panel.resize(1500, 700)
    panel.show()
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0 and panel.act_model.rowCount() == 3)
    return panel


def test_each_field_shows_purpose_basis_place_time_and_who_may_see_it(privacy: PrivacyPanel) -> None:
    rows = {column.key: [column.text(row) for row in privacy.model.shown()] for column in privacy.model.columns}
    phone = rows["what"].index("手机号码")
    shown = {key: texts[phone] for key, texts in rows.items()}
    assert (shown["category"], shown["values"], shown["overdue"]) == ("个人信息", "3", "0")
    assert "劳动合同法" in shown["basis"]
    assert shown["stored"] == "person_private（加密）"
    assert shown["kept"] == "员工 90 天 · 承包商 30 天 · 访客 30 天"
    assert shown["seen_by"] == "查看个人信息原文"
    assert "健康（敏感）" in rows["category"]
    assert rows["category"].count("保险库之外") >= 2
    assert not any("personal." in text or "privacy." in text for texts in rows.values() for text in texts)


def test_retention_and_keys_are_told_in_figures(privacy: PrivacyPanel, kept: MemoryStation, qtbot: QtBot) -> None:
    tiles = {name: (tile.figure.text(), tile.remark.text()) for name, tile in privacy.tiles.items()}
    assert tiles["people"] == ("2", "已离岗 1")
    assert tiles["values"][0] == "6"
    assert tiles["overdue"] == ("0", "没有过期")
    assert tiles["key"] == ("40 天", "当前密钥 k-2026-n")
    kept.organisation.keys = (KeyUse("old", 4, False, False), KeyUse("new", 2, True, True))
    kept.organisation.overdue = {PrivateField.PHONE: 2}
    kept.organisation.next_us = NOW - US
    kept.organisation.purged_us = None
    privacy.refresh.click()
    qtbot.waitUntil(lambda: privacy.tiles["overdue"].figure.text() == "2")
    assert privacy.tiles["key"].remark.text() == "4 个值的密钥缺失"
    assert privacy.tiles["key"].remark.property("role") == "strong"
    assert (privacy.tiles["next"].figure.text(), privacy.tiles["purged"].figure.text()) == ("一小时内", "从未")


def test_the_latest_acts_tell_who_whose_and_which_fields(privacy: PrivacyPanel, opened: list[Sheet]) -> None:
    shown = [[column.text(row) for column in privacy.act_model.columns] for row in privacy.act_model.shown()]
    assert [line[2:5] for line in shown] == [
        ["到期清除个人信息", "V1、V2", "手机号码"],
        ["导出个人信息", "3 人", "姓名"],
        ["查看个人信息原文", "E1", "手机号码、过敏史"],
    ]
    assert [line[1] for line in shown] == ["系统", "李建国", "李建国"]
    privacy.acts.activated.emit(privacy.act_model.row_at(0))
    assert isinstance(opened[0], AuditSheet)


def test_a_field_opens_with_its_whole_texts(privacy: PrivacyPanel, opened: list[Sheet]) -> None:
    privacy.table.select(0)
    menu = QMenu()
    privacy._fill_menu(menu)
    menu.actions()[0].trigger()
    menu.deleteLater()
    assert isinstance(opened[0], DataSheet)
    assert "个人信息保护法" in words(opened[0])


def test_who_may_not_sees_why_and_nothing_else(
    privacy: PrivacyPanel, ctx: PanelContext, kept: MemoryStation, qtbot: QtBot
) -> None:
    kept.door.forbidden = {"privacy.inventory", "privacy.export", "privacy.erase", "audit.read"}
    ctx.set_actor(kept.actor("wang"))
    assert (privacy.model.rowCount(), privacy.act_model.rowCount()) == (0, 0)
    assert privacy.table.states.note.title.text() == t("personal.hidden")
    assert not privacy.strip.isVisible()
    assert not privacy.take_out.isEnabled()
    assert not privacy.erase.isEnabled()
    kept.door.forbidden = {"audit.read"}
    ctx.set_actor(kept.actor("li"))
    qtbot.waitUntil(lambda: privacy.model.rowCount() > 0)
    assert privacy.acts.states.note.title.text() == t("trail.hidden")


def test_a_store_that_is_away_is_said_and_asked_again(privacy: PrivacyPanel, kept: MemoryStation, qtbot: QtBot) -> None:
    kept.organisation.broken = True
    privacy.refresh.click()
    qtbot.waitUntil(lambda: privacy.table.states.note.hint.text() == "store is away")
    kept.organisation.broken = False
    privacy.table.states.note.action.click()
    qtbot.waitUntil(lambda: privacy.table.states.state == "content")


# -- export


def export_sheet(privacy: PrivacyPanel, opened: list[Sheet]) -> ExportSheet:
    privacy.take_out.click()
    return cast(ExportSheet, opened[-1])


def test_an_export_asks_for_fields_and_a_reason_and_writes_what_was_ordered(
    privacy: PrivacyPanel, kept: MemoryStation, opened: list[Sheet], qtbot: QtBot, tmp_path: Path
) -> None:
    sheet = export_sheet(privacy, opened)
    sheet.confirm.click()
    assert sheet.problem.text() == t("personal.fields_needed")
    sheet.boxes[PrivateField.NAME].click()
    sheet.boxes[PrivateField.PHONE].click()
    sheet.confirm.click()
    assert sheet.problem.text() == t("common.reason_needed")
    sheet.reason.box.setPlainText("年度核对")
    sheet.numbers.box.setPlainText("E1, E3")
    sheet.confirm.click()
    dialog = sheet.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "people.csv"))
    dialog.close()
    path = tmp_path / "people.csv"
    qtbot.waitUntil(lambda: path.exists() and path.stat().st_size > 0)
    assert kept.door.submitted[-1][0] == ExportPrivate(
        numbers=("E1", "E3"), fields=("name", "phone"), path=str(path), reason="年度核对"
    )
    assert path.read_text("utf-8-sig").splitlines() == [
        "工号,姓名,手机号码",
        "E1,张大山,13812345671",
        "E3,李四,13812345673",
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    qtbot.waitUntil(lambda: not sheet.isVisible())


def test_health_data_needs_its_own_right(privacy: PrivacyPanel, kept: MemoryStation, opened: list[Sheet]) -> None:
    kept.door.forbidden = {"privacy.reveal_health"}
    sheet = export_sheet(privacy, opened)
    assert not sheet.boxes[PrivateField.ALLERGIES].isEnabled()
    assert sheet.boxes[PrivateField.ALLERGIES].toolTip() == t("common.not_allowed")
    assert sheet.boxes[PrivateField.PHONE].isEnabled()


def test_an_unknown_number_writes_nothing_and_leaves_the_form(
    privacy: PrivacyPanel, opened: list[Sheet], qtbot: QtBot, tmp_path: Path
) -> None:
    sheet = export_sheet(privacy, opened)
    sheet.boxes[PrivateField.NAME].click()
    sheet.numbers.box.setPlainText("E9")
    sheet.reason.box.setPlainText("x")
    sheet.export(tmp_path / "a.csv")
    assert not sheet.confirm.isEnabled()
    qtbot.waitUntil(sheet.confirm.isEnabled)
    assert sheet.isVisible()
    assert not (tmp_path / "a.csv").exists()


def test_the_window_asks_for_the_signature_by_itself_and_the_form_waits_beneath(
    kept: MemoryStation, open_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    given: list[tuple[Credential, ...]] = []

    def submit(command: Command, actor: Actor, signatures: tuple[Credential, ...] = ()):
        if not isinstance(command, ExportPrivate):
            return done(Answer())
        given.append(tuple(signatures))
        if not signatures:
            return done(Answer("signature_needed", params={"danger": "privacy.export", "second": False}))
        return done(kept.organisation.carry_out(command))

    kept.door.submit = submit  # type: ignore[method-assign] # signatures are the real door's matter
    window = open_window("li")
    window.go("access")
    panel = next(iter(window.findChildren(PrivacyPanel)))
    qtbot.waitUntil(panel.take_out.isEnabled)
    panel.take_out.click()
    sheet = window.context.sheet
    assert isinstance(sheet, ExportSheet)
    sheet.boxes[PrivateField.NAME].click()
    sheet.reason.box.setPlainText("年度核对")
    for signs in (False, True):
        sheet.export(tmp_path / "a.csv")
        qtbot.waitUntil(lambda: isinstance(window.context.sheet, SignatureSheet))
        signature = window.context.sheet
        assert isinstance(signature, SignatureSheet)
        if signs:
            signature.password.setText("correct horse")
            signature.confirm.click()
        else:
            signature.close()
            qtbot.waitUntil(lambda: window.context.sheet is sheet and sheet.confirm.isEnabled())
            assert not (tmp_path / "a.csv").exists()
    qtbot.waitUntil(lambda: (tmp_path / "a.csv").exists() and (tmp_path / "a.csv").stat().st_size > 20)
    qtbot.waitUntil(lambda: window.context.sheet is None)
    assert given[-1][0].password == "correct horse"
    flush()


# -- erasure


def test_somebody_who_has_left_is_erased_with_a_reason_and_what_the_law_keeps_is_told(
    privacy: PrivacyPanel, ctx: PanelContext, kept: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    said: list[str] = []
    ctx.toast.connect(lambda text, _level: said.append(text))
    privacy.erase.click()
    sheet = cast(EraseSheet, opened[-1])
    qtbot.waitUntil(sheet.confirm.isEnabled)
    assert [sheet.person.itemData(n) for n in range(sheet.person.count())] == ["E2"]
    text = words(sheet)
    assert "现在删除" in text
    assert "依法保存到" in text
    sheet.confirm.click()
    assert sheet.problem.text() == t("common.reason_needed")
    assert kept.door.submitted == []
    sheet.reason.box.setPlainText("本人要求")
    sheet.confirm.click()
    qtbot.waitUntil(lambda: not sheet.isVisible())
    assert kept.door.submitted[-1][0] == ErasePerson(number="E2", reason="本人要求")
    assert said[-1].startswith("已删除 E2 的：手机号码。 依法保存：姓名 ")
    assert PrivateField.PHONE not in kept.organisation.masked["E2"]


def test_while_nobody_has_left_there_is_nobody_to_erase(
    privacy: PrivacyPanel, kept: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    kept.organisation.person_rows = [person("E1", "张大山")]
    privacy.erase.click()
    sheet = cast(EraseSheet, opened[-1])
    qtbot.waitUntil(lambda: sheet.note.text() == t("personal.nobody_left"))
    assert not sheet.confirm.isEnabled()


def test_all_words_change_with_the_language(privacy: PrivacyPanel) -> None:
    messages().switch("en")
    assert privacy.take_out.words() == "Export personal data…"
    assert privacy.tiles["people"].title.text() == "People"
    assert privacy.model.columns[0].text(privacy.model.row_at(0)) == "Name"
