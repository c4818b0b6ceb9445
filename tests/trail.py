"""Is a trail whole, without anchors and head? By the same functions that program and auditor use."""

from __future__ import annotations

from sqlalchemy import Connection

from app.access.check import GENESIS, holds
from app.access.verification import trail_rows


def first_broken(connection: Connection) -> int | None:
    """Number of the first row that is not right at its place; None when all are."""
    before = GENESIS
    for number, row in enumerate(trail_rows(connection), 1):
        if not holds(row, number, before):
            return int(row["id"])
        before = row["hash"]
    return None
