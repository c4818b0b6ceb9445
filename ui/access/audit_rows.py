"""The trail in words: columns of its table, actions, outcomes, roles and signatures."""

from __future__ import annotations

from typing import Any

from app.ports import AuditRow
from ui.access.rights_model import action_text
from ui.i18n import DASH, has, roles_text, stamp_text, t
from ui.widgets.rows import Column

OUTCOMES = ("", "done", "refused", "failed")


def outcome_text(row: AuditRow) -> str:
    """done, refused or failed, in words."""
    key = f"access.outcome.{row.outcome}"
    return t(key) if has(key) else row.outcome


def role_text(row: AuditRow) -> str:
    """Names of the roles held."""
    return roles_text(row.role.split(",")) if row.role else DASH


def name_text(row: AuditRow) -> str:
    """Who acted; the program itself by its own word."""
    return t("trail.program") if row.login == "system" and not row.user_id else row.name or DASH


def signature_text(line: dict[str, Any]) -> str:
    """One signature: who and meaning what."""
    who = f"{line.get('name') or ''} ({line.get('login') or ''})".strip()
    meant = str(line.get("meaning") or DASH)
    return t("trail.signed_second" if line.get("second") else "trail.signed", who=who, meaning=meant)


def session_text(row: AuditRow) -> str:
    """Number of the session; a dash for acts without one."""
    return f"#{row.session_id}" if row.session_id else DASH


def audit_columns() -> list[Column[AuditRow]]:
    """Columns of the trail."""

    def loud(row: AuditRow) -> bool:
        return row.outcome != "done"

    def signatures(row: AuditRow) -> str:
        return "; ".join(map(signature_text, row.signed)) if row.signed else DASH

    return [
        Column("id", "trail.column.id", lambda r: str(r.id), lambda r: r.id, 70, right=True, optional=4),
        Column("time", "access.column.time", lambda r: stamp_text(r.t_us), lambda r: r.t_us, 160, bold=loud),
        Column("name", "access.column.name", name_text, width=90, bold=loud),
        Column("role", "access.column.role", role_text, width=100, bold=loud, optional=3),
        Column("station", "access.column.station", lambda r: r.station or DASH, width=80, bold=loud, optional=2),
        Column("session", "trail.column.session", session_text, lambda r: r.session_id, 60, optional=5),
        Column("action", "access.column.action", lambda r: action_text(r.action), width=140, bold=loud),
        Column("target", "access.column.target", lambda r: r.target or DASH, width=180, bold=loud),
        Column("outcome", "access.column.outcome", outcome_text, width=70, bold=loud),
        Column("reason", "access.column.reason", lambda r: r.reason or DASH, width=200, stretch=True, bold=loud),
        Column("signed", "trail.column.signed", signatures, width=190, optional=6),
        Column("login", "access.column.login", lambda r: r.login or DASH, width=110, visible=False),
    ]
