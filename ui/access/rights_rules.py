"""What asks for a signature: each danger with the password again, and where the site wants it, a second person."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from app.ports import Answer, Refused
from models.commands import SaveSignatureRule
from models.rights import SignatureRule
from ui.access.rights_model import danger_text
from ui.i18n import t
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.fields import LinesField
from ui.widgets.panel import Panel, PanelContext, answer_text
from ui.widgets.rows import Column, RowsModel
from ui.widgets.sheet import Sheet
from ui.widgets.table import DataTable


def _yes(on: bool) -> str:
    return t("access.yes") if on else t("access.no")


class SignatureRulesPanel(Panel):
    """The table of dangers and the sheet that changes one."""

    title_key = "access.rights"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self._numbers: dict[str, int] = {}
        columns: list[Column[SignatureRule]] = [
            Column("danger", "access.rights_column.danger", lambda r: danger_text(r.danger), width=360, stretch=True),
            Column("password", "access.rights_column.password", lambda r: _yes(r.password), width=140),
            Column("second", "access.rights_column.second", lambda r: _yes(r.second), width=140),
        ]
        self.model: RowsModel[SignatureRule] = RowsModel(columns, self._number, lambda r: danger_text(r.danger))
        self.table: DataTable[SignatureRule] = DataTable(ctx, "signature_rules", self.model, "shield")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        self.edit = button("edit")
        self.header.right.addWidget(self.edit)
        self.edit.clicked.connect(self._edit)
        self.table.activated.connect(lambda _rule: self._edit())
        self.table.picked.connect(lambda _rule: self._enable())
        ctx.bridge.rights_changed.connect(self.load)
        ctx.actor_changed.connect(self.load)
        self.ready()
        self.load()

    def _number(self, rule: SignatureRule) -> int:
        return self._numbers.setdefault(rule.danger, len(self._numbers))

    def load(self) -> None:
        """Show the rules in force."""
        actor = self.ctx.actor
        try:
            rules = self.ctx.station.rights.signature_rules(actor) if actor is not None else []
        except Refused:
            rules = []
        self.model.replace(rules)
        if rules:
            self.table.states.show_content()
        else:
            self.table.states.show_empty("access.rights_hidden")
        self._enable()

    def _enable(self) -> None:
        self.ctx.let(self.edit, SaveSignatureRule.action, self.table.current() is not None)

    def _edit(self) -> None:
        rule = self.table.current()
        if rule is not None and self.ctx.allowed(SaveSignatureRule.action):
            self.ctx.open_sheet.emit(RuleSheet(self.ctx, rule))

    def retranslate(self) -> None:
        self.edit.setText(t("access.edit"))
        self.table.view.setAccessibleName(t("access.rights_page.rules"))


class RuleSheet(Sheet):
    """One danger: what it asks for from now on, and why."""

    def __init__(self, ctx: PanelContext, rule: SignatureRule) -> None:
        super().__init__(t("access.rights_page.rules"))
        self.ctx, self._rule = ctx, rule
        self.form.addWidget(plain_label(danger_text(rule.danger), wrap=True))
        self.password, self.second = QCheckBox(t("access.ask_password")), QCheckBox(t("access.ask_second"))
        self.password.setChecked(rule.password)
        self.second.setChecked(rule.second)
        self.second.toggled.connect(lambda on: self.password.setChecked(self.password.isChecked() or on))
        self.reason = LinesField(t("common.reason"))
        for widget in (self.password, self.second, self.reason):
            self.form.addWidget(widget)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        self.form.addWidget(self.problem)
        self.buttons(t("common.save"))
        self.setFocusProxy(self.password)

    def confirmed(self) -> None:
        """Give the order; the sheet stays open when it is refused."""
        order = SaveSignatureRule(
            danger=self._rule.danger,
            password=self.password.isChecked(),
            second=self.second.isChecked(),
            reason=self.reason.text,
        )
        self.confirm.setEnabled(False)
        self.ctx.order(order, self._answered, self)

    def _answered(self, answer: Answer) -> None:
        self.confirm.setEnabled(True)
        if answer.ok:
            self.close()
        elif answer.code != "cancelled":
            self.problem.setText(answer_text(answer))
            self.problem.show()
