"""The row of filters above the trail: what kind, who, how it ended, when, and which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QDateTime, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QHBoxLayout, QWidget

from app.clock import US
from app.masking import mask_name
from models.people import UserInfo
from ui.access.audit_rows import OUTCOMES
from ui.i18n import t
from ui.widgets.controls import Chip, SearchBox, icon_button, name_control, plain_label
from ui.widgets.panel import PanelContext

KINDS = (
    *("", "alarm", "session", "user", "totp", "rights", "audit", "privacy", "person", "department", "post"),
    *("leading_group", "duty", "responsibility", "organisation", "tag", "place", "deadletter", "data", "simulator"),
    *("risk", "incident", "map"),
)
DAYS = (1, 7, 30, 0)
FROM_TO = -1
MINUTE_US = 60 * US
FORMAT = "yyyy-MM-dd HH:mm"


class AuditFilter(QWidget):
    """``changed`` when another part of the trail is wanted; :meth:`query` says which."""

    changed = Signal()

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__()
        self.ctx = ctx
        self.last_id: int | None = None
        self.kind, self.person, self.outcome, self.days = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        for box, keys in ((self.kind, KINDS), (self.outcome, OUTCOMES), (self.days, (*DAYS, FROM_TO))):
            for key in keys:
                box.addItem("", key)
        self.person.setEditable(True)
        self.person.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.person.addItem("", "")
        self.days.setCurrentIndex(1)
        self.start, self.end, self.dash = QDateTimeEdit(), QDateTimeEdit(), plain_label("–")
        for edit in (self.start, self.end):
            edit.setCalendarPopup(True)
            edit.setDisplayFormat(FORMAT)
        self.search = SearchBox()
        self.search.setMinimumWidth(120)
        self.upto = Chip()
        self.upto.setChecked(True)
        self.upto.hide()
        self.reset = icon_button("reset")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(6)
        for box, width in ((self.kind, 6), (self.person, 9), (self.outcome, 9), (self.days, 6)):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(width)
        for part in (self.kind, self.person, self.outcome, self.days, self.start, self.dash, self.end):
            row.addWidget(part)
        row.addWidget(self.search, 1)
        row.addWidget(self.upto)
        row.addWidget(self.reset)
        self._show_range()
        for box in (self.kind, self.person, self.outcome):
            box.currentIndexChanged.connect(lambda _at: self.changed.emit())
        line = self.person.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._typed)
        self.days.currentIndexChanged.connect(lambda _at: self._days_chosen())
        self.start.dateTimeChanged.connect(lambda _time: self.changed.emit())
        self.end.dateTimeChanged.connect(lambda _time: self.changed.emit())
        self.search.searched.connect(lambda _text: self.changed.emit())
        self.upto.clicked.connect(lambda: self.show_up_to(None))
        self.reset.clicked.connect(lambda: self.clear())

    # -- what is wanted

    def query(self, now_us: int) -> dict[str, Any]:
        """As ``Trail.entries`` takes it."""
        days = int(self.days.currentData())
        start = end = None
        if days == FROM_TO:
            start, end = _us(self.start), _us(self.end) + MINUTE_US  # the last minute belongs to it
        elif days:
            start = now_us - days * 86_400 * US
        return {
            "action": f"{kind}." if (kind := str(self.kind.currentData())) else "",
            "login": self.login,
            "outcome": str(self.outcome.currentData()),
            "text": self.search.text().strip(),
            "start_us": start,
            "end_us": end,
            "last_id": self.last_id,
        }

    @property
    def login(self) -> str:
        """Whose acts: somebody from the list, or a login that was typed (also of somebody who is no user)."""
        typed = self.person.currentText().strip()
        at = self.person.findText(typed)
        return str(self.person.itemData(at)) if at >= 0 else typed

    def show_up_to(self, last_id: int | None) -> None:
        """Everything up to a row, whatever else was chosen; None takes it back."""
        if last_id is not None:
            self._all()
        self.last_id = last_id
        self.upto.setVisible(last_id is not None)
        self.retranslate()
        self.changed.emit()

    def choose_range(self, start_us: int, end_us: int) -> None:
        """From and to, as if typed (UTC microseconds, whole minutes)."""
        with QSignalBlocker(self.start), QSignalBlocker(self.end), QSignalBlocker(self.days):
            self.days.setCurrentIndex(self.days.findData(FROM_TO))
            self.start.setDateTime(_moment(start_us))
            self.end.setDateTime(_moment(end_us))
        self._show_range()
        self.changed.emit()

    def clear(self) -> None:
        """No restriction but the last seven days."""
        self._all()
        with QSignalBlocker(self.days):
            self.days.setCurrentIndex(self.days.findData(7))
        self.show_up_to(None)

    def _all(self) -> None:
        for box in (self.kind, self.person, self.outcome, self.days):
            with QSignalBlocker(box):
                box.setCurrentIndex(box.findData(0) if box is self.days else 0)
        with QSignalBlocker(self.search):
            self.search.clear()
        self._show_range()

    def _typed(self) -> None:
        if self.person.findText(self.person.currentText().strip()) < 0:
            self.changed.emit()

    def _days_chosen(self) -> None:
        if self.days.currentData() == FROM_TO:
            now = self.ctx.station.now_us()
            self.choose_range(now - 86_400 * US, now)
            return
        self._show_range()
        self.changed.emit()

    def _show_range(self) -> None:
        on = self.days.currentData() == FROM_TO
        for part in (self.start, self.dash, self.end):
            part.setVisible(on)

    # -- words

    def load_people(self) -> None:
        """Who there is to choose from; names are masked where the reader may not see them."""
        if self.ctx.allowed("audit.read"):
            self.ctx.work(self, self.ctx.station.people.users, self._people)

    def _people(self, users: list[UserInfo]) -> None:
        clear: Callable[[str], str] = str if self.ctx.allowed("privacy.names") else mask_name
        kept = self.login
        with QSignalBlocker(self.person):
            self.person.clear()
            self.person.addItem(t("trail.everybody"), "")
            for user in sorted(users, key=lambda user: user.login):
                self.person.addItem(f"{clear(user.name)} ({user.login})", user.login)
            self.person.addItem(t("trail.program"), "system")
            at = self.person.findData(kept)
            self.person.setCurrentIndex(max(0, at))
            if at < 0:
                self.person.setEditText(kept)

    def retranslate(self) -> None:
        """Words in the present language."""
        for at, kind in enumerate(KINDS):
            word = kind or "all"
            self.kind.setItemText(at, t(f"access.kind.{word}"))
        for at, outcome in enumerate(OUTCOMES):
            self.outcome.setItemText(at, t(f"access.outcome.{outcome}") if outcome else t("trail.any_outcome"))
        for at, days in enumerate(DAYS):
            self.days.setItemText(at, t("access.days", n=days) if days else t("access.days_all"))
        self.days.setItemText(len(DAYS), t("trail.from_to"))
        with QSignalBlocker(self.person):
            self.person.setItemText(0, t("trail.everybody"))
            system = self.person.findData("system")
            if system >= 0:
                self.person.setItemText(system, t("trail.program"))
        for control, key in (
            (self.kind, "access.column.action"),
            (self.person, "trail.person"),
            (self.outcome, "access.column.outcome"),
            (self.days, "access.column.time"),
            (self.start, "trail.from"),
            (self.end, "trail.to"),
            (self.search, "access.search_audit"),
            (self.reset, "trail.clear"),
        ):
            name_control(control, t(key))
        self.search.setPlaceholderText(t("access.search_audit"))
        self.upto.setText(t("trail.up_to", n=self.last_id or 0))
        name_control(self.upto, self.upto.text(), t("trail.clear"))


def _us(edit: QDateTimeEdit) -> int:
    return edit.dateTime().toMSecsSinceEpoch() // 60_000 * MINUTE_US


def _moment(t_us: int) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(t_us // 1000)
