"""The book of rights that is in force, for every thread: replaced by the engine thread, asked by all.

Until the engine has read the store, the book is empty and nobody but the program itself may do anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from app.access.permissions import Permissions
from app.access.rights import Book, load_book
from app.clock import Clock
from app.ports import Refused
from models.people import Actor
from models.readings import PlaceInfo
from models.rights import ActionInfo, Explained, RoleInfo, SignatureRule


class RightsInForce:
    """``app.ports.Rights``, and what the door asks."""

    def __init__(
        self,
        permissions: Permissions,
        clock: Clock,
        read: Callable[[], AbstractContextManager[Connection]],
        places: Callable[[], Iterable[PlaceInfo]],
    ) -> None:
        self._permissions = permissions
        self._clock = clock
        self._read = read
        self._places = places
        self._book = Book(permissions, {}, (), {})
        self._stale = False
        self.dangers: Mapping[str, tuple[str, ...]] = {}

    @property
    def book(self) -> Book:
        """The book in force, for those who answer for asking (the command line, the auditor's package)."""
        return self._book

    def reload(self) -> None:
        """Read the store anew. Raises SQLAlchemyError; the present book stays then, until :meth:`catch_up` succeeds."""
        self._stale = True
        with self._read() as connection:
            self._book = load_book(connection, self._permissions, self._places())
        self._stale = False

    def catch_up(self) -> None:
        """Read anew what could not be read when it changed: a right that was taken must not stay in force.

        Engine thread, now and then. Raises SQLAlchemyError.
        """
        if self._stale:
            self.reload()

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        """May this person do that there (None: anywhere)?"""
        return self._book.allowed(action, actor, zone, self._clock.now_us())

    def roles_of(self, actor: Actor) -> tuple[str, ...]:
        """Codes of the roles that the person holds now; those of people unknown here stay as they are."""
        if actor.user_id not in self._book.holders:
            return actor.roles
        return self._book.roles_of(actor.user_id, self._clock.now_us())

    def rule(self, danger: str) -> SignatureRule:
        """What a danger asks for; one that nobody has ruled on asks for the password."""
        return self._book.rules.get(danger) or SignatureRule(danger=danger, password=True, second=False)

    def roles(self, reader: Actor) -> list[RoleInfo]:
        """All roles, ready ones first. Raises Refused forbidden."""
        self._may(reader)
        return sorted(self._book.roles.values(), key=lambda role: not role.ready)

    def actions(self, reader: Actor) -> list[ActionInfo]:
        """All that can be allowed, by code. Raises Refused forbidden."""
        self._may(reader)
        return self._book.actions(self.dangers)

    def signature_rules(self, reader: Actor) -> list[SignatureRule]:
        """What each danger asks for. Raises Refused forbidden."""
        self._may(reader)
        return list(self._book.rules.values())

    def explain(self, reader: Actor, login: str, action: str = "", zone: str | None = None) -> list[Explained]:
        """What this person may do, where, and why; anybody may ask about themselves.

        Raises Refused forbidden, not_found.
        """
        wanted = login.strip().lower()
        if reader.login.lower() != wanted:
            self._may(reader)
        book = self._book
        holder = next((h for h in book.holders.values() if h.login.lower() == wanted), None)
        if holder is None:
            raise Refused("not_found", login)
        actions = [action] if action else sorted(self._permissions.scopes)
        return [book.explain(holder.user_id, each, zone, self._clock.now_us()) for each in actions]

    def who(self, reader: Actor, action: str, zone: str | None = None) -> list[Explained]:
        """Everybody who may do this there (None: anywhere), and why. Raises Refused forbidden, not_found."""
        self._may(reader)
        if action not in self._permissions.scopes:
            raise Refused("not_found", action)
        return self._book.who(action, zone, self._clock.now_us())

    def _may(self, reader: Actor) -> None:
        if not self.allowed("rights.read", reader):
            raise Refused("forbidden", f"{reader.login} may not read rights")
