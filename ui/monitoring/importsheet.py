"""Import of tags from a table: choose a file, see what it would do and every bad cell, then take it in row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QProgressBar

from app.exchange import write_csv
from app.monitoring.tagfile import CellProblem, TagFile, check_rows, read_csv, tag_table
from app.ports import Answer
from app.reports.excel import read_rows
from models.commands import Command, ExportData, SavePlace, SaveTag
from ui.i18n import count_text, file_stamp, t
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.fields import TextField
from ui.widgets.panel import PanelContext, answer_text
from ui.widgets.sheet import Sheet

SHOWN = 500
MOST_REFUSED = 20  # something is wrong with the whole, not with a row


def problem_text(problem: CellProblem) -> str:
    """A bad cell in words: line, column, what stood there, and what is wrong with it."""
    what = t(f"monitoring.import.problem.{problem.code}")
    column = t(f"monitoring.import.column.{problem.column}") if problem.column else ""
    place = t("monitoring.import.cell", line=problem.line, column=column).rstrip(" ·")
    return f"{place}: {what}" + (f" “{problem.found}”" if problem.found else "")


class ImportSheet(Sheet):
    """Dry run first; nothing is changed before the person has seen it."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(t("monitoring.import.title"))
        self.ctx = ctx
        self.file: TagFile | None = None
        self._orders: list[Command] = []
        self._done = 0
        self._failed: list[str] = []
        self._stop = False
        self.form.addWidget(plain_label(t("monitoring.import.text"), wrap=True))
        self.choose = button("inbox")
        self.choose.setText(t("monitoring.import.choose"))
        self.choose.clicked.connect(self._ask_file)
        self.form.addWidget(self.choose)
        self.template = button("export", "flat")
        self.template.setText(t("monitoring.import.template"))
        self.template.clicked.connect(self._ask_template)
        self.form.addWidget(self.template)
        self.name = role_label("strong", wrap=True)
        self.summary = plain_label(wrap=True)
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setAccessibleName(t("monitoring.import.problems"))
        self.problems.setMinimumHeight(200)
        self.problems.hide()
        self.reason = TextField(t("monitoring.tag_sheet.reason"))
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.said = role_label("dim", wrap=True)
        for part in (self.name, self.summary, self.problems, self.reason, self.progress, self.said):
            self.form.addWidget(part)
        self.buttons(t("monitoring.import.start"))
        self.confirm.setEnabled(False)
        self.closed.connect(self._close)

    # -- the file

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, t("monitoring.import.choose"))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([t("monitoring.import.kinds") + " (*.csv *.xlsx *.txt)"])
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.look_at(Path(path)))
        dialog.show()

    def look_at(self, path: Path) -> None:
        """Read and check a file on a worker, and show the outcome."""
        tags, places = self.ctx.station.tags.all(), self.ctx.station.tags.places()
        site = self.ctx.station.site
        self.file = None
        self.confirm.setEnabled(False)
        self.problems.hide()
        self.name.setText(path.name)
        self.summary.setText(t("common.loading"))
        self.said.setText("")

        def check() -> TagFile:
            rows: Sequence[Sequence[Any]] = read_rows(path) if path.suffix.lower() == ".xlsx" else read_csv(path)
            return check_rows(rows, tags, places, site)

        self.ctx.work(self, check, self._show, self._unreadable)

    def _unreadable(self, error: BaseException) -> None:
        self.summary.setText(t("monitoring.import.unreadable", detail=str(error)))

    def _show(self, file: TagFile) -> None:
        self.file = file
        same = len(file.rows) - file.new - file.changes
        self.summary.setText(
            t(
                "monitoring.import.summary",
                new=count_text(file.new),
                changed=count_text(file.changes),
                same=count_text(same),
                places=count_text(len(file.places)),
                bad=count_text(len(file.problems)),
            )
        )
        lines = [problem_text(problem) for problem in file.problems[:SHOWN]]
        if len(file.problems) > SHOWN:
            lines.append(t("monitoring.import.more", n=len(file.problems) - SHOWN))
        self.problems.setPlainText("\n".join(lines))
        self.problems.setVisible(bool(lines))
        work = file.new + file.changes
        whole = not file.problems
        self.confirm.setEnabled(whole and work > 0 and self.ctx.allowed(SaveTag.action))
        self.said.setText("" if whole else t("monitoring.import.mend"))
        if whole and not work:
            self.said.setText(t("monitoring.import.nothing"))

    # -- taking it in

    def confirmed(self) -> None:
        """One order a place and a tag, one after the other; a refusal is noted and the rest goes on."""
        if self.file is None:
            return
        reason = self.reason.text
        places: list[Command] = [
            SavePlace(**{f: getattr(p, f) for f in p.__struct_fields__ if f != "reason"}, reason=reason)
            for p in self.file.places
        ]
        tags: list[Command] = [SaveTag(tag=row.draft, reason=reason) for row in self.file.rows if row.changed]
        self._orders = [*places, *tags]
        self._done, self._failed, self._stop = 0, [], False
        self.confirm.setEnabled(False)
        self.choose.setEnabled(False)
        self.progress.setRange(0, len(self._orders))
        self.progress.show()
        self._next()

    def _next(self) -> None:
        if self._stop:
            return
        if self._done == len(self._orders):
            self._finish()
            return
        order = self._orders[self._done]
        self.progress.setValue(self._done)
        self.said.setText(
            t("monitoring.import.progress", done=count_text(self._done), total=count_text(len(self._orders)))
        )

        def said(answer: Answer) -> None:
            self._done += 1
            if not answer.ok:
                self._failed.append(f"{order.target}: {answer_text(answer)}")
                if answer.code in ("forbidden", "store_failed") or len(self._failed) >= MOST_REFUSED:
                    self._finish()
                    return
            self._next()

        if not self.ctx.order(order, said, self):
            self._finish()

    def _finish(self) -> None:
        good = self._done - len(self._failed)
        self.progress.hide()
        self.choose.setEnabled(True)
        self.file = None
        self.said.setText(t("monitoring.import.done", good=count_text(good), bad=count_text(len(self._failed))))
        self.problems.setPlainText("\n".join(self._failed[:SHOWN]))
        self.problems.setVisible(bool(self._failed))
        if not self._failed and good:
            self.ctx.toast.emit(t("monitoring.import.done", good=count_text(good), bad=0), "ok")
            self.close()

    def _close(self) -> None:
        """Closing stops after the order on its way; what is stored stays, and this is said."""
        self._stop = True
        if self._orders and self._done < len(self._orders) and self.progress.isVisible():
            text = t("monitoring.import.stopped", done=self._done + 1, total=len(self._orders))
            self.ctx.toast.emit(text, "warning")

    # -- the present list as a file to edit

    def _ask_template(self) -> None:
        dialog = QFileDialog(self, t("monitoring.import.template"))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        kinds = ["CSV (*.csv)"] + (["Excel (*.xlsx)"] if self.ctx.exporter is not None else [])
        dialog.setNameFilters(kinds)
        dialog.selectFile(f"tags-{file_stamp(self.ctx.station.now_us())}.csv")
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def chosen(path: str) -> None:
            suffix = ".xlsx" if "xlsx" in dialog.selectedNameFilter() else ".csv"
            file = Path(path)
            self.write_template(file if file.suffix in (".csv", ".xlsx") else file.with_suffix(suffix))

        dialog.fileSelected.connect(chosen)
        dialog.show()

    def write_template(self, path: Path) -> None:
        """Write all present tags in the form that can be imported again."""
        head, rows = tag_table(self.ctx.station.tags.all())
        write = self.ctx.exporter or write_csv

        def done(_none: None) -> None:
            self.ctx.order(ExportData(what="tags", rows=len(rows), path=str(path)))
            self.ctx.toast.emit(t("common.exported", n=len(rows), path=str(path)), "ok")

        if not self.ctx.allowed(ExportData.action):
            self.ctx.toast.emit(t("common.not_allowed"), "warning")
            return
        self.ctx.work(self, lambda: write(path, head, rows), done)
