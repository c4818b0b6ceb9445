"""PySide6's wheels must not wear ``None``, ``True`` and ``False`` out on Python 3.11 (see app/__init__.py)."""

from __future__ import annotations

import subprocess
import sys

PAINT = """
import app
from PySide6.QtGui import QGuiApplication, QImage, QPainter
image = QImage(4, 4, QImage.Format.Format_RGB32)
painter = QPainter(image)
for _ in range(200_000):
    painter.save()
    painter.restore()
painter.end()
print("alive")
"""


def test_none_survives_a_long_day_of_painting() -> None:
    done = subprocess.run([sys.executable, "-c", PAINT], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "alive\n", done.stderr


SIGNAL = """
import app
import gc
from PySide6.QtCore import QObject, Signal
class Source(QObject):
    said = Signal(bool)
source = Source()
source.said.connect(lambda on: None)
for _ in range(50_000):
    source.said.emit(True)
    source.said.emit(False)
gc.collect()
print("alive")
"""


def test_truth_survives_a_long_day_of_signals() -> None:
    done = subprocess.run([sys.executable, "-c", SIGNAL], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "alive\n", done.stderr
