"""The performance picture: from a real store, and put together from hand-made days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.alarms.actors import Step
from app.alarms.board import AlarmBoard
from app.alarms.report import Recorded, assemble, performance_lines, performance_of
from app.alarms.rules import load_alarm_rules
from app.clock import US, SystemClock
from app.store.engine import newest_schema
from models.alarms import Priority
from models.performance import AlarmPerformance
from tests.unit.app.alarms.conftest import Plant, high

RULES = load_alarm_rules()
MIN, HOUR, DAY = 60 * US, 3600 * US, 86_400 * US
BASE = 1_764_000_000 * US - 1_764_000_000 * US % DAY  # midnight UTC


def rings(times: list[int], key: str = "A", priority: Priority = Priority.LOW, since_us: int = 0) -> Recorded:
    return Recorded(steps={key: [Step(t, True, priority) for t in times]}, since_us=since_us)


def figure(picture: AlarmPerformance, name: str) -> tuple[float | None, bool | None]:
    found = next(f for f in picture.figures if f.name == name)
    return found.value, found.met


def test_a_flood_is_told_with_the_alarm_that_began_it() -> None:
    recorded = rings([BASE + HOUR + i * 30 * US for i in range(1, 20)], "B")
    recorded.steps["FIRST"] = [Step(BASE + HOUR, True, Priority.HIGH)]
    picture = assemble(recorded, None, BASE, BASE + DAY, RULES, UTC)
    (flood,) = picture.floods
    assert flood.first is not None
    assert (flood.first.key, flood.first_us) == ("FIRST", BASE + HOUR)
    assert flood.alarms == 20
    assert figure(picture, "flood_share")[1] is (flood.end_us - flood.start_us < 0.01 * DAY)


def test_the_series_splits_urgent_from_other_and_covers_the_last_day() -> None:
    recorded = rings([BASE + 6 * DAY + 5 * MIN, BASE + 6 * DAY + 6 * MIN])
    recorded.steps["H"] = [Step(BASE + 6 * DAY + 7 * MIN, True, Priority.HIGH)]
    picture = assemble(recorded, None, BASE, BASE + 7 * DAY, RULES, UTC)
    assert (picture.series_us, len(picture.series)) == (BASE + 6 * DAY, 144)
    assert picture.series[0] == (1, 2)
    assert sum(map(sum, picture.series)) == 3


def test_the_period_before_stands_beside_this_one() -> None:
    now, then = rings([BASE + DAY + i * HOUR for i in range(4)]), rings([BASE + i * HOUR for i in range(9)])
    picture = assemble(now, then, BASE + DAY, BASE + 2 * DAY, RULES, UTC)
    per_day = next(f for f in picture.figures if f.name == "per_day")
    assert (per_day.value, per_day.before, per_day.met) == (4.0, 9.0, True)


def test_what_was_not_recorded_does_not_thin_the_figures() -> None:
    recorded = rings([BASE + 6 * DAY + i * HOUR for i in range(12)], since_us=BASE + 6 * DAY)
    picture = assemble(recorded, None, BASE, BASE + 7 * DAY, RULES, UTC)
    assert (picture.whole, picture.start_us) == (False, BASE + 6 * DAY)
    assert figure(picture, "per_day") == (12.0, True)


def test_shares_are_judged_against_their_targets() -> None:
    recorded = rings([BASE + i * HOUR for i in range(8)])
    recorded.steps["C"] = [Step(BASE + i * HOUR, True, Priority.CRITICAL) for i in range(2)]
    picture = assemble(recorded, None, BASE, BASE + DAY, RULES, UTC)
    verdicts = {share.priority.word: (share.count, share.verdict) for share in picture.priorities}
    assert verdicts == {"critical": (2, "none"), "high": (0, "too_many"), "medium": (0, "too_few"), "low": (8, "ok")}


def test_the_heat_map_follows_the_clock_on_the_wall() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    picture = assemble(rings([BASE + 20 * HOUR]), None, BASE + 12 * HOUR, BASE + 36 * HOUR, RULES, zone)
    assert [sum(n or 0 for n in row.hours) for row in picture.heat] == [0, 1]
    assert picture.heat[1].hours[1] == 1  # 01:30 on the next day
    assert picture.heat[0].hours[16] is None
    assert picture.heat[0].hours[17] == 0


def test_a_month_is_shown_by_weekday_on_average() -> None:
    picture = assemble(
        rings([BASE + 9 * HOUR + i * 7 * DAY for i in range(4)]), None, BASE, BASE + 28 * DAY, RULES, UTC
    )
    assert [row.day_us for row in picture.heat] == [None] * 7
    busiest = max(picture.heat, key=lambda row: sum(n or 0 for n in row.hours))
    assert busiest.hours[9] == 1.0


def test_no_alarms_meet_every_target_that_can_be_judged() -> None:
    picture = assemble(Recorded(), None, BASE, BASE + DAY, RULES, UTC)
    assert picture.alarms == 0
    assert {f.met for f in picture.figures} == {True, None}
    assert picture.top == ()


@pytest.fixture
def lived(plant: Plant) -> Plant:
    """T0 in area A1 rings three times, T1 in area B once."""
    tags = [plant.tag("T0"), plant.tag("T1")]
    plant.tags.infos[1] = type(plant.tags.infos[1])(id=2, name="T1", area="B")
    plant.define(high("T0/H", "T0", priority=Priority.LOW), high("T1/H", "T1", priority=Priority.HIGH))
    plant.start()
    for value in (11.0, 5.0, 11.0, 5.0, 11.0):
        plant.clock.advance(5)
        plant.hear(tags[0], value)
    plant.hear(tags[1], 11.0)
    plant.commit()
    return plant


def test_the_board_tells_it_from_the_store_and_by_area(lived: Plant) -> None:
    @contextmanager
    def read() -> Iterator[Connection]:
        with lived.store.connect() as connection:
            yield connection

    board = AlarmBoard(lambda: lived.engine, read, lived.tags, RULES)
    whole = board.report(0, lived.now + 1)
    assert whole.alarms == 4
    assert [(a.name.key, a.count, a.nature) for a in whole.top] == [("T0/H", 3, "chattering"), ("T1/H", 1, "normal")]
    assert board.report(0, lived.now + 1, ["B"]).alarms == 1
    assert board.report(0, lived.now + 1, ["nowhere"]).alarms == 0
    with pytest.raises(ValueError, match="empty"):
        board.report(5, 5)


def test_the_command_line_prints_the_same_as_plain_data(lived: Plant) -> None:
    url = lived.store.url.render_as_string()
    with lived.store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    with lived.store.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{newest_schema()}')")
    plain = performance_of(Path(), "1970-01-01T00:00+00:00", "1970-01-01T01:00+00:00", url=url)
    assert plain["alarms"] == 4
    assert {f["name"]: f["met"] for f in plain["figures"]}["chattering"] is False
    lines = list(performance_lines(plain))
    assert lines[0].endswith(f"4 alarms  rules {RULES.version}")
    assert any(line.split()[0] == "chattering" and line.endswith("OVER") for line in lines)
    assert lines[-2].split() == ["3", "T0/H", "chattering", "off_delay"]
    ahead = performance_of(Path(), "1970-01-01", "2999-01-01", url=url)
    assert ahead["end_us"] <= SystemClock().now_us()  # what is to come does not thin the figures
    for start, end in (("yesterday", "2026-01-01"), ("2026-01-02", "2026-01-01")):
        with pytest.raises(ValueError, match=r"not a date|empty"):
            performance_of(Path(), start, end, url=url)
    with pytest.raises(ValueError, match="no area Z9"):
        performance_of(Path(), "2026-01-01", "2026-01-02", url=url, areas=["Z9"])
