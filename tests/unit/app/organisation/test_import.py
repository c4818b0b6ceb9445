"""A workbook: a dry run names every bad cell at once; what is good comes in whole, or not at all."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.organisation.bookcheck import Present, check_book
from app.organisation.sheets import SHEETS, address
from app.organisation.words import WORDS
from app.ports import Refused
from app.reports.excel import read_book, write_book
from models.organisation import GapCode, GroupRole, PeopleQuery, PersonKind, PostRank, day_us
from models.organisation_commands import ImportCheck, ImportOrganisation, OrganisationDraft, PersonDraft
from models.privacy import PrivateValues
from tests.unit.app.organisation.conftest import NOON, Plant

GOOD: dict[str, list[list[Any]]] = {
    "部门": [["代码", "名称", "上级", "顺序"], ["SHIFT", "运行一班", "OPS", 2], ["OPS", "生产部", None, 1.0]],
    "岗位": [
        ["代码", "名称", "部门", "层级", "部门负责人岗位"],
        ["OPS-M", "生产部经理", "OPS", "管理人员", "是"],
        ["OP", "罐区操作工", "SHIFT", "岗位人员", "否"],
    ],
    "人员": [
        ["工号", "姓名", "类别", "岗位", "接待人", "到岗日期", "手机", "身份证号", "登录名", "血型"],
        ["V001", "何来", "访客", None, "E001", "2026年11月20日", None, None, None, None],
        ["E001", "张大山", "员工", "OPS-M", None, datetime(2020, 3, 1), 13812345678.0, "330102199001011234", "zhang", "A"],
        ["E002", "王小明", "员工", "OP", None, "2021/4/5", "+86 139 8765 4321", None, None, None],
    ],
    "领导小组": [["工号", "组内职务", "职责", "起"], ["E001", "组长", "全面负责\n安全生产", "20260101"]],
    "职责": [["代码", "名称", "适用"], ["PATROL", "巡检", "区域、TFA-P"]],
    "责任矩阵": [
        ["区域", "岗位", "职责", "责任人", "主责"],
        ["TFA", "OP", "PATROL", "E002", None],
        ["TFB", "OP", "PATROL", None, "否"],
    ],
}  # fmt: skip
EMPTY = Present(
    draft=OrganisationDraft(), places=frozenset({"TFA", "TFB", "TFA-P"}), accounts={"zhang": "", "li": "E9"}
)


def said(check: ImportCheck) -> list[tuple[str, str, str]]:
    return [(problem.sheet, problem.cell, problem.code) for problem in check.problems]


def run(tables: dict[str, list[list[Any]]], present: Present = EMPTY) -> ImportCheck:
    return check_book(tables, present, NOON)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "组织.xlsx"
    write_book(path, [(title, rows[0], rows[1:]) for title, rows in GOOD.items()])
    return path


def test_a_whole_organisation_comes_in_one_file(plant: Plant, book: Path) -> None:
    plant.places()
    plant.account("zhang")
    check = plant.register.check_file(book, plant.me)
    assert said(check) == []
    assert [(c.sheet, c.new, c.changed, c.same) for c in check.counts] == [
        ("部门", 2, 0, 0), ("岗位", 2, 0, 0), ("人员", 3, 0, 0), ("领导小组", 1, 0, 0), ("职责", 1, 0, 0), ("责任矩阵", 2, 0, 0),
    ]  # fmt: skip
    counts = plant.do(ImportOrganisation(draft=check.draft, source=check.source, reason="first"))
    assert counts["people"] == {"new": 3, "changed": 0}
    rows, total = plant.register.people(PeopleQuery(), plant.me)
    assert total == 3
    assert [(r.number, r.name, r.department, r.post, r.login, r.host) for r in rows] == [
        ("E001", "张大山", "OPS", "OPS-M", "zhang", ""),
        ("E002", "王小明", "SHIFT", "OP", "", ""),
        ("V001", "何来", "", "", "", "E001"),
    ]
    assert rows[0].joined_us == day_us(datetime(2020, 3, 1))
    card = plant.register.person("E002", plant.me)
    assert card is not None
    assert {c.field: c.masked for c in card.private if c.present} == {"name": "王**", "phone": "+86 139****4321"}
    (seat,) = plant.register.leading_group(plant.me)
    assert (seat.number, seat.role, seat.duties, seat.current) == ("E001", GroupRole.LEADER, "全面负责\n安全生产", True)
    assert {post.code: (post.rank, post.leads) for post in plant.register.posts(plant.me)}["OPS-M"] == (
        PostRank.MANAGER,
        True,
    )
    assert [(c.place, c.main, c.people) for c in plant.register.matrix(plant.me).cells] == [
        ("TFA", True, (("E002", "王小明"),)), ("TFB", False, (("E002", "王小明"),)),
    ]  # fmt: skip


def test_the_same_file_again_changes_nothing_and_so_does_an_export(plant: Plant, book: Path, tmp_path: Path) -> None:
    plant.places()
    plant.account("zhang")
    plant.do(ImportOrganisation(draft=plant.register.check_file(book, plant.me).draft))
    exported = tmp_path / "export.xlsx"
    assert plant.register.export_book(exported, plant.me) == 3
    for path in (book, exported):
        again = plant.register.check_file(path, plant.me)
        assert said(again) == []
        assert {(c.new, c.changed) for c in again.counts} == {(0, 0)}
        assert again.draft == OrganisationDraft()
    text = str(read_book(exported))
    for value in ("张大山", "13812345678", "330102199001011234"):
        assert value not in text
    assert "138****5678" in text


def test_every_bad_cell_is_named_at_once(plant: Plant) -> None:
    plant.places()
    tables = {
        "部门": [["代码", "名称", "上级", "顺序"], ["A", "", "NO", "x"], ["B B", "乙"], ["C", "丙", "D"], ["D", "丁", "C"], ["A", "甲"]],
        "岗位": [["代码", "名称", "部门", "层级", "部门负责人"], ["P", "岗", "C", "老板", "也许"], ["Q", "岗", None], ["R", "x" * 121, "A"]],
        "人员": [
            ["工号", "姓名", "类别", "部门", "岗位", "到岗日期", "离岗日期", "手机", "身份证号", "邮箱", "血型", "登录名", "接待人", "出生日期"],
            ["E1", "张三", "机器人", "NO", "NO", "昨天", "2020-02-30", "12", 330102199001011234.0, "x", "Z", "nobody", "NO", "1990-02-31"],
            ["", "李四"],
            ["E2", "", None, "A", "P"],
            ["E3", "王五", "员工", None, None, "2026-01-01", "2025-01-01", "138****5678", None, None, None, "li"],
            ["E1", "赵六"],
        ],
        "领导小组": [["工号", "职务", "起", "止"], ["E8", "组长"], ["E3", "部长", "2026-01-02", "2026-01-01"], ["E2", ""]],
        "职责": [["代码", "名称", "适用"], ["D1", "巡检", "区域,NOWHERE"]],
        "责任矩阵": [["区域", "岗位", "职责", "责任人", "主责"], ["NO", "NO", "NO", "NO", "?"], ["TFA", "P", "D1", "E2"], ["TFA", "P", "D1"]],
        "备注": [["x"]],
    }  # fmt: skip
    check = run(tables)
    assert set(said(check)) == {
        ("备注", "A1", "unknown_sheet"),
        ("部门", "B2", "missing"), ("部门", "C2", "unknown_department"), ("部门", "D2", "not_number"), ("部门", "A3", "bad_code"),
        ("部门", "C4", "ring"), ("部门", "C5", "ring"), ("部门", "A6", "twice"),
        ("岗位", "D2", "unknown_word"), ("岗位", "E2", "unknown_word"), ("岗位", "C3", "missing"), ("岗位", "B4", "too_long"),
        ("人员", "C2", "unknown_word"), ("人员", "D2", "unknown_department"), ("人员", "E2", "unknown_post"), ("人员", "F2", "day"),
        ("人员", "G2", "day"), ("人员", "H2", "phone"), ("人员", "I2", "id_number"), ("人员", "J2", "mail"), ("人员", "K2", "blood_type"),
        ("人员", "L2", "unknown_login"), ("人员", "M2", "unknown_person"), ("人员", "N2", "day"),
        ("人员", "A3", "missing"), ("人员", "B4", "missing"), ("人员", "E4", "post_elsewhere"),
        ("人员", "G5", "before_joined"), ("人员", "H5", "masked"), ("人员", "L5", "login_taken"), ("人员", "A6", "twice"),
        ("领导小组", "A2", "unknown_person"), ("领导小组", "B3", "unknown_word"), ("领导小组", "D3", "until_before_from"),
        ("领导小组", "A3", "left"), ("领导小组", "B4", "missing"),
        ("职责", "C2", "unknown_place"),
        ("责任矩阵", "A2", "unknown_place"), ("责任矩阵", "B2", "unknown_post"), ("责任矩阵", "C2", "unknown_duty"),
        ("责任矩阵", "D2", "unknown_person"), ("责任矩阵", "E2", "unknown_word"), ("责任矩阵", "A4", "twice"),
    }  # fmt: skip
    assert check.draft == OrganisationDraft()
    shown = " ".join(problem.found for problem in check.problems)
    assert "330102199001011234" not in shown
    assert all(p.what and p.mend and p.what_en and p.mend_en for p in check.problems)


@pytest.mark.parametrize(
    ("tables", "problems"),
    [
        ({}, [("", "A1", "no_sheet")]),
        ({"部门": [["名称"], ["x"]]}, [("部门", "A1", "no_key_column")]),
        ({"departments": [["code", "name", "colour"], ["A", "x", "red"]]}, [("部门", "C1", "unknown_column")]),
        ({"部门": [["代码", "code", "名称"], ["A", "B", "x"]]}, [("部门", "B1", "column_twice")]),
        ({"People": [["Number", "Name"], ["E1", "John"]]}, []),
    ],
)
def test_sheets_and_titles_are_checked_too(
    tables: dict[str, list[list[Any]]], problems: list[tuple[str, str, str]]
) -> None:
    assert said(run(tables)) == problems


def test_columns_without_the_right_are_named_once_each(quick: Plant, book: Path) -> None:
    quick.places()
    quick.account("zhang")
    quick.rights.refused |= {("chen", "privacy.write_health")}
    assert said(quick.register.check_file(book, quick.me)) == [("人员", "J1", "no_right")]
    quick.rights.refused |= {("chen", "privacy.write")}
    assert [cell for _, cell, code in said(quick.register.check_file(book, quick.me)) if code == "no_right"] == [
        "B1", "H1", "G1", "J1",
    ]  # fmt: skip
    quick.rights.refused |= {("chen", "organisation.import")}
    with pytest.raises(Refused):
        quick.register.check_file(book, quick.me)


def test_what_changed_between_dry_run_and_order_is_refused_and_nothing_is_half_written(
    plant: Plant, book: Path
) -> None:
    plant.places()
    plant.account("zhang")
    check = plant.register.check_file(book, plant.me)
    plant.change("DELETE FROM user_account")
    answer = plant.order(ImportOrganisation(draft=check.draft))
    assert (answer.code, answer.params["field"]) == ("unknown_code", "login")
    for table in ("department", "post", "person", "person_private", "duty", "responsibility"):
        assert plant.rows(f"SELECT count(*) FROM {table}") == [(0,)]


def test_only_what_is_in_the_file_changes(plant: Plant, book: Path) -> None:
    plant.places()
    plant.account("zhang")
    plant.do(ImportOrganisation(draft=plant.register.check_file(book, plant.me).draft))
    with plant.store.read() as connection:
        from app.organisation.snapshot import present

        there = present(connection, plant.private)
    check = run({"人员": [["工号", "手机", "单位"], ["E002", "139****4321", "自有"], ["E001", "", ""]]}, there)
    assert said(check) == [("人员", "B2", "masked")]  # +86 139****4321 is its mask
    check = run({"人员": [["工号", "手机", "单位"], ["E002", "+86 139****4321", "自有"], ["E001", "", ""]]}, there)
    assert said(check) == []
    assert [(p.number, p.company, p.post, p.private.values) for p in check.draft.people] == [("E002", "自有", "OP", {})]
    plant.do(ImportOrganisation(draft=check.draft))
    row = plant.register.people(PeopleQuery(text="E002"), plant.me)[0][0]
    assert (row.name, row.company, row.post) == ("王小明", "自有", "OP")


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "utf-8-sig"])
def test_one_sheet_as_csv_in_gbk_or_utf_8(quick: Plant, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "人员.csv"
    path.write_bytes("工号,姓名,手机\r\nE1,张大山,13812345678\r\nE2,李四,1\r\n".encode(encoding))
    check = quick.register.check_file(path, quick.me)
    assert said(check) == [("人员", "C3", "phone")]
    other = tmp_path / "list.csv"
    other.write_bytes("代码,名称\r\nA,甲\r\n".encode(encoding))
    assert quick.register.check_file(other, quick.me, "部门").draft.departments[0].name == "甲"
    with pytest.raises(ValueError, match="which sheet"):
        quick.register.check_file(other, quick.me)
    with pytest.raises(ValueError, match="none of the sheets"):
        quick.register.check_file(other, quick.me, "菜单")
    with pytest.raises(ValueError, match="only"):
        quick.register.check_file(tmp_path / "x.pdf", quick.me)


def test_the_template_is_read_back_as_a_workbook_without_rows(quick: Plant, tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    quick.register.write_template(path)
    tables = read_book(path)
    assert list(tables) == [*(sheet.title for sheet in SHEETS), "说明"]
    check = quick.register.check_file(path, quick.me)
    assert said(check) == []
    assert {(c.new, c.changed, c.same) for c in check.counts} == {(0, 0, 0)}


def test_every_word_of_a_problem_is_there() -> None:
    assert all(len(words) == 4 and all(words) for words in WORDS.values())
    assert [address(n, 2) for n in (1, 26, 27, 702, 703)] == ["A2", "Z2", "AA2", "ZZ2", "AAA2"]


def test_a_person_who_has_left_can_not_be_named(quick: Plant) -> None:
    there = Present(
        draft=OrganisationDraft(
            people=(
                PersonDraft(number="E1", left_us=0, private=PrivateValues({"name": "x"})),
                PersonDraft(number="V1", kind=PersonKind.VISITOR, private=PrivateValues({"name": "y"})),
            )
        ),
        places=frozenset(),
        accounts={},
    )
    check = run({"人员": [["工号", "接待人"], ["V1", "E1"]], "领导小组": [["工号", "职务"], ["E1", "成员"]]}, there)
    assert said(check) == [("人员", "B2", "host"), ("领导小组", "A2", "left")]


cell = some.one_of(
    some.none(), some.text(max_size=8), some.integers(-5, 10**12), some.booleans(), some.floats(), some.datetimes()
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    some.dictionaries(
        some.sampled_from([*(sheet.title for sheet in SHEETS), "people", "?"]),
        some.tuples(
            some.lists(
                some.sampled_from(sorted({t for s in SHEETS for c in s.columns for t in (c.name, *c.titles)})),
                max_size=8,
            ),
            some.lists(some.lists(cell, max_size=8), max_size=4),
        ),
        max_size=4,
    )
)
def test_no_workbook_whatever_stops_the_dry_run(tables: dict[str, tuple[list[str], list[list[Any]]]]) -> None:
    check = run({title: [list(head), *rows] for title, (head, rows) in tables.items()})
    assert {problem.code for problem in check.problems} <= set(WORDS)
    assert check.draft == OrganisationDraft() or not check.problems


def test_gap_codes_are_words() -> None:
    assert {code.value for code in GapCode} == {code.name.lower() for code in GapCode}
