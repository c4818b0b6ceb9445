"""Paints alarm rows: shape and bar for what is unacknowledged, value and limit on one axis with units in a column."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from app.ports import Station
from models.alarms import AlarmRow, AlarmState
from ui.alarms.columns import limit_text, shown_value
from ui.i18n import unit_text
from ui.theme import theme
from ui.widgets.rows import ROW_ROLE
from ui.widgets.shapes import paint_alarm_shape
from ui.widgets.table import CellDelegate

UNIT_WIDTH = 44
LIMIT_WIDTH = 48


class AlarmDelegate(CellDelegate):
    """The delegate of the alarm list."""

    def __init__(self, station: Station, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._station = station

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: AlarmRow = index.data(ROW_ROLE)
        key = index.model().columns[index.column()].key  # type: ignore[attr-defined]  # always a RowsModel
        if key == "shape":
            self.background(painter, option)
            self._shape(painter, option.rect, row)
        elif key == "value":
            self.background(painter, option)
            self._value(painter, option, row)
        else:
            super().paint(painter, option, index)

    def _shape(self, painter: QPainter, rect: QRect, row: AlarmRow) -> None:
        if row.unacknowledged and row.state is not AlarmState.RTNUN:
            painter.fillRect(QRect(rect.left(), rect.top(), 4, rect.height() - 1), theme().priority(row.priority))
        size = 14
        box = QRectF(rect.left() + 11, rect.center().y() - size / 2 + 0.5, size, size)
        paint_alarm_shape(painter, box, row.priority, row.state)

    def _value(self, painter: QPainter, option: QStyleOptionViewItem, row: AlarmRow) -> None:
        rect: QRect = option.rect.adjusted(6, 0, -6, 0)
        loud = row.unacknowledged and row.state is not AlarmState.RTNUN
        dim = not loud and (row.state in (AlarmState.RTNUN, AlarmState.SHLVD, AlarmState.OOSRV) or not row.active)
        body = "g7" if loud else "g5" if dim else "g6"
        middle = Qt.AlignmentFlag.AlignVCenter
        unit = QRect(rect.right() - UNIT_WIDTH, rect.top(), UNIT_WIDTH, rect.height())
        limit = QRect(unit.left() - LIMIT_WIDTH - 3, rect.top(), LIMIT_WIDTH, rect.height())
        value = QRect(rect.left(), rect.top(), limit.left() - rect.left(), rect.height())
        text = limit_text(row) if row.limit is not None else ""
        if not text and not row.unit:  # the word of a state needs the room
            value.setRight(unit.right())
        limit_font, value_font = theme().font(13), theme().font(13, bold=loud)
        if text:
            painter.setFont(limit_font)
            painter.setPen(theme().color("g5" if dim else "g6"))
            painter.drawText(limit, Qt.AlignmentFlag.AlignLeft | middle, f" / {text}")
        painter.setFont(value_font)
        painter.setPen(theme().color(body))
        line = QFontMetrics(value_font).elidedText(
            shown_value(self._station, row), Qt.TextElideMode.ElideRight, value.width()
        )
        painter.drawText(value, Qt.AlignmentFlag.AlignRight | middle, line)
        painter.setFont(theme().font(12))
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(theme().color("g6" if selected else "g5"))
        painter.drawText(unit, Qt.AlignmentFlag.AlignLeft | middle, unit_text(row.unit))
