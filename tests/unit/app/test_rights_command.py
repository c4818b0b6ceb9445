"""The command line's answers about rights are those of the panel: same book, with grounds, and an exit code to script on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bootstrap.room import ControlRoom
from app.config import Config, save_config
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.seed import fill_plant
from main import app
from models.rights import Role
from tests.rights import add_user


@pytest.fixture
def station(tmp_path: Path) -> Path:
    data = tmp_path / "station"
    save_config(Config(station="CR-1"), data)
    room = ControlRoom(Config(station="CR-1"), data)
    with room.store.session() as session:
        fill_plant(session, load_demo())
        add_user(session, "chen", Role.ADMINISTRATOR, now_us=room.clock.now_us())
        add_user(session, "op", Role.OPERATOR, zone="TFA", now_us=room.clock.now_us())
    room.stop()
    return data


def ask(data: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["rights", *words, "--data", str(data)])
    assert result.exit_code == code, (result.output, result.exception)
    return str(result.stdout)


def test_what_somebody_may_do_is_explained_with_its_grounds(station: Path) -> None:
    answers = json.loads(ask(station, "explain", "op", "--json"))["answers"]
    by_action = {answer["action"]: answer for answer in answers}
    assert by_action["alarm.acknowledge"]["because"][0]["zone"] == "TFA"
    assert (by_action["user.create"]["allowed"], by_action["user.create"]["why_not"]) == (False, "no_role")
    one = ("explain", "OP", "--action", "alarm.acknowledge")
    assert "operator in TFA" in ask(station, *one, "--zone", "TFA")
    assert "not_here" in ask(station, *one, "--zone", "", code=1)


def test_who_may_do_something_there(station: Path) -> None:
    found = json.loads(ask(station, "who", "alarm.acknowledge", "--zone", "TFA", "--json"))
    assert [answer["login"] for answer in found["answers"]] == ["chen", "op"]
    found = json.loads(ask(station, "who", "rights.grant", "--json"))
    assert [answer["login"] for answer in found["answers"]] == ["chen"]


@pytest.mark.parametrize(
    "words",
    [
        ("who", "fly"),
        ("who", "alarm.shelve", "--zone", "Mars"),
        ("explain", "nobody"),
        ("explain", "op", "--action", "x"),
    ],
)
def test_what_is_not_there_is_said(station: Path, words: tuple[str, ...]) -> None:
    ask(station, *words, code=2)
