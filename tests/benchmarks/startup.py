"""From the start of the process to the first painted, usable window, against a bare PySide6 + pyqtgraph window."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.common import Child, fill_tags, main, median, scratch

BARE = """
import time, json
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
plot = pg.PlotWidget()
plot.plot([1, 2, 3], [1, 3, 2])
window.setCentralWidget(plot)
window.resize(1920, 1080)
window.show()
window.grab()
print(json.dumps({"painted": time.time()}), flush=True)
"""


def ours(directory: Path) -> None:
    """The station's window: engine running, alarm list, tree and plots in place, the login waiting for a hand."""
    import json

    from app.jobs import hold_collector

    hold_collector()  # as main.py does
    from app.bootstrap.room import open_room
    from ui.application import Runner, make_application

    app, settings = make_application(directory)
    runner = Runner(app, settings, lambda: open_room(directory))

    def entered(window: Any) -> None:
        window.grab()  # lays out and paints everything once, as the first paint on a screen does
        print(json.dumps({"painted": time.time()}), flush=True)
        app.quit()

    runner.entered.connect(entered)
    runner.begin()
    app.exec()
    runner.end()


def measure(rounds: int = 5) -> dict[str, Any]:
    """In turn; medians are compared."""
    with scratch() as directory:
        from app.config import Config, save_config

        save_config(Config(station="BENCH", site="Bench"), directory)
        fill_tags(directory, 300)
        bare_s: list[float] = []
        ours_s: list[float] = []
        for _ in range(rounds + 1):
            for times, arguments in (
                (bare_s, ("-c", BARE)),
                (ours_s, ("-m", "tests.benchmarks.startup", "--child", str(directory))),
            ):
                began = time.time()
                child = Child(*arguments)
                times.append(child.line()["painted"] - began)
                child.end()
        bare_s, ours_s = bare_s[1:], ours_s[1:]  # the first pair warms the disk
    return {
        "ratio": round(median(ours_s) / median(bare_s), 2),
        "s": round(median(ours_s), 3),
        "bare_s": round(median(bare_s), 3),
    }


if __name__ == "__main__":
    if "--child" in sys.argv:
        ours(Path(sys.argv[-1]))
    else:
        main("startup", "ratio <= 2.0", measure)
