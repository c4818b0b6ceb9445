"""One broker connection: paho on a thread of its own that does nothing but move bytes into the inbox.

The loop is ours (paho's documented external-loop calls) so that reads are buffered, a full inbox stops reading
instead of dropping, and acknowledgements go out in batches when the engine says that a batch is committed.
"""

from __future__ import annotations

import contextlib
import random
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from app.clock import Clock
from app.config import BrokerConfig
from app.ingest.bufsock import BufferedSocket
from app.ingest.inbox import Inbox, Message
from models.events import LinkChanged, LinkState

log = structlog.get_logger(__name__)

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
CONNECT_TIMEOUT_S = 10.0


class _Paho(mqtt.Client):
    """paho with a buffered socket in the place where it wraps TLS and websockets."""

    def _ssl_wrap_socket(self, tcp_sock: Any) -> ssl.SSLSocket:
        """TLS handshake; unlike paho's own it closes the socket when the handshake fails."""
        context = self._ssl_context
        if context is None:
            raise ValueError("no TLS context")
        sock = context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            sock.settimeout(self._connect_timeout)
            sock.do_handshake()
        except OSError:
            sock.close()
            raise
        return sock

    def _create_socket(self) -> Any:
        sock = super()._create_socket()
        sock.setblocking(False)
        return BufferedSocket(sock)  # type: ignore[arg-type]  # paho's SocketLike is what BufferedSocket offers


def backoff_s(attempt: int, rng: random.Random) -> float:
    """Wait before the next try: doubling from 0.5 s to 30 s, with ±50 % jitter so that stations don't march in step."""
    return float(min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(attempt, 10)) * rng.uniform(0.5, 1.5))


def tls_context(broker: BrokerConfig, base: Path) -> ssl.SSLContext | None:
    """The TLS settings of a broker; relative paths are below ``base``. Raises OSError or ssl.SSLError when unreadable."""
    if broker.tls is None:
        return None
    context = ssl.create_default_context(cafile=str(base / broker.tls.ca) if broker.tls.ca else None)
    context.check_hostname = broker.tls.check_hostname
    if broker.tls.certificate:
        context.load_cert_chain(base / broker.tls.certificate, base / broker.tls.key if broker.tls.key else None)
    return context


class BrokerClient:
    """Keeps one broker connected and fills the inbox. ``on_link`` is called on the network thread."""

    def __init__(
        self,
        broker: BrokerConfig,
        station: str,
        inbox: Inbox,
        clock: Clock,
        on_link: Callable[[LinkChanged], None],
        *,
        config_dir: Path | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.name = broker.name
        self._broker = broker
        self._station = station
        self._inbox = inbox
        self._clock = clock
        self._on_link = on_link
        self._dir = config_dir or Path()
        self._rng = rng or random.Random()
        self._stop = threading.Event()
        self._again = threading.Event()
        self._thread: threading.Thread | None = None
        self._acks: deque[int] = deque()
        self._out: deque[tuple[str, bytes, bool]] = deque()
        self._wake_r: socket.socket | None = None  # made by start(): a client that never runs holds nothing open
        self._wake_w: socket.socket | None = None
        self.link = LinkChanged(self.name, LinkState.DOWN, clock.now_us())
        self._generation = 1
        self._client = self._make()

    def start(self) -> None:
        """Connect and stay connected, on a thread of its own."""
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye (the will is not sent) and end the thread."""
        self._stop.set()
        self._wake()
        if self._thread is not None:
            self._thread.join(CONNECT_TIMEOUT_S + 5)
            self._thread = None
        for end in (self._wake_r, self._wake_w):
            if end is not None:
                end.close()

    def acknowledge(self, mids: list[int]) -> None:
        """Tell the broker that these messages (``Message.mid``) are safe."""
        self._acks.extend(mids)
        self._wake()

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send a message at QoS 1 as soon as the link is up."""
        self._out.append((topic, payload, retain))
        self._wake()

    def reconnect(self) -> None:
        """Drop the connection and come back, so that the broker sends again what was not acknowledged."""
        self._again.set()
        self._wake()

    def _wake(self) -> None:
        if self._wake_w is not None:
            with contextlib.suppress(BlockingIOError, OSError):
                self._wake_w.send(b"x")

    @property
    def _status_topic(self) -> str:
        return self._broker.status_topic.format(station=self._station)

    def _make(self) -> _Paho:
        v5 = self._broker.protocol == "5"
        client = _Paho(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id or f"ankan-{self._station}-{self.name}",
            protocol=mqtt.MQTTv5 if v5 else mqtt.MQTTv311,
            clean_session=None if v5 else False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_connect = self._connected
        client.on_message = self._message
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_socket_register_write = lambda *_: None  # our loop looks at want_write() itself
        client.will_set(self._status_topic, self._status("offline"), qos=1, retain=True)
        return client

    def _status(self, word: str) -> bytes:
        return msgspec.json.encode({"station": self._station, "status": word, "since_us": self._clock.now_us()})

    def _set_link(self, state: LinkState, detail: str = "") -> None:
        if (state, detail) != (self.link.state, self.link.detail):
            since = self._clock.now_us() if state != self.link.state else self.link.since_us
            self.link = LinkChanged(self.name, state, since, detail)
            log.info("link", broker=self.name, state=state.value, detail=detail)
            self._on_link(self.link)

    def _run(self) -> None:
        attempt = 0
        try:
            context = tls_context(self._broker, self._dir)
            if context is not None:
                self._client.tls_set_context(context)
        except (OSError, ssl.SSLError) as error:
            self._set_link(LinkState.REFUSED, f"TLS: {error}")
            return
        while not self._stop.is_set():
            if self.link.state != LinkState.REFUSED:
                self._set_link(LinkState.CONNECTING, self.link.detail)
            refused = False
            try:
                self._open()
                if self._talk():
                    attempt = 0
                refused = self.link.state == LinkState.REFUSED
            except (OSError, ValueError) as error:
                self._set_link(LinkState.REFUSED if isinstance(error, ssl.SSLError) else LinkState.DOWN, str(error))
            if not refused and self.link.state not in (LinkState.DOWN, LinkState.REFUSED):
                self._set_link(LinkState.DOWN, self.link.detail)
            self._stop.wait(backoff_s(attempt, self._rng))
            attempt += 1

    def _open(self) -> None:
        user = self._broker.user or None
        self._client.username_pw_set(user, self._broker.password() if user else None)
        if self._broker.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.SessionExpiryInterval = self._broker.session_expiry_s
            properties.ReceiveMaximum = self._broker.receive_maximum
            self._client.connect(
                self._broker.host, self._broker.port, self._broker.keepalive_s, clean_start=False, properties=properties
            )
        else:
            self._client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s)

    def _talk(self) -> bool:
        """Serve one connection until it ends; True when it had been up."""
        client, inbox, was_up = self._client, self._inbox, False
        wake = self._wake_r
        assert wake is not None
        deadline = time.monotonic() + CONNECT_TIMEOUT_S
        misc_at = 0.0
        while (sock := client.socket()) is not None:
            if self._stop.is_set():
                self._say_goodbye(sock)
                return was_up
            if self._again.is_set():
                self._again.clear()
                client.disconnect()
                continue
            while self._acks:
                self._ack(self._acks.popleft())
            if self.link.state == LinkState.UP:
                was_up = True
                while self._out:
                    topic, payload, retain = self._out.popleft()
                    client.publish(topic, payload, qos=1, retain=retain)
            elif time.monotonic() > deadline:
                self._set_link(LinkState.DOWN, "no answer to CONNECT")
                sock.close()
                client.loop_misc()
                return was_up
            if client.want_write():
                client.loop_write()
            flushed = sock.flush() if isinstance(sock, BufferedSocket) else True
            reading = not inbox.full
            pending = reading and isinstance(sock, BufferedSocket) and sock.pending() > 0
            try:
                readable, _, _ = select.select(
                    [wake, sock] if reading else [wake],
                    [] if flushed else [sock],
                    [],
                    0.0 if pending else 0.05 if not reading else 0.5,
                )
            except (OSError, ValueError):
                readable = []
            if wake in readable:
                with contextlib.suppress(BlockingIOError):
                    wake.recv(65536)
            if sock in readable or pending:
                self._read(sock)
            now = time.monotonic()
            if now > misc_at:
                client.loop_misc()
                misc_at = now + 0.25
        return was_up

    def _ack(self, mid: int) -> None:
        """Acknowledge, unless the message came by an earlier connection: there the id may mean another message now."""
        if mid >> 16 == self._generation:
            self._client.ack(mid & 0xFFFF, 1)

    def _read(self, sock: Any) -> None:
        """One network read, and every packet in it."""
        client = self._client
        while client.loop_read() == mqtt.MQTT_ERR_SUCCESS:
            if client.socket() is None or not sock.pending():
                break
        self._inbox.notify()

    def _say_goodbye(self, sock: Any) -> None:
        if self.link.state == LinkState.UP:
            self._client.publish(self._status_topic, self._status("offline"), qos=1, retain=True)
        while self._acks:
            self._ack(self._acks.popleft())
        self._client.loop_write()
        self._client.disconnect()
        self._client.loop_write()
        if isinstance(sock, BufferedSocket):
            with contextlib.suppress(OSError):
                sock.flush()
        self._set_link(LinkState.DOWN, "stopped")

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any) -> None:
        if reason.is_failure:
            self._set_link(LinkState.REFUSED, str(reason))
            return
        options: Any = [
            (topic, SubscribeOptions(qos=self._broker.qos))
            if self._broker.protocol == "5"
            else (topic, self._broker.qos)
            for topic in self._broker.subscriptions
        ]
        if options:
            client.subscribe(options)
        client.publish(self._status_topic, self._status("online"), qos=1, retain=True)
        self._set_link(LinkState.UP)

    def _subscribed(self, _client: Any, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Any) -> None:
        refused = [t for t, r in zip(self._broker.subscriptions, reasons, strict=False) if r.is_failure]
        if refused:
            self._set_link(LinkState.UP, "subscription refused: " + ", ".join(refused))

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _props: Any) -> None:
        self._generation += 1
        if self.link.state == LinkState.UP:
            self._set_link(LinkState.DOWN, str(reason))

    def _message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = message._topic.decode("utf-8", "replace")
        mid = self._generation << 16 | message.mid if message.qos else 0
        self._inbox.put(Message(topic, bytes(message.payload), self._clock.now_us(), mid, self))


_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLError, "tls"),
    (ConnectionRefusedError, "refused"),
    (socket.gaierror, "unknown_host"),
    (TimeoutError, "timeout"),
)
_NO_ENTRY = frozenset({"Not authorized", "Bad user name or password"})


def try_connection(
    broker: BrokerConfig, password: str | None, config_dir: Path | None = None, timeout_s: float = 5.0
) -> str:
    """Try to log in once; returns '' or what went wrong. For worker threads.

    A failure begins with a stable word that screens translate, where there is one ('refused: …', 'unknown_host: …',
    'timeout: …', 'tls: …', 'not_authorized: …', 'closed: …').
    """
    outcome: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5 if broker.protocol == "5" else mqtt.MQTTv311)
    client.connect_timeout = timeout_s
    client.on_connect = lambda _c, _d, _f, reason, _p: outcome.append(str(reason) if reason.is_failure else "")
    try:
        context = tls_context(broker, config_dir or Path())
        if context is not None:
            client.tls_set_context(context)
        if broker.user:
            client.username_pw_set(broker.user, password)
        client.connect(broker.host, broker.port, 10)
        deadline = time.monotonic() + timeout_s
        while not outcome and time.monotonic() < deadline:
            if client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS and not outcome:
                return "closed: connection closed by the broker"
        client.disconnect()
    except (OSError, ValueError) as error:
        text = str(error) or type(error).__name__
        return next((f"{code}: {text}" for kind, code in _FAILURES if isinstance(error, kind)), text)
    if not outcome:
        return "timeout: no answer"
    return f"not_authorized: {outcome[0]}" if outcome[0] in _NO_ENTRY else outcome[0]
