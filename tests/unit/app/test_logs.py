"""Logs: JSON lines that rotate, readable on the console, and never a secret in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app import logs
from app.logs import hide_secrets, set_up_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    structlog.reset_defaults()


def kept(directory: Path) -> list[dict[str, object]]:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return [json.loads(line) for line in (directory / "ankan.log").read_text("utf-8").splitlines()]


def test_lines_are_json_with_time_level_and_what_was_said(tmp_path: Path) -> None:
    set_up_logging("info", tmp_path, console=False)
    structlog.get_logger("app.x").info("link", broker="厂区", n=3)
    logging.getLogger("library").warning("said by a library")
    structlog.get_logger("app.x").debug("not this")
    first, second = kept(tmp_path)
    assert (first["event"], first["broker"], first["n"], first["level"]) == ("link", "厂区", 3, "info")
    assert str(first["timestamp"]).endswith("Z")
    assert second["event"] == "said by a library"


def test_secrets_are_blotted_out_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info", tmp_path)
    log = structlog.get_logger("app.x")
    log.info(
        "opened", password="s3cret", api_token="s3cret", url="postgresql://u:s3cret@h/d", note="postgresql://u@h/d"
    )
    logging.getLogger("sqlalchemy").warning("connecting to postgresql://u:s3cret@h/d")
    text = (tmp_path / "ankan.log").read_text("utf-8") + capsys.readouterr().err
    assert "s3cret" not in text
    assert "postgresql://u:***@h/d" in text
    assert "postgresql://u@h/d" in text


def test_a_traceback_is_kept_but_not_the_values_of_local_variables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("info", tmp_path)

    def fail(password: str) -> None:
        raise ValueError("no")

    try:
        fail("s3cret")
    except ValueError:
        structlog.get_logger("app.x").exception("failed")
    text = json.dumps(kept(tmp_path)) + capsys.readouterr().err
    assert "ValueError: no" in text
    assert "Traceback" in text
    assert text.count("s3cret") == text.count('fail("s3cret")') + text.count('fail(\\"s3cret\\")')


def test_files_rotate_and_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 2000)
    monkeypatch.setattr(logs, "KEEP", 2)
    set_up_logging("info", tmp_path, console=False)
    for i in range(200):
        structlog.get_logger("app.x").info("line", i=i)
    sizes = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert set(sizes) == {"ankan.log", "ankan.log.1", "ankan.log.2"}
    assert max(sizes.values()) <= 2000


def test_setting_up_twice_says_everything_once(tmp_path: Path) -> None:
    set_up_logging("info", tmp_path, console=False)
    set_up_logging("info", tmp_path, console=False)
    structlog.get_logger("app.x").info("once")
    assert len(kept(tmp_path)) == 1


def test_hiding_leaves_the_rest_as_it_is() -> None:
    event = {"event": "x", "n": 5, "list": [1], "user_password": "a", "PrivateKey": "b"}
    assert hide_secrets(None, "", event) == {
        "event": "x", "n": 5, "list": [1], "user_password": "***", "PrivateKey": "***",
    }  # fmt: skip
