"""How the matrix is painted: who answers in each cell, gaps in the inverse chip, heads that wrap their words."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from ui.i18n import t
from ui.organisation.matrixmodel import CELL_ROLE, Cell, MatrixModel
from ui.organisation.painting import paint_chip, paint_text
from ui.theme import theme

Index = QModelIndex | QPersistentModelIndex
COLUMN = 172
PLACES = 190
LINES = 2


class CellDelegate(QStyledItemDelegate):
    """Two lines a cell: main first, and what is missing."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, cell = option.rect, index.data(CELL_ROLE)
        assert isinstance(cell, Cell)
        model = index.model()
        assert isinstance(model, MatrixModel)
        assert model.board is not None
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = "sel" if selected else "g0" if cell.needed or cell.rows else "g1"
        painter.fillRect(rect, theme().color(ground))
        painter.setPen(theme().color("g2"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        line = 20
        room = max(1, (rect.height() - 6) // line)
        wanted = len(cell.rows) + (cell.gap is not None)
        top = rect.top() + max(3, (rect.height() - min(wanted, room) * line) // 2)
        rows = cell.rows[: room - (cell.gap is not None)]
        for at, row in enumerate(rows):
            box = QRect(rect.left() + 8, top, rect.width() - 14, line)
            more = len(cell.rows) - len(rows) if at == len(rows) - 1 else 0
            if more > 0:
                box.setRight(box.right() - 26)
                paint_text(painter, QRect(box.right() + 2, top, 24, line), f"+{more}", px=12, token="g5", right=True)
            text = model.board.line(row)
            if not row.main:
                text = t("organisation.supports", who=text)
            bold = row.main and bool(row.people)
            paint_text(painter, box, text, px=13 if row.main else 12, bold=bold, token="g7" if bold else "g5")
            top += line
        if cell.gap is not None:
            words = t(f"organisation.short_gap.{cell.gap}")
            paint_chip(painter, rect.left() + 8, top + line // 2, words, rect.width() - 14)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(theme().color("accent"))
            painter.drawRect(rect.adjusted(0, 0, -2, -2))


class WordHead(QHeaderView):
    """A head whose words wrap; places are indented as in their tree."""

    def __init__(self, orientation: Qt.Orientation, view: QTableView) -> None:
        super().__init__(orientation, view)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def sizeHint(self) -> QSize:
        if self.orientation() is Qt.Orientation.Horizontal:
            return QSize(super().sizeHint().width(), 48)
        return QSize(PLACES, super().sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        model = self.model()
        assert isinstance(model, MatrixModel)
        text = str(model.headerData(logicalIndex, self.orientation()) or "")
        painter.save()
        painter.fillRect(rect, theme().color("g1"))
        painter.setPen(theme().color("g3"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        across = self.orientation() is Qt.Orientation.Horizontal
        depth = 0
        if not across and model.board is not None:
            depth = model.board.depths[model.board.places[logicalIndex].code]
        painter.setFont(theme().font(12 if across else 13, bold=not across and depth == 0))
        painter.setPen(theme().color("g5" if across else "g7" if depth == 0 else "g6"))
        box = rect.adjusted(8 + 14 * depth, 2, -6, -2)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(box, int(flags) | int(Qt.TextFlag.TextWordWrap), two_lines(painter.fontMetrics(), text, box))
        painter.restore()


def two_lines(metrics: QFontMetrics, text: str, box: QRect) -> str:
    """The text, cut when it needs more than the box has."""
    flags = int(Qt.TextFlag.TextWordWrap)
    if metrics.boundingRect(QRect(0, 0, box.width(), 10_000), flags, text).height() <= box.height():
        return text
    low = 0
    for length in range(len(text), 0, -1):
        low = length
        cut = text[:length].rstrip() + "…"
        if metrics.boundingRect(QRect(0, 0, box.width(), 10_000), flags, cut).height() <= box.height():
            break
    return text[:low].rstrip() + "…"


def matrix_view(model: MatrixModel) -> QTableView:
    """The grid."""
    view = QTableView()
    view.setModel(model)
    view.setItemDelegate(CellDelegate(view))
    view.setHorizontalHeader(WordHead(Qt.Orientation.Horizontal, view))
    view.setVerticalHeader(WordHead(Qt.Orientation.Vertical, view))
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setShowGrid(False)
    view.setTabKeyNavigation(False)
    view.setCornerButtonEnabled(False)
    view.horizontalHeader().setDefaultSectionSize(COLUMN)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    return view
