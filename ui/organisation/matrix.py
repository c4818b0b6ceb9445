"""The responsibility matrix: place × post × duty (横向到边、纵向到底), with the gaps beside it and the way to mend each."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QVBoxLayout, QWidget

from app.ports import Organisation
from models.organisation import DutyRow, Gap
from models.organisation_commands import RemoveDuty, SaveDuty, SetResponsibility
from models.people import Actor
from ui.i18n import t
from ui.organisation.cellsheets import AssignSheet, CellSheet, DutySheet, MatrixData, read_matrix
from ui.organisation.forms import ask_removal
from ui.organisation.gaps import GapList
from ui.organisation.matrixmodel import MatrixModel
from ui.organisation.matrixview import matrix_view
from ui.organisation.mending import mend
from ui.organisation.reading import ReadingPanel
from ui.organisation.words import name_of
from ui.theme import theme
from ui.widgets.controls import button, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.states import StateStack

GAPS, GAPS_NARROW, NARROW = 376, 272, 1200


@dataclasses.dataclass(frozen=True)
class Shown:
    """What the page shows."""

    matrix: MatrixData
    gaps: list[Gap]


class MatrixPanel(ReadingPanel[Shown]):
    """``elsewhere(kind, code)`` when what is wrong stands on another page; ``counted(n)`` how many gaps there are."""

    title_key = "organisation.page.matrix"
    icon_name = "columns"
    eager = True
    elsewhere = Signal(str, str)
    counted = Signal(int)

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.model = MatrixModel(self)
        self.view = matrix_view(self.model)
        self.states = StateStack(self.view, "columns")
        self.gaps = GapList(ctx)
        self.legend = role_label("dim", wrap=True)
        self.legend.setContentsMargins(12, 4, 12, 4)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.states, 1)
        column.addWidget(self.legend)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.gaps)
        split.setStretchFactor(0, 1)
        split.setCollapsible(0, False)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)
        self.open_cell, self.assign, self.new_duty = button("edit"), button("plus"), button("plus")
        for widget in (self.open_cell, self.new_duty, self.assign):
            self.header.right.addWidget(widget)
        self.open_cell.clicked.connect(self._open_current)
        self.assign.clicked.connect(self._assign)
        self.new_duty.clicked.connect(lambda: self._open_duty(None))
        self.view.clicked.connect(lambda _index: self._open_current())
        self.view.selectionModel().currentChanged.connect(lambda *_: self.enable())
        enter = QAction(self)
        enter.setShortcuts([QKeySequence(Qt.Key.Key_Return), QKeySequence(Qt.Key.Key_Enter)])
        enter.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        enter.triggered.connect(self._open_current)
        self.view.addAction(enter)
        head = self.view.horizontalHeader()
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(
            lambda at: self.duty_menu(head.logicalIndexAt(at), head.mapToGlobal(at))
        )
        head.sectionDoubleClicked.connect(lambda section: self._open_duty(self._duty(section)))
        self.gaps.located.connect(self.locate)
        self.gaps.mended.connect(self.mend)
        self.split = split
        self._narrow: bool | None = None
        self.ready()
        self.begin()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        if narrow is not self._narrow:
            self._narrow = narrow
            gaps = GAPS_NARROW if narrow else GAPS
            self.split.setSizes([max(200, self.width() - gaps), gaps])

    # -- reading

    def read(self, organisation: Organisation, reader: Actor) -> Shown:
        places = list(self.ctx.station.tags.places())
        return Shown(read_matrix(organisation, reader, places), organisation.gaps(reader))

    def show_data(self, data: Shown) -> None:
        cell = self.model.cell(self.view.currentIndex())
        self.model.show(data.matrix.board)
        self.gaps.show_gaps(data.gaps, data.matrix.board.duties, data.matrix.frame.posts)
        if cell is not None:
            self._select(cell.place.code, cell.duty.code)
        if data.matrix.board.duties and data.matrix.board.places:
            self.states.show_content()
        else:
            may = self.ctx.allowed(SaveDuty.action)
            action = ("organisation.new_duty", lambda: self._open_duty(None)) if may else ("", None)
            self.states.show_empty("organisation.no_matrix", "organisation.no_matrix_hint", *action)
        self.counted.emit(len(data.gaps))

    def forget(self) -> None:
        self.model.show(None)
        self.gaps.show_gaps([], [], {})
        self.counted.emit(0)

    def enable(self) -> None:
        there = self.data is not None and bool(self.data.matrix.board.duties)
        self.ctx.let(self.assign, SetResponsibility.action, there)
        self.ctx.let(self.new_duty, SaveDuty.action, self.data is not None)
        self.ctx.let(self.open_cell, "people.read", self.view.currentIndex().isValid())
        self.gaps.enable()

    # -- going about

    def _select(self, place: str, duty: str) -> bool:
        index = self.model.index_of(place, duty)
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)
        return index.isValid()

    def locate(self, gap: Gap) -> None:
        """Bring what a gap is about into sight, here or on its page."""
        if gap.place and self._select(gap.place, gap.duty):
            return
        for kind in ("post", "department", "person"):
            code = getattr(gap, kind)
            if code:
                self.elsewhere.emit(kind, code)
                return

    def mend(self, gap: Gap) -> None:
        """Open the sheet that mends a gap."""
        if self.data is not None:
            mend(self.ctx, self.data.matrix, gap)

    def _open_current(self) -> None:
        cell = self.model.cell(self.view.currentIndex())
        if cell is not None and self.data is not None:
            self.ctx.open_sheet.emit(CellSheet(self.ctx, self.data.matrix, cell))

    def _assign(self) -> None:
        if self.data is None:
            return
        cell = self.model.cell(self.view.currentIndex())
        place, duty = (cell.place.code, cell.duty.code) if cell is not None else ("", "")
        self.ctx.open_sheet.emit(AssignSheet(self.ctx, self.data.matrix, place=place, duty=duty))

    def _duty(self, section: int) -> DutyRow | None:
        duties = self.data.matrix.board.duties if self.data is not None else []
        return duties[section] if 0 <= section < len(duties) else None

    def _open_duty(self, row: DutyRow | None) -> None:
        if self.data is not None and self.ctx.allowed(SaveDuty.action):
            self.ctx.open_sheet.emit(DutySheet(self.ctx, self.data.matrix, row))

    def duty_menu(self, section: int, at: QPoint) -> None:
        """What can be done with a duty."""
        row = self._duty(section)
        if row is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(t("organisation.edit_duty"), lambda: self._open_duty(row)).setEnabled(
            self.ctx.allowed(SaveDuty.action)
        )
        menu.addAction(t("organisation.remove_duty"), lambda: self._remove_duty(row)).setEnabled(
            self.ctx.allowed(RemoveDuty.action)
        )
        menu.popup(at)

    def _remove_duty(self, row: DutyRow) -> None:
        ask_removal(
            self.ctx,
            t("organisation.remove_duty"),
            t("organisation.remove_duty_text", name=name_of(row)),
            lambda reason: RemoveDuty(code=row.code, reason=reason),
        )

    def on_theme(self) -> None:
        self.view.verticalHeader().setDefaultSectionSize(max(48, theme().sizes.row + 20))
        self.view.viewport().update()

    def retranslate(self) -> None:
        self.open_cell.setText(t("organisation.open_cell"))
        self.assign.setText(t("organisation.assign"))
        self.new_duty.setText(t("organisation.new_duty"))
        self.legend.setText(t("organisation.matrix_legend"))
        self.view.setAccessibleName(t(self.title_key))
        self.view.viewport().update()
        for head in (self.view.horizontalHeader(), self.view.verticalHeader()):
            head.viewport().update()
        self.gaps.retranslate()
