"""Major hazard installations: sums, α, levels, and a stock that can't be judged is refused line by line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.paths import resource_path
from app.risk.gb18218 import MajorHazards, StockError, load_hazards
from app.risk.methods import RiskRulesError
from main import app
from models.risk import StockItem

#: Given by the domain sheet: critical quantity in tonnes and β.
GIVEN = {
    "氯": (5, 4), "氨": (10, 2), "氢": (5, 1.5), "硫化氢": (5, 5), "液化石油气": (50, 1.5), "甲烷": (50, 1.5), "苯": (50, 1),
    "乙烯": (50, 1.5), "乙炔": (1, 1.5), "汽油": (200, 1), "甲醇": (500, 1), "乙醇": (500, 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def hazards() -> MajorHazards:
    return load_hazards()


def item(substance: str, q_t: float, **own: float) -> StockItem:
    return StockItem(substance=substance, q_t=q_t, **own)


def test_figures_given_by_the_domain_sheet_stand_in_the_pack(hazards: MajorHazards) -> None:
    for name, (q, beta) in GIVEN.items():
        known = hazards.rules.substances[name]
        assert (known.q, known.beta, known.checked) == (q, beta, True)
    assert sum(s.checked for s in hazards.rules.substances.values()) == len(GIVEN)


@pytest.mark.parametrize(
    ("people", "alpha"), [(0, 0.5), (1, 1.0), (29, 1.0), (30, 1.2), (49, 1.2), (50, 1.5), (99, 1.5), (100, 2.0), (9999, 2.0)]
)  # fmt: skip
def test_alpha_by_people(hazards: MajorHazards, people: int, alpha: float) -> None:
    assert hazards.alpha(people) == alpha


def test_forty_tonnes_of_ammonia(hazards: MajorHazards) -> None:
    found = hazards.judge([item("氨", 40)], 60)
    assert (found.s, found.alpha, found.r, found.major, found.level) == (4, 1.5, 12, True, "三级")


@pytest.mark.parametrize(
    ("chlorine", "level"), [(125, "一级"), (62.5, "二级"), (12.5, "三级"), (12.4, "四级"), (4.9, "")]
)
def test_levels_begin_where_the_standard_says(hazards: MajorHazards, chlorine: float, level: str) -> None:
    found = hazards.judge([item("氯", chlorine)], 10)
    assert (found.level, found.major) == (level, level != "")


def test_several_substances_add_up_and_names_are_known_by_formula_and_alias(hazards: MajorHazards) -> None:
    found = hazards.judge([item(" nh3 ", 5), item("液氯", 2.5), item("Petrol", 100)], 0)
    assert found.s == pytest.approx(0.5 + 0.5 + 0.5)
    assert found.r == pytest.approx(0.5 * (2 * 0.5 + 4 * 0.5 + 1 * 0.5))
    assert [share.substance for share in found.shares] == ["氨", "氯", "汽油"]


def test_every_bad_line_is_named_at_once(hazards: MajorHazards) -> None:
    with pytest.raises(StockError) as caught:
        hazards.judge([item("神秘物质", 1), item("氨", -1), item("氯", 1), item("X", 1, critical_t=0, beta=1)], -5)
    assert len(caught.value.problems) == 4
    assert "line 1 (神秘物质): not in the rule pack" in caught.value.problems[0]
    with pytest.raises(StockError, match="empty"):
        hazards.judge([], 0)


def test_a_substance_of_the_sites_own_brings_its_figures(hazards: MajorHazards) -> None:
    found = hazards.judge([item("自配溶剂", 30, critical_t=10, beta=1.5)], 0)
    assert (found.s, found.r) == (3, 2.25)


@given(
    stock=st.lists(st.tuples(st.sampled_from(sorted(GIVEN)), st.floats(0, 1e5)), min_size=1, max_size=6),
    people=st.integers(0, 500),
)
def test_sums_are_those_of_the_formula(stock: list[tuple[str, float]], people: int) -> None:
    hazards = load_hazards()
    found = hazards.judge([item(name, q) for name, q in stock], people)
    s = math.fsum(q / GIVEN[name][0] for name, q in stock)
    r = hazards.alpha(people) * math.fsum(GIVEN[name][1] * q / GIVEN[name][0] for name, q in stock)
    assert found.s == pytest.approx(s, abs=1e-6)
    assert found.r == pytest.approx(r, abs=1e-6)


def test_an_alias_of_two_substances_is_a_broken_pack(tmp_path: Path) -> None:
    text = resource_path("rules", "gb18218.toml").read_text("utf-8").replace('"酒精", "ethanol"', '"酒精", "methanol"')
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(RiskRulesError, match="methanol"):
        load_hazards(own)


def test_the_command_line_reads_a_stock(tmp_path: Path) -> None:
    file = tmp_path / "stock.json"
    file.write_text('{"stock": [{"substance": "氨", "q_t": 40}], "people_within_500_m": 60}', "utf-8")
    answer = json.loads(CliRunner().invoke(app, ["risk", "gb18218", "--file", str(file), "--json"]).stdout)
    assert {key: answer[key] for key in ("S", "alpha", "R", "level")} == {
        "S": 4,
        "alpha": 1.5,
        "R": 12,
        "level": "三级",
    }
    for text in (
        '{"stock": [{"substance": "氨"}], "people_within_500_m": 1}',
        "no json",
        '{"stock": [], "people_within_500_m": 1}',
    ):
        file.write_text(text, "utf-8")
        result = CliRunner().invoke(app, ["risk", "gb18218", "--file", str(file), "--json"])
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr
