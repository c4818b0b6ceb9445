"""Where the program's own files lie and where the user's may; nothing heavy is imported, as every screen asks this."""

from __future__ import annotations

import sys
from pathlib import Path

APP = "ankan"
VERSION = "0.1.0"


def project_root() -> Path:
    """Folder of main.py, or of the frozen program."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parent.parent


def resource_path(*parts: str) -> Path:
    """Path of a file that ships with the program, below resources/."""
    return project_root().joinpath("resources", *parts)


def default_data_dir() -> Path:
    """The user's data directory of this station."""
    import platformdirs

    return Path(platformdirs.user_data_dir(APP, appauthor=False))
