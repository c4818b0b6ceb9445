"""What screens ask: present and past, filters, pages, journals, figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from app.alarms.acts import act, act_on_key
from app.alarms.board import AlarmBoard
from app.alarms.logic import Act
from app.alarms.rules import load_alarm_rules
from app.clock import US
from app.ports import AlarmQuery
from models.alarms import AlarmDefinition, AlarmState, Condition, ConditionKind, Priority
from tests.unit.app.alarms.conftest import ANNA, Plant, high


@pytest.fixture
def board(plant: Plant) -> AlarmBoard:
    """Six tags; T0–T3 alarmed in turn a second apart, T0 is over, T1 acknowledged."""
    tags = [plant.tag(f"T{i}", description=f"罐 {i} 温度") for i in range(6)]
    plant.tags.infos = [
        info if i < 2 else type(info)(id=info.id, name=info.name, area="B", description=info.description)
        for i, info in enumerate(plant.tags.infos)
    ]
    priorities = [Priority.LOW, Priority.HIGH, Priority.CRITICAL, Priority.LOW, Priority.LOW, Priority.LOW]
    plant.define(*[high(f"T{i}/H", f"T{i}", priority=p) for i, p in enumerate(priorities)])
    engine = plant.start()
    for tag in tags[:4]:
        plant.clock.advance(1)
        plant.hear(tag, 11.0)
    plant.clock.advance(1)
    act(engine, Act.ACKNOWLEDGE, [1, 2], ANNA, "50% valve", plant.now)
    plant.hear(tags[0], 5.0)
    plant.commit()

    @contextmanager
    def read() -> Iterator[Connection]:
        with plant.store.connect() as connection:
            yield connection

    return AlarmBoard(lambda: plant.engine, read, plant.tags, load_alarm_rules())


def test_limits_are_those_of_the_rule_pack(board: AlarmBoard) -> None:
    limits = board.limits()
    rules = load_alarm_rules()
    assert limits.mute_max_s == rules.mute.max_s
    assert limits.shelve_max_s[Priority.CRITICAL] == rules.shelve.max_s["critical"] < limits.shelve_max_s[Priority.LOW]
    assert limits.repeat_s[Priority.CRITICAL] < limits.repeat_s[Priority.HIGH] < limits.repeat_s[Priority.LOW]


def keys(board: AlarmBoard, **query: object) -> list[str]:
    return [row.key for row in board.query(AlarmQuery(**query))[0]]  # type: ignore[arg-type]  # test shorthand


def test_open_rows_come_from_memory_worst_first(board: AlarmBoard) -> None:
    assert [r.key for r in board.open()] == ["T2/H", "T3/H", "T1/H"]


def test_past_and_present_are_one_table_newest_first(board: AlarmBoard) -> None:
    rows, total = board.query(AlarmQuery())
    assert ([r.key for r in rows], total) == (["T3/H", "T2/H", "T1/H", "T0/H"], 4)
    assert [r.state for r in rows] == ["UNACK", "UNACK", "ACKED", "NORM"]
    past = rows[-1]
    assert (past.text, past.tag, past.area_name, past.severity, past.active) == (
        "T0 高",
        "T0",
        "一区",
        Priority.NONE,
        False,
    )
    assert rows[0] in board.open()


def test_filters(board: AlarmBoard, plant: Plant) -> None:
    assert keys(board, only_open=True) == ["T3/H", "T2/H", "T1/H"]
    assert keys(board, states=("NORM", "ACKED")) == ["T1/H", "T0/H"]
    assert keys(board, priorities=(4, 3)) == ["T2/H", "T1/H"]
    assert keys(board, areas=("B",)) == ["T3/H", "T2/H"]
    assert keys(board, areas=("B",), tags=("T2", "T0")) == ["T2/H"]
    assert keys(board, areas=("nowhere",)) == []
    assert keys(board, start_us=1_002 * US, end_us=1_004 * US) == ["T2/H", "T1/H"]


def test_text_is_looked_for_in_keys_comments_tags_and_texts(board: AlarmBoard) -> None:
    assert keys(board, text="t3/h") == ["T3/H"]
    assert keys(board, text="50%") == ["T1/H", "T0/H"]
    assert keys(board, text="罐 2") == ["T2/H"]
    assert keys(board, text="T1 高") == ["T1/H"]
    assert keys(board, text="%") == ["T1/H", "T0/H"]
    assert keys(board, text="anna") == ["T1/H", "T0/H"]


def test_pages(board: AlarmBoard) -> None:
    rows, total = board.query(AlarmQuery(offset=1, limit=2))
    assert ([r.key for r in rows], total) == (["T2/H", "T1/H"], 4)


def test_journal_tells_the_whole_life(board: AlarmBoard) -> None:
    lines = board.journal(1)
    assert [(j.transition, j.from_state, j.to_state, j.by, j.comment) for j in lines] == [
        ("raise", "NORM", "UNACK", "", ""),
        ("acknowledge", "UNACK", "ACKED", "Anna", "50% valve"),
        ("clear", "ACKED", "NORM", "", ""),
    ]


def test_definitions_for_plots(board: AlarmBoard, plant: Plant) -> None:
    definition = board.definition("T1/H")
    assert definition is not None
    assert board.definitions_of(2) == [definition]
    assert board.definition("nope") is None
    assert board.definitions_of(99) == []


def test_rows_of_a_definition_that_is_gone_are_still_shown(board: AlarmBoard, plant: Plant) -> None:
    stale = AlarmDefinition(key="S", tag="T5", conditions=(Condition(kind=ConditionKind.STALE, window_s=1),))
    plant.engine.reload_definition(6, 6, high("T5/H", "T5", enabled=False))
    plant.commit()
    assert plant.engine.definition("T5/H") is None
    assert stale.key not in keys(board)
    assert len(keys(board)) == 4


def test_figures_count_rings_and_leave_holds_out(board: AlarmBoard, plant: Plant) -> None:
    act_on_key(plant.engine, Act.OUT_OF_SERVICE, "T4/H", ANNA, "works", plant.now)
    plant.clock.advance(1)
    plant.hear(4, 5.0)
    plant.clock.advance(1)
    plant.hear(4, 12.0)  # rings again before anybody looked
    plant.commit()
    figures = board.performance(1_000 * US, 1_600 * US)
    assert (figures.alarms, figures.bins, figures.unacknowledged) == (5, [5], 2)
    assert (figures.top[0].key, figures.top[0].count) == ("T3/H", 2)
    assert figures.median_ack_s == 3.5
    assert {r.key for r in board.open() if r.state is AlarmState.OOSRV} == {"T4/H"}
