from __future__ import annotations

import pytest

from app.access.directory_check import DirectoryState
from app.clock import US, ManualClock
from app.ports import Refused
from models.login import DirectoryCheck, DirectoryServer
from models.people import Actor
from models.rights import Role

BOSS = Actor(1, "zhao", "赵云", (Role.ADMINISTRATOR,), "CR-01")
OPERATOR = Actor(2, "wang", "王敏", (Role.OPERATOR,), "CR-01")
SERVERS = ("ldaps://dc1.example", "ldaps://dc2.example")


class Wire:
    def __init__(self) -> None:
        self.problems = dict.fromkeys(SERVERS, "")
        self.asked = 0

    def probe(self) -> list[tuple[str, str]]:
        self.asked += 1
        return list(self.problems.items())


def may(action: str, actor: Actor) -> bool:
    return action == "user.change" and actor is BOSS


def test_a_check_asks_every_server_and_is_remembered_with_its_time() -> None:
    wire, clock = Wire(), ManualClock(1_000 * US)
    state = DirectoryState(SERVERS, wire, may, clock)
    assert state.configured
    assert state.last(BOSS) is None
    assert state.servers(BOSS) == SERVERS
    assert wire.asked == 0  # looking asks nobody
    wire.problems[SERVERS[1]] = "no answer"
    found = state.check(BOSS)
    assert found == DirectoryCheck(
        t_us=1_000 * US,
        servers=(DirectoryServer(server=SERVERS[0]), DirectoryServer(server=SERVERS[1], problem="no answer")),
    )
    assert state.last(BOSS) == found


def test_without_the_right_neither_servers_nor_findings_are_told_and_nobody_is_asked() -> None:
    wire = Wire()
    state = DirectoryState(SERVERS, wire, may, ManualClock(0))
    for ask in (state.servers, state.last, state.check):
        with pytest.raises(Refused, match="may change users"):
            ask(OPERATOR)
    assert wire.asked == 0


def test_a_station_without_directory_has_nothing_to_ask() -> None:
    state = DirectoryState((), None, may, ManualClock(5))
    assert not state.configured
    assert state.check(BOSS) == DirectoryCheck(t_us=5, servers=())
