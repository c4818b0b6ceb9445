"""The bill of materials says what is really installed, in the form that tools read."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from app.access.bill import bill_of_materials, normal, parts

NOON = 1_764_000_000_000_000


@pytest.fixture(scope="module")
def bill() -> dict:
    return json.loads(bill_of_materials("0.1.0", NOON))


def test_bill_is_cyclonedx_of_the_program(bill: dict) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "ankan"
    assert bill["metadata"]["component"]["version"] == "0.1.0"
    assert bill["metadata"]["timestamp"].startswith("2025-11-24T16:00:00")


def test_every_component_has_version_licence_address_and_hash(bill: dict) -> None:
    for component in bill["components"]:
        assert component["version"] == metadata.version(component["name"])
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        assert component["licenses"], component["name"]
        assert len(component["hashes"][0]["content"]) == 64, component["name"]


def test_what_ships_is_listed_with_what_it_needs_and_what_only_tests_need_is_not(bill: dict) -> None:
    names = {component["name"] for component in bill["components"]}
    assert {"pyside6", "sqlalchemy", "psycopg", "psycopg-binary", "cffi", "cryptography"} <= names
    assert not {"pytest", "ruff", "mypy", "hypothesis"} & names


def test_dependency_graph_is_closed(bill: dict) -> None:
    refs = {component["bom-ref"] for component in bill["components"]} | {"ankan"}
    graph = {each["ref"]: set(each.get("dependsOn", [])) for each in bill["dependencies"]}
    assert set(graph) == refs
    assert set().union(*graph.values()) <= refs
    assert (
        "pkg:pypi/cffi@" + metadata.version("cffi")
        in graph["pkg:pypi/cryptography@" + metadata.version("cryptography")]
    )
    reached, waiting = set(), ["ankan"]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += graph[ref]
    assert reached == refs


def test_frozen_program_lists_all_that_is_installed(tmp_path: Path) -> None:
    found, direct = parts(tmp_path)
    names = {part.name for part in found}
    assert names == {normal(each.name) for each in metadata.distributions()}
    assert set(direct) == names
    assert not any(part.sha256 for part in found)  # there is no lock file
