"""People on screen: search and filters, masks and reveals, sheets for new and known, leaving, erasing, taking out."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu

from app.ports import Answer
from models.events import OrganisationChanged
from models.organisation import PersonKind, day_us
from models.organisation_commands import ErasePerson, ExportPrivate, PersonLeft, RevealPrivate, SavePerson
from models.privacy import Erased, PrivateField
from tests.ui.conftest import flush
from tests.ui.organisation_ui.conftest import Hands, person
from tests.ui.station import NOW
from ui.i18n import messages
from ui.organisation.frame import Frame
from ui.organisation.leaving import LeaveSheet
from ui.organisation.people import PeoplePanel
from ui.organisation.personcard import SHOWN_S, PersonCardSheet
from ui.organisation.personsheet import PersonSheet
from ui.organisation.privateexport import PrivateExportSheet
from ui.widgets.panel import PanelContext


def numbers(panel: PeoplePanel) -> list[str]:
    return [p.row.number for p in panel.model.shown()]


def opened_card(hands: Hands, number: str) -> PersonCardSheet:
    panel = hands.show(PeoplePanel(hands.ctx))
    panel.show_card(number)
    sheet = hands.sheet(PersonCardSheet)
    hands.until(lambda: sheet.card is not None)
    return sheet


@pytest.fixture
def save_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Whoever asks for a file is given this one."""

    def choose(path: Path) -> None:
        def show(dialog: QFileDialog) -> None:
            dialog.selectNameFilter(next(f for f in dialog.nameFilters() if path.suffix in f))
            dialog.fileSelected.emit(str(path))
            dialog.done(QDialog.DialogCode.Accepted)

        monkeypatch.setattr(QFileDialog, "show", show)

    return choose


def test_people_are_found_by_pinyin_number_kind_department_and_state(hands: Hands) -> None:
    panel = hands.show(PeoplePanel(hands.ctx))
    assert numbers(panel) == ["C1", "E1", "E2", "E3", "V1"]  # those who left are not in the way
    panel.search.setText("lcz")
    panel.search.flush()
    assert numbers(panel) == ["E3"]
    panel.search.setText("宏远")
    panel.search.flush()
    assert numbers(panel) == ["C1"]
    panel.search.setText("")
    panel.search.flush()
    panel.kinds.choose("visitor")
    assert numbers(panel) == ["V1"]
    panel.kinds.choose("all")
    panel.when.choose("left")
    assert numbers(panel) == ["E9"]
    panel.when.choose("all")
    panel.department.setCurrentIndex(panel.department.findData("OPS"))
    assert numbers(panel) == ["E2", "E3", "E9"]
    assert "3 / 6" in panel.footer.text()
    panel.search.setText("nobody")
    panel.search.flush()
    assert panel.states.note.title.text() == "没有符合条件的人员"
    panel.go_to("V1")
    assert panel.table.current().row.number == "V1"
    messages().switch("en")
    assert panel.kinds.chips["visitor"].text() == "visitor"
    assert next(p for p in panel.model.shown() if p.row.number == "E3").row.name == "李操作"
    assert panel.table.cells([panel.table.current()])[0][2] == "visitor"


def test_masked_names_are_said_to_be_masked(hands: Hands) -> None:
    hands.station.organisation.person_rows = [person("E1", "张**", "HSE-M", "HSE", clear=False)]
    panel = hands.show(PeoplePanel(hands.ctx))
    assert "姓名已脱敏" in panel.footer.text()


def test_a_card_shows_masks_and_reveals_with_a_reason_for_a_minute(
    hands: Hands,
) -> None:
    sheet = opened_card(hands, "E3")
    phone, blood = PrivateField.PHONE, PrivateField.BLOOD_TYPE
    assert sheet.values[phone].text() == "138****5678"
    assert sheet.values[PrivateField.ADDRESS].text() == "未登记"
    assert not sheet.boxes[PrivateField.ADDRESS].isEnabled()
    assert not sheet.reveal.isEnabled()
    sheet.boxes[phone].click()
    sheet.reveal.click()
    assert sheet.reason.problem.text() == "请填写原因"
    assert hands.orders(RevealPrivate) == []
    hands.answers[RevealPrivate] = Answer(data={"phone": "13812345678"})
    sheet.reason.box.setPlainText("通知家属")
    sheet.reveal.click()
    hands.until(lambda: sheet.values[phone].text() == "13812345678")
    assert hands.orders(RevealPrivate) == [RevealPrivate(number="E3", fields=("phone",), reason="通知家属")]
    assert sheet.until.text() == f"{SHOWN_S} 秒后重新脱敏"
    for _ in range(SHOWN_S - 1):
        sheet._tick()
    assert sheet.values[phone].text() == "13812345678"
    sheet._tick()
    assert (sheet.values[phone].text(), sheet.until.isVisible()) == ("138****5678", False)
    assert sheet.reason.text == ""  # the next look needs its own reason
    assert sheet.boxes[blood].isEnabled()
    hands.station.door.forbidden = {"privacy.reveal_health"}
    hands.ctx.set_actor(hands.ctx.actor)
    flush()
    assert not sheet.boxes[blood].isEnabled()
    assert sheet.boxes[blood].toolTip() == "当前人员没有此权限"


def test_the_lock_a_change_and_a_button_bring_the_masks_back(hands: Hands) -> None:
    sheet = opened_card(hands, "E3")
    phone = PrivateField.PHONE
    hands.answers[RevealPrivate] = Answer(data={"phone": "13812345678"})

    def reveal() -> None:
        sheet.boxes[phone].setChecked(True)
        sheet.reason.box.setPlainText("call home")
        sheet.reveal.click()
        hands.until(lambda: sheet.values[phone].text() == "13812345678")

    reveal()
    sheet.hide_now.click()
    assert sheet.values[phone].text() == "138****5678"
    reveal()
    hands.ctx.set_actor(None)
    assert sheet.values[phone].text() == "138****5678"
    assert not sheet._second.isActive()
    hands.ctx.set_actor(hands.station.actor("li"))
    hands.until(lambda: sheet.boxes[phone].isEnabled())
    reveal()
    hands.station.bus.publish(OrganisationChanged(NOW))
    hands.until(lambda: sheet.values[phone].text() == "138****5678")
    hands.answers[RevealPrivate] = Answer(code="key_trouble")
    sheet.boxes[phone].setChecked(True)
    sheet.reason.box.setPlainText("again")
    sheet.reveal.click()
    hands.until(lambda: sheet.reason.problem.text())


def test_a_card_read_anew_does_not_take_away_what_was_revealed_meanwhile(hands: Hands) -> None:
    sheet = opened_card(hands, "E3")
    phone = PrivateField.PHONE
    hands.answers[RevealPrivate] = Answer(data={"phone": "13812345678"})
    assert sheet.card is not None
    late = (sheet.card, Frame({}, {}))
    sheet.boxes[phone].setChecked(True)
    sheet.reason.box.setPlainText("call home")
    sheet.reveal.click()
    hands.until(lambda: sheet.values[phone].text() == "13812345678")
    sheet._show(late)  # asked before the reveal, answered after it
    assert sheet.values[phone].text() == "13812345678"
    sheet.hide_now.click()
    assert sheet.values[phone].text() == "138****5678"


def test_who_may_not_reveal_sees_masks_and_no_way_behind_them(hands: Hands) -> None:
    hands.station.door.forbidden = {"privacy.reveal", "person.save", "person.leave", "privacy.erase"}
    sheet = opened_card(hands, "E3")
    assert not any(box.isEnabled() for box in sheet.boxes.values())
    assert not sheet.reason.isVisible()
    assert [part.isEnabled() for part in (sheet.reveal, sheet.edit, sheet.leave, sheet.erase)] == [False] * 4
    assert sheet.leave.toolTip() == "当前人员没有此权限"


def test_a_contractor_is_made_with_host_and_private_values(hands: Hands) -> None:
    panel = hands.show(PeoplePanel(hands.ctx))
    panel.open_new(PersonKind.CONTRACTOR)
    sheet = hands.sheet(PersonSheet)
    sheet.confirm.click()
    assert sheet.number.problem.text()
    assert sheet.fields["name"].problem.text() == "必填"
    sheet.number.line.setText("E1")
    sheet.fields["name"].line.setText("钱大")
    sheet.host.line.setText("nobody")
    sheet.joined.line.setText("昨天")
    sheet.confirm.click()
    assert sheet.number.problem.text() == "已有这个代码"
    assert sheet.host.problem.text() == "请从列表中选一人"
    assert sheet.joined.problem.text() == "日期写成 2026-03-01"
    sheet.number.line.setText("C7")
    sheet.host.line.setText("王生产 · E2")
    sheet.joined.line.setText("2026/11/20")
    sheet.company.line.setText("宏远检修")
    sheet.fields["phone"].line.setText("13800001111")
    draft = hands.press(sheet).person
    assert (draft.number, draft.kind, draft.host, draft.company) == ("C7", PersonKind.CONTRACTOR, "E2", "宏远检修")
    assert draft.joined_us == day_us(datetime.date(2026, 11, 20))
    assert draft.private.values == {"name": "钱大", "phone": "13800001111"}
    assert "13800001111" not in repr(hands.orders(SavePerson))


def test_an_edit_sends_only_what_changed_and_shows_wrong_values_at_their_field(hands: Hands) -> None:
    panel = hands.show(PeoplePanel(hands.ctx))
    panel.table.select(panel._keys.of("E3"))
    panel.edit.click()
    sheet = hands.sheet(PersonSheet)
    assert sheet.number.line.isReadOnly()
    assert (sheet.department.key, sheet.post.key, sheet.login.text) == ("OPS", "OP", "wang")
    assert not sheet.company.isVisible()
    assert "138****5678" in sheet.fields["phone"].hint.text()
    sheet.department.choose("HSE")
    assert [sheet.post.box.itemData(i) for i in range(sheet.post.box.count())] == ["", "HSE-M"]
    sheet.post.choose("HSE-M")
    sheet.fields["id_number"].clear.click()
    sheet.fields["phone"].line.setText("1")
    hands.answers[SavePerson] = Answer(code="invalid", params={"field": "phone", "wrong": "phone"})
    order = hands.press(sheet)
    assert (order.version, order.person.post, order.person.private.values) == (
        5,
        "HSE-M",
        {"id_number": "", "phone": "1"},
    )
    hands.until(lambda: sheet.fields["phone"].problem.text() == "不是电话号码")
    hands.answers.clear()
    sheet.fields["id_number"].clear.click()
    sheet.fields["phone"].line.setText("")
    assert hands.press(sheet).person.private.values == {}
    sheet.kind.choose("visitor")
    assert not sheet.post.isVisible()


def test_without_the_right_private_fields_are_not_offered(hands: Hands) -> None:
    hands.station.door.forbidden = {"privacy.write", "privacy.write_health"}
    panel = hands.show(PeoplePanel(hands.ctx))
    assert not panel.new.isEnabled()
    panel.table.select(panel._keys.of("E3"))
    panel.edit.click()
    sheet = hands.sheet(PersonSheet)
    assert set(sheet.secrets) == {PrivateField.NAME}
    assert not sheet.fields["name"].editor.isEnabled()


def test_leaving_says_what_still_hangs_on_the_person(hands: Hands) -> None:
    sheet = opened_card(hands, "E2")
    sheet.leave.click()
    leave = hands.sheet(LeaveSheet)
    hands.until(lambda: "领导小组" in leave.open.text())
    assert "接待的在厂人员 1 名" in leave.open.text()
    leave.confirm.click()
    assert leave.reason.problem.text() == "请填写原因"
    leave.reason.box.setPlainText("retired")
    leave.day.line.setText("")
    leave.confirm.click()
    assert leave.day.problem.text() == "必填"
    leave.day.line.setText("2026-11-30")
    hands.answers[PersonLeft] = Answer(data={"leading_group": 1, "host": 1})
    order = hands.press(leave)
    assert order == PersonLeft(number="E2", left_us=day_us(datetime.date(2026, 11, 30)), reason="retired")
    hands.until(lambda: hands.said)
    assert "领导小组职务 1 个" in hands.said[-1]


def test_erasing_asks_first_and_says_what_the_law_keeps(hands: Hands) -> None:
    sheet = opened_card(hands, "E9")
    assert "2026-01-05" in sheet.mark.text()
    assert not sheet.leave.isEnabled()
    sheet.erase.click()
    assert "不能恢复" in hands.asked[-1].text
    kept = {"name": day_us(datetime.date(2029, 1, 4))}
    hands.answers[ErasePerson] = Answer(data=Erased(gone=("phone",), kept=kept))
    hands.asked[-1].done("asked for", None, False)
    flush()
    assert hands.orders(ErasePerson) == [ErasePerson(number="E9", reason="asked for")]
    assert hands.said[-1] == "已删除 1 项个人信息；依法保留到：姓名 2029-01-04"


def test_private_data_goes_out_only_with_fields_reason_and_a_file(
    hands: Hands, tmp_path: Path, save_as: Callable[[Path], None]
) -> None:
    panel = hands.show(PeoplePanel(hands.ctx))
    panel.export_private.click()
    sheet = hands.sheet(PrivateExportSheet)
    sheet.confirm.click()
    assert sheet.reason.problem.text() == "请填写原因"
    assert sheet.problem.text() == "请至少勾选一项"
    sheet.boxes[PrivateField.PHONE].setChecked(True)
    sheet.reason.box.setPlainText("insurance")
    path = tmp_path / "p.csv"
    save_as(path)
    hands.answers[ExportPrivate] = Answer(data=[["E1", "13800000000"], ["E2", "=1+1"]])
    order = hands.press(sheet)
    assert (order.fields, order.reason, order.path) == (("phone",), "insurance", str(path))
    assert order.numbers == ("C1", "E1", "E2", "E3", "V1")
    hands.until(lambda: any("2 行" in said for said in hands.said))
    text = path.read_text("utf-8-sig")
    assert "工号,手机" in text
    assert "13800000000" in text
    assert ",=1" not in text  # no formula runs in what was exported


def test_keys_open_the_card_and_the_menu_makes_new_people(hands: Hands, ctx: PanelContext) -> None:
    panel = hands.show(PeoplePanel(ctx))
    panel.table.select(panel._keys.of("E1"))
    hands.key(panel.table.view, Qt.Key.Key_Return)
    assert hands.sheet(PersonCardSheet).number == "E1"
    panel.new.click()
    menu = next(menu for menu in panel.findChildren(QMenu) if menu.isVisible())
    next(action for action in menu.actions() if action.text() == "访客").trigger()
    menu.close()
    assert hands.sheet(PersonSheet).kind.key == PersonKind.VISITOR
