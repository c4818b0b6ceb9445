"""The figures of EEMUA 191 and ISA-18.2, checked by hand-made days."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alarms.kpi import Flood, bins_of, chattering_of, floods_of, performance
from app.alarms.records import OccurrenceRecord
from app.alarms.rules import AlarmRulesError, load_alarm_rules
from app.clock import US
from app.paths import resource_path
from models.alarms import AlarmState, ConditionKind, Priority

RULES = load_alarm_rules().kpi
MIN, DAY = 60 * US, 86_400 * US


def life(t: int, *, key: str = "A", priority: Priority = Priority.LOW, acked: int | None = None, cleared: int | None = None) -> OccurrenceRecord:  # fmt: skip
    return OccurrenceRecord(
        id=t + 1,
        definition_id=1,
        key=key,
        tag_id=1,
        state=AlarmState.NORM,
        priority=priority,
        kind=ConditionKind.H,
        raised_us=t,
        acked_us=acked,
        cleared_us=cleared,
        closed_us=cleared,
    )


def test_a_quiet_day_meets_all_targets() -> None:
    day = [life(i * 10 * MIN, cleared=i * 10 * MIN + 5 * MIN, acked=i * 10 * MIN + MIN) for i in range(144)]
    figures = performance(day, 0, DAY, RULES)
    assert (figures.alarms, figures.average_per_bin, figures.peak_per_bin, figures.per_day) == (144, 1.0, 1, 144.0)
    assert (figures.day_class, figures.floods, figures.flood_share) == ("manageable", [], 0.0)
    assert (figures.median_ack_s, figures.unacknowledged, figures.fleeting) == (60.0, 0, 0)
    assert all(figures.targets_met.values())


def test_three_hundred_a_day_are_too_many() -> None:
    for n, word in ((150, "manageable"), (151, "high"), (299, "high"), (300, "over_demanding")):
        figures = performance([life(i * MIN) for i in range(n)], 0, DAY, RULES)
        assert figures.day_class == word
        assert figures.targets_met["per_day"] == (word == "manageable")


def test_a_flood_begins_with_the_tenth_and_ends_below_five_in_ten_minutes() -> None:
    times = [i * 30 * US for i in range(12)]  # 0:00 … 5:30; the tenth at 4:30
    (flood,) = floods_of(times, DAY, RULES)
    assert flood == Flood(270 * US, 10 * MIN + 7 * 30 * US, 12, 12)


def test_nine_in_ten_minutes_are_no_flood() -> None:
    assert floods_of([i * MIN for i in range(9)], DAY, RULES) == []
    assert floods_of([i * 67 * US for i in range(100)], DAY, RULES) == []  # nine in any ten minutes


def test_a_flood_goes_on_between_five_and_ten() -> None:
    times = [i * US for i in range(10)] + [i * 2 * MIN for i in range(1, 60)]
    (flood,) = floods_of(sorted(times), DAY, RULES)
    assert (flood.start_us, flood.alarms) == (9 * US, 69)
    assert flood.end_us == 120 * MIN  # five lie within the ten minutes until that of 1:50 leaves


def test_a_flood_that_lasts_is_cut_at_the_end() -> None:
    (flood,) = floods_of([i * US for i in range(20)], 5 * MIN, RULES)
    assert (flood.start_us, flood.end_us, flood.alarms, flood.peak) == (9 * US, 5 * MIN, 20, 20)


@given(st.lists(st.integers(0, 120).map(lambda i: i * 30), max_size=120).map(sorted))
def test_floods_agree_with_looking_at_every_second(seconds: list[int]) -> None:
    def recent(at: int) -> int:
        return sum(1 for s in seconds if at - 600 < s <= at)

    on, inside = False, []
    for at in range(7200):
        if not on and at in seconds and recent(at) >= 10:
            on = True
        elif on and recent(at) < 5:
            on = False
        if on:
            inside.append(at)
    floods = floods_of([s * US for s in seconds], 7200 * US, RULES)
    told = [at for at in range(7200) if any(f.start_us <= at * US < f.end_us for f in floods)]
    assert told == inside


def test_chattering_is_three_rings_within_a_minute() -> None:
    slow = [(i * 31 * US, "slow") for i in range(10)]
    fast = [(i * 30 * US, "fast") for i in range(3)]
    assert chattering_of(sorted(slow + fast), RULES) == ["fast"]


def test_rings_before_an_acknowledgement_count_though_it_is_one_life() -> None:
    rings = [(i * 10 * US, "A") for i in range(6)]
    figures = performance([life(0)], 0, DAY, RULES, raises=rings)
    assert (figures.alarms, figures.chattering) == (6, ["A"])


def test_fleeting_alarms_clear_before_anybody_could_respond() -> None:
    day = [
        life(0, key="short", cleared=29 * US),
        life(0, key="long", cleared=30 * US),
        life(0, key="seen", cleared=20 * US, acked=10 * US),
        life(0, key="slow to handle", cleared=90 * US),
        life(0, key="still on"),
    ]
    figures = performance(day, 0, DAY, RULES, respond_s={"slow to handle": 300.0})
    assert figures.fleeting_keys == ["short", "slow to handle"]


def test_stale_alarms_stand_longer_than_a_day() -> None:
    day = [life(0, key="standing"), life(0, key="just"), life(0, key="cleared", cleared=25 * 3600 * US)]
    day[1].cleared_us = DAY
    assert performance(day, 0, 2 * DAY, RULES).stale == ["cleared", "standing"]
    assert performance(day, DAY, 2 * DAY, RULES).alarms == 0  # raised before, but still standing
    assert performance(day, DAY, 2 * DAY, RULES).stale == ["cleared", "standing"]


def test_bad_actors_and_priorities() -> None:
    day = [life(i, key=f"K{min(i, 12)}", priority=Priority.HIGH if i % 4 == 0 else Priority.LOW) for i in range(20)]
    figures = performance(day, 0, DAY, RULES)
    assert (figures.top[0].key, figures.top[0].count, figures.top[0].share) == ("K12", 8, 0.4)
    assert len(figures.top) == 10
    assert figures.top_share == pytest.approx(17 / 20)
    assert figures.priority_share == {"low": 0.75, "medium": 0.0, "high": 0.25, "critical": 0.0}
    assert not figures.targets_met["high_share"]


def test_rows_that_only_tell_of_a_hold_are_no_alarms() -> None:
    assert performance([life(5, cleared=5)], 0, DAY, RULES).alarms == 0


def test_an_empty_period_is_refused_and_a_silent_one_is_not() -> None:
    with pytest.raises(ValueError, match="empty"):
        performance([], 5, 5, RULES)
    silent = performance([], 0, DAY, RULES)
    assert (silent.alarms, silent.median_ack_s, silent.peak_per_bin, silent.top) == (0, None, 0, [])


def test_the_last_bin_may_be_short() -> None:
    assert bins_of([0, 599 * US, 600 * US, 1499 * US], 0, 1500 * US, 600 * US) == [2, 1, 1]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("flood_ends = 5", "flood_ends = 50", "flood"),
        ("critical = 3600,", "", "critical"),
        ("top = 10", "tip = 10", "tip"),
    ],
)
def test_a_broken_rule_pack_is_refused_with_its_reason(tmp_path: Path, old: str, new: str, says: str) -> None:
    own = tmp_path / "alarm_rules.toml"
    own.write_text(resource_path("rules", "alarm_rules.toml").read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(AlarmRulesError, match=says):
        load_alarm_rules(own)
