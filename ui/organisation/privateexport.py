"""Taking private data out in clear: which fields of whom, why, where to; the door asks for a signature first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox

from app.exchange import write_csv
from app.ports import Answer
from models.commands import Command
from models.organisation_commands import ExportPrivate
from models.privacy import PrivateField
from ui.i18n import count_text, t
from ui.organisation.forms import OrderSheet
from ui.organisation.words import field_text
from ui.widgets.controls import plain_label, role_label
from ui.widgets.exporting import ask_file
from ui.widgets.fields import ChoiceField
from ui.widgets.panel import PanelContext


class PrivateExportSheet(OrderSheet):
    """``shown`` are the numbers in the table, ``chosen`` those selected in it."""

    def __init__(self, ctx: PanelContext, shown: Sequence[str], chosen: Sequence[str]) -> None:
        super().__init__(ctx, t("organisation.export_private"))
        self._numbers = {"chosen": tuple(chosen), "shown": tuple(shown), "all": ()}
        self._path: Path | None = None
        self.form.addWidget(plain_label(t("organisation.export_private_text"), wrap=True))
        who = [
            (k, t(f"organisation.whose.{k}", n=count_text(len(v)))) for k, v in self._numbers.items() if v or k == "all"
        ]
        self.whose = ChoiceField(t("organisation.whose_title"), who)
        self.add("numbers", self.whose)
        self.form.addWidget(role_label("section", t("organisation.which_fields")))
        self.boxes: dict[PrivateField, QCheckBox] = {}
        for field in PrivateField:
            box = self.boxes[field] = QCheckBox(field_text(field))
            ctx.let(box, "privacy.reveal_health" if field.health else ExportPrivate.action)
            self.form.addWidget(box)
        self.reason.title.setText(t("common.reason"))
        self.add("reason", self.reason)
        self.finish(ExportPrivate.action, t("organisation.export_private_now"), reason=False)

    def confirmed(self) -> None:
        """Ask where to first; the order names the file."""
        self.problem.hide()
        self.reason.complain("" if len(self.reason.text) >= 2 else t("common.reason_needed"))
        if not any(box.isChecked() for box in self.boxes.values()):
            self.say(t("organisation.wrong.fields"))
        elif not self.reason.problem.text():
            ask_file(self, self.ctx, "private", self.export_to)

    def export_to(self, path: Path) -> None:
        """Order it, then write what the answer holds on a worker."""
        self._path = path
        super().confirmed()

    def command(self) -> Command | None:
        fields = tuple(field.value for field, box in self.boxes.items() if box.isChecked())
        numbers = self._numbers[self.whose.key]
        return ExportPrivate(numbers=numbers, fields=fields, path=str(self._path), reason=self.reason.text)

    def answered(self, answer: Answer) -> None:
        path = self._path
        if not answer.ok or path is None:
            super().answered(answer)
            return
        ctx, rows = self.ctx, list(answer.data or [])
        titles = [t("organisation.column.number")] + [field_text(f) for f, box in self.boxes.items() if box.isChecked()]
        write = ctx.exporter if path.suffix == ".xlsx" and ctx.exporter is not None else write_csv

        def done(_none: None) -> None:
            ctx.toast.emit(t("common.exported", n=len(rows), path=str(path)), "ok")

        ctx.work(ctx, lambda: write(path, titles, rows), done)
        self.close()
