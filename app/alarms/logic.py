"""One alarm's whole life (ISA-18.2 / IEC 62682) as a pure state machine: no clock, no store, no screen.

Every call brings its time. ``AlarmLogic`` holds a compiled definition and no state; ``AlarmRuntime`` is the state, a plain
struct that goes to JSON and back with its running timers, so that a killed engine continues where it stood.

Two time lines meet here. Samples and the delays they start live on the source's own clock; operators and shelving live on
the station's. ``offset_us`` (arrival − sample time of the last sample) translates, so that a device whose clock is off by
seconds does not shorten or stretch a delay. With ``arrived_us`` left out both lines are one.

Severity     what the process says now: highest effective condition.
Alarm severity   what the operator has to answer for: since the raise the highest (``auto_reset``: the present one), after
an acknowledgement the acknowledged one. A step annunciates when it rises or when the alarm comes (back) to UNACK by itself.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from app.alarms.conditions import ConditionRuntime, Observation, detector, quiet_band, raw_due, usable
from app.clock import US
from models.alarms import AlarmDefinition, AlarmState, Condition, ConditionKind


class Transition(StrEnum):
    """Names of what can happen to an alarm."""

    NONE = "none"
    RAISE = "raise"
    REALARM = "realarm"
    CLEAR = "clear"
    SEVERITY_UP = "severity_up"
    SEVERITY_DOWN = "severity_down"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    UNSHELVE_TIMED = "unshelve_timed"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    OUT_OF_SERVICE = "out_of_service"
    RETURN_TO_SERVICE = "return_to_service"


class Act(StrEnum):
    """What a person (or a suppression rule) may do to an alarm."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    OUT_OF_SERVICE = "out_of_service"
    RETURN_TO_SERVICE = "return_to_service"


class AlarmRuntime(msgspec.Struct, kw_only=True, omit_defaults=True):
    """State of one alarm; ``process`` is its state without holds and is NORM while held."""

    process: AlarmState = AlarmState.NORM
    severity: int = 0
    alarm_severity: int = 0
    acked_severity: int = 0
    shelved: bool = False
    shelved_until_us: int | None = None  # station time
    one_shot: bool = False
    one_shot_armed: bool = False  # the alarm has been active since it was shelved
    suppressed: bool = False
    out_of_service: bool = False
    conditions: list[ConditionRuntime] = []
    activations: list[int] = []
    inputs: dict[str, float | str] = {}
    now_us: int = 0  # source time
    offset_us: int = 0  # station time − source time

    @property
    def held(self) -> bool:
        """True while shelved, suppressed or out of service."""
        return self.shelved or self.suppressed or self.out_of_service

    @property
    def raw_severity(self) -> int:
        """What the process says at this moment, before delays and counting."""
        return max((c.level for c in self.conditions), default=0)

    @property
    def state(self) -> AlarmState:
        """The state that is shown."""
        if self.out_of_service:
            return AlarmState.OOSRV
        if self.suppressed:
            return AlarmState.DSUPR
        return AlarmState.SHLVD if self.shelved else self.process


class Change(msgspec.Struct, frozen=True):
    """One step of one alarm. ``t_us`` is source time for what the process did, station time for what people did."""

    t_us: int
    transition: Transition
    from_state: AlarmState
    to_state: AlarmState
    severity: int
    alarm_severity: int
    annunciate: bool = False


_S = AlarmState
_CLEARED = frozenset({_S.RTNUN, _S.LATCH_UNACK, _S.LATCH_ACKED})


class AlarmLogic:
    """The rules of one definition.

    Raises ValueError on construction when a condition lacks what its kind needs.
    """

    def __init__(self, definition: AlarmDefinition) -> None:
        self.definition = definition
        self._conditions = definition.conditions
        self._detectors = [detector(c, definition.tag) for c in definition.conditions]
        self._keeps_inputs = any(
            c.kind is ConditionKind.CALCULATED or (c.kind is ConditionKind.DEVIATION and c.setpoint is None)
            for c in definition.conditions
        )
        self._silent = [
            i for i, c in enumerate(definition.conditions) if c.kind in (ConditionKind.STALE, ConditionKind.STUCK)
        ]
        self.band = quiet_band(definition.conditions)

    def start(self, t_us: int) -> AlarmRuntime:
        """State of an alarm that has heard nothing yet; a STALE condition counts from ``t_us``."""
        runtime = AlarmRuntime(now_us=t_us, conditions=[ConditionRuntime() for _ in self._conditions])
        for condition, state in zip(self._conditions, runtime.conditions, strict=True):
            if condition.kind is ConditionKind.STALE:
                state.since = t_us
        return runtime

    # ---- what the process says -------------------------------------------------------------------------------

    def sample(
        self,
        runtime: AlarmRuntime,
        t_us: int,
        value: float | str | None,
        quality: int = 192,
        *,
        arrived_us: int | None = None,
    ) -> list[Change]:
        """A sample of the alarm's own tag. Timers due before it fire first, each at its own time."""
        arrived = t_us if arrived_us is None else arrived_us
        changes = self._run(runtime, t_us, arrived)
        runtime.now_us = max(runtime.now_us, t_us)
        runtime.offset_us = arrived - t_us
        good = usable(value, quality)
        if good and self._keeps_inputs and value is not None:
            runtime.inputs[self.definition.tag] = value
        return self._observe(runtime, changes, value, good, True)

    def feed(
        self,
        runtime: AlarmRuntime,
        tag: str,
        t_us: int,
        value: float | str | None,
        quality: int = 192,
        *,
        arrived_us: int | None = None,
    ) -> list[Change]:
        """A sample of another tag that the definition speaks of (set-point, expression)."""
        arrived = t_us if arrived_us is None else arrived_us
        changes = self._run(runtime, t_us, arrived)
        runtime.now_us = max(runtime.now_us, t_us)
        runtime.offset_us = arrived - t_us
        if value is None or not usable(value, quality):
            return changes
        runtime.inputs[tag] = value
        return self._observe(runtime, changes, None, False, False)

    def heard(self, runtime: AlarmRuntime, wall_us: int) -> None:
        """The source gave a sign of life at ``wall_us`` (station time) that changed nothing: STALE counts from there."""
        for i in self._silent:
            if self._conditions[i].kind is ConditionKind.STALE:
                state = runtime.conditions[i]
                if not state.level:
                    state.since = max(state.since or 0, wall_us - runtime.offset_us)

    def advance(self, runtime: AlarmRuntime, wall_us: int) -> list[Change]:
        """Fire every timer due up to ``wall_us`` (station time), oldest first."""
        changes = self._run(runtime, wall_us - runtime.offset_us, wall_us)
        runtime.now_us = max(runtime.now_us, wall_us - runtime.offset_us)
        return changes

    def next_due_us(self, runtime: AlarmRuntime) -> int | None:
        """Station time of the next running timer, or None."""
        source = self._source_due(runtime)
        due = None if source is None else source + runtime.offset_us
        if runtime.shelved and runtime.shelved_until_us is not None and (due is None or runtime.shelved_until_us < due):
            return runtime.shelved_until_us
        return due

    def calm(self, runtime: AlarmRuntime) -> bool:
        """True while nothing is active or pending, so that a value inside ``band`` can change nothing."""
        return not any(c.level or c.effective for c in runtime.conditions)

    def leading(self, runtime: AlarmRuntime) -> Condition | None:
        """The condition that gives the present severity (or the highest pending peak), None when normal."""
        best, found = 0, None
        for condition, state in zip(self._conditions, runtime.conditions, strict=True):
            if state.effective > best:
                best, found = state.effective, condition
        return found

    # ---- what people and suppression rules do ----------------------------------------------------------------

    def act(
        self, runtime: AlarmRuntime, act: Act, wall_us: int, *, for_s: float | None = None, one_shot: bool = False
    ) -> list[Change]:
        """Do something at ``wall_us`` (station time). The last change is the act's own; ``none`` if it was not possible.

        Shelving without ``for_s`` lasts until somebody ends it, or with ``one_shot`` until the alarm has cleared once.
        """
        changes = self.advance(runtime, wall_us)
        was = runtime.state
        done, annunciate = self._do(runtime, act, wall_us, for_s, one_shot)
        transition = Transition(act.value) if done else Transition.NONE
        changes.append(self._change(runtime, wall_us, transition, was, annunciate))
        return changes

    def _do(
        self, runtime: AlarmRuntime, act: Act, wall_us: int, for_s: float | None, one_shot: bool
    ) -> tuple[bool, bool]:
        """(possible, annunciate)."""
        match act:
            case Act.ACKNOWLEDGE:
                return self._acknowledge(runtime), False
            case Act.UNACKNOWLEDGE:
                if runtime.held or runtime.process is not _S.ACKED:
                    return False, False
                runtime.process, runtime.alarm_severity, runtime.acked_severity = _S.UNACK, runtime.severity, 0
                return True, False
            case Act.RESET:
                if runtime.held or runtime.process not in (_S.LATCH_UNACK, _S.LATCH_ACKED):
                    return False, False
                if runtime.process is _S.LATCH_UNACK:
                    runtime.process = _S.RTNUN
                else:
                    _normal(runtime)
                return True, False
            case Act.SHELVE:
                runtime.shelved, runtime.one_shot, runtime.one_shot_armed = True, one_shot, runtime.severity > 0
                runtime.shelved_until_us = None if for_s is None else wall_us + round(for_s * US)
                _normal(runtime)
                return True, False
            case Act.UNSHELVE:
                if not runtime.shelved:
                    return False, False
                return True, self._unshelve(runtime)
            case Act.SUPPRESS | Act.OUT_OF_SERVICE:
                flag = "suppressed" if act is Act.SUPPRESS else "out_of_service"
                if getattr(runtime, flag):
                    return False, False
                setattr(runtime, flag, True)
                _normal(runtime)
                return True, False
            case Act.UNSUPPRESS | Act.RETURN_TO_SERVICE:
                flag = "suppressed" if act is Act.UNSUPPRESS else "out_of_service"
                if not getattr(runtime, flag):
                    return False, False
                setattr(runtime, flag, False)
                return True, self._released(runtime)

    def _acknowledge(self, runtime: AlarmRuntime) -> bool:
        if runtime.held:
            return False
        if runtime.process is _S.UNACK:
            runtime.process = _S.ACKED
            runtime.acked_severity = runtime.alarm_severity = runtime.severity
        elif runtime.process is _S.RTNUN:
            _normal(runtime)
        elif runtime.process is _S.LATCH_UNACK:
            runtime.process = _S.LATCH_ACKED
        else:
            return False
        return True

    def _unshelve(self, runtime: AlarmRuntime) -> bool:
        runtime.shelved = runtime.one_shot = runtime.one_shot_armed = False
        runtime.shelved_until_us = None
        return self._released(runtime)

    def _released(self, runtime: AlarmRuntime) -> bool:
        """A hold has ended: look at the condition at once. True when that annunciates."""
        if runtime.held or not runtime.severity:
            return False
        runtime.process, runtime.alarm_severity = _S.UNACK, runtime.severity
        return self.definition.annunciate

    # ---- inside ----------------------------------------------------------------------------------------------

    def _source_due(self, runtime: AlarmRuntime) -> int | None:
        due: int | None = None
        for state in runtime.conditions:
            for timer in (state.on_at, state.off_at):
                if timer is not None and (due is None or timer < due):
                    due = timer
        for i in self._silent:
            silent = raw_due(self._conditions[i], runtime.conditions[i])
            if silent is not None and (due is None or silent < due):
                due = silent
        return due

    def _run(self, runtime: AlarmRuntime, t_us: int, wall_us: int) -> list[Change]:
        """Fire source timers due at or before ``t_us`` and shelving that ends at or before ``wall_us``, in order."""
        changes: list[Change] = []
        while True:
            due = self._source_due(runtime)
            ends = runtime.shelved_until_us if runtime.shelved else None
            shelving = ends is not None and ends <= wall_us
            if (
                due is not None
                and due <= t_us
                and not (shelving and ends is not None and ends < due + runtime.offset_us)
            ):
                runtime.now_us = max(runtime.now_us, due)
                self._fire(runtime, due, changes)
            elif shelving and ends is not None:
                was = runtime.state
                annunciate = self._unshelve(runtime)
                changes.append(self._change(runtime, ends, Transition.UNSHELVE_TIMED, was, annunciate))
            else:
                return changes

    def _fire(self, runtime: AlarmRuntime, due: int, changes: list[Change]) -> None:
        peak = 0
        levels: dict[int, int] = {}
        for i, (condition, state) in enumerate(zip(self._conditions, runtime.conditions, strict=True)):
            if state.on_at is not None and state.on_at <= due:
                peak = max(peak, state.peak)
                state.effective, state.on_at, state.peak = state.level, None, 0
            elif state.off_at is not None and state.off_at <= due:
                state.effective, state.off_at = state.level, None
            else:
                silent = raw_due(condition, state)
                if silent is not None and silent <= due:
                    levels[i] = int(condition.priority)
        if levels:
            self._levels(runtime, due, levels)
        self._resolve(runtime, due, peak, changes)

    def _observe(
        self, runtime: AlarmRuntime, changes: list[Change], value: float | str | None, good: bool, own: bool
    ) -> list[Change]:
        t_us = runtime.now_us
        seen = Observation(t_us, value, good, own, runtime.inputs)
        levels: dict[int, int] = {}
        for i, detect in enumerate(self._detectors):
            level = detect(runtime.conditions[i], seen)
            if level is not None:
                levels[i] = level
        self._levels(runtime, t_us, levels)
        self._resolve(runtime, t_us, 0, changes)
        return changes

    def _levels(self, runtime: AlarmRuntime, t_us: int, levels: dict[int, int]) -> None:
        """Take over raw levels: start and stop delays, count activations."""
        before = any(c.level for c in runtime.conditions)
        raised = any(c.effective for c in runtime.conditions)
        counting = self.definition.count > 1 and not raised
        for i, level in levels.items():
            self._settle(self._conditions[i], runtime.conditions[i], level, t_us, counting)
        if not counting or before or not any(c.level for c in runtime.conditions):
            return
        window = round(self.definition.count_window_s * US)
        runtime.activations = [t for t in runtime.activations if not window or t > t_us - window] + [t_us]
        if len(runtime.activations) >= self.definition.count:
            runtime.activations = []
            for state in runtime.conditions:
                if state.level > state.effective:
                    state.effective, state.on_at, state.peak = state.level, None, 0

    def _settle(self, condition: Condition, state: ConditionRuntime, level: int, t_us: int, counting: bool) -> None:
        previous, state.level = state.level, level
        if level > state.effective:
            state.off_at = None
            keep = state.on_at is not None and not self.definition.auto_reset
            state.peak = max(state.peak, level) if keep else level
            if condition.on_delay_s <= 0:
                if not counting:
                    state.effective, state.on_at, state.peak = level, None, 0
            elif state.on_at is None:
                state.on_at = t_us + round(condition.on_delay_s * US)
        elif level < state.effective:
            state.on_at, state.peak = None, 0
            if condition.off_delay_s <= 0:
                state.effective, state.off_at = level, None
            elif state.off_at is None or level < previous:
                state.off_at = t_us + round(condition.off_delay_s * US)
        else:
            state.on_at = state.off_at = None
            state.peak = 0

    def _resolve(self, runtime: AlarmRuntime, t_us: int, peak: int, changes: list[Change]) -> None:
        """Draw the consequence of new effective severities."""
        old, new = runtime.severity, max((c.effective for c in runtime.conditions), default=0)
        if new == old and peak <= new:
            return
        runtime.severity = new
        was = runtime.state
        if runtime.held:
            if new:
                runtime.one_shot_armed = runtime.one_shot_armed or runtime.shelved
            elif runtime.one_shot and runtime.one_shot_armed:
                self._unshelve(runtime)
                changes.append(self._change(runtime, t_us, Transition.UNSHELVE, was, False))
            return
        top = new if self.definition.auto_reset else max(new, peak)
        transition, annunciate = self._move(runtime, old, new, top)
        if transition is not Transition.NONE:
            changes.append(self._change(runtime, t_us, transition, was, annunciate and self.definition.annunciate))

    def _move(self, runtime: AlarmRuntime, old: int, new: int, top: int) -> tuple[Transition, bool]:
        process = runtime.process
        if process in _CLEARED:
            if not new:
                return Transition.NONE, False
            kept = 0 if process is _S.LATCH_ACKED else runtime.alarm_severity
            runtime.process, runtime.alarm_severity, runtime.acked_severity = _S.UNACK, max(kept, top), 0
            return Transition.REALARM, True
        if process is _S.NORM:
            if not new:
                return Transition.NONE, False
            runtime.process, runtime.alarm_severity = _S.UNACK, top
            return Transition.RAISE, True
        if not new:
            return self._clear(runtime), False
        if process is _S.ACKED and top > runtime.acked_severity:
            runtime.process, runtime.alarm_severity, runtime.acked_severity = _S.UNACK, top, 0
            return Transition.REALARM, True
        annunciate = process is _S.UNACK and top > runtime.alarm_severity
        if process is _S.UNACK:
            runtime.alarm_severity = new if self.definition.auto_reset else max(runtime.alarm_severity, top)
        if annunciate or new > old:
            return Transition.SEVERITY_UP, annunciate
        return (Transition.SEVERITY_DOWN if new < old else Transition.NONE), False

    def _clear(self, runtime: AlarmRuntime) -> Transition:
        unacknowledged = runtime.process is _S.UNACK
        if self.definition.latching:
            runtime.process = _S.LATCH_UNACK if unacknowledged else _S.LATCH_ACKED
        elif unacknowledged and not self.definition.auto_reset:
            runtime.process = _S.RTNUN
        else:
            _normal(runtime)
        return Transition.CLEAR

    def _change(
        self, runtime: AlarmRuntime, t_us: int, transition: Transition, was: AlarmState, annunciate: bool
    ) -> Change:
        return Change(
            t_us,
            transition,
            was,
            runtime.state,
            runtime.severity,
            runtime.alarm_severity,
            annunciate and not runtime.held,
        )


def _normal(runtime: AlarmRuntime) -> None:
    runtime.process, runtime.alarm_severity, runtime.acked_severity = _S.NORM, 0, 0
