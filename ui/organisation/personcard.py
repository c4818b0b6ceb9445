"""The card of somebody: what anybody may see, masks for the rest, and the way to see behind a mask with a reason.

What was revealed stands for a minute, then the masks are back; so they are when the station is locked or somebody else
takes over. Values are kept nowhere but in the labels.
"""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from app.ports import Answer
from models.organisation_commands import ErasePerson, PersonLeft, RevealPrivate, SavePerson
from models.privacy import Erased, PersonCard, PrivateCell, PrivateField
from ui.i18n import DASH, t
from ui.organisation.frame import Frame, read_frame
from ui.organisation.leaving import LeaveSheet
from ui.organisation.personsheet import PersonSheet
from ui.organisation.words import day_text, error_text, field_text, kind_text, name_of, wrong_text
from ui.widgets.controls import button, hairline, plain_label, role_label
from ui.widgets.fields import LinesField
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet
from ui.widgets.states import StateStack

SHOWN_S = 60
SELDOM = ("company", "host", "left", "login")  # said only where there is something to say
FACTS = ("number", "kind", "department", "post", "company", "host", "joined", "left", "login")


class PersonCardSheet(Sheet):
    """One person. ``values`` are the labels of private fields, ``boxes`` choose which are to be revealed."""

    def __init__(self, ctx: PanelContext, number: str) -> None:
        super().__init__(t("organisation.card"))
        self.ctx, self.number = ctx, number
        self.card: PersonCard | None = None
        self.values: dict[PrivateField, QLabel] = {}
        self.boxes: dict[PrivateField, QCheckBox] = {}
        self._left_s = 0
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self.body = QWidget()
        self.states = StateStack(self.body, "user")
        self.form.addWidget(self.states, 1)
        self.form.setContentsMargins(0, 0, 0, 0)
        self._build()
        ctx.bridge.organisation_changed.connect(self._changed)
        ctx.actor_changed.connect(self._actor_changed)
        self.load()

    def _build(self) -> None:
        column = QVBoxLayout(self.body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        self.name = role_label("heading", wrap=True)
        self.mark = role_label("inverse")
        self.facts = QGridLayout()
        self.facts.setHorizontalSpacing(12)
        self.facts.setVerticalSpacing(4)
        self.facts.setColumnStretch(1, 1)
        self.fact = {key: plain_label(wrap=True) for key in FACTS}
        self.title = {key: role_label("dim", t(f"organisation.column.{key}")) for key in FACTS}
        for line, key in enumerate(FACTS):
            self.facts.addWidget(self.title[key], line, 0)
            self.facts.addWidget(self.fact[key], line, 1)
        self.private = QGridLayout()
        self.private.setHorizontalSpacing(8)
        self.private.setVerticalSpacing(2)
        self.private.setColumnStretch(1, 1)
        line = 0
        for health in (False, True):
            words = t("organisation.private.health" if health else "organisation.private.personal")
            self.private.addWidget(role_label("section", words), line, 0, 1, 2)
            line += 1
            for field in (f for f in PrivateField if f.health is health):
                self.boxes[field] = QCheckBox(field_text(field))
                self.boxes[field].toggled.connect(lambda _on: self._enable())
                self.values[field] = plain_label(wrap=True)
                self.private.addWidget(self.boxes[field], line, 0)
                self.private.addWidget(self.values[field], line, 1)
                line += 1
        self.reason = LinesField(t("organisation.reveal_reason"), hint=t("organisation.reveal_hint"), height=52)
        self.reveal = button("eye")
        self.reveal.setText(t("organisation.reveal", n=SHOWN_S))
        self.reveal.clicked.connect(self._reveal)
        self.until = role_label("inverse")
        self.hide_now = button("lock")
        self.hide_now.setText(t("organisation.mask_now"))
        self.hide_now.clicked.connect(self.cover)
        self.edit, self.leave, self.erase = button("edit"), button("right"), button("minus")
        for part, words, run in (
            (self.edit, t("organisation.edit"), lambda: PersonSheet.open(self.ctx, self.number)),
            (self.leave, t("organisation.leave"), self._leave),
            (self.erase, t("organisation.erase"), self._erase),
        ):
            part.setText(words)
            part.clicked.connect(run)
        column.addWidget(self.name)
        column.addWidget(self.mark)
        column.addLayout(self.facts)
        column.addWidget(hairline())
        column.addLayout(self.private)
        for widget in (self.reason, self.reveal, self.until, self.hide_now, hairline()):
            column.addWidget(widget)
        for widget in (self.edit, self.leave, self.erase):
            column.addWidget(widget)
        column.addStretch(1)
        for widget in (self.mark, self.until, self.hide_now):
            widget.hide()

    # -- what there is

    def load(self) -> None:
        """Read the card on a worker."""
        reader, organisation = self.ctx.actor, self.ctx.station.organisation
        if reader is None:
            return
        if self.card is None:
            self.states.show_loading()

        def failed(error: BaseException) -> None:
            self.states.show_error(error_text(error), self.load)

        number = self.number

        def read() -> tuple[PersonCard | None, Frame]:
            return organisation.person(number, reader), read_frame(organisation, reader)

        self.ctx.work(self, read, self._show, failed)

    def _show(self, read: tuple[PersonCard | None, Frame]) -> None:
        card, frame = read
        if card is None:
            self.states.show_empty("answers.not_found")
            return
        self.card = card
        row = card.row
        units = [name_of(unit) if unit is not None else "" for unit in frame.of(row)]
        self.name.setText(row.name)
        shown = {
            "number": row.number,
            "kind": kind_text(row.kind),
            "department": units[0],
            "post": units[1],
            "company": row.company,
            "host": row.host,
            "joined": day_text(row.joined_us) if row.joined_us is not None else "",
            "left": day_text(row.left_us) if row.left_us is not None else "",
            "login": row.login,
        }
        for key, text in shown.items():
            self.fact[key].setText(text or DASH)
            for part in (self.fact[key], self.title[key]):
                part.setVisible(bool(text) or key not in SELDOM)
        gone = t("organisation.state.erased") if row.erased_us is not None else ""
        gone = gone or (t("organisation.state.left", day=day_text(row.left_us)) if not row.active else "")
        self.mark.setText(gone)
        self.mark.setVisible(bool(gone))
        self.states.show_content()
        if self._second.isActive():  # revealed while this was being read: the masks come back in their own time
            self._enable()
        else:
            self.cover()

    def _changed(self, _event: object) -> None:
        self.cover()
        self.load()

    def _actor_changed(self, _actor: object) -> None:
        self.cover()
        if self.ctx.actor is not None:
            self.load()

    # -- masks

    def cover(self) -> None:
        """The masks are back."""
        self._second.stop()
        for cell in self.card.private if self.card is not None else ():
            self._masked(cell)
        for widget in (self.until, self.hide_now):
            widget.hide()
        self._enable()

    def _masked(self, cell: PrivateCell) -> None:
        text = cell.masked if cell.readable else t("organisation.unreadable")
        self.values[cell.field].setText(text if cell.present else t("organisation.no_value"))
        self.values[cell.field].setProperty("role", "" if cell.present else "dim")
        self.values[cell.field].style().polish(self.values[cell.field])

    def _enable(self) -> None:
        ctx, card = self.ctx, self.card
        for cell in card.private if card is not None else ():
            box = self.boxes[cell.field]
            action = "privacy.reveal_health" if cell.field.health else RevealPrivate.action
            ctx.let(box, action, cell.present and cell.readable and ctx.allowed(RevealPrivate.action))
            if not box.isEnabled() and box.isChecked():
                box.setChecked(False)
        chosen = any(box.isChecked() for box in self.boxes.values())
        ctx.let(self.reveal, RevealPrivate.action, chosen)
        self.reason.setVisible(ctx.allowed(RevealPrivate.action))
        ctx.let(self.edit, SavePerson.action, card is not None)
        ctx.let(self.leave, PersonLeft.action, card is not None and card.row.active)
        left = card is not None and not card.row.active and card.row.erased_us is None
        ctx.let(self.erase, ErasePerson.action, left)

    def _reveal(self) -> None:
        reason = self.reason.text
        if len(reason) < 2:
            self.reason.complain(t("common.reason_needed"))
            self.reason.editor.setFocus()
            return
        fields = tuple(field.value for field, box in self.boxes.items() if box.isChecked())
        self.reveal.setEnabled(False)
        order = RevealPrivate(number=self.number, fields=fields, reason=reason)
        if not self.ctx.order(order, self._revealed, self):
            self._enable()

    def _revealed(self, answer: Answer) -> None:
        self._enable()
        if not answer.ok:
            if answer.code != "cancelled":
                self.reason.complain(wrong_text(answer))
            return
        if self.ctx.actor is None:
            return
        for name, value in dict(answer.data or {}).items():
            label = self.values[PrivateField(name)]
            label.setText(value or t("organisation.no_value"))
            label.setProperty("role", "strong")
            label.style().polish(label)
        for box in self.boxes.values():
            box.setChecked(False)
        self.reason.box.clear()
        self._left_s = SHOWN_S
        self._say_left()
        self.until.show()
        self.hide_now.show()
        self._second.start()

    def _tick(self) -> None:
        self._left_s -= 1
        if self._left_s <= 0:
            self.cover()
        else:
            self._say_left()

    def _say_left(self) -> None:
        self.until.setText(t("organisation.masked_in", n=self._left_s))

    # -- leaving and erasing

    def _leave(self) -> None:
        if self.card is not None:
            self.ctx.open_sheet.emit(LeaveSheet(self.ctx, self.card.row))

    def _erase(self) -> None:
        ctx, number, name = self.ctx, self.number, self.card.row.name if self.card is not None else ""

        def said(answer: Answer) -> None:
            if answer.ok:
                ctx.toast.emit(erased_text(answer.data), "ok")

        def erase(reason: str, _seconds: float | None, _once: bool) -> None:
            ctx.order(ErasePerson(number=number, reason=reason), said)

        ctx.ask.emit(
            ReasonRequest(
                title=t("organisation.erase"),
                text=t("organisation.erase_text", name=name, number=number),
                confirm=t("organisation.erase_now"),
                done=erase,
            )
        )


def erased_text(result: object) -> str:
    """Which values went, and which the law keeps until when."""
    if not isinstance(result, Erased):
        return t("organisation.erased", n=0)
    said = t("organisation.erased", n=len(result.gone))
    kept = "、".join(f"{field_text(field)} {day_text(us)}" for field, us in result.kept.items())
    return said + (t("organisation.erased_kept", what=kept) if kept else "")
