"""Where the shipped data files of this room lie; the same layout in the source tree and in the packaged program."""

from __future__ import annotations

from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
MAPPINGS = RESOURCES / "rules" / "mappings"
UNITS = RESOURCES / "rules" / "units.toml"
DEMO = RESOURCES / "demo"
