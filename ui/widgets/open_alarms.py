"""The open alarms as this window knows them: one copy for banner, list, tree, rail and sound, kept by the bridge."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from app.bridge import Bridge
from app.ports import Station
from models.alarms import HELD, AlarmRow, AlarmState, Priority
from models.events import AlarmsResynchronised


def urgency(row: AlarmRow) -> tuple[bool, bool, int, int]:
    """Order of the alarm list: unacknowledged first (still present before returned), then priority, then newest."""
    return (not row.unacknowledged, row.state is AlarmState.RTNUN, -row.priority, -row.raised_us)


def held(row: AlarmRow) -> bool:
    """Shelved, suppressed or out of service."""
    return row.state in HELD


class OpenAlarms(QObject):
    """Rows that are not closed, by occurrence.

    changed(rows, sounding)  these rows changed (closed ones among them, a last time); occurrence ids that must sound
    reset(event or None)     everything was read anew: take :meth:`rows`
    """

    changed = Signal(object, object)
    reset = Signal(object)

    def __init__(self, station: Station, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._station = station
        self._rows: dict[int, AlarmRow] = {}
        self._of_tag: dict[int, set[int]] = {}
        bridge.alarms.connect(self._take)
        bridge.resynchronised.connect(self.reread)
        self._fill(station.alarms.open())

    def rows(self) -> list[AlarmRow]:
        """All open occurrences."""
        return list(self._rows.values())

    def get(self, occurrence_id: int) -> AlarmRow | None:
        """An open occurrence."""
        return self._rows.get(occurrence_id)

    def of_tag(self, tag_id: int) -> list[AlarmRow]:
        """Open occurrences of a tag, worst first."""
        return sorted((self._rows[i] for i in self._of_tag.get(tag_id, ())), key=urgency)

    def worst(self) -> AlarmRow | None:
        """The alarm that needs somebody first; None when all are acknowledged."""
        return min((row for row in self._rows.values() if row.unacknowledged), key=urgency, default=None)

    def counts(self) -> dict[Priority, tuple[int, int]]:
        """For each priority: unacknowledged and active (held ones count in neither)."""
        result = dict.fromkeys((Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW), (0, 0))
        for row in self._rows.values():
            if row.priority in result and not held(row):
                new, active = result[row.priority]
                result[row.priority] = (new + row.unacknowledged, active + 1)
        return result

    def reread(self, event: AlarmsResynchronised | None = None) -> None:
        """Read the whole set from the engine."""
        self._fill(self._station.alarms.open())
        self.reset.emit(event)

    def _fill(self, rows: Iterable[AlarmRow]) -> None:
        self._rows = {}
        self._of_tag = {}
        for row in rows:
            self._put(row)

    def _put(self, row: AlarmRow) -> None:
        if row.active:
            self._rows[row.occurrence_id] = row
            if row.tag_id is not None:
                self._of_tag.setdefault(row.tag_id, set()).add(row.occurrence_id)
            return
        self._rows.pop(row.occurrence_id, None)
        if row.tag_id is not None:
            self._of_tag.get(row.tag_id, set()).discard(row.occurrence_id)

    def _take(self, rows: list[AlarmRow], sounding: list[int]) -> None:
        latest = {row.occurrence_id: row for row in rows}
        for row in latest.values():
            self._put(row)
        self.changed.emit(list(latest.values()), sounding)
