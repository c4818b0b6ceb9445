"""Import on screen: every bad cell at once, counts, one order with a reason; templates, exports; and the place as a whole."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog

from app.ports import Answer
from models.commands import ExportData
from models.organisation_commands import (
    CellProblem,
    DepartmentDraft,
    ImportCheck,
    ImportOrganisation,
    OrganisationDraft,
    SheetCount,
)
from tests.ui.conftest import flush
from tests.ui.organisation_ui.conftest import Hands
from ui.i18n import messages
from ui.organisation.importing import ImportPanel
from ui.organisation.panel import OrganisationPanel
from ui.organisation.personcard import PersonCardSheet

COUNTS = (
    SheetCount(sheet="部门", new=1, changed=0, same=3),
    SheetCount(sheet="人员", new=0, changed=2, same=60),
)
DRAFT = OrganisationDraft(departments=(DepartmentDraft(code="NEW", name="新部门"),))
WHOLE = ImportCheck(source="org.xlsx", problems=(), counts=COUNTS, draft=DRAFT)


def bad(sheet: str, cell: str, column: str, found: str) -> CellProblem:
    return CellProblem(
        sheet=sheet, cell=cell, column=column, found=found, code="day", what="不是日期", what_en="no date",
        mend="写成 2026-03-01", mend_en="write it as 2026-03-01",
    )  # fmt: skip


BAD = ImportCheck(
    source="org.xlsx",
    problems=(bad("人员", "G12", "joined", "昨天"), bad("人员", "G2", "joined", "x"), bad("部门", "C3", "parent", "?")),
    counts=COUNTS,
    draft=OrganisationDraft(),
)


@pytest.fixture
def panel(hands: Hands) -> ImportPanel:
    made: ImportPanel = hands.show(ImportPanel(hands.ctx))
    return made


def read(panel: ImportPanel) -> list[list[str]]:
    return [[column.text(row) for column in panel.model.columns] for row in panel.model.shown()]


def answer_dialogs(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def show(dialog: QFileDialog) -> None:
        dialog.fileSelected.emit(str(path))
        dialog.done(QDialog.DialogCode.Accepted)

    monkeypatch.setattr(QFileDialog, "show", show)


def test_all_bad_cells_are_shown_at_once_and_nothing_can_be_imported(
    hands: Hands, panel: ImportPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert panel.table.states.note.title.text() == "还没有选择文件"
    hands.station.organisation.check = BAD
    answer_dialogs(monkeypatch, tmp_path / "org.xlsx")
    panel.choose.click()
    hands.until(lambda: panel.model.rowCount() == 3)
    assert read(panel)[0] == ["人员", "G12", "到岗日期", "昨天", "不是日期", "写成 2026-03-01"]
    panel.table.view.horizontalHeader().sectionClicked.emit(1)
    assert [p[1].cell for p in panel.model.shown()] == ["G2", "G12", "C3"]  # by sheet, then as the rows stand
    assert "3 个单元格" in panel.said.text()
    assert not panel.start.isVisible()
    assert panel.again.isVisible()
    assert [label.text() for label in panel.cells[3]] == ["人员", "0", "2", "60"]
    messages().switch("en")
    assert read(panel)[0][2:] == ["joined", "x", "no date", "write it as 2026-03-01"]


def test_the_list_of_bad_cells_is_exported(hands: Hands, panel: ImportPanel, tmp_path: Path) -> None:
    hands.station.organisation.check = BAD
    assert not panel.export_problems.isEnabled()
    panel.look_at(tmp_path / "org.xlsx")
    hands.until(lambda: panel.export_problems.isEnabled())
    panel.table.export(tmp_path / "bad.csv")
    hands.until(lambda: hands.orders(ExportData))
    assert "G12" in (tmp_path / "bad.csv").read_text("utf-8-sig")


def test_mended_it_goes_in_as_one_order_with_a_reason(hands: Hands, panel: ImportPanel, tmp_path: Path) -> None:
    hands.station.organisation.check = BAD
    panel.look_at(tmp_path / "org.xlsx")
    hands.until(lambda: panel.again.isVisible())
    hands.station.organisation.check = WHOLE
    panel.again.click()
    hands.until(lambda: panel.start.isVisible())
    assert panel.said.text() == "没有问题。将写入 3 项，请填写原因。"
    panel.start.click()
    assert panel.reason.problem.text() == "请填写原因"
    panel.reason.box.setPlainText("new year")
    hands.answers[ImportOrganisation] = Answer(code="conflict")
    panel.start.click()
    hands.until(lambda: "没有导入" in panel.said.text())
    hands.answers[ImportOrganisation] = Answer(data={"departments": {"new": 1, "changed": 0}})
    panel.start.click()
    hands.until(lambda: panel.said.text() == "已导入：新增 1 项，修改 0 项")
    order = hands.orders(ImportOrganisation)[-1]
    assert (order.source, order.reason, order.draft) == ("org.xlsx", "new year", DRAFT)
    assert panel.check is None
    assert panel.reason.text == ""


def test_a_long_check_shows_that_it_works_and_can_be_given_up(
    hands: Hands, panel: ImportPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    going = threading.Event()

    def check(*_args: object) -> ImportCheck:
        going.wait(5)
        return BAD

    monkeypatch.setattr(hands.station.organisation, "check_file", check)
    panel.look_at(tmp_path / "org.xlsx")
    assert panel.progress.isVisible()
    assert "正在试导入" in panel.said.text()
    assert not panel.choose.isEnabled()
    panel.cancel.click()
    assert not panel.progress.isVisible()
    going.set()
    hands.until(lambda: not panel.progress.isVisible())
    flush()
    assert panel.model.rowCount() == 0  # the answer that nobody waits for is dropped


def test_a_file_that_is_none_is_said_and_a_csv_asks_for_its_sheet(
    hands: Hands, panel: ImportPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def check(_path: Path, _reader: object, sheet: str) -> ImportCheck:
        asked.append(sheet)
        if not sheet:
            raise ValueError("which sheet is it?")
        return ImportCheck(source="x.csv", problems=(), counts=(), draft=OrganisationDraft())

    monkeypatch.setattr(hands.station.organisation, "check_file", check)
    panel.look_at(tmp_path / "x.csv")
    hands.until(lambda: "which sheet" in panel.said.text())
    assert panel.sheet.isVisible()
    panel.sheet.setCurrentIndex(panel.sheet.findData("people"))
    hands.until(lambda: panel.said.text() == "与现有内容完全相同，不用导入。")
    panel.look_at(tmp_path / "岗位.csv")
    hands.until(lambda: asked[-1] == "posts")


def test_template_and_export_are_written_and_the_export_leaves_a_trace(
    hands: Hands, panel: ImportPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer_dialogs(monkeypatch, tmp_path / "out")
    panel.template.click()
    hands.until(lambda: any("模板已写到" in said for said in hands.said))
    panel.export.click()
    hands.until(lambda: any("已导出 6 人" in said for said in hands.said))
    assert hands.station.organisation.written == [tmp_path / "out.xlsx"] * 2
    assert hands.orders(ExportData) == [ExportData(what="organisation", rows=6, path=str(tmp_path / "out.xlsx"))]
    hands.station.organisation.forbidden = {"people.read"}
    panel.export.click()
    hands.until(lambda: any("没有权限" in said for said in hands.said))


def test_without_the_right_nothing_can_be_chosen_and_the_lock_forgets(
    hands: Hands, panel: ImportPanel, tmp_path: Path
) -> None:
    hands.station.organisation.check = WHOLE
    panel.look_at(tmp_path / "org.xlsx")
    hands.until(lambda: panel.start.isVisible())
    hands.ctx.set_actor(None)
    assert (panel.check, panel.start.isVisible(), panel.choose.isEnabled()) == (None, False, False)
    hands.station.door.forbidden = {ImportOrganisation.action}
    hands.ctx.set_actor(hands.station.actor("li"))
    assert panel.choose.toolTip() == "当前人员没有此权限"


def test_the_place_has_five_pages_and_leads_from_gaps_to_posts_and_people(hands: Hands) -> None:
    panel = hands.show(OrganisationPanel(hands.ctx))
    hands.until(lambda: panel.gaps.text() == "缺口 8")  # counted before its page was looked at
    for page in panel.pages():
        panel.switch.buttons[page].click()
        flush()
        assert panel.stack.currentIndex() == panel.pages().index(page)
    panel.matrix.elsewhere.emit("post", "FIRE-L")
    hands.until(lambda: panel.structure.current().key == ("post", "FIRE-L"))
    panel.matrix.elsewhere.emit("person", "C1")
    hands.until(lambda: panel.people.table.current() is not None)
    assert panel.people.table.current().row.number == "C1"
    panel.structure.person_asked.emit("E1")
    assert hands.sheet(PersonCardSheet).number == "E1"
    messages().switch("en")
    assert panel.switch.buttons["matrix"].text() == "Matrix"
    assert panel.gaps.text() == "8 gaps"
    hands.ctx.set_actor(None)
    assert not panel.gaps.isVisible()
