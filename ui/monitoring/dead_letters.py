"""Refused messages: what came in and could not be used, why, and what can be done about it.

Nothing that a sensor sent is lost silently: here it waits until a tag or a mapping is mended and it is sent through
again, or until somebody says why it is of no use.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QVBoxLayout, QWidget

from app.ports import Answer, DeadLetterRow
from models.commands import DiscardDeadLetters, RetryDeadLetters, SaveTag
from ui.i18n import count_text, t
from ui.monitoring.editing import editing
from ui.monitoring.letters import REASONS, LetterSheet, letter_columns, reason_text, unknown_tag
from ui.widgets.controls import ChipGroup, SearchBox, button, hairline, name_control, role_label
from ui.widgets.panel import Panel, PanelContext, ReasonRequest
from ui.widgets.rows import RowsModel
from ui.widgets.table import DataTable

PAGE = 500
MOST_HELD = 5000
STATES = ("open", "retried", "discarded", "")
REFRESH_MS = 1000
Found = tuple[list[DeadLetterRow], int, dict[str, int]]


class DeadLetterPanel(Panel):
    """The table of refused messages with chips by reason."""

    title_key = "monitoring.dead_letters"
    icon_name = "inbox"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.editing = editing(ctx)
        self.model: RowsModel[DeadLetterRow] = RowsModel(
            letter_columns(ctx.station.now_us), lambda row: row.id, lambda row: -row.id
        )
        self.table: DataTable[DeadLetterRow] = DataTable(ctx, "dead_letters", self.model, "check")
        self.reason = ""
        self._asked = 0
        self._total = 0
        self._counts: dict[str, int] = {}
        self._stale = False
        self._build()
        self._connect()
        self.ready()
        self.load(anew=True)

    def _build(self) -> None:
        self.chips = ChipGroup(("all",))
        self.chips.chosen.connect(self._choose_reason)
        self.header.left.addWidget(self.chips)
        self.state = QComboBox()
        for state in STATES:
            self.state.addItem("", state)
        self.state.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.retry_button = button("refresh")
        self.retry_menu = QMenu(self.retry_button)
        self.retry_menu.aboutToShow.connect(self._fill_retry)
        self.retry_button.setMenu(self.retry_menu)
        self.discard_button = button("close")
        self.columns_button = button("columns", "flat")
        self.export_button = button("export", "flat")
        for widget in (
            self.state,
            self.search,
            self.retry_button,
            self.discard_button,
            self.columns_button,
            self.export_button,
        ):
            self.header.right.addWidget(widget)
        self.footer = role_label("dim")
        self.footer.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(hairline())
        column.addWidget(self.footer)
        self.setFocusProxy(self.table.view)

    def _connect(self) -> None:
        self.state.currentIndexChanged.connect(lambda _at: self.load(anew=True))
        self.search.searched.connect(lambda _text: self.load(anew=True))
        self.discard_button.clicked.connect(self.ask_discard)
        self.columns_button.clicked.connect(
            lambda: self.table.choose_columns(self.columns_button.mapToGlobal(self.columns_button.rect().bottomLeft()))
        )
        self.export_button.clicked.connect(self.table.ask_export)
        self.table.activated.connect(self.open_sheet)
        self.table.context.connect(self._fill_menu)
        self.table.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.ctx.actor_changed.connect(self._enable)
        self._later = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._later.timeout.connect(self.load)
        self.ctx.bridge.dead_letters.connect(self._changed)

    # -- reading

    def _changed(self) -> None:
        """There are others now: read again, at most once a second and only while somebody looks."""
        if not self.isVisible():
            self._stale = True
        elif not self._later.isActive():
            self._later.start()

    def load(self, *, anew: bool = False, more: bool = False) -> None:
        """Read: ``anew`` from the first page, ``more`` the next page, else what is held again, in its place."""
        self._stale = False
        self._asked += 1
        number, letters = self._asked, self.ctx.station.dead_letters
        state, text, reason = str(self.state.currentData()), self.search.text().strip(), self.reason
        held = 0 if anew else self.model.rowCount()
        offset = held if more else 0
        limit = PAGE if more else min(MOST_HELD, max(PAGE, held))
        self.model.set_pager(None)
        if anew:
            self.model.replace([])
            self.table.states.show_loading()

        def ask() -> Found:
            rows, total = letters.page(reason=reason, text=text, state=state, offset=offset, limit=limit)
            return rows, total, letters.counts()

        def done(found: Found) -> None:
            if number == self._asked:
                self._show(found, keep_others=more)

        def failed(error: BaseException) -> None:
            if number == self._asked:
                self.table.states.show_error(str(error), partial(self.load, anew=True))

        self.ctx.work(self, ask, done, failed)

    def _show(self, found: Found, *, keep_others: bool) -> None:
        rows, self._total, self._counts = found
        if not keep_others:
            present = {row.id for row in rows}
            self.model.remove([row.id for row in self.model.all_rows() if row.id not in present])
        self.model.upsert([row for row in rows if self.model.find(row.id) != row])
        held = len(self.model.all_rows())
        self.model.set_pager((lambda _held: self.load(more=True)) if rows and held < self._total else None, self._total)
        self._show_counts()

    def _show_counts(self) -> None:
        known = [str(code) for code in REASONS if self._counts.get(code) or code == self.reason]
        others = [code for code in sorted(self._counts) if code not in known and self._counts[code]]
        keys = ["all", *known, *others]
        if keys != list(self.chips.chips):
            old, self.chips = self.chips, ChipGroup(keys)
            self.header.left.replaceWidget(old, self.chips)
            old.hide()
            old.deleteLater()
            self.chips.chips[self.reason or "all"].setChecked(True)
            self.chips.chosen.connect(self._choose_reason)
        for key, chip in self.chips.chips.items():
            name = t("monitoring.tree.all") if key == "all" else reason_text(key)
            count = sum(self._counts.values()) if key == "all" else self._counts.get(key, 0)
            chip.show_text(name, count)
        shown = self.model.rowCount()
        self.footer.setText(t("monitoring.letters.footer", shown=count_text(shown), total=count_text(self._total)))
        if shown:
            self.table.states.show_content()
        elif self.search.text().strip() or self.reason:
            self.table.states.show_empty(
                "monitoring.letters.none_match", "", "monitoring.values_table.clear", self._clear
            )
        else:
            key = "well" if self.state.currentData() == "open" else "none"
            self.table.states.show_empty(f"monitoring.letters.{key}", f"monitoring.letters.{key}_hint")
        self._enable()

    def _choose_reason(self, key: str) -> None:
        self.reason = "" if key == "all" else key
        self.load(anew=True)

    def _clear(self) -> None:
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self.reason = ""
        self.chips.chips["all"].setChecked(True)
        self.load(anew=True)

    # -- acting

    def _open_ones(self) -> list[DeadLetterRow]:
        return [row for row in self.table.selected() if row.state == "open"]

    def _enable(self) -> None:
        some = bool(self._open_ones())
        waiting = bool(sum(self._counts.values()))
        self.retry_button.setEnabled(self.ctx.allowed(RetryDeadLetters.action) and (some or waiting))
        self.discard_button.setEnabled(self.ctx.allowed(DiscardDeadLetters.action) and some)

    def _fill_retry(self) -> None:
        menu = self.retry_menu
        menu.clear()
        ids = tuple(row.id for row in self._open_ones())
        menu.addAction(t("monitoring.letters.retry_chosen", n=len(ids)), partial(self.retry, ids)).setEnabled(bool(ids))
        for code in (code for code in self.chips.chips if code != "all" and self._counts.get(code)):
            words = t("monitoring.letters.retry_reason", reason=reason_text(code), n=count_text(self._counts[code]))
            menu.addAction(words, partial(self.retry, (), code))
        total = sum(self._counts.values())
        if total:
            menu.addSeparator()
            menu.addAction(t("monitoring.letters.retry_all", n=count_text(total)), partial(self.retry, ()))

    def retry(self, ids: tuple[int, ...], reason_code: str = "") -> None:
        """Send through the pipeline again: these, or all open ones of a reason, or all."""

        def said(answer: Answer) -> None:
            if answer.ok:
                count = answer.data if isinstance(answer.data, int) else len(ids)
                self.ctx.toast.emit(t("monitoring.letters.retried", n=count), "ok")
                self._later.start()

        self.ctx.order(RetryDeadLetters(ids=ids, reason_code=reason_code), said, self)

    def ask_discard(self) -> None:
        """Ask why, then close the chosen ones."""
        ids = tuple(row.id for row in self._open_ones())
        if not ids:
            return

        def said(answer: Answer) -> None:
            if answer.ok:
                self.ctx.toast.emit(t("monitoring.letters.discarded", n=len(ids)), "ok")
                self.load()

        self.ctx.ask.emit(
            ReasonRequest(
                title=t("monitoring.letters.discard_title", n=len(ids)),
                text=t("monitoring.letters.discard_text"),
                confirm=t("monitoring.letters.discard"),
                phrases=tuple(t("monitoring.letters.phrases").split("|")),
                done=lambda reason, _s, _o: self._discard(ids, reason, said),
            )
        )

    def _discard(self, ids: tuple[int, ...], reason: str, said: object) -> None:
        assert callable(said)
        self.ctx.order(DiscardDeadLetters(ids=ids, reason=reason), said, self)

    def create_tag(self, row: DeadLetterRow) -> None:
        """Open the tag editor with the name that the message asked for; afterwards its messages are chosen for retry."""
        name = unknown_tag(row)
        if name:
            self.editing.new_tag(name, lambda: self._choose_letters_of(name))

    def _choose_letters_of(self, name: str) -> None:
        view = self.table.view
        view.clearSelection()
        for at, row in enumerate(self.model.shown()):
            if unknown_tag(row) == name and row.state == "open":
                flags = view.selectionModel().SelectionFlag
                view.selectionModel().select(self.model.index(at, 0), flags.Select | flags.Rows)
        self.ctx.toast.emit(t("monitoring.letters.created", name=name), "ok")

    def open_sheet(self, row: DeadLetterRow) -> None:
        """Show one whole, with the decoder's words."""
        may_retry = row.state == "open" and self.ctx.allowed(RetryDeadLetters.action)
        may_create = row.state == "open" and bool(unknown_tag(row)) and self.ctx.allowed(SaveTag.action)
        sheet = LetterSheet(
            self.ctx,
            row,
            partial(self.retry, (row.id,)) if may_retry else None,
            partial(self.create_tag, row) if may_create else None,
        )
        self.ctx.open_sheet.emit(sheet)

    def _fill_menu(self, menu: QMenu) -> None:
        row = self.table.current()
        if row is None:
            return
        menu.addAction(t("monitoring.letters.open"), partial(self.open_sheet, row))
        ids = tuple(chosen.id for chosen in self._open_ones())
        again = menu.addAction(t("monitoring.letters.retry_chosen", n=len(ids)), partial(self.retry, ids))
        again.setEnabled(bool(ids) and self.ctx.allowed(RetryDeadLetters.action))
        away = menu.addAction(t("monitoring.letters.discard_title", n=len(ids)), self.ask_discard)
        away.setEnabled(bool(ids) and self.ctx.allowed(DiscardDeadLetters.action))
        if unknown_tag(row) and row.state == "open":
            make = menu.addAction(
                t("monitoring.letters.create_named", name=unknown_tag(row)), partial(self.create_tag, row)
            )
            make.setEnabled(self.ctx.allowed(SaveTag.action))

    # -- words

    def retranslate(self) -> None:
        for at, state in enumerate(STATES):
            self.state.setItemText(at, t(f"monitoring.letters.state.{state or 'all'}"))
        self.state.setAccessibleName(t("monitoring.letters.state_title"))
        self.search.setPlaceholderText(t("monitoring.letters.search"))
        name_control(self.search, t("monitoring.letters.search"))
        self.retry_button.setText(t("monitoring.letters.retry"))
        self.discard_button.setText(t("monitoring.letters.discard"))
        self.columns_button.setText(t("common.columns"))
        self.export_button.setText(t("common.export"))
        name_control(self.export_button, t("common.export_shown"))
        self.table.view.setAccessibleName(t("monitoring.dead_letters"))
        if self._asked:
            self._show_counts()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.load()
