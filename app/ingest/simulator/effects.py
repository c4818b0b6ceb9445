"""What a disturbance does to one tag: small functions of the time since it began, shared by all scenarios."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from app.ingest.simulator.noise import Floats
from app.ingest.simulator.world import World
from models.readings import Quality

#: (seconds since the start, undisturbed values, seconds since 1970) → disturbed values
Change = Callable[[Floats, Floats, Floats], Floats]


class Effect(NamedTuple):
    """A disturbance of one tag: of its value, of its quality from ``after_s`` to ``until_s``, or of its being sent at all."""

    change: Change | None = None
    quality: int = int(Quality.GOOD)
    lost: bool = False
    after_s: float = 0.0
    until_s: float = math.inf


def ramp(dt: Floats, begin_s: float, end_s: float) -> Floats:
    """0 before ``begin_s``, 1 after ``end_s``, and a smooth way between."""
    x = np.clip((dt - begin_s) / (end_s - begin_s), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def rise(by: float, begin_s: float, end_s: float) -> Effect:
    """The value climbs by ``by`` (falls when negative)."""
    return Effect(lambda dt, v, t: v + by * ramp(dt, begin_s, end_s))


def towards(goal: float, begin_s: float, end_s: float) -> Effect:
    """The value is drawn to ``goal`` and keeps a tenth of its own movement."""
    return Effect(lambda dt, v, t: v + (goal - v) * 0.9 * ramp(dt, begin_s, end_s))


def times(factor: float, begin_s: float, end_s: float) -> Effect:
    """The value is multiplied, noise and all."""
    return Effect(lambda dt, v, t: v * (1.0 + (factor - 1.0) * ramp(dt, begin_s, end_s)))


def switch(value: float, after_s: float, until_s: float = math.inf) -> Effect:
    """The value jumps to ``value`` between the two times."""
    return Effect(lambda dt, v, t: np.where((dt >= after_s) & (dt < until_s), value, v))


def coast(after_s: float, rest: float, time_constant_s: float, until_s: float = math.inf) -> Effect:
    """From ``after_s`` on the value runs down to ``rest``, as a machine without power does."""

    def change(dt: Floats, v: Floats, t: Floats) -> Floats:
        left = np.exp(-np.maximum(0.0, dt - after_s) / time_constant_s)
        return np.where((dt >= after_s) & (dt < until_s), rest + (v - rest) * left, v)

    return Effect(change)


def frozen(signal: Callable[[Floats], Floats], digits: int) -> Effect:
    """The value stays what it was when the disturbance began."""
    return Effect(lambda dt, v, t: np.round(signal(t - dt), digits))


def lost() -> Effect:
    """Nothing arrives any more."""
    return Effect(lost=True)


def bad(quality: Quality, after_s: float, until_s: float) -> Effect:
    """The transmitter says itself that it is broken."""
    return Effect(quality=int(quality), after_s=after_s, until_s=until_s)


def plume(
    world: World, source: tuple[float, float], detector: tuple[float, float], strength: Callable[[Floats], Floats]
) -> Effect:
    """Gas that a leak brings to a detector: a cloud around the source, and a plume that the wind carries and swings.

    Positions in metres (east, north); ``strength`` in %LEL at the source, by seconds since the start.
    """
    dx, dy = detector[0] - source[0], detector[1] - source[1]
    near = math.exp(-((dx * dx + dy * dy) / 7.0**2))

    def change(dt: Floats, v: Floats, t: Floats) -> Floats:
        to = np.radians(world.wind_from(t) + 180.0)
        along = dx * np.sin(to) + dy * np.cos(to)
        across = dx * np.cos(to) - dy * np.sin(to)
        speed = world.wind_speed(t)
        late = np.maximum(along, 0.0) / speed
        width = 1.5 + 0.24 * np.maximum(along, 0.0)
        carried = np.where(
            along > -1.0,
            26.0
            / (26.0 + np.maximum(along, 0.0) ** 1.35)
            * np.exp(-0.5 * (across / width) ** 2)
            * np.clip(3.0 / speed, 0.5, 1.6),
            0.0,
        )
        cloud = near * np.clip(1.15 - 0.05 * speed, 0.8, 1.1)
        return v + strength(dt) * cloud + strength(np.maximum(dt - late, 0.0)) * 0.95 * (1.0 - near) * carried

    return Effect(change)
