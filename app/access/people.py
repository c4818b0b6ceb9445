"""Logging in, and all that touches passwords: the slow hash on a worker, the row change through the door.

A wrong password, an unknown login and a user without a password take the same time and get the same answer; only who
proves the password learns more (inactive, must change). The engine thread checks again what may have changed while the
worker was hashing: lock, activity, and the hash itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec
import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from app.access import users
from app.access.door import Handler, Outcome, Unit
from app.access.passwords import Passwords
from app.access.rights import read_grants
from app.access.users import Secret
from app.clock import Clock
from app.jobs import Jobs
from app.ports import Answer, LoginResult
from models.commands import ChangeOwnPassword, ChangeUser, Command, CreateUser
from models.people import Actor, Credential, Signature, User, UserInfo
from models.rights import Grant

log = structlog.get_logger(__name__)


class Submit(Protocol):
    """The engine's queue of orders."""

    def __call__(self, command: Command, actor: Actor, signatures: Sequence[Signature] = ()) -> Future[Answer]:
        """Queue an order, with signatures whose passwords were right."""


ANSWER_WITHIN_S = 60.0
_USER = User.__table__


class People:
    """``app.ports.People``. ``submit`` is the engine's queue of orders; ``read`` opens a connection for queries."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        submit: Submit,
        jobs: Jobs,
        passwords: Passwords,
        clock: Clock,
        station: str,
    ) -> None:
        self._read = read
        self._submit = submit
        self._jobs = jobs
        self._passwords = passwords
        self._clock = clock
        self._station = station

    def log_in(self, login: str, password: str) -> Future[LoginResult]:
        """Check a password and open a session; audited either way. Never raises but for a closed pool."""
        return self._jobs.run(self._log_in, login.strip(), password)

    def set_first_password(self, login: str, old_password: str, new_password: str) -> Future[LoginResult]:
        """Replace a must-change password and log in; 'weak_password' when the new one will not do."""
        return self._jobs.run(self._log_in, login.strip(), old_password, new_password)

    def create_first(self, login: str, name: str, password: str) -> Future[Answer]:
        """The first administrator of a station without users; refused with 'forbidden' when there is one."""

        def work() -> Answer:
            secret = self._secret(password, login)
            command = users.StoreFirstAdministrator(login=login.strip(), name=name, secret=secret)
            return self._order(command, self._anonymous(login))

        return self._jobs.run(work)

    def any_users(self) -> bool:
        """False on a station that was never set up."""
        with self._read() as connection:
            return bool(connection.execute(select(func.count()).select_from(_USER)).scalar_one())

    def users(self) -> list[UserInfo]:
        """All users, by login."""
        with self._read() as connection:
            grants = read_grants(connection)
            rows = connection.execute(select(_USER).order_by(_USER.c.login))
            return [_info(row, tuple(grants.get(row.id, ()))) for row in rows]

    def weakness(self, password: str, login: str = "") -> str | None:
        """Why a new password is too weak (a code), or None."""
        return self._passwords.weakness(password, login)

    def prepare(self, command: Command, actor: Actor) -> Command:
        """The same order with its passwords hashed. Slow: for workers. Raises SQLAlchemyError."""
        match command:
            case CreateUser():
                secret = self._secret(command.password, command.login)
                return users.StoreUser(login=command.login, name=command.name, grants=command.grants, secret=secret)
            case ChangeUser():
                new = command.new_password
                bare = ChangeUser(
                    login=command.login,
                    name=command.name,
                    active=command.active,
                    unlock=command.unlock,
                    reason=command.reason,
                )
                secret_or_none = None if new is None else self._secret(new, command.login)
                return users.StoreUserChange(change=bare, secret=secret_or_none)
            case ChangeOwnPassword():
                user = self._find(actor.login)
                stored = user.password if user is not None else ""
                proved = self._passwords.matches(stored, command.old_password)
                secret = self._secret(command.new_password, actor.login)
                if proved and command.new_password == command.old_password:
                    secret = Secret("", "same")
                return users.StoreOwnPassword(login=actor.login, seen=Secret(stored), proved=proved, secret=secret)
        return command

    def handlers(self, reload: Callable[[Unit], None] = lambda _unit: None) -> dict[type[Command], Handler]:
        """For orders with a password that reach the engine thread unprepared: they are hashed there, which is slow."""
        behind = users.user_handlers(reload)

        def handle(unit: Unit, command: Command, actor: Actor) -> Outcome:
            prepared = self.prepare(command, actor)
            return behind[type(prepared)](unit, prepared, actor)

        return {CreateUser: handle, ChangeUser: handle, ChangeOwnPassword: handle}

    def _log_in(self, login: str, password: str, new_password: str | None = None) -> LoginResult:
        try:
            user = self._find(login)
        except SQLAlchemyError as error:
            log.error("login_without_store", detail=type(error).__name__)
            return LoginResult("store_failed")
        until = user.locked_until_us if user is not None else None
        if until is not None and until > self._clock.now_us():
            self._order(users.RecordFailedLogin(login=login, code="locked"), self._anonymous(login))
            return LoginResult("locked", locked_until_us=until)
        stored = user.password if user is not None else ""
        if not self._passwords.matches(stored, password) or user is None:
            return self._wrong(login)
        if not user.active:
            self._order(users.RecordFailedLogin(login=login, code="inactive"), self._anonymous(login))
            return LoginResult("inactive")
        if user.must_change and new_password is None:
            return LoginResult("must_change")
        actor = Actor(user.id, user.login, user.name, self._roles(user.id), self._station)
        answer = self._order(self._admission(user, stored, password, new_password), actor)
        if not answer.ok:
            return LoginResult(answer.code, locked_until_us=answer.params.get("until_us"))
        return LoginResult("done", msgspec.structs.replace(actor, session_id=answer.data))

    def _roles(self, user_id: int) -> tuple[str, ...]:
        now_us = self._clock.now_us()
        with self._read() as connection:
            grants = read_grants(connection, user_id).get(user_id, [])
        current = (g.role for g in grants if g.until_us is None or g.until_us > now_us)
        return tuple(dict.fromkeys(current))

    def sign(self, credentials: Iterable[Credential]) -> list[Signature] | Answer:
        """Check the passwords of signatures; an answer says which is wrong. Slow: for workers. Raises SQLAlchemyError.

        A wrong password counts like one at the login.
        """
        signatures = []
        for given in credentials:
            user = self._find(given.login)
            until = user.locked_until_us if user is not None else None
            if until is not None and until > self._clock.now_us():
                return Answer("signature_locked", given.login, {"login": given.login, "until_us": until})
            stored = user.password if user is not None else ""
            if not self._passwords.matches(stored, given.password) or user is None:
                self._order(*self.failure(given.login))
                return Answer("signature_wrong", given.login, {"login": given.login, "second": given.second})
            signatures.append(Signature(user.id, user.login, user.name, given.meaning, stored, given.second))
        return signatures

    def _admission(self, user: Any, stored: str, password: str, new_password: str | None) -> Command:
        if new_password is not None:
            secret = Secret("", "same") if new_password == password else self._secret(new_password, user.login)
            return users.StoreFirstPassword(login=user.login, user_id=user.id, seen=Secret(stored), secret=secret)
        rehashed = Secret(self._passwords.hash(password)) if self._passwords.outdated(stored) else None
        return users.OpenSession(login=user.login, user_id=user.id, seen=Secret(stored), rehashed=rehashed)

    def failure(self, login: str) -> tuple[Command, Actor]:
        """The order that records a wrong password, and who gives it."""
        return users.RecordFailedLogin(login=login[:64], code="wrong"), self._anonymous(login)

    def _wrong(self, login: str) -> LoginResult:
        answer = self._order(*self.failure(login))
        until = answer.data if answer.ok else None
        return LoginResult("locked" if until is not None else "wrong", locked_until_us=until)

    def _find(self, login: str) -> Any:
        with self._read() as connection:
            wanted = select(_USER).where(func.lower(_USER.c.login) == login.strip().lower())
            return connection.execute(wanted).first()

    def _secret(self, password: str, login: str) -> Secret:
        weakness = self._passwords.weakness(password, login.strip())
        return Secret("" if weakness else self._passwords.hash(password), weakness)

    def _anonymous(self, login: str) -> Actor:
        return Actor(-1, login[:64], "", (), self._station)

    def _order(self, command: Command, actor: Actor) -> Answer:
        return self._submit(command, actor).result(ANSWER_WITHIN_S)


class Allowed(Protocol):
    """The rights in force, asked for one act."""

    def __call__(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        """May this person do that there (None: anywhere)?"""


class FrontDoor:
    """``app.ports.Door`` for the window and the gateway: passwords are hashed on a worker on the way to the engine."""

    def __init__(self, submit: Submit, allowed: Allowed, people: People, jobs: Jobs) -> None:
        self._submit = submit
        self._allowed = allowed
        self._people = people
        self._jobs = jobs

    def submit(self, command: Command, actor: Actor, signatures: Sequence[Credential] = ()) -> Future[Answer]:
        """Queue an order; the future answers and never raises for a refusal."""
        if not signatures and not isinstance(command, CreateUser | ChangeUser | ChangeOwnPassword):
            return self._submit(command, actor)

        def work() -> Answer:
            try:
                signed = self._people.sign(signatures)
                if isinstance(signed, Answer):
                    return signed
                prepared = self._people.prepare(command, actor)
            except SQLAlchemyError as error:
                return Answer("store_failed", type(error).__name__)
            answer = self._submit(prepared, actor, signed).result(ANSWER_WITHIN_S)
            if answer.code == "wrong_password":  # guessing from an open station counts like guessing at the login
                self._submit(*self._people.failure(actor.login)).result(ANSWER_WITHIN_S)
            return answer

        return self._jobs.run(work)

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        """May this person do that there (None: anywhere)?"""
        return self._allowed(action, actor, zone)


def _info(row: Any, grants: tuple[Grant, ...]) -> UserInfo:
    return UserInfo(
        id=row.id,
        login=row.login,
        name=row.name,
        grants=grants,
        active=row.active,
        must_change=row.must_change,
        locked_until_us=row.locked_until_us,
        created_us=row.created_us,
    )
