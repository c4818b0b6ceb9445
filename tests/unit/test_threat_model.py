"""The threat model names tests; each of them is there, so that the document can't promise what nothing shows."""

from __future__ import annotations

import ast
import re

import pytest

from app.paths import project_root, resource_path

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
TEXT = resource_path("docs", "threat_model.md").read_text("utf-8")


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED.findall(TEXT))))
def test_every_test_that_the_threat_model_names_is_there(file: str, test: str) -> None:
    path = project_root() / file
    assert path.is_file(), file
    functions = {
        node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    }
    assert test in functions


def test_every_threat_names_a_test() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and not line.startswith(("|---", "| 谁"))]
    assert len(rows) >= 25
    assert [row for row in rows if not NAMED.search(row)] == []
