"""The auditor's package: whole and without secrets, and its own script finds every way of tampering with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access.keys import KeyStore
from app.access.package import without_secrets
from app.config import BrokerConfig, Config, StoreConfig
from app.jobs import Cancelled, Progress
from app.ports import Refused
from app.store.engine import Store, sqlite_url
from models.anchors import Packed
from models.people import system_actor
from tests.guarded import SYSTEM, Trail
from tests.outsider import Outsider

CONFIG = Config(
    station="CR-1",
    site="东方罐区",
    brokers=(BrokerConfig(user="ankan", password_env="PLANT_BROKER"),),
    store=StoreConfig(url="postgresql://ankan:hunter2@db/ankan?sslpassword=geheim"),
)


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    store = Store(sqlite_url(tmp_path / "ankan.db"))
    store.upgrade()
    made = Trail(store, tmp_path / "data", CONFIG)
    yield made
    made.guard.close()
    store.close()


def pack(trail: Trail, path: Path, **changes: Any) -> Packed:
    return trail.guard.pack(path, **({"reader": SYSTEM} | changes))


@pytest.fixture
def folder(trail: Trail, tmp_path: Path) -> Path:
    """A package, unpacked as an auditor does."""
    pack(trail, tmp_path / "audit.zip")
    with zipfile.ZipFile(tmp_path / "audit.zip") as archive:
        archive.extractall(tmp_path / "package")
    return tmp_path / "package"


def check(place: Path, *arguments: str, script: Path | None = None) -> tuple[int, dict[str, Any]]:
    """The package's own script, by a Python that knows nothing of the program."""
    script = script or (place / "check.py" if place.is_dir() else place)
    where = [] if place == script.parent else [str(place)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script), *where, "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode in (0, 1, 2), done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def kinds(report: dict[str, Any]) -> set[str]:
    return {finding["kind"] for finding in report["findings"]}


def test_good_package_is_whole_for_its_own_script(folder: Path, trail: Trail) -> None:
    code, report = check(folder)
    assert (code, report["ok"], report["entries"], report["anchors"]) == (0, True, 12, 2)
    assert trail.guard.signer is not None
    assert report["key"] == trail.guard.signer.key_id
    assert check(folder, "--key", report["key"])[1]["key_compared"] is True
    assert check(folder.parent / "audit.zip", script=folder / "check.py")[0] == 0


def test_key_that_the_auditor_knows_otherwise_is_compared(folder: Path) -> None:
    code, report = check(folder, "--key", "00112233aabbccdd")
    assert code == 1
    assert kinds(report) == {"other_key"}


def test_words_for_people_come_without_json(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "check.py")],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert "WHOLE / 完整" in done.stdout
    assert "Compare the key" in done.stdout


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "entries.jsonl").read_text("utf-8").splitlines()]


def put(folder: Path, rows: list[dict[str, Any]]) -> None:
    (folder / "entries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _edit(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows[5]["reason"] = "never mind"
    return rows


def _swap(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows[5]["id"], rows[6]["id"] = 7, 6
    rows[5], rows[6] = rows[6], rows[5]
    return rows


def _anew(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows[5]["reason"] = "never mind"
    for at in range(5, len(rows)):
        body = {k: v for k, v in rows[at].items() if k != "hash" and not (k == "signed" and v is None)}
        body["prev_hash"] = rows[at - 1]["hash"]
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        rows[at] |= {"prev_hash": body["prev_hash"], "hash": hashlib.sha256(text.encode()).hexdigest()}
    return rows


def _insert(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*rows, {**rows[-1], "id": 13}]


@pytest.mark.parametrize(
    ("deed", "kind", "number"),
    [
        (_edit, "edited", 6),
        (lambda rows: rows[:5] + rows[6:], "deleted", 6),
        (_swap, "reordered", 6),
        (_anew, "rewritten", 5),
        (_insert, "inserted", 13),
        (lambda rows: rows[:6], "tail_cut", 7),
        (lambda rows: rows[:11], "tail_cut", 12),
        (lambda rows: [], "tail_cut", 1),
    ],
)
def test_tampered_entries_are_named(
    folder: Path, deed: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], kind: str, number: int
) -> None:
    put(folder, deed(lines(folder)))
    code, report = check(folder)
    assert code == 1
    assert (report["first_broken"]["kind"], report["first_broken"]["id"]) == (kind, number)
    assert "file_changed" in kinds(report)


def test_tampered_files_are_named(folder: Path) -> None:
    (folder / "rights.json").write_text("{}", encoding="utf-8")
    (folder / "versions.json").unlink()
    (folder / "extra.txt").write_text("x", encoding="utf-8")
    code, report = check(folder)
    assert code == 1
    assert {f["kind"]: f["detail"].split()[0] for f in report["findings"]} == {
        "file_changed": "rights.json",
        "file_missing": "versions.json",
        "file_added": "extra.txt",
    }


def test_manifest_made_to_fit_is_named(folder: Path) -> None:
    put(folder, _edit(lines(folder)))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    content = (folder / "entries.jsonl").read_bytes()
    manifest["files"]["entries.jsonl"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    _, report = check(folder)
    assert {"edited", "manifest_forged"} <= kinds(report)


def test_package_signed_anew_with_another_key_is_named(folder: Path, trail: Trail, tmp_path: Path) -> None:
    """Everything made to fit, with a key of the forger's: anchors and head are not of that key."""
    from app.access.anchors import Signer

    assert trail.guard.signer is not None
    known = trail.guard.signer.key_id
    forger = Signer(KeyStore(tmp_path / "forger"))
    put(folder, _anew(lines(folder)))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    content = (folder / "entries.jsonl").read_bytes()
    manifest["files"]["entries.jsonl"]["sha256"] = hashlib.sha256(content).hexdigest()
    manifest |= {"public_key": forger.public_key, "key_id": forger.key_id}
    text = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(text)
    (folder / "manifest.sig").write_text(forger.sign_text(text), encoding="ascii")
    _, report = check(folder, "--key", known)
    assert {"other_key", "anchor_forged", "head_forged"} <= kinds(report)


@pytest.mark.parametrize("name", ["anchors.jsonl", "head.json"])
def test_forged_guards_are_named(folder: Path, name: str) -> None:
    text = (folder / name).read_text("utf-8")
    (folder / name).write_text(text.replace('"last_hash"', '"x":1,"last_hash"', 1), encoding="utf-8")
    _, report = check(folder)
    assert {"anchors.jsonl": "anchor_forged", "head.json": "head_forged"}[name] in kinds(report)


@pytest.mark.parametrize("name", ["entries.jsonl", "manifest.json"])
def test_what_is_no_package_is_told_apart(folder: Path, name: str) -> None:
    (folder / name).write_text("{nothing", encoding="utf-8")
    code, report = check(folder)
    assert code == 2
    assert "not readable" in report["error"]


def test_trail_cut_in_the_store_is_packed_and_told(trail: Trail, tmp_path: Path) -> None:
    Outsider(trail.store).do("DELETE FROM audit_entry WHERE id > 9")
    packed = pack(trail, tmp_path / "cut.zip")
    assert not packed.trail.ok
    content = (tmp_path / "cut.zip").read_bytes()
    assert (packed.sha256, packed.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    with zipfile.ZipFile(tmp_path / "cut.zip") as archive:
        archive.extract("check.py", tmp_path)
        assert json.loads(archive.read("verification.json"))["first_broken"]["kind"] == "tail_cut"
    code, report = check(tmp_path / "cut.zip", script=tmp_path / "check.py")
    assert code == 1
    assert (report["first_broken"]["kind"], report["first_broken"]["id"]) == ("tail_cut", 10)


def test_package_holds_all_that_an_auditor_needs_and_no_secret(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "entries.jsonl",
        "anchors.jsonl",
        "head.json",
        "verification.json",
        "rights.json",
        "configuration.json",
        "versions.json",
        "sbom.cdx.json",
        "public_key.txt",
        "README.txt",
        "check.py",
        "manifest.json",
        "manifest.sig",
    }
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"hunter2" not in everything
    assert b"geheim" not in everything
    configuration = json.loads((folder / "configuration.json").read_bytes())
    assert configuration["brokers"][0]["password_env"] == "PLANT_BROKER"
    assert configuration["store"]["url"] == "postgresql://ankan:***@db/ankan?sslpassword=hidden"
    assert "password" not in json.loads((folder / "rights.json").read_bytes())["user_account"]
    versions = json.loads((folder / "versions.json").read_bytes())
    assert versions["program"] == "0.1.0"
    assert versions["rules"]["permissions.toml"]
    assert json.loads((folder / "sbom.cdx.json").read_bytes())["specVersion"] == "1.6"


def test_broken_url_in_the_configuration_is_no_reason_to_fail() -> None:
    assert without_secrets(Config(store=StoreConfig(url="not a url")))["store"]["url"] == "not a url"


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_package_is_readable_by_its_owner_alone(trail: Trail, tmp_path: Path) -> None:
    pack(trail, tmp_path / "audit.zip")
    assert (tmp_path / "audit.zip").stat().st_mode & 0o777 == 0o600


def test_stopped_half_way_nothing_is_left(trail: Trail, tmp_path: Path) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        pack(trail, tmp_path / "audit.zip", step=progress.step)
    assert not list(tmp_path.glob("audit*"))


def test_who_may_not_take_the_trail_out_does_not(trail: Trail, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="may not take"):
        pack(trail, tmp_path / "audit.zip", reader=system_actor("elsewhere"))
    assert not (tmp_path / "audit.zip").exists()


def test_script_needs_nothing_newer_than_its_word(folder: Path) -> None:
    """Python 3.9 is promised: no newer grammar (the words of the standard library are old ones)."""
    import ast

    ast.parse((folder / "check.py").read_text("utf-8"), feature_version=(3, 9))
    shutil.rmtree(folder)
