"""Setting a zone's colour by hand: which colour, until when, and why; the signature is asked for after that."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QPlainTextEdit

from app.clock import US
from app.ports import Answer
from models.risk import Grade, ZoneState
from models.risk_commands import OverrideZone
from ui.i18n import near_text, t
from ui.risk.words import caption, place_name
from ui.widgets.controls import plain_label, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet, duration_text

DURATIONS_S = (3600, 4 * 3600, 8 * 3600, 24 * 3600, 72 * 3600, 168 * 3600, 720 * 3600)


class OverrideSheet(Sheet):
    """Gives the order and closes when it was carried out; a refusal leaves what was typed."""

    def __init__(self, ctx: PanelContext, state: ZoneState) -> None:
        name = place_name(ctx.station, state.place)
        super().__init__(t("risk.by_hand_title", place=name))
        self.ctx, self._state = ctx, state
        self.form.addWidget(plain_label(t("risk.by_hand_text", now=caption(state.computed)), wrap=True))
        self.grade, self.until, self.reason = QComboBox(), QComboBox(), QPlainTextEdit()
        for grade in Grade:
            self.grade.addItem(caption(grade), grade.value)
        self.grade.setCurrentIndex(list(Grade).index(state.grade))
        for seconds in DURATIONS_S:
            self.until.addItem(duration_text(seconds), seconds)
        self.until.setCurrentIndex(DURATIONS_S.index(8 * 3600))
        self.reason.setFixedHeight(84)
        self.reason.setTabChangesFocus(True)
        for key, field in (("grade", self.grade), ("until", self.until), ("why", self.reason)):
            self.form.addWidget(role_label("dim", t(f"risk.field.{key}")))
            field.setAccessibleName(t(f"risk.field.{key}"))
            self.form.addWidget(field)
        self.ends = role_label("dim")
        self.form.insertWidget(self.form.indexOf(self.until) + 1, self.ends)
        self.until.currentIndexChanged.connect(self._say_end)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("risk.by_hand_confirm"))
        self.setFocusProxy(self.grade)
        self._say_end()

    def _until_us(self) -> int:
        seconds: int = self.until.currentData()
        return self.ctx.station.now_us() + seconds * US

    def _say_end(self) -> None:
        now_us = self.ctx.station.now_us()
        self.ends.setText(t("risk.by_hand_ends", time=near_text(self._until_us(), now_us)))

    def confirmed(self) -> None:
        """Give the order if it is complete."""
        reason = self.reason.toPlainText().strip()
        if not reason:
            self.problem.setText(t("common.reason_needed"))
            self.problem.show()
            self.reason.setFocus()
            return
        self.problem.hide()
        grade = Grade(self.grade.currentData())
        order = OverrideZone(place=self._state.place, grade=grade, until_us=self._until_us(), reason=reason)
        self.confirm.setEnabled(False)
        if not self.ctx.order(order, self._answered, self):
            self.confirm.setEnabled(True)

    def _answered(self, answer: Answer) -> None:
        self.confirm.setEnabled(True)
        if answer.ok:
            self.ctx.toast.emit(t("risk.by_hand_done", place=place_name(self.ctx.station, self._state.place)), "ok")
            self.close()
