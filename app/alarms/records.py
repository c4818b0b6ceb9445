"""Alarm state as rows: what the engine hands to the transaction of the samples that moved it, and reads at start.

Every row carries a key that the engine has given in memory, and every statement is an upsert: saving the same changes
twice (a retried batch, a spool played back) leaves the store as saving them once. A few ``executemany`` a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import BigInteger, Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.alarms.logic import AlarmRuntime
from models.alarms import (
    AlarmDefinition,
    AlarmDefinitionRow,
    AlarmOccurrence,
    AlarmRow,
    AlarmRuntimeRow,
    AlarmState,
    AlarmTransition,
    ConditionKind,
    Priority,
)

log = structlog.get_logger(__name__)


class OccurrenceRecord(msgspec.Struct, kw_only=True):
    """A row of ``alarm_occurrence``.

    ``cleared_us == raised_us`` marks a row that exists only because a normal alarm was shelved or taken out of service:
    it was never active and does not count as an alarm in statistics.
    """

    id: int
    definition_id: int
    key: str
    tag_id: int | None
    state: AlarmState
    priority: Priority
    kind: ConditionKind
    raised_us: int
    value: float | None = None
    value_text: str | None = None
    limit: float | None = None
    acked_us: int | None = None
    acked_by: str = ""
    acked_station: str = ""
    comment: str = ""
    cleared_us: int | None = None
    closed_us: int | None = None
    held_by: str = ""
    held_reason: str = ""
    held_until_us: int | None = None

    @property
    def only_held(self) -> bool:
        """True for a row that tells of a hold and not of an alarm."""
        return self.cleared_us == self.raised_us


class TransitionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``alarm_transition``."""

    id: int
    definition_id: int
    occurrence_id: int | None
    t_us: int
    transition: str
    from_state: AlarmState
    to_state: AlarmState
    priority: Priority
    value: float | None
    by: str = ""
    station: str = ""
    comment: str = ""


class RuntimeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``alarm_runtime``."""

    definition_id: int
    state: AlarmState
    body: dict[str, Any]
    occurrence_id: int | None
    updated_us: int


class AlarmChanges(msgspec.Struct, kw_only=True):
    """What has to be saved and published together; falsy when there is nothing.

    ``as_of_us`` numbers the changes: later ones have a higher value, whatever the clock does.
    """

    as_of_us: int = 0
    runtimes: list[RuntimeRecord] = []
    occurrences: list[OccurrenceRecord] = []
    transitions: list[TransitionRecord] = []
    rows: list[AlarmRow] = []
    annunciate: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.runtimes or self.occurrences or self.transitions)


class StoredDefinition(msgspec.Struct, frozen=True):
    """A definition as read from the store."""

    id: int
    tag_id: int | None
    definition: AlarmDefinition


def to_plain(changes: AlarmChanges) -> Any:
    """Plain data for the spool file; public rows are left out, for they have been published already."""
    return msgspec.to_builtins(msgspec.structs.replace(changes, rows=[], annunciate=[]))


def from_plain(raw: Any) -> AlarmChanges:
    """The way back from :func:`to_plain`; raises msgspec.ValidationError."""
    return msgspec.convert(raw, AlarmChanges)


def save(connection: Connection, changes: AlarmChanges) -> None:
    """Write changes in the caller's transaction. Raises SQLAlchemyError.

    Safe to repeat and to do late: what newer changes of the same alarm have written (an order that got through while
    batches still waited in the spool) stays.
    """
    if changes.occurrences:
        rows = [msgspec.structs.asdict(o) | {"as_of_us": changes.as_of_us} for o in changes.occurrences]
        connection.execute(_occurrences(connection), rows)
    if changes.transitions:
        rows = [msgspec.structs.asdict(t) for t in changes.transitions]
        connection.execute(_insert_new(connection, AlarmTransition), rows)
    if changes.runtimes:
        rows = [msgspec.structs.asdict(r) for r in changes.runtimes]
        connection.execute(_runtimes(connection), rows)


def _insert(connection: Connection, table: type[Any]) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table.__table__)


def _occurrences(connection: Connection) -> Any:
    statement = _insert(connection, AlarmOccurrence)
    newer = select(AlarmRuntimeRow.definition_id).where(
        AlarmRuntimeRow.definition_id == statement.excluded["definition_id"],
        AlarmRuntimeRow.updated_us > bindparam("as_of_us", type_=BigInteger),
    )
    return statement.on_conflict_do_update(
        index_elements=["id"], set_=_replaced(statement, AlarmOccurrence, "id"), where=~newer.exists()
    )


def _runtimes(connection: Connection) -> Any:
    statement = _insert(connection, AlarmRuntimeRow)
    return statement.on_conflict_do_update(
        index_elements=["definition_id"],
        set_=_replaced(statement, AlarmRuntimeRow, "definition_id"),
        where=AlarmRuntimeRow.updated_us <= statement.excluded["updated_us"],
    )


def _replaced(statement: Any, table: type[Any], key: str) -> dict[str, Any]:
    return {c.name: statement.excluded[c.name] for c in table.__table__.columns if c.name != key}


def _insert_new(connection: Connection, table: type[Any]) -> Any:
    return _insert(connection, table).on_conflict_do_nothing(index_elements=["id"])


def read_definitions(connection: Connection) -> list[StoredDefinition]:
    """All enabled definitions; one that can't be read is logged and left out, never stops the start."""
    found = []
    for row in connection.execute(select(AlarmDefinitionRow.__table__).where(AlarmDefinitionRow.enabled)):
        try:
            definition = msgspec.convert(row.body, AlarmDefinition)
        except msgspec.ValidationError as error:
            log.error("alarm_definition_unreadable", key=row.key, detail=str(error))
            continue
        found.append(StoredDefinition(row.id, row.tag_id, definition))
    return found


def read_runtimes(connection: Connection) -> dict[int, tuple[AlarmRuntime, int | None]]:
    """Definition id → state and open occurrence."""
    found = {}
    for row in connection.execute(select(AlarmRuntimeRow.__table__)):
        try:
            found[row.definition_id] = (msgspec.convert(row.body, AlarmRuntime), row.occurrence_id)
        except msgspec.ValidationError as error:
            log.error("alarm_runtime_unreadable", definition_id=row.definition_id, detail=str(error))
    return found


def read_open_occurrences(connection: Connection) -> list[OccurrenceRecord]:
    """Occurrences that are not closed."""
    table = AlarmOccurrence.__table__
    return [occurrence_of(row) for row in connection.execute(select(table).where(AlarmOccurrence.closed_us.is_(None)))]


def occurrence_of(row: Any) -> OccurrenceRecord:
    """A record from a result row with the columns of ``alarm_occurrence``."""
    return msgspec.convert(dict(row._mapping), OccurrenceRecord, strict=False)


def next_numbers(connection: Connection) -> tuple[int, int, int]:
    """First free keys of occurrences and transitions, and the last number of changes."""
    occurrence = connection.execute(select(func.max(AlarmOccurrence.id))).scalar()
    transition = connection.execute(select(func.max(AlarmTransition.id))).scalar()
    as_of_us = connection.execute(select(func.max(AlarmRuntimeRow.updated_us))).scalar()
    return (occurrence or 0) + 1, (transition or 0) + 1, as_of_us or 0


def batches(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Slices small enough for an ``IN`` list on either database."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
