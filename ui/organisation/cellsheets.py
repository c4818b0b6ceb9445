"""A cell of the matrix at the side: who answers there; giving it to a post, taking it back; and the duty itself."""

from __future__ import annotations

import dataclasses

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from app.ports import Organisation
from models.commands import Command
from models.organisation import DutyRow, PeopleQuery, PersonRow, ResponsibilityRow
from models.organisation_commands import (
    DutyDraft,
    RemoveResponsibility,
    ResponsibilityDraft,
    SaveDuty,
    SetResponsibility,
)
from models.people import Actor
from models.readings import PlaceInfo, PlaceKind
from ui.i18n import t
from ui.organisation.forms import OrderSheet, ask_removal
from ui.organisation.frame import Frame, read_frame
from ui.organisation.matrixmodel import Board, Cell
from ui.organisation.words import name_of
from ui.widgets.controls import button, hairline, icon_button, name_control, plain_label, role_label
from ui.widgets.fields import ChoiceField, TextField
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet


@dataclasses.dataclass(frozen=True)
class MatrixData:
    """Everything that the matrix page and its sheets know."""

    frame: Frame
    board: Board
    places: list[PlaceInfo]
    people: list[PersonRow]


def read_matrix(organisation: Organisation, reader: Actor, places: list[PlaceInfo]) -> MatrixData:
    """On a worker thread. Raises Refused."""
    frame = read_frame(organisation, reader)
    people, _ = organisation.people(PeopleQuery(active=True, limit=1_000_000), reader)
    return MatrixData(frame, Board(organisation.matrix(reader), frame.posts), places, people)


class AssignSheet(OrderSheet):
    """Gives a duty at a place to a post, main or supporting, whoever holds it or one of them."""

    def __init__(
        self,
        ctx: PanelContext,
        data: MatrixData,
        *,
        place: str = "",
        duty: str = "",
        post: str = "",
        row: ResponsibilityRow | None = None,
    ) -> None:
        super().__init__(ctx, t("organisation.assign") if row is None else t("organisation.edit_responsibility"))
        self.data, self.row = data, row
        place, duty, post = (row.place, row.duty, row.post) if row is not None else (place, duty, post)
        places = [(p.code, f"{name_of(p)}  {p.code}") for p in data.places]
        duties = [(d.code, name_of(d)) for d in data.board.duties]
        self.place = ChoiceField(t("organisation.place"), places, place)
        self.duty = ChoiceField(t("organisation.duty"), duties, duty)
        self.post = ChoiceField(t("organisation.column.post"), data.frame.post_choices(t("organisation.choose")), post)
        for field in (self.place, self.duty, self.post):
            field.editor.setEnabled(row is None)
        self.person = ChoiceField(t("organisation.who"), [], "")
        self.main = QCheckBox(t("organisation.is_main"))
        self.main.setChecked(row.main if row is not None else True)
        for name, one in (("place", self.place), ("duty", self.duty), ("post", self.post), ("person", self.person)):
            self.add(name, one)
        self.form.addWidget(self.main)
        self.post.box.currentIndexChanged.connect(lambda _at: self._holders())
        self._holders()
        self.person.choose(row.person if row is not None else "")
        self.finish(SetResponsibility.action)
        self.setFocusProxy(self.post if row is None else self.person)

    def _holders(self) -> None:
        holders = [p for p in self.data.people if p.post and p.post == self.post.key]
        self.person.box.clear()
        self.person.box.addItem(t("organisation.any_holder", n=len(holders)), "")
        for person in holders:
            self.person.box.addItem(f"{person.name} · {person.number}", person.number)
        self.person.show_hint("" if holders or not self.post.key else t("organisation.nobody_holds"))

    def command(self) -> Command | None:
        if self.place.box.currentIndex() < 0 or self.duty.box.currentIndex() < 0 or not self.post.key:
            self.say(t("organisation.wrong.assign"))
            return None
        draft = ResponsibilityDraft(
            place=self.place.key,
            post=self.post.key,
            duty=self.duty.key,
            person=self.person.key,
            main=self.main.isChecked(),
        )
        version = self.row.version if self.row is not None else None
        return SetResponsibility(responsibility=draft, version=version, reason=self.reason.text)


class CellSheet(Sheet):
    """Who answers for a duty at a place."""

    def __init__(self, ctx: PanelContext, data: MatrixData, cell: Cell) -> None:
        super().__init__(t("organisation.cell"))
        self.ctx, self.data, self.cell = ctx, data, cell
        self.form.addWidget(role_label("heading", name_of(cell.duty), wrap=True))
        self.form.addWidget(role_label("dim", f"{name_of(cell.place)}  {cell.place.code}", wrap=True))
        if cell.gap is not None:
            self.form.addWidget(role_label("inverse", t(f"organisation.short_gap.{cell.gap}"), wrap=True))
        elif not cell.needed and not cell.rows:
            self.form.addWidget(plain_label(t("organisation.not_needed"), wrap=True))
        self.form.addWidget(hairline())
        self.edits: list[QWidget] = []
        for row in cell.rows:
            self._add(row)
        self.assign = button("plus", "primary" if cell.gap is not None else "")
        self.assign.setText(t("organisation.assign"))
        self.assign.clicked.connect(self._assign)
        ctx.let(self.assign, SetResponsibility.action)
        self.form.addWidget(self.assign)
        self.duty = button("edit")
        self.duty.setText(t("organisation.edit_duty"))
        self.duty.clicked.connect(lambda: ctx.open_sheet.emit(DutySheet(ctx, data, cell.duty)))
        ctx.let(self.duty, SaveDuty.action)
        self.form.addWidget(self.duty)
        self.form.addStretch(1)
        ctx.bridge.organisation_changed.connect(self._changed)

    def _changed(self, _event: object) -> None:
        self.close()  # what it shows is no longer so

    def _add(self, row: ResponsibilityRow) -> None:
        names = "、".join(f"{name} {number}" for number, name in row.people)
        mark = t("organisation.main") if row.main else t("organisation.supporting")
        line = QWidget()
        box = QHBoxLayout(line)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(role_label("strong", f"{self.data.board.post_name(row)} · {mark}", wrap=True), 1)
        edit, remove = icon_button("edit"), icon_button("minus")
        name_control(edit, f"{t('organisation.edit')} {self.data.board.post_name(row)}")
        name_control(remove, f"{t('organisation.remove')} {self.data.board.post_name(row)}")
        edit.clicked.connect(lambda: self.ctx.open_sheet.emit(AssignSheet(self.ctx, self.data, row=row)))
        remove.clicked.connect(lambda: self._remove(row))
        self.ctx.let(edit, SetResponsibility.action)
        self.ctx.let(remove, RemoveResponsibility.action)
        for part in (edit, remove):
            box.addWidget(part)
            self.edits.append(part)
        self.form.addWidget(line)
        self.form.addWidget(
            plain_label(names, wrap=True) if names else role_label("inverse", t("organisation.mark.no_holder"))
        )

    def _assign(self) -> None:
        sheet = AssignSheet(self.ctx, self.data, place=self.cell.place.code, duty=self.cell.duty.code)
        self.ctx.open_sheet.emit(sheet)

    def _remove(self, row: ResponsibilityRow) -> None:
        text = t(
            "organisation.remove_responsibility_text", post=self.data.board.post_name(row), duty=name_of(self.cell.duty)
        )
        ask_removal(
            self.ctx,
            t("organisation.remove_responsibility"),
            text,
            lambda reason: RemoveResponsibility(place=row.place, post=row.post, duty=row.duty, reason=reason),
        )


class DutySheet(OrderSheet):
    """A new duty, or the changes to one: its names, its kind, and which places need it."""

    def __init__(self, ctx: PanelContext, data: MatrixData, row: DutyRow | None) -> None:
        super().__init__(ctx, t("organisation.new_duty") if row is None else t("organisation.edit_duty"))
        self.row, self.data = row, data
        self.code = TextField(t("organisation.code"), row.code if row is not None else "", most=64)
        self.code.line.setReadOnly(row is not None)
        self.name = TextField(t("organisation.name"), row.name if row is not None else "", most=200)
        self.name_en = TextField(t("organisation.name_en"), row.name_en if row is not None else "", most=200)
        self.category = TextField(t("organisation.category"), row.category if row is not None else "", most=60)
        for name, field in (
            ("code", self.code), ("name", self.name), ("name_en", self.name_en), ("category", self.category)
        ):  # fmt: skip
            self.add(name, field)
        self.form.addWidget(role_label("dim", t("organisation.needed_on")))
        needed = set(row.needed_on) if row is not None else set()
        self.kinds = {kind: QCheckBox(t(f"organisation.place_kind.{kind}")) for kind in PlaceKind}
        for kind, box in self.kinds.items():
            box.setChecked(kind in needed)
            self.form.addWidget(box)
        codes = sorted(needed - set(PlaceKind))
        self.codes = TextField(
            t("organisation.needed_codes"), ", ".join(codes), t("organisation.needed_hint"), most=2000
        )
        self.add("needed_on", self.codes)
        self.finish(SaveDuty.action)
        self.setFocusProxy(self.code if row is None else self.name)

    def command(self) -> Command | None:
        taken = {duty.code for duty in self.data.board.duties}
        good = self.need_code("code", taken, new=self.row is None)
        good = self.need_text("name") and good
        known = {place.code for place in self.data.places}
        codes = [
            code for code in self.codes.text.replace("、", ",").replace("，", ",").replace(",", " ").split() if code
        ]
        strange = [code for code in codes if code not in known]
        self.codes.complain(t("organisation.wrong.places", what=", ".join(strange)) if strange else "")
        if not good or strange:
            return None
        draft = DutyDraft(
            code=self.code.text,
            name=self.name.text,
            name_en=self.name_en.text,
            category=self.category.text,
            needed_on=(*(kind.value for kind, box in self.kinds.items() if box.isChecked()), *codes),
        )
        version = self.row.version if self.row is not None else None
        return SaveDuty(duty=draft, version=version, reason=self.reason.text)
