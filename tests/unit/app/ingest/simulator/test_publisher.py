import json
import threading

from app.clock import US, ManualClock, SystemClock
from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.router import Decoder
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.publisher import SimulatorPublisher
from app.ingest.simulator.simulator import Simulator

START = 1_764_000_000 * US
DEMO = load_demo()


def publisher(clock, publish, **options):
    return SimulatorPublisher(Simulator(clock, 7, DEMO), publish, clock=clock, **options)


def test_samples_travel_in_the_native_form_and_are_decoded_as_they_were():
    clock, sent = ManualClock(START), []
    feed = publisher(clock, lambda topic, body: sent.append((topic, body)))
    feed.simulator.start_scenario("lightning", START)
    clock.advance(9)
    count = feed.pump()
    assert count == len(sent) == feed.published > 500
    again = Simulator(ManualClock(START), 7, DEMO)
    again.start_scenario("lightning", START)
    decoder = Decoder(MappingSet())
    for (topic, body), (tag, t_us, value, quality) in zip(sent, again.step(9), strict=True):
        assert topic == f"ankan/v1/{tag}"
        [reading] = decoder.decode(topic, body, START)
        assert (reading.tag, reading.t_us, reading.value, reading.quality) == (tag, t_us, value, quality)
    assert any(b'"q":16' in body for _, body in sent)


def test_a_broker_that_is_away_costs_samples_and_not_the_simulator():
    clock = ManualClock(START)

    def away(topic, body):
        raise OSError("not connected")

    feed = publisher(clock, away)
    clock.advance(2)
    assert feed.pump() > 100
    assert feed.failed > 100
    assert feed.published == 0


def test_after_a_sleep_of_the_machine_only_the_present_is_sent():
    clock, sent = ManualClock(START), []
    feed = publisher(clock, lambda topic, body: sent.append(json.loads(body)["t"]))
    clock.advance(7_200)
    feed.pump()
    assert 100 < len(sent) < 400
    assert min(sent) > START + 7_190 * US
    assert feed.pump() == 0


def test_the_thread_publishes_and_stops_without_a_trace():
    enough = threading.Event()
    feed = publisher(SystemClock(), lambda topic, body: enough.set(), step_s=0.01)
    feed.start()
    feed.start()
    assert enough.wait(10)
    feed.stop()
    feed.stop()
    assert "ankan-simulator" not in [thread.name for thread in threading.enumerate()]
