"""One change on a full map, drawn: 500 zones and 2 000 markers, on the web page, which is never loaded anew.

From the call to the page's answer after the frame that shows it; recolouring a zone and moving a marker in turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.common import main, median, percentile

CHANGES = 400
NATIVE_CHANGES = 60  # the map that stands in, for comparison
WARM_UP = 20  # changes before the measured ones: the page's code is compiled, the fonts are there


def prepare() -> Any:
    """An application as ui.application makes it, on no screen."""
    import os

    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")
    os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--log-level=3")
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication([])
    from ui.theme import theme

    theme().load()
    return app


def wait_for(app: Any, condition: Callable[[], bool], what: str) -> None:
    """Let events happen until something holds."""
    from PySide6.QtCore import QEventLoop

    deadline = time.perf_counter() + 30
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError(what)
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def measure() -> dict[str, Any]:
    """Figures in milliseconds."""
    app = prepare()
    from msgspec.structs import replace
    from PySide6.QtCore import QTimer

    from models.maps import ZonePaint
    from models.risk import Grade
    from tests.ui.risk import demo
    from ui.risk.nativemap import NativeMap
    from ui.risk.webmap import WebMap

    beat = QTimer()  # so that a wait always ends
    beat.start(50)
    grades = list(Grade)
    figures: dict[str, Any] = {}

    def settle(view: Any, last: list[int], serial: int) -> None:
        wait_for(app, lambda: last[0] >= serial, f"change {serial}")

    def origin(view: Any) -> Any:
        """When the page was loaded."""
        got: list[Any] = []
        view.page.runJavaScript("performance.timeOrigin", 0, got.append)
        wait_for(app, lambda: bool(got), "answer")
        return got[0]

    for name, kind in (("", WebMap), ("native_", NativeMap)):
        view = kind()
        view.resize(1280, 800)
        last = [-1]
        view.settled.connect(lambda n, last=last: last.__setitem__(0, max(n, last[0])))
        view.set_plan(demo.plan())
        view.set_shapes(demo.many_zones(500))
        view.paint_zones([ZonePaint(code=f"Z{n}", grade=grades[n % 4], caption="一般") for n in range(500)])
        markers = demo.many_markers(2000)
        view.show()
        settle(view, last, view.put_markers(markers))
        before = origin(view) if isinstance(view, WebMap) else None
        times = []
        count = CHANGES if kind is WebMap else NATIVE_CHANGES
        for n in range(WARM_UP + count):
            begun = time.perf_counter()
            if n % 2:
                grade = grades[(n // 2) % 4]
                serial = view.paint_zones([ZonePaint(code=f"Z{n % 500}", grade=grade, caption=f"第 {n}")])
            else:
                one = markers[n % 2000]
                serial = view.put_markers([replace(one, x=(one.x + 7 + n / 10) % 520)])
            settle(view, last, serial)
            times.append((time.perf_counter() - begun) * 1000)
        del times[:WARM_UP]
        if isinstance(view, WebMap):
            figures["reloads"] = int(origin(view) != before)
        figures |= {f"{name}p50_ms": round(median(times), 2), f"{name}p99_ms": round(percentile(times, 0.99), 2)}
        view.close()
        view.deleteLater()
        app.processEvents()
    beat.stop()
    return {"zones": 500, "markers": 2000, "changes": CHANGES, **figures}


if __name__ == "__main__":
    main("map_update", "p99_ms <= 50 with 500 zones and 2 000 markers, no reload", measure)
