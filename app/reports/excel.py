"""Tables to files and back: CSV (UTF-8 with BOM, as Excel wants it) and real .xlsx with typed cells, frozen and filtered head.

Text that a spreadsheet would run as a formula (beginning with = + - @, tab or carriage return) is written as text.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
MAX_CELL = 32_767
Row = Sequence[Any]


def export_table(path: Path, head: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a table; the kind follows the ending (.csv or .xlsx).

    The file is written beside its place and moved there whole. Raises OSError, or ValueError for another ending.
    """
    writers = {".csv": _csv, ".xlsx": _xlsx}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise ValueError(f"{path.suffix}: only .csv and .xlsx can be written")
    scratch = path.with_name(path.name + ".part")
    try:
        writer(scratch, head, rows)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def write_book(path: Path, sheets: Iterable[tuple[str, Sequence[str], Iterable[Row]]]) -> None:
    """Write a workbook of several sheets: tab, titles and rows of each.

    The file is written beside its place and moved there whole. Raises OSError, or ValueError for another ending.
    """
    if path.suffix.lower() != ".xlsx":
        raise ValueError(f"{path.suffix}: only .xlsx holds several sheets")
    from openpyxl import Workbook

    scratch = path.with_name(path.name + ".part")
    try:
        book = Workbook(write_only=True)
        for title, head, rows in sheets:
            _fill(book.create_sheet(title), head, rows)
        book.save(scratch)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def read_rows(path: Path, most: int = 200_000) -> list[list[Any]]:
    """Cells of a workbook's first sheet, row by row, formulas as their last value; empty rows at the end are dropped.

    Raises OSError, or ValueError when it is no workbook or holds more than ``most`` rows.
    """
    return next(iter(_read(path, most, first_only=True).values()), [])


def read_book(path: Path, most: int = 200_000) -> dict[str, list[list[Any]]]:
    """Cells of every sheet, by tab, like :func:`read_rows`; ``most`` rows in all. Raises OSError, ValueError."""
    return _read(path, most, first_only=False)


def _read(path: Path, most: int, *, first_only: bool) -> dict[str, list[list[Any]]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, SyntaxError) as error:
        raise ValueError(f"{path.name} is no Excel workbook") from error
    found: dict[str, list[list[Any]]] = {}
    count = 0
    try:
        for sheet in book.worksheets[:1] if first_only else book.worksheets:
            rows: list[list[Any]] = []
            for row in sheet.iter_rows(values_only=True):
                rows.append(list(row))
                count += 1
                if count > most:
                    raise ValueError(f"{path.name} holds more than {most} rows")
            while rows and all(cell is None or cell == "" for cell in rows[-1]):
                rows.pop()
            found[sheet.title] = rows
    finally:
        book.close()
    return found


def safe_text(text: str) -> str:
    """Text that no spreadsheet runs: a leading apostrophe where it would, no characters that XML forbids."""
    text = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)[: MAX_CELL - 1]
    return "'" + text if text.startswith(_DANGEROUS) else text


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _csv(path: Path, head: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([safe_text(title) for title in head])
        for row in rows:
            writer.writerow([_cell(value) for value in row])


def _xlsx(path: Path, head: Sequence[str], rows: Iterable[Row]) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _fill(book.create_sheet(), head, rows)
    book.save(path)


def _fill(sheet: Any, head: Sequence[str], rows: Iterable[Row]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "A2"
    for number, title in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(number)].width = min(48, max(10, 2 * len(title) + 4))
    cells = []
    for title in head:
        cell = WriteOnlyCell(sheet, value=safe_text(title))
        cell.font = Font(bold=True)
        cells.append(cell)
    sheet.append(cells)
    count = 1
    for row in rows:
        sheet.append([_text_cell(sheet, v) if isinstance(v, str) else _cell(v) for v in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, len(head)))}{count}"


def _text_cell(sheet: Any, text: str) -> Any:
    """A string cell, whatever it looks like: with its type set, Excel shows '=1+1' and runs nothing."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)[:MAX_CELL]
    cell.data_type = "s"
    return cell
