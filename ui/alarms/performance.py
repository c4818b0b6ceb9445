"""Alarm performance: is the alarm system itself good enough to be of use (EEMUA 191, ISA-18.2), and what to mend first.

Grey only: colour belongs to live alarms. What misses its target is an inverse chip.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.clock import US
from app.exchange import write_csv
from models.performance import AlarmPerformance, BadActor
from models.readings import PlaceKind
from ui.alarms.performance_actors import ActorDelegate, ActorModel
from ui.alarms.performance_blocks import HeatMap, ShareBlock
from ui.alarms.performance_series import SeriesChart, SeriesLegend
from ui.alarms.performance_tiles import TileStrip
from ui.alarms.performance_words import export_rows, period_text
from ui.i18n import count_text, number_text, pick, t
from ui.theme import theme
from ui.widgets.controls import SegmentedButtons, button, hairline, icon_button, name_control, role_label
from ui.widgets.exporting import ask_file, write_rows
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.states import StateStack
from ui.widgets.table import DataTable

PERIODS = {"shift": 8 * 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}  # seconds up to now
EVERY_MS = 60_000  # while it is looked at
WITH_RULES = 1100  # narrower than this, the header has no room for the norms
ACROSS = 860  # narrower than this, the blocks below the chart stand under each other


class PerformancePanel(Panel):
    """Figures, alarms in ten minutes, the busiest ten, shares of the priorities and the hours of the week."""

    title_key = "performance.title"
    icon_name = "bars"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.picture: AlarmPerformance | None = None
        self._asked = 0
        self._build_header()
        self._build_page()
        self._again = QTimer(self, interval=EVERY_MS)
        self._again.timeout.connect(self.ask)
        self.ready()
        ctx.bridge.tags_changed.connect(self._fill_areas)

    # -- building

    def _build_header(self) -> None:
        head = self.header
        self.rules = role_label("dim")
        head.left.addWidget(self.rules)
        self.span = role_label("dim")
        self.periods = SegmentedButtons(list(PERIODS))
        self.periods.select("day")
        self.area = QComboBox()
        self.compare = button("clock", "flat")
        self.compare.setCheckable(True)
        self.compare.setChecked(True)
        self.refresh_button = icon_button("refresh")
        self.export_button = button("export", "flat")
        for widget in (self.span, self.periods, self.area, self.compare, self.refresh_button, self.export_button):
            head.right.addWidget(widget)
        self.periods.chosen.connect(lambda _key: self.ask())
        self.area.activated.connect(lambda _at: self.ask())
        self.compare.toggled.connect(lambda _on: self._show_figures())
        self.refresh_button.clicked.connect(self.ask)
        self.export_button.clicked.connect(lambda: ask_file(self, self.ctx, "alarm-performance", self.export))

    def _build_page(self) -> None:
        page = QWidget()
        page.setObjectName("pageBody")
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.tiles = TileStrip()
        self.series = SeriesChart()
        self.model = ActorModel()
        self.table: DataTable[tuple[int, BadActor]] = DataTable(self.ctx, "bad_actors", self.model, "check")
        self.table.view.setItemDelegate(ActorDelegate(self.table.view))
        self.table.setMinimumHeight(180)
        self.shares, self.heat = ShareBlock(), HeatMap()
        self.column.addWidget(self.tiles)
        self.column.addWidget(hairline())
        self.legend = SeriesLegend()
        self.series_head, self.series_note = self._head(self.column, self.legend)
        self.column.addWidget(self.series, 3)
        self.column.addWidget(hairline())
        self.blocks = QGridLayout()
        self.blocks.setContentsMargins(0, 0, 0, 0)
        self.blocks.setSpacing(0)
        self.left, self.right = QWidget(), QWidget()
        left, right = QVBoxLayout(self.left), QVBoxLayout(self.right)
        for layout in (left, right):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        self.top_head, self.top_note = self._head(left)
        left.addWidget(self.table, 1)
        self.share_head, self.share_note = self._head(right)
        right.addWidget(self.shares)
        self.heat_head, self.heat_note = self._head(right)
        right.addWidget(self.heat, 1)
        self.divider = hairline(vertical=True)
        self.column.addLayout(self.blocks, 5)
        self._across: bool | None = None
        self.area_of_page = QScrollArea()
        self.area_of_page.setWidgetResizable(True)
        self.area_of_page.setWidget(page)
        self.states = StateStack(self.area_of_page, "bars")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.states)
        self.table.activated.connect(self._to_alarm)
        self._arrange()

    @staticmethod
    def _head(column: QVBoxLayout, extra: QWidget | None = None) -> tuple[QLabel, QLabel]:
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(10)
        title, note = role_label("strong"), role_label("dim")
        row.addWidget(title)
        row.addWidget(note, 1)
        if extra is not None:
            row.addWidget(extra)
        column.addLayout(row)
        return title, note

    def _arrange(self) -> None:
        self.rules.setVisible(self.width() >= WITH_RULES)
        self.span.setVisible(self.width() >= ACROSS)
        across = self.width() >= ACROSS
        if across is self._across:
            return
        self._across = across
        for widget in (self.left, self.divider, self.right):
            self.blocks.removeWidget(widget)
        self.blocks.addWidget(self.left, 0, 0)
        self.divider.setVisible(across)
        if across:
            self.blocks.addWidget(self.divider, 0, 1)
            self.blocks.addWidget(self.right, 0, 2)
        else:
            self.blocks.addWidget(self.right, 1, 0)
        self.blocks.setColumnStretch(0, 1)
        self.blocks.setColumnStretch(2, 1 if across else 0)

    # -- asking

    def ask(self) -> None:
        """Ask for the picture of the chosen period and area; the old one stays until the new one is there."""
        self._asked += 1
        number, end_us = self._asked, self.ctx.station.now_us()
        start_us = end_us - PERIODS[self.periods.current or "day"] * US
        areas = (str(self.area.currentData()),) if self.area.currentData() else ()
        if self.picture is None:
            self.states.show_loading()

        def done(picture: AlarmPerformance) -> None:
            if number == self._asked:
                self.show_picture(picture)

        def failed(error: BaseException) -> None:
            if number == self._asked:
                self.picture = None
                self.states.show_error(str(error), self.ask)

        self.ctx.work(self, lambda: self.ctx.station.alarms.report(start_us, end_us, areas), done, failed)

    def show_picture(self, picture: AlarmPerformance) -> None:
        """Show a picture."""
        self.picture = picture
        if not picture.alarms and not any(share.count for share in picture.priorities):
            self.states.show_empty("performance.empty", "performance.empty_hint", "performance.last_month", self._month)
        else:
            self.states.show_content()
        self.series.show_picture(picture)
        self.model.show_picture(picture)
        self.shares.show_picture(picture)
        self.heat.show_picture(picture)
        self._show_figures()
        self._show_words()

    def _month(self) -> None:
        self.periods.select("month")
        self.ask()

    def _show_figures(self) -> None:
        if self.picture is not None:
            self.tiles.show_figures(self.picture.figures, self.compare.isChecked())

    def _show_words(self) -> None:
        picture = self.picture
        if picture is None:
            self.rules.setText(t("performance.norms"))
            return
        self.header.title.setToolTip(t("performance.rules", version=picture.rules_version))
        self.rules.setText(f"{t('performance.norms')} · {t('performance.rules', version=picture.rules_version)}")
        note = "" if picture.whole else t("performance.recorded_since")
        self.span.setText(" · ".join(part for part in (period_text(picture), note) if part))
        hours = round(len(picture.series) * picture.bin_s / 3600)
        shown = sum(map(sum, picture.series))
        minutes = sum(max(0, f.end_us - max(f.start_us, picture.series_us)) for f in picture.floods) // (60 * US)
        self.series_head.setText(t("performance.series", minutes=f"{picture.bin_s / 60:g}"))
        self.series_note.setText(t("performance.series_note", hours=hours, n=count_text(shown), minutes=minutes))
        self.top_head.setText(t("performance.top"))
        share = number_text(picture.top_count / max(1, picture.alarms) * 100, 0)
        self.top_note.setText(
            t("performance.top_note", n=count_text(picture.top_count), all=count_text(picture.alarms), share=share)
        )
        self.share_head.setText(t("performance.shares"))
        self.share_note.setText(t("performance.shares_note", n=count_text(picture.alarms)))
        average = any(row.day_us is None for row in picture.heat)
        self.heat_head.setText(t("performance.heat"))
        self.heat_note.setText(t("performance.heat_average") if average else "")

    def _fill_areas(self) -> None:
        chosen = self.area.currentData()
        self.area.clear()
        self.area.addItem(t("performance.all_areas"), "")
        for place in self.ctx.station.tags.places():
            if place.kind is PlaceKind.AREA:
                self.area.addItem(pick(place.name, place.name_en), place.code)
        self.area.setCurrentIndex(max(0, self.area.findData(chosen)))

    # -- acting

    def export(self, path: Path) -> None:
        """Write the whole picture to a file."""
        if self.picture is not None:
            head = [t(f"performance.export.{key}") for key in ("part", "name", "value", "target", "before", "remark")]
            write_rows(self, self.ctx, "alarm-performance", path, (head, export_rows(self.picture)), write_csv)

    def _to_alarm(self, row: tuple[int, BadActor]) -> None:
        """Double click: the tag of the alarm in the context column."""
        tag = self.ctx.station.tags.by_name(row[1].name.tag)
        if tag is not None:
            self.ctx.select_tag.emit(tag.id)

    # -- Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._again.stop()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]  # Qt hands over a QResizeEvent
        self._arrange()

    def retranslate(self) -> None:
        for key, part in self.periods.buttons.items():
            part.setText(t(f"performance.period.{key}"))
        self._fill_areas()
        name_control(self.area, t("performance.area"))
        self.compare.setText(t("performance.compare"))
        name_control(self.refresh_button, t("performance.refresh"))
        self.export_button.setText(t("common.export"))
        name_control(self.export_button, t("common.export_shown"))
        self.table.view.setAccessibleName(t("performance.top"))
        self.legend.updateGeometry()
        self.legend.update()
        if self.picture is not None:
            self.show_picture(self.picture)
        self._show_words()

    def on_theme(self) -> None:
        self.periods.setFixedHeight(theme().sizes.button)
