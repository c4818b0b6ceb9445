"""``app.ports.Organisation``: everything that screens, reports and the command line read of organisation and privacy.

Reading is a right too: each question names its reader. Names are in clear for whom the pack trusts with them; every other
private value is a mask here, for everybody, and comes in clear only through an order with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection

from app.access.keys import KeyTrouble
from app.access.vault import VaultTrouble
from app.clock import Clock
from app.masking import mask
from app.organisation.bookcheck import check_book
from app.organisation.gaps import find_gaps, holders_of, needed, seated
from app.organisation.inventory import take_stock
from app.organisation.people import May
from app.organisation.policy import PrivacyPolicy
from app.organisation.private import PrivateStore
from app.organisation.sheets import SHEETS, sheet_of
from app.organisation.snapshot import Snapshot, code_of, drafts, load, number_of, place_infos, present
from app.organisation.tables import Table, book_tables, template_tables
from app.ports import Refused
from models.organisation import (
    DepartmentRow,
    DutyRow,
    Gap,
    GroupRole,
    Matrix,
    MemberRow,
    PeopleQuery,
    PersonKind,
    PersonRow,
    PostRank,
    PostRow,
    ResponsibilityRow,
    today_us,
)
from models.organisation_commands import ImportCheck
from models.people import Actor
from models.privacy import Inventory, PersonCard, PrivateCell, PrivateField

log = structlog.get_logger(__name__)

ReadBook = Callable[[Path], dict[str, list[list[Any]]]]
ReadRows = Callable[[Path], Sequence[Sequence[Any]]]
WriteBook = Callable[[Path, Sequence[Table]], None]


class Register:
    """For worker threads; every method raises Refused('forbidden') for a reader without the right, and SQLAlchemyError."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        private: PrivateStore,
        policy: PrivacyPolicy,
        may: May,
        clock: Clock,
        *,
        read_book: ReadBook,
        read_csv: ReadRows,
        write_book: WriteBook,
    ) -> None:
        """``read_book`` gives tab → rows of a workbook, ``read_csv`` the rows of a text file, ``write_book`` writes one."""
        self._read = read
        self._private = private
        self._policy = policy
        self._may = may
        self._clock = clock
        self._read_book, self._read_csv, self._write_book = read_book, read_csv, write_book

    def departments(self, reader: Actor) -> list[DepartmentRow]:
        """All departments in their order (the tree by ``parent``)."""
        snap, _ = self._open(reader)
        heads: dict[int, list[str]] = {}
        for post in snap.posts.values():
            if post.leads:
                heads.setdefault(post.department_id, []).extend(person.number for person in snap.holders(post.id))
        return [
            DepartmentRow(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                parent=code_of(snap.departments, row.parent_id),
                position=row.position,
                people=sum(p.department_id == row.id and p.active for p in snap.people.values()),
                heads=tuple(heads.get(row.id, ())),
                version=row.version,
            )
            for row in snap.departments.values()
        ]

    def posts(self, reader: Actor) -> list[PostRow]:
        """All posts, by code."""
        snap, _ = self._open(reader)
        return [
            PostRow(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                department=code_of(snap.departments, row.department_id),
                rank=PostRank(row.rank),
                leads=row.leads,
                people=len(snap.holders(row.id)),
                version=row.version,
            )
            for row in snap.posts.values()
        ]

    def people(self, query: PeopleQuery, reader: Actor) -> tuple[list[PersonRow], int]:
        """A page of people, and how many match. Raises ValueError for a column that can't be sorted by."""
        if query.sort not in PersonRow.__struct_fields__:
            raise ValueError(query.sort)
        snap, names = self._open(reader)
        beneath = _beneath(snap, query.department) if query.department else None
        text = query.text.strip().lower()
        found = []
        for raw in snap.people.values():
            if beneath is not None and raw.department_id not in beneath:
                continue
            row = _person_row(snap, raw, names)
            if (
                (not query.kinds or row.kind in query.kinds)
                and (not query.post or row.post == query.post)
                and (query.active is None or row.active == query.active)
                and text in f"{row.number}\n{row.name}\n{row.company}\n{row.login}".lower()
            ):
                found.append(row)
        found.sort(key=lambda row: _sortable(getattr(row, query.sort)), reverse=query.descending)
        return found[query.offset : query.offset + query.limit], len(found)

    def person(self, number: str, reader: Actor) -> PersonCard | None:
        """Everything about somebody that may be shown without a reason: private values masked."""
        snap, names = self._open(reader)
        raw = next((row for row in snap.people.values() if row.number == number), None)
        if raw is None:
            return None
        try:
            with self._read() as connection:
                values = self._private.of_person(connection, raw.id)
        except KeyTrouble as trouble:
            raise Refused("key_trouble", str(trouble)) from trouble
        cells = [
            PrivateCell(
                field=field,
                present=field in values,
                masked=mask(field.value, values[field][0] or "?") if field in values else "",
                updated_us=values[field][1] if field in values else None,
                readable=field not in values or values[field][0] is not None,
            )
            for field in PrivateField
        ]
        return PersonCard(row=_person_row(snap, raw, names), private=tuple(cells))

    def leading_group(self, reader: Actor) -> list[MemberRow]:
        """Seats of the leading group, leader first, past ones too."""
        snap, names = self._open(reader)
        today, order = today_us(self._clock.now_us()), list(GroupRole)
        rows = [
            MemberRow(
                number=(person := snap.people[row.person_id]).number,
                name=names.get(person.id, person.name_masked),
                post_name=snap.posts[person.post_id].name if person.post_id is not None else "",
                role=GroupRole(row.role),
                duties=row.duties,
                from_us=row.from_us,
                until_us=row.until_us,
                current=seated(row, today) and person.active,
                version=row.version,
            )
            for row in snap.members
        ]
        return sorted(rows, key=lambda row: (order.index(row.role), not row.current, row.number))

    def duties(self, reader: Actor) -> list[DutyRow]:
        """All duties, by code."""
        snap, _ = self._open(reader)
        return _duty_rows(snap)

    def matrix(self, reader: Actor) -> Matrix:
        """Who answers for what where, what is needed, and the gaps across."""
        snap, names = self._open(reader)
        cells = tuple(
            ResponsibilityRow(
                place=code_of(snap.places, row.place_id),
                post=(post := snap.posts[row.post_id]).code,
                post_name=post.name,
                duty=code_of(snap.duties, row.duty_id),
                person=number_of(snap, row.person_id),
                main=row.main,
                people=tuple((p.number, names.get(p.id, p.name_masked)) for p in holders_of(snap, row)),
                version=row.version,
            )
            for row in snap.cells
        )
        asked = frozenset((place.code, duty.code) for place, duty in needed(snap))
        shown = {code for code, _ in asked} | {cell.place for cell in cells}
        return Matrix(
            places=tuple(place for place in place_infos(snap) if place.code in shown),
            duties=tuple(_duty_rows(snap)),
            cells=cells,
            needed=asked,
            gaps=tuple(gap for gap in self._gaps(snap, names) if gap.place),
        )

    def gaps(self, reader: Actor) -> list[Gap]:
        """Everything that is missing."""
        snap, names = self._open(reader)
        return self._gaps(snap, names)

    def inventory(self, reader: Actor) -> Inventory:
        """What personal data there is, why, until when, and under which keys; needs 'privacy.inventory'."""
        self._check("privacy.inventory", reader)
        try:
            with self._read() as connection:
                return take_stock(connection, self._private, self._policy, self._clock.now_us())
        except KeyTrouble as trouble:
            raise Refused("key_trouble", str(trouble)) from trouble

    # -- workbooks

    def check_file(self, path: Path, reader: Actor, sheet: str = "") -> ImportCheck:
        """Dry run of a workbook (.xlsx), or of one sheet as text (.csv, UTF-8 or GBK; ``sheet`` or the file's name says which).

        Needs 'organisation.import'. Raises OSError, ValueError when the file is neither.
        """
        self._check("organisation.import", reader)

        def may_write(field: PrivateField) -> bool:
            return self._may("privacy.write_health" if field.health else "privacy.write", reader)

        return self.dry_run(path, sheet, may_write)

    def dry_run(
        self, path: Path, sheet: str = "", may_write: Callable[[PrivateField], bool] = lambda _field: True
    ) -> ImportCheck:
        """The same for the command line, whose user holds store and keys anyhow. Raises OSError, ValueError, Refused."""
        return self.dry_run_tables(self._tables(path, sheet), path.name, may_write)

    def dry_run_tables(
        self,
        tables: Mapping[str, Sequence[Sequence[Any]]],
        source: str,
        may_write: Callable[[PrivateField], bool] = lambda _field: True,
    ) -> ImportCheck:
        """The same for sheets that are read already. Raises Refused."""
        try:
            with self._read() as connection:
                there = present(connection, self._private)
        except KeyTrouble as trouble:
            raise Refused("key_trouble", str(trouble)) from trouble
        except VaultTrouble as trouble:
            raise Refused("unreadable", str(trouble)) from trouble
        return check_book(tables, there, self._clock.now_us(), source=source, may_write=may_write)

    def write_template(self, path: Path) -> None:
        """An empty workbook with titles and notes. Raises OSError, ValueError for another ending than .xlsx."""
        self._write_book(path, template_tables(self._policy))

    def export_book(self, path: Path, reader: Actor) -> int:
        """The organisation as a workbook that can be imported again, names and private values masked; returns people written.

        The caller orders the trace of it (ExportData). Raises OSError, ValueError.
        """
        snap, _ = self._open(reader)
        masked: dict[int, dict[str, str]] = {}
        try:
            with self._read() as connection:
                for field in PrivateField:
                    for person_id, value in self._private.read(connection, field).items():
                        masked.setdefault(person_id, {})[field.value] = mask(field.value, value)
        except (KeyTrouble, VaultTrouble) as trouble:
            raise Refused("unreadable", str(trouble)) from trouble
        self._write_book(path, book_tables(drafts(snap, masked)))
        return len(snap.people)

    def _tables(self, path: Path, sheet: str) -> dict[str, Sequence[Sequence[Any]]]:
        if path.suffix.lower() == ".xlsx":
            return dict(self._read_book(path))
        if path.suffix.lower() != ".csv":
            raise ValueError(f"{path.name}: only .xlsx and .csv can be read")
        if sheet and sheet_of(sheet) is None:
            raise ValueError(f"{sheet!r} is none of the sheets {', '.join(s.title for s in SHEETS)}")
        named = sheet_of(sheet or path.stem)
        if named is None:
            raise ValueError(f"{path.name}: which sheet is it? Name it as the file's name or with the file")
        return {named.title: self._read_csv(path)}

    def _gaps(self, snap: Snapshot, names: dict[int, str]) -> list[Gap]:
        return find_gaps(snap, lambda person: names.get(person.id, person.name_masked), self._clock.now_us())

    def _open(self, reader: Actor) -> tuple[Snapshot, dict[int, str]]:
        """Everything, and the names in clear if the reader may see them; masks do when the keys are not there."""
        self._check("people.read", reader)
        with self._read() as connection:
            snap = load(connection)
            if not self._may("privacy.names", reader):
                return snap, {}
            try:
                return snap, self._private.read(connection, PrivateField.NAME)
            except (KeyTrouble, VaultTrouble) as trouble:
                log.warning("names_unreadable", detail=str(trouble))
                return snap, {}

    def _check(self, action: str, reader: Actor) -> None:
        if not self._may(action, reader):
            raise Refused("forbidden", f"{reader.login} may not {action}")


def _person_row(snap: Snapshot, row: Any, names: dict[int, str]) -> PersonRow:
    department, post, user = (
        snap.departments.get(row.department_id),
        snap.posts.get(row.post_id),
        snap.users.get(row.user_id),
    )
    return PersonRow(
        number=row.number,
        name=names.get(row.id, row.name_masked),
        clear=row.id in names,
        kind=PersonKind(row.kind),
        department=department.code if department is not None else "",
        department_name=department.name if department is not None else "",
        post=post.code if post is not None else "",
        post_name=post.name if post is not None else "",
        company=row.company,
        host=number_of(snap, row.host_id),
        joined_us=row.joined_us,
        left_us=row.left_us,
        active=row.active,
        login=user.login if user is not None else "",
        erased_us=row.erased_us,
        version=row.version,
    )


def _duty_rows(snap: Snapshot) -> list[DutyRow]:
    return [
        DutyRow(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            category=row.category,
            needed_on=tuple(row.needed_on),
            cells=sum(cell.duty_id == row.id for cell in snap.cells),
            version=row.version,
        )
        for row in snap.duties.values()
    ]


def _beneath(snap: Snapshot, code: str) -> set[int]:
    """Keys of a department and of all beneath it."""
    found = {row.id for row in snap.departments.values() if row.code == code}
    while True:
        more = {row.id for row in snap.departments.values() if row.parent_id in found} - found
        if not more:
            return found
        found |= more


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)
