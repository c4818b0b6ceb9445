"""Facts: what has happened, frozen. They travel on the bus; nobody answers them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from models.alarms import AlarmRow
from models.readings import LiveValue
from models.risk import Regrade, ZoneState


class Refusal(StrEnum):
    """Why a message or reading could not be used; the code of a dead letter."""

    NOT_JSON = "not_json"
    NOT_UTF8 = "not_utf8"
    TOO_BIG = "too_big"
    TOO_DEEP = "too_deep"
    NUMBER_RANGE = "number_range"
    WRONG_TYPE = "wrong_type"
    BAD_TIME = "bad_time"
    FUTURE_TIME = "future_time"
    TOO_OLD = "too_old"
    UNKNOWN_TAG = "unknown_tag"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_ALIAS = "unknown_alias"
    BAD_TOPIC = "bad_topic"
    BAD_SPARKPLUG = "bad_sparkplug"
    INTERNAL = "internal"


class LinkState(StrEnum):
    """State of the connection to one broker."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    REFUSED = "refused"  # the broker answered and said no (login, TLS)


class Event(msgspec.Struct, frozen=True):
    """Base of all facts."""


class ValuesChanged(Event, frozen=True):
    """Latest value of each tag that a batch touched; ``samples`` holds every sample of watched tags."""

    latest: dict[int, LiveValue]
    samples: dict[int, list[tuple[int, float]]] = {}


class AlarmsChanged(Event, frozen=True):
    """Occurrences that changed, in the order of their change; ``annunciate`` are those that must sound."""

    rows: tuple[AlarmRow, ...]
    annunciate: tuple[int, ...] = ()  # occurrence ids


class AlarmsResynchronised(Event, frozen=True):
    """The whole set of open occurrences is to be read anew (start, link back, definitions changed)."""

    t_us: int
    why: str


class LinkChanged(Event, frozen=True):
    """A broker connection went up or down."""

    broker: str
    state: LinkState
    since_us: int
    detail: str = ""


class StoreFailed(Event, frozen=True):
    """A commit failed; samples are kept in the spool file until the store is back."""

    t_us: int
    detail: str
    spooled: int


class StoreRecovered(Event, frozen=True):
    """The spool has been written to the store."""

    t_us: int
    recovered: int


class EngineStats(Event, frozen=True):
    """Health of the engine over the last second."""

    t_us: int
    messages_per_s: float
    readings_per_s: float
    lag_ms: float
    queue_depth: int
    refused_total: int
    duplicates_total: int
    commit_ms: float
    restarts: int = 0


class DeadLettersChanged(Event, frozen=True):
    """Number of open dead letters."""

    open_count: int


class TagsChanged(Event, frozen=True):
    """The catalogue of tags or alarm definitions was edited."""

    t_us: int


class RightsChanged(Event, frozen=True):
    """Roles, who holds them, or what asks for a signature changed: what is enabled must be looked at again."""

    t_us: int


class RiskChanged(Event, frozen=True):
    """The register, the plan or the weights of risk changed."""

    t_us: int


class ZonesRegraded(Event, frozen=True):
    """Zones whose sum, reasons or colour changed; ``regrades`` only those whose colour did."""

    t_us: int
    states: tuple[ZoneState, ...]
    regrades: tuple[Regrade, ...] = ()


class OrganisationChanged(Event, frozen=True):
    """Departments, posts, people, duties or private data were edited."""

    t_us: int


class UsersChanged(Event, frozen=True):
    """A user was added or edited."""

    t_us: int


class EngineCrashed(Event, frozen=True):
    """The engine thread died and was started again by the supervisor."""

    t_us: int
    detail: str
    report: str
