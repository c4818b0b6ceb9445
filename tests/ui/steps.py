"""Second steps and a company's directory in memory, for the station of the screen tests; secrets and codes are real."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from app.access import totp
from app.ports import Answer, Refused
from models.commands import Command
from models.events import UsersChanged
from models.login import DirectoryCheck, DirectoryServer, LoginResult, TotpOffer, TotpState
from models.login_commands import ConfirmTotp, DisableTotp, EnrolTotp, RenewRecoveryCodes, ResetTotp
from models.people import Actor
from models.rights import Role

if TYPE_CHECKING:
    from tests.ui.station import MemoryStation

ORDERS = (EnrolTotp, ConfirmTotp, RenewRecoveryCodes, DisableTotp, ResetTotp)


class MemorySteps:
    """Who has a second step. Passwords and codes are checked as the engine would."""

    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.secrets: dict[str, str] = {}
        self.on: dict[str, int] = {}  # login: since
        self.papers: dict[str, list[str]] = {}
        self.required: set[str] = set()
        self.broken = ""

    def state(self, login: str) -> TotpState:
        word = "on" if login in self.on else "pending" if login in self.secrets else "off"
        left = len(self.papers.get(login, []))
        return TotpState(word, login in self.required, self.on.get(login), left)

    def set_up(self, login: str) -> str:
        """Somebody has a telephone already; returns its secret."""
        self.secrets[login] = totp.new_secret()
        self.on[login] = self._station.now_us()
        self.papers[login] = list(totp.new_recovery_codes())
        self._tell(login)
        return self.secrets[login]

    def code(self, login: str) -> str:
        """What the telephone shows now."""
        return totp.code_at(self.secrets[login], self._station.now_us())

    def pass_second(self, login: str, code: str) -> LoginResult:
        """The end of a login whose password was right."""
        if self.broken:
            return LoginResult(self.broken)
        state = self.state(login)
        actor = self._station.actor(login)
        if state.state != "on" and not state.required:
            return LoginResult("done", actor)
        if state.state == "on" and not code:
            return LoginResult("totp_needed")
        if state.state == "off" or not code:
            return LoginResult("totp_enrol", offer=self._offer(login))
        if not self._right(login, code):
            return LoginResult("wrong_code")
        return LoginResult("done", actor, recovery_codes=() if state.state == "on" else self._begin(login))

    def carry_out(self, command: Command, actor: Actor) -> Answer:
        login = actor.login
        if isinstance(command, ResetTotp):
            for kept in (self.secrets, self.on, self.papers):
                kept.pop(command.login, None)
            self._tell(command.login)
            return Answer()
        if isinstance(command, ConfirmTotp):
            if not self._right(login, command.code):
                return Answer("wrong_code")
            return Answer(data=self._begin(login))
        assert isinstance(command, EnrolTotp | RenewRecoveryCodes | DisableTotp)
        if command.password != self._station.people.passwords[login]:
            return Answer("wrong_password")
        if isinstance(command, EnrolTotp):
            return Answer("conflict") if login in self.on else Answer(data=self._offer(login))
        if isinstance(command, RenewRecoveryCodes):
            self.papers[login] = list(totp.new_recovery_codes())
            return Answer(data=tuple(self.papers[login]))
        for kept in (self.secrets, self.on, self.papers):
            kept.pop(login, None)
        self._tell(login)
        return Answer()

    def _offer(self, login: str) -> TotpOffer:
        self.secrets[login] = totp.new_secret()
        address = totp.uri(self.secrets[login], login, self._station.site)
        return TotpOffer(self.secrets[login], address, totp.qr_png(address), totp.qr_svg(address))

    def _right(self, login: str, code: str) -> bool:
        papers = self.papers.get(login, [])
        found = next((p for p in papers if totp.recovery_form(p) == totp.recovery_form(code)), None)
        if found is not None:
            papers.remove(found)
            return True
        return totp.step_of(self.secrets.get(login, ""), code, self._station.now_us(), 0) is not None

    def _begin(self, login: str) -> tuple[str, ...]:
        self.on[login] = self._station.now_us()
        self.papers[login] = list(totp.new_recovery_codes())
        self._tell(login)
        return tuple(self.papers[login])

    def _tell(self, login: str) -> None:
        info = self._station.people.infos[login]
        self._station.people.infos[login] = msgspec.structs.replace(info, second_step=self.state(login).state)
        self._station.bus.publish(UsersChanged(self._station.now_us()))


class MemoryDirectory:
    """A directory's servers, and what is wrong with each."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self.problems: dict[str, str] = {}
        self._last: DirectoryCheck | None = None

    @property
    def configured(self) -> bool:
        return bool(self.problems)

    def servers(self, reader: Actor) -> tuple[str, ...]:
        self._allow(reader)
        return tuple(self.problems)

    def last(self, reader: Actor) -> DirectoryCheck | None:
        self._allow(reader)
        return self._last

    def check(self, reader: Actor) -> DirectoryCheck:
        self._allow(reader)
        servers = tuple(DirectoryServer(server=s, problem=p) for s, p in self.problems.items())
        self._last = DirectoryCheck(t_us=self._now_us(), servers=servers)
        return self._last

    def _allow(self, reader: Actor) -> None:
        if Role.ADMINISTRATOR not in reader.roles:
            raise Refused("forbidden")
