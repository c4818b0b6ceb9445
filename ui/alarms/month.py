"""The last block of the alarm detail: thirty days in bars, and the previous occurrences."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.clock import US
from models.alarms import AlarmRow, AlarmState
from ui.alarms.figures import MonthBars
from ui.i18n import local, near_text, t, unit_text, value_text
from ui.widgets.controls import plain_label, role_label
from ui.widgets.shapes import AlarmShape

DAYS = 30
PREVIOUS = 4
Month = tuple[list[AlarmRow], int]


def per_day(rows: list[AlarmRow], now_us: int) -> list[int]:
    """How many were raised on each of the last 30 local days, oldest first."""
    today = local(now_us).date()
    days = [0] * DAYS
    for row in rows:
        age = (today - local(row.raised_us).date()).days
        if 0 <= age < DAYS:
            days[DAYS - 1 - age] += 1
    return days


class MonthBlock(QWidget):
    """Bars and lines; fed with the answer of the alarm query."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        top = QHBoxLayout()
        self.title, self.count = role_label("section"), role_label("dim")
        top.addWidget(self.title, 1)
        top.addWidget(self.count)
        column.addLayout(top)
        self.bars = MonthBars()
        column.addWidget(self.bars)
        self.lines = QGridLayout()
        self.lines.setHorizontalSpacing(10)
        self.lines.setVerticalSpacing(4)
        self.lines.setColumnStretch(2, 1)
        column.addLayout(self.lines)

    def show_failure(self, detail: str) -> None:
        """The store did not answer."""
        self.count.setText(t("common.load_failed"))
        self.count.setToolTip(detail)

    def show_month(self, row: AlarmRow, month: Month | None, now_us: int) -> None:
        """Show the occurrences of the alarm's tag; None while they are being fetched."""
        self.title.setText(t("alarms.month"))
        self.count.setToolTip("")
        while (item := self.lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if month is None:
            self.count.setText(t("common.loading"))
            self.bars.show_days([0] * DAYS, "", "", t("common.loading"))
            return
        rows, total = month
        same = sum(1 for other in rows if other.key == row.key)
        self.count.setText(t("alarms.month_count", total=total, same=same))
        first = local(now_us - (DAYS - 1) * 86_400 * US).strftime("%m-%d")
        self.bars.show_days(per_day(rows, now_us), first, t("alarms.today"), self.count.text())
        earlier = [other for other in rows if other.occurrence_id != row.occurrence_id]
        for line, other in enumerate(earlier[:PREVIOUS]):
            shape = AlarmShape(13)
            shape.show_alarm(other.priority, AlarmState.ACKED)
            value = f"{value_text(other.value, other.decimals)} {unit_text(other.unit)}".strip()
            note = other.comment or other.acked_by
            self.lines.addWidget(role_label("dim", near_text(other.raised_us, now_us)), line, 0)
            self.lines.addWidget(shape, line, 1)
            self.lines.addWidget(plain_label(" · ".join(p for p in (value, note) if p), wrap=True), line, 2)
