"""One whole frame of 64 curves of 3 600 points, against bare pyqtgraph drawing the same 3 600 points of each curve.

The panel reads them as a station does: more than a pixel can hold comes as mean and envelope, so no spike is hidden.
"""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.common import main, median, mosquitto
from tests.benchmarks.desk import desk, fill_history

CURVES, EACH, POINTS = 64, 4, 3600


def measure(rounds: int = 15) -> dict[str, Any]:
    """New data for every curve and a full repaint, in turn in both; medians are compared."""
    import numpy as np
    import pyqtgraph as pg
    from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

    with mosquitto() as broker, desk(broker.port, CURVES, prepare=lambda d: fill_history(d, CURVES, POINTS)) as seat:
        trends = seat.window.panel("monitoring.trends")
        trends.window_.show_span(POINTS)
        trends.window_.pause()
        trends.show_group([[f"T{plot * EACH + k}" for k in range(EACH)] for plot in range(CURVES // EACH)])
        seat.run_until(lambda: all(s.loaded for p in trends.plots for s in p.series), 30)
        seat.run(1.0)
        page = trends.area.widget()
        page.resize(page.width(), 16 * 100)
        seat.run(0.3)

        bare = QWidget()
        column = QVBoxLayout(bare)
        column.setContentsMargins(0, 4, 4, 0)
        column.setSpacing(6)
        curves = []
        for plot in trends.plots:
            widget = pg.PlotWidget()
            widget.setFrameShape(QFrame.Shape.NoFrame)
            low, high = plot.box.viewRange()[1]
            left, right = plot.box.viewRange()[0]
            widget.setXRange(left, right, padding=0)
            widget.setYRange(low, high, padding=0)
            widget.showGrid(x=True, y=True, alpha=0.2)
            column.addWidget(widget)
            for number, series in enumerate(plot.series):
                raw = seat.room.history.samples(series.tag_id, trends.window_.start_us, trends.window_.end_us)
                x = (raw.t_us - trends._base_us) / 1e6
                pen = plot._curves[number].line.opts["pen"]
                curve = widget.plot(x, raw.mean, pen=pen, antialias=plot.smooth)
                curves.append((curve, x, np.asarray(raw.mean)))
        bare.resize(trends.plots[0].plot.width(), page.height())
        bare.show()
        seat.run(0.5)

        def ours_frame() -> float:
            began = time.perf_counter()
            for plot in trends.plots:
                plot.draw(force=True)
            page.grab()
            return time.perf_counter() - began

        def bare_frame() -> float:
            began = time.perf_counter()
            for curve, x, y in curves:
                curve.setData(x, y)
            bare.grab()
            return time.perf_counter() - began

        ours, plain = [], []
        for _ in range(rounds):
            plain.append(bare_frame())
            ours.append(ours_frame())
        points = sum(len(x) for _, x, _ in curves)
        bare.close()
        bare.deleteLater()
    return {
        "ratio": round(median(ours) / median(plain), 3),
        "ms": round(median(ours) * 1000, 1),
        "bare_ms": round(median(plain) * 1000, 1),
        "points": points,
    }


if __name__ == "__main__":
    main("plot_frame", "ratio <= 1.15", measure)
