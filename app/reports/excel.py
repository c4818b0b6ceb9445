"""Tables to files and back: CSV (UTF-8 with BOM, as Excel wants it) and real .xlsx with typed cells, frozen and filtered head.

Text that a spreadsheet would run as a formula is written as text; a workbook is looked at before it is opened
(:mod:`app.exchange` says how).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.exchange import MAX_ROWS, IntakeError, is_formula, limited, looked_at, plain_text, safe_text, write_csv

Row = Sequence[Any]


def export_table(path: Path, head: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a table; the kind follows the ending (.csv or .xlsx).

    The file is written beside its place and moved there whole. Raises OSError, or ValueError for another ending.
    """
    writers = {".csv": write_csv, ".xlsx": _xlsx}
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


def read_rows(path: Path, most: int = MAX_ROWS) -> list[list[Any]]:
    """Cells of a workbook's first sheet, row by row, formulas as their last value; empty rows at the end are dropped.

    Raises OSError, or IntakeError (a ValueError) when it is no workbook, too big, or holds more than ``most`` rows.
    """
    return next(iter(_read(path, most, first_only=True).values()), [])


def read_book(path: Path, most: int = MAX_ROWS) -> dict[str, list[list[Any]]]:
    """Cells of every sheet, by tab, like :func:`read_rows`; ``most`` rows in all. Raises OSError, ValueError."""
    return _read(path, most, first_only=False)


def _read(path: Path, most: int, *, first_only: bool) -> dict[str, list[list[Any]]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(looked_at(path, "xlsx"), read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, SyntaxError) as error:
        raise IntakeError("wrong_type", f"{path.name} is no Excel workbook") from error
    found: dict[str, list[list[Any]]] = {}
    left = most
    try:
        for sheet in book.worksheets[:1] if first_only else book.worksheets:
            try:
                rows = limited(sheet.iter_rows(values_only=True), path.name, left)
            except SyntaxError as error:  # the sheet's XML is broken
                raise IntakeError("wrong_type", f"{path.name}: sheet {sheet.title} can't be read") from error
            except IntakeError as error:
                raise IntakeError(error.code, f"{path.name} holds more than {most} rows or too many cells") from error
            left -= len(rows)
            while rows and all(cell is None or cell == "" for cell in rows[-1]):
                rows.pop()
            found[sheet.title] = rows
    finally:
        book.close()
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


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
    cell.value = plain_text(text)
    cell.data_type = "s"
    if is_formula(text):
        cell.quotePrefix = True  # stays text when somebody edits the cell
    return cell
