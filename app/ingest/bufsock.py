"""A socket that reads and writes in large pieces for paho, which asks for single bytes.

paho makes three recv() calls a message and one send() an acknowledgement, and each gives up the interpreter lock.
Serving them from memory halves the cost of a message (tests/benchmarks/ingest). It stands where paho's own
websocket wrapper stands and offers the same methods.
"""

from __future__ import annotations

import select
import socket
import ssl
from typing import Any

_CHUNK = 262_144


class BufferedSocket:
    """Wraps a connected, non-blocking TCP or TLS socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._in = b""
        self._at = 0
        self._out = bytearray()

    def recv(self, size: int) -> bytes:
        """Up to ``size`` bytes; raises BlockingIOError when there are none, b'' at the end of the stream."""
        at = self._at
        data = self._in[at : at + size]
        if data:
            self._at = at + len(data)
            return data
        if size > _CHUNK:
            return self._sock.recv(size)
        self._in = self._sock.recv(_CHUNK)
        self._at = size
        return self._in[:size]

    def pending(self) -> int:
        """Bytes that can be read without asking the network."""
        inner = self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0
        return max(0, len(self._in) - self._at) + inner

    def send(self, data: bytes) -> int:
        """Keep for the next :meth:`flush`."""
        self._out += data
        return len(data)

    def flush(self) -> bool:
        """Write what is kept, as far as the network takes it; True when nothing is left."""
        while self._out:
            try:
                sent = self._sock.send(self._out)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            del self._out[:sent]
        return True

    def close(self) -> None:
        """Try for half a second to send what is kept (DISCONNECT), then close."""
        try:
            if self._out and not self.flush():
                select.select([], [self._sock], [], 0.5)
                self.flush()
        except OSError:
            self._out.clear()
        self._sock.close()

    def fileno(self) -> int:
        """For select()."""
        return self._sock.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
