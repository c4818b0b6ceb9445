"""The bar below the map: the plant's worst colour over time; dragging along it shows the map as it was."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.clock import US
from models.risk import Grade
from models.risk_rows import Timeline
from ui.i18n import local, stamp_text, t
from ui.risk import look
from ui.risk.words import grade_word
from ui.theme import theme
from ui.widgets.controls import SegmentedButtons, button, icon_button, name_control, role_label
from ui.widgets.icons import set_icon

#: period -> (length, step), seconds
PERIODS = {"day": (86_400, 600), "week": (7 * 86_400, 3600), "month": (30 * 86_400, 4 * 3600)}
PLAY_MS = 120
TICKS = 7


class Strip(QWidget):
    """Coloured stretches with a handle; arrow keys, Home and End move it."""

    moved = Signal(int)  # the step under the handle

    def __init__(self) -> None:
        super().__init__()
        self.times: tuple[int, ...] = ()
        self.worst: tuple[Grade, ...] = ()
        self.at: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 44)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, 44)

    def fill(self, timeline: Timeline) -> None:
        """Other times; the handle stays at its moment when that is still there."""
        moment = self.times[self.at] if self.at is not None and self.times else None
        self.times, self.worst = timeline.times, timeline.worst()
        if moment is not None:
            self.at = min(range(len(self.times)), key=lambda n: abs(self.times[n] - moment)) if self.times else None
        self.update()

    def put(self, at: int | None) -> None:
        """Move the handle; None = now, at the right end."""
        self.at = at
        if at is not None:
            self.setAccessibleDescription(f"{stamp_text(self.times[at])} {grade_word(self.worst[at])}")
        self.update()

    def _step(self, x: float) -> int:
        return max(0, min(len(self.times) - 1, round((x - 8) / max(1, self.width() - 16) * (len(self.times) - 1))))

    def x_of(self, at: int) -> float:
        """Where a step lies, px."""
        return 8 + (self.width() - 16) * at / max(1, len(self.times) - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.worst and event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self._step(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.times) - 1
        at = last if self.at is None else self.at
        wanted = {
            Qt.Key.Key_Left: max(0, at - 1),
            Qt.Key.Key_Right: min(last, at + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if wanted is None or not self.worst:
            super().keyPressEvent(event)
            return
        self.moved.emit(wanted)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(8, 6, self.width() - 16, 16)
        painter.fillRect(bar, theme().color("g0"))
        ratio = round(self.devicePixelRatioF(), 2)
        start = 0
        for n in range(1, len(self.worst) + 1):
            if n == len(self.worst) or self.worst[n] is not self.worst[start]:
                left, right = self.x_of(start), self.x_of(min(n, len(self.worst) - 1))
                brush = look.hatch(self.worst[start], theme().tokens, ratio)
                painter.fillRect(QRectF(left, bar.top(), right - left, bar.height()), brush)
                start = n
        painter.setPen(QPen(theme().color("g4"), 1))
        painter.drawRect(bar)
        self._ticks(painter, bar)
        if self.worst:
            x = self.x_of(len(self.times) - 1 if self.at is None else self.at)
            painter.setPen(QPen(theme().color("accent" if self.hasFocus() else "g7"), 2))
            painter.setBrush(theme().color("g0"))
            painter.drawRoundedRect(QRectF(x - 5, 2, 10, 24), 3, 3)
        painter.end()

    def _ticks(self, painter: QPainter, bar: QRectF) -> None:
        if len(self.times) < 2:
            return
        painter.setFont(theme().font(11))
        metrics = QFontMetricsF(theme().font(11))
        painter.setPen(theme().color("g5"))
        form = "%H:%M" if self.times[-1] - self.times[0] <= 86_400 * US else "%m-%d"
        for tick in range(TICKS):
            at = round((len(self.times) - 1) * tick / (TICKS - 1))
            text = local(self.times[at]).strftime(form)
            width = metrics.horizontalAdvance(text)
            x = min(max(self.x_of(at) - width / 2, 0.0), self.width() - width)
            painter.drawText(QRectF(x, bar.bottom() + 4, width + 1, 16), Qt.AlignmentFlag.AlignCenter, text)


class TimeBar(QWidget):
    """replay(step of ``timeline``) · live() when the person looks at the past or comes back; period(name) when another is chosen."""

    replay = Signal(int)
    live = Signal()
    period = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("contextBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 4)
        row.setSpacing(12)
        self.play = icon_button("play")
        self.play.clicked.connect(self._toggle)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.title, self.note = role_label("strong"), role_label("dim")
        words.addWidget(self.title)
        words.addWidget(self.note)
        self.strip = Strip()
        self.strip.moved.connect(self._dragged)
        self.periods = SegmentedButtons(tuple(PERIODS))
        self.periods.select("day")
        self.periods.chosen.connect(self._chosen)
        self.now = button()
        self.now.clicked.connect(self.go_live)
        row.addWidget(self.play)
        row.addLayout(words)
        row.addWidget(self.strip, 1)
        row.addWidget(self.periods)
        row.addWidget(self.now)
        self.timeline = Timeline(times=(), colours={})
        self._timer = QTimer(self, interval=PLAY_MS)
        self._timer.timeout.connect(self.step)

    @property
    def replaying(self) -> bool:
        """True while the map shows the past."""
        return self.strip.at is not None

    @property
    def playing(self) -> bool:
        """True while the handle moves by itself."""
        return self._timer.isActive()

    def fill(self, timeline: Timeline) -> None:
        """What was read."""
        self.timeline = timeline
        self.strip.fill(timeline)
        self._say()

    def step(self) -> None:
        """One step on; at the end it is now again."""
        at = 0 if self.strip.at is None else self.strip.at + 1
        if at >= len(self.timeline.times):
            self.go_live()
        else:
            self._show(at)

    def go_live(self) -> None:
        """Back to now."""
        self._pause()
        self.strip.put(None)
        self._say()
        self.live.emit()

    def _toggle(self) -> None:
        if self.playing:
            self._pause()
        elif self.timeline.worst():
            self._timer.start()
            self.step()
        self._say()

    def _pause(self) -> None:
        self._timer.stop()

    def _dragged(self, at: int) -> None:
        self._pause()
        self._show(at)

    def _show(self, at: int) -> None:
        self.strip.put(at)
        self._say()
        self.replay.emit(at)

    def _chosen(self, name: str) -> None:
        self.go_live()
        self.period.emit(name)

    def _say(self) -> None:
        name = self.periods.current or "day"
        self.note.setText(t(f"risk.period_note.{name}"))
        at = self.strip.at
        self.title.setText(t("risk.worst") if at is None else stamp_text(self.timeline.times[at]))
        self.now.setEnabled(at is not None)
        set_icon(self.play, "pause" if self.playing else "play")
        name_control(self.play, t("risk.pause") if self.playing else t("risk.play"))

    def retranslate(self) -> None:
        """Words in the present language."""
        for name, part in self.periods.buttons.items():
            part.setText(t(f"risk.period.{name}"))
        self.now.setText(t("risk.live"))
        self.strip.setAccessibleName(t("risk.worst"))
        self._say()
