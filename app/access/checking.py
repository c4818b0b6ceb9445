"""Is this the person's password? The one place that knows whether the station or the company's directory can say.

An account of this station is checked here and nowhere else, even when the directory knows the same name: whoever runs
the directory must not become the station's administrator by making an account. An account of the directory has no
password here, so nothing stale can let anybody in while no server answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from app.access.external import DirectoryAnswer, DirectoryPerson, LoginDirectory
from app.access.passwords import Passwords
from app.access.permissions import LoginRules
from app.clock import US, Clock
from models.login import ExternalAccount
from models.people import User

STRANGERS = 1000
_USER, _EXTERNAL = User.__table__, ExternalAccount.__table__
_FOUND = select(_USER, _EXTERNAL.c.user_id.is_not(None).label("external")).outerjoin(
    _EXTERNAL, _EXTERNAL.c.user_id == _USER.c.id
)


class Checked(msgspec.Struct, frozen=True):
    """done · wrong · locked · inactive · not_allowed · directory_unavailable.

    user    row of the account with ``external``; None when there is none (yet)
    person  what the directory says, for its accounts
    detail  for not_allowed: see DirectoryAnswer; for the log otherwise
    """

    code: str
    user: Any = None
    person: DirectoryPerson | None = None
    until_us: int | None = None
    detail: str = ""

    @property
    def seen(self) -> str:
        """The hash that the password was checked against; '' for an account of the directory."""
        return self.user.password if self.user is not None and not self.user.external else ""


class _Strangers:
    """Who failed with a name of the directory that has no account here yet: they wait like everybody else.

    In memory, for the latest thousand names: the directory's own lock stands behind it.
    """

    def __init__(self, rules: LoginRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._failed: dict[str, tuple[int, int]] = {}

    def until_us(self, login: str) -> int | None:
        """Until when this name has to wait; None when it need not."""
        with self._lock:
            _, until = self._failed.get(login.strip().lower(), (0, 0))
        return until if until > self._clock.now_us() else None

    def failed(self, login: str) -> int | None:
        """One failure more; until when to wait now."""
        name = login.strip().lower()
        with self._lock:
            failures = self._failed.pop(name, (0, 0))[0] + 1
            until = self._clock.now_us() + round(self._rules.wait_s(failures) * US)
            self._failed[name] = failures, until
            while len(self._failed) > STRANGERS:
                del self._failed[next(iter(self._failed))]
        return self.until_us(login)

    def proved(self, login: str) -> None:
        """It was them."""
        with self._lock:
            self._failed.pop(login.strip().lower(), None)


class Checking:
    """Slow: for workers. Thread-safe."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        passwords: Passwords,
        clock: Clock,
        rules: LoginRules,
        directory: LoginDirectory | None = None,
    ) -> None:
        self._read = read
        self._passwords = passwords
        self._clock = clock
        self._directory = directory
        self._strangers = _Strangers(rules, clock)

    def find(self, login: str) -> Any:
        """The account's row with ``external``, or None. Raises SQLAlchemyError."""
        with self._read() as connection:
            wanted = _FOUND.where(func.lower(_USER.c.login) == login.strip().lower())
            return connection.execute(wanted).first()

    def check(self, login: str, password: str) -> Checked:
        """Whose password is it? Records nothing. Raises SQLAlchemyError."""
        user = self.find(login)
        until = user.locked_until_us if user is not None else self._strangers.until_us(login)
        if until is not None and until > self._clock.now_us():
            return Checked("locked", user, until_us=until)
        if self._elsewhere(user):
            return self._by_directory(user, login, password)
        stored = user.password if user is not None else ""
        if not self._passwords.matches(stored, password) or user is None:
            return Checked("wrong", user)
        return Checked("done" if user.active else "inactive", user)

    def _elsewhere(self, user: Any) -> bool:
        return bool(user.external) if user is not None else self._directory is not None

    def _by_directory(self, user: Any, login: str, password: str) -> Checked:
        if self._directory is None:
            return Checked("directory_unavailable", user, detail="no directory is configured any more")
        answer: DirectoryAnswer = self._directory.check(user.login if user is not None else login, password)
        if answer.code == "unavailable":
            return Checked("directory_unavailable", user, detail=answer.detail)
        if answer.code == "wrong" and user is None:
            until = self._strangers.failed(login)
            return Checked("wrong" if until is None else "locked", until_us=until)
        if answer.code != "done":
            return Checked(answer.code, user, answer.person, detail=answer.detail)
        self._strangers.proved(login)
        if user is not None and not user.active:
            return Checked("inactive", user)
        return Checked("done", user, answer.person)
