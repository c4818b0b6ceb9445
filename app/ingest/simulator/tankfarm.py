"""Models of the tank areas and of the loading bays: tanks that fill and empty, pumps that follow them, gas detectors, trucks."""

from __future__ import annotations

import numpy as np

from app.ingest.simulator.noise import Floats, drift, smooth, uniform, white
from app.ingest.simulator.vibration import Machine
from app.ingest.simulator.world import Maker, Signal


def _constant(value: float) -> Signal:
    return lambda t: np.full(t.shape, value)


class Tank:
    """Level of a tank over its cycle: filled, held, emptied, held. Pure functions of time."""

    def __init__(self, m: Maker) -> None:
        self.m = m
        self.cycle_s = m.number("cycle_h", 14.0) * 3600.0
        self.phase = m.number("phase", 0.0)
        self.lo = m.number("lo", 30.0)
        self.hi = m.number("hi", 75.0)
        self.fill = m.number("fill", 0.36)
        self.drain = m.number("drain", 0.3)
        self.hold = (1.0 - self.fill - self.drain) / 2
        self.volume = m.number("volume", 1000.0)  # m³ at 100 %

    def part(self, t: Floats) -> Floats:
        """Where in its cycle the tank is, 0…1."""
        return np.mod(t / self.cycle_s + self.phase, 1.0)

    def level(self, t: Floats) -> Floats:
        """Percent of the height."""
        a, b = self.fill, self.fill + self.hold
        return np.interp(self.part(t), [0.0, a, b, b + self.drain, 1.0], [self.lo, self.hi, self.hi, self.lo, self.lo])

    def filling(self, t: Floats) -> Floats:
        """1 while product comes in."""
        return (self.part(t) < self.fill).astype(np.float64)

    def draining(self, t: Floats) -> Floats:
        """1 while product goes out."""
        part, b = self.part(t), self.fill + self.hold
        return ((part >= b) & (part < b + self.drain)).astype(np.float64)

    def flow(self, t: Floats) -> Floats:
        """m³/h into the tank; negative while it is emptied."""
        span = (self.hi - self.lo) / 100.0 * self.volume / (self.cycle_s / 3600.0)
        return self.filling(t) * span / self.fill - self.draining(t) * span / self.drain


def tank(m: Maker) -> dict[str, Signal]:
    """Signals of a storage tank under nitrogen: level, temperatures, pressure, flow, valves, overfill switch."""
    model = Tank(m)
    world, mean = m.world, m.number("temperature", 29.0)
    wave, ripple, warm, press, meter = m.key("wave"), m.key("ripple"), m.key("warm"), m.key("press"), m.key("meter")

    def temperature(lag_s: float, share: float, above: float, name: str) -> Signal:
        key = m.key(name)
        return lambda t: (
            mean
            + above
            + share * (world.ambient(t - lag_s) - 22.0)
            + 0.4 * drift(t, 7_000.0, warm)
            + 0.03 * white(t, key)
        )

    def pressure(t: Floats) -> Floats:
        thermal = 0.07 * (world.ambient(t - 900.0) - 22.0)
        breathing = 0.7 * model.filling(t) - 0.6 * model.draining(t)
        return 3.2 + thermal + breathing + 0.3 * drift(t, 800.0, press) + 0.02 * white(t, press)

    def flow(t: Floats) -> Floats:
        moving = np.abs(model.filling(t) + model.draining(t))
        return model.flow(t) * (1.0 + 0.02 * drift(t, 240.0, meter)) + moving * 0.15 * white(t, meter)

    return {
        "level": lambda t: model.level(t) + 0.06 * smooth(t, 35.0, wave) + 0.02 * white(t, ripple),
        "bottom": temperature(4 * 3600.0, 0.35, 0.0, "bottom"),
        "top": temperature(1.5 * 3600.0, 0.6, 1.4, "top"),
        "pressure": pressure,
        "flow": flow,
        "inlet": model.filling,
        "outlet": model.draining,
        "overfill": _constant(0.0),
    }


def pump(m: Maker) -> dict[str, Signal]:
    """Signals of a centrifugal pump; it runs always, or while one of its ``tanks`` is emptied."""
    machine = Machine(m.number("rpm", 2950.0), m.number("vibration", 1.9), vanes=6)
    sound = machine.rms()
    tanks = [Tank(m.device(code)) for code in m.params.get("tanks", [])]
    world, discharge, amps = m.world, m.number("pressure", 0.62), m.number("current", 84.0)
    keys = {name: m.key(name) for name in ("load", "p", "s", "i", "va", "vb", "ve", "ta", "tb", "seal")}

    def run(t: Floats) -> Floats:
        if not tanks:
            return np.ones(t.shape)
        return np.minimum(1.0, sum((tank.draining(t) for tank in tanks), np.zeros(t.shape)))

    def warmth(t: Floats) -> Floats:
        if not tanks:
            return np.ones(t.shape)
        lags = (0.0, 400.0, 900.0, 1500.0, 2400.0)
        return sum((run(t - lag) for lag in lags), np.zeros(t.shape)) / len(lags)

    def load(t: Floats) -> Floats:
        return 1.0 + 0.02 * drift(t, 1_800.0, keys["load"])

    def shaking(share: float, name: str) -> Signal:
        key = keys[name]
        return lambda t: (
            run(t) * sound * share * (load(t) + 0.05 * drift(t, 500.0, key) + 0.025 * white(t, key))
            + (1.0 - run(t)) * (0.12 + 0.01 * white(t, key))
        )

    def bearing(above: float, name: str) -> Signal:
        key = keys[name]
        return lambda t: (
            world.ambient(t - 600.0) + warmth(t) * (above + 1.2 * drift(t, 3_000.0, key)) + 0.05 * white(t, key)
        )

    def pressure(t: Floats) -> Floats:
        return (
            run(t) * (discharge * (2.0 - load(t)) + 0.006 * drift(t, 60.0, keys["p"]))
            + (1.0 - run(t)) * 0.05
            + 0.002 * white(t, keys["p"])
        )

    return {
        "running": run,
        "current": lambda t: run(t) * amps * load(t) + run(t) * 0.25 * white(t, keys["i"]),
        "discharge": pressure,
        "suction": lambda t: 0.062 + 0.006 * drift(t, 2_000.0, keys["s"]) + 0.0006 * white(t, keys["s"]),
        "vibration": shaking(1.0, "va"),
        "vibration_free": shaking(0.84, "vb"),
        "envelope": lambda t: 0.05 + run(t) * (0.38 + 0.05 * drift(t, 700.0, keys["ve"]) + 0.02 * white(t, keys["ve"])),
        "bearing": bearing(m.number("bearing_rise", 33.0), "ta"),
        "bearing_free": bearing(m.number("bearing_rise", 33.0) - 4.0, "tb"),
        "seal_pot": lambda t: 62.0 + 1.2 * drift(t, 9_000.0, keys["seal"]) + 0.08 * white(t, keys["seal"]),
    }


def gas(m: Maker) -> dict[str, Signal]:
    """A gas detector in clean air: ``offset`` and ``noise`` in its unit."""
    key, offset, noise = m.key("gas"), m.number("offset", 0.4), m.number("noise", 0.08)
    return {
        "concentration": lambda t: np.maximum(
            0.0, offset * (1.0 + 0.5 * drift(t, 5_000.0, key)) + noise * (white(t, key) + smooth(t, 25.0, key))
        )
    }


def weather(m: Maker) -> dict[str, Signal]:
    """The weather station."""
    world, key = m.world, m.key("ws")
    return {
        "wind_speed": world.wind_speed,
        "wind_from": world.wind_from,
        "ambient": lambda t: world.ambient(t) + 0.03 * white(t, key),
        "humidity": lambda t: world.humidity(t) + 0.1 * white(t, key),
    }


class Trucks:
    """Visits to a loading bay: in each slot of ``slot_min`` a truck may come, more likely in working hours."""

    def __init__(self, m: Maker) -> None:
        self.world = m.world
        self.slot_s = m.number("slot_min", 55.0) * 60.0
        self.shift = m.number("phase", 0.0)
        self.key = m.key("truck")

    def slot(self, t: Floats) -> tuple[Floats, Floats]:
        """Number of the slot, and minutes since it began."""
        x = t / self.slot_s + self.shift
        k = np.floor(x)
        return k, (x - k) * self.slot_s / 60.0

    def visit(self, t: Floats) -> tuple[Floats, Floats]:
        """1 while a truck stands there, and the minutes it has been there."""
        k, minute = self.slot(t)
        busy = self.world.weekday((k + 0.5 - self.shift) * self.slot_s)
        comes = uniform(k.astype(np.int64), self.key) < 0.25 + 0.7 * busy
        luck = uniform(k.astype(np.int64) + 7_919, self.key)
        length = 27.0 + 9.0 * luck + 10.0 * (luck > 0.9)  # now and then a driver is not to be found
        here = comes & (minute >= 4.0) & (minute < 4.0 + length)
        return here.astype(np.float64), np.where(here, minute - 4.0, 0.0)


def bay(m: Maker) -> dict[str, Signal]:
    """A loading bay: truck present, grounded, loading after five minutes, batch total, and the batch's number."""
    trucks, world, rate = Trucks(m), m.world, m.number("rate", 42.0)
    flow_key, press_key, temp_key = m.key("flow"), m.key("press"), m.key("temp")

    def loading(t: Floats) -> Floats:
        here, minute = trucks.visit(t)
        return here * ((minute > 5.0) & (minute < 24.0))

    def total(t: Floats) -> Floats:
        here, minute = trucks.visit(t)
        return here * rate / 60.0 * np.clip(minute - 5.0, 0.0, 19.0)

    def number(t: Floats) -> Floats:
        here, _ = trucks.visit(t)
        return here * np.mod(trucks.slot(t)[0], 100_000.0)

    def flow(t: Floats) -> Floats:
        on = loading(t)
        return on * (rate * (1.0 + 0.012 * drift(t, 90.0, flow_key)) + 0.12 * white(t, flow_key))

    return {
        "flow": flow,
        "total": total,
        "arm_temperature": lambda t: world.ambient(t - 1200.0) + 3.0 * loading(t) + 0.04 * white(t, temp_key),
        "arm_pressure": lambda t: (
            0.02 + loading(t) * (0.29 + 0.01 * drift(t, 50.0, press_key)) + 0.001 * white(t, press_key)
        ),
        "valve": loading,
        "ground": lambda t: trucks.visit(t)[0],
        "overfill": _constant(0.0),
        "dwell": lambda t: trucks.visit(t)[1],
        "batch": number,
    }
