"""Fences between areas in a whole room: what counts where it is held is asked for where it acts, whoever wired it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.access.permissions import load_permissions
from app.bootstrap.core import DANGERS
from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority
from models.commands import Command, SaveAlarmDefinition
from models.people import Actor
from models.readings import Place, PlaceKind
from models.rights import Role, Scope
from models.risk import StockItem
from models.risk_commands import (
    IncidentDraft,
    MapPointDraft,
    RemoveControl,
    RiskItemDraft,
    SaveControl,
    SaveHazardUnit,
    SaveIncident,
    SaveMapPoint,
    SaveRiskItem,
)
from tests.rights import add_user
from tests.room import START, Room


class House:
    """Two areas; Chen answers for the whole plant, Zhao for A1 alone."""

    def __init__(self, directory: Path) -> None:
        self.room = Room(directory)
        with self.room.store.session() as session:
            session.add(Place(id=1, code="N", kind=PlaceKind.PLANT, name="南港"))
            session.flush()
            session.add_all(
                Place(id=n, code=code, kind=PlaceKind.AREA, name=code, parent_id=1)
                for n, code in ((2, "A1"), (3, "A2"))
            )
            session.flush()
            self.chen = add_user(session, "chen", Role.SAFETY_MANAGER, now_us=START)
            self.zhao = add_user(session, "zhao", Role.SAFETY_MANAGER, zone="A1", now_us=START)
        self.core = self.room.begin()

    def order(self, command: Command, actor: Actor) -> str:
        return self.core.door.handle(command, actor).code


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.room.close()


def item(code: str, place: str, kind: str = "object", parent: str = "") -> SaveRiskItem:
    scores: dict[str, float | str] | None = {"L": 3, "E": 6, "C": 7} if kind == "event" else None
    draft = RiskItemDraft(
        code=code, kind=kind, place=place, name=code, parent=parent, method="lec" if scores else "", inherent=scores
    )
    return SaveRiskItem(item=draft)


def incident(place: str) -> SaveIncident:
    draft = IncidentDraft(number="I-1", t_us=START - 1, place=place, kind="near_miss", title="漏")
    return SaveIncident(incident=draft)


def point(place: str) -> SaveMapPoint:
    return SaveMapPoint(point=MapPointDraft(code="H-1", layer="hydrants", place=place, x=1.0, y=1.0))


def hazard(place: str) -> SaveHazardUnit:
    return SaveHazardUnit(
        code="W-1", name="罐区", place=place, people_within_500_m=0, stock=(StockItem(substance="氨", q_t=40),)
    )


def test_each_order_that_counts_where_it_is_held_says_where_it_acts(house: House) -> None:
    scopes = load_permissions().scopes
    zoned = {kind for kind in house.core.door.commands if scopes.get(kind.action) is Scope.ZONE}
    assert len(zoned) >= 15
    assert {kind.__name__ for kind in zoned - house.core.door.zoned} == set()


def test_each_danger_is_named_beside_the_acts_that_come_with_it() -> None:
    assert set(load_permissions().signatures) == {danger for several in DANGERS.values() for danger in several}
    assert set(DANGERS) <= set(load_permissions().scopes)


def test_an_order_of_which_nobody_said_where_it_acts_needs_the_right_in_the_whole_plant(house: House) -> None:
    assert SaveRiskItem in house.core.door.zoned
    del house.core.door._zones[SaveRiskItem]  # as a feature that forgot would be
    assert house.order(item("O-1", "A1"), house.zhao) == "forbidden_here"
    assert house.order(item("O-1", "A1"), house.chen) == "done"


@pytest.mark.parametrize("save", [lambda place: item("O-1", place), incident, point, hazard])
def test_nobody_draws_what_is_of_another_area_over_to_their_own(house: House, save) -> None:
    assert house.order(save("A2"), house.zhao) == "forbidden_here"
    assert house.order(save("A2"), house.chen) == "done"
    assert house.order(save("A1"), house.zhao) == "forbidden_here"
    assert house.order(save("A1"), house.chen) == "done"
    assert house.order(save("A1"), house.zhao) == "done"


def test_controls_of_another_area_are_neither_changed_nor_taken_away(house: House) -> None:
    for number, place in (("1", "A1"), ("2", "A2")):
        for order in (
            item(f"O-{number}", place),
            item(f"U-{number}", place, "unit", f"O-{number}"),
            item(f"E-{number}", place, "event", f"U-{number}"),
        ):
            assert house.order(order, house.chen) == "done"
    theirs = SaveControl(item="E-2", kind="engineering", text="围堰")
    assert house.order(theirs, house.zhao) == "forbidden_here"
    assert house.order(theirs, house.chen) == "done"
    ((control,),) = house.room.rows("SELECT id FROM risk_control")
    assert house.order(RemoveControl(control_id=control), house.zhao) == "forbidden_here"
    assert house.order(SaveControl(item="E-1", kind="engineering", text="围堰"), house.zhao) == "done"
    own = house.room.rows("SELECT max(id) FROM risk_control")[0][0]
    assert house.order(RemoveControl(control_id=own), house.zhao) == "done"
    assert house.order(RemoveControl(control_id=999), house.zhao) == "not_found"


def test_a_critical_alarm_is_not_silenced_unsigned_by_moving_its_limit(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.tags("TI-1")

    def alarm(limit: float, text: str = "高") -> AlarmDefinition:
        condition = Condition(kind=ConditionKind.H, priority=Priority.CRITICAL, limit=limit)
        return AlarmDefinition(key="TI-1.H", tag="TI-1", text=text, conditions=(condition,))

    room.guard(alarm(50))
    with room.store.session() as session:
        chen = add_user(session, "chen", Role.SAFETY_MANAGER, now_us=START)
    door = room.begin().door
    moved = door.handle(SaveAlarmDefinition(definition=alarm(1e9)), chen)
    assert (moved.code, moved.params["danger"]) == ("signature_needed", "alarm.suppress_critical")
    for weaker in ({"annunciate": False}, {"count": 99}, {"tag": ""}, {"enabled": False}):
        order = SaveAlarmDefinition(definition=msgspec.structs.replace(alarm(50), **weaker))
        assert door.handle(order, chen).code == "signature_needed"
    assert door.handle(SaveAlarmDefinition(definition=alarm(50, "温度高")), chen).ok
    room.close()
