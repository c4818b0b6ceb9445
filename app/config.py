"""One documented configuration of a station: TOML file, then environment (``ANKAN_…``) over it.

Secrets never stand here: a broker names its user, and the password comes from the OS keyring or an environment
variable (``password_env``). The file is written whole to a sibling and moved into place, so that a power cut leaves
either the old or the new one. Checked by msgspec, which the hot path loads anyway (ADR: start-up).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
import tomli_w
from msgspec import Meta

from app.paths import resource_path

KEYRING_SERVICE = "ankan-mqtt"
DIRECTORY_KEYRING = "ankan-directory"
ENV_PREFIX = "ANKAN_"
_PLACEHOLDER = re.compile(r"\{\w+\}")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Days = Annotated[float, Meta(gt=0)]
Text = Annotated[str, Meta(min_length=1)]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ConfigError(ValueError):
    """The configuration can't be used; the message names file, key and what is wrong."""


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """TLS towards a broker. Paths may be relative to the configuration file.

    ca                CA certificate (PEM); none: the system's
    certificate, key  client certificate and its key (PEM)
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    check_hostname: bool = True


class BrokerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One MQTT broker.

    name          in lists, logs and its ``$sys/broker/…`` tag
    client_id     empty: from station and broker name, the same after each restart
    password_env  environment variable that holds the password; empty: the OS keyring
    status_topic  last will and presence of this station
    """

    name: Name = "broker"
    host: str = "127.0.0.1"
    port: Port = 1883
    protocol: Literal["5", "3.1.1"] = "5"
    client_id: str = ""
    user: str = ""
    password_env: str = ""
    tls: TlsConfig | None = None
    subscriptions: tuple[str, ...] = ("ankan/v1/#", "spBv1.0/#")
    qos: Annotated[int, Meta(ge=0, le=1)] = 1
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] = 30
    session_expiry_s: Annotated[int, Meta(ge=0)] = 7 * 86400
    receive_maximum: Annotated[int, Meta(ge=1, le=65535)] = 20000
    status_topic: str = "ankan/station/{station}/status"

    def password(self) -> str | None:
        """The password from environment or keyring; None when there is none."""
        if self.password_env or not self.user:
            return os.environ.get(self.password_env)
        return _from_keyring(KEYRING_SERVICE, f"{self.user}@{self.host}:{self.port}")


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where history and everything else is kept, and for how many days.

    url           SQLAlchemy URL; empty: SQLite file ankan.db in the data directory
    password_env  environment variable with the database password
    """

    url: str = ""
    password_env: str = ""
    keep_short_days: Days = 7
    keep_normal_days: Days = 90
    keep_long_days: Days = 3 * 365
    keep_seconds_days: Days = 14
    keep_minutes_days: Days = 3 * 365
    keep_hours_days: Days = 20 * 365


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of the pipeline: messages waiting, messages a batch, bytes a message; prefix of native topics."""

    queue: Annotated[int, Meta(ge=1000)] = 200_000
    batch: Annotated[int, Meta(ge=1, le=50_000)] = 5000
    max_payload: Annotated[int, Meta(ge=1024)] = 1_048_576
    tag_prefix: str = "ankan/v1/"


class GroupGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Members of a directory group (its distinguished name) get this role in this zone; "" is the whole plant."""

    group: Text
    role: Name
    zone: str = ""


class DirectoryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Login through LDAP or Active Directory.

    servers          ``ldaps://host`` or ``ldap://host`` (with StartTLS), tried in this order
    ca               CA certificate (PEM), relative to the configuration file; none: the system's
    bind_template    direct bind as ``{login}`` put in here; empty: search with the service account, then bind
    search_filter    finds the person by ``{login}``; ``{bind}`` is the name of the direct bind
    login_attribute  what a person types; its value in the directory becomes the name of the account
    group_attribute  of the person: groups as distinguished names
    group_filter     with group_base: groups found by search instead, by ``{dn}`` or ``{login}``
    service_account  distinguished name; empty: anonymous search
    password_env     environment variable with its password; empty: the OS keyring
    timeout_s        whole seconds for connecting and for each answer
    """

    servers: Annotated[tuple[str, ...], Meta(min_length=1)]
    start_tls: bool = True
    ca: Path | None = None
    search_base: str = ""
    search_filter: str = "(uid={login})"
    bind_template: str = ""
    service_account: str = ""
    password_env: str = ""
    login_attribute: Text = "uid"
    name_attribute: Text = "cn"
    mail_attribute: Text = "mail"
    group_attribute: Text = "memberOf"
    group_base: str = ""
    group_filter: str = "(member={dn})"
    timeout_s: Annotated[int, Meta(ge=1, le=60)] = 5
    grants: Annotated[tuple[GroupGrant, ...], Meta(min_length=1)]

    def password(self) -> str | None:
        """The service account's password from environment or keyring; None when there is none."""
        if self.password_env or not self.service_account:
            return os.environ.get(self.password_env)
        return _from_keyring(DIRECTORY_KEYRING, self.service_account)


class AuditConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the trail is guarded.

    anchor_dir  a second place for the signed anchors, best one that the station's users can't write to otherwise
    keys        where signing and encryption keys are kept: files of the owner alone, or the OS keyring
    """

    anchor_dir: Path | None = None
    keys: Literal["files", "keyring"] = "files"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything about this station. ``mappings`` are files beside the shipped ones, relative to the data directory."""

    station: Name = "CTRL-1"
    site: str = ""
    brokers: tuple[BrokerConfig, ...] = ()
    store: StoreConfig = StoreConfig()
    engine: EngineConfig = EngineConfig()
    directory: DirectoryConfig | None = None
    audit: AuditConfig = AuditConfig()
    mappings: tuple[Path, ...] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def config_file(data_dir: Path) -> Path:
    """Where the configuration of a data directory lies."""
    return data_dir / "ankan.toml"


def load_config(data_dir: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration of a data directory; defaults where there is none.

    ``ANKAN_STATION=X`` or ``ANKAN_STORE__URL=…`` in the environment win over the file. Raises ConfigError naming the
    file and the wrong key.
    """
    path = config_file(data_dir)
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not readable as TOML: {error}") from error
    _overlay(values, os.environ if environment is None else environment)
    try:
        return checked(values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def checked(values: Mapping[str, Any]) -> Config:
    """A configuration from plain values. Raises ConfigError naming the wrong key."""
    try:
        config = msgspec.convert(values, Config, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error)) from error
    names = [broker.name for broker in config.brokers]
    if len(set(names)) < len(names):
        raise ConfigError("two brokers have the same name - at `$.brokers`")
    if config.directory is not None:
        wrong = _wrong_directory(config.directory)
        if wrong is not None:
            raise ConfigError(f"{wrong[1]} - at `$.directory.{wrong[0]}`")
    return config


def _wrong_directory(directory: DirectoryConfig) -> tuple[str, str] | None:
    """The key that can't be used, and why; passwords never travel in the clear."""
    for server in directory.servers:
        try:
            url = urlsplit(server)
            good = url.scheme in ("ldap", "ldaps") and bool(url.hostname) and url.port != 0
        except ValueError:
            good = False
        if not good or url.path.strip("/") or url.query or url.username:
            return "servers", f"{server!r} is no ldap://host:port or ldaps://host:port"
        if url.scheme == "ldap" and not directory.start_tls and url.hostname not in LOOPBACK:
            return "start_tls", f"passwords would go to {server} unencrypted; use start_tls or ldaps://"
    template = directory.bind_template
    if template and "{login}" not in template:
        return "bind_template", "{login} is missing"
    if not directory.search_base and "=" not in template:
        return "search_base", "needed, unless bind_template is a distinguished name"
    if template and "=" not in template and "@" in template and "{bind}" not in directory.search_filter:
        return "search_filter", "a bind by principal name is followed by a search for it: (userPrincipalName={bind})"
    if "{login}" not in directory.search_filter and not (template and "{bind}" in directory.search_filter):
        return "search_filter", "{login} is missing"
    if directory.group_base and not ({"{dn}", "{login}"} & set(_PLACEHOLDER.findall(directory.group_filter))):
        return "group_filter", "{dn} or {login} is missing"
    return None


def _from_keyring(service: str, entry: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, entry)
    except KeyringError:
        return None


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{kind} is no kind of setting")


def checked_broker(values: Mapping[str, Any]) -> BrokerConfig:
    """One broker from plain values. Raises ConfigError naming the wrong key."""
    return checked({"brokers": [values]}).brokers[0]


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Put ``ANKAN_A__B=x`` at values["a"]["b"]; only keys that the configuration knows."""
    known = {field.name: field for field in msgspec.structs.fields(Config)}
    for name, text in environment.items():
        if not name.startswith(ENV_PREFIX):
            continue
        key, _, rest = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if key not in known:
            continue
        if not rest:
            values[key] = text
        elif key in ("store", "engine", "audit"):
            values.setdefault(key, {})[rest] = text


def save_config(config: Config, data_dir: Path) -> Path:
    """Write the configuration of a data directory; returns the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    head = "# 安瞰 Ankan: configuration of this station. No passwords here: keyring or environment.\n"
    body = tomli_w.dumps(_plain(msgspec.to_builtins(config, enc_hook=str)))
    path = config_file(data_dir)
    scratch = path.with_suffix(".toml.new")
    with scratch.open("w", encoding="utf-8") as handle:
        handle.write(head + body)
        handle.flush()
        os.fsync(handle.fileno())
    scratch.replace(path)
    return path


def _plain(value: Any) -> Any:
    """Without None, which TOML does not know."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def shipped_mappings() -> list[Path]:
    """Mapping files that come with the program (Shelly, Tasmota …)."""
    return sorted(resource_path("rules", "mappings").glob("*.toml"))
