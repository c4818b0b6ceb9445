"""Paints the values table: alarm shape, quality with its icon, sparkline, and the bar of the tag's range."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from ui.monitoring.spark import BUCKET_US, BUCKETS, Floats, Sparks
from ui.monitoring.valuerows import ValueRow, ValuesModel, quality_text, share_of_range
from ui.theme import theme
from ui.widgets.icons import paint_icon
from ui.widgets.rows import ROW_ROLE
from ui.widgets.shapes import paint_alarm_shape
from ui.widgets.table import CellDelegate

Drawn = tuple[QPainterPath, QPainterPath]
_ICONS = {"none": "minus", "stale": "clock", "uncertain": "help", "bad": "warning"}


class ValueDelegate(CellDelegate):
    """The delegate; ``sparks`` is set anew by the panel when the catalogue changes."""

    def __init__(self, parent: QWidget, sparks: Sparks) -> None:
        super().__init__(parent)
        self.sparks = sparks
        self.now_us = 0
        self._paths: dict[int, tuple[int, int, int, Drawn]] = {}

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, ValuesModel)
        key = model.columns[index.column()].key
        row: ValueRow = index.data(ROW_ROLE)
        if key not in ("shape", "quality", "spark", "bar"):
            super().paint(painter, option, index)
            return
        self.background(painter, option)
        rect: QRect = option.rect
        if key == "shape":
            if row.priority:
                box = QRectF(rect.left() + 10, rect.center().y() - 6.5, 14, 14)
                paint_alarm_shape(painter, box, row.priority, row.state)
        elif key == "quality":
            self._quality(painter, rect, row)
        elif key == "spark":
            self._spark(painter, rect, row)
        else:
            self._bar(painter, rect, row)

    def _quality(self, painter: QPainter, rect: QRect, row: ValueRow) -> None:
        trouble = row.trouble(self.now_us)
        left = rect.left() + 8
        if trouble:
            paint_icon(painter, _ICONS[trouble], QRectF(left, rect.center().y() - 6.5, 14, 14), "g5")
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g6" if trouble else "g5"))
        indent = 19 if trouble else 0
        place = QRect(left + indent, rect.top(), rect.right() - left - indent - 1, rect.height())
        words = painter.fontMetrics().elidedText(
            quality_text(row, self.now_us), Qt.TextElideMode.ElideRight, place.width()
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)

    def _spark(self, painter: QPainter, rect: QRect, row: ValueRow) -> None:
        area = rect.adjusted(8, 5, -8, -6)
        line, band = self._path(row, area.width(), area.height())
        if line.isEmpty():
            return
        token = "g5" if row.trouble(self.now_us) else "trace"
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(area.topLeft())
        painter.setPen(QPen(theme().color(token, 0.4), 1.0))
        painter.drawPath(band)
        painter.setPen(QPen(theme().color(token), 1.2))
        painter.drawPath(line)
        painter.restore()

    def _path(self, row: ValueRow, width: int, height: int) -> Drawn:
        """Line and band of a tag, made again when a bucket has closed or history came."""
        tag_id = row.tag.id
        known = self._paths.get(tag_id)
        bucket = self.sparks.bucket
        if known is not None and known[:3] == (bucket, width, height):
            return known[3]
        gap = max(3, round((row.tag.stale_after_s or 0.0) * 1e6 / BUCKET_US))
        drawn = spark_path(*self.sparks.line(tag_id), width, height, gap)
        if len(self._paths) > 400:  # rows that have scrolled away
            self._paths.clear()
        self._paths[tag_id] = (bucket, width, height, drawn)
        return drawn

    def forget(self, tag_id: int | None = None) -> None:
        """Make a line (or all) again at the next painting."""
        if tag_id is None:
            self._paths.clear()
        else:
            self._paths.pop(tag_id, None)

    @staticmethod
    def _bar(painter: QPainter, rect: QRect, row: ValueRow) -> None:
        share = share_of_range(row)
        if share is None:
            return
        bar = QRectF(rect.left() + 8, rect.center().y() - 2.5, rect.width() - 16, 6)
        painter.fillRect(bar, theme().color("g3"))
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * share, bar.height()), theme().color("trace"))


def spark_path(lo: Floats, hi: Floats, width: int, height: int, gap: int = 3) -> Drawn:
    """A line through the buckets' middles, and each bucket's spread as a vertical stroke.

    More than ``gap`` buckets without a value break the line.
    """
    line, band = QPainterPath(), QPainterPath()
    good = np.flatnonzero(np.isfinite(lo))
    if good.size < 2 or width < 8 or height < 4:
        return line, band
    low, high = float(np.min(lo[good])), float(np.max(hi[good]))
    span = high - low
    least = max(abs(low), abs(high)) * 1e-3
    if span < least:  # a still value is a flat line in the middle, not its own noise
        low, span = (low + high) / 2 - least / 2, least
    if not span:
        low, span = low - 0.5, 1.0
    step = width / (BUCKETS - 1)
    before = -1
    for at in good.tolist():
        x = at * step
        top, bottom = height * (1 - (float(hi[at]) - low) / span), height * (1 - (float(lo[at]) - low) / span)
        middle = QPointF(x, (top + bottom) / 2)
        if before < 0 or at - before > gap:
            line.moveTo(middle)
        else:
            line.lineTo(middle)
        if bottom - top > 1.0:
            band.moveTo(QPointF(x, top))
            band.lineTo(QPointF(x, bottom))
        before = at
    return line, band
