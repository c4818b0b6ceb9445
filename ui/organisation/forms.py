"""Sheets that end in one order: fields by name, refusals shown at the field they are about, a reason, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter

from app.organisation.checks import good_code, read_day
from app.ports import Answer
from models.commands import Command
from models.organisation import PersonRow
from ui.i18n import t
from ui.organisation.words import day_text, wrong_text
from ui.widgets.controls import role_label
from ui.widgets.fields import Field, LinesField, TextField
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet


class DayField(TextField):
    """A calendar day or nothing, typed as 2026-03-01 (also 2026/3/1, 20260301)."""

    def __init__(self, title: str, us: int | None = None, hint: str = "") -> None:
        super().__init__(title, "" if us is None else day_text(us), hint, most=20)
        self.line.setPlaceholderText(t("organisation.day_form"))

    def read(self) -> int | None:
        """The day as stored; None for nothing.

        Raises ValueError, and says so at the field, when it is none.
        """
        try:
            return read_day(self.text)
        except ValueError:
            self.complain(t("organisation.wrong.day"))
            raise


class PersonField(TextField):
    """Somebody by number; a list of suggestions finds them by name too."""

    def __init__(self, title: str, people: Iterable[PersonRow], number: str = "", hint: str = "") -> None:
        self._names = {row.number: row.name for row in people}
        super().__init__(title, number, hint, most=64)
        self.line.setPlaceholderText(t("organisation.person_form"))
        completer = QCompleter([f"{name} · {number}" for number, name in self._names.items()], self.line)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.line.setCompleter(completer)

    @property
    def number(self) -> str:
        """The number typed or chosen; '' for nobody."""
        return self.text.rpartition(" · ")[2]

    def known(self) -> bool:
        """Is it somebody of the list? Says so at the field when not."""
        good = self.number in self._names
        self.complain("" if good else t("organisation.wrong.person"))
        return good


class OrderSheet(Sheet):
    """Subclasses add fields by name and build the order in :meth:`command`."""

    def __init__(self, ctx: PanelContext, title: str) -> None:
        super().__init__(title)
        self.ctx = ctx
        self.fields: dict[str, Field] = {}
        self.reason = LinesField(t("organisation.reason_free"), height=52)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()

    def add(self, name: str, field: Field) -> None:
        """Add a field under the name by which refusals speak of it."""
        self.fields[name] = field
        self.form.addWidget(field)

    def finish(self, action: str, confirm: str = "", *, reason: bool = True) -> None:
        """Add reason, room for what goes wrong, and the buttons; the right of ``action`` opens the confirm button."""
        self.action = action
        if reason:
            self.form.addWidget(self.reason)
        self.form.addWidget(self.problem)
        self.buttons(confirm or t("common.save"))
        self.ctx.let(self.confirm, action)

    def command(self) -> Command | None:
        """The order; None when something is missing, which has been said."""
        raise NotImplementedError

    def said(self, answer: Answer) -> str:
        """What the toast says when it was done."""
        return t("organisation.saved")

    def confirmed(self) -> None:
        """Give the order; the sheet stays open with what is wrong."""
        self.problem.hide()
        command = self.command()
        if command is None:
            wrong = [field for field in self.fields.values() if field.problem.text()]
            if wrong:
                wrong[0].editor.setFocus()
            return
        self.confirm.setEnabled(False)
        if not self.ctx.order(command, self.answered, self):
            self.confirm.setEnabled(True)

    def answered(self, answer: Answer) -> None:
        """Close, or say what is wrong."""
        self.ctx.let(self.confirm, self.action)
        if answer.ok:
            self.ctx.toast.emit(self.said(answer), "ok")
            self.close()
        elif answer.code != "cancelled":
            self.say(wrong_text(answer), str(answer.params.get("field", "")))

    def say(self, text: str, name: str = "") -> None:
        """Something is wrong, with a field or with the whole."""
        field = self.fields.get(name)
        if field is not None:
            field.complain(text)
            field.editor.setFocus()
            return
        self.problem.setText(text)
        self.problem.show()

    # -- common checks; each says what is wrong and returns whether all is well

    def need_code(self, name: str, taken: Iterable[str], *, new: bool) -> bool:
        """A code of the right form that nothing else has."""
        field = self.fields[name]
        assert isinstance(field, TextField)
        wrong = ""
        if not good_code(field.text):
            wrong = t("organisation.wrong.code")
        elif new and field.text in taken:
            wrong = t("organisation.wrong.taken")
        field.complain(wrong)
        return not wrong

    def need_text(self, name: str) -> bool:
        """Some text."""
        field = self.fields[name]
        assert isinstance(field, TextField)
        field.complain("" if field.text else t("common.field.needed"))
        return bool(field.text)


def ask_removal(ctx: PanelContext, title: str, text: str, command: Callable[[str], Command]) -> None:
    """Say what will be removed, ask why, order it, and say that it was done."""

    def remove(reason: str, _seconds: float | None, _once: bool) -> None:
        ctx.order(command(reason), said)

    def said(answer: Answer) -> None:
        if answer.ok:
            ctx.toast.emit(t("organisation.removed"), "ok")

    ctx.ask.emit(
        ReasonRequest(
            title=title,
            text=text,
            confirm=t("organisation.remove_now"),
            done=remove,
        )
    )
