"""Everybody of the plant: found by name, pinyin or number, filtered by kind, department and state; masked as rights say."""

from __future__ import annotations

import dataclasses
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.ports import Organisation
from models.organisation import PeopleQuery, PersonKind, PersonRow
from models.organisation_commands import ExportPrivate, SavePerson
from models.people import Actor
from ui.i18n import count_text, t
from ui.organisation.frame import Frame, read_frame
from ui.organisation.peoplelist import Keys, Listed, PeopleModel, keeps, listed
from ui.organisation.personcard import PersonCardSheet
from ui.organisation.personsheet import PersonSheet
from ui.organisation.privateexport import PrivateExportSheet
from ui.organisation.reading import ReadingPanel
from ui.organisation.structure import ALL
from ui.organisation.words import kind_text
from ui.widgets.controls import ChipGroup, SearchBox, button, hairline, name_control, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.table import DataTable

STATES = ("active", "left", "all")


@dataclasses.dataclass(frozen=True)
class Everybody:
    """What the page shows."""

    frame: Frame
    rows: list[Listed]

    @property
    def employees(self) -> list[PersonRow]:
        """Active employees: those who can receive, and hold seats."""
        return [p.row for p in self.rows if p.row.active and p.row.kind is PersonKind.EMPLOYEE]

    @property
    def numbers(self) -> set[str]:
        """All numbers that are given."""
        return {p.row.number for p in self.rows}


class PeoplePanel(ReadingPanel[Everybody]):
    """The table of people."""

    title_key = "organisation.page.people"
    icon_name = "users"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self._keys = Keys()
        self.model = PeopleModel()
        self.table: DataTable[Listed] = DataTable(ctx, "people", self.model, "users")
        self.states = self.table.states
        self.kinds = ChipGroup(("all", *(kind.value for kind in PersonKind)))
        self.when = ChipGroup(STATES)
        self.department = QComboBox()
        self.department.setFixedWidth(200)
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(16)
        row.addWidget(self.kinds)
        row.addWidget(self.when)
        row.addWidget(self.department)
        row.addStretch(1)
        self.footer = role_label("dim")
        self.footer.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (bar, hairline()):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(hairline())
        column.addWidget(self.footer)
        self.search = SearchBox()
        self.search.setFixedWidth(220)
        self.card, self.edit, self.new = button("user"), button("edit"), button("plus")
        self.export, self.export_private = button("export", "flat"), button("key", "flat")
        for widget in (self.search, self.export_private, self.export, self.card, self.edit, self.new):
            self.header.right.addWidget(widget)
        self._wanted = ""
        for chips in (self.kinds, self.when):
            chips.chosen.connect(lambda _key: self.filter())
        self.department.currentIndexChanged.connect(lambda _at: self.filter())
        self.search.searched.connect(lambda _text: self.filter())
        self.card.clicked.connect(self._open_card)
        self.edit.clicked.connect(self._edit)
        self.new.clicked.connect(self._new_menu)
        self.export.clicked.connect(self.table.ask_export)
        self.export_private.clicked.connect(self._export_private)
        self.table.activated.connect(lambda p: self.show_card(p.row.number))
        self.table.picked.connect(lambda _p: self.enable())
        self.table.context.connect(self._fill_menu)
        self.ready()
        self.filter()
        self.begin()

    # -- reading

    def read(self, organisation: Organisation, reader: Actor) -> Everybody:
        rows, _ = organisation.people(PeopleQuery(limit=ALL), reader)
        frame = read_frame(organisation, reader)
        return Everybody(frame, listed(rows, frame, self._keys))

    def show_data(self, data: Everybody) -> None:
        kept = self._wanted or (p.row.number if (p := self.table.current()) is not None else "")
        self._departments(data.frame)
        self.model.replace(data.rows)
        self._wanted = ""
        if kept:
            self.table.select(self._keys.of(kept))
        self._say()

    def forget(self) -> None:
        self.model.replace([])
        self._say()

    def filter(self) -> None:
        """Show those who match search box, chips and department."""
        kind, state = self.kinds.current, self.when.current
        code = str(self.department.currentData() or "")
        beneath = self.data.frame.beneath(code) if self.data is not None and code else None
        keep = keeps(
            self.search.text().strip(), "" if kind == "all" else kind, beneath, "" if state == "all" else state
        )
        self.model.set_filter(keep)
        self._say()
        self.enable()

    def _departments(self, frame: Frame) -> None:
        """Fill the choice of departments; what was chosen stays."""
        kept = self.department.currentData()
        self.department.blockSignals(True)
        self.department.clear()
        for code, words in frame.department_choices(t("organisation.all_departments")):
            self.department.addItem(words, code)
        self.department.setCurrentIndex(max(0, self.department.findData(kept)))
        self.department.blockSignals(False)

    def _say(self) -> None:
        if self.data is None:
            self.footer.setText("")
            return
        shown, total = self.model.rowCount(), len(self.data.rows)
        masked = any(not p.row.clear for p in self.data.rows[:1])
        hint = t("organisation.names_masked") if masked else t("organisation.names_clear")
        self.footer.setText(t("organisation.people_counts", shown=count_text(shown), total=count_text(total)) + hint)
        if shown:
            self.states.show_content()
        elif total:
            self.states.show_empty("organisation.nobody_found", "organisation.nobody_found_hint")
        else:
            self.states.show_empty("organisation.no_people", "organisation.no_people_hint")

    # -- choosing

    def go_to(self, number: str) -> None:
        """Bring somebody into sight, whatever is filtered."""
        self.search.clear()
        self.kinds.choose("all")
        self.when.choose("all")
        self.department.setCurrentIndex(0)
        self.filter()
        if self.data is None or not self.table.select(self._keys.of(number)):
            self._wanted = number

    def show_card(self, number: str) -> None:
        """Open the card of somebody at the side."""
        self.ctx.open_sheet.emit(PersonCardSheet(self.ctx, number))

    # -- orders

    def enable(self) -> None:
        there, current = self.data is not None, self.table.current()
        may_name = self.ctx.allowed("privacy.write")  # nobody is new without a name, which is private
        self.ctx.let(self.new, SavePerson.action if may_name else "privacy.write", there)
        self.ctx.let(self.card, "people.read", current is not None)
        self.ctx.let(self.edit, SavePerson.action, current is not None)
        self.ctx.let(self.export, "data.export", there)
        self.ctx.let(self.export_private, ExportPrivate.action, there)

    def _open_card(self) -> None:
        current = self.table.current()
        if current is not None:
            self.show_card(current.row.number)

    def _edit(self) -> None:
        current = self.table.current()
        if current is not None:
            PersonSheet.open(self.ctx, current.row.number)

    def _new_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind in PersonKind:
            menu.addAction(kind_text(kind), partial(self.open_new, kind))
        menu.popup(self.new.mapToGlobal(self.new.rect().bottomLeft()))

    def open_new(self, kind: PersonKind, post: str = "") -> None:
        """The sheet for somebody new."""
        PersonSheet.open(self.ctx, "", kind=kind, post=post)

    def _export_private(self) -> None:
        shown = [p.row.number for p in self.model.shown()]
        chosen = [p.row.number for p in self.table.selected()]
        self.ctx.open_sheet.emit(PrivateExportSheet(self.ctx, shown, chosen if len(chosen) > 1 else []))

    def _fill_menu(self, menu: QMenu) -> None:
        if self.table.current() is not None:
            menu.addAction(t("organisation.card"), self._open_card)
            menu.addAction(t("organisation.edit"), self._edit).setEnabled(self.edit.isEnabled())

    def retranslate(self) -> None:
        words = t("organisation.search_people")
        self.search.setPlaceholderText(words)
        name_control(self.search, words)
        for key, chip in self.kinds.chips.items():
            chip.show_text(t("organisation.everybody") if key == "all" else kind_text(key))
        for key, chip in self.when.chips.items():
            chip.show_text(t(f"organisation.when.{key}"))
        self.department.setAccessibleName(t("organisation.department"))
        if self.data is not None:
            self._departments(self.data.frame)
        self.new.setText(t("organisation.new_person"))
        self.edit.setText(t("organisation.edit"))
        self.card.setText(t("organisation.card"))
        self.export.setText(t("common.export"))
        self.export_private.setText(t("organisation.export_private"))
        self.table.view.setAccessibleName(t(self.title_key))
        self._say()
