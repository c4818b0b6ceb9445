"""The trail: sealed, append-only, searchable, and without secrets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from app.access import audit
from models.audit import AuditEntry
from models.people import Actor, system_actor
from models.rights import Role
from tests.unit.app.access.conftest import House

ANNA = Actor(1, "anna", "Anna", (Role.OPERATOR,), "CR-1", 7)


def write(house: House, target: str, **fields: Any) -> None:
    with house.begin() as session:
        audit.append(
            session,
            **(
                {"t_us": house.clock.now_us(), "actor": ANNA, "action": "alarm.acknowledge", "outcome": "done"} | fields
            ),
            target=target,
        )


def test_an_untouched_chain_holds(house: House) -> None:
    assert house.first_broken() is None
    for i in range(5):
        write(house, f"alarm:{i}", before={"a": 1.5, "b": [1, None]}, after={"c": "汉字", "d": True})
    assert house.first_broken() is None


@pytest.mark.parametrize("deed", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_rewrite_the_trail(house: House, deed: str) -> None:
    write(house, "alarm:1")
    with house.store.begin() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text(deed))
    with house.store.begin() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(update(AuditEntry).values(reason="y"))


def test_secrets_are_blotted_out_however_deep(house: House) -> None:
    after = {"user": {"Password": "hunter2", "list": [{"api_token": "t"}]}, "password_set": True}
    write(house, "user:a", after=after)
    (row,), _ = house.trail.entries(ANNA)
    assert row.after == {"user": {"Password": "***", "list": [{"api_token": "***"}]}, "password_set": True}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    body=st.dictionaries(st.text(max_size=5), json_values, max_size=4), target=st.text(max_size=300), reason=st.text()
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_can_be_verified_again(
    house: House, body: dict[str, Any], target: str, reason: str
) -> None:
    write(house, target, before=body, reason=reason)
    assert house.first_broken() is None


def test_surrogates_and_nul_from_hostile_names_are_kept_out(house: House) -> None:
    write(house, "a\ud800b\x00c", reason="\udfff", after={"k\ud800": "v\x00"})
    assert house.first_broken() is None
    assert house.entries()[0].target == "a?b\\0c"


def test_trail_is_filtered_paged_and_newest_first(house: House) -> None:
    for i in range(7):
        write(house, f"alarm:{i}", reason="50% done" if i == 3 else "", t_us=i)
    write(house, "user:bo", action="user.create", actor=Actor(2, "bo", "Bo", (Role.ADMINISTRATOR,), "CR-2"), t_us=100)
    page, total = house.trail.entries(ANNA, action="alarm.", offset=2, limit=3)
    assert ([r.target for r in page], total) == (["alarm:4", "alarm:3", "alarm:2"], 7)
    assert [r.target for r in house.trail.entries(ANNA, text="50%")[0]] == ["alarm:3"]
    assert [r.login for r in house.trail.entries(ANNA, login="bo")[0]] == ["bo"]
    assert house.trail.entries(ANNA, start_us=2, end_us=5)[1] == 3
    assert [r.id for r in house.trail.entries(ANNA, last_id=2)[0]] == [2, 1]
    row, before = house.trail.entries(ANNA, last_id=2)[0]
    assert row.prev_hash == before.hash


def test_a_reader_without_the_right_to_names_sees_masks_and_finds_nobody_by_name(house: House) -> None:
    zhao = Actor(3, "zhao", "赵云", (Role.ADMINISTRATOR,), "CR-2")
    facts = {"login": "wang", "name": "王敏", "dn": "CN=王敏,DC=plant", "active": True}
    signed = [{"login": "zhao", "name": "赵云", "meaning": "ok", "second": False}]
    write(house, "user:wang", action="user.change", actor=zhao, before=facts, after=None, signed=signed)
    write(house, "department:d1", action="department.save", actor=zhao, after={"name": "生产部"})
    write(house, "x", actor=system_actor("CR-1"))
    auditor = audit.AuditTrail(house.read, lambda action, _reader: action != "privacy.names")
    program, department, user = auditor.entries(ANNA)[0]
    assert (user.name, user.login, user.signed) == ("赵*", "zhao", [signed[0] | {"name": "赵*"}])
    assert user.before == {"login": "wang", "name": "王*", "dn": "***", "active": True}
    assert (department.after, program.name) == ({"name": "生产部"}, "system")
    assert auditor.entries(ANNA, text="赵云") == ([], 0)
    assert house.trail.entries(ANNA, text="赵云")[1] == 2
    assert house.trail.entries(ANNA, last_id=1)[0][0].before == facts
