from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtWidgets import QMenu, QPushButton

from app.clock import US
from app.ports import Answer, DeadLetterRow
from models.commands import Command, DiscardDeadLetters, RetryDeadLetters, SaveTag
from models.events import DeadLettersChanged, Refusal
from models.people import Actor
from models.readings import TagInfo
from tests.ui.conftest import flush
from tests.ui.station import NOW, MemoryStation
from ui.i18n import has, messages
from ui.monitoring.dead_letters import DeadLetterPanel
from ui.monitoring.letters import REASONS, LetterSheet, shown_payload, size_text, unknown_tag
from ui.monitoring.tagsheet import TagSheet
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.sheet import Sheet

Until = Callable[[Callable[[], bool]], None]


def letter(number: int, reason: str = "unknown_tag", detail: str = "XX-1", state: str = "open") -> DeadLetterRow:
    return DeadLetterRow(
        number, NOW - number * US, "plant", f"ankan/v1/{detail}", '{"value": 4}', 12, reason, detail, state
    )


@pytest.fixture
def panel(
    ctx: PanelContext, tags: dict[str, TagInfo], station: MemoryStation, place: Callable[..., None], until: Until
) -> DeadLetterPanel:
    station.dead_letters.rows = [
        letter(1), letter(2), letter(3, detail="XX-2"), letter(4, "not_json", "expected true at 9"),
        letter(5, state="retried"), letter(6, "not_json", "x", "discarded"),
    ]  # fmt: skip
    made = DeadLetterPanel(ctx)
    place(made)
    until(lambda: made.model.rowCount() > 0)
    return made


def ids(panel: DeadLetterPanel) -> list[int]:
    return [row.id for row in panel.model.shown()]


def test_open_messages_come_newest_first_with_their_reason_in_words(panel: DeadLetterPanel) -> None:
    assert ids(panel) == [4, 3, 2, 1]
    reason = next(column for column in panel.model.columns if column.key == "reason")
    assert [reason.text(row) for row in panel.model.shown()][:2] == ["不是有效 JSON", "未知位号"]


def test_every_refusal_of_the_engine_is_explained() -> None:
    assert set(REASONS) == set(Refusal)
    assert all(has(f"monitoring.refusal.{code}.{part}") for code in Refusal for part in ("name", "why", "todo"))


def test_chips_count_by_reason_and_choose(panel: DeadLetterPanel, until: Until) -> None:
    assert [chip.text() for chip in panel.chips.chips.values()] == ["全部 4", "未知位号 3", "不是有效 JSON 1"]
    panel.chips.choose("not_json")
    until(lambda: ids(panel) == [4])
    panel.chips.choose("all")
    until(lambda: len(ids(panel)) == 4)


def test_state_and_search_choose(panel: DeadLetterPanel, until: Until) -> None:
    panel.state.setCurrentIndex(panel.state.findData("retried"))
    until(lambda: ids(panel) == [5])
    panel.state.setCurrentIndex(panel.state.findData(""))
    until(lambda: len(ids(panel)) == 6)
    panel.search.setText("XX-2")
    panel.search.flush()
    until(lambda: ids(panel) == [3])


def test_nothing_refused_says_that_all_is_well(panel: DeadLetterPanel, station: MemoryStation, until: Until) -> None:
    station.dead_letters.rows = []
    panel.load()
    until(lambda: panel.table.states.state == "note")
    assert panel.table.states.note.title.text() == "没有被拒收的报文"


def test_a_store_that_fails_is_said_and_can_be_asked_again(
    panel: DeadLetterPanel, station: MemoryStation, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise OSError("store is away")

    page = station.dead_letters.page
    monkeypatch.setattr(station.dead_letters, "page", broken)
    panel.load(anew=True)
    until(lambda: panel.table.states.note.hint.text() == "store is away")
    monkeypatch.setattr(station.dead_letters, "page", page)
    panel.table.states.note.action.click()
    until(lambda: len(ids(panel)) == 4)


def test_news_are_read_once_and_the_choice_stays(panel: DeadLetterPanel, station: MemoryStation, until: Until) -> None:
    panel.table.select(2)
    station.dead_letters.rows.append(letter(9))
    for count in range(100):
        station.bus.publish(DeadLettersChanged(count))
    flush()
    assert panel._later.isActive()
    panel._later.stop()
    panel.load()
    until(lambda: ids(panel)[0] == 9)
    assert [row.id for row in panel.table.selected()] == [2]


def test_while_nobody_looks_nothing_is_read(panel: DeadLetterPanel, station: MemoryStation, until: Until) -> None:
    panel.hide()
    station.dead_letters.rows.append(letter(9))
    station.bus.publish(DeadLettersChanged(5))
    flush()
    assert not panel._later.isActive()
    panel.show()
    until(lambda: ids(panel)[0] == 9)


def test_the_chosen_or_all_of_a_reason_are_retried(panel: DeadLetterPanel, orders: Callable[[], list[Command]]) -> None:
    panel.table.select(3)
    panel._fill_retry()
    entries = {action.text(): action for action in panel.retry_menu.actions() if action.text()}
    assert list(entries) == [
        "重试所选（1）",
        "重试全部“未知位号”（3）",
        "重试全部“不是有效 JSON”（1）",
        "重试全部（4）",
    ]
    entries["重试所选（1）"].trigger()
    entries["重试全部“未知位号”（3）"].trigger()
    entries["重试全部（4）"].trigger()
    assert orders() == [
        RetryDeadLetters(ids=(3,)),
        RetryDeadLetters(reason_code="unknown_tag"),
        RetryDeadLetters(),
    ]
    panel._later.stop()


def test_discarding_needs_a_reason(panel: DeadLetterPanel, orders: Callable[[], list[Command]]) -> None:
    asked: list[ReasonRequest] = []
    panel.ctx.ask.connect(asked.append)
    panel.table.select(4)
    panel.discard_button.click()
    assert asked[0].required
    asked[0].done("测试数据", None, False)
    assert orders() == [DiscardDeadLetters(ids=(4,), reason="测试数据")]


def test_who_may_not_finds_the_acts_disabled(panel: DeadLetterPanel, station: MemoryStation) -> None:
    station.door.forbidden.update({DiscardDeadLetters.action, RetryDeadLetters.action, SaveTag.action})
    panel.table.select(3)
    panel.ctx.set_actor(station.actor("wang"))
    assert not panel.retry_button.isEnabled()
    assert not panel.discard_button.isEnabled()
    menu = QMenu(panel)
    panel._fill_menu(menu)
    assert [action.isEnabled() for action in menu.actions()] == [True, False, False, False]


def test_a_refusal_of_the_door_is_said(panel: DeadLetterPanel, refuse: Callable[..., None]) -> None:
    said: list[str] = []
    panel.ctx.toast.connect(lambda text, _level: said.append(text))
    refuse("not_found", "no open refused message that was kept whole")
    panel.retry((1,))
    flush()
    assert said == ["对象已不存在"]


def test_the_sheet_shows_reason_advice_and_the_whole_payload(
    panel: DeadLetterPanel, station: MemoryStation, sheets: list[Sheet], until: Until
) -> None:
    station.dead_letters.payloads[4] = b'{"ison": tru\xff\x00' + b"x" * 5000
    station.dead_letters.rows[3] = msgspec.structs.replace(station.dead_letters.rows[3], payload_size=9_000_000)
    panel.open_sheet(station.dead_letters.rows[3])
    sheet = sheets[0]
    assert isinstance(sheet, LetterSheet)
    until(lambda: sheet.payload.toPlainText().startswith('{"ison": tru\\xff\\x00xxx'))
    assert len(sheet.payload.toPlainText()) > 5000
    assert "只保留了前 4.9 KiB" in sheet.kept.text()


def test_an_unknown_tag_is_created_from_its_message_and_then_chosen(
    panel: DeadLetterPanel, station: MemoryStation, sheets: list[Sheet], orders: Callable[[], list[Command]]
) -> None:
    panel.open_sheet(station.dead_letters.rows[0])
    create = next(b for b in sheets[0].findChildren(QPushButton) if b.text() == "新建此位号")
    create.click()
    editor = sheets[1]
    assert isinstance(editor, TagSheet)
    assert editor.name.text == "XX-1"
    editor.confirmed()
    flush()
    saved = orders()[-1]
    assert isinstance(saved, SaveTag)
    assert saved.tag.name == "XX-1"
    assert sorted(row.id for row in panel.table.selected()) == [1, 2]


@pytest.mark.parametrize(
    ("reason", "detail", "name"),
    [
        ("unknown_tag", "GD-99", "GD-99"),
        ("unknown_tag", "$sys/x", ""),
        ("not_json", "GD-99", ""),
        ("unknown_tag", "", ""),
        ("unknown_tag", "2 problems: not_json x; unknown_tag GD-98", "GD-98"),
        ("unknown_tag", "3 unknown: GD-97, GD-98, GD-99", "GD-97"),
        ("unknown_tag", "2 problems: unknown_tag 2 unknown: GD-97, GD-98; wrong_type x", "GD-97"),
    ],
)
def test_only_a_tag_that_may_exist_can_be_created(reason: str, detail: str, name: str) -> None:
    assert unknown_tag(letter(1, reason, detail)) == name


def test_sizes_and_payloads_can_be_read() -> None:
    assert [size_text(n) for n in (14, 3277, 10_485_760)] == ["14 B", "3.2 KiB", "10.0 MiB"]
    assert shown_payload("温\x1b[31m\n".encode("gbk")) == "\\xce\\xc2\\x1b[31m\n"


def test_more_pages_come_when_asked_for(panel: DeadLetterPanel, station: MemoryStation, until: Until) -> None:
    station.dead_letters.rows = [letter(n) for n in range(1, 1301)]
    panel.load(anew=True)
    until(lambda: panel.model.rowCount() == 500)
    panel.model.fetchMore()
    until(lambda: panel.model.rowCount() == 1000)
    assert panel.footer.text() == "显示 1\N{NO-BREAK SPACE}000 条，共 1\N{NO-BREAK SPACE}300 条"


def test_words_follow_the_language(panel: DeadLetterPanel) -> None:
    messages().switch("en")
    assert panel.retry_button.words() == "Retry"
    assert panel.state.itemText(0) == "Open"


def test_an_answer_with_a_count_is_said(
    panel: DeadLetterPanel, station: MemoryStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_command: Command, _actor: Actor) -> Answer:
        return Answer(data=3)

    said: list[str] = []
    panel.ctx.toast.connect(lambda text, _level: said.append(text))
    monkeypatch.setattr(station, "carry_out", answer)
    panel.retry((), "unknown_tag")
    flush()
    assert said == ["已重新送入 3 条；仍不能用的会留在这里"]
    panel._later.stop()
