"""Files that cross the border: what comes in is limited in size and is what it calls itself; what goes out runs nothing.

Every import asks :func:`looked_at` before it reads: the ending is a claim, the content decides, and a small file that
unpacks to a huge one is refused before it is unpacked. Every export writes text through :func:`safe_text`: a cell that a
spreadsheet program would run as a formula is shown as the text that it is.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

MAX_BYTES = 30_000_000
MAX_UNPACKED = 400_000_000
MAX_RATIO = 150  # unpacked to packed; sheets of equal cells reach about 100
MAX_ENTRIES = 2_000
MAX_ROWS = 200_000
MAX_CELLS = 4_000_000
MAX_CELL = 32_767  # characters: what Excel holds

#: Full-width forms, too: East Asian versions of Excel take them for the narrow ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BLANK = " \u00a0\u2007\u202f\u3000\u200b\ufeff"
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_QUOTED = re.compile(r"""[,;\t\r\n"|]|^\s|\s$""")
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")
_WORKBOOK = ("[Content_Types].xml", "xl/workbook.xml")
_BINARY = (
    b"PK\x03\x04",
    b"%PDF",
    b"MZ",
    b"\x7fELF",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
)
_HEAD = 8_192

Kind = Literal["xlsx", "text"]


class IntakeError(ValueError):
    """A file is not taken in. ``code`` is a stable word: too_big · wrong_type · bomb · macros · too_many."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def looked_at(path: Path, wanted: Kind, max_bytes: int = MAX_BYTES) -> Path:
    """The same path, when the file is small enough and really a workbook or a text. Raises IntakeError, OSError."""
    size = path.stat().st_size
    if size > max_bytes:
        raise IntakeError("too_big", f"{path.name} has {size} bytes; at most {max_bytes} are taken")
    if wanted == "xlsx":
        _workbook(path)
    else:
        _text(path)
    return path


def limited(rows: Iterable[Sequence[Any]], name: str, most: int = MAX_ROWS) -> list[list[Any]]:
    """The rows as lists. Raises IntakeError when there are too many of them, or too many cells."""
    kept: list[list[Any]] = []
    cells = 0
    for row in rows:
        kept.append(list(row))
        cells += len(row)
        if len(kept) > most:
            raise IntakeError("too_many", f"{name} holds more than {most} rows")
        if cells > MAX_CELLS:
            raise IntakeError("too_many", f"{name} holds more than {MAX_CELLS} cells")
    return kept


def is_formula(text: str) -> bool:
    """Would a spreadsheet program run it, or one that trims what it reads?"""
    return text.startswith(FORMULA) or text.lstrip(_BLANK).startswith(FORMULA)


def plain_text(text: str) -> str:
    """Text without characters that no workbook can hold, at most as long as a cell."""
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)[:MAX_CELL]


def safe_text(text: str) -> str:
    """Text that no spreadsheet runs: a leading apostrophe where it would."""
    text = plain_text(text)
    return "'" + text[: MAX_CELL - 1] if is_formula(text) else text


def clipboard_line(cells: Iterable[str]) -> str:
    """Cells with tabs between, as spreadsheet programs take them from the clipboard; numbers may keep their sign."""
    words = (" ".join(cell.split()) for cell in cells)
    return "\t".join(word if _NUMBER.fullmatch(word) else safe_text(word) for word in words)


def write_csv(path: Path, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV file that spreadsheet programs open rightly (UTF-8 with mark) and run nothing of. Raises OSError.

    Text with any usual separator in it is quoted, so that a program that splits at another one makes no new cell of it.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        for row in chain([head], rows):
            file.write(",".join(map(_cell, row)) + "\r\n")


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and value - value != 0):  # NaN and the infinities are no values
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = safe_text(str(value))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _workbook(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise IntakeError("bomb", f"{path.name} holds {len(entries)} parts; no workbook does")
            names = {entry.filename for entry in entries}
            if not names.issuperset(_WORKBOOK):
                raise IntakeError("wrong_type", f"{path.name} is no Excel workbook")
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise IntakeError("macros", f"{path.name} holds macros; save it without")
            _no_bomb(path, entries)
            for entry in entries:
                _no_entities(path, archive, entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise IntakeError("wrong_type", f"{path.name} is no Excel workbook") from error


def _no_bomb(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Sizes are those of the directory: unpacking more than it says fails by itself."""
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED:
        raise IntakeError("bomb", f"{path.name} would unpack to {unpacked} bytes; at most {MAX_UNPACKED} are taken")
    for entry in entries:
        if entry.file_size > 1_000_000 and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
            raise IntakeError("bomb", f"{path.name}: {entry.filename} would unpack to {entry.file_size} bytes")


def _no_entities(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Workbooks declare no entities; who does wants the reader to blow them up."""
    if entry.filename.endswith((".xml", ".rels")):
        with archive.open(entry) as part:
            if b"<!doctype" in part.read(_HEAD).lower():
                raise IntakeError("bomb", f"{path.name}: {entry.filename} declares a document type")


def _text(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_BINARY) or b"\0" in head:
        raise IntakeError("wrong_type", f"{path.name} is no text in UTF-8 or GBK")
