"""How login through the company's directory stands, for those who look after users: configured, and does it answer?

Asking takes a connection to every server, so it is done when somebody asks, never by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from app.clock import Clock
from app.ports import Refused
from models.commands import ChangeUser
from models.login import DirectoryCheck, DirectoryServer
from models.people import Actor


class Probed(Protocol):
    """A directory that can be tried."""

    def probe(self) -> list[tuple[str, str]]:
        """Each server and what is wrong with it, '' for nothing. Slow, never raises."""


class DirectoryState:
    """``app.ports.DirectoryState``. Thread-safe; keeps the last check."""

    def __init__(
        self,
        servers: Sequence[str],
        directory: Probed | None,
        may: Callable[[str, Actor], bool],
        clock: Clock,
    ) -> None:
        self._servers = tuple(servers)
        self._directory = directory
        self._may = may
        self._clock = clock
        self._last: DirectoryCheck | None = None

    @property
    def configured(self) -> bool:
        """Does this station let people in by a directory?"""
        return self._directory is not None

    def servers(self, reader: Actor) -> tuple[str, ...]:
        """The servers, as configured. Raises Refused forbidden."""
        self._allow(reader)
        return self._servers

    def last(self, reader: Actor) -> DirectoryCheck | None:
        """What the last check found; None before the first. Raises Refused forbidden."""
        self._allow(reader)
        return self._last

    def check(self, reader: Actor) -> DirectoryCheck:
        """Ask every server now. Slow: for workers. Raises Refused forbidden."""
        self._allow(reader)
        found = self._directory.probe() if self._directory is not None else []
        servers = tuple(DirectoryServer(server=server, problem=problem) for server, problem in found)
        self._last = DirectoryCheck(t_us=self._clock.now_us(), servers=servers)
        return self._last

    def _allow(self, reader: Actor) -> None:
        if not self._may(ChangeUser.action, reader):
            raise Refused("forbidden", "who may change users may see the directory's servers")
