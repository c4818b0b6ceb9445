"""Tables to files for every panel: ask where (never above an alarm), write on a worker, leave a trace in the audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.ports import Answer
from models.commands import ExportData
from ui.i18n import file_stamp, t
from ui.widgets.panel import Exporter, PanelContext


def ask_file(owner: QWidget, ctx: PanelContext, name: str, chosen: Callable[[Path], None]) -> None:
    """Ask for a file beside the window; ``chosen`` gets one that ends in .csv or .xlsx."""
    reason = ctx.why_not(ExportData.action)
    if reason:
        ctx.toast.emit(reason, "warning")
        return
    dialog = QFileDialog(owner, t("common.export_title"))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    kinds = ["CSV (*.csv)"] + (["Excel (*.xlsx)"] if ctx.exporter is not None else [])
    dialog.setNameFilters(kinds)
    dialog.selectFile(f"{name}-{file_stamp(ctx.station.now_us())}.csv")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)

    def selected(path: str) -> None:
        suffix = ".xlsx" if "xlsx" in dialog.selectedNameFilter() else ".csv"
        file = Path(path)
        chosen(file if file.suffix in (".csv", ".xlsx") else file.with_suffix(suffix))

    dialog.fileSelected.connect(selected)
    dialog.show()


def write_rows(
    owner: QWidget,
    ctx: PanelContext,
    name: str,
    path: Path,
    table: tuple[Sequence[str], Sequence[Sequence[Any]]],
    csv: Exporter,
) -> None:
    """Write head and rows; ``csv`` writes what is no workbook. Says what was done, or why not."""
    head, rows = table
    write = ctx.exporter if path.suffix == ".xlsx" and ctx.exporter is not None else csv

    def done(_: None) -> None:
        ctx.order(ExportData(what=name, rows=len(rows), path=str(path)), said, owner)

    def said(answer: Answer) -> None:
        if answer.ok:
            ctx.toast.emit(t("common.exported", n=len(rows), path=str(path)), "ok")

    reason = ctx.why_not(ExportData.action)
    if reason:
        ctx.toast.emit(reason, "warning")
        return
    ctx.work(owner, lambda: write(path, head, rows), done)
