"""A publisher that costs next to nothing: MQTT 3.1.1 packets made beforehand and pushed through a plain socket.

Benchmarks measure the receiver; a Python client that publishes would be slower than what it measures.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterable


def _length(n: int) -> bytes:
    out = bytearray()
    while True:
        n, low = divmod(n, 128)
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def publish_packet(topic: str, payload: bytes, qos: int = 0, mid: int = 0) -> bytes:
    """One PUBLISH."""
    body = _text(topic) + (struct.pack(">H", mid) if qos else b"") + payload
    return bytes([0x30 | qos << 1]) + _length(len(body)) + body


class Blaster:
    """A connected publisher."""

    def __init__(self, port: int, name: str = "blaster") -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        body = _text("MQTT") + bytes([4, 2]) + struct.pack(">H", 600) + _text(name)
        self._sock.sendall(b"\x10" + _length(len(body)) + body)
        if self._sock.recv(4)[3:] != b"\x00":
            raise ConnectionError("the broker refused the publisher")
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self) -> None:
        """Throw acknowledgements away."""
        while True:
            try:
                if not self._sock.recv(65536):
                    return
            except OSError:
                return

    def send(self, data: bytes) -> None:
        """Push prepared packets."""
        self._sock.sendall(data)

    def paced(self, packets: Iterable[bytes], per_second: float) -> None:
        """Send packets at a steady rate, in bursts of 10 ms."""
        start, burst = time.perf_counter(), bytearray()
        for sent, packet in enumerate(packets, 1):
            burst += packet
            if sent % max(1, int(per_second / 100)) == 0:
                wait = start + sent / per_second - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
                self._sock.sendall(burst)
                burst.clear()
        self._sock.sendall(burst)

    def close(self) -> None:
        """Leave."""
        self._sock.sendall(b"\xe0\x00")
        self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._drain.join()
