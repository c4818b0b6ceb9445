"""Where an order about alarms acts, and when it is dangerous: for the door, before the handler is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from app.access.door import Danger, Zones
from app.alarms.engine import AlarmEngine
from app.ports import TagCatalogue
from models.alarms import AlarmDefinition, Priority
from models.commands import (
    AcknowledgeAlarms,
    Command,
    ResetAlarms,
    ReturnToService,
    SaveAlarmDefinition,
    ShelveAlarms,
    TakeOutOfService,
    UnacknowledgeAlarms,
    UnshelveAlarms,
)
from models.people import Actor

SUPPRESS_CRITICAL = "alarm.suppress_critical"
_ON_OCCURRENCES = (AcknowledgeAlarms, UnacknowledgeAlarms, ResetAlarms, ShelveAlarms, UnshelveAlarms)


def alarm_zones(engine: AlarmEngine, catalogue: TagCatalogue) -> dict[type[Command], Zones]:
    """The places of the alarms' tags; an alarm without a tag or a tag without a place belongs to the plant ('')."""

    def of(definition: AlarmDefinition | None) -> str:
        tag = catalogue.by_name(definition.tag) if definition is not None and definition.tag else None
        return (tag.device or tag.unit_code or tag.area) if tag is not None else ""

    def of_occurrences(_session: Session, command: Any) -> Iterable[str]:
        alarms = (engine.alarm_of(key) for key in command.occurrence_ids)
        return [of(alarm.definition) for alarm in alarms if alarm is not None]

    def of_key(_session: Session, command: Any) -> Iterable[str]:
        return [of(engine.definition(command.alarm_key))]

    def of_definition(_session: Session, command: SaveAlarmDefinition) -> Iterable[str]:
        before = engine.definition(command.definition.key)
        return [of(command.definition), *([of(before)] if before is not None else [])]

    return {
        **dict.fromkeys(_ON_OCCURRENCES, of_occurrences),
        TakeOutOfService: of_key,
        ReturnToService: of_key,
        SaveAlarmDefinition: of_definition,
    }


def alarm_dangers(engine: AlarmEngine) -> dict[type[Command], Danger]:
    """Putting a critical alarm out of sight is dangerous."""

    def shelving(_session: Session, command: ShelveAlarms, _actor: Actor) -> str | None:
        for key in command.occurrence_ids:
            alarm = engine.alarm_of(key)
            if alarm is not None and _critical(alarm.definition):
                return SUPPRESS_CRITICAL
        return None

    def out_of_service(_session: Session, command: TakeOutOfService, _actor: Actor) -> str | None:
        definition = engine.definition(command.alarm_key)
        return SUPPRESS_CRITICAL if definition is not None and _critical(definition) else None

    def switched_off(_session: Session, command: SaveAlarmDefinition, _actor: Actor) -> str | None:
        before = engine.definition(command.definition.key)
        if before is None:
            return None
        after = command.definition
        heard = after.annunciate or not before.annunciate
        counted = (after.count, after.count_window_s) == (before.count, before.count_window_s)
        same = after.enabled and after.tag == before.tag and heard and counted
        stays = [c for c in after.conditions if c.priority >= Priority.CRITICAL] if same else []
        # a limit out of reach or a delay of days silences as well as switching off: whatever changes is signed
        gone = [c for c in before.conditions if c.priority >= Priority.CRITICAL and c not in stays]
        return SUPPRESS_CRITICAL if gone and before.enabled else None

    return {ShelveAlarms: shelving, TakeOutOfService: out_of_service, SaveAlarmDefinition: switched_off}


def _critical(definition: AlarmDefinition) -> bool:
    """Can this alarm become critical? What it is now may be worse in a second."""
    return bool(_critical_kinds(definition))


def _critical_kinds(definition: AlarmDefinition) -> set[str]:
    return {str(c.kind) for c in definition.conditions if c.priority >= Priority.CRITICAL}
