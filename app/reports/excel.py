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


def read_rows(path: Path, most: int = 200_000) -> list[list[Any]]:
    """Cells of a workbook's first sheet, row by row, formulas as their last value; empty rows at the end are dropped.

    Raises OSError, or ValueError when it is no workbook or holds more than ``most`` rows.
    """
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, SyntaxError) as error:
        raise ValueError(f"{path.name} is no Excel workbook") from error
    rows: list[list[Any]] = []
    try:
        for row in book.worksheets[0].iter_rows(values_only=True) if book.worksheets else ():
            rows.append(list(row))
            if len(rows) > most:
                raise ValueError(f"{path.name} holds more than {most} rows")
    finally:
        book.close()
    while rows and all(cell is None or cell == "" for cell in rows[-1]):
        rows.pop()
    return rows


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
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
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
    book.save(path)


def _text_cell(sheet: Any, text: str) -> Any:
    """A string cell, whatever it looks like: with its type set, Excel shows '=1+1' and runs nothing."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)[:MAX_CELL]
    cell.data_type = "s"
    return cell
