"""Sheets for a department and for a post."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox

from models.commands import Command
from models.organisation import DepartmentRow, PostRank, PostRow
from models.organisation_commands import DepartmentDraft, PostDraft, SaveDepartment, SavePost
from ui.i18n import t
from ui.organisation.forms import OrderSheet
from ui.organisation.frame import Frame
from ui.organisation.words import rank_text
from ui.widgets.controls import role_label
from ui.widgets.fields import ChoiceField, NumberField, TextField
from ui.widgets.panel import PanelContext


class _Named(OrderSheet):
    """Code, name, English name: what every noun of the organisation has. A code stays as it is for good."""

    def add_names(self, code: str, name: str, name_en: str, *, new: bool) -> None:
        """Add the three fields."""
        self.code = TextField(t("organisation.code"), code, t("organisation.code_hint") if new else "", most=64)
        self.code.line.setReadOnly(not new)
        self.name = TextField(t("organisation.name"), name, most=120)
        self.name_en = TextField(t("organisation.name_en"), name_en, most=120)
        self.add("code", self.code)
        self.add("name", self.name)
        self.add("name_en", self.name_en)
        self.setFocusProxy(self.code if new else self.name)


class DepartmentSheet(_Named):
    """A new department, or the changes to one."""

    def __init__(self, ctx: PanelContext, frame: Frame, row: DepartmentRow | None, above: str = "") -> None:
        super().__init__(ctx, t("organisation.new_department") if row is None else t("organisation.edit_department"))
        self.row, self.frame = row, frame
        self.add_names(*((row.code, row.name, row.name_en) if row is not None else ("", "", "")), new=row is None)
        without = sorted(frame.beneath(row.code)) if row is not None else []
        choices = frame.department_choices(t("organisation.top"), without)
        self.parent_ = ChoiceField(t("organisation.above"), choices, above)
        self.position = NumberField(
            t("organisation.position"), float(row.position if row is not None else 0), whole=True, least=0, most=1e6
        )
        self.add("parent", self.parent_)
        self.add("position", self.position)
        self.finish(SaveDepartment.action)

    def command(self) -> Command | None:
        good = self.need_code("code", self.frame.departments, new=self.row is None)
        good = self.need_text("name") and good
        try:
            position = int(self.position.read() or 0)
        except ValueError:
            return None
        if not good:
            return None
        draft = DepartmentDraft(
            code=self.code.text,
            name=self.name.text,
            name_en=self.name_en.text,
            parent=self.parent_.key,
            position=position,
        )
        version = self.row.version if self.row is not None else None
        return SaveDepartment(department=draft, version=version, reason=self.reason.text)


class PostSheet(_Named):
    """A new post, or the changes to one."""

    def __init__(
        self, ctx: PanelContext, frame: Frame, row: PostRow | None, department: str = "", *, leads: bool = False
    ) -> None:
        super().__init__(ctx, t("organisation.new_post") if row is None else t("organisation.edit_post"))
        self.row, self.frame = row, frame
        self.add_names(*((row.code, row.name, row.name_en) if row is not None else ("", "", "")), new=row is None)
        self.department = ChoiceField(t("organisation.department"), frame.department_choices(), department)
        ranks = [(rank.value, rank_text(rank)) for rank in PostRank]
        preset = PostRank.MANAGER if leads else PostRank.POST
        self.rank = ChoiceField(t("organisation.rank_title"), ranks, row.rank if row is not None else preset)
        self.leads = QCheckBox(t("organisation.leads"))
        self.leads.setChecked(row.leads if row is not None else leads)
        self.add("department", self.department)
        self.add("rank", self.rank)
        self.form.addWidget(self.leads)
        if row is not None and row.people:
            self.form.addWidget(role_label("dim", t("organisation.post_moves", n=row.people), wrap=True))
        self.finish(SavePost.action)

    def command(self) -> Command | None:
        good = self.need_code("code", self.frame.posts, new=self.row is None)
        if not (self.need_text("name") and good):
            return None
        draft = PostDraft(
            code=self.code.text,
            name=self.name.text,
            name_en=self.name_en.text,
            department=self.department.key,
            rank=PostRank(self.rank.key),
            leads=self.leads.isChecked(),
        )
        version = self.row.version if self.row is not None else None
        return SavePost(post=draft, version=version, reason=self.reason.text)
