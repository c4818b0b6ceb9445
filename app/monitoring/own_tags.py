"""The program's own tags and alarms (``$sys/…``): lag, queue, store and brokers are guarded like any sensor.

They are created where they are missing, at every start, so that a new broker gets its tag; limits that a site has
changed stay changed. Figures come from resources/rules/own_tags.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.paths import resource_path
from models.alarms import AlarmDefinition, AlarmDefinitionRow
from models.readings import Retention, Tag, TagKind

PREFIX = "$sys/"


class OwnTag(msgspec.Struct, forbid_unknown_fields=True):
    """One tag of the rule pack, with at most one alarm; ``each = "broker"`` makes one for every broker."""

    name: str
    description: str
    description_en: str
    unit: str = ""
    decimals: int = 0
    kind: TagKind = TagKind.ANALOG
    states: dict[str, list[str]] | None = None
    each: str = ""
    alarm: dict[str, Any] | None = None


class _Pack(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    tag: list[OwnTag]


def read_pack() -> _Pack:
    """The shipped rule pack; raises msgspec.ValidationError when it is damaged."""
    return msgspec.convert(tomllib.loads(resource_path("rules", "own_tags.toml").read_text("utf-8")), _Pack)


def broker_tag(broker: str) -> str:
    """Name of the tag that says whether a broker is connected."""
    return f"{PREFIX}broker/{broker}"


def ensure_own_tags(session: Session, brokers: Iterable[str]) -> None:
    """Create what is missing."""
    present = {tag.name: tag for tag in session.scalars(select(Tag).where(Tag.name.startswith(PREFIX)))}
    keys = set(session.scalars(select(AlarmDefinitionRow.key).where(AlarmDefinitionRow.key.startswith(PREFIX))))
    for own in read_pack().tag:
        for one in brokers if own.each == "broker" else [""]:
            name = own.name.format(broker=one)
            tag = present.get(name)
            if tag is None:
                tag = Tag(
                    name=name,
                    description=own.description.format(broker=one),
                    description_en=own.description_en.format(broker=one),
                    unit=own.unit,
                    decimals=own.decimals,
                    kind=own.kind,
                    states=own.states,
                    retention=Retention.NORMAL,
                )
                session.add(tag)
                session.flush()
            if own.alarm is not None and name not in keys:
                texts = {k: v.format(broker=one) if isinstance(v, str) else v for k, v in own.alarm.items()}
                definition = msgspec.convert({"key": name, "tag": name, **texts}, AlarmDefinition)
                session.add(AlarmDefinitionRow(key=name, tag_id=tag.id, body=msgspec.to_builtins(definition)))
    session.flush()
