"""Zones follow events: a fact counts for every zone at or above its place, and only what changed is weighed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import US
from app.risk.engine import RiskEngine
from app.risk.facts import DAY_US, alarm_fact, incident_fact, weigh
from app.risk.methods import RiskRulesError, load_methods
from app.risk.rules import check_weights, load_risk_rules
from app.risk.sources import AlarmFacts, Changing, IncidentFacts, SensorFacts, WeatherFacts
from models.alarms import AlarmRow, AlarmState, ConditionKind, Priority
from models.readings import LiveValue, PlaceInfo, PlaceKind, TagInfo
from models.risk import Fact, Grade, Override
from models.risk_register import IncidentKind

RULES = load_risk_rules()
METHODS = load_methods()
PLACES = [
    PlaceInfo(code="P", kind=PlaceKind.PLANT, name="p"),
    PlaceInfo(code="A1", kind=PlaceKind.AREA, name="a", parent="P"),
    PlaceInfo(code="A1-U", kind=PlaceKind.UNIT, name="u", parent="A1"),
    PlaceInfo(code="P-203", kind=PlaceKind.DEVICE, name="d", parent="A1-U"),
    PlaceInfo(code="A2", kind=PlaceKind.AREA, name="b", parent="P"),
]


class Tags:
    """A few tags at their places."""

    def __init__(self, *tags: TagInfo) -> None:
        self._tags = list(tags)

    def all(self) -> Sequence[TagInfo]:
        return self._tags

    def by_id(self, tag_id: int) -> TagInfo | None:
        return next((tag for tag in self._tags if tag.id == tag_id), None)

    def by_name(self, name: str) -> TagInfo | None:
        return next((tag for tag in self._tags if tag.name == name), None)

    def places(self) -> Sequence[PlaceInfo]:
        return PLACES


class Live(dict[int, LiveValue]):
    """Latest values by tag."""

    def snapshot(self) -> dict[int, LiveValue]:
        return dict(self)

    def watch(self, tag_ids: object, watcher: object = None) -> None:
        """Nobody watches here."""


GAS = TagInfo(id=1, name="GD-07", area="A1", unit_code="A1-U", device="P-203", stale_after_s=60)
WIND = TagInfo(id=2, name="WS-001")


def row(state: AlarmState = AlarmState.UNACK, priority: Priority = Priority.HIGH, **more: object) -> AlarmRow:
    fields: dict = {
        "occurrence_id": 17, "definition_id": 1, "key": "GD-07.H", "tag_id": 1, "tag": "GD-07", "area": "A1",
        "area_name": "罐区", "area_name_en": "Tanks", "text": "可燃气 高", "text_en": "gas high", "state": state,
        "priority": priority, "severity": priority, "kind": ConditionKind.H, "raised_us": 5, "value": 1.0, "limit": 1.0,
        "unit": "%", "decimals": 1,
    }  # fmt: skip
    return AlarmRow(**(fields | more))


def engine(*sources: object) -> RiskEngine:
    made = RiskEngine(METHODS, RULES, list(sources))  # type: ignore[arg-type] # sources by shape
    made.arrange(PLACES, {"A1": 126, "A1-U": 40, "A2": 60}, 0)
    made.tick(0)
    return made


def test_an_alarm_at_a_device_raises_its_unit_and_its_area_and_not_the_neighbour() -> None:
    alarms = AlarmFacts(Tags(GAS))
    risk = engine(alarms)
    alarms.take([row()])
    regrades, states = risk.tick(10)
    assert {r.place: (r.before, r.after) for r in regrades} == {
        "A1": (Grade.YELLOW, Grade.ORANGE),
        "A1-U": (Grade.BLUE, Grade.YELLOW),
    }
    assert {state.place for state in states} == {"A1", "A1-U"}
    (factor,) = risk.states()["A1"].factors
    assert (factor.weight, factor.evidence, factor.target, factor.since_us) == (60, "GD-07 可燃气 高", "alarm:17", 5)
    assert risk.tick(20) == ([], [])


def test_in_hand_counts_half_and_closed_or_shelved_counts_nothing() -> None:
    alarms = AlarmFacts(Tags(GAS))
    risk = engine(alarms)

    def weight(state: AlarmState, **more: object) -> float:
        alarms.take([row(state, **more)])
        risk.tick(1)
        return sum(f.weight for f in risk.states()["A1"].factors)

    assert weight(AlarmState.UNACK) == 60
    assert weight(AlarmState.ACKED) == 30
    assert weight(AlarmState.SHLVD) == 0
    assert weight(AlarmState.RTNUN) == 30
    assert weight(AlarmState.NORM, closed_us=9) == 0
    alarms.start([row()])
    risk.tick(2)
    assert risk.states()["A1"].value == 186


def test_silent_and_bad_sensors_weigh_up_to_their_ceiling() -> None:
    tags = [TagInfo(id=n, name=f"T{n}", area="A2", stale_after_s=60) for n in range(1, 9)]
    live = Live({n: LiveValue(n, 0, 1.0, 20 if n == 1 else 192, 0) for n in range(1, 9)})
    sensors = SensorFacts(Tags(*tags), live)  # type: ignore[arg-type] # by shape
    risk = engine(sensors)
    sensors.look(30 * US)  # the program starts: the silence before it does not count
    risk.tick(1)
    assert [(f.evidence, f.weight) for f in risk.states()["A2"].factors] == [("T1 坏值", 8)]
    sensors.look(89 * US)
    assert sensors.changed() == set()
    sensors.look(91 * US)
    risk.tick(2)
    assert risk.states()["A2"].value == 100  # 60 and the ceiling of 40
    for n in range(1, 9):
        live[n] = LiveValue(n, 70 * US, 1.0, 192, 95 * US)
    sensors.look(96 * US)
    risk.tick(3)
    assert risk.states()["A2"].factors == ()


def test_weather_weighs_on_every_zone_while_it_lasts() -> None:
    live = Live({2: LiveValue(2, 0, 12.4, 192, 0)})
    weather = WeatherFacts(RULES.weather, Tags(WIND), live, lambda: ["A1", "A2"])  # type: ignore[arg-type] # by shape
    risk = engine(weather)
    weather.look(7)
    risk.tick(8)
    assert [(f.evidence, f.weight, f.since_us) for f in risk.states()["A2"].factors] == [("大风，六级以上 12.4", 12, 7)]
    live[2] = LiveValue(2, 0, 12.4, 20, 0)  # a bad reading is no wind
    weather.look(9)
    risk.tick(9)
    assert risk.states()["A2"].factors == ()


def test_incidents_fade_and_are_forgotten() -> None:
    decay = RULES.decay
    now = 1_000 * DAY_US

    def amount(days: float, kind: IncidentKind = IncidentKind.ACCIDENT) -> float | None:
        fact = incident_fact("A1", kind, "I-1", "spill", now - round(days * DAY_US), now, decay)
        return fact.amount if fact is not None else None

    assert amount(0) == 1
    assert amount(180) == 0.5
    assert amount(360) == 0.25
    assert amount(60, IncidentKind.NEAR_MISS) == 0.5
    assert amount(1_400) is None
    source = IncidentFacts(decay)
    risk = engine(source)
    source.start([("A1", IncidentKind.ACCIDENT, "I-1", "装车溢流", now - 180 * DAY_US)], now)
    risk.tick(now)
    assert [(f.kind, f.weight, f.target) for f in risk.states()["A1"].factors] == [("incident", 20, "incident:I-1")]
    source.fade(now + 180 * DAY_US)
    risk.tick(now + 180 * DAY_US)
    assert risk.states()["A1"].value == 136


@pytest.mark.parametrize("kind", ["ticket", "permit"])
def test_tickets_and_permits_plug_in_by_the_port(kind: str) -> None:
    class Later(Changing):
        """What the next feature will hand over."""

    source = Later()
    risk = engine(source)
    weigh_by = {"ticket": "ticket_major", "permit": "permit_level_1"}[kind]
    fact = Fact(kind=kind, place="P-203", weigh=weigh_by, evidence="X-1", target=f"{kind}:X-1", until_us=100)
    source.put("X-1", fact)
    risk.tick(1)
    assert risk.states()["A1"].value == 126 + RULES.weights[weigh_by]
    assert [f.target for f in risk.states()["A1"].factors] == [f"{kind}:X-1"]
    _, states = risk.tick(100)  # its time is over, nobody had to say so
    assert {state.place: state.factors for state in states} == {"A1": (), "A1-U": ()}


def test_a_colour_by_hand_and_other_weights_are_seen_at_the_next_tick() -> None:
    alarms = AlarmFacts(Tags(GAS))
    risk = engine(alarms)
    alarms.take([row()])
    risk.tick(1)
    risk.set_override("A1", Override(grade=Grade.RED, reason="r", by="li", since_us=2, until_us=50))
    regrades, _ = risk.tick(2)
    assert [(r.place, r.after, r.cause) for r in regrades] == [("A1", Grade.RED, "override")]
    regrades, _ = risk.tick(50)
    assert [(r.after, r.cause) for r in regrades] == [(Grade.ORANGE, "override_ended")]
    risk.use_rules(RULES.with_weights({"alarm_high": 250}), 60)
    regrades, _ = risk.tick(60)
    assert {r.place: r.after for r in regrades} == {"A1": Grade.RED, "A1-U": Grade.ORANGE}


def test_zones_come_and_go_with_the_register() -> None:
    risk = engine()
    risk.arrange(PLACES, {"A2": 330}, 5)
    regrades, _ = risk.tick(5)
    assert [(r.place, r.after, r.cause) for r in regrades] == [("A2", Grade.RED, "register")]
    assert set(risk.states()) == {"A2"}
    assert not risk.has_zone("A1")


def test_a_ceiling_cuts_the_lightest_rows_first() -> None:
    facts = [Fact(kind="ticket", place="A", weigh="ticket_major", evidence=str(n)) for n in range(3)]
    assert [f.weight for f in weigh(facts, RULES.weights)] == [80, 40]


@given(
    st.dictionaries(st.sampled_from([*RULES.weights, "none"]), st.floats() | st.booleans() | st.integers(), max_size=4)
)
def test_weights_are_checked(weights: dict) -> None:
    right = all(name in RULES.weights and not isinstance(w, bool) and 0 <= w <= 1000 for name, w in weights.items())
    if right:
        check_weights(weights, RULES.weights)
    else:
        with pytest.raises(RiskRulesError):
            check_weights(weights, RULES.weights)


def test_an_alarm_of_no_priority_weighs_nothing() -> None:
    fact = alarm_fact("A", Priority.NONE, in_hand=False, evidence="", evidence_en="", target="", since_us=0)
    assert weigh([fact], RULES.weights) == []
