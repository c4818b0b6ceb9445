"""Risk in a whole room: an alarm recolours its zone, every regrade is kept, a colour by hand is signed and survives a start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, OperationalError

from app.bootstrap.demo_risk import DemoRiskError, demo_orders, fill_map, fill_risk, map_orders
from app.clock import US
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.seed import fill_plant
from app.ports import Refused
from app.risk.methods import RiskRulesError
from app.store.engine import Store
from models.events import ZonesRegraded
from models.people import Actor, Signature
from models.readings import Place, PlaceKind, Tag
from models.rights import Role
from models.risk import Grade, StockItem
from models.risk_commands import (
    EndOverride,
    IncidentDraft,
    MapPointDraft,
    OverrideZone,
    RemoveControl,
    RemoveMapPoint,
    RemoveRiskItem,
    RiskItemDraft,
    SaveControl,
    SaveHazardUnit,
    SaveIncident,
    SaveMapPoint,
    SaveOutline,
    SavePlan,
    SaveRiskItem,
    SaveRiskWeights,
    SetAnswerable,
)
from models.risk_rows import IncidentQuery, ItemQuery
from tests.rights import add_user
from tests.room import START, Room, high


class House:
    """A room with two areas, one guarded tag and a safety manager."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory, self.url = directory, url
        self.room = Room(directory, url)
        with self.room.store.session() as session:
            session.add(Place(id=1, code="N", kind=PlaceKind.PLANT, name="南港"))
            session.flush()
            session.add_all(
                Place(id=n, code=code, kind=PlaceKind.AREA, name=code, parent_id=1)
                for n, code in ((2, "A1"), (3, "A2"))
            )
            session.flush()
            session.add(Tag(name="GD-07", place_id=2))
            self.chen = add_user(session, "chen", Role.SAFETY_MANAGER, now_us=START, password="h")
            self.li = add_user(session, "li", Role.OPERATOR, now_us=START)
        self.room.guard(high("GD-07", 50))
        self.room.begin()
        self.room.core.every_second()  # risk joins a second after the start
        self.tick()

    def again(self) -> None:
        """The program is started anew on the same store."""
        self.room.close()
        clock = self.room.clock
        self.room = Room(self.directory, self.url, clock)
        self.room.begin()
        self.room.core.every_second()  # risk joins a second after the start
        self.tick()

    def tick(self) -> None:
        self.room.core.tick()

    def order(self, command: Any, actor: Actor | None = None, *, signed: bool = False) -> Any:
        signatures = [Signature(self.chen.user_id, "chen", "Chen", "I answer", "h")] if signed else []
        answer = self.room.core.door.handle(command, actor or self.chen, signatures)
        self.tick()
        return answer

    def grade(self, zone: str) -> Grade:
        return self.room.control.risk.zones()[zone].grade

    def item(self, code: str, kind: str, parent: str = "", **more: Any) -> Any:
        return self.order(
            SaveRiskItem(item=RiskItemDraft(code=code, kind=kind, place="A1", name=code, parent=parent, **more))
        )

    def event(self, scores: tuple[float, float, float] = (3, 6, 7), **more: Any) -> None:
        assert self.item("O-1", "object").ok
        assert self.item("U-1", "unit", "O-1").ok
        inherent = dict(zip("LEC", scores, strict=True))
        answer = self.item("E-1", "event", "U-1", method="lec", inherent=inherent, **more)
        assert answer.ok, answer

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.room.rows(sql)


@pytest.fixture
def house(store: Store, tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, store.url)
    yield made
    made.room.close()


def test_an_alarm_recolours_its_zone_and_the_regrade_is_kept_with_its_reasons(house: House) -> None:
    house.event()
    assert house.grade("A1") is Grade.YELLOW
    house.room.hear(("GD-07", "60"))
    house.tick()
    assert house.grade("A1") is Grade.ORANGE
    told = house.room.heard_of(ZonesRegraded)[-1]
    assert [(r.place, r.before, r.after) for r in told.regrades] == [("A1", Grade.YELLOW, Grade.ORANGE)]
    kept = house.rows("SELECT place, before, after, value FROM regrade ORDER BY id")
    assert kept == [("A1", "blue", "yellow", 126), ("A1", "yellow", "orange", 186)]
    state = house.room.control.risk.zones()["A1"]
    assert [(f.kind, f.target.partition(":")[0], f.weight) for f in state.factors] == [("alarm", "alarm", 60)]
    with pytest.raises(DatabaseError, match="append-only"), house.room.store.write() as connection:
        connection.execute(text("DELETE FROM regrade"))


def test_a_start_does_not_repaint_the_plant(house: House) -> None:
    house.event()
    house.room.hear(("GD-07", "60"))
    house.tick()
    since = house.room.control.risk.zones()["A1"].since_us
    count = len(house.rows("SELECT id FROM regrade"))
    house.again()
    state = house.room.control.risk.zones()["A1"]
    assert (state.grade, state.since_us) == (Grade.ORANGE, since)
    assert len(house.rows("SELECT id FROM regrade")) == count


def test_a_colour_by_hand_is_signed_holds_over_a_start_and_is_taken_back(house: House) -> None:
    house.event()
    until = house.room.clock.now_us() + 3600 * US
    order = OverrideZone(place="A1", grade=Grade.RED, until_us=until, reason="hot work on the roof")
    assert house.order(order).code == "signature_needed"
    assert house.grade("A1") is Grade.YELLOW
    assert house.order(order, house.li).code == "forbidden"
    assert house.order(order, signed=True).ok
    assert house.grade("A1") is Grade.RED
    house.again()
    assert house.grade("A1") is Grade.RED
    assert house.room.control.risk.zones()["A1"].override.reason == "hot work on the roof"
    assert house.order(EndOverride(place="A1", reason="work is done")).ok
    house.room.wait(301)
    assert house.grade("A1") is Grade.YELLOW
    assert house.order(EndOverride(place="A1")).code == "not_found"
    assert house.rows("SELECT ended_by FROM zone_override") == [("chen",)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "x"}, "reason_missing"),
        ({"place": "A9"}, "not_found"),
        ({"until_us": 5}, "invalid"),
        ({"until_us": START + 40 * 86_400 * US}, "too_long"),
    ],
)
def test_a_colour_by_hand_needs_reason_zone_and_end(house: House, change: dict[str, Any], code: str) -> None:
    fields = {"place": "A1", "grade": Grade.RED, "until_us": START + 3600 * US, "reason": "a good reason"} | change
    assert house.order(OverrideZone(**fields), signed=True).code == code


def test_incidents_weigh_on_their_zone(house: House) -> None:
    house.event()
    draft = IncidentDraft(number="I-1", t_us=START - 1, place="A1", kind="accident", title="装车溢流", injured=1)
    assert house.order(SaveIncident(incident=draft)).ok
    assert house.room.control.risk.zones()["A1"].value == pytest.approx(166, abs=0.1)
    assert house.grade("A1") is Grade.ORANGE
    future = IncidentDraft(number="I-2", t_us=START + 10**12, place="A1", kind="accident", title="x")
    assert house.order(SaveIncident(incident=future)).code == "invalid"


def test_weights_of_the_sites_own_count_at_once_and_after_a_start(house: House) -> None:
    house.event()
    house.room.hear(("GD-07", "60"))
    house.tick()
    assert house.order(SaveRiskWeights(weights={"alarm_high": 250}, reason="site procedure")).ok
    assert house.grade("A1") is Grade.RED
    house.again()
    assert house.room.control.risk.zones()["A1"].value == 376
    assert house.order(SaveRiskWeights(weights={"moon": 1}, reason="site procedure")).code == "invalid"


def test_values_and_grades_are_computed_and_what_can_not_be_is_refused(house: House) -> None:
    house.event(residual={"L": 1, "E": 6, "C": 3})
    row = house.rows(
        "SELECT inherent_value, inherent_grade, residual_value, residual_grade FROM risk_item WHERE code = 'E-1'"
    )
    assert row == [(126, "yellow", 18, "blue")]
    assert house.item("E-2", "event", "U-1", method="lec", inherent={"L": 5, "E": 6, "C": 7}).code == "score"
    worse = house.item(
        "E-3", "event", "U-1", method="lec", inherent={"L": 1, "E": 6, "C": 3}, residual={"L": 10, "E": 10, "C": 40}
    )
    assert (worse.code, worse.params["field"]) == ("invalid", "residual")
    assert (
        house.item("E-4", "event", "O-1", method="lec", inherent={"L": 1, "E": 6, "C": 3}).params["field"] == "parent"
    )
    assert house.item("E-5", "event", "U-1").params["field"] == "inherent"
    assert house.item("O-1", "unit", "O-1").code == "invalid"
    assert house.order(RemoveRiskItem(code="U-1")).code == "in_use"
    assert house.order(RemoveRiskItem(code="E-1")).ok
    house.room.wait(301)
    assert house.grade("A1") is Grade.BLUE


def test_two_people_editing_one_item_do_not_overwrite_each_other(house: House) -> None:
    house.item("O-1", "object")
    draft = RiskItemDraft(code="O-1", kind="object", place="A1", name="mine")
    assert house.order(SaveRiskItem(item=draft, version=1)).ok
    assert house.order(SaveRiskItem(item=draft, version=1)).code == "conflict"


def test_controls_and_who_answers(house: House) -> None:
    house.event()
    control = SaveControl(item="E-1", kind="engineering", text="可燃气联锁", duty_post="OPS-1", cycle_days=30)
    answer = house.order(control)
    assert answer.ok
    assert house.order(SaveControl(item="U-1", kind="ppe", text="x")).code == "not_found"
    assert house.order(SaveControl(item="E-1", kind="magic", text="x")).code == "invalid"
    assert house.order(RemoveControl(control_id=answer.data)).ok
    assert house.order(RemoveControl(control_id=answer.data)).code == "not_found"
    assert house.order(SetAnswerable(place="A1", role="principal", person="E001")).ok
    assert house.order(SetAnswerable(place="A1", role="principal", person="E002")).ok
    assert house.rows("SELECT person FROM risk_answerable") == [("E002",)]
    assert house.order(SetAnswerable(place="A1", role="king", person="E002")).code == "invalid"


def test_a_unit_is_judged_by_the_standard_and_a_wrong_stock_is_refused(house: House) -> None:
    stock = (StockItem(substance="氨", q_t=40),)
    order = SaveHazardUnit(code="H-1", name="液氨罐区", place="A1", people_within_500_m=60, stock=stock)
    assert house.order(order).data.level == "三级"
    assert house.rows("SELECT s, r, level FROM hazard_unit") == [(4, 12, "三级")]
    wrong = SaveHazardUnit(
        code="H-2", name="x", place="A1", people_within_500_m=1, stock=(StockItem(substance="?", q_t=1),)
    )
    assert house.order(wrong).code == "stock"


def test_plan_outlines_and_points(house: House) -> None:
    plan = SavePlan(kind="geojson", media_type="application/geo+json", width=520, height=300, data=b"{}")
    assert house.order(plan).code == "forbidden"
    with house.room.store.session() as session:
        admin = add_user(session, "admin", Role.ADMINISTRATOR, now_us=START)
    house.room.control.rights.reload()
    assert house.order(plan, admin).ok
    corners = ((0.0, 0.0), (10.0, 0.0), (10.0, 5.0))
    assert house.order(SaveOutline(place="A1", polygon=corners, label=(5, 2))).ok
    assert house.order(SaveOutline(place="A1", polygon=corners[:2])).code == "invalid"
    assert house.order(SaveOutline(place="A1", polygon=((0.0, float("nan")), *corners))).code == "invalid"
    assert house.order(SaveOutline(place="Mars", polygon=corners)).code in ("unknown_place", "forbidden_here")
    assert house.order(SaveOutline(place="A1", polygon=())).ok
    camera = MapPointDraft(code="CAM-1", layer="cameras", x=3, y=4, heading=90, range_m=30, place="A1")
    assert house.order(SaveMapPoint(point=camera)).ok
    assert house.order(SaveMapPoint(point=MapPointDraft(code="X", layer="moon", x=1, y=1))).code == "invalid"
    assert house.rows("SELECT code, layer, x FROM map_point") == [("CAM-1", "cameras", 3)]
    assert house.order(RemoveMapPoint(code="CAM-1")).ok


def test_an_operator_of_another_area_changes_no_colour_here(house: House) -> None:
    with house.room.store.session() as session:
        leader = add_user(session, "wu", Role.SHIFT_LEADER, zone="A2", now_us=START)
    house.room.control.rights.reload()
    order = OverrideZone(place="A1", grade=Grade.RED, until_us=START + 3600 * US, reason="a good reason")
    assert house.order(order, leader).code == "forbidden_here"


def test_a_regrade_that_the_store_does_not_take_is_shown_and_stored_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.event()
    before = len(house.rows("SELECT id FROM regrade"))

    def broken() -> Any:
        raise OperationalError("INSERT", {}, OSError("disk full"))

    house.room.hear(("GD-07", "60"))
    with monkeypatch.context() as patched:
        patched.setattr(house.room.control.store, "write", broken)
        house.room.core.risk.tick(
            house.room.clock.now_us(), house.room.control.bus.publish, house.room.store.read, broken
        )
    assert house.grade("A1") is Grade.ORANGE
    assert len(house.rows("SELECT id FROM regrade")) == before
    house.tick()
    assert len(house.rows("SELECT id FROM regrade")) == before + 1


def test_the_timeline_says_each_zones_colour_at_each_moment(house: House) -> None:
    house.event()
    clock = house.room.clock
    before = clock.now_us()
    house.room.wait(60)
    house.room.hear(("GD-07", "60"))
    house.tick()
    house.room.wait(60)
    board = house.room.control.risk
    timeline = board.timeline(before + US, clock.now_us(), 30 * US)
    assert timeline.colours["A1"] == (Grade.YELLOW, Grade.YELLOW, Grade.ORANGE, Grade.ORANGE)
    assert timeline.colours["A2"] == (Grade.BLUE,) * 4
    assert timeline.worst() == timeline.colours["A1"]
    assert [r.after for r in board.regrades("A1")] == [Grade.ORANGE, Grade.YELLOW]
    assert board.regrades("A2") == []
    for start, end, step in ((5, 5, 1), (0, 10, 0), (0, 10**9, 1)):
        with pytest.raises(ValueError, match="timeline"):
            board.timeline(start, end, step)


def test_what_if_weighs_stored_alarms_anew(house: House) -> None:
    house.event()
    start = house.room.clock.now_us()
    house.room.wait(60)
    house.room.hear(("GD-07", "60"))
    house.room.wait(600)
    house.room.hear(("GD-07", "10"))
    house.room.wait(600)
    end = house.room.clock.now_us()
    found = house.room.control.risk.what_if({"alarm_high": 250}, start, end, house.chen)
    assert [(r.place, r.after) for r in found.present] == [("A1", Grade.ORANGE)]  # 156 is too near to fall
    assert next((r.place, r.after) for r in found.other) == ("A1", Grade.RED)
    (a1, a2) = sorted(found.shares, key=lambda share: share.place)
    assert sum(a1.present_s.values()) == pytest.approx((end - start) / 1e6)
    assert a1.other_s["red"] >= 600
    assert a1.present_s["red"] == 0
    assert a2.present_s == a2.other_s
    off = house.room.control.risk.what_if(dict.fromkeys(("alarm_high", "alarm_low"), 0), start, end, house.chen)
    assert off.other == ()
    with pytest.raises(Refused):
        house.room.control.risk.what_if({}, start, end, Actor(77, "x", "x", (), "CR-1"))
    with pytest.raises(RiskRulesError):
        house.room.control.risk.what_if({"moon": 1}, start, end, house.chen)
    with pytest.raises(ValueError, match="400 days"):
        house.room.control.risk.what_if({}, end, start, house.chen)


def test_the_present_run_of_what_if_is_what_was_shown(house: House) -> None:
    house.event()
    start = house.room.clock.now_us()
    for value in ("60", "10", "70", "10"):
        house.room.wait(200)
        house.room.hear(("GD-07", value))
        house.tick()
    house.room.wait(900)
    end = house.room.clock.now_us()
    found = house.room.control.risk.what_if({}, start, end, house.chen)
    shown = [(r.place, r.after) for r in reversed(house.room.control.risk.regrades(start_us=start + 1))]
    assert [(r.place, r.after) for r in found.present] == shown == [(r.place, r.after) for r in found.other]


def test_the_register_is_read_by_those_who_may(house: House) -> None:
    house.event(residual={"L": 1, "E": 6, "C": 3}, point=(12.0, 8.0), accident="火灾")
    house.order(SaveControl(item="E-1", kind="engineering", text="联锁"))
    house.order(SetAnswerable(place="A1", role="principal", person="E001"))
    stock = (StockItem(substance="氨", q_t=40),)
    house.order(SaveHazardUnit(code="H-1", name="罐", place="A1", people_within_500_m=60, stock=stock))
    draft = IncidentDraft(number="I-1", t_us=START - 1, place="A1", kind="near_miss", title="滴漏")
    house.order(SaveIncident(incident=draft))
    board = house.room.control.risk
    rows = {row.code: row for row in board.items(ItemQuery(), house.li)}
    assert (rows["E-1"].parent, rows["E-1"].point, rows["E-1"].inherent_grade) == ("U-1", (12, 8), "yellow")
    assert [row.code for row in board.items(ItemQuery(text="火灾"), house.li)] == ["E-1"]
    assert [row.code for row in board.items(ItemQuery(grades=("red",)), house.li)] == ["O-1", "U-1"]
    assert board.items(ItemQuery(places=("A2",)), house.li) == []
    assert [control.text for control in board.controls("E-1", house.li)] == ["联锁"]
    assert [answer.person for answer in board.answerable(house.li, "A1")] == ["E001"]
    assert [hazard.level for hazard in board.hazards(house.li)] == ["三级"]
    assert [row.number for row in board.incidents(IncidentQuery(kind="near_miss", text="滴"), house.li)] == ["I-1"]
    stranger = Actor(77, "x", "x", (), "CR-1")
    for question in (
        lambda: board.items(ItemQuery(), stranger),
        lambda: board.controls("E-1", stranger),
        lambda: board.answerable(stranger),
        lambda: board.hazards(stranger),
        lambda: board.incidents(IncidentQuery(), stranger),
    ):
        with pytest.raises(Refused, match="register"):
            question()


def test_the_way_down_and_the_weights_are_told(house: House) -> None:
    house.event()
    house.room.hear(("GD-07", "60"))
    house.tick()
    board = house.room.control.risk
    assert [factor.kind for factor in board.way_down("A1")] == ["alarm"]
    assert board.way_down("Mars") == []
    assert board.zone("Mars") is None
    now, shipped = board.weights()
    assert now == shipped
    assert board.plan() is None
    assert (board.outlines(), board.points()) == ([], [])


def test_the_demo_plant_has_a_register_that_makes_its_zones_colours(tmp_path: Path) -> None:
    room = Room(tmp_path)
    try:
        with room.store.session() as session:
            fill_plant(session, load_demo())
            manager = add_user(session, "chen", Role.SAFETY_MANAGER, now_us=START)
            administrator = add_user(session, "zhao", Role.ADMINISTRATOR, now_us=START)
        room.begin()
        assert fill_map(room.core.door, administrator) == len(map_orders())
        assert fill_risk(room.core.door, manager, room.clock.now_us()) == len(demo_orders(START))
        room.core.tick()
        states = room.control.risk.zones()
        grades = {code: states[code].inherent_grade for code in ("TFA", "TFB", "LOAD", "COMP", "BOIL", "WARE")}
        assert grades == {
            "TFA": Grade.YELLOW,
            "TFB": Grade.ORANGE,
            "LOAD": Grade.YELLOW,
            "COMP": Grade.YELLOW,
            "BOIL": Grade.BLUE,
            "WARE": Grade.BLUE,
        }
        assert {f.kind for f in states["LOAD"].factors} == {"incident"}
        board = room.control.risk
        plan = board.plan()
        assert plan is not None
        assert (plan.kind, plan.width) == ("geojson", 520.0)
        assert {row.place for row in board.outlines()} == set(grades)
        assert {row.layer for row in board.points()} == {"cameras", "hydrants", "musters"}
        assert board.floors()[Grade.RED] == 320
        assert [h.level for h in room.control.risk.hazards(manager)] == ["四级", "四级"]
        with pytest.raises(DemoRiskError, match="forbidden"):
            fill_risk(room.core.door, Actor(0, "x", "x", (), "CR-1"), START)
    finally:
        room.close()
