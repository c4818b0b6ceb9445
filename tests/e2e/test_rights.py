"""Rights from the window through the real room: a dangerous order is signed, a role in one area ends at its fence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from models.alarms import AlarmDefinition, AlarmState, Condition, ConditionKind, Priority
from models.readings import Place, PlaceKind, Tag
from tests.e2e.desk import PASSWORD, Desk, prepare
from tests.rights import add_user
from tests.room import Room
from tests.servers import Mosquitto
from ui.access.panel import AccessPanel
from ui.access.signing import SignatureSheet
from ui.access.usersheet import UserSheet
from ui.i18n import t
from ui.widgets.sheet import ReasonSheet

pytestmark = [pytest.mark.server, pytest.mark.slow]


def guard(tag: str, priority: Priority) -> AlarmDefinition:
    condition = Condition(kind=ConditionKind.HH, limit=80, priority=priority)
    return AlarmDefinition(key=f"{tag}.HH", tag=tag, text=f"{tag} 高高", conditions=(condition,))


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Desk]:
    directory = tmp_path / "station"
    prepare(directory, mosquitto.port)
    room = Room(directory)
    with room.store.session() as session:
        plant = Place(code="N", kind=PlaceKind.PLANT, name="南港")
        session.add(plant)
        session.flush()
        areas = [Place(code=code, kind=PlaceKind.AREA, name=code, parent_id=plant.id) for code in ("A1", "A2")]
        session.add_all(areas)
        session.flush()
        session.add_all([Tag(name="TT-1", place_id=areas[0].id), Tag(name="TT-2", place_id=areas[1].id)])
        hashed = room.control.people._passwords.hash(PASSWORD)
        add_user(session, "chen", "operator", name="陈一", zone="A1", password=hashed)
    room.guard(guard("TT-1", Priority.CRITICAL), guard("TT-2", Priority.HIGH))
    room.close()
    made = Desk(qtbot, directory)
    yield made
    made.stop()


def linked(desk: Desk) -> None:
    assert desk.room is not None
    desk.until(lambda: desk.room is not None and desk.room.links()[0].state == "up", "the link")


def rows(desk: Desk, action: str) -> list[Any]:
    return desk.trail(action=action)


def test_shelving_a_critical_alarm_waits_for_the_password_and_stands_signed_in_the_trail(
    desk: Desk, mosquitto: Mosquitto
) -> None:
    desk.open("wang")
    linked(desk)
    mosquitto.publish("ankan/v1/TT-1", ["90"])
    row = desk.alarm("TT-1")
    desk.row_menu(desk.alarms().table, row.occurrence_id)
    desk.choose(t("alarms.shelve"))
    sheet = desk.sheet(ReasonSheet)
    QTest.keyClicks(sheet.reason, "valve is being changed")
    desk.click(sheet.confirm)
    sign = desk.sheet(SignatureSheet)
    desk.type(sign.password, "not my password")
    desk.click(sign.confirm)
    desk.until(lambda: sign.problem.isVisible(), "what is wrong")
    assert desk.alarm("TT-1").state is AlarmState.UNACK
    desk.type(sign.password, PASSWORD)
    desk.click(sign.confirm)
    desk.no_sheet()
    desk.until(lambda: rows(desk, "alarm.shelve")[0].outcome == "done", "the shelving")
    done = rows(desk, "alarm.shelve")[0]
    assert (done.login, done.station, done.reason) == ("wang", "CTRL-1", "valve is being changed")
    assert [(s["login"], s["meaning"], s["second"]) for s in done.signed] == [("wang", "我对此操作负责", False)]
    assert PASSWORD not in repr(desk.trail())


def test_a_role_held_in_one_area_ends_at_its_fence_and_a_new_grant_counts_at_once(
    desk: Desk, mosquitto: Mosquitto
) -> None:
    window = desk.open("chen")
    linked(desk)
    mosquitto.publish("ankan/v1/TT-2", ["90"])
    row = desk.alarm("TT-2")
    desk.row_menu(desk.alarms().table, row.occurrence_id)
    desk.choose(t("alarms.acknowledge"))
    desk.heard(t("answers.forbidden_here", zone="A2"))
    assert desk.alarm("TT-2").state is AlarmState.UNACK
    refused = rows(desk, "alarm.acknowledge")[0]
    assert (refused.login, refused.outcome, refused.after["code"]) == ("chen", "refused", "forbidden_here")

    desk.lock()
    desk.log_in("zhao")
    window.go("access")
    panel = window.panel("access.people")
    assert isinstance(panel, AccessPanel)
    users = panel.users
    desk.until(lambda: users.model.rowCount() == 4, "the users")
    chen = next(user for user in users.model.all_rows() if user.login == "chen")
    users.table.select(chen.id)
    desk.click(users.edit)
    sheet = desk.sheet(UserSheet)
    grant = sheet.grants.rows[0]
    grant.zone.setCurrentIndex(grant.zone.findData("A2"))
    sheet.reason.box.setPlainText("moved to loading")
    desk.click(sheet.confirm)
    sign = desk.sheet(SignatureSheet)
    desk.type(sign.password, PASSWORD)
    desk.click(sign.confirm)
    desk.no_sheet()
    granted = rows(desk, "rights.grant")[0]
    assert (granted.before["grants"][0]["zone"], granted.after["grants"][0]["zone"]) == ("A1", "A2")
    assert granted.signed[0]["login"] == "zhao"

    desk.lock()
    desk.log_in("chen")
    window.go("alarms")
    row = desk.alarm("TT-2")
    desk.row_menu(desk.alarms().table, row.occurrence_id)
    desk.choose(t("alarms.acknowledge"))
    desk.alarm("TT-2", lambda r: r.acked_by == "陈一")
