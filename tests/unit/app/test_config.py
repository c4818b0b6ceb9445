"""One configuration: file, then environment; mistakes named; no secret ever written; a power cut leaves old or new."""

from __future__ import annotations

import re
from pathlib import Path

import keyring
import keyring.backend
import msgspec
import pytest

from app import config as module
from app.config import (
    AuditConfig,
    BrokerConfig,
    Config,
    ConfigError,
    DirectoryConfig,
    EngineConfig,
    GroupGrant,
    StoreConfig,
    TlsConfig,
    config_file,
    load_config,
    save_config,
    shipped_mappings,
)
from app.paths import resource_path

NOTHING: dict[str, str] = {}
DIRECTORY = DirectoryConfig(
    servers=("ldaps://dc1.example", "ldap://[::1]:3890"),
    search_base="dc=example",
    grants=(GroupGrant(group="cn=ops,dc=example", role="operator", zone="A01"),),
)


def write(directory: Path, text: str) -> Path:
    config_file(directory).write_text(text, "utf-8")
    return directory


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_config(tmp_path, NOTHING) == Config()


def test_what_is_saved_comes_back_whole(tmp_path: Path) -> None:
    config = Config(
        station="CTRL-2",
        site="东方罐区",
        brokers=(
            BrokerConfig(name="a", host="mqtt.example", port=8883, tls=TlsConfig(ca=Path("ca.pem")), user="u"),
            BrokerConfig(name="b", protocol="3.1.1", subscriptions=("x/#",), qos=0),
        ),
        store=StoreConfig(url="postgresql://u@h/d", password_env="P", keep_short_days=1.5),
        engine=EngineConfig(batch=100),
        directory=msgspec.structs.replace(DIRECTORY, ca=Path("ca.pem"), timeout_s=3),
        mappings=(Path("own.toml"),),
        log_level="debug",
    )
    save_config(config, tmp_path / "new")
    assert load_config(tmp_path / "new", NOTHING) == config
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["ankan.toml"]


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_config(Config(site="old"), tmp_path)

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.config.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_config(Config(site="new"), tmp_path)
    assert load_config(tmp_path, NOTHING).site == "old"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'station = "A"\n[store]\nurl = "sqlite:///x"\nkeep_short_days = 3\n')
    environment = {
        "ANKAN_STATION": "B",
        "ANKAN_STORE__URL": "sqlite:///y",
        "ANKAN_ENGINE__BATCH": "77",
        "ANKAN_CASES": "elsewhere",
        "ANKAN_MQTT_PASSWORD": "not a key",
        "PATH": "/bin",
    }
    config = load_config(tmp_path, environment)
    assert (config.station, config.store.url, config.store.keep_short_days) == ("B", "sqlite:///y", 3)
    assert config.engine.batch == 77


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("station = \n", "TOML"),
        ('stattion = "A"\n', "stattion"),
        ('station = "with space"\n', "station"),
        ("[[brokers]]\nport = 70000\n", "port"),
        ('[[brokers]]\nprotocol = "4"\n', "protocol"),
        ("[engine]\nqueue = 10\n", "queue"),
        ("[store]\nkeep_short_days = 0\n", "keep_short_days"),
        ('[[brokers]]\npassword = "s3cret"\n', "password"),
        ('[[brokers]]\nname = "a"\n[[brokers]]\nname = "a"\n', "same name"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text), NOTHING)
    assert said in str(caught.value)
    assert "ankan.toml" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_utf8_is_refused_in_words(tmp_path: Path) -> None:
    config_file(tmp_path).write_bytes('site = "\xff"'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"ankan\.toml"):
        load_config(tmp_path, NOTHING)


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        kept = {("ankan-mqtt", "u@h:1883"): "from the ring", ("ankan-directory", "cn=s"): "also there"}
        return kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_passwords_come_from_environment_or_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        assert BrokerConfig(host="h", user="u").password() == "from the ring"
        assert BrokerConfig(host="other", user="u").password() is None
        assert BrokerConfig(host="h").password() is None
        monkeypatch.setenv("A_PASSWORD", "from the environment")
        assert BrokerConfig(host="h", user="u", password_env="A_PASSWORD").password() == "from the environment"
        assert BrokerConfig(host="h", user="u", password_env="NOT_SET").password() is None
        assert msgspec.structs.replace(DIRECTORY, service_account="cn=s").password() == "also there"
        assert msgspec.structs.replace(DIRECTORY, password_env="A_PASSWORD").password() == "from the environment"
        assert DIRECTORY.password() is None
    finally:
        keyring.set_keyring(before)


def test_every_key_is_documented_with_its_default() -> None:
    text = resource_path("docs", "configuration.md").read_text("utf-8")
    documented = set(re.findall(r"`([a-z_]+)`", text))
    for kind in (Config, BrokerConfig, TlsConfig, StoreConfig, EngineConfig, DirectoryConfig, GroupGrant, AuditConfig):
        missing = {field.name for field in msgspec.structs.fields(kind)} - documented
        assert not missing, f"{kind.__name__}: {missing}"
    for default in ("604800", "20000", "200000", "5000", "1048576"):
        assert default in text


def test_shipped_mappings_are_there() -> None:
    assert {path.stem for path in shipped_mappings()} >= {"shelly", "tasmota"}
    assert module.KEYRING_SERVICE == "ankan-mqtt"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"servers": []}, "servers"),
        ({"servers": ["http://dc1"]}, "servers"),
        ({"servers": ["ldaps://"]}, "servers"),
        ({"servers": ["ldaps://dc1:99999"]}, "servers"),
        ({"servers": ["ldaps://dc1/dc=example"]}, "servers"),
        ({"servers": ["ldap://dc1"], "start_tls": False}, "start_tls"),
        ({"search_base": ""}, "search_base"),
        ({"search_filter": "(uid=*)"}, "search_filter"),
        ({"search_filter": "(userPrincipalName={bind})"}, "search_filter"),
        ({"bind_template": "uid=x,dc=example"}, "bind_template"),
        ({"bind_template": "{login}@example"}, "search_filter"),
        ({"group_base": "dc=example", "group_filter": "(objectClass=group)"}, "group_filter"),
        ({"grants": []}, "grants"),
        ({"grants": [{"group": "", "role": "operator"}]}, "grants"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"password": "s3cret"}, "directory"),
    ],
)
def test_a_directory_that_would_not_be_safe_is_refused_by_name(change: dict[str, object], key: str) -> None:
    whole = msgspec.to_builtins(DIRECTORY) | change
    with pytest.raises(ConfigError, match=rf"\.{key}"):
        module.checked({"directory": whole})


@pytest.mark.parametrize(
    "change",
    [
        {"servers": ["ldap://127.0.0.1:3890"], "start_tls": False},
        {"bind_template": "uid={login},dc=example", "search_base": ""},
        {"bind_template": "{login}@example", "search_filter": "(userPrincipalName={bind})"},
        {"bind_template": "PLANT\\{login}", "search_filter": "(sAMAccountName={login})"},
        {"group_base": "dc=example", "group_filter": "(memberUid={login})"},
    ],
)
def test_every_way_of_asking_a_directory_can_be_written(change: dict[str, object]) -> None:
    found = module.checked({"directory": msgspec.to_builtins(DIRECTORY) | change}).directory
    assert found is not None
    assert found != DIRECTORY
