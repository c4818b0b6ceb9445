"""Words of the organisation: kinds, ranks, roles, days, gaps, and what went wrong, in the present language."""

from __future__ import annotations

from collections.abc import Mapping

from app.ports import Answer, Refused
from models.organisation import DepartmentRow, DutyRow, Gap, PostRow, day_of
from models.readings import PlaceInfo
from ui.i18n import DASH, has, pick, t
from ui.widgets.panel import answer_text


def kind_text(kind: str) -> str:
    """Employee, contractor, visitor."""
    return t(f"organisation.kind.{kind}")


def rank_text(rank: str) -> str:
    """A level of responsibility."""
    return t(f"organisation.rank.{rank}")


def role_text(role: str) -> str:
    """A role in the leading group."""
    return t(f"organisation.role.{role}")


def field_text(field: str) -> str:
    """A private field."""
    return t(f"organisation.field.{field}")


def name_of(row: DepartmentRow | PostRow | DutyRow | PlaceInfo) -> str:
    """A name in the present language."""
    return pick(row.name, row.name_en)


def day_text(us: int | None) -> str:
    """A calendar day (stored as 00:00 UTC), ``2026-03-01``; a dash for None."""
    return DASH if us is None else day_of(us).isoformat()


def gap_text(gap: Gap, duties: Mapping[str, DutyRow], posts: Mapping[str, PostRow]) -> str:
    """What is missing, as a sentence."""
    duty, post = duties.get(gap.duty), posts.get(gap.post)
    return t(
        f"organisation.gap.{gap.code}",
        name=pick(gap.name, gap.name_en) or gap.place or gap.post or gap.department or gap.person,
        duty=name_of(duty) if duty is not None else gap.duty,
        post=name_of(post) if post is not None else gap.post,
        person=gap.person,
    )


def wrong_text(answer: Answer) -> str:
    """A refusal in words; one about a field names what the field may hold."""
    found = answer.params.get("wrong")
    if found and has(f"organisation.wrong.{found}"):
        return t(f"organisation.wrong.{found}")
    key = f"organisation.wrong.{answer.params.get('field')}"
    return t(key) if answer.code == "invalid" and has(key) else answer_text(answer)


def error_text(error: BaseException) -> str:
    """Why a question could not be answered."""
    if isinstance(error, Refused):
        return answer_text(Answer(code=error.code, detail=error.detail, params=error.params))
    return str(error) or type(error).__name__
