"""MQTT topic names and filters (MQTT 5, chapter 4.7): what is valid, what matches, and an index over many filters.

The broker filters too, but one connection carries many filters and each message must find its mapping; a wrong rule
here would feed a value to the wrong tag.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_BYTES = 65_535  # an MQTT string carries its length in two bytes


def _well_formed(text: str) -> bool:
    if not text or "\0" in text:
        return False
    try:
        return len(text.encode()) <= MAX_BYTES
    except UnicodeEncodeError:  # a lone surrogate
        return False


def valid_topic(topic: str) -> bool:
    """May a message be published on this topic? No wildcards, not empty, no NUL, at most 65 535 bytes."""
    return _well_formed(topic) and "+" not in topic and "#" not in topic


def valid_filter(text: str) -> bool:
    """May this filter be subscribed to? Wildcards fill whole levels, and '#' is the last one."""
    if not _well_formed(text):
        return False
    levels = text.split("/")
    last = len(levels) - 1
    for i, level in enumerate(levels):
        if "#" in level and (level != "#" or i != last):
            return False
        if "+" in level and level != "+":
            return False
    return True


def matches(text: str, topic: str) -> bool:
    """Does a message on ``topic`` belong to the filter ``text``? False when either of them is invalid."""
    if not valid_filter(text) or not valid_topic(topic):
        return False
    want = text.split("/")
    have = topic.split("/")
    if have[0].startswith("$") and want[0] != have[0]:
        return False  # wildcards never reach the broker's own topics
    for i, level in enumerate(want):
        if level == "#":
            return True  # also the parent level itself
        if i >= len(have) or level not in ("+", have[i]):
            return False
    return len(want) == len(have)


class _Node(Generic[T]):
    __slots__ = ("children", "here", "rest")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.here: list[tuple[int, T]] = []  # filters that end at this level
        self.rest: list[tuple[int, T]] = []  # filters that end with '#' below this level


class TopicIndex(Generic[T]):
    """Many filters, each with something attached; finds what matches in time proportional to the topic's levels."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, text: str, item: T) -> None:
        """Attach ``item`` to a filter; raises ValueError when the filter is invalid."""
        if not valid_filter(text):
            raise ValueError(f"invalid topic filter {text!r}")
        node = self._root
        entry = (self._count, item)
        self._count += 1
        for level in text.split("/"):
            if level == "#":
                node.rest.append(entry)
                return
            node = node.children.setdefault(level, _Node())
        node.here.append(entry)

    def find(self, topic: str) -> list[T]:
        """Items of all filters that match, in the order in which they were added; none for an invalid topic."""
        if not valid_topic(topic):
            return []
        found = sorted(self._walk(topic.split("/")), key=lambda entry: entry[0])
        return [item for _, item in found]

    def _walk(self, levels: list[str]) -> Iterator[tuple[int, T]]:
        nodes = [self._root]
        for i, level in enumerate(levels):
            wild = i > 0 or not level.startswith("$")
            following = []
            for node in nodes:
                if wild:
                    yield from node.rest
                if level in node.children:
                    following.append(node.children[level])
                if wild and "+" in node.children:
                    following.append(node.children["+"])
            nodes = following
        for node in nodes:
            yield from node.rest  # 'a/#' matches 'a' too
            yield from node.here
