"""Long work beside the screen: a bar, how far it is, a button to stop it; the window stays free all the while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.jobs import Cancelled, Progress
from ui.i18n import count_text, t
from ui.widgets.controls import button, role_label
from ui.widgets.panel import PanelContext

T = TypeVar("T")
LOOK_MS = 100
Step = Callable[[int, int], None]


class LongWork(QWidget):
    """Hidden while nothing runs. ``step`` of the work may be called from its own thread as often as it likes."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__()
        self.ctx = ctx
        self._progress: Progress | None = None
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.said = role_label("dim")
        self.stop = button()
        self.stop.setText(t("common.cancel"))
        self.stop.clicked.connect(self.cancel)
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        column.addLayout(row)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self.hide()

    @property
    def running(self) -> bool:
        """True until the outcome is there."""
        return self._progress is not None

    def run(
        self,
        function: Callable[[Step], T],
        done: Callable[[T], None],
        failed: Callable[[BaseException], None],
        stopped: Callable[[], None],
    ) -> None:
        """Start on a worker; exactly one of the three is called, unless the widget is gone by then."""
        progress = self._progress = Progress()
        self.bar.setRange(0, 0)
        self.said.setText(t("common.loading"))
        self.stop.setEnabled(True)
        self._timer.start()
        self.show()

        def finish() -> None:
            self._progress = None
            self._timer.stop()
            self.hide()

        def well(result: T) -> None:
            finish()
            done(result)

        def badly(error: BaseException) -> None:
            finish()
            if isinstance(error, Cancelled):
                stopped()
            else:
                failed(error)

        self.ctx.work(self, lambda: function(progress.step), well, badly)

    def cancel(self) -> None:
        """Stop at the work's next step."""
        if self._progress is not None:
            self._progress.cancel()
            self.stop.setEnabled(False)
            self.said.setText(t("common.stopping"))

    def leave(self) -> None:
        """Nobody waits any more: stop the work and the looking."""
        self.cancel()
        self._timer.stop()

    def _look(self) -> None:
        progress = self._progress
        if progress is None or not progress.total or not self.stop.isEnabled():
            return
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * progress.done / progress.total))
        done, total = count_text(progress.done), count_text(progress.total)
        self.said.setText(t("common.progress", done=done, total=total))
