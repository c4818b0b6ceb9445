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

import msgspec

from app.alarms.conditions import ConditionRuntime, Observation, detector, quiet_band, usable
from app.alarms.delays import raw_due, settle
from app.alarms.states import Act, AlarmRuntime, Change, Transition
from app.clock import US
from models.alarms import AlarmDefinition, AlarmState, Condition, ConditionKind

__all__ = ["Act", "AlarmLogic", "AlarmRuntime", "Change", "Transition"]

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
        runtime = AlarmRuntime(conditions=[ConditionRuntime() for _ in self._conditions])
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
        stale_fires: bool = True,
    ) -> list[Change]:
        """A sample of the alarm's own tag. Timers due before it fire first, each at its own time.

        ``stale_fires`` False leaves lost signals to :meth:`advance`: for a caller that does not bring every sample here.
        """
        arrived = t_us if arrived_us is None else arrived_us
        changes = self._run(runtime, t_us, arrived, stale_fires)
        _arrive(runtime, t_us, arrived)
        good = usable(value, quality)
        if good and self._keeps_inputs and value is not None:
            runtime.inputs[self.definition.tag] = value
        return self._observe(runtime, changes, Observation(t_us, value, good, True, runtime.inputs))

    def feed(
        self,
        runtime: AlarmRuntime,
        tag: str,
        t_us: int,
        value: float | str | None,
        quality: int = 192,
        *,
        arrived_us: int | None = None,
        stale_fires: bool = True,
    ) -> list[Change]:
        """A sample of another tag that the definition speaks of (set-point, expression)."""
        arrived = t_us if arrived_us is None else arrived_us
        changes = self._run(runtime, t_us, arrived, stale_fires)
        _arrive(runtime, t_us, arrived)
        if value is None or not usable(value, quality):
            return changes
        runtime.inputs[tag] = value
        return self._observe(runtime, changes, Observation(t_us, None, False, False, runtime.inputs))

    def heard(self, runtime: AlarmRuntime, wall_us: int, *, resumed: bool = False) -> None:
        """The source gave a sign of life at ``wall_us`` (station time) that changed nothing: STALE counts from there.

        ``resumed``: the station itself was away until then, so that STUCK, too, begins anew.
        """
        for i in self._silent:
            state = runtime.conditions[i]
            if not state.level and (resumed or self._conditions[i].kind is ConditionKind.STALE):
                state.since = max(state.since or 0, wall_us - runtime.offset_us)

    def advance(self, runtime: AlarmRuntime, wall_us: int) -> list[Change]:
        """Fire every timer due up to ``wall_us`` (station time), oldest first."""
        return self._run(runtime, wall_us - runtime.offset_us, wall_us)

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

    def adopt(self, runtime: AlarmRuntime, old: tuple[Condition, ...], t_us: int) -> AlarmRuntime:
        """The state under this changed definition: conditions that stayed the same keep theirs, the others start anew.

        Follow it with a sample or :meth:`review` to draw the consequences.
        """
        fresh = self.start(t_us - runtime.offset_us)
        if len(old) == len(runtime.conditions):
            kept = list(zip(old, runtime.conditions, strict=True))
            for i, condition in enumerate(self._conditions):
                same = next((state for was, state in kept if was == condition), None)
                if same is not None:
                    fresh.conditions[i] = same
        return msgspec.structs.replace(runtime, conditions=fresh.conditions, activations=[], inputs={})

    def review(self, runtime: AlarmRuntime, wall_us: int) -> list[Change]:
        """Draw the consequences of what the conditions hold now."""
        changes = self.advance(runtime, wall_us)
        self._resolve(runtime, max(runtime.now_us, wall_us - runtime.offset_us), 0, changes)
        return changes

    @staticmethod
    def mark(runtime: AlarmRuntime) -> tuple[object, ...]:
        """Changes whenever something moved that a restart must not forget."""
        return (
            len(runtime.activations),
            *[(c.level, c.effective, c.on_at, c.off_at, c.peak) for c in runtime.conditions],
        )

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

    def _source_due(self, runtime: AlarmRuntime, stale: bool = True) -> int | None:
        due: int | None = None
        for state in runtime.conditions:
            for timer in (state.on_at, state.off_at):
                if timer is not None and (due is None or timer < due):
                    due = timer
        for i in self._silent:
            if not stale and self._conditions[i].kind is ConditionKind.STALE:
                continue
            silent = raw_due(self._conditions[i], runtime.conditions[i])
            if silent is not None and (due is None or silent < due):
                due = silent
        return due

    def _run(self, runtime: AlarmRuntime, t_us: int, wall_us: int, stale: bool = True) -> list[Change]:
        """Fire source timers due at or before ``t_us`` and shelving that ends at or before ``wall_us``, in order."""
        changes: list[Change] = []
        while True:
            due = self._source_due(runtime, stale)
            ends = runtime.shelved_until_us if runtime.shelved else None
            shelving = ends is not None and ends <= wall_us
            if (
                due is not None
                and due <= t_us
                and not (shelving and ends is not None and ends < due + runtime.offset_us)
            ):
                runtime.now_us = max(runtime.now_us, due)
                self._fire(runtime, due, changes, stale)
            elif shelving and ends is not None:
                was = runtime.state
                annunciate = self._unshelve(runtime)
                changes.append(self._change(runtime, ends, Transition.UNSHELVE_TIMED, was, annunciate))
            else:
                return changes

    def _fire(self, runtime: AlarmRuntime, due: int, changes: list[Change], stale: bool) -> None:
        peak = 0
        levels: dict[int, int] = {}
        for i, (condition, state) in enumerate(zip(self._conditions, runtime.conditions, strict=True)):
            if state.on_at is not None and state.on_at <= due:
                peak = max(peak, state.peak)
                state.effective, state.on_at, state.peak = state.level, None, 0
            elif state.off_at is not None and state.off_at <= due:
                state.effective, state.off_at = state.level, None
            elif stale or condition.kind is not ConditionKind.STALE:
                silent = raw_due(condition, state)
                if silent is not None and silent <= due:
                    levels[i] = int(condition.priority)
        if levels:
            self._levels(runtime, due, levels)
        self._resolve(runtime, due, peak, changes)

    def _observe(self, runtime: AlarmRuntime, changes: list[Change], seen: Observation) -> list[Change]:
        t_us = runtime.now_us
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
        keep_peak = not self.definition.auto_reset
        for i, level in levels.items():
            settle(self._conditions[i], runtime.conditions[i], level, t_us, counting, keep_peak)
        if not counting or before or not any(c.level for c in runtime.conditions):
            return
        window = round(self.definition.count_window_s * US)
        runtime.activations = [t for t in runtime.activations if not window or t > t_us - window] + [t_us]
        if len(runtime.activations) >= self.definition.count:
            runtime.activations = []
            for state in runtime.conditions:
                if state.level > state.effective:
                    state.effective, state.on_at, state.peak = state.level, None, 0

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

    @staticmethod
    def _change(runtime: AlarmRuntime, t_us: int, what: Transition, was: AlarmState, annunciate: bool) -> Change:
        sounds = annunciate and not runtime.held
        return Change(t_us, what, was, runtime.state, runtime.severity, runtime.alarm_severity, sounds)


def _normal(runtime: AlarmRuntime) -> None:
    runtime.process, runtime.alarm_severity, runtime.acked_severity = _S.NORM, 0, 0


def _arrive(runtime: AlarmRuntime, t_us: int, arrived_us: int) -> None:
    """A sample is here: time never goes back within an alarm, but its first sample sets the line."""
    runtime.now_us = max(runtime.now_us, t_us) if runtime.spoke else t_us
    runtime.offset_us = arrived_us - runtime.now_us
    runtime.spoke = True
