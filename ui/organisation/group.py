"""The safety leading group as a board: a column a role, leader first, with what each answers for."""

from __future__ import annotations

import dataclasses

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.ports import Organisation
from models.organisation import GroupRole, MemberRow, PeopleQuery, PersonKind, PersonRow
from models.organisation_commands import RemoveMember, SaveMember
from models.people import Actor
from ui.i18n import t
from ui.organisation.forms import ask_removal
from ui.organisation.frame import Frame, read_frame
from ui.organisation.reading import ReadingPanel
from ui.organisation.seats import MemberSheet, SeatCard
from ui.organisation.words import name_of, role_text
from ui.widgets.controls import button, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.states import StateStack


@dataclasses.dataclass(frozen=True)
class Group:
    """What the page shows."""

    members: list[MemberRow]
    people: list[PersonRow]
    frame: Frame

    def post_of(self, member: MemberRow) -> str:
        """Post of a member in the present language."""
        row = next((p for p in self.people if p.number == member.number), None)
        post = self.frame.of(row)[1] if row is not None else None
        return name_of(post) if post is not None else member.post_name


class GroupPanel(ReadingPanel[Group]):
    """The board."""

    title_key = "organisation.page.group"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        board = QWidget()
        board.setObjectName("pageBody")
        row = QHBoxLayout(board)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(12)
        self.heads = {role: role_label("section") for role in GroupRole}
        self.columns: dict[GroupRole, QVBoxLayout] = {}
        for role in GroupRole:
            column = self.columns[role] = QVBoxLayout()
            column.setSpacing(8)
            column.addWidget(self.heads[role])
            column.addStretch(1)
            row.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(board)
        self.states = StateStack(area, "shield")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.states)
        self.cards: list[SeatCard] = []
        self.current: MemberRow | None = None
        self.past = QCheckBox()
        self.new, self.edit, self.remove = button("plus"), button("edit"), button("minus")
        for widget in (self.past, self.remove, self.edit, self.new):
            self.header.right.addWidget(widget)
        self.past.toggled.connect(lambda _on: self._fill())
        self.new.clicked.connect(lambda: self.open(None))
        self.edit.clicked.connect(lambda: self.open(self.current))
        self.remove.clicked.connect(self._remove)
        self.ready()
        self.begin()

    def read(self, organisation: Organisation, reader: Actor) -> Group:
        people, _ = organisation.people(
            PeopleQuery(active=True, kinds=(PersonKind.EMPLOYEE.value,), limit=1_000_000), reader
        )
        return Group(organisation.leading_group(reader), people, read_frame(organisation, reader))

    def show_data(self, data: Group) -> None:
        if self.current is not None:
            key = (self.current.number, self.current.role)
            self.current = next((m for m in data.members if (m.number, m.role) == key), None)
        self._fill()
        if data.members:
            self.states.show_content()
        else:
            may = self.ctx.allowed(SaveMember.action)
            action = ("organisation.new_seat", lambda: self.open(None)) if may else ("", None)
            self.states.show_empty("organisation.no_group", "organisation.no_group_hint", *action)

    def forget(self) -> None:
        self.current = None
        self._fill()

    def _fill(self) -> None:
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards = []
        members = self.data.members if self.data is not None else []
        for role, column in self.columns.items():
            shown = [m for m in members if m.role == role and (m.current or self.past.isChecked())]
            for member in shown:
                card = SeatCard(member, self.data.post_of(member) if self.data is not None else "")
                card.chosen.connect(self.choose)
                card.opened.connect(self.open)
                column.insertWidget(column.count() - 1, card)
                self.cards.append(card)
            count = sum(m.current for m in shown)
            self.heads[role].setText(f"{role_text(role)}  {count}")
        for first, second in zip(self.cards, self.cards[1:], strict=False):
            QWidget.setTabOrder(first, second)
        self._mark()

    def choose(self, member: MemberRow) -> None:
        """The one that the buttons are about."""
        self.current = member
        self._mark()

    def _mark(self) -> None:
        for card in self.cards:
            card.select(card.member == self.current)
        self.enable()

    def enable(self) -> None:
        self.ctx.let(self.new, SaveMember.action, self.data is not None)
        self.ctx.let(self.edit, SaveMember.action, self.current is not None)
        self.ctx.let(self.remove, RemoveMember.action, self.current is not None)

    def open(self, member: MemberRow | None, role: GroupRole = GroupRole.MEMBER) -> None:
        """The sheet of a seat, or for a new one."""
        if self.data is not None and self.ctx.allowed(SaveMember.action):
            self.ctx.open_sheet.emit(MemberSheet(self.ctx, self.data.people, member, role))

    def _remove(self) -> None:
        member = self.current
        if member is not None:
            ask_removal(
                self.ctx,
                t("organisation.remove_seat"),
                t("organisation.remove_seat_text", name=member.name, role=role_text(member.role)),
                lambda reason: RemoveMember(number=member.number, role=member.role, reason=reason),
            )

    def retranslate(self) -> None:
        self.past.setText(t("organisation.with_past"))
        self.new.setText(t("organisation.new_seat"))
        self.edit.setText(t("organisation.edit"))
        self.remove.setText(t("organisation.remove"))
        self._fill()
