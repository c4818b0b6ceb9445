"""The table of bad cells: sheet, cell, column, what stood there, what is wrong, how to mend it."""

from __future__ import annotations

from app.organisation.sheets import SHEETS as KNOWN
from models.organisation_commands import CellProblem
from ui.i18n import english, pick, t
from ui.widgets.rows import Column

SHEETS = tuple(sheet.name for sheet in KNOWN)
_CHINESE = {sheet.name: sheet.title for sheet in KNOWN}
Numbered = tuple[int, CellProblem]


def sheet_text(code: str, language: str = "") -> str:
    """A sheet's name as it stands in the workbook, or in English."""
    chinese = language == "zh" or (not language and not english())
    return _CHINESE[code] if chinese else t(f"organisation.import.sheet.{code}")


def column_text(problem: CellProblem) -> str:
    """A column by its title in the workbook, or in English."""
    sheet = next((sheet for sheet in KNOWN if problem.sheet in (sheet.name, sheet.title)), None)
    column = next((c for c in sheet.columns if c.name == problem.column), None) if sheet is not None else None
    return problem.column.replace("_", " ") if english() or column is None else column.titles[0]


def where(problem: CellProblem) -> tuple[str, int, str]:
    """Order by sheet, row, column: ``B12`` after ``C2``."""
    letters = problem.cell.rstrip("0123456789")
    digits = problem.cell[len(letters) :]
    return problem.sheet, int(digits or 0), letters.rjust(4)


def problem_columns() -> list[Column[Numbered]]:
    """Columns of the table."""
    return [
        Column("sheet", "organisation.problem.sheet", lambda p: p[1].sheet, lambda p: where(p[1]), width=90),
        Column("cell", "organisation.problem.cell", lambda p: p[1].cell, lambda p: where(p[1]), width=64, bold=_always),
        Column("column", "organisation.problem.column", lambda p: column_text(p[1]), width=110, optional=1),
        Column("found", "organisation.problem.found", lambda p: p[1].found, width=160, bold=_always),
        Column("what", "organisation.problem.what", lambda p: pick(p[1].what, p[1].what_en), width=220),
        Column(
            "mend", "organisation.problem.mend", lambda p: pick(p[1].mend, p[1].mend_en), width=300, stretch=True
        ),
    ]  # fmt: skip


def _always(_row: Numbered) -> bool:
    return True
