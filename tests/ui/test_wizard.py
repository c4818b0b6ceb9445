from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from ui.access.wizard import BrokerChoice, FirstStart, Wizard, problem_text
from ui.i18n import messages, t


class Broker:
    """Answers as it was told and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: str | None = None
        self.asked: list[BrokerChoice] = []

    def __call__(self, choice: BrokerChoice) -> str | None:
        self.asked.append(choice)
        if self.answer == "raise":
            raise OSError("no route to host")
        return self.answer


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def wizard(jobs: Jobs, broker: Broker, keep: Callable[[QWidget], QWidget]) -> Wizard:
    made = cast(Wizard, keep(Wizard(lambda p, _l: "too_short" if len(p) < 10 else None, broker, jobs)))
    made.show()
    return made


def fill(wizard: Wizard) -> None:
    wizard.site.setText("南港化工")
    wizard.next.click()
    wizard.name.setText("赵云")
    wizard.login.setText("zhao")
    wizard.password.first.setText("blue-kettle-19")
    wizard.password.second.setText("blue-kettle-19")
    wizard.next.click()
    wizard.host.setText("broker.plant")


def test_each_page_must_be_complete_before_the_next(wizard: Wizard) -> None:
    assert not wizard.next.isEnabled()
    wizard.site.setText("南港化工")
    wizard.next.click()
    assert wizard.pages.currentIndex() == 1
    wizard.name.setText("赵云")
    wizard.password.first.setText("short")
    assert wizard.password.state.text() == "太短"
    assert not wizard.next.isEnabled()
    wizard.back.click()
    assert wizard.pages.currentIndex() == 0


def test_it_hands_over_a_plain_result(wizard: Wizard, qtbot: QtBot) -> None:
    fill(wizard)
    wizard.user.setText("ankan")
    wizard.broker_password.setText("secret")
    with qtbot.waitSignal(wizard.finished) as caught, qtbot.assertNotEmitted(wizard.cancelled):
        wizard.next.click()
    result: FirstStart = caught.args[0]
    assert (result.site, result.login, result.name, result.language) == ("南港化工", "zhao", "赵云", "zh")
    assert result.broker == BrokerChoice(
        host="broker.plant", port=1883, tls=False, ca=None, user="ankan", password="secret"
    )


def test_tls_changes_the_port_and_takes_a_ca(wizard: Wizard) -> None:
    fill(wizard)
    wizard.tls.setChecked(True)
    wizard.ca.setText("/etc/ca.pem")
    assert wizard.broker().port == 8883
    assert wizard.broker().ca == Path("/etc/ca.pem")
    wizard.port.setValue(9999)
    wizard.tls.setChecked(False)
    assert wizard.broker().port == 9999
    assert wizard.broker().ca is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [(None, "连接成功"), ("not authorised", "连接失败：not authorised"), ("raise", "连接失败：no route to host")],
)
def test_the_test_button_says_how_it_went(
    wizard: Wizard, broker: Broker, qtbot: QtBot, answer: str | None, said: str
) -> None:
    broker.answer = answer
    fill(wizard)
    wizard.test.click()
    qtbot.waitUntil(lambda: wizard.outcome.text() == said)
    assert broker.asked == [wizard.broker()]
    messages().switch("en")
    assert wizard.outcome.text().startswith("Co")


def test_closing_it_before_the_end_is_a_cancellation(wizard: Wizard, qtbot: QtBot) -> None:
    with qtbot.waitSignal(wizard.cancelled):
        wizard.close()


def test_a_failed_broker_test_is_told_in_words_with_what_the_system_said_and_unknown_troubles_as_they_are() -> None:
    assert problem_text("refused: [Errno 111] Connection refused") == (
        t("wizard.broker.why.refused") + " ([Errno 111] Connection refused)"
    )
    assert problem_text("Server busy") == "Server busy"
    assert problem_text("brokers.0.port: too large") == "brokers.0.port: too large"
