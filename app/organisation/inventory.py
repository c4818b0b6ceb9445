"""The inventory of personal data: the policy of each field beside what is really there, and the keys it needs."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from app.organisation.policy import PrivacyPolicy
from app.organisation.private import PrivateStore, table_of
from app.organisation.retention import next_due_us, overdue_counts
from app.organisation.snapshot import load
from models.audit import AuditEntry
from models.organisation_commands import PurgePrivate, RotateVaultKey
from models.privacy import Inventory, InventoryLine, KeyUse, PrivateField


def take_stock(connection: Connection, private: PrivateStore, policy: PrivacyPolicy, now_us: int) -> Inventory:
    """Count what there is at a moment (UTC microseconds). Raises KeyTrouble, SQLAlchemyError."""
    current, known = private.keys
    counts, keys = private.counts(connection), private.key_use(connection)
    overdue = overdue_counts(connection, policy, now_us)
    everybody = load(connection).people.values()
    people: dict[str, int] = {}
    for row in everybody:
        key = f"{row.kind}.{'active' if row.active else 'left'}"
        people[key] = people.get(key, 0) + 1
    return Inventory(
        version=policy.version,
        notes=policy.notes,
        notes_zh=policy.notes_zh,
        lines=tuple(
            InventoryLine(
                field=field,
                rule=policy.rule(field),
                table=str(table_of(field).name),
                values=counts[field],
                overdue=overdue[field],
            )
            for field in PrivateField
        ),
        elsewhere=policy.elsewhere,
        keys=tuple(
            KeyUse(key_id, keys.get(key_id, 0), key_id in known, key_id == current)
            for key_id in sorted(known | keys.keys())
        ),
        people=people,
        erased=sum(row.erased_us is not None for row in everybody),
        purged_us=_last_done(connection, PurgePrivate.action),
        next_us=next_due_us(connection, policy),
        key_us=_last_done(connection, RotateVaultKey.action) or private.oldest_us(connection, current),
    )


def _last_done(connection: Connection, action: str) -> int | None:
    wanted = select(func.max(AuditEntry.t_us)).where(AuditEntry.action == action, AuditEntry.outcome == "done")
    found: int | None = connection.execute(wanted).scalar()
    return found
