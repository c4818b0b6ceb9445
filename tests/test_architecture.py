"""The house rules that a machine can hold: import contracts, size and words of modules, no print, colours in one place."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STOREYS = ("models", "app", "ui")
GENERATED = {"app/ingest/decode/sparkplug_b_pb2.py"}
MOST_LINES = 400
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6})\b")


def modules(*storeys: str) -> Iterator[tuple[str, str]]:
    """(path, text) of our own modules."""
    for storey in storeys or STOREYS:
        for path in sorted((ROOT / storey).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in GENERATED and "/migrations/versions/" not in name:
                yield name, path.read_text("utf-8")


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(program), "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_the_contracts_would_notice(tmp_path: Path) -> None:
    """A screen that asks the store breaks the contract: the lists in pyproject.toml are alive."""
    house = tmp_path / "house"
    for storey in STOREYS:
        shutil.copytree(ROOT / storey, house / storey, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", house)
    panel = house / "ui" / "alarms" / "panel.py"
    panel.write_text(panel.read_text("utf-8") + "\n\nimport app.store.engine\n", "utf-8")
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(program), "--no-cache"], capture_output=True, text=True, cwd=house, check=False)
    assert done.returncode == 1
    assert "ui never reaches the edges BROKEN" in done.stdout


@pytest.mark.parametrize("name", [name for name, _ in modules()])
def test_module_is_short_says_why_it_exists_and_prints_nothing(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert text.count("\n") <= MOST_LINES, f"{name} has {text.count(chr(10))} lines"
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{name} does not say why it exists"
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    assert [call.lineno for call in calls if call.func.id == "print"] == []  # type: ignore[attr-defined]


def test_colours_are_named_in_the_theme_and_nowhere_else() -> None:
    found = {name: COLOUR.findall(text) for name, text in modules("ui", "app", "models") if name != "ui/theme.py"}
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_panels_hold_no_session_and_nothing_in_ui_can_write() -> None:
    """Screens know ports: no store, no engine, no SQL, no feature's inside that could change state behind the door."""
    forbidden = ("sqlalchemy", "alembic", "sqlite3", "psycopg", "paho", "app.store", "app.ingest", "app.bootstrap")
    bad = {
        name: wrong
        for name, text in modules("ui")
        if (wrong := [i for i in imports(ast.parse(text)) if i.startswith(forbidden)])
    }
    assert bad == {}
    words = re.compile(r"\b(?:session|cursor|connection)\.(?:execute|scalar|add|commit|begin)\b")
    assert [name for name, text in modules("ui") if words.search(text)] == []


def test_a_running_windows_screens_reach_no_session(qapp: object) -> None:
    """Imported whole, the ui does not load what it may not hold by itself."""
    code = (
        "import sys, pkgutil, importlib, ui\n"
        "names = [m.name for m in pkgutil.walk_packages(ui.__path__, 'ui.')]\n"
        "for name in names: importlib.import_module(name)\n"
        "print([m for m in ('app.store.engine', 'app.ingest.engine', 'paho.mqtt.client') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_web_engine_is_imported_in_one_module_and_that_one_late() -> None:
    """It costs 200 MB and child processes: only ui.risk.webmap knows it, and nobody imports that at the top."""
    users = {
        name
        for name, text in modules()
        if any(i.startswith(("PySide6.QtWebEngine", "PySide6.QtWebChannel")) for i in imports(ast.parse(text)))
    }
    assert users == {"ui/risk/webmap.py"}
    for name, text in modules():
        top = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
        early = [i for node in top for i in imports(node) if i.startswith(("ui.risk.webmap", "folium", "branca"))]
        assert early == [], name


def test_a_broad_except_has_its_reason_on_the_line() -> None:
    bare = re.compile(r"except (?:Base)?Exception\b[^:]*:\s*$")
    allowed = {"app/bus.py"}  # its docstring is the reason
    bad = [
        f"{name}:{number}"
        for name, text in modules()
        if name not in allowed
        for number, line in enumerate(text.splitlines(), 1)
        if bare.search(line)
    ]
    assert bad == []


def test_no_relative_import_and_no_clock_asked_behind_its_back() -> None:
    """Engine and alarms get their time injected; only the clock itself and what waits on the network ask the machine."""
    asks = re.compile(r"\btime\.time(?:_ns)?\(|datetime\.now\(")
    allowed = {"app/clock.py", "app/doctor.py"}
    bad = [name for name, text in modules("app", "models") if asks.search(text) and name not in allowed]
    assert bad == []
