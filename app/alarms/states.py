"""The words and the state of one alarm: what can happen to it, what may be done to it, and all that it remembers."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from app.alarms.conditions import ConditionRuntime
from models.alarms import AlarmState


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
    DISABLE = "disable"  # the definition was switched off


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
    spoke: bool = False  # a sample has been seen
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
