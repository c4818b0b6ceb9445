"""The journal of one alarm at the side: every transition, who made it and why."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ports import TransitionRow
from models.alarms import AlarmRow
from ui.alarms.columns import alarm_text
from ui.i18n import has, stamp_text, t, unit_text, value_text
from ui.widgets.controls import hairline, plain_label, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet


def transition_text(row: TransitionRow) -> str:
    """A transition in words; the engine's own word when there is no translation."""
    key = f"alarms.transition.{row.transition}"
    return t(key) if has(key) else row.transition


def transition_line(row: TransitionRow) -> QWidget:
    """Time, what happened, value, who, and the comment below."""
    line = QWidget()
    column = QVBoxLayout(line)
    column.setContentsMargins(0, 4, 0, 4)
    column.setSpacing(2)
    head = QHBoxLayout()
    head.addWidget(role_label("strong", transition_text(row)), 1)
    head.addWidget(role_label("dim", stamp_text(row.t_us)))
    column.addLayout(head)
    states = f"{t(f'common.state.{row.from_state}')} → {t(f'common.state.{row.to_state}')}"
    column.addWidget(role_label("dim", states, wrap=True))
    if row.by:
        column.addWidget(role_label("dim", f"{row.by} · {row.station}" if row.station else row.by, wrap=True))
    if row.comment:
        column.addWidget(plain_label(row.comment, wrap=True))
    return line


class JournalSheet(Sheet):
    """Fetches and shows the journal of an occurrence."""

    def __init__(self, ctx: PanelContext, row: AlarmRow) -> None:
        super().__init__(t("alarms.journal"))
        self._alarm = row
        tag = ctx.station.tags.by_id(row.tag_id) if row.tag_id is not None else None
        self._states = tag.states if tag is not None else None
        self.form.addWidget(role_label("heading", f"{row.tag} {alarm_text(row)}", wrap=True))
        self.lines = QVBoxLayout()
        self.lines.setSpacing(0)
        self.form.addLayout(self.lines)
        self.status = role_label("dim", t("common.loading"), wrap=True)
        self.form.addWidget(self.status)
        self.form.addStretch(1)
        ctx.work(self, lambda: ctx.station.alarms.journal(row.occurrence_id), self._show, self._failed)

    def _show(self, rows: list[TransitionRow]) -> None:
        self.status.setText("" if rows else t("alarms.journal_empty"))
        self.status.setVisible(not rows)
        for row in reversed(rows):
            line = transition_line(row)
            if row.value is not None:
                value = f"{value_text(row.value, self._alarm.decimals, self._states)} {unit_text(self._alarm.unit)}"
                layout = line.layout()
                assert layout is not None
                layout.addWidget(role_label("dim", value))
            self.lines.addWidget(line)
            self.lines.addWidget(hairline())

    def _failed(self, error: BaseException) -> None:
        self.status.setText(t("common.failed", detail=str(error)))
