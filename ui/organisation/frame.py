"""Departments and posts by code: what nearly every page and sheet of the organisation has to know."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from app.ports import Organisation
from models.organisation import DepartmentRow, PersonRow, PostRow
from models.people import Actor
from ui.organisation.words import name_of


@dataclasses.dataclass(frozen=True)
class Frame:
    """The skeleton, as the store has it."""

    departments: dict[str, DepartmentRow]
    posts: dict[str, PostRow]

    def of(self, row: PersonRow) -> tuple[DepartmentRow | None, PostRow | None]:
        """Department and post of somebody."""
        return self.departments.get(row.department), self.posts.get(row.post)

    def children(self, parent: str) -> list[DepartmentRow]:
        """Departments right beneath one ('' the top)."""
        return [row for row in self.departments.values() if row.parent == parent]

    def posts_of(self, department: str) -> list[PostRow]:
        """Posts of a department."""
        return [row for row in self.posts.values() if row.department == department]

    def ordered(self) -> list[tuple[int, DepartmentRow]]:
        """Departments in the order of the tree, with their depth."""
        found: list[tuple[int, DepartmentRow]] = []

        def walk(parent: str, depth: int) -> None:
            for row in self.children(parent):
                found.append((depth, row))
                walk(row.code, depth + 1)

        walk("", 0)
        return found

    def beneath(self, code: str) -> set[str]:
        """Codes of a department and of all beneath it."""
        found = {code}
        for row in self.children(code):
            found |= self.beneath(row.code)
        return found

    def department_choices(self, empty: str = "", without: Sequence[str] = ()) -> list[tuple[str, str]]:
        """For a field; ``empty`` are the words of none."""
        rows = [(row.code, "\N{EM SPACE}" * depth + name_of(row)) for depth, row in self.ordered()]
        return ([("", empty)] if empty else []) + [pair for pair in rows if pair[0] not in without]

    def post_choices(self, empty: str = "", department: str = "") -> list[tuple[str, str]]:
        """Posts of a department, or of all."""
        rows: list[tuple[str, str]] = []
        for _, row in self.ordered():
            if not department or row.code == department:
                for post in self.posts_of(row.code):
                    rows.append((post.code, name_of(post) if department else f"{name_of(row)} · {name_of(post)}"))
        return ([("", empty)] if empty else []) + rows


def read_frame(organisation: Organisation, reader: Actor) -> Frame:
    """On a worker thread. Raises Refused."""
    return Frame(
        {row.code: row for row in organisation.departments(reader)},
        {row.code: row for row in organisation.posts(reader)},
    )
