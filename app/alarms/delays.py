"""Delays of one condition: a raw level becomes effective only after it has held its time, and goes likewise."""

from __future__ import annotations

from app.alarms.conditions import ConditionRuntime
from app.clock import US
from models.alarms import Condition, ConditionKind


def raw_due(condition: Condition, state: ConditionRuntime) -> int | None:
    """When the condition becomes true by mere silence (STUCK, STALE), or None."""
    if condition.kind not in (ConditionKind.STUCK, ConditionKind.STALE) or state.level or state.since is None:
        return None
    return state.since + round(condition.window_s * US)


def settle(
    condition: Condition, state: ConditionRuntime, level: int, t_us: int, counting: bool, keep_peak: bool
) -> None:
    """Take over a raw level at ``t_us`` (source time, µs): start or stop delays, become effective where there is none.

    ``counting``  the alarm still waits for its number of activations: without an on-delay nothing becomes effective
    ``keep_peak`` a severity that sinks while its on-delay runs is remembered
    """
    previous, state.level = state.level, level
    if level > state.effective:
        state.off_at = None
        keep = state.on_at is not None and keep_peak
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
