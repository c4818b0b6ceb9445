"""What the program does; no Qt here but in bridge.py.

PySide6 6.12 is built with headers of Python 3.12 and later, where ``None``, ``True`` and ``False`` are immortal and
returning them takes no reference. On Python 3.11 each call without a result therefore costs ``None`` one reference (and
some with a truth value cost theirs), until the interpreter stops with "deallocating None" after some ten thousand painted
cells. So that Debian 12's own Python can run the window, their counts are raised here out of reach, which is what 3.12
does itself; ``tests/unit/app/test_none.py`` holds it.
"""

from __future__ import annotations

import ctypes
import sys

OUT_OF_REACH = 1 << 60


def keep_none() -> None:
    """Make ``None``, ``True`` and ``False`` as good as immortal on Python 3.11; nothing elsewhere or at a second call."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for single in (None, True, False):
        if sys.getrefcount(single) < OUT_OF_REACH >> 1:
            ctypes.c_ssize_t.from_address(id(single)).value += OUT_OF_REACH


keep_none()
