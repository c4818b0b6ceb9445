"""Locks an unattended station: no key, no mouse, no touch for so many minutes.

It watches the windows, not the widgets: a filter on the application would run for every event of every object.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QWindow

_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TabletPress,
    }
)


class IdleWatch(QObject):
    """``idle`` once after ``minutes`` without input; 0 minutes = never."""

    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.idle)

    @property
    def running(self) -> bool:
        """True while it counts."""
        return self._timer.isActive()

    def start(self, minutes: int) -> None:
        """Count from now on."""
        self._timer.stop()
        if minutes > 0:
            self._timer.start(minutes * 60_000)

    def stop(self) -> None:
        """Count no longer (the station is locked)."""
        self._timer.stop()

    def watch(self, window: QWindow) -> None:
        """Take input at this window as a sign of life."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT and self._timer.isActive():
            self._timer.start()
        return False
