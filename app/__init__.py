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


def load_structlog_plainly() -> None:
    """Load structlog without rich, which it takes when it finds it (typer brings it along).

    Its tracebacks would print the values of local variables, payloads and secrets among them, and it costs the start
    of the program half a tenth of a second.
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # the documented way to say: not to be had
    try:
        import structlog  # noqa: F401 - loaded for all who come after
    finally:
        del sys.modules["rich"]


load_structlog_plainly()
