"""How lines and cells of the organisation are painted: flat, with gaps in the inverse chip (no colour: that is alarms')."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from models.organisation import DepartmentRow, PersonRow
from ui.i18n import t
from ui.organisation.tree import COLUMNS, NODE_ROLE, Node
from ui.theme import theme
from ui.widgets.icons import paint_icon

Index = QModelIndex | QPersistentModelIndex
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def chip_width(text: str) -> int:
    """Width of a chip with this text, px."""
    return QFontMetrics(theme().font(12, bold=True)).horizontalAdvance(text) + 12


def paint_chip(painter: QPainter, left: int, middle: int, text: str, most: int = 10_000) -> int:
    """An inverse chip at most so wide, its middle at a height; returns its width."""
    width = min(chip_width(text), most)
    box = QRectF(left, middle - 9, width, 18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color("g7"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawRoundedRect(box, 3, 3)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(theme().font(12, bold=True))
    painter.setPen(theme().color("g0"))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width - 10)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
    return width


def paint_text(
    painter: QPainter,
    box: QRect,
    text: str,
    *,
    px: int = 13,
    bold: bool = False,
    token: str = "g6",
    right: bool = False,
) -> int:
    """One elided line; returns its width."""
    painter.setFont(theme().font(px, bold=bold))
    painter.setPen(theme().color(token))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, box.width()))
    painter.drawText(box, RIGHT if right else LEFT, shown)
    return painter.fontMetrics().horizontalAdvance(shown)


class TreeDelegate(QStyledItemDelegate):
    """A line of the tree of departments."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, theme().sizes.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node, column, rect = index.data(NODE_ROLE), COLUMNS[index.column()], option.rect
        assert isinstance(node, Node)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        department = isinstance(node.row, DepartmentRow) or node.row is None
        ground = QRect(rect)
        if index.column() == 0:
            ground.setLeft(0)
        painter.fillRect(ground, theme().color("sel" if selected else "g1" if department else "g0"))
        painter.setPen(theme().color("g2"))
        painter.drawLine(ground.bottomLeft(), ground.bottomRight())
        box = rect.adjusted(6, 0, -8, 0)
        if column == "name":
            left = rect.left() + 8
            if node.children:
                opened = bool(option.state & QStyle.StateFlag.State_Open)
                paint_icon(painter, "down" if opened else "right", QRectF(left, rect.center().y() - 6, 12, 12), "g5")
            elif isinstance(node.row, PersonRow):
                paint_icon(painter, "user", QRectF(left, rect.center().y() - 6, 13, 13), "g5")
            mark = t(f"organisation.mark.{node.gap}") if node.gap else ""
            text = QRect(
                left + 20, rect.top(), rect.width() - 32 - (chip_width(mark) + 8 if mark else 0), rect.height()
            )
            token = "g7" if department else "g6"
            used = paint_text(painter, text, node.title, bold=department, token=token)
            if mark:
                paint_chip(painter, text.left() + used + 8, rect.center().y(), mark)
        else:
            right = column == "people"
            paint_text(painter, box, node.cell(column), token="g7" if right else "g5", bold=right, right=right)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        if focused and option.state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(theme().color("accent"))
            painter.drawRect(ground.adjusted(0, 0, -1, -1))
