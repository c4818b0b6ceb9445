"""Wiring of the organisation and of private data: vault, policy, register, handlers and housekeeping, built in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.access.door import Door, Handler
from app.access.keys import KeyStore
from app.access.vault import Vault
from app.clock import Clock
from app.monitoring.tagfile import read_csv
from app.organisation.handlers import DANGERS, handlers
from app.organisation.people import May
from app.organisation.policy import load_policy
from app.organisation.private import PrivateStore
from app.organisation.register import Register
from app.organisation.retention import PrivacyKeeper
from app.store.engine import Store
from models.commands import Command
from models.people import system_actor

log = structlog.get_logger(__name__)


class OrganisationWing:
    """Everything about organisation and privacy that a room has; no key is read before the first private value."""

    def __init__(self, store: Store, keys: KeyStore, may: May, clock: Clock) -> None:
        self._store, self._may, self._clock = store, may, clock
        self.policy = load_policy()
        self.private = PrivateStore(Vault(keys))
        self.register = Register(
            store.read,
            self.private,
            self.policy,
            may,
            clock,
            read_book=_read_book,
            read_csv=read_csv,
            write_book=_write_book,
        )

    def handlers(self) -> dict[type[Command], Handler]:
        """For the door."""
        return handlers(self.private, self.policy, self._may, self._store.read)

    def join(self, door: Door, station: str) -> Callable[[int], None]:
        """Hand everything to the door; returns what the engine calls now and then with its time (UTC microseconds)."""
        door.register(self.handlers(), dangers=DANGERS)
        keeper = PrivacyKeeper(self._store.session, self.policy, door.handle, system_actor(station))

        def keep(now_us: int) -> None:
            try:
                keeper.step(now_us)
            except SQLAlchemyError as error:
                log.warning("privacy_retention_failed", detail=str(error.__cause__ or error))

        return keep


def _read_book(path: Path) -> dict[str, list[list[Any]]]:
    from app.reports.excel import read_book  # its library is heavy: loaded by who imports

    return read_book(path)


def _write_book(path: Path, sheets: Any) -> None:
    from app.reports.excel import write_book

    write_book(path, sheets)
