"""Rights on screen: the grid is changed role by role, questions are answered with their grounds, rules ask for signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ports import Answer
from models.commands import RemoveRole, SaveRole, SaveSignatureRule, SetGrants
from models.readings import PlaceInfo, PlaceKind
from models.rights import Grant, Role
from tests.ui.conftest import flush
from tests.ui.plant import fill
from tests.ui.station import MemoryStation
from ui.access.rights import RightsPanel
from ui.access.rights_ask import ANYWHERE, MayPanel, WhoPanel
from ui.access.rights_model import FIXED
from ui.access.rights_roles import RoleSheet, RolesPanel
from ui.access.rights_rules import RuleSheet, SignatureRulesPanel
from ui.access.users import UsersPanel
from ui.access.usersheet import UserSheet
from ui.i18n import messages
from ui.widgets.panel import Panel, PanelContext, ReasonRequest

Keep = Callable[[QWidget], QWidget]
PLACES = [
    PlaceInfo(code="N", kind=PlaceKind.PLANT, name="南港"),
    PlaceInfo(code="A1", kind=PlaceKind.AREA, name="罐区", parent="N"),
    PlaceInfo(code="A2", kind=PlaceKind.AREA, name="装卸", parent="N"),
]


@pytest.fixture
def boss(ctx: PanelContext, station: MemoryStation, monkeypatch: pytest.MonkeyPatch) -> PanelContext:
    fill(station)
    monkeypatch.setattr(station.tags, "places", lambda: PLACES)
    ctx.set_actor(station.actor("admin"))
    return ctx


def made(keep: Keep, panel: Panel) -> Panel:
    keep(panel)
    keep(panel.header)
    panel.resize(1200, 500)
    panel.show()
    return panel


def cell(panel: RolesPanel, action: str, role: str):
    row = next(at for at, info in enumerate(panel.grid.actions) if info.action == action)
    column = next(at for at, info in enumerate(panel.grid.roles) if info.code == role) + len(FIXED)
    return panel.grid.index(row, column)


def orders(station: MemoryStation) -> list[object]:
    return [command for command, _ in station.door.submitted]


def test_the_grid_shows_each_role_and_changes_one_of_them_with_a_reason(
    boss: PanelContext, station: MemoryStation, keep: Keep
) -> None:
    panel = cast(RolesPanel, made(keep, RolesPanel(boss)))
    asked: list[ReasonRequest] = []
    said: list[str] = []
    boss.ask.connect(asked.append)
    boss.toast.connect(lambda text, _level: said.append(text))
    index = cell(panel, "alarm.define", Role.OPERATOR)
    assert (index.data(), panel.bar.isVisible()) == ("", False)
    panel.view.clicked.emit(index)
    assert index.data() == "✓ *"
    assert panel.bar.isVisible()
    assert "修改报警定义" in panel.pending.text()
    panel.view.clicked.emit(cell(panel, "alarm.define", Role.WORKER))  # another role has to wait
    assert "操作员" in said[-1]
    panel.save.click()
    asked[0].done("new duty", None, False)
    flush()
    order = orders(station)[-1]
    assert isinstance(order, SaveRole)
    assert (order.code, "alarm.define" in order.actions, order.reason) == ("operator", True, "new duty")
    assert not panel.bar.isVisible()
    assert cell(panel, "alarm.define", Role.OPERATOR).data() == "✓"


def test_what_everybody_may_do_is_no_roles_to_give(boss: PanelContext, station: MemoryStation, keep: Keep) -> None:
    panel = cast(RolesPanel, made(keep, RolesPanel(boss)))
    index = cell(panel, "session.logout", Role.WORKER)
    assert index.data() == "·"
    panel.view.clicked.emit(index)
    assert not panel.bar.isVisible()


def test_a_draft_can_be_thrown_away_and_undone_by_hand(boss: PanelContext, station: MemoryStation, keep: Keep) -> None:
    panel = cast(RolesPanel, made(keep, RolesPanel(boss)))
    index = cell(panel, "alarm.acknowledge", Role.OPERATOR)
    panel.view.clicked.emit(index)
    assert index.data() == "✕ *"
    panel.view.clicked.emit(index)
    assert (index.data(), panel.bar.isVisible()) == ("✓", False)
    panel.view.clicked.emit(index)
    panel.discard.click()
    assert cell(panel, "alarm.acknowledge", Role.OPERATOR).data() == "✓"
    assert orders(station) == []


def test_who_may_only_read_changes_nothing_and_who_may_not_read_sees_nothing(
    boss: PanelContext, station: MemoryStation, keep: Keep
) -> None:
    panel = cast(RolesPanel, made(keep, RolesPanel(boss)))
    station.add_user("audit", "审计", Role.AUDITOR)
    boss.set_actor(station.actor("audit"))
    station.door.forbidden = {"rights.role"}
    boss.set_actor(station.actor("audit"))
    panel.view.clicked.emit(cell(panel, "alarm.define", Role.OPERATOR))
    assert not panel.bar.isVisible()
    boss.set_actor(station.actor("wang"))
    assert panel.grid.rowCount() == 0
    assert panel.states.state == "note"


def test_a_role_of_the_sites_own_is_made_and_removed(
    boss: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot
) -> None:
    panel = cast(RolesPanel, made(keep, RolesPanel(boss)))
    opened: list[RoleSheet] = []
    asked: list[ReasonRequest] = []
    boss.open_sheet.connect(lambda sheet: opened.append(cast(RoleSheet, keep(sheet))))
    boss.ask.connect(asked.append)
    panel.new.click()
    sheet = opened[0]
    sheet.confirmed()
    assert sheet.code.problem.text()
    sheet.code.line.setText("operator")
    sheet.name.line.setText("门卫")
    sheet.reason.box.setPlainText("new post")
    sheet.confirmed()
    assert sheet.code.problem.text() == "该代码已被占用"
    sheet.code.line.setText("gate")
    sheet.confirmed()
    flush()
    assert orders(station)[-1] == SaveRole(code="gate", name="门卫", actions=frozenset(), reason="new post")
    role = panel.grid.role("gate")
    assert role is not None
    panel._ask_removal(role)
    asked[-1].done("over", None, False)
    flush()
    assert orders(station)[-1] == RemoveRole(code="gate", reason="over")
    assert panel.grid.role("gate") is None


def test_what_a_person_may_do_is_answered_with_its_grounds(
    boss: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot
) -> None:
    station.carry_out(
        SetGrants(login="wang", grants=(Grant(role="operator", zone="A1", granted_by="admin"),), reason="x"),
        station.actor("admin"),
    )
    panel = cast(MayPanel, made(keep, MayPanel(boss)))
    qtbot.waitUntil(lambda: panel.subject.count() == 5)
    panel.subject.setCurrentIndex(panel.subject.findData("wang"))
    panel.zone.setCurrentIndex(panel.zone.findData("A1"))

    def line(action: str) -> tuple[str, str]:
        row = next(r for r in panel.model.all_rows() if r.action == action)
        columns = {column.key: column.text for column in panel.model.columns}
        return columns["may"](row), columns["because"](row)

    may, because = line("alarm.acknowledge")
    assert may == "是"
    assert "操作员 · 罐区 · A1" in because
    assert "admin" in because
    panel.zone.setCurrentIndex(panel.zone.findData("A2"))
    assert line("alarm.acknowledge") == ("否", "角色不在此区域")
    assert line("user.create") == ("否", "没有含此操作的角色")
    panel.zone.setCurrentIndex(panel.zone.findData(ANYWHERE))
    assert line("alarm.acknowledge")[0] == "是"
    assert line("session.logout") == ("是", "凡能登录者均可")


def test_who_may_do_this_there(boss: PanelContext, station: MemoryStation, keep: Keep) -> None:
    panel = cast(WhoPanel, made(keep, WhoPanel(boss)))
    panel.subject.setCurrentIndex(panel.subject.findData("alarm.out_of_service"))
    assert sorted(row.login for row in panel.model.all_rows()) == ["admin", "li"]  # 'old' is switched off
    panel.subject.setCurrentIndex(panel.subject.findData("rights.grant"))
    assert [row.login for row in panel.model.all_rows()] == ["admin"]


def test_a_signature_rule_is_changed_with_a_reason(boss: PanelContext, station: MemoryStation, keep: Keep) -> None:
    panel = cast(SignatureRulesPanel, made(keep, SignatureRulesPanel(boss)))
    opened: list[RuleSheet] = []
    boss.open_sheet.connect(lambda sheet: opened.append(cast(RuleSheet, keep(sheet))))
    rule = next(r for r in panel.model.all_rows() if r.danger == "rights.change")
    assert panel.table.select(panel._number(rule))
    panel.edit.click()
    sheet = opened[0]
    sheet.password.setChecked(False)
    sheet.second.setChecked(True)
    assert sheet.password.isChecked()  # two people never sign without a password
    sheet.reason.box.setPlainText("four eyes")
    sheet.confirmed()
    flush()
    assert orders(station)[-1] == SaveSignatureRule(
        danger="rights.change", password=True, second=True, reason="four eyes"
    )
    assert [r.second for r in panel.model.all_rows() if r.danger == "rights.change"] == [True]


def test_grants_of_a_user_are_edited_with_place_and_end(
    boss: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot
) -> None:
    users = cast(UsersPanel, made(keep, UsersPanel(boss)))
    qtbot.waitUntil(lambda: users.model.rowCount() == 5)
    opened: list[UserSheet] = []
    boss.open_sheet.connect(lambda sheet: opened.append(cast(UserSheet, keep(sheet))))
    users.table.select(station.people.infos["wang"].id)
    users.edit.click()
    sheet = opened[0]
    sheet.show()
    assert not sheet.reason.isVisible()
    row = sheet.grants.rows[0]
    row.zone.setCurrentIndex(row.zone.findData("A2"))
    row.limited.setChecked(True)
    row.until.setDate(QDate(2027, 3, 1))
    sheet.grants.add.click()
    sheet.grants.rows[1].role.setCurrentIndex(sheet.grants.rows[1].role.findData("shift_leader"))
    assert sheet.reason.isVisible()
    sheet.confirmed()
    assert sheet.problem.text() == "此操作必须填写原因"
    sheet.reason.box.setPlainText("stands in")
    sheet.confirmed()
    flush()
    (order,) = [order for order in orders(station) if isinstance(order, SetGrants)]
    assert [(g.role, g.zone) for g in order.grants] == [("operator", "A2"), ("shift_leader", "")]
    until = order.grants[0].until_us
    assert until is not None
    from ui.i18n import local

    assert (local(until - 1).strftime("%Y-%m-%d %H:%M"), order.grants[1].until_us) == ("2027-03-01 23:59", None)
    assert not sheet.isVisible()


def test_a_refused_grant_leaves_the_sheet_and_orders_nothing_more(
    boss: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = cast(UserSheet, keep(UserSheet(boss, station.people.infos["wang"])))
    sheet.show()
    monkeypatch.setattr(station.rights, "carry_out", lambda _command, _actor: Answer("last_administrator"))
    sheet.name.setText("王小敏")
    sheet.grants.rows[0].remove.click()
    sheet.reason.box.setPlainText("leaves")
    sheet.confirmed()
    flush()
    assert [type(order) for order in orders(station)] == [SetGrants]
    assert sheet.isVisible()
    assert sheet.confirm.isEnabled()


def test_four_pages_lie_behind_their_buttons(boss: PanelContext, keep: Keep) -> None:
    panel = cast(RightsPanel, made(keep, RightsPanel(boss)))
    for at, key in enumerate(("roles", "may", "who", "rules")):
        panel.switch.buttons[key].click()
        assert panel.stack.currentIndex() == at


def test_what_can_be_asked_for_follows_the_language(boss: PanelContext, keep: Keep) -> None:
    panel = cast(WhoPanel, made(keep, WhoPanel(boss)))
    panel.subject.setCurrentIndex(panel.subject.findData("alarm.acknowledge"))
    assert panel.subject.currentText() == "确认报警"
    messages().switch("en")
    assert (panel.subject.currentText(), panel.zone.itemText(0)) == ("Acknowledge", "Any area")
    assert panel.subject.currentData() == "alarm.acknowledge"
