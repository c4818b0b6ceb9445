"""All alarms of the plant, owned by the engine thread.

Most samples change nothing, so the way of a sample is short: the pipeline looks the tag up in ``quiet`` and, while the
value lies in its open band, does not call here at all. What does come here moves one or a few state machines; their
timers wait in one heap, so that a tick costs nothing while nothing is due, whatever the number of alarms.

Silence is judged by the station's clock and the time of receipt in the live values (quiet samples never come here):
a STALE timer that falls due looks there first and goes back to the heap when the tag has spoken since.

Everything that has to be saved and told is collected until :meth:`AlarmEngine.take_changes`. Acts of people come from
:mod:`app.alarms.acts`.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Mapping

import structlog
from sqlalchemy import Connection

from app.alarms import records
from app.alarms.conditions import expression_names, variable_name
from app.alarms.life import PROCESS, Alarm, By, book, row_of
from app.alarms.logic import AlarmLogic, Change, Transition
from app.alarms.pending import Pending
from app.alarms.records import AlarmChanges
from app.clock import US, Clock
from app.ports import TagCatalogue
from models.alarms import UNACKNOWLEDGED, AlarmDefinition, AlarmRow, AlarmState, ConditionKind, Priority
from models.readings import LiveValue, TagInfo

log = structlog.get_logger(__name__)

SOFT_EVERY_US = 10 * US  # slopes and last changes are written this often; all else at once


class AlarmEngine:
    """Not thread-safe but for :meth:`open_rows` and :meth:`definition`."""

    def __init__(self, clock: Clock, station: str) -> None:
        self._clock = clock
        self.station = station
        self.quiet: dict[int, tuple[float, float]] = {}
        self.watched: dict[int, list[tuple[Alarm, str | None]]] = {}  # with the tag's name where it is another's input
        self._alarms: dict[int, Alarm] = {}
        self._by_key: dict[str, Alarm] = {}
        self._by_occurrence: dict[int, Alarm] = {}
        self._last_us: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []
        self._live: Mapping[int, LiveValue] = {}
        self._catalogue: TagCatalogue | None = None
        self._pending = Pending()
        self._soft: dict[int, Alarm] = {}
        self._soft_at_us = 0
        self._next_occurrence = 1
        self._next_transition = 1
        self._as_of_us = 0
        self._open: dict[int, AlarmRow] = {}
        self._lock = threading.Lock()

    # ---- set-up ----------------------------------------------------------------------------------------------

    def load(self, connection: Connection, catalogue: TagCatalogue) -> None:
        """Read definitions, states with their running timers, and open occurrences. Raises SQLAlchemyError."""
        self._catalogue = catalogue
        self._alarms, self._by_key, self._by_occurrence = {}, {}, {}
        self._heap, self._soft, self._pending = [], {}, Pending()
        self._next_occurrence, self._next_transition, self._as_of_us = records.next_numbers(connection)
        runtimes = records.read_runtimes(connection)
        open_rows = {o.id: o for o in records.read_open_occurrences(connection)}
        now_us = self._clock.now_us()
        for stored in records.read_definitions(connection):
            alarm = self._build(stored.id, stored.tag_id, stored.definition)
            if alarm is None:
                continue
            runtime, occurrence_id = runtimes.get(stored.id, (None, None))
            if runtime is not None:
                fits = len(runtime.conditions) == len(stored.definition.conditions)
                alarm.runtime = runtime if fits else alarm.logic.adopt(runtime, (), now_us)
                alarm.logic.heard(
                    alarm.runtime, now_us, resumed=True
                )  # the silence while the engine was down does not count
            if occurrence_id is not None and occurrence_id in open_rows:
                alarm.occurrence = open_rows[occurrence_id]
                self._by_occurrence[occurrence_id] = alarm
            self._enter(alarm)
        self._wire()
        rows = [self.row(alarm, alarm.occurrence) for alarm in self._alarms.values() if alarm.occurrence is not None]
        with self._lock:
            self._open = {row.occurrence_id: row for row in rows}

    def recatalogue(self, catalogue: TagCatalogue) -> None:
        """Tags were edited: take over names, units and places."""
        self._catalogue = catalogue
        for alarm in self._alarms.values():
            alarm.tag = catalogue.by_id(alarm.tag_id) if alarm.tag_id is not None else None
        self._wire()
        rows = [self.row(alarm, alarm.occurrence) for alarm in self._alarms.values() if alarm.occurrence is not None]
        with self._lock:
            self._open = {row.occurrence_id: row for row in rows}

    def reload_definition(self, definition_id: int, tag_id: int | None, definition: AlarmDefinition) -> None:
        """A definition was saved: conditions that stayed the same keep their state, the live value is looked at at once.

        Consequences are collected like any other change. Raises ValueError when the definition can't be used.
        """
        now_us = self._clock.now_us()
        old = self._alarms.pop(definition_id, None)
        if old is not None:
            self._by_key.pop(old.definition.key, None)
        alarm = self._build(definition_id, tag_id, definition, strict=True) if definition.enabled else None
        if alarm is None:
            if old is not None:
                self._retire(old, now_us)
            self._wire()
            return
        if old is not None:
            alarm.runtime = alarm.logic.adopt(old.runtime, old.definition.conditions, now_us)
            alarm.occurrence, alarm.value = old.occurrence, old.value
            if alarm.occurrence is not None:
                self._by_occurrence[alarm.occurrence.id] = alarm
        self._enter(alarm)
        self._wire()
        live = self._live.get(tag_id) if tag_id is not None else None
        mark = alarm.logic.mark(alarm.runtime)
        if live is not None and not alarm.silent:
            alarm.value = live.value
            t_us = max(live.t_us, now_us - alarm.runtime.offset_us)
            changes = alarm.logic.sample(
                alarm.runtime, t_us, live.value, live.quality, arrived_us=now_us, stale_fires=False
            )
        else:
            changes = alarm.logic.review(alarm.runtime, now_us)
        self.absorb(alarm, mark, changes, PROCESS)
        self._pending.runtimes[definition_id] = alarm
        if alarm.occurrence is not None:  # texts may have changed
            self._pending.occurrences[alarm.occurrence.id] = (alarm, alarm.occurrence)

    def _build(
        self, definition_id: int, tag_id: int | None, definition: AlarmDefinition, strict: bool = False
    ) -> Alarm | None:
        try:
            logic = AlarmLogic(definition)
        except ValueError as error:
            if strict:
                raise
            log.error("alarm_definition_unusable", key=definition.key, detail=str(error))
            return None
        catalogue = self._catalogue
        tag = catalogue.by_id(tag_id) if catalogue is not None and tag_id is not None else None
        return Alarm(definition_id, tag_id, tag, logic, logic.start(self._clock.now_us()))

    def _enter(self, alarm: Alarm) -> None:
        self._alarms[alarm.definition_id] = alarm
        self._by_key[alarm.definition.key] = alarm
        self._schedule(alarm)

    def _retire(self, alarm: Alarm, now_us: int) -> None:
        """The definition was switched off: its open row is closed."""
        was, occurrence = alarm.runtime.state, alarm.occurrence
        alarm.runtime = alarm.logic.start(now_us)
        alarm.due_us = None
        if occurrence is not None:
            change = Change(now_us, Transition.DISABLE, was, AlarmState.NORM, 0, 0)
            self._book(alarm, [change], PROCESS)
            self._by_occurrence.pop(occurrence.id, None)
        self._pending.runtimes[alarm.definition_id] = alarm

    def _wire(self) -> None:
        """Which alarms each tag moves, and where nothing needs to be asked."""
        watched: dict[int, list[tuple[Alarm, str | None]]] = {}
        names: dict[str, TagInfo] = {}
        tags = self._catalogue.all() if self._catalogue is not None else ()
        for alarm in self._alarms.values():
            if alarm.tag_id is not None:
                watched.setdefault(alarm.tag_id, []).append((alarm, None))
            for condition in alarm.definition.conditions:
                wanted: set[str] = set()
                if condition.kind is ConditionKind.CALCULATED:
                    wanted = expression_names(condition.expression or "")
                elif condition.kind is ConditionKind.DEVIATION and condition.setpoint is None:
                    wanted = {variable_name(condition.setpoint_tag or "")}
                if wanted and not names:
                    names = {variable_name(tag.name): tag for tag in tags}
                for name in sorted(wanted & names.keys()):
                    other = names[name]
                    entry = (alarm, other.name)
                    if other.id != alarm.tag_id and entry not in watched.setdefault(other.id, []):
                        watched[other.id].append(entry)
        self.watched = watched
        self.quiet.clear()
        for tag_id in watched:
            self._requiet(tag_id)

    # ---- the hot path ----------------------------------------------------------------------------------------

    def sample(self, tag_id: int, t_us: int, value: float | str | None, quality: int) -> None:
        """A new sample of a watched tag; one that is not newer than the last never moves an alarm."""
        if t_us <= self._last_us.get(tag_id, 0):
            return
        self._last_us[tag_id] = t_us
        now_us = self._clock.now_us()
        for alarm, foreign in self.watched.get(tag_id, ()):
            logic, runtime = alarm.logic, alarm.runtime
            mark = logic.mark(runtime)
            if foreign is None:
                changes = logic.sample(runtime, t_us, value, quality, arrived_us=now_us, stale_fires=False)
                alarm.value = value if value is not None else alarm.value
            else:
                changes = logic.feed(runtime, foreign, t_us, value, quality, arrived_us=now_us, stale_fires=False)
                if alarm.tag_id is None and value is not None:
                    alarm.value = value
            self.absorb(alarm, mark, changes, PROCESS)

    def tick(self, now_us: int, live: Mapping[int, LiveValue]) -> None:
        """Fire the timers due at ``now_us`` (station time)."""
        self._live = live
        heap = self._heap
        while heap and heap[0][0] <= now_us:
            due, definition_id = heapq.heappop(heap)
            alarm = self._alarms.get(definition_id)
            if alarm is None or alarm.due_us != due:
                continue  # superseded
            alarm.due_us = None
            self._fire(alarm, now_us)
        if now_us >= self._soft_at_us:
            self._soft_at_us = now_us + SOFT_EVERY_US
            self._pending.runtimes.update(self._soft)
            self._soft.clear()

    def _fire(self, alarm: Alarm, now_us: int) -> None:
        if alarm.has_stale and alarm.tag_id is not None:
            live = self._live.get(alarm.tag_id)
            if live is not None:
                alarm.logic.heard(alarm.runtime, live.received_us)
        mark = alarm.logic.mark(alarm.runtime)
        self.absorb(alarm, mark, alarm.logic.advance(alarm.runtime, now_us), PROCESS)

    def absorb(self, alarm: Alarm, mark: tuple[object, ...], changes: list[Change], who: By) -> None:
        """Take over what a call of the logic did; ``mark`` is :meth:`AlarmLogic.mark` from before it."""
        if changes:
            self._book(alarm, changes, who)
        if changes or alarm.logic.mark(alarm.runtime) != mark:
            self._pending.runtimes[alarm.definition_id] = alarm
            if alarm.tag_id is not None:
                self._requiet(alarm.tag_id)
        elif alarm.definition_id not in self._pending.runtimes:
            self._soft[alarm.definition_id] = alarm
        self._schedule(alarm)

    def _schedule(self, alarm: Alarm) -> None:
        due = alarm.logic.next_due_us(alarm.runtime)
        if due is not None and (alarm.due_us is None or due < alarm.due_us):
            alarm.due_us = due
            heapq.heappush(self._heap, (due, alarm.definition_id))

    def _requiet(self, tag_id: int) -> None:
        lo, hi = float("-inf"), float("inf")
        for alarm, foreign in self.watched.get(tag_id, ()):
            band = alarm.logic.band
            if foreign is not None or band is None or not alarm.logic.calm(alarm.runtime):
                self.quiet.pop(tag_id, None)
                return
            lo, hi = max(lo, band[0]), min(hi, band[1])
        if lo < hi:
            self.quiet[tag_id] = (lo, hi)
        else:
            self.quiet.pop(tag_id, None)

    def _book(self, alarm: Alarm, changes: list[Change], who: By) -> None:
        pending = self._pending
        for change in changes:
            if change.transition is Transition.NONE:
                continue
            before = alarm.occurrence
            touched = book(alarm, change, who, self._new_occurrence)
            for occurrence in touched:
                self._by_occurrence[occurrence.id] = alarm
                pending.touch(alarm, occurrence)
                if occurrence.closed_us is not None:
                    self._by_occurrence.pop(occurrence.id, None)
            current = alarm.occurrence or (touched[-1] if touched else before)
            if change.annunciate and current is not None:
                pending.annunciate.append(current.id)
            value = alarm.value
            pending.transitions.append(
                records.TransitionRecord(
                    id=self._next_transition,
                    definition_id=alarm.definition_id,
                    occurrence_id=current.id if current is not None else None,
                    t_us=change.t_us,
                    transition=change.transition.value,
                    from_state=change.from_state,
                    to_state=change.to_state,
                    priority=Priority(change.alarm_severity or change.severity),
                    value=value if isinstance(value, float | int) else None,
                    by=who.name,
                    station=who.station,
                    comment=who.comment,
                )
            )
            self._next_transition += 1

    def _new_occurrence(self) -> int:
        key = self._next_occurrence
        self._next_occurrence += 1
        return key

    # ---- what has changed ------------------------------------------------------------------------------------

    def take_changes(self) -> AlarmChanges:
        """Everything since the last call, to be saved and published in this order; falsy when nothing."""
        if not self._pending:
            return AlarmChanges()
        changes = self.records_of(self.swap_pending(Pending()))
        self.show(changes)
        return changes

    def swap_pending(self, pending: Pending) -> Pending:
        """Collect into ``pending`` from now on; returns what was collected into before."""
        before, self._pending = self._pending, pending
        return before

    def records_of(self, pending: Pending) -> AlarmChanges:
        """Records of how everything touched stands now."""
        self._as_of_us = max(self._as_of_us + 1, self._clock.now_us())  # the clock may be set back, this may not
        return pending.changes(self._as_of_us, self.row)

    def restored(self, alarm: Alarm, was: records.OccurrenceRecord | None) -> None:
        """An act on this alarm was undone; ``was`` is the row that it had before the undoing."""
        if was is not None:
            self._by_occurrence.pop(was.id, None)
        if alarm.occurrence is not None:
            self._by_occurrence[alarm.occurrence.id] = alarm
        alarm.due_us = None
        self._schedule(alarm)
        if alarm.tag_id is not None:
            self._requiet(alarm.tag_id)

    def show(self, changes: AlarmChanges) -> None:
        """Let :meth:`open_rows` tell of these changes."""
        with self._lock:
            for row in changes.rows:
                if row.closed_us is None:
                    self._open[row.occurrence_id] = row
                else:
                    self._open.pop(row.occurrence_id, None)

    def open_rows(self) -> list[AlarmRow]:
        """All open rows, those that wait for somebody first, then the most severe, then the newest. Any thread."""
        with self._lock:
            rows = list(self._open.values())
        return sorted(rows, key=lambda r: (r.state not in UNACKNOWLEDGED, -r.priority, -r.raised_us, -r.occurrence_id))

    def row(self, alarm: Alarm, occurrence: records.OccurrenceRecord) -> AlarmRow:
        """What lists show of an occurrence now."""
        return row_of(alarm.definition, alarm.tag, occurrence, Priority(alarm.runtime.severity))

    def definition(self, key: str) -> AlarmDefinition | None:
        """The enabled definition with this key. Any thread."""
        alarm = self._by_key.get(key)
        return alarm.definition if alarm is not None else None

    def definitions_of(self, tag_id: int) -> list[AlarmDefinition]:
        """Enabled definitions whose own tag this is. Any thread."""
        return [alarm.definition for alarm, foreign in self.watched.get(tag_id, ()) if foreign is None]

    def alarm_of(self, occurrence_id: int) -> Alarm | None:
        """The alarm that an open occurrence belongs to."""
        return self._by_occurrence.get(occurrence_id)

    def alarm_by_key(self, alarm_key: str) -> Alarm | None:
        """The alarm with this key."""
        return self._by_key.get(alarm_key)
