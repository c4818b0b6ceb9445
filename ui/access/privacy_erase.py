"""Erasure of one person's data at the side: who, what goes now, what the law keeps and until when, and why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from app.ports import Answer
from models.organisation import PeopleQuery, PersonRow, day_of, today_us
from models.organisation_commands import ErasePerson
from models.privacy import Erased, Inventory, PersonCard, PrivateField
from ui.access.privacy_rows import names_text
from ui.i18n import DASH, t
from ui.widgets.controls import plain_label, role_label
from ui.widgets.fields import LinesField
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet

DAY_US = 86_400_000_000
MOST = 2000


class EraseSheet(Sheet):
    """Only people who have left can be chosen."""

    def __init__(self, ctx: PanelContext, inventory: Inventory, erased: Callable[[], None]) -> None:
        super().__init__(t("personal.erase_title"))
        self.ctx, self._inventory, self._erased = ctx, inventory, erased
        self._people: dict[str, PersonRow] = {}
        self.form.addWidget(plain_label(t("personal.erase_text"), wrap=True))
        self.form.addWidget(role_label("dim", t("personal.erase_who")))
        self.person = QComboBox()
        self.person.setAccessibleName(t("personal.erase_who"))
        self.person.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.form.addWidget(self.person)
        self.note = role_label("dim", t("common.loading"), wrap=True)
        self.form.addWidget(self.note)
        self.page = QWidget()
        self.form.addWidget(self.page)
        self.reason = LinesField(t("common.reason"))
        self.form.addWidget(self.reason)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("personal.erase_start"))
        self.confirm.setEnabled(False)
        self.person.currentIndexChanged.connect(lambda _at: self._chosen())
        self._load()

    def _load(self) -> None:
        actor, organisation = self.ctx.actor, self.ctx.station.organisation
        if actor is None:
            return
        query = PeopleQuery(active=False, limit=MOST)
        self.ctx.work(self, lambda: organisation.people(query, actor)[0], self._show_people, self._failed)

    def _failed(self, error: BaseException) -> None:
        self.note.setText(t("common.failed", detail=str(error)))

    def _show_people(self, people: list[PersonRow]) -> None:
        self._people = {row.number: row for row in people if row.erased_us is None}
        if not self._people:
            self.note.setText(t("personal.nobody_left"))
            return
        for number, row in self._people.items():
            self.person.addItem(f"{row.name or DASH} · {number}", number)

    def _chosen(self) -> None:
        actor, organisation = self.ctx.actor, self.ctx.station.organisation
        number = self.person.currentData()
        self.confirm.setEnabled(False)
        if actor is None or number is None:
            return
        self.note.setText(t("common.loading"))

        def show(card: PersonCard | None) -> None:
            if card is not None and card.row.number == self.person.currentData():
                self._show_card(card)

        self.ctx.work(self, lambda: organisation.person(number, actor), show, self._failed)

    def _show_card(self, card: PersonCard) -> None:
        left = card.row.left_us
        self.note.setText(t("personal.left_on", day=day_of(left).isoformat() if left is not None else DASH))
        rules = {line.field: line.rule for line in self._inventory.lines}
        today = today_us(self.ctx.station.now_us())
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for line, cell in enumerate(cell for cell in card.private if cell.present):
            rule = rules[cell.field]
            until = (left or 0) + rule.kept_days[card.row.kind.value] * DAY_US
            stays = rule.statutory and until > today
            words = t("personal.stays", day=day_of(until).isoformat()) if stays else t("personal.goes")
            grid.addWidget(role_label("dim", t(f"personal.field.{cell.field}")), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(cell.masked, wrap=True), line, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(role_label("dim" if stays else "strong", words, wrap=True), line, 2)
        old, self.page = self.page, page
        self.form.replaceWidget(old, page)
        page.show()
        old.deleteLater()
        self.ctx.let(self.confirm, ErasePerson.action)

    def confirmed(self) -> None:
        """Give the order."""
        if not self.reason.text:
            self.problem.setText(t("common.reason_needed"))
            self.problem.show()
            return
        self.problem.hide()
        self.confirm.setEnabled(False)
        number = str(self.person.currentData())

        def said(answer: Answer) -> None:
            if not answer.ok:
                self.ctx.let(self.confirm, ErasePerson.action)
                return
            self._done(number, answer.data)

        if not self.ctx.order(ErasePerson(number=number, reason=self.reason.text), said, self):
            self.ctx.let(self.confirm, ErasePerson.action)

    def _done(self, number: str, result: Erased | None) -> None:
        gone = [t(f"personal.field.{PrivateField(field)}") for field in result.gone] if result is not None else []
        kept = result.kept if result is not None else {}
        text = t("personal.erased", number=number, what=names_text(gone) or DASH)
        if kept:
            days = [f"{t(f'personal.field.{PrivateField(f)}')} {day_of(us).isoformat()}" for f, us in kept.items()]
            text += " " + t("personal.kept_by_law", what=names_text(days))
        self.ctx.toast.emit(text, "ok")
        self._erased()
        self.close()
