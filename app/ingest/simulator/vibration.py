"""Vibration of a rotating machine: shaft tones, vane pass, the tones of a damaged bearing, and noise.

The tag carries the RMS velocity; the waveform and its lines exist too, so that the figure is what a real meter would
make of them, and spectra can be shown.
"""

from __future__ import annotations

import math

import numpy as np

from app.ingest.simulator.noise import Floats, key_of, white

#: Outer-race, inner-race and ball-spin order of a 6310 deep-groove bearing (8 balls), as multiples of the shaft speed.
BPFO, BPFI, BSF = 3.05, 4.95, 1.99


class Machine:
    """One bearing of a machine.

    rpm        shaft speed in 1/min
    level      RMS velocity when sound, mm/s
    vanes      blades of the impeller (0: none)
    """

    def __init__(self, rpm: float, level: float, vanes: int = 0) -> None:
        self.shaft_hz = rpm / 60.0
        self.level = level
        self.vanes = vanes

    def lines(self, imbalance: float = 0.0, bearing: float = 0.0) -> list[tuple[float, float]]:
        """(frequency in Hz, peak velocity in mm/s); ``imbalance`` and ``bearing`` are 0 when sound, 1 when ruined."""
        unit = self.level
        lines = [
            (self.shaft_hz, unit * (0.95 + 3.2 * imbalance)),
            (2 * self.shaft_hz, unit * (0.42 + 0.9 * imbalance)),
            (3 * self.shaft_hz, unit * 0.16),
        ]
        if self.vanes:
            lines.append((self.vanes * self.shaft_hz, unit * (0.5 + 0.4 * imbalance)))
        for order, share in ((BPFO, 1.0), (2 * BPFO, 0.6), (3 * BPFO, 0.35), (BPFI, 0.5)):
            lines.append((order * self.shaft_hz, unit * (0.02 + 2.4 * bearing * share)))
            side = unit * 1.1 * bearing * share
            if side > 0:  # the load zone modulates the tones once a turn
                lines += [((order - 1) * self.shaft_hz, side * 0.5), ((order + 1) * self.shaft_hz, side * 0.5)]
        return lines

    def noise(self, bearing: float = 0.0) -> float:
        """Deviation of the broad-band part in mm/s."""
        return self.level * (0.45 + 0.8 * bearing)

    def rms(self, imbalance: float = 0.0, bearing: float = 0.0) -> float:
        """RMS velocity in mm/s: what a vibration meter shows."""
        power = sum(peak * peak / 2 for _, peak in self.lines(imbalance, bearing))
        return math.sqrt(power + self.noise(bearing) ** 2)

    def growth(self, imbalance: float, bearing: float) -> float:
        """RMS of the damaged machine as a multiple of the sound one."""
        return self.rms(imbalance, bearing) / self.rms()

    def waveform(
        self,
        start_s: float,
        seconds: float,
        rate_hz: float,
        *,
        imbalance: float = 0.0,
        bearing: float = 0.0,
        seed: int = 0,
    ) -> Floats:
        """Velocity in mm/s sampled at ``rate_hz`` from ``start_s`` (seconds since 1970 UTC)."""
        n = np.arange(round(seconds * rate_hz))
        t = n / rate_hz
        key = key_of(seed, "vibration", f"{self.shaft_hz}", f"{start_s:.3f}")
        out = self.noise(bearing) * white(n / 100.0, key)
        for i, (hz, peak) in enumerate(self.lines(imbalance, bearing)):
            out += peak * np.sin(2 * math.pi * (hz * t + 0.61803 * i))
        return out
