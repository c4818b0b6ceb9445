from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.monitoring.tagfile import check_rows, read_csv
from app.ports import Answer
from app.reports.excel import export_table, read_rows
from models.commands import Command, SavePlace, SaveTag
from models.people import Actor
from models.readings import TagInfo
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.i18n import has
from ui.monitoring.importsheet import ImportSheet
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet

Until = Callable[[Callable[[], bool]], None]
GOOD = "位号,说明,区域,装置,设备,单位,量程上限\nTT-900,釜温,TFB,TFB-1,P-203,Cel,250\nGD-07,可燃气,TFB,TFB-1,P-203,%{LEL},120\n"


@pytest.fixture
def sheet(ctx: PanelContext, tags: dict[str, TagInfo], sheets: list[Sheet]) -> ImportSheet:
    made = ImportSheet(ctx)
    ctx.open_sheet.emit(made)
    return made


def look(sheet: ImportSheet, path: Path, text: str, until: Until, encoding: str = "utf-8") -> None:
    path.write_text(text, encoding)
    sheet.look_at(path)
    until(lambda: sheet.file is not None)


def test_a_good_table_is_summed_up_and_taken_in_row_by_row(
    sheet: ImportSheet, tmp_path: Path, until: Until, orders: Callable[[], list[Command]]
) -> None:
    look(sheet, tmp_path / "t.csv", GOOD, until, "gbk")
    assert sheet.summary.text() == "新建 1 个，修改 1 个，不变 0 个；新位置 0 个；有问题的单元格 0 个"
    assert orders() == []
    sheet.reason.line.setText("扩建")
    sheet.confirm.click()
    until(lambda: len(orders()) == 2)
    flush()
    first, second = orders()
    assert isinstance(first, SaveTag)
    assert (first.tag.name, first.tag.place, first.tag.range_hi, first.reason) == ("TT-900", "P-203", 250.0, "扩建")
    assert isinstance(second, SaveTag)
    assert (second.tag.range_lo, second.tag.range_hi) == (0.0, 120.0)
    assert not sheet.isVisible()


def test_all_bad_cells_are_named_and_nothing_can_be_imported(sheet: ImportSheet, tmp_path: Path, until: Until) -> None:
    look(sheet, tmp_path / "t.csv", "位号,量程下限,小数位,颜色\nA,abc,1,\n,2,1,\nA,1,99,\n", until)
    assert sheet.problems.toPlainText().splitlines() == [
        "第 1 行: 不认识的列 “颜色”",
        "第 2 行 · 量程下限: 不是数字 “abc”",
        "第 3 行 · 位号: 位号为空",
        "第 4 行 · 位号: 位号重复 “A”",
    ]
    assert not sheet.confirm.isEnabled()


def test_new_places_come_before_their_tags(
    sheet: ImportSheet, tmp_path: Path, until: Until, orders: Callable[[], list[Command]]
) -> None:
    look(sheet, tmp_path / "t.csv", "tag,area,area_name\nRX-1,RX,反应区\n", until)
    sheet.confirm.click()
    until(lambda: len(orders()) == 2)
    place = orders()[0]
    assert isinstance(place, SavePlace)
    assert (place.code, place.name, place.parent, place.kind) == ("RX", "反应区", "NG", "area")


def test_a_refused_row_is_named_and_the_rest_goes_on(
    sheet: ImportSheet, tmp_path: Path, until: Until, station: MemoryStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(command: Command, _actor: Actor) -> Answer:
        return Answer(code="conflict") if command.target == "tag:TT-900" else Answer()

    monkeypatch.setattr(station, "carry_out", answer)
    look(sheet, tmp_path / "t.csv", GOOD, until)
    sheet.confirm.click()
    until(lambda: sheet.said.text() == "已导入 1 项，被拒绝 1 项")
    assert sheet.problems.toPlainText() == "tag:TT-900: 其他人刚刚修改过，请刷新后再试"


def test_closing_stops_the_import(
    sheet: ImportSheet, tmp_path: Path, until: Until, orders: Callable[[], list[Command]]
) -> None:
    rows = "\n".join(f"N-{n},{n}" for n in range(50))
    look(sheet, tmp_path / "t.csv", f"位号,说明\n{rows}\n", until)
    said: list[str] = []
    sheet.ctx.toast.connect(lambda text, _level: said.append(text))
    sheet.confirm.click()
    sheet.close()
    flush()
    flush()
    assert len(orders()) == 1
    assert said == ["导入已中止：完成 1 / 50"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_what_is_no_table_is_said(sheet: ImportSheet, tmp_path: Path, until: Until, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x00\x01\xff\xfe" * 50)
    sheet.look_at(path)
    until(lambda: sheet.summary.text().startswith("读不了这个文件"))
    assert not sheet.confirm.isEnabled()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_present_list_goes_out_and_comes_back_unchanged(
    sheet: ImportSheet, station: MemoryStation, tmp_path: Path, until: Until, suffix: str, tags: dict[str, TagInfo]
) -> None:
    station.add_tag("-X", 1.0, description="=1+1", states={"0": ["关", "closed"]})
    sheet.ctx.exporter = export_table
    path = tmp_path / f"tags{suffix}"
    sheet.write_template(path)
    until(path.exists)
    flush()
    rows = read_csv(path) if suffix == ".csv" else read_rows(path)
    file = check_rows(rows, station.tags.all(), station.tags.places())
    assert file.problems == ()
    assert len(file.rows) == len(tags) + 1
    assert [row.draft.name for row in file.rows if row.changed] == []


def test_every_problem_and_column_has_words() -> None:
    from app.monitoring.tagfile import TITLES, CellProblem

    codes = (CellProblem.__doc__ or "").partition("Codes:")[2].replace(".", "").replace(",", " ").split()
    assert [code for code in codes if not has(f"monitoring.import.problem.{code}")] == []
    assert [column for column in TITLES if not has(f"monitoring.import.column.{column}")] == []
