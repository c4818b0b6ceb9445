"""What people do to alarms: applied in memory at once, shown and told only when the order's transaction is committed.

An order is an :class:`Attempt`: it acts, hands out what has to be saved, and is then either kept or undone. So the state
in memory and the state in the store can't part, whatever the commit does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.alarms.engine import AlarmEngine
from app.alarms.life import PROCESS, Alarm, By, by, shelved_until
from app.alarms.logic import Act, Transition
from app.alarms.pending import Pending, Snapshot
from app.alarms.records import AlarmChanges
from models.alarms import AlarmRow, AlarmState
from models.people import Actor


class Done(NamedTuple):
    """What an act did to one occurrence; ``transition`` is 'none' when the state did not allow it or it is unknown."""

    occurrence_id: int
    key: str
    transition: Transition
    from_state: AlarmState
    to_state: AlarmState
    row: AlarmRow | None


def act(
    engine: AlarmEngine,
    what: Act,
    occurrence_ids: Iterable[int],
    actor: Actor,
    comment: str,
    t_us: int,
    *,
    for_s: float | None = None,
    one_shot: bool = False,
) -> list[Done]:
    """Act on occurrences at ``t_us`` (UTC µs), outside any transaction; the engine saves it with its next batch.

    For rules of the program itself and for replays; orders of people use an :class:`Attempt`.
    """
    who = by(actor, comment, shelved_until(t_us, for_s) if what is Act.SHELVE else None)
    return [_act(engine, engine.alarm_of(key), key, what, who, t_us, for_s, one_shot) for key in occurrence_ids]


def act_on_key(engine: AlarmEngine, what: Act, alarm_key: str, actor: Actor, comment: str, t_us: int) -> Done | None:
    """Act on an alarm by its key, in whatever state it is; None when there is no such alarm."""
    alarm = engine.alarm_by_key(alarm_key)
    return None if alarm is None else _act(engine, alarm, 0, what, by(actor, comment), t_us, None, False)


def _act(
    engine: AlarmEngine,
    alarm: Alarm | None,
    key: int,
    what: Act,
    who: By,
    t_us: int,
    for_s: float | None,
    one_shot: bool,
) -> Done:
    if alarm is None:
        return Done(key, "", Transition.NONE, AlarmState.NORM, AlarmState.NORM, None)
    mark = alarm.logic.mark(alarm.runtime)
    *passed, own = alarm.logic.act(alarm.runtime, what, t_us, for_s=for_s, one_shot=one_shot)
    engine.absorb(alarm, mark, passed, PROCESS)
    if own.transition is not Transition.NONE:
        engine.absorb(alarm, mark, [own], who)
    occurrence = alarm.occurrence
    row = engine.row(alarm, occurrence) if occurrence is not None else None
    return Done(
        key or (occurrence.id if occurrence is not None else 0),
        alarm.definition.key,
        own.transition,
        own.from_state,
        own.to_state,
        row,
    )


class Attempt:
    """Acts of one order. One at a time; call :meth:`keep` or :meth:`undo` at the end."""

    def __init__(self, engine: AlarmEngine) -> None:
        self._engine = engine
        self._before: dict[int, tuple[Alarm, Snapshot]] = {}
        self._outer = engine.swap_pending(Pending())
        self._changes: AlarmChanges | None = None

    def act(
        self,
        what: Act,
        occurrence_ids: Iterable[int],
        actor: Actor,
        comment: str,
        t_us: int,
        *,
        for_s: float | None = None,
        one_shot: bool = False,
    ) -> list[Done]:
        """Act on occurrences at ``t_us`` (UTC µs)."""
        keys = list(occurrence_ids)
        for key in keys:
            self._remember(self._engine.alarm_of(key))
        return act(self._engine, what, keys, actor, comment, t_us, for_s=for_s, one_shot=one_shot)

    def act_on_key(self, what: Act, alarm_key: str, actor: Actor, comment: str, t_us: int) -> Done | None:
        """Act on an alarm by its key; None when there is no such alarm."""
        self._remember(self._engine.alarm_by_key(alarm_key))
        return act_on_key(self._engine, what, alarm_key, actor, comment, t_us)

    def changes(self) -> AlarmChanges:
        """What has to be saved in the order's transaction. Ends the acting."""
        if self._changes is None:
            self._changes = self._engine.records_of(self._engine.swap_pending(self._outer))
        return self._changes

    def keep(self) -> None:
        """The commit succeeded: screens may see it."""
        self._engine.show(self.changes())
        self._before = {}

    def undo(self) -> None:
        """The commit failed or the order was refused: everything in memory is as it was."""
        if self._changes is None:
            self._changes = AlarmChanges()
            self._engine.swap_pending(self._outer)
        for alarm, snapshot in self._before.values():
            was = alarm.occurrence
            snapshot.restore(alarm)
            self._engine.restored(alarm, was)
            self._outer.restored(alarm)
        self._before = {}

    def _remember(self, alarm: Alarm | None) -> None:
        if alarm is not None and alarm.definition_id not in self._before:
            self._before[alarm.definition_id] = (alarm, Snapshot(alarm))
