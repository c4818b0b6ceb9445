"""The station's own settings: language, looks, touch, blinking, locking, layouts, one's own account, the directory."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.access.account import AccountSheet
from ui.access.directory_row import DirectoryRow
from ui.i18n import t
from ui.widgets.controls import SegmentedButtons, button, hairline, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.preferences import IDLE_CHOICES


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
        self.account = button("user")
        self.account.clicked.connect(lambda: ctx.open_sheet.emit(AccountSheet(ctx)))
        self._row("login.mine", self.account, "login.mine_hint")
        self.directory = DirectoryRow(ctx)
        self._row("login.directory", self.directory, "")
        preferences.changed.connect(lambda _key: self._show())
        ctx.actor_changed.connect(self._show)
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
        self.account.setEnabled(self.ctx.actor is not None)
        self.kiosk.setEnabled(self.ctx.actor is not None)

    def retranslate(self) -> None:
        for words in self._words:
            words()
        for at, minutes in enumerate(IDLE_CHOICES):
            self.idle.setItemText(at, t("settings.minutes", n=minutes) if minutes else t("settings.never"))
        self.account.setText(t("login.account_open"))
        self.directory.retranslate()
