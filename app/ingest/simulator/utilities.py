"""Models of the compressor house, the boiler house and the warehouse."""

from __future__ import annotations

import numpy as np

from app.ingest.simulator.noise import Floats, drift, smooth, uniform, white
from app.ingest.simulator.vibration import Machine
from app.ingest.simulator.world import Maker, Signal


def _flag(value: float) -> Signal:
    return lambda t: np.full(t.shape, value)


def compressor(m: Maker) -> dict[str, Signal]:
    """Signals of a two-stage compressor with its motor and oil system, at a load that follows the plant."""
    world, load_key = m.world, m.key("load")
    machine = Machine(m.number("rpm", 8_900.0), m.number("vibration", 1.35))
    sound, discharge = machine.rms(), m.number("pressure", 0.82)

    def load(t: Floats) -> Floats:
        return 0.9 + 0.05 * world.weekday(t) + 0.03 * drift(t, 2_600.0, load_key)

    def shaking(share: float, name: str) -> Signal:
        key = m.key(name)
        return lambda t: sound * share * (load(t) + 0.05 * drift(t, 600.0, key) + 0.025 * white(t, key))

    def warm(base: float, by_load: float, name: str, noise: float = 0.05) -> Signal:
        key = m.key(name)
        return lambda t: (
            base
            + by_load * (load(t) - 0.9)
            + 0.25 * (world.ambient(t) - 22.0)
            + 0.6 * drift(t, 3_500.0, key)
            + noise * white(t, key)
        )

    def loaded(at_full: float, wander: float, noise: float, name: str) -> Signal:
        key = m.key(name)
        return lambda t: at_full * load(t) + wander * drift(t, 900.0, key) + noise * white(t, key)

    return {
        "suction": m.around("suction", 0.104, 0.003, 1_500.0, 0.0004),
        "discharge": loaded(discharge / 0.92, 0.006, 0.0015, "discharge"),
        "suction_temperature": warm(31.0, 4.0, "ts"),
        "discharge_temperature": warm(118.0, 60.0, "td", 0.12),
        "vibration": shaking(1.0, "va"),
        "vibration_motor": shaking(0.7, "vb"),
        "envelope": m.around("ve", 0.55, 0.07, 900.0, 0.02),
        "bearing_1": warm(68.0, 30.0, "t1"),
        "bearing_2": warm(66.0, 30.0, "t2"),
        "bearing_3": warm(63.0, 25.0, "t3"),
        "bearing_4": warm(61.0, 25.0, "t4"),
        "oil_pressure": m.around("po", 0.245, 0.006, 1_200.0, 0.0012),
        "oil_temperature": warm(44.0, 12.0, "to"),
        "oil_level": m.around("lo", 71.0, 1.2, 20_000.0, 0.06),
        "current": loaded(m.number("current", 212.0), 1.5, 0.5, "i"),
        "speed": loaded(m.number("rpm", 8_900.0) / 0.92, 12.0, 4.0, "si"),
        "running": _flag(1.0),
        "antisurge": m.around("zt", 8.0, 3.0, 900.0, 0.1),
        "flow": loaded(m.number("flow", 3_150.0), 30.0, 8.0, "ft"),
        "filter": m.around("pd", 2.4, 0.25, 40_000.0, 0.02),
        "shift": m.around("zs", 0.11, 0.02, 2_000.0, 0.003),
        "cooling_flow": m.around("fw", 46.0, 1.2, 1_900.0, 0.2),
        "power": loaded(m.number("power", 1_280.0), 8.0, 2.5, "jt"),
    }


def boiler(m: Maker) -> dict[str, Signal]:
    """Signals of a gas-fired steam boiler: everything follows the steam demand of the plant."""
    world, demand_key = m.world, m.key("demand")
    full = m.number("steam", 11.0)  # t/h

    def demand(t: Floats) -> Floats:
        return 0.62 + 0.2 * world.weekday(t) + 0.08 * drift(t, 2_400.0, demand_key)

    def follow(at_full: float, wander: float, noise: float, name: str, base: float = 0.0) -> Signal:
        key = m.key(name)
        return lambda t: base + at_full * demand(t) + wander * drift(t, 400.0, key) + noise * white(t, key)

    level_key = m.key("level")

    def level(t: Floats) -> Floats:
        return 9.0 * drift(t, 260.0, level_key) + 2.5 * smooth(t, 14.0, level_key) + 0.5 * white(t, level_key)

    second = m.key("level2")
    return {
        "level": level,
        "level_2": lambda t: level(t) + 1.5 + 0.6 * white(t, second),
        "steam_pressure": m.around("ps", 1.05, 0.018, 500.0, 0.002),
        "steam_temperature": m.around("ts", 186.0, 1.2, 600.0, 0.1),
        "steam_flow": follow(full, 0.12, 0.04, "fs"),
        "feed_flow": follow(full * 1.01, 0.3, 0.06, "ff"),
        "feed_temperature": m.around("tf", 103.5, 0.8, 3_000.0, 0.05),
        "feed_pressure": m.around("pf", 1.62, 0.02, 700.0, 0.004),
        "draft": m.around("draft", -42.0, 6.0, 60.0, 1.6),
        "oxygen": m.around("o2", 3.6, 0.3, 500.0, 0.03),
        "flue_temperature": follow(52.0, 1.5, 0.2, "tg", 98.0),
        "nox": follow(12.0, 1.2, 0.3, "nox", 24.0),
        "co": m.around("co", 14.0, 4.0, 700.0, 0.5),
        "gas_pressure": m.around("pg", 21.0, 0.5, 1_500.0, 0.05),
        "gas_flow": follow(m.number("gas", 830.0), 6.0, 2.0, "fg"),
        "air_flow": follow(m.number("gas", 830.0) * 11.2, 60.0, 20.0, "fa"),
        "fan_vibration": follow(1.4, 0.12, 0.05, "vf", 1.3),
        "fan_bearing": follow(14.0, 0.8, 0.05, "tb", 38.0),
        "flame": _flag(1.0),
        "fan_current": follow(38.0, 0.6, 0.15, "if", 21.0),
        "gas_valve": _flag(1.0),
        "damper": follow(55.0, 1.2, 0.1, "zd", 8.0),
    }


def hall(m: Maker) -> dict[str, Signal]:
    """A hall of the warehouse: slow climate, doors in working hours, and switches that should never move."""
    world, door_key = m.world, m.key("door")
    mean, damp = m.number("temperature", 24.0), m.number("humidity", 55.0)
    climate, ammonia = m.key("climate"), m.key("nh3")

    def door(t: Floats) -> Floats:
        k = np.floor(t / 420.0)
        return (uniform(k.astype(np.int64), door_key) < 0.4 * world.weekday(k * 420.0)).astype(np.float64)

    def temperature(t: Floats) -> Floats:
        return (
            mean
            + 0.35 * (world.ambient(t - 2 * 3600.0) - 22.0)
            + 0.4 * drift(t, 9_000.0, climate)
            + 0.02 * white(t, climate)
        )

    def humidity(t: Floats) -> Floats:
        return (
            damp
            + 0.3 * (world.humidity(t - 3600.0) - 62.0)
            + 1.5 * drift(t, 6_000.0, m.key("damp"))
            + 0.1 * white(t, climate)
        )

    return {
        "temperature": temperature,
        "humidity": humidity,
        "smoke": _flag(0.0),
        "door": door,
        "fan": lambda t: (world.ambient(t) > 23.0).astype(np.float64),
        "leak": _flag(0.0),
        "ammonia": lambda t: np.maximum(0.0, 0.8 + 0.4 * drift(t, 8_000.0, ammonia) + 0.1 * white(t, ammonia)),
    }


def utility(m: Maker) -> dict[str, Signal]:
    """A single plain measurement: ``mean``, ``wander`` over ``period_s``, ``noise``; or a switch at ``state``."""
    return {
        "value": m.around(
            "value",
            m.number("mean", 0.0),
            m.number("wander", 0.0),
            m.number("period_s", 2_000.0),
            m.number("noise", 0.0),
        ),
        "state": _flag(m.number("state", 0.0)),
    }
