"""The key store: kept once, read back, never readable by others, never overwritten by accident."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from app.access.keys import KeyStore, KeyTrouble

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


class MemoryKeyring(KeyringBackend):
    """What the operating system's keyring does, in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")


def use_keyring(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


def test_key_that_was_never_made_is_none_and_makes_no_directory(keys: KeyStore) -> None:
    assert keys.get("audit") is None
    assert keys.names() == []
    assert not keys.directory.exists()


def test_created_key_is_read_back_by_another_store(keys: KeyStore) -> None:
    made = keys.create("audit", lambda: b"\x00\xff" * 16)
    assert made == b"\x00\xff" * 16
    assert KeyStore(keys.directory).get("audit") == made
    assert keys.names() == ["audit"]


def test_create_gives_the_existing_key_and_makes_none(keys: KeyStore) -> None:
    keys.create("audit", lambda: b"first")

    def never() -> bytes:
        raise AssertionError("made a second key")

    assert keys.create("audit", never) == b"first"


def test_of_many_who_create_at_once_all_get_the_same(keys: KeyStore) -> None:
    got: list[bytes] = []
    start = threading.Barrier(8)

    def create(mine: bytes) -> None:
        start.wait()
        got.append(KeyStore(keys.directory).create("vault", lambda: mine))

    threads = [threading.Thread(target=create, args=(f"key {n}".encode(),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert set(got) == {keys.get("vault")}
    assert [path.name for path in keys.directory.iterdir()] == ["vault.key"]


def test_replace_takes_the_place_and_leaves_nothing_behind(keys: KeyStore) -> None:
    keys.create("vault", lambda: b"old")
    keys.replace("vault", b"new")
    assert keys.get("vault") == b"new"
    assert [path.name for path in keys.directory.iterdir()] == ["vault.key"]


@posix
def test_files_are_for_the_owner_alone_whatever_the_umask(keys: KeyStore) -> None:
    before = os.umask(0)
    try:
        keys.create("a", lambda: b"1")
        keys.replace("b", b"2")
    finally:
        os.umask(before)
    assert stat.S_IMODE(keys.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.directory.iterdir()} == {0o600}


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_file_that_others_can_read_is_refused(keys: KeyStore, mode: int) -> None:
    keys.create("audit", lambda: b"1")
    (keys.directory / "audit.key").chmod(mode)
    with pytest.raises(KeyTrouble, match=r"audit\.key can be read by others"):
        keys.get("audit")
    with pytest.raises(KeyTrouble, match="chmod 600"):
        keys.create("audit", lambda: b"2")


@posix
def test_directory_that_others_can_enter_is_refused(keys: KeyStore) -> None:
    keys.create("audit", lambda: b"1")
    keys.directory.chmod(0o755)
    for act in (lambda: keys.get("audit"), lambda: keys.replace("audit", b"2"), keys.names):
        with pytest.raises(KeyTrouble, match="chmod 700"):
            act()


@posix
def test_link_in_the_place_of_a_key_is_not_followed(keys: KeyStore, tmp_path: Path) -> None:
    keys.create("audit", lambda: b"1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"somebody else's")
    elsewhere.chmod(0o600)
    (keys.directory / "vault.key").symlink_to(elsewhere)
    with pytest.raises(KeyTrouble, match=r"vault\.key"):
        keys.get("vault")


def test_emptied_key_is_trouble_and_not_a_reason_for_a_new_one(keys: KeyStore) -> None:
    keys.create("audit", lambda: b"1")
    (keys.directory / "audit.key").write_bytes(b"")
    with pytest.raises(KeyTrouble, match="safe copy"):
        keys.create("audit", lambda: b"2")


@pytest.mark.parametrize("name", ["", "../audit", "a/b", "A", ".hidden", "x" * 65])
def test_name_that_is_no_plain_word_is_refused(keys: KeyStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a key"):
        keys.get(name)


def test_empty_key_is_refused(keys: KeyStore) -> None:
    with pytest.raises(ValueError, match="empty"):
        keys.create("audit", bytes)
    with pytest.raises(ValueError, match="empty"):
        keys.replace("audit", b"")


def test_directory_in_the_way_is_told_as_trouble(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file", encoding="utf-8")
    (tmp_path / "keys").chmod(0o600)
    with pytest.raises(KeyTrouble, match="keys"):
        KeyStore(tmp_path / "keys").create("audit", lambda: b"1")


def test_keyring_keeps_keys_and_no_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryKeyring()
    use_keyring(monkeypatch, backend)
    keys = KeyStore(tmp_path / "keys", use_keyring=True, service="ankan-test")
    assert keys.get("vault") is None
    assert keys.create("vault", lambda: b"\x00\x01\xff") == b"\x00\x01\xff"
    assert keys.create("vault", lambda: b"other") == b"\x00\x01\xff"
    keys.replace("vault", b"new")
    assert keys.get("vault") == b"new"
    assert list(backend.kept) == [("ankan-test", "vault")]
    assert not keys.directory.exists()


def test_locked_keyring_is_told_as_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_keyring(monkeypatch, LockedKeyring())
    with pytest.raises(KeyTrouble, match="locked"):
        KeyStore(tmp_path, use_keyring=True).get("vault")


def test_keyring_entry_that_is_no_key_is_told_as_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryKeyring()
    backend.kept["ankan", "vault"] = "not base64!"
    use_keyring(monkeypatch, backend)
    with pytest.raises(KeyTrouble, match="vault"):
        KeyStore(tmp_path, use_keyring=True).get("vault")
