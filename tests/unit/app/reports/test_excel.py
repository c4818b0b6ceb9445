"""Exports: what is seen comes out typed, and no text becomes a formula."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from app.reports.excel import export_table, read_book, read_rows, write_book


def test_numbers_stay_numbers_and_formulas_become_text(tmp_path: Path) -> None:
    path = tmp_path / "报警.xlsx"
    export_table(path, ["位号", "值"], [["=1+1", 3.5], ["@SUM(A1)", None], ["-5", float("nan")], ["GD-07", 52]])
    sheet = load_workbook(path).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows == [["位号", "值"], ["=1+1", 3.5], ["@SUM(A1)", None], ["-5", None], ["GD-07", 52]]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert sheet["B2"].data_type == "n"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B5"


def test_csv_is_opened_by_excel_as_utf_8_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    export_table(path, ["名称"], [["=cmd|' /C calc'!A0"], ["可燃气"]])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as handle:
        assert list(csv.reader(handle)) == [["名称"], ["'=cmd|' /C calc'!A0"], ["可燃气"]]


def test_naughty_strings_come_back_as_they_were(tmp_path: Path, cases: Path) -> None:
    strings = [s for s in json.loads((cases / "b_mqtt" / "blns.json").read_text("utf-8")) if s and s.isprintable()]
    path = tmp_path / "blns.xlsx"
    export_table(path, ["s"], [[s] for s in strings])
    sheet = load_workbook(path).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == strings


def test_a_failed_export_leaves_the_old_file_and_no_scraps(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def rows():  # type: ignore[no-untyped-def]
        yield ["one"]
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        export_table(path, ["s"], rows())
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only"):
        export_table(tmp_path / "a.exe", ["s"], [])


def test_a_workbook_of_several_sheets_comes_back_sheet_by_sheet(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_book(path, [("部门", ["代码", "名称"], [["A", "=1+1"]]), ("空", ["x"], [])])
    assert read_book(path) == {"部门": [["代码", "名称"], ["A", "=1+1"]], "空": [["x"]]}
    assert load_workbook(path)["部门"]["B2"].data_type == "s"
    assert read_rows(path) == [["代码", "名称"], ["A", "=1+1"]]


def test_rows_of_all_sheets_count_towards_the_most(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_book(path, [("a", ["x"], [["1"]] * 3), ("b", ["x"], [["1"]] * 3)])
    with pytest.raises(ValueError, match="more than 7"):
        read_book(path, 7)


def test_several_sheets_go_into_no_text_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="several sheets"):
        write_book(tmp_path / "book.csv", [])
