from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from PySide6.QtWidgets import QMenu

from app.clock import US
from models.commands import Command, RetireTag, SaveTag
from models.events import TagsChanged, ValuesChanged
from models.readings import LiveValue, TagInfo
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.i18n import messages
from ui.monitoring.favourites import favourites
from ui.monitoring.plot import TAGS_MIME
from ui.monitoring.values import ValuesPanel
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet

Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def panel(ctx: PanelContext, tags: dict[str, TagInfo], place: Callable[..., None], until: Until) -> ValuesPanel:
    made = ValuesPanel(ctx)
    place(made)
    return made


def names(panel: ValuesPanel) -> list[str]:
    return [row.tag.name for row in panel.model.shown()]


def cell(panel: ValuesPanel, tag: TagInfo, key: str) -> str:
    row = panel.model.find(tag.id)
    assert row is not None
    return panel.model.columns[panel._columns[key]].text(row)


def speak(panel: ValuesPanel, tag: TagInfo, value: float | str | None, quality: int = 192) -> None:
    panel.ctx.station.speak(tag.id, value, quality)  # type: ignore[attr-defined]  # the station in memory
    panel.ctx.bridge._drain_values()
    flush()


def menu_entries(panel: ValuesPanel) -> dict[str, tuple[bool, Callable[[], None]]]:
    menu = QMenu(panel)
    panel._fill_menu(menu)
    return {action.text(): (action.isEnabled(), action.trigger) for action in menu.actions() if action.text()}


def test_all_tags_stand_in_plant_order_with_unit_and_decimals(panel: ValuesPanel, tags: dict[str, TagInfo]) -> None:
    assert names(panel)[:3] == ["TK-101", "TT-101", "PT-101"]
    assert len(names(panel)) == len(tags)
    assert (cell(panel, tags["PT-203"], "value"), cell(panel, tags["PT-203"], "unit")) == ("0.38", "MPa")
    assert cell(panel, tags["GD-11"], "quality") == "坏值"


def test_a_new_value_changes_its_row_and_its_age_grows(
    panel: ValuesPanel, tags: dict[str, TagInfo], station: MemoryStation
) -> None:
    tag = tags["TK-101"]
    station.clock.advance(30)
    speak(panel, tag, 80.26)
    assert cell(panel, tag, "value") == "80.3"
    station.clock.advance(45)
    panel._each_second()
    assert cell(panel, tag, "age") == "45 秒"


def test_a_silent_tag_goes_stale_and_dim(panel: ValuesPanel, tags: dict[str, TagInfo], station: MemoryStation) -> None:
    station.clock.advance(181)
    panel._each_second()
    assert cell(panel, tags["TK-101"], "quality") == "陈旧"
    dim = panel.model.columns[panel._columns["value"]].dim
    row = panel.model.find(tags["TK-101"].id)
    assert dim is not None
    assert row is not None
    assert dim(row)


def test_no_value_is_a_dash_and_never_zero(panel: ValuesPanel, tags: dict[str, TagInfo]) -> None:
    speak(panel, tags["TK-101"], None, 8)
    assert cell(panel, tags["TK-101"], "value") == "—"


def test_states_are_shown_in_words(panel: ValuesPanel, station: MemoryStation, tags: dict[str, TagInfo]) -> None:
    valve = station.add_tag("XV-1", 1.0, states={"0": ["关", "closed"], "1": ["开", "open"]})
    panel._reload()
    assert cell(panel, valve, "value") == "开"
    messages().switch("en")
    assert cell(panel, valve, "value") == "open"


def test_chips_and_search_choose(panel: ValuesPanel, ctx: PanelContext, tags: dict[str, TagInfo]) -> None:
    panel.chips.choose("bad")
    assert names(panel) == ["GD-11"]
    panel.chips.choose("alarmed")
    assert "GD-07" in names(panel)
    assert "TK-102" not in names(panel)
    favourites(ctx).star(["TK-102"], True)
    panel.chips.choose("favourite")
    assert names(panel) == ["TK-102"]
    panel.chips.choose("all")
    panel.search.setText("bp krq")  # 泵棚 可燃气
    panel.search.flush()
    assert names(panel) == ["GD-07", "GD-08"]
    assert panel.chips.chips["bad"].text() == "质量差 1"


def test_nothing_found_says_so_and_clears(panel: ValuesPanel, tags: dict[str, TagInfo]) -> None:
    panel.search.setText("zzz")
    panel.search.flush()
    assert panel.table.states.state == "note"
    panel.table.states.note.action.click()
    assert len(names(panel)) == len(tags)


def test_an_empty_plant_says_what_to_do(ctx: PanelContext, place: Callable[..., None], sheets: list[Sheet]) -> None:
    made = ValuesPanel(ctx)
    place(made)
    made.table.states.note.action.click()
    assert [sheet.accessibleName() for sheet in sheets] == ["新建位号"]


def test_ordered_by_value_rows_do_not_run_away_between_reorders(panel: ValuesPanel, tags: dict[str, TagInfo]) -> None:
    panel.model.order_by(panel._columns["value"], True)
    first = names(panel)[0]
    speak(panel, tags["GD-03"], 999.0)
    assert names(panel)[0] == first
    panel._by_and_by()
    assert names(panel)[0] == "GD-03"


def test_an_alarm_appears_in_its_row_and_under_its_chip(
    panel: ValuesPanel, tags: dict[str, TagInfo], station: MemoryStation
) -> None:
    panel.chips.choose("alarmed")
    before = len(names(panel))
    station.raise_alarm(station.make_row(tags["TK-102"]))
    panel.ctx.bridge._drain_alarms()
    flush()
    assert len(names(panel)) == before + 1
    row = panel.model.find(tags["TK-102"].id)
    assert row is not None
    assert row.priority.word == "high"


def test_sparklines_begin_with_stored_history_of_the_rows_in_sight(
    panel: ValuesPanel, tags: dict[str, TagInfo], until: Until
) -> None:
    panel._fill_sparks()
    until(lambda: bool(np.isfinite(panel.sparks.line(tags["TK-101"].id)[0]).sum() > 100))
    assert panel.sparks.wanting([tags["TK-101"].id]) == []


def test_double_click_goes_to_the_plot_and_a_click_to_the_details(panel: ValuesPanel, tags: dict[str, TagInfo]) -> None:
    plotted: list[tuple[int, object]] = []
    chosen: list[int] = []
    panel.ctx.show_on_plot.connect(lambda tag_id, t_us: plotted.append((tag_id, t_us)))
    panel.ctx.select_tag.connect(chosen.append)
    panel.table.select(tags["P-203"].id)
    panel.table._activate_current()
    assert plotted == [(tags["P-203"].id, None)]
    assert chosen == [tags["P-203"].id]


def test_rows_can_be_dragged_to_the_plots(panel: ValuesPanel, tags: dict[str, TagInfo]) -> None:
    data = panel.model.mimeData([panel.model.index(0, 1), panel.model.index(0, 2), panel.model.index(2, 1)])
    assert data.text() == "TK-101\nPT-101"
    assert bytes(data.data(TAGS_MIME).data()) == f"{tags['TK-101'].id} {tags['PT-101'].id}".encode()


def test_who_may_not_edit_finds_the_acts_disabled(panel: ValuesPanel, station: MemoryStation) -> None:
    station.door.forbidden.update({SaveTag.action, RetireTag.action, "alarm.define"})
    panel.ctx.set_actor(station.actor("wang"))
    assert not panel.new_button.isEnabled()
    panel.table.select(1)
    entries = menu_entries(panel)
    assert not entries["编辑位号与报警…"][0]
    assert not entries["停用位号…"][0]
    assert entries["显示曲线"][0]


def test_retiring_asks_for_a_reason(
    panel: ValuesPanel, tags: dict[str, TagInfo], orders: Callable[[], list[Command]]
) -> None:
    asked: list[ReasonRequest] = []
    panel.ctx.ask.connect(asked.append)
    panel.table.select(tags["GD-07"].id)
    menu_entries(panel)["停用位号…"][1]()
    assert asked[0].required
    assert "2 个报警" in asked[0].text
    asked[0].done("测点已拆除", None, False)
    assert orders() == [RetireTag(name="GD-07", reason="测点已拆除")]


def test_an_edited_catalogue_keeps_choice_and_lines(
    panel: ValuesPanel, station: MemoryStation, tags: dict[str, TagInfo]
) -> None:
    panel.table.select(tags["P-203"].id)
    sparks = panel.sparks
    panel._reload()
    current = panel.table.current()
    assert current is not None
    assert current.tag.name == "P-203"
    assert panel.sparks is sparks
    station.add_tag("NEW-1", 2.0)
    for _ in range(20):
        station.bus.publish(TagsChanged(station.now_us()))
    flush()
    assert "NEW-1" not in names(panel)
    panel._reload()
    panel._reload_later.stop()
    assert "NEW-1" in names(panel)


def test_export_writes_numbers_and_words(panel: ValuesPanel, tags: dict[str, TagInfo], tmp_path: Path) -> None:
    rows = panel.table.cells([row for row in panel.model.shown() if row.tag.name == "PT-203"])
    head = panel.table.head()
    assert rows[0][head.index("数值")] == 0.38
    assert rows[0][head.index("质量")] == "良好"


def test_ten_thousand_tags_take_a_drain_of_values_quickly(
    ctx: PanelContext, station: MemoryStation, place: Callable[..., None]
) -> None:
    for number in range(10_000):
        station.add_tag(f"T-{number:05d}", float(number), area="A", area_name="罐区", stale_after_s=60.0)
    made = ValuesPanel(ctx)
    place(made)
    now = station.now_us() + US
    latest = {i: LiveValue(i, now, float(i), 192, now) for i in range(1, 10_001)}
    station.clock.advance(1)
    station.bus.publish(ValuesChanged(latest))
    started = process_time()
    ctx.bridge._drain_values()
    flush()
    assert process_time() - started < 0.25  # about 20 ms on two slow cores
    assert cell(made, station.tags.tags[9_999], "value") == "9999.0"


def test_hidden_it_paints_nothing_and_stops_its_timers(panel: ValuesPanel) -> None:
    panel.hide()
    assert not panel._second.isActive()
    assert not panel._reorder.isActive()
