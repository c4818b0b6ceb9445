"""The workbook of the organisation: its sheets and columns, in Chinese and English, and how cells are read.

部门 · 岗位 · 人员 · 领导小组 · 职责 · 责任矩阵, titles in the first row, sheets and columns in any order; a sheet that
is absent changes nothing. A column that is absent leaves what is there; an empty cell empties the field, except private
ones, where it leaves the value.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from models.organisation import GroupRole, PersonKind, PostRank
from models.privacy import PrivateField


class Column(NamedTuple):
    """A column: its English title, which is its name too, the Chinese ones, and whether it must be there."""

    name: str
    titles: tuple[str, ...]
    key: bool = False


class Sheet(NamedTuple):
    """A sheet: its name in the program, in Chinese, and its columns."""

    name: str
    title: str
    columns: tuple[Column, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that say which row of the store is meant."""
        return tuple(column.name for column in self.columns if column.key)


_NAMES = (Column("name", ("名称",)), Column("name_en", ("英文名称", "英文名")))
PRIVATE_TITLES = {
    PrivateField.NAME: ("姓名",),
    PrivateField.ID_NUMBER: ("身份证号", "证件号码", "身份证件号码"),
    PrivateField.PHONE: ("手机", "手机号", "手机号码", "电话"),
    PrivateField.ADDRESS: ("住址", "地址"),
    PrivateField.MAIL: ("邮箱", "电子邮箱"),
    PrivateField.BIRTH_DATE: ("出生日期",),
    PrivateField.EMERGENCY_CONTACT: ("紧急联系人",),
    PrivateField.EMERGENCY_PHONE: ("紧急联系电话",),
    PrivateField.BLOOD_TYPE: ("血型",),
    PrivateField.ALLERGIES: ("过敏史",),
    PrivateField.OCCUPATIONAL_EXAM: ("职业健康检查",),
    PrivateField.FITNESS: ("岗位适任结论", "适任结论"),
    PrivateField.CONTRAINDICATIONS: ("职业禁忌",),
}
SHEETS = (
    Sheet(
        "departments",
        "部门",
        (
            Column("code", ("代码", "部门代码"), key=True),
            *_NAMES,
            Column("parent", ("上级", "上级代码", "上级部门")),
            Column("position", ("顺序", "排序")),
        ),
    ),
    Sheet(
        "posts",
        "岗位",
        (
            Column("code", ("代码", "岗位代码"), key=True),
            *_NAMES,
            Column("department", ("部门", "部门代码")),
            Column("rank", ("层级",)),
            Column("leads", ("部门负责人岗位", "部门负责人")),
        ),
    ),
    Sheet(
        "people",
        "人员",
        (
            Column("number", ("工号", "编号"), key=True),
            Column(PrivateField.NAME.value, PRIVATE_TITLES[PrivateField.NAME]),
            Column("kind", ("类别",)),
            Column("department", ("部门", "部门代码")),
            Column("post", ("岗位", "岗位代码")),
            Column("company", ("单位", "所属单位")),
            Column("host", ("接待人", "接待人工号")),
            Column("joined", ("到岗日期", "入职日期", "到访日期")),
            Column("left", ("离岗日期", "离职日期")),
            Column("login", ("登录名",)),
            *(Column(f.value, titles) for f, titles in PRIVATE_TITLES.items() if f is not PrivateField.NAME),
        ),
    ),
    Sheet(
        "leading_group",
        "领导小组",
        (
            Column("number", ("工号", "编号"), key=True),
            Column("role", ("组内职务", "职务"), key=True),
            Column("duties", ("职责",)),
            Column("from", ("起", "开始日期", "任职日期")),
            Column("until", ("止", "结束日期", "免职日期")),
        ),
    ),
    Sheet(
        "duties",
        "职责",
        (
            Column("code", ("代码", "职责代码"), key=True),
            *_NAMES,
            Column("category", ("类别", "分类")),
            Column("needed_on", ("适用", "适用区域", "适用范围")),
        ),
    ),
    Sheet(
        "responsibilities",
        "责任矩阵",
        (
            Column("place", ("区域", "区域代码", "位置代码"), key=True),
            Column("post", ("岗位", "岗位代码"), key=True),
            Column("duty", ("职责", "职责代码"), key=True),
            Column("person", ("责任人", "责任人工号")),
            Column("main", ("主责",)),
        ),
    ),
)
PRIVATE_COLUMNS = {field.value: field for field in PrivateField}
WORDS: dict[str, dict[str, Any]] = {
    "rank": {
        "主要负责人": PostRank.CHIEF,
        "分管负责人": PostRank.DEPUTY,
        "分管": PostRank.DEPUTY,
        "管理人员": PostRank.MANAGER,
        "管理": PostRank.MANAGER,
        "班组长": PostRank.TEAM,
        "班组": PostRank.TEAM,
        "岗位人员": PostRank.POST,
        "岗位": PostRank.POST,
        **{rank.value: rank for rank in PostRank},
    },
    "kind": {
        "员工": PersonKind.EMPLOYEE,
        "本厂员工": PersonKind.EMPLOYEE,
        "承包商": PersonKind.CONTRACTOR,
        "外委": PersonKind.CONTRACTOR,
        "访客": PersonKind.VISITOR,
        **{kind.value: kind for kind in PersonKind},
    },
    "role": {
        "组长": GroupRole.LEADER,
        "副组长": GroupRole.DEPUTY,
        "成员": GroupRole.MEMBER,
        "办公室": GroupRole.OFFICE,
        **{role.value: role for role in GroupRole},
    },
    "place_kind": {"全厂": "plant", "工厂": "plant", "区域": "area", "装置": "unit", "设备": "device"},
    "yes": {"是": True, "√": True, "y": True, "yes": True, "true": True, "1": True}
    | {"主责": True, "main": True}
    | {"否": False, "": False, "n": False, "no": False, "false": False, "0": False}
    | {"协助": False, "配合": False, "supporting": False},
}


def sheet_of(title: str) -> Sheet | None:
    """The sheet with this tab."""
    wanted = title.strip().lower()
    return next((sheet for sheet in SHEETS if wanted in (sheet.title, sheet.name, sheet.name.replace("_", " "))), None)


def plain(cell: Any) -> str:
    """A cell as text: whole numbers without ``.0``, days as 2026-03-01, the apostrophe of safe exports taken away."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    text = str(cell).strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


def address(column: int, line: int) -> str:
    """Name of a cell, columns and lines counted from 1: (3, 5) → C5."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{line}"
