"""Somebody with a database shell: a raw connection, the triggers away, and whatever deed to the trail."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from typing import Any

from sqlalchemy import make_url

from app.store.engine import Store

SQLITE_TRIGGERS = [f"{t}_no_{a}" for t in ("audit_entry", "audit_anchor") for a in ("update", "delete")]
POSTGRESQL_TRIGGERS = [(f"{t}_{a}", t) for t in ("audit_entry", "audit_anchor") for a in ("append_only", "no_truncate")]


class Outsider:
    """Deeds against the tables behind the program's back; knows SHA-256 and the canonical JSON, but no key."""

    def __init__(self, store: Store) -> None:
        url = make_url(store.url)
        self.sqlite = url.get_backend_name() == "sqlite"
        self._path, self._dsn = url.database, url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._free()

    def _connect(self) -> Any:
        if self.sqlite:
            import sqlite3

            return sqlite3.connect(str(self._path))
        import psycopg

        return psycopg.connect(self._dsn)

    def _free(self) -> None:
        if self.sqlite:
            self.do(*(f"DROP TRIGGER {name}" for name in SQLITE_TRIGGERS))
        else:
            self.do(*(f"DROP TRIGGER {name} ON {table}" for name, table in POSTGRESQL_TRIGGERS))

    def do(self, *statements: str) -> None:
        with closing(self._connect()) as raw:
            for statement in statements:
                raw.execute(statement)
            raw.commit()

    def rows(self, first: int = 1) -> list[dict[str, Any]]:
        with closing(self._connect()) as raw:
            cursor = raw.execute(f"SELECT * FROM audit_entry WHERE id >= {first} ORDER BY id")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        for row in rows:
            for name in ("before", "after", "signed"):
                if isinstance(row.get(name), str):
                    row[name] = json.loads(row[name])
        return rows

    def put(self, row: dict[str, Any]) -> None:
        """Insert a row as it is, seal included."""
        mark = "?" if self.sqlite else "%s"
        plain = {k: json.dumps(v) if k in ("before", "after", "signed") else v for k, v in row.items()}
        names = ", ".join(f'"{name}"' for name in plain)
        with closing(self._connect()) as raw:
            raw.execute(
                f"INSERT INTO audit_entry ({names}) VALUES ({', '.join([mark] * len(plain))})", list(plain.values())
            )
            raw.commit()

    def sealed(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with the seal that the program would give it."""
        body = {k: v for k, v in row.items() if k != "hash" and not (k == "signed" and v is None)}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return {**row, "hash": hashlib.sha256(text.encode()).hexdigest()}

    def write_anew(self, first: int, **changes: Any) -> None:
        """Change a row and chain all that follow to it again, so that the chain alone shows nothing."""
        rows = self.rows(first)
        self.do(f"DELETE FROM audit_entry WHERE id >= {first}")
        rows[0].update(changes)
        previous = rows[0]["prev_hash"]
        for row in rows:
            row = self.sealed({**row, "prev_hash": previous})
            previous = row["hash"]
            self.put(row)

    def shift(self, first: int, by: int) -> None:
        """Renumber all rows from ``first`` on."""
        self.do(
            f"UPDATE audit_entry SET id = -id WHERE id >= {first}",
            f"UPDATE audit_entry SET id = -id + {by} WHERE id < 0",
        )

    def swap(self, a: int, b: int) -> None:
        """Exchange the numbers of two rows."""
        self.do(
            f"UPDATE audit_entry SET id = -1 WHERE id = {a}",
            f"UPDATE audit_entry SET id = {a} WHERE id = {b}",
            f"UPDATE audit_entry SET id = {b} WHERE id = -1",
        )
