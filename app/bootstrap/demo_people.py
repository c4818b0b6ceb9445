"""The demo plant's organisation: a workbook in TOML that goes the way of any import, through the dry run and the door."""

from __future__ import annotations

import tomllib
from pathlib import Path

from app.access.door import Door
from app.bootstrap.organisation import OrganisationWing
from app.paths import resource_path
from models.organisation_commands import ImportOrganisation
from models.people import Actor


class DemoPeopleError(ValueError):
    """The demo's organisation can't be taken in; the message says why."""


def demo_tables(path: Path | None = None) -> dict[str, list[list[object]]]:
    """Tab → rows, titles first. Raises OSError, ValueError."""
    body = tomllib.loads((path or resource_path("demo", "organisation.toml")).read_text("utf-8"))
    return {title: [sheet["head"], *sheet["rows"]] for title, sheet in body.items()}


def fill_organisation(wing: OrganisationWing, door: Door, actor: Actor) -> int:
    """Import departments, posts, people, duties and matrix as ``actor``; returns how many people.

    Raises DemoPeopleError, OSError, ValueError.
    """
    check = wing.register.dry_run_tables(demo_tables(), "organisation.toml")
    if check.problems:
        first = check.problems[0]
        raise DemoPeopleError(f"{first.sheet}!{first.cell}: {first.what_en}")
    answer = door.handle(ImportOrganisation(draft=check.draft, source=check.source, reason="demo"), actor)
    if not answer.ok:
        raise DemoPeopleError(f"{answer.code}: {answer.detail}")
    return len(check.draft.people)
