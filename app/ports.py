"""What features and edges need from each other, as small Protocols handed over by bootstrap.

The window, too, gets nothing but a :class:`Station`: live values, history, alarms, the door for orders, and the bus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from app.ports_people import AuditRow as AuditRow
from app.ports_people import DirectoryState as DirectoryState
from app.ports_people import Guard as Guard
from app.ports_people import Organisation as Organisation
from app.ports_people import People as People
from app.ports_people import Rights as Rights
from app.ports_people import Trail as Trail
from app.ports_risk import Risk as Risk
from models.alarms import AlarmDefinition, AlarmRow, Priority
from models.commands import Command
from models.events import EngineStats, Event, LinkChanged
from models.people import Actor, Credential
from models.performance import AlarmPerformance
from models.readings import LiveValue, PlaceInfo, TagInfo

if TYPE_CHECKING:  # the arrays' library is loaded by those who make them
    import numpy as np
    from numpy.typing import NDArray


class Answer(msgspec.Struct, frozen=True):
    """Outcome of an order that went through the door.

    ``code`` is a stable word ('done', 'forbidden', 'not_found', 'invalid', 'conflict', 'store_failed' …) that screens
    translate; ``detail`` is English for the log; ``params`` fill the translated sentence; ``data`` is the result.
    """

    code: str = "done"
    detail: str = ""
    params: dict[str, Any] = {}
    data: Any = None

    @property
    def ok(self) -> bool:
        """True when the order was carried out."""
        return self.code == "done"


class Refused(Exception):
    """Raised by a handler: the order can't be carried out, and the person is told why (see :class:`Answer`)."""

    def __init__(self, code: str, detail: str = "", **params: Any) -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail
        self.params = params


class Door(Protocol):
    """The one way to change state: permission → handler → audit in one transaction → event."""

    def submit(self, command: Command, actor: Actor, signatures: Sequence[Credential] = ()) -> Future[Answer]:
        """Queue an order for the engine thread; the future never raises for a refusal, it answers.

        'signature_needed' (params danger, second) asks for the same order again with signatures.
        """

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        """May this person do that there (None: anywhere)? For enabling buttons; the door checks again."""


class Subscriber(Protocol):
    """Something that listens on the bus."""

    def subscribe(self, kind: type[Event], handler: Callable[[Any], None]) -> Callable[[], None]:
        """Call ``handler`` for each event of ``kind``, on the publisher's thread; returns the way to unsubscribe."""


class TagCatalogue(Protocol):
    """All tags, as frozen copies."""

    def all(self) -> Sequence[TagInfo]:
        """Every enabled tag in plant order."""

    def by_id(self, tag_id: int) -> TagInfo | None:
        """The tag with this key."""

    def by_name(self, name: str) -> TagInfo | None:
        """The tag with this plant number."""

    def places(self) -> Sequence[PlaceInfo]:
        """Every place of the plant tree, those above before those below."""


class Live(Protocol):
    """The latest values."""

    def get(self, tag_id: int) -> LiveValue | None:
        """Latest value of one tag, None if it never spoke since the store began."""

    def snapshot(self) -> dict[int, LiveValue]:
        """All latest values."""

    def watch(self, tag_ids: Iterable[int], watcher: object = None) -> None:
        """``ValuesChanged.samples`` carries every sample of the union of all watchers' tags; an empty set ends one."""


class Trend(NamedTuple):
    """A stretch of one tag's history, ready to draw; all arrays have the same length n, ordered by time.

    t_us   int64, UTC microseconds (start of bucket, or the sample's own time at level 0)
    lo, hi float64, smallest and largest good value of the bucket; NaN marks a gap (no good value)
    mean   float64
    n      int64, good samples in the bucket
    level_s  bucket width in seconds; 0 = raw samples (lo == hi == mean)
    """

    t_us: NDArray[np.int64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    mean: NDArray[np.float64]
    n: NDArray[np.int64]
    level_s: float


class Statistics(NamedTuple):
    """Figures of a selected stretch (good samples only); None where there are no samples."""

    n: int
    bad: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    stdev: float | None
    first: float | None
    last: float | None
    t_min_us: int | None
    t_max_us: int | None


class History(Protocol):
    """Stored samples. Safe to call from worker threads; never call from the Qt thread."""

    def trend(self, tag_id: int, start_us: int, end_us: int, width_px: int) -> Trend:
        """At most about 2 × width points between start and end, from raw samples or the coarsest rollup that fits."""

    def samples(self, tag_id: int, start_us: int, end_us: int, limit: int = 1_000_000) -> Trend:
        """Raw samples, oldest first."""

    def statistics(self, tag_id: int, start_us: int, end_us: int) -> Statistics:
        """Figures of the raw samples in the stretch."""


class AlarmQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filter of the past and present alarm list; empty means no restriction. Times are raise times."""

    start_us: int | None = None
    end_us: int | None = None
    states: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    areas: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    text: str = ""
    only_open: bool = False
    offset: int = 0
    limit: int = 500


class TransitionRow(msgspec.Struct, frozen=True):
    """One line of an alarm's journal."""

    t_us: int
    transition: str
    from_state: str
    to_state: str
    priority: int
    value: float | None
    by: str
    station: str
    comment: str


class AlarmLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the site's rules say to those who act on alarms and hear them; all in seconds.

    shelve_max_s  longest shelving by priority
    mute_max_s    longest mute of a station
    repeat_s      from the start of one sounding to the next, by priority
    """

    shelve_max_s: dict[Priority, float]
    mute_max_s: float
    repeat_s: dict[Priority, float]


class Alarms(Protocol):
    """Alarms as the screens see them."""

    def limits(self) -> AlarmLimits:
        """How long alarms may be shelved and a station be mute, and how often they sound. Any thread, cheap."""

    def open(self) -> list[AlarmRow]:
        """All occurrences that are not closed (also shelved and out of service), newest worst first. Cheap."""

    def query(self, query: AlarmQuery) -> tuple[list[AlarmRow], int]:
        """A page of past and present occurrences, and how many match in all. For worker threads."""

    def definition(self, key: str) -> AlarmDefinition | None:
        """The definition of an alarm."""

    def definitions_of(self, tag_id: int) -> list[AlarmDefinition]:
        """All alarms of one tag (limits for plots)."""

    def report(self, start_us: int, end_us: int, areas: Sequence[str] = ()) -> AlarmPerformance:
        """The performance picture of a period, of these areas (codes) or of all. For worker threads.

        Raises ValueError for an empty period.
        """

    def journal(self, occurrence_id: int) -> list[TransitionRow]:
        """Every transition of one occurrence, oldest first. For worker threads."""


class DeadLetterRow(msgspec.Struct, frozen=True):
    """A refused message as lists show it; ``preview`` is the start of the payload as text."""

    id: int
    received_us: int
    source: str
    topic: str
    preview: str
    payload_size: int
    reason: str
    detail: str
    state: str


class DeadLetters(Protocol):
    """Refused messages, read only. For worker threads."""

    def page(
        self, *, reason: str = "", text: str = "", state: str = "open", offset: int = 0, limit: int = 500
    ) -> tuple[list[DeadLetterRow], int]:
        """A page, newest first, and how many match."""

    def counts(self) -> dict[str, int]:
        """Open dead letters by reason."""

    def payload(self, letter_id: int) -> bytes | None:
        """What was kept of one message's payload (its first 64 KiB when it was too big); None if it is gone."""


class ScenarioInfo(msgspec.Struct, frozen=True):
    """A simulator scenario that can be called."""

    name: str
    title: str
    title_en: str
    running: bool


class Station(Protocol):
    """Everything the window gets from bootstrap."""

    @property
    def name(self) -> str:
        """Of this workstation."""

    @property
    def site(self) -> str:
        """Name of the plant."""

    @property
    def demo(self) -> bool:
        """True on the demo plant."""

    @property
    def bus(self) -> Subscriber:
        """Facts."""

    @property
    def door(self) -> Door:
        """Orders."""

    @property
    def tags(self) -> TagCatalogue:
        """All tags."""

    @property
    def live(self) -> Live:
        """Latest values."""

    @property
    def history(self) -> History:
        """Stored samples."""

    @property
    def alarms(self) -> Alarms:
        """Open and past alarms."""

    @property
    def people(self) -> People:
        """Login and users."""

    @property
    def directory(self) -> DirectoryState:
        """Login through the company's directory."""

    @property
    def rights(self) -> Rights:
        """Rights in force."""

    @property
    def organisation(self) -> Organisation:
        """Departments, posts, people, duties, private data."""

    @property
    def risk(self) -> Risk:
        """Where the danger is, and why."""

    @property
    def trail(self) -> Trail:
        """The audit."""

    @property
    def guard(self) -> Guard:
        """What shows that the audit is whole."""

    @property
    def dead_letters(self) -> DeadLetters:
        """Refused messages."""

    def now_us(self) -> int:
        """The engine's clock."""

    def links(self) -> list[LinkChanged]:
        """Present state of every broker connection."""

    def stats(self) -> EngineStats | None:
        """Latest health of the engine."""

    def store_ok(self) -> bool:
        """False while the spool holds what the store would not take."""

    def scenarios(self) -> list[ScenarioInfo]:
        """Scenarios of the simulator; empty outside the demo."""
