"""The right part of the banner: how many alarms of each priority wait and are active, and the clock."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from models.alarms import AlarmState, Priority
from ui.i18n import clock_text, date_text, t, weekday_text
from ui.theme import theme
from ui.widgets.controls import plain_label, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.shapes import AlarmShape

ORDER = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW)


class PriorityCounts(QWidget):
    """For each priority its shape and 'unacknowledged/active'; filled only while something is unacknowledged."""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ctx = ctx
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        self.head = role_label("dim")
        row.addWidget(self.head)
        self._words: dict[Priority, QLabel] = {}
        self._new: dict[Priority, QLabel] = {}
        self._active: dict[Priority, QLabel] = {}
        self._shapes: dict[Priority, AlarmShape] = {}
        for priority in ORDER:
            row.addSpacing(6)
            shape, word = AlarmShape(15), role_label("dim")
            new, active = role_label("heading"), plain_label()
            new.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            figures = QHBoxLayout()
            figures.setSpacing(0)
            figures.addWidget(new)
            figures.addWidget(active)
            row.addWidget(shape)
            row.addWidget(word)
            row.addLayout(figures)
            self._shapes[priority], self._words[priority] = shape, word
            self._new[priority], self._active[priority] = new, active

    def refresh(self) -> None:
        """Count anew."""
        for priority, (new, active) in self._ctx.open_alarms.counts().items():
            state = AlarmState.UNACK if new else AlarmState.ACKED if active else AlarmState.NORM
            self._shapes[priority].show_alarm(priority, state)
            self._new[priority].setText(str(new))
            self._active[priority].setText(f"/{active}")
            words = t("alarms.count_words", priority=t(f"common.priority.{priority.word}"), new=new, active=active)
            for widget in (self._shapes[priority], self._new[priority]):
                widget.setToolTip(words)
            self._new[priority].setAccessibleName(words)

    def set_compact(self, on: bool) -> None:
        """Shapes and figures only."""
        self.head.setVisible(not on)
        for word in self._words.values():
            word.setVisible(not on)

    def retranslate(self) -> None:
        """Words in the present language."""
        self.head.setText(t("alarms.count_head"))
        for priority, label in self._words.items():
            label.setText(t(f"common.priority.{priority.word}"))
        self.refresh()


class BannerClock(QWidget):
    """Time with seconds over date and weekday, never changing its width."""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ctx = ctx
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 16, 2)
        column.setSpacing(0)
        column.addStretch(1)
        self.time, self.date = role_label("page"), role_label("dim")
        for label in (self.time, self.date):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            column.addWidget(label)
        column.addStretch(1)
        self.time.setFont(theme().font(20, bold=True))
        self.setMinimumWidth(128)

    def refresh(self) -> None:
        """Show the station's time."""
        now = self._ctx.station.now_us()
        self.time.setText(clock_text(now))
        self.date.setText(f"{date_text(now)} {weekday_text(now)}")
