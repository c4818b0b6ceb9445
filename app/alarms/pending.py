"""What has moved since the last commit, and how an alarm looked before an act that may have to be undone."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.alarms.life import Alarm
from app.alarms.logic import AlarmRuntime
from app.alarms.records import AlarmChanges, OccurrenceRecord, RuntimeRecord, TransitionRecord
from models.alarms import AlarmRow


class Pending:
    """Touched alarms and rows in the order of their last change; made into records only when they are taken."""

    __slots__ = ("annunciate", "occurrences", "runtimes", "transitions")

    def __init__(self) -> None:
        self.runtimes: dict[int, Alarm] = {}
        self.occurrences: dict[int, tuple[Alarm, OccurrenceRecord]] = {}
        self.transitions: list[TransitionRecord] = []
        self.annunciate: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.runtimes or self.occurrences or self.transitions)

    def touch(self, alarm: Alarm, occurrence: OccurrenceRecord) -> None:
        """A row changed: it is told last."""
        self.occurrences.pop(occurrence.id, None)
        self.occurrences[occurrence.id] = (alarm, occurrence)

    def restored(self, alarm: Alarm) -> None:
        """An act on this alarm was undone: speak of the row as it was before."""
        occurrence = alarm.occurrence
        if occurrence is not None and occurrence.id in self.occurrences:
            self.occurrences[occurrence.id] = (alarm, occurrence)

    def changes(self, as_of_us: int, row: Callable[[Alarm, OccurrenceRecord], AlarmRow]) -> AlarmChanges:
        """Records of how everything touched stands now."""
        return AlarmChanges(
            as_of_us=as_of_us,
            runtimes=[
                RuntimeRecord(
                    definition_id=alarm.definition_id,
                    state=alarm.runtime.state,
                    body=msgspec.to_builtins(alarm.runtime),
                    occurrence_id=alarm.occurrence.id if alarm.occurrence is not None else None,
                    updated_us=as_of_us,
                )
                for alarm in self.runtimes.values()
            ],
            occurrences=[msgspec.structs.replace(occurrence) for _, occurrence in self.occurrences.values()],
            transitions=self.transitions,
            rows=[row(alarm, occurrence) for alarm, occurrence in self.occurrences.values()],
            annunciate=self.annunciate,
        )


class Snapshot:
    """State and row of one alarm before an act."""

    __slots__ = ("_occurrence", "_runtime")

    def __init__(self, alarm: Alarm) -> None:
        self._runtime = msgspec.msgpack.encode(alarm.runtime)
        self._occurrence = None if alarm.occurrence is None else msgspec.structs.replace(alarm.occurrence)

    def restore(self, alarm: Alarm) -> None:
        """Put the alarm back."""
        alarm.runtime = msgspec.msgpack.decode(self._runtime, type=AlarmRuntime)
        alarm.occurrence = self._occurrence
