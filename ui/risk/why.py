"""Why this colour? The chosen zone in the context column: the sum with its evidence, the way down, who answers."""

from __future__ import annotations

from functools import partial

import msgspec
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.ports import Refused
from models.events import ZonesRegraded
from models.people import Actor
from models.risk import Factor, Grade, Regrade, ZoneState
from models.risk_commands import EndOverride, OverrideZone
from ui.i18n import messages, near_text, t
from ui.risk.byhand import OverrideSheet
from ui.risk.layers import Swatch
from ui.risk.waterfall import Waterfall
from ui.risk.words import (
    band_text,
    cause_text,
    evidence,
    factor_title,
    grade_word,
    level_word,
    place_name,
    signed,
    story,
    sum_text,
)
from ui.widgets.controls import button, hairline, plain_label, role_label
from ui.widgets.panel import PanelContext, ReasonRequest

LED = frozenset({"alarm", "tag"})
CHANGES = 8
MINUTE_MS = 60_000


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from the store about a zone; ``answers`` are role and name, None when not allowed to know."""

    changes: tuple[Regrade, ...] = ()
    answers: tuple[tuple[str, str], ...] | None = None


class ZoneWhy(QScrollArea):
    """Shows one zone and follows it."""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.place = ""
        self._background = Background()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("contextBody")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        self.swatch = Swatch(Grade.BLUE, size=QSize(44, 44))
        words = QVBoxLayout()
        words.setSpacing(2)
        self.zone, self.question, self.band = role_label("section"), role_label("page", wrap=True), plain_label()
        for label in (self.zone, self.question, self.band):
            words.addWidget(label)
        head.addWidget(self.swatch, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        column.addLayout(head)
        self.story, self.hand = plain_label(wrap=True), role_label("error", wrap=True)
        column.addWidget(self.story)
        column.addWidget(self.hand)
        column.addWidget(hairline())
        self.waterfall = Waterfall()
        self.waterfall.asked.connect(self._lead)
        column.addWidget(self.waterfall)
        self._heads = {name: role_label("section") for name in ("way", "act", "changes", "answers")}
        self._blocks = {name: QGridLayout() for name in ("way", "changes", "answers")}
        self._section(column, "way")
        column.addWidget(hairline())
        column.addWidget(self._heads["act"])
        acts = QHBoxLayout()
        self.set_hand, self.end_hand = button("edit"), button("reset")
        self.set_hand.clicked.connect(self._ask_hand)
        self.end_hand.clicked.connect(self._ask_end)
        acts.addWidget(self.set_hand, 1)
        acts.addWidget(self.end_hand, 1)
        column.addLayout(acts)
        self._hint = role_label("dim", wrap=True)
        column.addWidget(self._hint)
        self._section(column, "changes")
        self._section(column, "answers")
        column.addStretch(1)
        self.setWidget(page)
        self._minute = QTimer(self, interval=MINUTE_MS)
        self._minute.timeout.connect(self._show)
        self._minute.start()
        ctx.bridge.zones.connect(self._regraded)
        ctx.bridge.risk_changed.connect(self._read)
        ctx.actor_changed.connect(self._read)
        messages().changed.connect(self._show)

    def _section(self, column: QVBoxLayout, name: str) -> None:
        column.addWidget(hairline())
        column.addWidget(self._heads[name])
        grid = self._blocks[name]
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        column.addLayout(grid)

    def show_zone(self, place: str) -> None:
        """Show another zone."""
        if place != self.place:
            self._background = Background()
        self.place = place
        self._show()
        self._read()

    @property
    def state(self) -> ZoneState | None:
        """The zone as it is now."""
        return self.ctx.station.risk.zone(self.place) if self.place else None

    def _regraded(self, event: ZonesRegraded) -> None:
        if any(state.place == self.place for state in event.states):
            self._show()
        if any(regrade.place == self.place for regrade in event.regrades):
            self._read()

    # -- what the store knows

    def _read(self) -> None:
        place, actor, station = self.place, self.ctx.actor, self.ctx.station
        if not place or actor is None:
            return

        def ask() -> Background:
            return Background(
                changes=tuple(station.risk.regrades(place, limit=CHANGES)), answers=self._answers(place, actor)
            )

        self.ctx.work(self, ask, partial(self._read_done, place))

    def _answers(self, place: str, actor: Actor) -> tuple[tuple[str, str], ...] | None:
        """Role and name of those who answer; on a worker."""
        station = self.ctx.station
        try:
            rows = station.risk.answerable(actor, place)
        except Refused:
            return None
        found = []
        for row in rows:
            name = row.person
            try:
                card = station.organisation.person(row.person, actor)
                name = card.row.name if card is not None else name
            except Refused:
                pass  # who may not read people sees the number
            found.append((row.role, name))
        return tuple(found)

    def _read_done(self, place: str, background: Background) -> None:
        if place == self.place:
            self._background = background
            self._show()

    # -- showing

    def _show(self) -> None:
        state, station = self.state, self.ctx.station
        if state is None:
            return
        now_us, floors = station.now_us(), dict(station.risk.floors())
        self.swatch.show_grade(state.grade)
        self.zone.setText(place_name(station, state.place))
        self.question.setText(t("risk.why", grade=grade_word(state.grade)))
        band = band_text(state.computed, floors)
        self.band.setText(t("risk.band", level=level_word(state.grade), value=sum_text(state.value), band=band))
        self.story.setText(story(state, now_us))
        by_hand = state.override
        self.hand.setVisible(by_hand is not None)
        if by_hand is not None:
            until = near_text(by_hand.until_us, now_us)
            self.hand.setText(t("risk.by_hand_now", by=by_hand.by, until=until, reason=by_hand.reason))
        self.waterfall.show_state(state, floors, now_us, LED)
        for name, label in self._heads.items():
            label.setText(t(f"risk.section.{name}"))
        self._show_way(state, floors)
        self._show_changes(now_us)
        self._show_answers()
        self.set_hand.setText(t("risk.by_hand"))
        self.end_hand.setText(t("risk.by_hand_end"))
        self._hint.setText(t("risk.by_hand_hint"))
        self.ctx.let(self.set_hand, OverrideZone.action)
        self.ctx.let(self.end_hand, EndOverride.action, by_hand is not None)

    def _show_way(self, state: ZoneState, floors: dict[Grade, float]) -> None:
        steps = self.ctx.station.risk.way_down(state.place)
        if state.override is None and state.computed.rank < state.grade.rank:
            falling = t("risk.way_falling", grade=grade_word(state.computed))
            self._fill("way", [[plain_label(falling, wrap=True)]])
            return
        if not steps:
            key = "risk.way_lowest" if state.computed is Grade.BLUE else "risk.way_none"
            self._fill("way", [[plain_label(t(key), wrap=True)]])
            return
        rest = state.value - sum(step.weight for step in steps)
        next_grade = Grade.of_rank(state.computed.rank - 1)
        lines: list[list[QLabel]] = []
        for number, step in enumerate(steps, start=1):
            text = plain_label(f"{factor_title(step)} · {evidence(step)}", wrap=True)
            lines.append([role_label("step", str(number)), role_label("value", signed(-step.weight)), text])
        done = t("risk.way_done", value=sum_text(rest), grade=grade_word(next_grade))
        self._fill("way", [*lines, [role_label("dim", done, wrap=True)]])

    def _show_changes(self, now_us: int) -> None:
        lines: list[list[QLabel]] = []
        for row in self._background.changes:
            step = f"{grade_word(row.before)} \N{RIGHTWARDS ARROW} {grade_word(row.after)}"
            cause = plain_label(cause_text(row.cause), wrap=True)
            lines.append([role_label("dim", near_text(row.t_us, now_us)), role_label("value", step), cause])
        self._fill("changes", lines or [[plain_label(t("risk.no_changes"), wrap=True)]])

    def _show_answers(self) -> None:
        answers = self._background.answers
        if not answers:
            key = "risk.answers_hidden" if answers is None else "risk.no_answers"
            self._fill("answers", [[plain_label(t(key), wrap=True)]])
            return
        self._fill(
            "answers", [[role_label("dim", t(f"risk.role.{role}")), plain_label(name)] for role, name in answers]
        )

    def _fill(self, name: str, lines: list[list[QLabel]]) -> None:
        """Other lines in a block; a single label takes the whole width."""
        grid = self._blocks[name]
        while (item := grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, cells in enumerate(lines):
            for at, cell in enumerate(cells):
                width = 3 - at if at == len(cells) - 1 else 1
                grid.addWidget(
                    cell, number, at, 1, width, Qt.AlignmentFlag.AlignTop if width == 1 else Qt.AlignmentFlag(0)
                )

    # -- acting

    def _lead(self, factor: Factor) -> None:
        kind, _, name = factor.target.partition(":")
        if kind == "tag":
            tag = self.ctx.station.tags.by_name(name)
            if tag is not None:
                self.ctx.show_on_plot.emit(tag.id, factor.since_us or None)
            return
        row = next((r for r in self.ctx.open_alarms.rows() if name in (str(r.occurrence_id), r.key)), None)
        if row is None:
            self.ctx.toast.emit(t("risk.alarm_over"), "info")
        else:
            self.ctx.select_alarm.emit(row)

    def _ask_hand(self) -> None:
        if self.state is not None:
            self.ctx.open_sheet.emit(OverrideSheet(self.ctx, self.state))

    def _ask_end(self) -> None:
        place = self.place

        def end(reason: str, _seconds: float | None, _one_shot: bool) -> None:
            self.ctx.order(EndOverride(place=place, reason=reason))

        title = t("risk.by_hand_end")
        name = place_name(self.ctx.station, place)
        text = t("risk.by_hand_end_text", place=name)
        self.ctx.ask.emit(ReasonRequest(title=title, text=text, confirm=title, done=end))
