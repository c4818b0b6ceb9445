"""Pictures of the window on the station in memory: ``python -m tests.ui.preview OUT_DIR`` (offscreen, no server).

The data are those of the design's picture, so that the two can be held side by side.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["TZ"] = "Asia/Shanghai"
time.tzset()

from PySide6.QtCore import QSettings, QSize  # noqa: E402 - the time zone first
from PySide6.QtWidgets import QApplication  # noqa: E402 - the same

from app.bridge import Bridge  # noqa: E402 - the same
from app.jobs import Jobs  # noqa: E402 - the same
from tests.ui.plant import fill  # noqa: E402 - the same
from tests.ui.station import MemoryStation  # noqa: E402 - the same
from ui.access.wizard import Wizard  # noqa: E402 - the same
from ui.alarms.model import AlarmFilter  # noqa: E402 - the same
from ui.i18n import messages  # noqa: E402 - the same
from ui.main_window import MainWindow  # noqa: E402 - the same
from ui.theme import theme  # noqa: E402 - the same

SIZES = {"1920": QSize(1920, 1080), "1366": QSize(1366, 768)}


class Silent:
    """No sound while taking pictures."""

    available = True

    def play(self, name: str) -> None:
        """Say nothing."""


def settle(app: QApplication, rounds: int = 30) -> None:
    """Let workers and timers come in."""
    for _ in range(rounds):
        app.processEvents()
        time.sleep(0.01)


def take_wizard(app: QApplication, jobs: Jobs, out: Path) -> None:
    """The three pages of the first start."""
    wizard = Wizard(lambda password, _login: None if len(password) > 9 else "too_short", lambda _b: None, jobs)
    wizard.show()
    wizard.site.setText("南港化工")
    wizard.name.setText("赵云")
    wizard.host.setText("192.168.10.5")
    wizard.password.first.setText("blue-kettle-19")
    wizard.password.second.setText("blue-kettle-19")
    wizard.tls.setChecked(True)
    for page in range(3):
        wizard.go(page)
        settle(app, 5)
        wizard.grab().save(str(out / f"wizard-{page}.png"))
    wizard.close()
    wizard.deleteLater()


def main(out: Path) -> None:
    """Take all pictures."""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    theme().load()
    station = MemoryStation()
    fill(station)
    bridge, jobs = Bridge(station), Jobs()
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "s.ini"), QSettings.Format.IniFormat)
        window = MainWindow(station, bridge, station.actor("li"), settings, jobs=jobs, player=Silent())
        window.banner.set_blink(False)
        for name, size in SIZES.items():
            window.resize(size)
            window.show()
            for place in ("monitoring", "alarms", "dead_letters", "access", "settings"):
                window.go(place)
                for look in ("day", "night"):
                    for language in ("zh", "en"):
                        messages().switch(language)
                        theme().switch(look)
                        settle(app)
                        window.grab().save(str(out / f"{place}-{name}-{look}-{language}.png"))
        messages().switch("zh")
        theme().switch("day")
        window.resize(SIZES["1920"])
        window.go("monitoring")
        take_wizard(app, jobs, out)
        for name, act in (
            ("audit", lambda: (window.go("access"), window.makers.made["access.people"][0].show_page("audit"))),
            (
                "history",
                lambda: (
                    window.go("alarms"),
                    window.makers.made["alarms.list"][1].use(AlarmFilter(view="history", days=30)),
                ),
            ),
            ("tag", lambda: (window.go("monitoring"), window.ctx.select_tag.emit(1))),
            ("touch", lambda: window.preferences.put("touch", True)),
            ("floors", lambda: window.preferences.put("touch", False)),
            ("palette", window.open_palette),
            ("shelve", lambda: window.alarm_detail.acts.ask_shelve([window.ctx.open_alarms.rows()[0]])),
            ("locked", window.lock),
        ):
            act()
            settle(app)
            window.grab().save(str(out / f"{name}.png"))
            window.palette_box.hide()
        window.close()
        window.deleteLater()
        settle(app, 3)
    bridge.close()
    jobs.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
