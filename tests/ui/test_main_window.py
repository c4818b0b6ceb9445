from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMenu, QTabBar, QTableView, QWidget
from pytestqt.qtbot import QtBot

from models.alarms import AlarmState, Priority
from models.commands import AcknowledgeAlarms, LogOut, ShelveAlarms, SilenceSound
from models.events import (
    DeadLettersChanged,
    EngineCrashed,
    EngineStats,
    LinkChanged,
    LinkState,
    StoreFailed,
    StoreRecovered,
)
from tests.ui.conftest import flush
from tests.ui.plant import fill
from tests.ui.station import NOW, MemoryStation
from ui.i18n import messages, t
from ui.main_window import MainWindow
from ui.theme import theme
from ui.widgets.controls import Button
from ui.widgets.places import PLACES
from ui.widgets.sheet import ReasonSheet
from ui.widgets.workspace import Workspace

Open = Callable[..., MainWindow]


@pytest.fixture
def window(station: MemoryStation, open_window: Open) -> MainWindow:
    fill(station)
    made = open_window()
    flush()
    return made


def workspace(window: MainWindow) -> Workspace:
    page = window._pages["monitoring"]
    assert isinstance(page, Workspace)
    return page


def test_it_opens_on_the_operators_workspace_with_the_worst_alarm_beside_it(window: MainWindow) -> None:
    assert window.place == "monitoring"
    assert set(workspace(window).docks) == {"tree", "trends", "alarms", "values"}
    assert window.context.current == "alarm"
    assert window.alarm_detail.name.text() == "GD-07 可燃气浓度 高高"


def test_the_layout_gives_plots_sixty_and_alarms_forty_parts(window: MainWindow) -> None:
    docks = workspace(window).docks
    total = docks["trends"].height() + docks["alarms"].height()
    assert docks["trends"].height() / total == pytest.approx(0.6, abs=0.05)
    assert docks["tree"].width() == pytest.approx(theme().sizes.tree, abs=3)
    assert window.context.width() == theme().sizes.context


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (3840, 2160)])
def test_it_fits_the_screen_and_nothing_overlaps(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    flush()
    assert (window.width(), window.height()) == size
    assert window.banner.geometry().bottom() < window.stack.geometry().top()
    assert window.stack.geometry().right() < window.context.geometry().left()
    assert window.stack.geometry().bottom() < window.status.geometry().top()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_word_on_a_button_or_label_is_cut_at_the_smallest_size(window: MainWindow, language: str) -> None:
    messages().switch(language)
    window.resize(1366, 768)
    for place in PLACES:
        window.go(place.item.key)
        flush()
        cut = [
            f"{place.item.key}: {widget.text()!r} {widget.width()} < {widget.sizeHint().width()}"
            for widget in window.findChildren(QWidget)
            if isinstance(widget, QAbstractButton | QLabel)
            and widget.isVisible()
            and widget.text()
            and not (isinstance(widget, QLabel) and (widget.wordWrap() or not widget.pixmap().isNull()))
            and widget is not page_footer(widget)
            and widget.width() < widget.sizeHint().width() - 1
        ]
        assert cut == []


def page_footer(widget: QWidget) -> QWidget | None:
    """Labels that may give way (their policy says so)."""
    return widget if widget.sizePolicy().horizontalPolicy().name == "Ignored" else None


def test_every_place_opens_in_both_themes(window: MainWindow) -> None:
    for look in ("night", "day"):
        theme().switch(look)
        for place in PLACES:
            window.go(place.item.key)
            flush()
            assert window.place == place.item.key
            assert not window.grab().isNull()


def test_f2_acknowledges_f3_silences_and_both_go_through_the_door(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F2)
    qtbot.keyClick(window, Qt.Key.Key_F3)
    commands = [command for command, _ in station.door.submitted]
    assert commands == [AcknowledgeAlarms(occurrence_ids=(1,), seen=(4,)), SilenceSound()]


def test_ctrl_k_finds_a_tag_by_pinyin_and_return_goes_there(window: MainWindow, qtbot: QtBot) -> None:
    asked: list[int] = []
    window.ctx.show_on_plot.connect(lambda tag_id, _t: asked.append(tag_id))
    window.go("settings")
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    box = window.palette_box
    assert box.isVisible()
    qtbot.keyClicks(box.box, "zcwd")
    assert [item.title for item in box.model.items] == ["TE-203 轴承温度 高", "TE-203"]
    qtbot.keyClick(box.box, Qt.Key.Key_Down)
    qtbot.keyClick(box.box, Qt.Key.Key_Return)
    assert not box.isVisible()
    assert window.place == "monitoring"
    tag = window.ctx.station.tags.by_name("TE-203")
    assert tag is not None
    assert asked == [tag.id]
    assert window.context.current == "tag"


def test_the_palette_runs_commands_and_closes_with_escape(window: MainWindow, qtbot: QtBot) -> None:
    window.open_palette()
    window.palette_box.box.setText("夜间")
    qtbot.keyClick(window.palette_box.box, Qt.Key.Key_Return)
    assert theme().name == "night"
    window.open_palette()
    qtbot.keyClick(window.palette_box.box, Qt.Key.Key_Escape)
    assert not window.palette_box.isVisible()


def test_choosing_a_tag_with_a_waiting_alarm_shows_the_alarm(window: MainWindow, station: MemoryStation) -> None:
    gas, level = station.tags.by_name("GD-07"), station.tags.by_name("TK-101")
    assert gas is not None
    assert level is not None
    window.ctx.select_tag.emit(level.id)
    assert window.context.current == "tag"
    assert window.tag_detail.value.text() == "78.4"
    window.ctx.select_tag.emit(gas.id)
    assert window.context.current == "alarm"


def test_the_detail_follows_its_alarm_and_offers_what_can_be_done(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    detail = window.alarm_detail
    qtbot.waitUntil(lambda: "共 7 次" in detail.month.count.text())
    assert detail.left.text() == "响应时限 03:00 · 剩 02:19"
    assert detail.value.text() == "52.4"
    assert detail.steps.count() == 3
    assert not detail.reset_button.isVisible()
    detail.ack.click()
    window.ctx.bridge._drain_alarms()
    flush()
    assert detail.chip.text() == "已确认"
    assert not detail.ack.isEnabled()
    tag = station.tags.by_name("GD-07")
    assert tag is not None
    station.speak(tag.id, 61.5)
    window.ctx.bridge._drain_values()
    assert detail.value.text() == "61.5"


def test_an_overdue_response_says_so_without_an_alarm_colour(window: MainWindow, station: MemoryStation) -> None:
    station.clock.advance(300)
    window.alarm_detail._tick()
    assert window.alarm_detail.left.text().endswith("已超 02:41")
    assert window.alarm_detail.left.property("role") == "inverse"


def test_shelving_is_asked_in_a_sheet_that_hides_no_alarm(window: MainWindow, station: MemoryStation) -> None:
    window.alarm_detail.shelve.click()
    flush()
    sheet = window.context.sheet
    assert isinstance(sheet, ReasonSheet)
    assert sheet.geometry().width() <= window.context.width()
    assert window.banner.isVisible()
    assert window.panel("alarms.list") is not None
    sheet.confirmed()
    assert sheet.problem.text() == "请填写原因"
    sheet.reason.setPlainText("标定中")
    sheet.duration.setCurrentIndex(1)
    sheet.confirmed()
    flush()
    assert station.door.submitted[-1][0] == ShelveAlarms(occurrence_ids=(1,), reason="标定中", for_s=900.0)
    assert window.context.sheet is None
    assert window.context.current == "alarm"


def test_escape_closes_a_sheet_and_orders_nothing(window: MainWindow, station: MemoryStation, qtbot: QtBot) -> None:
    window.alarm_detail.service.click()
    flush()
    sheet = window.context.sheet
    assert sheet is not None
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    flush()
    assert window.context.sheet is None
    assert station.door.submitted == []


def test_locking_keeps_banner_and_alarms_and_closes_everything_else(
    window: MainWindow, station: MemoryStation, qtbot: QtBot
) -> None:
    window.go("settings")
    window.alarm_detail.shelve.click()
    qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    flush()
    assert isinstance(station.door.submitted[-1][0], LogOut)
    assert window.context.current == "login"
    assert window.context.sheet is None
    assert window.place == "monitoring"
    assert window.banner.isVisible()
    assert not window.banner.ack.isEnabled()
    assert not window.rail.buttons["settings"].isEnabled()
    count = len(station.door.submitted)
    window.banner.acknowledge()
    window.banner.silence()
    window.alarm_detail._acknowledge()
    assert len(station.door.submitted) == count
    assert "登录" in window.toasts.texts()[-1]


def test_another_operator_takes_over_quickly(window: MainWindow, qtbot: QtBot) -> None:
    window.lock()
    window.login.name.setEditText("wang")
    window.login.password.setText("correct horse")
    window.login.submit()
    qtbot.waitUntil(lambda: window.ctx.actor is not None)
    assert window.banner.duty.text() == "王敏"
    assert window.status.user.words() == "王敏 (操作员)"
    assert window.context.current == "alarm"
    assert window.idle.running


def test_an_unattended_station_locks_itself(window: MainWindow) -> None:
    window.idle.idle.emit()
    assert window.ctx.actor is None
    assert window.toasts.texts()[-1] == "长时间无人操作，本机已锁定"


def test_without_a_person_it_opens_locked_with_everything_in_sight(station: MemoryStation, open_window: Open) -> None:
    fill(station)
    window = open_window("")
    assert window.context.current == "login"
    assert not window.context.close_button.isVisible()
    assert window.banner.row is not None
    window.show_alarm(window.banner.row)
    assert window.context.current == "login"


def test_layouts_are_saved_restored_deleted_and_locked(window: MainWindow) -> None:
    page = workspace(window)
    page.docks["values"].hide()
    window._layouts()
    menus = window.findChildren(QMenu)
    next(action for menu in menus for action in menu.actions() if action.text() == "保存当前布局…").trigger()
    for menu in menus:
        menu.close()
    sheet = window.context.sheet
    assert isinstance(sheet, ReasonSheet)
    sheet.reason.setPlainText("夜班")
    sheet.confirmed()
    assert page.names() == ["夜班"]
    assert window.status.layout_button.words() == "布局：夜班"
    page.restore_factory()
    assert not page.docks["values"].isHidden()
    assert page.restore("夜班")
    assert page.docks["values"].isHidden()
    page.delete("夜班")
    assert not page.restore("夜班")
    window.preferences.put("kiosk", True)
    assert all(dock.features().value == 0 for dock in page.docks.values())
    assert window.status.layout_button.words().endswith("已锁定")


def test_a_dock_floats_to_another_screen_and_comes_back(window: MainWindow) -> None:
    dock = workspace(window).docks["trends"]
    dock.float_button.click()
    flush()
    assert dock.isFloating()
    dock.float_button.click()
    flush()
    assert not dock.isFloating()


def test_the_arrangement_of_the_last_day_is_there_again(
    station: MemoryStation, open_window: Open, settings: QSettings
) -> None:
    first = open_window()
    workspace(first).docks["tree"].hide()
    first.close()
    second = open_window()
    assert workspace(second).docks["tree"].isHidden()


def test_restoring_a_layout_leaves_one_bar_of_tabs_in_its_place(
    station: MemoryStation, open_window: Open, settings: QSettings
) -> None:
    open_window().close()
    window = open_window()
    page = workspace(window)
    page.save("夜班")
    for restore in (lambda: None, lambda: page.restore("夜班"), page.restore_factory):
        restore()
        window.resize(1700, 900)
        flush()
        bars = [bar for bar in page.findChildren(QTabBar) if bar.isVisible() and bar.count()]
        titles = [page.docks[name].windowTitle() for name in ("alarms", "values")]
        assert [[bar.tabText(n) for n in range(bar.count())] for bar in bars] == [titles]
        assert bars[0].geometry().top() >= page.docks["alarms"].geometry().bottom() - 1
        window.resize(1920, 1080)


def test_sizes_that_a_person_has_chosen_survive_the_night(
    station: MemoryStation, open_window: Open, settings: QSettings
) -> None:
    first = open_window()
    flush()
    page = workspace(first)
    page.resizeDocks([page.docks["trends"], page.docks["alarms"]], [30, 70], Qt.Orientation.Vertical)
    flush()
    first.close()
    second = open_window()
    flush()
    docks = workspace(second).docks
    assert docks["trends"].height() < docks["alarms"].height()


def test_a_floating_dock_counts_as_a_sign_of_life(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    dock = workspace(window).docks["trends"]
    dock.setFloating(True)
    flush()
    handle = dock.windowHandle()
    assert handle is not None
    restarted: list[bool] = []
    monkeypatch.setattr(window.idle._timer, "start", lambda: restarted.append(True))
    QApplication.sendEvent(handle, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier))
    assert restarted == [True]
    dock.setFloating(False)


def test_the_status_bar_says_what_is_lost_since_when(window: MainWindow, station: MemoryStation) -> None:
    status = window.status
    assert status.broker.label.text() == "消息代理 已连接"
    station.bus.publish(LinkChanged("plant", LinkState.DOWN, NOW, "timeout"))
    station.bus.publish(StoreFailed(NOW, "disk full", 1234))
    station.bus.publish(EngineStats(NOW, 5000.0, 5100.0, 25.0, 9, 3, 0, 7.0))
    station.bus.publish(DeadLettersChanged(9))
    station.bus.publish(EngineCrashed(NOW, "ValueError", "crash-1.txt"))
    flush()
    assert status.broker.label.text().startswith("消息代理 plant 断开 ")
    assert status.store.label.text() == "存储不可用，已缓存 1\N{NO-BREAK SPACE}234 条"
    assert status.lag.text() == "引擎延迟 25 ms"
    assert status.rate.text() == "5\N{NO-BREAK SPACE}000 条/s"
    assert status.refused.words() == "拒收 9"
    assert window.rail.buttons["dead_letters"].count == 9
    assert status.crash.text().startswith("引擎于 ")
    station.bus.publish(StoreRecovered(NOW, 1234))
    flush()
    assert status.store.label.text() == "存储 正常"
    status.refused.click()
    assert window.place == "dead_letters"


def test_language_and_theme_switch_while_it_runs_and_are_remembered(window: MainWindow, settings: QSettings) -> None:
    window.status.language.click()
    window.status.theme_button.click()
    assert window.rail.buttons["alarms"].accessibleName() == "Alarms"
    assert window.windowTitle().startswith("Ankan")
    assert settings.value("ui/language") == "en"
    assert settings.value("ui/theme") == "night"


def test_touch_mode_makes_rows_and_buttons_bigger(window: MainWindow) -> None:
    window.preferences.put("touch", True)
    flush()
    panel = window.panel("alarms.list")
    assert panel is not None
    view = panel.findChild(QTableView)
    assert isinstance(view, QTableView)
    assert view.verticalHeader().defaultSectionSize() == 44
    assert window.alarm_detail.ack.sizeHint().height() >= 44


def test_f1_opens_the_manual_or_says_that_there_is_none(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True)
    window.help()
    assert opened or window.toasts.texts()[-1] == t("frame.no_manual")


def test_everything_that_can_be_pressed_or_typed_into_has_a_name(window: MainWindow) -> None:
    for place in PLACES:
        window.go(place.item.key)
        flush()
    nameless = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLineEdit)
        and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
        and not (isinstance(widget, Button) and widget.words())
        and not widget.objectName().startswith("qt_")
        and widget.isVisibleTo(window)
    ]
    assert nameless == []


def test_a_click_on_the_banner_selects_its_alarm_in_the_list(window: MainWindow, station: MemoryStation) -> None:
    tag = station.tags.by_name("TK-102")
    assert tag is not None
    station.change(msgspec.structs.replace(station.alarms.rows[1], state=AlarmState.ACKED))
    row = station.raise_alarm(station.make_row(tag, ago_s=0, priority=Priority.CRITICAL, text="液位 低低"))
    window.ctx.bridge._drain_alarms()
    flush()
    window.banner.strip.clicked.emit()
    assert window.alarm_detail.row == row
