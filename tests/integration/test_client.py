"""The broker client against a real mosquitto: login, TLS, persistence, acknowledgement, back-pressure, reconnect."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.config import BrokerConfig, TlsConfig
from app.ingest.client import BrokerClient, backoff_s, try_connection
from app.ingest.inbox import Inbox
from models.events import LinkChanged, LinkState
from tests.servers import Mosquitto, make_certificates, need, wait_for

pytestmark = pytest.mark.server


@contextmanager
def connected(config: BrokerConfig, inbox: Inbox, links: list[LinkChanged] | None = None) -> Iterator[BrokerClient]:
    client = BrokerClient(config, "T1", inbox, SystemClock(), (links if links is not None else []).append)
    client.start()
    try:
        yield client
    finally:
        client.stop()


def up(client: BrokerClient) -> None:
    wait_for(lambda: client.link.state == LinkState.UP, what="link up")


def take(inbox: Inbox, n: int) -> list:
    wait_for(lambda: len(inbox) >= n, what=f"{n} messages")
    return inbox.take(n)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_messages_arrive_whole_and_in_order(mosquitto: Mosquitto, protocol: str) -> None:
    inbox = Inbox(100_000)
    with connected(BrokerConfig(port=mosquitto.port, protocol=protocol), inbox) as client:
        up(client)
        mosquitto.publish("ankan/v1/TT-1", [f"{i}" for i in range(3000)])
        messages = take(inbox, 3000)
        client.acknowledge([m.mid for m in messages])
    assert [m.payload for m in messages] == [b"%d" % i for i in range(3000)]
    assert {m.topic for m in messages} == {"ankan/v1/TT-1"}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_was_not_acknowledged_comes_again_after_the_station_died(mosquitto: Mosquitto, protocol: str) -> None:
    config = BrokerConfig(port=mosquitto.port, protocol=protocol)
    inbox = Inbox(1000)
    with connected(config, inbox) as client:
        up(client)
        mosquitto.publish("ankan/v1/TT-1", [f"{i}" for i in range(10)])
        first = take(inbox, 10)
        client.acknowledge([m.mid for m in first[:6]])
        wait_for(lambda: not client._acks, what="acks sent")
    mosquitto.publish("ankan/v1/TT-1", ["10"])
    with connected(config, inbox) as client:
        again = take(inbox, 5)
        client.acknowledge([m.mid for m in again])
    assert [m.payload for m in again] == [b"6", b"7", b"8", b"9", b"10"]


def test_acknowledgement_of_an_earlier_connection_is_dropped(mosquitto: Mosquitto) -> None:
    inbox = Inbox(1000)
    links: list[LinkChanged] = []
    with connected(BrokerConfig(port=mosquitto.port), inbox, links) as client:
        up(client)
        mosquitto.publish("ankan/v1/a", ["1"])
        old = take(inbox, 1)[0]
        mosquitto.stop()
        wait_for(lambda: client.link.state != LinkState.UP, what="link down")
        mosquitto.start()
        wait_for(lambda: client.link.state == LinkState.UP, what="link up again")
        mosquitto.publish("ankan/v1/a", ["2"])
        new = take(inbox, 1)[0]
        assert old.mid & 0xFFFF == new.mid & 0xFFFF
        assert old.mid != new.mid
    states = [link.state for link in links]
    assert LinkState.DOWN in states
    assert states.count(LinkState.UP) == 2


def test_full_inbox_stops_reading_and_nothing_is_dropped(mosquitto: Mosquitto) -> None:
    inbox = Inbox(1000)
    with connected(BrokerConfig(port=mosquitto.port, qos=1), inbox) as client:
        up(client)
        mosquitto.publish("ankan/v1/a", [f"{i}" + " " * 2000 for i in range(20_000)])
        wait_for(lambda: inbox.full, what="full inbox")
        depth = len(inbox)
        assert depth < 20_000
        got = []
        while len(got) < 20_000:
            messages = take(inbox, 1)
            messages += inbox.take(999)
            got += [int(m.payload) for m in messages]
            client.acknowledge([m.mid for m in messages])
    assert got == list(range(20_000))


def test_password_is_needed_and_never_in_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Mosquitto(tmp_path, users={"station": "s3cret"}).start()
    try:
        config = BrokerConfig(port=broker.port, user="station", password_env="TEST_MQTT_PASSWORD")
        inbox = Inbox(1000)
        with connected(config, inbox) as client:
            wait_for(lambda: client.link.state == LinkState.REFUSED, what="refusal")
            assert "authori" in client.link.detail.lower()
            monkeypatch.setenv("TEST_MQTT_PASSWORD", "s3cret")
            up(client)
        assert try_connection(config, "s3cret", None, 5.0) == ""
        assert "authori" in try_connection(config, "wrong", None, 5.0).lower()
        assert "s3cret" not in repr(config)
    finally:
        broker.stop()


def test_tls_with_ca_and_client_certificate(tmp_path: Path) -> None:
    paths = make_certificates(tmp_path)
    broker = Mosquitto(tmp_path, tls=paths).start()
    try:
        tls = TlsConfig(ca=paths["ca"], certificate=paths["client_certificate"], key=paths["client_key"])
        inbox = Inbox(1000)
        with connected(BrokerConfig(port=broker.port, tls=tls), inbox) as client:
            up(client)
            subprocess.run(
                [need("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(broker.port), "--cafile", str(paths["ca"]),
                 "--cert", str(paths["client_certificate"]), "--key", str(paths["client_key"]),
                 "-t", "ankan/v1/TT-1", "-m", "21.5" + " " * 70_000, "-q", "1"],
                check=True, capture_output=True,
            )  # fmt: skip
            message = take(inbox, 1)[0]
            assert message.payload.strip() == b"21.5"
            client.acknowledge([message.mid])
        with connected(BrokerConfig(port=broker.port, tls=TlsConfig()), inbox) as stranger:
            wait_for(lambda: stranger.link.state == LinkState.REFUSED, what="refusal of an unknown CA")
            assert "certificate" in stranger.link.detail.lower()
        missing = TlsConfig(ca=tmp_path / "no-such.pem")
        with connected(BrokerConfig(port=broker.port, tls=missing), inbox) as unreadable:
            wait_for(lambda: unreadable.link.state == LinkState.REFUSED, what="unreadable CA")
    finally:
        broker.stop()


def test_presence_is_announced_and_the_will_is_left_behind(mosquitto: Mosquitto) -> None:
    inbox = Inbox(1000)
    watcher = subprocess.Popen(
        [need("mosquitto_sub"), "-h", "127.0.0.1", "-p", str(mosquitto.port), "-t", "ankan/station/#", "-C", "3"],
        stdout=subprocess.PIPE,
        text=True,
    )
    client = BrokerClient(BrokerConfig(port=mosquitto.port, keepalive_s=5), "T1", inbox, SystemClock(), lambda _: None)
    client.start()
    up(client)
    assert watcher.stdout is not None
    first = watcher.stdout.readline()  # the broker has the announcement before the cable is cut
    client._client.socket().shutdown(2)  # the cable is cut: the broker sends the will
    wait_for(lambda: client.link.state != LinkState.UP, what="link down")
    up(client)
    words, _ = watcher.communicate(timeout=20)
    client.stop()
    assert [("online" in w, "offline" in w) for w in [first, *words.splitlines()]] == [
        (True, False),
        (False, True),
        (True, False),
    ]


def test_hung_broker_is_noticed(mosquitto: Mosquitto) -> None:
    inbox = Inbox(1000)
    with connected(BrokerConfig(port=mosquitto.port, keepalive_s=5), inbox) as client:
        up(client)
        mosquitto.freeze()
        try:
            wait_for(lambda: client.link.state != LinkState.UP, timeout=25, what="half-open link noticed")
        finally:
            mosquitto.thaw()
        wait_for(lambda: client.link.state == LinkState.UP, timeout=25, what="link up again")


def test_back_off_doubles_with_jitter_up_to_half_a_minute() -> None:
    import random

    waits = [backoff_s(attempt, random.Random(1)) for attempt in range(12)]
    assert waits[0] < 1
    assert all(0.5 * min(30, 0.5 * 2**n) <= w <= 1.5 * min(30, 0.5 * 2**n) for n, w in enumerate(waits))
    assert len({round(backoff_s(3, random.Random(seed)), 6) for seed in range(20)}) == 20
