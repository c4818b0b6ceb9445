"""The inventory of personal data in words: one line a field of the vault or a place outside it, and what happened lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.ports import AuditRow
from models.organisation import PersonKind
from models.privacy import ElsewhereRule, FieldRule, Inventory, InventoryLine
from ui.access.audit_rows import name_text, outcome_text
from ui.access.differences import private_text
from ui.access.rights_model import action_text
from ui.i18n import DASH, count_text, english, pick, stamp_text, t
from ui.widgets.rows import Column


class DataLine(NamedTuple):
    """A line of the table: a field of the vault, or personal data elsewhere."""

    number: int
    line: InventoryLine | None
    elsewhere: ElsewhereRule | None

    @property
    def rule(self) -> FieldRule | ElsewhereRule:
        """What the pack says."""
        found = self.line.rule if self.line is not None else self.elsewhere
        assert found is not None
        return found


def lines_of(inventory: Inventory) -> list[DataLine]:
    """Fields of the vault first."""
    fields = [DataLine(at, line, None) for at, line in enumerate(inventory.lines)]
    return fields + [DataLine(len(fields) + at, None, rule) for at, rule in enumerate(inventory.elsewhere)]


def what_text(row: DataLine) -> str:
    """Name of the data."""
    if row.line is not None:
        return pick(row.line.rule.name, row.line.rule.name_en)
    return pick(row.elsewhere.what, row.elsewhere.what_en) if row.elsewhere is not None else DASH


def category_text(row: DataLine) -> str:
    """Personal, health, other sensitive data, or outside the vault."""
    if row.line is None:
        return t("personal.category.elsewhere")
    if row.line.field.health:
        return t("personal.category.health")
    return t("personal.category.sensitive" if row.line.rule.sensitive else "personal.category.personal")


def kept_text(row: DataLine) -> str:
    """How long it is kept after somebody has left, by kind of person."""
    if row.line is None:
        return pick(row.elsewhere.kept, row.elsewhere.kept_en) if row.elsewhere is not None else DASH
    days = row.line.rule.kept_days
    parts = [t(f"personal.kept.{kind}", n=days[kind.value]) for kind in PersonKind]
    words = " · ".join(parts)
    return f"{words} · {t('personal.statutory')}" if row.line.rule.statutory else words


def stored_text(row: DataLine) -> str:
    """Where it lies, and whether it is encrypted there."""
    if row.line is None:
        return row.elsewhere.where if row.elsewhere is not None else DASH
    return t("personal.encrypted", table=row.line.table)


def seen_by_text(row: DataLine) -> str:
    """Which rights show it in clear."""
    if row.line is None:
        return DASH
    return " / ".join(action_text(action) for action in row.line.rule.seen_by)


def inventory_columns() -> list[Column[DataLine]]:
    """Columns of the inventory."""

    def values(row: DataLine) -> str:
        return count_text(row.line.values) if row.line is not None else DASH

    def overdue(row: DataLine) -> str:
        return count_text(row.line.overdue) if row.line is not None else DASH

    def late(row: DataLine) -> bool:
        return row.line is not None and row.line.overdue > 0

    return [
        Column("what", "personal.column.what", what_text, width=140),
        Column("category", "personal.column.category", category_text, width=110),
        Column(
            "values",
            "personal.column.values",
            values,
            lambda r: r.line.values if r.line is not None else None,
            60,
            right=True,
            export=lambda r: r.line.values if r.line is not None else "",
        ),
        Column(
            "purpose",
            "personal.column.purpose",
            lambda r: pick(r.rule.purpose, r.rule.purpose_en),
            width=240,
            stretch=True,
        ),
        Column("basis", "personal.column.basis", lambda r: pick(r.rule.basis, r.rule.basis_en), width=230, optional=3),
        Column("stored", "personal.column.stored", stored_text, width=180, optional=2),
        Column("kept", "personal.column.kept", kept_text, width=300, optional=1),
        Column("seen_by", "personal.column.seen_by", seen_by_text, width=190, optional=4),
        Column(
            "overdue",
            "personal.column.overdue",
            overdue,
            lambda r: r.line.overdue if r.line is not None else None,
            60,
            right=True,
            bold=late,
            export=lambda r: r.line.overdue if r.line is not None else "",
        ),
    ]


def act_columns() -> list[Column[AuditRow]]:
    """Columns of the recent reveals, exports, erasures and purges."""

    def loud(row: AuditRow) -> bool:
        return row.outcome != "done"

    return [
        Column("time", "access.column.time", lambda r: stamp_text(r.t_us), lambda r: r.t_us, 160, bold=loud),
        Column("name", "access.column.name", name_text, width=100, bold=loud),
        Column("action", "access.column.action", lambda r: action_text(r.action), width=150, bold=loud),
        Column("target", "personal.column.whose", whose_text, width=170, bold=loud),
        Column("fields", "personal.column.fields", fields_of, width=220, bold=loud),
        Column("outcome", "access.column.outcome", outcome_text, width=70, bold=loud),
        Column("reason", "access.column.reason", lambda r: r.reason or DASH, width=220, stretch=True, bold=loud),
    ]


def whose_text(row: AuditRow) -> str:
    """Whose data: a number, or how many people."""
    after = row.after or {}
    if isinstance(after.get("people"), int):
        return t("personal.people_n", n=after["people"])
    removed = after.get("removed")
    if isinstance(removed, dict) and removed:
        return names_text(list(removed))
    return row.target.removeprefix("person:") or DASH


def fields_of(row: AuditRow) -> str:
    """Which fields it was about."""
    after = row.after or {}
    found = after.get("fields") or after.get("gone") or []
    removed = after.get("removed")
    if isinstance(removed, dict):
        found = list(dict.fromkeys(field for fields in removed.values() for field in fields))
    return names_text([private_text(str(field)) for field in found]) or DASH


def names_text(words: Sequence[str]) -> str:
    """Some words as a list."""
    return (", " if english() else "、").join(words)
