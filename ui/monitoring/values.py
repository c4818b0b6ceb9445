"""The table of all tags: what each says now, how far it can be believed, and how it went in the last ten minutes.

New values change rows in place and repaint only the rows in sight, at the bridge's rate; order and filters that depend
on values are redone every two seconds, so that rows do not run away under the eye.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QVBoxLayout, QWidget

from app.ports import Trend
from models.alarms import AlarmRow, AlarmState, Priority
from models.commands import RetireTag, SaveTag
from models.readings import LiveValue, TagInfo
from ui.i18n import count_text, t
from ui.monitoring.editing import editing
from ui.monitoring.favourites import favourites
from ui.monitoring.spark import BUCKET_US, BUCKETS, Sparks
from ui.monitoring.valuedelegate import ValueDelegate
from ui.monitoring.valuerows import DYNAMIC, ValueRow, ValuesModel, value_columns, words_of
from ui.widgets.controls import ChipGroup, SearchBox, button, hairline, name_control, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.pinyin import matches
from ui.widgets.table import DataTable

FILTERS = ("all", "alarmed", "bad", "favourite")
REORDER_MS = 2000
FILL_MS = 250


class ValuesPanel(Panel):
    """All tags with value, quality, age and sparkline."""

    title_key = "monitoring.values"
    icon_name = "list"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.editing = editing(ctx)
        self.favourites = favourites(ctx)
        self.model = ValuesModel(value_columns(ctx.station.now_us), lambda r: r.tag.id, lambda r: r.position)
        self.table: DataTable[ValueRow] = DataTable(ctx, "values", self.model, "list")
        self.sparks = Sparks()
        self.delegate = ValueDelegate(self.table.view, self.sparks)
        self.table.view.setItemDelegate(self.delegate)
        self.table.view.setDragEnabled(True)
        self.table.view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self._columns = {column.key: at for at, column in enumerate(self.model.columns)}
        self._text = ""
        self._build()
        self._connect()
        self._reload()
        self.ready()

    # -- building

    def _build(self) -> None:
        self.chips = ChipGroup(FILTERS)
        self.header.left.addWidget(self.chips)
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.new_button = button("plus")
        self.import_button = button("inbox", "flat")
        self.columns_button = button("columns", "flat")
        self.export_button = button("export", "flat")
        for widget in (self.search, self.new_button, self.import_button, self.columns_button, self.export_button):
            self.header.right.addWidget(widget)
        self.footer = role_label("dim")
        self.footer.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(hairline())
        column.addWidget(self.footer)
        self.setFocusProxy(self.table.view)

    def _connect(self) -> None:
        ctx = self.ctx
        ctx.bridge.values.connect(self._values)
        ctx.bridge.tags_changed.connect(self._catalogue_changed)
        ctx.open_alarms.changed.connect(lambda rows, _sounding: self._alarms(rows))
        ctx.open_alarms.reset.connect(self._all_alarms)
        ctx.actor_changed.connect(self._enable)
        self.favourites.changed.connect(self._favourites_changed)
        self.chips.chosen.connect(lambda _key: self._refilter())
        self.search.searched.connect(self._search)
        self.new_button.clicked.connect(lambda: self.editing.new_tag())
        self.import_button.clicked.connect(lambda: self.editing.import_tags())
        self.columns_button.clicked.connect(
            lambda: self.table.choose_columns(self.columns_button.mapToGlobal(self.columns_button.rect().bottomLeft()))
        )
        self.export_button.clicked.connect(self.table.ask_export)
        self.table.picked.connect(lambda row: ctx.select_tag.emit(row.tag.id) if row is not None else None)
        self.table.activated.connect(lambda row: ctx.show_on_plot.emit(row.tag.id, None))
        self.table.context.connect(self._fill_menu)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._each_second)
        self._reorder = QTimer(self, interval=REORDER_MS)
        self._reorder.timeout.connect(self._by_and_by)
        self._reload_later = QTimer(self, singleShot=True, interval=FILL_MS)
        self._reload_later.timeout.connect(self._reload)
        self._fill_later = QTimer(self, singleShot=True, interval=FILL_MS)
        self._fill_later.timeout.connect(self._fill_sparks)
        self.table.view.verticalScrollBar().valueChanged.connect(lambda _at: self._fill_later.start())
        self.model.layoutChanged.connect(self._fill_later.start)

    # -- contents

    def _reload(self) -> None:
        """Take over the catalogue; rows that stay keep what they know, sparklines too."""
        tags, now = self.ctx.station.tags.all(), self.ctx.station.now_us()
        live = self.ctx.station.live.snapshot()
        if [tag.id for tag in tags] != self.sparks.tag_ids:
            self.sparks = Sparks(tag.id for tag in tags)
            self.sparks.advance(now)
            self.delegate.sparks = self.sparks
            self.delegate.forget()
        self.delegate.now_us = now
        kept = self.table.current()
        self.model.replace(ValueRow(tag, at, live.get(tag.id)) for at, tag in enumerate(tags))
        self._all_alarms()
        if kept is not None:
            self.table.select(kept.tag.id)
        self._fill_later.start()

    def _catalogue_changed(self) -> None:
        if not self._reload_later.isActive():  # an import changes the catalogue many times
            self._reload_later.start()

    def _values(self, values: dict[int, LiveValue]) -> None:
        now = self.ctx.station.now_us()
        self.sparks.advance(now)
        self.sparks.take(values)
        find = self.model.find
        for tag_id, live in values.items():
            row = find(tag_id)
            if row is not None:
                row.live = live
        if self.isVisible():
            self.delegate.now_us = now
            self._repaint(values.keys())

    def _repaint(self, tag_ids: object = None) -> None:
        """Paint the changing cells of the rows in sight again; ``tag_ids`` restricts it to these."""
        view = self.table.view
        top = view.rowAt(0)
        if top < 0:
            return
        bottom = view.rowAt(view.viewport().height() - 1)
        bottom = self.model.rowCount() - 1 if bottom < 0 else bottom
        first, last = self._columns["value"], self._columns["bar"]
        for at in range(top, bottom + 1):
            if tag_ids is None or self.model.row_at(at).tag.id in tag_ids:  # type: ignore[operator]  # a key view
                self.model.dataChanged.emit(
                    self.model.index(at, first), self.model.index(at, last), [Qt.ItemDataRole.DisplayRole]
                )

    def _each_second(self) -> None:
        now = self.ctx.station.now_us()
        self.delegate.now_us = now
        self.sparks.advance(now)
        self._repaint()

    def _by_and_by(self) -> None:
        """Order and filter that depend on values, and the counts."""
        column, _ = self.model.ordered_by
        if self.chips.current == "bad" or (column >= 0 and self.model.columns[column].key in DYNAMIC):
            self.model.rearrange()
        self._count()

    def _alarms(self, rows: list[AlarmRow]) -> None:
        for tag_id in {row.tag_id for row in rows if row.tag_id is not None}:
            found = self.model.find(tag_id)
            if found is not None:
                self._put_alarm(found)
        self._alarms_shown()

    def _all_alarms(self) -> None:
        guarded = {row.tag_id for row in self.ctx.open_alarms.rows()}
        for row in self.model.all_rows():
            row.priority, row.state = Priority.NONE, AlarmState.NORM
            if row.tag.id in guarded:
                self._put_alarm(row)
        self._alarms_shown()

    def _put_alarm(self, row: ValueRow) -> None:
        worst = next(iter(self.ctx.open_alarms.of_tag(row.tag.id)), None)
        row.priority, row.state = (worst.priority, worst.state) if worst else (Priority.NONE, AlarmState.NORM)

    def _alarms_shown(self) -> None:
        if self.chips.current == "alarmed":
            self._refilter()
            return
        self.model.touch(0)
        self._count()

    # -- filter

    def _search(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self._refilter()

    def _refilter(self) -> None:
        text, now = self._text, self.ctx.station.now_us
        chip = self.chips.current

        def keep(row: ValueRow) -> bool:
            if chip == "alarmed" and not row.priority:
                return False
            if chip == "bad" and not row.trouble(now()):
                return False
            if chip == "favourite" and row.tag.name not in self.favourites.names:
                return False
            return not text or matches(text, *words_of(row.tag))

        self.model.set_filter(keep if text or chip != "all" else None)
        self._count()

    def _favourites_changed(self) -> None:
        if self.chips.current == "favourite":
            self._refilter()
        else:
            self._count()

    def _count(self) -> None:
        rows, now = self.model.all_rows(), self.ctx.station.now_us()
        counts = {
            "all": None,
            "alarmed": sum(1 for row in rows if row.priority),
            "bad": sum(1 for row in rows if row.trouble(now)),
            "favourite": sum(1 for row in rows if row.tag.name in self.favourites.names),
        }
        for key, chip in self.chips.chips.items():
            chip.show_text(t(f"monitoring.tree.{key}"), counts[key])
        shown = self.model.rowCount()
        self.footer.setText(t("monitoring.values_table.footer", shown=count_text(shown), total=count_text(len(rows))))
        states = self.table.states
        if shown:
            states.show_content()
        elif not rows:
            may = self.ctx.allowed(SaveTag.action)
            action = "monitoring.values_table.new" if may else ""
            states.show_empty(
                "monitoring.tree.none_title", "monitoring.tree.none_hint", action, lambda: self.editing.new_tag()
            )
        elif self._text:
            states.show_empty(
                "monitoring.tree.empty_title",
                "monitoring.tree.empty_hint",
                "monitoring.values_table.clear",
                self._clear,
            )
        else:
            key = self.chips.current
            states.show_empty(f"monitoring.values_table.no_{key}", f"monitoring.values_table.no_{key}_hint")
        self._enable()

    def _clear(self) -> None:
        self.search.clear()
        self.search.flush()
        self.chips.choose("all")

    # -- sparklines

    def _fill_sparks(self) -> None:
        """Ask the store for the last ten minutes of the rows in sight that have none yet, on a worker."""
        if not self.isVisible() or self.table.view.isColumnHidden(self._columns["spark"]):
            return
        sparks, history = self.sparks, self.ctx.station.history
        wanted = sparks.wanting(row.tag.id for row in self.table.visible_rows() if row.tag.kind != "text")
        if not wanted:
            return
        end = self.ctx.station.now_us()
        start = end - BUCKETS * BUCKET_US

        def ask() -> list[tuple[int, Trend]]:
            return [(tag_id, history.trend(tag_id, start, end, BUCKETS)) for tag_id in wanted]

        def done(found: list[tuple[int, Trend]]) -> None:
            for tag_id, past in found:
                sparks.fill(tag_id, past)
                self.delegate.forget(tag_id)
            self._repaint()

        def failed(_error: BaseException) -> None:
            sparks.ask_again(wanted)  # the live samples go on drawing the line

        self.ctx.work(self, ask, done, failed)

    # -- what the person does

    def chosen(self) -> list[TagInfo]:
        """Tags of the selected rows."""
        return [row.tag for row in self.table.selected()]

    def _enable(self) -> None:
        may = self.ctx.allowed(SaveTag.action)
        self.new_button.setEnabled(may)
        self.import_button.setEnabled(may)

    def _fill_menu(self, menu: QMenu) -> None:
        tags = self.chosen()
        if not tags:
            return
        menu.addAction(t("monitoring.tree.show"), partial(self._show, tags[:16]))
        self.editing.fill_menu(menu, tags)
        retire = menu.addAction(t("monitoring.tag_sheet.retire"), partial(self.editing.retire, tags[0]))
        retire.setEnabled(len(tags) == 1 and self.ctx.allowed(RetireTag.action) and not tags[0].name.startswith("$"))
        menu.addSeparator()
        starred = all(tag.name in self.favourites.names for tag in tags)
        names = [tag.name for tag in tags]
        menu.addAction(
            t("monitoring.tree.unstar" if starred else "monitoring.tree.star"),
            partial(self.favourites.star, names, not starred),
        )
        menu.addAction(t("monitoring.tree.copy"), lambda: QGuiApplication.clipboard().setText("\n".join(names)))

    def _show(self, tags: list[TagInfo]) -> None:
        for tag in tags:
            self.ctx.show_on_plot.emit(tag.id, None)

    # -- Qt

    def retranslate(self) -> None:
        self.search.setPlaceholderText(t("monitoring.tree.search"))
        name_control(self.search, t("monitoring.tree.search"))
        self.new_button.setText(t("monitoring.values_table.new"))
        self.import_button.setText(t("monitoring.values_table.import"))
        self.columns_button.setText(t("common.columns"))
        self.export_button.setText(t("common.export"))
        name_control(self.export_button, t("common.export_shown"))
        self.table.view.setAccessibleName(t("monitoring.values"))
        self._count()

    def on_theme(self) -> None:
        self.table.view.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._second.start()
        self._reorder.start()
        self._each_second()
        self._by_and_by()
        self._fill_later.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for timer in (self._second, self._reorder, self._fill_later):
            timer.stop()
