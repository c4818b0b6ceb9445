"""What is sealed opens at its own place only, and no step of a change of keys can lose a value."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.access.keys import KeyStore, KeyTrouble
from app.access.vault import PAD_TO, Sealed, Vault, VaultTrouble

PLACE = ("person_private", 7, "phone")


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture(scope="module")
def one_vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault(KeyStore(tmp_path_factory.mktemp("k") / "keys"))


@given(value=some.text(alphabet=some.characters(codec="utf-8"), max_size=80))
def test_what_was_sealed_comes_back_as_it_was(one_vault: Vault, value: str) -> None:
    sealed = one_vault.seal(PLACE, value)
    assert one_vault.open(PLACE, sealed) == value
    assert len(sealed.ciphertext) % PAD_TO == 16


def test_the_same_value_never_looks_the_same(keys: KeyStore) -> None:
    vault = Vault(keys)
    assert len({vault.seal(PLACE, "13812345678").ciphertext for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "other", [("person_private", 8, "phone"), ("person_private", 7, "name"), ("person_health", 7, "phone")]
)
def test_a_value_moved_to_another_person_field_or_table_does_not_open(
    keys: KeyStore, other: tuple[str, int, str]
) -> None:
    vault = Vault(keys)
    sealed = vault.seal(PLACE, "13812345678")
    with pytest.raises(VaultTrouble, match="changed or moved"):
        vault.open(other, sealed)


def test_a_changed_value_does_not_open(keys: KeyStore) -> None:
    vault = Vault(keys)
    nonce, ciphertext, key_id = vault.seal(PLACE, "13812345678")
    for spoiled in (
        Sealed(nonce, bytes([ciphertext[0] ^ 1]) + ciphertext[1:], key_id),
        Sealed(nonce, ciphertext[:-1], key_id),
        Sealed(b"\x00" * 12, ciphertext, key_id),
        Sealed(b"", b"", key_id),
    ):
        with pytest.raises(VaultTrouble):
            vault.open(PLACE, spoiled)


def test_the_ring_is_the_owners_alone_and_holds_no_value(keys: KeyStore) -> None:
    Vault(keys).seal(PLACE, "13812345678")
    (file,) = keys.directory.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"1381" not in file.read_bytes()


def test_old_values_open_while_a_new_key_is_current(keys: KeyStore) -> None:
    vault = Vault(keys)
    old = vault.seal(PLACE, "x")
    new_key = vault.add_key()
    assert vault.seal(PLACE, "y").key_id == new_key != old.key_id
    assert vault.open(PLACE, old) == "x"
    assert Vault(keys).open(PLACE, old) == "x"


def test_a_key_that_something_needs_is_not_forgotten(keys: KeyStore) -> None:
    vault = Vault(keys)
    old = vault.seal(PLACE, "x")
    vault.add_key()
    assert vault.forget(frozenset({old.key_id})) == frozenset()
    assert vault.open(PLACE, old) == "x"
    assert vault.forget(frozenset()) == {old.key_id}
    assert vault.known == {vault.current}
    with pytest.raises(VaultTrouble, match="not in the ring"):
        vault.open(PLACE, old)


def test_a_key_that_another_process_made_is_found(keys: KeyStore) -> None:
    here, there = Vault(keys), Vault(keys)
    assert here.current == there.current
    there.add_key()
    sealed = there.seal(PLACE, "x")
    assert here.open(PLACE, sealed) == "x"
    assert here.current == there.current


@pytest.mark.parametrize(
    "body", [b"{}", b"nonsense", b'{"current":"a","keys":{}}', b'{"current":"a","keys":{"a":"!"}}']
)
def test_a_spoiled_ring_is_said_and_never_replaced(keys: KeyStore, body: bytes) -> None:
    keys.create("vault", lambda: body)
    with pytest.raises(KeyTrouble, match="safe copy"):
        Vault(keys).seal(PLACE, "x")
    assert keys.get("vault") == body
