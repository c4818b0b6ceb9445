"""The alarm list: what is open and what has been, in one table, with everything that can be done about it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from models.alarms import AlarmRow, AlarmState, Priority
from models.commands import AcknowledgeAlarms
from models.events import AlarmsResynchronised, LinkChanged, LinkState
from ui.alarms.actions import AlarmActions, can_acknowledge
from ui.alarms.delegate import AlarmDelegate
from ui.alarms.filters import FilterMenu, ViewChips
from ui.alarms.journal import JournalSheet
from ui.alarms.model import AlarmFilter, AlarmModel
from ui.i18n import clock_text, count_text, t
from ui.widgets.controls import SearchBox, button, hairline, name_control, plain_label, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.shapes import AlarmShape
from ui.widgets.table import DataTable

RESYNC_SHOWN_MS = 15_000
_LEGEND = (
    ("alarms.legend.unacknowledged", AlarmState.UNACK),
    ("alarms.legend.acknowledged", AlarmState.ACKED),
    ("alarms.legend.returned", AlarmState.RTNUN),
    ("alarms.legend.shelved", AlarmState.SHLVD),
)


class AlarmPanel(Panel):
    """List with chips, search, saved filters, actions, journal and jump to the plot."""

    title_key = "alarms.title"
    icon_name = "bell"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.acts = AlarmActions(ctx, self)
        self.model = AlarmModel(ctx)
        self.table: DataTable[AlarmRow] = DataTable(ctx, "alarms", self.model, "check")
        self.table.view.setItemDelegate(AlarmDelegate(ctx.station, self.table.view))
        self._asked = 0  # number of the latest history question: late answers to older ones are dropped
        self._build()
        self._connect()
        self.ready()
        self._reset(None)
        for link in ctx.station.links():
            self._link_changed(link)

    # -- building

    def _build(self) -> None:
        self.chips = ViewChips()
        self.header.left.addWidget(self.chips)
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.filters = FilterMenu(self.ctx, self)
        self.page_button = button("check")
        self.columns_button = button("columns", "flat")
        self.export_button = button("export", "flat")
        for widget in (self.search, self.filters.button, self.page_button, self.columns_button, self.export_button):
            self.header.right.addWidget(widget)
        self.band = QWidget()
        self.band.setObjectName("band")
        self.band.setFixedHeight(28)
        row = QHBoxLayout(self.band)
        row.setContentsMargins(12, 0, 12, 0)
        self.band_text = plain_label()
        row.addWidget(self.band_text, 1)
        self.band.hide()
        self._down: dict[str, LinkChanged] = {}
        self._resync_over = QTimer(self, singleShot=True, interval=RESYNC_SHOWN_MS)
        self.footer = role_label("dim")
        self.footer.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setFocusProxy(self.table.view)
        legend = QHBoxLayout()
        legend.setSpacing(6)
        self._legend = []
        for key, state in _LEGEND:
            shape = AlarmShape(13)
            shape.show_alarm(Priority.CRITICAL, state)
            label = role_label("dim")
            self._legend.append((key, label))
            legend.addWidget(shape)
            legend.addWidget(label)
            legend.addSpacing(6)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 4, 12, 4)
        foot.addWidget(self.footer, 1)
        foot.addLayout(legend)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.band)
        column.addWidget(self.table, 1)
        column.addWidget(hairline())
        column.addLayout(foot)

    def _connect(self) -> None:
        ctx = self.ctx
        ctx.open_alarms.changed.connect(self._take)
        ctx.open_alarms.reset.connect(self._reset)
        ctx.bridge.link.connect(self._link_changed)
        ctx.actor_changed.connect(self._enable)
        self._count_later = QTimer(self, singleShot=True, interval=100)
        self._count_later.timeout.connect(self._count)
        self._resync_over.timeout.connect(self._say_link)
        self.chips.chosen.connect(lambda view: self._change(view=view))
        self.search.searched.connect(lambda text: self._change(text=text))
        self.filters.changed.connect(self._filters_changed)
        self.filters.loaded.connect(self.use)
        self.page_button.clicked.connect(self._page_menu)
        self.columns_button.clicked.connect(
            lambda: self.table.choose_columns(self.columns_button.mapToGlobal(self.columns_button.rect().bottomLeft()))
        )
        self.export_button.clicked.connect(self.table.ask_export)
        self.table.picked.connect(self._picked)
        self.table.activated.connect(self._to_plot)
        self.table.context.connect(self._fill_menu)
        self.model.layoutChanged.connect(self._count_later.start)
        selected = QAction(self)
        selected.setShortcut(QKeySequence("Ctrl+Return"))
        selected.triggered.connect(lambda: self.acts.acknowledge(self.table.selected()))
        self.table.view.addAction(selected)

    # -- rows

    def use(self, chosen: AlarmFilter) -> None:
        """Show what this filter says."""
        self.chips.select(chosen.view)
        self.search.blockSignals(True)
        self.search.setText(chosen.text)
        self.search.blockSignals(False)
        self.filters.show_filter(chosen)
        self.model.use(chosen)
        self.model.replace(self.ctx.open_alarms.rows())
        self.model.set_pager(None)
        if chosen.view == "history":
            self._fetch(0)
        self._count()

    def _change(self, **fields: Any) -> None:
        f = self.model.filter
        whole = {"view": f.view, "text": f.text, "priorities": f.priorities, "areas": f.areas, "days": f.days}
        changed = AlarmFilter(**{**whole, **fields})
        if changed != f:
            self.use(changed)

    def _filters_changed(self, priorities: tuple[int, ...], areas: tuple[str, ...], days: int) -> None:
        self._change(priorities=priorities, areas=areas, days=days)

    def _fetch(self, offset: int) -> None:
        self._asked += 1
        number, query = self._asked, self.model.query(self.ctx.station.now_us(), offset)
        self.model.set_pager(None)
        if offset == 0:
            self.model.replace([])
            self.table.states.show_loading()

        def done(page: tuple[list[AlarmRow], int]) -> None:
            if number != self._asked or self.model.filter.view != "history":
                return
            rows, total = page
            self.model.upsert(rows)
            next_offset = offset + len(rows)
            more = (lambda _held: self._fetch(next_offset)) if rows and next_offset < total else None
            self.model.set_pager(more, total)
            self._count()

        def failed(error: BaseException) -> None:
            if number == self._asked:
                self.table.states.show_error(str(error), lambda: self._fetch(offset))

        self.ctx.work(self, lambda: self.ctx.station.alarms.query(query), done, failed)

    def _take(self, rows: list[AlarmRow], _sounding: list[int]) -> None:
        self.model.take(rows)
        if not self._count_later.isActive():
            self._count_later.start()

    def _reset(self, event: AlarmsResynchronised | None) -> None:
        self.use(self.model.filter)
        if event is not None and event.why != "tags":  # an edited catalogue is no news for the operator
            self.band_text.setText(t("alarms.resynchronised", time=clock_text(event.t_us)))
            self._resync_over.start()
            self.band.setVisible(True)

    def _count(self) -> None:
        counts = self.model.counts(self.ctx.open_alarms.rows())
        self.chips.show_counts(counts)
        shown = self.model.rowCount()
        past = self.model.filter.view == "history"
        total = max(shown, self.model.total) if past else len(self.ctx.open_alarms.rows())
        order = t("alarms.order_column") if self.model.ordered_by[0] >= 0 else t("alarms.order_natural")
        order = t("alarms.order_newest") if past and self.model.ordered_by[0] < 0 else order
        self.footer.setText(t("alarms.footer", shown=count_text(shown), total=count_text(total), order=order))
        if shown:
            self.table.states.show_content()
        elif self.model.filter.text or self.model.filter.priorities or self.model.filter.areas:
            self.table.states.show_empty("alarms.empty_filtered", "", "alarms.clear_filter", self._clear_filter)
        else:
            view = self.model.filter.view
            self.table.states.show_empty(f"alarms.empty.{view}", f"alarms.empty_hint.{view}")
        self._enable()

    def _clear_filter(self) -> None:
        self._change(text="", priorities=(), areas=())

    # -- link

    def _link_changed(self, link: LinkChanged) -> None:
        if link.state in (LinkState.DOWN, LinkState.REFUSED):
            self._down[link.broker] = link
        elif link.state is LinkState.UP:
            self._down.pop(link.broker, None)
        if not self._resync_over.isActive() or self._down:
            self._say_link()

    def _say_link(self) -> None:
        worst = min(self._down.values(), key=lambda link: link.since_us, default=None)
        if worst is not None:
            self.band_text.setText(t("alarms.link_down", broker=worst.broker, time=clock_text(worst.since_us)))
        self.band.setVisible(worst is not None)

    # -- acting

    def _enable(self) -> None:
        waiting = any(map(can_acknowledge, self.ctx.open_alarms.rows()))
        self.ctx.let(self.page_button, AcknowledgeAlarms.action, waiting)

    def _page_menu(self) -> None:
        page = [row for row in self.table.visible_rows() if can_acknowledge(row)]
        chosen = [row for row in self.table.selected() if can_acknowledge(row)]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        act = self.acts
        menu.addAction(t("alarms.ack_page", n=len(page)), lambda: act.acknowledge(page)).setEnabled(bool(page))
        menu.addAction(t("alarms.ack_page_with"), lambda: act.ask_acknowledge(page)).setEnabled(bool(page))
        menu.addSeparator()
        menu.addAction(t("alarms.ack_chosen", n=len(chosen)), lambda: act.acknowledge(chosen)).setEnabled(bool(chosen))
        menu.addAction(t("alarms.ack_chosen_with"), lambda: act.ask_acknowledge(chosen)).setEnabled(bool(chosen))
        menu.popup(self.page_button.mapToGlobal(self.page_button.rect().bottomLeft()))

    def _fill_menu(self, menu: QMenu) -> None:
        rows = self.table.selected()
        if not rows:
            return
        self.acts.fill(menu, rows)
        menu.addSeparator()
        row = rows[0]
        menu.addAction(t("alarms.to_plot"), lambda: self._to_plot(row)).setEnabled(row.tag_id is not None)
        menu.addAction(t("alarms.journal"), lambda: self.ctx.open_sheet.emit(JournalSheet(self.ctx, row)))

    def _picked(self, row: AlarmRow | None) -> None:
        if row is not None:
            self.ctx.select_alarm.emit(row)

    def _to_plot(self, row: AlarmRow) -> None:
        if row.tag_id is not None:
            self.ctx.show_on_plot.emit(row.tag_id, row.raised_us)

    def select_row(self, row: AlarmRow) -> None:
        """Show an alarm in the list, under the first chip that has it."""
        if self.table.select(row.occurrence_id):
            return
        self._change(view="history" if not row.active else "active", text="", priorities=(), areas=())
        self.table.select(row.occurrence_id)

    # -- words

    def retranslate(self) -> None:
        self.chips.retranslate()
        self.search.setPlaceholderText(t("alarms.search"))
        name_control(self.search, t("alarms.search"))
        self.filters.retranslate()
        self.page_button.setText(t("alarms.ack_visible"))
        self.columns_button.setText(t("common.columns"))
        self.export_button.setText(t("common.export"))
        name_control(self.export_button, t("common.export_shown"))
        self.table.view.setAccessibleName(t("alarms.title"))
        for key, label in self._legend:
            label.setText(t(key))
        self._say_link()
        self._count()
