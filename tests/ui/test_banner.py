from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

import msgspec
import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QWidget

from app.ports import Answer
from models.alarms import AlarmState, ConditionKind, Priority
from models.commands import AcknowledgeAlarms, Command, MuteSound, SilenceSound
from models.people import Actor
from tests.ui.conftest import Ear, flush
from tests.ui.station import MemoryStation
from ui.alarms.banner import AlarmBanner, fitted
from ui.alarms.sound import AlarmSound
from ui.i18n import messages
from ui.theme import theme
from ui.widgets.panel import PanelContext, ReasonRequest

Keep = Callable[[QWidget], QWidget]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def banner(ctx: PanelContext, station: MemoryStation, ear: Ear, keep: Keep) -> AlarmBanner:
    sound = AlarmSound(ctx.open_alarms, station, ear, ctx)
    made = cast(AlarmBanner, keep(AlarmBanner(ctx, sound)))
    made.resize(1800, 52)
    made.show()
    return made


def put(station: MemoryStation, ctx: PanelContext, name: str, priority: Priority, **fields: object) -> int:
    value = fields.get("value", 1.0)
    assert isinstance(value, float)
    tag = station.tags.by_name(name) or station.add_tag(name, value, area="A", area_name="罐区A", unit="%{LEL}")
    row = station.raise_alarm(station.make_row(tag, priority=priority, **fields))
    ctx.bridge._drain_alarms()
    flush()
    return row.occurrence_id


def test_it_is_calm_while_nothing_waits(banner: AlarmBanner) -> None:
    assert banner.row is None
    assert banner.strip.accessibleName() == "没有未确认的报警"
    assert banner.ack.isHidden()
    assert not banner._blinker.isActive()


def test_it_shows_the_worst_unacknowledged_alarm_whole(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.LOW, ago_s=5)
    put(
        station,
        ctx,
        "GD-07",
        Priority.CRITICAL,
        ago_s=41,
        text="可燃气 高高",
        kind=ConditionKind.HH,
        value=52.4,
        limit=50.0,
    )
    put(station, ctx, "T-2", Priority.HIGH, ago_s=1)
    words = banner.strip.accessibleName()
    assert words.startswith("GD-07 52.4 %LEL 可燃气 高高 · 限值 50 %LEL · 罐区A · ")
    assert words.endswith("未确认 00:41")
    assert banner.strip.red


def test_a_narrow_banner_keeps_tag_value_and_level(banner: AlarmBanner) -> None:
    metrics = QFontMetrics(theme().font(16, bold=True))
    message = "GD-07 65.5 %LEL P-203 shed combustible gas high-high"
    shown = fitted(message, metrics, metrics.horizontalAdvance(message) * 3 // 4)
    assert shown != message
    assert shown.startswith("GD-07 65.5 %LEL")
    assert shown.endswith("high-high")


def test_only_its_icon_cell_blinks_and_that_can_be_turned_off(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.CRITICAL)
    assert banner._blinker.isActive()
    before = banner.strip.grab().toImage()
    banner._flip()
    after = banner.strip.grab().toImage()
    assert before.copy(0, 0, 60, 52) != after.copy(0, 0, 60, 52)
    assert before.copy(61, 0, 1000, 52) == after.copy(61, 0, 1000, 52)
    banner.set_blink(False)
    assert not banner._blinker.isActive()
    assert banner.strip.lit


def test_counts_are_unacknowledged_and_active_by_priority(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.HIGH)
    put(station, ctx, "T-2", Priority.HIGH, state=AlarmState.ACKED)
    put(station, ctx, "T-3", Priority.HIGH, state=AlarmState.SHLVD)
    assert banner.counts._new[Priority.HIGH].text() == "1"
    assert banner.counts._active[Priority.HIGH].text() == "/2"
    assert banner.counts._new[Priority.LOW].text() == "0"


def test_acknowledging_moves_on_to_the_next_at_once(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    lesser = put(station, ctx, "T-1", Priority.LOW)
    worse = put(station, ctx, "T-2", Priority.CRITICAL)
    banner._since_change.invalidate()
    banner.ack.click()
    ctx.bridge._drain_alarms()
    flush()
    banner._acknowledged.invalidate()
    banner.ack.click()
    ordered = [
        command.occurrence_ids for command, _ in station.door.submitted if isinstance(command, AcknowledgeAlarms)
    ]
    assert ordered == [(worse,), (lesser,)]


def test_an_alarm_that_has_just_pushed_in_is_not_acknowledged_unread(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.LOW)
    put(station, ctx, "T-2", Priority.CRITICAL)
    banner.acknowledge()
    assert station.door.submitted == []


def test_a_double_click_acknowledges_one_alarm_and_not_the_next_unread(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.LOW)
    put(station, ctx, "T-2", Priority.CRITICAL)
    banner._since_change.invalidate()
    for _ in range(2):
        banner.ack.click()
        ctx.bridge._drain_alarms()
        flush()
    assert len(station.door.submitted) == 1
    assert banner.row is not None
    assert banner.row.tag == "T-1"


def test_an_acknowledgement_that_is_on_its_way_is_not_given_twice(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[Command] = []
    waiting: Future[Answer] = Future()

    def slow(command: Command, actor: Actor, signatures: object = ()) -> Future[Answer]:
        orders.append(command)
        return waiting

    monkeypatch.setattr(station.door, "submit", slow)
    put(station, ctx, "T-1", Priority.HIGH)
    row = banner.row
    assert row is not None
    assert banner.acts.acknowledge([row])
    assert not banner.acts.acknowledge([row])
    waiting.set_result(Answer(code="store_failed"))
    flush()
    assert banner.acts.acknowledge([row])
    assert len(orders) == 2


def test_an_alarm_that_has_just_become_worse_is_not_acknowledged_unread(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    key = put(station, ctx, "T-1", Priority.HIGH)
    station.change(msgspec.structs.replace(station.alarms.rows[key], priority=Priority.CRITICAL))
    ctx.bridge._drain_alarms()
    flush()
    banner.acknowledge()
    assert station.door.submitted == []


def test_acknowledging_says_at_which_priority_the_alarm_was_read(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.HIGH)
    banner.acknowledge()
    command = station.door.submitted[-1][0]
    assert isinstance(command, AcknowledgeAlarms)
    assert command.seen == (Priority.HIGH,)


def test_it_shows_the_present_value_beside_the_limit(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "GD-07", Priority.CRITICAL, kind=ConditionKind.HH, text="可燃气", value=51.0, limit=50.0)
    tag = station.tags.by_name("GD-07")
    assert tag is not None
    station.speak(tag.id, 63.2)
    message, details = banner.strip.parts()
    assert message == "GD-07 63.2 %LEL 可燃气 高高"
    assert details[0] == "限值 50 %LEL"


def test_silence_and_mute_work_at_once_while_the_store_is_away(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(command: Command, actor: Actor, signatures: object = ()) -> Future[Answer]:
        answer: Future[Answer] = Future()
        answer.set_result(Answer(code="store_failed"))
        return answer

    monkeypatch.setattr(station.door, "submit", away)
    put(station, ctx, "T-1", Priority.HIGH)
    banner.silence()
    assert banner.sound.sounding is Priority.NONE
    banner._mute(True, 300.0, "正在通话")
    assert banner.sound.muted
    flush()
    assert banner.sound.muted


def test_a_mute_that_the_rules_refuse_is_taken_back(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: Future[Answer] = Future()
    refused.set_result(Answer(code="too_long", params={"max_s": 600}))
    monkeypatch.setattr(station.door, "submit", lambda _command, _actor, _signatures=(): refused)
    banner._mute(True, 6000.0, "正在通话")
    flush()
    assert not banner.sound.muted


def test_mutes_offered_are_those_the_rules_allow(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = msgspec.structs.replace(station.alarms.limits(), mute_max_s=150.0)
    monkeypatch.setattr(station.alarms, "limits", lambda: limits)
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    banner.ask_mute()
    assert asked[0].durations == (120.0,)


def test_silence_orders_and_stops_the_sound_and_acknowledges_nothing(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext, ear: Ear
) -> None:
    put(station, ctx, "T-1", Priority.HIGH)
    banner.silence_button.click()
    flush()
    assert isinstance(station.door.submitted[-1][0], SilenceSound)
    assert banner.sound.sounding is Priority.NONE
    assert banner.row is not None
    put(station, ctx, "T-2", Priority.LOW)
    assert ear.heard == ["high", "low"]


def test_a_mute_is_ordered_shows_and_can_be_ended(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    banner.mute_button.click()
    asked[0].done("正在通话", 300.0, False)
    flush()
    command = station.door.submitted[-1][0]
    assert isinstance(command, MuteSound)
    assert (command.muted, command.for_s, command.reason) == (True, 300.0, "正在通话")
    assert banner.mute_label.isVisible()
    assert banner.mute_label.text().startswith("静音至 ")
    banner.silence()
    flush()
    assert not banner.sound.muted
    assert not banner.mute_label.isVisible()


def test_a_missing_sound_device_shows(banner: AlarmBanner, station: MemoryStation, ctx: PanelContext, ear: Ear) -> None:
    ear.available = False
    put(station, ctx, "T-1", Priority.LOW)
    assert banner.mute_label.text() == "无声音设备"


def test_it_is_retold_in_english_and_knows_who_is_here(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    put(station, ctx, "T-1", Priority.HIGH, text="高", text_en="pressure high")
    messages().switch("en")
    assert "pressure high" in banner.strip.accessibleName()
    assert banner.duty.text() == "李建国"
    ctx.set_actor(None)
    assert banner.duty.text() == "Not logged in"
    assert not banner.ack.isEnabled()


def test_a_returned_alarm_waits_behind_those_still_present(
    banner: AlarmBanner, station: MemoryStation, ctx: PanelContext
) -> None:
    first = put(station, ctx, "T-1", Priority.CRITICAL)
    second = put(station, ctx, "T-2", Priority.LOW)
    station.change(msgspec.structs.replace(station.alarms.rows[first], state=AlarmState.RTNUN))
    ctx.bridge._drain_alarms()
    flush()
    assert banner.row is not None
    assert banner.row.occurrence_id == second
