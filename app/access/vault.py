"""The way in and out of what is stored encrypted: AES-256-GCM, each value bound to the place that it belongs to.

A ciphertext that is moved to another person, field or table does not open (the place is authenticated with it), nor one
that was changed. Keys lie in a ring in the :class:`~app.access.keys.KeyStore`: one is current, older ones stay in it
until nothing is encrypted with them any more. That makes changing the key safe at every step: the new key is kept before
the first value uses it, and an old one goes only after the commit that re-encrypted everything (:meth:`Vault.forget`).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
from typing import NamedTuple

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.access.keys import KeyStore, KeyTrouble

log = structlog.get_logger(__name__)

RING = "vault"
NONCE_BYTES = 12
PAD_TO = 32  # lengths of values are hidden up to this many bytes
_END = b"\x80"


class VaultTrouble(RuntimeError):
    """A value can't be read: its key is gone, or it is not what was put there."""


class Sealed(NamedTuple):
    """An encrypted value and the key that it needs."""

    nonce: bytes
    ciphertext: bytes
    key_id: str


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current: str
    keys: dict[str, str]
    format: int = 1


class _Ring:
    """An immutable copy of the ring."""

    def __init__(self, stored: _Stored) -> None:
        self.current = stored.current
        self.raw = stored.keys
        self.ciphers = {key_id: AESGCM(base64.b64decode(key, validate=True)) for key_id, key in stored.keys.items()}
        if stored.format != 1 or stored.current not in self.ciphers:
            raise ValueError("the current key is not in it")


class Vault:
    """Thread-safe. The ring is read at the first use and again whenever a key is missing in the copy."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._ring: _Ring | None = None

    @property
    def current(self) -> str:
        """Key that new values get. Raises KeyTrouble."""
        return self._present().current

    @property
    def known(self) -> frozenset[str]:
        """Keys that are there. Raises KeyTrouble."""
        return frozenset(self._present().ciphers)

    def refresh(self) -> None:
        """Look at the ring again: another process may have changed the key. Raises KeyTrouble."""
        with self._lock:
            self._ring = self._read()

    def seal(self, place: tuple[str, int, str], value: str) -> Sealed:
        """Encrypt a value for its place: table, person, field. Raises KeyTrouble."""
        ring = self._present()
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = value.encode("utf-8", "replace") + _END
        plain += b"\x00" * (-len(plain) % PAD_TO)
        return Sealed(nonce, ring.ciphers[ring.current].encrypt(nonce, plain, _bound(place)), ring.current)

    def open(self, place: tuple[str, int, str], sealed: Sealed) -> str:
        """The value that was sealed for this very place. Raises VaultTrouble, KeyTrouble."""
        cipher = self._present().ciphers.get(sealed.key_id)
        if cipher is None:
            self.refresh()
            cipher = self._present().ciphers.get(sealed.key_id)
        if cipher is None:
            raise VaultTrouble(f"the key {sealed.key_id} is not in the ring: put it back from its safe copy")
        try:
            plain = cipher.decrypt(sealed.nonce, sealed.ciphertext, _bound(place))
            return plain.rstrip(b"\x00").removesuffix(_END).decode()
        except (InvalidTag, ValueError) as error:
            raise VaultTrouble(f"{place[0]} of person {place[1]}: {place[2]} was changed or moved here") from error

    def add_key(self) -> str:
        """A new current key, kept beside the old ones before it is used; returns its id. Raises KeyTrouble."""
        with self._lock:
            ring = self._read()
            key_id, key = _new_key()
            self._ring = self._write(key_id, {**ring.raw, key_id: key})
        log.info("vault_key_added", key=key_id)
        return key_id

    def forget(self, needed: frozenset[str]) -> frozenset[str]:
        """Throw away old keys that protect nothing (not in ``needed``); returns which went. Raises KeyTrouble."""
        with self._lock:
            ring = self._read()
            kept = {key_id: key for key_id, key in ring.raw.items() if key_id in needed or key_id == ring.current}
            gone = frozenset(ring.raw) - frozenset(kept)
            if gone:
                self._ring = self._write(ring.current, kept)
        if gone:
            log.info("vault_keys_forgotten", keys=sorted(gone))
        return gone

    def _present(self) -> _Ring:
        ring = self._ring
        if ring is not None:
            return ring
        with self._lock:
            self._ring = self._ring or self._read()
            return self._ring

    def _read(self) -> _Ring:
        return _decoded(self._keys.create(RING, _first_ring))

    def _write(self, current: str, keys: dict[str, str]) -> _Ring:
        body = msgspec.json.encode(_Stored(current, keys))
        self._keys.replace(RING, body)
        return _decoded(body)


def _new_key() -> tuple[str, str]:
    return secrets.token_hex(8), base64.b64encode(AESGCM.generate_key(256)).decode()


def _first_ring() -> bytes:
    key_id, key = _new_key()
    return msgspec.json.encode(_Stored(key_id, {key_id: key}))


def _decoded(body: bytes) -> _Ring:
    try:
        return _Ring(msgspec.json.decode(body, type=_Stored))
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise KeyTrouble(f"the key ring {RING!r} can't be read: put it back from its safe copy") from error


def _bound(place: tuple[str, int, str]) -> bytes:
    return "|".join(map(str, place)).encode()
