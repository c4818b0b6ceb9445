from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QPushButton

from models.alarms import ConditionKind
from models.commands import Command, SavePlace, SaveTag
from models.readings import PlaceKind, TagInfo
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.monitoring.alarmsheet import AlarmSheet
from ui.monitoring.editing import Editing, editing
from ui.monitoring.placefields import NEW
from ui.monitoring.tagsheet import TagSheet, parse_states, states_text
from ui.widgets.fields import parse_number, plain_number
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet
from ui.widgets.tag_detail import TagDetail


@pytest.fixture
def editor(ctx: PanelContext, tags: dict[str, TagInfo]) -> Editing:
    return editing(ctx)


def open_new(editor: Editing, sheets: list[Sheet], name: str = "TT-900") -> TagSheet:
    editor.new_tag(name)
    sheet = sheets[-1]
    assert isinstance(sheet, TagSheet)
    return sheet


def test_an_edited_tag_is_saved_with_its_place_and_reason(
    editor: Editing, tags: dict[str, TagInfo], sheets: list[Sheet], orders: Callable[[], list[Command]]
) -> None:
    closed: list[int] = []
    editor.ctx.edit_tag.emit(tags["GD-07"].id)
    sheet = sheets[0]
    assert isinstance(sheet, TagSheet)
    sheet.closed.connect(lambda: closed.append(1))
    assert not sheet.name.line.isEnabled()
    sheet.high.line.setText("120,5")
    sheet.reason.line.setText("换了探头")
    sheet.confirm.click()
    flush()
    (order,) = orders()
    assert isinstance(order, SaveTag)
    assert order.reason == "换了探头"
    assert (order.tag.range_lo, order.tag.range_hi, order.tag.place) == (0.0, 120.5, "P-203")
    assert (order.tag.unit, order.tag.decimals, order.tag.stale_after_s) == ("%{LEL}", 1, 180.0)
    assert closed == [1]


def test_all_mistakes_are_shown_at_their_fields_and_nothing_is_ordered(
    editor: Editing, sheets: list[Sheet], orders: Callable[[], list[Command]]
) -> None:
    sheet = open_new(editor, sheets, "")
    sheet.low.line.setText("abc")
    sheet.decimals.line.setText("12")
    sheet.confirm.click()
    assert [f.problem.text() for f in (sheet.name, sheet.low, sheet.decimals)] == [
        "必填",
        "请输入数字",
        "应在 0 到 9 之间",
    ]
    assert orders() == []
    sheet.name.line.setText("A")
    assert sheet.name.problem.isHidden()


@pytest.mark.parametrize(("name", "said"), [("GD-07", "位号已存在"), ("$sys/x", "以 $ 开头的名称是程序自用的")])
def test_a_name_that_can_not_be_is_refused_at_once(editor: Editing, sheets: list[Sheet], name: str, said: str) -> None:
    sheet = open_new(editor, sheets, name)
    assert sheet.draft() is None
    assert sheet.name.problem.text() == said


def test_a_range_that_runs_backwards_is_said(editor: Editing, sheets: list[Sheet]) -> None:
    sheet = open_new(editor, sheets)
    sheet.low.line.setText("10")
    sheet.high.line.setText("−10")
    assert sheet.draft() is None
    assert sheet.high.problem.text() == "上限必须大于下限"


def test_new_places_are_created_before_the_tag(
    editor: Editing, sheets: list[Sheet], orders: Callable[[], list[Command]]
) -> None:
    sheet = open_new(editor, sheets)
    sheet.place.levels[PlaceKind.AREA].choice.choose("TFB")
    unit = sheet.place.levels[PlaceKind.UNIT]
    unit.choice.choose(NEW)
    unit.code.line.setText("TFB-9")
    unit.name.line.setText("新装置")
    sheet.confirm.click()
    flush()
    place, tag = orders()
    assert isinstance(place, SavePlace)
    assert (place.code, place.kind, place.parent, place.position) == ("TFB-9", "unit", "TFB", 1)
    assert isinstance(tag, SaveTag)
    assert tag.tag.place == "TFB-9"


def test_on_an_empty_station_the_plant_is_created_too(
    ctx: PanelContext, station: MemoryStation, sheets: list[Sheet], orders: Callable[[], list[Command]]
) -> None:
    sheet = open_new(editing(ctx), sheets)
    area = sheet.place.levels[PlaceKind.AREA]
    area.choice.choose(NEW)
    area.code.line.setText("A")
    area.name.line.setText("罐区")
    sheet.confirm.click()
    flush()
    assert [order.target for order in orders()] == ["place:PLANT", "place:A", "tag:TT-900"]


def test_a_code_that_is_taken_is_said_before_anything_is_ordered(
    editor: Editing, sheets: list[Sheet], orders: Callable[[], list[Command]]
) -> None:
    sheet = open_new(editor, sheets)
    area = sheet.place.levels[PlaceKind.AREA]
    area.choice.choose(NEW)
    area.code.line.setText("TFA")
    area.name.line.setText("x")
    sheet.confirm.click()
    assert area.code.problem.text() == "代码已被占用，请从列表中选择"
    assert orders() == []


@pytest.mark.parametrize(
    ("code", "params", "field", "said"),
    [
        ("invalid", {"field": "range"}, "high", "上限必须大于下限"),
        ("invalid", {"field": "name"}, "name", "位号为 1–200 个可见字符，首尾不能有空格"),
        ("kind_fixed", {"tag": "TT-900"}, "kind", "TT-900 已有另一类型的历史，不能改变类型"),
        ("store_failed", {}, "", "存储暂不可用，操作未保存"),
    ],
)
def test_what_the_engine_refuses_is_shown_in_words_at_its_field(
    editor: Editing,
    sheets: list[Sheet],
    refuse: Callable[..., None],
    code: str,
    params: dict[str, str],
    field: str,
    said: str,
) -> None:
    sheet = open_new(editor, sheets)
    refuse(code, **params)
    sheet.confirm.click()
    flush()
    shown = getattr(sheet, field).problem if field else sheet.problem
    assert shown.text() == said
    assert not shown.isHidden()
    assert sheet.confirm.isEnabled()


def test_an_unknown_place_is_shown_at_the_place(
    editor: Editing, sheets: list[Sheet], refuse: Callable[..., None]
) -> None:
    sheet = open_new(editor, sheets)
    sheet.place.levels[PlaceKind.AREA].choice.choose("TFB")
    refuse("unknown_place", place="TFB")
    sheet.confirm.click()
    flush()
    assert sheet.place.levels[PlaceKind.AREA].choice.problem.text() == "没有位置 TFB"


def test_fields_follow_the_kind(editor: Editing, sheets: list[Sheet]) -> None:
    sheet = open_new(editor, sheets)
    sheet.kind.choose("discrete")
    assert sheet.analog.isHidden()
    assert not sheet.states.isHidden()
    sheet.states.box.setPlainText("0 = 关 | closed\n1＝开")
    draft = sheet.draft()
    assert draft is not None
    assert draft.states == {"0": ["关", "closed"], "1": ["开", ""]}
    sheet.states.box.setPlainText("0 关")
    assert sheet.draft() is None
    assert sheet.states.problem.text() == "这一行读不懂：0 关"


def test_the_alarms_of_a_tag_are_listed_and_opened(
    editor: Editing, tags: dict[str, TagInfo], sheets: list[Sheet]
) -> None:
    editor.edit_tag(tags["GD-07"])
    texts = [b.text() for b in sheets[0].findChildren(QPushButton)]
    assert "可燃气浓度 高高 · HH 50" in texts
    next(b for b in sheets[0].findChildren(QPushButton) if b.text() == "可燃气浓度 高 · H 25").click()
    alarm = sheets[1]
    assert isinstance(alarm, AlarmSheet)
    assert alarm.forms[0].chosen_kind is ConditionKind.H
    alarm.close()


def test_a_manager_may_edit_alarms_but_not_the_tag(
    editor: Editing, tags: dict[str, TagInfo], sheets: list[Sheet], station: MemoryStation
) -> None:
    station.door.forbidden.add(SaveTag.action)
    editor.edit_tag(tags["GD-07"])
    sheet = sheets[0]
    assert isinstance(sheet, TagSheet)
    assert not sheet.confirm.isEnabled()
    assert not sheet.description.isEnabled()
    assert sheet.new_alarm.isEnabled()


def test_there_is_one_opener_however_many_panels_ask(
    ctx: PanelContext, tags: dict[str, TagInfo], sheets: list[Sheet]
) -> None:
    assert editing(ctx) is editing(ctx)
    ctx.edit_tag.emit(tags["GD-07"].id)
    assert len(sheets) == 1


@pytest.mark.parametrize(("text", "value"), [("−3,5", -3.5), (" ", None), ("1e3", 1000.0), ("７", 7.0)])
def test_numbers_as_people_type_them(text: str, value: float | None) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["abc", "nan", "1e999", "1.2.3"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever float() says
        parse_number(text)


def test_numbers_come_back_as_they_were() -> None:
    assert [plain_number(v) for v in (50.0, 0.45, None, 1e12)] == ["50", "0.45", "", "1000000000000.0"]


def test_states_as_lines_and_back() -> None:
    states = {"0": ["关", "closed"], "1": ["开", "open"]}
    assert parse_states(states_text(states)) == states
    assert parse_states("") is None


def test_the_details_of_a_tag_lead_to_its_editor(
    ctx: PanelContext,
    editor: Editing,
    tags: dict[str, TagInfo],
    sheets: list[Sheet],
    keep: Callable[[TagDetail], object],
) -> None:
    detail = TagDetail(ctx)
    keep(detail)
    detail.show_tag(tags["TK-102"])
    detail.edit.click()
    assert [sheet.accessibleName() for sheet in sheets] == ["位号 TK-102"]
    ctx.set_actor(None)
    assert not detail.edit.isEnabled()
