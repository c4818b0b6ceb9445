"""What the program does; no Qt here but in bridge.py.

PySide6 6.12 is built with headers of Python 3.12 and later, where ``None`` is immortal and returning it takes no
reference. On Python 3.11 each of its calls without a result therefore costs ``None`` one reference, until the
interpreter stops with "deallocating None" after some ten thousand painted cells. So that Debian 12's own Python can run
the window, the count is raised here out of reach, which is what 3.12 does itself; ``tests/unit/app/test_none.py`` holds it.
"""

from __future__ import annotations

import ctypes
import sys

OUT_OF_REACH = 1 << 60


def keep_none() -> None:
    """Make ``None`` as good as immortal on Python 3.11; nothing elsewhere, and nothing at a second call."""
    if (
        sys.version_info < (3, 12)
        and sys.implementation.name == "cpython"
        and sys.getrefcount(None) < OUT_OF_REACH >> 1
    ):
        ctypes.c_ssize_t.from_address(id(None)).value += OUT_OF_REACH


keep_none()
