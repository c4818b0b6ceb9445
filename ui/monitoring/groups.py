"""Named groups of plots: saved, loaded and removed from one button; kept with the station's settings."""

from __future__ import annotations

import json
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from models.readings import TagKind
from ui.i18n import t
from ui.widgets.controls import button
from ui.widgets.panel import PanelContext, ReasonRequest

_KEY = "trends/groups"


class GroupButton(QWidget):
    """``load`` with the rows of a chosen group; ``rows`` (a callable set by the owner through :meth:`offer`) to save."""

    load = Signal(object)

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._rows: list[list[str]] = []
        self.current = str(ctx.settings.value("trends/group", "", type=str))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.button = button("", "chip")
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self.menu)
        row.addWidget(self.button)

    def offer(self, rows: list[list[str]]) -> None:
        """What would be saved now."""
        self._rows = rows

    def groups(self) -> dict[str, list[list[str]]]:
        """All saved groups."""
        stored = str(self._ctx.settings.value(_KEY, "", type=str))
        return dict(json.loads(stored)) if stored else {}

    def retranslate(self) -> None:
        """Words of the present language."""
        self.button.setText(self.current or t("monitoring.group.none"))
        self.button.setAccessibleName(t("monitoring.group.button"))

    def save(self, name: str) -> None:
        """Keep the present plots under a name."""
        name = name.strip()[:40]
        if name:
            self._store({**self.groups(), name: self._rows}, name)

    def choose(self, name: str) -> None:
        """Show a saved group."""
        rows = self.groups().get(name)
        if rows is not None:
            self._name(name)
            self.load.emit(rows)

    def remove(self, name: str) -> None:
        """Forget a saved group; the plots stay."""
        groups = self.groups()
        groups.pop(name, None)
        self._store(groups, "" if self.current == name else self.current)

    def _store(self, groups: dict[str, list[list[str]]], current: str) -> None:
        self._ctx.settings.setValue(_KEY, json.dumps(groups, ensure_ascii=False))
        self._name(current)

    def _name(self, name: str) -> None:
        self.current = name
        self._ctx.settings.setValue("trends/group", name)
        self.retranslate()

    def _fill(self) -> None:
        self.menu.clear()
        groups = self.groups()
        for name in groups:
            self.menu.addAction(name, partial(self.choose, name))
        if groups:
            self.menu.addSeparator()
        self.menu.addAction(t("monitoring.group.save"), self._ask_name)
        if self.current in groups:
            self.menu.addAction(t("monitoring.group.remove", name=self.current), lambda: self.remove(self.current))

    def _ask_name(self) -> None:
        self._ctx.ask.emit(
            ReasonRequest(
                title=t("monitoring.group.save"),
                text=t("monitoring.group.name"),
                confirm=t("common.save"),
                done=lambda name, _seconds, _once: self.save(name),
            )
        )


def suggested(ctx: PanelContext, most: int = 4) -> list[list[str]]:
    """What to show when nobody has chosen yet: tags in alarm first, then those that are guarded, a plot each."""
    tags, alarms = ctx.station.tags, ctx.station.alarms
    names = [row.tag for row in sorted(ctx.open_alarms.rows(), key=lambda r: -r.priority) if row.tag_id is not None]
    names += [info.name for info in tags.all() if not info.name.startswith("$") and alarms.definitions_of(info.id)]
    known = (tags.by_name(name) for name in dict.fromkeys(names))
    wanted = [info.name for info in known if info is not None and info.kind == TagKind.ANALOG]
    return [[name] for name in wanted[:most]]
