"""Anchors of the trail at the side: when it was signed, up to which row, with which key; and a new one on demand."""

from __future__ import annotations

from app.ports import Answer
from models.anchors import AnchorInfo
from models.audit_commands import AnchorTrail
from ui.access.audit_guard import anchor_text
from ui.access.audit_sheet import fingerprint_label, titled
from ui.i18n import DASH, count_text, stamp_text, t
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.rows import Column, RowsModel
from ui.widgets.sheet import Sheet
from ui.widgets.table import DataTable


class AnchorsSheet(Sheet):
    """All anchors, newest first."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(t("trail.anchors"))
        self.ctx = ctx
        self.form.addWidget(plain_label(t("trail.anchors_text"), wrap=True))
        self.key, self.last = fingerprint_label(""), plain_label(wrap=True)
        self.form.addWidget(titled(t("trail.key"), self.key))
        self.form.addWidget(titled(t("trail.last_anchor"), self.last))
        self.trouble = role_label("error", wrap=True)
        self.form.addWidget(self.trouble)
        self.now = button("key", "primary")
        self.now.setText(t("trail.anchor_now"))
        self.now.clicked.connect(self._anchor)
        self.form.addWidget(self.now)
        columns: list[Column[AnchorInfo]] = [
            Column("time", "access.column.time", lambda a: stamp_text(a.t_us), lambda a: a.t_us, 150, stretch=True),
            Column("row", "trail.up_to_row", lambda a: str(a.last_id), lambda a: a.last_id, 70, right=True),
            Column("key", "trail.key_short", lambda a: a.key_id[:8], lambda a: a.key_id, 80, export=lambda a: a.key_id),
        ]
        self.model: RowsModel[AnchorInfo] = RowsModel(columns, lambda a: a.id, lambda a: -a.id, self)
        self.table: DataTable[AnchorInfo] = DataTable(ctx, "anchors", self.model, "key")
        self.table.view.setAccessibleName(t("trail.anchors"))
        self.table.setMinimumHeight(260)
        self.form.addWidget(self.table, 1)
        self.load()

    def load(self) -> None:
        """Ask again how things stand."""
        status = self.ctx.station.guard.status()
        self.key.setText(fingerprint_words(status.key))
        self.last.setText(anchor_text(status.last_anchor_us, self.ctx.station.now_us()))
        self.trouble.setText(t("trail.trouble_text", detail=status.trouble))
        self.trouble.setVisible(bool(status.trouble))
        self.ctx.let(self.now, AnchorTrail.action, bool(status.key))
        actor, guard = self.ctx.actor, self.ctx.station.guard
        if actor is None:
            return
        self.table.states.show_loading()
        self.ctx.work(
            self,
            lambda: guard.anchors(actor),
            self._show,
            lambda error: self.table.states.show_error(str(error), self.load),
        )

    def _show(self, anchors: list[AnchorInfo]) -> None:
        self.model.replace(anchors)
        if anchors:
            self.table.states.show_content()
        else:
            self.table.states.show_empty("trail.no_anchor", "trail.anchor_hint")

    def _anchor(self) -> None:
        self.now.setEnabled(False)

        def said(answer: Answer) -> None:
            if answer.ok:
                entries = answer.data["entries"] if isinstance(answer.data, dict) else 0
                self.ctx.toast.emit(t("trail.anchor_made", n=count_text(entries)), "ok")
            self.load()

        if not self.ctx.order(AnchorTrail(), said, self):
            self.load()


def fingerprint_words(key: str) -> str:
    """A key's fingerprint in groups; a dash without one."""
    return " ".join(key[at : at + 8] for at in range(0, len(key), 8)) or DASH
