"""People: saved by number, their private values encrypted, masked everywhere else, and never in trail, log or repr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.logs import set_up_logging
from models.organisation import GroupRole, PeopleQuery, PersonKind, day_us, today_us
from models.organisation_commands import (
    MemberDraft,
    PersonDraft,
    PersonLeft,
    RemoveMember,
    SaveMember,
    SavePerson,
)
from models.people import Actor
from models.privacy import PrivateField, PrivateValues
from tests.unit.app.organisation.conftest import NOON, SECRETS, ZHANG_ID, Plant

DAY = 86_400_000_000
TODAY = today_us(NOON)


def save(number: str, version: int | None = None, private: dict[str, str] | None = None, **fields: Any) -> SavePerson:
    return SavePerson(
        person=PersonDraft(number=number, private=PrivateValues(private or {}), **fields), version=version, reason="r"
    )


def test_private_values_are_stored_encrypted_and_nowhere_else(
    plant: Plant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("debug", tmp_path)
    plant.small()
    plant.order(save("E1", private={"phone": "12"}))
    plant.order(save("E1", private={"phone": "13812345679", "allergies": "花粉"}))
    command = save("E3", private=SECRETS)
    kept = (
        plant.everything_stored()
        + (tmp_path / "ankan.log").read_text("utf-8")
        + capsys.readouterr().err
        + repr(command)
    )
    for value in (*SECRETS.values(), "13812345679", "花粉"):
        if len(value) > 2:
            assert value not in kept
    assert {row[0] for row in plant.rows("SELECT field FROM person_health")} == {"blood_type", "allergies"}
    assert len(plant.rows("SELECT field FROM person_private")) == 7


def test_the_trail_has_masks_and_the_names_of_changed_fields(plant: Plant) -> None:
    plant.small()
    plant.do(save("E1", post="HEAD", private={"phone": "13800001111", "name": SECRETS["name"]}))
    (row, _, *_), _ = plant.trail.entries(plant.me, action="person.save", text="person:E1")
    assert row.before is not None
    assert row.after is not None
    assert (row.before["private"]["phone"], row.after["private"]["phone"]) == ("138****5678", "138****1111")
    assert row.after["private"]["allergies"] == "***"
    assert row.after["private_changed"] == ["phone"]
    assert row.after["name"] == "张**"


def test_two_who_edit_private_values_alone_notice_each_other(plant: Plant) -> None:
    plant.small()
    card = plant.register.person("E1", plant.me)
    assert card is not None
    plant.do(save("E1", card.row.version, post="HEAD", private={"phone": "13800001111"}))
    assert plant.order(save("E1", card.row.version, post="HEAD", private={"phone": "13800002222"})).code == "conflict"


def test_what_is_not_given_stays_and_an_empty_value_is_taken_away(plant: Plant) -> None:
    plant.small()
    plant.do(save("E1", post="HEAD", private={"phone": "", "blood_type": "O"}))
    card = plant.register.person("E1", plant.me)
    assert card is not None
    shown = {cell.field: cell.masked for cell in card.private if cell.present}
    assert PrivateField.PHONE not in shown
    assert shown[PrivateField.ID_NUMBER] == "3301**********1234"
    assert shown[PrivateField.ADDRESS] == "浙江省杭州市西湖区***"
    assert shown[PrivateField.BLOOD_TYPE] == "***"


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"number": "a b"}, "invalid", "number"),
        ({"department": "NO"}, "unknown_code", "department"),
        ({"post": "NO"}, "unknown_code", "post"),
        ({"department": "OTHER", "post": "OP"}, "post_elsewhere", "post"),
        ({"host": "E1"}, "invalid", "host"),
        ({"kind": PersonKind.VISITOR, "host": "NO"}, "unknown_code", "host"),
        ({"kind": PersonKind.VISITOR, "host": "V1"}, "invalid", "host"),
        ({"joined_us": DAY, "left_us": 0}, "invalid", "left_us"),
        ({"login": "nobody"}, "unknown_code", "login"),
        ({"login": "ZHANG"}, "taken", "login"),
        ({"company": "x" * 121}, "invalid", "company"),
        ({"private": {"name": ""}}, "invalid", "name"),
        ({"private": {"name": "x", "phone": "119"}}, "done", None),
        ({"private": {"name": "x", "phone": "1381234"}}, "invalid", "phone"),
        ({"private": {"name": "x", "id_number": "330102199001011235"}}, "invalid", "id_number"),
        ({"private": {"name": "x", "mail": "x"}}, "invalid", "mail"),
        ({"private": {"name": "x", "blood_type": "C"}}, "invalid", "blood_type"),
        ({"private": {"name": "x", "birth_date": "1990-13-01"}}, "invalid", "birth_date"),
        ({"private": {"name": "x", "shoe_size": "43"}}, "invalid", "shoe_size"),
        ({"private": {}}, "invalid", "name"),
    ],
)
def test_what_can_not_be_is_refused_by_field_and_leaves_nothing(
    quick: Plant, fields: dict[str, Any], code: str, field: str | None
) -> None:
    quick.small()
    quick.departments("OTHER")
    quick.account("zhang")
    quick.do(save("E1", post="HEAD", login="zhang"))
    quick.person("V1", kind=PersonKind.VISITOR)
    answer = quick.order(save(**({"number": "E9", "private": {"name": "x"}} | fields)))
    assert (answer.code, answer.params.get("field")) == (code, field)
    assert quick.rows("SELECT number FROM person WHERE number NOT IN ('E1', 'E2', 'V1')") == (
        [("E9",)] if code == "done" else []
    )


def test_private_values_are_not_guessed_by_saving_them_without_the_right(quick: Plant) -> None:
    assert quick.order(save("E1", private={"name": "张大山", "phone": "13812345678", "blood_type": "AB"})).ok
    quick.rights.refused |= {("chen", "privacy.write"), ("chen", "privacy.write_health")}
    for value in ("A", "B", "AB", "O"):
        assert quick.order(save("E1", private={"blood_type": value})).code == "forbidden"
    assert quick.order(save("E1", private={"phone": "13812345678"})).code == "forbidden"
    assert quick.order(save("E1")).ok


def test_private_values_need_their_rights_health_its_own(quick: Plant) -> None:
    quick.small()
    quick.rights.refused |= {("chen", "privacy.write_health")}
    assert quick.order(save("E1", private={"allergies": "x"})).code == "forbidden"
    assert quick.order(save("E1", private={"phone": "13800000000"})).code == "done"
    quick.rights.refused |= {("chen", "privacy.write")}
    assert quick.order(save("E1", private={"phone": "13800000001"})).code == "forbidden"
    assert quick.order(save("E1", private={"phone": "13800000000"})).code == "forbidden"  # the one that is there
    assert quick.order(save("E1", private={}, company="x")).code == "done"


def test_names_are_in_clear_for_whom_they_are_meant_and_masks_for_the_rest(plant: Plant) -> None:
    plant.small()
    other = Actor(2, "wang", "王", ("operator",), "CR-1")
    plant.rights.refused |= {("wang", "privacy.names")}
    assert [(row.name, row.clear) for row in plant.register.people(PeopleQuery(), plant.me)[0]] == [
        ("张大山", True),
        ("王小明", True),
    ]
    assert [(row.name, row.clear) for row in plant.register.people(PeopleQuery(), other)[0]] == [
        ("张**", False),
        ("王**", False),
    ]
    assert [row.number for row in plant.register.people(PeopleQuery(text="大山"), plant.me)[0]] == ["E1"]
    assert plant.register.people(PeopleQuery(text="大山"), other) == ([], 0)


def test_without_the_key_lists_still_show_masks(quick: Plant) -> None:
    quick.small()
    quick.keys.directory.joinpath("vault.key").unlink()
    quick.vault.refresh()
    rows, _ = quick.register.people(PeopleQuery(), quick.me)
    assert [row.name for row in rows] == ["张**", "王**"]
    card = quick.register.person("E1", quick.me)
    assert card is not None
    assert {cell.readable for cell in card.private if cell.present} == {False}
    assert {use.present for use in quick.register.inventory(quick.me).keys if use.values} == {False}


def test_the_list_is_filtered_sorted_and_paged(quick: Plant) -> None:
    quick.small()
    quick.departments("OPS/SUB")
    quick.post("SUB-OP", "SUB")
    quick.person("E3", "SUB-OP", {"name": "丁一"}, joined_us=TODAY - DAY)
    quick.person("C1", kind=PersonKind.CONTRACTOR, company="宏达检修", left_us=TODAY)

    def numbers(**query: Any) -> list[str]:
        return [row.number for row in quick.register.people(PeopleQuery(**query), quick.me)[0]]

    assert numbers() == ["C1", "E1", "E2", "E3"]
    assert numbers(department="OPS") == ["E1", "E2", "E3"]
    assert numbers(department="SUB") == ["E3"]
    assert numbers(kinds=("contractor",)) == ["C1"]
    assert numbers(active=False) == ["C1"]
    assert numbers(text="宏达") == ["C1"]
    assert numbers(post="OP") == ["E2"]
    assert numbers(sort="joined_us") == ["E3", "C1", "E1", "E2"]
    assert numbers(descending=True, offset=1, limit=2) == ["E2", "E1"]
    with pytest.raises(ValueError, match="password"):
        numbers(sort="password")


def test_who_leaves_is_asked_for_what_still_hangs_on_them(plant: Plant) -> None:
    plant.small()
    plant.account("zhang")
    plant.do(save("E1", post="HEAD", login="zhang"))
    plant.person("V1", kind=PersonKind.VISITOR, host="E1")
    plant.do(SaveMember(member=MemberDraft(number="E1", role=GroupRole.LEADER)))
    assert plant.order(PersonLeft(number="E1", left_us=TODAY)).code == "reason_needed"
    assert plant.do(PersonLeft(number="E1", left_us=TODAY, reason="retired")) == {
        "account": 1,
        "host": 1,
        "leading_group": 1,
    }
    card = plant.register.person("E1", plant.me)
    assert card is not None
    assert not card.row.active
    assert plant.order(PersonLeft(number="NO", left_us=TODAY, reason="x")).code == "not_found"


def test_a_last_day_to_come_leaves_somebody_active_until_then(quick: Plant) -> None:
    quick.small()
    quick.do(PersonLeft(number="E2", left_us=TODAY + DAY, reason="x"))
    card = quick.register.person("E2", quick.me)
    assert card is not None
    assert card.row.active


def test_seats_of_the_leading_group_have_their_days(plant: Plant) -> None:
    plant.small()
    plant.do(SaveMember(member=MemberDraft(number="E1", role=GroupRole.LEADER, duties="全面负责", from_us=TODAY)))
    plant.do(SaveMember(member=MemberDraft(number="E2", role=GroupRole.MEMBER, until_us=TODAY)))
    rows = plant.register.leading_group(plant.me)
    assert [(row.number, row.role, row.current) for row in rows] == [("E1", "leader", True), ("E2", "member", False)]
    wrong = MemberDraft(number="E1", role=GroupRole.LEADER, from_us=TODAY, until_us=TODAY)
    assert plant.order(SaveMember(member=wrong)).params == {"field": "until_us"}
    assert plant.order(SaveMember(member=MemberDraft(number="NO"))).code == "unknown_code"
    plant.do(RemoveMember(number="E2", role=GroupRole.MEMBER, reason="mistake"))
    assert plant.order(RemoveMember(number="E2", role=GroupRole.MEMBER, reason="x")).code == "not_found"


def test_days_are_days_wherever_the_machine_stands() -> None:
    from datetime import date

    from models.organisation import day_of

    assert day_of(day_us(date(2026, 3, 1))) == date(2026, 3, 1)
    assert day_us(date(1970, 1, 2)) == DAY
    assert ZHANG_ID not in repr(PrivateValues({"id_number": ZHANG_ID}))
