"""The responsibility matrix as a table model: places down, duties across, and in each cell who answers for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from models.organisation import DutyRow, Gap, GapCode, Matrix, PostRow, ResponsibilityRow
from models.readings import PlaceInfo
from ui.i18n import pick, t
from ui.organisation.words import name_of

Index = QModelIndex | QPersistentModelIndex
CELL_ROLE = Qt.ItemDataRole.UserRole + 1
ORDER = (
    GapCode.PLACE_WITHOUT_DUTY,
    GapCode.DUTY_WITHOUT_PERSON,
    GapCode.RESPONSIBLE_LEFT,
    GapCode.DUTY_WITHOUT_MAIN,
)


@dataclasses.dataclass
class Cell:
    """One place and one duty: who answers, whether anybody has to, and what is missing."""

    place: PlaceInfo
    duty: DutyRow
    rows: list[ResponsibilityRow]
    needed: bool
    gap: GapCode | None


class Board:
    """Cells by place and duty; built on a worker."""

    def __init__(self, matrix: Matrix, posts: Mapping[str, PostRow]) -> None:
        self.posts = posts
        self.duties = list(matrix.duties)
        self.depths: dict[str, int] = {}
        self.places = self._ordered(matrix.places)
        self.cells: dict[tuple[str, str], Cell] = {}
        rows: dict[tuple[str, str], list[ResponsibilityRow]] = {}
        for row in matrix.cells:
            rows.setdefault((row.place, row.duty), []).append(row)
        gaps: dict[tuple[str, str], list[Gap]] = {}
        for gap in matrix.gaps:
            gaps.setdefault((gap.place, gap.duty), []).append(gap)
        for place in self.places:
            for duty in self.duties:
                key = (place.code, duty.code)
                codes = {gap.code for gap in gaps.get(key, ())}
                worst = next((code for code in ORDER if code in codes), None)
                there = sorted(rows.get(key, ()), key=lambda row: (not row.main, row.post))
                self.cells[key] = Cell(place, duty, there, key in matrix.needed, worst)

    def _ordered(self, places: tuple[PlaceInfo, ...]) -> list[PlaceInfo]:
        """As a tree: each below the one it belongs to, where that is shown."""
        shown = {place.code for place in places}
        found: list[PlaceInfo] = []

        def walk(parent: str | None, depth: int) -> None:
            for place in places:
                above = place.parent if place.parent in shown else None
                if above == parent:
                    self.depths[place.code] = depth
                    found.append(place)
                    walk(place.code, depth + 1)

        walk(None, 0)
        return found

    def post_name(self, row: ResponsibilityRow) -> str:
        """A post in the present language."""
        post = self.posts.get(row.post)
        return name_of(post) if post is not None else row.post_name

    def line(self, row: ResponsibilityRow) -> str:
        """Post and who holds it."""
        names = [name for _, name in row.people]
        people = (
            names[0] if len(names) == 1 else t("organisation.and_more", name=names[0], n=len(names)) if names else ""
        )
        return f"{self.post_name(row)} · {people}" if people else self.post_name(row)


class MatrixModel(QAbstractTableModel):
    """Reads a board."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.board: Board | None = None

    def show(self, board: Board | None) -> None:
        """Show another board."""
        self.beginResetModel()
        self.board = board
        self.endResetModel()

    def cell(self, index: Index) -> Cell | None:
        """The cell of an index."""
        if self.board is None or not index.isValid():
            return None
        place, duty = self.board.places[index.row()], self.board.duties[index.column()]
        return self.board.cells[place.code, duty.code]

    def index_of(self, place: str, duty: str) -> QModelIndex:
        """Where a cell is; invalid when it isn't shown."""
        board = self.board
        rows = [p.code for p in board.places] if board is not None else []
        columns = [d.code for d in board.duties] if board is not None else []
        if place not in rows or (duty and duty not in columns):
            return QModelIndex()
        return self.index(rows.index(place), columns.index(duty) if duty else 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() or self.board is None else len(self.board.places)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() or self.board is None else len(self.board.duties)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = self.cell(index)
        if cell is None or self.board is None:
            return None
        if role == CELL_ROLE:
            return cell
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            lines = [self._whole(row) for row in cell.rows]
            if cell.gap is not None:
                lines.append(t(f"organisation.short_gap.{cell.gap}"))
            elif not lines and role != Qt.ItemDataRole.DisplayRole:
                lines.append(t("organisation.not_needed"))
            if role == Qt.ItemDataRole.DisplayRole:
                return "\n".join(lines)
            return "\n".join([f"{name_of(cell.place)} · {name_of(cell.duty)}", *lines])
        return None

    def _whole(self, row: ResponsibilityRow) -> str:
        assert self.board is not None
        main = t("organisation.main") if row.main else t("organisation.supporting")
        people = "、".join(name for _, name in row.people) or t("organisation.mark.no_holder")
        return f"{main}: {self.board.post_name(row)} · {people}"

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self.board is None:
            return None
        across = orientation is Qt.Orientation.Horizontal
        thing: DutyRow | PlaceInfo = self.board.duties[section] if across else self.board.places[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return pick(thing.name, thing.name_en)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{thing.code}  {pick(thing.name, thing.name_en)}"
        return None
