"""The map as a Leaflet page in Qt's web engine, told everything over a web channel and never loaded anew for a change.

The only module that touches the web engine; import it late and through ui.risk.plantmap alone. The page has a scheme of
its own, whose files are read from this program; every other request is refused and counted. When the page's process
dies, a new one gets the whole state again.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from functools import cache

import structlog
from PySide6.QtCore import QBuffer, QByteArray, QFile, QIODevice, QObject, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QCloseEvent, QContextMenuEvent
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.paths import resource_path
from ui.risk.foliumpage import page
from ui.risk.mapstate import LOOKING, Change, Eye, MapState
from ui.risk.mapview import MapView
from ui.risk.wire import wire
from ui.theme import theme

log = structlog.get_logger(__name__)

SCHEME = b"ankan-map"
HOME = "ankan-map://map/"
RETURN_AFTER_MS = 300
DEATHS, IN_S = 3, 60.0
READY_MS = 15_000
TYPES = {".js": b"text/javascript", ".css": b"text/css", ".ttf": b"font/ttf", ".html": b"text/html;charset=utf-8"}
FOLDERS = {"leaflet": ("web", "leaflet"), "map": ("web", "map"), "map/font": ("fonts",)}


def _register_scheme() -> None:
    if QWebEngineUrlScheme.schemeByName(SCHEME).name() == SCHEME:
        return
    scheme = QWebEngineUrlScheme(SCHEME)
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    flags = QWebEngineUrlScheme.Flag
    scheme.setFlags(flags.SecureScheme | flags.CorsEnabled | flags.ContentSecurityPolicyIgnored)
    QWebEngineUrlScheme.registerScheme(scheme)


_register_scheme()


class Gate(QWebEngineUrlRequestInterceptor):
    """Lets the program's own scheme through, refuses and counts all else."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.refused: list[str] = []

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        url = info.requestUrl()
        if url.scheme().encode() != SCHEME:
            self.refused.append(url.toString())
            info.block(True)
            log.warning("map_request_refused", url=url.toString())


class Shelf(QWebEngineUrlSchemeHandler):
    """Answers the page's requests from the program's resources and the plant's plan."""

    def __init__(self, parent: QObject, state: MapState) -> None:
        super().__init__(parent)
        self._state = state

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        found = self._find(job.requestUrl().path().lstrip("/"))
        if found is None:
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            return
        kind, data = found
        buffer = QBuffer(job)
        buffer.setData(QByteArray(data))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(QByteArray(kind), buffer)

    def _find(self, path: str) -> tuple[bytes, bytes] | None:
        if path == "index.html":
            return TYPES[".html"], page()
        if path == "qwebchannel.js":
            file = QFile(":/qtwebchannel/qwebchannel.js")
            file.open(QIODevice.OpenModeFlag.ReadOnly)
            return TYPES[".js"], bytes(file.readAll().data())
        picture = self._state.picture()
        if path.startswith("plan/"):
            return (picture.media_type.encode(), picture.data) if picture is not None else None
        folder, _, name = path.rpartition("/")
        parts = FOLDERS.get(folder)
        if parts is None:
            return None
        return _file(*parts, name)


@cache
def _file(*parts: str) -> tuple[bytes, bytes] | None:
    path = resource_path(*parts)
    kind = TYPES.get(path.suffix)
    return (kind, path.read_bytes()) if kind is not None and path.is_file() else None


class Page(QWebEnginePage):
    """The one page: goes nowhere else, opens nothing, and its complaints are logged."""

    def acceptNavigationRequest(
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        return QUrl(url).toString().startswith(HOME)

    def createWindow(self, kind: QWebEnginePage.WebWindowType) -> QWebEnginePage:
        return None  # type: ignore[return-value]  # Qt's way to say that no window opens

    def javaScriptConsoleMessage(
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, message: str, line: int, source: str
    ) -> None:
        if level != QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel:
            log.warning("map_page", message=message, line=line, source=source)


class Screen(QWebEngineView):
    """Without the browser's own menu."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()


class Wire(QObject):
    """The channel's object: ``told`` goes to the page, the slots come from it."""

    told = Signal(str)

    def __init__(self, owner: WebMap) -> None:
        super().__init__(owner)
        self._map = owner

    @Slot()
    def hello(self) -> None:
        self._map.greeted()

    @Slot(str)
    def zone(self, code: str) -> None:
        self._map.zone_clicked.emit(code)

    @Slot(str)
    def marker(self, ident: str) -> None:
        self._map.marker_clicked.emit(ident)

    @Slot(float, float)
    def background(self, x: float, y: float) -> None:
        self._map.background_clicked.emit(x, y)

    @Slot(str)
    def hover(self, target: str) -> None:
        self._map.hovered.emit(target)

    @Slot(str, str)
    def draw(self, kind: str, points: str) -> None:
        self._map.drawn.emit(kind, [(float(x), float(y)) for x, y in json.loads(points)])

    @Slot(str, str)
    def edit(self, code: str, points: str) -> None:
        polygon = [(float(x), float(y)) for x, y in json.loads(points)]
        self._map.state.reshape(code, tuple(polygon))
        self._map.edited.emit(code, polygon)

    @Slot(str, float, float)
    def move(self, ident: str, x: float, y: float) -> None:
        self._map.state.shift(ident, x, y)
        self._map.moved.emit(ident, x, y)

    @Slot()
    def cancel(self) -> None:
        self._map.state.take(LOOKING)
        self._map.cancelled.emit()

    @Slot(float, float, float, bool)
    def looked(self, x: float, y: float, scale: float, fitted: bool) -> None:
        self._map.state.eye = Eye(x, y, scale, fitted)

    @Slot(int)
    def settled(self, serial: int) -> None:
        self._map.drawn_up_to(serial)

    @Slot(str)
    def complain(self, message: str) -> None:
        log.error("map_page_failed", message=message)


class WebMap(MapView):
    """See :class:`MapView`. ``failed`` when the page won't come or died too often: then another map must stand in."""

    failed = Signal(str)  # key of the reason

    def __init__(self, parent: QWidget | None = None, state: MapState | None = None) -> None:
        super().__init__(parent, state)
        self._greeted = False
        self._alive = True
        self._first = True
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self.profile = QWebEngineProfile()  # off the record; must outlive the page
        self.gate = Gate(self.profile)
        self.profile.setUrlRequestInterceptor(self.gate)
        self._shelf = Shelf(self.profile, self.state)
        self.profile.installUrlSchemeHandler(QByteArray(SCHEME), self._shelf)
        self.page = Page(self.profile, self)
        self.page.destroyed.connect(self.profile.deleteLater)
        _tighten(self.page.settings())
        self.page.setBackgroundColor(theme().color("g2"))
        self.wire = Wire(self)
        self._channel = QWebChannel(self)
        self._channel.registerObject("bridge", self.wire)
        self.page.setWebChannel(self._channel, QWebEngineScript.ScriptWorldId.MainWorld)
        self.page.renderProcessTerminated.connect(self._died)
        self.view = Screen(self)
        self.view.setPage(self.page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.setFocusProxy(self.view)
        self._again = QTimer(self, singleShot=True, interval=RETURN_AFTER_MS)
        self._again.timeout.connect(self._load)
        self._late = QTimer(self, singleShot=True, interval=READY_MS)
        self._late.timeout.connect(lambda: self._fail("silent"))
        self._load()

    def _load(self) -> None:
        self._greeted = False
        self._late.start()
        self.page.load(QUrl(HOME + "index.html"))

    def apply(self, change: Change, serial: int) -> None:
        if change.what == "look":
            self.page.setBackgroundColor(theme().color("g2"))
        self._serial = max(self._serial, serial)
        if self._greeted:
            self._tell([change], serial)

    def _tell(self, changes: Sequence[Change], serial: int) -> None:
        self.wire.told.emit(wire(self.state, changes, serial))

    def greeted(self) -> None:
        """The page is there and knows nothing yet."""
        self._greeted = True
        eye = self.state.eye
        last = [Change("fit")] if eye is None or eye.fitted else [Change("eye")]
        self._tell([*self.state.everything(), *last], self._serial)

    def drawn_up_to(self, serial: int) -> None:
        """The page has drawn a change."""
        if self._late.isActive():
            self._late.stop()
            self.ready.emit()
            if not self._first:
                self.trouble.emit("map.returned")
            self._first = False
        self.settled.emit(serial)

    def _died(self, status: QWebEnginePage.RenderProcessTerminationStatus, code: int) -> None:
        if not self._alive or status == QWebEnginePage.RenderProcessTerminationStatus.NormalTerminationStatus:
            return
        log.warning("map_process_died", status=status.name, code=code)
        self._greeted = False
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == DEATHS and now - self._deaths[0] <= IN_S:
            self._fail("lost_too_often")
        else:
            self._again.start()

    def _fail(self, reason: str) -> None:
        self.end()
        self.failed.emit(reason)

    def end(self) -> None:
        """Stop; the page goes, and its profile after it."""
        if not self._alive:
            return
        self._alive = False
        self._again.stop()
        self._late.stop()
        self.view.setPage(None)  # type: ignore[arg-type]  # Qt: takes the page away
        self.page.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.end()
        super().closeEvent(event)


def _tighten(settings: QWebEngineSettings) -> None:
    attribute = QWebEngineSettings.WebAttribute
    for name in (
        attribute.LocalContentCanAccessRemoteUrls,
        attribute.LocalContentCanAccessFileUrls,
        attribute.PluginsEnabled,
        attribute.LocalStorageEnabled,
        attribute.JavascriptCanOpenWindows,
        attribute.JavascriptCanAccessClipboard,
        attribute.HyperlinkAuditingEnabled,
        attribute.DnsPrefetchEnabled,
        attribute.FullScreenSupportEnabled,
        attribute.WebGLEnabled,
        attribute.PdfViewerEnabled,
        attribute.NavigateOnDropEnabled,
    ):
        settings.setAttribute(name, False)
