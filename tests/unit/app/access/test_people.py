"""Logging in and out, lock-out, first passwords, and who may change whom."""

from __future__ import annotations

import argon2
import pytest

from app.access.passwords import Passwords
from app.access.permissions import load_permissions
from models.commands import ChangeOwnPassword, ChangeUser, CreateUser, LogOut, SetGrants
from models.login import LoginResult
from models.people import Actor, Credential, User
from models.rights import Grant, Role, RoleRight, RoleRow
from tests.unit.app.access.conftest import FAST, House

GOOD, OTHER = "correct horse 7", "battery staple 9"
SIGNED = (Credential("boss", GOOD, "I answer for it"),)


def log_in(house: House, login: str, password: str) -> LoginResult:
    return house.people.log_in(login, password).result()


def actions(house: House) -> list[tuple[str, str, str]]:
    return [(r.login, r.action, r.outcome) for r in reversed(house.entries())]


def test_the_right_password_opens_an_audited_session(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    result = log_in(house, " Anna ", GOOD)
    assert result.code == "done"
    assert result.actor == Actor(1, "anna", "Anna", (Role.OPERATOR,), "CR-1", 1)
    assert actions(house) == [("anna", "session.login", "done")]


@pytest.mark.parametrize(("login", "password"), [("anna", "wrong"), ("nobody", GOOD), ("blank", ""), ("", "")])
def test_whatever_is_wrong_the_answer_is_the_same(house: House, login: str, password: str) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    house.add("blank", Role.OPERATOR, must_change=True)
    assert log_in(house, login, password) == LoginResult("wrong")
    assert actions(house) == [(login, "session.login_failed", "refused")]


def test_failures_make_one_wait_and_the_fifth_locks(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    codes = []
    for _ in range(5):
        codes.append(log_in(house, "anna", "wrong").code)
        house.clock.advance(6)
    assert codes == ["wrong", "wrong", "locked", "locked", "locked"]
    assert log_in(house, "anna", GOOD).code == "locked"  # not even the right one
    house.clock.advance(895)
    assert log_in(house, "anna", GOOD).code == "done"
    assert house.user("anna").failed_logins == 0


def test_attempts_while_locked_do_not_lengthen_the_lock(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD, failed_logins=4)
    until = log_in(house, "anna", "wrong").locked_until_us
    house.clock.advance(10)
    assert log_in(house, "anna", "wrong") == LoginResult("locked", locked_until_us=until)
    assert house.user("anna").failed_logins == 5


def test_an_administrator_unlocks(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    house.add("anna", Role.OPERATOR, password=GOOD, failed_logins=4)
    assert log_in(house, "anna", "wrong").code == "locked"
    assert house.front.submit(ChangeUser(login="anna", unlock=True), boss).result().ok
    assert log_in(house, "anna", GOOD).code == "done"


def test_only_who_proves_the_password_learns_that_the_account_is_off(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD, active=False)
    assert log_in(house, "anna", "wrong").code == "wrong"
    assert log_in(house, "anna", GOOD).code == "inactive"


def test_a_first_password_has_to_be_changed_before_anything_else(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    order = CreateUser(login="anna", name="Anna", password=GOOD, grants=(Grant(role=Role.OPERATOR),))
    assert house.front.submit(order, boss).result().code == "signature_needed"
    assert house.front.submit(order, boss, SIGNED).result().ok
    assert log_in(house, "anna", GOOD) == LoginResult("must_change")
    first = house.people.set_first_password
    assert first("anna", "wrong", OTHER).result().code == "wrong"
    assert first("anna", GOOD, "short").result().code == "weak_password"
    assert first("anna", GOOD, GOOD).result().code == "weak_password"
    result = first("anna", GOOD, OTHER).result()
    assert (result.code, result.actor and result.actor.session_id) == ("done", 1)
    assert log_in(house, "anna", OTHER).code == "done"
    assert first("anna", OTHER, GOOD).result().code == "invalid"


def test_the_first_administrator_is_made_once_with_a_password_of_their_own(house: House) -> None:
    house.seed()
    assert not house.people.any_users()
    assert house.people.create_first("root", "Root", "short").result().code == "weak_password"
    assert house.people.create_first("root", "Root", GOOD).result().ok
    assert house.people.any_users()
    assert house.people.create_first("eve", "Eve", GOOD).result().code == "forbidden"
    result = log_in(house, "root", GOOD)
    assert result.actor is not None
    assert result.actor.roles == (Role.ADMINISTRATOR,)


def test_after_logging_out_the_session_opens_no_door(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    actor = log_in(house, "anna", GOOD).actor
    assert actor is not None
    assert house.front.submit(LogOut(), actor).result().ok
    assert house.front.submit(LogOut(), actor).result().code == "session_closed"
    assert [a for _, a, _ in actions(house)] == ["session.login", "session.logout", "session.logout"]


def test_a_new_password_set_by_another_ends_the_sessions_of_that_person(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    house.add("anna", Role.OPERATOR, password=GOOD)
    actor = log_in(house, "anna", GOOD).actor
    assert actor is not None
    order = ChangeUser(login="anna", new_password=OTHER, reason="lost")
    assert house.front.submit(order, boss).result().code == "signature_needed"  # it lets its giver in as Anna
    assert house.front.submit(order, boss, SIGNED).result().ok
    assert house.front.submit(LogOut(), actor).result().code == "session_closed"
    assert log_in(house, "anna", OTHER).code == "must_change"


def test_who_may_not_grant_rights_comes_by_none_through_an_account(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    house.add("anna", Role.OPERATOR, password=GOOD)
    with house.begin() as session:
        role = RoleRow(code="helpdesk", name="h", name_en="h", ready=False)
        session.add(role)
        session.flush()
        session.add_all(RoleRight(role_id=role.id, action=action) for action in ("user.create", "user.change"))
    desk = house.add("desk", "helpdesk", password=GOOD)
    signed = [Credential("desk", GOOD, "I answer for it")]

    def order(command: CreateUser | ChangeUser) -> str:
        return house.front.submit(command, desk, signed).result().code

    eve = CreateUser(login="eve", name="Eve", password=GOOD, grants=(Grant(role=Role.ADMINISTRATOR),))
    assert order(eve) == "forbidden"
    assert order(CreateUser(login="eve", name="Eve", password=GOOD)) == "done"
    assert order(ChangeUser(login="boss", new_password=OTHER, reason="lost")) == "forbidden"
    assert order(ChangeUser(login="boss", active=False)) == "forbidden"
    assert order(ChangeUser(login="boss", unlock=True)) == "done"
    assert order(ChangeUser(login="anna", new_password=OTHER, reason="lost")) == "done"
    assert log_in(house, "boss", GOOD).code == "done"
    assert house.rights.roles_of(boss) == ("administrator",)


def test_a_new_password_of_ones_own_ends_ones_sessions_elsewhere(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    here, there = log_in(house, "anna", GOOD).actor, log_in(house, "anna", GOOD).actor
    assert here is not None
    assert there is not None
    assert house.front.submit(ChangeOwnPassword(old_password=GOOD, new_password=OTHER), here).result().ok
    assert house.front.submit(LogOut(), there).result().code == "session_closed"
    assert house.front.submit(LogOut(), here).result().ok


def test_orders_with_roles_or_passwords_that_go_another_way_are_signed_as_well(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    roles = CreateUser(login="eve", name="Eve", password=GOOD, grants=(Grant(role=Role.OPERATOR),))
    assert house.door.handle(roles, boss).code == "signature_needed"
    assert house.door.handle(ChangeUser(login="boss", new_password=OTHER), boss).code == "signature_needed"


def test_one_changes_the_own_password_by_proving_the_old_one(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR, password=GOOD)

    def change(old: str, new: str) -> str:
        return house.front.submit(ChangeOwnPassword(old_password=old, new_password=new), anna).result().code

    assert change("wrong", OTHER) == "wrong_password"
    assert house.user("anna").failed_logins == 1
    assert change(GOOD, "anna anna 12") == "weak_password"
    assert change(GOOD, GOOD) == "weak_password"
    assert change(GOOD, OTHER) == "done"
    assert log_in(house, "anna", OTHER).code == "done"


def test_somebody_must_remain_who_can_manage_users(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    house.add("lead", Role.SHIFT_LEADER, password=GOOD)
    lead = Credential("lead", GOOD, "I have seen this", second=True)
    step_down = SetGrants(login="boss", grants=(Grant(role=Role.SAFETY_MANAGER),), reason="retires")
    assert house.front.submit(ChangeUser(login="boss", active=False), boss).result().code == "last_administrator"
    assert house.front.submit(step_down, boss, (*SIGNED, lead)).result().code == "last_administrator"
    for_a_while = Grant(role=Role.ADMINISTRATOR, until_us=house.clock.now_us() + 1)
    order = SetGrants(login="boss", grants=(for_a_while,), reason="soon away")
    assert house.front.submit(order, boss, (*SIGNED, lead)).result().code == "last_administrator"
    house.add("vice", Role.ADMINISTRATOR, password=GOOD)
    assert house.front.submit(step_down, boss, (*SIGNED, lead)).result().ok
    assert house.people.users()[0].roles == (Role.SAFETY_MANAGER,)


@pytest.mark.parametrize(
    ("login", "name", "code"),
    [("anna", "A", "conflict"), ("ANNA", "A", "conflict"), ("a b", "A", "invalid"), ("system", "A", "invalid"),
     ("", "A", "invalid"), ("x" * 65, "A", "invalid"), ("ok", "  ", "invalid"), ("张三", "张三", "done"),
     ("Özil", "A", "invalid"), ("özil", "A", "done")],
)  # fmt: skip
def test_logins_are_checked(house: House, login: str, name: str, code: str) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    house.add("anna", Role.OPERATOR, password=GOOD)
    order = CreateUser(login=login, name=name, password=GOOD)
    assert house.front.submit(order, boss).result().code == code


def test_an_operator_cannot_make_users(house: House) -> None:
    anna = house.add("anna", Role.OPERATOR, password=GOOD)
    grants = (Grant(role=Role.ADMINISTRATOR),)
    order = CreateUser(login="eve", name="Eve", password=GOOD, grants=grants)
    assert house.front.submit(order, anna).result().code == "forbidden"
    own = SetGrants(login="anna", grants=grants, reason="I want to")
    assert house.front.submit(own, anna).result().code == "forbidden"
    assert not house.front.allowed("user.create", anna)


def test_changes_show_before_and_after_in_the_trail(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    house.add("anna", Role.OPERATOR, password=GOOD)
    order = SetGrants(login="anna", grants=(Grant(role=Role.SHIFT_LEADER, zone=""),), reason="promoted")
    assert house.front.submit(order, boss, SIGNED).result().ok
    (row,) = house.entries(action="rights.grant")
    assert row.before is not None
    assert row.after is not None
    roles = [row.before["grants"][0]["role"], row.after["grants"][0]["role"]]
    assert (roles, row.reason) == (["operator", "shift_leader"], "promoted")
    assert row.signed == [{"login": "boss", "name": "Boss", "meaning": "I answer for it", "second": False}]


def test_unknown_users_cannot_be_changed(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    assert house.front.submit(ChangeUser(login="nobody", unlock=True), boss).result().code == "not_found"


def test_orders_with_passwords_that_come_straight_to_the_engine_are_hashed_there(house: House) -> None:
    boss = house.add("boss", Role.ADMINISTRATOR, password=GOOD)
    order = CreateUser(login="anna", name="Anna", password=GOOD)
    assert house.door.handle(order, boss).ok
    assert house.user("anna").password.startswith("$argon2id$")


def test_lists_of_users_never_carry_a_hash(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    (info,) = house.people.users()
    assert (info.login, info.roles) == ("anna", (Role.OPERATOR,))
    assert "argon2" not in repr(info)


def test_a_weak_hash_is_renewed_at_the_next_login(house: House) -> None:
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=16)
    house.add("anna", Role.OPERATOR, password=GOOD)
    old = weaker.hash(GOOD)
    with house.begin() as session:
        session.get_one(User, 1).password = old
    assert log_in(house, "anna", GOOD).code == "done"
    assert house.user("anna").password != old
    assert not FAST.check_needs_rehash(house.user("anna").password)


def test_a_store_that_is_down_is_said(house: House) -> None:
    house.add("anna", Role.OPERATOR, password=GOOD)
    house.fail_commits = 2
    assert log_in(house, "anna", GOOD).code == "store_failed"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short1!", "too_short"),
        ("x" * 129, "too_long"),
        ("1234567890", "common"),
        ("PASSWORD123", "common"),
        ("aaaaaaaaaa1!", "few_different"),
        ("abcdefghijkl", "few_kinds"),
        ("xx-zhangsan-9", "contains_login"),
        ("correct horse 7", None),
        ("安全第一预防为主a1", None),
    ],
)
def test_weak_passwords_are_named(password: str, why: str | None) -> None:
    assert Passwords(load_permissions().password, FAST).weakness(password, "zhangsan") == why


def test_no_password_at_all_matches_nothing() -> None:
    passwords = Passwords(load_permissions().password, FAST)
    assert not passwords.matches("", "")
    assert not passwords.matches("not a hash", "x")
    assert passwords.matches(passwords.hash("x"), "x")
