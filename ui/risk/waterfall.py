"""The sum behind a colour as a waterfall: inherent value, one row for each reason, the sum; a row leads to its cause."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from models.risk import Factor, Grade, ZoneState
from ui.i18n import t
from ui.risk import look
from ui.risk.words import evidence, factor_title, grade_word, signed, span, sum_text
from ui.theme import theme

HEAD, ROW, PLAIN = 18, 52, 26
TEXT, FIGURE = 0.52, 46  # share of the width for words; px for the number at the right


class FactorRow(QAbstractButton):
    """One row; only those that lead somewhere can be pressed."""

    def __init__(self, lines: tuple[str, ...], figure: str, low: float, high: float, top: float) -> None:
        super().__init__()
        self._lines, self._figure = lines, figure
        self._low, self._high, self._top = low, high, top
        self.grade: Grade | None = None
        self.setEnabled(False)
        self.setFixedHeight(ROW if len(lines) > 1 else PLAIN)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(" ".join((*lines, figure)))
        self.setToolTip("\n".join(lines))

    def lead(self) -> None:
        """Make it something to press."""
        self.setEnabled(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(280, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = self.width() * TEXT - 6
        y = 2.0 if len(self._lines) > 1 else 4.0
        for number, line in enumerate(self._lines):
            font = theme().font(13 if number == 0 else 12, bold=self.grade is not None)
            painter.setFont(font)
            painter.setPen(theme().color("g7" if number == 0 else "g5"))
            short = QFontMetricsF(font).elidedText(line, Qt.TextElideMode.ElideRight, words)
            painter.drawText(QRectF(0, y, words + 2, 18), Qt.AlignmentFlag.AlignVCenter, short)
            y += 16
        left, room = self.width() * TEXT, self.width() * (1 - TEXT) - FIGURE
        a, b = sorted((self._low, self._high))
        bar = QRectF(left + room * a / self._top, 5, max(2.0, room * (b - a) / self._top), 12)
        if self.grade is not None:
            painter.fillRect(bar, look.hatch(self.grade, theme().tokens, round(self.devicePixelRatioF(), 2)))
            painter.setPen(QPen(theme().color("g4"), 1))
            painter.drawRect(bar)
        else:
            painter.fillRect(bar, theme().color("g6" if len(self._lines) > 1 else "g4"))
        painter.setFont(theme().font(13, bold=True))
        painter.setPen(theme().color("g7"))
        painter.drawText(QRectF(self.width() - FIGURE, 2, FIGURE, 18), Qt.AlignmentFlag.AlignRight, self._figure)
        if self.isEnabled() and (self.hasFocus() or self.underMouse()):
            painter.setPen(QPen(theme().color("accent"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.end()


class Waterfall(QWidget):
    """``asked(Factor)`` when a row with a target was pressed."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, HEAD, 0, 0)
        self._column.setSpacing(0)
        self._floors: list[tuple[Grade, float]] = []
        self._top = 1.0
        self.rows: list[FactorRow] = []
        theme().changed.connect(self.update)

    def show_state(self, state: ZoneState, floors: dict[Grade, float], now_us: int, led: frozenset[str]) -> None:
        """The sum of a zone; factors whose target's kind is in ``led`` can be pressed."""
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        highest = max(state.value, state.inherent, *_peaks(state))
        self._top = max(highest, min((f for f in floors.values() if f > highest), default=highest)) * 1.04 or 1.0
        self._floors = [(grade, floor) for grade, floor in floors.items() if 0 < floor <= self._top]
        inherent = (t("risk.inherent_value"),)
        self._add(FactorRow(inherent, sum_text(state.inherent), 0.0, state.inherent, self._top))
        at = state.inherent
        for factor in state.factors:
            lines = (factor_title(factor), evidence(factor), span(factor, now_us))
            row = FactorRow(lines, signed(factor.weight), at, max(0.0, at + factor.weight), self._top)
            if factor.target.partition(":")[0] in led:
                row.lead()
                row.clicked.connect(lambda _=False, f=factor: self._asked(f))
            self._add(row)
            at = max(0.0, at + factor.weight)
        last = FactorRow((t("risk.dynamic_value"),), sum_text(state.value), 0.0, state.value, self._top)
        last.grade = state.computed
        self._add(last)
        self.update()

    def _asked(self, factor: Factor) -> None:
        self.asked.emit(factor)

    def _add(self, row: FactorRow) -> None:
        self.rows.append(row)
        self._column.addWidget(row)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left, room = self.width() * TEXT, self.width() * (1 - TEXT) - FIGURE
        painter.setFont(theme().font(12))
        free = float(self.width())  # the highest floors are named first: they are nearest to the sum
        for grade, floor in sorted(self._floors, key=lambda pair: -pair[1]):
            x = left + room * floor / self._top
            painter.setPen(QPen(theme().color("g4"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(round(x), HEAD, round(x), self.height())
            text = f"{grade_word(grade)} {floor:g}"
            width = QFontMetricsF(theme().font(12)).horizontalAdvance(text)
            if x + width / 2 <= free:
                painter.setPen(theme().color("g5"))
                painter.drawText(QRectF(x - width / 2, 0, width + 2, HEAD - 2), Qt.AlignmentFlag.AlignCenter, text)
                free = x - width / 2 - 6
        painter.end()


def _peaks(state: ZoneState) -> list[float]:
    """The sum after each reason."""
    at, found = state.inherent, [state.inherent]
    for factor in state.factors:
        at = max(0.0, at + factor.weight)
        found.append(at)
    return found
