"""Departments, posts, duties and the matrix: what can't be is refused by field, what was is in the trail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from models.events import OrganisationChanged
from models.organisation import PostRank
from models.organisation_commands import (
    DepartmentDraft,
    DutyDraft,
    PostDraft,
    RemoveDepartment,
    RemoveDuty,
    RemovePost,
    RemoveResponsibility,
    ResponsibilityDraft,
    SaveDepartment,
    SaveDuty,
    SavePost,
    SetResponsibility,
)
from tests.unit.app.organisation.conftest import Plant


def department(code: str, parent: str = "", **fields: Any) -> SaveDepartment:
    return SaveDepartment(department=DepartmentDraft(code=code, name=f"{code}部", parent=parent, **fields), reason="r")


def cell(place: str, post: str, duty: str, **fields: Any) -> SetResponsibility:
    return SetResponsibility(responsibility=ResponsibilityDraft(place=place, post=post, duty=duty, **fields))


def test_a_department_is_saved_with_before_and_after_in_the_trail(plant: Plant) -> None:
    plant.do(department("OPS"))
    plant.do(SaveDepartment(department=DepartmentDraft(code="OPS", name="生产部"), version=1, reason="renamed"))
    (second, first), _ = plant.trail.entries(plant.me, action="department.save")
    assert (first.before, first.after) == (
        None,
        {"code": "OPS", "name": "OPS部", "name_en": "", "parent": "", "position": 0},
    )
    assert second.before is not None
    assert (second.before["name"], second.after and second.after["name"], second.reason) == (
        "OPS部",
        "生产部",
        "renamed",
    )
    assert [type(event) for event in plant.events] == [OrganisationChanged] * 2


def test_a_department_can_not_come_to_lie_beneath_itself(plant: Plant) -> None:
    plant.departments("A", "A/B", "B/C")
    for code, parent in (("A", "C"), ("A", "A"), ("B", "C"), ("NEW", "NEW")):
        answer = plant.order(department(code, parent))
        assert (answer.code, answer.params.get("field")) in {("ring", "parent"), ("unknown_code", "parent")}
    plant.do(department("B"))
    plant.do(department("A", "C"))
    assert {row.code: row.parent for row in plant.register.departments(plant.me)} == {"A": "C", "B": "", "C": "B"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.tuples(some.sampled_from("ABCDE"), some.sampled_from(["", *"ABCDE"])), max_size=12))
def test_whatever_moves_are_ordered_the_departments_stay_a_tree(quick: Plant, moves: list[tuple[str, str]]) -> None:
    for code in "ABCDE":
        quick.do(department(code))
    for code, parent in moves:
        quick.order(department(code, parent))
    above = {row.code: row.parent for row in quick.register.departments(quick.me)}
    for code in above:
        seen = set()
        while code:
            assert code not in seen
            seen.add(code)
            code = above[code]


def test_what_somebody_else_has_saved_meanwhile_is_not_overwritten(plant: Plant) -> None:
    plant.departments("A")
    draft = DepartmentDraft(code="A", name="x")
    plant.do(SaveDepartment(department=draft, version=1))
    plant.do(SaveDepartment(department=draft, version=2))  # changes nothing: the version stays
    plant.do(SaveDepartment(department=DepartmentDraft(code="A", name="y"), version=2))
    assert plant.order(SaveDepartment(department=draft, version=2)).code == "conflict"
    assert plant.order(SaveDepartment(department=draft, version=0)).code == "conflict"
    assert plant.order(SaveDepartment(department=DepartmentDraft(code="B", name="y"), version=4)).code == "conflict"


@pytest.mark.parametrize("code", ["", "a b", "a/b", "x" * 65, "a\tb", "a;b"])
def test_a_code_that_can_not_be_is_refused_by_field(quick: Plant, code: str) -> None:
    answer = quick.order(department(code))
    assert (answer.code, answer.params["field"]) == ("invalid", "code")


def test_what_something_hangs_on_is_not_removed(plant: Plant) -> None:
    plant.small()
    plant.duty("D", "area")
    plant.do(cell("TFA", "OP", "D"))
    plant.departments("OPS/SUB")
    for command, by in (
        (RemoveDepartment(code="OPS", reason="x"), "department"),
        (RemovePost(code="OP", reason="x"), "person"),
        (RemoveDuty(code="D", reason="x"), "responsibility"),
    ):
        answer = plant.order(command)
        assert (answer.code, answer.params["by"], answer.params["count"]) == ("in_use", by, 1)
    assert plant.order(RemoveResponsibility(place="TFA", post="OP", duty="D")).code == "reason_needed"
    plant.do(RemoveResponsibility(place="TFA", post="OP", duty="D", reason="x"))
    plant.do(RemoveDuty(code="D", reason="x"))
    assert plant.order(RemoveDuty(code="D", reason="x")).code == "not_found"
    (row,), _ = plant.trail.entries(plant.me, action="responsibility.remove", outcome="done")
    assert (row.before, row.after) == ({"place": "TFA", "post": "OP", "duty": "D", "person": "", "main": True}, None)


def test_the_holders_of_a_post_move_with_it(plant: Plant) -> None:
    plant.small()
    plant.departments("NEW")
    plant.post("OP", "NEW")
    card = plant.register.person("E2", plant.me)
    assert card is not None
    assert (card.row.department, card.row.post) == ("NEW", "OP")


def test_a_duty_names_kinds_of_places_and_places_that_there_are(plant: Plant) -> None:
    plant.places()
    plant.duty("D", "area", "TFA-P")
    answer = plant.order(SaveDuty(duty=DutyDraft(code="D2", name="x", needed_on=("NOWHERE",))))
    assert (answer.code, answer.params["found"]) == ("unknown_code", "NOWHERE")
    matrix = plant.register.matrix(plant.me)
    assert matrix.needed == {("TFA", "D"), ("TFB", "D"), ("TFA-P", "D")}
    assert [place.code for place in matrix.places] == ["TFA", "TFA-P", "TFB"]


def test_only_a_holder_of_the_post_can_be_named_for_it(plant: Plant) -> None:
    plant.small()
    plant.duty("D")
    assert plant.order(cell("TFA", "OP", "D", person="E1")).code == "not_holder"
    plant.do(cell("TFA", "OP", "D", person="E2", main=False))
    (row,) = plant.register.matrix(plant.me).cells
    assert (row.person, row.main, row.people) == ("E2", False, (("E2", "王小明"),))
    for wrong, field in (({"place": "X"}, "place"), ({"post": "X"}, "post"), ({"duty": "X"}, "duty")):
        keys = {"place": "TFA", "post": "OP", "duty": "D"} | wrong
        answer = plant.order(SetResponsibility(responsibility=ResponsibilityDraft(**keys)))
        assert (answer.code, answer.params["field"]) == ("unknown_code", field)


def test_lists_show_heads_and_holders(plant: Plant) -> None:
    plant.small()
    (row,) = plant.register.departments(plant.me)
    assert (row.people, row.heads) == (2, ("E1",))
    assert [(post.code, post.people, post.rank, post.leads) for post in plant.register.posts(plant.me)] == [
        ("HEAD", 1, PostRank.MANAGER, True), ("OP", 1, PostRank.POST, False),
    ]  # fmt: skip
    assert plant.order(SavePost(post=PostDraft(code="X", name="x", department="NO"))).code == "unknown_code"
