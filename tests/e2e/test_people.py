"""An organisation comes in from Excel: bad cells named and mended, imported, a phone number revealed, all found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel

from app.access.passwords import Passwords
from app.access.permissions import load_permissions
from models.privacy import PrivateField
from models.rights import Role
from tests.e2e.desk import PASSWORD, Desk, desk, prepare, t
from tests.rights import add_user
from tests.room import START, Room
from tests.servers import Mosquitto
from tests.ui.conftest import clean, themed
from ui.organisation.group import GroupPanel
from ui.organisation.importing import ImportPanel
from ui.organisation.matrix import MatrixPanel
from ui.organisation.panel import OrganisationPanel
from ui.organisation.people import PeoplePanel
from ui.organisation.personcard import PersonCardSheet
from ui.organisation.structure import StructurePanel

__all__ = ["clean", "desk", "themed"]  # fixtures
pytestmark = [pytest.mark.server, pytest.mark.slow]

PHONE = "13812345678"


def write_book(path: Path, phone: str, post: str) -> None:
    """Two departments, two posts, two people, a leader."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in {
        "部门": [["代码", "名称", "上级"], ["MGT", "厂部", ""], ["HSE", "安全环保部", "MGT"]],
        "岗位": [
            ["代码", "名称", "部门", "层级", "部门负责人岗位"],
            ["GM", "总经理", "MGT", "主要负责人", "是"],
            ["HSE-M", "安全部经理", "HSE", "管理人员", "是"],
        ],
        "人员": [
            ["工号", "姓名", "类别", "部门", "岗位", "手机"],
            ["E1", "郑月娥", "员工", "MGT", "GM", phone],
            ["E2", "赖子轩", "员工", "HSE", post, "13900000002"],
        ],
        "领导小组": [["工号", "组内职务", "职责"], ["E1", "组长", "全面负责"]],
    }.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


@pytest.fixture
def station(desk: Desk, mosquitto: Mosquitto) -> Desk:
    """A station with a safety manager, nothing running."""
    prepare(desk.directory, mosquitto.port)
    room = Room(desk.directory)
    hashed = Passwords(load_permissions().password).hash(PASSWORD)
    with room.store.session() as session:
        add_user(session, "zhou", Role.SAFETY_MANAGER, name="周海燕", now_us=START, password=hashed)
    room.close()
    return desk


def page(desk: Desk, key: str) -> None:
    """A page of the place, by its button."""
    desk.click(desk.panel(OrganisationPanel).switch.buttons[key])


def test_an_organisation_is_imported_revealed_traced_and_still_there_after_a_restart(
    station: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, path = station, tmp_path / "org.xlsx"

    def show(dialog: QFileDialog) -> None:
        dialog.fileSelected.emit(str(path))
        dialog.done(QDialog.DialogCode.Accepted)

    monkeypatch.setattr(QFileDialog, "show", show)
    desk.open("zhou")
    desk.go("people")
    page(desk, "import")
    importing = desk.panel(ImportPanel)
    write_book(path, "12", "NOPE")
    desk.click(importing.choose)
    desk.until(lambda: importing.model.rowCount() == 2, "two bad cells")
    assert {(p.sheet, p.cell) for _, p in importing.model.shown()} == {("人员", "F2"), ("人员", "E3")}
    assert not importing.start.isVisible()

    write_book(path, PHONE, "HSE-M")
    desk.click(importing.again)
    desk.until(importing.start.isVisible, "a whole file")
    QTest.keyClicks(importing.reason.editor, "first list")
    desk.click(importing.start)
    desk.heard(t("organisation.import.done", new=7, changed=0))
    assert [row.reason for row in desk.trail(action="organisation.import")] == ["first list"]

    page(desk, "people")
    people = desk.panel(PeoplePanel)
    desk.until(lambda: people.model.rowCount() == 2, "two people")
    row = people.model.shown()[0]
    assert desk.cells(people.table, row.key)["name"] == "郑月娥"
    desk.pick(people.table, row.key)
    desk.click(people.card)
    card = desk.sheet(PersonCardSheet)
    phone = card.values[PrivateField.PHONE]
    desk.until(lambda: phone.text() == "138****5678", "the mask")
    desk.click(card.boxes[PrivateField.PHONE])
    desk.click(card.reveal)
    assert card.reason.problem.text() == t("common.reason_needed")
    QTest.keyClicks(card.reason.editor, "call home")
    desk.click(card.reveal)
    desk.until(lambda: phone.text() == PHONE, "the number in clear")
    (seen,) = desk.trail(action="privacy.reveal")
    assert (seen.login, seen.reason, seen.target, seen.after) == (
        "zhou", "call home", "person:E1", {"fields": ["phone"]},
    )  # fmt: skip
    assert not [entry for entry in desk.trail() if PHONE in repr(entry)]
    desk.lock()
    assert not desk.shown.context.isHidden()
    assert PHONE not in phone_texts(desk)
    desk.stop()

    desk.open("zhou")
    desk.go("people")
    structure = desk.panel(StructurePanel)
    desk.until(lambda: structure.model.find(("post", "HSE-M")).isValid(), "the post")
    page(desk, "group")
    group = desk.panel(GroupPanel)
    desk.until(lambda: [card.member.name for card in group.cards] == ["郑月娥"], "the leader")
    page(desk, "matrix")
    matrix = desk.panel(MatrixPanel)
    desk.until(lambda: matrix.gaps.model.rowCount() > 0, "gaps")
    page(desk, "people")
    people = desk.panel(PeoplePanel)
    desk.until(lambda: people.model.rowCount() == 2, "two people again")
    assert "1381234" not in repr(people.model.all_rows())


def phone_texts(desk: Desk) -> str:
    """All words of all labels, seen or not."""
    return "\n".join(label.text() for label in desk.shown.findChildren(QLabel))
