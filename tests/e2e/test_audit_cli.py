"""``main.py audit`` and ``main.py security`` as a script meets them: every command in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.access.guard import TrailGuard
from app.config import Config, StoreConfig, save_config
from app.paths import VERSION, project_root
from models.commands import SilenceSound
from models.people import Actor
from tests.e2e.test_cli import lines, run
from tests.outsider import Outsider
from tests.room import Room
from tests.servers import PostgreSQL

NOBODY = Actor(77, "nobody", "Nobody", (), "CR-1")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A station that has run: its start and five refused orders are in the trail."""
    made = Room(tmp_path / "data")
    made.begin()
    for _ in range(5):
        made.core.door.handle(SilenceSound(), NOBODY)
    yield made
    made.close()


def verify(room: Room, code: int) -> dict:
    return lines("audit", "verify", "--data", str(room.control.data_dir), code=code)[-1]


def test_untouched_trail_is_verified(room: Room) -> None:
    report = verify(room, 0)
    assert (report["ok"], report["entries"], report["first_broken"]) == (True, 6, None)
    assert "✓ whole" in run("audit", "verify", "--data", str(room.control.data_dir)).stdout


@pytest.mark.parametrize(
    ("deed", "kind", "number"),
    [
        ("UPDATE audit_entry SET reason = 'x' WHERE id = 3", "edited", 3),
        ("DELETE FROM audit_entry WHERE id = 3", "deleted", 3),
        ("DELETE FROM audit_entry WHERE id > 4", "tail_cut", 5),
    ],
)
def test_first_broken_link_is_named_and_the_exit_says_so(room: Room, deed: str, kind: str, number: int) -> None:
    Outsider(room.store).do(deed)
    report = verify(room, 1)
    assert (report["first_broken"]["kind"], report["first_broken"]["id"]) == (kind, number)
    assert f"row {number}: {kind}" in run("audit", "verify", "--data", str(room.control.data_dir), code=1).stdout


def test_anchor_made_beside_the_engine_is_traced_and_no_deed(room: Room) -> None:
    (anchor,) = lines("audit", "anchor", "--data", str(room.control.data_dir))
    assert (anchor["last_id"], anchor["trouble"]) == (6, "")
    room.core.door.handle(SilenceSound(), NOBODY)  # the engine goes on after rows that are not its own
    report = verify(room, 0)
    assert (report["entries"], report["anchors"]) == (8, 1)
    (row,) = room.rows("SELECT login, after FROM audit_entry WHERE action = 'audit.anchor'")
    assert row[0] == "system"
    assert json.loads(row[1])["command_line"]


def test_anchor_of_a_store_that_no_engine_of_this_version_has_run_on(tmp_path: Path) -> None:
    from app.store.engine import open_store

    open_store(tmp_path).close()
    run("audit", "anchor", "--data", str(tmp_path))
    (report,) = lines("audit", "verify", "--data", str(tmp_path))
    assert (report["ok"], report["entries"], report["anchors"]) == (True, 1, 1)


def test_package_is_written_and_its_script_agrees(room: Room, tmp_path: Path) -> None:
    out = tmp_path / "audit.zip"
    (packed,) = lines("audit", "package", "--data", str(room.control.data_dir), "--out", str(out))
    (key,) = lines("audit", "key", "--data", str(room.control.data_dir))
    assert packed["key"] == key["key_id"]
    with zipfile.ZipFile(out) as archive:
        archive.extract("check.py", tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "check.py"), str(out), "--json", "--key", key["key_id"]],
        capture_output=True,
        check=True,
        cwd="/",
    )
    assert json.loads(done.stdout)["ok"]
    assert verify(room, 0)["entries"] == 7
    assert room.rows("SELECT target FROM audit_entry WHERE action = 'audit.package'") == [(str(out),)]


def test_another_key_must_be_given_and_be_one(room: Room) -> None:
    data = str(room.control.data_dir)
    assert "no public key" in run("audit", "verify", "--data", data, "--public-key", "abc", code=2).stderr
    run("audit", "verify", "--data", data, "--public-key", "ab" * 32)


def test_what_is_no_data_directory_is_said(tmp_path: Path) -> None:
    assert "has no store" in run("audit", "verify", "--data", str(tmp_path), code=2).stderr
    assert "no key yet" in run("audit", "key", "--data", str(tmp_path), code=1).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.server
def test_trail_on_postgresql_is_verified(tmp_path: Path, postgresql: PostgreSQL) -> None:
    url = postgresql.new_database("auditcli")
    save_config(Config(store=StoreConfig(url=url)), tmp_path)
    room = Room(tmp_path, url)
    room.begin()
    room.core.door.handle(SilenceSound(), NOBODY)
    assert lines("audit", "verify", "--data", str(tmp_path))[0]["ok"]
    Outsider(room.store).do("UPDATE audit_entry SET reason = 'x' WHERE id = 2")
    report = lines("audit", "verify", "--data", str(tmp_path), code=1)[0]
    assert (report["first_broken"]["kind"], report["first_broken"]["id"]) == ("edited", 2)
    room.close()


def test_engine_makes_the_daily_anchor(room: Room) -> None:
    room.core.every_second()
    room.core.every_second()
    assert room.rows("SELECT count(*) FROM audit_anchor") == [(1,)]
    room.clock.set(room.clock.now_us() + 86_400_000_000)
    room.core.every_second()
    assert room.rows("SELECT count(*) FROM audit_anchor") == [(2,)]
    assert verify(room, 0)["anchors"] == 2


def test_unusable_key_is_shown_and_the_engine_runs(tmp_path: Path) -> None:
    first = Room(tmp_path / "data")
    first.begin()
    first.close()
    (tmp_path / "data" / "keys" / "audit.key").chmod(0o644)
    room = Room(tmp_path / "data")
    room.begin()
    room.core.every_second()
    guard: TrailGuard = room.control.guard
    assert "can be read by others" in guard.status().trouble
    assert not room.core.door.handle(SilenceSound(), NOBODY).ok
    assert room.rows("SELECT outcome FROM audit_entry WHERE action = 'alarm.silence'") == [("refused",)]
    room.close()
    assert "can be read by others" in run("audit", "verify", "--data", str(tmp_path / "data"), code=2).stderr


def test_bill_of_materials_goes_to_the_output_or_a_file(tmp_path: Path) -> None:
    (bill,) = lines("security", "sbom")
    assert bill["specVersion"] == "1.6"
    out = tmp_path / "sbom.cdx.json"
    assert lines("security", "sbom", "--out", str(out))[0]["components"] == len(bill["components"])
    assert json.loads(out.read_bytes())["metadata"]["component"]["version"] == VERSION


def test_dependencies_without_advisories_are_said_to_be_unchecked(tmp_path: Path) -> None:
    (unchecked,) = lines("security", "dependencies", code=3)
    assert (unchecked["ok"], unchecked["checked"]) == (False, False)
    advisory = {
        "id": "GHSA-x",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "msgspec"}, "ranges": [
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]}],
    }  # fmt: skip
    (tmp_path / "1.json").write_text(json.dumps(advisory), encoding="utf-8")
    (found,) = lines("security", "dependencies", "--advisories", str(tmp_path), code=1)
    assert [(w["package"], w["fixed"]) for w in found["weaknesses"]] == [("msgspec", ["99"])]
    (tmp_path / "1.json").write_text(json.dumps(advisory | {"affected": []}), encoding="utf-8")
    assert lines("security", "dependencies", "--advisories", str(tmp_path))[0]["ok"]
    (tmp_path / "1.json").write_text("{", encoding="utf-8")
    assert "no OSV advisory" in run("security", "dependencies", "--advisories", str(tmp_path), code=2).stderr


def test_program_knows_its_version_in_one_voice() -> None:
    import main

    project = tomllib.loads((project_root() / "pyproject.toml").read_text("utf-8"))["project"]
    assert main.VERSION == VERSION == project["version"]
