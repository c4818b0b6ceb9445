"""Permission → handler → audit in one transaction → events; and nothing half done when any of it fails."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from app.access import users
from app.access.door import Order, Outcome, Unit
from app.ports import Refused
from models.commands import AcknowledgeAlarms, Command, CreateUser, LogOut, SaveTag, SilenceSound, TagDraft
from models.events import TagsChanged, UsersChanged
from models.people import Actor, User
from models.rights import Grant, Role
from tests.unit.app.access.conftest import House

ORDER = AcknowledgeAlarms(occurrence_ids=(1, 2), reason="seen")


def trail(house: House) -> list[tuple[str, str, str]]:
    return [(r.action, r.outcome, r.target) for r in house.entries()]


def test_an_order_is_done_audited_and_told_after_the_commit(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    happened: list[str] = []

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        unit.after_commit(lambda: happened.append(f"callback, events {len(house.events)}"))
        unit.on_rollback(lambda: happened.append("undone"))
        return Outcome(
            data=42,
            before={"state": "UNACK"},
            after={"state": "ACKED"},
            events=(TagsChanged(1),),
            after_commit=(lambda: happened.append("outcome"),),
        )

    house.door.register({AcknowledgeAlarms: handler})
    answer = house.door.handle(ORDER, anna)
    assert (answer.ok, answer.data) == (True, 42)
    assert happened == ["callback, events 0", "outcome"]
    assert house.events == [TagsChanged(1)]
    (row,) = house.entries()
    assert (row.action, row.outcome, row.target, row.reason) == ("alarm.acknowledge", "done", "alarm:1,2", "seen")
    assert (row.before, row.after) == ({"state": "UNACK"}, {"state": "ACKED"})
    assert (row.login, row.name, row.role, row.station) == ("anna", "Anna", "operator", "CR-1")


def test_without_the_right_nothing_happens_but_a_line_in_the_trail(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    called: list[Command] = []
    house.door.register({SaveTag: lambda unit, command, actor: called.append(command) or Outcome()})
    answer = house.door.handle(SaveTag(tag=TagDraft(name="TI-1")), anna)
    assert (answer.code, called) == ("forbidden", [])
    assert trail(house) == [("tag.save", "refused", "tag:TI-1")]


def test_a_refusal_rolls_back_and_says_why(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    undone: list[int] = []

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        unit.session.get_one(User, actor.user_id).name = "changed"
        unit.on_rollback(lambda: undone.append(1))
        unit.on_rollback(lambda: undone.append(2))
        raise Refused("conflict", "too late", by="Bo")

    house.door.register({AcknowledgeAlarms: handler})
    answer = house.door.handle(ORDER, anna)
    assert (answer.code, answer.detail, answer.params) == ("conflict", "too late", {"by": "Bo"})
    assert undone == [2, 1]
    assert house.user("anna").name == "Anna"
    assert trail(house) == [("alarm.acknowledge", "refused", "alarm:1,2")]
    assert house.events == []


def test_memory_is_rolled_back_when_the_commit_fails(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    memory = {"state": "UNACK"}

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        memory["state"] = "ACKED"
        unit.on_rollback(lambda: memory.update(state="UNACK"))
        unit.after_commit(lambda: memory.update(told="yes"))
        return Outcome(events=(TagsChanged(1),))

    house.door.register({AcknowledgeAlarms: handler})
    house.fail_commits = 1
    answer = house.door.handle(ORDER, anna)
    assert (answer.code, answer.detail) == ("store_failed", "disk full")
    assert memory == {"state": "UNACK"}
    assert house.events == []
    assert trail(house) == [("alarm.acknowledge", "failed", "alarm:1,2")]
    assert house.door.handle(ORDER, anna).ok
    assert memory == {"state": "ACKED", "told": "yes"}


def test_with_the_store_gone_the_answer_still_comes(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    house.door.register({AcknowledgeAlarms: lambda unit, command, actor: Outcome()})
    house.fail_commits = 2
    assert house.door.handle(ORDER, anna).code == "store_failed"
    assert trail(house) == []


def test_a_defect_in_a_handler_is_an_answer_and_leaves_nothing(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    undone: list[str] = []

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        unit.on_rollback(lambda: undone.append("yes"))
        raise KeyError("defect")

    house.door.register({AcknowledgeAlarms: handler})
    assert house.door.handle(ORDER, anna).code == "failed"
    assert undone == ["yes"]
    assert trail(house) == [("alarm.acknowledge", "failed", "alarm:1,2")]


def test_a_failing_callback_does_not_undo_what_is_committed(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        unit.after_commit(lambda: 1 // 0)
        return Outcome(events=(TagsChanged(1),))

    house.door.register({AcknowledgeAlarms: handler})
    assert house.door.handle(ORDER, anna).ok
    assert house.events == [TagsChanged(1)]


def test_an_order_that_nobody_handles_is_refused(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    assert house.door.handle(SilenceSound(), anna).code == "unknown"
    assert trail(house) == [("alarm.silence", "refused", "")]


def test_a_command_has_one_handler(house: House) -> None:
    with pytest.raises(ValueError, match="two handlers for LogOut"):
        house.door.register({LogOut: lambda unit, command, actor: Outcome()})


def test_rights_end_with_the_standing_of_the_person(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    house.door.register({AcknowledgeAlarms: lambda unit, command, actor: Outcome()})
    with house.begin() as session:
        session.scalars(select(User)).one().active = False
    assert house.door.handle(ORDER, anna).code == "inactive"
    assert house.door.handle(ORDER, msgspec.structs.replace(anna, user_id=99)).code == "unknown_user"


def test_orders_that_wait_together_share_a_commit_and_fall_alone(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    seen: list[str] = []

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        seen.append(command.reason)
        unit.session.get_one(User, actor.user_id).name = command.reason
        unit.session.flush()
        if command.reason == "bad":
            raise Refused("conflict")
        if command.reason == "defect":
            raise KeyError("defect")
        return Outcome(data=command.reason, after={"name": command.reason})

    house.door.register({AcknowledgeAlarms: handler})
    words = ["one", "bad", "two", "defect", "three"]
    commits = house.commits
    answers = house.door.handle_all([Order(AcknowledgeAlarms(occurrence_ids=(1,), reason=w), anna) for w in words])
    assert house.commits == commits + 1
    assert [answer.code for answer in answers] == ["done", "conflict", "done", "failed", "done"]
    assert seen == words
    assert house.user("anna").name == "three"
    assert [(r.outcome, r.reason) for r in reversed(house.entries())] == [
        ("done", "one"), ("refused", "bad"), ("done", "two"), ("failed", "defect"), ("done", "three"),
    ]  # fmt: skip
    assert house.first_broken() is None
    last = house.entries()[0]
    assert house.heads[-1] == (last.id, last.hash)


def test_an_order_that_touches_memory_is_committed_before_the_next_is_asked(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    memory: list[str] = []

    def handler(unit: Unit, command: AcknowledgeAlarms, actor: Actor) -> Outcome:
        before = list(memory)
        return Outcome(data=before, after_commit=(lambda: memory.append(command.reason),))

    house.door.register({AcknowledgeAlarms: handler})
    orders = [Order(AcknowledgeAlarms(occurrence_ids=(1,), reason=w), anna) for w in "abc"]
    assert [answer.data for answer in house.door.handle_all(orders)] == [[], ["a"], ["a", "b"]]


def test_a_group_that_does_not_commit_is_answered_one_by_one(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR)
    house.door.register({AcknowledgeAlarms: lambda unit, command, actor: Outcome()})
    house.fail_commits = 1
    answers = house.door.handle_all([Order(ORDER, anna)] * 3)
    assert [answer.code for answer in answers] == ["store_failed"] * 3
    assert trail(house) == [("alarm.acknowledge", "failed", "alarm:1,2")] * 3


def test_passwords_reach_neither_trail_nor_text(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR)
    order = CreateUser(login="new", name="New", password="Tr0ub4dor&3-long", grants=(Grant(role=Role.OPERATOR),))
    house.door.register({}, dangers={users.StoreUser: lambda _session, _command, _actor: None})
    assert house.front.submit(order, boss).result().ok
    assert UsersChanged(house.clock.now_us()) in house.events
    text = repr(house.entries())
    assert "Tr0ub4dor" not in text
    assert "argon2" not in text
    assert "argon2" not in repr(house.people.prepare(order, boss))
