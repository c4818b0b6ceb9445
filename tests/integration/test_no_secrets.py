"""Secrets are planted wherever a person or a site gives one; then every file that the program left is searched for them."""

from __future__ import annotations

import base64
import json
import logging
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
import structlog

from app.access.keys import KeyStore
from app.clock import SystemClock
from app.config import BrokerConfig, save_config
from app.logs import set_up_logging
from models.commands import ChangeOwnPassword, ChangeUser, CreateUser, SilenceSound
from models.events import EngineCrashed
from models.login_commands import EnrolTotp
from models.organisation_commands import PersonDraft, SavePerson
from models.people import Credential
from models.privacy import PrivateValues
from models.rights import Grant, Role
from tests.room import Room
from tests.servers import free_port, wait_for
from tests.unit.app.ingest.test_engine import put
from tests.unit.app.ingest.test_keeping import full_disk

PASSWORDS = {
    "boss": "Kranich-Sommer-4711",
    "boss later": "Kranich-Winter-0815",
    "mistyped": "Kranich-Sommer-4712",
    "deputy": "Reiher-Herbst-2291",
    "deputy later": "Reiher-Nebel-3387",
    "broker": "broker-Pw-88123",
    "broker in the keyring": "ring-Pw-77321",
}
PRIVATE = {
    "name": "欧阳测试人",
    "phone": "13812345678",
    "id_number": "330106198503157752",
    "address": "浙江省杭州市西湖区文三路测试巷九十九号",
    "allergies": "青霉素过敏样本",
}
#: What may hold keys is for the owner alone and not searched for them, nor for anything else.
KEYS = "keys"


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("PLANT_PASSWORD", PASSWORDS["broker"])
    monkeypatch.setattr(keyring, "get_password", lambda _service, _user: PASSWORDS["broker in the keyring"])
    data = tmp_path / "data"
    data.mkdir()
    set_up_logging("debug", data / "logs", console=False)
    brokers = (
        BrokerConfig(name="env", port=free_port(), user="ankan", password_env="PLANT_PASSWORD"),
        BrokerConfig(name="ring", port=free_port(), user="ankan"),
    )
    made = Room(data, clock=SystemClock(), brokers=brokers)
    save_config(made.control.config, data)
    made.tags("TT-1")
    made.control.start()
    yield made
    made.control.stop()


def live_through(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad day: logins right and wrong, new people and passwords, private data, a crash, a full disk."""
    control = room.control
    assert control.people.create_first("boss", "Boss", PASSWORDS["boss"]).result(30).ok
    assert control.people.log_in("boss", PASSWORDS["mistyped"]).result(30).code == "wrong"
    boss = control.people.log_in("boss", PASSWORDS["boss"]).result(30).actor
    assert boss is not None
    sign = Credential("boss", PASSWORDS["boss"], "approve")
    made = CreateUser(
        login="deputy", name="Deputy", password=PASSWORDS["deputy"], grants=(Grant(role=Role.SAFETY_MANAGER),)
    )
    assert not control.door.submit(made, boss).result(30).ok  # not signed: refused, and told in the trail
    assert control.door.submit(made, boss, [sign]).result(30).ok
    changed = control.people.set_first_password("deputy", PASSWORDS["deputy"], PASSWORDS["deputy later"]).result(30)
    assert changed.actor is not None
    deputy = changed.actor
    control.door.submit(ChangeUser(login="deputy", new_password=PASSWORDS["deputy"], reason="x"), deputy).result(30)
    person = PersonDraft(number="E001", private=PrivateValues(PRIVATE))
    answer = control.door.submit(SavePerson(person=person, reason="new"), deputy).result(30)
    assert answer.ok, answer
    control.door.submit(SavePerson(person=person, version=99, reason="again"), deputy).result(30)  # refused
    control.door.submit(EnrolTotp(password=PASSWORDS["deputy later"]), deputy).result(30)
    own = ChangeOwnPassword(old_password=PASSWORDS["boss"], new_password=PASSWORDS["boss later"])
    assert control.door.submit(own, boss).result(30).ok
    control.engine.submit(own, boss).result(30)  # by a way that nobody takes
    control.engine.call(lambda _core: _defect(PASSWORDS["deputy"], PRIVATE["phone"])).result(30)
    log = structlog.get_logger("planted")
    log.warning("login_said", password=PASSWORDS["boss"], phone=PRIVATE["phone"])
    log.warning("address", url=f"postgresql://ankan:{PASSWORDS['broker']}@db/x")
    _crash(room, monkeypatch)
    with full_disk(room.store):
        put(room, *map(float, range(20_000)))
        wait_for(lambda: (control.data_dir / "spool.bin").exists(), what="spool")
        control.door.submit(SilenceSound(), boss).result(30)
        room.control.data_dir.joinpath("spool.copy").write_bytes((control.data_dir / "spool.bin").read_bytes())
    wait_for(control.store_ok, what="the store again")
    auditor = control.people.log_in("boss", PASSWORDS["boss later"]).result(30).actor
    assert auditor is not None
    assert control.guard.verify(auditor).ok
    control.guard.pack(control.data_dir / "audit.zip", auditor)


def _defect(password: str, phone: str) -> Any:
    secret = [password, phone]
    raise ZeroDivisionError(len(secret) / 0)


def _crash(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: Any) -> None:
        _defect(PASSWORDS["boss"], PRIVATE["id_number"])

    monkeypatch.setattr(room.control.alarm_engine, "tick", defect)
    wait_for(lambda: room.heard_of(EngineCrashed), what="crash")


def files(data: Path) -> Iterator[tuple[str, bytes]]:
    """Everything that was left, zips unpacked, but the keys themselves."""
    for path in sorted(data.rglob("*")):
        if not path.is_file() or path.relative_to(data).parts[0] == KEYS:
            continue
        yield path.relative_to(data).as_posix(), path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path.name}/{name}", archive.read(name)


def spellings(secret: str) -> set[bytes]:
    """As text, in JSON, base64 and hex."""
    raw = secret.encode()
    return {
        raw,
        secret.encode("utf-16-le"),
        secret.encode("gb18030"),
        json.dumps(secret)[1:-1].encode(),
        base64.b64encode(raw).rstrip(b"=")[:-1],
        raw.hex().encode(),
    }


def test_no_planted_secret_is_in_any_file(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    live_through(room, monkeypatch)
    data = room.control.data_dir
    left = dict(files(data))
    names = " ".join(left)
    for wanted in (
        "ankan.toml",
        "ankan.db",
        "logs/ankan.log",
        "crashes/",
        "spool.copy",
        "audit.zip/entries.jsonl",
        "head.json",
    ):
        assert wanted in names, f"nothing to search: {wanted}"
    planted = {**PASSWORDS, **PRIVATE}
    for path in sorted((data / KEYS).iterdir()):
        planted[f"key {path.name}"] = path.read_bytes().decode("latin-1")
    found = [
        (what, name)
        for what, secret in planted.items()
        for name, content in left.items()
        if any(
            spelling in content for spelling in (spellings(secret) if not what.startswith("key") else raw_key(secret))
        )
    ]
    assert found == []


def raw_key(secret: str) -> set[bytes]:
    raw = secret.encode("latin-1")
    return {raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")[:-1]}


def test_search_would_find_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x" + json.dumps(PRIVATE["name"]), encoding="ascii")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", base64.b64encode(PASSWORDS["boss"].encode()))
    left = dict(files(tmp_path))
    assert any(s in left["a.log"] for s in spellings(PRIVATE["name"]))
    assert any(s in left["b.zip/inside"] for s in spellings(PASSWORDS["boss"]))


def test_passwords_are_kept_as_argon2id_alone(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    live_through(room, monkeypatch)
    hashes = [row[0] for row in room.rows("SELECT password FROM user_account")]
    assert len(hashes) == 2
    assert all(re.fullmatch(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$\S+", each) for each in hashes)


@pytest.mark.skipif(not hasattr(Path, "owner"), reason="file modes are POSIX")
def test_keys_are_for_the_owner_alone(room: Room) -> None:
    folder = room.control.data_dir / KEYS
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert KeyStore(folder).names()


def test_nothing_secret_ships_with_the_program() -> None:
    """No private key, no password assignment in what is under version control."""
    from app.paths import project_root

    words = re.compile(
        rb"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----|AKIA[0-9A-Z]{16}|(?:password|secret|token)\s*=\s*\"[A-Za-z0-9+/_.!#@-]{8,}\""
    )
    wrong = [
        path.relative_to(project_root()).as_posix()
        for folder in ("app", "ui", "models", "resources", "packaging", ".ci")
        for path in (project_root() / folder).rglob("*")
        if "i18n" not in path.parts
        and path.suffix in (".py", ".toml", ".md", ".sh", ".json", ".cfg", "")
        and path.is_file()
        if words.search(path.read_bytes())
    ]
    assert wrong == []
