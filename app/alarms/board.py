"""The alarm board: what screens ask about alarms, present and past (``app.ports.Alarms``).

Open rows come from the engine's memory; the past comes from the store on a reading connection. A row that is open in
both is shown as the engine has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from app.alarms.engine import AlarmEngine
from app.alarms.kpi import Performance, performance
from app.alarms.life import row_of
from app.alarms.records import OccurrenceRecord, batches, occurrence_of
from app.alarms.report import read_recorded, report
from app.alarms.rules import AlarmRules
from app.ports import AlarmLimits, AlarmQuery, TagCatalogue, TransitionRow
from models.alarms import (
    AlarmDefinition,
    AlarmDefinitionRow,
    AlarmOccurrence,
    AlarmRow,
    AlarmTransition,
    Priority,
)
from models.performance import AlarmPerformance

_O = AlarmOccurrence.__table__
_T = AlarmTransition.__table__
_D = AlarmDefinitionRow.__table__
_IN_AT_MOST = 10_000  # ids in one IN list


class AlarmBoard:
    """``engine`` gives the engine of the moment: after a crash there is a new one."""

    def __init__(
        self,
        engine: Callable[[], AlarmEngine],
        read: Callable[[], AbstractContextManager[Connection]],
        catalogue: TagCatalogue,
        rules: AlarmRules,
    ) -> None:
        self._engine = engine
        self._read = read
        self._catalogue = catalogue
        self._rules = rules

    def limits(self) -> AlarmLimits:
        """What the rule pack says about shelving, mutes and sounds. Any thread, cheap."""
        rules = self._rules
        return AlarmLimits(
            shelve_max_s={p: rules.shelve.longest_s(p) for p in Priority if p},
            mute_max_s=rules.mute.max_s,
            repeat_s={p: rules.sound.repeat_s[p.word] for p in Priority if p},
        )

    def open(self) -> list[AlarmRow]:
        """All rows that are not closed, those that wait for somebody first, newest worst first. Any thread, cheap."""
        return self._engine().open_rows()

    def definition(self, key: str) -> AlarmDefinition | None:
        """The enabled definition with this key. Any thread."""
        return self._engine().definition(key)

    def definitions_of(self, tag_id: int) -> list[AlarmDefinition]:
        """Enabled definitions of a tag. Any thread."""
        return self._engine().definitions_of(tag_id)

    def query(self, query: AlarmQuery) -> tuple[list[AlarmRow], int]:
        """A page of past and present occurrences, newest first, and how many match in all. For worker threads."""
        with self._read() as connection:
            wheres = self._wheres(connection, query)
            total = connection.execute(select(func.count()).select_from(_O).where(*wheres)).scalar_one()
            page = (
                select(_O)
                .where(*wheres)
                .order_by(_O.c.raised_us.desc(), _O.c.id.desc())
                .offset(max(0, query.offset))
                .limit(max(0, query.limit))
            )
            found = [occurrence_of(row) for row in connection.execute(page)]
            definitions = _definitions(connection, {o.definition_id for o in found})
        live = {row.occurrence_id: row for row in self.open()}
        return [live.get(o.id) or self._past(o, definitions) for o in found], total

    def journal(self, occurrence_id: int) -> list[TransitionRow]:
        """Every transition of one occurrence, oldest first. For worker threads."""
        wanted = select(_T).where(_T.c.occurrence_id == occurrence_id).order_by(_T.c.id)
        with self._read() as connection:
            return [
                TransitionRow(
                    t_us=row.t_us,
                    transition=row.transition,
                    from_state=str(row.from_state),
                    to_state=str(row.to_state),
                    priority=int(row.priority),
                    value=row.value,
                    by=row.by,
                    station=row.station,
                    comment=row.comment,
                )
                for row in connection.execute(wanted)
            ]

    def performance(self, start_us: int, end_us: int) -> Performance:
        """The figures of EEMUA 191 / ISA-18.2 over a period (UTC µs, end excluded). For worker threads."""
        with self._read() as connection:
            found = read_recorded(connection, start_us, end_us)
        respond = {d.key: d.respond_s for d in found.definitions.values() if d.respond_s is not None}
        return performance(
            found.occurrences, start_us, end_us, self._rules.kpi, raises=found.rings(), respond_s=respond
        )

    def report(self, start_us: int, end_us: int, areas: Sequence[str] = ()) -> AlarmPerformance:
        """The whole performance picture of a period, of these areas or of all. For worker threads.

        Raises ValueError for an empty period.
        """
        wanted = frozenset(areas)
        tag_ids = [tag.id for tag in self._catalogue.all() if tag.area in wanted] if wanted else None
        return report(self._read, self._rules, start_us, end_us, tag_ids=tag_ids)

    def _wheres(self, connection: Connection, query: AlarmQuery) -> list[ColumnElement[bool]]:
        wheres: list[ColumnElement[bool]] = []
        if query.start_us is not None:
            wheres.append(_O.c.raised_us >= query.start_us)
        if query.end_us is not None:
            wheres.append(_O.c.raised_us < query.end_us)
        if query.states:
            wheres.append(_O.c.state.in_(query.states))
        if query.priorities:
            wheres.append(_O.c.priority.in_(query.priorities))
        if query.only_open:
            wheres.append(_O.c.closed_us.is_(None))
        if query.areas or query.tags:
            wheres.append(self._of_tags(query))
        if query.text.strip():
            wheres.append(self._speaks_of(connection, query.text.strip()))
        return wheres

    def _of_tags(self, query: AlarmQuery) -> ColumnElement[bool]:
        areas, tags = frozenset(query.areas), frozenset(query.tags)
        ids = [t.id for t in self._catalogue.all() if (not areas or t.area in areas) and (not tags or t.name in tags)]
        return _O.c.tag_id.in_(ids[:_IN_AT_MOST]) if ids else false()

    def _speaks_of(self, connection: Connection, text: str) -> ColumnElement[bool]:
        """Rows whose key, people, comments, tag or definition's text hold ``text``."""
        lower = text.lower()
        columns = (_O.c.key, _O.c.comment, _O.c.acked_by, _O.c.held_by, _O.c.held_reason)
        choices: list[ColumnElement[bool]] = [column.icontains(text, autoescape=True) for column in columns]
        tag_ids = [
            t.id
            for t in self._catalogue.all()
            if any(lower in s.lower() for s in (t.name, t.description, t.description_en))
        ]
        if tag_ids:
            choices.append(_O.c.tag_id.in_(tag_ids[:_IN_AT_MOST]))
        keys = [
            row.key
            for row in connection.execute(select(_D.c.key, _D.c.body))
            if any(lower in str(row.body.get(field, "")).lower() for field in ("text", "text_en"))
        ]
        if keys:
            choices.append(_O.c.key.in_(keys[:_IN_AT_MOST]))
        return or_(*choices)

    def _past(self, occurrence: OccurrenceRecord, definitions: dict[int, AlarmDefinition]) -> AlarmRow:
        definition = definitions.get(occurrence.definition_id) or AlarmDefinition(key=occurrence.key)
        tag = self._catalogue.by_id(occurrence.tag_id) if occurrence.tag_id is not None else None
        return row_of(definition, tag, occurrence, Priority.NONE)


def _definitions(connection: Connection, ids: set[int]) -> dict[int, AlarmDefinition]:
    found: dict[int, AlarmDefinition] = {}
    for some in batches(sorted(ids)):
        row: Any
        for row in connection.execute(select(_D.c.id, _D.c.body).where(_D.c.id.in_(some))):
            try:
                found[row.id] = msgspec.convert(row.body, AlarmDefinition)
            except msgspec.ValidationError:
                continue  # shown by its key; the engine has logged it at start
    return found
