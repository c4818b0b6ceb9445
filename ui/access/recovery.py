"""Recovery codes, shown once: to be copied, written to a file to print, or written down; then they are gone."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt, QTimer
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QGridLayout, QHBoxLayout

from ui.i18n import file_stamp, stamp_text, t
from ui.theme import theme
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet

CLIPBOARD_MS = 60_000  # codes do not lie about in the clipboard longer than they need to be pasted


class RecoverySheet(Sheet):
    """The codes, and what to do with them. Closed, nothing of them is left in the program."""

    def __init__(self, ctx: PanelContext, codes: tuple[str, ...]) -> None:
        super().__init__(t("login.codes_title"))
        self.ctx, self.codes = ctx, codes
        actor = ctx.actor
        self._whose = f"{actor.name} ({actor.login})" if actor is not None else ""
        self.form.addWidget(plain_label(t("login.codes_text"), wrap=True))
        frame = QFrame()
        frame.setObjectName("card")
        grid = QGridLayout(frame)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(16)
        half = (len(codes) + 1) // 2
        for at, code in enumerate(codes):
            label = role_label("code", code)
            label.setAccessibleName(code)
            grid.addWidget(label, at % half, at // half)
        self.form.addWidget(frame)
        self.copy, self.save = button("copy"), button("export")
        self.copy.setText(t("login.codes_copy"))
        self.save.setText(t("login.codes_save"))
        row = QHBoxLayout()
        row.setSpacing(8)
        for part in (self.copy, self.save):
            row.addWidget(part, 1)
        self.form.addLayout(row)
        self.form.addWidget(role_label("dim", t("login.codes_once"), wrap=True))
        self.form.addSpacing(4)
        self.confirm = button("check", "primary")
        self.confirm.setText(t("login.codes_kept"))
        self.confirm.clicked.connect(self._confirm)
        self.form.addWidget(self.confirm)
        self.form.addStretch(1)
        self.copy.clicked.connect(self._copy)
        self.save.clicked.connect(self._ask_file)
        self.setFocusProxy(self.save)

    def text(self) -> str:
        """The sheet of paper, as text."""
        site, now = self.ctx.station.site, stamp_text(self.ctx.station.now_us())
        head = t("login.codes_paper", site=site or t("common.app"), who=self._whose, time=now)
        lines = (f"{n:2d}.  {code}" for n, code in enumerate(self.codes, start=1))
        return "\n".join([head, "", *lines, "", t("login.codes_note"), ""])

    def _copy(self) -> None:
        text, clipboard = self.text(), QApplication.clipboard()
        clipboard.setText(text)
        later = QTimer(self.ctx, singleShot=True, interval=CLIPBOARD_MS)  # goes on when the sheet is closed
        later.timeout.connect(lambda: clipboard.clear() if clipboard.text() == text else None)
        later.timeout.connect(later.deleteLater)
        later.start()
        self.ctx.toast.emit(t("login.codes_copied", s=CLIPBOARD_MS // 1000), "ok")

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, t("login.codes_save"))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["PDF (*.pdf)", "TXT (*.txt)"])
        dialog.selectFile(f"ankan-recovery-{file_stamp(self.ctx.station.now_us())}.pdf")
        dialog.setModal(False)
        dialog.fileSelected.connect(lambda path: self.write(path, dialog.selectedNameFilter()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    def write(self, path: str, kind: str = "") -> None:
        """Write the paper to a file that nobody else may read."""
        file = Path(path)
        if file.suffix.lower() not in (".pdf", ".txt"):
            file = file.with_name(file.name + (".txt" if "txt" in kind else ".pdf"))
        content = self.text().encode() if file.suffix.lower() == ".txt" else self._pdf()
        try:
            _write_private(file, content)
        except OSError as error:
            self.ctx.toast.emit(t("login.codes_not_saved", detail=error.strerror or str(error)), "warning")
            return
        self.ctx.toast.emit(t("login.codes_saved", path=str(file)), "ok")

    def _pdf(self) -> bytes:
        out = QBuffer()
        out.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(out)
        writer.setTitle(t("login.codes_title"))
        writer.setResolution(96)
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A5))
        writer.setPageMargins(QMarginsF(15, 15, 15, 15), QPageLayout.Unit.Millimeter)
        painter = QPainter(writer)
        painter.setFont(theme().font(15))
        painter.drawText(QRectF(painter.viewport()), int(Qt.TextFlag.TextWordWrap), self.text())
        painter.end()
        return bytes(out.data().data())


def _write_private(file: Path, content: bytes) -> None:
    """Write whole, mode 0600 from its first moment; raises OSError."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
