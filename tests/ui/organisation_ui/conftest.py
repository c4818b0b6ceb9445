"""A small believable organisation on the station in memory, and the sheets and questions that panels put."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ports import Answer
from models.commands import Command
from models.organisation import (
    DepartmentRow,
    DutyRow,
    Gap,
    GapCode,
    GapSide,
    GroupRole,
    MemberRow,
    PersonKind,
    PersonRow,
    PostRank,
    PostRow,
    ResponsibilityRow,
    day_us,
)
from models.people import Actor
from models.privacy import PrivateField
from models.readings import PlaceInfo, PlaceKind
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.widgets.panel import Panel, PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet

Keep = Callable[[QWidget], QWidget]
JOINED = day_us(datetime.date(2024, 3, 1))


def department(
    code: str, name: str, parent: str = "", *, people: int = 0, heads: tuple[str, ...] = ()
) -> DepartmentRow:
    return DepartmentRow(
        code=code, name=name, name_en=code, parent=parent, position=0, people=people, heads=heads, version=1
    )


def post(code: str, name: str, of: str, *, people: int = 0, leads: bool = False) -> PostRow:
    rank = PostRank.MANAGER if leads else PostRank.POST
    return PostRow(code=code, name=name, name_en=code, department=of, rank=rank, leads=leads, people=people, version=3)


def person(number: str, name: str, post: str = "", of: str = "", **more: Any) -> PersonRow:
    fields: dict[str, Any] = {
        "kind": PersonKind.EMPLOYEE, "company": "", "host": "", "joined_us": JOINED, "left_us": None,
        "active": True, "login": "", "erased_us": None, "version": 5, "clear": True, **more,
    }  # fmt: skip
    return PersonRow(number=number, name=name, department=of, department_name=of, post=post, post_name=post, **fields)


def fill_organisation(station: MemoryStation) -> None:
    org = station.organisation
    org.department_rows = [
        department("HSE", "安全环保部", people=1, heads=("E1",)),
        department("FIRE", "消防站", "HSE"),
        department("OPS", "生产部", people=2, heads=("E2",)),
    ]
    org.post_rows = [
        post("HSE-M", "安全部经理", "HSE", people=1, leads=True),
        post("FIRE-L", "消防站站长", "FIRE", leads=True),
        post("OPS-M", "生产部经理", "OPS", people=1, leads=True),
        post("OP", "操作工", "OPS", people=1),
    ]
    org.person_rows = [
        person("E1", "张安全", "HSE-M", "HSE"),
        person("E2", "王生产", "OPS-M", "OPS"),
        person("E3", "李操作", "OP", "OPS", login="wang"),
        person("E9", "赵离岗", "OP", "OPS", active=False, left_us=day_us(datetime.date(2026, 1, 5)), login="zhao"),
        person("C1", "孙检修", kind=PersonKind.CONTRACTOR, company="宏远检修", host="E2"),
        person("V1", "周访客", kind=PersonKind.VISITOR, company="应急局", host="E1"),
    ]
    org.masked = {
        "E3": {
            PrivateField.NAME: "李**",
            PrivateField.PHONE: "138****5678",
            PrivateField.ID_NUMBER: "3301**********1234",
            PrivateField.BLOOD_TYPE: "*",
        },
        "E9": {PrivateField.NAME: "赵**"},
    }
    seat = {"from_us": JOINED, "until_us": None, "current": True, "version": 2}
    org.member_rows = [
        MemberRow(number="E1", name="张安全", post_name="安全部经理", role=GroupRole.LEADER, duties="全面负责", **seat),
        MemberRow(number="E2", name="王生产", post_name="生产部经理", role=GroupRole.MEMBER, duties="", **seat),
        MemberRow(
            number="E9", name="赵离岗", post_name="", role=GroupRole.MEMBER, duties="旧", from_us=None,
            until_us=JOINED, current=False, version=1,
        ),
    ]  # fmt: skip
    org.duty_rows = [
        DutyRow(code="D1", name="隐患排查", name_en="Inspection", category="", needed_on=("area",), cells=2, version=1),
        DutyRow(code="D2", name="应急处置", name_en="Emergency", category="", needed_on=("A1",), cells=1, version=1),
    ]
    org.place_rows = [
        PlaceInfo(code="P", kind=PlaceKind.PLANT, name="南港", name_en="South"),
        PlaceInfo(code="A1", kind=PlaceKind.AREA, name="罐区", name_en="Tanks", parent="P"),
        PlaceInfo(code="A2", kind=PlaceKind.AREA, name="装卸区", name_en="Loading", parent="P"),
    ]
    station.tags.place_list = list(org.place_rows)
    org.cells = [
        ResponsibilityRow(
            place="A1", post="OP", post_name="操作工", duty="D1", person="", main=True,
            people=(("E3", "李操作"),), version=4,
        ),
        ResponsibilityRow(
            place="A1", post="OPS-M", post_name="生产部经理", duty="D1", person="", main=False,
            people=(("E2", "王生产"),), version=4,
        ),
        ResponsibilityRow(
            place="A1", post="FIRE-L", post_name="消防站站长", duty="D2", person="", main=True, people=(), version=4
        ),
    ]  # fmt: skip
    org.needed = {("A1", "D1"), ("A2", "D1"), ("A1", "D2")}
    across, down, people = GapSide.ACROSS, GapSide.DOWN, GapSide.PEOPLE
    org.gap_rows = [
        Gap(code=GapCode.PLACE_WITHOUT_DUTY, side=across, place="A2", duty="D1", name="装卸区", name_en="Loading"),
        Gap(code=GapCode.DUTY_WITHOUT_PERSON, side=across, place="A1", duty="D2", post="FIRE-L", name="罐区"),
        Gap(code=GapCode.POST_WITHOUT_PERSON, side=down, post="FIRE-L", name="消防站站长"),
        Gap(code=GapCode.POST_WITHOUT_DUTY, side=down, post="HSE-M", name="安全部经理"),
        Gap(code=GapCode.MEMBER_WITHOUT_DUTY, side=down, person="E2", name="王生产"),
        Gap(code=GapCode.DEPARTMENT_WITHOUT_HEAD, side=people, department="FIRE", name="消防站"),
        Gap(code=GapCode.PERSON_WITHOUT_POST, side=people, person="C1", name="孙检修"),
        Gap(code=GapCode.LEFT_WITH_ACCOUNT, side=people, person="E9", name="赵离岗"),
    ]


class Hands:
    """What a person sees and does: sheets that open, questions, toasts, and the orders that went through the door."""

    def __init__(self, ctx: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot) -> None:
        self.ctx, self.station, self._keep, self.qtbot = ctx, station, keep, qtbot
        self.sheets: list[Sheet] = []
        self.asked: list[ReasonRequest] = []
        self.said: list[str] = []
        self.answers: dict[type[Command], Answer] = {}
        ctx.open_sheet.connect(self._opened)
        ctx.ask.connect(self.asked.append)
        ctx.toast.connect(lambda text, _level: self.said.append(text))
        carry_out = station.carry_out

        def answer(command: Command, actor: Actor) -> Answer:
            return self.answers.get(type(command)) or carry_out(command, actor)

        station.carry_out = answer  # type: ignore[method-assign]  # answers of the engine that the memory does not know

    def _opened(self, sheet: QWidget) -> None:
        if self.sheets and self.sheets[-1] is not sheet:
            self.sheets[-1].close()
        self._keep(sheet)
        sheet.show()
        self.sheets.append(cast(Sheet, sheet))

    def show(self, panel: Panel) -> Any:
        self._keep(panel)
        self._keep(panel.header)
        panel.resize(1200, 700)
        panel.show()
        self.until(lambda: getattr(panel, "data", True) is not None)
        return panel

    def until(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=5000)
        flush()

    def sheet(self, kind: type[Any]) -> Any:
        self.until(lambda: self.sheets and isinstance(self.sheets[-1], kind))
        return self.sheets[-1]

    def orders(self, kind: type[Any] = Command) -> list[Any]:
        flush()
        return [command for command, _ in self.station.door.submitted if isinstance(command, kind)]

    def key(self, widget: QWidget, key: Qt.Key) -> None:
        """A key, as it comes to the widget in focus of the window in front."""
        widget.window().activateWindow()
        widget.setFocus()
        self.until(widget.window().isActiveWindow)
        QTest.keyClick(widget, key)
        flush()

    def press(self, sheet: Any) -> Any:
        """Press the confirm button and give the last order."""
        before = len(self.station.door.submitted)
        sheet.confirm.click()
        self.until(lambda: len(self.station.door.submitted) > before)
        return self.station.door.submitted[-1][0]


@pytest.fixture
def hands(ctx: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot) -> Hands:
    fill_organisation(station)
    return Hands(ctx, station, keep, qtbot)
