"""Changing rights: seeding from the pack, roles, grants, signature rules. Orders behind the door like all others.

Nobody can lock the plant out: somebody who is active must hold the right to grant rights plant-wide and for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session as Transaction

from app.access import audit
from app.access.door import Handler, Outcome, Unit
from app.access.permissions import Permissions
from app.ports import Refused
from models.commands import Command, RemoveRole, SaveRole, SaveSignatureRule, SetGrants
from models.events import RightsChanged
from models.login import ExternalAccount
from models.people import Actor, User, system_actor
from models.rights import Grant, KnownAction, Role, RoleAssignment, RoleRight, RoleRow, SignatureRuleRow

_CODE = re.compile(r"[a-z][a-z0-9_]{1,31}")
KEEPER = "rights.grant"


def seed(transaction: Transaction, permissions: Permissions, now_us: int, station: str) -> None:
    """Bring ready roles, their rights to actions not yet known here, and signature rules into the store.

    What a site has changed stays: only actions that this store never knew are handed out. Audited when it does anything.
    """
    known = set(transaction.scalars(select(KnownAction.action)))
    new = sorted(permissions.scopes.keys() - known)
    dangers = set(transaction.scalars(select(SignatureRuleRow.danger)))
    roles = set(transaction.scalars(select(RoleRow.code)))
    if not new and dangers >= permissions.signatures.keys() and roles >= {code.value for code in Role}:
        return  # what nearly every start finds
    handed: dict[str, list[str]] = {}
    for code in Role:
        role = transaction.scalars(select(RoleRow).where(RoleRow.code == code)).first()
        if role is None:
            role = RoleRow(code=code.value, name="", name_en="", ready=True)
            transaction.add(role)
            transaction.flush()
        has = transaction.scalars(select(RoleRight.action).where(RoleRight.role_id == role.id))
        gets = sorted(permissions.actions(code).intersection(new).difference(has))
        transaction.add_all(RoleRight(role_id=role.id, action=action) for action in gets)
        if gets:
            handed[code.value] = gets
    transaction.add_all(KnownAction(action=action, since_us=now_us) for action in new)
    for danger, rule in permissions.signatures.items():
        if danger not in dangers:
            transaction.add(SignatureRuleRow(danger=danger, password=rule.password, second=rule.second))
            handed.setdefault("signatures", []).append(danger)
    transaction.flush()
    if new or handed:
        audit.append(
            transaction,
            t_us=now_us,
            actor=system_actor(station),
            action="rights.seed",
            target=f"pack:{permissions.version}",
            outcome="done",
            after=handed,
        )


def granting_handlers(
    permissions: Permissions, zones: Callable[[], Iterable[str]], reload: Callable[[Unit], None]
) -> dict[type[Command], Handler]:
    """``zones`` are the codes of all places; ``reload`` has the book made anew when the order is committed.

    Refusals: reason_missing · not_found · invalid (field) · conflict (role_held) · last_administrator.
    """

    def grant(unit: Unit, command: SetGrants, actor: Actor) -> Outcome:
        _reason(command.reason)
        user = unit.session.scalars(select(User).where(func.lower(User.login) == command.login.strip().lower())).first()
        if user is None:
            raise Refused("not_found", command.login)
        before = held(unit.session, user.id)
        store_grants(unit, user.id, command.grants, actor.login, command.reason, set(zones()))
        keep_a_keeper(unit)
        reload(unit)
        return Outcome(
            data=user.id,
            before={"grants": before},
            after={"grants": held(unit.session, user.id)},
            events=(RightsChanged(unit.now_us),),
        )

    def save_role(unit: Unit, command: SaveRole, actor: Actor) -> Outcome:
        _reason(command.reason)
        unknown = sorted(command.actions - permissions.scopes.keys())
        if unknown:
            raise Refused("invalid", f"there is no action {unknown[0]}", field="actions")
        if not _CODE.fullmatch(command.code) or command.code in ("system", "anonymous"):
            raise Refused("invalid", "a role's code is 2 to 32 small letters, digits or _", field="code")
        role = _role(unit, command.code)
        before = None
        if role is None:
            if not command.name.strip():
                raise Refused("invalid", "a role needs a name", field="name")
            role = RoleRow(code=command.code, ready=False, name="", name_en="")
            unit.session.add(role)
        else:
            before = _facts(unit, role)
        if not role.ready:
            role.name, role.name_en = command.name.strip()[:60], command.name_en.strip()[:60]
        unit.session.flush()
        unit.session.execute(delete(RoleRight).where(RoleRight.role_id == role.id))
        unit.session.add_all(RoleRight(role_id=role.id, action=action) for action in sorted(command.actions))
        unit.session.flush()
        keep_a_keeper(unit)
        reload(unit)
        return Outcome(data=role.code, before=before, after=_facts(unit, role), events=(RightsChanged(unit.now_us),))

    def remove_role(unit: Unit, command: RemoveRole, actor: Actor) -> Outcome:
        _reason(command.reason)
        role = _role(unit, command.code)
        if role is None:
            raise Refused("not_found", command.code)
        if role.ready:
            raise Refused("invalid", "a ready role stays; take its rights away instead", field="code")
        if unit.session.scalar(select(func.count()).where(RoleAssignment.role_id == role.id)):
            raise Refused("role_held", command.code)
        before = _facts(unit, role)
        unit.session.execute(delete(RoleRight).where(RoleRight.role_id == role.id))
        unit.session.delete(role)
        unit.session.flush()
        reload(unit)
        return Outcome(before=before, events=(RightsChanged(unit.now_us),))

    def signature(unit: Unit, command: SaveSignatureRule, actor: Actor) -> Outcome:
        _reason(command.reason)
        rule = unit.session.get(SignatureRuleRow, command.danger)
        if rule is None:
            raise Refused("not_found", command.danger)
        before = {"password": rule.password, "second": rule.second}
        rule.password, rule.second = command.password or command.second, command.second
        unit.session.flush()
        reload(unit)
        after = {"password": rule.password, "second": rule.second}
        # named without the word that is blotted out: it is a rule, no secret
        return Outcome(
            before={"again": before["password"], "second": before["second"]},
            after={"again": after["password"], "second": after["second"]},
            events=(RightsChanged(unit.now_us),),
        )

    return {SetGrants: grant, SaveRole: save_role, RemoveRole: remove_role, SaveSignatureRule: signature}


def store_grants(
    unit: Unit, user_id: int, grants: Iterable[Grant], by: str, reason: str, zones: set[str] | None = None
) -> None:
    """Make these the user's grants; unchanged ones keep who gave them and when.

    Raises Refused invalid (field role, zone, until) for what can't be.
    """
    wanted: dict[tuple[str, str], Grant] = {}
    for grant in grants:
        if grant.zone and zones is not None and grant.zone not in zones:
            raise Refused("invalid", f"there is no place {grant.zone}", field="zone")
        wanted[grant.role, grant.zone] = grant
    rows = {
        (code, row.zone): row
        for row, code in unit.session.execute(
            select(RoleAssignment, RoleRow.code)
            .join(RoleRow, RoleRow.id == RoleAssignment.role_id)
            .where(RoleAssignment.user_id == user_id)
        )
    }
    for key, row in rows.items():
        if key not in wanted:
            unit.session.delete(row)
    for key, grant in wanted.items():
        role = _role(unit, grant.role)
        if role is None:
            raise Refused("invalid", f"there is no role {grant.role}", field="role")
        old = rows.get(key)
        if old is not None and old.until_us == grant.until_us:
            continue  # even one that has ended: it stays in sight
        if grant.until_us is not None and grant.until_us <= unit.now_us:
            raise Refused("invalid", "the end is in the past", field="until")
        if old is None:
            old = RoleAssignment(user_id=user_id, role_id=role.id, zone=grant.zone)
            unit.session.add(old)
        old.until_us, old.granted_us, old.granted_by, old.reason = grant.until_us, unit.now_us, by[:64], reason
    unit.session.flush()


def keep_a_keeper(unit: Unit) -> None:
    """Raises Refused last_administrator when nobody active could grant rights any more.

    Accounts of the company's directory don't count: they can't get in while it does not answer.
    """
    keepers = (
        select(func.count(func.distinct(User.id)))
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .join(RoleRight, RoleRight.role_id == RoleAssignment.role_id)
        .outerjoin(ExternalAccount, ExternalAccount.user_id == User.id)
        .where(
            ExternalAccount.user_id.is_(None),
            User.active,
            RoleRight.action == KEEPER,
            RoleAssignment.zone == "",
            RoleAssignment.until_us.is_(None),
        )
    )
    if not unit.session.scalar(keepers):
        raise Refused("last_administrator", "somebody must be able to grant rights")


def need_keeper(unit: Unit, actor: Actor, whose: int | None = None) -> None:
    """Raises Refused forbidden when somebody would come by rights through an account: who may not grant rights neither
    makes an account that has some nor (``whose``) puts a password on, or switches on or off, one that grants them.
    """
    if whose is not None and not _keeps(unit, whose):
        return
    if not _keeps(unit, actor.user_id):
        raise Refused("forbidden", f"{actor.login} may not {KEEPER}")


def _keeps(unit: Unit, user_id: int) -> bool:
    wanted = (
        select(RoleAssignment.id)
        .join(RoleRight, RoleRight.role_id == RoleAssignment.role_id)
        .where(
            RoleAssignment.user_id == user_id,
            RoleRight.action == KEEPER,
            RoleAssignment.zone == "",
            or_(RoleAssignment.until_us.is_(None), RoleAssignment.until_us > unit.now_us),
        )
    )
    return unit.session.execute(wanted.limit(1)).first() is not None


def held(transaction: Transaction, user_id: int) -> list[dict[str, Any]]:
    """A user's grants for the trail."""
    rows = transaction.execute(
        select(RoleRow.code, RoleAssignment.zone, RoleAssignment.until_us)
        .join(RoleRow, RoleRow.id == RoleAssignment.role_id)
        .where(RoleAssignment.user_id == user_id)
        .order_by(RoleRow.code, RoleAssignment.zone)
    )
    return [{"role": code, "zone": zone, "until_us": until} for code, zone, until in rows]


def grant_danger(transaction: Transaction, command: Any, actor: Actor) -> str:
    """Changing rights is dangerous, one's own more so: the danger's code."""
    if isinstance(command, SetGrants):
        own = command.login.strip().lower() == actor.login.lower()
    elif isinstance(command, SaveRole):
        own = command.code in _codes(transaction, actor.user_id)
    elif isinstance(command, SaveSignatureRule):
        rule = transaction.get(SignatureRuleRow, command.danger)
        own = rule is not None and rule.second and not command.second  # else one alone would do away with the second
    else:
        own = False
    return "rights.change_own" if own else "rights.change"


def create_danger(transaction: Transaction, command: Any, actor: Actor) -> str | None:
    """A new user with roles is a change of rights; one without is not, though it comes with a password."""
    return "rights.change" if command.grants else None


def password_danger(transaction: Transaction, command: Any, actor: Actor) -> str | None:
    """A password put on an account lets its giver in as its owner, with all their rights."""
    facts = msgspec.structs.asdict(command)
    given = facts.get("secret") is not None or facts.get("new_password") is not None
    return "account.password" if given else None


def _codes(transaction: Transaction, user_id: int) -> set[str]:
    wanted = select(RoleRow.code).join(RoleAssignment, RoleAssignment.role_id == RoleRow.id)
    return set(transaction.scalars(wanted.where(RoleAssignment.user_id == user_id)))


def _role(unit: Unit, code: str) -> RoleRow | None:
    return unit.session.scalars(select(RoleRow).where(RoleRow.code == code)).first()


def _facts(unit: Unit, role: RoleRow) -> dict[str, Any]:
    actions = unit.session.scalars(select(RoleRight.action).where(RoleRight.role_id == role.id))
    return {"code": role.code, "name": role.name, "name_en": role.name_en, "actions": sorted(actions)}


def _reason(reason: str) -> None:
    if len(reason.strip()) < 2:
        raise Refused("reason_missing", "a change of rights needs a reason")
