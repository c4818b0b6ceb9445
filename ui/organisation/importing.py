"""Import of the organisation from a workbook: look first, with every bad cell at once; then everything in one order.

Nothing is changed before the person has seen what would be, and a file with a bad cell changes nothing at all.
"""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.ports import Answer
from models.organisation_commands import CellProblem, ImportCheck, ImportOrganisation
from ui.i18n import DASH, count_text, t
from ui.organisation.bookfiles import ask_book, ask_save, write_export, write_template
from ui.organisation.problems import SHEETS, problem_columns, sheet_text
from ui.organisation.words import error_text, wrong_text
from ui.widgets.controls import button, hairline, plain_label, role_label
from ui.widgets.fields import LinesField
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.rows import RowsModel
from ui.widgets.table import DataTable

Numbered = tuple[int, CellProblem]


class ImportPanel(Panel):
    """Steps at the left, bad cells at the right."""

    title_key = "organisation.page.import"
    icon_name = "inbox"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.check: ImportCheck | None = None
        self.path: Path | None = None
        self._round = 0
        self._began = 0.0
        self._busy = ""
        self._said: tuple[str, dict[str, object]] = ("", {})
        self.model: RowsModel[Numbered] = RowsModel(problem_columns(), lambda p: p[0], lambda p: p[0])
        self.table: DataTable[Numbered] = DataTable(ctx, "import-problems", self.model, "check")
        self.template, self.export = button("export", "flat"), button("export", "flat")
        self.export_problems = button("export", "flat")
        for widget in (self.export_problems, self.template, self.export):
            self.header.right.addWidget(widget)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._steps())
        outer.addWidget(hairline(vertical=True))
        outer.addWidget(self.table, 1)
        self._clock = QTimer(self, interval=500)
        self._clock.timeout.connect(self._say)
        self.choose.clicked.connect(lambda: ask_book(self, self.look_at))
        self.sheet.currentIndexChanged.connect(lambda _at: self._again())
        self.cancel.clicked.connect(self.give_up)
        self.again.clicked.connect(self._again)
        self.start.clicked.connect(self._order)
        self.template.clicked.connect(
            lambda: ask_save(self, ctx, "template", lambda path: write_template(ctx, self, path))
        )
        self.export.clicked.connect(lambda: ask_save(self, ctx, "book", lambda path: write_export(ctx, self, path)))
        self.export_problems.clicked.connect(self.table.ask_export)
        ctx.actor_changed.connect(self._actor_changed)
        self.ready()
        self._show_nothing()

    def _steps(self) -> QWidget:
        side = QWidget()
        side.setObjectName("pageBody")
        side.setFixedWidth(376)
        column = QVBoxLayout(side)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        self.intro = plain_label(wrap=True)
        self.choose, self.again, self.cancel = button("inbox", "primary"), button("refresh"), button("close")
        self.sheet = QComboBox()
        self.sheet.hide()
        for code in ("", *SHEETS):
            self.sheet.addItem("", code)
        self.name = role_label("heading", wrap=True)
        self.counts = QGridLayout()
        self.counts.setHorizontalSpacing(12)
        self.counts.setVerticalSpacing(2)
        self.counts.setColumnStretch(0, 1)
        self.cells: list[list[QLabel]] = []
        for line in range(len(SHEETS) + 1):
            labels = [role_label("dim" if not line else "") for _ in range(4)]
            for at, label in enumerate(labels):
                side_ = Qt.AlignmentFlag.AlignRight if at else Qt.AlignmentFlag.AlignLeft
                label.setMinimumWidth(56 if at else 0)
                label.setAlignment(side_ | Qt.AlignmentFlag.AlignVCenter)
                self.counts.addWidget(label, line, at)
            self.cells.append(labels)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.said = role_label("strong", wrap=True)
        self.reason = LinesField("", height=52)
        self.start = button("check", "primary")
        head: tuple[QWidget, ...] = (self.intro, self.choose, self.sheet, self.name)
        foot: tuple[QWidget, ...] = (self.progress, self.cancel, self.said, self.again, self.reason, self.start)
        for widget in head:
            column.addWidget(widget)
        column.addLayout(self.counts)
        for widget in foot:
            column.addWidget(widget)
        column.addStretch(1)
        return side

    # -- the dry run

    def look_at(self, path: Path) -> None:
        """Read and check a file on a worker; a text file is one sheet, by its name or as chosen."""
        reader, organisation = self.ctx.actor, self.ctx.station.organisation
        if reader is None:
            return
        if path != self.path:
            self._preset_sheet(path)
        self.path, self.check = path, None
        self._round += 1
        number, sheet = self._round, str(self.sheet.currentData() or "")
        self.sheet.setVisible(path.suffix.lower() == ".csv")
        self.name.setText(path.name)
        self.model.replace([])
        self.table.states.show_loading()
        self._work("checking")

        def done(check: ImportCheck) -> None:
            if number == self._round:
                self._show(check)

        def failed(error: BaseException) -> None:
            if number == self._round:
                self._rest("unreadable", detail=error_text(error))
                self.table.states.show_error(error_text(error), self._again)

        self.ctx.work(self, lambda: organisation.check_file(path, reader, sheet), done, failed)

    def _preset_sheet(self, path: Path) -> None:
        names = [sheet_text(code) for code in SHEETS]
        at = next((i for i, name in enumerate(names) if path.stem.lower() in (name.lower(), SHEETS[i])), -1)
        self.sheet.blockSignals(True)
        self.sheet.setCurrentIndex(at + 1)
        self.sheet.blockSignals(False)

    def _again(self) -> None:
        if self.path is not None:
            self.look_at(self.path)

    def give_up(self) -> None:
        """The answer of the dry run is no longer wanted."""
        self._round += 1
        self._show_nothing()

    def _show(self, check: ImportCheck) -> None:
        self.check = check
        self.model.replace(list(enumerate(check.problems)))
        bad = len(check.problems)
        work = sum(count.new + count.changed for count in check.counts)
        if bad:
            self.table.states.show_content()
            self._rest("mend", n=count_text(bad))
        elif work:
            self.table.states.show_empty("organisation.import.whole", "organisation.import.whole_hint")
            self._rest("ready", n=count_text(work))
        else:
            self.table.states.show_empty("organisation.import.same_all", "organisation.import.same_hint")
            self._rest("nothing")

    def _show_nothing(self) -> None:
        self.check, self.path = None, None
        self.name.setText("")
        self.sheet.hide()
        self.model.replace([])
        self.table.states.show_empty("organisation.import.empty", "organisation.import.empty_hint")
        self._rest("")

    # -- the order

    def _order(self) -> None:
        check = self.check
        if check is None:
            return
        if len(self.reason.text) < 2:
            self.reason.complain(t("common.reason_needed"))
            self.reason.editor.setFocus()
            return
        order = ImportOrganisation(draft=check.draft, source=check.source, reason=self.reason.text)
        self._work("writing")
        if not self.ctx.order(order, self._answered, self):
            self._rest("")

    def _answered(self, answer: Answer) -> None:
        if not answer.ok:
            if answer.code == "cancelled":
                self._show_again()
            else:
                self._rest("refused", detail=wrong_text(answer))
            return
        counts = dict(answer.data or {}).values()
        new, changed = sum(c["new"] for c in counts), sum(c["changed"] for c in counts)
        self.ctx.toast.emit(t("organisation.import.done", new=count_text(new), changed=count_text(changed)), "ok")
        self.reason.box.clear()
        self._show_nothing()
        self._rest("done", new=count_text(new), changed=count_text(changed))

    def _show_again(self) -> None:
        if self.check is not None:
            self._show(self.check)

    # -- what is under way, and what is said

    def _work(self, what: str) -> None:
        self._busy, self._began = what, time.monotonic()
        self._clock.start()
        self._say()
        self.enable()

    def _rest(self, what: str, **params: object) -> None:
        self._busy = ""
        self._clock.stop()
        self._said = (what, params)
        self._say()
        self.enable()

    def _say(self) -> None:
        if self._busy:
            seconds = round(time.monotonic() - self._began)
            self.said.setText(t(f"organisation.import.{self._busy}", n=seconds))
        else:
            what, params = self._said
            self.said.setText(t(f"organisation.import.{what}", **params) if what else "")
        self.said.setVisible(bool(self.said.text()))
        self._counts()

    def _counts(self) -> None:
        check = self.check
        found = {count.sheet: count for count in check.counts} if check is not None else {}
        rows = [["sheet", "new", "changed", "same"]]
        for line, code in enumerate(SHEETS, start=1):
            count = next((c for name, c in found.items() if name in (code, sheet_text(code, "zh"))), None)
            figures = (count.new, count.changed, count.same) if count is not None else (None, None, None)
            texts = [sheet_text(code), *(DASH if n is None else count_text(n) for n in figures)]
            for label, text in zip(self.cells[line], texts, strict=True):
                label.setText(text)
        for label, word in zip(self.cells[0], rows[0], strict=True):
            label.setText(t(f"organisation.import.count.{word}"))
        for labels in self.cells:
            for label in labels:
                label.setVisible(check is not None)

    def enable(self) -> None:
        """Look again at what can be done."""
        action, busy = ImportOrganisation.action, bool(self._busy)
        check = self.check
        work = check is not None and any(count.new + count.changed for count in check.counts)
        good = check is not None and not check.problems and work and not busy
        self.ctx.let(self.choose, action, not busy)
        self.ctx.let(self.start, action, good)
        self.ctx.let(self.again, action, self.path is not None and not busy)
        self.ctx.let(self.template, "people.read")
        self.ctx.let(self.export, "data.export")
        self.ctx.let(self.export_problems, "data.export", bool(self.model.all_rows()))
        self.again.setVisible(check is not None and bool(check.problems))
        self.reason.setVisible(good)
        self.start.setVisible(good or self._busy == "writing")
        self.progress.setVisible(busy)
        self.cancel.setVisible(self._busy == "checking")

    def _actor_changed(self, actor: object) -> None:
        if actor is None and self._busy != "writing":
            self.give_up()
        self.enable()

    def retranslate(self) -> None:
        self.intro.setText(t("organisation.import.intro"))
        for part, word in (
            (self.choose, "choose"), (self.again, "again"), (self.start, "start"),
            (self.template, "template"), (self.export, "export"), (self.export_problems, "export_problems"),
        ):  # fmt: skip
            part.setText(t(f"organisation.import.{word}"))
        self.cancel.setText(t("common.cancel"))
        self.sheet.setItemText(0, t("organisation.import.which_sheet"))
        for at, code in enumerate(SHEETS, start=1):
            self.sheet.setItemText(at, sheet_text(code))
        self.sheet.setAccessibleName(t("organisation.import.which_sheet"))
        self.reason.title.setText(t("common.reason"))
        self.reason.editor.setAccessibleName(t("common.reason"))
        self.table.view.setAccessibleName(t("organisation.import.problems"))
        self._say()
