"""What one curve shows: stored history with the live samples behind it as one line. Knows no Qt.

Times are UTC microseconds (int64); NaN breaks the line (no good value).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.ports import Trend

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TAIL_MOST = 200_000
_NONE_I = np.empty(0, dtype=np.int64)
_NONE_F = np.empty(0, dtype=np.float64)


class View(NamedTuple):
    """A stretch of a series; all arrays have the same length."""

    t_us: Ints
    lo: Floats
    hi: Floats
    mean: Floats


class _Tail:
    """Live samples in arrays that grow by doubling."""

    def __init__(self) -> None:
        self._t = np.empty(1024, dtype=np.int64)
        self._v = np.empty(1024, dtype=np.float64)
        self.n = 0

    @property
    def t_us(self) -> Ints:
        return self._t[: self.n]

    @property
    def value(self) -> Floats:
        return self._v[: self.n]

    def append(self, t_us: int, value: float) -> None:
        if self.n == self._t.size:
            if self.n >= TAIL_MOST:
                self.keep_from(self.n // 2)
            else:
                self._t = np.concatenate([self._t, np.empty_like(self._t)])
                self._v = np.concatenate([self._v, np.empty_like(self._v)])
        self._t[self.n] = t_us
        self._v[self.n] = value
        self.n += 1

    def keep_from(self, index: int) -> None:
        """Forget the oldest ``index`` samples."""
        left = self.n - index
        self._t[:left] = self._t[index : self.n].copy()
        self._v[:left] = self._v[index : self.n].copy()
        self.n = left


class Series:
    """History and live tail of one tag."""

    def __init__(self, tag_id: int, usual_gap_us: int = 30_000_000) -> None:
        self.tag_id = tag_id
        self._usual_gap_us = usual_gap_us
        self._history: Trend | None = None
        self._covered = (0, 0)
        self._to_present = False
        self._known = 0  # up to here history has the samples
        self._tail = _Tail()
        self.revision = 0

    @property
    def loaded(self) -> bool:
        """True once history has been read."""
        return self._history is not None

    @property
    def level_s(self) -> float:
        """Width of the history's buckets in seconds; 0 for raw samples."""
        return self._history.level_s if self._history is not None else 0.0

    @property
    def spread(self) -> bool:
        """True when buckets hold more than one value."""
        return self._history is not None and bool(np.any(self._history.hi > self._history.lo))

    def covers(self, start_us: int, end_us: int, level_s: float, most: int = TAIL_MOST) -> bool:
        """True when the loaded history, with the tail behind it, is good enough for that stretch and resolution.

        A tail of more than ``most`` samples is not: read again, the store gives it back in buckets.
        """
        first, last = self._covered
        if self._tail.n > most:
            return False
        if not self.loaded or self.level_s != level_s or start_us < first:
            return False
        return end_us <= last or self._to_present

    def set_history(self, trend: Trend, start_us: int, end_us: int, *, to_present: bool = False) -> None:
        """Take stored history of that stretch; live samples that it already holds are dropped from the tail.

        ``to_present``: it reaches to where the live samples go on, so that the two have no hole between them.
        """
        self._history, self._covered, self._to_present = trend, (start_us, end_us), to_present
        good = trend.t_us[trend.n > 0] if trend.t_us.size else trend.t_us
        self._known = int(good[-1]) + max(0, int(trend.level_s * 1_000_000) - 1) if good.size else 0
        if good.size and self._tail.n:
            self._tail.keep_from(int(np.searchsorted(self._tail.t_us, self._known, side="right")))
        self.revision += 1

    def append(self, points: list[tuple[int, float]]) -> None:
        """Live samples, oldest first; a hole longer than usual breaks the line. What history holds already is left out."""
        tail = self._tail
        for t_us, value in points:
            last = int(tail.t_us[-1]) if tail.n else self._known
            if t_us <= last:
                continue
            if tail.n and t_us - last > self._usual_gap_us:
                tail.append(last + 1, np.nan)
            tail.append(t_us, value)
        self.revision += 1

    def view(self, start_us: int, end_us: int) -> View:
        """The points of a stretch, and one beyond each end so that the line reaches the edge."""
        history, tail = self._history, self._tail
        t0, v0 = tail.t_us, tail.value
        i = max(0, int(np.searchsorted(t0, start_us)) - 1)
        j = int(np.searchsorted(t0, end_us)) + 1
        t0, v0 = t0[i:j], v0[i:j]
        if history is None or not history.t_us.size:
            return View(t0, v0, v0, v0)
        a = max(0, int(np.searchsorted(history.t_us, start_us)) - 1)
        b = int(np.searchsorted(history.t_us, end_us)) + 1
        t, lo, hi, mean = history.t_us[a:b], history.lo[a:b], history.hi[a:b], history.mean[a:b]
        if not t0.size:
            return View(t, lo, hi, mean)
        if t.size and t0[0] - t[-1] > max(self._usual_gap_us, int(5e6 * history.level_s)):
            t = np.append(t, t[-1] + 1)
            lo, hi, mean = (np.append(c, np.nan) for c in (lo, hi, mean))
        return View(
            np.concatenate([t, t0]),
            np.concatenate([lo, v0]),
            np.concatenate([hi, v0]),
            np.concatenate([mean, v0]),
        )

    def at(self, t_us: int) -> float:
        """The value that stood at a moment (mean of its bucket); NaN in a gap or before the first sample."""
        view = self.view(t_us - 1, t_us + 1)
        index = int(np.searchsorted(view.t_us, t_us, side="right")) - 1
        if index < 0:
            return float("nan")
        value = float(view.mean[index])
        too_old = t_us - int(view.t_us[index]) > max(self._usual_gap_us, int(2e6 * self.level_s))
        return float("nan") if too_old else value

    def gaps(self, start_us: int, end_us: int, least_us: int) -> list[tuple[int, int]]:
        """Stretches without a good value of at least ``least_us``: from the last good sample to the next."""
        view = self.view(start_us, end_us)
        finite = np.isfinite(view.mean)
        if finite.all() or not finite.any():
            return []
        t = view.t_us[finite]
        before = np.flatnonzero(finite)
        holes = np.flatnonzero((np.diff(before) > 1) & (np.diff(t) >= least_us))
        return [(int(t[h]), int(t[h + 1])) for h in holes]


def extent(view: View) -> tuple[float, float] | None:
    """Smallest and largest value of a stretch; None when there is none."""
    if not np.isfinite(view.lo).any():
        return None
    return float(np.fmin.reduce(view.lo)), float(np.fmax.reduce(view.hi))
