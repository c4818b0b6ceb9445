"""Orders on the organisation and on private data. People are named by number, everything else by code.

``version`` is the one that the editor showed: when somebody else saved meanwhile, the order is refused with 'conflict'.
None saves whatever is there (imports). Private values never come into a ``repr``, a target or a reason.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.commands import Command
from models.organisation import GroupRole, PersonKind, PostRank
from models.privacy import PrivateValues


class DepartmentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A department as edited; ``parent`` is the code of the one above, '' at the top."""

    code: str
    name: str
    name_en: str = ""
    parent: str = ""
    position: int = 0


class PostDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A post as edited."""

    code: str
    name: str
    name_en: str = ""
    department: str
    rank: PostRank = PostRank.POST
    leads: bool = False


class PersonDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as edited. Days as in :mod:`models.organisation`; ``private`` holds only the fields that are to change."""

    number: str
    kind: PersonKind = PersonKind.EMPLOYEE
    department: str = ""
    post: str = ""
    company: str = ""
    host: str = ""
    joined_us: int | None = None
    left_us: int | None = None
    login: str = ""
    private: PrivateValues = PrivateValues()


class MemberDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A seat in the leading group as edited."""

    number: str
    role: GroupRole = GroupRole.MEMBER
    duties: str = ""
    from_us: int | None = None
    until_us: int | None = None


class DutyDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A duty as edited; ``needed_on``: kinds of places (area, unit, device, plant) and codes of places."""

    code: str
    name: str
    name_en: str = ""
    category: str = ""
    needed_on: tuple[str, ...] = ()


class ResponsibilityDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of the matrix as edited; ``person`` '' means whoever holds the post."""

    place: str
    post: str
    duty: str
    person: str = ""
    main: bool = True


class _Reasoned(Command, frozen=True, kw_only=True):
    reason: str = ""


class SaveDepartment(_Reasoned, frozen=True, kw_only=True):
    """Create or change a department."""

    action: ClassVar[str] = "department.save"
    department: DepartmentDraft
    version: int | None = None

    @property
    def target(self) -> str:
        """The department."""
        return f"department:{self.department.code}"


class RemoveDepartment(_Reasoned, frozen=True, kw_only=True):
    """Remove a department that nothing hangs on; needs a reason."""

    action: ClassVar[str] = "department.remove"
    code: str

    @property
    def target(self) -> str:
        """The department."""
        return f"department:{self.code}"


class SavePost(_Reasoned, frozen=True, kw_only=True):
    """Create or change a post."""

    action: ClassVar[str] = "post.save"
    post: PostDraft
    version: int | None = None

    @property
    def target(self) -> str:
        """The post."""
        return f"post:{self.post.code}"


class RemovePost(_Reasoned, frozen=True, kw_only=True):
    """Remove a post that nobody ever held and that has no duty; needs a reason."""

    action: ClassVar[str] = "post.remove"
    code: str

    @property
    def target(self) -> str:
        """The post."""
        return f"post:{self.code}"


class SavePerson(_Reasoned, frozen=True, kw_only=True):
    """Create or change somebody. Private values need 'privacy.write', health 'privacy.write_health' too."""

    action: ClassVar[str] = "person.save"
    person: PersonDraft
    version: int | None = None

    @property
    def target(self) -> str:
        """The person."""
        return f"person:{self.person.number}"


class PersonLeft(_Reasoned, frozen=True, kw_only=True):
    """Somebody leaves on a day; needs a reason."""

    action: ClassVar[str] = "person.leave"
    number: str
    left_us: int

    @property
    def target(self) -> str:
        """The person."""
        return f"person:{self.number}"


class SaveMember(_Reasoned, frozen=True, kw_only=True):
    """Give or change a seat in the safety leading group."""

    action: ClassVar[str] = "leading_group.save"
    member: MemberDraft
    version: int | None = None

    @property
    def target(self) -> str:
        """The seat."""
        return f"leading_group:{self.member.number}/{self.member.role}"


class RemoveMember(_Reasoned, frozen=True, kw_only=True):
    """Take back a seat that was given by mistake; needs a reason. Who leaves the group gets an ``until_us``."""

    action: ClassVar[str] = "leading_group.remove"
    number: str
    role: GroupRole

    @property
    def target(self) -> str:
        """The seat."""
        return f"leading_group:{self.number}/{self.role}"


class SaveDuty(_Reasoned, frozen=True, kw_only=True):
    """Create or change a duty."""

    action: ClassVar[str] = "duty.save"
    duty: DutyDraft
    version: int | None = None

    @property
    def target(self) -> str:
        """The duty."""
        return f"duty:{self.duty.code}"


class RemoveDuty(_Reasoned, frozen=True, kw_only=True):
    """Remove a duty that no cell of the matrix uses; needs a reason."""

    action: ClassVar[str] = "duty.remove"
    code: str

    @property
    def target(self) -> str:
        """The duty."""
        return f"duty:{self.code}"


class SetResponsibility(_Reasoned, frozen=True, kw_only=True):
    """Fill or change a cell of the matrix."""

    action: ClassVar[str] = "responsibility.set"
    responsibility: ResponsibilityDraft
    version: int | None = None

    @property
    def target(self) -> str:
        """The cell."""
        cell = self.responsibility
        return f"responsibility:{cell.place}/{cell.post}/{cell.duty}"


class RemoveResponsibility(_Reasoned, frozen=True, kw_only=True):
    """Empty a cell of the matrix; needs a reason."""

    action: ClassVar[str] = "responsibility.remove"
    place: str
    post: str
    duty: str

    @property
    def target(self) -> str:
        """The cell."""
        return f"responsibility:{self.place}/{self.post}/{self.duty}"


class OrganisationDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A whole workbook, checked: in an order in which each can be saved."""

    departments: tuple[DepartmentDraft, ...] = ()
    posts: tuple[PostDraft, ...] = ()
    people: tuple[PersonDraft, ...] = ()
    members: tuple[MemberDraft, ...] = ()
    duties: tuple[DutyDraft, ...] = ()
    responsibilities: tuple[ResponsibilityDraft, ...] = ()


class ImportOrganisation(_Reasoned, frozen=True, kw_only=True):
    """Save everything of a workbook in one transaction, or nothing."""

    action: ClassVar[str] = "organisation.import"
    draft: OrganisationDraft
    source: str = ""  # name of the file

    @property
    def target(self) -> str:
        """The file."""
        return f"organisation:{self.source}"


class RevealPrivate(_Reasoned, frozen=True, kw_only=True):
    """Show private fields of somebody in clear; needs a reason. The answer's data is field → value."""

    action: ClassVar[str] = "privacy.reveal"
    number: str
    fields: tuple[str, ...]

    @property
    def target(self) -> str:
        """The person."""
        return f"person:{self.number}"


class ExportPrivate(_Reasoned, frozen=True, kw_only=True):
    """Take private fields of people out in clear; dangerous, needs a reason.

    No numbers: everybody. ``path`` is where the file will go, for the trail. The answer's data is a list of rows:
    number, then the fields in the order asked for.
    """

    action: ClassVar[str] = "privacy.export"
    numbers: tuple[str, ...] = ()
    fields: tuple[str, ...]
    path: str

    @property
    def target(self) -> str:
        """How many people."""
        return "person:" + (",".join(self.numbers[:20]) or "*")


class ErasePerson(_Reasoned, frozen=True, kw_only=True):
    """Erase the private data of somebody who has left; needs a reason. What the law keeps stays until its day."""

    action: ClassVar[str] = "privacy.erase"
    number: str

    @property
    def target(self) -> str:
        """The person."""
        return f"person:{self.number}"


class PurgePrivate(Command, frozen=True, kw_only=True):
    """One step of the retention job: private data whose time is over goes. The answer's data says if there is more."""

    action: ClassVar[str] = "privacy.purge"


class RotateVaultKey(_Reasoned, frozen=True, kw_only=True):
    """Encrypt all private data with a new key; needs a reason. The answer's data is the number of values."""

    action: ClassVar[str] = "privacy.rotate_key"

    @property
    def target(self) -> str:
        """The vault."""
        return "vault"


class CellProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A bad cell of a workbook: where, what stood there (private values masked), what is wrong and how to mend it.

    ``code`` is one of app.organisation.words; the sentences are its Chinese and English.
    """

    sheet: str
    cell: str  # C5; the row of titles is 1
    column: str
    found: str
    code: str
    what: str
    what_en: str
    mend: str
    mend_en: str


class SheetCount(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet would do."""

    sheet: str
    new: int
    changed: int
    same: int


class ImportCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a dry run: with no problems, ``draft`` (what is new or changed) can be ordered."""

    source: str
    problems: tuple[CellProblem, ...]
    counts: tuple[SheetCount, ...]
    draft: OrganisationDraft
