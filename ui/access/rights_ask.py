"""Two questions about rights: what may this person do, and why; who may do this. Answers name the grants behind them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.ports import Answer, Refused
from models.people import UserInfo
from models.rights import Explained, Grant
from ui.access.grants import fill_zones, zone_text
from ui.access.rights_model import action_text
from ui.i18n import DASH, roles_text, stamp_text, t
from ui.widgets.controls import SearchBox, name_control
from ui.widgets.panel import Panel, PanelContext, answer_text
from ui.widgets.rows import Column, RowsModel
from ui.widgets.table import DataTable

ANYWHERE = "\x00"


def _because(ctx: PanelContext) -> Callable[[Explained], str]:
    def words(found: Explained) -> str:
        if found.why_not:
            return t(f"access.why_not.{found.why_not}")
        if not found.because:
            return t("access.for_everybody")
        return "; ".join(_grant_text(ctx, grant) for grant in found.because)

    return words


def _grant_text(ctx: PanelContext, grant: Grant) -> str:
    parts = [roles_text([grant.role]), zone_text(grant.zone, ctx.station.tags.places())]
    if grant.until_us is not None:
        parts.append(t("access.until_text", time=stamp_text(grant.until_us)))
    if grant.granted_by:
        parts.append(t("access.granted_text", by=grant.granted_by, time=stamp_text(grant.granted_us)))
    return " · ".join(parts)


class _Question(Panel):
    """A choice at the top, a place, and a table of answers."""

    title_key = "access.rights"
    icon_name = "shield"
    name = ""

    def __init__(self, ctx: PanelContext, columns: list[Column[Explained]], parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.subject, self.zone = QComboBox(), QComboBox()
        self.subject.setMinimumWidth(220)
        self.zone.setMinimumWidth(200)
        for box in (self.subject, self.zone):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.header.left.addWidget(box)
            box.currentIndexChanged.connect(lambda _at: self.ask())
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.header.right.addWidget(self.search)
        self.model: RowsModel[Explained] = RowsModel(columns, self.number, self.natural)
        self.search.searched.connect(self.model.set_search)
        self.table: DataTable[Explained] = DataTable(ctx, self.name, self.model, "shield")
        self._numbers: dict[tuple[int, str], int] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        ctx.bridge.rights_changed.connect(self.ask)
        ctx.bridge.tags_changed.connect(self._fill_zones)
        ctx.actor_changed.connect(self.reload)
        self.ready()
        self._fill_zones()

    def number(self, found: Explained) -> int:
        """A key for the table."""
        return self._numbers.setdefault((found.user_id, found.action), len(self._numbers))

    def natural(self, found: Explained) -> object:
        """What is allowed first, then by words."""
        return (not found.allowed, action_text(found.action), found.login)

    def where(self) -> str | None:
        """The chosen zone; None for anywhere."""
        zone = str(self.zone.currentData())
        return None if zone == ANYWHERE else zone

    def _fill_zones(self) -> None:
        kept = self.zone.currentData()
        self.zone.blockSignals(True)
        self.zone.clear()
        self.zone.addItem(t("access.anywhere"), ANYWHERE)
        fill_zones(self.zone, self.ctx.station.tags.places(), t("access.whole_plant"))
        self.zone.setCurrentIndex(max(0, self.zone.findData(kept)))
        self.zone.blockSignals(False)
        self.ask()

    def reload(self) -> None:
        """Another person sits here: choose again."""
        self.ask()

    def answers(self) -> list[Explained]:
        """Ask the rights in force. Raises Refused."""
        raise NotImplementedError

    def ask(self) -> None:
        """Ask again and show."""
        if self.ctx.actor is None or self.subject.currentData() is None:
            self.model.replace([])
            self.table.states.show_empty("access.rights_hidden")
            return
        try:
            self.model.replace(self.answers())
        except Refused as refused:
            self.model.replace([])
            self.table.states.show_empty("access.rights_hidden")
            if refused.code != "forbidden":
                self.ctx.toast.emit(answer_text_of(refused), "warning")
            return
        if self.model.all_rows():
            self.table.states.show_content()
        else:
            self.table.states.show_empty("access.nobody_may")

    def retranslate(self) -> None:
        self._fill_zones()
        name_control(self.zone, t("access.zone"))
        self.search.setPlaceholderText(t("access.search_rights"))
        name_control(self.search, t("access.search_rights"))
        self.table.view.setAccessibleName(t("access.rights"))


def answer_text_of(refused: Refused) -> str:
    """A refusal of a question in words."""
    return answer_text(Answer(refused.code, refused.detail, refused.params))


class MayPanel(_Question):
    """What may this person do, and why?"""

    name = "rights_may"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        def dim(found: Explained) -> bool:
            return not found.allowed

        super().__init__(
            ctx,
            [
                Column("action", "access.rights_column.action", lambda f: action_text(f.action), width=220, dim=dim),
                Column("may", "access.rights_column.may", _may_text, width=80, dim=dim),
                Column("because", "access.rights_column.because", _because(ctx), width=420, stretch=True, dim=dim),
                Column("code", "access.rights_column.code", lambda f: f.action, width=180, dim=dim, optional=1),
            ],
            parent,
        )
        ctx.bridge.users_changed.connect(self.reload)
        self.reload()

    def reload(self) -> None:
        """Who there is to ask about: all, or oneself."""
        actor = self.ctx.actor
        if actor is None or not self.ctx.allowed("rights.read"):
            self._people([])
            return
        self.ctx.work(self, self.ctx.station.people.users, self._people)

    def _people(self, users: list[UserInfo]) -> None:
        actor, kept = self.ctx.actor, self.subject.currentData()
        self.subject.blockSignals(True)
        self.subject.clear()
        for user in users:
            self.subject.addItem(f"{user.name} ({user.login})", user.login)
        if actor is not None and self.subject.findData(actor.login) < 0:
            self.subject.addItem(f"{actor.name} ({actor.login})", actor.login)
        wanted = kept if kept is not None else actor.login if actor is not None else None
        self.subject.setCurrentIndex(max(0, self.subject.findData(wanted)) if self.subject.count() else -1)
        self.subject.blockSignals(False)
        self.ask()

    def answers(self) -> list[Explained]:
        """All actions for the chosen person."""
        assert self.ctx.actor is not None
        return self.ctx.station.rights.explain(self.ctx.actor, str(self.subject.currentData()), "", self.where())

    def retranslate(self) -> None:
        super().retranslate()
        name_control(self.subject, t("access.person"))


class WhoPanel(_Question):
    """Who may do this?"""

    name = "rights_who"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(
            ctx,
            [
                Column("login", "access.column.login", lambda f: f.login, width=140),
                Column("name", "access.column.name", lambda f: f.name or DASH, width=160),
                Column("because", "access.rights_column.because", _because(ctx), width=480, stretch=True),
            ],
            parent,
        )
        self.reload()

    def reload(self) -> None:
        """What there is to ask for."""
        actor, kept = self.ctx.actor, self.subject.currentData()
        self.subject.blockSignals(True)
        self.subject.clear()
        if actor is not None and self.ctx.allowed("rights.read"):
            try:
                found = self.ctx.station.rights.actions(actor)
            except Refused:
                found = []
            for info in sorted(found, key=lambda a: action_text(a.action)):
                self.subject.addItem(action_text(info.action), info.action)
        if self.subject.count():
            self.subject.setCurrentIndex(max(0, self.subject.findData(kept)))
        self.subject.blockSignals(False)
        self.ask()

    def answers(self) -> list[Explained]:
        """Everybody who may do the chosen thing there."""
        assert self.ctx.actor is not None
        return self.ctx.station.rights.who(self.ctx.actor, str(self.subject.currentData()), self.where())

    def retranslate(self) -> None:
        super().retranslate()
        self.reload()
        name_control(self.subject, t("access.rights_column.action"))


def _may_text(found: Explained) -> str:
    return t("access.yes") if found.allowed else t("access.no")
