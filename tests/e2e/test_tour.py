"""The tour visits every panel in every look; nothing it finds may be cut, tofu or empty. Its pictures go into the manual."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_tour_finds_no_cut_text_no_tofu_and_no_empty_panel(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "main.py", "demo", "--tour", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    report = json.loads((tmp_path / "tour.json").read_text("utf-8"))
    assert report["findings"] == []
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(report["pictures"]) >= 50
    for name in report["pictures"]:
        picture = QImage(str(tmp_path / name))
        assert picture.width() in (1920, 1366), name
    places = {name.split("-")[0] for name in report["pictures"] if "-zh" in name}
    assert {"monitoring", "alarms", "dead_letters", "people", "access", "settings"} <= places
    assert "Traceback" not in done.stderr
