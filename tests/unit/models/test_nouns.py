"""The nouns' own promises: versions that clash, words for codes, commands that can be audited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models import commands
from models.alarms import AlarmDefinition, AlarmRow, AlarmState, Condition, ConditionKind, Priority
from models.base import Base
from models.commands import AcknowledgeAlarms, Command, SaveAlarmDefinition
from models.people import User, system_actor
from models.readings import Quality, quality_word


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'm.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_the_second_writer_of_the_same_version_is_refused(store: Engine) -> None:
    with Session(store) as session:
        session.add(User(login="anna", name="Anna", created_us=0))
        session.commit()
    with Session(store) as first, Session(store) as second:
        mine, theirs = first.get_one(User, 1), second.get_one(User, 1)
        assert (mine.version, theirs.version) == (1, 1)
        second.rollback()
        theirs = second.get_one(User, 1)
        assert theirs.name == "Anna"
        second.expunge(theirs)
        mine.name = "Anna B."
        first.commit()
        assert mine.version == 2
        theirs.name = "Anna C."
        second.add(theirs)
        with pytest.raises(StaleDataError):
            second.flush()


def test_every_versioned_table_guards_its_version() -> None:
    versioned = [m for m in Base.registry.mappers if "version" in m.columns]
    assert {m.class_.__name__ for m in versioned} >= {"User", "Tag", "AlarmDefinitionRow"}
    assert all(m.version_id_col is m.local_table.c.version for m in versioned)


def test_names_of_constraints_are_deterministic() -> None:
    assert all(key.name for table in Base.metadata.tables.values() for key in table.foreign_key_constraints)


@pytest.mark.parametrize(
    ("code", "word"), [(255, "good"), (192, "good"), (191, "uncertain"), (64, "uncertain"), (63, "bad"), (0, "bad")]
)
def test_quality_has_three_words(code: int, word: str) -> None:
    assert quality_word(code) == word


def test_quality_codes_know_their_word() -> None:
    assert [q.word for q in (Quality.GOOD, Quality.UNCERTAIN_RANGE, Quality.BAD_COMM)] == ["good", "uncertain", "bad"]


def test_the_program_acts_under_a_name_of_its_own() -> None:
    actor = system_actor("CR-1")
    assert (actor.user_id, actor.login, actor.roles, actor.station) == (0, "system", (), "CR-1")


def row(state: AlarmState, closed_us: int | None = None) -> AlarmRow:
    return AlarmRow(
        occurrence_id=1,
        definition_id=1,
        key="K",
        tag_id=None,
        tag="",
        area="",
        area_name="",
        area_name_en="",
        text="",
        text_en="",
        state=state,
        priority=Priority.HIGH,
        severity=Priority.NONE,
        kind=ConditionKind.H,
        raised_us=0,
        value=None,
        limit=None,
        unit="",
        decimals=0,
        closed_us=closed_us,
    )


def test_rows_know_whether_somebody_has_to_look() -> None:
    waiting = {s for s in AlarmState if row(s).unacknowledged}
    assert waiting == {AlarmState.UNACK, AlarmState.RTNUN, AlarmState.LATCH_UNACK}
    assert row(AlarmState.ACKED).active
    assert not row(AlarmState.NORM, 5).active


def test_definitions_survive_json_and_leave_defaults_out() -> None:
    conditions = (Condition(kind=ConditionKind.DISCRETE, values=("TRIP", 1.0), priority=Priority.CRITICAL),)
    definition = AlarmDefinition(key="K", tag="T", conditions=conditions, latching=True)
    body = msgspec.json.decode(msgspec.json.encode(definition))
    assert body == {
        "key": "K",
        "tag": "T",
        "conditions": [{"kind": "DISCRETE", "priority": 4, "values": ["TRIP", 1.0]}],
        "latching": True,
    }
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(body)), AlarmDefinition) == definition


def concrete() -> list[type[Command]]:
    kinds = [c for c in vars(commands).values() if isinstance(c, type) and issubclass(c, Command)]
    return [c for c in kinds if c is not Command and not c.__name__.startswith("_")]


def test_every_order_has_an_action_of_its_own() -> None:
    actions = [c.action for c in concrete()]
    assert "" not in actions
    assert len(actions) == len(set(actions))


def test_orders_say_what_they_act_on_and_why() -> None:
    order = AcknowledgeAlarms(occurrence_ids=tuple(range(100)), reason="seen")
    assert order.target == "alarm:" + ",".join(map(str, range(20)))
    assert order.why == "seen"
    saved = SaveAlarmDefinition(definition=AlarmDefinition(key="K"), reason="review")
    assert (saved.target, saved.why) == ("alarm:K", "review")


def test_orders_are_frozen() -> None:
    with pytest.raises(AttributeError):
        AcknowledgeAlarms(occurrence_ids=(1,)).reason = "later"  # type: ignore[misc]  # that is the point
