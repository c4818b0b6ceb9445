"""Departments, posts, duties and the matrix: saving and removing, as functions on a transaction.

The same functions serve an editor's order and a whole workbook's; each refuses what can't be, with the field's name.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.organisation import changes
from app.organisation.changes import Change
from app.ports import Refused
from models.organisation import Department, Duty, Person, Post, Responsibility
from models.organisation_commands import DepartmentDraft, DutyDraft, PostDraft, ResponsibilityDraft
from models.readings import Place, PlaceKind


def put_department(session: Session, draft: DepartmentDraft, version: int | None = None) -> Change:
    """Create or change a department; refused as 'ring' when it would come to lie beneath itself."""
    code, name, name_en = draft.code.strip(), draft.name.strip(), draft.name_en.strip()
    changes.check_names(code, name, name_en)
    row = changes.find(session, Department, code)
    changes.same_version(row, version)
    parent = changes.need(session, Department, draft.parent, "parent") if draft.parent else None
    if row is not None:
        _no_ring(session, row, parent)
    elif draft.parent == code:
        raise Refused("ring", f"{code} would lie beneath itself", field="parent")
    before = _department_facts(session, row) if row is not None else None
    if row is None:
        row = Department(code=code, name=name)
        session.add(row)
    row.name, row.name_en, row.position = name, name_en, draft.position
    row.parent_id = parent.id if parent is not None else None
    session.flush()
    return Change(row.id, before, _department_facts(session, row))


def _no_ring(session: Session, row: Department, parent: Department | None) -> None:
    above, seen = parent, set[int]()
    while above is not None and above.id not in seen:
        if above.id == row.id:
            raise Refused("ring", f"{row.code} would lie beneath itself", field="parent")
        seen.add(above.id)
        above = session.get(Department, above.parent_id) if above.parent_id is not None else None


def remove_department(session: Session, code: str) -> dict[str, Any]:
    """Remove one that nothing hangs on; returns how it was."""
    row = changes.need_target(session, Department, code)
    changes.in_use(session, "department", Department.parent_id == row.id)
    changes.in_use(session, "post", Post.department_id == row.id)
    changes.in_use(session, "person", Person.department_id == row.id)
    before = _department_facts(session, row)
    session.delete(row)
    return before


def put_post(session: Session, draft: PostDraft, version: int | None = None) -> Change:
    """Create or change a post."""
    code, name, name_en = draft.code.strip(), draft.name.strip(), draft.name_en.strip()
    changes.check_names(code, name, name_en)
    row = changes.find(session, Post, code)
    changes.same_version(row, version)
    department = changes.need(session, Department, draft.department, "department")
    before = _post_facts(session, row) if row is not None else None
    if row is None:
        row = Post(code=code, name=name, department_id=department.id, rank=draft.rank)
        session.add(row)
    elif row.department_id != department.id:  # its holders move with it
        for person in session.scalars(select(Person).where(Person.post_id == row.id)):
            person.department_id = department.id
    row.name, row.name_en, row.department_id = name, name_en, department.id
    row.rank, row.leads = draft.rank, draft.leads
    session.flush()
    return Change(row.id, before, _post_facts(session, row))


def remove_post(session: Session, code: str) -> dict[str, Any]:
    """Remove one that nobody holds or held, and that has no duty; returns how it was."""
    row = changes.need_target(session, Post, code)
    changes.in_use(session, "person", Person.post_id == row.id)
    changes.in_use(session, "responsibility", Responsibility.post_id == row.id)
    before = _post_facts(session, row)
    session.delete(row)
    return before


def put_duty(session: Session, draft: DutyDraft, version: int | None = None) -> Change:
    """Create or change a duty; ``needed_on`` must name kinds of places or places that there are."""
    code, name, name_en = draft.code.strip(), draft.name.strip(), draft.name_en.strip()
    changes.check_names(code, name, name_en, 200)
    if len(draft.category) > 60:
        raise Refused("invalid", "a category has at most 60 characters", field="category")
    row = changes.find(session, Duty, code)
    changes.same_version(row, version)
    kinds = {kind.value for kind in PlaceKind}
    for wanted in draft.needed_on:
        if wanted not in kinds:
            changes.need(session, Place, wanted, "needed_on")
    before = _duty_facts(row) if row is not None else None
    if row is None:
        row = Duty(code=code, name=name)
        session.add(row)
    row.name, row.name_en, row.category = name, name_en, draft.category.strip()
    row.needed_on = list(dict.fromkeys(draft.needed_on))
    session.flush()
    return Change(row.id, before, _duty_facts(row))


def remove_duty(session: Session, code: str) -> dict[str, Any]:
    """Remove one that no cell uses; returns how it was."""
    row = changes.need_target(session, Duty, code)
    changes.in_use(session, "responsibility", Responsibility.duty_id == row.id)
    before = _duty_facts(row)
    session.delete(row)
    return before


def put_responsibility(session: Session, draft: ResponsibilityDraft, version: int | None = None) -> Change:
    """Fill or change a cell; a person who is named must hold the post."""
    place = changes.need(session, Place, draft.place, "place")
    post = changes.need(session, Post, draft.post, "post")
    duty = changes.need(session, Duty, draft.duty, "duty")
    person = changes.need_person(session, draft.person, "person") if draft.person else None
    if person is not None and (person.post_id != post.id or not person.active):
        raise Refused("not_holder", f"{draft.person} does not hold the post {draft.post}", field="person")
    row = _cell(session, place.id, post.id, duty.id)
    changes.same_version(row, version)
    before = _cell_facts(session, row, draft) if row is not None else None
    if row is None:
        row = Responsibility(place_id=place.id, post_id=post.id, duty_id=duty.id)
        session.add(row)
    row.person_id, row.main = (person.id if person is not None else None), draft.main
    session.flush()
    return Change(row.id, before, _cell_facts(session, row, draft))


def remove_responsibility(session: Session, draft: ResponsibilityDraft) -> dict[str, Any]:
    """Empty a cell; returns how it was."""
    place, post, duty = (
        changes.find(session, Place, draft.place),
        changes.find(session, Post, draft.post),
        changes.find(session, Duty, draft.duty),
    )
    row = _cell(session, place.id, post.id, duty.id) if place and post and duty else None
    if row is None:
        raise Refused("not_found", f"{draft.place}/{draft.post} has no duty {draft.duty}")
    before = _cell_facts(session, row, draft)
    session.delete(row)
    return before


def _cell(session: Session, place_id: int, post_id: int, duty_id: int) -> Responsibility | None:
    r = Responsibility
    return session.scalars(select(r).where(r.place_id == place_id, r.post_id == post_id, r.duty_id == duty_id)).first()


def _department_facts(session: Session, row: Department) -> dict[str, Any]:
    parent = session.get(Department, row.parent_id) if row.parent_id is not None else None
    return {
        "code": row.code,
        "name": row.name,
        "name_en": row.name_en,
        "parent": parent.code if parent is not None else "",
        "position": row.position,
    }


def _post_facts(session: Session, row: Post) -> dict[str, Any]:
    department = session.get(Department, row.department_id)
    return {
        "code": row.code,
        "name": row.name,
        "name_en": row.name_en,
        "department": department.code if department is not None else "",
        "rank": str(row.rank),
        "leads": row.leads,
    }


def _duty_facts(row: Duty) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "name_en": row.name_en,
        "category": row.category,
        "needed_on": list(row.needed_on),
    }


def _cell_facts(session: Session, row: Responsibility, draft: ResponsibilityDraft) -> dict[str, Any]:
    person = session.get(Person, row.person_id) if row.person_id is not None else None
    return {
        "place": draft.place,
        "post": draft.post,
        "duty": draft.duty,
        "person": person.number if person is not None else "",
        "main": row.main,
    }
