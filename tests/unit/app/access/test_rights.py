"""Role × zone × action: denied unless a grant says otherwise, and every answer can be explained."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from app.access.permissions import load_permissions
from app.access.rights import Book, Holder
from app.ports import Refused
from models.commands import RemoveRole, SaveRole, SaveSignatureRule, SetGrants
from models.people import Actor, Credential
from models.readings import PlaceInfo, PlaceKind
from models.rights import Grant, Role, RoleInfo, Scope, SignatureRule
from tests.unit.app.access.conftest import House

GOOD = "correct horse 7"
BOSS = (Credential("boss", GOOD, "I answer for it"),)
PLACES = [
    PlaceInfo(code="N", kind=PlaceKind.PLANT, name="n"),
    PlaceInfo(code="A1", kind=PlaceKind.AREA, name="a", parent="N"),
    PlaceInfo(code="A1-U1", kind=PlaceKind.UNIT, name="u", parent="A1"),
    PlaceInfo(code="P-203", kind=PlaceKind.DEVICE, name="p", parent="A1-U1"),
    PlaceInfo(code="A2", kind=PlaceKind.AREA, name="b", parent="N"),
]
ACK = "alarm.acknowledge"


@pytest.fixture
def plant(house: House) -> House:
    house.places = PLACES
    house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    return house


def failing_read() -> Any:
    raise OperationalError("SELECT", {}, OSError("gone"))


def may(house: House, actor: Actor, zone: str | None, action: str = ACK) -> bool:
    return house.rights.allowed(action, actor, zone)


def test_a_role_in_an_area_counts_for_all_beneath_and_nowhere_else(plant: House) -> None:
    anna = plant.add("anna", Role.OPERATOR, zone="A1")
    assert [may(plant, anna, zone) for zone in ("A1", "A1-U1", "P-203", "A2", "N", "", "no-such")] == [
        True, True, True, False, False, False, False,
    ]  # fmt: skip
    assert may(plant, anna, None)
    assert may(plant, anna, "A2", "alarm.mute")  # wherever the role is held
    assert may(plant, anna, "A2", "session.logout")


def test_what_counts_for_the_plant_needs_the_role_in_the_whole_plant(plant: House) -> None:
    areal = plant.add("areal", Role.ADMINISTRATOR, zone="A1")
    assert not may(plant, areal, None, "user.create")
    assert not may(plant, areal, "A1", "user.create")
    boss = plant.rights.explain(areal, "areal", "user.create")[0]
    assert (boss.allowed, boss.why_not) == (False, "not_here")
    assert may(plant, areal, "P-203", "tag.save")


def test_a_grant_for_a_while_ends_by_itself(plant: House) -> None:
    anna = plant.add("anna")
    until = plant.clock.now_us() + 3600
    order = SetGrants(login="anna", grants=(Grant(role=Role.OPERATOR, until_us=until),), reason="stands in")
    boss = Actor(1, "boss", "Boss", (Role.ADMINISTRATOR,), "CR-1")
    assert plant.front.submit(order, boss, BOSS).result().ok
    assert may(plant, anna, "A1")
    assert plant.rights.roles_of(anna) == ("operator",)
    plant.clock.set(until)
    assert not may(plant, anna, "A1")
    assert plant.rights.roles_of(anna) == ()
    assert plant.rights.explain(anna, "anna", ACK)[0].why_not == "expired"


def test_why_names_the_grants_and_who_names_the_people(plant: House) -> None:
    plant.add("anna", Role.OPERATOR, zone="A1")
    plant.add("li", Role.SHIFT_LEADER)
    plant.add("off", Role.OPERATOR, active=False)
    reader = Actor(1, "boss", "Boss", (), "CR-1")
    (found,) = plant.rights.explain(reader, "ANNA", ACK, "P-203")
    assert (found.allowed, [(g.role, g.zone, g.granted_by) for g in found.because]) == (
        True,
        [("operator", "A1", "system")],
    )
    assert [w.login for w in plant.rights.who(reader, ACK, "P-203")] == ["anna", "boss", "li"]
    assert [w.login for w in plant.rights.who(reader, ACK, "A2")] == ["boss", "li"]
    assert plant.rights.explain(reader, "off", ACK)[0].why_not == "inactive"
    assert len(plant.rights.explain(reader, "anna")) == len(load_permissions().scopes)
    with pytest.raises(Refused, match="nobody"):
        plant.rights.explain(reader, "nobody")


def test_rights_are_read_by_those_who_may_and_ones_own_by_everybody(plant: House) -> None:
    anna = plant.add("anna", Role.OPERATOR)
    assert plant.rights.explain(anna, "anna", ACK)[0].allowed
    for question in (
        lambda: plant.rights.roles(anna),
        lambda: plant.rights.actions(anna),
        lambda: plant.rights.signature_rules(anna),
        lambda: plant.rights.who(anna, ACK),
        lambda: plant.rights.explain(anna, "boss"),
    ):
        with pytest.raises(Refused) as refused:
            question()
        assert refused.value.code == "forbidden"


def test_a_role_of_the_sites_own_is_made_given_and_removed(plant: House) -> None:
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    guard = SaveRole(code="gate", name="门卫", actions=frozenset({"alarm.acknowledge"}), reason="new post")
    assert plant.front.submit(guard, boss).result().code == "signature_needed"
    assert plant.front.submit(guard, boss, BOSS).result().ok
    anna = plant.add("anna")
    give = SetGrants(login="anna", grants=(Grant(role="gate", zone="A2"),), reason="gate duty")
    assert plant.front.submit(give, boss, BOSS).result().ok
    assert (may(plant, anna, "A2"), may(plant, anna, "A1")) == (True, False)
    remove = RemoveRole(code="gate", reason="over")
    assert plant.front.submit(remove, boss, BOSS).result().code == "role_held"
    assert plant.front.submit(SetGrants(login="anna", grants=(), reason="over"), boss, BOSS).result().ok
    assert plant.front.submit(remove, boss, BOSS).result().ok
    assert [role.code for role in plant.rights.roles(boss)] == [role.value for role in Role]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (SetGrants(login="boss2", grants=(), reason="x y"), "not_found"),
        (SetGrants(login="anna", grants=(Grant(role="king"),), reason="x y"), "invalid"),
        (SetGrants(login="anna", grants=(Grant(role="operator", zone="Mars"),), reason="x y"), "invalid"),
        (SetGrants(login="anna", grants=(Grant(role="operator", until_us=5),), reason="x y"), "invalid"),
        (SetGrants(login="anna", grants=(), reason=" "), "reason_missing"),
        (SaveRole(code="Gate!", name="x", actions=frozenset(), reason="x y"), "invalid"),
        (SaveRole(code="gate", name="", actions=frozenset(), reason="x y"), "invalid"),
        (SaveRole(code="gate", name="x", actions=frozenset({"fly"}), reason="x y"), "invalid"),
        (RemoveRole(code="operator", reason="x y"), "invalid"),
        (SaveSignatureRule(danger="none", password=True, second=False, reason="x y"), "not_found"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(plant: House, order, code: str) -> None:
    plant.add("anna", Role.OPERATOR)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    before = plant.people.users()
    assert plant.front.submit(order, boss, BOSS).result().code == code
    assert plant.people.users() == before


def test_the_last_right_to_grant_rights_can_not_be_taken_from_its_role(plant: House) -> None:
    plant.add("vice", Role.ADMINISTRATOR, password=GOOD)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    witness = Credential("vice", GOOD, "I have seen it", second=True)
    order = SaveRole(code="administrator", actions=frozenset({"tag.save"}), reason="weaker")
    assert plant.front.submit(order, boss, (*BOSS, witness)).result().code == "last_administrator"


def test_changing_ones_own_rights_needs_a_second_person(plant: House) -> None:
    plant.add("anna", Role.OPERATOR, password=GOOD)
    plant.add("li", Role.SHIFT_LEADER, password=GOOD)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    order = SetGrants(login="boss", grants=(Grant(role="administrator"), Grant(role="commander")), reason="on call")

    def sign(login: str, password: str = GOOD) -> str:
        witness = Credential(login, password, "I have seen it", second=True)
        return plant.front.submit(order, boss, (*BOSS, witness)).result().code

    assert plant.front.submit(order, boss, BOSS).result().code == "signature_needed"
    assert sign("boss") == "same_person"
    assert sign("anna") == "signature_void"  # an operator is no witness
    assert sign("li", "guess") == "signature_wrong"
    assert plant.user("li").failed_logins == 1
    assert sign("nobody") == "signature_wrong"
    assert sign("li") == "done"
    row = plant.entries(action="rights.grant")[0]
    assert [(s["login"], s["second"]) for s in row.signed] == [("boss", False), ("li", True)]


def test_somebody_elses_signature_is_not_the_givers(plant: House) -> None:
    plant.add("li", Role.SHIFT_LEADER, password=GOOD)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    order = SetGrants(login="li", grants=(), reason="leaves")
    theirs = (Credential("li", GOOD, "I answer for it"),)
    assert plant.front.submit(order, boss, theirs).result().code == "signature_void"
    silent = (Credential("boss", GOOD, " "),)
    assert plant.front.submit(order, boss, silent).result().code == "signature_needed"


def test_a_signature_is_void_once_the_password_has_changed(plant: House) -> None:
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    plant.add("li", Role.SHIFT_LEADER)
    signed = plant.people.sign(BOSS)
    assert isinstance(signed, list)
    with plant.begin() as session:
        from models.people import User

        session.get_one(User, 1).password = plant.passwords.hash("something else 3")
    answer = plant.door.handle(SetGrants(login="li", grants=(), reason="leaves"), boss, signed)
    assert answer.code == "signature_void"


def test_nobody_signs_with_a_first_password_that_another_gave_out(plant: House) -> None:
    plant.add("li", Role.SHIFT_LEADER, password=GOOD, must_change=True)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    order = SetGrants(login="boss", grants=(Grant(role="administrator"), Grant(role="commander")), reason="on call")
    witness = Credential("li", GOOD, "I have seen it", second=True)
    answer = plant.front.submit(order, boss, (*BOSS, witness)).result()
    assert answer.code in ("signature_void", "signature_wrong")
    assert plant.rights.roles_of(boss) == ("administrator",)


def test_what_asks_for_a_signature_is_data(plant: House) -> None:
    plant.add("li", Role.SHIFT_LEADER, password=GOOD)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    rule = SaveSignatureRule(danger="rights.change", password=True, second=True, reason="four eyes")
    assert plant.front.submit(rule, boss, BOSS).result().ok
    order = SetGrants(login="li", grants=(), reason="leaves")
    answer = plant.front.submit(order, boss, BOSS).result()
    assert (answer.code, answer.params["second"]) == ("signature_needed", True)
    row = plant.entries(action="rights.signature")[0]
    assert (row.before, row.after) == ({"again": True, "second": False}, {"again": True, "second": True})


def test_a_right_that_was_taken_while_the_book_could_not_be_read_ends_as_soon_as_it_can(plant: House) -> None:
    anna = plant.add("anna", Role.OPERATOR)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    signed = plant.people.sign(BOSS)
    assert isinstance(signed, list)
    read, plant.rights._read = plant.rights._read, failing_read
    assert plant.door.handle(SetGrants(login="anna", grants=(), reason="leaves"), boss, signed).ok
    with pytest.raises(OperationalError):
        plant.rights.catch_up()
    plant.rights._read = read
    plant.rights.catch_up()
    assert not may(plant, anna, None)


def test_a_grant_that_has_ended_may_stay_beside_new_ones(plant: House) -> None:
    plant.add("anna", Role.OPERATOR)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    ends = plant.clock.now_us() + 1000

    def give(*grants: Grant) -> str:
        return plant.front.submit(SetGrants(login="anna", grants=grants, reason="on call"), boss, BOSS).result().code

    while_ill = Grant(role="shift_leader", until_us=ends)
    assert give(while_ill) == "done"
    plant.clock.advance(10)
    assert give(while_ill, Grant(role="worker")) == "done"
    anna = Actor(2, "anna", "Anna", (), "CR-1")
    assert plant.rights.roles_of(anna) == ("worker",)
    assert not may(plant, anna, "A1")
    assert give(Grant(role="shift_leader", until_us=ends + 1)) == "invalid"


def test_one_alone_does_not_do_away_with_the_second_person(plant: House) -> None:
    plant.add("li", Role.SHIFT_LEADER, password=GOOD)
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    rule = SaveSignatureRule(danger="rights.change_own", password=True, second=False, reason="quicker")
    answer = plant.front.submit(rule, boss, BOSS).result()
    assert (answer.code, answer.params["second"]) == ("signature_needed", True)
    witness = Credential("li", GOOD, "I have seen it", second=True)
    assert plant.front.submit(rule, boss, (*BOSS, witness)).result().ok
    stricter = SaveSignatureRule(danger="privacy.export", password=True, second=True, reason="four eyes")
    assert plant.front.submit(stricter, boss, BOSS).result().ok  # asking for more needs nobody else


def test_an_upgrade_brings_new_actions_and_leaves_what_the_site_changed(plant: House) -> None:
    boss = Actor(1, "boss", "Boss", (), "CR-1")
    order = SaveRole(code="operator", actions=frozenset({"alarm.acknowledge"}), reason="only that")
    assert plant.front.submit(order, boss, BOSS).result().ok
    with plant.begin() as session:
        from sqlalchemy import delete

        from models.rights import KnownAction

        session.execute(delete(KnownAction).where(KnownAction.action == "data.export"))
    plant.seed()
    held = next(role for role in plant.rights.roles(boss) if role.code == "operator").actions
    assert held == {"alarm.acknowledge", "data.export"}


ACTIONS = sorted(load_permissions().scopes)
ZONES = ["", "N", "A1", "A1-U1", "P-203", "A2"]
ABOVE = {"": [""], "N": ["", "N"], "A1": ["", "N", "A1"], "A2": ["", "N", "A2"]}
ABOVE["A1-U1"] = [*ABOVE["A1"], "A1-U1"]
ABOVE["P-203"] = [*ABOVE["A1-U1"], "P-203"]


@given(
    grants=st.lists(
        st.builds(
            Grant,
            role=st.sampled_from(["one", "two"]),
            zone=st.sampled_from(ZONES),
            until_us=st.none() | st.integers(0, 20),
        ),
        max_size=4,
    ),
    one=st.frozensets(st.sampled_from(ACTIONS), max_size=6),
    two=st.frozensets(st.sampled_from(ACTIONS), max_size=6),
    action=st.sampled_from(ACTIONS),
    zone=st.sampled_from([None, *ZONES]),
)
def test_the_book_agrees_with_the_rule_said_plainly(grants, one, two, action, zone) -> None:
    permissions, now_us = load_permissions(), 10
    roles = {
        code: RoleInfo(code=code, name="", name_en="", ready=False, actions=held)
        for code, held in (("one", one), ("two", two))
    }
    book = Book(permissions, roles, [Holder(7, "a", "A", True, tuple(grants))], {}, PLACES)
    scope = permissions.scopes[action]
    expected = action in permissions.basic
    for grant in grants:
        if action not in roles[grant.role].actions or (grant.until_us is not None and grant.until_us <= now_us):
            continue
        if scope is Scope.PLANT:
            expected |= grant.zone == ""
        elif scope is Scope.ANY or zone is None:
            expected = True
        else:
            expected |= grant.zone in ABOVE[zone]
    actor = Actor(7, "a", "A", (), "CR-1")
    assert book.allowed(action, actor, zone, now_us) is expected
    assert book.explain(7, action, zone, now_us).allowed is expected


def test_a_danger_that_nobody_ruled_on_asks_for_the_password(plant: House) -> None:
    assert plant.rights.rule("new.danger") == SignatureRule(danger="new.danger", password=True, second=False)
