"""Who was at this station lately: large buttons, so that the next person is chosen with one touch, gloves on."""

from __future__ import annotations

import json
from collections.abc import Callable

from PySide6.QtCore import QSettings, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QMenu, QVBoxLayout, QWidget

from models.people import Actor
from ui.i18n import t
from ui.theme import theme
from ui.widgets.controls import Button, role_label

KEPT = 8
SHOWN = 6
TILE = 52  # px high; a gloved finger needs 44 and more
_SETTING = "access/recent"


def recent_people(settings: QSettings) -> list[tuple[str, str]]:
    """Login and name of those who logged in at this station last, newest first."""
    try:
        stored = json.loads(str(settings.value(_SETTING, "[]")))
        return [(str(login), str(name)) for login, name in stored]
    except (ValueError, TypeError):  # written by another version
        return []


def remember(settings: QSettings, actor: Actor) -> None:
    """Put somebody first."""
    others = [entry for entry in recent_people(settings) if entry[0] != actor.login]
    settings.setValue(_SETTING, json.dumps([[actor.login, actor.name], *others][:KEPT]))


def forget(settings: QSettings, login: str) -> None:
    """Take somebody off the list."""
    settings.setValue(_SETTING, json.dumps([entry for entry in recent_people(settings) if entry[0] != login]))


class PersonTile(Button):
    """One person: the name over the login; what is too long is shortened, never cut. ``forgotten`` by its menu."""

    forgotten = Signal(str)

    def __init__(self, login: str, name: str) -> None:
        super().__init__()
        self.login, self.name = login, name
        self.setProperty("kind", "person")
        self.setCheckable(True)
        self.setAccessibleName(f"{name} ({login})")
        self.setToolTip(self.accessibleName())
        self.setMinimumHeight(TILE)

    def sizeHint(self) -> QSize:
        return QSize(96, TILE)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, TILE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        metrics = QFontMetrics(theme().font(13, bold=True))
        lines = (metrics.elidedText(x, Qt.TextElideMode.ElideRight, self.width() - 26) for x in (self.name, self.login))
        self.setText("\n".join(lines))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(t("login.forget", name=self.name), lambda: self.forgotten.emit(self.login))
        menu.popup(event.globalPos())


class RecentPeople(QWidget):
    """Tiles in two columns. ``chosen(login)`` at a touch; hidden while nobody was here."""

    chosen = Signal(str)
    changed = Signal()

    def __init__(self, settings: QSettings, free: Callable[[], bool]) -> None:
        """``free`` says whether a choice may be made now (not while a password is checked)."""
        super().__init__()
        self._settings, self._free = settings, free
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(6)
        self.title = role_label("dim")
        column.addWidget(self.title)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self._group = QButtonGroup(self)
        self.tiles: list[PersonTile] = []
        self.load()

    def load(self) -> None:
        """Read the list again."""
        for tile in self.tiles:
            self._group.removeButton(tile)
            tile.hide()
            tile.deleteLater()
        self.tiles = [PersonTile(login, name) for login, name in recent_people(self._settings)[:SHOWN]]
        for at, tile in enumerate(self.tiles):
            self._group.addButton(tile)
            self._grid.addWidget(tile, at // 2, at % 2)
            tile.clicked.connect(lambda _on=False, login=tile.login: self._clicked(login))
            tile.forgotten.connect(self._forget)
        self.setVisible(bool(self.tiles))

    def mark(self, login: str) -> None:
        """Show whose password is being asked for; '' or a stranger: nobody's."""
        self._group.setExclusive(False)
        for tile in self.tiles:
            tile.setChecked(tile.login == login)
        self._group.setExclusive(True)

    def _clicked(self, login: str) -> None:
        if self._free():
            self.chosen.emit(login)

    def _forget(self, login: str) -> None:
        forget(self._settings, login)
        self.load()
        self.changed.emit()

    def retranslate(self) -> None:
        """Words in the present language."""
        self.title.setText(t("login.recent"))
