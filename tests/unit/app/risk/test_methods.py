"""LEC, LS and matrices: every score of the scales, the published rows, and what is not on a scale is refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.paths import resource_path
from app.risk.methods import Methods, RiskRulesError, ScoreError, load_methods
from main import app
from models.risk import Grade

L = [10, 6, 3, 1, 0.5, 0.2, 0.1]
E = [10, 6, 3, 2, 1, 0.5]
C = [100, 40, 15, 7, 3, 1]
CHINESE = {"红": Grade.RED, "橙": Grade.ORANGE, "黄": Grade.YELLOW, "蓝": Grade.BLUE}


@pytest.fixture(scope="module")
def methods() -> Methods:
    return load_methods()


def expected(value: float) -> Grade:
    """The bands said once more, by hand."""
    if value >= 320:
        return Grade.RED
    if value >= 160:
        return Grade.ORANGE
    return Grade.YELLOW if value >= 70 else Grade.BLUE


def test_every_combination_of_lec_has_its_value_and_colour(methods: Methods) -> None:
    for likelihood, exposure, consequence in itertools.product(L, E, C):
        found = methods.lec(likelihood, exposure, consequence)
        assert found.value == pytest.approx(likelihood * exposure * consequence)
        assert found.grade is expected(found.value)
        assert methods.grade_of(found.value) is found.grade


def test_published_rows(methods: Methods, cases: Path) -> None:
    rows = json.loads((cases / "f_risk" / "lec_method_and_rows.json").read_text("utf-8"))["published_rows"]
    assert len(rows) == 4
    for row in rows:
        found = methods.lec(row["L"], row["E"], row["C"])
        assert (found.value, found.level + "风险", found.grade) == (row["D"], row["level"], CHINESE[row["colour"]])


@pytest.mark.parametrize(
    ("value", "grade"),
    [(320, "red"), (319.9, "orange"), (160, "orange"), (159.9, "yellow"), (70, "yellow"), (69.9, "blue"), (0, "blue")],
)
def test_bands_begin_where_the_method_says(methods: Methods, value: float, grade: str) -> None:
    assert methods.grade_of(value) == grade


def test_ls(methods: Methods) -> None:
    for likelihood, severity in itertools.product(range(1, 6), range(1, 6)):
        product = likelihood * severity
        wanted = "red" if product >= 20 else "orange" if product >= 15 else "yellow" if product >= 9 else "blue"
        assert methods.ls(likelihood, severity).grade == wanted


@given(score=st.floats() | st.integers())
def test_a_score_that_is_on_no_scale_is_refused_with_those_that_are(score: float) -> None:
    methods = load_methods()
    if score not in L:
        with pytest.raises(ScoreError, match="allowed are 10, 6, 3"):
            methods.lec(score, 6, 15)
    if score not in range(1, 6):
        with pytest.raises(ScoreError):
            methods.ls(score, 3)  # type: ignore[arg-type] # that is the point


@pytest.mark.parametrize(
    ("method", "inputs"),
    [("lec", {"L": 6}), ("lec", {"L": "six", "E": 3, "C": 15}), ("ls", {"L": None, "S": 1}), ("none", {"S": "1", "L": "A"}),
     ("people", {"S": "9", "L": "A"}), ("people", {"S": "1", "L": "Z"}), ("lec", {"L": "nan", "E": 3, "C": 15})],
)  # fmt: skip
def test_what_is_missing_or_no_number_is_refused(methods: Methods, method: str, inputs: dict) -> None:
    with pytest.raises(ScoreError):
        methods.assess(method, inputs)


def test_a_matrix_of_the_sites_own_and_the_common_scale(methods: Methods) -> None:
    found = methods.assess("people", {"S": "4", "L": "E"})
    assert (found.grade, methods.on_scale(found)) == (Grade.RED, 360)
    assert methods.on_scale(methods.lec(6, 3, 15)) == 270
    assert methods.grade_of(methods.on_scale(methods.ls(3, 5))) is Grade.ORANGE


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("at_least = 160", "at_least = 400", "highest down"),
        ('at_least = 70\ngrade = "yellow"', 'at_least = 70\ngrade = "red"', "milder"),
        ('["blue", "blue", "blue", "blue", "yellow"],', '["blue"],', "one cell"),
        ("[matrix.people]", "[matrix.lec]", "taken"),
        ("blue = 40", "", "each grade"),
        ("version =", "version", "risk.toml"),
    ],
)
def test_a_broken_pack_is_refused_with_its_reason(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = resource_path("rules", "risk.toml").read_text("utf-8")
    assert old in text
    own = tmp_path / "risk.toml"
    own.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(RiskRulesError, match=says):
        load_methods(own)


def test_the_command_line_says_the_same() -> None:
    result = CliRunner().invoke(app, ["risk", "lec", "6", "3", "15", "--json"])
    answer = json.loads(result.stdout)
    assert (answer["value"], answer["level"], answer["colour"]) == (270, "较大", "orange")
    answer = json.loads(CliRunner().invoke(app, ["risk", "ls", "5", "4", "--json"]).stdout)
    assert (answer["value"], answer["level"], answer["colour"]) == (20, "重大", "red")
    refused = CliRunner().invoke(app, ["risk", "lec", "5", "3", "15", "--json"])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "allowed are 10, 6, 3" in refused.stderr


def test_grades_know_their_rank_and_word() -> None:
    assert [grade.rank for grade in Grade] == [3, 2, 1, 0]
    assert [Grade.of_rank(rank) for rank in (-1, 0, 3, 9)] == [Grade.BLUE, Grade.BLUE, Grade.RED, Grade.RED]
    assert [grade.level for grade in Grade] == ["重大", "较大", "一般", "低"]
