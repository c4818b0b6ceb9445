"""The organisation in a whole room: rights from the pack, signatures, retention by the engine, demo, command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.access.passwords import Passwords
from app.access.permissions import load_permissions
from app.bootstrap.commands.station import PASSWORD_ENV
from app.bootstrap.demo_people import demo_tables, fill_organisation
from app.bootstrap.room import DANGERS, ControlRoom
from app.config import Config, save_config
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.seed import fill_plant
from app.organisation.policy import DAY_US
from app.ports import Refused
from app.reports.excel import read_book, write_book
from main import app
from models.organisation import GapCode, PeopleQuery, PersonKind, today_us
from models.organisation_commands import ExportPrivate, PersonDraft, SavePerson
from models.people import Actor, User
from models.privacy import PrivateValues
from models.rights import Role
from tests.rights import add_user
from tests.room import START, Room

PASSWORD = "correct-Horse-7-battery"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    made.control.store.relax()
    yield made
    made.close()


def user(room: Room, role: Role) -> Actor:
    with room.store.session() as session:
        return add_user(session, role.value, role, now_us=START)


def demo(room: Room) -> Actor:
    with room.store.session() as session:
        fill_plant(session, load_demo())
        for login in ("wangmin", "lijianguo", "zhouhaiyan"):
            session.add(User(login=login, name=login, created_us=START))
    manager = user(room, Role.SAFETY_MANAGER)
    fill_organisation(room.control.wing, room.begin().door, manager)
    return manager


def test_the_demo_plant_has_a_believable_organisation_with_a_few_gaps(room: Room) -> None:
    admin = demo(room)
    organisation = room.control.organisation
    rows, total = organisation.people(PeopleQuery(), admin)
    assert total == 62
    assert {row.kind for row in rows} == set(PersonKind)
    assert len(organisation.departments(admin)) == 9
    assert {row.login: row.name for row in rows if row.login} == {
        "lijianguo": "李建国",
        "wangmin": "王敏",
        "zhouhaiyan": "周海燕",
    }
    gaps = organisation.gaps(admin)
    assert 5 <= len(gaps) <= 15
    assert {GapCode.PLACE_WITHOUT_DUTY, GapCode.DEPARTMENT_WITHOUT_HEAD, GapCode.PERSON_WITHOUT_POST} <= {
        g.code for g in gaps
    }
    assert len(demo_tables()["责任矩阵"]) > 40


def test_roles_see_and_do_what_the_pack_gives_them(room: Room) -> None:
    manager = demo(room)
    organisation = room.control.organisation
    people = {role: user(room, role) for role in Role if role is not Role.SAFETY_MANAGER}
    people[Role.SAFETY_MANAGER] = manager
    room.control.rights.reload()
    with pytest.raises(Refused):
        organisation.people(PeopleQuery(), people[Role.WORKER])
    clear = {
        role
        for role in people
        if role is not Role.WORKER and organisation.people(PeopleQuery(), people[role])[0][0].clear
    }
    assert clear == {Role.SHIFT_LEADER, Role.COMMANDER, Role.SAFETY_MANAGER, Role.TRAINING_MANAGER}
    assert organisation.inventory(people[Role.AUDITOR]).lines
    with pytest.raises(Refused):
        organisation.inventory(people[Role.OPERATOR])
    save = SavePerson(person=PersonDraft(number="N1", private=PrivateValues({"name": "新人"})))
    assert room.core.door.handle(save, people[Role.AUDITOR]).code == "forbidden"
    assert room.core.door.handle(save, people[Role.SAFETY_MANAGER]).ok


def test_taking_private_data_out_asks_for_a_signature(room: Room) -> None:
    admin = demo(room)
    answer = room.core.door.handle(ExportPrivate(fields=("phone",), path="x.xlsx", reason="x"), admin)
    assert (answer.code, answer.params["danger"]) == ("signature_needed", "privacy.export")
    assert DANGERS["privacy.export"] == ("privacy.export",)


def test_the_engine_removes_what_is_past_its_time(room: Room) -> None:
    demo(room)
    left = today_us(START) - 400 * DAY_US
    with room.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE person SET left_us = {left}, active = {'false'} WHERE number = 'V001'")
    room.core.every_second()
    assert room.rows(
        "SELECT count(*) FROM person_private p JOIN person ON person.id = person_id WHERE number = 'V001'"
    ) == [(0,)]
    ((login, outcome),) = room.rows("SELECT login, outcome FROM audit_entry WHERE action = 'privacy.purge'")
    assert (login, outcome) == ("system", "done")


# -- the command line


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a safety manager, an administrator and two areas."""
    data = tmp_path / "station"
    save_config(Config(station="CR-1"), data)
    made = ControlRoom(Config(station="CR-1"), data)
    with made.store.session() as session:
        fill_plant(session, load_demo())
        hashed = Passwords(load_permissions().password).hash(PASSWORD)
        for login, role in (("chen", Role.SAFETY_MANAGER), ("admin", Role.ADMINISTRATOR), ("op", Role.OPERATOR)):
            add_user(session, login, role, password=hashed, now_us=made.clock.now_us())
    made.stop()
    monkeypatch.setenv(PASSWORD_ENV, PASSWORD)
    return data


def ask(*words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.output, result.exception)
    return str(result.stdout)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "组织.xlsx"
    write_book(
        path,
        [
            ("部门", ["代码", "名称"], [["OPS", "生产部"]]),
            ("人员", ["工号", "姓名", "部门", "手机"], [["E1", "张大山", "OPS", "13812345678"]]),
        ],
    )
    return path


def test_a_workbook_is_checked_imported_exported_and_re_keyed_from_the_command_line(
    station: Path, book: Path, tmp_path: Path
) -> None:
    dry = json.loads(ask("people", "import", book, "--dry-run", "--json", "--data", station))
    assert (dry["imported"], dry["problems"], [c["new"] for c in dry["counts"]]) == (False, [], [1, 1])
    said = ask("people", "import", book, "--json", "--data", station, "--login", "chen", "--reason", "first")
    assert json.loads(said)["imported"] is True
    assert "13812345678" not in said
    gaps = json.loads(ask("people", "gaps", "--json", "--data", station))
    assert {gap["code"] for gap in gaps["gaps"]} == {
        "group_without_leader",
        "department_without_head",
        "person_without_post",
    }
    assert "张大山" not in str(gaps)
    inventory = json.loads(ask("privacy", "inventory", "--json", "--data", station))
    assert {line["field"]: line["values"] for line in inventory["lines"] if line["values"]} == {"name": 1, "phone": 1}
    key = json.loads(
        ask("privacy", "rotate-key", "--json", "--data", station, "--login", "admin", "--reason", "yearly")
    )
    assert (key["values"], key["keys"]) == (2, 1)
    assert key["key"] != inventory["keys"][0]["key_id"]
    out = tmp_path / "out.xlsx"
    ask("people", "export", out, "--data", station, "--login", "chen")
    assert read_book(out)["人员"][1][:2] == ["E1", "张**"]
    assert "138****5678" in str(read_book(out)["人员"])


def test_bad_cells_are_told_and_nothing_is_written(station: Path, tmp_path: Path) -> None:
    path = tmp_path / "人员.csv"
    path.write_bytes("工号,姓名,部门\r\nE1,张大山,NO\r\n,李四,\r\n".encode("gbk"))
    text = ask("people", "import", path, "--data", station, "--login", "chen", code=1)
    assert "人员!C2" in text
    assert "人员!A3" in text
    assert "nothing was written" in text
    assert (
        json.loads(ask("people", "import", path, "--dry-run", "--json", "--data", station, code=1))["imported"] is False
    )


def test_who_may_not_or_does_not_say_who_they_are_is_sent_away(
    station: Path, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("people", "import", book, "--data", station, code=2)
    ask("people", "import", book, "--data", station, "--login", "op", code=3)
    ask("privacy", "rotate-key", "--data", station, "--login", "chen", "--reason", "x", code=3)
    ask("privacy", "rotate-key", "--data", station, "--login", "admin", code=3)
    ask("people", "import", tmp_path / "no.xlsx", "--dry-run", "--data", station, code=2)
    ask("people", "export", tmp_path / "x.csv", "--data", station, "--login", "chen", code=2)
    monkeypatch.setenv(PASSWORD_ENV, "wrong")
    ask("people", "import", book, "--data", station, "--login", "chen", code=3)


def test_the_template_can_be_filled_in(station: Path, tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    ask("people", "template", path, "--data", station)
    assert list(read_book(path))[-1] == "说明"
