"""The editor of one tag: its place, kind, unit, range and storage, and the list of its alarms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QVBoxLayout, QWidget

from app.ports import Answer
from models.alarms import AlarmDefinition, AlarmState, Priority
from models.commands import Command, SaveAlarmDefinition, SaveTag, TagDraft
from models.readings import Retention, TagInfo, TagKind
from ui.i18n import has, pick, t, unit_text
from ui.monitoring.placefields import PlaceFields
from ui.monitoring.plot import short_number
from ui.widgets.controls import button, hairline, role_label
from ui.widgets.fields import (
    ChoiceField,
    Field,
    LinesField,
    NumberField,
    TextField,
    read_all,
    side_by_side,
)
from ui.widgets.panel import answer_text
from ui.widgets.shapes import AlarmShape
from ui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from ui.monitoring.editing import Editing


def states_text(states: dict[str, list[str]] | None) -> str:
    """States as lines ``0 = 关 | closed``."""
    return "\n".join(f"{code} = {' | '.join(word for word in words if word)}" for code, words in (states or {}).items())


def parse_states(text: str) -> dict[str, list[str]] | None:
    """Lines ``0 = 关 | closed`` as states; None for nothing.

    Raises ValueError with the line that can't be read.
    """
    states: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        code, equals, words = line.replace("＝", "=").partition("=")
        chinese, _, english = words.replace("｜", "|").partition("|")
        if not equals or not code.strip() or not chinese.strip() or code.strip() in states:
            raise ValueError(line.strip())
        states[code.strip()] = [chinese.strip(), english.strip()]
    return states or None


class TagSheet(Sheet):
    """A new tag, or the changes to one. ``saved`` is called once it has been stored."""

    def __init__(
        self, editing: Editing, tag: TagInfo | None, *, name: str = "", saved: Callable[[], None] | None = None
    ) -> None:
        super().__init__(
            t("monitoring.tag_sheet.new") if tag is None else t("monitoring.tag_sheet.edit", name=tag.name)
        )
        self.editing, self.ctx, self.tag, self._saved = editing, editing.ctx, tag, saved
        self._may = self.ctx.allowed(SaveTag.action) and not (tag is not None and tag.name.startswith("$"))
        if tag is not None:
            self._alarms(tag)
        self._fields(tag, name)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("monitoring.tag_sheet.create" if tag is None else "common.save"))
        self.confirm.setEnabled(self._may)
        self.setFocusProxy(self.description.editor if tag is not None or name else self.name.editor)

    # -- building

    def _alarms(self, tag: TagInfo) -> None:
        may = self.ctx.allowed(SaveAlarmDefinition.action)
        self.form.addWidget(role_label("section", t("monitoring.tag_sheet.alarms")))
        self.alarm_list = QVBoxLayout()
        self.alarm_list.setSpacing(4)
        self.form.addLayout(self.alarm_list)
        definitions = self.ctx.station.alarms.definitions_of(tag.id)
        if not definitions:
            self.alarm_list.addWidget(role_label("dim", t("monitoring.tag_sheet.no_alarm"), wrap=True))
        for definition in definitions:
            self.alarm_list.addWidget(self._alarm_line(tag, definition, may))
        self.new_alarm = button("plus")
        self.new_alarm.setText(t("monitoring.alarm_sheet.new"))
        self.new_alarm.setEnabled(may)
        self.new_alarm.clicked.connect(partial(self.editing.edit_alarm, tag, None))
        self.form.addWidget(self.new_alarm)
        self.form.addWidget(hairline())

    def _alarm_line(self, tag: TagInfo, definition: AlarmDefinition, may: bool) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        worst = max((c.priority for c in definition.conditions), default=Priority.NONE)
        shape = AlarmShape(14)
        shape.show_alarm(worst, AlarmState.ACKED if definition.enabled else AlarmState.OOSRV)
        row.addWidget(shape)
        edit = button("edit", "flat")
        edit.setText(alarm_words(definition, tag))
        edit.setToolTip(definition.key)
        edit.setEnabled(may)
        edit.clicked.connect(partial(self.editing.edit_alarm, tag, definition))
        row.addWidget(edit, 1, Qt.AlignmentFlag.AlignLeft)
        return line

    def _fields(self, tag: TagInfo | None, name: str) -> None:
        ctx, d = self.ctx, tag or TagInfo(id=0, name=name)
        self.name = TextField(t("monitoring.tag_sheet.name"), d.name, t("monitoring.tag_sheet.name_hint"))
        self.description = TextField(t("monitoring.tag_sheet.description"), d.description)
        english = "" if d.description_en == d.description else d.description_en
        self.description_en = TextField(t("monitoring.tag_sheet.description_en"), english)
        deepest = d.device or d.unit_code or d.area
        self.place = PlaceFields(ctx.station.tags.places(), ctx.station.site, deepest)
        self.kind = ChoiceField(
            t("monitoring.tag_sheet.kind"), [(k, t(f"monitoring.kind.{k}")) for k in TagKind], d.kind
        )
        self.unit = TextField(t("monitoring.tag_sheet.unit"), d.unit, most=32)
        units = sorted({info.unit for info in ctx.station.tags.all() if info.unit})
        self.unit.line.setCompleter(QCompleter(units, self.unit.line))
        self.decimals = NumberField(
            t("monitoring.tag_sheet.decimals"), d.decimals, needed=True, whole=True, least=0, most=9
        )
        self.low = NumberField(t("monitoring.tag_sheet.range_lo"), d.range_lo)
        self.high = NumberField(t("monitoring.tag_sheet.range_hi"), d.range_hi)
        self.stale = NumberField(
            t("monitoring.tag_sheet.stale"), d.stale_after_s, hint=t("monitoring.tag_sheet.stale_hint")
        )
        self.retention = ChoiceField(
            t("monitoring.tag_sheet.retention"), [(r, t(f"monitoring.retention.{r}")) for r in Retention], d.retention
        )
        self.compress = NumberField(
            t("monitoring.tag_sheet.compress"), d.compress_deadband, hint=t("monitoring.tag_sheet.compress_hint")
        )
        self.states = LinesField(
            t("monitoring.tag_sheet.states"), states_text(d.states), t("monitoring.tag_sheet.states_hint")
        )
        self.reason = TextField(t("monitoring.tag_sheet.reason"))
        self.analog = side_by_side(self.low, self.high)
        self._holder = QWidget()
        column = QVBoxLayout(self._holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (
            self.name, self.description, self.description_en, self.place, self.kind,
            side_by_side(self.unit, self.decimals), self.analog, self.states, self.stale, self.retention, self.compress,
            self.reason,
        ):  # fmt: skip
            column.addWidget(part)
        self._holder.setEnabled(self._may)
        self.form.addWidget(self._holder)
        self.name.line.setEnabled(tag is None)
        self.reason.setVisible(tag is not None)
        self.kind.edited.connect(self._show_kind)
        self.unit.edited.connect(self._show_unit)
        self._show_kind()
        self._show_unit()

    def _show_kind(self) -> None:
        kind = self.kind.key
        self.analog.setVisible(kind == TagKind.ANALOG)
        self.compress.setVisible(kind == TagKind.ANALOG)
        self.states.setVisible(kind == TagKind.DISCRETE)
        self.decimals.setVisible(kind == TagKind.ANALOG)

    def _show_unit(self) -> None:
        shown = unit_text(self.unit.text)
        self.unit.show_hint(t("monitoring.tag_sheet.unit_shown", unit=shown) if shown != self.unit.text else "")

    # -- saving

    def draft(self) -> TagDraft | None:
        """What is typed; None with every mistake shown at its field."""
        numbers = read_all(self.decimals, self.low, self.high, self.stale, self.compress)
        good = numbers is not None
        if not self.name.text:
            self.name.complain(t("common.field.needed"))
            good = False
        elif self.name.text.startswith("$"):
            self.name.complain(t("monitoring.tag_sheet.invalid.reserved"))
            good = False
        elif self.tag is None and self.ctx.station.tags.by_name(self.name.text) is not None:
            self.name.complain(t("monitoring.tag_sheet.invalid.taken"))
            good = False
        try:
            states = parse_states(self.states.text)
        except ValueError as error:
            self.states.complain(t("monitoring.tag_sheet.invalid.states", line=str(error)))
            return None
        good = self.place.check() and good
        if not good or numbers is None:
            return None
        decimals, low, high, stale, compress = numbers
        kind = self.kind.key
        analog = kind == TagKind.ANALOG
        if analog and low is not None and high is not None and low >= high:
            self.high.complain(t("monitoring.tag_sheet.invalid.range"))
            return None
        for field, value in ((self.stale, stale), (self.compress, compress)):
            if value is not None and value <= 0:
                field.complain(t("common.field.positive"))
                return None
        return TagDraft(
            name=self.name.text,
            description=self.description.text,
            description_en=self.description_en.text,
            place=self.place.place(),
            kind=kind,
            unit=self.unit.text,
            decimals=int(decimals or 0),
            range_lo=low if analog else None,
            range_hi=high if analog else None,
            stale_after_s=stale,
            retention=self.retention.key,
            compress_deadband=compress if analog else None,
            states=states if kind == TagKind.DISCRETE else None,
        )

    def confirmed(self) -> None:
        """Create new places first, then save the tag; the sheet closes when all is stored."""
        self.problem.hide()
        draft = self.draft()
        if draft is None:
            return
        orders: list[Command] = [*self.place.orders(self.reason.text), SaveTag(tag=draft, reason=self.reason.text)]
        self.confirm.setEnabled(False)
        self._next(orders)

    def _next(self, orders: list[Command]) -> None:
        order, *rest = orders

        def said(answer: Answer) -> None:
            if not answer.ok:
                self.confirm.setEnabled(True)
                self._refused(answer)
            elif rest:
                self._next(rest)
            else:
                self._done()

        if not self.ctx.order(order, said, self):
            self.confirm.setEnabled(True)

    def _done(self) -> None:
        key = "created" if self.tag is None else "saved"
        self.ctx.toast.emit(t(f"monitoring.tag_sheet.{key}", name=self.name.text), "ok")
        saved = self._saved
        self.close()
        if saved is not None:
            saved()

    def _refused(self, answer: Answer) -> None:
        """Show a refusal at the field that it speaks of."""
        fields: dict[str, Field | PlaceFields] = {
            "name": self.name, "kind": self.kind, "retention": self.retention, "decimals": self.decimals,
            "range": self.high, "stale_after_s": self.stale, "compress_deadband": self.compress, "code": self.place,
        }  # fmt: skip
        code = {"unknown_place": "code", "wrong_parent": "code", "kind_fixed": "kind"}.get(answer.code, "")
        name = code or str(answer.params.get("field", ""))
        field = fields.get(name)
        key = f"monitoring.tag_sheet.invalid.{name}"
        text = t(key) if answer.code == "invalid" and has(key) else answer_text(answer)
        if field is not None:
            field.complain(text)
        else:
            self.problem.setText(text)
            self.problem.show()


def alarm_words(definition: AlarmDefinition, tag: TagInfo) -> str:
    """An alarm in one line: its text, or kinds and limits."""
    limits = " ".join(
        f"{c.kind} {short_number(c.limit, tag.decimals)}" if c.limit is not None else t(f"alarms.kind.{c.kind}")
        for c in definition.conditions
    )
    text = pick(definition.text, definition.text_en)
    return f"{text} · {limits}" if text else limits
