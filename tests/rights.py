"""Users with rights, straight into a store, as an earlier day left it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.access.door import Unit
from app.access.granting import seed, store_grants
from app.access.permissions import Permissions, load_permissions
from models.people import Actor, User
from models.rights import Grant


def add_user(
    session: Session,
    login: str,
    *roles: str,
    name: str = "",
    zone: str = "",
    now_us: int = 0,
    station: str = "CR-1",
    permissions: Permissions | None = None,
    **fields: Any,
) -> Actor:
    """A user who holds these roles in ``zone``; the ready roles are seeded first."""
    seed(session, permissions or load_permissions(), now_us, station)
    user = User(login=login, name=name or login.title(), created_us=now_us, **fields)
    session.add(user)
    session.flush()
    grants = [Grant(role=role, zone=zone) for role in roles]
    store_grants(Unit(session, now_us), user.id, grants, "system", "test")
    return Actor(user.id, login, user.name, tuple(map(str, roles)), station)
