"""Which format a message is in, decided once a topic: Sparkplug, a mapped device, or the native form.

One ``Decoder`` serves one engine thread; it is not safe to share. The decision for a topic is kept in a bounded
dictionary, so that the common message (native, one value) costs one look-up and one parse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.ingest.decode import native
from app.ingest.decode.base import RESERVED, Undecodable
from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.message import Message
from app.ingest.decode.topics import valid_topic
from models.events import Refusal
from models.readings import Reading

if TYPE_CHECKING:
    from app.ingest.decode.sparkplug import Sparkplug

NATIVE_PREFIX = "ankan/v1/"
SPARKPLUG = "spBv1.0/"
MAX_TOPICS = 50_000  # remembered decisions


class Decoder:
    """Turns messages into readings.

    rejected  values that were refused while the rest of their message was good; the caller drains it
    outbox    (topic, payload) to publish, QoS 0: requests for a Sparkplug rebirth; the caller drains it
    """

    def __init__(self, mapping: MappingSet, *, max_bytes: int = 1_048_576, native_prefix: str = NATIVE_PREFIX) -> None:
        self.mapping = mapping
        self.rejected: list[tuple[Refusal, str]] = []
        self.outbox: list[tuple[str, bytes]] = []
        self._max_bytes = max_bytes
        self._prefix = native_prefix
        self._sparkplug: Sparkplug | None = None  # made at the first such message: protobuf is slow to load
        self._tags: dict[str, str] = {}  # topics in the native form
        self._mapped: dict[str, list[Message]] = {}

    def decode(self, topic: str, payload: bytes, received_us: int, source: str = "") -> list[Reading]:
        """The readings of one message; none when it holds no values (an empty object, a Sparkplug STATE).

        ``received_us`` is the UTC time of receipt in microseconds, ``source`` the broker's name (Sparkplug states of
        several brokers are kept apart). Raises :class:`Undecodable` when nothing of the message can be used.
        """
        tag = self._tags.get(topic)
        if tag is None:
            return self._other(topic, payload, received_us, source)
        if len(payload) > self._max_bytes:
            raise Undecodable(Refusal.TOO_BIG, f"{len(payload)} bytes, the limit is {self._max_bytes}")
        found = native.fast(tag, payload)
        return found if found is not None else native.readings(tag, payload, self.rejected)

    def link_lost(self, source: str) -> None:
        """The connection to a broker is lost: its Sparkplug nodes must be born again before their data is believed."""
        if self._sparkplug is not None:
            self._sparkplug.link_lost(source)

    def link_up(self, source: str, now_us: int) -> None:
        """The connection is back: requests for births of its Sparkplug nodes go to the outbox."""
        if self._sparkplug is not None:
            self._sparkplug.link_up(source, now_us)

    def use(self, mapping: MappingSet) -> None:
        """Take over a mended mapping; every topic is decided anew."""
        self.mapping = mapping
        self._tags.clear()
        self._mapped.clear()

    def native_tag(self, topic: str) -> str:
        """Name of the tag that a native topic speaks for: the topic without the prefix.

        Raises :class:`Undecodable` (bad_topic, unknown_tag) when it can't be one.
        """
        tag = topic.removeprefix(self._prefix) if self._prefix else topic
        if not tag or not valid_topic(topic):
            raise Undecodable(Refusal.BAD_TOPIC, f"{topic[:80]!r} names no tag")
        if tag.startswith(RESERVED):
            raise Undecodable(Refusal.UNKNOWN_TAG, f"{RESERVED}… is kept for the program itself")
        return tag

    def _other(self, topic: str, payload: bytes, received_us: int, source: str) -> list[Reading]:
        """Everything but a native topic that is already known."""
        if len(payload) > self._max_bytes:
            raise Undecodable(Refusal.TOO_BIG, f"{len(payload)} bytes, the limit is {self._max_bytes}")
        if topic.startswith(SPARKPLUG):
            if self._sparkplug is None:
                from app.ingest.decode.sparkplug import Sparkplug

                self._sparkplug = Sparkplug(self.outbox, self.rejected)
            return self._sparkplug.decode(topic, payload, received_us, source)
        messages = self._mapped.get(topic)
        if messages is None:
            messages = self.mapping.find(topic)
            if not messages:
                tag = self.native_tag(topic)
                if len(self._tags) >= MAX_TOPICS:
                    self._tags.clear()
                self._tags[topic] = tag
                return self.decode(topic, payload, received_us, source)
            if len(self._mapped) >= MAX_TOPICS:
                self._mapped.clear()
            self._mapped[topic] = messages
        for message in messages:
            found = message.readings(topic, payload, self.rejected)
            if found is not None:
                return found
        return native.readings(self.native_tag(topic), payload, self.rejected)
