"""The station's own settings: language, looks, touch, blinking, locking, layouts, and one's own password."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.ports import Answer
from models.commands import ChangeOwnPassword
from ui.access.password import NewPassword, password_field
from ui.i18n import t
from ui.widgets.controls import SegmentedButtons, button, hairline, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.preferences import IDLE_CHOICES
from ui.widgets.sheet import Sheet


class SettingsPanel(Panel):
    """Every change shows at once; there is nothing to save."""

    title_key = "settings.title"
    icon_name = "settings"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.preferences = preferences = ctx.preferences
        area = QScrollArea()
        area.setWidgetResizable(True)
        page = QWidget()
        page.setObjectName("pageBody")
        outer = QHBoxLayout(page)
        outer.setContentsMargins(24, 20, 24, 20)
        body = QWidget()
        body.setMaximumWidth(720)
        self.grid = QGridLayout(body)
        self.grid.setColumnMinimumWidth(0, 180)
        self.grid.setColumnStretch(1, 1)
        self.grid.setHorizontalSpacing(24)
        self.grid.setVerticalSpacing(12)
        self.grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        outer.addWidget(body, 100, Qt.AlignmentFlag.AlignTop)
        outer.addStretch(1)
        area.setWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        self._words: list[Callable[[], None]] = []
        self.language, self.theme_choice = SegmentedButtons(("zh", "en")), SegmentedButtons(("day", "night"))
        self._choice("settings.language", self.language, "language", "settings.languages")
        self._choice("settings.theme", self.theme_choice, "theme", "settings.themes")
        self.touch = self._box("settings.touch", "touch", "settings.touch_hint")
        self.blink = self._box("settings.blink", "blink", "settings.blink_hint")
        self.kiosk = self._box("settings.kiosk", "kiosk", "settings.kiosk_hint")
        self.idle = QComboBox()
        self.idle.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for minutes in IDLE_CHOICES:
            self.idle.addItem("", minutes)
        self.idle.activated.connect(lambda _i: preferences.put("idle_minutes", int(self.idle.currentData())))
        self._row("settings.idle", self.idle, "settings.idle_hint")
        self.password = button("key")
        self.password.clicked.connect(lambda: ctx.open_sheet.emit(OwnPasswordSheet(ctx)))
        self._row("settings.password", self.password, "settings.password_hint")
        preferences.changed.connect(lambda _key: self._show())
        ctx.actor_changed.connect(lambda _actor: self._show())
        self.ready()
        self._show()

    def _row(self, key: str, widget: QWidget, hint: str) -> None:
        line = self.grid.rowCount()
        label, note = role_label("strong"), role_label("dim", wrap=True)
        holder = QHBoxLayout()
        holder.addWidget(widget)
        holder.addStretch(1)
        self.grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        inner = QVBoxLayout()
        inner.setSpacing(4)
        inner.addLayout(holder)
        inner.addWidget(note)
        self.grid.addLayout(inner, line, 1)
        self.grid.addWidget(hairline(), line + 1, 0, 1, 2)

        def words() -> None:
            label.setText(t(key))
            widget.setAccessibleName(t(key))
            note.setText(t(hint) if hint else "")
            note.setVisible(bool(hint))

        self._words.append(words)

    def _choice(self, key: str, buttons: SegmentedButtons, name: str, words: str) -> None:
        self._row(key, buttons, "")
        buttons.chosen.connect(lambda value: self.preferences.put(name, value))

        def say() -> None:
            for value, part in buttons.buttons.items():
                part.setText(t(f"{words}.{value}"))

        self._words.append(say)

    def _box(self, key: str, name: str, hint: str) -> QCheckBox:
        box = QCheckBox()
        box.toggled.connect(lambda on: self.preferences.put(name, on))
        self._row(key, box, hint)
        self._words.append(lambda: box.setText(t("settings.on")))
        return box

    def _show(self) -> None:
        p = self.preferences
        self.language.select(p.language)
        self.theme_choice.select(p.theme)
        for box, on in ((self.touch, p.touch), (self.blink, p.blink), (self.kiosk, p.kiosk)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        at = self.idle.findData(p.idle_minutes)
        if at >= 0:
            self.idle.setCurrentIndex(at)
        self.password.setEnabled(self.ctx.actor is not None)
        self.kiosk.setEnabled(self.ctx.actor is not None)

    def retranslate(self) -> None:
        for words in self._words:
            words()
        for at, minutes in enumerate(IDLE_CHOICES):
            self.idle.setItemText(at, t("settings.minutes", n=minutes) if minutes else t("settings.never"))
        self.password.setText(t("settings.change_password"))


class OwnPasswordSheet(Sheet):
    """Old password, new password twice."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(t("settings.change_password"))
        self.ctx = ctx
        self.form.addWidget(role_label("dim", t("access.old_password")))
        self.old = password_field(t("access.old_password"))
        self.form.addWidget(self.old)
        actor = ctx.actor
        login = actor.login if actor is not None else ""
        self.new = NewPassword(ctx.station.people.weakness, lambda: login)
        self.form.addWidget(self.new)
        self.buttons(t("common.save"))
        self.new.changed.connect(self._enable)
        self.old.textChanged.connect(lambda _text: self._enable())
        self._enable()
        self.setFocusProxy(self.old)

    def _enable(self) -> None:
        self.confirm.setEnabled(bool(self.old.text()) and self.new.problem() is None)

    def confirmed(self) -> None:
        """Give the order; a refusal is said and the sheet stays."""
        self.confirm.setEnabled(False)
        self.ctx.order(
            ChangeOwnPassword(old_password=self.old.text(), new_password=self.new.password), self._answered, self
        )

    def _answered(self, answer: Answer) -> None:
        self._enable()
        if answer.ok:
            self.ctx.toast.emit(t("settings.password_changed"), "ok")
            self.close()
