"""The rights in force: who may do what, where, until when, and why. One immutable book, replaced as a whole.

Every check of every thread reads the book (a few dictionary look-ups); the engine thread makes a new one whenever roles,
grants, users or places change. Deny by default: what is not found is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Connection, select

from app.access.permissions import Permissions
from models.people import Actor, User
from models.readings import PlaceInfo
from models.rights import (
    ActionInfo,
    Explained,
    Grant,
    RoleAssignment,
    RoleInfo,
    RoleRight,
    RoleRow,
    Scope,
    SignatureRule,
    SignatureRuleRow,
)

PLANT = ""


class Holder(msgspec.Struct, frozen=True):
    """A user as the book knows them."""

    user_id: int
    login: str
    name: str
    active: bool
    grants: tuple[Grant, ...]


class Book:
    """Roles, grants and signature rules at one moment."""

    def __init__(
        self,
        permissions: Permissions,
        roles: Mapping[str, RoleInfo],
        holders: Iterable[Holder],
        rules: Mapping[str, SignatureRule],
        places: Iterable[PlaceInfo] = (),
    ) -> None:
        self._permissions = permissions
        self.roles = dict(roles)
        self.holders = {holder.user_id: holder for holder in holders}
        self.rules = dict(rules)
        self._above = _ancestors(places)
        self._held = {key: self._index(holder) for key, holder in self.holders.items()}

    def allowed(self, action: str, actor: Actor, zone: str | None, now_us: int) -> bool:
        """May this person do that in this zone, or (``zone`` None) anywhere at all?"""
        if actor.user_id <= 0:
            return self._permissions.without_login(action, actor)
        held = self._held.get(actor.user_id)
        if held is None:
            return False
        if action in self._permissions.basic:
            return True
        grants = held.get(action)
        if not grants:
            return False
        scope = self._permissions.scopes.get(action)
        return any(self._counts(grant, scope, zone, now_us) for grant in grants)

    def roles_of(self, user_id: int, now_us: int) -> tuple[str, ...]:
        """Codes of the roles that somebody holds now, anywhere."""
        holder = self.holders.get(user_id)
        if holder is None:
            return ()
        return tuple(dict.fromkeys(g.role for g in holder.grants if _current(g, now_us)))

    def explain(self, user_id: int, action: str, zone: str | None, now_us: int) -> Explained:
        """What somebody may do, with the grants that say so, or why not. Raises KeyError for an unknown user."""
        holder = self.holders[user_id]
        with_action = tuple(g for g in holder.grants if action in self._of_role(g.role))
        scope = self._permissions.scopes.get(action)
        because = tuple(g for g in with_action if self._counts(g, scope, zone, now_us))
        basic = action in self._permissions.basic
        why_not = ""
        if not holder.active:
            why_not, because, basic = "inactive", (), False
        elif not because and not basic:
            if not with_action:
                why_not = "no_role"
            else:
                why_not = "expired" if not any(_current(g, now_us) for g in with_action) else "not_here"
        return Explained(
            user_id=user_id,
            login=holder.login,
            name=holder.name,
            action=action,
            zone=zone or PLANT,
            allowed=basic or bool(because),
            because=because,
            why_not=why_not,
        )

    def who(self, action: str, zone: str | None, now_us: int) -> list[Explained]:
        """Everybody who may do that there, by login."""
        everybody = (self.explain(user_id, action, zone, now_us) for user_id in self.holders)
        return sorted((found for found in everybody if found.allowed), key=lambda found: found.login)

    def actions(self, dangers: Mapping[str, tuple[str, ...]]) -> list[ActionInfo]:
        """All that can be allowed, by code."""
        return [
            ActionInfo(
                action=action,
                scope=scope,
                dangers=dangers.get(action, ()),
                basic=action in self._permissions.basic,
            )
            for action, scope in sorted(self._permissions.scopes.items())
        ]

    def covers(self, zone: str, place: str) -> bool:
        """Does a grant for ``zone`` count at ``place``?"""
        return zone == PLANT or zone in self._above.get(place, (place,))

    def _counts(self, grant: Grant, scope: Scope | None, zone: str | None, now_us: int) -> bool:
        if not _current(grant, now_us) or scope is None:
            return False
        if scope is Scope.PLANT:
            return grant.zone == PLANT
        return scope is Scope.ANY or zone is None or self.covers(grant.zone, zone)

    def _of_role(self, role: str) -> frozenset[str]:
        found = self.roles.get(role)
        return found.actions if found is not None else frozenset()

    def _index(self, holder: Holder) -> dict[str, list[Grant]]:
        held: dict[str, list[Grant]] = {}
        if holder.active:
            for grant in holder.grants:
                for action in self._of_role(grant.role):
                    held.setdefault(action, []).append(grant)
        return held


def load_book(connection: Connection, permissions: Permissions, places: Iterable[PlaceInfo]) -> Book:
    """Read the book as it stands in the store. Raises SQLAlchemyError."""
    rights: dict[int, set[str]] = {}
    for role_id, action in connection.execute(select(RoleRight.role_id, RoleRight.action)):
        rights.setdefault(role_id, set()).add(action)
    grants = read_grants(connection)
    count: dict[str, set[int]] = {}
    for user_id, held in grants.items():
        for grant in held:
            count.setdefault(grant.role, set()).add(user_id)
    row = RoleRow.__table__
    roles = {
        found.code: RoleInfo(
            code=found.code,
            name=found.name,
            name_en=found.name_en,
            ready=found.ready,
            actions=frozenset(rights.get(found.id, ())),
            holders=len(count.get(found.code, ())),
        )
        for found in connection.execute(select(row).order_by(row.c.id))
    }
    user = User.__table__
    holders = [
        Holder(found.id, found.login, found.name, found.active, tuple(grants.get(found.id, ())))
        for found in connection.execute(select(user.c.id, user.c.login, user.c.name, user.c.active))
    ]
    rule = SignatureRuleRow.__table__
    rules = {
        found.danger: SignatureRule(danger=found.danger, password=found.password, second=found.second)
        for found in connection.execute(select(rule).order_by(rule.c.danger))
    }
    return Book(permissions, roles, holders, rules, places)


def read_grants(connection: Connection, user_id: int | None = None) -> dict[int, list[Grant]]:
    """Grants by user, of one or of all, in the order they were made."""
    wanted = (
        select(RoleAssignment.__table__, RoleRow.code)
        .join(RoleRow, RoleRow.id == RoleAssignment.role_id)
        .order_by(RoleAssignment.id)
    )
    if user_id is not None:
        wanted = wanted.where(RoleAssignment.user_id == user_id)
    found: dict[int, list[Grant]] = {}
    for row in connection.execute(wanted):
        grant = Grant(
            role=row.code,
            zone=row.zone,
            until_us=row.until_us,
            granted_us=row.granted_us,
            granted_by=row.granted_by,
            reason=row.reason,
        )
        found.setdefault(row.user_id, []).append(grant)
    return found


def _current(grant: Grant, now_us: int) -> bool:
    return grant.until_us is None or now_us < grant.until_us


def _ancestors(places: Iterable[PlaceInfo]) -> dict[str, tuple[str, ...]]:
    """Each place's own code and those above it, itself first."""
    parents = {place.code: place.parent for place in places}
    above: dict[str, tuple[str, ...]] = {}
    for code in parents:
        line: list[str] = []
        at = code
        while at and at not in line:
            line.append(at)
            at = parents.get(at, "")
        above[code] = tuple(line)
    return above
