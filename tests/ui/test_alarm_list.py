from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import cast

import msgspec
import pytest
from PySide6.QtCore import QAbstractItemModel
from PySide6.QtWidgets import QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.clock import US
from app.ports import TransitionRow
from models.alarms import AlarmState, ConditionKind, Priority
from models.commands import (
    AcknowledgeAlarms,
    ResetAlarms,
    ReturnToService,
    ShelveAlarms,
    TakeOutOfService,
    UnacknowledgeAlarms,
    UnshelveAlarms,
)
from models.events import LinkChanged, LinkState
from tests.ui.conftest import flush
from tests.ui.plant import fill
from tests.ui.station import NOW, MemoryStation
from ui.alarms.columns import acked_text, alarm_text, limit_text, short_number, state_text, value_and_limit
from ui.alarms.journal import JournalSheet
from ui.alarms.model import AlarmFilter
from ui.alarms.panel import AlarmPanel
from ui.i18n import clock_text, messages
from ui.theme import theme
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet

Keep = Callable[[QWidget], QWidget]


@pytest.fixture
def panel(station: MemoryStation, ctx: PanelContext, keep: Keep) -> AlarmPanel:
    fill(station)
    ctx.open_alarms.reread()
    made = cast(AlarmPanel, keep(AlarmPanel(ctx)))
    keep(made.header)
    made.resize(1200, 400)
    made.show()
    flush()
    return made


def tags(panel: AlarmPanel) -> list[str]:
    return [row.tag for row in panel.model.shown()]


def change(station: MemoryStation, ctx: PanelContext, number: int, **fields: object) -> None:
    station.change(msgspec.structs.replace(station.alarms.rows[number], **fields))
    ctx.bridge._drain_alarms()
    flush()


def menu_of(panel: AlarmPanel) -> QMenu:
    menu = QMenu()
    panel._fill_menu(menu)
    return menu


def entry(panel: AlarmPanel, text: str) -> bool:
    """Trigger an entry of the rows' menu if it is enabled."""
    menu = menu_of(panel)
    action = next(action for action in menu.actions() if action.text() == text)
    enabled = action.isEnabled()
    if enabled:
        action.trigger()
    menu.deleteLater()
    flush()
    return enabled


def test_unacknowledged_come_first_then_priority_then_the_newest(panel: AlarmPanel) -> None:
    assert tags(panel)[:6] == ["GD-07", "PT-203", "TH-501", "LG-603", "TK-103", "P-203"]
    assert [row.priority for row in panel.model.shown()[5:]] == sorted(
        (row.priority for row in panel.model.shown()[5:]), reverse=True
    )


def test_chips_count_and_choose(panel: AlarmPanel) -> None:
    texts = {key: chip.text() for key, chip in panel.chips.chips.items()}
    assert texts == {
        "active": "活动 11",
        "unacknowledged": "未确认 5",
        "returned": "已恢复 1",
        "shelved": "搁置 1",
        "out_of_service": "停用 1",
        "history": "历史",
    }
    panel.chips.chips["shelved"].click()
    assert tags(panel) == ["AT-402"]
    panel.chips.chips["returned"].click()
    assert tags(panel) == ["TK-103"]


def test_a_change_moves_its_row_and_touches_no_other(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    resets: list[int] = []
    panel.model.modelReset.connect(lambda: resets.append(1))
    panel.table.select(6)
    change(station, ctx, 1, state=AlarmState.ACKED, acked_us=NOW, acked_by="王敏")
    assert tags(panel)[0] == "PT-203"
    assert resets == []
    assert [row.occurrence_id for row in panel.table.selected()] == [6]


def test_a_closed_alarm_leaves_and_a_new_one_arrives_on_top(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    change(station, ctx, 1, state=AlarmState.NORM, closed_us=NOW)
    assert "GD-07" not in tags(panel)
    tag = station.tags.by_name("TK-101")
    assert tag is not None
    station.raise_alarm(station.make_row(tag, ago_s=0, priority=Priority.CRITICAL))
    ctx.bridge._drain_alarms()
    assert tags(panel)[0] == "TK-101"


def test_an_alarm_that_leaves_does_not_hand_its_selection_to_a_neighbour(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    chosen: list[object] = []
    panel.table.select(1)
    ctx.select_alarm.connect(chosen.append)
    change(station, ctx, 1, state=AlarmState.NORM, closed_us=NOW)
    assert chosen == []
    assert panel.table.selected() == []


def test_two_thousand_alarms_in_a_burst_do_not_stall(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    tag = station.tags.by_name("TK-101")
    assert tag is not None
    longest = 0.0
    for _ in range(100):
        rows = [station.make_row(tag, ago_s=0, priority=Priority(1 + n % 4)) for n in range(20)]
        station.change(*rows)
        before = process_time()
        ctx.bridge._drain_alarms()
        flush()
        longest = max(longest, process_time() - before)
    assert panel.model.rowCount() == 2011
    assert longest < 0.25


def test_search_finds_pinyin_initials_and_an_empty_result_offers_a_way_back(panel: AlarmPanel) -> None:
    panel.search.setText("krq")
    panel.search.flush()
    assert set(tags(panel)) == {"GD-07", "GD-08"}
    panel.search.setText("nothing like it")
    panel.search.flush()
    assert panel.table.states.state == "note"
    panel.table.states.note.action.click()
    assert panel.model.rowCount() == 11
    assert panel.search.text() == ""


def test_history_is_fetched_by_the_page_beside_what_is_open(
    panel: AlarmPanel, station: MemoryStation, qtbot: QtBot
) -> None:
    panel.use(AlarmFilter(view="history", days=30))
    assert panel.table.states.state == "note"
    qtbot.waitUntil(lambda: panel.table.states.state == "content")
    assert panel.model.rowCount() == len(station.alarms.rows)
    assert state_text(panel.model.shown()[-1]) == "已关闭"
    assert panel.model.shown() == sorted(
        station.alarms.rows.values(), key=lambda row: (-row.raised_us, row.occurrence_id)
    )
    assert station.alarms.queries[-1].start_us == NOW - 30 * 86_400 * US


def test_a_store_that_does_not_answer_is_said_and_can_be_asked_again(
    panel: AlarmPanel, station: MemoryStation, qtbot: QtBot
) -> None:
    station.alarms.broken = True
    panel.use(AlarmFilter(view="history"))
    qtbot.waitUntil(lambda: panel.table.states.note.hint.text() == "store is away")
    station.alarms.broken = False
    panel.table.states.note.action.click()
    qtbot.waitUntil(lambda: panel.table.states.state == "content")


def test_filters_are_saved_by_name_and_come_back(panel: AlarmPanel, ctx: PanelContext) -> None:
    panel.filters.changed.emit((int(Priority.HIGH),), ("TFB",), 7)
    assert tags(panel) == ["PT-203", "P-203"]
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    panel.filters._ask_name()
    asked[0].done("泵区高报", None, False)
    panel.use(AlarmFilter())
    assert panel.model.rowCount() == 11
    menu = panel.filters.menu()
    next(action for action in menu.actions() if action.text() == "泵区高报").trigger()
    menu.deleteLater()
    assert tags(panel) == ["PT-203", "P-203"]
    assert panel.filters.button.words() == "筛选 2"
    panel.filters.forget("泵区高报")
    assert panel.filters.saved() == {}


def test_the_page_or_the_selection_is_acknowledged_with_or_without_comment(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    panel._page_menu()
    menu = panel.findChildren(QMenu)[-1]
    assert menu.actions()[0].text() == "确认本页可见的 5 条"
    menu.actions()[0].trigger()
    menu.close()
    ctx.bridge._drain_alarms()
    flush()
    command, actor = station.door.submitted[-1]
    assert command == AcknowledgeAlarms(occurrence_ids=(1, 2, 3, 4, 5), seen=(4, 3, 1, 1, 2))
    assert actor.name == "李建国"
    panel._count_later.timeout.emit()
    assert not panel.page_button.isEnabled()


def test_one_alarm_is_acknowledged_with_a_quick_phrase(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    panel.table.select(1)
    assert entry(panel, "确认并备注…")
    assert asked[0].phrases[0] == "已通知现场检查"
    assert not asked[0].required
    asked[0].done(asked[0].phrases[0], None, False)
    assert station.door.submitted[-1][0] == AcknowledgeAlarms(occurrence_ids=(1,), reason="已通知现场检查", seen=(4,))


def test_shelving_asks_for_time_and_reason_and_can_be_taken_back(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    panel.table.select(3)
    assert entry(panel, "搁置…")
    assert asked[0].required
    assert asked[0].durations
    asked[0].done("标定中", 900.0, True)
    assert station.door.submitted[-1][0] == ShelveAlarms(
        occurrence_ids=(3,), reason="标定中", for_s=900.0, one_shot=True
    )
    ctx.bridge._drain_alarms()
    panel.chips.chips["shelved"].click()
    panel.table.select(3)
    assert entry(panel, "取消搁置")
    assert station.door.submitted[-1][0] == UnshelveAlarms(occurrence_ids=(3,))


def test_out_of_service_needs_a_reason_and_the_right(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    panel.table.select(2)
    ctx.set_actor(station.actor("wang"))
    assert not entry(panel, "停用…")
    ctx.set_actor(station.actor("li"))
    assert entry(panel, "停用…")
    asked[0].done("仪表拆除", None, False)
    assert station.door.submitted[-1][0] == TakeOutOfService(alarm_key="PT-203.L", reason="仪表拆除")
    panel.chips.chips["out_of_service"].click()
    panel.table.select(13)
    assert entry(panel, "恢复使用")
    assert isinstance(station.door.submitted[-1][0], ReturnToService)


def test_a_latched_alarm_is_reset_and_an_acknowledgement_taken_back(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    panel.table.select(6)
    assert not entry(panel, "复位")
    assert entry(panel, "撤销确认")
    assert station.door.submitted[-1][0] == UnacknowledgeAlarms(occurrence_ids=(6,))
    change(station, ctx, 6, state=AlarmState.LATCH_ACKED)
    panel.table.select(6)
    assert entry(panel, "复位")
    assert station.door.submitted[-1][0] == ResetAlarms(occurrence_ids=(6,))


def test_nothing_can_be_ordered_while_the_station_is_locked(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    ctx.set_actor(None)
    panel.table.select(1)
    assert not panel.page_button.isEnabled()
    assert not entry(panel, "确认")
    panel.acts.ask_shelve(panel.table.selected())
    assert station.door.submitted == []


def test_a_refusal_is_said_in_words(panel: AlarmPanel, station: MemoryStation, ctx: PanelContext) -> None:
    said: list[tuple[str, str]] = []
    ctx.toast.connect(lambda text, level: said.append((text, level)))
    station.door.forbidden.add("alarm.acknowledge")
    panel.acts.acknowledge(panel.ctx.open_alarms.rows())
    flush()
    assert said == [("没有权限执行此操作", "warning")]


def test_a_double_click_jumps_to_the_plot_at_the_moment_it_was_raised(panel: AlarmPanel, ctx: PanelContext) -> None:
    asked: list[tuple[int, object]] = []
    ctx.show_on_plot.connect(lambda tag_id, t_us: asked.append((tag_id, t_us)))
    panel.table.activated.emit(panel.model.row_at(0))
    row = panel.model.row_at(0)
    assert asked == [(row.tag_id, row.raised_us)]


def test_the_journal_opens_at_the_side(panel: AlarmPanel, ctx: PanelContext, keep: Keep, qtbot: QtBot) -> None:
    opened: list[Sheet] = []
    ctx.open_sheet.connect(opened.append)
    panel.table.select(1)
    assert entry(panel, "报警日志")
    sheet = keep(opened[0])
    qtbot.waitUntil(lambda: sheet.lines.count() == 4)


def test_a_lost_link_stands_above_the_list_until_it_is_resynchronised(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    station.bus.publish(LinkChanged("plant", LinkState.DOWN, NOW))
    flush()
    assert panel.band.isVisible()
    assert panel.band_text.text().startswith("与 plant 的连接于 ")
    station.bus.publish(LinkChanged("plant", LinkState.UP, NOW + US))
    station.resynchronise()
    flush()
    assert "重新同步" in panel.band_text.text()
    panel._resync_over.timeout.emit()
    assert not panel.band.isVisible()


def test_resynchronising_reads_everything_anew(panel: AlarmPanel, station: MemoryStation, ctx: PanelContext) -> None:
    station.alarms.rows.clear()
    station.resynchronise()
    flush()
    assert panel.model.rowCount() == 0
    assert panel.table.states.note.title.text() == "没有活动报警"


def test_it_is_retold_in_english_and_repainted_at_night(panel: AlarmPanel) -> None:
    day = panel.grab().toImage()
    messages().switch("en")
    theme().switch("night")
    flush()
    model: QAbstractItemModel = panel.model
    assert model.index(0, 1).data() == "Unacknowledged"
    assert panel.header.title.text() == "Alarms"
    assert panel.grab().toImage() != day


def test_values_stand_beside_their_limits_with_the_unit(station: MemoryStation, panel: AlarmPanel) -> None:
    row = panel.model.row_at(0)
    assert value_and_limit(station, row) == "52.4 / 50 %LEL"
    assert limit_text(row) == "50"


def test_the_present_value_is_shown_while_the_alarm_lasts_and_its_own_afterwards(
    station: MemoryStation, panel: AlarmPanel
) -> None:
    row = panel.model.row_at(0)
    assert row.tag_id is not None
    station.speak(row.tag_id, 61.7)
    assert value_and_limit(station, row) == "61.7 / 50 %LEL"
    station.speak(row.tag_id, None, 0)
    assert value_and_limit(station, row) == "— / 50 %LEL"
    over = msgspec.structs.replace(row, state=AlarmState.NORM, closed_us=NOW)
    assert value_and_limit(station, over) == "52.4 / 50 %LEL"
    lost = msgspec.structs.replace(row, kind=ConditionKind.STALE, limit=None)
    assert value_and_limit(station, lost).startswith("—")


@pytest.mark.parametrize(
    ("chinese", "english", "kind", "shown", "shown_en"),
    [
        ("可燃气", "combustible gas", "HH", "可燃气 高高", "combustible gas high-high"),
        ("TK-101 液位高", "TK-101 level high", "HH", "TK-101 液位高高", "TK-101 level high-high"),
        ("TK-101 液位高", "TK-101 level high", "H", "TK-101 液位高", "TK-101 level high"),
        ("可燃气 高高", "gas high high", "H", "可燃气 高", "gas high"),
        ("油压低", "oil pressure low", "LL", "油压低低", "oil pressure low-low"),
        ("压力异常", "pressure abnormal", "L", "压力异常 低", "pressure abnormal low"),
        ("高压缸压力异常", "high pressure casing", "H", "高压缸压力异常", "high pressure casing"),
        ("高高液位开关动作", "overfill switch", "DISCRETE", "高高液位开关动作", "overfill switch"),
    ],
)
def test_the_level_that_is_active_is_part_of_the_text(
    station: MemoryStation, chinese: str, english: str, kind: str, shown: str, shown_en: str
) -> None:
    row = station.make_row(station.add_tag("X"), text=chinese, text_en=english, kind=ConditionKind(kind))
    assert alarm_text(row) == shown
    messages().switch("en")
    assert alarm_text(row) == shown_en


def test_a_limit_is_shown_as_it_was_set_and_that_of_a_slope_per_second(station: MemoryStation) -> None:
    row = station.make_row(station.add_tag("LT-1"), kind=ConditionKind.RATE, limit=0.025, decimals=1)
    assert limit_text(row) == "0.025/s"
    assert short_number(0.45, 1) == "0.45"
    assert short_number(50.0, 2) == "50"


def test_every_row_says_who_when_and_where(station: MemoryStation) -> None:
    tag = station.add_tag("X")
    seen = station.make_row(tag, state=AlarmState.ACKED, acked_us=NOW - 60 * US, acked_by="王敏", acked_station="CR-02")
    assert acked_text(seen, NOW) == f"王敏 {clock_text(NOW - 60 * US)} CR-02"
    assert acked_text(station.make_row(tag, state=AlarmState.SHLVD, held_by="王敏"), NOW) == "王敏"


def test_shelving_offers_only_what_the_rules_allow_for_the_most_urgent(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext
) -> None:
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    low = next(row for row in panel.model.shown() if row.priority is Priority.LOW and row.unacknowledged)
    panel.acts.ask_shelve([low])
    panel.acts.ask_shelve([low, panel.model.row_at(0)])
    limits = station.alarms.limits().shelve_max_s
    assert max(asked[0].durations) == limits[Priority.LOW]
    assert max(asked[1].durations) <= limits[Priority.CRITICAL]
    assert asked[1].durations[0] == 1800.0


def test_what_rights_keep_shut_says_why(panel: AlarmPanel, station: MemoryStation, ctx: PanelContext) -> None:
    panel.table.select(panel.model.row_at(0).occurrence_id)
    station.door.forbidden.add("alarm.out_of_service")
    menu = menu_of(panel)
    stop = next(action for action in menu.actions() if action.text() == "停用…")
    assert not stop.isEnabled()
    assert stop.toolTip() == "当前人员没有此权限"
    menu.deleteLater()
    ctx.set_actor(None)
    flush()
    assert not panel.page_button.isEnabled()
    assert panel.page_button.toolTip() == "本机已锁定，登录后才能操作"


def test_a_discrete_alarm_shows_the_word_of_its_state(
    station: MemoryStation, ctx: PanelContext, panel: AlarmPanel
) -> None:
    tag = station.add_tag("LS-101", 1.0, states={"0": ["正常", "normal"], "1": ["动作", "tripped"]}, decimals=0)
    row = station.raise_alarm(station.make_row(tag, ago_s=0, priority=Priority.CRITICAL, value=1.0, limit=None))
    ctx.bridge._drain_alarms()
    column = next(n for n, c in enumerate(panel.model.columns) if c.key == "value")
    at = panel.model.position(row.occurrence_id)
    assert panel.model.index(at, column).data() == "动作"


def test_the_list_counts_its_rows_below(panel: AlarmPanel) -> None:
    assert panel.footer.text().startswith("显示 11 / 13 行")


def test_the_journal_of_a_discrete_alarm_shows_the_words_of_its_states(
    panel: AlarmPanel, station: MemoryStation, ctx: PanelContext, keep: Keep, qtbot: QtBot
) -> None:
    tag = station.add_tag("XS-1", 0.0, states={"0": ["停", "stopped"], "1": ["运行", "running"]}, decimals=0)
    row = station.make_row(tag, kind=ConditionKind.DISCRETE, limit=None, value=0.0)
    station.alarms.journals[row.occurrence_id] = [
        TransitionRow(NOW, "raise", "NORM", "UNACK", 3, 0.0, "", "", ""),
    ]
    sheet = cast(JournalSheet, keep(JournalSheet(ctx, row)))
    qtbot.waitUntil(lambda: sheet.lines.count() > 0)
    assert "停" in [label.text().strip() for label in sheet.findChildren(QLabel)]
