"""Trends: many plots on one time axis, where live and history are one line.

Plots are drawn in turn within a small budget of time a tick, so that many curves never hold the window up; a plot is
drawn again only when it would look different (a pixel of time has passed, samples came, the window moved).
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from app.ports import AlarmQuery, Statistics, Trend
from models.alarms import AlarmRow
from models.commands import ExportData
from models.readings import LiveValue, TagInfo, TagKind
from ui.i18n import count_text, file_stamp, stamp_text, t, unit_text
from ui.monitoring.groups import GroupButton
from ui.monitoring.overlay import Mark
from ui.monitoring.plot import TAGS_MIME, Plot, dropped_tags
from ui.monitoring.plotitems import FINE_CURVES
from ui.monitoring.ruler import Ruler
from ui.monitoring.series import Series
from ui.monitoring.statistics import StatisticsStrip
from ui.monitoring.timewindow import SPANS, TimeWindow
from ui.widgets.controls import SegmentedButtons, button, icon_button, name_control, role_label
from ui.widgets.icons import set_icon
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.states import EmptyState

TICK_MS = 40
BUDGET_S = 0.008
MOST_PLOTS = 64
_LEVELS_US = (3_600_000_000, 60_000_000, 1_000_000)


def level_of(span_us: int, width_px: int) -> float:
    """Bucket width in seconds that the store answers with for this zoom (see app.ports.History.trend)."""
    pixel = span_us / max(1, width_px)
    return next((width / 1e6 for width in _LEVELS_US if pixel * 2 >= width), 0.0)


class TrendPanel(Panel):
    """The operator's plots."""

    title_key = "monitoring.trends"
    icon_name = "trend"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        settings: QSettings = ctx.settings
        self.window_ = TimeWindow(ctx.station.now_us, parent=self)
        self._base_us = ctx.station.now_us()
        self.plots: list[Plot] = []
        self._queue: deque[Plot] = deque()
        self._loading: dict[int, tuple[int, int, float]] = {}
        self._marks_at = (0, 0)
        self._selection: tuple[int, int] | None = None

        self.groups = GroupButton(ctx)
        self.groups.load.connect(self.show_group)
        self.count = role_label("dim")
        self.header.left.addWidget(self.groups)
        self.header.left.addWidget(self.count)
        self.spans = SegmentedButtons(list(SPANS))
        self.spans.chosen.connect(lambda key: self.window_.show_span(SPANS[key]))
        self.live = button("pause")
        self.live.setCheckable(True)
        self.live.clicked.connect(self._toggle_live)
        self.cross = button("crosshair", "flat")
        self.cross.setCheckable(True)
        self.cross.setChecked(bool(settings.value("trends/cross", True, type=bool)))
        self.cross.toggled.connect(self._cross_toggled)
        self.export = button("export", "flat")
        self.export_menu = QMenu(self.export)
        self.export.setMenu(self.export_menu)
        self.fit = icon_button("refresh")
        self.fit.clicked.connect(self._fit_all)
        for widget in (self.spans, self.live, self.cross, self.export, self.fit):
            self.header.right.addWidget(widget)

        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("panel")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 4, 4, 0)
        self._column.setSpacing(6)
        self.area.setWidget(page)
        self.ruler = Ruler(self.window_)
        self.statistics = StatisticsStrip()
        self.statistics.closed.connect(lambda: self.select(None))
        self.empty = EmptyState("trend")
        body = QWidget()
        plots = QVBoxLayout(body)
        plots.setContentsMargins(0, 0, 0, 0)
        plots.setSpacing(0)
        plots.addWidget(self.area, 1)
        plots.addWidget(self.ruler)
        plots.addWidget(self.statistics)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(body)
        self._stack.addWidget(self.empty)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

        self.window_.moved.connect(self._moved)
        self.window_.live_changed.connect(self._live_changed)
        ctx.show_on_plot.connect(self.bring)
        ctx.bridge.samples.connect(self._samples)
        ctx.bridge.values.connect(self._values)
        ctx.bridge.tags_changed.connect(lambda _event: self._reload_tags())
        ctx.open_alarms.changed.connect(self._alarms_changed)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._work)
        self._legend_tick = QTimer(self, interval=1000)
        self._legend_tick.timeout.connect(self._refresh_legends)
        span = str(settings.value("trends/span", "2h", type=str))
        self.window_.show_span(SPANS.get(span, SPANS["2h"]))
        self.ready()
        self._restore()

    # -- words and colours

    def retranslate(self) -> None:
        for key in SPANS:
            self.spans.buttons[key].setText(t(f"monitoring.span.{key}"))
        self.cross.setText(t("monitoring.readout"))
        self.export.setText(t("monitoring.export"))
        name_control(self.fit, t("monitoring.fit"))
        self.export_menu.clear()
        for key in ("png", "csv", "xlsx"):
            self.export_menu.addAction(t(f"monitoring.export_{key}"), partial(self._export, key))
        self.empty.say(
            t("monitoring.empty_title"), t("monitoring.empty_hint"), t("monitoring.empty_action"), self._show_default
        )
        self.groups.retranslate()
        self._live_changed(self.window_.live)
        self._count()
        for plot in self.plots:
            plot.show_level()
            plot.draw(force=True)

    def on_theme(self) -> None:
        for plot in self.plots:
            plot.on_theme()
            plot.draw(force=True)
        self.ruler.update()

    # -- which plots

    def tags(self) -> list[list[str]]:
        """Names of the tags in each plot."""
        return [[tag.name for tag in plot.tags] for plot in self.plots]

    def show_group(self, rows: Sequence[Sequence[str]]) -> None:
        """Replace all plots by these (names of tags, one list a plot; unknown names are left out)."""
        for plot in self.plots:
            self._drop(plot)
        self.plots.clear()
        self._queue.clear()
        for names in rows:
            infos = [info for name in names if (info := self.ctx.station.tags.by_name(name)) is not None]
            if infos:
                self._add_plot(infos)
        self._changed()

    def add(self, tag_ids: Iterable[int], onto: Plot | None = None) -> None:
        """Put tags on plots: onto a plot of the same unit, or each on one of its own."""
        for tag_id in tag_ids:
            info = self.ctx.station.tags.by_id(tag_id)
            if info is None or info.kind == TagKind.TEXT or any(info.id == x.id for p in self.plots for x in p.tags):
                continue
            if onto is not None and onto.tags and onto.tags[0].unit == info.unit and len(onto.tags) < 6:
                onto.add_tag(info)
            elif len(self.plots) < MOST_PLOTS:
                self._add_plot([info])
            else:
                self.ctx.toast.emit(t("monitoring.too_many", n=MOST_PLOTS), "warning")
                break
        self._changed()

    def remove(self, tag_id: int) -> None:
        """Take a tag off the plots."""
        for plot in [p for p in self.plots if any(x.id == tag_id for x in p.tags)]:
            plot.remove_tag(tag_id)
            if not plot.tags:
                self.plots.remove(plot)
                self._drop(plot)
        self._changed()

    def bring(self, tag_id: int, t_us: int | None = None) -> None:
        """Bring a tag into sight, at a moment or now."""
        if not any(x.id == tag_id for p in self.plots for x in p.tags):
            self.add([tag_id])
        plot = next((p for p in self.plots if any(x.id == tag_id for x in p.tags)), None)
        if plot is None:
            return
        if t_us is not None and not self.window_.start_us < t_us < self.window_.end_us:
            self.window_.show_moment(t_us)
        self._work()
        self.area.ensureWidgetVisible(plot)
        if t_us is not None:
            self._hover(t_us)

    def _add_plot(self, infos: Sequence[TagInfo]) -> None:
        plot = Plot(self.ctx, self.window_, self._base_us)
        plot.setMinimumHeight(72)
        for info in infos:
            plot.add_tag(info)
        plot.picked.connect(self.ctx.select_tag)
        plot.menu.connect(self._menu)
        plot.hovered.connect(self._hover)
        plot.selecting.connect(self._selecting)
        plot.dropped.connect(partial(self.add, onto=plot))
        self._column.addWidget(plot, 1)
        self.plots.append(plot)

    def _drop(self, plot: Plot) -> None:
        """Out of sight at once, deleted when Qt comes to it."""
        self._column.removeWidget(plot)
        plot.hide()
        plot.deleteLater()

    def _changed(self) -> None:
        ids = {tag.id for plot in self.plots for tag in plot.tags}
        self.ctx.station.live.watch(ids, self)
        smooth = len(ids) <= FINE_CURVES
        for plot in self.plots:
            plot.set_smooth(smooth)
        self._stack.setCurrentIndex(0 if self.plots else 1)
        rows = self.tags()
        self.ctx.settings.setValue("trends/plots", json.dumps(rows))
        self.groups.offer(rows)
        self.ctx.plotted.emit([name for row in rows for name in row])
        self._count()
        self._marks_at = (0, 0)
        self._refresh_legends()
        self._moved()

    def _restore(self) -> None:
        stored = str(self.ctx.settings.value("trends/plots", "", type=str))
        rows = json.loads(stored) if stored else []
        if rows:
            self.show_group(rows)
        if not self.plots:
            self._show_default()

    def _show_default(self) -> None:
        """Four tags: those in alarm first, then those that are guarded."""
        tags, alarms = self.ctx.station.tags, self.ctx.station.alarms
        names = [
            row.tag for row in sorted(self.ctx.open_alarms.rows(), key=lambda r: -r.priority) if row.tag_id is not None
        ]
        names += [
            i.name
            for i in tags.all()
            if i.kind == TagKind.ANALOG and not i.name.startswith("$") and alarms.definitions_of(i.id)
        ]
        wanted = [
            n for n in dict.fromkeys(names) if (info := tags.by_name(n)) is not None and info.kind == TagKind.ANALOG
        ]
        self.show_group([[name] for name in wanted[:4]])

    def _reload_tags(self) -> None:
        self.show_group(self.tags())

    def _count(self) -> None:
        self.count.setText(t("monitoring.curves", n=count_text(sum(len(p.tags) for p in self.plots))))

    # -- time

    def _toggle_live(self) -> None:
        if self.window_.live:
            self.window_.pause()
        else:
            self.window_.follow()

    def _live_changed(self, live: bool) -> None:
        self.live.setChecked(live)
        self.live.setText(t("monitoring.live" if live else "monitoring.paused"))
        set_icon(self.live, "pause" if live else "play")
        name_control(self.live, t("monitoring.live_tip" if live else "monitoring.paused_tip"))

    def _moved(self) -> None:
        span = round(self.window_.span_us / 1e6)
        key = next((k for k, s in SPANS.items() if s == span), None)
        self.spans.select(key)
        if key:
            self.ctx.settings.setValue("trends/span", key)
        self._ask()
        for plot in self.plots:
            if plot not in self._queue:
                self._queue.append(plot)
        self.ruler.update()
        if self.isVisible() and not self._tick.isActive():
            self._tick.start()

    def _work(self) -> None:
        """Draw plots in turn until the budget of this tick is used."""
        if self.window_.catch_up(int(self.plots[0].overlay.area.width()) if self.plots else 0):
            self._marks_due()
        self._ask()
        started = perf_counter()
        for _ in range(len(self._queue)):
            plot = self._queue.popleft()
            plot.draw()
            if perf_counter() - started > BUDGET_S:
                break
        if self.plots:
            left, right = self.plots[0].plot_edges()
            self.ruler.place(left + self.plots[0].x(), right + self.plots[0].x())

    def _refresh_legends(self) -> None:
        now = self.ctx.station.now_us()
        for plot in self.plots:
            plot.refresh_legend(now)
        if self.window_.live:
            self.ruler.update()

    # -- data

    def _ask(self) -> None:
        """Read the history that the present window needs and no plot has yet."""
        window = self.window_
        width = max(200, int(self.plots[0].overlay.area.width())) if self.plots else 0
        level = level_of(window.span_us, width)
        for plot in self.plots:
            for series in plot.series:
                start, end = window.start_us, min(window.end_us, window.now_us())
                if end <= start or series.covers(start, end, level):
                    continue
                asked = self._loading.get(series.tag_id)
                if asked is not None and asked[0] <= start and asked[1] >= end and asked[2] == level:
                    continue
                margin = window.span_us // 2
                self._load(plot, series, start - margin, min(end + margin, window.now_us()), width * 2, level)

    def _load(self, plot: Plot, series: Series, start_us: int, end_us: int, width: int, level: float) -> None:
        mine = (start_us, end_us, level)
        self._loading[series.tag_id] = mine
        history, tag_id = self.ctx.station.history, series.tag_id

        def done(trend: Trend) -> None:
            if self._loading.get(tag_id) == mine:
                del self._loading[tag_id]
            if series in plot.series:
                series.set_history(trend._replace(level_s=level), start_us, end_us)
                plot.show_level()
                if plot not in self._queue:
                    self._queue.append(plot)

        def failed(error: BaseException) -> None:
            self._loading.pop(tag_id, None)
            plot.overlay.note = t("monitoring.history_failed", detail=str(error))
            plot.overlay.update()

        self.ctx.work(plot, lambda: history.trend(tag_id, start_us, end_us, width), done, failed)
        self._marks_due()

    def _samples(self, samples: dict[int, list[tuple[int, float]]]) -> None:
        for plot in self.plots:
            touched = False
            for series in plot.series:
                points = samples.get(series.tag_id)
                if points:
                    series.append(points)
                    touched = True
            if touched and plot not in self._queue:
                self._queue.append(plot)

    def _values(self, values: dict[int, LiveValue]) -> None:
        for plot in self.plots:
            touched = False
            for tag in plot.tags:
                if tag.id in values:
                    plot.show_live(tag.id, values[tag.id])
                    touched = True
            if touched:
                plot.legend.update()

    def _alarms_changed(self, rows: list[AlarmRow], _sounding: object) -> None:
        ids = {row.tag_id for row in rows}
        if any(tag.id in ids for plot in self.plots for tag in plot.tags):
            self._marks_at = (0, 0)
            self._refresh_legends()
            self._marks_due()

    def _marks_due(self) -> None:
        """Read the alarms of the window when it has moved by a tenth of its width."""
        start, end, span = self.window_.start_us, self.window_.end_us, self.window_.span_us
        if abs(start - self._marks_at[0]) + abs(end - self._marks_at[1]) < span // 10 or not self.plots:
            return
        self._marks_at = (start, end)
        names = tuple(tag.name for plot in self.plots for tag in plot.tags)
        alarms = self.ctx.station.alarms
        query = AlarmQuery(start_us=start - span, end_us=end + span, tags=names, limit=500)

        def done(answer: tuple[list[AlarmRow], int]) -> None:
            marks: dict[int, list[Mark]] = {}
            for row in sorted(answer[0], key=lambda r: (r.raised_us, -r.priority)):
                if row.tag_id is not None:
                    marks.setdefault(row.tag_id, []).append(Mark(row.raised_us, row.priority, row.state))
            for plot in self.plots:
                plot.set_marks([m for tag in plot.tags for m in marks.get(tag.id, [])])

        self.ctx.work(self, lambda: alarms.query(query), done, lambda _error: None)

    # -- mouse and keys

    def _cross_toggled(self, on: bool) -> None:
        self.ctx.settings.setValue("trends/cross", on)
        if not on:
            self._hover(None, force=True)

    def _hover(self, t_us: int | None, *, force: bool = False) -> None:
        if not self.cross.isChecked() and not force:
            return
        for plot in self.plots:
            plot.cross(t_us)
        self.ruler.cross(t_us)

    def _selecting(self, first: int, last: int, finished: bool) -> None:
        if finished and last - first < self.window_.span_us // 500:
            self.select(None)
            return
        self._show_selection((first, last))
        if finished:
            self.select((first, last))

    def _show_selection(self, selection: tuple[int, int] | None) -> None:
        self._selection = selection
        for plot in self.plots:
            plot.overlay.selection = selection
            plot.overlay.update()

    def select(self, selection: tuple[int, int] | None) -> None:
        """Select a stretch and show its figures; None ends it."""
        self._show_selection(selection)
        if selection is None:
            self.statistics.hide()
            return
        history, first, last = self.ctx.station.history, *selection
        tags = [tag for plot in self.plots for tag in plot.tags]

        def figures() -> list[tuple[TagInfo, Statistics]]:
            return [(tag, history.statistics(tag.id, first, last)) for tag in tags]

        self.ctx.work(self, figures, lambda rows: self.statistics.show_figures(first, last, rows))

    def _menu(self, tag_id: int, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        plot = next(p for p in self.plots if any(x.id == tag_id for x in p.tags))
        index = self.plots.index(plot)
        menu.addAction(t("monitoring.menu.remove"), lambda: self.remove(tag_id))
        menu.addAction(t("monitoring.menu.fit"), plot.fit)
        menu.addAction(t("monitoring.menu.up"), lambda: self._shift(index, -1)).setEnabled(index > 0)
        menu.addAction(t("monitoring.menu.down"), lambda: self._shift(index, 1)).setEnabled(index < len(self.plots) - 1)
        menu.addAction(
            t("monitoring.menu.statistics"),
            lambda: self.select((self.window_.start_us, min(self.window_.end_us, self.window_.now_us()))),
        )
        menu.popup(at)

    def _shift(self, index: int, by: int) -> None:
        rows = self.tags()
        rows.insert(index + by, rows.pop(index))
        self.show_group(rows)

    def _fit_all(self) -> None:
        for plot in self.plots:
            plot.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        window = self.window_
        moves = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1, Qt.Key.Key_PageUp: -0.9, Qt.Key.Key_PageDown: 0.9}
        key = Qt.Key(event.key())
        if key in moves:
            window.pan(round(moves[key] * window.span_us))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            window.zoom(1.25 if key == Qt.Key.Key_Minus else 0.8, (window.start_us + window.end_us) // 2)
        elif key == Qt.Key.Key_Space:
            self._toggle_live()
        elif key == Qt.Key.Key_End:
            window.follow()
        elif key == Qt.Key.Key_Escape and self._selection is not None:
            self.select(None)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(TAGS_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add(dropped_tags(event))
        event.acceptProposedAction()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()
        self._legend_tick.start()
        self._moved()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()
        self._legend_tick.stop()

    # -- export

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """What is seen as a table: one line a point and tag (local time, tag, smallest, mean, largest, unit)."""
        head = [t(f"monitoring.table.{key}") for key in ("time", "tag", "minimum", "mean", "maximum", "unit")]
        rows: list[list[Any]] = []
        for plot in self.plots:
            for tag, series in zip(plot.tags, plot.series, strict=True):
                view = series.view(self.window_.start_us, self.window_.end_us)
                for t_us, low, high, mean in zip(
                    view.t_us.tolist(), view.lo.tolist(), view.hi.tolist(), view.mean.tolist(), strict=True
                ):
                    if not math.isnan(mean) and self.window_.start_us <= t_us <= self.window_.end_us:
                        rows.append([stamp_text(t_us), tag.name, low, mean, high, unit_text(tag.unit)])
        return head, rows

    def _export(self, kind: str) -> None:
        suggested = f"{t('monitoring.trends')}-{file_stamp(self.ctx.station.now_us())}.{kind}"
        chosen, _ = QFileDialog.getSaveFileName(self, t("monitoring.export"), suggested, f"*.{kind}")
        if chosen:
            self.export_to(Path(chosen))

    def export_to(self, path: Path) -> None:
        """Write what is seen to a file (png, csv or xlsx by its ending); audited."""
        if path.suffix == ".png":
            picture = self.grab()
            if not picture.save(str(path)):
                self.ctx.toast.emit(t("monitoring.export_failed", path=str(path)), "warning")
                return
            self._exported(path, 0)
            return
        head, rows = self.table()
        exporter = self.ctx.exporter
        if exporter is None:
            self.ctx.toast.emit(t("monitoring.export_failed", path=str(path)), "warning")
            return
        self.ctx.work(self, lambda: exporter(path, head, rows), lambda _none: self._exported(path, len(rows)))

    def _exported(self, path: Path, rows: int) -> None:
        self.ctx.order(
            ExportData(what="trends:" + ",".join(n for p in self.tags() for n in p)[:180], rows=rows, path=str(path))
        )
        self.ctx.toast.emit(t("monitoring.exported", path=str(path)), "ok")
