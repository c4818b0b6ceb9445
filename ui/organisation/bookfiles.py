"""Files of the organisation: choose a workbook, write a template, write everything (masked) to be read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.ports import Answer
from models.commands import ExportData
from ui.i18n import count_text, file_stamp, t
from ui.organisation.words import error_text
from ui.widgets.panel import PanelContext


def ask_book(owner: QWidget, chosen: Callable[[Path], None]) -> None:
    """Ask for a workbook or a text file, beside the window."""
    dialog = QFileDialog(owner, t("organisation.import.choose"))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([t("organisation.import.kinds") + " (*.xlsx *.csv)"])
    dialog.setModal(False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    dialog.show()


def ask_save(owner: QWidget, ctx: PanelContext, what: str, chosen: Callable[[Path], None]) -> None:
    """Ask where to write a workbook."""
    dialog = QFileDialog(
        owner, t("organisation.import.template" if what == "template" else "organisation.import.export")
    )
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["Excel (*.xlsx)"])
    stamp = "" if what == "template" else f"-{file_stamp(ctx.station.now_us())}"
    dialog.selectFile(t(f"organisation.import.file_{what}") + f"{stamp}.xlsx")
    dialog.setModal(False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: chosen(Path(path).with_suffix(".xlsx")))
    dialog.show()


def write_template(ctx: PanelContext, owner: QWidget, path: Path) -> None:
    """An empty workbook with titles and notes, on a worker."""
    organisation = ctx.station.organisation

    def done(_none: None) -> None:
        ctx.toast.emit(t("organisation.import.template_written", path=str(path)), "ok")

    ctx.work(owner, lambda: organisation.write_template(path), done, lambda error: _failed(ctx, error))


def write_export(ctx: PanelContext, owner: QWidget, path: Path) -> None:
    """Everything, masked, on a worker; it leaves a trace."""
    organisation, reader = ctx.station.organisation, ctx.actor
    if reader is None:
        return

    def done(people: int) -> None:
        def said(answer: Answer) -> None:
            if answer.ok:
                text = t("organisation.import.exported", n=count_text(people), path=str(path))
                ctx.toast.emit(text, "ok")

        ctx.order(ExportData(what="organisation", rows=people, path=str(path)), said, owner)

    ctx.work(owner, lambda: organisation.export_book(path, reader), done, lambda error: _failed(ctx, error))


def _failed(ctx: PanelContext, error: BaseException) -> None:
    ctx.toast.emit(t("common.failed", detail=error_text(error)), "warning")
