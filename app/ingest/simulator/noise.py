"""Randomness that is a function of time and a key, not of the order of calls.

History written at a coarse step, the live feed and a replay of the same minute therefore agree to the last digit, and
nothing has to be integrated from the past. Times are seconds since 1970 UTC in float64 arrays.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def key_of(seed: int, *names: str) -> np.uint64:
    """Key of a random process: the same seed and names give the same process on every machine."""
    digest = hashlib.blake2b("\0".join((str(seed), *names)).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _uniform(k: NDArray[np.int64], key: np.uint64) -> Floats:
    """Independent numbers in [0, 1) for integers (splitmix64)."""
    x = k.astype(np.uint64) * _GOLDEN + key
    x = (x ^ (x >> np.uint64(30))) * _MIX1
    x = (x ^ (x >> np.uint64(27))) * _MIX2
    x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53


def uniform(k: NDArray[np.int64], key: np.uint64) -> Floats:
    """Independent numbers in [0, 1), one for each integer."""
    return _uniform(np.atleast_1d(np.asarray(k, dtype=np.int64)), key)


def white(t: Floats, key: np.uint64) -> Floats:
    """Noise with mean 0 and deviation 1, independent from one 10 ms to the next, never beyond ±3.5."""
    k = np.floor(t * 100.0).astype(np.int64) * 4
    total = _uniform(k, key) + _uniform(k + 1, key) + _uniform(k + 2, key) + _uniform(k + 3, key)
    return (total - 2.0) * 1.7320508075688772


def smooth(t: Floats, period_s: float, key: np.uint64) -> Floats:
    """A wandering signal in [-1, 1] that changes its mind about every ``period_s`` seconds."""
    x = t / period_s
    k = np.floor(x)
    f = x - k
    f = f * f * (3.0 - 2.0 * f)
    i = k.astype(np.int64)
    a, b = _uniform(i, key), _uniform(i + 1, key)
    return 2.0 * (a + (b - a) * f) - 1.0


def drift(t: Floats, period_s: float, key: np.uint64) -> Floats:
    """A wandering signal in about [-1, 1] with slow and quick parts, as process values have."""
    fine = key ^ _MIX1
    return 0.65 * smooth(t, period_s, key) + 0.35 * smooth(t, period_s / 5.3, fine)
