"""The organisation in memory, for tests of panels: rows as a test puts them, filtered as the real register does."""

from __future__ import annotations

from pathlib import Path

from app.organisation.policy import load_policy
from app.ports import Answer, Refused
from models.commands import Command
from models.organisation import (
    DepartmentRow,
    DutyRow,
    Gap,
    Matrix,
    MemberRow,
    PeopleQuery,
    PersonRow,
    PostRow,
    ResponsibilityRow,
)
from models.organisation_commands import ErasePerson, ExportPrivate, ImportCheck, OrganisationDraft
from models.people import Actor
from models.privacy import Erased, Inventory, InventoryLine, KeyUse, PersonCard, PrivateCell, PrivateField
from models.readings import PlaceInfo

ORDERS = (ExportPrivate, ErasePerson)


_DAY = 86_400_000_000
_NOBODY = Actor(0, "nobody", "", (), "")


def _counted(rows: list[PersonRow]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        key = f"{row.kind}.{'active' if row.active else 'left'}"
        found[key] = found.get(key, 0) + 1
    return found


class MemoryOrganisation:
    """``app.ports.Organisation``. ``forbidden`` holds actions that every reader is refused."""

    def __init__(self) -> None:
        self.department_rows: list[DepartmentRow] = []
        self.post_rows: list[PostRow] = []
        self.person_rows: list[PersonRow] = []
        self.masked: dict[str, dict[PrivateField, str]] = {}
        self.member_rows: list[MemberRow] = []
        self.duty_rows: list[DutyRow] = []
        self.cells: list[ResponsibilityRow] = []
        self.needed: set[tuple[str, str]] = set()
        self.place_rows: list[PlaceInfo] = []
        self.gap_rows: list[Gap] = []
        self.check = ImportCheck(source="", problems=(), counts=(), draft=OrganisationDraft())
        self.written: list[Path] = []
        self.private: dict[str, dict[PrivateField, str]] = {}
        self.overdue: dict[PrivateField, int] = {}
        self.purged_us: int | None = None
        self.next_us: int | None = None
        self.key_us: int | None = None
        self.keys: tuple[KeyUse, ...] = ()
        self.forbidden: set[str] = set()
        self.broken = False

    def _check(self, action: str) -> None:
        if self.broken:
            raise OSError("store is away")
        if action in self.forbidden:
            raise Refused("forbidden", action)

    def departments(self, reader: Actor) -> list[DepartmentRow]:
        self._check("people.read")
        return sorted(self.department_rows, key=lambda row: (row.position, row.code))

    def posts(self, reader: Actor) -> list[PostRow]:
        self._check("people.read")
        return sorted(self.post_rows, key=lambda row: row.code)

    def people(self, query: PeopleQuery, reader: Actor) -> tuple[list[PersonRow], int]:
        self._check("people.read")
        beneath = {query.department}
        for _ in self.department_rows:
            beneath |= {row.code for row in self.department_rows if row.parent and row.parent in beneath}
        found = [
            row
            for row in self.person_rows
            if (not query.kinds or row.kind in query.kinds)
            and (not query.department or row.department in beneath)
            and (not query.post or row.post == query.post)
            and (query.active is None or row.active == query.active)
            and query.text.lower() in f"{row.number}\n{row.name}\n{row.company}\n{row.login}".lower()
        ]

        def key(row: PersonRow) -> tuple[bool, object]:
            value = getattr(row, query.sort)
            return (value is None, "" if value is None else value)

        found.sort(key=key, reverse=query.descending)  # type: ignore[arg-type]  # one column's values are of one kind
        return found[query.offset : query.offset + query.limit], len(found)

    def person(self, number: str, reader: Actor) -> PersonCard | None:
        self._check("people.read")
        row = next((row for row in self.person_rows if row.number == number), None)
        if row is None:
            return None
        masked = self.masked.get(number, {})
        cells = [
            PrivateCell(field=f, present=f in masked, masked=masked.get(f, ""), updated_us=0 if f in masked else None)
            for f in PrivateField
        ]
        return PersonCard(row=row, private=tuple(cells))

    def leading_group(self, reader: Actor) -> list[MemberRow]:
        self._check("people.read")
        return list(self.member_rows)

    def duties(self, reader: Actor) -> list[DutyRow]:
        self._check("people.read")
        return sorted(self.duty_rows, key=lambda row: row.code)

    def matrix(self, reader: Actor) -> Matrix:
        self._check("people.read")
        return Matrix(
            places=tuple(self.place_rows),
            duties=tuple(self.duties(reader)),
            cells=tuple(self.cells),
            needed=frozenset(self.needed),
            gaps=tuple(gap for gap in self.gap_rows if gap.place),
        )

    def gaps(self, reader: Actor) -> list[Gap]:
        self._check("people.read")
        return list(self.gap_rows)

    def inventory(self, reader: Actor) -> Inventory:
        self._check("privacy.inventory")
        policy = load_policy()
        lines = [
            InventoryLine(
                field=field,
                rule=policy.rule(field),
                table="person_health" if field.health else "person_private",
                values=sum(field in masked for masked in self.masked.values()),
                overdue=self.overdue.get(field, 0),
            )
            for field in PrivateField
        ]
        return Inventory(
            version=policy.version,
            notes=policy.notes,
            notes_zh=policy.notes_zh,
            lines=tuple(lines),
            elsewhere=policy.elsewhere,
            keys=self.keys,
            people=_counted(self.person_rows),
            erased=0,
            purged_us=self.purged_us,
            next_us=self.next_us,
            key_us=self.key_us,
        )

    def carry_out(self, command: Command) -> Answer:
        """An export gives the private values, an erasure takes them away; the name is kept by law here."""
        if isinstance(command, ExportPrivate):
            numbers = command.numbers or tuple(sorted(self.private))
            if not set(numbers) <= set(self.private):
                return Answer(code="not_found")
            fields = [PrivateField(field) for field in command.fields]
            return Answer(data=[[n, *(self.private[n].get(field, "") for field in fields)] for n in numbers])
        assert isinstance(command, ErasePerson)
        row = next(row for row in self.person_rows if row.number == command.number)
        if row.active:
            return Answer(code="still_active")
        there = self.masked.get(command.number, {})
        rules = {line.field: line.rule for line in self.inventory(_NOBODY).lines}
        kept = {f: (row.left_us or 0) + rules[f].kept_days[row.kind] * _DAY for f in there if rules[f].statutory}
        self.masked[command.number] = {field: there[field] for field in kept}
        gone = tuple(field.value for field in there if field not in kept)
        return Answer(data=Erased(gone=gone, kept={field.value: us for field, us in kept.items()}))

    def check_file(self, path: Path, reader: Actor, sheet: str = "") -> ImportCheck:
        self._check("organisation.import")
        return self.check

    def write_template(self, path: Path) -> None:
        self.written.append(path)

    def export_book(self, path: Path, reader: Actor) -> int:
        self._check("people.read")
        self.written.append(path)
        return len(self.person_rows)
