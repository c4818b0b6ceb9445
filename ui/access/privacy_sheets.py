"""Personal data at the side: a field in full, an export that must be signed, and the erasure of one person."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QWidget
from shiboken6 import isValid

from app.exchange import write_csv
from app.ports import Answer
from models.organisation_commands import ExportPrivate
from models.privacy import PrivateField
from ui.access.audit_sheet import titled
from ui.access.privacy_rows import (
    DataLine,
    category_text,
    kept_text,
    seen_by_text,
    stored_text,
    what_text,
)
from ui.i18n import pick, t
from ui.widgets.controls import hairline, plain_label, role_label
from ui.widgets.exporting import ask_file
from ui.widgets.fields import LinesField
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet


class DataSheet(Sheet):
    """One line of the inventory with its whole texts."""

    def __init__(self, row: DataLine, notes: str) -> None:
        super().__init__(what_text(row))
        for key, text in (
            ("category", category_text(row)),
            ("purpose", pick(row.rule.purpose, row.rule.purpose_en)),
            ("basis", pick(row.rule.basis, row.rule.basis_en)),
            ("stored", stored_text(row)),
            ("kept", kept_text(row)),
            ("seen_by", seen_by_text(row)),
        ):
            self.form.addWidget(titled(t(f"personal.column.{key}"), plain_label(text, wrap=True)))
        self.form.addWidget(hairline())
        self.form.addWidget(role_label("dim", t("personal.notes")))
        self.form.addWidget(role_label("dim", notes, wrap=True))
        self.form.addStretch(1)


class ExportSheet(Sheet):
    """Which fields of whom, why and where to. The order asks for a signature by itself; the file is written after it.

    The sheet waits beneath the signature and is there again when that is called off; ``owner`` outlives it.
    """

    def __init__(self, ctx: PanelContext, owner: QWidget, exported: Callable[[], None]) -> None:
        super().__init__(t("personal.export_title"))
        self.ctx, self._owner, self._exported = ctx, owner, exported
        self.form.addWidget(plain_label(t("personal.export_text"), wrap=True))
        self.numbers = LinesField(t("personal.numbers"), hint=t("personal.numbers_hint"), height=48)
        self.form.addWidget(self.numbers)
        self.form.addWidget(role_label("dim", t("personal.column.fields")))
        self.boxes: dict[PrivateField, QCheckBox] = {}
        for field in PrivateField:
            box = QCheckBox(t(f"personal.field.{field}"))
            if field.health:
                ctx.let(box, "privacy.reveal_health")
            self.boxes[field] = box
            self.form.addWidget(box)
        self.reason = LinesField(t("common.reason"))
        self.form.addWidget(self.reason)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("personal.export_start"))
        self.setFocusProxy(self.numbers)

    def confirmed(self) -> None:
        """Ask for the file once everything is said."""
        if not self._fields():
            self._say(t("personal.fields_needed"))
        elif not self.reason.text:
            self._say(t("common.reason_needed"))
        else:
            self.problem.hide()
            ask_file(self, self.ctx, "personal-data", self.export)

    def _fields(self) -> list[PrivateField]:
        return [field for field, box in self.boxes.items() if box.isChecked()]

    def _say(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.show()

    def export(self, path: Path) -> None:
        """Order it, and write what comes back."""
        fields = self._fields()
        wanted = self.numbers.text.replace(",", " ").replace("，", " ").replace("、", " ").split()
        order = ExportPrivate(
            numbers=tuple(dict.fromkeys(wanted)),
            fields=tuple(field.value for field in fields),
            path=str(path),
            reason=self.reason.text,
        )
        head = [t("personal.number"), *(t(f"personal.field.{field}") for field in fields)]
        ctx, owner, exported = self.ctx, self._owner, self._exported
        write = ctx.exporter if path.suffix == ".xlsx" and ctx.exporter is not None else write_csv

        def ordered(answer: Answer) -> None:
            if isValid(self):
                self.confirm.setEnabled(True)
            if not answer.ok:
                return
            if isValid(self):
                self.close()
            rows: Sequence[Sequence[str]] = answer.data or []
            ctx.work(owner, lambda: _write_closed(write, path, head, rows), lambda _none: said(len(rows)), failed)

        def said(count: int) -> None:
            ctx.toast.emit(t("common.exported", n=count, path=str(path)), "ok")
            exported()

        def failed(error: BaseException) -> None:
            ctx.toast.emit(t("personal.not_written", detail=str(error)), "warning")
            exported()

        self.confirm.setEnabled(False)
        if not ctx.order(order, ordered, owner):
            self.confirm.setEnabled(True)


def _write_closed(
    write: Callable[[Path, Sequence[str], Sequence[Sequence[str]]], None],
    path: Path,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    path.chmod(0o600)
    write(path, head, rows)
