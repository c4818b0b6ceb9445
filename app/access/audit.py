"""The trail: append-only rows, each sealed with the hash of the one before it.

A row that is changed, removed from the middle or slipped in breaks the chain from there on (:mod:`app.access.verification`).
The database itself refuses UPDATE and DELETE on it (triggers of the migrations), so that it takes more than a slip to do so.
Written by the engine thread alone: the chain needs one writer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, func, insert, or_, select
from sqlalchemy.orm import Session

from app.access.check import GENESIS, seal
from app.masking import HIDDEN, mask_name
from app.ports import AuditRow, Refused
from models.audit import AuditEntry
from models.people import Actor

_SECRET = ("password", "secret", "token")
_TABLE = AuditEntry.__table__
_LAST = select(_TABLE.c.id, _TABLE.c.hash).order_by(_TABLE.c.id.desc()).limit(1)
_INSERT = insert(AuditEntry)


class Sealed(NamedTuple):
    """A row's number, its predecessor's seal and its own."""

    id: int
    prev_hash: str
    hash: str


def append(
    session: Session,
    *,
    t_us: int,
    actor: Actor,
    action: str,
    target: str,
    outcome: str,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    signed: list[dict[str, Any]] | None = None,
    head: Sealed | None = None,
) -> Sealed:
    """Add a row in the session's transaction; returns how it is sealed. ``outcome`` is done · refused · failed.

    ``head`` is what the last row of this same transaction returned; without it the last row is looked up.

    Values under keys that speak of secrets are blotted out. Raises SQLAlchemyError.
    """
    connection = session.connection()
    if head is None:
        last = connection.execute(_LAST).first()
        head = Sealed(last.id, "", last.hash) if last else Sealed(0, "", GENESIS)
    row: dict[str, Any] = {
        "id": head.id + 1,
        "t_us": t_us,
        "user_id": actor.user_id,
        "login": plain_text(actor.login, 64),
        "name": plain_text(actor.name, 120),
        "role": ",".join(actor.roles)[:200],
        "station": actor.station[:64],
        "session_id": actor.session_id,
        "action": action,
        "target": plain_text(target, 200),
        "outcome": outcome,
        "reason": plain_text(reason),
        "before": _plain(before),
        "after": _plain(after),
        "prev_hash": head.hash,
    }
    row["signed"] = [_clean("", line) for line in signed] if signed else None
    row["hash"] = seal(row)
    if not row["hash"]:  # cleaned values can be written down; a defect must not leave a row that nobody can verify
        raise ValueError("a row of the trail can't be sealed")
    connection.execute(_INSERT, [row])
    return Sealed(row["id"], row["prev_hash"], row["hash"])


def _plain(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As it will come back from the store: text keys, lists, no NaN; secrets blotted out."""
    return None if value is None else {str(k): _clean(str(k), v) for k, v in value.items()}


def _clean(key: str, value: Any) -> Any:
    if any(word in key.lower() for word in _SECRET) and not isinstance(value, bool):
        return "***"
    if isinstance(value, Mapping):
        return {str(k): _clean(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", v) for v in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)  # NaN fails this too
    if isinstance(value, bool | int) or value is None:
        return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return plain_text(str(value))


def plain_text(value: str, length: int | None = None) -> str:
    """What either database keeps as it is: no NUL, no lone surrogates, at most ``length`` characters."""
    return value.replace("\x00", "\\0").encode("utf-8", "replace").decode("utf-8")[:length]


class AuditTrail:
    """``app.ports.Trail``: reading the trail, for worker threads."""

    def __init__(
        self, read: Callable[[], AbstractContextManager[Connection]], may: Callable[[str, Actor], bool]
    ) -> None:
        """``may`` answers whether somebody holds a right, here ``audit.read``."""
        self._read = read
        self._may = may

    def entries(
        self,
        reader: Actor,
        *,
        login: str = "",
        outcome: str = "",
        action: str = "",
        text: str = "",
        start_us: int | None = None,
        end_us: int | None = None,
        last_id: int | None = None,
        offset: int = 0,
        limit: int = 500,
    ) -> tuple[list[AuditRow], int]:
        """A page of the trail, newest first, and how many match. ``action`` also matches as a prefix ('alarm.').

        Names are masked, and not searched in, for readers without ``privacy.names``. Raises Refused forbidden.
        """
        if not self._may("audit.read", reader):
            raise Refused("forbidden", f"{reader.login} may not read the trail")
        clear = self._may("privacy.names", reader)
        t = _TABLE.c
        wheres = []
        if login:
            wheres.append(t.login == login)
        if outcome:
            wheres.append(t.outcome == outcome)
        if action:
            wheres.append(t.action.startswith(action, autoescape=True))
        if text:
            columns = (t.target, t.reason, t.login, t.action, *((t.name,) if clear else ()))
            wheres.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
        if start_us is not None:
            wheres.append(t.t_us >= start_us)
        if end_us is not None:
            wheres.append(t.t_us < end_us)
        if last_id is not None:
            wheres.append(t.id <= last_id)
        page = select(_TABLE).where(*wheres).order_by(t.id.desc()).offset(offset).limit(limit)
        with self._read() as connection:
            total = connection.execute(select(func.count()).select_from(_TABLE).where(*wheres)).scalar_one()
            rows = [_row(r) for r in connection.execute(page)]
        return (rows if clear else [_masked(row) for row in rows]), total


def _row(row: Any) -> AuditRow:
    return AuditRow(
        id=row.id,
        t_us=row.t_us,
        login=row.login,
        name=row.name,
        role=row.role,
        station=row.station,
        user_id=row.user_id,
        session_id=row.session_id,
        signed=row.signed,
        hash=row.hash,
        prev_hash=row.prev_hash,
        action=row.action,
        target=row.target,
        outcome=row.outcome,
        reason=row.reason,
        before=row.before,
        after=row.after,
    )


def _masked(row: AuditRow) -> AuditRow:
    """The row for somebody who may not see names: of who acted, of who signed, and of the user that was acted upon."""
    about_user = row.action.startswith("user.")
    return msgspec.structs.replace(
        row,
        name=mask_name(row.name) if row.user_id else row.name,  # the program itself is no person
        signed=[line | {"name": mask_name(str(line.get("name", "")))} for line in row.signed] if row.signed else None,
        before=_without_names(row.before) if about_user else row.before,
        after=_without_names(row.after) if about_user else row.after,
    )


def _without_names(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    found = dict(facts)
    if found.get("name"):
        found["name"] = mask_name(str(found["name"]))
    if found.get("dn"):
        found["dn"] = HIDDEN  # directories name people in it
    return found
