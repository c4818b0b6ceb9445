"""Chips and the filter menu of the alarm list, with filters that are kept under a name."""

from __future__ import annotations

from functools import partial

import msgspec
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from models.alarms import Priority
from ui.alarms.model import VIEWS, AlarmFilter
from ui.i18n import pick, t
from ui.widgets.controls import ChipGroup, button
from ui.widgets.panel import PanelContext, ReasonRequest

DAYS = (1, 7, 30, 0)
_SETTING = "alarms/filters"


class ViewChips(ChipGroup):
    """Active, unacknowledged, returned, shelved, out of service, history."""

    def __init__(self) -> None:
        super().__init__(VIEWS)
        self._counts: dict[str, int] = {}

    def select(self, view: str) -> None:
        """Turn a chip on without saying so."""
        self.chips[view].setChecked(True)
        self.fit()

    def show_counts(self, counts: dict[str, int]) -> None:
        """Numbers behind the words."""
        self._counts = counts
        self.retranslate()

    def retranslate(self) -> None:
        """Words in the present language."""
        for view, chip in self.chips.items():
            chip.show_text(t(f"alarms.view.{view}"), self._counts.get(view))


class FilterMenu(QObject):
    """The filter button: priorities, areas, how far back, and the filters that were saved.

    changed(priorities, areas, days)   something was ticked
    loaded(AlarmFilter)                a saved filter was chosen
    """

    changed = Signal(object, object, int)
    loaded = Signal(object)

    def __init__(self, ctx: PanelContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self._filter = AlarmFilter()
        self.button = button("filter", "flat")
        self.button.clicked.connect(self.open)

    def show_filter(self, chosen: AlarmFilter) -> None:
        """The filter that is now in use."""
        self._filter = chosen
        self.retranslate()

    def retranslate(self) -> None:
        """Words in the present language; the button says how many restrictions are set."""
        count = len(self._filter.priorities) + len(self._filter.areas)
        self.button.setText(t("alarms.filter_n", n=count) if count else t("alarms.filter"))

    def saved(self) -> dict[str, AlarmFilter]:
        """Filters kept by name."""
        text = str(self._ctx.settings.value(_SETTING, "{}"))
        try:
            return msgspec.json.decode(text, type=dict[str, AlarmFilter])
        except msgspec.DecodeError:  # written by another version
            return {}

    def keep(self, name: str) -> None:
        """Save the present filter under a name."""
        self._store({**self.saved(), name: self._filter})
        self._ctx.toast.emit(t("alarms.filter_saved", name=name), "ok")

    def forget(self, name: str) -> None:
        """Delete a saved filter."""
        self._store({key: value for key, value in self.saved().items() if key != name})

    def _store(self, filters: dict[str, AlarmFilter]) -> None:
        self._ctx.settings.setValue(_SETTING, msgspec.json.encode(filters).decode())

    def menu(self) -> QMenu:
        """The menu as it is now."""
        menu = QMenu(self.button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSection(t("alarms.column.priority"))
        for priority in (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW):
            action = menu.addAction(t(f"common.priority.{priority.word}"))
            action.setCheckable(True)
            action.setChecked(priority in self._filter.priorities)
            action.toggled.connect(lambda on, p=priority: self._toggle_priority(p, on))
        areas = menu.addMenu(t("alarms.column.area"))
        names = {tag.area: pick(tag.area_name, tag.area_name_en) for tag in self._ctx.station.tags.all() if tag.area}
        for code, name in names.items():
            action = areas.addAction(name or code)
            action.setCheckable(True)
            action.setChecked(code in self._filter.areas)
            action.toggled.connect(lambda on, a=code: self._toggle_area(a, on))
        areas.setEnabled(bool(names))
        span = menu.addMenu(t("alarms.history_span"))
        for days in DAYS:
            action = span.addAction(t("alarms.days", n=days) if days else t("alarms.days_all"))
            action.setCheckable(True)
            action.setChecked(days == self._filter.days)
            action.triggered.connect(lambda _on=False, d=days: self._emit(days=d))
        menu.addAction(t("alarms.clear_filter"), lambda: self._emit(priorities=(), areas=()))
        menu.addSeparator()
        kept = self.saved()
        forget = QMenu(t("alarms.filter_forget"), menu)
        for name, chosen in kept.items():
            menu.addAction(name, partial(self.loaded.emit, chosen))
            forget.addAction(name, partial(self.forget, name))
        menu.addAction(t("alarms.filter_save"), self._ask_name)
        if kept:
            menu.addMenu(forget)
        return menu

    def open(self) -> None:
        """Show it below the button."""
        self.menu().popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))

    def _ask_name(self) -> None:
        self._ctx.ask.emit(
            ReasonRequest(
                title=t("alarms.filter_save"),
                text=t("alarms.filter_save_text"),
                confirm=t("common.save"),
                done=lambda name, _seconds, _one_shot: self.keep(name),
            )
        )

    def _toggle_priority(self, priority: Priority, on: bool) -> None:
        kept = tuple(p for p in self._filter.priorities if p != priority)
        self._emit(priorities=(*kept, int(priority)) if on else kept)

    def _toggle_area(self, area: str, on: bool) -> None:
        kept = tuple(a for a in self._filter.areas if a != area)
        self._emit(areas=(*kept, area) if on else kept)

    def _emit(
        self,
        priorities: tuple[int, ...] | None = None,
        areas: tuple[str, ...] | None = None,
        days: int | None = None,
    ) -> None:
        f = self._filter
        self.changed.emit(
            f.priorities if priorities is None else priorities,
            f.areas if areas is None else areas,
            f.days if days is None else days,
        )
