"""The one table of the house: sort, filter, search, column choice, remembered widths, copy, export, and its states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.exchange import clipboard_line, write_csv
from ui.i18n import messages, t
from ui.theme import theme
from ui.widgets.exporting import ask_file, write_rows
from ui.widgets.panel import PanelContext
from ui.widgets.rows import ROW_ROLE, Column, RowsModel
from ui.widgets.states import StateStack

R = TypeVar("R")


class CellDelegate(QStyledItemDelegate):
    """Paints text cells flat: hairline below, selection in sel, a focus frame that differs from selection."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.background(painter, option)
        model: Any = index.model()
        column: Column[Any] = model.columns[index.column()]
        row = index.data(ROW_ROLE)
        bold = column.bold is not None and column.bold(row)
        dim = column.dim is not None and column.dim(row)
        self.text(painter, option, column.text(row), right=column.right, bold=bold, dim=dim)

    def background(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """Ground, hairline and focus."""
        rect = option.rect
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, theme().color("sel" if selected else "g0"))
        painter.setPen(theme().color("g2"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(theme().color("accent"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def text(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        text: str,
        *,
        right: bool = False,
        bold: bool = False,
        dim: bool = False,
    ) -> None:
        """One line of text, elided."""
        rect = option.rect.adjusted(6, 0, -6, 0)
        painter.setFont(theme().font(13, bold=bold))
        painter.setPen(theme().color("g5" if dim else "g7" if bold else "g6"))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        line = painter.fontMetrics().elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, line)


class DataTable(QWidget, Generic[R]):
    """A table view over a :class:`RowsModel` with everything that a table of this house can do.

    activated(row)   double click or Return;  picked(row|None)  the current row changed
    ``name`` is the key under which widths, order and choice of columns are remembered.
    """

    activated = Signal(object)
    picked = Signal(object)
    context = Signal(object)  # QMenu: panels add their own entries before it opens

    def __init__(self, ctx: PanelContext, name: str, model: RowsModel[R], icon_name: str = "info") -> None:
        super().__init__()
        self.ctx, self.name, self.model = ctx, name, model
        model.setParent(self)
        self.view = QTableView()
        self.view.setModel(model)
        self.view.setItemDelegate(CellDelegate(self.view))
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setCornerButtonEnabled(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.view.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsMovable(True)
        head.setSectionsClickable(True)
        head.setMinimumSectionSize(24)
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(lambda at: self.choose_columns(head.mapToGlobal(at)))
        head.sectionClicked.connect(self._head_clicked)
        head.sectionResized.connect(lambda *_: self._remember())
        head.sectionMoved.connect(lambda *_: self._remember())
        self.states = StateStack(self.view, icon_name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.states)
        self._restoring = False
        self._chosen = False  # the person has chosen columns: nothing hides by itself any more
        self._wanted: set[int] = set()
        self._restore()
        self._on_theme()
        self.view.doubleClicked.connect(lambda index: self.activated.emit(self.model.row_at(index.row())))
        self.view.selectionModel().currentRowChanged.connect(self._current_changed)
        model.leaving.connect(self._let_go)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._menu)
        copy = QAction(self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.triggered.connect(self.copy)
        self.addAction(copy)
        enter = QAction(self)
        enter.setShortcuts([QKeySequence(Qt.Key.Key_Return), QKeySequence(Qt.Key.Key_Enter)])
        enter.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        enter.triggered.connect(self._activate_current)
        self.addAction(enter)
        theme().changed.connect(self._on_theme)
        messages().changed.connect(self._retranslate)

    # -- selection

    def selected(self) -> list[R]:
        """Selected rows in the order shown."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedRows())
        return [self.model.row_at(row) for row in rows]

    def current(self) -> R | None:
        """The row with the focus."""
        index = self.view.currentIndex()
        return self.model.row_at(index.row()) if index.isValid() else None

    def select(self, key: int) -> bool:
        """Select and show the row with this key; False if it isn't shown."""
        at = self.model.position(key)
        if at < 0:
            return False
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        first, last = self.model.index(at, 0), self.model.index(at, self.model.columnCount() - 1)
        self.view.selectionModel().select(QItemSelection(first, last), flags)
        self.view.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.view.scrollTo(first)
        return True

    def visible_rows(self) -> list[R]:
        """The rows that can be seen without scrolling (the page)."""
        top = self.view.rowAt(0)
        if top < 0:
            return []
        height = self.view.viewport().height()
        bottom = self.view.rowAt(height - self.view.verticalHeader().defaultSectionSize() // 2)
        last = self.model.rowCount() - 1 if bottom < 0 else bottom
        return [self.model.row_at(row) for row in range(top, last + 1)]

    # -- copy and export

    def head(self) -> list[str]:
        """Titles of the visible columns, left to right."""
        return [t(self.model.columns[i].title) if self.model.columns[i].title else "" for i in self._visible()]

    def copy(self) -> None:
        """Copy the selection as text with tabs."""
        columns = [self.model.columns[i] for i in self._visible()]
        lines = [clipboard_line(column.text(row) for column in columns) for row in self.selected()]
        QGuiApplication.clipboard().setText("\n".join([clipboard_line(self.head()), *lines]))

    def cells(self, rows: Sequence[R]) -> list[list[Any]]:
        """What goes to a file: the visible columns of the rows, numbers as numbers."""
        columns = [self.model.columns[i] for i in self._visible()]
        return [[(column.export or column.text)(row) for column in columns] for row in rows]

    def ask_export(self) -> None:
        """Ask for a file (beside the window, never above an alarm) and write what is shown to it."""
        ask_file(self, self.ctx, self.name, self.export)

    def export(self, path: Path) -> None:
        """Write what is shown to a file on a worker, leave a trace in the audit, and say so."""
        write_rows(self, self.ctx, self.name, path, (self.head(), self.cells(self.model.shown())), write_csv)

    # -- columns

    def choose_columns(self, at: QPoint) -> None:
        """Menu of the columns."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        head = self.view.horizontalHeader()
        for number, column in enumerate(self.model.columns):
            if not column.title:
                continue
            action = menu.addAction(t(column.title))
            action.setCheckable(True)
            action.setChecked(not head.isSectionHidden(number))
            action.toggled.connect(lambda on, n=number: self._show_column(n, on))
        menu.addSeparator()
        menu.addAction(t("common.columns_reset"), self._reset_columns)
        menu.popup(at)

    def _show_column(self, number: int, on: bool) -> None:
        if on or len(self._visible()) > 1:
            if not self._chosen:
                self._wanted = {i for i in range(len(self.model.columns)) if not self.view.isColumnHidden(i)}
            self._chosen = True
            self._wanted = self._wanted | {number} if on else self._wanted - {number}
            self._fit()
            self._remember()

    def _reset_columns(self) -> None:
        self._restoring = True
        self.model.order_by(-1)
        self.ctx.settings.remove(f"tables/{self.name}")
        self._restore()

    def _visible(self) -> list[int]:
        head = self.view.horizontalHeader()
        order = [head.logicalIndex(i) for i in range(head.count())]
        return [i for i in order if not head.isSectionHidden(i) and self.model.columns[i].title]

    def _head_clicked(self, section: int) -> None:
        if not self.model.columns[section].title:
            return
        column, down = self.model.ordered_by
        if column != section:
            self.model.order_by(section, False)
        elif not down:
            self.model.order_by(section, True)
        else:
            self.model.order_by(-1)
        self._remember()

    def _remember(self) -> None:
        if self._restoring:
            return
        head = self.view.horizontalHeader()
        columns = [
            [self.model.columns[i].key, head.sectionSize(i) or self.model.columns[i].width, i in self._wanted]
            for i in (head.logicalIndex(n) for n in range(head.count()))
        ]
        column, down = self.model.ordered_by
        order = self.model.columns[column].key if column >= 0 else ""
        self.ctx.settings.setValue(
            f"tables/{self.name}",
            json.dumps({"columns": columns, "order": order, "down": down, "chosen": self._chosen}),
        )

    def _restore(self) -> None:
        self._restoring = True
        head = self.view.horizontalHeader()
        stored: dict[str, Any] = {}
        try:
            stored = json.loads(str(self.ctx.settings.value(f"tables/{self.name}", "{}")))
            saved = {key: (place, int(width), bool(on)) for place, (key, width, on) in enumerate(stored["columns"])}
        except (ValueError, KeyError, TypeError):  # nothing stored, or by another version
            saved = {}
        keys = [column.key for column in self.model.columns]
        self._chosen = bool(stored.get("chosen"))
        self._wanted = set()
        for number, column in enumerate(self.model.columns):
            _, width, on = saved.get(column.key, (number, column.width, column.visible))
            self.view.setColumnWidth(number, width)
            if on:
                self._wanted.add(number)
            if column.stretch:
                head.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
            elif not column.title:
                head.setSectionResizeMode(number, QHeaderView.ResizeMode.Fixed)
        for key in sorted((k for k in saved if k in keys), key=lambda k: saved[k][0]):
            head.moveSection(head.visualIndex(keys.index(key)), min(saved[key][0], head.count() - 1))
        if stored.get("order") in keys:
            self.model.order_by(keys.index(stored["order"]), bool(stored.get("down")))
        self._restoring = False
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show the wanted columns; in a narrow table the most optional hide, so that the main text stays readable."""
        columns = self.model.columns
        shown = set(self._wanted)
        if not self._chosen:
            room = self.width() - 12
            width = {i: columns[i].width if columns[i].stretch else self.view.columnWidth(i) for i in shown}
            width = {i: w or columns[i].width for i, w in width.items()}
            for i in sorted((i for i in shown if columns[i].optional), key=lambda i: -columns[i].optional):
                if sum(width[j] for j in shown) <= room:
                    break
                shown.discard(i)
        self._restoring = True
        for i in range(len(columns)):
            if self.view.isColumnHidden(i) is (i in shown):
                self.view.setColumnHidden(i, i not in shown)
        self._restoring = False

    # -- signals

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.context.emit(menu)
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addAction(t("common.copy"), self.copy).setEnabled(bool(self.selected()))
        menu.addAction(t("common.export_shown"), self.ask_export)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.picked.emit(self.model.row_at(current.row()) if current.isValid() else None)

    def _let_go(self, position: int) -> None:
        """The current row goes: nothing is current then. Qt would choose its neighbour, which nobody has read."""
        if self.view.currentIndex().row() == position:
            self.view.selectionModel().clear()

    def _activate_current(self) -> None:
        row = self.current()
        if row is not None:
            self.activated.emit(row)

    def _on_theme(self) -> None:
        self.view.verticalHeader().setDefaultSectionSize(theme().sizes.row)
        self.view.verticalHeader().setMinimumSectionSize(theme().sizes.row)
        self.view.viewport().update()

    def _retranslate(self) -> None:
        self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.model.columns) - 1)
        self.model.rearrange()
