"""Private values in the store: put, read, removed and re-encrypted. Only ciphertext passes to the database.

Whoever writes first takes the lock of :func:`lock` and then looks at the keys again: so a change of keys by another
process (the command line beside a running station) can't slip between the choice of a key and the commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, text
from sqlalchemy.orm import Session

from app.access.vault import Sealed, Vault, VaultTrouble
from models.privacy import PersonHealth, PersonPrivate, PrivateField

TABLES: tuple[Table, ...] = (
    PersonPrivate.metadata.tables["person_private"],
    PersonHealth.metadata.tables["person_health"],
)
PRIVATE, HEALTH = TABLES
_CHUNK = 500


def table_of(field: PrivateField) -> Table:
    """Where a field lies."""
    return HEALTH if field.health else PRIVATE


class PrivateStore:
    """All private values, behind the vault. Every method raises KeyTrouble; reading raises VaultTrouble too."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    @property
    def keys(self) -> tuple[str, frozenset[str]]:
        """The current key and all that are there."""
        return self._vault.current, self._vault.known

    def lock(self, session: Session) -> None:
        """Be the only writer of private values until the end of the transaction, with the newest keys."""
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("UPDATE person_private SET key_id = key_id WHERE 1 = 0"))  # takes the write lock
        else:
            session.execute(text("LOCK TABLE person_private, person_health IN SHARE ROW EXCLUSIVE MODE"))
        self._vault.refresh()

    def put(self, session: Session, person_id: int, values: Mapping[PrivateField, str], now_us: int) -> None:
        """Store values; an empty one is removed. Call :meth:`lock` first."""
        self.remove(session, person_id, values)
        rows: dict[Table, list[dict[str, Any]]] = {table: [] for table in TABLES}
        for field, value in values.items():
            if value:
                table = table_of(field)
                sealed = self._vault.seal((table.name, person_id, field.value), value)
                rows[table].append(
                    {"person_id": person_id, "field": field.value, "updated_us": now_us, **sealed._asdict()}
                )
        for table, some in rows.items():
            if some:
                session.execute(insert(table), some)

    def remove(self, session: Session, person_id: int, fields: Iterable[PrivateField]) -> int:
        """Remove values; returns how many there were."""
        wanted, removed = list(fields), 0
        for table in TABLES:
            names = [field.value for field in wanted if table_of(field) is table]
            if names:
                gone = session.execute(delete(table).where(table.c.person_id == person_id, table.c.field.in_(names)))
                removed += int(getattr(gone, "rowcount", 0))
        return removed

    def of_person(self, source: Connection | Session, person_id: int) -> dict[PrivateField, tuple[str | None, int]]:
        """Everything of one person: field → (value, None when it can't be read; updated_us)."""
        found: dict[PrivateField, tuple[str | None, int]] = {}
        for table in TABLES:
            for row in source.execute(select(table).where(table.c.person_id == person_id)):
                try:
                    value: str | None = self._open(table, row)
                except VaultTrouble:
                    value = None
                found[PrivateField(row.field)] = (value, row.updated_us)
        return found

    def read(
        self, source: Connection | Session, field: PrivateField, person_ids: Collection[int] | None = None
    ) -> dict[int, str]:
        """One field of many people (None: all): person → value."""
        table, found = table_of(field), dict[int, str]()
        wanted = select(table).where(table.c.field == field.value)
        for some in [None] if person_ids is None else _chunks(sorted(person_ids)):
            for row in source.execute(wanted if some is None else wanted.where(table.c.person_id.in_(some))):
                found[row.person_id] = self._open(table, row)
        return found

    def counts(self, source: Connection | Session) -> dict[PrivateField, int]:
        """How many values there are of each field."""
        found = dict.fromkeys(PrivateField, 0)
        for table in TABLES:
            for field, count in source.execute(select(table.c.field, func.count()).group_by(table.c.field)):
                found[PrivateField(field)] = count
        return found

    def key_use(self, source: Connection | Session) -> dict[str, int]:
        """How many values each key protects."""
        found: dict[str, int] = {}
        for table in TABLES:
            for key_id, count in source.execute(select(table.c.key_id, func.count()).group_by(table.c.key_id)):
                found[key_id] = found.get(key_id, 0) + count
        return found

    def oldest_us(self, source: Connection | Session, key_id: str) -> int | None:
        """When (UTC microseconds) the oldest value under a key was put in; None when there is none."""
        oldest = [source.execute(select(func.min(t.c.updated_us)).where(t.c.key_id == key_id)).scalar() for t in TABLES]
        return min((us for us in oldest if us is not None), default=None)

    def rotate(self, session: Session) -> int:
        """Encrypt everything with a new key, in the session's transaction; returns how many values.

        The old keys stay until :meth:`forget_old` after the commit; whatever happens before it, every value is readable.
        """
        self.lock(session)
        self._vault.add_key()
        done = 0
        for table in TABLES:
            rows = session.execute(select(table)).all()
            for some in _chunks(rows):
                fresh = [
                    {"row": row.id, **self._vault.seal(_place(table, row), self._open(table, row))._asdict()}
                    for row in some
                ]
                _reseal(session, table, fresh)
                done += len(fresh)
        return done

    def forget_old(self, source: Connection | Session) -> frozenset[str]:
        """Throw away keys that protect nothing any more; returns which."""
        return self._vault.forget(frozenset(self.key_use(source)))

    def _open(self, table: Table, row: Any) -> str:
        return self._vault.open(_place(table, row), Sealed(row.nonce, row.ciphertext, row.key_id))


def _place(table: Table, row: Any) -> tuple[str, int, str]:
    return table.name, row.person_id, row.field


def _reseal(session: Session, table: Table, fresh: list[dict[str, Any]]) -> None:
    statement = text(
        f"UPDATE {table.name} SET nonce = :nonce, ciphertext = :ciphertext, key_id = :key_id WHERE id = :row"
    )
    session.connection().execute(statement, fresh)


def _chunks(rows: Any) -> list[Any]:
    return [rows[at : at + _CHUNK] for at in range(0, len(rows), _CHUNK)]
