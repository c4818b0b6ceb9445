"""A table of tags from a spreadsheet: read, checked as a whole, and turned into orders; nothing is stored here.

A plant's tag list lives in a spreadsheet before it lives anywhere else. A dry run names every bad cell at once, so that
a list of thousands is mended in one go. The same columns are written back by :func:`tag_table`.

First row: titles, in English or Chinese, in any order (resources/docs/tags.md says the same for people):

    tag · 位号                     the only column that must be there
    description · 说明              description_en · 英文说明
    area · 区域                    code of the area; area_name · 区域名称 and area_name_en · 区域英文名 for a new one
    unit_code · 装置               code of the unit; unit_name · 装置名称, unit_name_en · 装置英文名
    device · 设备                  code of the device; device_name · 设备名称, device_name_en · 设备英文名
    kind · 类型                    analog 模拟量 · discrete 开关量 · text 文本
    unit · 单位                    UCUM code: Cel, kPa, %, m3/h …
    decimals · 小数位               0 … 9
    range_lo · 量程下限             range_hi · 量程上限
    stale_after_s · 陈旧时限(s)
    retention · 保留               short 短 · normal 普通 · long 长
    compress_deadband · 压缩死区
    states · 状态                  0=关|closed; 1=开|open

Columns that are absent leave an existing tag as it is; an empty cell empties the field.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.exchange import IntakeError, limited, looked_at
from models.commands import SavePlace, TagDraft
from models.readings import PlaceInfo, PlaceKind, Retention, TagInfo, TagKind

#: Column → titles in use, besides the column's own name.
TITLES: dict[str, tuple[str, ...]] = {
    "tag": ("位号", "name", "tag name", "点名"),
    "description": ("说明", "描述", "名称"),
    "description_en": ("英文说明", "英文描述"),
    "area": ("区域", "区域代码"),
    "area_name": ("区域名称",),
    "area_name_en": ("区域英文名",),
    "unit_code": ("装置", "装置代码", "plant unit"),
    "unit_name": ("装置名称",),
    "unit_name_en": ("装置英文名",),
    "device": ("设备", "设备代码"),
    "device_name": ("设备名称",),
    "device_name_en": ("设备英文名",),
    "kind": ("类型",),
    "unit": ("单位", "工程单位"),
    "decimals": ("小数位", "小数位数"),
    "range_lo": ("量程下限", "low"),
    "range_hi": ("量程上限", "high"),
    "stale_after_s": ("陈旧时限(s)", "陈旧时限", "stale after (s)"),
    "retention": ("保留", "保留类别"),
    "compress_deadband": ("压缩死区",),
    "states": ("状态", "状态文字"),
}
_WORDS = {
    "kind": {"模拟量": "analog", "开关量": "discrete", "文本": "text"},
    "retention": {"短": "short", "普通": "normal", "长": "long", "短期": "short", "长期": "long"},
}
_LEVELS = (
    (PlaceKind.AREA, "area", "area_name", "area_name_en"),
    (PlaceKind.UNIT, "unit_code", "unit_name", "unit_name_en"),
    (PlaceKind.DEVICE, "device", "device_name", "device_name_en"),
)
_NUMBERS = ("range_lo", "range_hi", "stale_after_s", "compress_deadband")
PLANT_CODE = "PLANT"


class CellProblem(msgspec.Struct, frozen=True):
    """A bad cell: line of the file (1 = titles), column, what stood there, and a code that screens translate.

    Codes: no_tag_column, unknown_column, column_twice, missing, reserved, too_long, twice, not_number, not_whole,
    not_positive, range, unknown_word, states, place_gap, place_moved.
    """

    line: int
    column: str
    found: str
    code: str


class TagRow(msgspec.Struct, frozen=True):
    """A good row. ``known`` is the present tag of that name, ``changed`` False when the row says nothing new."""

    line: int
    draft: TagDraft
    known: bool
    changed: bool


class TagFile(msgspec.Struct, frozen=True):
    """Outcome of a dry run; ``places`` must be ordered first, in their order."""

    rows: tuple[TagRow, ...]
    places: tuple[SavePlace, ...]
    problems: tuple[CellProblem, ...]

    @property
    def new(self) -> int:
        """Tags that would be created."""
        return sum(1 for row in self.rows if not row.known)

    @property
    def changes(self) -> int:
        """Tags that would be changed."""
        return sum(1 for row in self.rows if row.known and row.changed)


def read_csv(path: Path) -> list[list[str]]:
    """Cells of a CSV file: UTF-8 (with or without mark) or GBK; comma, semicolon or tab.

    Raises OSError, or IntakeError (a ValueError) when it is too big, no text, or holds too many rows or cells.
    """
    raw = looked_at(path, "text").read_bytes()
    text = ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if "\x00" in text or (raw and not text):
        raise IntakeError("wrong_type", f"{path.name} is no text in UTF-8 or GBK")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return limited(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), path.name)
    except csv.Error as error:
        raise IntakeError("wrong_type", f"{path.name}: {error}") from error


def check_rows(
    table: Sequence[Sequence[Any]], tags: Iterable[TagInfo], places: Sequence[PlaceInfo], site: str = ""
) -> TagFile:
    """Check a whole table (first row: titles) against the present plant; every bad cell is named."""
    return _Check(tags, places, site).run(table)


def tag_table(tags: Iterable[TagInfo]) -> tuple[list[str], list[list[Any]]]:
    """Titles and rows of the present tags, in the form that :func:`check_rows` reads; the program's own are left out."""
    head = list(TITLES)
    rows = []
    for tag in tags:
        if tag.name.startswith("$"):
            continue
        cells: dict[str, Any] = {
            **{name: getattr(tag, name) for name in head if hasattr(tag, name)},
            "tag": tag.name,
            "kind": tag.kind.value,
            "retention": tag.retention.value,
            "states": states_text(tag.states),
        }
        rows.append([cells.get(name) for name in head])
    return head, rows


def states_text(states: dict[str, list[str]] | None) -> str:
    """States as ``0=关|closed; 1=开|open``."""
    return "; ".join(f"{code}={'|'.join(word for word in words if word)}" for code, words in (states or {}).items())


def parse_states(text: str) -> dict[str, list[str]] | None:
    """``0=关|closed; 1=开|open`` (or a line each) as states; None for nothing. Raises ValueError with the bad part."""
    states: dict[str, list[str]] = {}
    for part in text.replace("；", ";").replace("\n", ";").split(";"):
        if not part.strip():
            continue
        code, equals, words = part.replace("＝", "=").partition("=")
        chinese, _, english = words.replace("｜", "|").partition("|")
        if not equals or not code.strip() or not chinese.strip() or code.strip() in states:
            raise ValueError(part.strip())
        states[code.strip()] = [chinese.strip(), english.strip()]
    return states or None


def _plain(cell: Any) -> str:
    """A cell as text: whole numbers without ``.0``, the apostrophe of spreadsheet-safe exports taken away."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    text = str(cell).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


class _Check:
    """One dry run."""

    def __init__(self, tags: Iterable[TagInfo], places: Sequence[PlaceInfo], site: str) -> None:
        self._tags = {tag.name: tag for tag in tags}
        self._places = {place.code: place for place in places}
        self._site = site
        self._orders: dict[str, SavePlace] = {}
        self._problems: list[CellProblem] = []
        self._line = 1

    def run(self, table: Sequence[Sequence[Any]]) -> TagFile:
        columns = self._columns(table[0] if table else ())
        rows: list[TagRow] = []
        seen: set[str] = set()
        for number, cells in enumerate(table[1:] if columns else (), 2):
            self._line = number
            given = {name: _plain(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
            if not any(given.values()):
                continue
            before = len(self._problems)
            draft = self._draft(given, seen)
            if draft is not None and len(self._problems) == before:
                known = self._tags.get(draft.name)
                rows.append(TagRow(number, draft, known is not None, known is None or draft != draft_of(known)))
        return TagFile(tuple(rows), tuple(self._orders.values()), tuple(self._problems))

    def _say(self, column: str, found: str, code: str) -> None:
        self._problems.append(CellProblem(self._line, column, found[:80], code))

    def _columns(self, head: Sequence[Any]) -> dict[str, int]:
        known = {title: name for name, titles in TITLES.items() for title in (name, *titles)}
        columns: dict[str, int] = {}
        for at, cell in enumerate(head):
            title = _plain(cell)
            name = known.get(title.lower())
            if not title:
                continue
            if name is None:
                self._say("", title, "unknown_column")
            elif name in columns:
                self._say(name, title, "column_twice")
            else:
                columns[name] = at
        if "tag" not in columns:
            self._say("tag", "", "no_tag_column")
            return {}
        return columns

    def _draft(self, given: dict[str, str], seen: set[str]) -> TagDraft | None:
        name = given["tag"]
        if not self._name(name, seen):
            return None
        known = self._tags.get(name)
        fields: dict[str, Any] = msgspec.structs.asdict(draft_of(known) if known else TagDraft(name=name))
        for column in ("description", "description_en", "unit"):
            if column in given:
                fields[column] = given[column]
                if len(given[column]) > (32 if column == "unit" else 200):
                    self._say(column, given[column], "too_long")
        for column, allowed in (("kind", TagKind), ("retention", Retention)):
            if given.get(column):
                word = _WORDS[column].get(given[column], given[column].lower())
                fields[column] = word
                if word not in {member.value for member in allowed}:
                    self._say(column, given[column], "unknown_word")
        if given.get("decimals"):
            fields["decimals"] = self._whole("decimals", given["decimals"])
        for column in _NUMBERS:
            if column in given:
                fields[column] = self._number(column, given[column], positive=column in _NUMBERS[2:])
        low, high = fields["range_lo"], fields["range_hi"]
        if low is not None and high is not None and low >= high:
            self._say("range_hi", given.get("range_hi", str(high)), "range")
        if "states" in given:
            try:
                fields["states"] = parse_states(given["states"])
            except ValueError as error:
                self._say("states", str(error), "states")
        if any(column in given for _, column, *_ in _LEVELS):
            fields["place"] = self._place(given)
        return TagDraft(**fields)

    def _name(self, name: str, seen: set[str]) -> bool:
        if not name:
            self._say("tag", "", "missing")
        elif name.startswith("$"):
            self._say("tag", name, "reserved")
        elif len(name) > 200 or not name.isprintable():
            self._say("tag", name, "too_long")
        elif name in seen:
            self._say("tag", name, "twice")
        else:
            seen.add(name)
            return True
        return False

    def _number(self, column: str, text: str, *, positive: bool) -> float | None:
        if not text:
            return None
        try:
            value = float(text.replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self._say(column, text, "not_number")
        elif positive and value <= 0:
            self._say(column, text, "not_positive")
        return value

    def _whole(self, column: str, text: str) -> int:
        if text.isascii() and text.isdigit() and int(text) <= 9:
            return int(text)
        self._say(column, text, "not_whole")
        return 0

    # -- places

    def _place(self, given: dict[str, str]) -> str:
        """Code of the deepest place of the row; orders what is not there yet."""
        parent, code = self._plant_code(), ""
        gap = False
        for kind, column, name, name_en in _LEVELS:
            wanted = given.get(column, "")
            if not wanted:
                gap = True
                continue
            if gap and code == "" and kind is not PlaceKind.AREA and wanted in self._places:
                code = parent = wanted  # an existing device or unit says by itself where it stands
                gap = False
                continue
            if gap:
                self._say(column, wanted, "place_gap")
                continue
            self._need(kind, column, wanted, given.get(name, ""), given.get(name_en, ""), parent)
            parent = code = wanted
        return code

    def _plant_code(self) -> str:
        return next((p.code for p in self._places.values() if p.kind is PlaceKind.PLANT), PLANT_CODE)

    def _need(self, kind: PlaceKind, column: str, code: str, name: str, name_en: str, parent: str) -> None:
        if len(code) > 64:
            self._say(column, code, "too_long")
            return
        known, ordered = self._places.get(code), self._orders.get(code)
        at = known or ordered
        if at is not None:
            if at.kind != kind or at.parent != parent:
                self._say(column, code, "place_moved")
            return
        if parent == PLANT_CODE and parent not in self._places and parent not in self._orders:
            self._orders[parent] = SavePlace(code=parent, kind=PlaceKind.PLANT, name=self._site or parent)
        above = [place.parent for place in self._places.values()] + [order.parent for order in self._orders.values()]
        position = above.count(parent)
        self._orders[code] = SavePlace(
            code=code, kind=kind, name=(name or code)[:120], name_en=name_en[:120], parent=parent, position=position
        )


def draft_of(tag: TagInfo) -> TagDraft:
    """The fields of a present tag as an editor would send them."""
    return TagDraft(
        name=tag.name,
        description=tag.description,
        description_en="" if tag.description_en == tag.description else tag.description_en,
        place=tag.device or tag.unit_code or tag.area,
        kind=tag.kind.value,
        unit=tag.unit,
        decimals=tag.decimals,
        range_lo=tag.range_lo,
        range_hi=tag.range_hi,
        stale_after_s=tag.stale_after_s,
        retention=tag.retention.value,
        compress_deadband=tag.compress_deadband,
        states=tag.states,
    )
