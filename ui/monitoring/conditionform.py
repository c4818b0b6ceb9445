"""One condition of an alarm as a card: its kind, and only the fields that this kind needs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QVBoxLayout, QWidget

from app.alarms.rules import DefinitionRules
from models.alarms import Condition, ConditionKind, Priority
from models.readings import TagInfo, TagKind
from ui.i18n import t, unit_text
from ui.widgets.controls import icon_button, name_control, role_label
from ui.widgets.fields import ChoiceField, Field, LinesField, NumberField, TextField, plain_number, side_by_side

_K = ConditionKind
LIMITS = (_K.HH, _K.H, _K.L, _K.LL)
#: Which fields each kind shows, by their name in models.alarms.Condition.
SHOWN: dict[ConditionKind, tuple[str, ...]] = {
    **dict.fromkeys(LIMITS, ("limit", "deadband", "on_delay_s", "off_delay_s")),
    _K.DEVIATION: ("limit", "deadband", "setpoint", "setpoint_tag", "direction", "on_delay_s", "off_delay_s"),
    _K.RATE: ("limit", "deadband", "window_s", "direction", "on_delay_s", "off_delay_s"),
    _K.STUCK: ("window_s", "deadband"),
    _K.STALE: ("window_s",),
    _K.BAD_QUALITY: ("on_delay_s", "off_delay_s"),
    _K.DISCRETE: ("values", "on_delay_s", "off_delay_s"),
    _K.CALCULATED: ("expression", "on_delay_s", "off_delay_s"),
    _K.SEVERITY: ("on_delay_s", "off_delay_s"),
}
_FOR_KIND = {
    TagKind.ANALOG: tuple(k for k in _K if k is not _K.DISCRETE),
    TagKind.DISCRETE: (_K.DISCRETE, _K.STALE, _K.STUCK, _K.BAD_QUALITY, _K.CALCULATED, _K.SEVERITY),
    TagKind.TEXT: (_K.DISCRETE, _K.STALE, _K.BAD_QUALITY, _K.SEVERITY),
}
_DEFAULT_PRIORITY = {_K.HH: Priority.HIGH, _K.LL: Priority.HIGH}
PRIORITIES = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW)


def kinds_for(tag: TagInfo) -> tuple[ConditionKind, ...]:
    """The kinds of condition that make sense for a tag."""
    return _FOR_KIND[tag.kind]


def parse_values(text: str, tag: TagInfo) -> tuple[float | str, ...]:
    """Alarm values of a discrete condition: one a line or separated by commas; words of states count as their code."""
    words = {word: code for code, names in (tag.states or {}).items() for word in names if word}
    found: list[float | str] = []
    for part in text.replace("，", ",").replace("\n", ",").split(","):
        plain = part.strip()
        if not plain:
            continue
        plain = words.get(plain, plain)
        try:
            found.append(float(plain) if tag.kind != TagKind.TEXT else plain)
        except ValueError:
            found.append(plain)
    return tuple(dict.fromkeys(found))


class ConditionForm(QWidget):
    """Fields of one condition. ``edited`` at each change, ``removed`` when the person takes it away."""

    edited = Signal()
    removed = Signal()

    def __init__(self, tag: TagInfo, condition: Condition, rules: DefinitionRules, tags: list[str]) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.tag = tag
        kinds = kinds_for(tag)
        if condition.kind not in kinds:
            kinds = (*kinds, condition.kind)
        self.title = role_label("strong")
        self.remove_button = icon_button("close")
        name_control(self.remove_button, t("monitoring.condition.remove"))
        self.remove_button.clicked.connect(self.removed)
        self.kind = ChoiceField(
            t("monitoring.condition.kind"), [(k, t(f"monitoring.condition_kind.{k}")) for k in kinds], condition.kind
        )
        self.priority = ChoiceField(
            t("monitoring.condition.priority"),
            [(p.word, t(f"common.priority.{p.word}")) for p in PRIORITIES],
            condition.priority.word,
        )
        longest = rules.max_delay_s
        c = condition
        self.limit = NumberField("", c.limit, needed=True)
        self.deadband = NumberField("", c.deadband, least=0.0)
        self.on_delay_s = NumberField(t("monitoring.condition.on_delay"), c.on_delay_s, least=0.0, most=longest)
        self.off_delay_s = NumberField(t("monitoring.condition.off_delay"), c.off_delay_s, least=0.0, most=longest)
        self.window_s = NumberField(
            t("monitoring.condition.window"), c.window_s or None, least=0.0, most=rules.max_window_s
        )
        self.setpoint = NumberField(t("monitoring.condition.setpoint"), c.setpoint)
        self.setpoint_tag = TextField(t("monitoring.condition.setpoint_tag"), c.setpoint_tag or "")
        self.setpoint_tag.line.setCompleter(QCompleter(tags, self.setpoint_tag.line))
        self.direction = ChoiceField(
            t("monitoring.condition.direction"),
            [(d, t(f"monitoring.condition.{d}")) for d in ("both", "rise", "fall")],
            c.direction,
        )
        values = ", ".join(v if isinstance(v, str) else plain_number(v) for v in c.values)
        self.values = TextField(t("monitoring.condition.values"), values, t("monitoring.condition.values_hint"))
        self.expression = LinesField(
            t("monitoring.condition.expression"), c.expression or "", t("monitoring.condition.expression_hint")
        )
        self.fields: dict[str, Field] = {
            "limit": self.limit, "deadband": self.deadband, "on_delay_s": self.on_delay_s,
            "off_delay_s": self.off_delay_s, "window_s": self.window_s, "setpoint": self.setpoint,
            "setpoint_tag": self.setpoint_tag, "direction": self.direction, "values": self.values,
            "expression": self.expression, "priority": self.priority, "kind": self.kind,
        }  # fmt: skip
        self._lay_out()
        for field in self.fields.values():
            field.edited.connect(self.edited)
        self.kind.edited.connect(self._kind_chosen)
        self._show_kind()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        for row in (
            (self.kind, self.priority), (self.limit, self.deadband), (self.setpoint, self.setpoint_tag),
            (self.window_s, self.direction), (self.on_delay_s, self.off_delay_s),
        ):  # fmt: skip
            column.addWidget(side_by_side(*row))
        column.addWidget(self.values)
        column.addWidget(self.expression)

    @property
    def chosen_kind(self) -> ConditionKind:
        """The kind that is chosen."""
        return ConditionKind(self.kind.key)

    def _kind_chosen(self) -> None:
        kind = self.chosen_kind
        if kind in _DEFAULT_PRIORITY and self.priority.key == Priority.MEDIUM.word:
            self.priority.choose(_DEFAULT_PRIORITY[kind].word)
        self._show_kind()

    def _show_kind(self) -> None:
        kind = self.chosen_kind
        shown = SHOWN[kind]
        for name, field in self.fields.items():
            if name not in ("kind", "priority"):
                field.setVisible(name in shown)
        for field in self.fields.values():
            holder = field.parentWidget()
            if holder is not None and holder is not self:
                mates = [f for f in self.fields.values() if f.parentWidget() is holder]
                holder.setVisible(any(not f.isHidden() for f in mates))
        unit = unit_text(self.tag.unit)
        if kind is _K.RATE:
            unit = f"{unit}/s" if unit else "1/s"
        of = f" ({unit})" if unit else ""
        key = {_K.DEVIATION: "distance", _K.RATE: "slope"}.get(kind, "limit")
        self.limit.title.setText(t(f"monitoring.condition.{key}") + of)
        self.limit.editor.setAccessibleName(self.limit.title.text())
        tolerance = kind is _K.STUCK
        self.deadband.title.setText(
            t("monitoring.condition.tolerance" if tolerance else "monitoring.condition.deadband") + of
        )
        self.deadband.editor.setAccessibleName(self.deadband.title.text())
        self.kind.show_hint(t(f"monitoring.condition_hint.{kind}"))
        self.title.setText(t(f"monitoring.condition_kind.{kind}"))

    @property
    def unfinished(self) -> bool:
        """True while something that this kind needs has not been typed yet."""
        shown = SHOWN[self.chosen_kind]
        needed = {"limit": self.limit.line.text(), "values": self.values.text, "expression": self.expression.text}
        if self.chosen_kind in (_K.STALE, _K.STUCK):
            needed["window_s"] = self.window_s.line.text()
        return any(name in shown and not text.strip() for name, text in needed.items())

    def read(self) -> Condition | None:
        """What is typed; None with every mistake shown at its field. Fields of other kinds are left out."""
        shown = SHOWN[self.chosen_kind]
        found: dict[str, Any] = {}
        good = True
        for name in shown:
            field = self.fields[name]
            if isinstance(field, NumberField):
                try:
                    value = field.read()
                except ValueError:
                    good = False
                    continue
                if value is not None:
                    found[name] = value
            elif name == "values":
                found[name] = parse_values(self.values.text, self.tag)
                if not found[name]:
                    self.values.complain(t("common.field.needed"))
                    good = False
            elif isinstance(field, ChoiceField):
                found[name] = field.key
            elif isinstance(field, TextField | LinesField) and field.text:
                found[name] = field.text
        if self.chosen_kind in (_K.STALE, _K.STUCK) and not found.get("window_s") and good:
            self.window_s.complain(t("common.field.positive"))
            good = False
        if self.chosen_kind is _K.DEVIATION and "setpoint" not in found and "setpoint_tag" not in found and good:
            self.setpoint.complain(t("monitoring.condition.setpoint_needed"))
            good = False
        if not good:
            return None
        if found.get("setpoint") is not None:
            found.pop("setpoint_tag", None)
        priority = next(p for p in PRIORITIES if p.word == self.priority.key)
        return Condition(kind=self.chosen_kind, priority=priority, **found)
