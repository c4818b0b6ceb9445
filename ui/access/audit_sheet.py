"""One entry of the trail at the side: who, what, when, why, what it changed, who signed it, and how it is chained."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.ports import Answer, AuditRow
from ui.access.audit_rows import name_text, outcome_text, role_text, session_text, signature_text
from ui.access.differences import Change, Difference, differences
from ui.access.rights_model import action_text
from ui.i18n import DASH, stamp_text, t
from ui.widgets.controls import hairline, plain_label, role_label
from ui.widgets.panel import answer_text
from ui.widgets.sheet import Sheet

MOST = 120  # lines of changes; an import may have thousands, and the export has them all
GENESIS = "0" * 64


class AuditSheet(Sheet):
    """One entry with what it changed."""

    def __init__(self, row: AuditRow) -> None:
        super().__init__(t("access.entry", n=row.id))
        self.form.addWidget(role_label("heading", action_text(row.action), wrap=True))
        self._facts(row)
        refusal = refusal_text(row)
        if refusal:
            self._section("trail.refused_because")
            self.form.addWidget(plain_label(refusal, wrap=True))
        else:
            self._section("access.changes" if row.before is not None else "trail.facts")
            self._changes(differences(row.before, row.after), told=row.before is None)
        if row.signed:
            self._section("trail.signatures")
            for line in row.signed:
                self.form.addWidget(plain_label(signature_text(line), wrap=True))
        if row.hash:
            self._section("trail.chain")
            self._seal("trail.hash", row.hash)
            if row.prev_hash == GENESIS:
                self.form.addWidget(role_label("dim", t("trail.first_row"), wrap=True))
            else:
                self._seal("trail.predecessor", row.prev_hash, n=row.id - 1)
        self.form.addStretch(1)

    def _facts(self, row: AuditRow) -> None:
        who = f"{name_text(row)} ({row.login})" if row.login and row.user_id else name_text(row)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        facts = (
            ("access.column.time", stamp_text(row.t_us)),
            ("access.column.name", who),
            ("access.column.role", role_text(row)),
            ("access.column.station", row.station or DASH),
            ("trail.column.session", session_text(row)),
            ("access.column.target", row.target or DASH),
            ("access.column.outcome", outcome_text(row)),
            ("access.column.reason", row.reason or DASH),
        )
        for line, (key, text) in enumerate(facts):
            grid.addWidget(role_label("dim", t(key)), line, 0, Qt.AlignmentFlag.AlignTop)
            strong = key == "access.column.outcome" and row.outcome != "done"
            grid.addWidget(role_label("strong", text, wrap=True) if strong else _copied(text), line, 1)
        self.form.addLayout(grid)

    def _changes(self, found: list[Difference], told: bool) -> None:
        """Side by side; with ``told`` there was nothing before, and the facts stand for themselves."""
        if not found:
            self.form.addWidget(role_label("dim", t("trail.no_facts" if told else "access.no_changes")))
            return
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        two = any(difference.change is Change.CHANGED for difference in found)
        line = 0
        if two:
            grid.addWidget(role_label("dim", t("trail.before")), 0, 0)
            grid.addWidget(role_label("dim", t("trail.after")), 0, 1)
            line = 1
        for difference in found[:MOST]:
            field = role_label("dim", difference.field, wrap=True)
            if difference.change is not Change.CHANGED and not told:
                field.setText(t(f"trail.change.{difference.change}", field=difference.field))
            grid.addWidget(field, line, 0, 1, 2)
            before, after = _copied(difference.old), _copied(difference.new)
            after.setProperty("role", "value")
            if two:
                grid.addWidget(before, line + 1, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(after, line + 1, 1, Qt.AlignmentFlag.AlignTop)
            else:
                unwanted = after if difference.change is Change.REMOVED else before
                unwanted.deleteLater()
                grid.addWidget(before if unwanted is after else after, line + 1, 0, 1, 2)
            grid.setRowMinimumHeight(line + 2, 6)
            line += 3
        self.form.addLayout(grid)
        if len(found) > MOST:
            self.form.addWidget(role_label("dim", t("trail.more_changes", n=len(found) - MOST), wrap=True))

    def _section(self, key: str) -> None:
        self.form.addWidget(hairline())
        self.form.addWidget(role_label("section", t(key)))

    def _seal(self, key: str, seal: str, **params: int) -> None:
        self.form.addWidget(titled(t(key, **params), fingerprint_label(seal)))


def refusal_text(row: AuditRow) -> str:
    """Why an order was refused or failed, in words; '' for one that was carried out or that left no code."""
    code = (row.after or {}).get("code")
    if row.outcome == "done" or not isinstance(code, str):
        return ""
    return answer_text(Answer(code, str((row.after or {}).get("detail") or "")))


def titled(title: str, widget: QWidget) -> QWidget:
    """A value close under its title."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    column.addWidget(role_label("dim", title))
    column.addWidget(widget)
    return holder


def _copied(text: str) -> QLabel:
    label = plain_label(text, wrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def fingerprint_label(text: str, parent: QWidget | None = None) -> QLabel:
    """A long hex number in groups of eight, that can be read aloud and copied."""
    label = _copied(" ".join(text[at : at + 8] for at in range(0, len(text), 8)))
    label.setParent(parent)
    label.setAccessibleName(text)
    return label
