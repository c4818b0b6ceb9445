"""People and the leading group: saving them, with their private values going to the vault and masks to everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.masking import mask, mask_name
from app.organisation import changes, checks
from app.organisation.changes import Change
from app.organisation.private import PrivateStore
from app.ports import Refused
from models.organisation import Department, LeadingGroupMember, Person, PersonKind, Post, Responsibility, today_us
from models.organisation_commands import MemberDraft, PersonDraft
from models.people import Actor, User
from models.privacy import PrivateField, PrivateValues

May = Callable[[str, Actor], bool]


class PeopleWriter:
    """Saves people. ``may`` is asked for the rights on private values."""

    def __init__(self, private: PrivateStore, may: May) -> None:
        self._private = private
        self._may = may

    def put(
        self, session: Session, draft: PersonDraft, actor: Actor, now_us: int, version: int | None = None
    ) -> Change:
        """Create or change somebody. Refused with the field; 'forbidden' without the right on private values.

        Raises KeyTrouble.
        """
        number = draft.number.strip()
        if not checks.good_code(number):
            raise Refused("invalid", "a number has 1 to 64 characters without spaces", field="number")
        row = changes.find_person(session, number)
        changes.same_version(row, version)
        self._check_rights(draft.private, actor)
        before_private = self._private.of_person(session, row.id) if row is not None else {}
        before = _facts(session, row, before_private) if row is not None else None
        fresh = self._changed(draft.private, before_private)
        if row is None:
            if not fresh.get(PrivateField.NAME):
                raise Refused("invalid", "a new person needs a name", field="name")
            row = Person(number=number, kind=draft.kind)
            session.add(row)
        self._fill(session, row, draft, now_us)
        session.flush()
        if fresh:
            self._private.lock(session)
            self._private.put(session, row.id, fresh, now_us)
            if PrivateField.NAME in fresh:
                row.name_masked = mask_name(fresh[PrivateField.NAME])
            row.erased_us = None
            flag_modified(row, "number")  # another version: editors of private values alone must notice each other too
            session.flush()
        after = _facts(session, row, self._private.of_person(session, row.id) if fresh else before_private)
        if fresh:
            after["private_changed"] = sorted(field.value for field in fresh)
        return Change(row.id, before, after)

    def _check_rights(self, given: PrivateValues, actor: Actor) -> None:
        """For values that are there already, too: else whoever may save people could guess until nothing is refused."""
        fields = [field for field in PrivateField if field.value in given.values]
        for health, action in ((False, "privacy.write"), (True, "privacy.write_health")):
            if any(field.health is health for field in fields) and not self._may(action, actor):
                raise Refused("forbidden", f"{actor.login} may not {action}")

    @staticmethod
    def _changed(given: PrivateValues, present: dict[PrivateField, tuple[str | None, int]]) -> dict[PrivateField, str]:
        """Values that are new, checked."""
        fresh: dict[PrivateField, str] = {}
        for name, value in given.values.items():
            try:
                field = PrivateField(name)
            except ValueError:
                raise Refused("invalid", f"there is no private field {name!r}", field=name) from None
            value = value.strip()
            if not value and field is PrivateField.NAME:
                raise Refused("invalid", "a name can't be emptied; erase the person instead", field=name)
            wrong = checks.wrong_private(field, value) if value else None
            if wrong is not None:
                raise Refused("invalid", f"{name}: {wrong}", field=name, wrong=wrong)
            if (present[field][0] if field in present else "") != value:
                fresh[field] = value
        return fresh

    @staticmethod
    def _fill(session: Session, row: Person, draft: PersonDraft, now_us: int) -> None:
        if len(draft.company) > checks.MOST_NAME:
            raise Refused("invalid", "a company's name is too long", field="company")
        if draft.joined_us is not None and draft.left_us is not None and draft.left_us < draft.joined_us:
            raise Refused("invalid", "nobody leaves before they joined", field="left_us")
        with session.no_autoflush:
            post = changes.need(session, Post, draft.post, "post") if draft.post else None
            department = changes.need(session, Department, draft.department, "department") if draft.department else None
            if post is not None and department is not None and post.department_id != department.id:
                raise Refused("post_elsewhere", f"{draft.post} is no post of {draft.department}", field="post")
            host = changes.need_person(session, draft.host, "host") if draft.host else None
            user = _account(session, draft.login, row) if draft.login.strip() else None
        if host is not None and (draft.kind is PersonKind.EMPLOYEE or host.kind != PersonKind.EMPLOYEE):
            raise Refused("invalid", "visitors and contractors are received by an employee", field="host")
        row.kind, row.company = draft.kind, draft.company.strip()
        row.post_id = post.id if post is not None else None
        row.department_id = department.id if department is not None else post.department_id if post else None
        row.host_id = host.id if host is not None else None
        row.user_id = user.id if user is not None else None
        row.joined_us, row.left_us = draft.joined_us, draft.left_us
        row.active = draft.left_us is None or draft.left_us > today_us(now_us)

    def left(self, session: Session, number: str, left_us: int, now_us: int) -> Change:
        """Somebody leaves on a day."""
        row = changes.find_person(session, number)
        if row is None:
            raise Refused("not_found", f"no person {number!r}")
        if row.joined_us is not None and left_us < row.joined_us:
            raise Refused("invalid", "nobody leaves before they joined", field="left_us")
        before = _facts(session, row, {})
        row.left_us, row.active = left_us, left_us > today_us(now_us)
        session.flush()
        return Change(row.id, before, _facts(session, row, {}))


def _account(session: Session, login: str, row: Person) -> User:
    user = changes.find_user(session, login)
    if user is None:
        raise Refused("unknown_code", f"no account {login!r}", field="login", found=login)
    other = session.scalars(select(Person).where(Person.user_id == user.id)).first()
    if other is not None and other.number != row.number:
        raise Refused("taken", f"the account {login} is {other.number}'s", field="login", by=other.number)
    return user


def open_tasks(session: Session, person_id: int) -> dict[str, int]:
    """What still hangs on somebody who leaves: seats, cells that name them, people they receive, an active account."""
    row = session.get(Person, person_id)
    user = session.get(User, row.user_id) if row is not None and row.user_id is not None else None
    count = {
        "leading_group": len(
            session.scalars(
                select(LeadingGroupMember.id).where(
                    LeadingGroupMember.person_id == person_id, LeadingGroupMember.until_us.is_(None)
                )
            ).all()
        ),
        "responsibility": len(
            session.scalars(select(Responsibility.id).where(Responsibility.person_id == person_id)).all()
        ),
        "host": len(session.scalars(select(Person.id).where(Person.host_id == person_id, Person.active)).all()),
        "account": int(user is not None and user.active),
    }
    return {name: number for name, number in count.items() if number}


def put_member(session: Session, draft: MemberDraft, version: int | None = None) -> Change:
    """Give or change a seat in the leading group."""
    person = changes.need_person(session, draft.number)
    if draft.from_us is not None and draft.until_us is not None and draft.until_us <= draft.from_us:
        raise Refused("invalid", "a seat ends after it began", field="until_us")
    if len(draft.duties) > 2000:
        raise Refused("invalid", "at most 2000 characters", field="duties")
    row = _seat(session, person.id, draft.role)
    changes.same_version(row, version)
    before = _seat_facts(row, draft.number) if row is not None else None
    if row is None:
        if not person.active:
            raise Refused("invalid", f"{draft.number} has left", field="number")
        row = LeadingGroupMember(person_id=person.id, role=draft.role)
        session.add(row)
    row.duties, row.from_us, row.until_us = draft.duties.strip(), draft.from_us, draft.until_us
    session.flush()
    return Change(row.id, before, _seat_facts(row, draft.number))


def remove_member(session: Session, draft: MemberDraft) -> dict[str, Any]:
    """Take a seat back; returns how it was."""
    person = changes.find_person(session, draft.number)
    row = _seat(session, person.id, draft.role) if person is not None else None
    if row is None:
        raise Refused("not_found", f"{draft.number} has no seat as {draft.role}")
    before = _seat_facts(row, draft.number)
    session.delete(row)
    return before


def _seat(session: Session, person_id: int, role: str) -> LeadingGroupMember | None:
    m = LeadingGroupMember
    return session.scalars(select(m).where(m.person_id == person_id, m.role == role)).first()


def _seat_facts(row: LeadingGroupMember, number: str) -> dict[str, Any]:
    return {
        "number": number,
        "role": str(row.role),
        "duties": row.duties,
        "from_us": row.from_us,
        "until_us": row.until_us,
    }


def _facts(session: Session, row: Person, private: dict[PrivateField, tuple[str | None, int]]) -> dict[str, Any]:
    """What the trail shows of somebody: private values masked only."""
    department = session.get(Department, row.department_id) if row.department_id is not None else None
    post = session.get(Post, row.post_id) if row.post_id is not None else None
    host = session.get(Person, row.host_id) if row.host_id is not None else None
    user = session.get(User, row.user_id) if row.user_id is not None else None
    return {
        "number": row.number,
        "name": row.name_masked,
        "kind": str(row.kind),
        "department": department.code if department is not None else "",
        "post": post.code if post is not None else "",
        "company": row.company,
        "host": host.number if host is not None else "",
        "joined_us": row.joined_us,
        "left_us": row.left_us,
        "active": row.active,
        "login": user.login if user is not None else "",
        "private": {field.value: mask(field.value, value or "?") for field, (value, _) in sorted(private.items())},
    }
