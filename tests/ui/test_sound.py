from __future__ import annotations

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from app.clock import US
from models.alarms import AlarmState, Priority
from tests.ui.conftest import Ear, flush
from tests.ui.station import MemoryStation
from ui.alarms.sound import AlarmSound, QtPlayer
from ui.widgets.panel import PanelContext


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def sound(ctx: PanelContext, station: MemoryStation, ear: Ear) -> AlarmSound:
    return AlarmSound(ctx.open_alarms, station, ear, ctx)


def raise_one(station: MemoryStation, ctx: PanelContext, priority: Priority = Priority.HIGH) -> int:
    row = station.raise_alarm(station.make_row(station.add_tag(f"T-{len(station.tags.tags)}"), priority=priority))
    ctx.bridge._drain_alarms()
    return row.occurrence_id


def test_a_new_alarm_sounds_and_repeats_by_its_priority(
    sound: AlarmSound, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    raise_one(station, ctx)
    assert ear.heard == ["high"]
    assert sound._repeat.interval() == station.alarms.limits().repeat_s[Priority.HIGH] * 1000
    sound._again()
    assert ear.heard == ["high", "high"]


def test_a_worse_alarm_takes_over_at_once_and_a_lesser_one_does_not(
    sound: AlarmSound, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    raise_one(station, ctx)
    raise_one(station, ctx, Priority.LOW)
    raise_one(station, ctx, Priority.CRITICAL)
    assert ear.heard == ["high", "critical"]


def test_silence_stops_the_sound_but_the_next_alarm_sounds_again(
    sound: AlarmSound, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    first = raise_one(station, ctx)
    sound.silence()
    assert sound.sounding is Priority.NONE
    assert not sound._repeat.isActive()
    assert station.alarms.rows[first].unacknowledged
    raise_one(station, ctx, Priority.LOW)
    assert ear.heard == ["high", "low"]


def test_acknowledging_ends_the_sound_of_that_alarm(
    sound: AlarmSound, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    worse = raise_one(station, ctx, Priority.CRITICAL)
    raise_one(station, ctx, Priority.LOW)
    station.change(msgspec.structs.replace(station.alarms.rows[worse], state=AlarmState.ACKED))
    ctx.bridge._drain_alarms()
    assert sound.sounding is Priority.LOW


def test_muting_keeps_quiet_until_its_time_and_then_speaks_again(
    sound: AlarmSound, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    sound.mute(True, 300)
    assert sound.muted_until_us == station.now_us() + 300 * US
    raise_one(station, ctx)
    assert ear.heard == []
    sound._unmute.timeout.emit()
    assert not sound.muted
    assert ear.heard == ["high"]


def test_alarms_that_wait_at_the_start_are_heard_and_not_again_after_a_resynchronisation(
    station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    row = station.make_row(station.add_tag("T-1"), priority=Priority.CRITICAL)
    station.alarms.rows[row.occurrence_id] = row
    ctx.open_alarms.reread()
    sound = AlarmSound(ctx.open_alarms, station, ear, ctx)
    assert ear.heard == ["critical"]
    sound.silence()
    ctx.open_alarms.reread()
    assert ear.heard == ["critical"]


def test_an_alarm_that_only_shows_does_not_sound(
    sound: AlarmSound, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    station.raise_alarm(station.make_row(station.add_tag("T-1"), annunciate=False), sound=False)
    ctx.bridge._drain_alarms()
    assert ear.heard == []


def test_without_an_audio_device_the_player_says_so_and_nothing_breaks(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", None)  # as on a system without audio libraries
    player = QtPlayer()
    player.play("critical")
    assert not player.available
    player.play("critical")
    player.deleteLater()
    flush()
