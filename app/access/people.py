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

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from app.access import users
from app.access.checking import Checking
from app.access.door import Handler, Outcome, Unit
from app.access.keys import KeyTrouble
from app.access.login import Login
from app.access.passwords import Passwords
from app.access.rights import read_grants
from app.access.second_step import SecondStep, StoreConfirmed, StoreDisabled, StoreRecoveryCodes, StoreTotp
from app.access.totp import SealBroken
from app.access.users import Secret
from app.clock import Clock
from app.jobs import Jobs
from app.ports import Answer, Refused
from models.commands import ChangeOwnPassword, ChangeUser, Command, CreateUser
from models.login import ExternalAccount, LoginResult, TotpSecret, TotpState
from models.login_commands import ConfirmTotp, DisableTotp, EnrolTotp, RenewRecoveryCodes
from models.people import Actor, Credential, Signature, User, UserInfo
from models.rights import Grant

log = structlog.get_logger(__name__)


class Submit(Protocol):
    """The engine's queue of orders."""

    def __call__(self, command: Command, actor: Actor, signatures: Sequence[Signature] = ()) -> Future[Answer]:
        """Queue an order, with signatures whose passwords were right."""


ANSWER_WITHIN_S = 60.0
SECOND_STEP: tuple[type[Command], ...] = (EnrolTotp, ConfirmTotp, RenewRecoveryCodes, DisableTotp)
PREPARED: tuple[type[Command], ...] = (CreateUser, ChangeUser, ChangeOwnPassword, *SECOND_STEP)
_USER, _EXTERNAL, _TOTP = User.__table__, ExternalAccount.__table__, TotpSecret.__table__
_USERS = (
    select(
        _USER,
        _EXTERNAL.c.user_id.is_not(None).label("external"),
        _TOTP.c.created_us.label("since_us"),
        _TOTP.c.confirmed_us,
    )
    .outerjoin(_EXTERNAL, _EXTERNAL.c.user_id == _USER.c.id)
    .outerjoin(_TOTP, _TOTP.c.user_id == _USER.c.id)
    .order_by(_USER.c.login)
)


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
        checking: Checking,
        second_step: SecondStep,
    ) -> None:
        self._read = read
        self._submit = submit
        self._jobs = jobs
        self._passwords = passwords
        self._checking = checking
        self._second_step = second_step
        self._login = Login(read, self._order, checking, second_step, passwords, clock, station)

    def log_in(self, login: str, password: str, code: str = "") -> Future[LoginResult]:
        """Check a password and open a session; audited either way. Never raises but for a closed pool.

        ``code`` is the telephone's, or one on paper, once 'totp_needed' or 'totp_enrol' was the answer.
        """
        return self._jobs.run(self._login.log_in, login.strip(), password, None, code)

    def set_first_password(
        self, login: str, old_password: str, new_password: str, code: str = ""
    ) -> Future[LoginResult]:
        """Replace a must-change password and log in; 'weak_password' when the new one will not do."""
        return self._jobs.run(self._login.log_in, login.strip(), old_password, new_password, code)

    def second_step(self, actor: Actor) -> TotpState:
        """How the person's own second step stands. For workers. Raises SQLAlchemyError."""
        return self._second_step.state(actor.user_id, self._login.roles(actor.user_id))

    def create_first(self, login: str, name: str, password: str) -> Future[Answer]:
        """The first administrator of a station without users; refused with 'forbidden' when there is one."""

        def work() -> Answer:
            secret = self._secret(password, login)
            command = users.StoreFirstAdministrator(login=login.strip(), name=name, secret=secret)
            return self._order(command, self._login.anonymous(login))

        return self._jobs.run(work)

    def any_users(self) -> bool:
        """False on a station that was never set up."""
        with self._read() as connection:
            return bool(connection.execute(select(func.count()).select_from(_USER)).scalar_one())

    def users(self) -> list[UserInfo]:
        """All users, by login."""
        with self._read() as connection:
            grants = read_grants(connection)
            rows = connection.execute(_USERS)
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
                user = self._checking.find(actor.login)
                stored = user.password if user is not None else ""
                proved = self._passwords.matches(stored, command.old_password)
                secret = self._secret(command.new_password, actor.login)
                if proved and command.new_password == command.old_password:
                    secret = Secret("", "same")
                return users.StoreOwnPassword(login=actor.login, seen=Secret(stored), proved=proved, secret=secret)
            case EnrolTotp():
                obstacle = self._obstacle(actor, command.password)
                return (
                    StoreTotp(obstacle=obstacle)
                    if obstacle
                    else self._second_step.enrolment(actor.user_id, actor.login)
                )
            case ConfirmTotp():
                proof = self._second_step.prove(actor.user_id, command.code)
                if proof is None:
                    return StoreConfirmed()
                proof, codes = self._second_step.with_recovery_codes(proof)
                return StoreConfirmed(proof=proof, codes=codes)
            case RenewRecoveryCodes():
                obstacle = self._obstacle(actor, command.password)
                codes, hashes = ((), ()) if obstacle else self._second_step.recovery_codes()
                return StoreRecoveryCodes(obstacle=obstacle, codes=codes, hashes=hashes)
            case DisableTotp():
                required = self._second_step.required(self._login.roles(actor.user_id))
                return StoreDisabled(obstacle=self._obstacle(actor, command.password), required=required)
        return command

    def _obstacle(self, actor: Actor, password: str) -> str:
        """Why the person's password does not do again; '' when it does."""
        checked = self._checking.check(actor.login, password)
        if checked.code == "done" and checked.user is not None and checked.user.id == actor.user_id:
            return ""
        return "wrong_password" if checked.code in ("done", "wrong") else checked.code

    def handlers(self, reload: Callable[[Unit], None] = lambda _unit: None) -> dict[type[Command], Handler]:
        """For orders with a password that reach the engine thread unprepared: they are hashed there, which is slow."""
        behind = users.user_handlers(reload)

        def handle(unit: Unit, command: Command, actor: Actor) -> Outcome:
            prepared = self.prepare(command, actor)
            return behind[type(prepared)](unit, prepared, actor)

        def astray(unit: Unit, command: Command, actor: Actor) -> Outcome:
            raise Refused("failed", "passwords and codes are checked on the way here, by the front door")

        hashed: dict[type[Command], Handler] = {CreateUser: handle, ChangeUser: handle, ChangeOwnPassword: handle}
        return hashed | dict.fromkeys(SECOND_STEP, astray)

    def sign(self, credentials: Iterable[Credential]) -> list[Signature] | Answer:
        """Check the passwords of signatures; an answer says which is wrong. Slow: for workers. Raises SQLAlchemyError.

        A wrong password counts like one at the login.
        """
        signatures = []
        for given in credentials:
            checked = self._checking.check(given.login, given.password)
            user, facts = checked.user, {"login": given.login, "second": given.second}
            if checked.code == "locked":
                return Answer("signature_locked", given.login, facts | {"until_us": checked.until_us})
            if checked.code == "directory_unavailable":
                return Answer("directory_unavailable", checked.detail, facts)
            if user is None or checked.code not in ("done", "inactive"):  # of the inactive the door says that they are
                self._order(*self.failure(given.login, "wrong" if checked.code == "done" else checked.code))
                return Answer("signature_wrong", given.login, facts)
            signatures.append(Signature(user.id, user.login, user.name, given.meaning, checked.seen, given.second))
        return signatures

    def failure(self, login: str, code: str = "wrong") -> tuple[Command, Actor]:
        """The order that records a password or code that was not right, and who gives it."""
        return self._login.failure(login, code)

    def _secret(self, password: str, login: str) -> Secret:
        weakness = self._passwords.weakness(password, login.strip())
        return Secret("" if weakness else self._passwords.hash(password), weakness)

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
        if not signatures and not isinstance(command, PREPARED):
            return self._submit(command, actor)

        def work() -> Answer:
            try:
                signed = self._people.sign(signatures)
                if isinstance(signed, Answer):
                    return signed
                prepared = self._people.prepare(command, actor)
            except SQLAlchemyError as error:
                return Answer("store_failed", type(error).__name__)
            except (KeyTrouble, SealBroken) as error:
                log.error("second_step_without_key", login=actor.login, detail=str(error))
                return Answer("key_trouble", str(error))
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
        external=row.external,
        second_step="off" if row.since_us is None else "pending" if row.confirmed_us is None else "on",
    )
