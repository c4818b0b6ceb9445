"""Private data goes: by itself when its time is over, or when somebody who has left asks for it.

What the law keeps (``statutory`` in the pack) is left by an erasure and goes on its own day. With the name goes its mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.clock import US
from app.organisation.policy import DAY_US, PrivacyPolicy
from app.organisation.private import HEALTH, PRIVATE, PrivateStore, table_of
from app.ports import Answer
from models.commands import Command
from models.organisation import Person, PersonKind, today_us
from models.organisation_commands import PurgePrivate
from models.people import Actor
from models.privacy import Erased, PrivateField

log = structlog.get_logger(__name__)

PEOPLE_A_STEP = 50
LOOK_EVERY_US = 3600 * US


def erase(session: Session, private: PrivateStore, policy: PrivacyPolicy, person: Person, now_us: int) -> Erased:
    """Erase what may go of somebody who has left. Raises KeyTrouble."""
    left_us, kind = person.left_us or 0, PersonKind(person.kind)
    there = _fields_of(session, person.id)
    due = {field: policy.goes_us(field, kind, left_us) for field in there}
    kept = {f: until for f, until in due.items() if policy.rule(f).statutory and until > today_us(now_us)}
    gone = [field for field in there if field not in kept]
    _remove(session, private, person, gone)
    if not kept:
        person.erased_us = now_us
    session.flush()
    return Erased(gone=tuple(field.value for field in gone), kept={field.value: us for field, us in kept.items()})


def purge(session: Session, private: PrivateStore, policy: PrivacyPolicy, now_us: int) -> tuple[bool, dict[str, Any]]:
    """One step: whose last day has come is no longer active, and what is past its time goes.

    Returns whether there may be more, and what the trail says. Raises KeyTrouble.
    """
    today = today_us(now_us)
    leavers = session.scalars(select(Person).where(Person.active, Person.left_us <= today)).all()
    for person in leavers:
        person.active = False
    session.flush()
    found = session.execute(_overdue(policy, today).limit(PEOPLE_A_STEP + 1)).scalars().all()
    removed: dict[str, list[str]] = {}
    for person_id in found[:PEOPLE_A_STEP]:
        row = session.get_one(Person, person_id)
        left_us, kind = row.left_us or 0, PersonKind(row.kind)
        gone = [f for f in _fields_of(session, row.id) if policy.goes_us(f, kind, left_us) <= today]
        _remove(session, private, row, gone)
        if not _fields_of(session, row.id):
            row.erased_us = now_us
        removed[row.number] = [field.value for field in gone]
    session.flush()
    return len(found) > PEOPLE_A_STEP, {"left": [person.number for person in leavers], "removed": removed}


def overdue_counts(source: Any, policy: PrivacyPolicy, now_us: int) -> dict[PrivateField, int]:
    """How many values of each field are past their time; for the inventory."""
    today, counts = today_us(now_us), dict.fromkeys(PrivateField, 0)
    for field in PrivateField:
        table = table_of(field)
        joined = select(table.c.id).join(Person, Person.id == table.c.person_id)
        counts[field] = len(
            source.execute(joined.where(table.c.field == field.value, _past(policy, field, today))).all()
        )
    return counts


def next_due_us(source: Any, policy: PrivacyPolicy) -> int | None:
    """When (UTC microseconds) the next value of somebody who has left will be past its time, or was; None without any."""
    due = []
    for table in (PRIVATE, HEALTH):
        wanted = (
            select(table.c.field, Person.kind, func.min(Person.left_us))
            .join(Person, Person.id == table.c.person_id)
            .where(Person.left_us.is_not(None))
            .group_by(table.c.field, Person.kind)
        )
        due += [policy.goes_us(PrivateField(f), PersonKind(kind), us) for f, kind, us in source.execute(wanted)]
    return min(due, default=None)


def _remove(session: Session, private: PrivateStore, person: Person, fields: list[PrivateField]) -> None:
    if fields:
        private.lock(session)
        private.remove(session, person.id, fields)
    if PrivateField.NAME in fields:
        person.name_masked = ""


def _fields_of(session: Session, person_id: int) -> list[PrivateField]:
    return [
        PrivateField(name)
        for table in (PRIVATE, HEALTH)
        for name in session.scalars(select(table.c.field).where(table.c.person_id == person_id).order_by(table.c.field))
    ]


def _past(policy: PrivacyPolicy, field: PrivateField, today: int) -> ColumnElement[bool]:
    """People whose value of this field is past its time."""
    days = policy.rule(field).kept_days
    return or_(
        *(and_(Person.kind == kind.value, Person.left_us <= today - days[kind.value] * DAY_US) for kind in PersonKind)
    )


def _overdue(policy: PrivacyPolicy, today: int) -> Any:
    wheres = [
        select(table_of(f).c.id)
        .where(table_of(f).c.person_id == Person.id, table_of(f).c.field == f.value, _past(policy, f, today))
        .correlate(Person)
        .exists()
        for f in PrivateField
    ]
    return select(Person.id).where(Person.left_us.is_not(None), or_(*wheres)).order_by(Person.id)


class PrivacyKeeper:
    """Housekeeping of the engine: asks now and then whether something is due, and gives the order when it is."""

    def __init__(
        self,
        session: Callable[[], Any],
        policy: PrivacyPolicy,
        order: Callable[[Command, Actor], Answer],
        actor: Actor,
    ) -> None:
        """``session`` opens a transaction to look in; ``order`` is the door; ``actor`` the program itself."""
        self._session, self._policy, self._order, self._actor = session, policy, order, actor
        self._next_us = 0

    def step(self, now_us: int) -> bool:
        """Look, at most once an hour (every second while there is more); True when an order was given.

        Raises SQLAlchemyError when the store can't be read.
        """
        if now_us < self._next_us:
            return False
        self._next_us = now_us + LOOK_EVERY_US
        today = today_us(now_us)
        with self._session() as session:
            due = session.execute(_overdue(self._policy, today).limit(1)).first() is not None
            due = (
                due
                or session.execute(select(Person.id).where(Person.active, Person.left_us <= today)).first() is not None
            )
        if not due:
            return False
        answer = self._order(PurgePrivate(), self._actor)
        if answer.ok and answer.data:
            self._next_us = now_us + US
        elif not answer.ok:
            log.warning("privacy_purge_refused", code=answer.code, detail=answer.detail)
        return True
