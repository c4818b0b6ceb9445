"""The embedded MQTT broker, for the demo and the first day: password, loopback only, gone with the program.

It is amqtt on an event loop of its own thread: about 6 000 messages a second at QoS 0, MQTT 3.1.1 (no MQTT 5), retained
messages lost at a restart. A plant in earnest runs a broker of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from argon2 import PasswordHasher

log = structlog.get_logger(__name__)

START_WITHIN_S = 20.0
SHUTDOWN_WITHIN_S = 5.0
#: Chatter of the broker's libraries; what matters is logged here.
_CHATTY = ("amqtt", "transitions", "websockets")


class BrokerFailedError(RuntimeError):
    """The embedded broker could not start (port taken, no such address)."""


class EmbeddedBroker:
    """An MQTT broker on this machine.

    host      must be a loopback address; ValueError otherwise
    port      0 takes a free one; see :attr:`port` after the start
    users     name → password; they are hashed (argon2id) into ``mqtt-users`` in ``data_dir``, readable by the owner only
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        users: Mapping[str, str] | None = None,
        *,
        data_dir: Path,
        max_connections: int = 50,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the embedded broker serves loopback only, not {host}")
        if not users or any(not name or ":" in name or not password for name, password in users.items()):
            raise ValueError("the embedded broker needs users with names (without ':') and passwords")
        self.host = host
        self.port = port
        self._users = dict(users)
        self._file = data_dir / "mqtt-users"
        self._max_connections = max_connections
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None

    @property
    def running(self) -> bool:
        """True between a start that worked and the stop."""
        return self._thread is not None and self._thread.is_alive() and self._error is None

    def start(self) -> None:
        """Start and return when connections are accepted; raises :class:`BrokerFailedError`, OSError for the user file."""
        if self._thread is not None:
            return
        self._write_users()
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._ready.clear()
        self._error = None
        self._thread = threading.Thread(target=self._run, name="ankan-broker", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_WITHIN_S):
            self._error = TimeoutError("not ready in time")
        if self._error is not None:
            error = self._error
            self.stop()
            raise BrokerFailedError(f"embedded broker on {self.host}:{self.port}: {error}") from error
        log.info("broker_started", host=self.host, port=self.port)

    def stop(self) -> None:
        """Close all connections and wait for the thread; safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(stop.set)
        thread.join(SHUTDOWN_WITHIN_S * 3)
        if thread.is_alive():  # a daemon thread: it ends with the program
            log.error("broker_still_running", port=self.port)
        self._loop = self._stop = None
        log.info("broker_stopped", port=self.port)

    def _write_users(self) -> None:
        hasher = PasswordHasher()
        lines = [f"{name}:{hasher.hash(password)}\n" for name, password in self._users.items()]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        sibling = self._file.with_name(self._file.name + ".new")
        sibling.unlink(missing_ok=True)
        handle = os.open(sibling, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.writelines(lines)
        sibling.replace(self._file)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # whatever it is, start() must hear of it
            self._error = error
            if self._ready.is_set():
                log.exception("broker_failed")
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from amqtt.broker import Broker  # heavy, and only needed in the demo
        from amqtt.contexts import BrokerConfig

        writers: weakref.WeakSet[asyncio.StreamWriter] = weakref.WeakSet()

        class Tidy(Broker):  # type: ignore[misc]  # amqtt is not typed
            """Remembers its connections: amqtt forgets those that end while it shuts down."""

            async def stream_connected(
                self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
            ) -> None:
                writers.add(writer)
                await super().stream_connected(reader, writer, listener_name)

        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        address = f"[{self.host}]" if ":" in self.host else self.host
        config: dict[str, Any] = {
            "listeners": {
                "default": {"type": "tcp", "bind": f"{address}:{self.port}", "max_connections": self._max_connections}
            },
            "plugins": {"amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(self._file)}},
        }
        broker = Tidy(BrokerConfig.from_dict(config), loop=self._loop)
        await broker.start()
        try:
            self.port = broker._servers["default"].instance.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
        finally:
            try:  # amqtt waits for each client to say goodbye, and one that goes on publishing never does
                await asyncio.wait_for(broker.shutdown(), SHUTDOWN_WITHIN_S)
            except TimeoutError:
                log.warning("broker_shutdown_slow", connections=len(writers))
            for writer in list(writers):
                writer.transport.abort()
            for _ in range(3):  # let the transports close their sockets
                await asyncio.sleep(0)
