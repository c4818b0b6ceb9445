"""The editor of one alarm: conditions, words for the operator, how it behaves, and what it would have done lately."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from app.alarms.definitions import problem
from app.alarms.rules import load_alarm_rules
from app.clock import US
from app.ports import Answer
from models.alarms import AlarmDefinition, AlarmState, Condition, ConditionKind, Priority
from models.commands import SaveAlarmDefinition
from models.readings import TagInfo
from ui.i18n import has, span_text, t
from ui.monitoring.alarmtrial import Trial, trial
from ui.monitoring.conditionform import LIMITS, ConditionForm, kinds_for
from ui.widgets.controls import button, hairline, plain_label, role_label
from ui.widgets.fields import Field, LinesField, NumberField, TextField, read_all, side_by_side
from ui.widgets.panel import answer_text
from ui.widgets.shapes import AlarmShape
from ui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from ui.monitoring.editing import Editing

TRY_AFTER_MS = 500
DAY_US = 86_400 * US
_FIELD = re.compile(r"conditions\.(\d+)\.(\w+)")


class AlarmSheet(Sheet):
    """A new alarm of a tag, or the changes to one."""

    def __init__(self, editing: Editing, tag: TagInfo, definition: AlarmDefinition | None) -> None:
        title = "monitoring.alarm_sheet.new" if definition is None else "monitoring.alarm_sheet.edit"
        super().__init__(t(title))
        self.editing, self.ctx, self.tag, self.definition = editing, editing.ctx, tag, definition
        self._rules = load_alarm_rules().definition
        self._names = [info.name for info in self.ctx.station.tags.all()]
        self._tries = 0
        self.forms: list[ConditionForm] = []
        self._build(definition or AlarmDefinition(key="", tag=tag.name))
        self._try_later = QTimer(self, singleShot=True, interval=TRY_AFTER_MS)
        self._try_later.timeout.connect(self.try_out)
        conditions = definition.conditions if definition is not None else (self._first_condition(),)
        for condition in conditions:
            self._add(condition)
        self._try_later.start()

    # -- building

    def _build(self, d: AlarmDefinition) -> None:
        self.form.addWidget(role_label("heading", self.tag.name, wrap=True))
        new = self.definition is None
        self.key = TextField(
            t("monitoring.alarm_sheet.key"), d.key, t("monitoring.alarm_sheet.key_hint") if new else ""
        )
        self.key.line.setEnabled(new)
        self._key_typed = False
        self.key.line.textEdited.connect(lambda _text: setattr(self, "_key_typed", True))
        self.text = TextField(t("monitoring.alarm_sheet.text"), d.text)
        self.text_en = TextField(t("monitoring.alarm_sheet.text_en"), d.text_en)
        for field in (self.key, self.text, self.text_en):
            self.form.addWidget(field)
        self.form.addWidget(role_label("section", t("monitoring.alarm_sheet.conditions")))
        self.conditions = QVBoxLayout()
        self.conditions.setSpacing(8)
        self.form.addLayout(self.conditions)
        self.conditions_problem = role_label("error", wrap=True)
        self.conditions_problem.hide()
        self.form.addWidget(self.conditions_problem)
        self.add_button = button("plus")
        self.add_button.setText(t("monitoring.condition.add"))
        self.add_button.clicked.connect(self._add_next)
        self.form.addWidget(self.add_button)
        self._build_trial()
        self._build_behaviour(d)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("monitoring.alarm_sheet.create" if new else "common.save"))
        self.confirm.setEnabled(self.ctx.allowed(SaveAlarmDefinition.action))

    def _build_trial(self) -> None:
        card = QWidget()
        card.setObjectName("floor")
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addWidget(role_label("dim", t("monitoring.trial.title")))
        self.trial_shape = AlarmShape(14)
        self.trial_shape.hide()
        self.trial_now = plain_label(wrap=True)
        self.trial_past = plain_label(wrap=True)
        for part in (self.trial_shape, self.trial_now, self.trial_past):
            column.addWidget(part)
        self.form.addWidget(card)

    def _build_behaviour(self, d: AlarmDefinition) -> None:
        self.form.addWidget(hairline())
        self.consequence = LinesField(t("monitoring.alarm_sheet.consequence"), d.consequence, height=52)
        self.consequence_en = LinesField(t("monitoring.alarm_sheet.consequence_en"), d.consequence_en, height=52)
        hint = t("monitoring.alarm_sheet.actions_hint")
        self.actions_zh = LinesField(t("monitoring.alarm_sheet.actions"), "\n".join(d.actions), hint)
        self.actions_en = LinesField(t("monitoring.alarm_sheet.actions_en"), "\n".join(d.actions_en))
        self.respond = NumberField(t("monitoring.alarm_sheet.respond"), d.respond_s)
        self.count = NumberField(
            t("monitoring.alarm_sheet.count"), d.count, needed=True, whole=True, least=1, most=1000
        )
        self.count_window = NumberField(
            t("monitoring.alarm_sheet.count_window"), d.count_window_s or None, least=0.0, most=self._rules.max_window_s
        )
        self.latching = QCheckBox(t("monitoring.alarm_sheet.latching"))
        self.auto_reset = QCheckBox(t("monitoring.alarm_sheet.auto_reset"))
        self.annunciate = QCheckBox(t("monitoring.alarm_sheet.annunciate"))
        self.enabled = QCheckBox(t("monitoring.alarm_sheet.enabled"))
        for box, on in (
            (self.latching, d.latching), (self.auto_reset, d.auto_reset), (self.annunciate, d.annunciate),
            (self.enabled, d.enabled),
        ):  # fmt: skip
            box.setChecked(on)
            box.toggled.connect(lambda _on: self._edited())
        self.latching_field = Field(t("monitoring.alarm_sheet.behaviour"), self.latching)
        self.reason = TextField(t("monitoring.alarm_sheet.reason"))
        for part in (
            self.consequence, self.consequence_en, self.actions_zh, self.actions_en, self.latching_field,
            self.auto_reset, self.annunciate, self.enabled, side_by_side(self.count, self.count_window), self.respond,
            self.reason,
        ):  # fmt: skip
            self.form.addWidget(part)
        for field in (self.count, self.count_window):
            field.edited.connect(self._edited)

    def _first_condition(self) -> Condition:
        kind = next(iter(kinds_for(self.tag)), ConditionKind.H)
        kind = ConditionKind.H if ConditionKind.H in kinds_for(self.tag) else kind
        return Condition(kind=kind)

    def _add_next(self) -> None:
        """A condition of the first kind that is not there yet."""
        used = {form.chosen_kind for form in self.forms}
        order = (
            *(k for k in (ConditionKind.H, ConditionKind.HH, ConditionKind.L, ConditionKind.LL)),
            *kinds_for(self.tag),
        )
        kind = next((k for k in order if k not in used and k in kinds_for(self.tag)), kinds_for(self.tag)[0])
        priority = Priority.HIGH if kind in (ConditionKind.HH, ConditionKind.LL) else Priority.MEDIUM
        self._add(Condition(kind=kind, priority=priority))
        self.forms[-1].setFocus()

    def _add(self, condition: Condition) -> None:
        form = ConditionForm(self.tag, condition, self._rules, self._names)
        form.edited.connect(self._edited)
        form.removed.connect(partial(self._remove, form))
        self.forms.append(form)
        self.conditions.addWidget(form)
        self._edited()

    def _remove(self, form: ConditionForm) -> None:
        self.forms.remove(form)
        self.conditions.removeWidget(form)
        form.hide()
        form.deleteLater()
        self._edited()

    def _edited(self) -> None:
        self.conditions_problem.hide()
        self.problem.hide()
        if self.definition is None and not self._key_typed:
            self.key.line.setText(self._free_key())
        for form in self.forms:
            form.remove_button.setVisible(len(self.forms) > 1)
        self._try_later.start()

    def _free_key(self) -> str:
        kinds = [form.chosen_kind for form in self.forms]
        word = "LIMITS" if len(kinds) > 1 and set(kinds) <= set(LIMITS) else kinds[0] if kinds else "ALARM"
        key, number = f"{self.tag.name}.{word}", 2
        while self.ctx.station.alarms.definition(key) is not None:
            key, number = f"{self.tag.name}.{word}.{number}", number + 1
        return key

    # -- reading

    def read(self) -> AlarmDefinition | None:
        """What is typed; None with every mistake shown at its field."""
        conditions = [form.read() for form in self.forms]
        numbers = read_all(self.respond, self.count, self.count_window)
        if numbers is None or any(c is None for c in conditions):
            return None
        respond, count, window = numbers
        made = AlarmDefinition(
            key=self.key.text,
            tag=self.tag.name,
            text=self.text.text,
            text_en=self.text_en.text,
            conditions=tuple(c for c in conditions if c is not None),
            latching=self.latching.isChecked(),
            auto_reset=self.auto_reset.isChecked(),
            annunciate=self.annunciate.isChecked(),
            count=int(count or 1),
            count_window_s=window or 0.0,
            consequence=self.consequence.text,
            consequence_en=self.consequence_en.text,
            actions=self.actions_zh.lines,
            actions_en=self.actions_en.lines,
            respond_s=respond,
            enabled=self.enabled.isChecked(),
        )
        if self.definition is None and self.ctx.station.alarms.definition(made.key) is not None:
            self.key.complain(t("monitoring.alarm_problem.key_taken"))
            return None
        wrong = problem(made, self.ctx.station.tags, self._rules)
        if wrong is not None:
            self._complain(wrong.field, wrong.code, wrong.detail)
            return None
        return made

    def _complain(self, field: str, code: str, detail: str) -> None:
        """Show what is wrong at its field, in words."""
        key = f"monitoring.alarm_problem.{code}"
        words = t(key) if has(key) else detail
        if code == "limit_outside_range":
            low, high = self.tag.range_lo, self.tag.range_hi
            words = t(key, low="…" if low is None else f"{low:g}", high="…" if high is None else f"{high:g}")
        elif code in ("expression", "expression_tag", "condition"):
            words = f"{words} ({detail})"
        found = _FIELD.fullmatch(field)
        if found and int(found[1]) < len(self.forms) and found[2] in self.forms[int(found[1])].fields:
            self.forms[int(found[1])].fields[found[2]].complain(words)
            return
        single: dict[str, Field] = {
            "key": self.key, "latching": self.latching_field, "count_window_s": self.count_window,
            "respond_s": self.respond,
        }  # fmt: skip
        if field in single:
            single[field].complain(words)
        elif field == "conditions":
            self.conditions_problem.setText(words)
            self.conditions_problem.show()
        else:
            self.problem.setText(words)
            self.problem.show()

    # -- trying

    def try_out(self) -> None:
        """Run what is typed over the last day on a worker, and say what would have happened."""
        self._tries += 1
        number = self._tries
        self.trial_shape.hide()
        made = None if any(form.unfinished for form in self.forms) else self.read()
        if made is None:
            self._say(t("monitoring.trial.incomplete"), "")
            return
        station, end = self.ctx.station, self.ctx.station.now_us()
        self._say(t("monitoring.trial.running"), "")
        made = msgspec.structs.replace(made, enabled=True)

        def done(result: Trial) -> None:
            if number == self._tries:
                self._show_trial(result)

        def failed(error: BaseException) -> None:
            if number == self._tries:
                self._say(t("monitoring.trial.failed", detail=str(error)), "")

        self.ctx.work(
            self, lambda: trial(made, station.tags, station.history, station.live, end - DAY_US, end), done, failed
        )

    def _show_trial(self, result: Trial) -> None:
        if result.now:
            self.trial_shape.show_alarm(result.now, AlarmState.UNACK)
            self.trial_shape.show()
            now = t("monitoring.trial.now", priority=t(f"common.priority.{result.now.word}"))
        else:
            now = t("monitoring.trial.normal")
        past = t("monitoring.trial.past", n=result.raised, span=span_text(result.active_us))
        if not result.raised:
            past = t("monitoring.trial.never")
        if not result.complete:
            past += "\n" + t("monitoring.trial.partly")
        self._say(now, past)

    def _say(self, now: str, past: str) -> None:
        self.trial_now.setText(now)
        self.trial_past.setText(past)
        self.trial_past.setVisible(bool(past))

    # -- saving

    def confirmed(self) -> None:
        """Save; the sheet closes when it is stored."""
        made = self.read()
        if made is None:
            return
        self.confirm.setEnabled(False)

        def said(answer: Answer) -> None:
            self.confirm.setEnabled(True)
            if answer.ok:
                self.ctx.toast.emit(t("monitoring.alarm_sheet.saved", key=made.key), "ok")
                self.close()
            elif answer.code == "invalid" and "problem" in answer.params:
                self._complain(str(answer.params.get("field", "")), str(answer.params["problem"]), answer.detail)
            else:
                self.problem.setText(answer_text(answer))
                self.problem.show()

        if not self.ctx.order(SaveAlarmDefinition(definition=made, reason=self.reason.text), said, self):
            self.confirm.setEnabled(True)
