"""Where a tag stands: area, unit and device chosen from the plant tree, or typed as new places."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from models.commands import SavePlace
from models.readings import PlaceInfo, PlaceKind
from ui.i18n import pick, t
from ui.widgets.fields import ChoiceField, TextField, side_by_side

LEVELS = (PlaceKind.AREA, PlaceKind.UNIT, PlaceKind.DEVICE)
NONE, NEW = "", "\x00new"
PLANT_CODE = "PLANT"


class _Level(QWidget):
    """One level: a choice of existing places, and code and names of a new one."""

    changed = Signal()

    def __init__(self, kind: PlaceKind) -> None:
        super().__init__()
        self.kind = kind
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.choice = ChoiceField(t(f"monitoring.place.{kind}"), [])
        self.code = TextField(t("monitoring.place.code"), most=64)
        self.name = TextField(t("monitoring.place.name"), most=120)
        self.name_en = TextField(t("monitoring.place.name_en"), most=120)
        self.new = QWidget()
        fields = QVBoxLayout(self.new)
        fields.setContentsMargins(12, 0, 0, 4)
        fields.setSpacing(6)
        fields.addWidget(side_by_side(self.code, self.name))
        fields.addWidget(self.name_en)
        self.new.hide()
        column.addWidget(self.choice)
        column.addWidget(self.new)
        self.choice.edited.connect(self._chosen)

    def offer(self, places: Sequence[PlaceInfo], keep: str = NONE) -> None:
        """Existing places of this level, none, or a new one."""
        self.choice.box.blockSignals(True)
        self.choice.box.clear()
        self.choice.box.addItem(t("monitoring.place.none"), NONE)
        for place in places:
            name = pick(place.name, place.name_en)
            self.choice.box.addItem(f"{name} · {place.code}" if name != place.code else name, place.code)
        self.choice.box.addItem(t("monitoring.place.new"), NEW)
        self.choice.choose(keep)
        self.choice.box.blockSignals(False)
        self._chosen()

    def _chosen(self) -> None:
        self.new.setVisible(self.choice.key == NEW)
        self.changed.emit()

    @property
    def is_new(self) -> bool:
        return self.choice.key == NEW


class PlaceFields(QWidget):
    """The three levels; :meth:`place` is the code for the tag, :meth:`orders` creates what was typed."""

    def __init__(self, places: Sequence[PlaceInfo], site: str, code: str = "") -> None:
        super().__init__()
        self._places = {place.code: place for place in places}
        self._site = site
        self.levels = {kind: _Level(kind) for kind in LEVELS}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for level in self.levels.values():
            column.addWidget(level)
        chosen: dict[PlaceKind, str] = {}
        place = self._places.get(code)
        while place is not None:
            chosen[place.kind] = place.code
            place = self._places.get(place.parent)
        above = None
        for kind in LEVELS:
            self.levels[kind].offer(self._below(kind, above), chosen.get(kind, NONE))
            above = chosen.get(kind)
        for kind in LEVELS[:-1]:
            self.levels[kind].changed.connect(lambda k=kind: self._level_changed(k))
        self._show_levels()

    def _below(self, kind: PlaceKind, parent: str | None) -> list[PlaceInfo]:
        return [
            place
            for place in self._places.values()
            if place.kind is kind and (kind is PlaceKind.AREA or place.parent == parent)
        ]

    def _level_changed(self, kind: PlaceKind) -> None:
        at = LEVELS.index(kind)
        for below in LEVELS[at + 1 :]:
            level = self.levels[below]
            above = self.levels[LEVELS[LEVELS.index(below) - 1]].choice.key
            level.blockSignals(True)
            level.offer(self._below(below, above if above not in (NONE, NEW) else None))
            level.blockSignals(False)
        self._show_levels()

    def _show_levels(self) -> None:
        for at, kind in enumerate(LEVELS[1:]):
            self.levels[kind].setVisible(self.levels[LEVELS[at]].choice.key != NONE)

    def place(self) -> str:
        """Code of the deepest level that was chosen or typed; '' when the tag stands nowhere."""
        code = ""
        for level in self.levels.values():
            if level.choice.key == NONE:
                break
            code = level.code.text if level.is_new else level.choice.key
        return code

    def check(self) -> bool:
        """Are all new places whole? Mistakes are shown at their fields."""
        good = True
        seen: set[str] = set()
        for level in self._new():
            for field in (level.code, level.name):
                if not field.text:
                    field.complain(t("common.field.needed"))
                    good = False
            if level.code.text in self._places or level.code.text in seen:
                level.code.complain(t("monitoring.place.taken"))
                good = False
            seen.add(level.code.text)
        return good

    def _new(self) -> list[_Level]:
        found = []
        for level in self.levels.values():
            if level.choice.key == NONE:
                break
            if level.is_new:
                found.append(level)
        return found

    def orders(self, reason: str = "") -> list[SavePlace]:
        """What creates the new places, those above first; the plant itself too when there is none yet."""
        new = self._new()
        if not new:
            return []
        plant = next((place.code for place in self._places.values() if place.kind is PlaceKind.PLANT), "")
        orders = []
        if not plant:
            plant = PLANT_CODE
            orders.append(SavePlace(code=plant, kind=PlaceKind.PLANT, name=self._site or plant, reason=reason))
        parent = plant
        for level in self.levels.values():
            if level.choice.key == NONE:
                break
            if level.is_new:
                siblings = [p.position for p in self._places.values() if p.parent == parent]
                orders.append(
                    SavePlace(
                        code=level.code.text,
                        kind=level.kind,
                        name=level.name.text,
                        name_en=level.name_en.text,
                        parent=parent,
                        position=max(siblings, default=-1) + 1,
                        reason=reason,
                    )
                )
                parent = level.code.text
            else:
                parent = level.choice.key
        return orders

    def complain(self, text: str) -> None:
        """Show a refusal at the deepest level in use."""
        level = next((x for x in reversed(self.levels.values()) if x.choice.key != NONE), self.levels[PlaceKind.AREA])
        level.choice.complain(text)
