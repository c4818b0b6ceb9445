"""Mapping files: devices as they are, described in TOML instead of programmed (format: resources/docs/payloads.md).

A file is read into the strict structs below, so that a misspelt key is an error that names the file and the key, and
compiled once into :class:`app.ingest.decode.message.Message`; nothing of the file is looked at while messages flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from app.ingest.decode.message import BadRuleError, Message, MessageRule
from app.ingest.decode.topics import TopicIndex

_LEVEL = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class MappingError(ValueError):
    """A mapping file can't be used; says which file and which key."""


class MappingFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file.

    version  version of this rule pack, kept beside what is computed from it
    name     what devices it is for
    """

    format: Literal[1]
    name: str
    version: str = ""
    notes: str = ""
    message: list[MessageRule]


class MappingSet:
    """All messages of all files: those of a later file come before those of an earlier one, so that a site overrides."""

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self._index: TopicIndex[Message] = TopicIndex()
        self.messages = tuple(messages)
        for message in self.messages:
            self._index.add(message.filter, message)

    @staticmethod
    def load(paths: Iterable[Path]) -> MappingSet:
        """Read files and folders of ``*.toml``: the shipped ones first, the site's own last. Later files have precedence.

        Inside a file the first message that applies is taken.

        Raises :class:`MappingError` for the first file that is missing, malformed or inconsistent.
        """
        messages: list[Message] = []
        for path in paths:
            files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
            for file in files:
                messages = _read(file) + messages
        return MappingSet(messages)

    @property
    def filters(self) -> list[str]:
        """The topic filters to subscribe to, each once."""
        return list(dict.fromkeys(message.filter for message in self.messages))

    def find(self, topic: str) -> list[Message]:
        """Messages whose filter matches, in order of precedence."""
        return self._index.find(topic)


def _read(file: Path) -> list[Message]:
    try:
        content = msgspec.toml.decode(file.read_bytes(), type=MappingFile)
    except OSError as error:
        raise MappingError(f"{file}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:  # ValueError: malformed TOML, not UTF-8
        raise MappingError(f"{file}: {error}") from error
    messages = []
    for i, rule in enumerate(content.message):
        try:
            for topic in [rule.topic] if isinstance(rule.topic, str) else rule.topic:
                text, levels = named_levels(topic)
                messages.append(Message(rule, text, levels))
        except (BadRuleError, ValueError) as error:
            raise MappingError(f"{file}: $.message[{i}].{error}") from error
    return messages


def named_levels(topic: str) -> tuple[str, dict[int, str]]:
    """The MQTT filter of a topic with ``{named}`` levels, and which level has which name.

    Raises :class:`BadRuleError` when a name is used twice or fills only part of a level.
    """
    levels = topic.split("/")
    names: dict[int, str] = {}
    for i, level in enumerate(levels):
        if "{" not in level and "}" not in level:
            continue
        match = _LEVEL.fullmatch(level)
        if match is None or match[1] in names.values():
            raise BadRuleError("topic", f"{level!r}: a name must fill its level, be lower case and be used once")
        names[i] = match[1]
        levels[i] = "+"
    return "/".join(levels), names
