"""The stretch of time that all plots share: follows the present, or stands still while somebody looks back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from PySide6.QtCore import QObject, Qt, Signal

from ui.i18n import local

US = 1_000_000
LEAST_US = 5 * US
MOST_US = 366 * 86_400 * US
SPANS = {"15m": 900, "1h": 3600, "2h": 7200, "8h": 28_800, "24h": 86_400}
AHEAD = 0.06  # share of the width kept free right of the present
_STEPS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    2_592_000,
)
_PANS = {Qt.Key.Key_Left: -0.1, Qt.Key.Key_Right: 0.1, Qt.Key.Key_PageUp: -0.9, Qt.Key.Key_PageDown: 0.9}
_ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}


class TimeWindow(QObject):
    """``start_us`` and ``end_us`` in UTC microseconds. ``moved`` fires after each change, ``live_changed`` on its own."""

    moved = Signal()
    live_changed = Signal(bool)

    def __init__(self, now: Callable[[], int], span_us: int = 7200 * US, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self.live = True
        self.end_us = now() + int(span_us * AHEAD)
        self.start_us = self.end_us - span_us

    @property
    def span_us(self) -> int:
        """Width."""
        return self.end_us - self.start_us

    def now_us(self) -> int:
        """The station's present."""
        return self._now()

    def follow(self) -> None:
        """Come back to the present and stay with it."""
        self._set_live(True)
        self.catch_up(force=True)

    def pause(self) -> None:
        """Stand still."""
        self._set_live(False)

    def catch_up(self, width_px: int = 0, *, force: bool = False) -> bool:
        """Move with the present; nothing happens before it would be a pixel. True when it moved."""
        if not self.live:
            return False
        end = self._now() + int(self.span_us * AHEAD)
        if not force and width_px and abs(end - self.end_us) * width_px < self.span_us:
            return False
        self._place(end - self.span_us, end)
        return True

    def show_span(self, seconds: int) -> None:
        """Another width; the right edge (live) or the middle (paused) stays."""
        span = seconds * US
        if self.live:
            end = self._now() + int(span * AHEAD)
            self._place(end - span, end)
        else:
            middle = (self.start_us + self.end_us) // 2
            self._place(middle - span // 2, middle + span - span // 2)

    def show_moment(self, t_us: int) -> None:
        """Stand still with a moment in the middle."""
        self._set_live(False)
        half = self.span_us // 2
        self._place(t_us - half, t_us + half)

    def zoom(self, factor: float, at_us: int) -> None:
        """Make the width ``factor`` times as large around a moment; live plots keep the present in sight."""
        span = min(MOST_US, max(LEAST_US, round(self.span_us * factor)))
        if self.live:
            end = self._now() + int(span * AHEAD)
            self._place(end - span, end)
            return
        share = (at_us - self.start_us) / self.span_us
        start = round(at_us - share * span)
        self._place(start, start + span)

    def pan(self, by_us: int) -> None:
        """Move; going back stops following, reaching the present starts it again."""
        latest = self._now() + int(self.span_us * AHEAD)
        end = min(self.end_us + by_us, latest)
        self._set_live(end >= latest)
        self._place(end - self.span_us, end)

    def key(self, key: Qt.Key) -> bool:
        """Arrows and page keys pan, plus and minus zoom, End comes back to the present; True when it was one of them."""
        if key in _PANS:
            self.pan(round(_PANS[key] * self.span_us))
        elif key in _ZOOMS:
            self.zoom(_ZOOMS[key], (self.start_us + self.end_us) // 2)
        elif key == Qt.Key.Key_End:
            self.follow()
        else:
            return False
        return True

    def ticks(self, width_px: int, apart_px: int = 90) -> list[int]:
        """Round local times for the axis, at least ``apart_px`` from each other."""
        wanted = self.span_us / US * apart_px / max(1, width_px)
        step = next((s for s in _STEPS_S if s >= wanted), _STEPS_S[-1])
        first = local(self.start_us)
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = int((first - midnight).total_seconds())
        moment = midnight + timedelta(seconds=-(-passed // step) * step if step < 86_400 else 0)
        ticks = []
        t_us = int(moment.timestamp()) * US
        while t_us <= self.end_us:
            if t_us >= self.start_us:
                ticks.append(t_us)
            t_us += step * US
        return ticks

    def _set_live(self, live: bool) -> None:
        if live != self.live:
            self.live = live
            self.live_changed.emit(live)

    def _place(self, start_us: int, end_us: int) -> None:
        if (start_us, end_us) != (self.start_us, self.end_us):
            self.start_us, self.end_us = start_us, end_us
            self.moved.emit()
