from __future__ import annotations

from pathlib import Path

import pytest

from app.reports.excel import export_table, read_rows


def test_a_workbook_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    export_table(path, ["位号", "上限"], [["=1+1", 2.5], ["-X", None], ["", None]])
    assert read_rows(path) == [["位号", "上限"], ["=1+1", 2.5], ["-X"]]


@pytest.mark.parametrize("raw", [b"", b"no workbook", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="no Excel workbook"):
        read_rows(path)


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    export_table(path, ["a"], [[n] for n in range(20)])
    with pytest.raises(ValueError, match="more than 10 rows"):
        read_rows(path, most=10)
