"""Sparkplug B (specification 3.0): births teach names and aliases, data speaks in aliases, deaths take trust away.

The state of each edge node lives here: its aliases, its sequence number and its birth/death number. Whatever casts
doubt on it (a gap, an alias nobody has announced, a lost link) asks the node for a new birth; the request goes to the
``outbox`` that the engine publishes. Values are believed only under an announced name.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from app.ingest.decode.base import MAX_LEAVES, RESERVED, Undecodable, no_value_quality
from app.ingest.decode.sparkplug_b_pb2 import DataType, Payload
from app.ingest.decode.sparkplug_value import Definition, is_text, metric_value, quality_of, unit_of
from app.ingest.decode.topics import valid_topic
from models.events import Refusal
from models.readings import Quality, Reading

PREFIX = "spBv1.0/"
REBIRTH = "Node Control/Rebirth"
REBIRTH_EVERY_US = 10_000_000  # at most one request a node in this time
MAX_NODES = 10_000
BAD_COMM = int(Quality.BAD_COMM)

_NODE_KINDS = frozenset({"NBIRTH", "NDATA", "NDEATH", "NCMD"})
_DEVICE_KINDS = frozenset({"DBIRTH", "DDATA", "DDEATH", "DCMD"})
#: Not measurements: the protocol's own metrics.
_OWN = ("Node Control/", "Device Control/", "_types_/")


class _Device:
    """Metrics that a node ('' in :attr:`_Node.devices`) or one of its devices announced."""

    __slots__ = ("alive", "metrics")

    def __init__(self) -> None:
        self.alive = False
        self.metrics: dict[str, Definition] = {}


class _Node:
    __slots__ = ("aliases", "asked_us", "bd_seq", "devices", "known", "last_ms", "seq")

    def __init__(self) -> None:
        self.known = False  # a birth was seen on this link
        self.bd_seq: int | None = None
        self.seq: int | None = None  # of the last message
        self.last_ms = 0
        self.asked_us = -REBIRTH_EVERY_US
        self.aliases: dict[int, tuple[str, Definition]] = {}  # alias → device, metric
        self.devices: dict[str, _Device] = {}


class Sparkplug:
    """Decoder of the ``spBv1.0/`` name space; one for all brokers, whose nodes it keeps apart by ``source``."""

    def __init__(self, outbox: list[tuple[str, bytes]], rejected: list[tuple[Refusal, str]]) -> None:
        self._outbox = outbox
        self._rejected = rejected
        self._nodes: dict[tuple[str, str, str], _Node] = {}

    def decode(self, topic: str, payload: bytes, received_us: int, source: str = "") -> list[Reading]:
        """Readings of one message, tags named ``group/node[/device]/metric``; none for STATE and commands.

        Raises :class:`Undecodable` (bad_topic, bad_sparkplug, not_utf8, unknown_alias, wrong_type …).
        """
        parts = topic.split("/")
        if len(parts) == 3 and parts[1] == "STATE":
            return []
        group, kind, node_id, device = _topic(topic, parts)
        if kind in ("NCMD", "DCMD"):
            return []
        message = Payload()
        try:
            message.ParseFromString(payload)
            return self._message(group, kind, node_id, device, message, received_us, source)
        except DecodeError as error:
            raise Undecodable(Refusal.BAD_SPARKPLUG, str(error)[:200]) from None
        except UnicodeDecodeError as error:
            raise Undecodable(Refusal.NOT_UTF8, str(error)[:200]) from None

    def link_lost(self, source: str) -> None:
        """Births may be missed from now on: forget the aliases of all nodes behind this broker."""
        for key, node in self._nodes.items():
            if key[0] == source:
                node.known = False
                node.seq = None
                node.aliases.clear()

    def link_up(self, source: str, now_us: int) -> None:
        """The broker is back: ask every node behind it that is known for a new birth."""
        for key, node in self._nodes.items():
            if key[0] == source and not node.known:
                self._ask_rebirth(node, key[1], key[2], now_us)

    def _message(
        self, group: str, kind: str, node_id: str, device: str, message: Payload, received_us: int, source: str
    ) -> list[Reading]:
        if len(message.metrics) > MAX_LEAVES:
            raise Undecodable(Refusal.TOO_BIG, f"more than {MAX_LEAVES} metrics in one message")
        key = (source, group, node_id)
        node = self._nodes.get(key)
        if node is None:
            if len(self._nodes) >= MAX_NODES:
                raise Undecodable(Refusal.BAD_SPARKPLUG, f"more than {MAX_NODES} edge nodes")
            node = self._nodes[key] = _Node()
        base = f"{group}/{node_id}/"
        if kind == "NDEATH":
            return _node_death(node, base, message, received_us)
        gone: list[Reading] = []
        if kind == "NBIRTH":
            gone = _node_birth(node, base, message, received_us)
        elif not self._in_sequence(node, message) or not node.known:
            self._ask_rebirth(node, group, node_id, received_us)
        if kind in ("NBIRTH", "DBIRTH"):
            _announce(node, device, message)
        elif kind == "DDEATH":
            return _device_death(node, device, base, _us(message.timestamp) or received_us)
        values, refused = _values(node, device, base, message)
        silent = bool(device) and not node.devices.setdefault(device, _Device()).alive
        if silent or any(reason is Refusal.UNKNOWN_ALIAS for reason, _ in refused):
            self._ask_rebirth(node, group, node_id, received_us)
        if refused and not values and not gone:
            raise Undecodable(*refused[0])
        self._rejected.extend(refused)
        return gone + values

    def _in_sequence(self, node: _Node, message: Payload) -> bool:
        """Follow the sequence number; False on a gap. A late message (sent before the last one) is left out of it."""
        if not message.HasField("seq"):
            return True
        if message.timestamp and message.timestamp < node.last_ms:
            return True
        node.last_ms = message.timestamp
        before, node.seq = node.seq, message.seq
        return before is not None and message.seq == (before + 1) % 256

    def _ask_rebirth(self, node: _Node, group: str, node_id: str, now_us: int) -> None:
        if abs(now_us - node.asked_us) < REBIRTH_EVERY_US:
            return
        node.asked_us = now_us
        self._outbox.append((f"{PREFIX}{group}/NCMD/{node_id}", rebirth_request(now_us)))


def _values(node: _Node, device: str, base: str, message: Payload) -> tuple[list[Reading], list[tuple[Refusal, str]]]:
    """Readings of a birth or data message, and what of it was refused."""
    out: list[Reading] = []
    refused: list[tuple[Refusal, str]] = []
    prefix = f"{base}{device}/" if device else base
    if prefix.startswith(RESERVED):
        raise Undecodable(Refusal.UNKNOWN_TAG, f"{RESERVED}… is kept for the program itself")
    for metric in message.metrics:
        try:
            name, known = _definition(node, device, metric)
            if name == "bdSeq" or name.startswith(_OWN):
                continue
            value = metric_value(metric, known.datatype)
            quality = quality_of(metric)
        except Undecodable as refusal:
            refused.append((refusal.reason, refusal.detail))
            continue
        out.append(
            Reading(
                prefix + name,
                _us(metric.timestamp) or _us(message.timestamp),
                value,
                quality if value is not None else no_value_quality(quality),
                known.unit,
                metric.is_historical,
            )
        )
    return out, refused


def _topic(topic: str, parts: list[str]) -> tuple[str, str, str, str]:
    """Group, kind, node and device ('' for the node itself)."""
    if valid_topic(topic) and all(parts):
        if len(parts) == 4 and parts[2] in _NODE_KINDS:
            return parts[1], parts[2], parts[3], ""
        if len(parts) == 5 and parts[2] in _DEVICE_KINDS:
            return parts[1], parts[2], parts[3], parts[4]
    raise Undecodable(Refusal.BAD_TOPIC, f"{topic[:80]!r} is no Sparkplug topic")


def _us(milliseconds: int) -> int:
    return milliseconds * 1_000 if milliseconds < 1 << 53 else 0


def _bd_seq(message: Payload) -> int | None:
    for metric in message.metrics:
        if metric.name == "bdSeq" and metric.WhichOneof("value") in ("int_value", "long_value"):
            return int(metric.long_value or metric.int_value)
    return None


def _node_birth(node: _Node, base: str, message: Payload, received_us: int) -> list[Reading]:
    """A new birth: forget what was announced. In a new session (other bdSeq) the devices are dead until born again."""
    bd_seq = _bd_seq(message)
    new_session = bd_seq is None or bd_seq != node.bd_seq
    gone = list(_bury(node, base, received_us, devices_only=True)) if new_session else []
    node.known = True
    node.bd_seq = bd_seq
    node.seq = message.seq if message.HasField("seq") else None
    node.last_ms = message.timestamp
    node.aliases.clear()
    if new_session:
        for device in node.devices.values():
            device.alive = False
    return gone


def _announce(node: _Node, device_id: str, message: Payload) -> None:
    device = node.devices.setdefault(device_id, _Device())
    device.alive = True
    device.metrics = {}
    for alias in [alias for alias, (owner, _) in node.aliases.items() if owner == device_id]:
        del node.aliases[alias]
    for metric in message.metrics:
        if metric.name and is_text(metric.name):
            known = Definition(metric.name, metric.datatype, unit_of(metric))
            device.metrics[metric.name] = known
            if metric.HasField("alias"):
                node.aliases[metric.alias] = (device_id, known)


def _definition(node: _Node, device_id: str, metric: Payload.Metric) -> tuple[str, Definition]:
    """Name and definition of a metric in a birth or data message."""
    if metric.name:
        if not is_text(metric.name):
            raise Undecodable(Refusal.NOT_UTF8, "a metric name is not UTF-8")
        device = node.devices.get(device_id)
        known = device.metrics.get(metric.name) if device is not None else None
        return metric.name, known or Definition(metric.name, metric.datatype, unit_of(metric))
    if not metric.HasField("alias"):
        raise Undecodable(Refusal.BAD_SPARKPLUG, "a metric without name and alias")
    owner, by_alias = node.aliases.get(metric.alias, ("", None))
    if by_alias is None or owner != device_id:
        raise Undecodable(Refusal.UNKNOWN_ALIAS, f"alias {metric.alias} was never announced")
    return by_alias.name, by_alias


def _node_death(node: _Node, base: str, message: Payload, received_us: int) -> list[Reading]:
    """The broker speaks the node's last will: all its tags and those of its devices lose their trust.

    A will with another bdSeq than the living session's belongs to a session that was replaced, and is ignored. The
    will's own time stamp is the time of its connection, so the time of receipt is used.
    """
    bd_seq = _bd_seq(message)
    if bd_seq is not None and node.bd_seq is not None and node.known and bd_seq != node.bd_seq:
        return []
    gone = list(_bury(node, base, received_us))
    node.known = False
    node.seq = None
    node.aliases.clear()
    return gone


def _device_death(node: _Node, device_id: str, base: str, t_us: int) -> list[Reading]:
    device = node.devices.get(device_id)
    return list(_bad(device, f"{base}{device_id}/", t_us)) if device is not None else []


def _bury(node: _Node, base: str, t_us: int, *, devices_only: bool = False) -> Iterator[Reading]:
    for device_id, device in node.devices.items():
        if device_id or not devices_only:
            yield from _bad(device, f"{base}{device_id}/" if device_id else base, t_us)


def _bad(device: _Device, prefix: str, t_us: int) -> Iterator[Reading]:
    if device.alive:
        device.alive = False
        for name in device.metrics:
            if name != "bdSeq" and not name.startswith(_OWN):
                yield Reading(prefix + name, t_us, None, BAD_COMM)


def rebirth_request(now_us: int) -> bytes:
    """The NCMD payload that asks an edge node to announce everything anew."""
    request = Payload(timestamp=now_us // 1_000)
    request.metrics.add(name=REBIRTH, timestamp=now_us // 1_000, datatype=DataType.Boolean, boolean_value=True)
    return bytes(request.SerializeToString())
