"""The only Qt below the screens: carries facts from engine and worker threads to the Qt thread.

Values are coalesced to the latest per tag and drained at display rate; alarm facts are drained at once (≤ 30 ms).
Panels connect to the signals and redraw what changed; none of them ever touches another thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.ports import Station
from models.alarms import AlarmRow
from models.events import (
    AlarmsChanged,
    AlarmsResynchronised,
    DeadLettersChanged,
    EngineCrashed,
    EngineStats,
    Event,
    LinkChanged,
    OrganisationChanged,
    RightsChanged,
    RiskChanged,
    StoreFailed,
    StoreRecovered,
    TagsChanged,
    UsersChanged,
    ValuesChanged,
    ZonesRegraded,
)
from models.readings import LiveValue

VALUES_EVERY_MS = 125
ALARMS_WITHIN_MS = 8


class Bridge(QObject):
    """Signals for the panels.

    values(dict[int, LiveValue])            latest value of every tag that changed since the last drain
    samples(dict[int, list[(t_us, value)]]) every new sample of watched tags, in order; NaN for "no good value"
    alarms(list[AlarmRow], list[int])       changed occurrences, oldest change first; occurrence ids that must sound
    resynchronised, link, stats, store_failed, store_recovered, dead_letters, tags_changed, users_changed, rights_changed,
    organisation_changed, zones (ZonesRegraded), risk_changed, crashed: the event itself
    """

    values = Signal(object)
    samples = Signal(object)
    alarms = Signal(object, object)
    resynchronised = Signal(object)
    link = Signal(object)
    stats = Signal(object)
    store_failed = Signal(object)
    store_recovered = Signal(object)
    dead_letters = Signal(object)
    tags_changed = Signal(object)
    users_changed = Signal(object)
    rights_changed = Signal(object)
    organisation_changed = Signal(object)
    zones = Signal(object)
    risk_changed = Signal(object)
    crashed = Signal(object)
    _wake = Signal()
    _event = Signal(object)
    _call = Signal(object, object)

    def __init__(self, station: Station, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._latest: dict[int, LiveValue] = {}
        self._samples: dict[int, list[tuple[int, float]]] = {}
        self._rows: list[AlarmRow] = []
        self._sound: list[int] = []
        self._alarm_timer = QTimer(self, singleShot=True, interval=ALARMS_WITHIN_MS)
        self._alarm_timer.timeout.connect(self._drain_alarms)
        self._value_timer = QTimer(self, interval=VALUES_EVERY_MS)
        self._value_timer.timeout.connect(self._drain_values)
        self._wake.connect(self._start_alarm_timer, Qt.ConnectionType.QueuedConnection)
        self._event.connect(self._forward, Qt.ConnectionType.QueuedConnection)
        self._call.connect(self._run, Qt.ConnectionType.QueuedConnection)
        self._routes: dict[type[Event], Any] = {
            AlarmsResynchronised: self.resynchronised,
            LinkChanged: self.link,
            EngineStats: self.stats,
            StoreFailed: self.store_failed,
            StoreRecovered: self.store_recovered,
            DeadLettersChanged: self.dead_letters,
            TagsChanged: self.tags_changed,
            UsersChanged: self.users_changed,
            RightsChanged: self.rights_changed,
            OrganisationChanged: self.organisation_changed,
            ZonesRegraded: self.zones,
            RiskChanged: self.risk_changed,
            EngineCrashed: self.crashed,
        }
        bus = station.bus
        self._unsubscribe = [bus.subscribe(kind, self._event.emit) for kind in self._routes]
        self._unsubscribe.append(bus.subscribe(ValuesChanged, self._take_values))
        self._unsubscribe.append(bus.subscribe(AlarmsChanged, self._take_alarms))
        self._value_timer.start()

    def close(self) -> None:
        """Stop listening; safe to call twice."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        self._value_timer.stop()
        self._alarm_timer.stop()

    def when_done(
        self,
        future: Future[Any],
        callback: Callable[[Any], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Call ``callback(result)`` on the Qt thread once the future is done; errors go to ``failed`` or are raised there.

        The owner of ``callback`` must drop or guard it when it closes; after :meth:`close` nothing is called.
        """

        def done(f: Future[Any]) -> None:
            if not f.cancelled():
                self._call.emit((callback, failed), f)

        future.add_done_callback(done)

    def _run(
        self, callbacks: tuple[Callable[[Any], None], Callable[[BaseException], None] | None], future: Future[Any]
    ) -> None:
        if not self._unsubscribe:
            return
        error = future.exception()
        if error is None:
            callbacks[0](future.result())
        elif callbacks[1] is not None:
            callbacks[1](error)
        else:
            raise error

    def _take_values(self, event: ValuesChanged) -> None:
        with self._lock:
            self._latest.update(event.latest)
            for tag_id, points in event.samples.items():
                self._samples.setdefault(tag_id, []).extend(points)

    def _take_alarms(self, event: AlarmsChanged) -> None:
        with self._lock:
            first = not self._rows
            self._rows.extend(event.rows)
            self._sound.extend(event.annunciate)
        if first:
            self._wake.emit()

    def _start_alarm_timer(self) -> None:
        if not self._alarm_timer.isActive():
            self._alarm_timer.start()

    def _drain_alarms(self) -> None:
        with self._lock:
            rows, self._rows = self._rows, []
            sound, self._sound = self._sound, []
        if rows:
            self.alarms.emit(rows, sound)

    def _drain_values(self) -> None:
        with self._lock:
            latest, self._latest = self._latest, {}
            samples, self._samples = self._samples, {}
        if latest:
            self.values.emit(latest)
        if samples:
            self.samples.emit(samples)

    def _forward(self, event: Event) -> None:
        self._routes[type(event)].emit(event)
