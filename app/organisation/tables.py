"""The workbook's sheets to write: the template with its notes, and the organisation in the form that can be read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.organisation.policy import PrivacyPolicy
from app.organisation.sheets import PRIVATE_COLUMNS, SHEETS, WORDS, Sheet
from models.organisation import GroupRole, PersonKind, PostRank, day_of
from models.organisation_commands import OrganisationDraft

NOTES = "说明"
_RANK = {rank: word for word, rank in reversed(list(WORDS["rank"].items())) if word not in {r.value for r in PostRank}}
_KIND = {
    kind: word for word, kind in reversed(list(WORDS["kind"].items())) if word not in {k.value for k in PersonKind}
}
_ROLE = {role: word for word, role in reversed(list(WORDS["role"].items())) if word not in {r.value for r in GroupRole}}
_PLACE = {kind: word for word, kind in WORDS["place_kind"].items() if word != "工厂"}


class Table(NamedTuple):
    """One sheet: tab, titles, rows."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]


def template_tables(policy: PrivacyPolicy) -> list[Table]:
    """Empty sheets, and one that says what each column means."""
    notes: list[list[str]] = [
        ["全部", "首行", "列名中文或英文均可,顺序不限;缺少的列不改动已有内容", "Titles in Chinese or English"]
    ]
    for sheet in SHEETS:
        for column in sheet.columns:
            notes.append(
                [sheet.title, column.titles[0] + ("*" if column.key else ""), *_note(sheet, column.name, policy)]
            )
    empty = [Table(sheet.title, _head(sheet), []) for sheet in SHEETS]
    return [*empty, Table(NOTES, ["工作表", "列", "说明", "Notes"], notes)]


def _note(sheet: Sheet, column: str, policy: PrivacyPolicy) -> tuple[str, str]:
    if column in PRIVATE_COLUMNS and sheet.name == "people":
        rule = policy.rule(PRIVATE_COLUMNS[column])
        return (
            f"个人信息,加密保存;{rule.purpose};{rule.basis}",
            f"Private, encrypted. {rule.purpose_en}. {rule.basis_en}",
        )
    words = {
        "rank": _RANK,
        "kind": _KIND,
        "role": _ROLE,
    }.get(column)
    if words:
        return "、".join(words.values()), ", ".join(key.value for key in words)
    days = "日期,例 2026-03-01", "a day, as 2026-03-01"
    fixed = {
        "parent": ("上级部门的代码,顶层留空", "code of the department above; empty at the top"),
        "position": ("整数,小的在前", "whole number, small ones first"),
        "leads": ("是 / 否:任此岗位者即部门负责人", "yes / no: whoever holds it heads the department"),
        "needed_on": (
            "哪些地方需要:全厂、区域、装置、设备,或位置代码,用逗号分隔",
            "places that need it: plant, area, unit, device, or codes of places, with commas",
        ),
        "main": ("是 = 主责,否 = 协助;留空为主责", "yes = main, no = supporting; empty means main"),
        "person": ("留空 = 由任此岗位者承担", "empty: whoever holds the post"),
        "host": ("访客、承包商的接待员工", "the employee who receives a visitor or contractor"),
        "joined": days,
        "left": days,
        "from": days,
        "until": days,
        "login": ("本系统的登录名,可留空", "account in this program, may be empty"),
        "company": ("承包商、访客的单位", "company of a contractor or visitor"),
        "place": ("区域、装置或设备的代码", "code of an area, unit or device"),
    }
    return fixed.get(column, ("", ""))


def book_tables(draft: OrganisationDraft) -> list[Table]:
    """The organisation as sheets; private values as they are given."""
    rows: dict[str, list[dict[str, Any]]] = {
        "departments": [
            {"code": d.code, "name": d.name, "name_en": d.name_en, "parent": d.parent, "position": d.position}
            for d in draft.departments
        ],
        "posts": [
            {
                "code": p.code,
                "name": p.name,
                "name_en": p.name_en,
                "department": p.department,
                "rank": _RANK[p.rank],
                "leads": _yes(p.leads),
            }
            for p in draft.posts
        ],
        "people": [
            {
                "number": p.number,
                "kind": _KIND[p.kind],
                "department": p.department,
                "post": p.post,
                "company": p.company,
                "host": p.host,
                "joined": _day(p.joined_us),
                "left": _day(p.left_us),
                "login": p.login,
                **p.private.values,
            }
            for p in draft.people
        ],
        "leading_group": [
            {
                "number": m.number,
                "role": _ROLE[m.role],
                "duties": m.duties,
                "from": _day(m.from_us),
                "until": _day(m.until_us),
            }
            for m in draft.members
        ],
        "duties": [
            {
                "code": d.code,
                "name": d.name,
                "name_en": d.name_en,
                "category": d.category,
                "needed_on": ",".join(_PLACE.get(part, part) for part in d.needed_on),
            }
            for d in draft.duties
        ],
        "responsibilities": [
            {"place": r.place, "post": r.post, "duty": r.duty, "person": r.person, "main": _yes(r.main)}
            for r in draft.responsibilities
        ],
    }
    return [
        Table(sheet.title, _head(sheet), [[row.get(c.name, "") for c in sheet.columns] for row in rows[sheet.name]])
        for sheet in SHEETS
    ]


def _head(sheet: Sheet) -> list[str]:
    return [column.titles[0] for column in sheet.columns]


def _yes(value: bool) -> str:
    return "是" if value else "否"


def _day(us: int | None) -> str:
    return "" if us is None else day_of(us).isoformat()
