"""The responsibility matrix on screen: who answers in each cell, gaps in words, from each gap to the sheet that mends it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from app.ports import Answer
from models.commands import ChangeUser
from models.events import OrganisationChanged
from models.organisation import GapCode, GroupRole
from models.organisation_commands import RemoveDuty, RemoveResponsibility, SaveDuty, SavePerson, SetResponsibility
from tests.ui.conftest import flush
from tests.ui.organisation_ui.conftest import Hands
from tests.ui.station import NOW
from ui.i18n import messages
from ui.organisation.cellsheets import AssignSheet, CellSheet, DutySheet
from ui.organisation.matrix import MatrixPanel
from ui.organisation.matrixmodel import CELL_ROLE
from ui.organisation.mending import ACTIONS, HolderSheet
from ui.organisation.personsheet import PersonSheet
from ui.organisation.seats import MemberSheet
from ui.organisation.structuresheets import PostSheet


def gap_at(panel: MatrixPanel, code: GapCode) -> None:
    line = next(line for line in panel.gaps.model.shown() if line.gap.code is code)
    panel.gaps.table.select(line.at)


def shown(panel: MatrixPanel, place: str, duty: str) -> str:
    return str(panel.model.index_of(place, duty).data(Qt.ItemDataRole.ToolTipRole))


def test_places_go_down_as_a_tree_and_cells_name_post_and_people(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    board = panel.model.board
    assert [(p.code, board.depths[p.code]) for p in board.places] == [("P", 0), ("A1", 1), ("A2", 1)]
    assert panel.model.headerData(0, Qt.Orientation.Horizontal) == "隐患排查"
    assert shown(panel, "A1", "D1") == "罐区 · 隐患排查\n主责: 操作工 · 李操作\n协助: 生产部经理 · 王生产"
    assert shown(panel, "A2", "D1").endswith("无人负责")
    assert shown(panel, "A1", "D2").endswith("主责: 消防站站长 · 无人在岗\n岗位无人")
    assert shown(panel, "A2", "D2").endswith("此处不要求这项职责")
    assert panel.model.index_of("A2", "D1").data(CELL_ROLE).gap is GapCode.PLACE_WITHOUT_DUTY
    messages().switch("en")
    assert shown(panel, "A1", "D1").startswith("Tanks · Inspection\nMain: OP")


def test_gaps_are_listed_by_side_and_locate_their_cell_or_page(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    assert panel.gaps.title.text() == "缺口 8"
    assert panel.gaps.chips.chips["down"].text() == "纵向 3"
    assert panel.gaps.model.shown()[0].text == "装卸区：“隐患排查”没有岗位负责"
    gap_at(panel, GapCode.PLACE_WITHOUT_DUTY)  # choosing it is enough
    cell = panel.model.cell(panel.view.currentIndex())
    assert (cell.place.code, cell.duty.code) == ("A2", "D1")
    asked: list[tuple[str, str]] = []
    panel.elsewhere.connect(lambda kind, code: asked.append((kind, code)))
    for code in (GapCode.POST_WITHOUT_PERSON, GapCode.DEPARTMENT_WITHOUT_HEAD, GapCode.PERSON_WITHOUT_POST):
        gap_at(panel, code)
        panel.gaps.locate.click()
    assert asked == [("post", "FIRE-L"), ("department", "FIRE"), ("person", "C1")]
    panel.gaps.chips.choose("people")
    assert panel.gaps.model.rowCount() == 3
    messages().switch("en")
    assert panel.gaps.model.shown()[0].text == "Department “消防站” has no head"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (GapCode.PLACE_WITHOUT_DUTY, AssignSheet),
        (GapCode.DUTY_WITHOUT_PERSON, HolderSheet),
        (GapCode.POST_WITHOUT_PERSON, HolderSheet),
        (GapCode.POST_WITHOUT_DUTY, AssignSheet),
        (GapCode.MEMBER_WITHOUT_DUTY, MemberSheet),
        (GapCode.DEPARTMENT_WITHOUT_HEAD, HolderSheet),
        (GapCode.PERSON_WITHOUT_POST, PersonSheet),
    ],
)
def test_each_gap_opens_the_sheet_that_mends_it(hands: Hands, code: GapCode, kind: type) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    gap_at(panel, code)
    panel.gaps.mend.click()
    assert hands.sheet(kind).isVisible()


def test_every_kind_of_gap_has_its_right() -> None:
    assert set(ACTIONS) == set(GapCode)


def test_a_leader_is_missed_and_a_department_without_a_leading_post_gets_one(hands: Hands) -> None:
    org = hands.station.organisation
    org.post_rows = [row for row in org.post_rows if row.code != "FIRE-L"]
    org.cells = [row for row in org.cells if row.post != "FIRE-L"]
    gap = org.gap_rows[5]
    org.gap_rows = [gap, type(gap)(code=GapCode.GROUP_WITHOUT_LEADER, side=org.gap_rows[4].side)]
    panel = hands.show(MatrixPanel(hands.ctx))
    gap_at(panel, GapCode.DEPARTMENT_WITHOUT_HEAD)
    panel.gaps.mend.click()
    sheet = hands.sheet(PostSheet)
    assert (sheet.department.key, sheet.leads.isChecked()) == ("FIRE", True)
    gap_at(panel, GapCode.GROUP_WITHOUT_LEADER)
    assert not panel.gaps.locate.isEnabled()
    panel.gaps.mend.click()
    assert hands.sheet(MemberSheet).role.key == GroupRole.LEADER


def test_an_account_of_somebody_who_left_is_closed_after_a_question(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    gap_at(panel, GapCode.LEFT_WITH_ACCOUNT)
    panel.gaps.mend.click()  # the shift leader may not
    assert hands.said[-1] == "当前人员没有此权限"
    hands.station.add_user("zhao", "赵离岗", hands.ctx.actor.roles[0])
    hands.ctx.set_actor(hands.station.actor("admin"))
    hands.until(lambda: panel.data is not None and panel.gaps.model.rowCount() == 8)
    gap_at(panel, GapCode.LEFT_WITH_ACCOUNT)
    panel.gaps.mend.click()
    hands.until(lambda: hands.asked)
    assert "zhao" in hands.asked[-1].text
    hands.asked[-1].done("", None, False)
    assert hands.orders(ChangeUser) == [ChangeUser(login="zhao", active=False)]
    hands.until(lambda: hands.said[-1] == "已停用 zhao")


def test_a_gap_is_mended_by_giving_the_duty_to_a_post(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    gap_at(panel, GapCode.PLACE_WITHOUT_DUTY)
    panel.gaps.mend.click()
    sheet = hands.sheet(AssignSheet)
    assert (sheet.place.key, sheet.duty.key, sheet.post.key) == ("A2", "D1", "")
    sheet.confirm.click()
    assert sheet.problem.text() == "请选择位置、职责和岗位"
    sheet.post.choose("FIRE-L")
    assert sheet.person.hint.text() == "此岗位现在没有人"
    sheet.post.choose("OP")
    assert [sheet.person.box.itemData(i) for i in range(sheet.person.box.count())] == ["", "E3"]
    sheet.person.choose("E3")
    draft = hands.press(sheet).responsibility
    assert (draft.place, draft.post, draft.duty, draft.person, draft.main) == ("A2", "OP", "D1", "E3", True)


def test_somebody_takes_over_an_empty_post(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    gap_at(panel, GapCode.POST_WITHOUT_PERSON)
    panel.gaps.mend.click()
    sheet = hands.sheet(HolderSheet)
    sheet.confirm.click()
    assert sheet.person.problem.text()
    sheet.person.line.setText("E3")
    order = hands.press(sheet)
    assert isinstance(order, SavePerson)
    assert (order.person.number, order.person.post, order.person.department, order.person.login, order.version) == (
        "E3", "FIRE-L", "FIRE", "wang", 5,
    )  # fmt: skip
    gap_at(panel, GapCode.DUTY_WITHOUT_PERSON)
    panel.gaps.mend.click()
    hands.sheet(HolderSheet).new.click()
    assert hands.sheet(PersonSheet).post.key == "FIRE-L"


def test_a_cell_is_opened_by_click_and_key_and_its_lines_are_changed_and_taken_back(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    index = panel.model.index_of("A1", "D1")
    panel.view.setCurrentIndex(index)
    panel.view.clicked.emit(index)
    sheet = hands.sheet(CellSheet)
    assert [part.accessibleName() for part in sheet.edits] == [
        "修改 操作工", "删除 操作工", "修改 生产部经理", "删除 生产部经理",
    ]  # fmt: skip
    sheet.edits[1].click()
    hands.asked[-1].done("moved", None, False)
    assert hands.orders(RemoveResponsibility)[-1] == RemoveResponsibility(
        place="A1", post="OP", duty="D1", reason="moved"
    )
    sheet.edits[2].click()
    assign = hands.sheet(AssignSheet)
    assert (assign.post.key, assign.main.isChecked(), assign.post.editor.isEnabled()) == ("OPS-M", False, False)
    assign.main.setChecked(True)
    hands.answers[SetResponsibility] = Answer(code="not_holder", params={"field": "person"})
    assert hands.press(assign).version == 4
    hands.until(lambda: assign.person.problem.text() == "此人不在该岗位")
    hands.key(panel.view, Qt.Key.Key_Return)
    hands.until(lambda: isinstance(hands.sheets[-1], CellSheet))
    closed: list[bool] = []
    hands.sheets[-1].closed.connect(lambda: closed.append(True))
    hands.station.bus.publish(OrganisationChanged(NOW))
    hands.until(lambda: closed)  # it showed what is no longer so
    cell = panel.model.cell(panel.view.currentIndex())
    assert (cell.place.code, cell.duty.code) == ("A1", "D1")


def test_a_duty_says_where_it_is_needed(hands: Hands) -> None:
    panel = hands.show(MatrixPanel(hands.ctx))
    panel.new_duty.click()
    sheet = hands.sheet(DutySheet)
    sheet.code.line.setText("D3")
    sheet.name.line.setText("动火审批")
    sheet.kinds["area"].setChecked(True)
    sheet.codes.line.setText("A1、NOWHERE")
    sheet.confirm.click()
    assert sheet.codes.problem.text() == "没有这些位置：NOWHERE"
    sheet.codes.line.setText("P")
    assert hands.press(sheet).duty.needed_on == ("area", "P")

    def choose(at: int) -> None:
        panel.duty_menu(1, QPoint(0, 0))
        menu = next(menu for menu in panel.findChildren(QMenu) if menu.isVisible())
        menu.actions()[at].trigger()
        menu.close()
        flush()

    choose(0)
    sheet = hands.sheet(DutySheet)
    assert (sheet.row.code, sheet.codes.text) == ("D2", "A1")
    assert hands.press(sheet).version == 1
    choose(1)
    hands.asked[-1].done("double", None, False)
    assert hands.orders(RemoveDuty) == [RemoveDuty(code="D2", reason="double")]


def test_an_empty_matrix_and_closed_rights_are_said_in_words(hands: Hands) -> None:
    org = hands.station.organisation
    org.duty_rows, org.cells, org.needed, org.gap_rows = [], [], set(), []
    panel = hands.show(MatrixPanel(hands.ctx))
    assert panel.states.note.title.text() == "还没有责任矩阵"
    assert panel.gaps.table.states.note.title.text() == "没有缺口"
    panel.states.note.action.click()
    assert hands.sheet(DutySheet).row is None
    hands.station.door.forbidden = {SaveDuty.action, SetResponsibility.action}
    hands.ctx.set_actor(hands.ctx.actor)
    flush()
    assert [panel.assign.isEnabled(), panel.new_duty.isEnabled()] == [False, False]
    assert panel.new_duty.toolTip() == "当前人员没有此权限"
    hands.ctx.set_actor(None)
    assert panel.model.rowCount() == 0
