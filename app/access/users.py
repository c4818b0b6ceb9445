"""Users and sessions behind the door: row changes only, with every password already hashed by a worker.

Commands of :mod:`models.commands` that carry a password are turned into the ones here before they reach the engine
thread (:mod:`app.access.people`); action and permission stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session as Transaction

from app.access.door import Handler, Outcome, Unit
from app.access.granting import held, keep_a_keeper, need_keeper, store_grants
from app.access.permissions import ANONYMOUS, SYSTEM, Permissions
from app.access.second_step import Proof, spend
from app.clock import US
from app.ports import Refused
from models.commands import ChangeUser, Command, LogOut
from models.events import UsersChanged
from models.login import ExternalAccount
from models.people import Actor, Session, Signature, User
from models.rights import Grant, Role

_STANDING = (
    select(User.active, Session.id, Session.closed_us)
    .outerjoin(Session, and_(Session.id == bindparam("session_id"), Session.user_id == User.id))
    .where(User.id == bindparam("user_id"))
)
_LOGIN = re.compile(r"[\w][\w.\-@]{0,63}")
COUNTED = ("wrong", "wrong_code")  # what counts towards the lock


class Secret(msgspec.Struct, frozen=True):
    """A hash on its way to the store, and why the password behind it was refused, if it was. Never prints itself."""

    value: str
    weakness: str | None = None

    def __repr__(self) -> str:
        return "Secret(***)"


class _OnUser(Command, frozen=True, kw_only=True):
    login: str

    @property
    def target(self) -> str:
        return f"user:{self.login}"


class OpenSession(_OnUser, frozen=True, kw_only=True):
    """The password was right: begin a session. ``seen`` is the hash that it was checked against ('' for an account of
    the directory), ``proof`` the second step where there is one.
    """

    action: ClassVar[str] = "session.login"
    user_id: int
    seen: Secret
    rehashed: Secret | None = None
    proof: Proof | None = None


class RecordFailedLogin(_OnUser, frozen=True, kw_only=True):
    """The password was wrong, or the login may not be used: ``code`` says which."""

    action: ClassVar[str] = "session.login_failed"
    code: str


class StoreUser(_OnUser, frozen=True, kw_only=True):
    """CreateUser with its password hashed."""

    action: ClassVar[str] = "user.create"
    name: str
    secret: Secret
    grants: tuple[Grant, ...] = ()


class StoreUserChange(Command, frozen=True, kw_only=True):
    """ChangeUser with its password hashed."""

    action: ClassVar[str] = "user.change"
    change: ChangeUser
    secret: Secret | None = None

    @property
    def target(self) -> str:
        """The user that is changed."""
        return self.change.target

    @property
    def why(self) -> str:
        """The reason given."""
        return self.change.why


class StoreOwnPassword(_OnUser, frozen=True, kw_only=True):
    """ChangeOwnPassword: checked and hashed."""

    action: ClassVar[str] = "user.password"
    seen: Secret
    proved: bool
    secret: Secret


class StoreFirstPassword(_OnUser, frozen=True, kw_only=True):
    """A password that had to be changed is; begins a session."""

    action: ClassVar[str] = "user.first_password"
    user_id: int
    seen: Secret
    secret: Secret
    proof: Proof | None = None


class StoreFirstAdministrator(_OnUser, frozen=True, kw_only=True):
    """The administrator of a station that has no user yet."""

    action: ClassVar[str] = "user.first_administrator"
    name: str
    secret: Secret


def standing(transaction: Transaction, actor: Actor) -> str | None:
    """Why this actor may not act now (unknown_user · inactive · session_closed), or None."""
    if actor.user_id <= 0:
        return None
    asked = {"user_id": actor.user_id, "session_id": actor.session_id}
    user = transaction.connection().execute(_STANDING, asked).first()
    if user is None:
        return "unknown_user"
    if not user.active:
        return "inactive"
    if actor.session_id and (user.id is None or user.closed_us is not None):
        return "session_closed"
    return None


def still(transaction: Transaction, signature: Signature) -> str | None:
    """Why a signature does not count any more: unknown_user · inactive · must_change · changed; None when it does.

    A first password is known to whoever gave it out: nobody signs with one.
    """
    user = transaction.get(User, signature.user_id)
    if user is None:
        return "unknown_user"
    if not user.active:
        return "inactive"
    if user.must_change:
        return "must_change"
    return None if user.password == signature.seen else "changed"


def handlers(
    permissions: Permissions, reload: Callable[[Unit], None] = lambda _unit: None
) -> dict[type[Command], Handler]:
    """Handlers of everything in this module and of LogOut; ``reload`` has the rights read anew after the commit."""
    rules = permissions.login

    def open_session(unit: Unit, command: OpenSession, actor: Actor) -> Outcome:
        user = _verified(unit, command.user_id, command.seen)
        if not external(unit.session, user.id) and (user.must_change or not user.password):
            raise Refused("must_change")
        if command.rehashed is not None:
            user.password = command.rehashed.value
        return _begin_session(unit, user, actor, command.proof)

    def failed(unit: Unit, command: RecordFailedLogin, actor: Actor) -> Outcome:
        user = find(unit.session, command.login)
        after: dict[str, Any] = {"code": command.code}
        if user is not None and command.code in COUNTED:
            user.failed_logins += 1
            wait_s = rules.wait_s(user.failed_logins)
            user.locked_until_us = unit.now_us + round(wait_s * US) if wait_s else None
            after |= {"failures": user.failed_logins, "locked_until_us": user.locked_until_us}
        return Outcome(data=user.locked_until_us if user is not None else None, outcome="refused", after=after)

    def first_password(unit: Unit, command: StoreFirstPassword, actor: Actor) -> Outcome:
        user = _verified(unit, command.user_id, command.seen)
        if not user.must_change:
            raise Refused("invalid", "this password need not be changed")
        user.password, user.must_change = _strong(command.secret), False
        return _begin_session(unit, user, actor, command.proof)

    return {
        OpenSession: open_session,
        RecordFailedLogin: failed,
        StoreFirstPassword: first_password,
        StoreFirstAdministrator: lambda unit, command, actor: _first_administrator(unit, command, actor, reload),
        LogOut: _log_out,
        **user_handlers(reload),
    }


def user_handlers(reload: Callable[[Unit], None]) -> dict[type[Command], Handler]:
    """Handlers of the orders whose passwords come hashed."""
    return {
        StoreUser: lambda unit, command, actor: _create(unit, command, actor, reload),
        StoreUserChange: lambda unit, command, actor: _change(unit, command, actor, reload),
        StoreOwnPassword: _own_password,
    }


def find(transaction: Transaction, login: str) -> User | None:
    """The user with this login, whatever its case."""
    return transaction.scalars(select(User).where(func.lower(User.login) == login.strip().lower())).first()


def _verified(unit: Unit, user_id: int, seen: Secret) -> User:
    """The user, if what the worker checked still holds now."""
    user = unit.session.get(User, user_id)
    if user is None or user.password != seen.value:
        raise Refused("wrong", "the password was changed meanwhile")
    if user.locked_until_us is not None and user.locked_until_us > unit.now_us:
        raise Refused("locked", until_us=user.locked_until_us)
    if not user.active:
        raise Refused("inactive")
    return user


def external(transaction: Transaction, user_id: int) -> bool:
    """Does the password of this user lie in the company's directory?"""
    return transaction.get(ExternalAccount, user_id) is not None


def _begin_session(unit: Unit, user: User, actor: Actor, proof: Proof | None) -> Outcome:
    how = spend(unit, user.id, proof)
    user.failed_logins, user.locked_until_us = 0, None
    session = Session(user_id=user.id, station=actor.station, opened_us=unit.now_us)
    unit.session.add(session)
    unit.session.flush()
    return Outcome(data=session.id, after={"session": session.id} | how)


def _own_account(unit: Unit, user_id: int) -> None:
    """Raises Refused external_account: a password of the directory is changed there."""
    if external(unit.session, user_id):
        raise Refused("external_account", "the password lies in the company's directory")


def _strong(secret: Secret) -> str:
    if secret.weakness is not None:
        raise Refused("weak_password", secret.weakness, weakness=secret.weakness)
    return secret.value


def _create(unit: Unit, command: StoreUser, actor: Actor, reload: Callable[[Unit], None]) -> Outcome:
    if command.grants:
        need_keeper(unit, actor)
    user = _add(unit, command.login, command.name, _strong(command.secret), must_change=True)
    store_grants(unit, user.id, command.grants, actor.login, "")
    reload(unit)
    after = _facts(user) | {"grants": held(unit.session, user.id)}
    return Outcome(data=user.id, after=after, events=(UsersChanged(unit.now_us),))


def _first_administrator(
    unit: Unit, command: StoreFirstAdministrator, actor: Actor, reload: Callable[[Unit], None]
) -> Outcome:
    if unit.session.scalar(select(func.count()).select_from(User)):
        raise Refused("forbidden", "this station has users already")
    secret = _strong(command.secret)
    user = _add(unit, command.login, command.name, secret, must_change=False)
    store_grants(unit, user.id, (Grant(role=Role.ADMINISTRATOR),), SYSTEM, "")
    reload(unit)
    after = _facts(user) | {"grants": held(unit.session, user.id)}
    return Outcome(data=user.id, after=after, events=(UsersChanged(unit.now_us),))


def _add(unit: Unit, login: str, name: str, password: str, *, must_change: bool) -> User:
    login, name = login.strip(), name.strip()
    if not sayable(login):
        raise Refused("invalid", "a login is 1 to 64 letters, digits, '.', '-', '_' or '@'", field="login")
    _check_name(name)
    if find(unit.session, login) is not None:
        raise Refused("conflict", f"the login {login} is taken", field="login")
    user = User(
        login=login,
        name=name,
        password=password,
        active=True,
        must_change=must_change,
        failed_logins=0,
        created_us=unit.now_us,
    )
    unit.session.add(user)
    unit.session.flush()
    return user


def sayable(login: str) -> bool:
    """Can somebody have this login here?

    Large letters beyond A to Z can't be in it: databases don't agree on which small ones they are the same as.
    """
    same = all(letter.isascii() or letter == letter.lower() for letter in login)
    return same and bool(_LOGIN.fullmatch(login)) and login.lower() not in (SYSTEM, ANONYMOUS)


def _check_name(name: str) -> None:
    if not name or len(name) > 120 or not name.isprintable():
        raise Refused("invalid", "a name has 1 to 120 printable characters", field="name")


def _change(unit: Unit, command: StoreUserChange, actor: Actor, reload: Callable[[Unit], None]) -> Outcome:
    change = command.change
    user = find(unit.session, change.login)
    if user is None:
        raise Refused("not_found", change.login)
    if command.secret is not None or change.active is not None:
        need_keeper(unit, actor, user.id)
    before = _facts(user)
    if change.name is not None:
        _check_name(change.name.strip())
        user.name = change.name.strip()
    closes = False
    if change.active is not None and change.active != user.active:
        user.active, closes = change.active, not change.active
    if change.unlock:
        user.failed_logins, user.locked_until_us = 0, None
    if command.secret is not None:
        _own_account(unit, user.id)
        user.password, user.must_change, closes = _strong(command.secret), True, True
        user.failed_logins, user.locked_until_us = 0, None
    unit.session.flush()
    keep_a_keeper(unit)
    reload(unit)
    if closes:
        _close_sessions(unit, user.id)
    after = _facts(user) | ({"password_set": True} if command.secret is not None else {})
    return Outcome(data=user.id, before=before, after=after, events=(UsersChanged(unit.now_us),))


def _own_password(unit: Unit, command: StoreOwnPassword, actor: Actor) -> Outcome:
    _own_account(unit, actor.user_id)
    user = unit.session.get(User, actor.user_id)
    if user is not None and user.locked_until_us is not None and user.locked_until_us > unit.now_us:
        raise Refused("locked", until_us=user.locked_until_us)
    if user is None or not command.proved or user.password != command.seen.value:
        raise Refused("wrong_password")
    user.password, user.must_change = _strong(command.secret), False
    _close_sessions(unit, user.id, but=actor.session_id)
    return Outcome(after={"password_set": True})


def _log_out(unit: Unit, command: LogOut, actor: Actor) -> Outcome:
    session = unit.session.get(Session, actor.session_id) if actor.session_id else None
    if session is not None:
        session.closed_us = unit.now_us
    return Outcome(after={"session": actor.session_id})


def _close_sessions(unit: Unit, user_id: int, but: int = 0) -> None:
    """Log somebody out everywhere, or everywhere else."""
    still_open = select(Session).where(Session.user_id == user_id, Session.closed_us.is_(None), Session.id != but)
    for session in unit.session.scalars(still_open):
        session.closed_us = unit.now_us


def _facts(user: User) -> dict[str, Any]:
    """What the trail shows of a user; never the hash."""
    return {
        "login": user.login,
        "name": user.name,
        "active": user.active,
        "must_change": user.must_change,
        "locked_until_us": user.locked_until_us,
    }
