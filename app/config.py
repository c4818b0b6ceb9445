"""One documented configuration of a station: TOML file, then environment (ANKAN_…), then command line.

Secrets never stand here: a broker names its user, and the password comes from the OS keyring or an environment
variable (``password_env``). The file is written whole to a sibling and moved into place, so that a power cut leaves
either the old or the new one.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.paths import resource_path

KEYRING_SERVICE = "ankan-mqtt"


class ConfigError(ValueError):
    """The configuration can't be used; the message names file, key and what is wrong."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TlsConfig(_Strict):
    """TLS towards a broker. Paths may be relative to the configuration file."""

    ca: Path | None = Field(None, description="CA certificate (PEM); empty: the system's")
    certificate: Path | None = Field(None, description="client certificate (PEM)")
    key: Path | None = Field(None, description="key of the client certificate (PEM)")
    check_hostname: bool = True


class BrokerConfig(_Strict):
    """One MQTT broker."""

    name: str = Field("broker", pattern=r"^[A-Za-z0-9_.-]{1,40}$", description="name in lists and logs")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    protocol: Literal["5", "3.1.1"] = "5"
    client_id: str = Field("", description="empty: derived from station and broker name, stable over restarts")
    user: str = ""
    password_env: str = Field("", description="environment variable that holds the password; empty: OS keyring")
    tls: TlsConfig | None = None
    subscriptions: tuple[str, ...] = ("ankan/v1/#", "spBv1.0/#")
    qos: Annotated[int, Field(ge=0, le=1)] = 1
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    session_expiry_s: Annotated[int, Field(ge=0)] = 7 * 86400
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 20000
    status_topic: str = Field("ankan/station/{station}/status", description="last will and presence of this station")

    def password(self) -> str | None:
        """The password from environment or keyring; None when there is none."""
        if self.password_env:
            return os.environ.get(self.password_env)
        if not self.user:
            return None
        import keyring
        from keyring.errors import KeyringError

        try:
            return keyring.get_password(KEYRING_SERVICE, f"{self.user}@{self.host}:{self.port}")
        except KeyringError:
            return None


class StoreConfig(_Strict):
    """Where history and everything else is kept."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite file ankan.db in the data directory")
    password_env: str = Field("", description="environment variable with the database password")
    keep_short_days: Annotated[float, Field(gt=0)] = 7
    keep_normal_days: Annotated[float, Field(gt=0)] = 90
    keep_long_days: Annotated[float, Field(gt=0)] = 3 * 365
    keep_seconds_days: Annotated[float, Field(gt=0)] = 14
    keep_minutes_days: Annotated[float, Field(gt=0)] = 3 * 365
    keep_hours_days: Annotated[float, Field(gt=0)] = 20 * 365


class EngineConfig(_Strict):
    """Limits of the pipeline."""

    queue: Annotated[int, Field(ge=1000)] = 200_000
    batch: Annotated[int, Field(ge=1, le=50_000)] = 5000
    max_payload: Annotated[int, Field(ge=1024)] = 1_048_576
    tag_prefix: str = "ankan/v1/"


class Config(BaseSettings):
    """Everything about this station."""

    model_config = SettingsConfigDict(
        env_prefix="ANKAN_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    station: str = Field("CTRL-1", pattern=r"^[A-Za-z0-9_.-]{1,40}$", description="name of this workstation")
    site: str = Field("", description="name of the plant")
    brokers: tuple[BrokerConfig, ...] = ()
    store: StoreConfig = StoreConfig()
    engine: EngineConfig = EngineConfig()
    mappings: tuple[Path, ...] = Field((), description="mapping files beside the shipped ones")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before the file's values (which arrive as init settings)."""
        return env_settings, init_settings


def config_file(data_dir: Path) -> Path:
    """Where the configuration of a data directory lies."""
    return data_dir / "ankan.toml"


def load_config(data_dir: Path) -> Config:
    """Read the configuration of a data directory; defaults where there is none.

    Raises ConfigError naming the file and each wrong key.
    """
    path = config_file(data_dir)
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not readable as TOML: {error}") from error
    try:
        return Config(**values)
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{path}: {lines}") from error


def save_config(config: Config, data_dir: Path) -> Path:
    """Write the configuration of a data directory; returns the file."""
    data_dir.mkdir(parents=True, exist_ok=True)
    head = "# 安瞰 Ankan: configuration of this station. No passwords here: keyring or environment.\n"
    body = tomli_w.dumps(config.model_dump(mode="json", exclude_defaults=True, exclude_none=True))
    path = config_file(data_dir)
    scratch = path.with_suffix(".toml.new")
    with scratch.open("w", encoding="utf-8") as handle:
        handle.write(head + body)
        handle.flush()
        os.fsync(handle.fileno())
    scratch.replace(path)
    return path


def shipped_mappings() -> list[Path]:
    """Mapping files that come with the program (Shelly, Tasmota …)."""
    return sorted(resource_path("rules", "mappings").glob("*.toml"))
