"""A real (offscreen) window on a real room for the benchmarks of the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.common import fill_tags, room_for, scratch


class Silent:
    """No sound."""

    available = True

    def play(self, name: str) -> None:
        """Say nothing."""


class Desk:
    """Application, room, bridge and window."""

    def __init__(self, directory: Path, port: int, qos: int) -> None:
        from PySide6.QtCore import QSettings

        from app.bridge import Bridge
        from app.jobs import calm_collector
        from models.people import Actor
        from models.rights import Role
        from ui.application import make_application
        from ui.main_window import MainWindow

        self.app, _ = make_application(directory)
        settings = QSettings(str(directory / "bench.ini"), QSettings.Format.IniFormat)
        self.room = room_for(directory, port, qos)
        self.room.start()
        self.bridge = Bridge(self.room)
        actor = Actor(0, "bench", "Bench", (Role.OPERATOR,), "BENCH")
        self.window: Any = MainWindow(self.room, self.bridge, actor, settings, jobs=self.room.jobs, player=Silent())
        self.window.resize(1920, 1080)
        self.window.show()
        self.run(1.0)
        calm_collector()  # as the application does

    def run(self, seconds: float) -> None:
        """Let the window live for a while."""
        from PySide6.QtCore import QTimer

        QTimer.singleShot(int(seconds * 1000), self.app.quit)
        self.app.exec()

    def run_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Let the window live until something is true."""
        from PySide6.QtCore import QTimer

        timer = QTimer(interval=20)
        timer.timeout.connect(lambda: self.app.quit() if condition() else None)
        timer.start()
        QTimer.singleShot(int(seconds * 1000), self.app.quit)
        self.app.exec()
        timer.stop()

    def close(self) -> None:
        """End in reverse order."""
        self.window.close()
        self.bridge.close()
        self.room.stop()


@contextmanager
def desk(
    port: int, tags: int, qos: int = 0, prepare: Callable[[Path], None] | None = None, auto_reset: bool = False
) -> Iterator[Desk]:
    """A window on a store of its own with ``tags`` guarded tags."""
    with scratch() as directory:
        fill_tags(directory, tags, auto_reset=auto_reset)
        if prepare is not None:
            prepare(directory)
        opened = Desk(directory, port, qos)
        try:
            yield opened
        finally:
            opened.close()


def fill_history(directory: Path, tags: int, seconds: int) -> None:
    """One sample a second for the first ``tags`` tags up to now: slow waves with the noise of a transmitter."""
    import math
    import random
    import time

    from app.clock import US
    from app.store.engine import open_store
    from app.store.history import HistoryWriter

    noise = random.Random(7)
    store = open_store(directory)
    now = int(time.time())
    writer = HistoryWriter(store.dialect)
    with store.write() as connection:
        writer.load(connection, (now - seconds) * US)
    for first in range(now - seconds, now, 300):
        rows = [
            ((first + s) * US, tag, 50 + 9 * math.sin((first + s) / (200 + 7 * tag)) + noise.gauss(0, 0.4), 192)
            for s in range(min(300, now - first))
            for tag in range(1, tags + 1)
        ]
        with store.write() as connection:
            writer.append(connection, rows, [], [])
            writer.fold(connection, rows[-1][0])
    store.close()
