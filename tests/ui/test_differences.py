"""What an act changed, in words: nested facts, lists of things with names, times and codes."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from models.organisation import day_us
from tests.ui.station import NOW
from ui.access.differences import Change, differences, field_text, value_text
from ui.i18n import DASH, messages, stamp_text


def shown(before: dict | None, after: dict | None) -> list[tuple[str, str, str]]:
    return [(d.field, d.old, d.new) for d in differences(before, after)]


def test_only_what_differs_is_shown_in_words() -> None:
    before = {"name": "王敏", "active": True, "locked_until_us": NOW, "role": "operator"}
    after = {"name": "王敏", "active": False, "locked_until_us": None, "role": "auditor"}
    assert shown(before, after) == [
        ("可用", "是", "否"),
        ("锁定至", stamp_text(NOW), DASH),
        ("角色", "操作员", "审计员"),
    ]
    assert differences(None, None) == []


def test_nested_facts_are_compared_field_by_field() -> None:
    assert shown({"limit": {"value": 50, "priority": 1}}, {"limit": {"value": 60, "priority": 1}}) == [
        ("限值 › 值", "50", "60")
    ]


def test_things_with_names_are_compared_thing_by_thing() -> None:
    before = {"grants": [{"role": "operator", "zone": "A1"}, {"role": "auditor", "zone": ""}]}
    after = {"grants": [{"role": "operator", "zone": "A2"}, {"role": "commander", "zone": ""}]}
    assert [(d.field, d.change, d.old, d.new) for d in differences(before, after)] == [
        ("授权 › 操作员 › 区域", Change.CHANGED, "A1", "A2"),
        ("授权 › 审计员", Change.REMOVED, "角色: 审计员", DASH),
        ("授权 › 应急指挥", Change.ADDED, DASH, "角色: 应急指挥"),
    ]


def test_plain_lists_show_what_came_and_went() -> None:
    before, after = {"actions": ["alarm.acknowledge", "alarm.shelve"]}, {"actions": ["alarm.shelve", "alarm.reset"]}
    assert shown(before, after) == [("权限", "确认报警", "复位报警")]
    assert shown({"fields": []}, {"fields": ["phone", "name"]}) == [("项目", DASH, "手机号码, 姓名")]


def test_days_states_and_unknown_words_are_readable() -> None:
    assert value_text("left_us", day_us(date(2026, 3, 1))) == "2026-03-01"
    assert value_text("x", "SHLVD") == "已搁置"
    assert field_text("some_new_thing_us") == "some new thing"
    messages().switch("en")
    assert (field_text("reason"), value_text("ok", True)) == ("Reason", "Yes")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 10) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
facts = st.dictionaries(st.text(max_size=3), json_values, max_size=4)


@given(before=facts, after=facts)
def test_any_facts_can_be_shown_and_equal_ones_show_nothing(before: dict, after: dict) -> None:
    assert all(isinstance(text, str) for line in shown(before, after) for text in line)
    assert differences(before, before) == []
