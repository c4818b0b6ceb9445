"""What the trends show, as a picture or a table in a file; audited like every export."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.exchange import write_csv
from app.ports import Answer
from models.commands import ExportData
from ui.i18n import file_stamp, stamp_text, t, unit_text
from ui.monitoring.plot import Plot
from ui.widgets.panel import PanelContext

KINDS = ("png", "csv", "xlsx")
Table = tuple[list[str], list[list[Any]]]


def shown_table(plots: Sequence[Plot], start_us: int, end_us: int) -> Table:
    """What is seen as a table: one line a point and tag (local time, tag, smallest, mean, largest, unit)."""
    head = [t(f"monitoring.table.{key}") for key in ("time", "tag", "minimum", "mean", "maximum", "unit")]
    rows: list[list[Any]] = []
    for plot in plots:
        for tag, series in zip(plot.tags, plot.series, strict=True):
            view = series.view(start_us, end_us)
            columns = (view.t_us.tolist(), view.lo.tolist(), view.hi.tolist(), view.mean.tolist())
            for t_us, low, high, mean in zip(*columns, strict=True):
                if not math.isnan(mean) and start_us <= t_us <= end_us:
                    rows.append([stamp_text(t_us), tag.name, low, mean, high, unit_text(tag.unit)])
    return head, rows


def ask_file(parent: QWidget, ctx: PanelContext, kind: str, chosen: Any) -> None:
    """Ask where to, beside the window and never above an alarm; ``chosen`` is called with the path."""
    reason = ctx.why_not(ExportData.action)
    if reason:
        ctx.toast.emit(reason, "warning")
        return
    dialog = QFileDialog(parent, t("monitoring.export"))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters([f"*.{kind}"])
    dialog.selectFile(f"{t('monitoring.trends')}-{file_stamp(ctx.station.now_us())}.{kind}")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    dialog.fileSelected.connect(lambda path: chosen(Path(path).with_suffix(f".{kind}")))
    dialog.show()


def write(panel: QWidget, ctx: PanelContext, path: Path, table: Table, names: Sequence[str]) -> None:
    """Write a picture of the panel (png) or the table (csv, xlsx) by the path's ending."""

    def said(answer: Answer) -> None:
        if answer.ok:
            ctx.toast.emit(t("monitoring.exported", path=str(path)), "ok")

    def written(rows: int) -> None:
        ctx.order(ExportData(what="trends:" + ",".join(names)[:180], rows=rows, path=str(path)), said, panel)

    def failed(_error: BaseException | None = None) -> None:
        ctx.toast.emit(t("monitoring.export_failed", path=str(path)), "warning")

    if not ctx.allowed(ExportData.action):
        ctx.toast.emit(t("common.not_allowed"), "warning")
        return
    if path.suffix == ".png":
        if panel.grab().save(str(path)):
            written(0)
        else:
            failed()
        return
    head, rows = table
    if path.suffix == ".xlsx" and ctx.exporter is None:
        failed()
        return
    exporter = ctx.exporter or write_csv
    ctx.work(panel, lambda: exporter(path, head, rows), lambda _none: written(len(rows)), failed)
