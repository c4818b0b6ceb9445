"""Somebody leaves: on which day, why, and what still hangs on them and has to find another."""

from __future__ import annotations

from app.ports import Answer, Organisation
from models.commands import Command
from models.organisation import PeopleQuery, PersonRow, today_us
from models.organisation_commands import PersonLeft
from models.people import Actor
from ui.i18n import t
from ui.organisation.forms import DayField, OrderSheet
from ui.organisation.words import error_text
from ui.widgets.controls import plain_label, role_label
from ui.widgets.panel import PanelContext


def hanging(organisation: Organisation, reader: Actor, row: PersonRow) -> dict[str, int]:
    """Seats, cells of the matrix that name the person, people they receive, an account. For worker threads."""
    seats = [m for m in organisation.leading_group(reader) if m.number == row.number and m.until_us is None]
    cells = [cell for cell in organisation.matrix(reader).cells if cell.person == row.number]
    guests, _ = organisation.people(PeopleQuery(active=True, limit=1_000_000), reader)
    counts = {
        "leading_group": len(seats),
        "responsibility": len(cells),
        "host": sum(guest.host == row.number for guest in guests),
        "account": int(bool(row.login)),
    }
    return {name: n for name, n in counts.items() if n}


def hanging_text(counts: dict[str, int]) -> str:
    """The same in words, a line each."""
    return "\n".join("· " + t(f"organisation.hangs.{name}", n=n) for name, n in counts.items())


class LeaveSheet(OrderSheet):
    """Day and reason; nothing of the person is removed."""

    def __init__(self, ctx: PanelContext, row: PersonRow) -> None:
        super().__init__(ctx, t("organisation.leave_now"))
        self.row = row
        self.form.addWidget(role_label("heading", f"{row.name} · {row.number}", wrap=True))
        self.form.addWidget(plain_label(t("organisation.leave_text"), wrap=True))
        self.open_title = role_label("section", t("organisation.hangs_title"))
        self.open = plain_label(t("common.loading"), wrap=True)
        self.form.addWidget(self.open_title)
        self.form.addWidget(self.open)
        self.day = DayField(t("organisation.column.left"), today_us(ctx.station.now_us()))
        self.add("left_us", self.day)
        self.reason.title.setText(t("common.reason"))
        self.add("reason", self.reason)
        self.finish(PersonLeft.action, t("organisation.leave_now"), reason=False)
        self.setFocusProxy(self.reason)
        reader, organisation = ctx.actor, ctx.station.organisation
        if reader is not None:
            ctx.work(self, lambda: hanging(organisation, reader, row), self._show, self._failed)

    def _show(self, counts: dict[str, int]) -> None:
        self.open.setText(hanging_text(counts) or t("organisation.hangs_nothing"))

    def _failed(self, error: BaseException) -> None:
        self.open.setText(error_text(error))

    def command(self) -> Command | None:
        self.reason.complain("" if len(self.reason.text) >= 2 else t("common.reason_needed"))
        try:
            left = self.day.read()
        except ValueError:
            return None
        if left is None:
            self.day.complain(t("common.field.needed"))
        if left is None or self.reason.problem.text():
            return None
        return PersonLeft(number=self.row.number, left_us=left, reason=self.reason.text)

    def said(self, answer: Answer) -> str:
        counts = answer.data if isinstance(answer.data, dict) else {}
        still = "、".join(t(f"organisation.hangs.{name}", n=n) for name, n in counts.items())
        return t("organisation.has_left", name=self.row.name) + (t("organisation.still", what=still) if still else "")
