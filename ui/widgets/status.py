"""The status bar: links, store, engine, people and the two switches for language and theme."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from models.events import DeadLettersChanged, EngineCrashed, EngineStats, LinkChanged, LinkState, StoreFailed
from ui.i18n import clock_text, count_text, messages, roles_text, t
from ui.theme import theme
from ui.widgets.controls import button, hairline, name_control, plain_label, set_role
from ui.widgets.icons import set_icon
from ui.widgets.panel import PanelContext
from ui.widgets.pill import Pill


class StatusBar(QWidget):
    """What the house says about itself. Clicks on the refused count open the dead letters.

    theme_toggled · language_toggled · user_asked · change_asked · layouts_asked
    """

    theme_toggled = Signal()
    language_toggled = Signal()
    user_asked = Signal()
    change_asked = Signal()
    layouts_asked = Signal()

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._links = {link.broker: link for link in ctx.station.links()}
        self._spooled = 0
        self._refused: int | None = None
        self._stats = ctx.station.stats()
        self._restarted = ""
        self._layout_name = ""
        self._build()
        bridge = ctx.bridge
        bridge.link.connect(self._link)
        bridge.stats.connect(self._take_stats)
        bridge.store_failed.connect(self._store_failed)
        bridge.store_recovered.connect(lambda _event: self._store_back())
        bridge.dead_letters.connect(self._letters)
        bridge.crashed.connect(self._crashed)
        ctx.actor_changed.connect(self.retranslate)
        theme().changed.connect(self._on_theme)
        messages().changed.connect(self.retranslate)
        self._on_theme()
        self.retranslate()
        ctx.work(self, lambda: sum(ctx.station.dead_letters.counts().values()), self._count_letters)

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(8)
        self.broker, self.store = Pill(), Pill()
        self.lag, self.rate = plain_label(), plain_label()
        self.refused = button(kind="status")
        self.refused.clicked.connect(lambda: self.ctx.go.emit("dead_letters"))
        self.crash = plain_label()
        for widget in (self.broker, self.store, self.lag, self.rate, self.refused):
            row.addWidget(widget)
            row.addWidget(self._line())
        row.addWidget(self.crash)
        row.addStretch(1)
        self.user = button("user", "status")
        self.user.clicked.connect(self.user_asked)
        self.change = button("swap", "status")
        self.change.clicked.connect(self.change_asked)
        self.layout_button = button(kind="status")
        self.layout_button.clicked.connect(self.layouts_asked)
        self.language = button("globe", "status")
        self.language.clicked.connect(self.language_toggled)
        self.theme_button = button("moon", "status")
        self.theme_button.clicked.connect(self.theme_toggled)
        for widget in (self.user, self.change, self.layout_button, self.language, self.theme_button):
            if widget is not self.change:  # belongs to the one before
                row.addWidget(self._line())
            row.addWidget(widget)

    @staticmethod
    def _line() -> QWidget:
        line = hairline(vertical=True)
        line.setFixedHeight(14)
        return line

    def show_layout(self, name: str, locked: bool) -> None:
        """Name of the layout in use, and whether it is locked."""
        self._layout_name = name
        text = t("frame.layout", name=name)
        self.layout_button.setText(f"{text} · {t('frame.locked')}" if locked else text)
        name_control(self.layout_button, t("frame.layouts"))

    # -- facts

    def _link(self, link: LinkChanged) -> None:
        self._links[link.broker] = link
        self._show_links()

    def _show_links(self) -> None:
        down = [link for link in self._links.values() if link.state is not LinkState.UP]
        tip = "\n".join(
            f"{link.broker}: {t(f'frame.link.{link.state}')} {clock_text(link.since_us)} {link.detail}".strip()
            for link in self._links.values()
        )
        if not self._links:
            self.broker.show_state(None, t("frame.broker_none"), tip)
        elif not down:
            self.broker.show_state(True, t("frame.broker_up"), tip)
        else:
            worst = min(down, key=lambda link: link.since_us)
            words = t(f"frame.link.{worst.state}")
            text = t("frame.broker_down", broker=worst.broker, state=words, time=clock_text(worst.since_us))
            self.broker.show_state(False, text, tip)

    def _store_failed(self, event: StoreFailed) -> None:
        self._spooled = event.spooled
        self.store.show_state(False, t("frame.store_down", n=count_text(event.spooled)), event.detail)

    def _store_back(self) -> None:
        self._spooled = 0
        self._show_store()

    def _show_store(self) -> None:
        if self._spooled or not self.ctx.station.store_ok():
            self.store.show_state(False, t("frame.store_down", n=count_text(self._spooled)))
        else:
            self.store.show_state(True, t("frame.store_ok"))

    def _take_stats(self, stats: EngineStats) -> None:
        self._stats = stats
        self._show_stats()

    def _show_stats(self) -> None:
        stats = self._stats
        lag = "—" if stats is None else count_text(stats.lag_ms)
        rate = "—" if stats is None else count_text(stats.messages_per_s)
        self.lag.setText(t("frame.lag", n=lag))
        self.rate.setText(t("frame.rate", n=rate))
        if stats is not None:
            self.lag.setToolTip(t("frame.lag_tip", queue=stats.queue_depth, commit=count_text(stats.commit_ms)))
            self.rate.setToolTip(t("frame.rate_tip", readings=count_text(stats.readings_per_s)))

    def _letters(self, event: DeadLettersChanged) -> None:
        self._count_letters(event.open_count)

    def _count_letters(self, count: int) -> None:
        self._refused = count
        self.refused.setText(t("frame.refused", n=count_text(count)))
        name_control(self.refused, t("frame.refused_tip"))

    def _crashed(self, event: EngineCrashed) -> None:
        self._restarted = clock_text(event.t_us)
        self.crash.setToolTip(f"{event.detail}\n{event.report}")
        self._show_crash()

    def _show_crash(self) -> None:
        self.crash.setVisible(bool(self._restarted))
        if self._restarted:
            set_role(self.crash, "inverse")
            self.crash.setText(t("frame.restarted", time=self._restarted))

    # -- words and looks

    def _on_theme(self) -> None:
        self.setFixedHeight(theme().sizes.status)
        set_icon(self.theme_button, "sun" if theme().name == "night" else "moon")
        self._name_theme()

    def _name_theme(self) -> None:
        key = "frame.to_day" if theme().name == "night" else "frame.to_night"
        name_control(self.theme_button, t(key))

    def retranslate(self) -> None:
        """Words in the present language."""
        self._show_links()
        self._show_store()
        self._show_stats()
        self._count_letters(self._refused or 0)
        self._show_crash()
        actor = self.ctx.actor
        roles = roles_text(actor.roles) if actor is not None else ""
        self.user.setText(f"{actor.name} ({roles})" if actor is not None else t("frame.logged_out"))
        name_control(self.user, t("login.user_tip") if actor is not None else t("login.enter_tip"))
        self.change.setText(t("login.change"))
        self.change.setToolTip(f"{t('login.change')} (Ctrl+Shift+U)")
        self.change.setVisible(actor is not None)
        self.language.setText("English" if messages().language == "zh" else "中文")
        name_control(self.language, t("frame.language"))
        self._name_theme()
