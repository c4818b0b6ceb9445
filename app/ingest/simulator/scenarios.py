"""Disturbances on call: what each does to the tags of the demonstration plant, and how it fades when it is stopped.

A scenario is data made once for a plant; a run of it is a start and perhaps a stop. Both are functions of time like all
of the simulator, so a run can also be placed in the past and appears in the history.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.ingest.simulator import effects as fx
from app.ingest.simulator.effects import Effect
from app.ingest.simulator.noise import Floats, key_of, uniform
from app.ingest.simulator.plant import Point
from app.ingest.simulator.vibration import Machine
from app.ingest.simulator.world import World
from models.readings import Quality

Points = Mapping[str, Point]


class Scenario:
    """A disturbance: its titles, what it does to which tags, the time constant of the recovery after a stop, and how
    long it lasts by itself (None: until it is stopped).
    """

    def __init__(
        self,
        name: str,
        title: str,
        title_en: str,
        effects: dict[str, Effect],
        fade_s: float = 40.0,
        lasts_s: float | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.title_en = title_en
        self.effects = effects
        self.fade_s = fade_s
        self.lasts_s = lasts_s


class Run:
    """One run of a scenario; times in seconds since 1970 UTC."""

    def __init__(self, scenario: Scenario, start_s: float, stop_s: float | None = None) -> None:
        self.scenario = scenario
        self.start_s = start_s
        self.stop_s = start_s + scenario.lasts_s if stop_s is None and scenario.lasts_s is not None else stop_s

    def over(self, t: float) -> bool:
        """True when nothing of the disturbance is left."""
        return self.stop_s is not None and t > self.stop_s + 8.0 * self.scenario.fade_s

    def disturb(self, name: str, t: Floats, values: Floats, *, discrete: bool) -> tuple[Floats, Floats]:
        """Disturbed values and qualities of a tag; a lost sample is NaN."""
        effect = self.scenario.effects[name]
        dt = t - self.start_s
        on = dt >= 0.0
        left = np.ones(t.shape)
        if self.stop_s is not None:
            after = np.maximum(0.0, t - self.stop_s)
            left = (after == 0.0).astype(np.float64) if discrete else np.exp(-after / self.scenario.fade_s)
            dt = np.minimum(dt, self.stop_s - self.start_s)
        out = values
        if effect.change is not None:
            changed = effect.change(np.maximum(dt, 0.0), values, t)
            out = np.where(on, values + (changed - values) * left, values)
        stopped = np.zeros(t.shape, dtype=bool) if self.stop_s is None else t >= self.stop_s
        hit = on & ~stopped & (dt >= effect.after_s) & (dt < effect.until_s)
        if effect.lost:
            out = np.where(hit, np.nan, out)
        quality = np.where(hit, float(effect.quality), float(Quality.GOOD))
        return out, quality


def scenarios(world: World, points: Points) -> dict[str, Scenario]:
    """All scenarios for a plant; tags that the plant does not have are left out."""
    made = (
        _leak(world, points),
        _overheating(),
        _wear(),
        _trip(),
        _stuck(points),
        _lost(),
        _lightning(world, points),
    )
    for scenario in made:
        scenario.effects = {name: effect for name, effect in scenario.effects.items() if name in points}
    return {scenario.name: scenario for scenario in made}


def _leak(world: World, points: Points) -> Scenario:
    """The seal of P-203 fails: it shakes, loses pressure, and gas reaches 25 and 50 %LEL within five minutes."""
    machine = Machine(2950.0, 2.9, vanes=6)
    source = (300.0, 120.0)

    def strength(dt: Floats) -> Floats:
        return 66.0 * fx.ramp(dt, 100.0, 330.0)

    def shaking(share: float) -> Effect:
        grown = machine.growth(0.5, 0.75)
        return Effect(lambda dt, v, t: v * (1.0 + (grown - 1.0) * share * fx.ramp(dt, 5.0, 210.0)))

    effects: dict[str, Effect] = {
        "VT-203": shaking(1.0),
        "VT-203B": shaking(0.7),
        "VE-203": fx.rise(2.1, 0.0, 180.0),
        "PT-203": fx.rise(-0.25, 90.0, 300.0),
        "IT-203": fx.rise(9.0, 30.0, 240.0),
        "TT-203": fx.rise(22.0, 20.0, 420.0),
        "LT-203S": fx.rise(-44.0, 40.0, 320.0),
    }
    for name, point in points.items():
        if point.device.model == "gas" and point.spec.unit == "%{LEL}":
            effects[name] = fx.plume(world, source, (point.device.x, point.device.y), strength)
    return Scenario("leak", "P-203 机封泄漏", "P-203 seal leak", effects, 60.0)


def _overheating() -> Scenario:
    """C-301 loses its oil cooling: oil and bearings run hot, the oil thins."""
    effects = {
        "TT-301L": fx.rise(24.0, 0.0, 200.0),
        "TT-3011": fx.rise(33.0, 20.0, 260.0),
        "TT-3012": fx.rise(29.0, 25.0, 280.0),
        "TT-3013": fx.rise(21.0, 40.0, 320.0),
        "TT-3014": fx.rise(17.0, 50.0, 340.0),
        "TT-301D": fx.rise(29.0, 30.0, 300.0),
        "PT-301L": fx.rise(-0.085, 60.0, 240.0),
        "FT-301W": fx.towards(22.0, 0.0, 60.0),
        "VT-301": fx.times(2.1, 120.0, 360.0),
        "IT-301": fx.rise(16.0, 60.0, 300.0),
    }
    return Scenario("overheating", "C-301 轴承过热", "C-301 bearings overheat", effects, 90.0)


def _wear() -> Scenario:
    """The bearing of P-208 wears out: first in the envelope, then in the vibration, at last in the temperature."""
    machine = Machine(1480.0, 1.9, vanes=6)

    def shaking(share: float) -> Effect:
        def change(dt: Floats, v: Floats, t: Floats) -> Floats:
            damage = fx.ramp(dt, 60.0, 600.0)
            grown = np.interp(
                damage,
                [0.0, 0.25, 0.5, 0.75, 1.0],
                [machine.growth(0.1 * x, 1.3 * x) for x in (0.0, 0.25, 0.5, 0.75, 1.0)],
            )
            return v * (1.0 + (grown - 1.0) * share)

        return Effect(change)

    effects = {
        "VE-208": fx.rise(3.4, 0.0, 420.0),
        "VT-208": shaking(1.0),
        "VT-208B": shaking(0.6),
        "TT-208": fx.rise(27.0, 240.0, 720.0),
        "IT-208": fx.rise(4.0, 240.0, 720.0),
    }
    return Scenario("wear", "P-208 轴承磨损", "P-208 bearing wear", effects, 60.0)


def _trip() -> Scenario:
    """P-207 trips."""
    effects = {
        "XS-207": fx.switch(0.0, 1.0),
        "IT-207": fx.switch(0.0, 1.0),
        "PT-207": fx.coast(1.0, 0.05, 4.0),
        "VT-207": fx.coast(1.0, 0.12, 6.0),
        "VT-207B": fx.coast(1.0, 0.1, 6.0),
        "VE-207": fx.coast(1.0, 0.05, 6.0),
        "TT-207": fx.coast(1.0, 24.0, 1_500.0),
    }
    return Scenario("trip", "P-207 跳闸", "P-207 trip", effects, 8.0)


def _stuck(points: Points) -> Scenario:
    """A level and a gas detector no longer move; their values look perfectly healthy."""
    effects = {
        name: fx.frozen(points[name].signal, points[name].spec.decimals)
        for name in ("LT-102", "GD-03")
        if name in points
    }
    return Scenario("stuck", "LT-102、GD-03 数值不变", "LT-102 and GD-03 stuck", effects, 1.0)


def _lost() -> Scenario:
    """The junction box of bay 2 is dead."""
    names = ("GD-11", "GD-12", "FT-602", "FQ-602", "TT-602", "PT-602", "XV-602", "ST-602", "LS-602", "LG-602", "NT-602")
    return Scenario("lost", "鹤位2 信号中断", "Bay 2 signal lost", {name: fx.lost() for name in names}, 1.0)


def _lightning(world: World, points: Points) -> Scenario:
    """A stroke near tank farm B: surges in loops everywhere, and a dip that stops the machines. Over in two minutes."""
    effects: dict[str, Effect] = {}
    end = 110.0
    chance = key_of(world.seed, "lightning")
    for i, (name, point) in enumerate(points.items()):
        after = 0.5 + 4.0 * float(uniform(np.array([i]), chance)[0])
        if name.startswith("LS-") or name.startswith(("SD-", "LK-")):
            effects[name] = fx.switch(1.0, after, after + 12.0)
        elif name.startswith("ST-"):
            effects[name] = fx.switch(2.0, after, after + 15.0)
        elif name.startswith("BS-") or (name.startswith("XS-") and name not in ("XS-520", "XS-107", "XS-108")):
            effects[name] = fx.switch(0.0, after, end)
        elif name == "XS-520":
            effects[name] = fx.switch(1.0, after, end)
        elif point.device.model == "gas":
            effects[name] = fx.bad(Quality.BAD_SENSOR, after, after + 35.0)
        elif point.device.model == "tank" and point.spec.signal == "pressure" and point.spec.range is not None:
            effects[name] = fx.switch(point.spec.range[1], after, after + 30.0)
    for name in ("PT-203", "PT-207", "PT-208"):
        effects[name] = fx.coast(1.5, 0.05, 4.0, end)
    for name in ("VT-203", "VT-207", "VT-208", "VT-301", "VT-302"):
        effects[name] = fx.coast(1.5, 0.12, 8.0, end)
    for name in ("IT-203", "IT-207", "IT-208", "IT-301", "IT-302"):
        effects[name] = fx.switch(0.0, 1.5, end)
    for n in ("301", "302"):
        effects[f"PT-{n}L"] = fx.coast(1.5, 0.06, 7.0, end)
        effects[f"FT-{n}W"] = fx.coast(1.5, 4.0, 6.0, end)
    for n in ("401", "402"):
        effects[f"PT-{n}G"] = fx.coast(1.5, 2.0, 3.0, end)
        effects[f"PT-{n}W"] = fx.coast(1.5, 0.2, 6.0, end)
        effects[f"PT-{n}F"] = fx.switch(38.0, 2.0, 20.0)
        effects[f"AT-{n}"] = fx.coast(1.5, 20.6, 10.0, end)
    effects["PT-520"] = fx.switch(0.41, 2.0, 40.0)
    return Scenario("lightning", "雷击:报警风暴", "Lightning: alarm flood", effects, 10.0, 120.0)
