"""Feeds the plots: history on workers, live samples behind it, alarm marks; asks for nothing twice.

A stretch is read with half a window of margin at each side and twice the width in points, so that moving about needs no
new question for a while. What fails is asked again after a few seconds, not at every tick.
"""

from __future__ import annotations

from time import perf_counter

from PySide6.QtCore import QObject, Signal

from app.ports import AlarmQuery, Trend
from models.alarms import AlarmRow
from ui.monitoring.overlay import Mark
from ui.monitoring.plot import Plot
from ui.monitoring.series import Series
from ui.monitoring.timewindow import TimeWindow
from ui.widgets.panel import PanelContext

RETRY_S = 5.0
TAIL_POINTS = 6000
MARKS = 500
_LEVELS_US = (3_600_000_000, 60_000_000, 1_000_000)


def level_of(span_us: int, width_px: int) -> float:
    """Bucket width in seconds that the store answers with for this zoom (see app.ports.History.trend)."""
    pixel = span_us / max(1, width_px)
    return next((width / 1e6 for width in _LEVELS_US if pixel * 2 >= width), 0.0)


class TrendData(QObject):
    """``changed`` with a plot whose data are others now. ``plots`` is the panel's own list."""

    changed = Signal(object)

    def __init__(self, ctx: PanelContext, window: TimeWindow, plots: list[Plot], parent: QObject) -> None:
        super().__init__(parent)
        self._ctx, self._window, self._plots = ctx, window, plots
        self._loading: dict[int, tuple[int, int, float]] = {}
        self._failed: dict[int, float] = {}
        self._marks_at = (0, 0)

    def ask(self) -> None:
        """Read the history that the present window needs and no plot has yet."""
        window = self._window
        width = max(200, int(self._plots[0].overlay.area.width())) if self._plots else 0
        level = level_of(window.span_us, width)
        start, end = window.start_us, min(window.end_us, window.now_us())
        if end <= start:
            return
        for plot in self._plots:
            for series in plot.series:
                if series.covers(start, end, level, max(TAIL_POINTS, 4 * width)):
                    continue
                asked = self._loading.get(series.tag_id)
                if asked is not None and asked[0] <= start and asked[2] == level:
                    continue
                failed = self._failed.get(series.tag_id)
                if failed is not None and perf_counter() - failed < RETRY_S:
                    continue
                margin = window.span_us // 2
                self._load(plot, series, start - margin, min(end + margin, window.now_us()), width * 2, level)

    def _load(self, plot: Plot, series: Series, start_us: int, end_us: int, width: int, level: float) -> None:
        mine = (start_us, end_us, level)
        to_present = end_us >= self._window.now_us()
        self._loading[series.tag_id] = mine
        history, tag_id = self._ctx.station.history, series.tag_id

        def done(trend: Trend) -> None:
            if self._loading.get(tag_id) == mine:
                del self._loading[tag_id]
            self._failed.pop(tag_id, None)
            if series in plot.series:
                plot.trouble = ""
                series.set_history(trend._replace(level_s=level), start_us, end_us, to_present=to_present)
                plot.show_level()
                self.changed.emit(plot)

        def failed(error: BaseException) -> None:
            self._loading.pop(tag_id, None)
            self._failed[tag_id] = perf_counter()
            plot.trouble = str(error) or type(error).__name__
            plot.show_note()

        self._ctx.work(plot, lambda: history.trend(tag_id, start_us, end_us, width), done, failed)
        self.ask_marks()

    def forget(self) -> None:
        """Other plots are shown: nothing that was asked matters, and failures may be tried again."""
        self._loading.clear()
        self._failed.clear()
        self._marks_at = (0, 0)

    def take(self, samples: dict[int, list[tuple[int, float]]]) -> None:
        """Live samples of watched tags."""
        for plot in self._plots:
            touched = False
            for series in plot.series:
                points = samples.get(series.tag_id)
                if points:
                    series.append(points)
                    touched = True
            if touched:
                self.changed.emit(plot)

    def ask_marks(self, *, anew: bool = False) -> None:
        """Read the alarms of the window when it has moved by a tenth of its width, or at once."""
        window = self._window
        start, end, span = window.start_us, window.end_us, window.span_us
        moved = abs(start - self._marks_at[0]) + abs(end - self._marks_at[1])
        if not self._plots or (moved < span // 10 and not anew):
            return
        self._marks_at = (start, end)
        names = tuple(tag.name for plot in self._plots for tag in plot.tags)
        alarms = self._ctx.station.alarms
        query = AlarmQuery(start_us=start - span, end_us=end + span, tags=names, limit=MARKS)

        def done(answer: tuple[list[AlarmRow], int]) -> None:
            marks: dict[int, list[Mark]] = {}
            for row in sorted(answer[0], key=lambda r: (r.raised_us, -r.priority)):
                if row.tag_id is not None:
                    marks.setdefault(row.tag_id, []).append(Mark(row.raised_us, row.priority, row.state))
            for plot in self._plots:
                plot.set_marks([m for tag in plot.tags for m in marks.get(tag.id, [])])

        def failed(_error: BaseException) -> None:
            self._marks_at = (0, 0)  # asked again when the window moves

        self._ctx.work(self, lambda: alarms.query(query), done, failed)
