"""The audit panel to the last click: filters, one entry, jump, verification, anchors, the auditor's package, who may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
import pytest
from PySide6.QtCore import QDate, QDateTime, QTime
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.access.check import DEEDS
from app.clock import US
from app.ports import AuditRow
from models.anchors import AnchorInfo, Finding
from models.audit_commands import AnchorTrail, NoteVerification, PackageTrail
from tests.ui.guard import KEY
from tests.ui.plant import fill
from tests.ui.station import NOW, MemoryStation
from ui.access.audit import AuditPanel
from ui.access.audit_anchors import AnchorsSheet
from ui.access.audit_filter import FROM_TO
from ui.access.audit_guard import warning_text
from ui.access.audit_package import PackageSheet
from ui.access.audit_sheet import AuditSheet
from ui.access.audit_verify import VerifySheet
from ui.i18n import messages, t
from ui.widgets.panel import PanelContext
from ui.widgets.sheet import Sheet

Keep = Callable[[QWidget], QWidget]


@pytest.fixture
def audit(ctx: PanelContext, station: MemoryStation, keep: Keep, qtbot: QtBot) -> AuditPanel:
    fill(station)
    panel = cast(AuditPanel, keep(AuditPanel(ctx)))
    keep(panel.header)
    panel.resize(1200, 500)
    panel.show()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 5)
    qtbot.waitUntil(lambda: panel.filter.person.count() > 2)
    return panel


@pytest.fixture
def opened(ctx: PanelContext, keep: Keep) -> list[Sheet]:
    """Sheets as the window would show them."""
    shown: list[Sheet] = []

    def show(sheet: Sheet) -> None:
        keep(sheet)
        sheet.resize(344, 800)
        sheet.show()
        shown.append(sheet)

    ctx.open_sheet.connect(show)
    return shown


def words(inside: QWidget) -> str:
    texts = [getattr(w, "text", None) for w in inside.findChildren(QWidget) if w.isVisibleTo(inside)]
    return "\n".join(str(text()) for text in texts if callable(text))


def ids(panel: AuditPanel) -> list[int]:
    return [row.id for row in panel.model.shown()]


# -- list and filters


def test_the_trail_shows_the_newest_first_and_filters_by_kind_and_text(audit: AuditPanel, qtbot: QtBot) -> None:
    assert ids(audit) == [5, 4, 3, 2, 1]
    audit.filter.kind.setCurrentIndex(audit.filter.kind.findData("alarm"))
    qtbot.waitUntil(lambda: ids(audit) == [4, 3, 2])
    audit.filter.search.setText("送检")
    audit.filter.search.flush()
    qtbot.waitUntil(lambda: ids(audit) == [3])
    column = [c.key for c in audit.model.columns].index("outcome")
    assert audit.model.index(0, column).data() == "拒绝"
    audit.filter.search.setText("no such thing")
    audit.filter.search.flush()
    qtbot.waitUntil(lambda: audit.table.states.note.title.text() == "没有符合条件的记录")
    audit.filter.reset.click()
    qtbot.waitUntil(lambda: ids(audit) == [5, 4, 3, 2, 1])


def test_a_person_and_an_outcome_are_chosen_or_a_login_is_typed(audit: AuditPanel, qtbot: QtBot) -> None:
    box = audit.filter.person
    box.setCurrentIndex(box.findData("wang"))
    qtbot.waitUntil(lambda: ids(audit) == [3, 2])
    audit.filter.outcome.setCurrentIndex(audit.filter.outcome.findData("refused"))
    qtbot.waitUntil(lambda: ids(audit) == [3])
    audit.filter.reset.click()
    qtbot.waitUntil(lambda: len(ids(audit)) == 5)
    box.setEditText("admin")
    line = box.lineEdit()
    assert line is not None
    line.editingFinished.emit()
    qtbot.waitUntil(lambda: ids(audit) == [5])


def test_from_and_to_bound_the_time_and_the_last_minute_belongs_to_it(
    audit: AuditPanel, station: MemoryStation, qtbot: QtBot
) -> None:
    days = audit.filter.days
    assert not audit.filter.start.isVisible()
    days.setCurrentIndex(days.findData(FROM_TO))
    assert audit.filter.start.isVisible()
    audit.filter.choose_range(NOW - 3700 * US, NOW - 1200 * US)
    qtbot.waitUntil(lambda: ids(audit) == [4, 3])
    asked = station.trail.asked[-1]
    assert asked["start_us"] % (60 * US) == asked["end_us"] % (60 * US) == 0
    assert asked["start_us"] <= NOW - 3700 * US < asked["start_us"] + 60 * US
    assert asked["end_us"] - 60 * US <= NOW - 1200 * US < asked["end_us"]
    audit.filter.start.setDateTime(QDateTime(QDate(2000, 1, 1), QTime(0, 0)))
    qtbot.waitUntil(lambda: ids(audit) == [4, 3, 2, 1])


def test_more_of_the_trail_is_fetched_by_the_page(audit: AuditPanel, station: MemoryStation, qtbot: QtBot) -> None:
    row = station.trail.rows[0]
    station.trail.rows = [msgspec.structs.replace(row, id=n, t_us=NOW - n * US) for n in range(1, 1201)]
    audit.refresh.click()
    qtbot.waitUntil(lambda: audit.model.rowCount() == 500)
    assert audit.footer.text().startswith("显示 500 / 1\N{NO-BREAK SPACE}200 行")
    audit.model.fetchMore()
    qtbot.waitUntil(lambda: audit.model.rowCount() == 1000)
    audit.model.fetchMore()
    qtbot.waitUntil(lambda: audit.model.rowCount() == 1200)
    assert not audit.model.canFetchMore()


def test_who_may_not_read_the_trail_sees_why_and_no_row(
    audit: AuditPanel, ctx: PanelContext, station: MemoryStation
) -> None:
    station.door.forbidden = {"audit.read", "audit.verify", "audit.package"}
    ctx.set_actor(station.actor("wang"))
    assert audit.model.rowCount() == 0
    assert audit.table.states.note.title.text() == t("trail.hidden")
    assert "管理员" in audit.table.states.note.hint.text()
    assert not any(b.isEnabled() for b in (audit.verify, audit.anchors, audit.package, audit.export))
    assert audit.verify.toolTip() == t("common.not_allowed")
    ctx.set_actor(None)
    assert audit.model.rowCount() == 0


def test_names_of_the_filter_are_masked_for_a_reader_without_the_right(
    audit: AuditPanel, ctx: PanelContext, station: MemoryStation, qtbot: QtBot
) -> None:
    box = audit.filter.person
    assert box.findText("王敏 (wang)") >= 0
    station.door.forbidden = {"privacy.names"}
    ctx.set_actor(station.actor("admin"))
    qtbot.waitUntil(lambda: box.findText("王* (wang)") >= 0)
    assert box.findText("王敏 (wang)") < 0


# -- one entry


def test_an_entry_shows_what_changed_in_words_with_signatures_and_chain(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    before = {"grants": [{"role": "operator", "zone": ""}], "active": True}
    after = {"grants": [{"role": "operator", "zone": "A1"}, {"role": "auditor", "zone": ""}], "active": True}
    signed = [
        {"login": "admin", "name": "赵云", "meaning": "我批准此操作", "second": False},
        {"login": "li", "name": "李建国", "meaning": "我批准此操作", "second": True},
    ]
    row = AuditRow(
        6, NOW, "admin", "赵云", "administrator", "CR-01", "rights.grant", "user:wang", "done", "轮岗", before, after,
        3, 17, signed, "ab" * 32, "cd" * 32,
    )  # fmt: skip
    station.trail.rows.append(row)
    audit.refresh.click()
    qtbot.waitUntil(lambda: len(ids(audit)) == 6)
    audit.table.select(6)
    audit.table.activated.emit(audit.table.current())
    text = words(opened[0])
    assert "授权 › 操作员 › 区域" in text
    assert "新增：授权 › 审计员" in text
    assert "可用" not in text
    assert "赵云 (admin)：我批准此操作" in text
    assert "李建国 (li)（第二签名人）：我批准此操作" in text
    assert " ".join(["abababab"] * 8) in text
    assert " ".join(["cdcdcdcd"] * 8) in text
    assert "#17" in text
    assert "{" not in text


def test_the_menu_of_a_row_opens_it_and_shows_what_was_around_it(
    audit: AuditPanel, opened: list[Sheet], qtbot: QtBot
) -> None:
    audit.table.select(3)
    menu = QMenu()
    audit._fill_menu(menu)
    for action in menu.actions():
        action.trigger()
    menu.deleteLater()
    assert isinstance(opened[0], AuditSheet)
    assert audit.filter.upto.isVisible()
    qtbot.waitUntil(lambda: (row := audit.table.current()) is not None and row.id == 3)
    audit.filter.upto.click()
    assert audit.filter.last_id is None
    assert not audit.filter.upto.isVisible()


# -- verification


def test_a_whole_trail_is_said_to_be_whole_and_the_verification_is_in_it(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    station.guard.anchor_rows = [AnchorInfo(id=1, t_us=NOW - 3 * 3600 * US, last_id=4, entries=4, key_id=KEY)]
    audit.verify.click()
    sheet = cast(VerifySheet, opened[0])
    qtbot.waitUntil(lambda: sheet.head.text() == t("trail.whole"))
    text = words(sheet)
    assert "5 条记录" in text
    assert "3 小时" in text
    assert f"{KEY[:8]} {KEY[8:]}" in text
    assert not sheet.work.isVisible()
    assert station.door.submitted[-1][0] == NoteVerification(ok=True, entries=5)


@pytest.mark.parametrize(
    "kind",
    [*DEEDS, "anchor_forged", "anchor_removed", "head_forged", "head_missing"],
)
def test_a_broken_row_is_named_explained_and_jumped_to(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot, kind: str
) -> None:
    station.guard.finding = Finding(id=3, kind=kind, detail="row 3 is not what was sealed")
    station.guard.others = (Finding(id=5, kind="deleted", detail="x"),)
    station.guard.warnings = ("the trail has no key yet: x", "something new")
    audit.filter.kind.setCurrentIndex(audit.filter.kind.findData("user"))
    qtbot.waitUntil(lambda: ids(audit) == [5])
    audit.verify.click()
    sheet = cast(VerifySheet, opened[0])
    qtbot.waitUntil(lambda: sheet.head.text() == "不完整：第 3 条起不可信")
    text = words(sheet)
    for key in (f"trail.kind.{kind}", f"trail.means.{kind}", f"trail.do.{kind}", "trail.warning.no_key"):
        assert t(key) in text
    assert "something new" in text
    assert station.door.submitted[-1][0] == NoteVerification(ok=False, entries=5, finding=f"3: {kind}")
    sheet.jump.click()
    qtbot.waitUntil(lambda: (row := audit.table.current()) is not None and row.id == 3)
    assert set(ids(audit)) >= {1, 2, 3, 4, 5}


def test_a_jump_to_a_row_that_is_gone_shows_the_one_before_it(
    audit: AuditPanel, ctx: PanelContext, station: MemoryStation, qtbot: QtBot
) -> None:
    said: list[str] = []
    ctx.toast.connect(lambda text, _level: said.append(text))
    station.trail.rows = [row for row in station.trail.rows if row.id != 3]
    audit.show_row(3)
    qtbot.waitUntil(lambda: (row := audit.table.current()) is not None and row.id == 2)
    assert said == [t("trail.row_gone", n=3, near=2)]


def test_a_verification_shows_how_far_it_is_and_is_cancelled(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    station.guard.gate.clear()
    audit.verify.click()
    sheet = cast(VerifySheet, opened[0])
    qtbot.waitUntil(lambda: sheet.work.said.text() == t("common.progress", done="1", total="5"))
    assert sheet.work.bar.value() == 200
    sheet.work.stop.click()
    station.guard.gate.set()
    qtbot.waitUntil(lambda: sheet.head.text() == t("trail.verify_stopped"))
    assert len(station.guard.steps) < 5
    assert station.door.submitted == []
    sheet.again.click()
    qtbot.waitUntil(lambda: sheet.head.text() == t("trail.whole"))


def test_closing_the_sheet_stops_the_verification(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    station.guard.gate.clear()
    audit.verify.click()
    qtbot.waitUntil(lambda: station.guard.steps == [(1, 5)])
    opened[0].close()
    station.guard.gate.set()
    qtbot.waitUntil(lambda: not cast(VerifySheet, opened[0]).work.running)
    assert len(station.guard.steps) == 2
    assert station.door.submitted == []


def test_a_verification_that_fails_says_why_and_can_be_tried_again(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    station.guard.error = OSError("head can't be read")
    audit.verify.click()
    sheet = cast(VerifySheet, opened[0])
    qtbot.waitUntil(lambda: sheet.head.text() == t("trail.not_verified"))
    assert sheet.text.text() == "head can't be read"
    station.guard.error = None
    sheet.again.click()
    qtbot.waitUntil(lambda: sheet.head.text() == t("trail.whole"))


def test_warnings_of_the_verification_are_in_the_readers_language() -> None:
    assert warning_text("a copy of the anchors can't be read: no such file") == "锚点的一份副本读不出来：no such file"
    assert warning_text("/x/a.jsonl lacks 2 of 9 anchors") == "/x/a.jsonl 缺 9 个锚点中的 2 个"
    messages().switch("en")
    assert warning_text("/x/a.jsonl lacks 2 of 9 anchors") == "/x/a.jsonl lacks 2 of 9 anchors"


# -- anchors and package


def test_an_anchor_is_made_now_and_listed(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    assert audit.guarded.text() == t("trail.no_anchor")
    audit.anchors.click()
    sheet = cast(AnchorsSheet, opened[0])
    qtbot.waitUntil(lambda: sheet.table.states.note.title.text() == t("trail.no_anchor"))
    sheet.now.click()
    qtbot.waitUntil(lambda: sheet.model.rowCount() == 1)
    assert station.door.submitted[-1][0] == AnchorTrail()
    assert sheet.now.isEnabled()
    assert KEY[:8] in sheet.key.text()
    audit.refresh.click()
    assert audit.guarded.text() == t("trail.guarded", age=t("common.age.s", n=0))


def test_trouble_with_the_guard_is_loud_in_header_and_sheet(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot
) -> None:
    station.guard.trouble = "the key can be read by others"
    audit.refresh.click()
    assert audit.guarded.text() == t("trail.trouble")
    assert audit.guarded.property("role") == "inverse"
    audit.anchors.click()
    sheet = cast(AnchorsSheet, opened[0])
    assert "the key can be read by others" in sheet.trouble.text()
    assert not sheet.now.isEnabled()
    qtbot.waitUntil(lambda: sheet.table.states.state == "note")


def test_the_package_is_written_its_sums_are_shown_and_it_is_in_the_trail(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot, tmp_path: Path
) -> None:
    audit.package.click()
    sheet = cast(PackageSheet, opened[0])
    sheet.reason.line.setText("年度审计")
    sheet.choose.click()
    dialog = sheet.findChild(QFileDialog)
    assert dialog is not None
    assert not dialog.isModal()
    dialog.fileSelected.emit(str(tmp_path / "audit"))
    dialog.close()
    qtbot.waitUntil(lambda: sheet.page.isVisible())
    path = tmp_path / "audit.zip"
    assert station.door.submitted[-1][0] == PackageTrail(path=str(path), entries=5, reason="年度审计")
    assert sheet.packed is not None
    sheet.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert sheet.packed.sha256 in copied
    assert f"check.py --key {KEY}" in copied
    assert str(path) in words(sheet)


def test_a_broken_trail_is_packed_and_said_so_and_a_failure_too(
    audit: AuditPanel, station: MemoryStation, opened: list[Sheet], qtbot: QtBot, tmp_path: Path
) -> None:
    station.guard.finding = Finding(id=2, kind="edited", detail="")
    audit.package.click()
    sheet = cast(PackageSheet, opened[0])
    sheet.pack(tmp_path / "no" / "such" / "place.zip")
    qtbot.waitUntil(lambda: sheet.said.isVisible())
    assert sheet.said.text().startswith("未能导出")
    sheet.pack(tmp_path / "a.zip")
    qtbot.waitUntil(lambda: sheet.page.isVisible())
    assert "审计已不完整（第 2 条，内容被改动）" in words(sheet)


def test_the_trail_is_exported_as_shown_and_leaves_a_trace(
    audit: AuditPanel, station: MemoryStation, qtbot: QtBot, tmp_path: Path
) -> None:
    audit.table.export(tmp_path / "trail.csv")
    qtbot.waitUntil(lambda: bool(station.door.submitted))
    text = (tmp_path / "trail.csv").read_text("utf-8-sig")
    assert text.splitlines()[1].startswith("5,")
    assert station.door.submitted[-1][0].action == "data.export"


def test_all_words_change_with_the_language(audit: AuditPanel) -> None:
    messages().switch("en")
    assert audit.verify.words() == "Verify"
    assert audit.filter.outcome.itemText(0) == "Any outcome"
    assert audit.filter.person.itemText(0) == "Everybody"
    assert audit.footer.text().startswith("5 of 5")
