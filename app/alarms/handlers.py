"""Handlers of all orders about alarms, for the door.

Acts are an :class:`~app.alarms.acts.Attempt`: done in memory, saved in the order's transaction, kept when it commits and
undone when it does not, so that list and store never tell different stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from app.access.door import Handler, Outcome, Unit
from app.alarms import records
from app.alarms.acts import Attempt, Done
from app.alarms.definitions import problem
from app.alarms.engine import AlarmEngine
from app.alarms.logic import Act, Transition
from app.alarms.rules import AlarmRules
from app.clock import US
from app.ports import Refused, TagCatalogue
from models.alarms import AlarmDefinitionRow
from models.commands import (
    AcknowledgeAlarms,
    Command,
    MuteSound,
    ResetAlarms,
    ReturnToService,
    SaveAlarmDefinition,
    ShelveAlarms,
    SilenceSound,
    TakeOutOfService,
    UnacknowledgeAlarms,
    UnshelveAlarms,
)
from models.events import AlarmsChanged, TagsChanged
from models.people import Actor


def handlers(engine: AlarmEngine, catalogue: TagCatalogue, rules: AlarmRules) -> dict[type[Command], Handler]:
    """One handler for each order about alarms.

    Answers of acts on occurrences carry ``{"done": [ids], "unchanged": [ids]}``. Refusals: nothing_to_do (no state
    allowed it), stale (all have become worse since they were read), not_found, reason_missing, too_long (with ``max_s`` and ``priority``), invalid (with ``field`` and
    ``problem``).
    """

    def on_occurrences(what: Act) -> Handler:
        def handle(unit: Unit, command: Any, actor: Actor) -> Outcome:
            attempt = _attempt(engine, unit)
            done = attempt.act(what, command.occurrence_ids, actor, command.reason.strip(), unit.now_us)
            return _outcome(unit, attempt, done)

        return handle

    def acknowledge(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        read = _read(engine, command)
        if not read:
            raise Refused("stale", "every one of them has become worse since it was read")
        attempt = _attempt(engine, unit)
        done = attempt.act(Act.ACKNOWLEDGE, read, actor, command.reason.strip(), unit.now_us)
        unread = sorted(set(command.occurrence_ids) - set(read))
        return _outcome(unit, attempt, done, **({"unread": unread} if unread else {}))

    def shelve(unit: Unit, command: ShelveAlarms, actor: Actor) -> Outcome:
        _reason(command.reason, rules.shelve.min_reason)
        for_s = _shelving(engine, command, rules)
        attempt = _attempt(engine, unit)
        done = attempt.act(
            Act.SHELVE,
            command.occurrence_ids,
            actor,
            command.reason.strip(),
            unit.now_us,
            for_s=for_s,
            one_shot=command.one_shot,
        )
        return _outcome(unit, attempt, done, for_s=for_s, one_shot=command.one_shot)

    def by_key(what: Act, min_reason: int) -> Handler:
        def handle(unit: Unit, command: Any, actor: Actor) -> Outcome:
            _reason(command.reason, min_reason)
            attempt = _attempt(engine, unit)
            done = attempt.act_on_key(what, command.alarm_key, actor, command.reason.strip(), unit.now_us)
            if done is None:
                raise Refused("not_found", command.alarm_key)
            return _outcome(unit, attempt, [done])

        return handle

    def silence(unit: Unit, command: SilenceSound, actor: Actor) -> Outcome:
        return Outcome(after={"station": actor.station})

    def mute(unit: Unit, command: MuteSound, actor: Actor) -> Outcome:
        if not command.muted:
            return Outcome(data={"until_us": None}, after={"station": actor.station, "muted": False})
        _reason(command.reason, rules.mute.min_reason)
        if not 0 < command.for_s <= rules.mute.max_s:
            raise Refused("too_long", f"a mute lasts up to {rules.mute.max_s:g} s", max_s=rules.mute.max_s)
        until_us = unit.now_us + round(command.for_s * US)
        after = {"station": actor.station, "muted": True, "until_us": until_us}
        return Outcome(data={"until_us": until_us}, after=after)

    def save_definition(unit: Unit, command: SaveAlarmDefinition, actor: Actor) -> Outcome:
        definition = command.definition
        wrong = problem(definition, catalogue, rules.definition)
        if wrong is not None:
            raise Refused("invalid", wrong.detail, field=wrong.field, problem=wrong.code)
        tag = catalogue.by_name(definition.tag) if definition.tag else None
        tag_id = tag.id if tag is not None else None
        found = select(AlarmDefinitionRow).where(AlarmDefinitionRow.key == definition.key)
        row = unit.session.scalars(found).first()
        before = dict(row.body) if row is not None else None
        body = msgspec.to_builtins(definition)
        if row is None:
            row = AlarmDefinitionRow(key=definition.key, tag_id=tag_id, body=body, enabled=definition.enabled)
            unit.session.add(row)
        else:
            row.tag_id, row.body, row.enabled = tag_id, body, definition.enabled
        unit.session.flush()
        definition_id = row.id
        return Outcome(
            data=definition_id,
            before=before,
            after=body,
            events=(TagsChanged(unit.now_us),),
            after_commit=(lambda: engine.reload_definition(definition_id, tag_id, definition),),
        )

    return {
        AcknowledgeAlarms: acknowledge,
        UnacknowledgeAlarms: on_occurrences(Act.UNACKNOWLEDGE),
        ResetAlarms: on_occurrences(Act.RESET),
        ShelveAlarms: shelve,
        UnshelveAlarms: on_occurrences(Act.UNSHELVE),
        TakeOutOfService: by_key(Act.OUT_OF_SERVICE, rules.out_of_service.min_reason),
        ReturnToService: by_key(Act.RETURN_TO_SERVICE, 0),
        SilenceSound: silence,
        MuteSound: mute,
        SaveAlarmDefinition: save_definition,
    }


def _attempt(engine: AlarmEngine, unit: Unit) -> Attempt:
    attempt = Attempt(engine)
    unit.on_rollback(attempt.undo)
    return attempt


def _outcome(unit: Unit, attempt: Attempt, done: Sequence[Done], **more: Any) -> Outcome:
    moved = [d for d in done if d.transition is not Transition.NONE]
    if not moved:
        known = any(d.key for d in done)
        raise Refused("nothing_to_do" if known else "not_found", "no alarm was in a state that allows it")
    changes = attempt.changes()
    records.save(unit.session.connection(), changes)
    unchanged = [d.occurrence_id for d in done if d.transition is Transition.NONE]
    return Outcome(
        data={"done": [d.occurrence_id for d in moved], "unchanged": unchanged},
        before={"states": {f"{d.key}#{d.occurrence_id}": d.from_state for d in moved}},
        after={"states": {f"{d.key}#{d.occurrence_id}": d.to_state for d in moved}, **more},
        events=(AlarmsChanged(tuple(changes.rows), tuple(changes.annunciate)),),
        after_commit=(attempt.keep,),
    )


def _read(engine: AlarmEngine, command: AcknowledgeAlarms) -> list[int]:
    """The occurrences that are no worse than when the person read them."""
    if not command.seen:
        return list(command.occurrence_ids)
    if len(command.seen) != len(command.occurrence_ids):
        raise Refused("invalid", "one priority for each alarm", field="seen", problem="seen")

    def worse(occurrence_id: int, seen: int) -> bool:
        alarm = engine.alarm_of(occurrence_id)
        return alarm is not None and alarm.occurrence is not None and alarm.occurrence.priority > seen

    return [key for key, seen in zip(command.occurrence_ids, command.seen, strict=True) if not worse(key, seen)]


def _reason(reason: str, at_least: int) -> None:
    if len(reason.strip()) < at_least:
        raise Refused("reason_missing", f"a reason of {at_least} characters or more is needed")


def _shelving(engine: AlarmEngine, command: ShelveAlarms, rules: AlarmRules) -> float:
    """Seconds to shelve; a one-shot without a time lasts as long as is allowed at most."""
    longest: tuple[float, str] | None = None
    for key in command.occurrence_ids:
        alarm = engine.alarm_of(key)
        if alarm is not None and alarm.occurrence is not None:
            priority = alarm.occurrence.priority
            limit = (rules.shelve.longest_s(priority), priority.word)
            longest = limit if longest is None else min(longest, limit)
    if longest is None:
        raise Refused("not_found", "no such alarm is open")
    if command.one_shot and command.for_s == 0:
        return longest[0]
    if not command.for_s > 0:
        raise Refused("invalid", "shelving needs a time", field="for_s", problem="for_s")
    if command.for_s > longest[0]:
        detail = f"an alarm of priority {longest[1]} may be shelved for {longest[0]:g} s at most"
        raise Refused("too_long", detail, max_s=longest[0], priority=longest[1])
    return command.for_s
