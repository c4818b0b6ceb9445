"""Two painted blocks: shares of the priorities against their targets, and when in the week it rings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from models.alarms import AlarmState, Priority
from models.performance import AlarmPerformance, HeatRow, PriorityShare
from ui.i18n import DASH, local, number_text, t
from ui.theme import theme
from ui.widgets.shapes import paint_alarm_shape

_HEAT = ("g0", "g2", "g3", "g4", "g5", "g7")  # one more than the steps of the rule pack
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def percent(share: float) -> str:
    """A share in per cent, with one decimal below ten where it needs one."""
    return number_text(share * 100, 1 if share < 0.1 else 0).removesuffix(".0")


class ShareBlock(QWidget):
    """Actual over target as two bars, and a line for each priority with the difference and what it means."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: AlarmPerformance | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(76 + 5 * 24 + 4)
        theme().changed.connect(self.update)

    def show_picture(self, picture: AlarmPerformance) -> None:
        """Set what is shown."""
        self.picture = picture
        self.setAccessibleName("; ".join(" ".join(self.words_of(share)) for share in picture.priorities))
        self.update()

    def words_of(self, share: PriorityShare) -> tuple[str, str, str, str, str, str]:
        """Priority, count, share, target, difference, verdict."""
        judged = share.share
        if share.priority is Priority.HIGH and self.picture is not None:  # critical counts with high
            judged += sum(p.share for p in self.picture.priorities if p.priority is Priority.CRITICAL)
        known = share.target is not None and share.verdict != "none"
        difference = f"{(judged - (share.target or 0.0)) * 100:+.1f}".replace("-", "−") if known else DASH
        return (
            t(f"common.priority.{share.priority.word}"),
            str(share.count),
            f"{percent(share.share)} %",
            f"{percent(share.target)} %" if share.target is not None else DASH,
            difference,
            t(f"performance.verdict.{share.verdict}") if share.verdict != "none" else DASH,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, picture = QPainter(self), self.picture
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme().color("g0"))
        if picture is not None:
            by = {share.priority: share.share for share in picture.priorities}
            actual = (by.get(Priority.CRITICAL, 0.0) + by.get(Priority.HIGH, 0.0), by.get(Priority.MEDIUM, 0.0))
            target = (picture.target_share.get("high", 0.0), picture.target_share.get("medium", 0.0))
            self._bar(painter, 8, t("performance.actual"), actual if picture.alarms else None, filled=True)
            self._bar(painter, 42, t("performance.target_word"), target, filled=False)
            self._table(painter, picture)
        painter.end()

    def _bar(self, painter: QPainter, top: int, word: str, shares: tuple[float, float] | None, *, filled: bool) -> None:
        colors = theme()
        left = 60
        painter.setFont(colors.font(12, bold=True))
        painter.setPen(colors.color("g6"))
        painter.drawText(QRectF(12, top, left - 16, 28), _MIDDLE, word)
        box = QRectF(left, top + 1, self.width() - left - 14, 26)
        painter.setPen(QPen(colors.color("g4"), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        if shares is None:
            return
        parts = (("high", shares[0]), ("medium", shares[1]), ("low", max(0.0, 1.0 - sum(shares))))
        looks = {"high": ("g7", "g0"), "medium": ("g5", "g0"), "low": ("g3", "g7")}
        x = box.left()
        for key, share in parts:
            part = QRectF(x, box.top(), box.width() * share, box.height())
            ground, ink = looks[key]
            if filled:
                painter.fillRect(part, colors.color(ground))
            else:
                painter.setPen(QPen(colors.color("g4"), 1.4))
                painter.drawRect(part)
            painter.setPen(colors.color(ink if filled else "g7"))
            text = f"{t(f'common.priority.{key}')} {percent(share)} %"
            metrics = QFontMetrics(painter.font())
            if metrics.horizontalAdvance(text) + 8 > part.width():
                text = percent(share)
            if metrics.horizontalAdvance(text) + 6 <= part.width():
                painter.drawText(part.adjusted(5, 0, 0, 0), _MIDDLE, text)
            x += part.width()

    def _table(self, painter: QPainter, picture: AlarmPerformance) -> None:
        colors = theme()
        width = self.width() - 24
        edges = [12 + width * part for part in (0.0, 0.20, 0.34, 0.49, 0.64, 0.78, 1.0)]
        head = [t(f"performance.share_column.{key}") for key in ("priority", "count", "actual", "target", "difference")]
        rows: list[tuple[str, ...]] = [(*head, t("performance.share_column.verdict"))]
        rows += [self.words_of(share) for share in picture.priorities]
        for number, cells in enumerate(rows):
            top = 76 + number * 24
            painter.fillRect(QRectF(0, top + 23, self.width(), 1), colors.color("g2"))
            for column, text in enumerate(cells):
                bold = number > 0 and column == 2
                painter.setFont(colors.font(12 if number == 0 else 13, bold=bold))
                painter.setPen(colors.color("g5" if number == 0 else "g7" if bold else "g6"))
                box = QRectF(edges[column], top, edges[column + 1] - edges[column] - 12, 24)
                side = Qt.AlignmentFlag.AlignLeft if column in (0, 5) else Qt.AlignmentFlag.AlignRight
                if number and column == 0:
                    shape = QRectF(12, top + 5, 13, 13)
                    paint_alarm_shape(painter, shape, picture.priorities[number - 1].priority, AlarmState.ACKED)
                    box.setLeft(box.left() + 20)
                if column == 5:
                    box.setLeft(box.left() + 4)
                    box.setRight(self.width() - 6)
                painter.drawText(
                    box,
                    side | _MIDDLE,
                    painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width())),
                )


class HeatMap(QWidget):
    """A cell for each hour of each day (or weekday, on average); darker is more, the darkest say how many."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture: AlarmPerformance | None = None
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(500, 200)

    def show_picture(self, picture: AlarmPerformance) -> None:
        """Set what is shown."""
        self.picture = picture
        busiest = max(
            ((count, row, hour) for row in picture.heat for hour, count in enumerate(row.hours) if count),
            key=lambda found: found[0],
            default=None,
        )
        words = "" if busiest is None else self._words(busiest[1], busiest[2])
        self.setAccessibleName(" · ".join(part for part in (t("performance.heat"), words) if part))
        self.update()

    def level(self, count: float) -> int:
        """How dark: 0 … number of steps."""
        assert self.picture is not None
        return sum(count >= step for step in self.picture.heat_steps)

    def _cells(self) -> tuple[float, float, float, float]:
        """Left edge, top, width and height of the cells."""
        rows = max(1, len(self.picture.heat)) if self.picture is not None else 1
        left, top = 66.0, 4.0
        return left, top, (self.width() - left - 12) / 24, min(26.0, (self.height() - top - 44) / rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, picture, colors = QPainter(self), self.picture, theme()
        painter.fillRect(self.rect(), colors.color("g0"))
        if picture is not None:
            left, top, width, height = self._cells()
            right = Qt.AlignmentFlag.AlignRight | _MIDDLE
            for number, row in enumerate(picture.heat):
                y = top + number * height
                painter.setFont(colors.font(12))
                painter.setPen(colors.color("g5"))
                painter.drawText(QRectF(0, y, left - 8, height), right, row_text(row))
                for hour, count in enumerate(row.hours):
                    self._cell(painter, QRectF(left + hour * width, y, width - 2, height - 2), count)
            self._foot(painter, left, top + len(picture.heat) * height, width)
        painter.end()

    def _cell(self, painter: QPainter, box: QRectF, count: float | None) -> None:
        colors = theme()
        if count is None:
            painter.setPen(QPen(colors.color("g2"), 1))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
            return
        level = self.level(count)
        painter.fillRect(box, colors.color(_HEAT[min(level, len(_HEAT) - 1)]))
        if level == 0:
            painter.setPen(QPen(colors.color("g3"), 1))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        if level >= len(_HEAT) - 2:
            painter.setFont(colors.font(11, bold=True))
            painter.setPen(colors.color("g0"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{count:.0f}")

    def _foot(self, painter: QPainter, left: float, top: float, width: float) -> None:
        assert self.picture is not None
        colors = theme()
        painter.setFont(colors.font(11))
        painter.setPen(colors.color("g5"))
        for hour in range(0, 24, 2):
            painter.drawText(QRectF(left + hour * width, top, width, 16), Qt.AlignmentFlag.AlignCenter, f"{hour:02}")
        painter.setFont(colors.font(12))
        metrics = painter.fontMetrics()
        title = t("performance.per_hour")
        x, y = 12.0, top + 18
        painter.drawText(QRectF(x, y, self.width(), 18), _MIDDLE, title)
        x += metrics.horizontalAdvance(title) + 12
        steps = (0, *self.picture.heat_steps)
        for number, low in enumerate(steps):
            last = number + 1 == len(steps)
            text = f"≥ {low}" if last else f"{low}–{steps[number + 1] - 1}"
            needed = 18 + metrics.horizontalAdvance(text) + 12
            if x + needed > self.width():
                break
            painter.fillRect(QRectF(x, y + 3, 12, 12), colors.color(_HEAT[min(number, len(_HEAT) - 1)]))
            painter.setPen(QPen(colors.color("g4"), 1))
            painter.drawRect(QRectF(x + 0.5, y + 3.5, 11, 11))
            painter.setPen(colors.color("g5"))
            painter.drawText(QRectF(x + 17, y, needed, 18), _MIDDLE, text)
            x += needed

    def _words(self, row: HeatRow, hour: int) -> str:
        count = row.hours[hour]
        shown = DASH if count is None else number_text(count, 0 if float(count).is_integer() else 1)
        return t("performance.heat_cell", day=row_text(row), hour=f"{hour:02}:00", n=shown)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self.picture is not None:
            left, top, width, height = self._cells()
            hour, number = int((event.pos().x() - left) // width), int((event.pos().y() - top) // height)
            inside = 0 <= hour < 24 and 0 <= number < len(self.picture.heat)
            QToolTip.showText(event.globalPos(), self._words(self.picture.heat[number], hour) if inside else "", self)
            return True
        return super().event(event)


def row_text(row: HeatRow) -> str:
    """Weekday, and the day of the month where the row is one day."""
    word = t(f"common.weekday.{row.weekday}")
    return word if row.day_us is None else f"{word} {local(row.day_us):%d}"
