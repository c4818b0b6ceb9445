"""Refused messages in words: columns of their table, and the sheet that explains one and shows it whole."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit

from app.ports import DeadLetterRow
from models.events import Refusal
from ui.i18n import DASH, count_text, has, near_text, stamp_text, t
from ui.theme import theme
from ui.widgets.controls import button, hairline, plain_label, role_label, set_role
from ui.widgets.panel import PanelContext
from ui.widgets.rows import Column
from ui.widgets.sheet import Sheet

_SEVERAL = re.compile(r"\d+ problems: ")
_MANY_TAGS = re.compile(r"\d+ unknown: ")
#: In the order of the chips: what an engineer can mend at the station first.
REASONS = (
    Refusal.UNKNOWN_TAG, Refusal.UNKNOWN_UNIT, Refusal.UNKNOWN_ALIAS, Refusal.BAD_TOPIC, Refusal.WRONG_TYPE,
    Refusal.NUMBER_RANGE, Refusal.BAD_TIME, Refusal.FUTURE_TIME, Refusal.TOO_OLD, Refusal.NOT_JSON, Refusal.NOT_UTF8,
    Refusal.BAD_SPARKPLUG, Refusal.TOO_BIG, Refusal.TOO_DEEP, Refusal.INTERNAL,
)  # fmt: skip


def reason_text(code: str) -> str:
    """A refusal's code in words; the code itself when another version wrote it."""
    key = f"monitoring.refusal.{code}.name"
    return t(key) if has(key) else code


def reason_why(code: str) -> tuple[str, str]:
    """What the code means, and what to do about it."""
    if not has(f"monitoring.refusal.{code}.why"):
        return "", ""
    return t(f"monitoring.refusal.{code}.why"), t(f"monitoring.refusal.{code}.todo")


def state_text(state: str) -> str:
    """open, retried or discarded, in words."""
    key = f"monitoring.letters.state.{state}"
    return t(key) if has(key) else state


def size_text(size: int) -> str:
    """Bytes as ``14 B``, ``3.2 KiB``, ``10.0 MiB``."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KiB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MiB"


def unknown_tag(row: DeadLetterRow) -> str:
    """The name of the (first) tag that a letter asks for and that could be created; '' when that is not its trouble."""
    detail = row.detail.strip()
    if row.reason != Refusal.UNKNOWN_TAG:
        return ""
    several = _SEVERAL.match(detail)
    if several:
        parts = detail[several.end() :].split("; ")
        detail = next((p.partition(" ")[2] for p in parts if p.startswith(f"{Refusal.UNKNOWN_TAG.value} ")), "")
    many = _MANY_TAGS.match(detail)
    if many:
        detail = detail[many.end() :].partition(", ")[0]
    if not detail or detail.startswith("$") or len(detail) > 200 or not detail.isprintable():
        return ""
    return detail


def letter_columns(now: Callable[[], int]) -> list[Column[DeadLetterRow]]:
    """Columns; ``now`` is the station's clock in UTC µs."""

    def dim(row: DeadLetterRow) -> bool:
        return row.state != "open"

    return [
        Column("time", "monitoring.letters.received", lambda r: near_text(r.received_us, now()), lambda r: r.received_us, 124, dim=dim),
        Column("source", "monitoring.letters.source", lambda r: r.source or DASH, width=96, dim=dim, optional=4),
        Column("topic", "monitoring.letters.topic", lambda r: r.topic or DASH, width=240, dim=dim),
        Column("reason", "monitoring.letters.reason", lambda r: reason_text(r.reason), width=132, bold=lambda r: r.state == "open", dim=dim),
        Column("detail", "monitoring.letters.detail", lambda r: r.detail or DASH, width=200, dim=dim, optional=2),
        Column("size", "monitoring.letters.size", lambda r: size_text(r.payload_size), lambda r: r.payload_size, 84, right=True, dim=dim, optional=3, export=lambda r: r.payload_size),
        Column("preview", "monitoring.letters.preview", lambda r: r.preview or DASH, width=220, stretch=True, dim=dim),
        Column("state", "monitoring.letters.state_title", lambda r: state_text(r.state), width=84, dim=dim, optional=5),
    ]  # fmt: skip


class LetterSheet(Sheet):
    """One refused message: why, what to do, the decoder's own words, and the payload as far as it was kept."""

    def __init__(
        self,
        ctx: PanelContext,
        row: DeadLetterRow,
        retry: Callable[[], None] | None,
        create: Callable[[], None] | None,
    ) -> None:
        super().__init__(t("monitoring.letters.sheet", n=row.id))
        self.row = row
        why, todo = reason_why(row.reason)
        self.form.addWidget(role_label("heading", reason_text(row.reason), wrap=True))
        if why:
            self.form.addWidget(plain_label(why, wrap=True))
            self.form.addWidget(role_label("section", t("monitoring.letters.todo")))
            self.form.addWidget(plain_label(todo, wrap=True))
        self.form.addWidget(hairline())
        exact = f" ({count_text(row.payload_size)} B)" if row.payload_size >= 1024 else ""
        facts = (
            ("detail", row.detail or DASH),
            ("topic", row.topic or DASH),
            ("received", stamp_text(row.received_us)),
            ("source", row.source or DASH),
            ("size", size_text(row.payload_size) + exact),
            ("state_title", state_text(row.state)),
        )
        for key, text in facts:
            self.form.addWidget(role_label("dim", t(f"monitoring.letters.{key}")))
            self.form.addWidget(plain_label(breakable(text), wrap=True))
        self.form.addWidget(role_label("dim", t("monitoring.letters.payload")))
        self.payload = QPlainTextEdit(row.preview)
        self.payload.setReadOnly(True)
        self.payload.setAccessibleName(t("monitoring.letters.payload"))
        self.payload.setMinimumHeight(160)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setFamilies([*font.families(), *theme().font(12).families()])
        font.setPixelSize(12)
        self.payload.setFont(font)
        self.form.addWidget(self.payload, 1)
        self.kept = role_label("dim", wrap=True)
        self.kept.hide()
        self.form.addWidget(self.kept)
        acts = QHBoxLayout()
        for act, icon, key in ((retry, "refresh", "retry_one"), (create, "plus", "create")):
            if act is not None:
                part = button(icon, "primary" if act is create or create is None else "")
                part.setText(t(f"monitoring.letters.{key}"))
                part.clicked.connect(act)
                acts.addWidget(part)
        acts.addStretch(1)
        self.form.addLayout(acts)
        letters, letter_id = ctx.station.dead_letters, row.id
        ctx.work(self, lambda: letters.payload(letter_id), self._show_payload, self._failed)

    def _show_payload(self, payload: bytes | None) -> None:
        if payload is None:
            return
        self.payload.setPlainText(shown_payload(payload))
        if len(payload) < self.row.payload_size:
            self.kept.setText(
                t("monitoring.letters.cut", kept=size_text(len(payload)), size=size_text(self.row.payload_size))
            )
            self.kept.show()

    def _failed(self, error: BaseException) -> None:
        self.kept.setText(t("common.failed", detail=str(error)))
        set_role(self.kept, "error")
        self.kept.show()


def shown_payload(payload: bytes) -> str:
    r"""A payload as text that can be shown: bytes that are no UTF-8 and control characters as ``\xNN``."""
    text = payload.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def breakable(text: str) -> str:
    """Let a long topic break after its slashes in a narrow column."""
    return text.replace("/", "/\u200b")
