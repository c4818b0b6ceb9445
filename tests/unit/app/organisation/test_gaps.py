"""横向到边, 纵向到底: every kind of gap is found, and goes when it is closed."""

from __future__ import annotations

from typing import Any

from models.organisation import Gap, GapCode, GapSide, GroupRole, PersonKind, PostRank, today_us
from models.organisation_commands import (
    MemberDraft,
    PersonDraft,
    PersonLeft,
    ResponsibilityDraft,
    SaveMember,
    SavePerson,
    SetResponsibility,
)
from models.people import Actor
from tests.unit.app.organisation.conftest import NOON, Plant

TODAY = today_us(NOON)


def found(plant: Plant) -> set[tuple[str, ...]]:
    gaps = plant.register.gaps(plant.me)
    return {(gap.code.value, gap.place, gap.duty, gap.post, gap.department, gap.person) for gap in gaps}


def about(code: GapCode, **what: str) -> tuple[str, ...]:
    return (code.value, *(what.get(name, "") for name in ("place", "duty", "post", "department", "person")))


def give(plant: Plant, place: str, post: str, duty: str, **fields: Any) -> None:
    plant.do(SetResponsibility(responsibility=ResponsibilityDraft(place=place, post=post, duty=duty, **fields)))


def test_every_gap_across_down_and_about_people_is_found(plant: Plant) -> None:
    plant.small()
    plant.departments("EMPTY")
    plant.post("VACANT", "EMPTY", rank=PostRank.MANAGER, leads=True)
    plant.duty("D", "area")
    plant.account("zhang")
    plant.person("C1", kind=PersonKind.CONTRACTOR)
    plant.person("V1", kind=PersonKind.VISITOR)
    plant.person("E9", "OP", login="zhang")
    give(plant, "TFA", "OP", "D", person="E9", main=False)
    plant.do(SaveMember(member=MemberDraft(number="E9", role=GroupRole.DEPUTY, duties="x")))
    plant.do(SaveMember(member=MemberDraft(number="E2")))
    plant.do(PersonLeft(number="E9", left_us=TODAY, reason="x"))
    assert found(plant) == {
        about(GapCode.PLACE_WITHOUT_DUTY, place="TFB", duty="D"),
        about(GapCode.DUTY_WITHOUT_MAIN, place="TFA", duty="D"),
        about(GapCode.RESPONSIBLE_LEFT, place="TFA", duty="D", post="OP", person="E9"),
        about(GapCode.POST_WITHOUT_DUTY, post="HEAD"),
        about(GapCode.POST_WITHOUT_DUTY, post="VACANT"),
        about(GapCode.POST_WITHOUT_PERSON, post="VACANT"),
        about(GapCode.MEMBER_LEFT, person="E9"),
        about(GapCode.MEMBER_WITHOUT_DUTY, person="E2"),
        about(GapCode.GROUP_WITHOUT_LEADER),
        about(GapCode.DEPARTMENT_WITHOUT_HEAD, department="EMPTY"),
        about(GapCode.PERSON_WITHOUT_POST, person="C1"),
        about(GapCode.LEFT_WITH_ACCOUNT, person="E9"),
    }
    sides = {gap.code: gap.side for gap in plant.register.gaps(plant.me)}
    assert (sides[GapCode.PLACE_WITHOUT_DUTY], sides[GapCode.POST_WITHOUT_DUTY], sides[GapCode.LEFT_WITH_ACCOUNT]) == (
        GapSide.ACROSS, GapSide.DOWN, GapSide.PEOPLE,
    )  # fmt: skip


def test_a_closed_gap_is_gone(plant: Plant) -> None:
    plant.small()
    plant.duty("D", "area", "TFA-P")
    assert {gap[1] for gap in found(plant) if gap[0] == GapCode.PLACE_WITHOUT_DUTY} == {"TFA", "TFB", "TFA-P"}
    for place in ("TFA", "TFB", "TFA-P"):
        give(plant, place, "OP", "D", person="E2")
    give(plant, "PLANT", "HEAD", "D")
    plant.do(SaveMember(member=MemberDraft(number="E1", role=GroupRole.LEADER, duties="全面负责")))
    assert found(plant) == set()


def test_a_line_for_the_whole_plant_does_not_cover_every_area(quick: Plant) -> None:
    quick.small()
    quick.duty("D", "area")
    give(quick, "PLANT", "OP", "D")
    assert about(GapCode.PLACE_WITHOUT_DUTY, place="TFA", duty="D") in found(quick)


def test_a_duty_whose_post_nobody_holds_is_a_gap(quick: Plant) -> None:
    quick.small()
    quick.duty("D")
    give(quick, "TFA", "OP", "D")
    quick.do(SavePerson(person=PersonDraft(number="E2")))
    assert about(GapCode.DUTY_WITHOUT_PERSON, place="TFA", duty="D", post="OP") in found(quick)


def test_a_seat_that_has_not_begun_or_is_over_leaves_the_group_without_a_leader(quick: Plant) -> None:
    quick.small()
    seat = MemberDraft(number="E1", role=GroupRole.LEADER, duties="x", from_us=TODAY + 86_400_000_000)
    quick.do(SaveMember(member=seat))
    assert about(GapCode.GROUP_WITHOUT_LEADER) in found(quick)
    quick.do(SaveMember(member=MemberDraft(number="E1", role=GroupRole.LEADER, duties="x", until_us=TODAY)))
    assert about(GapCode.GROUP_WITHOUT_LEADER) in found(quick)


def test_gaps_show_people_as_the_reader_may_see_them(quick: Plant) -> None:
    quick.small()
    quick.person("C1", kind=PersonKind.CONTRACTOR)
    other = Actor(2, "wang", "王", ("operator",), "CR-1")
    quick.rights.refused |= {("wang", "privacy.names")}

    def named(gaps: list[Gap]) -> list[str]:
        return [gap.name for gap in gaps if gap.code is GapCode.PERSON_WITHOUT_POST]

    assert named(quick.register.gaps(quick.me)) == ["王小明"]
    assert named(quick.register.gaps(other)) == ["王**"]
