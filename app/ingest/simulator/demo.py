"""The demonstration plant as rows for an empty store: places, tags and alarm definitions, all checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from app.ingest.simulator.plant import PlantError, PlantFile, read_plant
from app.paths import resource_path
from models.alarms import AlarmDefinition
from models.commands import TagDraft
from models.readings import PlaceKind


class PlaceDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the plant tree; ``parent`` is the code of the node above, None for the plant itself."""

    code: str
    kind: PlaceKind
    name: str
    name_en: str
    parent: str | None
    position: int


class DemoPlant(msgspec.Struct, frozen=True):
    """Everything that an empty store needs; places come parents first."""

    version: str
    places: tuple[PlaceDraft, ...]
    tags: tuple[TagDraft, ...]
    alarms: tuple[AlarmDefinition, ...]
    file: PlantFile


class _Alarms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    version: str
    alarm: list[dict[str, Any]]


_FIELDS = set(AlarmDefinition.__struct_fields__)


def load_demo(folder: Path | None = None) -> DemoPlant:
    """Read plant.toml and alarms.toml (of the shipped demo unless told otherwise); raises :class:`PlantError`."""
    folder = folder or resource_path("demo")
    plant = read_plant(folder / "plant.toml")
    tags = tuple(_tags(plant))
    return DemoPlant(plant.version, tuple(_places(plant)), tags, _alarms(folder / "alarms.toml", tags), plant)


def _places(plant: PlantFile) -> list[PlaceDraft]:
    root = plant.plant
    places = [
        PlaceDraft(code=root.code, kind=PlaceKind.PLANT, name=root.name, name_en=root.name_en, parent=None, position=0)
    ]
    for kind, items, parent in (
        (PlaceKind.AREA, plant.area, lambda _: root.code),
        (PlaceKind.UNIT, plant.unit, lambda item: item.area),
        (PlaceKind.DEVICE, plant.device, lambda item: item.unit),
    ):
        places += [
            PlaceDraft(code=i.code, kind=kind, name=i.name, name_en=i.name_en, parent=parent(i), position=n)  # type: ignore[attr-defined]  # three kinds of specification with the same names
            for n, i in enumerate(items)
        ]
    return places


def _tags(plant: PlantFile) -> list[TagDraft]:
    return [
        TagDraft(
            name=tag.name,
            description=tag.text,
            description_en=tag.text_en,
            place=device.code,
            kind=tag.kind,
            unit=tag.unit,
            decimals=tag.decimals,
            range_lo=tag.range[0] if tag.range else None,
            range_hi=tag.range[1] if tag.range else None,
            stale_after_s=tag.stale_s,
            retention=tag.retention,
            states=plant.states[tag.states] if tag.states else None,
        )
        for device in plant.device
        for tag in device.tags
    ]


def _alarms(path: Path, tags: tuple[TagDraft, ...]) -> tuple[AlarmDefinition, ...]:
    try:
        content = msgspec.toml.decode(path.read_bytes(), type=_Alarms)
        alarms = []
        for i, body in enumerate(content.alarm):
            unknown = sorted(set(body) - _FIELDS)
            if unknown:
                raise ValueError(f"$.alarm[{i}]: unknown key {unknown[0]!r}")
            alarms.append(msgspec.convert(body, AlarmDefinition))
    except OSError as error:
        raise PlantError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise PlantError(f"{path}: {error}") from error
    names = {tag.name for tag in tags}
    keys: set[str] = set()
    for alarm in alarms:
        wanted = [alarm.tag, *(c.setpoint_tag for c in alarm.conditions if c.setpoint_tag)]
        missing = [name for name in wanted if name not in names]
        if missing or alarm.key in keys or not alarm.conditions:
            raise PlantError(f"{path}: alarm {alarm.key}: {f'no tag {missing[0]}' if missing else 'twice or empty'}")
        keys.add(alarm.key)
    return tuple(alarms)
