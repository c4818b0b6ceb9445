"""The doctor says what is wrong and how to mend it, and changes nothing while it looks."""

from __future__ import annotations

import os
import sqlite3
import string
import tomllib
from collections import namedtuple
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from sqlalchemy import text

from app import doctor
from app.config import BrokerConfig, Config, DirectoryConfig, GroupGrant, StoreConfig, save_config
from app.doctor import Finding, examine, language
from app.paths import resource_path
from app.store.engine import Store, open_store
from app.store.spool import Spool
from tests.servers import Mosquitto, Slapd, free_port, make_certificates


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture(autouse=True)
def quick_screen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt is started by one test only: it takes a second."""
    if "_qt_" not in request.node.name:
        monkeypatch.setattr(doctor._Doctor, "screen", lambda _self: iter(()))


def find(data_dir: Path, code: str) -> list[Finding]:
    return [finding for finding in examine(data_dir) if finding.code == code]


def one(data_dir: Path, code: str) -> Finding:
    [finding] = find(data_dir, code)
    return finding


def tree(directory: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in directory.rglob("*")}


def test_nothing_is_created_or_changed_by_looking(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert [f for f in examine(nowhere) if f.level == "error"] == []
    assert not nowhere.exists()
    station = tmp_path / "station"
    open_store(station).close()
    before = tree(station)
    findings = list(examine(station))
    assert {f.code: f.level for f in findings if f.code in ("store", "sqlite", "spool", "clock")} == dict.fromkeys(
        ("store", "sqlite", "spool", "clock"), "ok"
    )
    assert tree(station) == before


def test_it_may_look_while_the_engine_runs(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    try:
        assert [f.level for f in (one(tmp_path, "store"), one(tmp_path, "sqlite"))] == ["ok", "ok"]
        with store.write() as connection:
            connection.execute(text("INSERT INTO watermark (name, t_us) VALUES ('x', 1)"))
    finally:
        store.close()


def test_wrong_configuration_names_the_key_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "ankan.toml").write_text("[[brokers]]\nporrt = 1\n", "utf-8")
    finding = one(tmp_path, "configuration")
    assert finding.level == "error"
    assert "porrt" in finding.finding
    assert "configuration.md" in finding.mend
    assert one(tmp_path, "fonts").level == "ok"


def test_an_old_schema_is_a_warning_and_stays_old_and_a_newer_one_is_an_error(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.write() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    store.close()
    finding = one(tmp_path, "store")
    assert finding.level == "warning"
    assert "upgrades by itself" in finding.mend
    with sqlite3.connect(tmp_path / "ankan.db") as raw:
        assert raw.execute("SELECT COUNT(*) FROM alembic_version").fetchone() == (0,)
        raw.execute("INSERT INTO alembic_version VALUES ('9999')")
    raw.close()
    finding = one(tmp_path, "store")
    assert (finding.level, "9999" in finding.finding) == ("error", True)


def test_a_damaged_database_is_found(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.write() as connection:
        connection.exec_driver_sql("INSERT INTO sample VALUES (?, 1, 1.0, 192)", [(i,) for i in range(20_000)])
    store.close()
    path = tmp_path / "ankan.db"
    body = bytearray(path.read_bytes())
    for page in range(len(body) // 4096 // 2, len(body) // 4096 - 1):
        body[page * 4096 : page * 4096 + 200] = os.urandom(200)
    path.write_bytes(body)
    finding = one(tmp_path, "sqlite")
    assert finding.level == "error"
    assert "backup" in finding.mend


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ankan.db").write_bytes(b"hello" * 1000)
    finding = one(tmp_path, "store")
    assert finding.level == "error"
    assert "not a database" in finding.finding


@pytest.mark.server
def test_postgresql_is_looked_at_and_an_unreachable_one_is_named_without_its_password(
    postgresql, tmp_path: Path
) -> None:
    url = postgresql.new_database("doctor")
    save_config(Config(store=StoreConfig(url=url)), tmp_path)
    assert one(tmp_path, "store").level == "warning"  # empty: an upgrade is due
    store = Store(url)
    store.upgrade()
    store.close()
    assert one(tmp_path, "store").level == "ok"
    save_config(Config(store=StoreConfig(url=f"postgresql://a:s3cret@127.0.0.1:{free_port()}/x")), tmp_path)
    finding = one(tmp_path, "store")
    assert finding.level == "error"
    assert "s3cret" not in f"{finding.finding}{finding.mend}"
    save_config(Config(store=StoreConfig(url=url, password_env="NOT_SET_ANYWHERE")), tmp_path)
    assert "NOT_SET_ANYWHERE" in one(tmp_path, "store").mend


def test_waiting_and_unreadable_spools_are_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"x" * 100)
    spool.append(b"y")
    (tmp_path / "spool-unreadable-5.bin").write_bytes(b"?")
    waiting, kept = find(tmp_path, "spool")
    assert waiting.level == kept.level == "warning"
    assert "2 batches" in waiting.finding


def test_a_recent_crash_is_a_warning_and_an_old_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "crashes").mkdir()
    report = tmp_path / "crashes" / "crash-1.txt"
    report.write_text("x", "utf-8")
    assert str(report) in one(tmp_path, "crashes").mend
    os.utime(report, (0, 0))
    assert one(tmp_path, "crashes").level == "ok"


@pytest.mark.server
def test_each_broker_is_asked_and_a_missing_password_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Mosquitto(tmp_path, users={"station": "s3cret"}).start()
    try:
        brokers = (
            BrokerConfig(name="good", port=broker.port, user="station", password_env="GOOD_PASSWORD"),
            BrokerConfig(name="wrong", port=broker.port, user="station", password_env="WRONG_PASSWORD"),
            BrokerConfig(name="unset", port=broker.port, user="station", password_env="UNSET_PASSWORD"),
            BrokerConfig(name="ring", port=broker.port, user="station"),
            BrokerConfig(name="away", port=free_port()),
        )
        save_config(Config(brokers=brokers), tmp_path)
        monkeypatch.setenv("GOOD_PASSWORD", "s3cret")
        monkeypatch.setenv("WRONG_PASSWORD", "guess")
        findings = find(tmp_path, "broker")
    finally:
        broker.stop()
    assert [f.level for f in findings] == ["ok", "error", "error", "error", "error"]
    assert "authori" in findings[1].finding.lower()
    assert "UNSET_PASSWORD" in findings[2].mend
    assert f"station@127.0.0.1:{broker.port}" in findings[3].mend
    assert "refused" in findings[4].finding.lower()
    assert not any("s3cret" in f.finding + f.mend for f in findings)


@pytest.mark.server
def test_each_login_directory_is_asked_like_a_login_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = make_certificates(tmp_path)
    slapd = Slapd(tmp_path, certificates).start()
    station = tmp_path / "station"
    down = f"ldaps://127.0.0.1:{free_port()}"
    try:
        slapd.add("dn: dc=plant\nobjectClass: organization\nobjectClass: dcObject\no: Plant\ndc: plant\n")
        settings: dict[str, Any] = {
            "servers": (f"ldap://127.0.0.1:{slapd.port}", down),
            "ca": certificates["ca"],
            "search_base": "dc=plant",
            "service_account": Slapd.ROOT,
            "password_env": "ROOT_PASSWORD",
            "grants": (GroupGrant(group="cn=ops,dc=plant", role="operator"),),
        }
        monkeypatch.setenv("ROOT_PASSWORD", Slapd.PASSWORD)
        save_config(Config(directory=DirectoryConfig(**settings)), station)
        good, lost = find(station, "login_directory")
        monkeypatch.setenv("ROOT_PASSWORD", "wrong")
        refused = find(station, "login_directory")[0]
        direct = settings | {"bind_template": "uid={login},dc=plant", "service_account": ""}
        save_config(Config(directory=DirectoryConfig(**direct)), station)
        reached = find(station, "login_directory")[0]
        save_config(Config(directory=DirectoryConfig(**settings | {"ca": None})), station)
        stranger = find(station, "login_directory")[0]
        short = settings | {"grants": (GroupGrant(group="ops", role="operator"),)}
        save_config(Config(directory=DirectoryConfig(**short)), station)
        [unnamed] = find(station, "login_directory")
    finally:
        slapd.stop()
    assert [f.level for f in (good, reached)] == ["ok", "ok"]
    assert [f.level for f in (lost, refused, stranger, unnamed)] == ["error"] * 4
    assert down in lost.what
    assert "invalidCredentials" in refused.finding
    assert "certificate verify failed" in stranger.finding
    assert "'ops' is no distinguished name" in unnamed.finding
    assert all(f.mend for f in (lost, refused, stranger, unnamed))


def test_the_keyring_matters_only_to_brokers_that_need_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    save_config(Config(brokers=(BrokerConfig(port=free_port(), user="a", password_env="X"),)), tmp_path)
    assert find(tmp_path, "keyring") == []
    save_config(Config(brokers=(BrokerConfig(port=free_port(), user="a"),)), tmp_path)
    assert one(tmp_path, "keyring").level == "error"


@pytest.mark.parametrize(("free", "level"), [(0.5, "error"), (5, "warning"), (50, "ok")])
def test_free_space_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: str) -> None:
    usage = namedtuple("usage", "total used free")(0, 0, int(free * doctor.GIB))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: usage)
    assert one(tmp_path, "disk").level == level


def test_a_clock_that_was_set_back_is_an_error(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.write() as connection:
        connection.execute(
            text("INSERT INTO tag_last (tag_id, ts_us, received_us, quality) VALUES (1, 1, 4000000000000000, 192)")
        )
    store.close()
    finding = one(tmp_path, "clock")
    assert finding.level == "error"
    assert "2096" in finding.finding


def test_a_directory_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    finding = one(tmp_path / "file", "directory")
    assert finding.level == "error"


def test_words_follow_the_systems_language() -> None:
    assert [language({"LANG": name}) for name in ("zh_CN.UTF-8", "en_US.UTF-8", "C", "de_DE")] == [
        "zh",
        "en",
        "en",
        "en",
    ]
    assert language({"LC_ALL": "zh_TW", "LANG": "en_US"}) == "zh"
    assert language({}) == "en"


def test_every_outcome_has_words_in_both_languages_with_the_same_blanks() -> None:
    pack = tomllib.loads(resource_path("rules", "doctor.toml").read_text("utf-8"))
    assert {c: set(w) for c, w in pack["zh"].items()} == {c: set(w) for c, w in pack["en"].items()}

    def blanks(words: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name}

    for code, words in pack["zh"].items():
        for key, sentence in words.items():
            assert blanks(sentence) == blanks(pack["en"][code][key]), (code, key)


def test_qt_is_started_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert one(tmp_path, "qt").level == "ok"
    assert one(tmp_path, "sound").level in ("ok", "warning")


def test_a_qt_that_does_not_start_is_told_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "executable", str(tmp_path / "missing"))
    finding = one(tmp_path, "qt")
    assert finding.level == "error"
    assert "missing" in finding.finding
