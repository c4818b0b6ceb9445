"""What makes an alarm: each kind of condition turned into a small function from a sample to a raw severity level.

Compiled once per definition, so that the hot path neither looks at kinds nor parses expressions. A detector answers the
raw level (0 = normal) or None for "this sample says nothing about me": bad quality and missing values hold every
condition but BAD_QUALITY where it is. Dead-bands live here, delays and counting in :mod:`app.alarms.logic`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import simpleeval

from app.clock import US
from models.alarms import Condition, ConditionKind, Priority
from models.readings import Quality

RATE_POINTS = 32  # samples kept per slope window: bounds memory and the size of the stored runtime
MAX_EXPRESSION = 500

_WORDS = {
    **{p.word: p for p in Priority},
    "ok": Priority.NONE,
    "normal": Priority.NONE,
    "no_alarm": Priority.NONE,
    "advisory": Priority.LOW,
    "minor": Priority.LOW,
    "warning": Priority.MEDIUM,
    "major": Priority.HIGH,
    "invalid": Priority.CRITICAL,
    "undefined": Priority.CRITICAL,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"abs": abs, "min": min, "max": max, "round": round, "sqrt": math.sqrt}


class ConditionRuntime(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What one condition remembers; times in microseconds on the time line of the alarm's samples.

    level      raw severity that the last usable sample showed
    effective  severity after the delays
    peak       highest level while an on-delay runs
    on_at, off_at  when the running delay ends
    since      STUCK: last change of the value; STALE: last sign of life
    last       STUCK: the value that has not changed
    points     RATE: samples of the window
    """

    level: int = 0
    effective: int = 0
    peak: int = 0
    on_at: int | None = None
    off_at: int | None = None
    since: int | None = None
    last: float | str | None = None
    points: list[tuple[int, float]] = []


class Observation(msgspec.Struct, gc=False):
    """One look at the world: the alarm's own sample, or (``own`` False) a change of another tag it depends on."""

    t_us: int
    value: float | str | None
    good: bool
    own: bool
    inputs: Mapping[str, float | str]


Detector = Callable[[ConditionRuntime, Observation], int | None]


def severity_of(value: float | str) -> int | None:
    """Severity 0–4 from a number or a word ('high', also 'major', 'OK' …); None when it is neither."""
    if isinstance(value, str):
        word = _WORDS.get(value.strip().lower())
        return None if word is None else int(word)
    if value != value or not 0 <= value <= Priority.CRITICAL or value != int(value):
        return None
    return int(value)


def usable(value: float | str | None, quality: int) -> bool:
    """True for a value that limits may be compared with: present, a number proper, not of bad quality."""
    return value is not None and quality >= Quality.UNCERTAIN and value == value  # NaN differs from itself


def variable_name(tag: str) -> str:
    """The name of a tag inside expressions: everything but letters, digits and '_' becomes '_'."""
    name = re.sub(r"\W", "_", tag)
    return f"_{name}" if name[:1].isdigit() else name


def expression_names(expression: str) -> set[str]:
    """Names of tags in an expression.

    Raises ValueError with a sentence when the expression can't be parsed or uses what is not allowed.
    """
    if not expression.strip() or len(expression) > MAX_EXPRESSION:
        raise ValueError(f"an expression has 1 to {MAX_EXPRESSION} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"the expression can't be read: {error}") from error
    names: set[str] = set()
    called: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
                raise ValueError(f"only these functions may be called: {', '.join(sorted(_FUNCTIONS))}")
            called.add(id(node.func))
        elif isinstance(node, ast.Attribute | ast.Subscript | ast.Lambda | ast.comprehension | ast.JoinedStr):
            raise ValueError("an expression may only compare and calculate")  # noqa: TRY004 - bad text, not a bad type
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            names.add(node.id)
    return names


def quiet_band(conditions: tuple[Condition, ...]) -> tuple[float, float] | None:
    """Open interval in which a good value changes nothing while no condition is active; None when there is none."""
    lo, hi = -math.inf, math.inf
    for condition in conditions:
        kind = condition.kind
        if kind in (ConditionKind.HH, ConditionKind.H):
            hi = min(hi, _number(condition.limit))
        elif kind in (ConditionKind.LL, ConditionKind.L):
            lo = max(lo, _number(condition.limit))
        elif kind is ConditionKind.SEVERITY:
            hi = min(hi, 1.0)
            lo = max(lo, -1.0)
        elif kind not in (ConditionKind.STALE, ConditionKind.BAD_QUALITY):
            return None
    return (lo, hi) if lo < hi else None


def detector(condition: Condition, own_name: str = "") -> Detector:
    """Compile a condition.

    Raises ValueError when it lacks what its kind needs (a limit, a window, an expression that can be read).
    """
    return _MAKERS[condition.kind](condition, own_name)


def _number(limit: float | None) -> float:
    if limit is None or not math.isfinite(limit):
        raise ValueError("a limit is needed")
    return float(limit)


def _banded(condition: Condition, measure: Callable[[ConditionRuntime, Observation], float | None]) -> Detector:
    """Active at measure ≥ limit, clears below limit − dead-band."""
    limit, clear, priority = _number(condition.limit), _number(condition.limit) - condition.deadband, condition.priority

    def detect(state: ConditionRuntime, seen: Observation) -> int | None:
        measured = measure(state, seen)
        if measured is None:
            return None
        return int(priority) if measured >= (clear if state.level else limit) else 0

    return detect


def _high(condition: Condition, own_name: str) -> Detector:
    return _banded(condition, lambda _, seen: _own_number(seen))


def _low(condition: Condition, own_name: str) -> Detector:
    limit, clear, priority = _number(condition.limit), _number(condition.limit) + condition.deadband, condition.priority

    def detect(state: ConditionRuntime, seen: Observation) -> int | None:
        value = _own_number(seen)
        if value is None:
            return None
        return int(priority) if value <= (clear if state.level else limit) else 0

    return detect


def _own_number(seen: Observation) -> float | None:
    return float(seen.value) if seen.own and seen.good and isinstance(seen.value, float | int) else None


def _signed(difference: float, direction: str) -> float:
    return difference if direction == "rise" else -difference if direction == "fall" else abs(difference)


def _deviation(condition: Condition, own_name: str) -> Detector:
    fixed, other, direction = condition.setpoint, condition.setpoint_tag, _direction(condition)
    if fixed is None and not other:
        raise ValueError("a deviation needs a set-point or the tag of one")

    def measure(_: ConditionRuntime, seen: Observation) -> float | None:
        setpoint = fixed if fixed is not None else seen.inputs.get(other or "")
        value = seen.value if seen.own and seen.good else seen.inputs.get(own_name)
        if isinstance(setpoint, str) or setpoint is None or isinstance(value, str) or value is None:
            return None
        if seen.own and not seen.good:
            return None
        return _signed(value - setpoint, direction)

    return _banded(condition, measure)


def _direction(condition: Condition) -> str:
    if condition.direction not in ("rise", "fall", "both"):
        raise ValueError("a direction is 'rise', 'fall' or 'both'")
    return condition.direction


def _rate(condition: Condition, own_name: str) -> Detector:
    direction, window = _direction(condition), round(condition.window_s * US)
    spacing = window // RATE_POINTS

    def measure(state: ConditionRuntime, seen: Observation) -> float | None:
        value = _own_number(seen)
        if value is None:
            return None
        points = state.points
        start = seen.t_us - window
        while len(points) > 1 and points[1][0] <= start:  # keep one at or before the start: it spans the window
            points.pop(0)
        slope = None
        if points:
            # never divide by less than the window: two samples in quick succession are no trend
            span = max(seen.t_us - points[0][0], window)
            slope = _signed((value - points[0][1]) * US / span, direction) if span > 0 else None
        if not points or seen.t_us - points[-1][0] >= spacing:
            state.points = [*points, (seen.t_us, value)]
        return slope

    return _banded(condition, measure)


def _stuck(condition: Condition, own_name: str) -> Detector:
    _window(condition)

    def detect(state: ConditionRuntime, seen: Observation) -> int | None:
        if not (seen.own and seen.good):
            return None
        value, last = seen.value, state.last
        if isinstance(value, str) or isinstance(last, str) or value is None or last is None:
            same = value == last
        else:
            same = abs(value - last) <= condition.deadband
        if state.since is not None and same:
            return None  # the timer goes on (or the alarm stays)
        state.since, state.last = seen.t_us, value
        return 0

    return detect


def _stale(condition: Condition, own_name: str) -> Detector:
    _window(condition)

    def detect(state: ConditionRuntime, seen: Observation) -> int | None:
        if not seen.own:
            return None
        state.since = seen.t_us
        return 0

    return detect


def _window(condition: Condition) -> None:
    if not condition.window_s > 0:
        raise ValueError(f"{condition.kind} needs a window in seconds")


def _bad_quality(condition: Condition, own_name: str) -> Detector:
    priority = int(condition.priority)
    return lambda _, seen: None if not seen.own else 0 if seen.good else priority


def _discrete(condition: Condition, own_name: str) -> Detector:
    if not condition.values:
        raise ValueError("a discrete condition needs the values that are alarms")
    values, priority = frozenset(condition.values), int(condition.priority)
    return lambda _, seen: None if not (seen.own and seen.good) else priority if seen.value in values else 0


def _severity(condition: Condition, own_name: str) -> Detector:
    def detect(_: ConditionRuntime, seen: Observation) -> int | None:
        return severity_of(seen.value) if seen.own and seen.good and seen.value is not None else None

    return detect


def _calculated(condition: Condition, own_name: str) -> Detector:
    expression = (condition.expression or "").strip()
    names = expression_names(expression)
    evaluator = simpleeval.SimpleEval(functions=_FUNCTIONS)
    parsed = evaluator.parse(expression)
    own, priority = variable_name(own_name) if own_name else "", int(condition.priority)

    def detect(_: ConditionRuntime, seen: Observation) -> int | None:
        if seen.own and not seen.good and (own in names or "value" in names):
            return None
        values: dict[str, Any] = {}
        for tag, value in seen.inputs.items():
            values[variable_name(tag)] = value
        if own and own in values:
            values["value"] = values[own]
        if not names <= values.keys() | _CONSTANTS:
            return None  # an input has not spoken yet
        evaluator.names = values | {"True": True, "False": False}
        try:
            return priority if evaluator.eval(expression, previously_parsed=parsed) else 0
        except (simpleeval.InvalidExpression, ArithmeticError, TypeError, ValueError):
            return None  # e.g. divided by zero for a moment: hold

    return detect


_CONSTANTS = frozenset({"True", "False"})
_MAKERS: dict[ConditionKind, Callable[[Condition, str], Detector]] = {
    ConditionKind.HH: _high,
    ConditionKind.H: _high,
    ConditionKind.L: _low,
    ConditionKind.LL: _low,
    ConditionKind.DEVIATION: _deviation,
    ConditionKind.RATE: _rate,
    ConditionKind.STUCK: _stuck,
    ConditionKind.STALE: _stale,
    ConditionKind.BAD_QUALITY: _bad_quality,
    ConditionKind.DISCRETE: _discrete,
    ConditionKind.SEVERITY: _severity,
    ConditionKind.CALCULATED: _calculated,
}
