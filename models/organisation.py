"""The organisation: departments, posts, people, the safety leading group, and who answers for what where.

Whoever reads a duty matrix asks two questions. Across (横向到边): has every place somebody for every duty that it needs?
Down (纵向到底): has every post, from the first person in charge to the shift, its duty? :class:`Gap` names what is missing.

Personal data is not here: :mod:`models.privacy` keeps it encrypted; these tables hold a number and a masked name.
Calendar days are stored as 00:00 UTC of that day (``day_us``): a day has no time zone, and screens show it unconverted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned
from models.readings import PlaceInfo


class PostRank(StrEnum):
    """Levels of responsibility: first person in charge, deputies in charge of a field, managers, shift teams, posts."""

    CHIEF = "chief"  # 主要负责人
    DEPUTY = "deputy"  # 分管负责人
    MANAGER = "manager"  # 管理人员
    TEAM = "team"  # 班组长
    POST = "post"  # 岗位人员


class PersonKind(StrEnum):
    """Whose person somebody is."""

    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"
    VISITOR = "visitor"


class GroupRole(StrEnum):
    """Roles in the safety leading group (安全生产领导小组)."""

    LEADER = "leader"  # 组长
    DEPUTY = "deputy"  # 副组长
    MEMBER = "member"  # 成员
    OFFICE = "office"  # 办公室


class Department(Keyed, Versioned, Base):
    """A department; ``parent_id`` is the one above, None at the top. Never a ring."""

    __tablename__ = "department"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


class Post(Keyed, Versioned, Base):
    """A post (岗位). Whoever holds one that ``leads`` is the head of its department."""

    __tablename__ = "post"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    rank: Mapped[PostRank] = mapped_column(String(16))
    leads: Mapped[bool] = mapped_column(Boolean, default=False)


class Person(Keyed, Versioned, Base):
    """Somebody of the plant, known by number. ``name_masked`` is what lists show; the name itself is encrypted elsewhere.

    ``joined_us`` and ``left_us`` are calendar days; ``active`` is False from the day of leaving on.
    """

    __tablename__ = "person"

    number: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[PersonKind] = mapped_column(String(16), index=True)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)
    company: Mapped[str] = mapped_column(String(120), default="")
    host_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    joined_us: Mapped[int | None] = mapped_column(BigInt)
    left_us: Mapped[int | None] = mapped_column(BigInt)
    active: Mapped[bool] = mapped_column(Boolean, default=True, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    name_masked: Mapped[str] = mapped_column(String(120), default="")
    erased_us: Mapped[int | None] = mapped_column(BigInt)


class LeadingGroupMember(Keyed, Versioned, Base):
    """A seat in the safety leading group, from a day to a day (not counted itself; None: open)."""

    __tablename__ = "leading_group_member"
    __table_args__ = (UniqueConstraint("person_id", "role"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[GroupRole] = mapped_column(String(16))
    duties: Mapped[str] = mapped_column(Text, default="")
    from_us: Mapped[int | None] = mapped_column(BigInt)
    until_us: Mapped[int | None] = mapped_column(BigInt)


class Duty(Keyed, Versioned, Base):
    """A duty (职责). ``needed_on`` names the kinds of places (area, unit …) and the codes of places that need it."""

    __tablename__ = "duty"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    category: Mapped[str] = mapped_column(String(60), default="")
    needed_on: Mapped[list[Any]] = mapped_column(default=list)


class Responsibility(Keyed, Versioned, Base):
    """A cell of the matrix: at this place this post has this duty. ``person_id`` narrows it to one holder of the post."""

    __tablename__ = "responsibility"
    __table_args__ = (UniqueConstraint("place_id", "post_id", "duty_id"),)

    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    duty_id: Mapped[int] = mapped_column(ForeignKey("duty.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    main: Mapped[bool] = mapped_column(Boolean, default=True)


class DepartmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A department in lists; ``people`` counts its active people, ``heads`` are the numbers of its heads."""

    code: str
    name: str
    name_en: str
    parent: str
    position: int
    people: int
    heads: tuple[str, ...]
    version: int


class PostRow(msgspec.Struct, frozen=True, kw_only=True):
    """A post in lists; ``people`` counts its active holders."""

    code: str
    name: str
    name_en: str
    department: str
    rank: PostRank
    leads: bool
    people: int
    version: int


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in lists. ``name`` is in clear only when ``clear``; days as in :class:`Person`; codes, not keys."""

    number: str
    name: str
    clear: bool
    kind: PersonKind
    department: str
    department_name: str
    post: str
    post_name: str
    company: str
    host: str
    joined_us: int | None
    left_us: int | None
    active: bool
    login: str
    erased_us: int | None
    version: int


class PeopleQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of the list of people; empty means no restriction.

    ``department`` takes those beneath it too. ``text`` looks in number, name as shown, company and login.
    ``sort`` is a field of :class:`PersonRow`: number, name, department_name, post_name, company, joined_us or left_us.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    department: str = ""
    post: str = ""
    active: bool | None = None
    sort: str = "number"
    descending: bool = False
    offset: int = 0
    limit: int = 500


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A seat in the leading group; ``current`` says whether it counts today."""

    number: str
    name: str
    post_name: str
    role: GroupRole
    duties: str
    from_us: int | None
    until_us: int | None
    current: bool
    version: int


class DutyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A duty in lists; ``cells`` counts where it is given to a post."""

    code: str
    name: str
    name_en: str
    category: str
    needed_on: tuple[str, ...]
    cells: int
    version: int


class ResponsibilityRow(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of the matrix. ``people`` are the active holders (number, name as shown); none means that nobody does it."""

    place: str
    post: str
    post_name: str
    duty: str
    person: str
    main: bool
    people: tuple[tuple[str, str], ...]
    version: int


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """Places × duties; ``needed`` are the (place, duty) that a duty asks for, ``gaps`` the cells that are open or bare."""

    places: tuple[PlaceInfo, ...]
    duties: tuple[DutyRow, ...]
    cells: tuple[ResponsibilityRow, ...]
    needed: frozenset[tuple[str, str]]
    gaps: tuple[Gap, ...]


class GapCode(StrEnum):
    """What may be missing."""

    PLACE_WITHOUT_DUTY = "place_without_duty"  # a needed duty is nobody's
    DUTY_WITHOUT_PERSON = "duty_without_person"  # it is a post's, and nobody holds the post
    DUTY_WITHOUT_MAIN = "duty_without_main"  # there is only support
    RESPONSIBLE_LEFT = "responsible_left"  # the person named has left or holds another post
    POST_WITHOUT_DUTY = "post_without_duty"
    POST_WITHOUT_PERSON = "post_without_person"
    MEMBER_WITHOUT_DUTY = "member_without_duty"
    MEMBER_LEFT = "member_left"
    GROUP_WITHOUT_LEADER = "group_without_leader"
    DEPARTMENT_WITHOUT_HEAD = "department_without_head"
    PERSON_WITHOUT_POST = "person_without_post"
    LEFT_WITH_ACCOUNT = "left_with_account"  # has left and could still log in


class GapSide(StrEnum):
    """Across the places, down the posts, or about people and departments."""

    ACROSS = "across"
    DOWN = "down"
    PEOPLE = "people"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is missing. Codes of what it is about; empty where it does not matter."""

    code: GapCode
    side: GapSide
    place: str = ""
    duty: str = ""
    post: str = ""
    department: str = ""
    person: str = ""
    name: str = ""  # of what is named first, for showing (people as shown)
    name_en: str = ""


def day_us(day: date) -> int:
    """A calendar day as stored: 00:00 UTC of that day in microseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def day_of(us: int) -> date:
    """The calendar day that :func:`day_us` stored. Raises OverflowError, ValueError beyond the years 1 to 9999."""
    return datetime.fromtimestamp(us / 1_000_000, UTC).date()


def today_us(now_us: int) -> int:
    """The plant's (this machine's) calendar day at a moment (UTC microseconds), as stored."""
    return day_us(datetime.fromtimestamp(now_us / 1_000_000).astimezone().date())
