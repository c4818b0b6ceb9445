"""The life of one alarm as the operator sees it: which row of the list a step belongs to, and what the row then says.

One occurrence runs from raise to normal, through all acknowledgements, re-alarms and holds between. A normal alarm that
is shelved or taken out of service gets a row too, so that the list shows it and can undo it; when such a hold ends with
the alarm active, that row is closed and a true occurrence begins.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.access.audit import plain_text
from app.alarms.logic import AlarmLogic, AlarmRuntime, Change, Transition
from app.alarms.records import OccurrenceRecord
from app.clock import US
from models.alarms import HELD, AlarmDefinition, AlarmRow, AlarmState, ConditionKind, Priority
from models.people import Actor
from models.readings import TagInfo


class By(msgspec.Struct, frozen=True):
    """Who makes a step and what they say to it; the process itself is nobody."""

    name: str = ""
    station: str = ""
    comment: str = ""
    until_us: int | None = None


PROCESS = By()


def by(actor: Actor, comment: str, until_us: int | None = None) -> By:
    """A person's (or the system's) step."""
    return By(plain_text(actor.name or actor.login, 120), actor.station[:64], plain_text(comment), until_us)


class Alarm:
    """One watched alarm: definition, rules, state and its open row."""

    __slots__ = (
        "definition",
        "definition_id",
        "due_us",
        "has_stale",
        "logic",
        "occurrence",
        "runtime",
        "tag",
        "tag_id",
        "value",
    )

    def __init__(
        self, definition_id: int, tag_id: int | None, tag: TagInfo | None, logic: AlarmLogic, runtime: AlarmRuntime
    ) -> None:
        self.definition_id = definition_id
        self.tag_id = tag_id
        self.tag = tag
        self.logic = logic
        self.definition: AlarmDefinition = logic.definition
        self.runtime = runtime
        self.occurrence: OccurrenceRecord | None = None
        self.value: float | str | None = None
        self.due_us: int | None = None
        self.has_stale = any(c.kind is ConditionKind.STALE for c in self.definition.conditions)

    @property
    def silent(self) -> bool:
        """True while its signal counts as lost."""
        pairs = zip(self.definition.conditions, self.runtime.conditions, strict=True)
        return any(c.kind is ConditionKind.STALE and s.level > 0 for c, s in pairs)


def worst_of(definition: AlarmDefinition) -> Priority:
    """The highest priority that an alarm can have."""
    return max((c.priority for c in definition.conditions), default=Priority.LOW)


def book(alarm: Alarm, change: Change, who: By, new_id: Callable[[], int]) -> list[OccurrenceRecord]:
    """Enter one step into the alarm's row; returns the rows that it touched, in order."""
    touched: list[OccurrenceRecord] = []
    current = alarm.occurrence
    to_state, transition = change.to_state, change.transition
    if current is not None and current.only_held and to_state is AlarmState.UNACK:
        _close(current, change.t_us)
        touched.append(current)
        current = None
    begins = current is None
    if current is None:
        if to_state is AlarmState.NORM:
            alarm.occurrence = None
            return touched
        current = _begin(alarm, change, new_id())
    alarm.occurrence = current
    touched.append(current)
    current.state = to_state
    louder = change.alarm_severity > current.priority and transition is Transition.SEVERITY_UP
    if change.alarm_severity:
        current.priority = Priority(change.alarm_severity)
    if to_state is AlarmState.UNACK and (begins or louder or transition is Transition.REALARM):
        _show_cause(alarm, current)
    _enter(current, change, who)
    if to_state is AlarmState.NORM:
        _close(current, change.t_us)
        alarm.occurrence = None
    return touched


def _begin(alarm: Alarm, change: Change, key: int) -> OccurrenceRecord:
    definition = alarm.definition
    worst = worst_of(definition)
    first = next((c for c in definition.conditions if c.priority == worst), None)
    return OccurrenceRecord(
        id=key,
        definition_id=alarm.definition_id,
        key=definition.key,
        tag_id=alarm.tag_id,
        state=change.to_state,
        priority=worst,
        kind=first.kind if first else ConditionKind.SEVERITY,
        raised_us=change.t_us,
        cleared_us=change.t_us if change.to_state in HELD else None,
    )


def _show_cause(alarm: Alarm, current: OccurrenceRecord) -> None:
    leading = alarm.logic.leading(alarm.runtime)
    if leading is not None:
        current.kind, current.limit = leading.kind, leading.limit
    value = alarm.value
    current.value = value if isinstance(value, float | int) else None
    current.value_text = plain_text(value, 200) if isinstance(value, str) else None


def _enter(current: OccurrenceRecord, change: Change, who: By) -> None:
    t_us, to_state = change.t_us, change.to_state
    match change.transition:
        case Transition.ACKNOWLEDGE:
            current.acked_us, current.acked_by, current.acked_station = t_us, who.name, who.station
        case Transition.REALARM | Transition.UNACKNOWLEDGE:
            _unacknowledged(current)
        case Transition.CLEAR:
            current.cleared_us = t_us
        case Transition.SHELVE | Transition.SUPPRESS | Transition.OUT_OF_SERVICE:
            current.held_by, current.held_reason, current.held_until_us = who.name, who.comment, who.until_us
    if change.from_state in HELD and to_state not in HELD:
        current.held_by, current.held_reason, current.held_until_us = "", "", None
        if to_state is AlarmState.UNACK:
            _unacknowledged(current)
    if change.transition is Transition.REALARM:
        current.cleared_us = None
    if who.comment:
        current.comment = who.comment


def _unacknowledged(current: OccurrenceRecord) -> None:
    current.acked_us, current.acked_by, current.acked_station = None, "", ""


def _close(current: OccurrenceRecord, t_us: int) -> None:
    current.state, current.closed_us = AlarmState.NORM, t_us
    current.held_by, current.held_reason, current.held_until_us = "", "", None
    if current.cleared_us is None:
        current.cleared_us = t_us


def row_of(
    definition: AlarmDefinition, tag: TagInfo | None, occurrence: OccurrenceRecord, severity: Priority
) -> AlarmRow:
    """What the list shows."""
    return AlarmRow(
        occurrence_id=occurrence.id,
        definition_id=occurrence.definition_id,
        key=occurrence.key,
        tag_id=occurrence.tag_id,
        tag=tag.name if tag else definition.tag,
        area=tag.area if tag else "",
        area_name=tag.area_name if tag else "",
        area_name_en=tag.area_name_en if tag else "",
        text=definition.text or occurrence.key,
        text_en=definition.text_en or definition.text or occurrence.key,
        state=occurrence.state,
        priority=occurrence.priority,
        severity=severity,
        kind=occurrence.kind,
        raised_us=occurrence.raised_us,
        value=occurrence.value if occurrence.value_text is None else occurrence.value_text,
        limit=occurrence.limit,
        unit=tag.unit if tag else "",
        decimals=tag.decimals if tag else 1,
        acked_us=occurrence.acked_us,
        acked_by=occurrence.acked_by,
        acked_station=occurrence.acked_station,
        comment=occurrence.comment,
        cleared_us=occurrence.cleared_us,
        closed_us=occurrence.closed_us,
        held_by=occurrence.held_by,
        held_reason=occurrence.held_reason,
        held_until_us=occurrence.held_until_us,
        annunciate=definition.annunciate,
    )


def shelved_until(wall_us: int, for_s: float | None) -> int | None:
    """When timed shelving ends."""
    return None if for_s is None else wall_us + round(for_s * US)
