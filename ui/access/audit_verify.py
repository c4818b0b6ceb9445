"""Verification of the trail from the window: progress and cancel, then a page that says what was checked and found."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ports import Answer, Refused
from models.anchors import Finding, TrailReport
from models.audit_commands import NoteVerification
from ui.access.audit_guard import anchor_text, kind_text, meaning_text, todo_text, warning_text
from ui.access.audit_sheet import fingerprint_label, titled
from ui.i18n import DASH, count_text, number_text, stamp_text, t
from ui.widgets.controls import button, hairline, plain_label, role_label
from ui.widgets.longwork import LongWork, Step
from ui.widgets.panel import PanelContext, answer_text
from ui.widgets.sheet import Sheet

SHOWN = 10


class VerifySheet(Sheet):
    """Begins by itself. ``show_row`` brings the trail to a row."""

    def __init__(self, ctx: PanelContext, show_row: Callable[[int], None]) -> None:
        super().__init__(t("trail.verify_title"))
        self.ctx, self._show_row = ctx, show_row
        self.report: TrailReport | None = None
        self.head = role_label("heading", t("trail.verifying"), wrap=True)
        self.text = plain_label(t("trail.verify_text"), wrap=True)
        self.work = LongWork(ctx)
        self.page = QWidget()
        self.lines = QVBoxLayout(self.page)
        self.lines.setContentsMargins(0, 0, 0, 0)
        self.lines.setSpacing(8)
        self.again = button("refresh")
        self.again.setText(t("trail.verify_again"))
        self.again.clicked.connect(self.start)
        for part in (self.head, self.text, self.work, self.page, self.again):
            self.form.addWidget(part)
        self.form.addStretch(1)
        self.closed.connect(self.work.leave)
        self.start()

    def start(self) -> None:
        """Read the whole trail on a worker."""
        actor, guard = self.ctx.actor, self.ctx.station.guard
        if actor is None or self.work.running:
            return
        self.again.hide()
        self.page.hide()
        self.head.setText(t("trail.verifying"))
        self.text.setText(t("trail.verify_text"))

        def verify(step: Step) -> TrailReport:
            return guard.verify(actor, step)

        self.work.run(verify, self._done, self._failed, self._stopped)

    def _done(self, report: TrailReport) -> None:
        self.report = report
        first = report.first_broken
        finding = f"{first.id}: {first.kind}" if first is not None else ""
        self.ctx.order(NoteVerification(ok=report.ok, entries=report.entries, finding=finding), owner=self)
        self._show(report)

    def _failed(self, error: BaseException) -> None:
        refused = isinstance(error, Refused)
        self.head.setText(t("trail.not_verified"))
        detail = (
            answer_text(Answer(error.code, error.detail, error.params)) if isinstance(error, Refused) else str(error)
        )
        self.text.setText(detail or type(error).__name__)
        self.again.setVisible(not refused)

    def _stopped(self) -> None:
        self.head.setText(t("trail.verify_stopped"))
        self.text.setText(t("trail.verify_stopped_text"))
        self.again.show()

    # -- the page

    def _show(self, report: TrailReport) -> None:
        while (item := self.lines.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        first = report.first_broken
        self.head.setText(t("trail.whole") if first is None else t("trail.broken", n=first.id))
        self.text.setText(t("trail.whole_text") if first is None else "")
        self.text.setVisible(first is None)
        if first is not None:
            self._finding(first)
        self._line(hairline())
        for key, words in (
            ("trail.checked", t("trail.checked_rows", n=count_text(report.entries), s=number_text(report.seconds, 1))),
            ("trail.checked_anchors", count_text(report.anchors)),
            ("trail.last_anchor", anchor_text(report.last_anchor_us, self.ctx.station.now_us())),
            ("trail.verified_at", stamp_text(self.ctx.station.now_us())),
        ):
            self._line(titled(t(key), plain_label(words, wrap=True)))
        self._line(titled(t("trail.key"), fingerprint_label(report.key) if report.key else plain_label(DASH)))
        self._line(role_label("dim", t("trail.key_hint"), wrap=True))
        others = report.findings[1:]
        if others:
            self._line(role_label("section", t("trail.others", n=len(others))))
            for finding in others[:SHOWN]:
                jump = button(kind="phrase")
                jump.setText(t("trail.row_kind", n=finding.id, kind=kind_text(finding.kind)))
                jump.clicked.connect(lambda _checked=False, n=finding.id: self._show_row(n))
                self._line(jump)
        if report.warnings:
            self._line(role_label("section", t("trail.warnings")))
            for warning in report.warnings:
                self._line(plain_label(warning_text(warning), wrap=True))
        self.page.show()
        self.again.show()

    def _finding(self, finding: Finding) -> None:
        self._line(role_label("error", kind_text(finding.kind), wrap=True))
        for key, words in (("trail.meaning", meaning_text(finding.kind)), ("trail.todo", todo_text(finding.kind))):
            if words:
                self._line(titled(t(key), plain_label(words, wrap=True)))
        self._line(role_label("dim", t("trail.detail", detail=finding.detail), wrap=True))
        self.jump = button("right", "primary")
        self.jump.setText(t("trail.jump", n=finding.id))
        self.jump.clicked.connect(lambda: self._show_row(finding.id))
        self._line(self.jump)

    def _line(self, widget: QWidget) -> None:
        self.lines.addWidget(widget)
