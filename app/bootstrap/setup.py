"""The first start: writes a station's configuration and keyring entry and creates its administrator."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from app.access.passwords import Passwords
from app.access.permissions import load_permissions
from app.bootstrap.room import open_room
from app.config import (
    KEYRING_SERVICE,
    BrokerConfig,
    Config,
    ConfigError,
    checked_broker,
    config_file,
    load_config,
    save_config,
)
from app.ingest.client import try_connection


class SetupError(RuntimeError):
    """The station could not be set up; the message says what went wrong."""


class BrokerAnswers(Protocol):
    """Where the messages come from, as the wizard's last page asks for it."""

    @property
    def host(self) -> str:
        """Name or address."""

    @property
    def port(self) -> int:
        """TCP port."""

    @property
    def tls(self) -> bool:
        """Encrypted?"""

    @property
    def ca(self) -> Path | None:
        """Certificate authority of its own; None = the system's."""

    @property
    def user(self) -> str:
        """'' = without a login."""

    @property
    def password(self) -> str:
        """Goes to the keyring, never into the configuration."""


class Answers(Protocol):
    """All that the wizard asks (the window's ``FirstStart``)."""

    @property
    def site(self) -> str:
        """Name of the plant."""

    @property
    def login(self) -> str:
        """The administrator's."""

    @property
    def name(self) -> str:
        """The administrator's, as people say it."""

    @property
    def password(self) -> str:
        """The administrator's."""

    @property
    def broker(self) -> BrokerAnswers:
        """Where the messages come from."""


class StationSetup:
    """Set-up of the station in a data directory; the window's wizard is given this."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir
        self._passwords = Passwords(load_permissions().password)

    def needed(self) -> bool:
        """True until the station has a configuration and somebody who may log in. Raises ConfigError, StoreError."""
        if not config_file(self._dir).exists():
            return True
        room = open_room(self._dir)
        try:
            return not room.people.any_users()
        finally:
            room.jobs.close()
            room.store.close()

    def weakness(self, password: str, login: str) -> str | None:
        """Why a password is too weak (a code), or None."""
        return self._passwords.weakness(password, login)

    def test(self, choice: BrokerAnswers) -> str | None:
        """Try a broker as typed: None when it let us in, else what went wrong. Waits up to 5 s: for workers."""
        try:
            return self.test_broker(_broker(choice), choice.password)
        except ConfigError as error:
            return str(error)

    def keep(self, first: Answers) -> None:
        """Write what the wizard asked for; see :meth:`store`."""
        self.store(
            site=first.site,
            login=first.login,
            name=first.name,
            password=first.password,
            broker=_broker(first.broker),
            broker_password=first.broker.password,
        )

    @staticmethod
    def test_broker(broker: BrokerConfig, password: str) -> str | None:
        """None when the broker let us in, else what went wrong. Waits up to 5 s: for workers."""
        return try_connection(broker, password or None, None, 5.0) or None

    def store(
        self, *, site: str, login: str, name: str, password: str, broker: BrokerConfig, broker_password: str
    ) -> None:
        """Write everything. Raises SetupError, ConfigError, StoreError or OSError; a second try starts afresh."""
        current = load_config(self._dir) if config_file(self._dir).exists() else Config()
        save_config(msgspec.structs.replace(current, site=site, brokers=(broker,)), self._dir)
        if broker.user:
            _remember(broker, broker_password)
        room = open_room(self._dir)
        try:
            room.engine.start()
            answer = room.people.create_first(login, name, password).result()
        finally:
            room.stop()
        if not answer.ok:
            raise SetupError(f"the administrator could not be created: {answer.code} {answer.detail}")


def broker_config(host: str, port: int, tls: bool, ca: Path | None, user: str) -> BrokerConfig:
    """A broker as the wizard asks for it. Raises ConfigError for a port that can't be."""
    values = {"host": host, "port": port, "user": user} | ({"tls": {"ca": str(ca)} if ca else {}} if tls else {})
    return checked_broker(values)


def _broker(choice: BrokerAnswers) -> BrokerConfig:
    return broker_config(choice.host, choice.port, choice.tls, choice.ca, choice.user)


def _remember(broker: BrokerConfig, password: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(KEYRING_SERVICE, f"{broker.user}@{broker.host}:{broker.port}", password)
    except KeyringError as error:
        raise SetupError(
            f"the system's keyring refused the broker's password ({error}); set password_env in ankan.toml instead"
        ) from error
