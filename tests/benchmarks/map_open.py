"""How long the map takes from the first call in a process until it is drawn, web engine, folium and all; and later calls.

A later call is what a later call is in the program: the panel keeps its map while another workspace is shown, and comes
back with what has changed meanwhile. ``anew_*`` is harder: a map made from nothing again, with a process of its own.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from tests.benchmarks.common import main, median, percentile
from tests.benchmarks.map_update import prepare, wait_for

LATER = 30


def measure() -> dict[str, Any]:
    """Figures in milliseconds."""
    app = prepare()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QWidget

    window = QWidget()  # the window stands long before somebody opens the map
    window.show()
    app.processEvents()
    beat = QTimer()
    beat.start(50)
    first = open_once(app)
    anew = [open_once(app) for _ in range(LATER)]
    later = call_up(app)
    beat.stop()
    return {
        "first_ms": round(first, 1),
        "p50_ms": round(median(later), 1),
        "p99_ms": round(percentile(later, 0.99), 1),
        "anew_p50_ms": round(median(anew), 1),
        "anew_p99_ms": round(percentile(anew, 0.99), 1),
        "later_calls": LATER,
    }


def call_up(app: Any) -> list[float]:
    """Hide the map, change the plant, show it; ms from the call until all of it is drawn."""
    from models.maps import ZonePaint
    from models.risk import Grade
    from tests.ui.risk import demo
    from ui.risk.plantmap import make_map

    view = make_map(choice="web")
    view.resize(1280, 800)
    last = [-1]
    view.settled.connect(lambda n: last.__setitem__(0, max(n, last[0])))
    view.set_plan(demo.plan())
    view.set_shapes(demo.shapes())
    serial = view.paint_zones(demo.paints())
    view.show()
    wait_for(app, lambda: last[0] >= serial, "drawn")
    times = []
    for n in range(LATER):
        view.hide()
        app.processEvents()
        view.paint_zones([ZonePaint(code="TFA", grade=list(Grade)[n % 4], caption=f"{n}")])
        begun = time.perf_counter()
        view.show()
        serial = view.paint_zones([ZonePaint(code="TFB", grade=list(Grade)[n % 4], caption=f"{n}")])
        wait_for(app, partial(_reached, last, serial), "drawn again")
        times.append((time.perf_counter() - begun) * 1000)
    view.close()
    view.deleteLater()
    app.processEvents()
    return times


def _reached(last: list[int], serial: int) -> bool:
    return last[0] >= serial


def open_once(app: Any) -> float:
    """Make a map with the demo's plant, wait until all of it is drawn, put it away; ms until drawn."""
    from tests.ui.risk import demo

    plan, shapes, paints, markers = demo.plan(), demo.shapes(), demo.paints(), demo.markers()
    begun = time.perf_counter()
    from ui.risk.plantmap import make_map

    view = make_map(choice="web")
    view.resize(1280, 800)
    last = [-1]
    view.settled.connect(lambda n: last.__setitem__(0, max(n, last[0])))
    view.set_plan(plan)
    view.set_shapes(shapes)
    view.paint_zones(paints)
    serial = view.put_markers(markers)
    view.show()
    wait_for(app, lambda: last[0] >= serial, "drawn")
    taken = (time.perf_counter() - begun) * 1000
    if view.kind != "web":
        raise RuntimeError(f"not the web map: {view.notice.text()}")
    view.close()
    view.deleteLater()
    app.processEvents()
    return taken


if __name__ == "__main__":
    main("map_open", "first_ms <= 2000, later calls p99_ms <= 200", measure)
