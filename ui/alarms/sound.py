"""The alarm sound: repeats by priority until somebody silences it, acknowledges, or the alarm closes.

Silence is not acknowledgement: it stops what sounds now, and the next alarm sounds again. Mute keeps the station
quiet until a time, and shows. Without an audio device everything works but the sound, and the banner says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import structlog
from PySide6.QtCore import QObject, QTimer, QUrl, Signal

from app.clock import US
from app.paths import resource_path
from app.ports import Station
from models.alarms import AlarmRow, Priority
from ui.widgets.open_alarms import OpenAlarms, held

log = structlog.get_logger(__name__)


class Player(Protocol):
    """Something that makes a noise."""

    @property
    def available(self) -> bool:
        """False when there is nothing to hear it with."""

    def play(self, name: str) -> None:
        """Play resources/sounds/<name>.wav once."""


class QtPlayer(QObject):
    """Plays by QSoundEffect. Multimedia is loaded at the first sound, as most stations are quiet most of the time."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._effects: dict[str, QObject] = {}
        self._available = True

    @property
    def available(self) -> bool:
        """False after the first try found no audio device."""
        return self._available

    def play(self, name: str) -> None:
        """Play resources/sounds/<name>.wav once; without a device nothing happens."""
        if not self._available:
            return
        try:
            from PySide6.QtMultimedia import QMediaDevices, QSoundEffect
        except ImportError as error:  # the system lacks an audio library
            log.warning("no_sound", detail=str(error))
            self._available = False
            return
        if QMediaDevices.defaultAudioOutput().isNull():
            log.warning("no_sound", detail="no audio output")
            self._available = False
            return
        effect = self._effects.get(name)
        if not isinstance(effect, QSoundEffect):
            effect = QSoundEffect(self)
            effect.setSource(QUrl.fromLocalFile(str(resource_path("sounds", f"{name}.wav"))))
            self._effects[name] = effect
        effect.play()


class AlarmSound(QObject):
    """Decides what sounds and how often. ``changed`` comes when sounding, muted or silent has changed."""

    changed = Signal()

    def __init__(self, alarms: OpenAlarms, station: Station, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._alarms, self._now_us, self.player = alarms, station.now_us, player
        self._repeat_s = station.alarms.limits().repeat_s
        self._sounding: dict[int, Priority] = {}
        self._known: set[int] = set()
        self._muted_until_us: int | None = None
        self._muted = False
        self._repeat = QTimer(self, singleShot=True)
        self._repeat.timeout.connect(self._again)
        self._unmute = QTimer(self, singleShot=True)
        self._unmute.timeout.connect(lambda: self.mute(False))
        alarms.changed.connect(self._take)
        alarms.reset.connect(lambda _event: self._all_anew())
        self._all_anew()

    @property
    def sounding(self) -> Priority:
        """Worst priority that wants to be heard; NONE when quiet or silenced (also while muted it says what would)."""
        return max(self._sounding.values(), default=Priority.NONE)

    @property
    def muted(self) -> bool:
        """True while the station is muted."""
        return self._muted

    @property
    def muted_until_us(self) -> int | None:
        """End of the mute, UTC µs; None without end or not muted."""
        return self._muted_until_us

    def silence(self) -> None:
        """Stop the present sound; the next alarm sounds again."""
        if self._sounding:
            self._sounding.clear()
            self._repeat.stop()
            self.changed.emit()

    def mute(self, on: bool, for_s: float = 0.0) -> None:
        """Keep quiet for ``for_s`` seconds (0: until unmuted), or speak again."""
        self._muted = on
        self._unmute.stop()
        self._muted_until_us = self._now_us() + round(for_s * US) if on and for_s else None
        if on:
            self._repeat.stop()
            if for_s:
                self._unmute.start(round(for_s * 1000))
        self.changed.emit()
        if not on:
            self._start()

    def _all_anew(self) -> None:
        """After a start or a lost link: what waits and was not yet heard here sounds."""
        rows = self._alarms.rows()
        fresh = [row for row in rows if row.unacknowledged and row.annunciate and row.occurrence_id not in self._known]
        self._known = {row.occurrence_id for row in rows}
        self._sounding = {i: p for i, p in self._sounding.items() if self._waits(self._alarms.get(i))}
        self._add(fresh)

    def _take(self, rows: list[AlarmRow], sounding: Iterable[int]) -> None:
        loud = set(sounding)
        for row in rows:
            self._known.add(row.occurrence_id)
            if not row.active:
                self._known.discard(row.occurrence_id)
            if row.occurrence_id not in self._sounding:
                continue
            if self._waits(row):
                self._sounding[row.occurrence_id] = row.priority
            else:
                del self._sounding[row.occurrence_id]
                self.changed.emit()
        if not self._sounding:
            self._repeat.stop()
        self._add([row for row in rows if row.occurrence_id in loud and self._waits(row)])

    @staticmethod
    def _waits(row: AlarmRow | None) -> bool:
        return row is not None and row.active and row.unacknowledged and not held(row)

    def _add(self, rows: Iterable[AlarmRow]) -> None:
        fresh = {row.occurrence_id: row.priority for row in rows}
        if not fresh:
            return
        worse = max(fresh.values()) > self.sounding
        self._sounding.update(fresh)
        self.changed.emit()
        if worse or not self._repeat.isActive():
            self._start()

    def _start(self) -> None:
        self._repeat.stop()
        self._again()

    def _again(self) -> None:
        worst = self.sounding
        if worst is Priority.NONE or self._muted:
            return
        could = self.player.available
        self.player.play(worst.word)
        if could != self.player.available:
            self.changed.emit()
        self._repeat.start(round(self._repeat_s[worst] * 1000))
