"""Accounts of the company's directory at this station: made at the first login, roles as the groups say at each one.

What an administrator grants here beside that stays: only grants that came from the directory follow it. A role or a
zone that the table names but this station does not have gives nothing, and the trail says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import structlog
from sqlalchemy import func, select

from app.access.door import Handler, Outcome, Unit
from app.access.external import DirectoryPerson
from app.access.granting import held, store_grants
from app.access.users import sayable
from app.ports import Refused
from models.commands import Command
from models.events import RightsChanged, UsersChanged
from models.login import ExternalAccount
from models.people import Actor, User
from models.rights import Grant, RoleAssignment, RoleRow

log = structlog.get_logger(__name__)

#: Who granted what groups give; no login can look like that.
DIRECTORY = "directory:"


class SyncExternal(Command, frozen=True, kw_only=True):
    """The directory has let this person in: make or adapt the account. An order of the program itself."""

    action: ClassVar[str] = "user.directory"
    person: DirectoryPerson

    @property
    def target(self) -> str:
        """The user concerned."""
        return f"user:{self.person.login}"


def handlers(zones: Callable[[], Iterable[str]], reload: Callable[[Unit], None]) -> dict[type[Command], Handler]:
    """``zones`` are the codes of all places; ``reload`` has the rights read anew after the commit.

    Refusals: conflict (an account of this station has the login) · invalid (no login here) · not_allowed (no role that
    exists here, at the first login; later the account stays, without the roles). The answer's data is the user's id.
    """

    def sync(unit: Unit, command: SyncExternal, actor: Actor) -> Outcome:
        person = command.person
        if not sayable(person.login):
            raise Refused("not_allowed", "login")
        user = unit.session.scalars(select(User).where(func.lower(User.login) == person.login)).first()
        account = unit.session.get(ExternalAccount, user.id) if user is not None else None
        if user is not None and account is None:
            raise Refused("conflict", f"the login {person.login} is an account of this station")
        before = None if user is None or account is None else _facts(unit, user, account)
        if user is None:
            user = User(login=person.login, name="", password="", active=True, must_change=False, failed_logins=0)
            user.created_us = unit.now_us
            unit.session.add(user)
            unit.session.flush()
        if account is None:
            account = ExternalAccount(user_id=user.id, since_us=unit.now_us, seen_us=unit.now_us)
            unit.session.add(account)
        user.name, account.dn, account.seen_us = _name(person), person.dn, unit.now_us
        unit.session.flush()
        unknown = _follow(unit, user.id, person, set(zones()))
        after = _facts(unit, user, account)
        if unknown:
            log.warning("directory_grants_unknown", grants=unknown)
        if before is None and not after["grants"]:
            raise Refused("not_allowed", "no_role")  # nobody is made who may nothing
        reload(unit)
        events = (UsersChanged(unit.now_us), RightsChanged(unit.now_us))
        return Outcome(
            data=user.id, before=before, after=after | ({"unknown": unknown} if unknown else {}), events=events
        )

    return {SyncExternal: sync}


def follows(person: DirectoryPerson, name: str, dn: str, grants: Iterable[Grant]) -> bool:
    """Is the account as the directory says, so that there is nothing to adapt?"""
    ours = {(grant.role, grant.zone) for grant in grants if grant.granted_by == DIRECTORY}
    for_good = {(grant.role, grant.zone) for grant in grants if grant.until_us is None}
    return (name, dn) == (_name(person), person.dn) and ours <= set(person.grants) <= for_good


def _follow(unit: Unit, user_id: int, person: DirectoryPerson, zones: set[str]) -> list[str]:
    """Take over what the groups give; returns what can't be given here."""
    rows = unit.session.execute(
        select(RoleRow.code, RoleAssignment)
        .join(RoleRow, RoleRow.id == RoleAssignment.role_id)
        .where(RoleAssignment.user_id == user_id)
    )
    wanted = {
        (code, row.zone): Grant(role=code, zone=row.zone, until_us=row.until_us)
        for code, row in rows
        if row.granted_by != DIRECTORY and (row.until_us is None or row.until_us > unit.now_us)
    }
    roles, unknown = set(unit.session.scalars(select(RoleRow.code))), []
    for role, zone in person.grants:
        if role in roles and (not zone or zone in zones):
            wanted[role, zone] = Grant(role=role, zone=zone)
        else:
            unknown.append(f"{role}@{zone}")
    store_grants(unit, user_id, wanted.values(), DIRECTORY, "")
    return unknown


def _facts(unit: Unit, user: User, account: ExternalAccount) -> dict[str, Any]:
    return {"login": user.login, "name": user.name, "dn": account.dn, "grants": held(unit.session, user.id)}


def _name(person: DirectoryPerson) -> str:
    printable = "".join(c for c in person.name if c.isprintable()).strip()[:120]
    return printable or person.login
