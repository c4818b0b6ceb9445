"""A workspace: panels in docks, with named layouts that are saved, restored and locked; or one panel on a page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QSettings, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QVBoxLayout, QWidget

from ui.i18n import messages, t
from ui.widgets.controls import icon_button, name_control
from ui.widgets.icons import set_icon
from ui.widgets.panel import Panel

FREE = (
    QDockWidget.DockWidgetFeature.DockWidgetMovable
    | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    | QDockWidget.DockWidgetFeature.DockWidgetClosable
)
LAYOUT_VERSION = 1


class Page(QWidget):
    """One panel under its own header."""

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panel = panel
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        panel.header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column.addWidget(panel.header)
        column.addWidget(panel, 1)


class Dock(QDockWidget):
    """A dock whose title bar is the panel's own header, with a button to float to another screen and back."""

    def __init__(self, name: str, panel: Panel, parent: QWidget) -> None:
        super().__init__(parent)
        self.panel = panel
        self.setObjectName(name)
        self.setWidget(panel)
        panel.header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.float_button = icon_button("float")
        self.float_button.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        panel.header.right.addWidget(self.float_button)
        self.setTitleBarWidget(panel.header)
        self.setFeatures(FREE)
        self.topLevelChanged.connect(lambda _floating: self.retranslate())
        messages().changed.connect(self.retranslate)
        self.retranslate()

    def take(self, panel: Panel) -> None:
        """Another panel takes the place of the present one, under its own header."""
        old, self.panel = self.panel, panel
        self.setWidget(panel)
        panel.header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        panel.header.right.addWidget(self.float_button)
        self.setTitleBarWidget(panel.header)
        panel.header.show()
        old.header.deleteLater()
        old.deleteLater()
        self.retranslate()

    def set_locked(self, locked: bool) -> None:
        """Fix it in its place."""
        self.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures if locked else FREE)
        self.float_button.setVisible(not locked)

    def retranslate(self) -> None:
        """Words in the present language; the window title serves floating docks and tabs."""
        self.setWindowTitle(t(self.panel.title_key))
        set_icon(self.float_button, "panel" if self.isFloating() else "float")
        name_control(self.float_button, t("common.dock" if self.isFloating() else "common.float"))


class Workspace(QMainWindow):
    """Docks around no centre. ``place`` puts panels; layouts are kept under ``layouts/<key>/<name>`` in the settings.

    floated(dock)  a dock became a window of its own
    """

    floated = Signal(object)

    def __init__(self, key: str, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.key = key
        self._settings = settings
        self.docks: dict[str, Dock] = {}
        self.locked = False
        self._factory = QByteArray()
        self.setDockNestingEnabled(True)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.setObjectName(f"workspace-{key}")

    def place(self, name: str, panel: Panel, area: Qt.DockWidgetArea) -> Dock:
        """Add a panel as a dock."""
        dock = Dock(name, panel, self)
        self.addDockWidget(area, dock)
        self.docks[name] = dock
        dock.topLevelChanged.connect(lambda floating: self.floated.emit(dock) if floating else None)
        return dock

    def raise_panel(self, name: str) -> None:
        """Show a dock and bring its tab to the front."""
        dock = self.docks[name]
        dock.show()
        dock.raise_()

    def set_locked(self, locked: bool) -> None:
        """Lock all docks (kiosk)."""
        self.locked = locked
        for dock in self.docks.values():
            dock.set_locked(locked)

    def shares(self, docks: Sequence[tuple[str, int]], orientation: Qt.Orientation) -> None:
        """Divide the room among docks that lie side by side."""
        present = [(self.docks[name], share) for name, share in docks if name in self.docks]
        self.resizeDocks([dock for dock, _ in present], [share for _, share in present], orientation)

    # -- layouts

    def remember_factory(self) -> None:
        """Keep the present arrangement as the one to return to."""
        self._factory = self.saveState(LAYOUT_VERSION)

    def names(self) -> list[str]:
        """Names of the saved layouts."""
        self._settings.beginGroup(f"layouts/{self.key}")
        names = [name for name in self._settings.childKeys() if not name.startswith("_")]
        self._settings.endGroup()
        return sorted(names)

    def save(self, name: str) -> None:
        """Save the arrangement under a name ('_last' is what the next start restores)."""
        self._settings.setValue(f"layouts/{self.key}/{name}", self.saveState(LAYOUT_VERSION))

    def restore(self, name: str) -> bool:
        """Restore a saved arrangement; False if there is none of that name or it belongs to another version."""
        state = self._settings.value(f"layouts/{self.key}/{name}")
        return isinstance(state, QByteArray) and self._apply(state)

    def delete(self, name: str) -> None:
        """Forget a saved arrangement."""
        self._settings.remove(f"layouts/{self.key}/{name}")

    def restore_factory(self) -> None:
        """Back to how it was delivered."""
        self._apply(self._factory)

    def _apply(self, state: QByteArray) -> bool:
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        before = self.findChildren(QTabBar, options=direct)
        done = self.restoreState(state, LAYOUT_VERSION)
        if done:
            for bar in before:  # restoreState makes every group's bar anew and leaves the old ones standing about
                bar.hide()
        self.set_locked(self.locked)
        return done
