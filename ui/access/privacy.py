"""The inventory of personal data (个人信息清单): what there is, what for, on which basis, until when, and who looked at it.

It shows the policy beside what is really stored, how retention and keys stand, and the latest reveals, exports and
erasures from the trail; an export asks for a signature, an erasure for a reason.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSplitter, QVBoxLayout, QWidget

from app.ports import Answer, AuditRow, Refused
from models.commands import ExportData
from models.organisation import PersonKind
from models.organisation_commands import ErasePerson, ExportPrivate
from models.privacy import Inventory
from ui.access.audit_sheet import AuditSheet
from ui.access.privacy_erase import EraseSheet
from ui.access.privacy_rows import DataLine, act_columns, inventory_columns, lines_of
from ui.access.privacy_sheets import DataSheet, ExportSheet
from ui.i18n import age_text, count_text, date_text, pick, stamp_text, t
from ui.widgets.controls import button, hairline, name_control, role_label, set_role
from ui.widgets.panel import Panel, PanelContext, answer_text
from ui.widgets.rows import RowsModel
from ui.widgets.table import DataTable

READ = "privacy.inventory"
TILES = ("people", "values", "overdue", "purged", "next", "key")
ACTS = 200


class _Tile(QFrame):
    """A figure with its title and a remark."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 6)
        column.setSpacing(0)
        self.title, self.figure, self.remark = role_label("dim"), role_label("heading"), role_label("dim")
        for part in (self.title, self.figure, self.remark):
            column.addWidget(part)

    def show_figure(self, figure: str, remark: str = "", loud: bool = False) -> None:
        """Both texts; a loud remark is set off."""
        self.figure.setText(figure)
        self.remark.setText(remark)
        set_role(self.remark, "strong" if loud else "dim")


class PrivacyPanel(Panel):
    """Tiles, the inventory, and below it what was done lately."""

    title_key = "personal.title"
    icon_name = "shield"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.inventory: Inventory | None = None
        self._asked = 0
        self.model: RowsModel[DataLine] = RowsModel(inventory_columns(), lambda r: r.number)
        self.table: DataTable[DataLine] = DataTable(ctx, "privacy", self.model, "shield")
        self.act_model: RowsModel[AuditRow] = RowsModel(act_columns(), lambda r: r.id, lambda r: -r.id)
        self.acts: DataTable[AuditRow] = DataTable(ctx, "privacy_acts", self.act_model, "shield")
        self.version = role_label("dim")
        self.header.left.addWidget(self.version)
        self.take_out, self.erase = button("key"), button("close")
        self.export, self.refresh = button("export", "flat"), button("refresh", "flat")
        for control in (self.take_out, self.erase, self.export, self.refresh):
            self.header.right.addWidget(control)
        self.tiles = {name: _Tile() for name in TILES}
        self.strip = QWidget()
        row = QHBoxLayout(self.strip)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for at, tile in enumerate(self.tiles.values()):
            if at:
                row.addWidget(hairline(vertical=True))
            row.addWidget(tile, 1)
        self.acts_title = role_label("section")
        self.acts_title.setContentsMargins(12, 8, 12, 6)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self.acts_title)
        lower.addWidget(self.acts, 1)
        self.parts = QSplitter(Qt.Orientation.Vertical)
        self.parts.setChildrenCollapsible(False)
        self.parts.setHandleWidth(1)
        self.parts.addWidget(self.table)
        self.parts.addWidget(below)
        self.parts.setSizes([600, 260])
        self.parts.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(hairline())
        column.addWidget(self.parts, 1)
        self.refresh.clicked.connect(lambda: self.load())
        self.export.clicked.connect(self.table.ask_export)
        self.take_out.clicked.connect(lambda: ctx.open_sheet.emit(ExportSheet(ctx, self, self.load)))
        self.erase.clicked.connect(self._ask_erase)
        self.table.activated.connect(self._open)
        self.table.context.connect(self._fill_menu)
        self.acts.activated.connect(lambda found: ctx.open_sheet.emit(AuditSheet(found)))
        ctx.actor_changed.connect(self.load)
        self.ready()
        self.load()

    def load(self) -> None:
        """Take stock anew."""
        self._asked += 1
        number, actor, organisation = self._asked, self.ctx.actor, self.ctx.station.organisation
        self._enable()
        if actor is None or not self.ctx.allowed(READ):
            self._hide()
            return
        if self.inventory is None:
            self.table.states.show_loading()

        def done(inventory: Inventory) -> None:
            if number == self._asked:
                self._show(inventory)

        def failed(error: BaseException) -> None:
            if number != self._asked:
                return
            if isinstance(error, Refused) and error.code == "forbidden":
                self._hide()
                return
            refused = isinstance(error, Refused)
            words = answer_text(Answer(error.code, error.detail, error.params)) if isinstance(error, Refused) else ""
            self.table.states.show_error(words if refused else str(error), self.load)

        self.ctx.work(self, lambda: organisation.inventory(actor), done, failed)
        self._load_acts(number)

    def _load_acts(self, number: int) -> None:
        actor, trail = self.ctx.actor, self.ctx.station.trail
        if actor is None or not self.ctx.allowed("audit.read"):
            self.act_model.replace([])
            self.acts.states.show_empty("trail.hidden", "trail.hidden_hint")
            return

        def done(page: tuple[list[AuditRow], int]) -> None:
            if number != self._asked:
                return
            self.act_model.replace(page[0])
            if page[0]:
                self.acts.states.show_content()
            else:
                self.acts.states.show_empty("personal.no_acts")

        self.ctx.work(
            self,
            lambda: trail.entries(actor, action="privacy.", limit=ACTS),
            done,
            lambda error: self.acts.states.show_error(str(error), self.load),
        )

    def _show(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.model.replace(lines_of(inventory))
        self.table.states.show_content()
        self.strip.show()
        self._figures(inventory)
        self._enable()

    def _hide(self) -> None:
        """Whoever may not see the inventory is told why."""
        self.inventory = None
        self.model.replace([])
        self.act_model.replace([])
        self.strip.hide()
        self.version.setText("")
        self.table.states.show_empty("personal.hidden", "personal.hidden_hint")
        self.acts.states.show_empty("personal.hidden")
        self._enable()

    def _figures(self, inventory: Inventory) -> None:
        now = self.ctx.station.now_us()
        self.version.setText(t("personal.version", version=inventory.version))
        active = sum(n for key, n in inventory.people.items() if key.endswith(".active"))
        left = sum(inventory.people.values()) - active
        kinds = " · ".join(
            f"{t(f'trail.value.{kind}')} {count_text(inventory.people.get(f'{kind}.active', 0))}" for kind in PersonKind
        )
        self.tiles["people"].show_figure(count_text(active), t("personal.tile.people_remark", n=left))
        self.tiles["people"].setToolTip(kinds)
        values, overdue = sum(x.values for x in inventory.lines), sum(x.overdue for x in inventory.lines)
        health = sum(line.values for line in inventory.lines if line.field.health)
        self.tiles["values"].show_figure(count_text(values), t("personal.tile.values_remark", n=count_text(health)))
        self.tiles["overdue"].show_figure(
            count_text(overdue),
            t("personal.tile.overdue_late" if overdue else "personal.tile.overdue_well"),
            bool(overdue),
        )
        purged, following, since = inventory.purged_us, inventory.next_us, inventory.key_us
        self.tiles["purged"].show_figure(
            date_text(purged) if purged is not None else t("personal.never"),
            stamp_text(purged)[11:] if purged is not None else t("personal.tile.purged_never"),
        )
        soon = following is not None and following <= now
        self.tiles["next"].show_figure(
            t("personal.within_hour")
            if soon
            else date_text(following)
            if following is not None
            else t("personal.none"),
            t("personal.tile.next_remark" if following is not None else "personal.tile.next_none"),
        )
        current = next((use for use in inventory.keys if use.current), None)
        lost = sum(use.values for use in inventory.keys if not use.present)
        remark = t("personal.tile.key_remark", key=current.key_id[:8]) if current is not None else ""
        self.tiles["key"].show_figure(
            age_text(now - since) if since is not None else t("personal.none"),
            t("personal.tile.key_lost", n=count_text(lost)) if lost else remark,
            bool(lost),
        )

    def _enable(self) -> None:
        self.ctx.let(self.take_out, ExportPrivate.action)
        self.ctx.let(self.erase, ErasePerson.action, self.inventory is not None)
        self.ctx.let(self.refresh, READ)
        self.ctx.let(self.export, ExportData.action, self.inventory is not None)

    def _open(self, row: DataLine) -> None:
        if self.inventory is not None:
            self.ctx.open_sheet.emit(DataSheet(row, pick(self.inventory.notes_zh, _paragraph(self.inventory.notes))))

    def _ask_erase(self) -> None:
        if self.inventory is not None:
            self.ctx.open_sheet.emit(EraseSheet(self.ctx, self.inventory, self.load))

    def _fill_menu(self, menu: QMenu) -> None:
        row = self.table.current()
        if row is not None:
            menu.addAction(t("access.details"), lambda: self._open(row))

    def retranslate(self) -> None:
        for control, key in (
            (self.take_out, "personal.export"),
            (self.erase, "personal.erase"),
            (self.export, "personal.export_list"),
            (self.refresh, "access.refresh"),
        ):
            control.setText(t(key))
        name_control(self.take_out, t("personal.export"), t("personal.export_text"))
        name_control(self.erase, t("personal.erase"), t("personal.erase_text"))
        for name, tile in self.tiles.items():
            tile.title.setText(t(f"personal.tile.{name}"))
        self.acts_title.setText(t("personal.acts"))
        self.table.view.setAccessibleName(t("personal.title"))
        self.acts.view.setAccessibleName(t("personal.acts"))
        if self.inventory is not None:
            self._figures(self.inventory)
        self._enable()


def _paragraph(text: str) -> str:
    """A text whose lines were broken for the file, as one."""
    return " ".join(text.split())
