"""A whole station with a real directory behind its login, on both databases: in, out, changed groups, outage, second step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access import totp
from app.bootstrap.room import ControlRoom
from app.clock import US, ManualClock
from app.config import Config, ConfigError, DirectoryConfig, GroupGrant, StoreConfig
from app.ports import Refused
from app.store.engine import Store
from models.login_commands import ConfirmTotp, EnrolTotp
from models.people import Actor
from tests.servers import Slapd, make_certificates

pytestmark = pytest.mark.server

PASSWORD = "right horse 7"
LDIF = f"""
dn: dc=plant
objectClass: organization
objectClass: dcObject
o: Plant
dc: plant

dn: uid=li.na,dc=plant
objectClass: inetOrgPerson
uid: li.na
cn: 李娜
sn: 李
userPassword: {PASSWORD}

dn: cn=ops,dc=plant
objectClass: groupOfNames
cn: ops
member: uid=li.na,dc=plant

dn: cn=leaders,dc=plant
objectClass: groupOfNames
cn: leaders
member: cn=nobody,dc=plant
"""
JOIN = "dn: cn=leaders,dc=plant\nchangetype: modify\nadd: member\nmember: uid=li.na,dc=plant\n"
LEAVE = "dn: cn=ops,dc=plant\nchangetype: modify\nreplace: member\nmember: cn=nobody,dc=plant\n"


@pytest.fixture
def slapd(tmp_path: Path) -> Iterator[Slapd]:
    made = Slapd(tmp_path, make_certificates(tmp_path)).start()
    made.add(LDIF)
    yield made
    made.stop()


@pytest.fixture
def settings(slapd: Slapd, tmp_path: Path) -> dict[str, Any]:
    return {
        "servers": (f"ldap://127.0.0.1:{slapd.port}",),
        "ca": tmp_path / "ca.pem",
        "search_base": "dc=plant",
        "timeout_s": 2,
        "grants": (
            GroupGrant(group="cn=ops,dc=plant", role="operator"),
            GroupGrant(group="cn=leaders,dc=plant", role="shift_leader"),
        ),
    }


@pytest.fixture
def room(settings: dict[str, Any], store: Store, tmp_path: Path) -> Iterator[ControlRoom]:
    url = store.engine.url.render_as_string(hide_password=False)
    config = Config(directory=DirectoryConfig(**settings), store=StoreConfig(url=url), site="东方罐区")
    made = ControlRoom(config, tmp_path / "station", ManualClock(1_764_000_000 * US))
    made.start()
    yield made
    made.stop()


def test_a_person_of_the_directory_from_the_first_login_to_the_outage(room: ControlRoom, slapd: Slapd) -> None:
    first = room.people.log_in("Li.Na", PASSWORD).result()
    assert first.actor is not None
    assert (first.actor.login, first.actor.name, first.actor.roles) == ("li.na", "李娜", ("operator",))
    assert room.people.log_in("li.na", "wrong").result().code == "wrong"
    slapd.add(JOIN, modify=True)
    slapd.add(LEAVE, modify=True)
    second = room.people.log_in("li.na", PASSWORD).result()
    assert second.actor is not None
    assert second.actor.roles == ("shift_leader",)
    assert room.rights.allowed("signature.second", second.actor)
    assert room.rights.allowed("signature.second", first.actor)  # an open session follows at once
    slapd.stop()
    assert room.people.log_in("li.na", PASSWORD).result().code == "directory_unavailable"
    slapd.start()
    assert room.people.log_in("li.na", PASSWORD).result().code == "done"


def test_an_administrator_sees_whether_the_directory_answers_and_nobody_else_its_servers(
    room: ControlRoom, slapd: Slapd
) -> None:
    first = "right-Horse-7-battery"
    assert room.people.create_first("zhao", "赵云", first).result().ok
    boss = room.people.log_in("zhao", first).result().actor
    person = room.people.log_in("li.na", PASSWORD).result().actor
    assert boss is not None
    assert person is not None
    assert room.directory.configured
    assert room.directory.last(boss) is None
    assert [server.problem for server in room.directory.check(boss).servers] == [""]
    slapd.stop()
    found = room.directory.check(boss)
    assert found.servers[0].problem
    assert room.directory.last(boss) == found
    with pytest.raises(Refused):
        room.directory.servers(person)


def test_a_second_step_for_a_person_of_the_directory(room: ControlRoom, slapd: Slapd) -> None:
    assert isinstance(room.clock, ManualClock)
    person = room.people.log_in("li.na", PASSWORD).result().actor
    assert isinstance(person, Actor)
    offer = room.door.submit(EnrolTotp(password=PASSWORD), person).result().data
    assert "%E4%B8%9C%E6%96%B9" in offer.uri
    code = totp.code_at(offer.secret, room.clock.now_us())
    papers = room.door.submit(ConfirmTotp(code=code), person).result().data
    assert room.people.log_in("li.na", PASSWORD).result().code == "totp_needed"
    assert room.people.log_in("li.na", PASSWORD, code).result().code == "wrong_code"  # used a moment ago
    room.clock.advance(30)
    code = totp.code_at(offer.secret, room.clock.now_us())
    assert room.people.log_in("li.na", PASSWORD, code).result().code == "done"
    assert room.people.log_in("li.na", PASSWORD, papers[0]).result().code == "done"
    assert room.people.log_in("li.na", PASSWORD, papers[0]).result().code == "wrong_code"
    assert room.people.second_step(person).recovery_left == 9
    assert (room.data_dir / "keys" / "totp.key").stat().st_mode & 0o077 == 0


def test_a_group_that_is_no_name_stops_the_start_in_words(settings: dict[str, Any], tmp_path: Path) -> None:
    wrong = settings | {"grants": (GroupGrant(group="ops", role="operator"),)}
    with pytest.raises(ConfigError, match=r"'ops' is no distinguished name - at `\$\.directory\.grants\[0\]"):
        ControlRoom(Config(directory=DirectoryConfig(**wrong)), tmp_path / "station")
