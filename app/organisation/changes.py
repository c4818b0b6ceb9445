"""What every order here needs: find by code, notice that somebody else saved meanwhile, say before and after."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.organisation import checks
from app.ports import Refused
from models.base import Versioned
from models.organisation import Department, Duty, Person, Post
from models.people import User
from models.readings import Place

Coded = TypeVar("Coded", Department, Post, Duty, Place)


class Change(NamedTuple):
    """What one save did: the row's key, how it was (None: it is new) and how it is."""

    key: int
    before: dict[str, Any] | None
    after: dict[str, Any]

    @property
    def changed(self) -> bool:
        """False when everything was so before."""
        return self.before != self.after


def find(session: Session, kind: type[Coded], code: str) -> Coded | None:
    """The row with this code."""
    return session.scalars(select(kind).where(kind.code == code)).first()


def need(session: Session, kind: type[Coded], code: str, field: str) -> Coded:
    """The row with this code; refused as 'unknown_code' when there is none."""
    found = find(session, kind, code)
    if found is None:
        raise Refused("unknown_code", f"no {kind.__tablename__} {code!r}", field=field, found=code)
    return found


def need_target(session: Session, kind: type[Coded], code: str) -> Coded:
    """The row that an order is about; refused as 'not_found'."""
    found = find(session, kind, code)
    if found is None:
        raise Refused("not_found", f"no {kind.__tablename__} {code!r}")
    return found


def find_person(session: Session, number: str) -> Person | None:
    """The person with this number."""
    return session.scalars(select(Person).where(Person.number == number)).first()


def need_person(session: Session, number: str, field: str = "number") -> Person:
    """The person with this number; refused as 'unknown_code'."""
    found = find_person(session, number)
    if found is None:
        raise Refused("unknown_code", f"no person {number!r}", field=field, found=number)
    return found


def find_user(session: Session, login: str) -> User | None:
    """The account with this login, whatever its case."""
    return session.scalars(select(User).where(func.lower(User.login) == login.strip().lower())).first()


def same_version(row: Versioned | None, version: int | None) -> None:
    """Refused as 'conflict' when the editor showed another version than there is now (0: none at all)."""
    if version is not None and version != (row.version if row is not None else 0):
        raise Refused("conflict", "somebody else has saved this meanwhile")


def check_names(code: str, name: str, name_en: str, most: int = checks.MOST_NAME) -> None:
    """Refused as 'invalid' with the field."""
    if not checks.good_code(code):
        raise Refused("invalid", "a code has 1 to 64 characters without spaces, '/', ',', ';' and '|'", field="code")
    if not checks.good_name(name, most):
        raise Refused("invalid", f"a name has 1 to {most} printable characters", field="name")
    if name_en and not checks.good_name(name_en, most):
        raise Refused("invalid", f"a name has at most {most} printable characters", field="name_en")


def need_reason(reason: str) -> None:
    """Refused as 'reason_needed' when there is none."""
    if not reason.strip():
        raise Refused("reason_needed")


def in_use(session: Session, by: str, *wheres: Any) -> None:
    """Refused as 'in_use' when rows that fulfil any of the conditions are there."""
    for where in wheres:
        count = session.scalar(select(func.count()).where(where))
        if count:
            raise Refused("in_use", f"{count} of {by} hang on it", by=by, count=count)
