import socket
import stat
import threading

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from app.clock import SystemClock
from app.ingest.broker import BrokerFailedError, EmbeddedBroker
from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.router import Decoder
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.publisher import SimulatorPublisher
from app.ingest.simulator.simulator import Simulator

USERS = {"demo": "correct horse"}


@pytest.fixture
def broker(tmp_path):
    broker = EmbeddedBroker(users=USERS, data_dir=tmp_path)
    broker.start()
    yield broker
    broker.stop()


class Client:
    def __init__(self, broker, password="correct horse", user="demo"):
        self.connected = threading.Event()
        self.subscribed = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.messages = []
        self.code = None
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.username_pw_set(user, password) if user else None
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._on_message
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()

    def _on_connect(self, client, userdata, flags, code, properties):
        self.code = code
        self.connected.set()

    def _on_message(self, client, userdata, message):
        self.messages.append(message)
        self.arrived.release()

    def subscribe(self, topic):
        assert self.connected.wait(10)
        self.client.subscribe(topic, 1)
        assert self.subscribed.wait(10)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def test_a_message_goes_from_one_client_to_another(broker):
    listener, speaker = Client(broker), Client(broker)
    try:
        listener.subscribe("ankan/v1/#")
        assert speaker.connected.wait(10)
        speaker.client.publish("ankan/v1/GD-07", b'{"v": 52.4}', qos=1)
        assert listener.arrived.acquire(timeout=10)
        assert listener.messages[0].topic == "ankan/v1/GD-07"
        assert listener.messages[0].payload == b'{"v": 52.4}'
    finally:
        listener.close()
        speaker.close()


@pytest.mark.parametrize(("user", "password"), [("demo", "wrong"), ("nobody", "correct horse"), ("", "")])
def test_nobody_comes_in_without_the_password(broker, user, password):
    client = Client(broker, password, user)
    try:
        assert client.connected.wait(10)
        assert client.code.is_failure
    finally:
        client.close()


def test_passwords_are_kept_hashed_and_for_the_owner_alone(broker, tmp_path):
    file = tmp_path / "mqtt-users"
    text = file.read_text(encoding="utf-8")
    assert text.startswith("demo:$argon2id$")
    assert "correct horse" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_serves_this_machine_alone(broker, tmp_path):
    assert broker.running
    assert broker.port > 0
    with pytest.raises(ValueError, match="loopback"):
        EmbeddedBroker("0.0.0.0", users=USERS, data_dir=tmp_path)


@pytest.mark.parametrize("users", [None, {}, {"a": ""}, {"a:b": "x"}])
def test_it_never_runs_without_passwords(tmp_path, users):
    with pytest.raises(ValueError, match="passwords"):
        EmbeddedBroker(users=users, data_dir=tmp_path)


def test_a_taken_port_is_said_at_once_and_leaves_no_thread(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = EmbeddedBroker(port=taken.getsockname()[1], users=USERS, data_dir=tmp_path)
        with pytest.raises(BrokerFailedError, match="embedded broker on 127"):
            broker.start()
    assert not broker.running
    assert "ankan-broker" not in [thread.name for thread in threading.enumerate()]


def test_it_can_be_stopped_twice_and_started_again(tmp_path):
    broker = EmbeddedBroker(users=USERS, data_dir=tmp_path)
    for _ in range(2):
        broker.start()
        client = Client(broker)
        assert client.connected.wait(10)
        assert not client.code.is_failure
        client.close()
        broker.stop()
        broker.stop()
        assert not broker.running


def test_the_simulator_reaches_the_decoder_through_the_broker(broker):
    listener, speaker = Client(broker), Client(broker)
    clock = SystemClock()
    publisher = SimulatorPublisher(
        Simulator(clock, 7, load_demo()),
        lambda topic, body: speaker.client.publish(topic, body),
        clock=clock,
        step_s=0.02,
    )
    try:
        listener.subscribe("ankan/v1/#")
        assert speaker.connected.wait(10)
        publisher.start()
        for _ in range(300):
            assert listener.arrived.acquire(timeout=10)
        publisher.stop()
    finally:
        publisher.stop()
        listener.close()
        speaker.close()
    decoder = Decoder(MappingSet())
    names = {tag.name for tag in load_demo().tags}
    for message in listener.messages:
        [reading] = decoder.decode(message.topic, message.payload, clock.now_us())
        assert reading.tag in names
        assert abs(reading.t_us - clock.now_us()) < 60_000_000
