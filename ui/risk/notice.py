"""The notice to hang at the gate (四色分布图): title, map, legend, date, site and lines to sign; to PDF or to a printer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter, QPen
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from models.risk import Grade
from ui.i18n import t
from ui.risk import look
from ui.risk.words import band_text, grade_word, level_word
from ui.theme import theme

PICTURE_PX = 3200
DPI = 96  # the notice is laid out in pixels of this size
RESOLUTION = 300
ROLES = ("made", "checked", "approved")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on it. ``zones`` are name and colour, in the order of the list."""

    site: str
    date: str
    mode: str
    picture: QImage
    floors: Mapping[Grade, float]
    zones: tuple[tuple[str, Grade], ...]


def write_pdf(path: Path, notice: Notice) -> None:
    """Write the notice as PDF, A3 landscape.

    Raises OSError when the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    draft.touch()
    try:
        writer = QPdfWriter(str(draft))
        writer.setTitle(t("risk.notice_title"))
        writer.setResolution(RESOLUTION)
        if not _paint(writer, notice):
            raise OSError(f"{path} cannot be written")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def printers() -> list[str]:
    """Names of the printers of this machine."""
    return list(QPrinterInfo.availablePrinterNames())


def send(name: str, notice: Notice) -> None:
    """Print on a printer of that name.

    Raises OSError when the printer does not take it.
    """
    printer = QPrinter(QPrinterInfo.printerInfo(name), QPrinter.PrinterMode.HighResolution)
    printer.setDocName(t("risk.notice_title"))
    if not _paint(printer, notice):
        raise OSError(f"{name} does not take the notice")


def _paint(device: QPagedPaintDevice, notice: Notice) -> bool:
    device.setPageSize(QPageSize(QPageSize.PageSizeId.A3))
    device.setPageOrientation(QPageLayout.Orientation.Landscape)
    device.setPageMargins(QMarginsF(12, 12, 12, 12), QPageLayout.Unit.Millimeter)
    painter = QPainter()
    if not painter.begin(device):
        return False
    scale = device.logicalDpiX() / DPI
    painter.scale(scale, scale)
    size = painter.viewport()
    with theme().as_printed():
        _page(painter, QRectF(0, 0, size.width() / scale, size.height() / scale), notice)
    painter.end()
    return True


def _page(painter: QPainter, page: QRectF, notice: Notice) -> None:
    ink, dim = theme().color("g7"), theme().color("g5")
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(ink)
    painter.setFont(theme().font(36, bold=True))
    painter.drawText(QRectF(0, 0, page.width(), 52), Qt.AlignmentFlag.AlignCenter, t("risk.notice_title"))
    painter.setFont(theme().font(16))
    painter.setPen(dim)
    about = " · ".join(part for part in (notice.site, notice.mode, notice.date) if part)
    painter.drawText(QRectF(0, 54, page.width(), 26), Qt.AlignmentFlag.AlignCenter, about)
    side, foot = 270.0, 64.0
    frame = QRectF(0, 92, page.width() - side - 20, page.height() - 92 - foot - 16)
    picture = notice.picture
    shrink = min(frame.width() / picture.width(), frame.height() / picture.height())
    wide, high = picture.width() * shrink, picture.height() * shrink
    target = QRectF(frame.center().x() - wide / 2, frame.top(), wide, high)
    painter.drawImage(target, picture, QRectF(0, 0, picture.width(), picture.height()))
    painter.setPen(QPen(ink, 1))
    painter.drawRect(target)
    _legend(painter, QRectF(page.width() - side, 92, side, frame.height()), notice)
    _signatures(painter, QRectF(0, page.height() - foot, page.width(), foot))


def _legend(painter: QPainter, area: QRectF, notice: Notice) -> None:
    painter.setPen(theme().color("g7"))
    painter.setFont(theme().font(20, bold=True))
    painter.drawText(
        QRectF(area.left(), area.top(), area.width(), 28), Qt.AlignmentFlag.AlignLeft, t("risk.head.legend")
    )
    y = area.top() + 38
    for grade in Grade:
        box = QRectF(area.left(), y, 44, 26)
        painter.fillRect(box, look.hatch(grade, theme().tokens, 1.0))
        painter.setPen(QPen(theme().color("g4"), 1))
        painter.drawRect(box)
        painter.setPen(theme().color("g7"))
        painter.setFont(theme().font(15, bold=True))
        text = f"{grade_word(grade)} {level_word(grade)}  D {band_text(grade, notice.floors)}"
        painter.drawText(QRectF(box.right() + 10, y, area.width() - 54, 26), Qt.AlignmentFlag.AlignVCenter, text)
        y += 36
    y += 14
    painter.setFont(theme().font(20, bold=True))
    painter.drawText(QRectF(area.left(), y, area.width(), 28), Qt.AlignmentFlag.AlignLeft, t("risk.notice_zones"))
    y += 36
    metrics = QFontMetricsF(theme().font(15))
    for number, (name, grade) in enumerate(notice.zones):
        if y > area.bottom() - 24:
            rest = t("risk.notice_more", n=len(notice.zones) - number)
            painter.drawText(QRectF(area.left(), y, area.width(), 24), Qt.AlignmentFlag.AlignLeft, rest)
            break
        painter.setFont(theme().font(15))
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, area.width() - 90)
        painter.drawText(QRectF(area.left(), y, area.width() - 90, 24), Qt.AlignmentFlag.AlignVCenter, short)
        word = QRectF(area.right() - 84, y, 84, 24)
        painter.drawText(word, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, grade_word(grade))
        y += 26


def _signatures(painter: QPainter, area: QRectF) -> None:
    painter.setFont(theme().font(16))
    painter.setPen(theme().color("g7"))
    width = area.width() / len(ROLES)
    for number, role in enumerate(ROLES):
        text = t(f"risk.notice_sign.{role}")
        left = area.left() + number * width
        room = QFontMetricsF(theme().font(16)).horizontalAdvance(text) + 10
        painter.drawText(QRectF(left, area.top(), room, 40), Qt.AlignmentFlag.AlignBottom, text)
        painter.drawLine(round(left + room), round(area.top() + 40), round(left + width - 30), round(area.top() + 40))
