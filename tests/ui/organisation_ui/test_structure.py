"""Departments on screen: the tree with counts, heads and empty posts; sheets; removal with a reason; what rights keep shut."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.ports import Answer
from models.events import OrganisationChanged
from models.organisation import PostRank
from models.organisation_commands import RemoveDepartment, RemovePost, SaveDepartment, SavePost
from tests.ui.conftest import flush
from tests.ui.organisation_ui.conftest import Hands, department
from ui.i18n import messages
from ui.organisation.structure import StructurePanel
from ui.organisation.structuresheets import DepartmentSheet, PostSheet
from ui.organisation.tree import Node


def lines(panel: StructurePanel) -> list[str]:
    found: list[tuple[int, str]] = []

    def depth(node: Node) -> int:
        return 0 if node.parent is None else 1 + depth(node.parent)

    def walk(node: Node) -> None:
        for child in node.children:
            found.append((depth(child), child.title))
            walk(child)

    walk(panel.model.root)
    return ["  " * (d - 1) + title for d, title in found]


def test_the_tree_shows_departments_posts_and_people_with_what_is_empty(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    shown = lines(panel)
    assert shown[:4] == ["安全环保部", "  安全部经理", "    张安全", "  消防站"]
    assert "未分部门" in shown  # the contractor and the visitor belong to none
    fire = panel.model.node(panel.model.find(("department", "FIRE")))
    assert (fire.gap, fire.people, fire.cell("about")) == ("no_head", 0, "—")
    hse = panel.model.node(panel.model.find(("department", "HSE")))
    assert (hse.people, hse.cell("about")) == (1, "张安全")
    leader = panel.model.find(("post", "FIRE-L"))
    assert "无人在岗" in leader.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "赵离岗" not in "".join(shown)
    assert "3 个部门 · 4 个岗位 · 5 人" in panel.footer.text()


def test_a_search_by_pinyin_initials_leaves_the_way_to_what_it_found(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    panel.search.setText("lcz")
    panel.search.flush()
    hands.until(lambda: len(lines(panel)) == 3)
    assert lines(panel) == ["生产部", "  操作工", "    李操作"]
    panel.go_to("post", "FIRE-L")
    hands.until(lambda: panel.current().key == ("post", "FIRE-L"))
    panel.search.setText("zzzz")
    panel.search.flush()
    hands.until(lambda: panel.states.state == "note")
    assert panel.states.note.title.text() == "没有找到"


def test_a_department_is_made_and_changed_with_its_version(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    panel.select("department", "OPS")
    panel.new_department.click()
    sheet = hands.sheet(DepartmentSheet)
    assert sheet.parent_.key == "OPS"  # beneath the one in focus
    sheet.confirm.click()
    assert sheet.code.problem.text()
    assert sheet.name.problem.text() == "必填"
    sheet.code.line.setText("HSE")
    sheet.name.line.setText("一班")
    sheet.confirm.click()
    assert sheet.code.problem.text() == "已有这个代码"
    assert hands.orders(SaveDepartment) == []
    sheet.code.line.setText("OPS-A")
    order = hands.press(sheet)
    assert (order.department.code, order.department.parent, order.version) == ("OPS-A", "OPS", None)
    flush()
    assert hands.said[-1] == "已保存"
    panel.edit.click()
    sheet = hands.sheet(DepartmentSheet)
    assert sheet.code.line.isReadOnly()
    assert "OPS" not in [sheet.parent_.box.itemData(i) for i in range(sheet.parent_.box.count())]
    sheet.position.line.setText("x")
    sheet.confirm.click()
    assert sheet.position.problem.text()
    sheet.position.line.setText("4")
    order = hands.press(sheet)
    assert (order.department.position, order.version) == (4, 1)


def test_a_refusal_is_shown_at_the_field_it_is_about(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    hands.answers[SaveDepartment] = Answer(code="ring", params={"field": "parent"})
    panel.select("department", "HSE")
    panel.edit.click()
    sheet = hands.sheet(DepartmentSheet)
    hands.press(sheet)
    hands.until(lambda: sheet.parent_.problem.text())
    assert "下级" in sheet.parent_.problem.text()
    hands.answers[SaveDepartment] = Answer(code="conflict")
    hands.press(sheet)
    hands.until(lambda: sheet.problem.isVisible())
    assert "其他人" in sheet.problem.text()
    assert sheet.confirm.isEnabled()


def test_a_post_is_made_by_keys_and_removed_with_a_reason(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    panel.select("department", "FIRE")
    panel.new_post.click()
    sheet = hands.sheet(PostSheet)
    assert sheet.department.key == "FIRE"
    sheet.code.line.setText("FIRE-F")
    sheet.name.line.setText("消防队员")
    sheet.rank.choose(PostRank.TEAM)
    sheet.leads.setChecked(True)
    order = hands.press(sheet)
    assert (order.post.rank, order.post.leads, order.post.department) == (PostRank.TEAM, True, "FIRE")
    panel.select("post", "OP")
    hands.key(panel.view, Qt.Key.Key_Return)
    hands.until(lambda: len(hands.sheets) == 2)
    sheet = hands.sheet(PostSheet)
    assert (sheet.row.code, sheet.code.text) == ("OP", "OP")
    assert hands.press(sheet).version == 3
    panel.remove.click()
    assert "操作工" in hands.asked[-1].text
    hands.asked[-1].done("no longer", None, False)
    assert hands.orders(RemovePost)[-1] == RemovePost(code="OP", reason="no longer")
    panel.select("department", "FIRE")
    panel.remove.click()
    hands.asked[-1].done("merged", None, False)
    assert hands.orders(RemoveDepartment)[-1] == RemoveDepartment(code="FIRE", reason="merged")
    assert hands.orders(SavePost)[-1].post.code == "OP"


def test_a_person_in_the_tree_asks_for_their_card(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    asked: list[str] = []
    panel.person_asked.connect(asked.append)
    panel.select("person", "E3")
    assert not panel.remove.isEnabled()
    panel.edit.click()
    assert asked == ["E3"]


def test_what_changes_elsewhere_comes_in_and_the_focus_stays(hands: Hands) -> None:
    panel = hands.show(StructurePanel(hands.ctx))
    panel.select("post", "OP")
    hands.station.organisation.department_rows.append(department("NEW", "新部门"))
    hands.station.bus.publish(OrganisationChanged(hands.station.now_us()))
    hands.until(lambda: "新部门" in lines(panel))
    assert panel.current().key == ("post", "OP")


def test_rights_lock_and_trouble_are_said_in_words(hands: Hands) -> None:
    station, ctx = hands.station, hands.ctx
    station.door.forbidden = {"department.save", "post.save"}
    panel = hands.show(StructurePanel(ctx))
    panel.select("department", "OPS")
    assert not panel.new_department.isEnabled()
    assert panel.new_department.toolTip() == "当前人员没有此权限"
    panel.view.doubleClicked.emit(panel.view.currentIndex())
    assert hands.sheets == []
    ctx.set_actor(None)
    assert lines(panel) == []
    assert panel.states.note.title.text() == "登录后才显示组织与人员"
    station.organisation.forbidden = {"people.read"}
    ctx.set_actor(station.actor("wang"))
    hands.until(lambda: "没有查看" in panel.states.note.title.text())
    station.organisation.forbidden, station.organisation.broken = set(), True
    ctx.set_actor(station.actor("li"))
    hands.until(lambda: "store is away" in panel.states.note.hint.text())
    station.organisation.broken = False
    panel.states.note.action.click()
    hands.until(lambda: panel.states.state == "content")
    messages().switch("en")
    assert panel.new_post.text() == "New post"
    assert lines(panel)[0] == "HSE"
