from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from models.commands import ExportData
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from tests.ui.test_rows import COLUMNS, Row
from ui.widgets.panel import PanelContext
from ui.widgets.rows import Column, RowsModel
from ui.widgets.table import DataTable

Keep = Callable[[QWidget], QWidget]


def build(ctx: PanelContext, keep: Keep, columns: list[Column[Row]] = COLUMNS) -> DataTable[Row]:
    model: RowsModel[Row] = RowsModel(columns, lambda r: r.id)
    table: DataTable[Row] = DataTable(ctx, "things", model)
    keep(table)
    table.resize(600, 300)
    table.show()
    model.replace([Row(n, f"row {n}", float(n)) for n in range(50)])
    flush()
    return table


def test_a_click_on_the_head_sorts_up_then_down_then_naturally(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    head = table.view.horizontalHeader()
    head.sectionClicked.emit(1)
    assert table.model.ordered_by == (1, False)
    head.sectionClicked.emit(1)
    assert table.model.row_at(0).id == 49
    head.sectionClicked.emit(1)
    assert table.model.ordered_by == (-1, False)


def test_widths_order_and_choice_of_columns_are_remembered(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    table.view.setColumnWidth(0, 222)
    table._show_column(1, False)
    table.view.horizontalHeader().sectionClicked.emit(0)
    again = build(ctx, keep)
    assert again.view.columnWidth(0) == 222
    assert again.view.isColumnHidden(1)
    assert again.model.ordered_by == (0, False)


def test_the_last_column_cannot_be_hidden_and_defaults_come_back(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    table._show_column(0, False)
    table._show_column(1, False)
    assert not table.view.isColumnHidden(1)
    table.choose_columns(QPoint(0, 0))
    menu = table.findChild(QMenu)
    assert menu is not None
    menu.actions()[-1].trigger()
    assert not table.view.isColumnHidden(0)


def test_the_selection_is_copied_as_text_with_its_head(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    assert table.select(3)
    table.copy()
    assert QGuiApplication.clipboard().text().splitlines() == ["复制为文本\t保存", "row 3\t3.0"]


def test_what_is_shown_is_exported_and_leaves_a_trace(
    ctx: PanelContext, keep: Keep, station: MemoryStation, tmp_path: Path, qtbot: QtBot
) -> None:
    table = build(ctx, keep)
    table.model.set_search("row 4")  # both words, anywhere
    said: list[str] = []
    ctx.toast.connect(lambda text, _level: said.append(text))
    path = tmp_path / "out.csv"
    table.export(path)
    qtbot.waitUntil(lambda: bool(said))
    lines = path.read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 14
    command = station.door.submitted[-1][0]
    assert isinstance(command, ExportData)
    assert (command.what, command.rows, command.path) == ("things", 14, str(path))


def test_excel_goes_through_the_exporter_it_was_given(
    ctx: PanelContext, keep: Keep, tmp_path: Path, qtbot: QtBot
) -> None:
    written: list[tuple[Path, int]] = []
    ctx.exporter = lambda path, head, rows: written.append((path, len(rows)))
    table = build(ctx, keep)
    table.export(tmp_path / "out.xlsx")
    qtbot.waitUntil(lambda: bool(written))
    assert written == [(tmp_path / "out.xlsx", 50)]


def test_a_failed_export_is_said(ctx: PanelContext, keep: Keep, tmp_path: Path, qtbot: QtBot) -> None:
    table = build(ctx, keep)
    with qtbot.waitSignal(ctx.toast) as caught:
        table.export(tmp_path / "no" / "such" / "folder.csv")
    assert caught.args[1] == "warning"


def test_the_export_dialog_does_not_block_the_window(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    table.ask_export()
    dialogs = table.findChildren(QWidget, "QFileDialog")
    assert dialogs
    assert not dialogs[0].isModal()
    dialogs[0].close()


def test_visible_rows_are_those_on_the_page(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    page = table.visible_rows()
    assert 5 <= len(page) < 20
    assert page[0].id == 0
    table.view.scrollToBottom()
    assert table.visible_rows()[-1].id == 49


@pytest.mark.parametrize(("width", "hidden"), [(700, False), (260, True)])
def test_optional_columns_give_way_in_a_narrow_table(ctx: PanelContext, keep: Keep, width: int, hidden: bool) -> None:
    columns = [
        Column[Row]("name", "common.copy", lambda r: r.name, width=150, stretch=True),
        Column[Row]("value", "common.save", lambda r: str(r.value), width=120),
        Column[Row]("more", "common.close", lambda r: r.name, width=120, optional=1),
    ]
    table = build(ctx, keep, columns)
    table.resize(width, 300)
    flush()
    assert table.view.isColumnHidden(2) is hidden


def test_empty_loading_and_error_states_say_what_to_do(ctx: PanelContext, keep: Keep) -> None:
    table = build(ctx, keep)
    tried: list[bool] = []
    table.states.show_error("disk is full", lambda: tried.append(True))
    assert table.states.state == "note"
    assert table.states.note.hint.text() == "disk is full"
    table.states.note.action.click()
    assert tried == [True]
    table.states.show_loading()
    assert not table.states.note.busy.isHidden()
    table.states.show_content()
    assert table.states.state == "content"
