"""The stretch of time that a person marks with Shift and the mouse, and the figures that it asks of the store."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.ports import Statistics
from models.readings import TagInfo
from ui.monitoring.plot import Plot
from ui.monitoring.statistics import StatisticsStrip
from ui.monitoring.timewindow import TimeWindow
from ui.widgets.panel import PanelContext

Stretch = tuple[int, int]


class Selection(QObject):
    """Shows the same stretch on all plots (``plots`` is the panel's own list) and its figures in the strip."""

    def __init__(
        self, ctx: PanelContext, window: TimeWindow, plots: list[Plot], strip: StatisticsStrip, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._ctx, self._window, self._plots, self._strip = ctx, window, plots, strip
        self._asked = 0
        self.stretch: Stretch | None = None

    def drag(self, first: int, last: int, finished: bool) -> None:
        """The mouse marks from one moment to another; a mere click ends the selection."""
        if finished and last - first < self._window.span_us // 500:
            self.choose(None)
            return
        self._show((first, last))
        if finished:
            self.choose((first, last))

    def choose(self, stretch: Stretch | None) -> None:
        """Select a stretch and ask for its figures; None ends it."""
        self._asked += 1
        number = self._asked
        self._show(stretch)
        if stretch is None:
            self._strip.hide()
            return
        history, (first, last) = self._ctx.station.history, stretch
        tags = [tag for plot in self._plots for tag in plot.tags]

        def figures() -> list[tuple[TagInfo, Statistics]]:
            return [(tag, history.statistics(tag.id, first, last)) for tag in tags]

        def done(rows: list[tuple[TagInfo, Statistics]]) -> None:
            if number == self._asked:
                self._strip.show_figures(first, last, rows)

        self._ctx.work(self, figures, done)

    def _show(self, stretch: Stretch | None) -> None:
        self.stretch = stretch
        for plot in self._plots:
            plot.overlay.selection = stretch
            plot.overlay.update()
