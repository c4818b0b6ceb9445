"""Every order for every ready role: decided, and denied unless the pack says otherwise. And the pack itself."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import app
import models
from app.access.permissions import RulesError, load_permissions
from app.paths import resource_path
from models.commands import Command
from models.people import Actor, system_actor
from models.rights import Role
from tests.unit.app.access.conftest import House
from tests.unit.app.access.table import MAY

for package in (app, models):  # wherever an order is declared, it counts
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.startswith(("app.bridge", "app.store.migrations")):
            importlib.import_module(found.name)


def all_commands(kind: type[Command] = Command) -> set[type[Command]]:
    below = set(kind.__subclasses__())
    found = below | {c for k in below for c in all_commands(k)}
    return {c for c in found if c.__module__.startswith(("app.", "models."))}


COMMANDS = sorted((c for c in all_commands() if not c.__name__.startswith("_")), key=lambda c: c.__name__)
STRANGERS = {"session.login_failed", "user.first_administrator"}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory):
    """A house with one person of each ready role."""
    house = House(tmp_path_factory.mktemp("crowd"))
    yield house, {role: house.add(role.value, role) for role in Role}
    house.close()


def test_every_order_has_an_entry_in_the_pack() -> None:
    orders = {command.action for command in COMMANDS}
    assert "alarm.acknowledge" in orders
    assert "" not in orders
    known = set(load_permissions().scopes) | STRANGERS
    assert orders - known == set()
    reads = {action for action in known - orders if action.endswith((".read", ".names", ".inventory"))}
    inside_orders = {"signature.second", "privacy.write", "privacy.write_health", "privacy.reveal_health"}
    assert known - orders - reads == inside_orders


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.__name__)
def test_each_role_may_do_exactly_what_the_table_says(crowd, command: type[Command], role: Role) -> None:
    house, people = crowd
    expected = command.action in MAY["everybody"] | MAY[role]
    assert house.rights.allowed(command.action, people[role]) is expected


def test_the_table_names_nothing_that_is_not_there() -> None:
    named = set().union(*MAY.values())
    assert named - set(load_permissions().scopes) == set()


def test_what_is_not_listed_is_denied_to_everybody(crowd) -> None:
    house, people = crowd
    for actor in people.values():
        assert not house.rights.allowed("alarm.delete_everything", actor)
        assert not house.rights.allowed("", actor)
        assert not house.rights.allowed("session.login_failed", actor)


def test_nobody_can_be_given_an_act_that_erases_a_trace() -> None:
    words = ("audit.delete", "audit.edit", "audit.erase", "audit.purge", "audit.clear")
    assert not set(words) & set(load_permissions().scopes)


def test_the_program_itself_and_strangers_may_do_little() -> None:
    permissions = load_permissions()
    assert permissions.without_login("alarm.unshelve", system_actor("CR-1"))
    assert not permissions.without_login("user.create", system_actor("CR-1"))
    stranger = Actor(-1, "bob", "bob", (), "CR-1")
    assert permissions.without_login("session.login_failed", stranger)
    assert not permissions.without_login("alarm.acknowledge", stranger)
    claimed = Actor(-1, "system", "system", (), "CR-1")
    assert not permissions.without_login("alarm.acknowledge", claimed)  # calling oneself system is not enough


def test_a_site_may_bring_its_own_pack(tmp_path: Path) -> None:
    text = resource_path("rules", "permissions.toml").read_text("utf-8")
    own = tmp_path / "permissions.toml"
    own.write_text(
        text.replace('version = "2026.12"', 'version = "site-3"').replace('  "alarm.shelve",\n', "", 1), "utf-8"
    )
    permissions = load_permissions(own)
    assert permissions.version == "site-3"
    assert "alarm.shelve" not in permissions.actions(Role.ADMINISTRATOR)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[roles.safety_manager]", "[roles.boss]", "role"),
        ('inherits = "operator"', 'inherits = "safety_manager"', "circle"),
        ("lockout_after = 5", "lockout_after = 0", "lockout_after"),
        ("lockout_s = 900", "lockout = 900", "lockout"),
        ('"alarm.mute" = "any"', "", r"alarm.mute is not in \[actions\]"),
        ('"alarm.mute" = "any"', '"alarm.mute" = "galaxy"', "galaxy"),
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
