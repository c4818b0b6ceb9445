"""The auditor's package from the window: where to, progress, and then the sums that go to the auditor another way."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.ports import Answer, Refused
from models.anchors import Packed
from models.audit_commands import PackageTrail
from ui.access.audit_guard import kind_text
from ui.access.audit_sheet import fingerprint_label, titled
from ui.i18n import count_text, file_stamp, number_text, t
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.fields import TextField
from ui.widgets.longwork import LongWork, Step
from ui.widgets.panel import PanelContext, answer_text
from ui.widgets.sheet import Sheet


class PackageSheet(Sheet):
    """Says what is in it, asks for a file, packs, and shows how it is checked."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(t("trail.package_title"))
        self.ctx = ctx
        self.packed: Packed | None = None
        self.form.addWidget(plain_label(t("trail.package_text"), wrap=True))
        self.form.addWidget(role_label("error", t("trail.package_names"), wrap=True))
        self.reason = TextField(t("trail.package_reason"))
        self.form.addWidget(self.reason)
        self.choose = button("export", "primary")
        self.choose.setText(t("trail.package_choose"))
        self.choose.clicked.connect(self._ask_file)
        self.form.addWidget(self.choose)
        self.work = LongWork(ctx)
        self.form.addWidget(self.work)
        self.said = plain_label(wrap=True)
        self.said.hide()
        self.form.addWidget(self.said)
        self.page = QWidget()
        self.lines = QVBoxLayout(self.page)
        self.lines.setContentsMargins(0, 0, 0, 0)
        self.lines.setSpacing(6)
        self.page.hide()
        self.form.addWidget(self.page)
        self.form.addStretch(1)
        self.closed.connect(self.work.leave)
        ctx.let(self.choose, PackageTrail.action)

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, t("trail.package_title"))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["ZIP (*.zip)"])
        dialog.selectFile(f"audit-{self.ctx.station.name}-{file_stamp(self.ctx.station.now_us())}.zip")
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.pack(Path(path)))
        dialog.show()

    def pack(self, path: Path) -> None:
        """Write the package there, on a worker."""
        actor, guard = self.ctx.actor, self.ctx.station.guard
        if actor is None or self.work.running:
            return
        path = path if path.suffix == ".zip" else path.with_name(path.name + ".zip")
        self.choose.setEnabled(False)
        self.reason.setEnabled(False)
        self.said.hide()
        self.page.hide()

        def write(step: Step) -> Packed:
            return guard.pack(path, actor, step)

        self.work.run(write, self._done, self._failed, lambda: self._say(t("trail.package_stopped")))

    def _done(self, packed: Packed) -> None:
        order = PackageTrail(path=packed.path, entries=packed.entries, reason=self.reason.text)
        self.ctx.order(order, lambda _answer: self._show(packed), self)

    def _failed(self, error: BaseException) -> None:
        refused = isinstance(error, Refused)
        words = answer_text(Answer(error.code, error.detail, error.params)) if isinstance(error, Refused) else ""
        self._say(words if refused else t("trail.package_failed", detail=str(error) or type(error).__name__))

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.show()
        self.reason.setEnabled(True)
        self.ctx.let(self.choose, PackageTrail.action)

    def _show(self, packed: Packed) -> None:
        self.packed = packed
        self._say(t("trail.packed"))
        while (item := self.lines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        first = packed.trail.first_broken
        if first is not None:
            words = t("trail.packed_broken", n=first.id, kind=kind_text(first.kind))
            self.lines.addWidget(role_label("error", words, wrap=True))
        size = f"{number_text(packed.bytes / 1_000_000, 2)} MB"
        for key, text in (
            ("trail.packed_path", packed.path),
            ("trail.packed_entries", f"{count_text(packed.entries)} · {size}"),
        ):
            label = plain_label(text, wrap=True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.lines.addWidget(titled(t(key), label))
        for key, number in (("trail.packed_sum", packed.sha256), ("trail.key", packed.key)):
            self.lines.addWidget(titled(t(key), fingerprint_label(number)))
        self.lines.addWidget(role_label("dim", t("trail.packed_check"), wrap=True))
        command = f"python3 -I -S check.py --key {packed.key}"
        label = plain_label(command, wrap=True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.lines.addWidget(label)
        self.copy = button("copy")
        self.copy.setText(t("trail.packed_copy"))
        text = f"{Path(packed.path).name}\nSHA-256 {packed.sha256}\n{t('trail.key')} {packed.key}\n{command}"
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        self.lines.addWidget(self.copy)
        self.page.show()
