"""Rows of the table of people, made ready for search and filter on a worker: pinyin costs too much for the screen's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from models.organisation import DepartmentRow, PersonRow, PostRow
from ui.i18n import DASH, t
from ui.organisation.frame import Frame
from ui.organisation.words import day_text, kind_text, name_of
from ui.widgets.pinyin import haystack
from ui.widgets.rows import Column


class Listed(msgspec.Struct, frozen=True):
    """Somebody in the table: an own key that outlives reading anew, and everything that a search may find."""

    key: int
    row: PersonRow
    department: DepartmentRow | None
    post: PostRow | None
    hay: str


class Keys:
    """Numbers of people as the integers that the table wants; the same for the same person as long as it lives."""

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}

    def of(self, number: str) -> int:
        """The key of a number."""
        return self._keys.setdefault(number, len(self._keys))


def listed(rows: Sequence[PersonRow], frame: Frame, keys: Keys) -> list[Listed]:
    """For worker threads."""
    found = []
    for row in rows:
        department, post = frame.departments.get(row.department), frame.posts.get(row.post)
        units = [text for unit in (department, post) if unit is not None for text in (unit.name, unit.name_en)]
        hay = haystack(row.name, row.number, row.company, row.login, *units)
        found.append(Listed(keys.of(row.number), row, department, post, hay))
    return found


def keeps(text: str, kind: str, departments: set[str] | None, state: str) -> Callable[[Listed], bool]:
    """The filter: words, kind ('' all), departments (None all), state ('active', 'left', '' all)."""
    wanted = text.lower().split()

    def keep(listed: Listed) -> bool:
        row = listed.row
        return (
            (not kind or row.kind == kind)
            and (departments is None or row.department in departments)
            and (not state or row.active is (state == "active"))
            and all(word in listed.hay for word in wanted)
        )

    return keep


def person_columns() -> list[Column[Listed]]:
    """Columns of the table."""

    def dim(p: Listed) -> bool:
        return not p.row.active

    return [
        Column("number", "organisation.column.number", lambda p: p.row.number, width=110, dim=dim),
        Column("name", "organisation.column.name", lambda p: p.row.name, width=110, bold=lambda p: p.row.active, dim=dim),
        Column("kind", "organisation.column.kind", lambda p: kind_text(p.row.kind), width=90, dim=dim),
        Column("department", "organisation.column.department", lambda p: unit_text(p.department), width=150, dim=dim),
        Column("post", "organisation.column.post", lambda p: unit_text(p.post), width=160, stretch=True, dim=dim),
        Column("company", "organisation.column.company", _or_dash("company"), width=150, dim=dim, optional=2),
        Column("host", "organisation.column.host", _or_dash("host"), width=90, dim=dim, visible=False),
        Column("joined", "organisation.column.joined", lambda p: day_text(p.row.joined_us), width=100, dim=dim, optional=3),
        Column("state", "organisation.column.state", state_text, width=150, dim=dim),
        Column("login", "organisation.column.login", _or_dash("login"), width=100, dim=dim, optional=1),
    ]  # fmt: skip


def unit_text(unit: DepartmentRow | PostRow | None) -> str:
    """A department's or post's name, or a dash."""
    return name_of(unit) if unit is not None else DASH


def _or_dash(field: str) -> Callable[[Listed], str]:
    return lambda p: getattr(p.row, field) or DASH


def state_text(p: Listed) -> str:
    """Here, or since when not."""
    row = p.row
    if row.erased_us is not None:
        return t("organisation.state.erased")
    if not row.active:
        return t("organisation.state.left", day=day_text(row.left_us))
    if row.left_us is not None:
        return t("organisation.state.leaving", day=day_text(row.left_us))
    return t("organisation.state.active")
