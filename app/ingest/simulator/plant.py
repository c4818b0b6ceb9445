"""The demonstration plant's file, read into strict structs, and its devices brought to life.

resources/demo/plant.toml says what there is and which signal of which model each tag shows; the models are code. A
misspelt key, a missing signal or a name used twice is an error at load, not a silent tag.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.ingest.simulator import tankfarm, utilities
from app.ingest.simulator.world import Maker, Signal, World

#: kind of device → builder of its signals
MODELS: dict[str, Callable[[Maker], dict[str, Signal]]] = {
    "tank": tankfarm.tank,
    "pump": tankfarm.pump,
    "gas": tankfarm.gas,
    "weather": tankfarm.weather,
    "bay": tankfarm.bay,
    "compressor": utilities.compressor,
    "boiler": utilities.boiler,
    "hall": utilities.hall,
    "utility": utilities.utility,
}


class PlantError(ValueError):
    """The plant file can't be used; says which file and why."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class PointSpec(_Strict, frozen=True, kw_only=True):
    """A tag of a device: ``signal`` of the device's model, sent every ``every_s`` seconds (switches also on change)."""

    name: str
    signal: str
    text: str
    text_en: str
    kind: Literal["analog", "discrete", "text"] = "analog"
    unit: str = ""
    decimals: int = 1
    range: tuple[float, float] | None = None
    states: str | None = None
    every_s: float = 1.0
    stale_s: float = 30.0
    retention: Literal["short", "normal", "long"] = "normal"


class DeviceSpec(_Strict, frozen=True, kw_only=True):
    """A device and its tags; x and y in metres east and north."""

    code: str
    unit: str
    name: str
    name_en: str
    model: str
    x: float
    y: float
    params: dict[str, Any] = {}
    tags: list[PointSpec]


class UnitSpec(_Strict, frozen=True, kw_only=True):
    """A unit of an area."""

    code: str
    area: str
    name: str
    name_en: str


class AreaSpec(_Strict, frozen=True, kw_only=True):
    """An area, or the plant itself."""

    code: str
    name: str
    name_en: str


class PlantFile(_Strict, frozen=True, kw_only=True):
    """The whole file."""

    format: Literal[1]
    version: str
    utc_offset_h: float
    plant: AreaSpec
    states: dict[str, dict[str, list[str]]]
    area: list[AreaSpec]
    unit: list[UnitSpec]
    device: list[DeviceSpec]


class Point:
    """A living tag: its specification, its device, and its undisturbed signal."""

    __slots__ = ("device", "signal", "spec")

    def __init__(self, spec: PointSpec, device: DeviceSpec, signal: Signal) -> None:
        self.spec = spec
        self.device = device
        self.signal = signal


def read_plant(path: Path) -> PlantFile:
    """Read and check a plant file; raises :class:`PlantError`."""
    try:
        plant = msgspec.toml.decode(path.read_bytes(), type=PlantFile)
    except OSError as error:
        raise PlantError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise PlantError(f"{path}: {error}") from error
    wrong = _inconsistent(plant)
    if wrong:
        raise PlantError(f"{path}: {wrong}")
    return plant


def _inconsistent(plant: PlantFile) -> str | None:
    areas = {area.code for area in plant.area}
    units = {unit.code for unit in plant.unit}
    codes = [plant.plant.code, *areas, *units, *(device.code for device in plant.device)]
    names = [tag.name for device in plant.device for tag in device.tags]
    for kind, items in (("place", codes), ("tag", names)):
        twice = {item for item in items if items.count(item) > 1}
        if twice:
            return f"{kind} {sorted(twice)[0]} is there twice"
    for unit in plant.unit:
        if unit.area not in areas:
            return f"unit {unit.code}: no area {unit.area}"
    for device in plant.device:
        if device.unit not in units:
            return f"device {device.code}: no unit {device.unit}"
        if device.model not in MODELS:
            return f"device {device.code}: no model {device.model}"
        for tag in device.tags:
            if tag.kind == "analog" and tag.range is None:
                return f"tag {tag.name}: an analog tag needs a range"
            if tag.states is not None and tag.states not in plant.states:
                return f"tag {tag.name}: no states {tag.states}"
    return None


def living_points(plant: PlantFile, seed: int) -> tuple[World, dict[str, Point]]:
    """Bring the plant to life: its surroundings, and every tag with its signal. Raises :class:`PlantError`."""
    world = World(seed, plant.utc_offset_h)
    makers: dict[str, Maker] = {}

    def find(code: str) -> Maker:
        try:
            return makers[code]
        except KeyError:
            raise PlantError(f"no device {code}") from None

    for device in plant.device:
        makers[device.code] = Maker(world, device.code, device.params, find)
    points: dict[str, Point] = {}
    for device in plant.device:
        signals = MODELS[device.model](makers[device.code])
        for spec in device.tags:
            if spec.signal not in signals:
                raise PlantError(f"tag {spec.name}: model {device.model} has no signal {spec.signal}")
            points[spec.name] = Point(spec, device, signals[spec.signal])
    return world, points
