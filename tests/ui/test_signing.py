"""A dangerous order asks for signatures beside the work, waits for them, and says what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.ports import Answer
from models.commands import Command, ShelveAlarms
from models.people import Actor, Credential
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation, done
from ui.access.signing import SignatureSheet
from ui.widgets.panel import PanelContext, SignatureRequest

ORDER = ShelveAlarms(occurrence_ids=(1,), for_s=60, reason="maintenance")


class Guarded:
    """The station's door, which wants signatures and knows one right password."""

    def __init__(self, station: MemoryStation, second: bool) -> None:
        self.second = second
        self.given: list[tuple[Credential, ...]] = []
        station.door.submit = self.submit  # type: ignore[method-assign] # the engine's side is proved with the door

    def submit(self, command: Command, actor: Actor, signatures: tuple[Credential, ...] = ()):
        self.given.append(signatures)
        needed = {"danger": "alarm.suppress_critical", "second": self.second}
        if not signatures:
            return done(Answer("signature_needed", params=needed))
        wrong = [s for s in signatures if s.password != "right"]
        if wrong:
            return done(Answer("signature_wrong", params={"login": wrong[0].login, "second": wrong[0].second}))
        return done(Answer(data="done"))


@pytest.fixture
def asked(ctx: PanelContext) -> Iterator[list[SignatureSheet]]:
    opened: list[SignatureSheet] = []

    def show(request: SignatureRequest) -> None:
        sheet = SignatureSheet(ctx, request)
        opened.append(sheet)
        sheet.show()

    ctx.sign.connect(show)
    yield opened
    for sheet in opened:
        sheet.close()
        sheet.deleteLater()
    flush()


def give(ctx: PanelContext) -> tuple[list[Answer], Callable[[], None]]:
    answers: list[Answer] = []
    assert ctx.order(ORDER, answers.append)
    flush()
    return answers, flush


def test_an_order_waits_for_the_password_and_a_wrong_one_leaves_the_sheet_open(
    ctx: PanelContext, station: MemoryStation, asked: list[SignatureSheet], qtbot: QtBot
) -> None:
    door = Guarded(station, second=False)
    answers, settle = give(ctx)
    assert answers == []
    (sheet,) = asked
    assert not sheet.second_login.isVisible()
    sheet.confirm.click()
    assert sheet.problem.text() == "请填写签名密码"
    sheet.password.setText("guess")
    sheet.confirm.click()
    settle()
    assert "密码不正确" in sheet.problem.text()
    assert (sheet.password.text(), sheet.isVisible(), answers) == ("", True, [])
    sheet.password.setText("right")
    sheet.confirm.click()
    settle()
    assert [answer.data for answer in answers] == ["done"]
    assert not sheet.isVisible()
    (credential,) = door.given[-1]
    assert (credential.login, credential.meaning) == (ctx.actor.login, "我对此操作负责")
    assert sheet.password.text() == ""  # nothing stays behind


def test_two_people_sign_where_two_must(
    ctx: PanelContext, station: MemoryStation, asked: list[SignatureSheet], qtbot: QtBot
) -> None:
    door = Guarded(station, second=True)
    answers, settle = give(ctx)
    (sheet,) = asked
    assert sheet.second_login.isVisible()
    sheet.meaning.setCurrentIndex(2)
    sheet.password.setText("right")
    sheet.confirm.click()
    assert sheet.problem.isVisible()
    sheet.second_login.setText("li")
    sheet.second_password.setText("nope")
    sheet.confirm.click()
    settle()
    assert "li" in sheet.problem.text()
    assert (sheet.password.text(), sheet.second_password.text()) == ("right", "")
    sheet.second_password.setText("right")
    sheet.confirm.click()
    settle()
    assert [answer.ok for answer in answers] == [True]
    assert [(c.login, c.second, c.meaning) for c in door.given[-1]] == [
        (ctx.actor.login, False, "我批准此操作"),
        ("li", True, "我批准此操作"),
    ]


def test_closing_the_sheet_calls_the_order_off(
    ctx: PanelContext, station: MemoryStation, asked: list[SignatureSheet], qtbot: QtBot
) -> None:
    door = Guarded(station, second=False)
    said: list[str] = []
    ctx.toast.connect(lambda text, _level: said.append(text))
    answers, settle = give(ctx)
    asked[0].password.setText("right")
    asked[0].close()
    settle()
    assert [answer.code for answer in answers] == ["cancelled"]
    assert said == []
    assert len(door.given) == 1
