"""Somebody new, or the changes to somebody. Private values are typed anew; what is there is shown as a mask only."""

from __future__ import annotations

import dataclasses

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.ports import Organisation
from models.commands import Command
from models.organisation import PeopleQuery, PersonKind, PersonRow, today_us
from models.organisation_commands import PersonDraft, SavePerson
from models.people import Actor
from models.privacy import PersonCard, PrivateField, PrivateValues
from ui.i18n import t
from ui.organisation.forms import DayField, OrderSheet, PersonField
from ui.organisation.frame import Frame, read_frame
from ui.organisation.words import error_text, field_text, kind_text
from ui.widgets.controls import hairline, icon_button, name_control, role_label
from ui.widgets.fields import ChoiceField, TextField
from ui.widgets.panel import PanelContext

ALL = 1_000_000


@dataclasses.dataclass(frozen=True)
class Known:
    """What the sheet has to know: read before it opens."""

    frame: Frame
    people: list[PersonRow]
    card: PersonCard | None


class SecretField(TextField):
    """A private value: empty means that it stays; the cross takes away what is there."""

    def __init__(self, field: PrivateField, mask: str) -> None:
        hint = t("organisation.stays", mask=mask) if mask else ""
        super().__init__(field_text(field), hint=hint, most=500)
        self._mask, self.cleared = mask, False
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        if mask and field is not PrivateField.NAME:
            self.clear = icon_button("close")
            name_control(self.clear, f"{field_text(field)}: {t('organisation.clear_value')}")
            self.clear.clicked.connect(self._toggle)
            row = QHBoxLayout()
            row.setSpacing(4)
            row.addWidget(self.line, 1)
            row.addWidget(self.clear)
            column.insertLayout(1, row)

    def _toggle(self) -> None:
        self.cleared = not self.cleared
        self.line.clear()
        self.line.setReadOnly(self.cleared)
        self.show_hint(t("organisation.will_go") if self.cleared else t("organisation.stays", mask=self._mask))

    @property
    def change(self) -> str | None:
        """The new value, '' to take it away, None to leave it."""
        return "" if self.cleared else self.text or None


class PersonSheet(OrderSheet):
    """The form; see :meth:`open`."""

    def __init__(self, ctx: PanelContext, known: Known, kind: PersonKind = PersonKind.EMPLOYEE, post: str = "") -> None:
        row = known.card.row if known.card is not None else None
        title = t("organisation.new_kind", kind=kind_text(kind)) if row is None else t("organisation.edit_person")
        super().__init__(ctx, title)
        self.known, self.row = known, row
        self.secrets: dict[PrivateField, SecretField] = {}
        self.number = TextField(t("organisation.column.number"), row.number if row is not None else "", most=64)
        self.number.line.setReadOnly(row is not None)
        self.add("number", self.number)
        self._add_secret(PrivateField.NAME)
        kinds = [(k.value, kind_text(k)) for k in PersonKind]
        self.kind = ChoiceField(t("organisation.column.kind"), kinds, row.kind if row is not None else kind)
        held = row.post if row is not None else post
        department = known.frame.posts[held].department if held in known.frame.posts else ""
        department = row.department if row is not None else department
        none = t("organisation.none")
        self.department = ChoiceField(t("organisation.department"), known.frame.department_choices(none), department)
        self.post = ChoiceField(t("organisation.column.post"), known.frame.post_choices(none, department), held)
        self.company = TextField(t("organisation.column.company"), row.company if row is not None else "", most=120)
        hosts = [p for p in known.people if p.active and p.kind is PersonKind.EMPLOYEE]
        self.host = PersonField(t("organisation.column.host"), hosts, row.host if row is not None else "")
        joined = row.joined_us if row is not None else today_us(ctx.station.now_us())
        self.joined = DayField(t("organisation.column.joined"), joined)
        self.login = TextField(
            t("organisation.column.login"), row.login if row is not None else "", t("organisation.login_hint"), most=64
        )
        for name, field in (
            ("kind", self.kind), ("department", self.department), ("post", self.post), ("company", self.company),
            ("host", self.host), ("joined_us", self.joined), ("login", self.login),
        ):  # fmt: skip
            self.add(name, field)
        self._add_private()
        self.department.box.currentIndexChanged.connect(lambda _at: self._posts())
        self.kind.box.currentIndexChanged.connect(lambda _at: self._kind())
        self._kind()
        self.finish(SavePerson.action)
        self.setFocusProxy(self.number if row is None else self.department)

    @classmethod
    def open(cls, ctx: PanelContext, number: str, *, kind: PersonKind = PersonKind.EMPLOYEE, post: str = "") -> None:
        """Read on a worker what the sheet has to know, and open it; ``number`` '' is somebody new."""
        reader, organisation = ctx.actor, ctx.station.organisation
        if reader is None:
            return

        def failed(error: BaseException) -> None:
            ctx.toast.emit(error_text(error), "warning")

        def opened(known: Known) -> None:
            if number and known.card is None:
                ctx.toast.emit(t("answers.not_found"), "warning")
            elif ctx.actor == reader:
                ctx.open_sheet.emit(cls(ctx, known, kind, post))

        ctx.work(ctx, lambda: read_known(organisation, reader, number), opened, failed)

    def _add_secret(self, field: PrivateField) -> None:
        cells = self.known.card.private if self.known.card is not None else ()
        mask = next((cell.masked for cell in cells if cell.field is field and cell.present), "")
        action = "privacy.write_health" if field.health else "privacy.write"
        secret = SecretField(field, mask)
        secret.editor.setEnabled(self.ctx.allowed(action))
        if not self.ctx.allowed(action):
            secret.show_hint(self.ctx.why_not(action))
        self.secrets[field] = secret
        self.add(field.value, secret)

    def _add_private(self) -> None:
        for health in (False, True):
            if not self.ctx.allowed("privacy.write_health" if health else "privacy.write"):
                continue
            self.form.addWidget(hairline())
            self.form.addWidget(
                role_label("section", t("organisation.private.health" if health else "organisation.private.personal"))
            )
            for field in PrivateField:
                if field.health is health and field is not PrivateField.NAME:
                    self._add_secret(field)

    def _posts(self) -> None:
        """Posts of the chosen department."""
        kept = self.post.key
        self.post.box.clear()
        for code, words in self.known.frame.post_choices(t("organisation.none"), self.department.key):
            self.post.box.addItem(words, code)
        self.post.choose(kept)

    def _kind(self) -> None:
        """Employees have neither company nor host."""
        own = self.kind.key == PersonKind.EMPLOYEE
        self.company.setVisible(not own)
        self.host.setVisible(not own)
        self.post.setVisible(self.kind.key != PersonKind.VISITOR)

    def command(self) -> Command | None:
        good = self.need_code("number", (p.number for p in self.known.people), new=self.row is None)
        if self.row is None:
            good = self.need_text(PrivateField.NAME.value) and good
        own = self.kind.key == PersonKind.EMPLOYEE
        if not own and self.host.number:
            good = self.host.known() and good
        try:
            joined = self.joined.read()
        except ValueError:
            return None
        if not good:
            return None
        changes = {f.value: s.change for f, s in self.secrets.items()}
        draft = PersonDraft(
            number=self.number.text,
            kind=PersonKind(self.kind.key),
            department=self.department.key,
            post="" if self.kind.key == PersonKind.VISITOR else self.post.key,
            company="" if own else self.company.text,
            host="" if own else self.host.number,
            joined_us=joined,
            left_us=self.row.left_us if self.row is not None else None,
            login=self.login.text,
            private=PrivateValues({f: value for f, value in changes.items() if value is not None}),
        )
        version = self.row.version if self.row is not None else None
        return SavePerson(person=draft, version=version, reason=self.reason.text)


def read_known(organisation: Organisation, reader: Actor, number: str) -> Known:
    """On a worker thread. Raises Refused."""
    people, _ = organisation.people(PeopleQuery(limit=ALL), reader)
    card = organisation.person(number, reader) if number else None
    return Known(read_frame(organisation, reader), people, card)
