"""Installed packages against OSV advisories: who is concerned, who is not, and never a guess."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.advisories import AdvisoryError, check_advisories, version_key
from app.access.bill import Part

PARTS = [Part(name="requests", version="2.31.0"), Part(name="ruamel-yaml", version="0.18.0")]


def advisory(name: str = "requests", **affected: Any) -> dict[str, Any]:
    about = {"package": {"ecosystem": "PyPI", "name": name}, **affected}
    return {"id": "GHSA-1", "modified": "2026-01-02T00:00:00Z", "summary": "leaks", "affected": [about]}


def events(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in pairs]}]


def keep(folder: Path, *advisories: dict[str, Any]) -> Path:
    for number, each in enumerate(advisories):
        (folder / f"{number}.json").write_text(json.dumps(each), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("affected", "hit"),
    [
        ({"ranges": events(("introduced", "0"), ("fixed", "2.32.0"))}, True),
        ({"ranges": events(("introduced", "0"), ("fixed", "2.31.0"))}, False),
        ({"ranges": events(("introduced", "2.31.0"))}, True),
        ({"ranges": events(("introduced", "2.31.1"))}, False),
        ({"ranges": events(("introduced", "2.0"), ("last_affected", "2.31"))}, True),
        ({"ranges": events(("introduced", "2.0"), ("last_affected", "2.30"))}, False),
        ({"ranges": events(("fixed", "2.5"), ("introduced", "2"), ("introduced", "2.30"), ("fixed", "2.40"))}, True),
        ({"ranges": events(("introduced", "2"), ("fixed", "2.5"), ("introduced", "3"))}, False),
        ({"versions": ["2.30.0", "2.31"]}, True),
        ({"versions": ["2.3.10"]}, False),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, False),
        ({"package": {"ecosystem": "npm", "name": "requests"}, "versions": ["2.31.0"]}, False),
    ],
)
def test_version_in_an_advisory_is_found_and_others_are_not(
    tmp_path: Path, affected: dict[str, Any], hit: bool
) -> None:
    checked = check_advisories(keep(tmp_path, advisory(**affected)), PARTS)
    assert bool(checked.weaknesses) is hit
    assert checked.ok is not hit
    assert (checked.advisories, checked.packages, checked.modified) == (1, 2, "2026-01-02T00:00:00Z")


def test_weakness_says_what_mends_it(tmp_path: Path) -> None:
    body = advisory(ranges=events(("introduced", "0"), ("fixed", "2.4"), ("introduced", "2.30"), ("fixed", "2.32.0")))
    body |= {"aliases": ["CVE-2026-1"], "database_specific": {"severity": "HIGH"}}
    (weakness,) = check_advisories(keep(tmp_path, body), PARTS).weaknesses
    assert (weakness.package, weakness.version, weakness.fixed) == ("requests", "2.31.0", ("2.32.0",))
    assert (weakness.aliases, weakness.severity, weakness.summary) == (("CVE-2026-1",), "HIGH", "leaks")


def test_names_are_compared_as_the_ecosystem_does(tmp_path: Path) -> None:
    checked = check_advisories(keep(tmp_path, advisory("Ruamel.YAML", versions=["0.18"])), PARTS)
    assert [w.package for w in checked.weaknesses] == ["ruamel-yaml"]


def test_withdrawn_advisory_counts_as_read_and_finds_nothing(tmp_path: Path) -> None:
    body = advisory(versions=["2.31.0"]) | {"withdrawn": "2026-01-03T00:00:00Z"}
    checked = check_advisories(keep(tmp_path, body), PARTS)
    assert (checked.advisories, checked.weaknesses, checked.ok) == (1, (), True)


def test_nothing_to_check_against_is_not_called_good(tmp_path: Path) -> None:
    assert not check_advisories(tmp_path, PARTS).ok


def test_advisories_are_read_from_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PyPI/1.json", json.dumps(advisory(versions=["2.31.0"])))
        archive.writestr("readme.txt", "no advisory")
    assert len(check_advisories(tmp_path / "all.zip", PARTS).weaknesses) == 1


@pytest.mark.parametrize("content", [b"{broken", b"[]", b"{}", b"\xff\xfe"])
def test_file_that_is_no_advisory_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.json").write_bytes(content)
    with pytest.raises(AdvisoryError, match=r"odd\.json is no OSV advisory"):
        check_advisories(tmp_path, PARTS)


def test_file_that_is_no_zip_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"nothing")
    with pytest.raises(AdvisoryError, match="neither a folder nor a zip"):
        check_advisories(tmp_path / "x.zip", PARTS)


ORDER = [
    "0.9", "1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0rc1.post1", "1.0", "1.0.post1.dev1",
    "1.0.post1", "1.0.1", "1.1", "1.10", "2", "1!0.1",
]  # fmt: skip


def test_versions_are_in_the_order_of_the_standard() -> None:
    shuffled = ORDER[5:] + ORDER[:5]
    assert sorted(shuffled, key=version_key) == ORDER


@pytest.mark.parametrize(
    ("a", "b"), [("1.0", "1"), ("v1.0.0", "1.0"), ("1.0-1", "1.0.post1"), ("1.0alpha1", "1.0a1"), ("1+local", "1")]
)
def test_spellings_of_one_version_are_equal(a: str, b: str) -> None:
    assert version_key(a) == version_key(b)


@given(st.text(max_size=12))
def test_any_text_is_a_version_or_is_refused(text: str) -> None:
    try:
        key = version_key(text)
    except ValueError:
        return
    assert key == version_key(text.upper())
