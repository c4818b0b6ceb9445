"""Where the program's own secrets lie: signing keys, the vault's master key. Never in configuration, store or logs.

A key is a file that only its owner can read, in a directory of its own, or an entry in the operating system's keyring.
The two things that go wrong with keys are that somebody else can read them and that a second one takes the first one's
place, after which nothing old can be read or checked any more. So a directory that others can read is refused, and
:meth:`KeyStore.create` never overwrites: of two programs that make the same key at once, both get the first one's.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SUFFIX = ".key"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyTrouble(RuntimeError):
    """A key can't be kept or read; the message says where and why."""


class KeyStore:
    """Named secrets of one installation. Thread-safe; safe between processes when they are files."""

    def __init__(self, directory: Path, *, use_keyring: bool = False, service: str = "ankan") -> None:
        """Files in ``directory`` (made at the first key, mode 0700), or entries of ``service`` in the OS keyring."""
        self.directory = directory
        self.use_keyring = use_keyring
        self.service = service
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """The key of that name, or None when there is none. Raises KeyTrouble, ValueError for a wrong name."""
        path = self._path(name)
        with self._lock:
            return self._from_keyring(name) if self.use_keyring else self._read(path)

    def create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The existing key, or the one that ``make`` gives, kept before it is returned.

        Never overwrites. Raises KeyTrouble, ValueError for a wrong name or an empty key.
        """
        path = self._path(name)
        with self._lock:
            found = self._from_keyring(name) if self.use_keyring else self._read(path)
            if found is not None:
                return found
            value = _checked(make())
            if self.use_keyring:
                self._to_keyring(name, value)
                return value
            return self._write_new(path, value)

    def replace(self, name: str, value: bytes) -> None:
        """Put ``value`` in the place of what is there, all or nothing. Raises KeyTrouble, ValueError."""
        path, value = self._path(name), _checked(value)
        with self._lock:
            if self.use_keyring:
                self._to_keyring(name, value)
                return
            with _trouble(path):
                temporary = self._temporary(path, value)
                os.replace(temporary, path)
                _sync(self.directory)

    def names(self) -> list[str]:
        """Names of the keys that lie in files, sorted; empty with the OS keyring, which can't list. Raises KeyTrouble."""
        with self._lock:
            if self.use_keyring or not self.directory.exists():
                return []
            self._look_at(self.directory)
            return sorted(path.name.removesuffix(_SUFFIX) for path in self.directory.glob(f"[a-z0-9]*{_SUFFIX}"))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a key")
        return self.directory / f"{name}{_SUFFIX}"

    def _read(self, path: Path) -> bytes | None:
        with _trouble(path):
            if not self.directory.exists():
                return None
            self._look_at(self.directory)
            try:
                file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            except FileNotFoundError:
                return None
            with os.fdopen(file, "rb") as stream:
                _private(path, os.fstat(stream.fileno()))
                value = stream.read()
        if not value:
            raise KeyTrouble(f"{path} is empty: put the key back from its safe copy")
        return value

    def _write_new(self, path: Path, value: bytes) -> bytes:
        with _trouble(path):
            temporary = self._temporary(path, value)
            try:
                os.link(temporary, path)  # fails when somebody was faster, where a rename would take his place
            except FileExistsError:
                pass
            except OSError:  # a file system without links: exclusive creation is the next best
                with contextlib.suppress(FileExistsError):
                    _new_file(path, value)
            finally:
                temporary.unlink(missing_ok=True)
            _sync(self.directory)
        kept = self._read(path)
        if kept is None:
            raise KeyTrouble(f"{path} was not kept")
        return kept

    def _temporary(self, path: Path, value: bytes) -> Path:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._look_at(self.directory)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        _new_file(temporary, value)
        return temporary

    @staticmethod
    def _look_at(directory: Path) -> None:
        _private(directory, directory.stat())

    def _from_keyring(self, name: str) -> bytes | None:
        import keyring  # most installations keep files: they need not load it
        from keyring.errors import KeyringError

        try:
            text = keyring.get_password(self.service, name)
            return None if text is None else base64.b64decode(text, validate=True)
        except (KeyringError, binascii.Error) as error:
            raise KeyTrouble(f"key {name} in the system's keyring: {error}") from error

    def _to_keyring(self, name: str, value: bytes) -> None:
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(self.service, name, base64.b64encode(value).decode())
        except KeyringError as error:
            raise KeyTrouble(f"key {name} in the system's keyring: {error}") from error


@contextlib.contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KeyTrouble(f"{path}: {error.strerror or error}") from error


def key_store(data_dir: Path, use_keyring: bool = False) -> KeyStore:
    """The keys of the installation in a data directory; in the keyring its path keeps it apart from others."""
    return KeyStore(data_dir / "keys", use_keyring=use_keyring, service=f"ankan {data_dir.resolve()}")


def _checked(value: bytes) -> bytes:
    if not value:
        raise ValueError("an empty key is none")
    return value


def _new_file(path: Path, value: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(value)
        stream.flush()
        os.fsync(stream.fileno())


def _private(path: Path, found: os.stat_result) -> None:
    """Windows has access lists of its own, which the user's profile directory already closes."""
    if os.name == "posix" and found.st_mode & _OTHERS:
        mode, wanted = stat.S_IMODE(found.st_mode), 0o700 if stat.S_ISDIR(found.st_mode) else 0o600
        raise KeyTrouble(
            f"{path} can be read by others (mode {mode:04o}): the keys in it may be known. "
            f"Take the rights away (chmod {wanted:03o}), and change the keys if others use this machine"
        )


def _sync(directory: Path) -> None:
    """The new name is on the disk too, where the system can be asked for that."""
    if os.name == "posix":
        file = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
