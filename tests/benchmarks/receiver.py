"""The child that receives: ``bare`` (paho that only counts) or ``room`` (the whole way). Used by the ingest benchmarks."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.benchmarks.common import fill_tags, quiet_logs, room_for, scratch, until


def say(**figures: object) -> None:
    """One JSON line."""
    import json

    print(json.dumps(figures), flush=True)


def bare(port: int, qos: int, messages: int) -> None:
    """What paho alone can do: connect, subscribe, count."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    seen = 0
    first = last = 0.0
    subscribed = False

    def on_message(_client: object, _data: object, _message: object) -> None:
        nonlocal seen, first, last
        seen += 1
        if seen == 1:
            first = time.perf_counter()
        elif seen == messages:
            last = time.perf_counter()

    def on_subscribe(*_: object) -> None:
        nonlocal subscribed
        subscribed = True

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = on_message
    client.on_subscribe = on_subscribe
    client.connect("127.0.0.1", port)
    client.subscribe("ankan/v1/#", qos=qos)
    client.loop_start()
    until(lambda: subscribed, 10, "subscription")
    say(ready=True)
    until(lambda: seen >= messages, 300, "all messages")
    say(per_s=messages / (last - first), seen=seen)
    client.disconnect()
    client.loop_stop()


def room(port: int, qos: int, messages: int, tags: int, readings: int) -> None:
    """The whole way: decoded, checked, alarmed, committed, acknowledged, published."""
    from sqlalchemy import text

    with scratch() as directory:
        fill_tags(directory, tags)
        station = room_for(directory, port, qos)
        station.start()
        until(lambda: station.links()[0].state == "up", 20, "link")
        time.sleep(0.5)
        core = station.engine._core
        counters, start = core.pipeline.counters, core.pipeline.counters.readings
        say(ready=True)
        until(lambda: counters.messages > 0, 60, "first message")
        first = time.perf_counter()
        until(lambda: counters.committed >= messages, 300, "all messages")
        span = time.perf_counter() - first
        raised = len(station.alarms.open())
        station.stop()
        from app.store.engine import open_store

        store = open_store(Path(directory))
        with store.read() as connection:
            stored = connection.execute(
                text("SELECT COUNT(*) FROM sample WHERE tag_id IN (SELECT id FROM tag WHERE name LIKE 'T%')")
            ).scalar()
        store.close()
        say(
            per_s=messages / span,
            points_per_s=(counters.readings - start) / span,
            stored=stored,
            lost=readings - int(stored or 0),
            alarms=raised,
        )


if __name__ == "__main__":
    quiet_logs()
    kind, port, qos, messages, tags, readings = sys.argv[1], *map(int, sys.argv[2:])
    if kind == "bare":
        bare(port, qos, messages)
    else:
        room(port, qos, messages, tags, readings)
