"""The chosen alarm in the context column: what it is, why it may be, what to do, and how often it came."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.clock import US
from app.ports import AlarmQuery, TransitionRow
from models.alarms import AlarmDefinition, AlarmRow, AlarmState
from models.commands import (
    AcknowledgeAlarms,
    ResetAlarms,
    ReturnToService,
    ShelveAlarms,
    TakeOutOfService,
    UnshelveAlarms,
)
from models.readings import LiveValue
from ui.alarms.actions import AlarmActions, can_acknowledge, can_reset
from ui.alarms.columns import alarm_text, area_text, lasted_us, limit_text, present_value, shown_value, state_text
from ui.alarms.figures import LimitBar
from ui.alarms.journal import JournalSheet, transition_text
from ui.alarms.month import DAYS, Month, MonthBlock
from ui.i18n import clock_text, english, messages, pick, short_span_text, t, unit_text
from ui.widgets.controls import Button, button, hairline, plain_label, role_label, set_role
from ui.widgets.open_alarms import urgency
from ui.widgets.panel import PanelContext
from ui.widgets.shapes import AlarmShape

RELATED = 4


class AlarmDetail(QScrollArea):
    """Shows one alarm and follows it while it changes."""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.acts = AlarmActions(ctx, self)
        self.row: AlarmRow | None = None
        self._definition: AlarmDefinition | None = None
        self._month: Month | None = None
        self._journal: list[TransitionRow] | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        ctx.open_alarms.changed.connect(self._take)
        ctx.open_alarms.reset.connect(self._reread)
        ctx.bridge.values.connect(self._values)
        ctx.actor_changed.connect(self._enable)
        messages().changed.connect(self.retranslate)

    # -- building

    def _build(self) -> None:
        page = QWidget()
        page.setObjectName("contextBody")
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(16, 14, 16, 16)
        self.column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.shape = AlarmShape(18)
        self.name = role_label("heading", wrap=True)
        self.chip = role_label("inverse")
        head.addWidget(self.shape)
        head.addWidget(self.name, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(head)
        figure = QHBoxLayout()
        figure.setSpacing(4)
        self.value, self.unit, self.facts = role_label("figure"), plain_label(), role_label("dim", wrap=True)
        self.value.setMinimumHeight(36)
        figure.addWidget(self.value)
        figure.addWidget(self.unit)
        figure.addSpacing(8)
        figure.addWidget(self.facts, 1)
        self.column.addLayout(figure)
        self.bar = LimitBar()
        self.column.addWidget(self.bar)
        self.what_head, self.what = self._section(), plain_label(wrap=True)
        self.column.addWidget(self.what)
        self.why_head, self.why = self._section(), QVBoxLayout()
        self.why.setSpacing(4)
        self.column.addLayout(self.why)
        self.do_head, self.left = self._section(), role_label("dim")
        self._head_row.addWidget(self.left)
        self.steps = QVBoxLayout()
        self.steps.setSpacing(6)
        self.column.addLayout(self.steps)
        self._rule()
        self._build_buttons()
        self._rule()
        self.month = MonthBlock()
        self.column.addWidget(self.month)
        self.column.addStretch(1)
        self.setWidget(page)

    def _rule(self) -> None:
        self.column.addSpacing(6)
        self.column.addWidget(hairline())
        self.column.addSpacing(4)

    def _section(self) -> QLabel:
        self._rule()
        self._head_row = QHBoxLayout()
        label = role_label("section")
        self._head_row.addWidget(label, 1)
        self.column.addLayout(self._head_row)
        return label

    def _build_buttons(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(8)

        def add(icon: str, place: tuple[int, int], run: Callable[[], object], kind: str = "") -> Button:
            result = button(icon, kind or "tight")
            result.clicked.connect(lambda _checked=False: run())
            grid.addWidget(result, *place)
            return result

        self.ack = add("check", (0, 0), self._acknowledge, "primary")
        self.ack_with = add("edit", (0, 1), lambda: self._on(lambda row: self.acts.ask_acknowledge([row])))
        self.shelve = add("clock", (1, 0), self._shelve)
        self.service = add("wrench", (1, 1), self._service)
        self.plot = add("trend", (2, 0), self._plot)
        self.journal = add("list", (2, 1), self._open_journal)
        self.reset_button = add("reset", (3, 0), lambda: self._on(lambda row: self.acts.reset([row])))
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.column.addLayout(grid)
        self.note = role_label("dim", wrap=True)
        self.column.addWidget(self.note)

    # -- showing

    def show_row(self, row: AlarmRow) -> None:
        """Show another alarm; past occurrences and the journal come from a worker."""
        new = self.row is None or row.occurrence_id != self.row.occurrence_id
        moved = self.row is None or row.state is not self.row.state
        self.row = row
        if new:
            self._definition = self.ctx.station.alarms.definition(row.key)
            self._month, self._journal = None, None
            self.verticalScrollBar().setValue(0)
        if new or moved:
            self._ask_history(row)
        self.retranslate()

    def _ask_history(self, row: AlarmRow) -> None:
        alarms, now = self.ctx.station.alarms, self.ctx.station.now_us()
        query = AlarmQuery(start_us=now - DAYS * 86_400 * US, tags=(row.tag,), limit=1000)

        def ask() -> tuple[Month, list[TransitionRow]]:
            return alarms.query(query), alarms.journal(row.occurrence_id)

        def done(answer: tuple[Month, list[TransitionRow]]) -> None:
            if self.row is not None and self.row.occurrence_id == row.occurrence_id:
                self._month, self._journal = answer
                self._show_month()
                self._show_why()

        def failed(error: BaseException) -> None:
            self.month.show_failure(str(error))

        self.ctx.work(self, ask, done, failed)

    def _take(self, rows: list[AlarmRow], _sounding: list[int]) -> None:
        if self.row is None:
            return
        for row in rows:
            if row.occurrence_id == self.row.occurrence_id:
                self.show_row(row)

    def _reread(self) -> None:
        if self.row is not None:
            fresh = self.ctx.open_alarms.get(self.row.occurrence_id)
            if fresh is not None:
                self.show_row(fresh)

    def _values(self, latest: dict[int, LiveValue]) -> None:
        if self.row is not None and self.row.tag_id in latest:
            self._show_value()

    def _tick(self) -> None:
        if self.row is not None and self.isVisible():
            self._show_times()

    def retranslate(self) -> None:
        """Everything anew in the present language."""
        row = self.row
        if row is None:
            return
        self.shape.show_alarm(row.priority, row.state)
        self.name.setText(f"{row.tag} {alarm_text(row)}")
        self.chip.setText(state_text(row))
        set_role(self.chip, "inverse" if row.unacknowledged else "pill")
        self._show_value()
        self._show_times()
        self._show_what()
        self._show_why()
        self._show_steps()
        self._show_month()
        self._show_buttons()

    def _show_value(self) -> None:
        row = self.row
        assert row is not None
        tag = self.ctx.station.tags.by_id(row.tag_id) if row.tag_id is not None else None
        value = present_value(self.ctx.station, row)
        self.value.setText(shown_value(self.ctx.station, row))
        self.unit.setText(unit_text(row.unit))
        low, high = (tag.range_lo, tag.range_hi) if tag is not None else (None, None)
        shown = isinstance(value, float) and low is not None and high is not None
        self.bar.setVisible(shown)
        if isinstance(value, float) and low is not None and high is not None and row.tag_id is not None:
            limits = [
                (str(condition.kind), condition.limit)
                for definition in self.ctx.station.alarms.definitions_of(row.tag_id)
                for condition in definition.conditions
                if condition.limit is not None and condition.kind in ("HH", "H", "L", "LL")
            ]
            self.bar.show_value(value, low, high, limits, row.priority, row.decimals)

    def _show_times(self) -> None:
        row = self.row
        assert row is not None
        now = self.ctx.station.now_us()
        lasted = t("alarms.lasted", span=short_span_text(lasted_us(row, now)))
        limit = t("alarms.banner_limit", limit=limit_text(row)) if row.limit is not None else ""
        self.facts.setText(" · ".join(part for part in (limit, lasted) if part))
        respond = self._definition.respond_s if self._definition is not None else None
        if respond is None or not row.active:
            self.left.setText("")
            return
        rest = row.raised_us + round(respond * US) - now
        minutes = t("alarms.respond_in", span=short_span_text(round(respond * US)))
        over = rest < 0 and row.unacknowledged
        text = t("alarms.overdue" if rest < 0 else "alarms.rest", span=short_span_text(abs(rest)))
        set_role(self.left, "inverse" if over else "dim")
        self.left.setText(f"{minutes} · {text}" if row.unacknowledged else minutes)

    def _show_what(self) -> None:
        row, definition = self.row, self._definition
        assert row is not None
        tag = self.ctx.station.tags.by_id(row.tag_id) if row.tag_id is not None else None
        place = [area_text(row)]
        if tag is not None:
            names = (pick(tag.unit_name, tag.unit_name_en), pick(tag.device_name, tag.device_name_en))
            place += [part for part in (*names, pick(tag.description, tag.description_en)) if part]
        sentence = " · ".join(dict.fromkeys(place)) + "\n" + t(f"alarms.kind_long.{row.kind}", limit=limit_text(row))
        consequence = pick(definition.consequence, definition.consequence_en) if definition is not None else ""
        self.what_head.setText(t("alarms.what"))
        self.what.setText("\n".join(part for part in (sentence, consequence) if part))

    def _show_why(self) -> None:
        row = self.row
        assert row is not None
        _empty(self.why)
        self.why_head.setText(t("alarms.why"))
        related = [
            other
            for other in self.ctx.open_alarms.rows()
            if other.area == row.area and other.occurrence_id != row.occurrence_id and other.active
        ]
        for other in sorted(related, key=urgency)[:RELATED]:
            value = f"{shown_value(self.ctx.station, other)} {unit_text(other.unit)}".strip()
            shape = AlarmShape(13)
            shape.show_alarm(other.priority, other.state)
            self._why_line(shape, f"{other.tag} {alarm_text(other)} {value}", clock_text(other.raised_us)[:5])
        for entry in (self._journal or [])[-3:]:
            who = f" · {entry.by}" if entry.by else ""
            comment = f" · {entry.comment}" if entry.comment else ""
            self._why_line(None, f"{transition_text(entry)}{who}{comment}", clock_text(entry.t_us))
        if not self.why.count():
            self.why.addWidget(role_label("dim", t("alarms.why_nothing"), wrap=True))

    def _why_line(self, shape: AlarmShape | None, text: str, time: str) -> None:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        if shape is not None:
            row.addWidget(shape)
        else:
            row.addSpacing(21)
        row.addWidget(plain_label(text, wrap=True), 1)
        row.addWidget(role_label("dim", time))
        self.why.addWidget(line)

    def _show_steps(self) -> None:
        _empty(self.steps)
        self.do_head.setText(t("alarms.what_to_do"))
        definition = self._definition
        chosen: tuple[str, ...] = ()
        if definition is not None:
            first, second = definition.actions, definition.actions_en
            chosen = (second or first) if english() else (first or second)
        if not chosen:
            self.steps.addWidget(role_label("dim", t("alarms.no_actions"), wrap=True))
        for number, text in enumerate(chosen, start=1):
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            badge = role_label("step", str(number))
            row.addWidget(badge)
            row.addWidget(plain_label(text, wrap=True), 1)
            self.steps.addWidget(line)

    def _show_month(self) -> None:
        assert self.row is not None
        self.month.show_month(self.row, self._month, self.ctx.station.now_us())

    # -- acting

    def _show_buttons(self) -> None:
        row = self.row
        assert row is not None
        worst = self.ctx.open_alarms.worst()
        first = worst is not None and worst.occurrence_id == row.occurrence_id
        self.ack.setText(t("alarms.acknowledge_short"))
        self.ack.set_key("F2" if first else "")
        self.ack_with.setText(t("alarms.acknowledge_with"))
        self.shelve.setText(t("alarms.unshelve" if row.state is AlarmState.SHLVD else "alarms.shelve"))
        self.service.setText(t("alarms.return" if row.state is AlarmState.OOSRV else "alarms.out_of_service"))
        self.plot.setText(t("alarms.to_plot"))
        self.journal.setText(t("alarms.journal"))
        self.reset_button.setText(t("alarms.reset"))
        self.note.setText(t("alarms.ack_note"))
        self._enable()

    def _enable(self) -> None:
        row = self.row
        if row is None:
            return
        may = self.ctx.let
        may(self.ack, AcknowledgeAlarms.action, can_acknowledge(row))
        may(self.ack_with, AcknowledgeAlarms.action, can_acknowledge(row))
        held_back = UnshelveAlarms.action if row.state is AlarmState.SHLVD else ShelveAlarms.action
        may(self.shelve, held_back, row.active and row.state is not AlarmState.OOSRV)
        stop = ReturnToService.action if row.state is AlarmState.OOSRV else TakeOutOfService.action
        may(self.service, stop, row.active)
        self.plot.setEnabled(row.tag_id is not None)
        self.reset_button.setVisible(row.state in (AlarmState.LATCH_UNACK, AlarmState.LATCH_ACKED))
        may(self.reset_button, ResetAlarms.action, can_reset(row))

    def _on(self, act: Callable[[AlarmRow], object]) -> None:
        if self.row is not None:
            act(self.row)

    def _acknowledge(self) -> None:
        self._on(lambda row: self.acts.acknowledge([row]))

    def _shelve(self) -> None:
        shelved = self.row is not None and self.row.state is AlarmState.SHLVD
        self._on(lambda row: self.acts.unshelve([row]) if shelved else self.acts.ask_shelve([row]))

    def _service(self) -> None:
        out = self.row is not None and self.row.state is AlarmState.OOSRV
        self._on(self.acts.return_to_service if out else self.acts.ask_out_of_service)

    def _plot(self) -> None:
        row = self.row
        if row is not None and row.tag_id is not None:
            self.ctx.show_on_plot.emit(row.tag_id, row.raised_us)

    def _open_journal(self) -> None:
        self._on(lambda row: self.ctx.open_sheet.emit(JournalSheet(self.ctx, row)))


def _empty(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
