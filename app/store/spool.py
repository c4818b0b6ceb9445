"""The last resort: when the store refuses a batch (full disk, lost database) it goes to a file beside it.

Each record is length, CRC-32 and a msgpack body, flushed to the disk before the broker is told "received". A record
cut off by a crash is recognised and left out; its messages were never acknowledged, so the broker still has them.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_HEAD = struct.Struct("<II")


class Spool:
    """Batches waiting for the store. ``directory`` may be on another disk than the store."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "spool.bin"
        self.count = sum(1 for _ in self.records())

    def append(self, body: bytes) -> None:
        """Add a batch and flush it to the disk; raises OSError when that fails."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        size = self._path.stat().st_size if self._path.exists() else 0
        try:
            with self._path.open("ab") as handle:
                handle.write(_HEAD.pack(len(body), zlib.crc32(body)) + body)
                handle.flush()
                os.fsync(handle.fileno())
        except OSError:
            if self._path.exists():
                os.truncate(self._path, size)
            raise
        self.count += 1

    def records(self) -> Iterator[bytes]:
        """All whole records, oldest first."""
        if not self._path.exists():
            return
        with self._path.open("rb") as handle:
            while len(head := handle.read(_HEAD.size)) == _HEAD.size:
                length, crc = _HEAD.unpack(head)
                body = handle.read(length)
                if len(body) < length or zlib.crc32(body) != crc:
                    return
                yield body

    def set_aside(self, now_us: int) -> Path:
        """Start afresh, keeping the file under another name (it holds what this version can't read); returns that."""
        kept = self._path.with_name(f"spool-unreadable-{now_us}.bin")
        self._path.replace(kept)
        self.count = 0
        return kept

    def clear(self) -> None:
        """All records are in the store now."""
        self._path.unlink(missing_ok=True)
        self.count = 0
