"""From a gap to the sheet that mends it."""

from __future__ import annotations

from collections.abc import Callable

from app.ports import Answer, Organisation
from models.commands import ChangeUser, Command
from models.organisation import Gap, GapCode, GroupRole, MemberRow, PersonKind, PersonRow, PostRow
from models.organisation_commands import (
    PersonDraft,
    SaveMember,
    SavePerson,
    SavePost,
    SetResponsibility,
)
from models.people import Actor
from models.privacy import PersonCard
from ui.i18n import t
from ui.organisation.cellsheets import AssignSheet, CellSheet, MatrixData
from ui.organisation.forms import OrderSheet, PersonField
from ui.organisation.personsheet import PersonSheet
from ui.organisation.seats import MemberSheet
from ui.organisation.structuresheets import PostSheet
from ui.organisation.words import error_text, name_of
from ui.widgets.controls import button, plain_label, role_label
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet

#: What mends each kind of gap.
ACTIONS: dict[GapCode, str] = {
    GapCode.PLACE_WITHOUT_DUTY: SetResponsibility.action,
    GapCode.DUTY_WITHOUT_PERSON: SavePerson.action,
    GapCode.DUTY_WITHOUT_MAIN: SetResponsibility.action,
    GapCode.RESPONSIBLE_LEFT: SetResponsibility.action,
    GapCode.POST_WITHOUT_DUTY: SetResponsibility.action,
    GapCode.POST_WITHOUT_PERSON: SavePerson.action,
    GapCode.MEMBER_WITHOUT_DUTY: SaveMember.action,
    GapCode.MEMBER_LEFT: SaveMember.action,
    GapCode.GROUP_WITHOUT_LEADER: SaveMember.action,
    GapCode.DEPARTMENT_WITHOUT_HEAD: SavePost.action,
    GapCode.PERSON_WITHOUT_POST: SavePerson.action,
    GapCode.LEFT_WITH_ACCOUNT: ChangeUser.action,
}


class HolderSheet(OrderSheet):
    """Somebody takes over a post: an employee who is here already, or somebody new."""

    def __init__(self, ctx: PanelContext, people: list[PersonRow], post: PostRow) -> None:
        super().__init__(ctx, t("organisation.new_holder"))
        self.post = post
        self._people = {p.number: p for p in people if p.kind is not PersonKind.VISITOR}
        self.form.addWidget(role_label("heading", name_of(post), wrap=True))
        self.form.addWidget(plain_label(t("organisation.new_holder_text"), wrap=True))
        self.person = PersonField(t("organisation.person"), self._people.values())
        self.add("number", self.person)
        self.finish(SavePerson.action)
        self.new = button("plus")
        self.new.setText(t("organisation.new_kind", kind=t("organisation.kind.employee")))
        self.new.clicked.connect(lambda: PersonSheet.open(ctx, "", post=post.code))
        ctx.let(self.new, SavePerson.action)
        self.form.insertWidget(self.form.count() - 1, self.new)
        self.setFocusProxy(self.person)

    def command(self) -> Command | None:
        if not self.person.known():
            return None
        row = self._people[self.person.number]
        draft = PersonDraft(
            number=row.number,
            kind=row.kind,
            department=self.post.department,
            post=self.post.code,
            company=row.company,
            host=row.host,
            joined_us=row.joined_us,
            left_us=row.left_us,
            login=row.login,
        )
        return SavePerson(person=draft, version=row.version, reason=self.reason.text)


def mend(ctx: PanelContext, data: MatrixData, gap: Gap) -> None:
    """Open what mends a gap; says so when the person may not."""
    action = ACTIONS[gap.code]
    if not ctx.allowed(action):
        ctx.toast.emit(ctx.why_not(action), "warning")
        return
    sheet = _sheet(ctx, data, gap)
    if sheet is not None:
        ctx.open_sheet.emit(sheet)
        return
    match gap.code:
        case GapCode.PERSON_WITHOUT_POST:
            PersonSheet.open(ctx, gap.person)
        case GapCode.MEMBER_WITHOUT_DUTY | GapCode.MEMBER_LEFT:
            _open_seat(ctx, data, gap)
        case GapCode.LEFT_WITH_ACCOUNT:
            _ask_account(ctx, gap)


def _sheet(ctx: PanelContext, data: MatrixData, gap: Gap) -> Sheet | None:
    board, posts = data.board, data.frame.posts
    cell = board.cells.get((gap.place, gap.duty))
    match gap.code:
        case GapCode.PLACE_WITHOUT_DUTY:
            return AssignSheet(ctx, data, place=gap.place, duty=gap.duty)
        case GapCode.POST_WITHOUT_DUTY:
            return AssignSheet(ctx, data, post=gap.post)
        case GapCode.DUTY_WITHOUT_MAIN if cell is not None:
            return CellSheet(ctx, data, cell)
        case GapCode.RESPONSIBLE_LEFT if cell is not None:
            row = next((row for row in cell.rows if row.post == gap.post), None)
            return AssignSheet(ctx, data, row=row) if row is not None else CellSheet(ctx, data, cell)
        case GapCode.DUTY_WITHOUT_PERSON | GapCode.POST_WITHOUT_PERSON if gap.post in posts:
            return HolderSheet(ctx, data.people, posts[gap.post])
        case GapCode.GROUP_WITHOUT_LEADER:
            return MemberSheet(ctx, data.people, None, GroupRole.LEADER)
        case GapCode.DEPARTMENT_WITHOUT_HEAD:
            leading = next((post for post in data.frame.posts_of(gap.department) if post.leads), None)
            if leading is not None:
                return HolderSheet(ctx, data.people, leading)
            return PostSheet(ctx, data.frame, None, gap.department, leads=True)
    return None


def _reading(ctx: PanelContext, read: Callable[[Organisation, Actor], object], done: Callable[..., None]) -> None:
    reader, organisation = ctx.actor, ctx.station.organisation
    if reader is not None:

        def failed(error: BaseException) -> None:
            ctx.toast.emit(error_text(error), "warning")

        ctx.work(ctx, lambda: read(organisation, reader), done, failed)


def _open_seat(ctx: PanelContext, data: MatrixData, gap: Gap) -> None:
    def opened(members: list[MemberRow]) -> None:
        member = next((m for m in members if m.number == gap.person and m.until_us is None), None)
        if member is not None:
            ctx.open_sheet.emit(MemberSheet(ctx, data.people, member))

    _reading(ctx, lambda organisation, reader: organisation.leading_group(reader), opened)


def _ask_account(ctx: PanelContext, gap: Gap) -> None:
    def opened(card: object) -> None:
        login = card.row.login if isinstance(card, PersonCard) else ""
        if not login:
            ctx.toast.emit(t("answers.not_found"), "warning")
            return

        def close(_reason: str, _seconds: float | None, _once: bool) -> None:
            ctx.order(ChangeUser(login=login, active=False), said)

        def said(answer: Answer) -> None:
            if answer.ok:
                ctx.toast.emit(t("organisation.account_closed", login=login), "ok")

        ctx.ask.emit(
            ReasonRequest(
                title=t("organisation.close_account"),
                text=t("organisation.close_account_text", name=gap.name, login=login),
                confirm=t("organisation.close_account"),
                done=close,
                required=False,
            )
        )

    _reading(ctx, lambda organisation, reader: organisation.person(gap.person, reader), opened)
