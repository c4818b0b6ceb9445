"""From the map to paper: what stands on the notice now, where it goes, and the trace that it was taken out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from models.commands import ExportData
from ui.i18n import file_stamp, pick, stamp_text, t
from ui.risk.notice import PICTURE_PX, Notice, printers, send, write_pdf

if TYPE_CHECKING:  # the panel imports this module
    from ui.risk.workspace import RiskPanel


def ask_print(panel: RiskPanel) -> None:
    """A menu: a PDF file or one of this machine's printers; no dialog stands above an alarm."""
    reason = panel.ctx.why_not(ExportData.action)
    if not reason and not panel.stock.outlines:
        reason = t("risk.nothing_to_print")
    if reason:
        panel.ctx.toast.emit(reason, "warning")
        return
    menu = QMenu(panel)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(t("risk.print_pdf")).triggered.connect(lambda: ask_file(panel))
    for name in printers():
        action = menu.addAction(t("risk.print_on", printer=name))
        action.triggered.connect(lambda _=False, n=name: to_printer(panel, n))
    menu.popup(panel.print_button.mapToGlobal(panel.print_button.rect().bottomLeft()))


def ask_file(panel: RiskPanel) -> None:
    """Ask for the file beside the window."""
    dialog = QFileDialog(panel, t("risk.print_pdf"))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["PDF (*.pdf)"])
    dialog.selectFile(f"risk-map-{file_stamp(panel.ctx.station.now_us())}.pdf")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    dialog.fileSelected.connect(lambda path: to_pdf(panel, Path(path)))
    dialog.show()


def to_pdf(panel: RiskPanel, path: Path) -> None:
    """Write the notice as it stands on the screen, and leave a trace."""
    file = path if path.suffix.lower() == ".pdf" else path.with_name(f"{path.name}.pdf")
    try:
        write_pdf(file, notice_of(panel))
    except OSError as error:
        panel.ctx.toast.emit(t("common.failed", detail=error.strerror or str(error)), "warning")
        return
    _trace(panel, str(file))


def to_printer(panel: RiskPanel, name: str) -> None:
    """Print the notice, and leave a trace."""
    try:
        send(name, notice_of(panel))
    except OSError as error:
        panel.ctx.toast.emit(t("common.failed", detail=str(error)), "warning")
        return
    _trace(panel, name)


def notice_of(panel: RiskPanel) -> Notice:
    """What the map shows now, with the moment it shows."""
    station, state = panel.ctx.station, panel.map.state
    at, times = panel.bar.strip.at, panel.bar.timeline.times
    moment = station.now_us() if at is None else times[at]
    chosen = panel.mode if at is None else "dynamic"
    return Notice(
        site=station.site,
        date=stamp_text(moment),
        mode=t(f"risk.mode_long.{chosen}"),
        picture=panel.map.print_picture(PICTURE_PX),
        floors=station.risk.floors(),
        zones=tuple(
            (pick(shape.name, shape.name_en), state.paint(shape.code).grade) for shape in state.shapes.values()
        ),
    )


def _trace(panel: RiskPanel, where: str) -> None:
    order = ExportData(what="risk_notice", rows=len(panel.map.state.shapes), path=where)
    panel.ctx.order(order, lambda answer: _said(panel, where) if answer.ok else None, panel)


def _said(panel: RiskPanel, where: str) -> None:
    panel.ctx.toast.emit(t("risk.printed", path=where), "ok")
