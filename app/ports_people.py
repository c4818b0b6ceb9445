"""Ports about people: login, rights, the trail, the organisation and private data. Asked for through :mod:`app.ports`.

Whatever is protected names its reader and refuses one without the right.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from models.anchors import AnchorInfo, GuardStatus, Packed, TrailReport
from models.login import DirectoryCheck, LoginResult, TotpState
from models.people import Actor, UserInfo
from models.rights import ActionInfo, Explained, RoleInfo, SignatureRule

if TYPE_CHECKING:  # tables that a start does not wait for
    from models.organisation import (
        DepartmentRow,
        DutyRow,
        Gap,
        Matrix,
        MemberRow,
        PeopleQuery,
        PersonRow,
        PostRow,
    )
    from models.organisation_commands import ImportCheck
    from models.privacy import Inventory, PersonCard


class People(Protocol):
    """Login and users. Hashing takes time: call from worker threads."""

    def log_in(self, login: str, password: str, code: str = "") -> Future[LoginResult]:
        """Check a password, and the second step's code, and open a session; audited either way."""

    def set_first_password(
        self, login: str, old_password: str, new_password: str, code: str = ""
    ) -> Future[LoginResult]:
        """Replace a must-change password and log in."""

    def second_step(self, actor: Actor) -> TotpState:
        """How the person's own second step stands. For worker threads."""

    def users(self) -> list[UserInfo]:
        """All users."""

    def weakness(self, password: str, login: str = "") -> str | None:
        """Why a new password is too weak (a code), or None."""


class DirectoryState(Protocol):
    """How login through the company's directory stands; details for those who may change users (else Refused)."""

    @property
    def configured(self) -> bool:
        """Does this station let people in by a directory? Any thread, cheap."""

    def servers(self, reader: Actor) -> tuple[str, ...]:
        """The servers, as configured. Any thread, cheap."""

    def last(self, reader: Actor) -> DirectoryCheck | None:
        """What the last check found; None before the first. Any thread, cheap."""

    def check(self, reader: Actor) -> DirectoryCheck:
        """Ask every server now. For worker threads."""


class AuditRow(msgspec.Struct, frozen=True):
    """A line of the trail. Names of people are masked for readers without privacy.names; logins are not.

    ``hash`` seals the row (over what is stored, names in clear), ``prev_hash`` is the seal of the row before it.
    """

    id: int
    t_us: int
    login: str
    name: str
    role: str
    station: str
    action: str
    target: str
    outcome: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    user_id: int = 0
    session_id: int = 0
    signed: list[dict[str, Any]] | None = None
    hash: str = ""
    prev_hash: str = ""


class Rights(Protocol):
    """Rights in force, for those who may see them (rights.read). Cheap, any thread. All raise Refused forbidden."""

    def roles(self, reader: Actor) -> list[RoleInfo]:
        """All roles, ready ones first."""

    def actions(self, reader: Actor) -> list[ActionInfo]:
        """All that can be allowed, by code."""

    def signature_rules(self, reader: Actor) -> list[SignatureRule]:
        """What each danger asks for."""

    def explain(self, reader: Actor, login: str, action: str = "", zone: str | None = None) -> list[Explained]:
        """What this person may do (one action, or all), where, and why; anybody may ask about themselves.

        Raises Refused not_found.
        """

    def who(self, reader: Actor, action: str, zone: str | None = None) -> list[Explained]:
        """Everybody who may do this there (None: anywhere), and why."""


class Trail(Protocol):
    """The audit, read only (audit.read, else Refused forbidden). For worker threads."""

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
        """A page of the trail, newest first, and how many match; with ``last_id`` none beyond that number."""


class Guard(Protocol):
    """What shows that the trail is whole. For worker threads, but :meth:`status`.

    Protected by audit.read and audit.package, else Refused 'forbidden'; 'no_key' when the key can't be used. Leave the
    trace with models.audit_commands: NoteVerification, PackageTrail; AnchorTrail makes an anchor.
    """

    def status(self) -> GuardStatus:
        """Key, last anchor, what is in the way. Any thread, cheap."""

    def verify(self, reader: Actor, step: Callable[[int, int], None] = ...) -> TrailReport:
        """Read the whole trail; ``step`` is told how many rows of how many (``Progress.step`` fits, and may cancel)."""

    def anchors(self, reader: Actor) -> list[AnchorInfo]:
        """All anchors, oldest first."""

    def pack(self, path: Path, reader: Actor, step: Callable[[int, int], None] = ...) -> Packed:
        """Write the auditor's package (.zip). Raises OSError too."""


class Organisation(Protocol):
    """Departments, posts, people, duties, private data: read only, for worker threads.

    Each method raises Refused: 'forbidden' without people.read (inventory: privacy.inventory, check_file:
    organisation.import), 'key_trouble' and 'unreadable' when private values can't be decrypted.
    Names are in clear for readers with privacy.names, everything else private is masked for everybody.
    """

    def departments(self, reader: Actor) -> list[DepartmentRow]:
        """All departments in their order; the tree is in ``parent``."""

    def posts(self, reader: Actor) -> list[PostRow]:
        """All posts, by code."""

    def people(self, query: PeopleQuery, reader: Actor) -> tuple[list[PersonRow], int]:
        """A page of people, and how many match. Raises ValueError for a column that can't be sorted by."""

    def person(self, number: str, reader: Actor) -> PersonCard | None:
        """Everything about somebody that may be shown without a reason."""

    def leading_group(self, reader: Actor) -> list[MemberRow]:
        """Seats of the safety leading group, leader first, past ones too."""

    def duties(self, reader: Actor) -> list[DutyRow]:
        """All duties, by code."""

    def matrix(self, reader: Actor) -> Matrix:
        """Who answers for what where, what is needed, and the gaps across."""

    def gaps(self, reader: Actor) -> list[Gap]:
        """Everything that is missing."""

    def inventory(self, reader: Actor) -> Inventory:
        """What personal data there is, why, until when, under which keys."""

    def check_file(self, path: Path, reader: Actor, sheet: str = "") -> ImportCheck:
        """Dry run of a workbook (.xlsx) or of one sheet (.csv, UTF-8 or GBK). Raises OSError, ValueError."""

    def write_template(self, path: Path) -> None:
        """An empty workbook (.xlsx) with titles and notes. Raises OSError, ValueError."""

    def export_book(self, path: Path, reader: Actor) -> int:
        """The organisation as a workbook that can be read again, masked; returns people. Raises OSError, ValueError.

        The caller orders its trace (ExportData).
        """
