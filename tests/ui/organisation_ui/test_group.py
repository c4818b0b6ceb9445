"""The leading group on screen: an ordered board, seats given, changed and taken back, empty and past ones."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from models.organisation import GroupRole
from models.organisation_commands import RemoveMember, SaveMember
from tests.ui.organisation_ui.conftest import JOINED, Hands
from ui.i18n import messages
from ui.organisation.group import GroupPanel
from ui.organisation.seats import MemberSheet


def test_the_board_shows_each_role_in_its_column_and_who_has_no_duty(hands: Hands) -> None:
    panel = hands.show(GroupPanel(hands.ctx))
    assert [head.text() for head in panel.heads.values()] == ["组长  1", "副组长  0", "成员  1", "办公室  0"]
    assert [card.member.number for card in panel.cards] == ["E1", "E2"]
    assert panel.cards[1].gap.text() == "未写职责"
    assert "组长, 张安全" in panel.cards[0].accessibleName()
    panel.past.click()
    assert [card.member.number for card in panel.cards] == ["E1", "E2", "E9"]
    messages().switch("en")
    assert panel.heads[GroupRole.LEADER].text() == "Leader  1"


def test_a_seat_is_given_to_somebody_of_the_list(hands: Hands) -> None:
    panel = hands.show(GroupPanel(hands.ctx))
    panel.new.click()
    sheet = hands.sheet(MemberSheet)
    sheet.person.line.setText("somebody")
    sheet.confirm.click()
    assert sheet.person.problem.text() == "请从列表中选一人"
    sheet.person.line.setText("李操作 · E3")
    sheet.role.choose(GroupRole.OFFICE)
    sheet.duties.box.setPlainText("办公室日常")
    sheet.until.line.setText("soon")
    sheet.confirm.click()
    assert sheet.until.problem.text() == "日期写成 2026-03-01"
    sheet.until.line.setText("")
    member = hands.press(sheet).member
    assert (member.number, member.role, member.duties) == ("E3", GroupRole.OFFICE, "办公室日常")


def test_a_seat_is_chosen_by_click_and_opened_by_key(hands: Hands) -> None:
    panel = hands.show(GroupPanel(hands.ctx))
    assert not panel.edit.isEnabled()
    QTest.mouseClick(panel.cards[1], Qt.MouseButton.LeftButton)
    assert panel.current.number == "E2"
    assert panel.cards[1].selected
    hands.key(panel.cards[1], Qt.Key.Key_Return)
    sheet = hands.sheet(MemberSheet)
    sheet.duties.box.setPlainText("生产安全")
    order = hands.press(sheet)
    assert (order.member.number, order.member.from_us, order.version) == ("E2", JOINED, 2)
    panel.remove.click()
    assert "王生产" in hands.asked[-1].text
    hands.asked[-1].done("by mistake", None, False)
    assert hands.orders(RemoveMember) == [RemoveMember(number="E2", role=GroupRole.MEMBER, reason="by mistake")]


def test_an_empty_group_says_what_to_do_and_rights_keep_it_shut(hands: Hands) -> None:
    hands.station.organisation.member_rows = []
    panel = hands.show(GroupPanel(hands.ctx))
    assert panel.states.note.title.text() == "还没有领导小组"
    panel.states.note.action.click()
    assert hands.sheet(MemberSheet).member is None
    hands.station.door.forbidden = {SaveMember.action}
    hands.ctx.set_actor(hands.ctx.actor)
    hands.until(lambda: not panel.new.isEnabled())
    hands.ctx.set_actor(None)
    assert panel.cards == []
