"""Trends: many plots on one time axis, where live and history are one line.

Plots are drawn in turn within a small budget of time a tick, so that many curves never hold the window up; a plot is
drawn again only when it would look different (a pixel of time has passed, samples came, the window moved).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from models.alarms import AlarmRow
from models.readings import LiveValue, TagInfo, TagKind
from ui.i18n import count_text, t
from ui.monitoring.editing import editing
from ui.monitoring.groups import suggested
from ui.monitoring.mime import TAGS_MIME, dropped_tags
from ui.monitoring.plot import Plot
from ui.monitoring.plotitems import FINE_CURVES
from ui.monitoring.ruler import Ruler
from ui.monitoring.selection import Selection
from ui.monitoring.statistics import StatisticsStrip
from ui.monitoring.timewindow import SPANS, TimeWindow
from ui.monitoring.trenddata import TrendData
from ui.monitoring.trendexport import ask_file, shown_table, write
from ui.monitoring.trendheader import TrendHeader
from ui.monitoring.turns import DrawTurns
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.states import EmptyState

TICK_MS = 40
CATALOGUE_MS = 300
MOST_PLOTS = 64


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
        self.turns = DrawTurns(self.plots)
        self.data = TrendData(ctx, self.window_, self.plots, self)
        self._following = False  # the window moves with the present, not under a hand

        self.head = TrendHeader(ctx, self.header)
        self.groups, self.count, self.spans = self.head.groups, self.head.count, self.head.spans
        self.live, self.cross = self.head.live, self.head.cross
        self.groups.load.connect(self.show_group)
        self.spans.chosen.connect(lambda key: self.window_.show_span(SPANS[key]))
        self.live.clicked.connect(self._toggle_live)
        self.cross.toggled.connect(self._cross_toggled)
        self.head.fit.clicked.connect(self._fit_all)
        self.head.exported.connect(lambda kind: ask_file(self, ctx, kind, self.export_to))

        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("panel")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 8, 4, 0)
        self._column.setSpacing(6)
        self.area.setWidget(page)
        self.ruler = Ruler(self.window_)
        self.statistics = StatisticsStrip()
        self.selection = Selection(ctx, self.window_, self.plots, self.statistics, self)
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
        self.window_.live_changed.connect(self.head.show_live)
        ctx.show_on_plot.connect(self.bring)
        ctx.bridge.samples.connect(self.data.take)
        self.data.changed.connect(self.turns.add)
        ctx.bridge.values.connect(self._values)
        self._catalogue_later = QTimer(self, singleShot=True, interval=CATALOGUE_MS)
        self._catalogue_later.timeout.connect(self._take_catalogue)
        ctx.bridge.tags_changed.connect(self._catalogue_changed)
        ctx.open_alarms.changed.connect(self._alarms_changed)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._work)
        self._legend_tick = QTimer(self, interval=1000)
        self._legend_tick.timeout.connect(self._refresh_legends)
        self._span_kept = str(settings.value("trends/span", "2h", type=str))
        self.window_.show_span(SPANS.get(self._span_kept, SPANS["2h"]))
        self.ready()
        self._restore()

    # -- words and colours

    def retranslate(self) -> None:
        self.head.retranslate()
        self.empty.say(
            t("monitoring.empty_title"), t("monitoring.empty_hint"), t("monitoring.empty_action"), self._show_default
        )
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
        self.turns.clear()
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
        for info in infos:
            plot.add_tag(info)
        plot.picked.connect(self.ctx.select_tag)
        plot.menu.connect(self._menu)
        plot.hovered.connect(self._hover)
        plot.selecting.connect(self.selection.drag)
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
        self.data.forget()
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
        self.show_group(suggested(self.ctx))

    def _catalogue_changed(self) -> None:
        if not self._catalogue_later.isActive():  # an import changes the catalogue many times
            self._catalogue_later.start()

    def _take_catalogue(self) -> None:
        """Tags or limits were edited: plots whose tags are as before keep their curves and read the limits anew."""
        tags = self.ctx.station.tags
        if all(tags.by_id(tag.id) == tag for plot in self.plots for tag in plot.tags):
            for plot in self.plots:
                plot.read_limits()
                self.turns.add(plot, urgent=True)
        else:
            self.show_group(self.tags())

    def _count(self) -> None:
        self.count.setText(t("monitoring.curves", n=count_text(sum(len(p.tags) for p in self.plots))))

    # -- time

    def _toggle_live(self) -> None:
        if self.window_.live:
            self.window_.pause()
        else:
            self.window_.follow()

    def _moved(self) -> None:
        span = round(self.window_.span_us / 1e6)
        key = next((k for k, s in SPANS.items() if s == span), None)
        if key != self.spans.current:
            self.spans.select(key)
        if key and key != self._span_kept:
            self._span_kept = key
            self.ctx.settings.setValue("trends/span", key)
        self.data.ask()
        self.turns.add_all(urgent=not self._following)
        self.ruler.update()
        if self.isVisible() and not self._tick.isActive():
            self._tick.start()

    def _work(self) -> None:
        """Follow the present, read what is missing, and give the plots their turns."""
        self._following = True
        if self.window_.catch_up(int(self.plots[0].overlay.area.width()) if self.plots else 0):
            self.data.ask_marks()
        self._following = False
        self.data.ask()
        self.turns.run(on_screen=self.isVisible())
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
            self._refresh_legends()
            self.data.ask_marks(anew=True)

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

    def select(self, selection: tuple[int, int] | None) -> None:
        """Select a stretch and show its figures; None ends it."""
        self.selection.choose(selection)

    def _menu(self, tag_id: int, at: QPoint) -> None:
        plot = next(p for p in self.plots if any(x.id == tag_id for x in p.tags))
        index, last = self.plots.index(plot), len(self.plots) - 1
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        entries: list[tuple[str, Callable[[], object], bool]] = [
            ("remove", partial(self.remove, tag_id), True),
            ("fit", plot.fit, True),
            ("up", partial(self._shift, index, -1), index > 0),
            ("down", partial(self._shift, index, 1), index < last),
            ("statistics", self._select_all, True),
            ("edit", partial(self.ctx.edit_tag.emit, tag_id), editing(self.ctx).may_edit()),
        ]
        for key, run, possible in entries:
            menu.addAction(t(f"monitoring.menu.{key}"), run).setEnabled(possible)
        menu.popup(at)

    def _select_all(self) -> None:
        self.select((self.window_.start_us, min(self.window_.end_us, self.window_.now_us())))

    def _shift(self, index: int, by: int) -> None:
        rows = self.tags()
        rows.insert(index + by, rows.pop(index))
        self.show_group(rows)

    def _fit_all(self) -> None:
        for plot in self.plots:
            plot.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self.window_.key(key):
            return
        if key == Qt.Key.Key_Space:
            self._toggle_live()
        elif key == Qt.Key.Key_Escape and self.selection.stretch is not None:
            self.select(None)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(TAGS_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add(dropped_tags(event))
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.head.fit_width(event.size().width())

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
        return shown_table(self.plots, self.window_.start_us, self.window_.end_us)

    def export_to(self, path: Path) -> None:
        """Write what is seen to a file (png, csv or xlsx by its ending); audited."""
        table = self.table() if path.suffix != ".png" else ([], [])
        write(self, self.ctx, path, table, [name for row in self.tags() for name in row])
