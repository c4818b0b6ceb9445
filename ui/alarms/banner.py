"""The banner above everything: the alarm that needs somebody first, how many wait, the sound, who is here, the time.

It is grey and still while nothing is unacknowledged. Only its icon cell blinks (1 Hz, can be turned off).
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.ports import Answer
from models.alarms import AlarmRow, AlarmState, Priority
from models.commands import AcknowledgeAlarms, MuteSound, SilenceSound
from ui.alarms.actions import AlarmActions, phrases, within
from ui.alarms.columns import alarm_text, area_text, limit_text, present_value, shown_value
from ui.alarms.counts import BannerClock, PriorityCounts
from ui.alarms.sound import AlarmSound
from ui.i18n import clock_text, messages, pick, short_span_text, t, unit_text
from ui.theme import theme
from ui.widgets.controls import button, hairline, name_control, role_label
from ui.widgets.icons import IconLabel, set_icon
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.shapes import paint_alarm_shape

BLINK_MS = 500
GUARD_MS = 600  # F2 is ignored this long after a worse alarm took the place of the one that was read
BOUNCE_MS = 350  # … and this long after one's own acknowledgement brought up the next: a double click is one click
MUTE_FOR_S = (300.0, 120.0, 600.0)


def fitted(message: str, metrics: QFontMetrics, width: int) -> str:
    """The message in so many px; what gives way is in its middle, for tag and value begin it and the level ends it."""
    return metrics.elidedText(message, Qt.TextElideMode.ElideMiddle, width)


def _read_as(row: AlarmRow | None) -> tuple[int, int] | None:
    """What a person has read: this alarm, at this priority."""
    return None if row is None else (row.occurrence_id, int(row.priority))


class AlarmStrip(QWidget):
    """The painted part of the banner: icon cell and one line about the worst unacknowledged alarm."""

    clicked = Signal()

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self.row: AlarmRow | None = None
        self.lit = True
        self.reserve = 0  # px at the right end that belong to the button
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(160)

    def sizeHint(self) -> QSize:
        return QSize(600, theme().sizes.banner)

    @property
    def red(self) -> bool:
        """True while the whole strip is red (critical only)."""
        return self.row is not None and self.row.priority is Priority.CRITICAL

    def parts(self) -> tuple[str, list[str]]:
        """The message, and the details after it in the order of their worth."""
        row = self.row
        if row is None:
            return t("alarms.banner_calm"), []
        now = self._ctx.station.now_us()
        number = isinstance(present_value(self._ctx.station, row), float) and row.limit is not None
        value = f"{shown_value(self._ctx.station, row)} {unit_text(row.unit)}".strip() if number else ""
        message = " ".join(part for part in (row.tag, value, alarm_text(row)) if part)
        limit = t("alarms.banner_limit", limit=f"{limit_text(row)} {unit_text(row.unit)}".strip())
        since = t("alarms.banner_unacknowledged", span=short_span_text(now - row.raised_us))
        tag = self._ctx.station.tags.by_id(row.tag_id) if row.tag_id is not None else None
        device = pick(tag.device_name, tag.device_name_en) if tag is not None else ""
        place = " · ".join(part for part in (area_text(row), device) if part)
        details = [*([limit] if row.limit is not None else []), place, clock_text(row.raised_us), since]
        return message, details

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme()
        rect, row = self.rect(), self.row
        ground = colors.color("critfill") if self.red else colors.color("g1" if row is None else "g0")
        painter.fillRect(rect, ground)
        if row is None:
            painter.fillRect(0, rect.height() - 1, rect.width(), 1, colors.color("g3"))
        cell = QRectF(0, 0, 60, rect.height())
        if row is not None:
            self._cell(painter, cell, row, ground)
            if not self.red:
                painter.fillRect(
                    QRectF(0, rect.height() - 3, rect.width(), 3), colors.priority(row.priority, line=True)
                )
        left = 72 if row is not None else 16
        message, details = self.parts()
        strong = "oncrit" if self.red else "g7" if row is not None else "g5"
        font = colors.font(16 if row is not None else 13, bold=row is not None)
        width = rect.width() - left - 8 - self.reserve
        painter.setFont(font)
        painter.setPen(colors.color(strong))
        shown = fitted(message, QFontMetrics(font), width)
        painter.drawText(left, 0, width, rect.height(), Qt.AlignmentFlag.AlignVCenter, shown)
        left += QFontMetrics(font).horizontalAdvance(shown) + 20
        small = colors.font(13)
        painter.setFont(small)
        painter.setPen(colors.color("oncrit" if self.red else "g6"))
        kept = self._fitting(details, QFontMetrics(small), rect.width() - left - 8 - self.reserve)
        for text in kept:
            advance = QFontMetrics(small).horizontalAdvance(text)
            painter.drawText(left, 0, advance + 2, rect.height(), Qt.AlignmentFlag.AlignVCenter, text)
            left += advance + 20
        painter.end()

    @staticmethod
    def _fitting(details: list[str], metrics: QFontMetrics, room: int) -> list[str]:
        """As many details as fit; what is least needed goes first (time of day, area, limit; never how long)."""
        kept = list(details)
        for droppable in (-2, -2, 0):
            if sum(metrics.horizontalAdvance(text) + 20 for text in kept) <= room or len(kept) < 2:
                break
            kept.pop(droppable)
        return kept if sum(metrics.horizontalAdvance(text) + 20 for text in kept) <= room + 20 else []

    def _cell(self, painter: QPainter, cell: QRectF, row: AlarmRow, ground: QColor) -> None:
        box = QRectF(cell.center().x() - 11, cell.center().y() - 11, 22, 22)
        if self.red:
            painter.fillRect(cell, ground if self.lit else theme().color("oncrit"))
            paint_alarm_shape(painter, box, row.priority, AlarmState.UNACK, "oncrit" if self.lit else "critfill")
            painter.setFont(theme().font(13, bold=True))
            painter.setPen(theme().color("critfill" if self.lit else "oncrit"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "!")
            return
        state = row.state if row.state is AlarmState.RTNUN else AlarmState.UNACK
        paint_alarm_shape(painter, box, row.priority, state if self.lit else AlarmState.ACKED)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()


class AlarmBanner(QWidget):
    """The whole banner. ``asked(AlarmRow)``: the person clicked the alarm and wants to see it."""

    asked = Signal(object)

    def __init__(self, ctx: PanelContext, sound: AlarmSound, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx, self.sound = ctx, sound
        self.acts = AlarmActions(ctx, self)
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.blink = True
        self._since_change = QElapsedTimer()
        self._acknowledged = QElapsedTimer()
        self._own_acknowledgement = False
        self._build()
        self._blinker = QTimer(self, interval=BLINK_MS)
        self._blinker.timeout.connect(self._flip)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        ctx.open_alarms.changed.connect(self._soon)
        ctx.open_alarms.reset.connect(self._soon)
        ctx.actor_changed.connect(self.retranslate)
        sound.changed.connect(self._show_sound)
        messages().changed.connect(self.retranslate)
        theme().changed.connect(self._on_theme)
        self._on_theme()
        self.retranslate()

    def _soon(self) -> None:
        self._later.start()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.strip = AlarmStrip(self.ctx)
        self.strip.clicked.connect(self._asked)
        self.ack = button("check", "onred", self.strip)
        self.ack.set_key("F2")
        self.ack.clicked.connect(self.acknowledge)
        self.ack.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.strip, 1)
        inner = QHBoxLayout(self.strip)
        inner.setContentsMargins(0, 0, 10, 0)
        inner.addStretch(1)
        inner.addWidget(self.ack)
        self.counts = PriorityCounts(self.ctx)
        row.addWidget(self.counts)
        row.addWidget(hairline(vertical=True))
        row.addSpacing(12)
        self.silence_button = button("sound")
        self.silence_button.set_key("F3")
        self.silence_button.clicked.connect(self.silence)
        row.addWidget(self.silence_button)
        self.mute_button = button("mute", "flat")
        self.mute_button.clicked.connect(self.ask_mute)
        row.addWidget(self.mute_button)
        self.mute_label = role_label("inverse")
        row.addSpacing(4)
        row.addWidget(self.mute_label, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(8)
        row.addWidget(hairline(vertical=True))
        row.addSpacing(12)
        self.duty_icon = IconLabel("user")
        row.addWidget(self.duty_icon)
        row.addSpacing(6)
        self.duty_word = role_label("dim")
        row.addWidget(self.duty_word)
        row.addSpacing(4)
        self.duty = role_label("strong")
        row.addWidget(self.duty)
        row.addSpacing(12)
        row.addWidget(hairline(vertical=True))
        self.clock = BannerClock(self.ctx)
        row.addWidget(self.clock)

    # -- what is shown

    @property
    def row(self) -> AlarmRow | None:
        """The alarm that the banner speaks of."""
        return self.strip.row

    def refresh(self) -> None:
        """Show the worst unacknowledged alarm and the counts."""
        row = self.ctx.open_alarms.worst()
        before = self.strip.row
        if _read_as(row) != _read_as(before):
            if before is None or self._own_acknowledgement:
                self._since_change.invalidate()
            else:
                self._since_change.start()
            self._own_acknowledgement = False
        self.strip.row = row
        self.counts.refresh()
        self.ack.setVisible(row is not None)
        self.ctx.let(self.ack, AcknowledgeAlarms.action)
        kind = "onred" if self.strip.red else "primary"
        if self.ack.property("kind") != kind:
            self.ack.setProperty("kind", kind)
            self.ack.style().unpolish(self.ack)
            self.ack.style().polish(self.ack)
        set_icon(self.ack, "check", "critfill" if self.strip.red else "onacc")
        if row is not None and self.blink:
            if not self._blinker.isActive():
                self._blinker.start()
        else:
            self._blinker.stop()
            self.strip.lit = True
        self.strip.reserve = self.ack.sizeHint().width() + 10 if row is not None else 0
        self._speak()
        self.strip.update()

    def set_blink(self, on: bool) -> None:
        """Let the icon cell blink, or not."""
        self.blink = on
        self.refresh()

    def set_compact(self, on: bool) -> None:
        """A narrow window: shapes and figures without words."""
        self.counts.set_compact(on)
        self.mute_button.setVisible(not on)
        self.duty_icon.setVisible(not on)
        self.duty_word.setVisible(not on)

    def acknowledge(self) -> None:
        """Acknowledge the alarm that is shown, unless it took another's place in this very moment."""
        row = self.strip.row
        if row is None or (self._acknowledged.isValid() and self._acknowledged.elapsed() < BOUNCE_MS):
            return
        if self._since_change.isValid() and self._since_change.elapsed() < GUARD_MS:
            self.ctx.toast.emit(t("alarms.banner_changed"), "info")
            return
        self._own_acknowledgement = self.acts.acknowledge([row])
        if self._own_acknowledgement:
            self._acknowledged.start()

    def silence(self) -> None:
        """Silence the present sound, or end the mute: at once, even when the order can't be stored now."""
        if self.sound.muted:
            self._mute(False, 0.0, "")
            return
        if self.ctx.allowed(SilenceSound.action):
            self.sound.silence()
            self.ctx.silenced.emit()
        self.ctx.order(SilenceSound(), None, self)

    def ask_mute(self) -> None:
        """Ask how long and why the station should keep quiet; while it is muted, end that."""
        if self.sound.muted:
            self._mute(False, 0.0, "")
        elif not self.ctx.allowed(MuteSound.action):
            self.ctx.toast.emit(self.ctx.why_not(MuteSound.action), "warning")
        else:
            durations = within(MUTE_FOR_S, self.ctx.station.alarms.limits().mute_max_s)
            self.ctx.ask.emit(
                ReasonRequest(
                    title=t("alarms.ask.mute.title"),
                    text=t("alarms.ask.mute.text"),
                    confirm=t("alarms.ask.mute.confirm"),
                    done=lambda reason, seconds, _one_shot: self._mute(True, seconds or durations[0], reason),
                    phrases=phrases("mute"),
                    durations=durations,
                )
            )

    def _mute(self, on: bool, for_s: float, reason: str) -> None:
        """At once; taken back when the rules refuse it, not when the store is away."""

        def done(answer: Answer) -> None:
            if on and answer.code in ("forbidden", "too_long", "reason_missing"):
                self.sound.mute(False)

        if self.ctx.allowed(MuteSound.action):
            self.sound.mute(on, for_s)
        self.ctx.order(MuteSound(muted=on, for_s=for_s, reason=reason), done, self)

    def _asked(self) -> None:
        if self.strip.row is not None:
            self.asked.emit(self.strip.row)

    def _flip(self) -> None:
        self.strip.lit = not self.strip.lit
        self.strip.update(0, 0, 60, self.strip.height())

    def _tick(self) -> None:
        self.clock.refresh()
        if self.strip.row is not None:
            self.strip.update()

    def _show_sound(self) -> None:
        muted = self.sound.muted
        set_icon(self.silence_button, "mute" if muted else "sound")
        self.silence_button.setText(t("alarms.unmute" if muted else "alarms.silence_short"))
        tip = t("alarms.silence_tip") if self.sound.player.available else t("alarms.no_device")
        name_control(self.silence_button, t("alarms.unmute" if muted else "alarms.silence"), tip)
        until = self.sound.muted_until_us
        text = t("alarms.muted_until", time=clock_text(until)[:5]) if until else t("alarms.muted")
        if not muted and not self.sound.player.available:
            text = t("alarms.no_sound")
        self.mute_label.setText(text)
        self.mute_label.setVisible(muted or not self.sound.player.available)

    def _speak(self) -> None:
        message, details = self.strip.parts()
        self.strip.setAccessibleName(" · ".join([message, *details]))

    def _on_theme(self) -> None:
        self.setFixedHeight(theme().sizes.banner)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.update()

    def retranslate(self) -> None:
        """Words in the present language."""
        self.ack.setText(t("alarms.acknowledge_short"))
        name_control(self.ack, t("alarms.acknowledge"), t("alarms.banner_ack_tip"))
        name_control(self.mute_button, t("alarms.mute_button"))
        actor = self.ctx.actor
        self.duty_word.setText(t("alarms.duty") if actor is not None else "")
        self.duty.setText(actor.name if actor is not None else t("alarms.nobody"))
        self.duty.setToolTip(t("alarms.on_duty", name=actor.name) if actor is not None else t("alarms.nobody"))
        self.counts.retranslate()
        self.clock.refresh()
        self._show_sound()
        self.refresh()
