"""Who is drawn when: plots take turns within a small budget of time a tick, so that many curves never hold the window up.

What the person does is drawn at once; new samples may wait: a plot is drawn for them at most every eighth of a second, and
the more curves there are the more seldom. Plots scrolled out of sight wait until they are seen.
"""

from __future__ import annotations

from time import perf_counter

from ui.monitoring.plot import Plot

BUDGET_S = 0.008  # of drawing a tick; painting costs as much again and comes after
SOONEST_S, LATEST_S = 0.12, 1.0
PER_CURVE_S = 0.015


class DrawTurns:
    """Plots that would look different; ``plots`` is the panel's own list."""

    def __init__(self, plots: list[Plot]) -> None:
        self._plots = plots
        self._due: dict[Plot, bool] = {}  # in order of asking; True = do not wait

    def __len__(self) -> int:
        return len(self._due)

    def add(self, plot: Plot, *, urgent: bool = False) -> None:
        """Draw this plot when its turn comes."""
        self._due[plot] = urgent or self._due.get(plot, False)

    def add_all(self, *, urgent: bool) -> None:
        """Draw all."""
        for plot in self._plots:
            self.add(plot, urgent=urgent)

    def clear(self) -> None:
        """Other plots are shown."""
        self._due.clear()

    def run(self, *, on_screen: bool) -> int:
        """Draw until the budget of this tick is used; returns how many plots were drawn."""
        started = perf_counter()
        curves = sum(len(plot.tags) for plot in self._plots)
        pause = min(LATEST_S, max(SOONEST_S, PER_CURVE_S * curves))
        done = 0
        for plot, urgent in list(self._due.items()):
            if not urgent and started - plot.drawn_at < pause:
                continue
            if on_screen and plot.visibleRegion().isEmpty():
                continue
            del self._due[plot]
            plot.draw()
            plot.drawn_at = perf_counter()
            done += 1
            if plot.drawn_at - started > BUDGET_S:
                break
        return done
