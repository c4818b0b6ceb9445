"""The window: banner above, rail at the left, workspaces in the middle, context at the right, status below.

It owns no facts and no rules. It builds panels when they are first looked at, carries their signals to each other,
applies the station's preferences, and keeps banner and alarms in sight whatever else happens.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QMainWindow, QStackedWidget, QWidget

from app.bridge import Bridge
from app.jobs import Jobs
from app.paths import resource_path
from app.ports import Station
from models.alarms import AlarmRow
from models.people import Actor
from ui.access.attendance import Attendance
from ui.access.idle import IdleWatch
from ui.access.login import LoginView
from ui.alarms.banner import AlarmBanner
from ui.alarms.detail import AlarmDetail
from ui.alarms.find import alarm_items
from ui.alarms.panel import AlarmPanel
from ui.alarms.sound import AlarmSound, Player, QtPlayer
from ui.i18n import messages, t
from ui.theme import COMPACT_BELOW, theme
from ui.widgets.context import ContextColumn
from ui.widgets.controls import role_label
from ui.widgets.layouts import layout_menu
from ui.widgets.makers import PanelMaker
from ui.widgets.news import EngineNews
from ui.widgets.palette import CommandPalette, PaletteItem, tag_items
from ui.widgets.panel import Exporter, Panel, PanelContext, ReasonRequest
from ui.widgets.places import PANELS, PLACES, PanelFactory, share_monitoring
from ui.widgets.rail import Rail
from ui.widgets.sheet import ReasonSheet, Sheet
from ui.widgets.status import StatusBar
from ui.widgets.tag_detail import TagDetail
from ui.widgets.toasts import ToastArea
from ui.widgets.workspace import Workspace

if TYPE_CHECKING:
    from ui.risk.why import ZoneWhy


class MainWindow(QMainWindow):
    """The station's window. ``jobs`` runs slow questions; ``panels`` replaces or adds panel factories by name.

    The window never closes the station, the bridge or the jobs: whoever made them does.
    """

    def __init__(
        self,
        station: Station,
        bridge: Bridge,
        actor: Actor | None,
        settings: QSettings,
        *,
        jobs: Jobs,
        exporter: Exporter | None = None,
        player: Player | None = None,
        panels: dict[str, PanelFactory] | None = None,
    ) -> None:
        super().__init__()
        self.ctx = PanelContext(station, bridge, jobs, settings, actor, exporter, self)
        self.preferences = self.ctx.preferences
        messages().switch(self.preferences.language)
        theme().switch(self.preferences.theme, touch=self.preferences.touch)
        self.makers = PanelMaker(self.ctx, {**PANELS, **(panels or {})})
        self._pages: dict[str, QWidget] = {}
        self._layout_names: dict[str, str] = {}
        self._arranged: set[str] = set()  # workspaces whose sizes are the person's own
        self._compact: bool | None = None
        self.sound = AlarmSound(self.ctx.open_alarms, station, player or QtPlayer(self), self)
        self._build()
        self._connect()
        self._shortcuts()
        self.retranslate()
        self.go("monitoring")
        self._actor_changed(actor)
        self.resize(1920, 1080)
        self.setFocus()

    # -- building

    def _build(self) -> None:
        ctx = self.ctx
        body = QWidget()
        body.setObjectName("body")
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        self.logo: QLabel = role_label("heading")
        self.logo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.logo.setObjectName("banner")
        self.logo.setFixedWidth(theme().sizes.rail)
        self.banner = AlarmBanner(ctx, self.sound)
        self.rail = Rail([place.item for place in PLACES])
        self.stack = QStackedWidget()
        self.context = ContextColumn()
        self.status = StatusBar(ctx)
        grid.addWidget(self.logo, 0, 0)
        grid.addWidget(self.banner, 0, 1, 1, 2)
        grid.addWidget(self.rail, 1, 0)
        grid.addWidget(self.stack, 1, 1)
        grid.addWidget(self.context, 1, 2)
        grid.addWidget(self.status, 2, 0, 1, 3)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(1, 1)
        self.setCentralWidget(body)
        self.login, self.alarm_detail, self.tag_detail = LoginView(ctx), AlarmDetail(ctx), TagDetail(ctx)
        self.context.add("login", self.login, "frame.login_title")
        self.context.add("alarm", self.alarm_detail, "alarms.context_title")
        self.context.add("tag", self.tag_detail, "frame.tag_title")
        self.attendance = Attendance(ctx, self.context, self.login, self)
        self.lock, self.change_operator = self.attendance.lock, self.attendance.change
        self.toasts = ToastArea(body)
        self.palette_box = CommandPalette(body, theme().sizes.banner)
        self.idle = IdleWatch(self)

    def _connect(self) -> None:
        ctx, bridge = self.ctx, self.ctx.bridge
        ctx.select_alarm.connect(self.show_alarm)
        ctx.select_tag.connect(self.show_tag)
        ctx.select_zone.connect(self.show_zone)
        ctx.show_on_plot.connect(lambda _tag, _t: self.go("monitoring"))
        ctx.toast.connect(self.toasts.show_text)
        ctx.ask.connect(self._ask)
        ctx.open_sheet.connect(self._open_sheet)
        ctx.go.connect(self.go)
        ctx.actor_changed.connect(self._actor_changed)
        self.rail.chosen.connect(self.go)
        self.banner.asked.connect(self._banner_asked)
        self.status.theme_toggled.connect(self.toggle_theme)
        self.status.language_toggled.connect(self.toggle_language)
        self.status.user_asked.connect(lambda: self.attendance.menu(self.status.user))
        self.status.change_asked.connect(self.change_operator)
        self.status.layouts_asked.connect(self._layouts)
        self.idle.idle.connect(lambda: self.lock("frame.locked_idle"))
        self.preferences.changed.connect(self._prefer)
        messages().changed.connect(self.retranslate)
        theme().changed.connect(self._on_theme)
        bridge.dead_letters.connect(lambda event: self.rail.set_count("dead_letters", event.open_count))
        self.news = EngineNews(ctx, self)

    def _shortcuts(self) -> None:
        keys: list[tuple[str, Callable[[], object]]] = [
            ("F1", self.help),
            ("F2", self.banner.acknowledge),
            ("F3", self.banner.silence),
            ("Ctrl+K", self.open_palette),
            ("Ctrl+L", self.lock),
            ("Ctrl+Shift+U", self.change_operator),
        ]
        for key, run in keys:
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.setAutoRepeat(False)  # a key held down orders once
            shortcut.activated.connect(lambda r=run: r())
        for number, place in enumerate(PLACES, start=1):
            shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
            shortcut.activated.connect(lambda k=place.item.key: self.go(k))

    def panel(self, name: str) -> Panel | None:
        """The first panel made under a name, if its place has been built; one that was put off is built now."""
        return self.makers.panel(name)

    # -- going about

    def go(self, key: str) -> None:
        """Bring a workspace to the front; it is built when it is first wanted."""
        place = next((place for place in PLACES if place.item.key == key), None)
        if place is None:
            return
        if key not in self._pages:
            page = place.build(self.makers)
            self._pages[key] = page
            self.stack.addWidget(page)
            if isinstance(page, Workspace):
                page.remember_factory()
                if page.restore("_last"):
                    self._arranged.add(key)
                page.set_locked(self.preferences.kiosk)
                page.floated.connect(self._floated)
        self.stack.setCurrentWidget(self._pages[key])
        self.rail.select(key)
        self._show_layout()

    @property
    def place(self) -> str:
        """Key of the workspace in front."""
        return next((key for key, page in self._pages.items() if page is self.stack.currentWidget()), "")

    def show_alarm(self, row: AlarmRow | None) -> None:
        """Show an alarm in the context column (not while the login is there)."""
        if row is not None and self.ctx.actor is not None:
            self.alarm_detail.show_row(row)
            self.context.show_view("alarm")

    def show_tag(self, tag_id: int) -> None:
        """Show a tag; its worst unacknowledged alarm goes first, as that is what matters."""
        tag = self.ctx.station.tags.by_id(tag_id)
        waiting = [row for row in self.ctx.open_alarms.of_tag(tag_id) if row.unacknowledged]
        if waiting:
            self.show_alarm(waiting[0])
        elif tag is not None and self.ctx.actor is not None:
            self.tag_detail.show_tag(tag)
            self.context.show_view("tag")

    def show_zone(self, place: str) -> None:
        """Say in the context column why a risk zone has its colour."""
        if self.ctx.actor is not None:
            self.zone_why.show_zone(place)
            self.context.show_view("zone")

    @cached_property
    def zone_why(self) -> ZoneWhy:
        """Why a zone has its colour; built when the first zone is chosen."""
        from ui.risk import why

        view = why.ZoneWhy(self.ctx)
        self.context.add("zone", view, "risk.zone_title")
        return view

    def _banner_asked(self, row: AlarmRow) -> None:
        self.show_alarm(row)
        for panel in self.makers.made.get("alarms.list", []):
            if isinstance(panel, AlarmPanel):
                panel.select_row(row)

    def _ask(self, request: ReasonRequest) -> None:
        self._open_sheet(ReasonSheet(request))

    def _open_sheet(self, sheet: Sheet) -> None:
        if self.ctx.actor is None:
            sheet.deleteLater()
            self.ctx.toast.emit(t("common.locked_no_order"), "warning")
            return
        self.context.open_sheet(sheet)

    # -- people

    def _actor_changed(self, actor: Actor | None) -> None:
        self.context.hold(actor is None)
        personal = {place.item.key for place in PLACES if place.item.personal}
        for key in personal:
            self.rail.buttons[key].setEnabled(actor is not None)
        if actor is None:
            self.idle.stop()
            self.context.close_sheet()
            self.context.show_view("login")
            if self.place in personal:
                self.go("monitoring")
            return
        self.idle.start(self.preferences.idle_minutes)
        worst = self.ctx.open_alarms.worst()
        if self.context.current in ("login", ""):
            self.context.clear()
            if worst is not None:
                self._banner_asked(worst)

    # -- preferences

    def toggle_theme(self) -> None:
        """Day to night and back."""
        self.preferences.put("theme", "day" if theme().name == "night" else "night")

    def toggle_language(self) -> None:
        """Chinese to English and back."""
        self.preferences.put("language", "en" if messages().language == "zh" else "zh")

    def _prefer(self, key: str) -> None:
        p = self.preferences
        match key:
            case "language":
                messages().switch(p.language)
            case "theme" | "touch":
                theme().switch(p.theme, touch=p.touch)
            case "blink":
                self.banner.set_blink(p.blink)
            case "kiosk":
                for page in self._pages.values():
                    if isinstance(page, Workspace):
                        page.set_locked(p.kiosk)
                self._show_layout()
            case "idle_minutes" if self.ctx.actor is not None:
                self.idle.start(p.idle_minutes)

    def _on_theme(self) -> None:
        self.palette_box.hide()
        self.logo.setFixedHeight(theme().sizes.banner)

    def _layouts(self) -> None:
        page = self.stack.currentWidget()
        workspace = page if isinstance(page, Workspace) else None

        def used(name: str) -> None:
            self._layout_names[self.place] = name
            self._show_layout()

        menu = layout_menu(self, self.ctx, workspace, self.preferences, used)
        menu.popup(self.status.layout_button.mapToGlobal(self.status.layout_button.rect().topLeft()))

    def _show_layout(self) -> None:
        place = next((p for p in PLACES if p.item.key == self.place), None)
        if place is not None:
            name = self._layout_names.get(self.place) or t(place.item.title)
            self.status.show_layout(name, self.preferences.kiosk)

    # -- keyboard

    def help(self) -> None:
        """Open the manual at the page of the present workspace, or of the login while nobody is there."""
        folder = resource_path("docs", "manual", messages().language)
        page = self.place if self.ctx.actor is not None else "login"
        for name in (f"{page}.html", "index.html", f"{page}.md", "index.md"):
            if (folder / name).is_file():
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder / name)))
                return
        self.ctx.toast.emit(t("frame.no_manual"), "info")

    def open_palette(self) -> None:
        """Ctrl+K."""
        self.palette_box.open(self.palette_items())

    def palette_items(self) -> list[PaletteItem]:
        """Everything that can be found: alarms, tags, panels, commands."""
        items = alarm_items(self.ctx, self._banner_asked)
        for place in PLACES:
            run = partial(self.go, place.item.key)
            items.append(PaletteItem(t(place.item.title), "", "frame.kind.panel", place.item.icon, run))
        commands: list[tuple[str, str, Callable[[], object]]] = [
            ("acknowledge", "check", self.banner.acknowledge),
            ("silence", "mute", self.banner.silence),
            ("theme", "moon", self.toggle_theme),
            ("language", "globe", self.toggle_language),
            ("lock", "lock", self.lock),
            ("change", "swap", self.change_operator),
            ("account", "user", self.attendance.account),
            ("help", "help", self.help),
            ("context", "panel", self.context.show),
        ]
        items += [
            PaletteItem(t(f"frame.command.{k}"), "", "frame.kind.command", icon, run) for k, icon, run in commands
        ]
        return items + tag_items(self.ctx)

    # -- Qt

    def retranslate(self) -> None:
        """Words in the present language."""
        station = self.ctx.station
        parts = (t("common.app_full"), station.site, station.name, t("frame.demo") if station.demo else "")
        self.setWindowTitle(" · ".join(part for part in parts if part))
        self.logo.setText(t("common.app"))
        self.rail.retranslate()
        self._show_layout()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact = self.width() < COMPACT_BELOW
        if compact != self._compact:
            self._compact = compact
            self.context.set_compact(compact)
            self.banner.set_compact(compact)
            QTimer.singleShot(0, self, self._share)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        handle = self.windowHandle()
        if handle is not None:
            self.idle.watch(handle)
        QTimer.singleShot(0, self, self._share)

    def _floated(self, dock: QWidget) -> None:
        handle = dock.windowHandle()
        if handle is not None:
            self.idle.watch(handle)

    def _share(self) -> None:
        page = self._pages.get("monitoring")
        own = "monitoring" in self._arranged or self._layout_names.get("monitoring")
        if isinstance(page, Workspace) and not own:
            share_monitoring(page, compact=bool(self._compact))

    def closeEvent(self, event: QCloseEvent) -> None:
        for page in self._pages.values():
            if isinstance(page, Workspace):
                page.save("_last")
                for dock in page.docks.values():
                    if dock.isFloating():
                        dock.hide()
        self.attendance.end()
        super().closeEvent(event)
