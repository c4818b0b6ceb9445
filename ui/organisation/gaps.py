"""The list of gaps beside the matrix: what is missing across, down and about people; to the place, and to the mending."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStyleOptionViewItem, QVBoxLayout, QWidget

from models.organisation import DutyRow, Gap, GapSide, PostRow
from ui.i18n import count_text, t
from ui.organisation.matrixview import two_lines
from ui.organisation.words import gap_text
from ui.theme import theme
from ui.widgets.controls import ChipGroup, button, hairline, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.rows import Column, RowsModel
from ui.widgets.table import CellDelegate, DataTable


@dataclasses.dataclass(frozen=True)
class GapLine:
    """A gap with its place in the list and its words in both their languages' present one."""

    at: int
    gap: Gap
    text: str


class GapDelegate(CellDelegate):
    """A gap's sentence may take two lines."""

    def text(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        text: str,
        *,
        right: bool = False,
        bold: bool = False,
        dim: bool = False,
    ) -> None:
        box = option.rect.adjusted(6, 2, -6, -2)
        painter.setFont(theme().font(13))
        painter.setPen(theme().color("g6"))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(box, flags, two_lines(painter.fontMetrics(), text, box))


class GapList(QWidget):
    """``located(gap)`` to show where it is, ``mended(gap)`` to open the sheet that mends it."""

    located = Signal(object)
    mended = Signal(object)

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__()
        self.ctx = ctx
        self.setObjectName("pageBody")
        self._gaps: list[Gap] = []
        self._duties: dict[str, DutyRow] = {}
        self._posts: dict[str, PostRow] = {}
        columns: list[Column[GapLine]] = [
            Column("side", "organisation.gap_side", lambda g: t(f"organisation.side.{g.gap.side}"), width=62),
            Column("what", "organisation.gap_what", lambda g: g.text, width=240, stretch=True),
        ]
        self.model: RowsModel[GapLine] = RowsModel(columns, lambda g: g.at, lambda g: g.at)
        self.table: DataTable[GapLine] = DataTable(ctx, "gaps", self.model, "check")
        self.table.view.setItemDelegate(GapDelegate(self.table.view))
        self.on_theme()
        theme().changed.connect(self.on_theme)
        self.title = role_label("title")
        self.chips = ChipGroup(("all", *(side.value for side in GapSide)))
        self.locate, self.mend, self.export = button("crosshair"), button("wrench", "primary"), button("export", "flat")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QWidget()
        box = QVBoxLayout(head)
        box.setContentsMargins(12, 8, 12, 8)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.export)
        box.addLayout(top)
        box.addWidget(self.chips)
        column.addWidget(head)
        column.addWidget(hairline())
        column.addWidget(self.table, 1)
        column.addWidget(hairline())
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(12, 8, 12, 8)
        row.addWidget(self.locate, 1)
        row.addWidget(self.mend, 1)
        column.addWidget(foot)
        self.chips.chosen.connect(self._filter)
        self.table.picked.connect(self._picked)
        self.table.activated.connect(lambda line: self.mended.emit(line.gap))
        self.table.context.connect(self._menu)
        self.locate.clicked.connect(self._locate)
        self.mend.clicked.connect(self._mend)
        self.export.clicked.connect(self.table.ask_export)

    def on_theme(self) -> None:
        """Rows for two lines."""
        self.table.view.verticalHeader().setDefaultSectionSize(max(46, theme().sizes.row))

    def show_gaps(self, gaps: Sequence[Gap], duties: Sequence[DutyRow], posts: dict[str, PostRow]) -> None:
        """Show these; the one in focus stays in focus while it is open."""
        kept = self.table.current()
        self._gaps, self._posts = list(gaps), posts
        self._duties = {duty.code: duty for duty in duties}
        self._fill()
        if kept is not None and kept.gap in self._gaps:
            self.table.select(self._gaps.index(kept.gap))
        self.enable()

    def _fill(self) -> None:
        self.model.replace(
            [GapLine(at, gap, gap_text(gap, self._duties, self._posts)) for at, gap in enumerate(self._gaps)]
        )
        if self.model.rowCount():
            self.table.states.show_content()
        else:
            self.table.states.show_empty("organisation.no_gaps", "organisation.no_gaps_hint")
        self.retranslate(again=False)

    def _filter(self, side: str) -> None:
        self.model.set_filter(None if side == "all" else lambda line: line.gap.side == side)
        self.enable()

    def _picked(self, line: GapLine | None) -> None:
        self.enable()
        if line is not None and line.gap.place:
            self.located.emit(line.gap)

    def _locate(self) -> None:
        line = self.table.current()
        if line is not None:
            self.located.emit(line.gap)

    def _mend(self) -> None:
        line = self.table.current()
        if line is not None:
            self.mended.emit(line.gap)

    def _menu(self, menu: QMenu) -> None:
        if self.table.current() is not None:
            menu.addAction(t("organisation.locate"), self._locate)
            menu.addAction(t("organisation.mend"), self._mend).setEnabled(self.mend.isEnabled())

    def enable(self) -> None:
        """Look again at what can be done."""
        line = self.table.current()
        self.locate.setEnabled(line is not None and bool(line.gap.place or line.gap.post or line.gap.person
                                                         or line.gap.department))  # fmt: skip
        self.mend.setEnabled(line is not None)

    def retranslate(self, *, again: bool = True) -> None:
        """Words in the present language."""
        sides = [gap.side for gap in self._gaps]
        self.title.setText(t("organisation.gaps_title", n=count_text(len(self._gaps))))
        for key, chip in self.chips.chips.items():
            count = len(sides) if key == "all" else sides.count(GapSide(key))
            chip.show_text(t(f"organisation.side.{key}"), count)
        self.locate.setText(t("organisation.locate"))
        self.mend.setText(t("organisation.mend"))
        self.export.setText(t("common.export"))
        self.table.view.setAccessibleName(t("organisation.gaps"))
        if again:
            self._fill()
