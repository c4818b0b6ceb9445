"""The trail: who did what, when, from where and why, with before and after; fetched by the page."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtWidgets import QComboBox, QGridLayout, QMenu, QVBoxLayout, QWidget

from app.clock import US
from app.ports import AuditRow
from ui.i18n import DASH, count_text, has, roles_text, stamp_text, t
from ui.widgets.controls import SearchBox, button, hairline, name_control, plain_label, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.rows import Column, RowsModel
from ui.widgets.sheet import Sheet
from ui.widgets.table import DataTable

PAGE = 500
KINDS = (
    *("", "alarm", "session", "user", "totp", "rights", "audit", "privacy", "person", "department", "post"),
    *("leading_group", "duty", "responsibility", "organisation", "tag", "place", "deadletter", "data", "simulator"),
)
DAYS = (1, 7, 30, 0)


def action_text(action: str) -> str:
    """A command's name in words; the name itself when there is no translation."""
    key = f"access.action.{action}"
    return t(key) if has(key) else action


def outcome_text(row: AuditRow) -> str:
    """done, refused or failed, in words."""
    key = f"access.outcome.{row.outcome}"
    return t(key) if has(key) else row.outcome


def audit_columns() -> list[Column[AuditRow]]:
    """Columns of the trail."""

    def loud(row: AuditRow) -> bool:
        return row.outcome != "done"

    return [
        Column("time", "access.column.time", lambda r: stamp_text(r.t_us), lambda r: r.t_us, 160, bold=loud),
        Column("name", "access.column.name", lambda r: r.name, width=110, bold=loud),
        Column("role", "access.column.role", lambda r: _role(r.role), width=90, bold=loud),
        Column("station", "access.column.station", lambda r: r.station, width=90, bold=loud),
        Column("action", "access.column.action", lambda r: action_text(r.action), width=150, bold=loud),
        Column("target", "access.column.target", lambda r: r.target or DASH, width=200, bold=loud),
        Column("outcome", "access.column.outcome", outcome_text, width=80, bold=loud),
        Column("reason", "access.column.reason", lambda r: r.reason or DASH, width=240, stretch=True, bold=loud),
        Column("login", "access.column.login", lambda r: r.login, width=110, visible=False),
    ]


def _role(roles: str) -> str:
    return roles_text(roles.split(",")) if roles else DASH


class AuditPanel(Panel):
    """Filter by kind, time and text; a row opens at the side with before and after."""

    title_key = "access.audit"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.model: RowsModel[AuditRow] = RowsModel(audit_columns(), lambda r: r.id, lambda r: -r.id)
        self.table: DataTable[AuditRow] = DataTable(ctx, "audit", self.model, "shield")
        self._asked = 0
        self.kind, self.days = QComboBox(), QComboBox()
        for kind in KINDS:
            self.kind.addItem("", kind)
        for days in DAYS:
            self.days.addItem("", days)
        self.days.setCurrentIndex(1)
        for box in (self.kind, self.days):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.refresh = button("refresh", "flat")
        self.export = button("export", "flat")
        for widget in (self.kind, self.days, self.search, self.refresh, self.export):
            self.header.right.addWidget(widget)
        self.footer = role_label("dim")
        self.footer.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(hairline())
        column.addWidget(self.footer)
        self.kind.currentIndexChanged.connect(lambda _i: self.load())
        self.days.currentIndexChanged.connect(lambda _i: self.load())
        self.search.searched.connect(lambda _text: self.load())
        self.refresh.clicked.connect(lambda: self.load())
        self.export.clicked.connect(self.table.ask_export)
        self.table.activated.connect(lambda row: ctx.open_sheet.emit(AuditSheet(row)))
        self.table.context.connect(self._fill_menu)
        self.ready()
        self.load()

    def load(self, offset: int = 0) -> None:
        """Ask for a page; the first page replaces what is shown."""
        self._asked += 1
        number, trail, reader = self._asked, self.ctx.station.trail, self.ctx.actor
        days: int = self.days.currentData()
        start = self.ctx.station.now_us() - days * 86_400 * US if days else None
        action, text = str(self.kind.currentData()), self.search.text().strip()
        self.model.set_pager(None)
        if offset == 0:
            self.model.replace([])
            self.table.states.show_loading()

        def ask() -> tuple[list[AuditRow], int]:
            if reader is None:
                return [], 0
            return trail.entries(reader, action=action, text=text, start_us=start, offset=offset, limit=PAGE)

        def done(page: tuple[list[AuditRow], int]) -> None:
            if number != self._asked:
                return
            rows, total = page
            self.model.upsert(rows)
            after = offset + len(rows)
            self.model.set_pager((lambda _held: self.load(after)) if rows and after < total else None, total)
            self._show_state(total)

        def failed(error: BaseException) -> None:
            if number == self._asked:
                self.table.states.show_error(str(error), self.load)

        self.ctx.work(self, ask, done, failed)

    def _show_state(self, total: int) -> None:
        shown = self.model.rowCount()
        self.footer.setText(t("access.rows", shown=count_text(shown), total=count_text(total)))
        if shown:
            self.table.states.show_content()
        else:
            self.table.states.show_empty("access.audit_empty", "access.audit_hint")

    def _fill_menu(self, menu: QMenu) -> None:
        row = self.table.current()
        if row is not None:
            menu.addAction(t("access.details"), lambda: self.ctx.open_sheet.emit(AuditSheet(row)))

    def retranslate(self) -> None:
        for at, kind in enumerate(KINDS):
            word = kind or "all"
            self.kind.setItemText(at, t(f"access.kind.{word}"))
        for at, days in enumerate(DAYS):
            self.days.setItemText(at, t("access.days", n=days) if days else t("access.days_all"))
        self.kind.setAccessibleName(t("access.column.action"))
        self.days.setAccessibleName(t("access.column.time"))
        self.search.setPlaceholderText(t("access.search_audit"))
        name_control(self.search, t("access.search_audit"))
        self.refresh.setText(t("access.refresh"))
        self.export.setText(t("common.export"))
        self.table.view.setAccessibleName(t("access.audit"))
        self._words()

    def _words(self) -> None:
        if self.model.rowCount():
            self._show_state(self.model.total)


class AuditSheet(Sheet):
    """One entry with what it changed."""

    def __init__(self, row: AuditRow) -> None:
        super().__init__(t("access.entry", n=row.id))
        self.form.addWidget(role_label("heading", action_text(row.action), wrap=True))
        for key, text in (
            ("time", stamp_text(row.t_us)),
            ("name", f"{row.name} ({row.login}) · {_role(row.role)}"),
            ("station", row.station),
            ("target", row.target or DASH),
            ("outcome", outcome_text(row)),
            ("reason", row.reason or DASH),
        ):
            self.form.addWidget(role_label("dim", t(f"access.column.{key}")))
            self.form.addWidget(plain_label(text, wrap=True))
        changes = changed_fields(row.before, row.after)
        self.form.addWidget(hairline())
        self.form.addWidget(role_label("section", t("access.changes")))
        if not changes:
            self.form.addWidget(role_label("dim", t("access.no_changes")))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        for line, (field, before, after) in enumerate(changes):
            grid.addWidget(role_label("dim", field), line, 0)
            grid.addWidget(plain_label(before, wrap=True), line, 1)
            grid.addWidget(plain_label("→"), line, 2)
            grid.addWidget(role_label("strong", after, wrap=True), line, 3)
        self.form.addLayout(grid)
        self.form.addStretch(1)


def changed_fields(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[tuple[str, str, str]]:
    """(field, before, after) for every field that differs."""
    old, new = before or {}, after or {}
    keys = list(dict.fromkeys([*old, *new]))
    return [(key, _plain(old.get(key)), _plain(new.get(key))) for key in keys if old.get(key) != new.get(key)]


def _plain(value: Any) -> str:
    if value is None:
        return DASH
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
