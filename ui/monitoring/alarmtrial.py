"""What an alarm would have done: a definition run over stored history by the same rules as the engine. Knows no Qt.

The store's second-wise extremes are used, not every raw sample: one tag's day is then 86 400 points by key instead of a
scan through the samples of all tags. For limits that is exact but for delays shorter than a second.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.alarms.conditions import expression_names, variable_name
from app.alarms.logic import AlarmLogic, Change
from app.alarms.states import AlarmRuntime, Transition
from app.clock import US
from app.ports import History, Live, TagCatalogue, Trend
from models.alarms import AlarmDefinition, ConditionKind, Priority
from models.readings import TagInfo

POINTS = 43_200  # asks a day's history in buckets of one second
_LIVE_ONLY = frozenset({ConditionKind.BAD_QUALITY, ConditionKind.SEVERITY})


class Trial(NamedTuple):
    """Outcome: how often it would have been raised, for how long, and what it would be now.

    complete   False when the history does not tell about one of its conditions (bad quality)
    """

    raised: int
    active_us: int
    now: Priority
    span_us: int
    complete: bool


def inputs_of(definition: AlarmDefinition, catalogue: TagCatalogue) -> list[TagInfo]:
    """Other tags that the definition speaks of."""
    names: set[str] = set()
    for condition in definition.conditions:
        if condition.kind is ConditionKind.DEVIATION and condition.setpoint is None and condition.setpoint_tag:
            names.add(condition.setpoint_tag)
        if condition.kind is ConditionKind.CALCULATED:
            wanted = expression_names(condition.expression or "")
            names.update(tag.name for tag in catalogue.all() if variable_name(tag.name) in wanted)
    names.discard(definition.tag)
    return [tag for name in sorted(names) if (tag := catalogue.by_name(name)) is not None]


def trial(
    definition: AlarmDefinition,
    catalogue: TagCatalogue,
    history: History,
    live: Live,
    start_us: int,
    end_us: int,
) -> Trial:
    """Run it over the stretch, then over the latest value. For worker threads.

    Raises ValueError when the definition can't be run.
    """
    logic = AlarmLogic(definition)
    own = catalogue.by_name(definition.tag) if definition.tag else None
    tags = [tag for tag in (own, *inputs_of(definition, catalogue)) if tag is not None]
    events = _merge([(tag, history.trend(tag.id, start_us, end_us, POINTS)) for tag in tags], own, logic)
    runtime: AlarmRuntime | None = None
    count = _Count()
    for t_us, tag, value in events:
        if runtime is None:
            runtime = logic.start(t_us)
        if tag is own:
            count.take(logic.sample(runtime, t_us, value))
        else:
            count.take(logic.feed(runtime, tag.name, t_us, value))
    if runtime is None:
        runtime = logic.start(start_us)
    for tag in tags:
        latest = live.get(tag.id)
        if latest is not None and latest.t_us >= runtime.now_us:
            if tag is own:
                count.take(logic.sample(runtime, latest.t_us, latest.value, latest.quality))
            else:
                count.take(logic.feed(runtime, tag.name, latest.t_us, latest.value, latest.quality))
    if runtime.spoke:
        count.take(logic.advance(runtime, max(end_us, runtime.now_us)))
    complete = not any(c.kind in _LIVE_ONLY for c in definition.conditions)
    return Trial(count.raised, count.close(end_us), Priority(runtime.severity), end_us - start_us, complete)


class _Count:
    """Counts raises and the time in alarm."""

    def __init__(self) -> None:
        self.raised = 0
        self._since: int | None = None
        self._active = 0

    def take(self, changes: list[Change]) -> None:
        for change in changes:
            if change.transition in (Transition.RAISE, Transition.REALARM):
                if self._since is None:
                    self._since = change.t_us
                    self.raised += 1
            elif change.transition is Transition.CLEAR and self._since is not None:
                self._active += change.t_us - self._since
                self._since = None

    def close(self, end_us: int) -> int:
        return self._active + (max(0, end_us - self._since) if self._since is not None else 0)


def _merge(
    trends: list[tuple[TagInfo, Trend]], own: TagInfo | None, logic: AlarmLogic
) -> list[tuple[int, TagInfo, float]]:
    """All points by time; of an own tag that limits alone guard, only those that can matter."""
    band = logic.band
    events: list[tuple[int, TagInfo, float]] = []
    for tag, past in trends:
        good = np.isfinite(past.lo)
        t, lo, hi = past.t_us[good], past.lo[good], past.hi[good]
        quiet = (
            band is not None
            and tag is own
            and not any(c.kind is ConditionKind.STALE for c in logic.definition.conditions)
        )
        if quiet and band is not None and t.size:
            dead = max((c.deadband for c in logic.definition.conditions), default=0.0)
            zone = (lo <= band[0] + dead) | (hi >= band[1] - dead)
            near = zone.copy()  # the points around an excursion start and end it
            near[1:] |= zone[:-1]
            near[:-1] |= zone[1:]
            near[0] = near[-1] = True
            t, lo, hi = t[near], lo[near], hi[near]
        half = round(past.level_s * US / 2)
        for at, low, high in zip(t.tolist(), lo.tolist(), hi.tolist(), strict=True):
            events.append((at, tag, low))
            if high != low:
                events.append((at + half, tag, high))
    events.sort(key=_time)
    return events


def _time(event: tuple[int, TagInfo, float]) -> int:
    return event[0]
