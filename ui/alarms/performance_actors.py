"""The table of the busiest alarms: how often, what share, of which nature, and what could be changed."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from models.alarms import AlarmState
from models.performance import AlarmPerformance, BadActor
from ui.alarms.performance_words import advice_text, advice_why
from ui.i18n import number_text, pick, t
from ui.theme import theme
from ui.widgets.rows import ROW_ROLE, Column, Index, RowsModel
from ui.widgets.shapes import paint_alarm_shape
from ui.widgets.table import CellDelegate

_URGENT = frozenset({"chattering", "stale"})


class ActorModel(RowsModel[tuple[int, BadActor]]):
    """Rows are (rank, alarm)."""

    def __init__(self) -> None:
        super().__init__(_columns(), lambda row: row[0])

    def show_picture(self, picture: AlarmPerformance) -> None:
        """Set what is shown."""
        self.replace(enumerate(picture.top, 1))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.ToolTipRole and self.columns[index.column()].key == "advice":
            return advice_why(self.row_at(index.row())[1].advice)
        return super().data(index, role)


def _columns() -> list[Column[tuple[int, BadActor]]]:
    def column(key: str, width: int, text: object, **more: object) -> Column[tuple[int, BadActor]]:
        return Column(key=key, title=f"performance.column.{key}", text=text, width=width, **more)  # type: ignore[arg-type]  # passed on as they are

    return [
        column("rank", 30, lambda r: str(r[0]), sort=lambda r: r[0]),
        column("tag", 78, lambda r: r[1].name.tag or "—", bold=lambda _: True),
        column("alarm", 130, lambda r: pick(r[1].name.text, r[1].name.text_en) or r[1].name.key, stretch=True),
        column(
            "priority",
            80,
            lambda r: t(f"common.priority.{r[1].priority.word}"),
            sort=lambda r: -r[1].priority,
            optional=2,
        ),
        column("count", 112, lambda r: str(r[1].count), sort=lambda r: -r[1].count, export=lambda r: r[1].count),
        column(
            "share",
            58,
            lambda r: f"{number_text(r[1].share * 100, 1)} %",
            sort=lambda r: -r[1].share,
            export=lambda r: r[1].share,
            right=True,
            optional=1,
        ),
        column("nature", 62, lambda r: t(f"performance.nature.{r[1].nature}")),
        column("advice", 160, lambda r: advice_text(r[1].advice), optional=3),
    ]


class ActorDelegate(CellDelegate):
    """Paints the shape of the priority, the bar of the count and the chip of the nature."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, ActorModel)
        key, (_, actor) = model.columns[index.column()].key, index.data(ROW_ROLE)
        rect: QRect = option.rect
        if key == "priority":
            self.background(painter, option)
            box = QRectF(rect.left() + 6, rect.center().y() - 6, 13, 13)
            paint_alarm_shape(painter, box, actor.priority, AlarmState.ACKED)
            shifted = QStyleOptionViewItem(option)
            shifted.rect = rect.adjusted(20, 0, 0, 0)
            self.text(painter, shifted, t(f"common.priority.{actor.priority.word}"))
        elif key == "count":
            self.background(painter, option)
            most = max((row[1].count for row in model.shown()), default=1)
            length = max(3.0, (rect.width() - 54) * actor.count / most)
            token = "g7" if actor.nature in _URGENT else "g4"
            painter.fillRect(QRectF(rect.left() + 6, rect.center().y() - 5, length, 11), theme().color(token))
            painter.setFont(theme().font(13, bold=True))
            painter.setPen(theme().color("g7"))
            box = QRectF(rect.left() + length + 12, rect.top(), 44, rect.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, str(actor.count))
        elif key == "nature":
            self.background(painter, option)
            self._chip(painter, rect, t(f"performance.nature.{actor.nature}"), actor.nature in _URGENT)
        else:
            super().paint(painter, option, index)

    @staticmethod
    def _chip(painter: QPainter, rect: QRect, text: str, inverse: bool) -> None:
        font = theme().font(12, bold=inverse)
        width = min(QFontMetrics(font).horizontalAdvance(text) + 12, rect.width() - 8)
        box = QRectF(rect.left() + 4.5, rect.center().y() - 9.5, width, 20)
        painter.save()
        painter.setPen(theme().color("g7" if inverse else "g4"))
        painter.setBrush(theme().color("g7") if inverse else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3, 3)
        painter.setFont(font)
        painter.setPen(theme().color("g0" if inverse else "g6"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
