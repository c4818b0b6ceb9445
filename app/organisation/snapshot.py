"""The whole organisation read at once: what the screens, the gap list, the dry run and the export all start from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app.organisation.bookcheck import Present
from app.organisation.private import PrivateStore
from models.organisation import (
    Department,
    Duty,
    GroupRole,
    LeadingGroupMember,
    Person,
    PersonKind,
    Post,
    PostRank,
    Responsibility,
)
from models.organisation_commands import (
    DepartmentDraft,
    DutyDraft,
    MemberDraft,
    OrganisationDraft,
    PersonDraft,
    PostDraft,
    ResponsibilityDraft,
)
from models.people import User
from models.privacy import PrivateField, PrivateValues
from models.readings import Place, PlaceInfo, PlaceKind


class Snapshot(NamedTuple):
    """Rows of the store by key."""

    departments: dict[int, Any]
    posts: dict[int, Any]
    people: dict[int, Any]
    members: list[Any]
    duties: dict[int, Any]
    cells: list[Any]
    places: dict[int, Any]
    users: dict[int, Any]
    holding: dict[int, list[Any]]

    def holders(self, post_id: int) -> list[Any]:
        """Active people of a post, by number."""
        return self.holding.get(post_id, [])


def load(connection: Connection) -> Snapshot:
    """Read everything but private values. Departments, posts, places and duties come in the order of lists."""

    def rows(kind: Any, *order: Any) -> Sequence[Any]:
        return connection.execute(select(kind.__table__).order_by(*order)).all()

    users = connection.execute(select(User.id, User.login, User.active)).all()
    people = rows(Person, Person.number)
    holding: dict[int, list[Any]] = {}
    for person in people:
        if person.active and person.post_id is not None:
            holding.setdefault(person.post_id, []).append(person)
    return Snapshot(
        departments=_by_id(rows(Department, Department.position, Department.code)),
        posts=_by_id(rows(Post, Post.code)),
        people=_by_id(people),
        members=list(rows(LeadingGroupMember, LeadingGroupMember.id)),
        duties=_by_id(rows(Duty, Duty.code)),
        cells=list(rows(Responsibility, Responsibility.id)),
        places=_by_id(rows(Place, Place.position, Place.id)),
        users=_by_id(users),
        holding=holding,
    )


def place_infos(snapshot: Snapshot) -> list[PlaceInfo]:
    """Every place, those above before those below."""
    below: dict[int | None, list[Any]] = {}
    for row in snapshot.places.values():
        below.setdefault(row.parent_id, []).append(row)
    found: list[PlaceInfo] = []

    def walk(parent: Any | None) -> None:
        for row in below.get(parent.id if parent is not None else None, ()):
            found.append(
                PlaceInfo(
                    code=row.code,
                    kind=PlaceKind(row.kind),
                    name=row.name,
                    name_en=row.name_en,
                    parent=parent.code if parent is not None else "",
                    position=row.position,
                )
            )
            walk(row)

    walk(None)
    return found


def present(connection: Connection, private: PrivateStore) -> Present:
    """Everything as drafts, private values in clear: for the dry run. Raises KeyTrouble, VaultTrouble."""
    snap = load(connection)
    values: dict[int, dict[str, str]] = {}
    for field in PrivateField:
        for person_id, value in private.read(connection, field).items():
            values.setdefault(person_id, {})[field.value] = value
    holder = {row.user_id: row.number for row in snap.people.values() if row.user_id is not None}
    return Present(
        draft=drafts(snap, values),
        places=frozenset(row.code for row in snap.places.values()),
        accounts={row.login.lower(): holder.get(row.id, "") for row in snap.users.values()},
    )


def drafts(snap: Snapshot, values: dict[int, dict[str, str]]) -> OrganisationDraft:
    """The organisation as an editor would send it."""
    return OrganisationDraft(
        departments=tuple(
            DepartmentDraft(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                parent=code_of(snap.departments, row.parent_id),
                position=row.position,
            )
            for row in snap.departments.values()
        ),
        posts=tuple(
            PostDraft(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                department=code_of(snap.departments, row.department_id),
                rank=PostRank(row.rank),
                leads=row.leads,
            )
            for row in snap.posts.values()
        ),
        people=tuple(_person(snap, row, values.get(row.id, {})) for row in snap.people.values()),
        members=tuple(
            MemberDraft(
                number=snap.people[row.person_id].number,
                role=GroupRole(row.role),
                duties=row.duties,
                from_us=row.from_us,
                until_us=row.until_us,
            )
            for row in snap.members
        ),
        duties=tuple(
            DutyDraft(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                category=row.category,
                needed_on=tuple(row.needed_on),
            )
            for row in snap.duties.values()
        ),
        responsibilities=tuple(
            ResponsibilityDraft(
                place=code_of(snap.places, row.place_id),
                post=code_of(snap.posts, row.post_id),
                duty=code_of(snap.duties, row.duty_id),
                person=number_of(snap, row.person_id),
                main=row.main,
            )
            for row in snap.cells
        ),
    )


def _person(snap: Snapshot, row: Any, values: dict[str, str]) -> PersonDraft:
    user = snap.users.get(row.user_id)
    return PersonDraft(
        number=row.number,
        kind=PersonKind(row.kind),
        department=code_of(snap.departments, row.department_id),
        post=code_of(snap.posts, row.post_id),
        company=row.company,
        host=number_of(snap, row.host_id),
        joined_us=row.joined_us,
        left_us=row.left_us,
        login=user.login if user is not None else "",
        private=PrivateValues(values),
    )


def code_of(rows: dict[int, Any], key: int | None) -> str:
    """Code of a row, '' for none."""
    return str(rows[key].code) if key is not None and key in rows else ""


def number_of(snap: Snapshot, key: int | None) -> str:
    """Number of a person, '' for nobody."""
    return str(snap.people[key].number) if key is not None and key in snap.people else ""


def _by_id(rows: Iterable[Any]) -> dict[int, Any]:
    return {row.id: row for row in rows}
