"""A seat of the leading group: its card on the board, and the sheet that gives or changes it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from models.commands import Command
from models.organisation import GroupRole, MemberRow, PersonRow, today_us
from models.organisation_commands import MemberDraft, SaveMember
from ui.i18n import t
from ui.organisation.forms import DayField, OrderSheet, PersonField
from ui.organisation.words import day_text, role_text
from ui.theme import theme
from ui.widgets.controls import plain_label, role_label
from ui.widgets.fields import ChoiceField, LinesField
from ui.widgets.panel import PanelContext


class SeatCard(QWidget):
    """``chosen`` at a click or when the focus comes, ``opened`` at a double click or Return."""

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, member: MemberRow, post: str) -> None:
        super().__init__()
        self.member = member
        self.selected = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(2)
        column.addWidget(role_label("strong" if member.current else "dim", member.name, wrap=True))
        column.addWidget(role_label("dim", f"{member.number}  {post}".rstrip(), wrap=True))
        bare = not member.duties.strip()
        if bare and member.current:
            self.gap = role_label("inverse", t("organisation.mark.no_duty"))
            column.addWidget(self.gap, alignment=Qt.AlignmentFlag.AlignLeft)
        elif not bare:
            column.addWidget(plain_label(member.duties, wrap=True))
        span = span_text(member)
        if span:
            column.addWidget(role_label("dim", span))
        words = [role_text(member.role), member.name, post, member.duties, span]
        self.setAccessibleName(", ".join(word for word in words if word))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, super().minimumSizeHint().height())

    def select(self, on: bool) -> None:
        """Mark it as the one that the buttons are about."""
        self.selected = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus = self.hasFocus()
        painter.setBrush(theme().color("sel" if self.selected else "g0"))
        pen = painter.pen()
        pen.setColor(theme().color("accent" if focus else "g3"))
        pen.setWidth(2 if focus else 1)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self.chosen.emit(self.member)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit(self.member)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.chosen.emit(self.member)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.member)
        else:
            super().keyPressEvent(event)


def span_text(member: MemberRow) -> str:
    """From when until when; '' when neither is known."""
    if member.from_us is None and member.until_us is None:
        return ""
    if member.until_us is None:
        return t("organisation.since", day=day_text(member.from_us))
    if member.from_us is None:
        return t("organisation.until", day=day_text(member.until_us))
    return f"{day_text(member.from_us)} – {day_text(member.until_us)}"


class MemberSheet(OrderSheet):
    """A new seat, or the changes to one; who leaves the group gets a last day."""

    def __init__(
        self,
        ctx: PanelContext,
        people: Sequence[PersonRow],
        member: MemberRow | None,
        role: GroupRole = GroupRole.MEMBER,
    ) -> None:
        super().__init__(ctx, t("organisation.new_seat") if member is None else t("organisation.edit_seat"))
        self.member = member
        self.person = PersonField(t("organisation.person"), people, member.number if member is not None else "")
        roles = [(r.value, role_text(r)) for r in GroupRole]
        self.role = ChoiceField(t("organisation.role_title"), roles, member.role if member is not None else role)
        if member is not None:
            self.form.addWidget(role_label("heading", f"{member.name} · {role_text(member.role)}", wrap=True))
            self.person.hide()
            self.role.hide()
        self.duties = LinesField(
            t("organisation.duties"), member.duties if member is not None else "", t("organisation.duties_hint"), 110
        )
        start = member.from_us if member is not None else today_us(ctx.station.now_us())
        self.start = DayField(t("organisation.from_day"), start)
        until = member.until_us if member is not None else None
        self.until = DayField(t("organisation.until_day"), until, t("organisation.until_hint"))
        for name, field in (
            ("number", self.person), ("role", self.role), ("duties", self.duties),
            ("from_us", self.start), ("until_us", self.until),
        ):  # fmt: skip
            self.add(name, field)
        self.finish(SaveMember.action)
        self.setFocusProxy(self.person if member is None else self.duties)

    def command(self) -> Command | None:
        if self.member is None and not self.person.known():
            return None
        try:
            start, until = self.start.read(), self.until.read()
        except ValueError:
            return None
        member = self.member
        draft = MemberDraft(
            number=member.number if member is not None else self.person.number,
            role=member.role if member is not None else GroupRole(self.role.key),
            duties=self.duties.text,
            from_us=start,
            until_us=until,
        )
        version = member.version if member is not None else None
        return SaveMember(member=draft, version=version, reason=self.reason.text)
