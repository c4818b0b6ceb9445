"""One login from the first word to the open session: password, account, second step, admission by the engine.

Each step may end it; what ends it is audited by the engine, and guessing, be it of passwords or of codes, counts towards
the same lock. Whether somebody needs a second step is only told to those who have proved the password.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.access.checking import Checked, Checking
from app.access.external import DirectoryPerson
from app.access.externals import SyncExternal, follows
from app.access.keys import KeyTrouble
from app.access.passwords import Passwords
from app.access.rights import read_grants
from app.access.second_step import Proof, SecondStep
from app.access.totp import SealBroken
from app.access.users import OpenSession, RecordFailedLogin, Secret, StoreFirstPassword
from app.clock import Clock
from app.ports import Answer
from models.commands import Command
from models.login import ExternalAccount, LoginResult
from models.people import Actor, system_actor
from models.rights import Grant

log = structlog.get_logger(__name__)

_EXTERNAL = ExternalAccount.__table__


class _Ended(Exception):
    """The login ends here, and how."""

    def __init__(self, result: LoginResult) -> None:
        super().__init__(result.code)
        self.result = result


class Login:
    """The workers' side of logging in. ``order`` gives an order to the engine and waits for the answer."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        order: Callable[[Command, Actor], Answer],
        checking: Checking,
        second_step: SecondStep,
        passwords: Passwords,
        clock: Clock,
        station: str,
    ) -> None:
        self._read = read
        self._order = order
        self._checking = checking
        self._second_step = second_step
        self._passwords = passwords
        self._clock = clock
        self._station = station

    def log_in(self, login: str, password: str, new_password: str | None = None, code: str = "") -> LoginResult:
        """Slow; never raises for what a login can meet. See LoginResult for the codes."""
        try:
            return self._log_in(login, password, new_password, code)
        except _Ended as ended:
            return ended.result
        except SQLAlchemyError as error:
            log.error("login_without_store", detail=type(error).__name__)
            return LoginResult("store_failed")
        except (KeyTrouble, SealBroken) as error:
            log.error("second_step_without_key", login=login, detail=str(error))
            return LoginResult("key_trouble")

    def failure(self, login: str, code: str = "wrong") -> tuple[Command, Actor]:
        """The order that records a login that failed, and who gives it."""
        return RecordFailedLogin(login=login[:64], code=code), self.anonymous(login)

    def anonymous(self, login: str) -> Actor:
        """Somebody who has proved nothing."""
        return Actor(-1, login[:64], "", (), self._station)

    def roles(self, user_id: int) -> tuple[str, ...]:
        """Codes of the roles that somebody holds now. Raises SQLAlchemyError."""
        now_us = self._clock.now_us()
        current = (g.role for g in self._grants(user_id) if g.until_us is None or g.until_us > now_us)
        return tuple(dict.fromkeys(current))

    def _log_in(self, login: str, password: str, new_password: str | None, code: str) -> LoginResult:
        checked = self._checking.check(login, password)
        if checked.code == "not_allowed" and checked.user is not None and checked.person is not None:
            self._follow(checked.user.id, checked.user.name, checked.person)
        if checked.code != "done":
            raise self._refused(login, checked)
        user_id = self._account(login, checked)
        known = self._checking.find(login if checked.person is None else checked.person.login)
        if known is None:
            return LoginResult("wrong")  # removed a moment ago
        actor = Actor(user_id, known.login, known.name, self.roles(user_id), self._station)
        if checked.person is not None and not actor.roles:
            raise self._refused(login, Checked("not_allowed", detail="no_role"))
        if checked.person is None and checked.user.must_change and new_password is None:
            return LoginResult("must_change")
        proof, papers = self._second(actor, code)
        answer = self._order(self._admission(actor, checked, password, new_password, proof), actor)
        if answer.code == "wrong_code":  # somebody else was faster with it
            raise self._wrong(login, "wrong_code")
        if not answer.ok:
            return LoginResult(answer.code, locked_until_us=answer.params.get("until_us"))
        return LoginResult("done", msgspec.structs.replace(actor, session_id=answer.data), recovery_codes=papers)

    def _refused(self, login: str, checked: Checked) -> _Ended:
        """Recorded, and what to tell."""
        if checked.code == "wrong":
            return self._wrong(login, "wrong")
        self._order(*self.failure(login, checked.code))
        detail = checked.detail if checked.code == "not_allowed" else ""
        return _Ended(LoginResult(checked.code, locked_until_us=checked.until_us, detail=detail))

    def _wrong(self, login: str, code: str) -> _Ended:
        answer = self._order(*self.failure(login, code))
        until = answer.data if answer.ok else None
        return _Ended(LoginResult("locked" if until is not None else code, locked_until_us=until))

    def _account(self, login: str, checked: Checked) -> int:
        """The user's id; an account of the directory is made or adapted first."""
        if checked.person is None:
            return int(checked.user.id)
        if checked.user is not None:
            self._follow(checked.user.id, checked.user.name, checked.person)
            return int(checked.user.id)
        answer = self._order(SyncExternal(person=checked.person), system_actor(self._station))
        if answer.code == "not_allowed":
            raise self._refused(login, Checked("not_allowed", detail=answer.detail))
        if not answer.ok:
            raise _Ended(LoginResult(answer.code))
        return int(answer.data)

    def _follow(self, user_id: int, name: str, person: DirectoryPerson) -> None:
        """Take over what the directory says now. Ends the login when that can't be stored: no stale rights."""
        if follows(person, name, self._dn(user_id), self._grants(user_id)):
            return
        answer = self._order(SyncExternal(person=person), system_actor(self._station))
        if not answer.ok:
            raise _Ended(LoginResult(answer.code, detail=answer.detail))

    def _second(self, actor: Actor, code: str) -> tuple[Proof | None, tuple[str, ...]]:
        """The proof of the second step and, with the first code of a new secret, the recovery codes."""
        state = self._second_step.state(actor.user_id, actor.roles)
        if state.state != "on" and not state.required:
            return None, ()
        if state.state == "on" and not code:
            raise _Ended(LoginResult("totp_needed"))
        if state.state == "off" or not code:
            answer = self._order(self._second_step.enrolment(actor.user_id, actor.login), actor)
            if not answer.ok:
                raise _Ended(LoginResult(answer.code))
            raise _Ended(LoginResult("totp_enrol", offer=answer.data))
        proof = self._second_step.prove(actor.user_id, code)
        if proof is None:
            raise self._wrong(actor.login, "wrong_code")
        return (proof, ()) if state.state == "on" else self._second_step.with_recovery_codes(proof)

    def _admission(
        self, actor: Actor, checked: Checked, password: str, new_password: str | None, proof: Proof | None
    ) -> Command:
        login, user_id, seen = actor.login, actor.user_id, Secret(checked.seen)
        if checked.person is not None:
            return OpenSession(login=login, user_id=user_id, seen=seen, proof=proof)
        if new_password is not None:
            secret = Secret("", "same") if new_password == password else self._secret(new_password, login)
            return StoreFirstPassword(login=login, user_id=user_id, seen=seen, secret=secret, proof=proof)
        rehashed = Secret(self._passwords.hash(password)) if self._passwords.outdated(checked.seen) else None
        return OpenSession(login=login, user_id=user_id, seen=seen, rehashed=rehashed, proof=proof)

    def _secret(self, password: str, login: str) -> Secret:
        weakness = self._passwords.weakness(password, login)
        return Secret("" if weakness else self._passwords.hash(password), weakness)

    def _grants(self, user_id: int) -> list[Grant]:
        with self._read() as connection:
            return read_grants(connection, user_id).get(user_id, [])

    def _dn(self, user_id: int) -> str:
        with self._read() as connection:
            row = connection.execute(_EXTERNAL.select().where(_EXTERNAL.c.user_id == user_id)).first()
        return str(row.dn) if row is not None else ""
