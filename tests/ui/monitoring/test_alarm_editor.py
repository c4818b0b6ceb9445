from __future__ import annotations

from collections.abc import Callable

import pytest

from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority
from models.commands import Command, SaveAlarmDefinition
from models.readings import TagInfo, TagKind
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.i18n import has
from ui.monitoring.alarmsheet import AlarmSheet
from ui.monitoring.conditionform import SHOWN, kinds_for, parse_values
from ui.monitoring.editing import editing
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet

Open = Callable[..., AlarmSheet]


@pytest.fixture
def open_alarm(ctx: PanelContext, tags: dict[str, TagInfo], sheets: list[Sheet]) -> Open:
    def show(tag: str = "GD-07", definition: AlarmDefinition | None = None) -> AlarmSheet:
        editing(ctx).edit_alarm(tags[tag], definition)
        sheet = sheets[-1]
        assert isinstance(sheet, AlarmSheet)
        sheet._try_later.stop()
        return sheet

    return show


def test_a_new_alarm_proposes_its_key_and_is_saved_whole(open_alarm: Open, orders: Callable[[], list[Command]]) -> None:
    sheet = open_alarm("TK-102")
    sheet.text.line.setText("液位 高")
    sheet.forms[0].limit.line.setText("85")
    sheet.forms[0].deadband.line.setText("1.5")
    sheet.forms[0].on_delay_s.line.setText("3")
    sheet._add_next()
    sheet.forms[1].limit.line.setText("92")
    sheet.actions_zh.box.setPlainText("停泵\n\n 关阀 ")
    sheet.respond.line.setText("300")
    sheet.latching.setChecked(True)
    sheet.reason.line.setText("HAZOP 2026")
    sheet.confirm.click()
    flush()
    (order,) = orders()
    assert isinstance(order, SaveAlarmDefinition)
    assert order.reason == "HAZOP 2026"
    assert order.definition == AlarmDefinition(
        key="TK-102.LIMITS",
        tag="TK-102",
        text="液位 高",
        conditions=(
            Condition(kind=ConditionKind.H, limit=85.0, deadband=1.5, on_delay_s=3.0),
            Condition(kind=ConditionKind.HH, priority=Priority.HIGH, limit=92.0),
        ),
        latching=True,
        actions=("停泵", "关阀"),
        respond_s=300.0,
    )


def test_a_present_alarm_comes_back_as_it_was(
    open_alarm: Open, station: MemoryStation, orders: Callable[[], list[Command]]
) -> None:
    known = station.alarms.definitions["GD-07.HH"]
    sheet = open_alarm("GD-07", known)
    assert not sheet.key.line.isEnabled()
    assert sheet.read() == known


def test_only_the_fields_that_a_kind_needs_are_shown(open_alarm: Open) -> None:
    form = open_alarm("TK-102").forms[0]
    for kind in kinds_for(form.tag):
        form.kind.choose(kind)
        shown = {name for name, field in form.fields.items() if not field.isHidden()} - {"kind", "priority"}
        assert shown == set(SHOWN[kind]), kind


def test_every_kind_and_every_problem_has_words() -> None:
    for kind in ConditionKind:
        assert has(f"monitoring.condition_kind.{kind}")
        assert has(f"monitoring.condition_hint.{kind}")
    codes = (
        "key_missing no_condition latching_and_auto_reset count_window respond_time tag_unknown priority delay window "
        "deadband limit_missing limit_not_positive limit_outside_range expression expression_tag kind_twice limit_order "
        "deadbands_meet condition"
    )
    assert [code for code in codes.split() if not has(f"monitoring.alarm_problem.{code}")] == []


def test_mistakes_are_shown_at_their_condition(open_alarm: Open, orders: Callable[[], list[Command]]) -> None:
    sheet = open_alarm("TK-102")
    sheet.confirm.click()
    assert sheet.forms[0].limit.problem.text() == "必填"
    sheet.forms[0].limit.line.setText("150")
    sheet.confirm.click()
    assert sheet.forms[0].limit.problem.text() == "超出位号量程（0 … 100），永远不会达到"
    sheet.forms[0].limit.line.setText("80")
    sheet._add_next()
    sheet.forms[1].limit.line.setText("70")  # a high high below the high
    sheet.confirm.click()
    assert sheet.conditions_problem.text() == "限值必须满足：低低 < 低 < 高 < 高高"
    sheet.forms[1].limit.line.setText("90")
    sheet.latching.setChecked(True)
    sheet.auto_reset.setChecked(True)
    sheet.confirm.click()
    assert sheet.latching_field.problem.text() == "锁存与自动复位不能同时使用"
    assert orders() == []


@pytest.mark.parametrize(
    ("field", "problem", "where"),
    [
        ("conditions.0.limit", "limit_missing", lambda s: s.forms[0].limit),
        ("key", "key_missing", lambda s: s.key),
        ("count_window_s", "count_window", lambda s: s.count_window),
        ("respond_s", "respond_time", lambda s: s.respond),
    ],
)
def test_what_the_engine_refuses_is_shown_at_its_field(
    open_alarm: Open,
    refuse: Callable[..., None],
    field: str,
    problem: str,
    where: Callable[[AlarmSheet], object],
) -> None:
    sheet = open_alarm("TK-102")
    sheet.forms[0].limit.line.setText("80")
    refuse("invalid", "no", field=field, problem=problem)
    sheet.confirm.click()
    flush()
    shown = where(sheet)
    assert not shown.problem.isHidden()  # type: ignore[attr-defined]
    assert shown.problem.text()  # type: ignore[attr-defined]
    assert sheet.confirm.isEnabled()


def test_a_key_that_is_taken_is_said(open_alarm: Open) -> None:
    sheet = open_alarm("GD-07")
    assert sheet.key.text == "GD-07.H.2"
    sheet.key.line.selectAll()
    sheet.key.line.insert("GD-07.H")
    sheet.key.line.textEdited.emit("GD-07.H")
    sheet.forms[0].limit.line.setText("20")
    assert sheet.read() is None
    assert sheet.key.problem.text() == "报警代码已存在"


def test_a_deviation_needs_a_set_point_or_a_tag(open_alarm: Open) -> None:
    form = open_alarm("TK-102").forms[0]
    form.kind.choose(ConditionKind.DEVIATION)
    form.limit.line.setText("5")
    assert form.read() is None
    assert form.setpoint.problem.text() == "填写设定值或设定值位号"
    form.setpoint_tag.line.setText("TK-101")
    form.direction.choose("rise")
    made = form.read()
    assert made == Condition(kind=ConditionKind.DEVIATION, limit=5.0, setpoint_tag="TK-101", direction="rise")


def test_an_expression_with_an_unknown_tag_is_said(open_alarm: Open) -> None:
    sheet = open_alarm("TK-102")
    form = sheet.forms[0]
    form.kind.choose(ConditionKind.CALCULATED)
    form.expression.box.setPlainText("TK_102 > 50 and ZZ_1 > 1")
    assert sheet.read() is None
    assert form.expression.problem.text().startswith("表达式中的位号不存在或不唯一")
    form.expression.box.setPlainText("TK_102 > 50 and TK_101 > 1")
    assert sheet.read() is not None


def test_a_condition_can_be_taken_away_but_not_the_last(open_alarm: Open) -> None:
    sheet = open_alarm("TK-102")
    assert sheet.forms[0].remove_button.isHidden()
    sheet._add_next()
    sheet.forms[0].remove_button.click()
    flush()
    assert [form.chosen_kind for form in sheet.forms] == [ConditionKind.HH]


def test_it_says_what_the_alarm_would_have_done(open_alarm: Open, until: Callable[[Callable[[], bool]], None]) -> None:
    sheet = open_alarm("TK-102")
    sheet.try_out()
    assert sheet.trial_now.text() == "条件填写完整后，这里显示它会报警多少次。"
    sheet.forms[0].limit.line.setText("40")
    sheet.try_out()
    until(lambda: sheet.trial_now.text().startswith("此刻会处于报警中"))
    assert "最近 24 小时会报警" in sheet.trial_past.text()
    sheet.forms[0].limit.line.setText("99")
    sheet.try_out()
    until(lambda: sheet.trial_now.text() == "此刻不会报警")
    assert sheet.trial_past.text() == "最近 24 小时不会报警"
    sheet._try_later.stop()


def test_states_of_a_valve_can_be_written_as_words() -> None:
    valve = TagInfo(id=1, name="XV-1", kind=TagKind.DISCRETE, states={"0": ["关", "closed"], "1": ["开", "open"]})
    assert parse_values("关， open, 7", valve) == (0.0, 1.0, 7.0)
    text = TagInfo(id=2, name="ST", kind=TagKind.TEXT)
    assert parse_values("fault\n3", text) == ("fault", "3")
