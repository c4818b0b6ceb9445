"""From engine and worker threads to the Qt thread: coalesced values, every alarm, nothing after closing."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.bridge import Bridge
from app.bus import Bus
from models.alarms import AlarmRow, AlarmState, ConditionKind, Priority
from models.events import (
    AlarmsChanged,
    AlarmsResynchronised,
    DeadLettersChanged,
    EngineCrashed,
    Event,
    LinkChanged,
    LinkState,
    StoreFailed,
    StoreRecovered,
    TagsChanged,
    UsersChanged,
    ValuesChanged,
)
from models.readings import LiveValue


class Station:
    """The bridge asks nothing but the bus."""

    def __init__(self) -> None:
        self.bus = Bus()


def elsewhere(function: Any, *args: Any) -> None:
    """Run on another thread, as the engine does, and wait for it."""
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def live(tag_id: int, value: float) -> LiveValue:
    return LiveValue(tag_id, 1, value, 192, 1)


def row(number: int) -> AlarmRow:
    return AlarmRow(
        occurrence_id=number, definition_id=1, key="A", tag_id=1, tag="T", area="", area_name="", area_name_en="",
        text="", text_en="", state=AlarmState.UNACK, priority=Priority.HIGH, severity=Priority.HIGH,
        kind=ConditionKind.H, raised_us=number, value=1.0, limit=1.0, unit="", decimals=1,
    )  # fmt: skip


@pytest.fixture
def wired(qtbot: QtBot) -> Any:
    station = Station()
    made = Bridge(station)  # type: ignore[arg-type]  # the bus is all it asks for
    yield made, station.bus
    made.close()
    made.deleteLater()


def test_values_are_coalesced_and_samples_are_not(wired: tuple[Bridge, Bus], qtbot: QtBot) -> None:
    bridge, bus = wired
    samples: list[dict[int, list[tuple[int, float]]]] = []
    bridge.samples.connect(samples.append)

    def burst() -> None:
        for i in range(100):
            bus.publish(ValuesChanged({1: live(1, float(i))}, {1: [(i, float(i))]}))

    with qtbot.waitSignal(bridge.values, timeout=2000) as caught:
        elsewhere(burst)
    assert caught.args == [{1: live(1, 99.0)}]
    assert [v for _, v in samples[0][1]] == [float(i) for i in range(100)]


def test_every_alarm_comes_in_its_order_and_on_the_qt_thread(wired: tuple[Bridge, Bus], qtbot: QtBot) -> None:
    bridge, bus = wired
    seen: list[tuple[int, int]] = []
    sounds: list[int] = []

    def take(rows: list[AlarmRow], sound: list[int]) -> None:
        seen.extend((r.occurrence_id, threading.get_ident()) for r in rows)
        sounds.extend(sound)

    bridge.alarms.connect(take)

    def flood() -> None:
        for i in range(500):
            bus.publish(AlarmsChanged((row(i),), (i,) if i % 2 else ()))

    elsewhere(flood)
    qtbot.waitUntil(lambda: len(seen) == 500, timeout=2000)
    assert [number for number, _ in seen] == list(range(500))
    assert {thread for _, thread in seen} == {threading.get_ident()}
    assert sounds == list(range(1, 500, 2))


@pytest.mark.parametrize(
    ("signal", "event"),
    [
        ("resynchronised", AlarmsResynchronised(1, "link")),
        ("link", LinkChanged("b", LinkState.UP, 1)),
        ("store_failed", StoreFailed(1, "full", 1)),
        ("store_recovered", StoreRecovered(1, 1)),
        ("dead_letters", DeadLettersChanged(3)),
        ("tags_changed", TagsChanged(1)),
        ("users_changed", UsersChanged(1)),
        ("crashed", EngineCrashed(1, "x", "")),
    ],
)
def test_each_fact_has_its_signal(wired: tuple[Bridge, Bus], qtbot: QtBot, signal: str, event: Event) -> None:
    bridge, bus = wired
    with qtbot.waitSignal(getattr(bridge, signal), timeout=2000) as caught:
        elsewhere(bus.publish, event)
    assert caught.args == [event]


def test_results_of_workers_arrive_on_the_qt_thread_and_errors_go_their_own_way(
    wired: tuple[Bridge, Bus], qtbot: QtBot
) -> None:
    bridge, _ = wired
    got: list[Any] = []
    good: Future[int] = Future()
    bad: Future[int] = Future()
    dropped: Future[int] = Future()
    bridge.when_done(good, lambda result: got.append((result, threading.get_ident())))
    bridge.when_done(bad, got.append, lambda error: got.append(str(error)))
    bridge.when_done(dropped, got.append)
    dropped.cancel()
    elsewhere(good.set_result, 5)
    elsewhere(bad.set_exception, ValueError("no"))
    qtbot.waitUntil(lambda: len(got) == 2, timeout=2000)
    assert got == [(5, threading.get_ident()), "no"]


def test_after_closing_nothing_is_heard_any_more(wired: tuple[Bridge, Bus], qtbot: QtBot) -> None:
    bridge, bus = wired
    heard: list[Any] = []
    late: Future[int] = Future()
    bridge.values.connect(heard.append)
    bridge.tags_changed.connect(heard.append)
    bridge.when_done(late, heard.append)
    bridge.close()
    bridge.close()
    bus.publish(ValuesChanged({1: live(1, 1.0)}))
    bus.publish(TagsChanged(1))
    late.set_result(1)
    with qtbot.assertNotEmitted(bridge.values, wait=300):
        pass
    assert heard == []
