"""The row of key figures: value, target, the period before, and a bar with the target mark. Grey but for the chip."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.performance import Figure
from ui.alarms.performance_words import figure_text, target_text
from ui.i18n import t
from ui.theme import theme
from ui.widgets.icons import paint_icon

TILE = 108
NARROW = 128  # below this width a tile the row becomes two


class FigureTile(QWidget):
    """One figure. The chip is inverse while its target is missed, a plain tick while it is met."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figure: Figure | None = None
        self.compare = True
        self.setMinimumSize(QSize(100, TILE))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_figure(self, figure: Figure, compare: bool) -> None:
        """Set what is shown; ``compare`` with the period before."""
        self.figure, self.compare = figure, compare
        unit = t(f"performance.unit.{figure.name}")
        met = "" if figure.met is None else t("performance.met" if figure.met else "performance.over")
        words = f"{t(f'performance.figure.{figure.name}')} {figure_text(figure.name, figure.value)} {unit}"
        self.setAccessibleName(f"{words} · {t('performance.target', target=target_text(figure))} · {met}")
        self.setToolTip(t(f"performance.tip.{figure.name}"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.figure is None:
            return
        painter, colors, figure = QPainter(self), theme(), self.figure
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colors.color("g0"))
        painter.fillRect(QRectF(self.width() - 1, 0, 1, self.height()), colors.color("g3"))
        left, width = 12, self.width() - 24
        chip = self._chip(painter, figure)
        painter.setFont(colors.font(12))
        painter.setPen(colors.color("g5"))
        name = painter.fontMetrics().elidedText(
            t(f"performance.figure.{figure.name}"), Qt.TextElideMode.ElideRight, max(20, width - chip - 4)
        )
        painter.drawText(QRectF(left, 10, width, 18), Qt.AlignmentFlag.AlignVCenter, name)
        text = figure_text(figure.name, figure.value)
        big = colors.font(28, bold=True)
        painter.setFont(big)
        painter.setPen(colors.color("g7"))
        painter.drawText(QRectF(left, 30, width, 38), Qt.AlignmentFlag.AlignVCenter, text)
        x = left + QFontMetrics(big).horizontalAdvance(text) + 4
        painter.setFont(colors.font(13))
        painter.setPen(colors.color("g5"))
        unit = t(f"performance.unit.{figure.name}")
        unit = painter.fontMetrics().elidedText(unit, Qt.TextElideMode.ElideRight, self.width() - x - 2)
        painter.drawText(QRectF(x, 36, self.width() - x, 34), Qt.AlignmentFlag.AlignVCenter, unit)
        self._bar(painter, figure, QRectF(left, 72, width, 6))
        self._foot(painter, figure, QRectF(left, 84, width, 18))
        painter.end()

    def _chip(self, painter: QPainter, figure: Figure) -> int:
        colors = theme()
        if figure.met is None:
            return 0
        text = t("performance.met" if figure.met else "performance.over")
        font = colors.font(12, bold=not figure.met)
        width = QFontMetrics(font).horizontalAdvance(text) + (16 if figure.met else 12)
        box = QRectF(self.width() - 12 - width, 10, width, 19)
        painter.setFont(font)
        if figure.met:
            paint_icon(painter, "check", QRectF(box.left(), box.top() + 3, 13, 13), "g5")
            painter.setPen(colors.color("g5"))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("g7"))
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(colors.color("g0"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return width

    @staticmethod
    def _bar(painter: QPainter, figure: Figure, box: QRectF) -> None:
        colors = theme()
        painter.fillRect(box, colors.color("g3"))
        value = figure.value or 0.0
        scale = max(value, figure.target, figure.before or 0.0) * 1.15 or 1.0
        over = figure.met is False
        painter.fillRect(
            QRectF(box.left(), box.top(), box.width() * min(1.0, value / scale), box.height()),
            colors.color("g7" if over else "g4"),
        )
        mark = box.left() + box.width() * figure.target / scale
        painter.fillRect(QRectF(mark - 1, box.top() - 4, 2.5, box.height() + 8), colors.color("accent"))

    def _foot(self, painter: QPainter, figure: Figure, box: QRectF) -> None:
        painter.setFont(theme().font(12))
        painter.setPen(QPen(theme().color("g5")))
        metrics = painter.fontMetrics()
        target = t("performance.target", target=target_text(figure))
        before = ""
        if self.compare:
            value = figure_text(figure.name, figure.before)
            before = t("performance.before", value=value)
            if metrics.horizontalAdvance(target) + metrics.horizontalAdvance(before) + 8 > box.width():
                before = f"({value})"
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, target)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, before)


class TileStrip(QWidget):
    """All figures side by side, or in two rows where it is narrow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles: list[FigureTile] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_figures(self, figures: Sequence[Figure], compare: bool) -> None:
        """Set all figures."""
        while len(self.tiles) < len(figures):
            tile = FigureTile(self)
            tile.show()
            self.tiles.append(tile)
        for tile, figure in zip(self.tiles, figures, strict=True):
            tile.show_figure(figure, compare)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        count = len(self.tiles)
        if not count:
            return
        rows = 1 if self.width() >= NARROW * count else 2
        across = -(-count // rows)
        self.setFixedHeight(rows * TILE + rows - 1)
        for number, tile in enumerate(self.tiles):
            row, column = divmod(number, across)
            first, last = column * self.width() // across, (column + 1) * self.width() // across
            tile.setGeometry(first, row * (TILE + 1), last - first, TILE)
