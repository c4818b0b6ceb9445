"""Reading a sheet cell by cell, and saying what is wrong with one: the tools of the dry run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.masking import mask
from app.organisation import checks
from app.organisation.sheets import PRIVATE_COLUMNS, WORDS, Sheet, address, plain, sheet_of
from app.organisation.words import WORDS as SENTENCES
from models.organisation_commands import CellProblem

Rows = Sequence[Sequence[Any]]


class Line:
    """One row of a sheet below the titles."""

    def __init__(self, sheet: Sheet, number: int, columns: Mapping[str, int], cells: Sequence[Any]) -> None:
        self.sheet, self.number = sheet, number
        self._columns, self._cells = columns, cells
        self.texts = {name: plain(cells[at]) if at < len(cells) else "" for name, at in columns.items()}

    def has(self, name: str) -> bool:
        """Is there such a column?"""
        return name in self._columns

    def text(self, name: str) -> str:
        """The cell as text; '' where there is no such column."""
        return self.texts.get(name, "")

    def raw(self, name: str) -> Any:
        """The cell as it is."""
        at = self._columns.get(name)
        return self._cells[at] if at is not None and at < len(self._cells) else None

    def address(self, name: str) -> str:
        """Name of the cell; of the row's first where there is no such column."""
        return address(self._columns.get(name, 0) + 1, self.number)


class Finder:
    """Collects what is wrong, all of it, and reads cells by kind."""

    def __init__(self) -> None:
        self.problems: list[CellProblem] = []

    def say(self, line: Line, column: str, code: str, found: str | None = None) -> None:
        """A bad cell."""
        shown = line.text(column) if found is None else found
        self._put(line.sheet.title, line.address(column), column, shown, code)

    def say_head(self, sheet: str, column: int, name: str, code: str, found: str = "") -> None:
        """A bad title, in row 1; ``column`` counted from 1."""
        self._put(sheet, address(max(1, column), 1), name, found, code)

    def _put(self, sheet: str, cell: str, column: str, found: str, code: str) -> None:
        shown = mask(column, found) if column in PRIVATE_COLUMNS else found[:80]
        what, what_en, mend, mend_en = SENTENCES[code]
        self.problems.append(
            CellProblem(
                sheet=sheet,
                cell=cell,
                column=column,
                found=shown,
                code=code,
                what=what,
                what_en=what_en,
                mend=mend,
                mend_en=mend_en,
            )
        )

    def sheets(self, tables: Mapping[str, Rows]) -> dict[str, tuple[Sheet, Rows]]:
        """The known sheets of a workbook, by the program's name; empty ones are passed over."""
        found: dict[str, tuple[Sheet, Rows]] = {}
        for title, rows in tables.items():
            if not any(plain(cell) for row in rows for cell in row):
                continue
            sheet = sheet_of(title)
            if sheet is None:
                if title not in ("说明", "Notes"):
                    self._put(title[:40], "A1", "", title, "unknown_sheet")
            else:
                found[sheet.name] = (sheet, rows)
        if not found and not self.problems:
            self._put("", "A1", "", "", "no_sheet")
        return found

    def lines(self, sheet: Sheet, rows: Rows) -> Iterator[Line]:
        """The rows that hold something; none when a key column is missing."""
        columns = self._columns(sheet, rows[0] if rows else ())
        if columns is None:
            return
        for number, cells in enumerate(rows[1:], 2):
            line = Line(sheet, number, columns, cells)
            if any(line.texts.values()):
                yield line

    def _columns(self, sheet: Sheet, head: Sequence[Any]) -> dict[str, int] | None:
        known = {
            title.lower(): c.name for c in sheet.columns for title in (c.name, c.name.replace("_", " "), *c.titles)
        }
        columns: dict[str, int] = {}
        for at, cell in enumerate(head):
            title = plain(cell)
            name = known.get(title.lower().rstrip("*"))
            if not title:
                continue
            if name is None:
                self.say_head(sheet.title, at + 1, "", "unknown_column", title)
            elif name in columns:
                self.say_head(sheet.title, at + 1, name, "column_twice", title)
            else:
                columns[name] = at
        missing = [key for key in sheet.keys if key not in columns]
        for key in missing:
            self.say_head(sheet.title, 1, key, "no_key_column")
        return None if missing else columns

    # -- cells

    def key(self, line: Line, column: str) -> str:
        """A code or number, '' when it is none."""
        text = line.text(column)
        if not text:
            self.say(line, column, "missing")
        elif not checks.good_code(text):
            self.say(line, column, "bad_code")
        else:
            return text
        return ""

    def name(
        self, line: Line, column: str, present: str, *, needed: bool, most: int = checks.MOST_NAME, lines: bool = False
    ) -> str:
        """A text: what stands there, or what is there already without such a column; breaks kept only with ``lines``."""
        if not line.has(column):
            if needed and not present:
                self.say(line, column, "missing")
            return present
        text = line.text(column).replace("\r", "")
        text = text if lines else " ".join(text.split("\n"))
        if not text and needed:
            self.say(line, column, "missing")
        elif text and not checks.good_name(text.replace("\n", " "), most):
            self.say(line, column, "too_long")
        return text

    def word(self, line: Line, column: str, present: Any, kind: str = "") -> Any:
        """One of the words of a column."""
        text = line.text(column).lower()
        words = WORDS[kind or column]
        if not line.has(column) or (not text and "" not in words):
            return present
        if text not in words:
            self.say(line, column, "unknown_word")
            return present
        return words[text]

    def whole(self, line: Line, column: str, present: int) -> int:
        """A whole number from 0 on."""
        text = line.text(column)
        if not text:
            return present
        if not (text.isascii() and text.isdigit() and len(text) < 8):
            self.say(line, column, "not_number")
            return present
        return int(text)

    def day(self, line: Line, column: str, present: int | None) -> int | None:
        """A calendar day as stored."""
        if not line.has(column):
            return present
        try:
            raw = line.raw(column)
            return checks.read_day(raw if hasattr(raw, "year") else line.text(column))
        except ValueError:
            self.say(line, column, "day")
            return present

    def reference(self, line: Line, column: str, present: str, known: Mapping[str, Any], code: str) -> str:
        """A code that must be known."""
        if not line.has(column):
            return present
        text = line.text(column)
        if text and text not in known:
            self.say(line, column, code)
        return text
