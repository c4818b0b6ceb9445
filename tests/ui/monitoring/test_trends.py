from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication

from app.clock import US
from app.ports import ScenarioInfo, Trend
from models.alarms import AlarmState, ConditionKind, Priority
from models.commands import Command, ExportData, RunScenario
from models.events import TagsChanged, ValuesChanged
from models.readings import TagInfo
from tests.ui.conftest import flush
from tests.ui.station import NOW, MemoryStation
from ui.i18n import messages
from ui.monitoring.plot import TAGS_MIME, dropped_tags
from ui.monitoring.plotitems import Envelope, ValueAxis, by_pixel, line_by_pixel
from ui.monitoring.trends import TrendPanel
from ui.monitoring.turns import DrawTurns
from ui.widgets.panel import PanelContext

Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def panel(
    ctx: PanelContext, tags: dict[str, TagInfo], place: Callable[..., None], until: Until, station: MemoryStation
) -> TrendPanel:
    made = TrendPanel(ctx)
    made.show_group([["GD-07"], ["P-203"]])
    place(made, 1200, 520)
    until(lambda: all(series.loaded for plot in made.plots for series in plot.series))
    made._work()
    return made


def press(panel: TrendPanel, key: Qt.Key) -> None:
    QApplication.sendEvent(panel, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


def test_without_a_choice_tags_in_alarm_are_shown(
    ctx: PanelContext, tags: dict[str, TagInfo], place: Callable[..., None]
) -> None:
    made = TrendPanel(ctx)
    place(made)
    assert made.tags()[0] == ["GD-07"]
    assert len(made.tags()) == 4


def test_adding_and_removing_tags(panel: TrendPanel, tags: dict[str, TagInfo], station: MemoryStation) -> None:
    said: list[list[str]] = []
    panel.ctx.plotted.connect(said.append)
    panel.add([tags["TK-101"].id, tags["GD-07"].id])
    assert panel.tags() == [["GD-07"], ["P-203"], ["TK-101"]]
    assert station.live.watched == {tags[n].id for n in ("GD-07", "P-203", "TK-101")}
    panel.remove(tags["P-203"].id)
    assert panel.tags() == [["GD-07"], ["TK-101"]]
    assert said[-1] == ["GD-07", "TK-101"]


def test_a_tag_dropped_on_a_plot_of_its_unit_joins_it_and_another_does_not(
    panel: TrendPanel, tags: dict[str, TagInfo]
) -> None:
    panel.plots[0].dropped.emit([tags["GD-08"].id, tags["TK-101"].id])
    assert panel.tags() == [["GD-07", "GD-08"], ["P-203"], ["TK-101"]]
    tokens = [legend.token for legend in panel.plots[0].legend.legends]
    assert len(set(tokens)) == 2


def test_the_mime_of_the_tree_is_read(tags: dict[str, TagInfo]) -> None:
    class Drop:
        def mimeData(self) -> QMimeData:
            data = QMimeData()
            data.setData(TAGS_MIME, b"3 14")
            return data

    assert dropped_tags(Drop()) == [3, 14]  # type: ignore[arg-type]  # all it needs of a drop


def test_the_choice_is_restored_at_the_next_start(
    panel: TrendPanel, ctx: PanelContext, place: Callable[..., None]
) -> None:
    panel.spans.buttons["8h"].click()
    again = TrendPanel(ctx)
    place(again)
    assert again.tags() == [["GD-07"], ["P-203"]]
    assert again.window_.span_us == 8 * 3600 * US


def test_live_samples_reach_the_curve(panel: TrendPanel, tags: dict[str, TagInfo], station: MemoryStation) -> None:
    tag = tags["GD-07"]
    station.clock.advance(5)
    station.bus.publish(ValuesChanged({}, {tag.id: [(NOW + US, 70.0), (NOW + 2 * US, 71.0)]}))
    panel.ctx.bridge._drain_values()
    assert panel.plots[0].series[0].view(NOW, NOW + 3 * US).mean.tolist()[-2:] == [70.0, 71.0]
    assert len(panel.turns) >= 1


def test_scrolling_back_reads_the_store_and_keeps_the_scale_under_the_hand(panel: TrendPanel, until: Until) -> None:
    plot = panel.plots[0]
    before = plot._y
    assert before is not None
    press(panel, Qt.Key.Key_PageUp)
    assert not panel.window_.live
    assert panel.live.words() == "已暂停"
    start = panel.window_.start_us
    until(lambda: plot.series[0]._covered[0] <= start)
    panel._work()
    after = plot._y
    assert after is not None
    assert after[0] <= before[0]
    assert after[1] >= before[1]
    press(panel, Qt.Key.Key_End)
    assert panel.window_.live


def test_space_pauses_and_nothing_moves_until_it_is_pressed_again(panel: TrendPanel, station: MemoryStation) -> None:
    press(panel, Qt.Key.Key_Space)
    start = panel.window_.start_us
    station.clock.advance(3600)
    panel._work()
    assert panel.window_.start_us == start
    press(panel, Qt.Key.Key_Space)
    assert panel.window_.start_us > start


def test_the_wheel_zooms_all_plots_together(panel: TrendPanel) -> None:
    span = panel.window_.span_us
    panel.plots[1].box.zoomed.emit(0.5, 0.0)
    assert panel.window_.span_us == span // 2
    panel._work()
    ranges = {tuple(plot.box.viewRange()[0]) for plot in panel.plots}
    assert len(ranges) == 1


def test_zoomed_out_the_envelope_shows_a_spike(panel: TrendPanel) -> None:
    t = np.arange(4000, dtype=float)
    lo, hi = np.zeros(4000), np.zeros(4000)
    hi[1234] = 99.0
    x, low, high = by_pixel(t, lo, hi, 800)
    assert x.size == 800
    assert high.max() == 99.0
    envelope = Envelope()
    envelope.set_data(x, low, high)
    assert envelope.boundingRect().bottom() == 99.0


def test_where_nothing_spreads_there_is_no_area() -> None:
    envelope = Envelope()
    values = np.array([1.0, 2.0, np.nan, 3.0])
    envelope.set_data(np.arange(4.0), values, values)
    assert envelope.boundingRect().isEmpty()


def test_axis_figures_are_never_rounded_away() -> None:
    axis = ValueAxis()
    assert axis.tickStrings([2.5, 5.0], 1.0, 2.5) == ["2.5", "5.0"]
    assert axis.tickStrings([20, 40], 1.0, 20) == ["20", "40"]
    assert axis.tickStrings([0.25], 1.0, 0.25) == ["0.25"]


def test_limits_become_lines_and_a_crossed_one_shows_its_band(panel: TrendPanel, tags: dict[str, TagInfo]) -> None:
    plot = panel.plots[0]
    assert [(str(m.name), m.value) for m in plot.limits] == [("HH", 50.0), ("H", 25.0)]
    assert [label.crossed for label in plot.right.labels] == [True, True]
    panel.ctx.station.speak(tags["GD-07"].id, 30.0)  # type: ignore[attr-defined]  # the station in memory
    panel.ctx.bridge._drain_values()
    plot.draw(force=True)
    assert [label.crossed for label in plot.right.labels] == [False, True]


def test_alarms_are_marked_on_the_axis(panel: TrendPanel, until: Until) -> None:
    until(lambda: bool(panel.plots[0].overlay.marks))
    mark = panel.plots[0].overlay.marks[-1]
    assert (mark.t_us, mark.priority, mark.state) == (NOW - 41 * US, Priority.CRITICAL, AlarmState.UNACK)


def test_a_new_limit_is_drawn_without_reading_the_curve_again(
    panel: TrendPanel, tags: dict[str, TagInfo], station: MemoryStation
) -> None:
    plot = panel.plots[1]
    station.define(tags["P-203"], ConditionKind.HH, 9.5, Priority.CRITICAL)
    station.bus.publish(TagsChanged(NOW))
    flush()
    panel._take_catalogue()
    assert panel.plots[1] is plot
    assert 9.5 in [limit.value for limit in plot.limits]
    panel._catalogue_later.stop()


def test_history_that_fails_is_said_and_not_asked_at_every_tick(
    panel: TrendPanel, station: MemoryStation, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def broken(tag_id: int, *_: int) -> Trend:
        asked.append(tag_id)
        raise OSError("store is away")

    monkeypatch.setattr(station.history, "trend", broken)
    panel.window_.show_moment(NOW - 86_400 * US)
    until(lambda: all(plot.trouble for plot in panel.plots))
    assert panel.plots[0].overlay.note == "历史数据读取失败：store is away"
    for _ in range(20):
        panel._work()
    assert len(asked) == 2


def test_until_history_has_come_the_plot_says_that_it_reads(panel: TrendPanel, tags: dict[str, TagInfo]) -> None:
    plot = panel.plots[0]
    plot.add_tag(tags["GD-08"])
    plot.series[0]._history = None
    plot.show_note()
    assert plot.overlay.note == "正在读取…"


def test_selecting_a_stretch_shows_its_figures(panel: TrendPanel, until: Until) -> None:
    panel.plots[0].selecting.emit(NOW - 600 * US, NOW - 300 * US, True)
    until(lambda: not panel.statistics.isHidden())
    labels = [panel.statistics._grid.itemAt(i).widget().text() for i in range(panel.statistics._grid.count())]  # type: ignore[union-attr, attr-defined]
    assert "300" in labels
    assert any(text.startswith("GD-07") for text in labels)
    press(panel, Qt.Key.Key_Escape)
    assert panel.statistics.isHidden()
    assert panel.plots[0].overlay.selection is None


def test_the_cross_hair_reads_all_plots_at_one_moment(panel: TrendPanel) -> None:
    panel._hover(NOW - 60 * US)
    assert all(len(plot.overlay.probes) == 1 for plot in panel.plots)
    assert panel.ruler.cross_us == NOW - 60 * US
    panel.cross.setChecked(False)
    assert panel.plots[0].overlay.cross_us is None


def test_a_tag_is_brought_into_sight_at_its_moment(panel: TrendPanel, tags: dict[str, TagInfo]) -> None:
    panel.ctx.show_on_plot.emit(tags["TK-101"].id, NOW - 5 * 86_400 * US)
    assert panel.tags()[-1] == ["TK-101"]
    assert panel.window_.start_us < NOW - 5 * 86_400 * US < panel.window_.end_us


def test_what_is_seen_goes_to_csv_and_png_and_is_audited(
    panel: TrendPanel, tmp_path: Path, until: Until, orders: Callable[[], list[Command]]
) -> None:
    panel.export_to(tmp_path / "t.csv")
    until(lambda: len(orders()) == 1)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["时间", "位号", "最小", "平均", "最大", "单位"]
    assert {row[1] for row in rows[1:]} == {"GD-07", "P-203"}
    panel.export_to(tmp_path / "t.png")
    assert QImage(str(tmp_path / "t.png")).width() == 1200
    exported = orders()
    assert [type(order) for order in exported] == [ExportData, ExportData]
    assert exported[0].rows == len(rows) - 1  # type: ignore[attr-defined]


def test_who_may_not_export_is_told(panel: TrendPanel, station: MemoryStation, tmp_path: Path) -> None:
    station.door.forbidden.add(ExportData.action)
    said: list[str] = []
    panel.ctx.toast.connect(lambda text, _level: said.append(text))
    panel.export_to(tmp_path / "t.csv")
    assert said == ["当前人员没有此权限"]
    assert not (tmp_path / "t.csv").exists()


def test_groups_are_saved_and_come_back(panel: TrendPanel) -> None:
    panel.groups.save("P-203 密封")
    panel.show_group([["TK-101"]])
    panel.groups.choose("P-203 密封")
    assert panel.tags() == [["GD-07"], ["P-203"]]
    panel.groups.remove("P-203 密封")
    assert panel.groups.groups() == {}


def test_plots_out_of_sight_wait_and_new_samples_wait_their_turn(panel: TrendPanel) -> None:
    drawn: list[int] = []

    class Fake:
        tags = (1,)

        def __init__(self, number: int, seen: bool) -> None:
            self.number, self.seen, self.drawn_at = number, seen, 1e12

        def visibleRegion(self) -> Fake:
            return self

        def isEmpty(self) -> bool:
            return not self.seen

        def draw(self) -> None:
            drawn.append(self.number)

    plots = [Fake(0, True), Fake(1, False), Fake(2, True)]
    turns = DrawTurns(plots)  # type: ignore[arg-type]  # only what it uses of a plot
    turns.add_all(urgent=False)
    turns.run(on_screen=True)
    assert drawn == []
    turns.add_all(urgent=True)
    turns.run(on_screen=True)
    assert drawn == [0, 2]
    assert len(turns) == 1


def test_words_follow_the_language(panel: TrendPanel) -> None:
    messages().switch("en")
    assert panel.spans.buttons["15m"].text() == "15 min"
    assert panel.live.words() == "Live"


def test_scenarios_are_offered_on_the_demo_only(
    ctx: PanelContext,
    tags: dict[str, TagInfo],
    station: MemoryStation,
    place: Callable[..., None],
    orders: Callable[[], list[Command]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = TrendPanel(ctx)
    place(plain)
    assert plain.head.scenarios.isHidden()
    station.demo = True
    running = [ScenarioInfo("leak", "泄漏", "Leak", True), ScenarioInfo("wear", "磨损", "Wear", False)]
    monkeypatch.setattr(station, "scenarios", lambda: running)
    demo = TrendPanel(ctx)
    place(demo)
    assert not demo.head.scenarios.isHidden()
    demo.head.scenarios.fill()
    leak, wear = demo.head.scenarios.menu_.actions()
    assert (leak.isChecked(), wear.isChecked()) == (True, False)
    leak.trigger()
    wear.trigger()
    assert orders() == [RunScenario(name="leak", running=False), RunScenario(name="wear", running=True)]


def test_the_menu_of_a_curve_leads_to_the_editor(panel: TrendPanel, tags: dict[str, TagInfo]) -> None:
    asked: list[int] = []
    panel.ctx.edit_tag.connect(asked.append)
    panel._menu(tags["P-203"].id, QPoint(0, 0))
    menu = next(w for w in QApplication.topLevelWidgets() if w.metaObject().className() == "QMenu" and w.isVisible())
    entries = {action.text(): action for action in menu.actions()}
    entries["上移"].trigger()
    assert panel.tags() == [["P-203"], ["GD-07"]]
    assert not entries["下移"].isEnabled()
    menu.close()
    flush()


def test_a_late_answer_does_not_bring_back_figures_that_were_closed(panel: TrendPanel, until: Until) -> None:
    panel.select((NOW - 600 * US, NOW - 300 * US))
    panel.select(None)
    panel.select((NOW - 900 * US, NOW - 600 * US))
    until(lambda: not panel.statistics.isHidden())
    assert "05:48:17" in panel.statistics.title.text() or "48:17" in panel.statistics.title.text()


def test_each_curve_of_a_plot_has_a_pen_of_its_own_also_after_changes(
    panel: TrendPanel, tags: dict[str, TagInfo]
) -> None:
    panel.show_group([["TK-101", "TK-102", "TK-103", "TK-201"]])
    panel.remove(tags["TK-102"].id)
    panel.add([tags["TK-202"].id, tags["TK-102"].id], panel.plots[0])
    pens = [(legend.token, legend.dash) for legend in panel.plots[0].legend.legends]
    assert len(pens) == 5
    assert len(set(pens)) == 5
    assert panel.plots[0].minimumHeight() >= 5 * 20


def test_narrow_headers_let_go_of_what_can_be_missed(panel: TrendPanel) -> None:
    panel.head.fit_width(640)
    assert panel.count.isHidden()
    assert panel.head.fit.isHidden()
    panel.head.fit_width(900)
    assert not panel.count.isHidden()


def test_a_dense_line_keeps_every_peak_and_every_gap() -> None:
    x, y = np.arange(9000, dtype=float), np.sin(np.arange(9000) / 50)
    y[4321], y[6000:6100] = 40.0, np.nan
    thin_x, thin_y = line_by_pixel(x, y, 900)
    assert thin_x.size == 1800
    assert (np.diff(thin_x) > 0).all()
    assert np.nanmax(thin_y) == 40.0
    assert np.isnan(thin_y).sum() == 20
    assert line_by_pixel(x[:1000], y[:1000], 900)[0].size == 1000


def test_a_spread_thinner_than_the_line_is_left_out() -> None:
    envelope = Envelope()
    lo = np.zeros(10)
    envelope.set_data(np.arange(10.0), lo, lo + 0.1, least=0.5)
    assert envelope.boundingRect().isEmpty()
