"""What all equipment shares: weather, day and night, the seed, and the list of who feeds whom.

A model is a function from times to values. Nothing is stepped, so any second of any day can be asked for directly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.ingest.simulator.noise import Floats, drift, key_of, smooth, white

#: seconds since 1970 UTC → values in the tag's unit
Signal = Callable[[Floats], Floats]
DAY_S = 86_400.0


class World:
    """The surroundings. ``utc_offset_h`` places noon."""

    def __init__(self, seed: int, utc_offset_h: float) -> None:
        self.seed = seed
        self._offset_s = utc_offset_h * 3600.0

    def key(self, *names: str) -> np.uint64:
        """Key of a random process of this plant."""
        return key_of(self.seed, *names)

    def hour(self, t: Floats) -> Floats:
        """Local time of day, 0…24."""
        return np.mod(t + self._offset_s, DAY_S) / 3600.0

    def ambient(self, t: Floats) -> Floats:
        """Air temperature in °C: coolest at five, warmest at three in the afternoon, with fronts passing."""
        day = np.sin(2 * math.pi * (self.hour(t) - 9.5) / 24.0)
        return 22.0 + 5.5 * day + 2.5 * smooth(t, 40_000.0, self.key("front")) + 0.3 * smooth(t, 600.0, self.key("air"))

    def humidity(self, t: Floats) -> Floats:
        """Relative humidity outdoors in %."""
        return np.clip(62.0 - 2.1 * (self.ambient(t) - 22.0) + 7.0 * smooth(t, 30_000.0, self.key("damp")), 20.0, 97.0)

    def pressure(self, t: Floats) -> Floats:
        """Air pressure in kPa."""
        return 101.1 + 0.8 * smooth(t, 90_000.0, self.key("baro"))

    def wind_speed(self, t: Floats) -> Floats:
        """Wind in m/s at 10 m, with gusts."""
        calm = (
            3.1 + 1.3 * smooth(t, 9_000.0, self.key("wind")) + 0.6 * np.sin(2 * math.pi * (self.hour(t) - 9.0) / 24.0)
        )
        return np.maximum(
            0.3, calm * (1.0 + 0.22 * smooth(t, 20.0, self.key("gust")) + 0.05 * white(t, self.key("gust2")))
        )

    def wind_from(self, t: Floats) -> Floats:
        """Direction that the wind comes from, in degrees clockwise from north: mostly west of south-west."""
        swing = 60.0 * smooth(t, 14_000.0, self.key("veer")) + 14.0 * smooth(t, 45.0, self.key("eddy"))
        return np.mod(255.0 + swing, 360.0)

    def weekday(self, t: Floats) -> Floats:
        """How busy the plant is with people and trucks, 0…1."""
        hour = self.hour(t)
        rise = 1.0 / (1.0 + np.exp(-(hour - 7.5) * 2.2))
        fall = 1.0 / (1.0 + np.exp((hour - 18.5) * 2.2))
        return rise * fall


class Maker:
    """Builds the signals of one device from its parameters; ``device`` finds the signals of others (a pump's tanks)."""

    def __init__(self, world: World, code: str, params: Mapping[str, Any], device: Callable[[str], Any]) -> None:
        self.world = world
        self.code = code
        self.params = params
        self.device = device

    def key(self, name: str) -> np.uint64:
        """Key of a random process of this device."""
        return self.world.key(self.code, name)

    def number(self, name: str, default: float) -> float:
        """A parameter of the device."""
        return float(self.params.get(name, default))

    def around(self, name: str, mean: float, wander: float, period_s: float, noise: float) -> Signal:
        """A steady process value: wanders slowly about its mean, with the noise of its transmitter."""
        slow, quick = self.key(name), self.key(name + "~")
        return lambda t: mean + wander * drift(t, period_s, slow) + noise * white(t, quick)
