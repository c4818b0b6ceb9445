"""Every order for every role: decided, and denied unless the pack says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.access import users
from app.access.permissions import RulesError, load_permissions
from app.paths import resource_path
from models import commands
from models.commands import Command
from models.people import Actor, Role, system_actor

assert users.OpenSession.action  # its commands count too

OPERATOR = {
    "alarm.acknowledge",
    "alarm.unacknowledge",
    "alarm.reset",
    "alarm.shelve",
    "alarm.unshelve",
    "alarm.silence",
    "alarm.mute",
    "data.export",
    "simulator.scenario",
    "session.login",
    "session.logout",
    "user.password",
    "user.first_password",
}
LEADER = OPERATOR | {"alarm.out_of_service", "alarm.return_to_service", "deadletter.retry"}
MANAGER = LEADER | {"alarm.define", "deadletter.discard"}
ADMINISTRATOR = MANAGER | {"tag.save", "tag.retire", "place.save", "user.create", "user.change"}
EXPECTED = {
    Role.OPERATOR: OPERATOR,
    Role.SHIFT_LEADER: LEADER,
    Role.MANAGER: MANAGER,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}


def all_commands(kind: type[Command] = Command) -> set[type[Command]]:
    below = set(kind.__subclasses__())
    return below | {c for k in below for c in all_commands(k)}


def actor(role: Role | None, login: str = "x", user_id: int = 5) -> Actor:
    return Actor(user_id, login, login, role, "CR-1")


def test_every_order_has_an_entry_in_the_pack() -> None:
    permissions = load_permissions()
    known = set().union(*(permissions.actions(role) for role in (*Role, "system", "anonymous")))
    orders = {c.action for c in all_commands() if not c.__name__.startswith("_")}
    assert commands.AcknowledgeAlarms.action in orders
    assert "" not in orders
    assert orders - known == set()
    assert known - orders == set()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("command", sorted(all_commands(), key=lambda c: c.__name__))
def test_each_role_may_do_exactly_what_is_its_own(command: type[Command], role: Role) -> None:
    expected = command.action in EXPECTED[role]
    assert load_permissions().allowed(command.action, actor(role)) is expected


def test_what_is_not_listed_is_denied_to_everybody() -> None:
    permissions = load_permissions()
    for role in Role:
        assert not permissions.allowed("alarm.delete_everything", actor(role))
        assert not permissions.allowed("", actor(role))


def test_the_program_itself_and_strangers_may_do_little() -> None:
    permissions = load_permissions()
    assert permissions.allowed("alarm.unshelve", system_actor("CR-1"))
    assert not permissions.allowed("user.create", system_actor("CR-1"))
    stranger = actor(None, "bob", -1)
    assert permissions.allowed("session.login_failed", stranger)
    assert not permissions.allowed("alarm.acknowledge", stranger)
    assert not permissions.allowed(
        "alarm.acknowledge", actor(None, "system", -1)
    )  # calling oneself system is not enough


def test_a_site_may_bring_its_own_pack(tmp_path: Path) -> None:
    text = resource_path("rules", "permissions.toml").read_text("utf-8")
    own = tmp_path / "permissions.toml"
    own.write_text(
        text.replace('version = "2026.11"', 'version = "site-3"').replace('  "alarm.shelve",\n', "", 1), "utf-8"
    )
    permissions = load_permissions(own)
    assert permissions.version == "site-3"
    assert not permissions.allowed("alarm.shelve", actor(Role.ADMINISTRATOR))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[roles.manager]", "[roles.boss]", "role"),
        ('inherits = "operator"', 'inherits = "manager"', "circle"),
        ("lockout_after = 5", "lockout_after = 0", "lockout_after"),
        ("lockout_s = 900", "lockout = 900", "lockout"),
        ("version =", "version", "permissions.toml"),
    ],
)
def test_a_broken_pack_is_refused_with_its_reason(tmp_path: Path, old: str, new: str, says: str) -> None:
    own = tmp_path / "permissions.toml"
    own.write_text(resource_path("rules", "permissions.toml").read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(RulesError, match=says):
        load_permissions(own)


def test_waits_grow_until_the_lock_out() -> None:
    rules = load_permissions().login
    assert [rules.wait_s(n) for n in range(7)] == [0, 0, 0, 2, 5, 900, 900]
