from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.paths import resource_path
from app.ports import Answer
from models.alarms import AlarmState, Priority
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.alarms.figures import LimitBar, MonthBars
from ui.alarms.month import DAYS, per_day
from ui.i18n import messages
from ui.theme import theme
from ui.widgets.context import ContextColumn
from ui.widgets.controls import Button, ChipGroup, SearchBox, SegmentedButtons, button
from ui.widgets.icons import icon, pixmap
from ui.widgets.palette import PaletteItem, search
from ui.widgets.panel import PanelContext, PanelHeader, ReasonRequest, answer_text
from ui.widgets.pinyin import initials, matches
from ui.widgets.shapes import AlarmShape, paint_alarm_shape
from ui.widgets.sheet import ReasonSheet
from ui.widgets.toasts import AT_MOST, ToastArea

Keep = Callable[[QWidget], QWidget]
UI = Path(__file__).resolve().parents[2] / "ui"


def drawn(priority: Priority, state: AlarmState) -> QImage:
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    image.fill(theme().color("g0"))
    painter = QPainter(image)
    paint_alarm_shape(painter, QRectF(0, 0, 16, 16), priority, state)
    painter.end()
    return image


def test_priorities_differ_by_shape_and_states_by_fill_even_without_colour() -> None:
    def grey(image: QImage) -> bytes:
        grey_image = image.convertToFormat(QImage.Format.Format_Mono, Qt.ImageConversionFlag.ThresholdDither)
        return bytes(grey_image.constBits())

    worst = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW)
    assert len({grey(drawn(p, AlarmState.RTNUN)) for p in worst}) == 4
    states = (AlarmState.UNACK, AlarmState.ACKED, AlarmState.RTNUN, AlarmState.SHLVD)
    assert len({grey(drawn(Priority.CRITICAL, s)) for s in states}) == 4


def test_an_unacknowledged_shape_is_filled_with_its_priority() -> None:
    image = drawn(Priority.CRITICAL, AlarmState.UNACK)
    assert image.pixelColor(8, 8) == QColor(theme().tokens.crit)
    assert drawn(Priority.CRITICAL, AlarmState.ACKED).pixelColor(8, 8) == QColor(theme().tokens.g0)


def test_a_shape_says_its_meaning_to_screen_readers(keep: Keep) -> None:
    shape = cast(AlarmShape, keep(AlarmShape()))
    shape.show_alarm(Priority.HIGH, AlarmState.ACKED)
    assert shape.accessibleName() == "高 已确认"


def test_every_icon_is_used_and_every_used_icon_exists() -> None:
    import re

    text = "\n".join(path.read_text("utf-8") for path in UI.rglob("*.py"))
    shipped = {path.stem for path in resource_path("icons").glob("*.svg")}
    named = set(re.findall(r"""["']([a-z][a-z-]*)["']""", text))
    assert shipped - named == set()


def test_icons_take_the_colour_of_the_theme_and_dim_when_disabled(keep: Keep) -> None:
    day = pixmap("bell").toImage()
    part = cast(Button, keep(button("bell")))
    before = part.icon().pixmap(16).toImage()
    theme().switch("night")
    assert pixmap("bell").toImage() != day
    assert part.icon().pixmap(16).toImage() != before
    assert icon("bell").pixmap(16).toImage() == part.icon().pixmap(16).toImage()


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")


@pytest.mark.parametrize(("text", "short"), [("可燃气", "krq"), ("1# 罐", "1# g"), ("TK-101", "tk-101"), ("", "")])
def test_pinyin_initials(text: str, short: str) -> None:
    assert initials(text) == short


def test_every_word_of_a_search_must_be_found_somewhere() -> None:
    assert matches("krq b", "可燃气", "罐区B")
    assert not matches("krq x", "可燃气", "罐区B")


def test_the_palette_ranks_titles_before_hints() -> None:
    ran: list[str] = []
    items = [
        PaletteItem("P-203", "罐区B", "frame.kind.tag", "trend", lambda: ran.append("tag")),
        PaletteItem("罐区B 液位", "", "frame.kind.alarm", "bell", lambda: ran.append("alarm")),
    ]
    assert [item.title for item in search("gq", items)] == ["罐区B 液位", "P-203"]
    assert search("nothing", items) == []
    assert len(search("", items)) == 2


def test_toasts_stack_to_a_few_are_not_doubled_and_go_by_themselves(keep: Keep) -> None:
    host = keep(QWidget())
    host.resize(900, 600)
    host.show()
    area = ToastArea(host)
    for number in range(AT_MOST + 2):
        area.show_text(f"message {number}", "info")
    area.show_text(f"message {AT_MOST + 1}", "warning")
    flush()
    assert area.texts() == [f"message {n}" for n in range(2, AT_MOST + 2)]
    assert host.rect().contains(area.geometry())
    for toast in area._toasts():
        toast.deleteLater()
    flush()
    assert area.isHidden()


def test_a_sheet_takes_a_quick_phrase_and_ctrl_return(keep: Keep, qtbot: QtBot) -> None:
    answers: list[tuple[str, float | None, bool]] = []
    request = ReasonRequest(
        title="a",
        text="b",
        confirm="c",
        done=lambda *answer: answers.append(answer),
        phrases=("标定中",),
        durations=(900.0, 3600.0),
        one_shot=True,
    )
    sheet = cast(ReasonSheet, keep(ReasonSheet(request)))
    sheet.show()
    next(part for part in sheet.findChildren(Button) if part.words() == "标定中").click()
    sheet.one_shot.setChecked(True)
    qtbot.keyClick(sheet.reason, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert answers == [("标定中", 900.0, True)]


def test_a_double_click_on_confirm_orders_once_and_hits_nothing_beneath(keep: Keep) -> None:
    got: list[str] = []
    column = cast(ContextColumn, keep(ContextColumn()))
    under = QPushButton("under")
    under.clicked.connect(lambda: got.append("under"))
    column.add("view", under, "frame.context")
    column.show_view("view")
    column.resize(344, 700)
    column.show()
    request = ReasonRequest(title="t", text="x", confirm="ok", done=lambda reason, _s, _o: got.append(reason))
    sheet = ReasonSheet(request)
    column.open_sheet(sheet)
    flush()
    sheet.reason.setPlainText("检修中")
    spot = sheet.confirm.mapTo(column, sheet.confirm.rect().center())
    sheet.confirm.click()
    sheet.confirm.click()
    flush()
    window = column.windowHandle()
    for _ in range(2):
        QTest.mouseClick(window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)
    assert got == ["检修中"]
    column._settle.timeout.emit()
    QTest.mouseClick(window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)
    assert got == ["检修中", "under"]


def test_toasts_that_come_together_keep_their_height(keep: Keep) -> None:
    host = keep(QWidget())
    host.resize(900, 600)
    area = ToastArea(host)
    host.show()
    for number in range(AT_MOST):
        area.show_text(f"已确认 {number} 条报警", "ok")
    flush()
    assert all(toast.height() >= toast.heightForWidth(toast.width()) > 20 for toast in area._toasts())
    tall = area.height()
    for toast in area._toasts()[1:]:
        toast.deleteLater()
    flush()
    flush()
    assert area.height() * 2 < tall


def test_segments_and_chips_say_what_was_chosen(keep: Keep) -> None:
    heard: list[str] = []
    segments, chips = SegmentedButtons(("a", "b")), ChipGroup(("x", "y"))
    keep(segments)
    keep(chips)
    segments.chosen.connect(heard.append)
    chips.chosen.connect(heard.append)
    segments.buttons["b"].click()
    chips.chips["y"].click()
    segments.select("a")
    assert heard == ["b", "y"]
    assert (segments.current, chips.current) == ("a", "y")


def test_chips_give_way_to_a_menu_but_never_the_one_that_is_on(keep: Keep) -> None:
    holder = keep(QWidget())
    chips = ChipGroup(("first", "second", "third"), holder)
    for key, chip in chips.chips.items():
        chip.show_text(key * 3)
    chips.choose("third")
    holder.resize(900, 40)
    chips.resize(150, 24)
    holder.show()
    flush()
    assert chips.collapsed
    assert chips.chips["third"].isVisible()
    assert not chips.chips["first"].isVisible()
    chips.resize(900, 24)
    flush()
    assert chips.chips["first"].isVisible()


def test_a_narrow_header_shrinks_search_and_then_words(keep: Keep) -> None:
    holder = keep(QWidget())
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    header, box, part = PanelHeader(), SearchBox(), button("export", "flat")
    header.title.setText("报警")
    box.setFixedWidth(200)
    part.setText("导出导出导出")
    header.right.addWidget(box)
    header.right.addWidget(part)
    row.addWidget(header)
    holder.resize(600, 40)
    holder.show()
    flush()
    assert (box.width(), part.icon_only) == (200, False)
    holder.resize(300, 40)
    flush()
    assert (box.width(), part.icon_only) == (120, False)
    holder.resize(210, 40)
    flush()
    assert part.icon_only
    assert part.accessibleName() == "导出导出导出"
    holder.resize(600, 40)
    flush()
    assert (box.width(), part.icon_only, part.text()) == (200, False, "导出导出导出")


def test_the_search_box_waits_a_moment_and_escape_empties_it(keep: Keep, qtbot: QtBot) -> None:
    box = cast(SearchBox, keep(SearchBox()))
    box.show_key("Ctrl+K")
    box.show()
    assert box.key_cap.isVisible()
    with qtbot.waitSignal(box.searched) as caught:
        qtbot.keyClicks(box, "gd-07 ")
    assert caught.args == ["gd-07"]
    assert not box.key_cap.isVisible()
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == ""
    box.flush()


def test_figures_speak_and_paint(keep: Keep, station: MemoryStation) -> None:
    bar, month = cast(LimitBar, keep(LimitBar())), cast(MonthBars, keep(MonthBars()))
    bar.resize(300, 32)
    bar.show_value(52.4, 0, 100, [("HH", 50.0), ("H", 25.0)], Priority.CRITICAL, 1)
    assert bar.accessibleName() == "52.4 · H 25, HH 50"
    assert bar.grab().toImage().pixelColor(10, 7) == QColor(theme().tokens.crit)
    month.resize(300, 56)
    month.show_days([0] * 29 + [3], "10-25", "今天", "共 3 次")
    assert month.accessibleName() == "共 3 次"
    row = station.make_row(station.add_tag("T-1"), ago_s=86_400 * 2)
    days = per_day([row, row], station.now_us())
    assert (len(days), days[DAYS - 3], sum(days)) == (DAYS, 2, 2)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("forbidden"), "没有权限执行此操作"),
        (Answer("too_long", params={"max_s": 600}), "时间太长，最长 10 分"),
        (Answer("weak_password", params={"weakness": "common"}), "太常见，容易被猜到"),
        (Answer("conflict", params={"field": "login"}), "登录名已被占用"),
        (Answer("kind_fixed"), "未能完成：kind_fixed"),
        (Answer("never_heard_of", "detail in English"), "未能完成：detail in English"),
    ],
)
def test_refusals_are_put_in_words_and_an_unknown_one_is_not_swallowed(answer: Answer, said: str) -> None:
    assert answer_text(answer) == said
    messages().switch("en")
    assert answer_text(answer) != said


def test_slow_questions_come_back_on_the_qt_thread_and_not_to_the_dead(
    ctx: PanelContext, keep: Keep, qtbot: QtBot
) -> None:
    import threading

    came: list[str] = []
    owner, gone = keep(QWidget()), QWidget()
    ctx.work(gone, lambda: "late", came.append)
    gone.deleteLater()
    flush()
    ctx.work(
        owner,
        lambda: threading.current_thread().name,
        lambda name: came.extend((name, threading.current_thread().name)),
    )
    qtbot.waitUntil(lambda: len(came) == 2)
    assert came[0].startswith("ankan-job")
    assert came[1] == "MainThread"


def test_a_failed_question_is_said(ctx: PanelContext, keep: Keep, qtbot: QtBot) -> None:
    def fail() -> None:
        raise OSError("disk")

    with qtbot.waitSignal(ctx.toast) as caught:
        ctx.work(keep(QWidget()), fail, lambda _none: None)
    assert caught.args == ["未能完成：disk", "warning"]
