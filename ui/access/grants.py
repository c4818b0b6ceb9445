"""Who holds which role, where and until when: rows of a form, for the sheet of a user."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDateEdit, QHBoxLayout, QVBoxLayout, QWidget

from app.clock import US
from models.readings import PlaceInfo, PlaceKind
from models.rights import Grant
from ui.i18n import local, pick, roles_text, t
from ui.widgets.controls import button, icon_button, name_control, role_label

_INDENT = {PlaceKind.PLANT: 0, PlaceKind.AREA: 0, PlaceKind.UNIT: 1, PlaceKind.DEVICE: 2}


def place_text(place: PlaceInfo) -> str:
    """Name and code of a place."""
    return f"{pick(place.name, place.name_en)} · {place.code}"


def zone_text(zone: str, places: Sequence[PlaceInfo]) -> str:
    """A zone in words; '' is the whole plant."""
    if not zone:
        return t("access.whole_plant")
    found = next((place for place in places if place.code == zone), None)
    return place_text(found) if found is not None else zone


def fill_zones(box: QComboBox, places: Sequence[PlaceInfo], first: str) -> None:
    """The plant as a whole (``first`` names it), then areas, units and devices beneath each other."""
    box.addItem(first, "")
    for place in places:
        if place.kind is not PlaceKind.PLANT:
            box.addItem("　" * _INDENT[place.kind] + place_text(place), place.code)


class _Row(QWidget):
    """One grant."""

    changed = Signal()

    def __init__(self, grant: Grant, roles: Sequence[str], names: dict[str, str], places: Sequence[PlaceInfo]) -> None:
        super().__init__()
        self._grant = grant
        self.role, self.zone = QComboBox(), QComboBox()
        for code in roles:
            self.role.addItem(names.get(code) or roles_text([code]), code)
        fill_zones(self.zone, places, t("access.whole_plant"))
        self.role.setCurrentIndex(max(0, self.role.findData(grant.role)))
        at = self.zone.findData(grant.zone)
        if at < 0:
            self.zone.addItem(grant.zone, grant.zone)
            at = self.zone.count() - 1
        self.zone.setCurrentIndex(at)
        self.limited, self.until = QCheckBox(t("access.until")), QDateEdit()
        self.until.setCalendarPopup(True)
        self.until.setDisplayFormat("yyyy-MM-dd")
        self.remove = icon_button("close")
        for box, key in ((self.role, "access.role"), (self.zone, "access.zone"), (self.until, "access.until")):
            box.setAccessibleName(t(key))
        name_control(self.remove, t("access.remove_grant"))
        for box in (self.role, self.zone):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.currentIndexChanged.connect(lambda _at: self.changed.emit())
        top, bottom = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.role, 1)
        top.addWidget(self.remove)
        bottom.addWidget(self.zone, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(bottom)
        last = QHBoxLayout()
        last.addWidget(self.limited)
        last.addWidget(self.until, 1)
        column.addLayout(last)
        day = (
            local(grant.until_us - 1) if grant.until_us is not None else datetime.now().astimezone() + timedelta(days=7)
        )
        self.until.setDate(QDate(day.year, day.month, day.day))
        self.limited.setChecked(grant.until_us is not None)
        self.until.setEnabled(grant.until_us is not None)
        self.limited.toggled.connect(self.until.setEnabled)
        self.limited.toggled.connect(lambda _on: self.changed.emit())
        self.until.dateChanged.connect(lambda _date: self.changed.emit())

    def grant(self) -> Grant:
        """As the form stands; a limited one ends with the local day."""
        until_us = None
        if self.limited.isChecked():
            date = self.until.date().toPython()
            assert not isinstance(date, datetime)
            end = datetime.combine(date, time.max).astimezone()  # type: ignore[arg-type] # QDate gives a date
            until_us = (int(end.timestamp()) + 1) * US
        return Grant(role=str(self.role.currentData()), zone=str(self.zone.currentData()), until_us=until_us)


class GrantsEditor(QWidget):
    """All grants of one person. ``changed`` at each touch."""

    changed = Signal()

    def __init__(
        self, grants: Sequence[Grant], roles: Sequence[str], names: dict[str, str], places: Sequence[PlaceInfo]
    ) -> None:
        super().__init__()
        self._roles, self._names, self._places = list(roles), names, places
        self.rows: list[_Row] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(role_label("dim", t("access.roles_held")))
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        column.addLayout(self._list)
        self.none = role_label("dim", t("access.no_role"), wrap=True)
        column.addWidget(self.none)
        self.add = button("plus")
        self.add.setText(t("access.add_grant"))
        self.add.clicked.connect(lambda: self._append(Grant(role=self._roles[0])))
        column.addWidget(self.add, alignment=Qt.AlignmentFlag.AlignLeft)
        for grant in grants:
            self._append(grant)
        self._before = self.grants()
        self._count()

    def grants(self) -> tuple[Grant, ...]:
        """As the form stands."""
        return tuple(row.grant() for row in self.rows)

    @property
    def touched(self) -> bool:
        """Is it other than it was?"""
        return set(self.grants()) != set(self._before)

    def _append(self, grant: Grant) -> None:
        row = _Row(grant, self._roles, self._names, self._places)
        row.remove.clicked.connect(lambda: self._drop(row))
        row.changed.connect(self.changed)
        self.rows.append(row)
        self._list.addWidget(row)
        self._count()
        self.changed.emit()

    def _drop(self, row: _Row) -> None:
        if row in self.rows:
            self.rows.remove(row)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
            self._count()
            self.changed.emit()

    def _count(self) -> None:
        self.none.setVisible(not self.rows)
        self.add.setEnabled(bool(self._roles))
