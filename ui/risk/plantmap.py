"""The map that panels get: the web page where it can run, the built-in map where it cannot, with the same state.

The web engine ends the whole program when it cannot start on a machine, so what is known to end it is asked first, and
a start that never came to an end is remembered: the next one takes the built-in map and says why.
"""

from __future__ import annotations

import os

import structlog
from PySide6.QtCore import QCoreApplication, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import messages, t
from ui.risk.mapstate import Change, MapState
from ui.risk.mapview import MapView
from ui.risk.nativemap import NativeMap
from ui.widgets.controls import button, plain_label

log = structlog.get_logger(__name__)

CHOICE = "ANKAN_MAP"  # environment: 'web' or 'native'
STARTING = "map/web_starting"


def make_map(parent: QWidget | None = None, settings: QSettings | None = None, choice: str = "") -> PlantMap:
    """A map; ``choice`` 'web' or 'native' instead of the environment's ANKAN_MAP; '' = web where it can run.

    ``settings`` remember a start of the web engine that ended the program.
    """
    return PlantMap(parent, settings, choice or os.environ.get(CHOICE, ""))


def why_no_web(settings: QSettings | None, choice: str) -> str:
    """Key of the reason why the web map is not to be tried here, '' when nothing speaks against it."""
    if choice == "native":
        return "chosen"
    if not QCoreApplication.testAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts):
        return "sharing"
    if hasattr(os, "geteuid") and os.geteuid() == 0 and os.environ.get("QTWEBENGINE_DISABLE_SANDBOX") != "1":
        return "sandbox"
    if QGuiApplication.platformName() in ("offscreen", "minimal", "vnc", "linuxfb") and choice != "web":
        return "platform"
    if settings is not None and settings.value(STARTING, False, type=bool):
        settings.remove(STARTING)
        settings.sync()
        return "crashed"
    return ""


class PlantMap(MapView):
    """See :class:`MapView`; ``inner`` is the map that draws at present."""

    def __init__(self, parent: QWidget | None, settings: QSettings | None, choice: str) -> None:
        super().__init__(parent, MapState())
        self._settings = settings
        self._why: tuple[str, str] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.notice = Notice(self)
        self._column.addWidget(self.notice)
        reason = why_no_web(settings, choice)
        self.inner: MapView = self._try_web() if not reason else NativeMap(self, self.state)
        self._take(self.inner)
        if reason and reason not in ("chosen", "platform"):
            self._explain("map.fallback", reason)
        self.follow()
        messages().changed.connect(self._say)

    @property
    def kind(self) -> str:
        """'web' or 'native'."""
        return "native" if isinstance(self.inner, NativeMap) else "web"

    def _try_web(self) -> MapView:
        self._mark(starting=True)
        try:
            from ui.risk.webmap import WebMap
        except ImportError as error:
            log.warning("web_map_missing", error=str(error))
            self._mark(starting=False)
            self._explain("map.fallback", "missing")
            return NativeMap(self, self.state)
        made = WebMap(self, self.state)
        made.failed.connect(self._fall_back)
        made.ready.connect(lambda: self._mark(starting=False))
        return made

    def _mark(self, *, starting: bool) -> None:
        if self._settings is None:
            return
        if starting:
            self._settings.setValue(STARTING, True)
        else:
            self._settings.remove(STARTING)
        self._settings.sync()

    def _take(self, inner: MapView) -> None:
        for name in (
            "ready",
            "zone_clicked",
            "marker_clicked",
            "background_clicked",
            "hovered",
            "drawn",
            "cancelled",
            "edited",
            "moved",
            "settled",
        ):
            getattr(inner, name).connect(getattr(self, name))
        inner.trouble.connect(self._hear_trouble)
        self.setFocusProxy(inner)
        self._column.addWidget(inner, 1)

    def _fall_back(self, reason: str) -> None:
        """The web map gave up: the built-in one goes on with the same state."""
        self._mark(starting=False)
        log.warning("web_map_given_up", reason=reason)
        old = self.inner
        self._column.removeWidget(old)
        old.hide()
        old.deleteLater()
        self.inner = NativeMap(self, self.state)
        self._take(self.inner)
        self.inner.apply(Change("tool"), self._serial)
        self.inner.show()
        if reason == "lost_too_often":
            self._explain("map.lost_too_often", "")
        else:
            self._explain("map.fallback", reason)

    def _hear_trouble(self, key: str) -> None:
        self._explain(key, "")

    def _explain(self, key: str, reason: str) -> None:
        self._why = (key, reason)
        self._say()
        self.trouble.emit(self.notice.text())

    def _say(self) -> None:
        if self._why is None:
            return
        key, reason = self._why
        self.notice.say(t(key, reason=t(f"map.reason.{reason}")) if reason else t(key))

    def apply(self, change: Change, serial: int) -> None:
        self.inner.apply(change, serial)


class Notice(QWidget):
    """One line above the map that says what became of it, until the person has read it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        self._text = plain_label(wrap=True)
        self._close = button()
        self._close.clicked.connect(self.hide)
        row.addWidget(self._text, 1)
        row.addWidget(self._close)
        self.hide()

    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def say(self, text: str) -> None:
        """Show a sentence; it stays away when the person closed this very one."""
        self._close.setText(t("map.dismiss"))
        if self.isHidden() and text == self._text.text():
            return
        self._text.setText(text)
        self.show()
