"""The trail: who did what, when, from where and why, with before and after; fetched by the page, verified, anchored, packed."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.ports import AuditRow, Refused
from models.audit_commands import NoteVerification, PackageTrail
from models.commands import ExportData
from ui.access.audit_anchors import AnchorsSheet
from ui.access.audit_filter import AuditFilter
from ui.access.audit_guard import status_text
from ui.access.audit_package import PackageSheet
from ui.access.audit_rows import audit_columns
from ui.access.audit_sheet import AuditSheet
from ui.access.audit_verify import VerifySheet
from ui.i18n import count_text, t
from ui.widgets.controls import button, hairline, name_control, role_label, set_role
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.rows import RowsModel
from ui.widgets.table import DataTable

PAGE = 500
AFTER = 10  # rows shown above the one that was jumped to
READ = "audit.read"


class AuditPanel(Panel):
    """Filters above, the rows, how many; a row opens at the side with before and after."""

    title_key = "access.audit"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.model: RowsModel[AuditRow] = RowsModel(audit_columns(), lambda r: r.id, lambda r: -r.id)
        self.table: DataTable[AuditRow] = DataTable(ctx, "audit", self.model, "shield")
        self.filter = AuditFilter(ctx)
        self._asked = 0
        self._wanted: int | None = None
        self.guarded = role_label("dim")
        self.header.left.addWidget(self.guarded)
        self.verify, self.anchors, self.package = button("check"), button("key", "flat"), button("inbox", "flat")
        self.export, self.refresh = button("export", "flat"), button("refresh", "flat")
        for control in (self.verify, self.anchors, self.package, self.export, self.refresh):
            self.header.right.addWidget(control)
        self.footer = role_label("dim")
        self.footer.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part, stretch in ((self.filter, 0), (hairline(), 0), (self.table, 1), (hairline(), 0), (self.footer, 0)):
            column.addWidget(part, stretch)
        self.filter.changed.connect(lambda: self.load())
        self.refresh.clicked.connect(lambda: self.load())
        self.export.clicked.connect(self.table.ask_export)
        self.verify.clicked.connect(lambda: ctx.open_sheet.emit(VerifySheet(ctx, self.show_row)))
        self.anchors.clicked.connect(lambda: ctx.open_sheet.emit(AnchorsSheet(ctx)))
        self.package.clicked.connect(lambda: ctx.open_sheet.emit(PackageSheet(ctx)))
        self.table.activated.connect(lambda row: ctx.open_sheet.emit(AuditSheet(row)))
        self.table.context.connect(self._fill_menu)
        ctx.actor_changed.connect(self._other_person)
        self.ready()
        self._other_person()

    def load(self, offset: int = 0) -> None:
        """Ask for a page; the first page replaces what is shown."""
        self._asked += 1
        number, trail, reader = self._asked, self.ctx.station.trail, self.ctx.actor
        self._show_guard()
        self.model.set_pager(None)
        if reader is None or not self.ctx.allowed(READ):
            self._hide()
            return
        query = self.filter.query(self.ctx.station.now_us())
        if offset == 0:
            self.model.replace([])
            self.table.states.show_loading()

        def done(page: tuple[list[AuditRow], int]) -> None:
            if number == self._asked:
                self._show(page, offset)

        def failed(error: BaseException) -> None:
            if number != self._asked:
                return
            if isinstance(error, Refused) and error.code == "forbidden":
                self._hide()
            else:
                self.table.states.show_error(str(error), self.load)

        self.ctx.work(self, lambda: trail.entries(reader, **query, offset=offset, limit=PAGE), done, failed)

    def show_row(self, number: int) -> None:
        """Jump to a row, whatever was filtered; if it is gone, to the one before it."""
        self._wanted = number
        self.filter.show_up_to(number + AFTER)

    def _show(self, page: tuple[list[AuditRow], int], offset: int) -> None:
        rows, total = page
        self.model.upsert(rows)
        after = offset + len(rows)
        self.model.set_pager((lambda _held: self.load(after)) if rows and after < total else None, total)
        self._show_state(total)
        if self._wanted is not None and rows:
            wanted, self._wanted = self._wanted, None
            nearest = max((row.id for row in rows if row.id <= wanted), default=rows[-1].id)
            self.table.select(nearest)
            self.table.view.setFocus()
            if nearest != wanted:
                self.ctx.toast.emit(t("trail.row_gone", n=wanted, near=nearest), "warning")

    def _hide(self) -> None:
        """Whoever may not read the trail sees why, and whom to ask."""
        self.model.replace([])
        self.footer.setText("")
        self.table.states.show_empty("trail.hidden", "trail.hidden_hint")

    def _other_person(self) -> None:
        self._enable()
        self.filter.load_people()
        self.load()

    def _enable(self) -> None:
        for control, action in (
            (self.verify, NoteVerification.action),
            (self.anchors, READ),
            (self.package, PackageTrail.action),
            (self.refresh, READ),
        ):
            self.ctx.let(control, action)
        self.ctx.let(self.export, ExportData.action, self.ctx.allowed(READ))
        self.filter.setEnabled(self.ctx.allowed(READ))

    def _show_guard(self) -> None:
        status = self.ctx.station.guard.status()
        self.guarded.setText(status_text(status, self.ctx.station.now_us()))
        self.guarded.setToolTip(t("trail.trouble_text", detail=status.trouble) if status.trouble else status.key)
        set_role(self.guarded, "inverse" if status.trouble else "dim")

    def _show_state(self, total: int) -> None:
        shown = self.model.rowCount()
        self.footer.setText(t("access.rows", shown=count_text(shown), total=count_text(total)))
        if shown:
            self.table.states.show_content()
        else:
            self.table.states.show_empty("access.audit_empty", "access.audit_hint")

    def _fill_menu(self, menu: QMenu) -> None:
        row = self.table.current()
        if row is None:
            return
        menu.addAction(t("access.details"), lambda: self.ctx.open_sheet.emit(AuditSheet(row)))
        menu.addAction(t("trail.show_around"), lambda: self.show_row(row.id))

    def retranslate(self) -> None:
        self.filter.retranslate()
        for control, key in (
            (self.verify, "trail.verify"),
            (self.anchors, "trail.anchors"),
            (self.package, "trail.package"),
            (self.export, "common.export"),
            (self.refresh, "access.refresh"),
        ):
            control.setText(t(key))
        name_control(self.verify, t("trail.verify"), t("trail.verify_text"))
        self.table.view.setAccessibleName(t("access.audit"))
        self._enable()
        self._show_guard()
        if self.model.rowCount():
            self._show_state(self.model.total)
