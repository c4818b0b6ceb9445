"""The chosen tag in the context column: value, age, quality, place, limits, and its open alarms."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from models.alarms import AlarmRow
from models.commands import SaveAlarmDefinition, SaveTag
from models.readings import LiveValue, TagInfo, quality_word
from ui.i18n import DASH, age_text, messages, number_text, pick, stamp_text, t, unit_text, value_text
from ui.widgets.controls import button, hairline, plain_label, role_label, set_role
from ui.widgets.panel import PanelContext
from ui.widgets.shapes import AlarmShape


class TagDetail(QScrollArea):
    """Shows one tag and follows it."""

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.tag: TagInfo | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("contextBody")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(6)
        self.name, self.description = role_label("heading", wrap=True), plain_label(wrap=True)
        column.addWidget(self.name)
        column.addWidget(self.description)
        figure = QHBoxLayout()
        self.value, self.unit, self.quality = role_label("figure"), plain_label(), role_label("pill")
        figure.addWidget(self.value)
        figure.addWidget(self.unit)
        figure.addStretch(1)
        figure.addWidget(self.quality, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(figure)
        self.age = role_label("dim")
        column.addWidget(self.age)
        column.addWidget(hairline())
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(16)
        self.form.setVerticalSpacing(4)
        column.addLayout(self.form)
        self.plot = button("trend")
        self.plot.clicked.connect(self._to_plot)
        column.addSpacing(4)
        column.addWidget(self.plot)
        self.edit = button("edit")
        self.edit.clicked.connect(self._edit)
        column.addWidget(self.edit)
        column.addWidget(hairline())
        self.alarms_head = role_label("section")
        column.addWidget(self.alarms_head)
        self.alarms = QVBoxLayout()
        self.alarms.setSpacing(4)
        column.addLayout(self.alarms)
        column.addStretch(1)
        self.setWidget(page)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._show_value)
        self._second.start()
        ctx.bridge.values.connect(self._values)
        ctx.open_alarms.changed.connect(self._alarms_changed)
        ctx.open_alarms.reset.connect(self._show_alarms)
        ctx.actor_changed.connect(self._enable)
        messages().changed.connect(self.retranslate)

    def show_tag(self, tag: TagInfo) -> None:
        """Show another tag."""
        self.tag = tag
        self.retranslate()

    def _values(self, latest: dict[int, LiveValue]) -> None:
        if self.tag is not None and self.tag.id in latest:
            self._show_value()

    def _alarms_changed(self, rows: list[AlarmRow], _sounding: list[int]) -> None:
        if self.tag is not None and any(row.tag_id == self.tag.id for row in rows):
            self._show_alarms()

    def _show_value(self) -> None:
        tag = self.tag
        if tag is None:
            return
        live = self.ctx.station.live.get(tag.id)
        if live is None:
            self.value.setText(DASH)
            self.age.setText(t("frame.tag_never"))
            self.quality.setText(t("common.quality.bad"))
            set_role(self.quality, "inverse")
            return
        word = quality_word(live.quality)
        age = self.ctx.station.now_us() - live.t_us
        self.value.setText(value_text(live.value, tag.decimals, tag.states))
        self.quality.setText(t(f"common.quality.{word}"))
        set_role(self.quality, "pill" if word == "good" else "inverse")
        stale = tag.stale_after_s is not None and age > tag.stale_after_s * 1_000_000
        key = "frame.tag_stale" if stale else "frame.tag_age"
        self.age.setText(t(key, age=age_text(age), time=stamp_text(live.t_us)))

    def _show_alarms(self) -> None:
        if self.tag is None:
            return
        while (item := self.alarms.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        rows = self.ctx.open_alarms.of_tag(self.tag.id)
        self.alarms_head.setText(t("frame.tag_alarms"))
        if not rows:
            self.alarms.addWidget(role_label("dim", t("frame.tag_no_alarm")))
        for row in rows:
            line = QWidget()
            layout = QHBoxLayout(line)
            layout.setContentsMargins(0, 0, 0, 0)
            shape = AlarmShape(14)
            shape.show_alarm(row.priority, row.state)
            layout.addWidget(shape)
            go = button(kind="flat")
            go.setText(pick(row.text, row.text_en) or row.key)
            go.clicked.connect(lambda _checked=False, r=row: self.ctx.select_alarm.emit(r))
            layout.addWidget(go, 1)
            self.alarms.addWidget(line)

    def _to_plot(self) -> None:
        if self.tag is not None:
            self.ctx.show_on_plot.emit(self.tag.id, None)

    def _edit(self) -> None:
        if self.tag is not None:
            self.ctx.edit_tag.emit(self.tag.id)

    def _enable(self) -> None:
        self.edit.setEnabled(self.ctx.allowed(SaveTag.action) or self.ctx.allowed(SaveAlarmDefinition.action))

    def retranslate(self) -> None:
        """Everything anew in the present language."""
        tag = self.tag
        if tag is None:
            return
        self.name.setText(tag.name)
        self.description.setText(pick(tag.description, tag.description_en))
        self.unit.setText(unit_text(tag.unit))
        self.plot.setText(t("frame.tag_plot"))
        self.edit.setText(t("monitoring.tree.edit"))
        self._enable()
        while self.form.rowCount():
            self.form.removeRow(0)
        names = ((tag.area_name, tag.area_name_en), (tag.unit_name, tag.unit_name_en))
        place = [pick(*pair) for pair in (*names, (tag.device_name, tag.device_name_en)) if any(pair)]
        self._fact("frame.tag_place", " · ".join(place) or DASH)
        if tag.range_lo is not None and tag.range_hi is not None:
            low, high = number_text(tag.range_lo, tag.decimals), number_text(tag.range_hi, tag.decimals)
            self._fact("frame.tag_range", f"{low} … {high} {unit_text(tag.unit)}")
        for definition in self.ctx.station.alarms.definitions_of(tag.id):
            for condition in definition.conditions:
                if condition.limit is not None:
                    text = f"{number_text(condition.limit, tag.decimals)} {unit_text(tag.unit)}"
                    priority = t(f"common.priority.{condition.priority.word}")
                    self.form.addRow(role_label("dim", str(condition.kind)), plain_label(f"{text} · {priority}"))
        self._show_value()
        self._show_alarms()

    def _fact(self, key: str, text: str) -> None:
        self.form.addRow(role_label("dim", t(key)), plain_label(text, wrap=True))
