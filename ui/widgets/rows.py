"""A table model over plain row objects that filters, searches and sorts itself, and takes changes without a reset.

Python objects behind a QSortFilterProxyModel cost a call per comparison; here a filter is one list comprehension and
a change is one bisection, so that 100 000 rows stay smooth and 2 000 changed rows in ten seconds are nothing.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from ui.i18n import t
from ui.widgets.pinyin import matches

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
MANY = 64  # changed rows at once from which the order is rebuilt in one go


@dataclasses.dataclass(frozen=True)
class Column(Generic[R]):
    """One column: ``text`` for screen, search, copy and CSV; ``sort`` must give comparable values (None sorts last).

    title is a message key; width in px; export, if given, is what goes to files (a number instead of its text).
    """

    key: str
    title: str
    text: Callable[[R], str]
    sort: Callable[[R], Any] | None = None
    width: int = 100
    right: bool = False
    visible: bool = True
    stretch: bool = False
    bold: Callable[[R], bool] | None = None
    dim: Callable[[R], bool] | None = None
    export: Callable[[R], Any] | None = None
    optional: int = 0  # in a narrow table, columns hide from the highest number down, unless the person chose columns


def _sortable(value: Any) -> Any:
    return (value is None, value)


class RowsModel(QAbstractTableModel, Generic[R]):
    """Rows by key. ``natural`` orders them while no column was chosen; all methods belong to the Qt thread.

    leaving(position)  a row is about to go; views let go of it instead of jumping to its neighbour
    """

    leaving = Signal(int)

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], int],
        natural: Callable[[R], Any] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = list(columns)
        self._key = key
        self._natural = natural or key
        self._rows: dict[int, R] = {}
        self._shown: list[R] = []  # ascending by _order
        self._orders: list[Any] = []  # the sort keys of _shown
        self._where: dict[int, Any] = {}  # key → its sort key, for rows that are shown
        self._filter: Callable[[R], bool] | None = None
        self._search = ""
        self._column = -1
        self._down = False
        self._more: Callable[[int], None] | None = None
        self._total = 0

    # -- what it holds

    def all_rows(self) -> list[R]:
        """Every row, also those that the filter hides."""
        return list(self._rows.values())

    def shown(self) -> list[R]:
        """Rows in the order shown."""
        return self._shown[::-1] if self._down else list(self._shown)

    def row_at(self, index: int) -> R:
        """The row shown at a position."""
        return self._shown[self._flip(index)]

    def find(self, key: int) -> R | None:
        """The row with this key."""
        return self._rows.get(key)

    def position(self, key: int) -> int:
        """Where a row is shown, -1 if it isn't."""
        order = self._where.get(key)
        return -1 if order is None else self._flip(bisect_left(self._orders, order))

    # -- changes

    def replace(self, rows: Iterable[R]) -> None:
        """Show other rows altogether."""
        self.beginResetModel()
        self._rows = {self._key(row): row for row in rows}
        self._arrange()
        self.endResetModel()

    def upsert(self, rows: Sequence[R]) -> None:
        """Add or change rows; selection, scroll position and everything else stay."""
        if len(rows) >= MANY:
            for row in rows:
                self._rows[self._key(row)] = row
            self.rearrange()
            return
        for row in rows:
            self._put(row)

    def remove(self, keys: Iterable[int]) -> None:
        """Take rows out."""
        for key in keys:
            if self._rows.pop(key, None) is not None:
                self._take_out(key)

    def set_filter(self, keep: Callable[[R], bool] | None) -> None:
        """Show only the rows for which ``keep`` is true."""
        self._filter = keep
        self.rearrange()

    def set_search(self, text: str) -> None:
        """Show only rows in whose columns (or their pinyin initials) every word of the text is found."""
        if text != self._search:
            self._search = text
            self.rearrange()

    def order_by(self, column: int, descending: bool = False) -> None:
        """Order by a column; -1 is the natural order."""
        self.rearrange((column, descending))

    @property
    def ordered_by(self) -> tuple[int, bool]:
        """Column (-1 natural) and whether it is descending."""
        return self._column, self._down

    def rearrange(self, ordered_by: tuple[int, bool] | None = None) -> None:
        """Filter and sort anew, by another column if asked, keeping selection."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [self._key(self.row_at(index.row())) for index in before]
        if ordered_by is not None:
            self._column, self._down = ordered_by
        self._arrange()
        after = []
        for index, key in zip(before, keys, strict=True):
            at = self.position(key)
            after.append(self.index(at, index.column()) if at >= 0 else QModelIndex())
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def touch(self, column: int) -> None:
        """Say that a column's texts have changed (a running duration)."""
        if self._shown:
            self.dataChanged.emit(self.index(0, column), self.index(len(self._shown) - 1, column))

    def set_pager(self, more: Callable[[int], None] | None, total: int = 0) -> None:
        """``more(offset)`` is called when the view nears the end while fewer than ``total`` rows are held."""
        self._more, self._total = more, total

    @property
    def total(self) -> int:
        """How many rows there are in all, held or not."""
        return max(self._total, len(self._rows))

    # -- inner order

    def _flip(self, index: int) -> int:
        return len(self._shown) - 1 - index if self._down else index

    def _order(self, row: R) -> Any:
        key = self._key(row)
        if self._column < 0:
            return (self._natural(row), key)
        column = self.columns[self._column]
        return (_sortable((column.sort or column.text)(row)), key)

    def _keeps(self, row: R) -> bool:
        if self._filter is not None and not self._filter(row):
            return False
        return not self._search or matches(self._search, *(column.text(row) for column in self.columns))

    def _arrange(self) -> None:
        pairs = sorted(((self._order(row), row) for row in self._rows.values() if self._keeps(row)), key=_first)
        self._orders = [order for order, _ in pairs]
        self._shown = [row for _, row in pairs]
        self._where = {self._key(row): order for order, row in pairs}

    def _put(self, row: R) -> None:
        key = self._key(row)
        self._rows[key] = row
        old = self._where.get(key)
        if not self._keeps(row):
            if old is not None:
                self._take_out(key)
            return
        order = self._order(row)
        if old is not None and old == order:
            at = bisect_left(self._orders, order)
            self._shown[at] = row
            shown = self._flip(at)
            self.dataChanged.emit(self.index(shown, 0), self.index(shown, len(self.columns) - 1))
            return
        if old is not None:
            self._move(key, old, order, row)
            return
        at = bisect_left(self._orders, order)
        shown = len(self._shown) - at if self._down else at
        self.beginInsertRows(QModelIndex(), shown, shown)
        self._orders.insert(at, order)
        self._shown.insert(at, row)
        self._where[key] = order
        self.endInsertRows()

    def _move(self, key: int, old: Any, order: Any, row: R) -> None:
        source = bisect_left(self._orders, old)
        target = bisect_left(self._orders, order)
        if target in (source, source + 1):
            self._orders[source], self._shown[source], self._where[key] = order, row, order
        else:
            count = len(self._shown)
            first = count - 1 - source if self._down else source
            before = count - target if self._down else target
            self.beginMoveRows(QModelIndex(), first, first, QModelIndex(), before)
            del self._orders[source], self._shown[source]
            at = bisect_left(self._orders, order)
            self._orders.insert(at, order)
            self._shown.insert(at, row)
            self._where[key] = order
            self.endMoveRows()
        shown = self.position(key)
        self.dataChanged.emit(self.index(shown, 0), self.index(shown, len(self.columns) - 1))

    def _take_out(self, key: int) -> None:
        order = self._where.get(key)
        if order is None:
            return
        at = bisect_left(self._orders, order)
        shown = self._flip(at)
        self.leaving.emit(shown)
        self.beginRemoveRows(QModelIndex(), shown, shown)
        del self._orders[at], self._shown[at], self._where[key]
        self.endRemoveRows()

    # -- Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index.row())
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
            return Qt.AlignmentFlag.AlignVCenter | side
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return column.text(row)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            title = self.columns[section].title
            arrow = (" ↓" if self._down else " ↑") if section == self._column else ""
            return (t(title) if title else "") + arrow
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.columns[section].right else Qt.AlignmentFlag.AlignLeft
            return Qt.AlignmentFlag.AlignVCenter | side
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.order_by(column, order is Qt.SortOrder.DescendingOrder)

    def canFetchMore(self, parent: Index = QModelIndex()) -> bool:
        return self._more is not None and len(self._rows) < self._total

    def fetchMore(self, parent: Index = QModelIndex()) -> None:
        if self._more is not None:
            self._more(len(self._rows))


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]
