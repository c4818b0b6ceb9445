"""A written script fed through the very logic that guards the plant: for tests, training and "what would it do?".

A script is one JSON object::

    {"alarm": {definition as the program stores it}, "steps": [step, …]}

``alarm`` takes the fields of :class:`models.alarms.AlarmDefinition`; ``key`` may be left out, ``kind`` of a condition may be
written in any case, and ``priority`` as a word or a number (1 low … 4 critical). With no condition that takes severities,
a ``severity`` step is allowed all the same: a SEVERITY condition is added.

Each step has ``t`` (seconds, never going back) and one of

* ``"value"`` (number, text or null), with ``"quality"`` (OPC code, or good · uncertain · bad) and ``"tag"`` for a sample of
  another tag that a set-point or an expression speaks of;
* ``"severity"``: none · low · medium · high · critical, or 0–4, or OK · minor · major … as other systems say;
* ``"act"``: acknowledge · unacknowledge · reset · shelve (``for_s``, ``one_shot``) · unshelve · suppress · unsuppress ·
  out_of_service · return_to_service, with an optional ``reason``;
* nothing else: time passes.

Timers due before a step fire at their own time. After each step one object tells ``t``, ``state``, ``severity`` (what the
process says now, before delays and counting), ``alarm_severity`` (what the operator answers for), ``annunciate``
(somewhere since the last step it did) and ``transition`` (the step's own, else the last that a timer made, else "none").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from app.alarms.conditions import severity_of
from app.alarms.logic import Act, AlarmLogic, AlarmRuntime, Change, Transition
from app.clock import US
from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority
from models.readings import Quality

_ACTS = {**{a.value: a for a in Act}, "ack": Act.ACKNOWLEDGE, "unack": Act.UNACKNOWLEDGE}
_STEP_KEYS = frozenset({"t", "value", "severity", "quality", "tag", "act", "for_s", "one_shot", "reason", "comment"})
_QUALITIES = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}


class ScriptError(ValueError):
    """The script can't be played; the message says which step or field and why."""


def replay(script: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Play a script; yields one answer a step.

    Raises ScriptError with a sentence when the script makes no sense.
    """
    if not isinstance(script, Mapping):
        raise ScriptError('a script is an object with "alarm" and "steps"')
    steps = script.get("steps")
    if not isinstance(steps, list):
        raise ScriptError('"steps" must be a list')
    uses_severity = any(isinstance(s, Mapping) and "severity" in s for s in steps)
    definition = _definition(script.get("alarm"), uses_severity)
    try:
        logic = AlarmLogic(definition)
    except ValueError as error:
        raise ScriptError(f"the alarm can't be used: {error}") from error
    return _play(logic, steps)


def definition_from(raw: object) -> AlarmDefinition:
    """A definition from loosely written JSON (kinds in any case, priorities as words or numbers).

    Raises ScriptError with a sentence.
    """
    return _definition(raw, False)


def _play(logic: AlarmLogic, steps: list[Any]) -> Iterator[dict[str, Any]]:
    runtime: AlarmRuntime | None = None
    last = 0.0
    for number, step in enumerate(steps, 1):
        t = _time(step, number, last if runtime is not None else None)
        last = t
        t_us = round(t * US)
        if runtime is None:
            runtime = logic.start(t_us)
        passed = logic.advance(runtime, t_us)
        own = _step(logic, runtime, step, number, t_us)
        yield _answer(step["t"], runtime, passed, own)


def _answer(t: float, runtime: AlarmRuntime, passed: list[Change], own: list[Change]) -> dict[str, Any]:
    happened = [c.transition for c in passed + own if c.transition is not Transition.NONE]
    return {
        "t": t,
        "state": runtime.state.value,
        "severity": Priority(runtime.raw_severity).word,
        "alarm_severity": Priority(runtime.alarm_severity).word,
        "annunciate": any(c.annunciate for c in passed + own),
        "transition": (happened[-1] if happened else Transition.NONE).value,
    }


def _time(step: object, number: int, last: float | None) -> float:
    if not isinstance(step, Mapping):
        raise ScriptError(f"step {number} must be an object")
    unknown = set(step) - _STEP_KEYS
    if unknown:
        raise ScriptError(f"step {number}: unknown field {sorted(map(str, unknown))[0]!r}")
    if sum(k in step for k in ("value", "severity", "act")) > 1:
        raise ScriptError(f"step {number}: give only one of value, severity and act")
    t = _number(step.get("t"), f"step {number}: t")
    if last is not None and t < last:
        raise ScriptError(f"step {number}: time goes back from {last:g} to {t:g}")
    return t


def _number(raw: object, what: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) < 1e12:
        raise ScriptError(f"{what} must be a number of seconds")
    return float(raw)


def _step(logic: AlarmLogic, runtime: AlarmRuntime, step: Mapping[str, Any], number: int, t_us: int) -> list[Change]:
    if "act" in step:
        act = _ACTS.get(str(step["act"]).strip().lower())
        if act is None:
            raise ScriptError(f"step {number}: unknown act {step['act']!r}; known: {', '.join(a.value for a in Act)}")
        raw = step.get("for_s")
        for_s = None if raw is None else _number(raw, f"step {number}: for_s")
        if for_s is not None and for_s <= 0:
            raise ScriptError(f"step {number}: for_s must be more than 0")
        return logic.act(runtime, act, t_us, for_s=for_s, one_shot=bool(step.get("one_shot", False)))
    quality = _quality(step.get("quality", int(Quality.GOOD)), number)
    if "severity" in step:
        return logic.sample(runtime, t_us, float(_severity(step["severity"], number)), quality)
    if "value" in step:
        value = _value(step["value"], number)
        tag = step.get("tag")
        if tag is not None and tag != logic.definition.tag:
            return logic.feed(runtime, str(tag), t_us, value, quality)
        return logic.sample(runtime, t_us, value, quality)
    if "quality" in step:
        return logic.sample(runtime, t_us, None, quality)
    return []


def _value(raw: object, number: int) -> float | str | None:
    if isinstance(raw, bool):
        return float(raw)
    if raw is None or isinstance(raw, str | float):
        return raw
    if isinstance(raw, int) and abs(raw) < 10**300:
        return float(raw)
    raise ScriptError(f"step {number}: a value is a number, a text or null")


def _severity(raw: object, number: int) -> int:
    level = severity_of(raw) if isinstance(raw, str | int | float) and not isinstance(raw, bool) else None
    if level is None:
        raise ScriptError(f"step {number}: unknown severity {raw!r}; use none, low, medium, high, critical or 0 to 4")
    return level


def _quality(raw: object, number: int) -> int:
    if isinstance(raw, str) and raw.strip().lower() in _QUALITIES:
        return int(_QUALITIES[raw.strip().lower()])
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= 255:
        return raw
    raise ScriptError(f"step {number}: quality is good, uncertain, bad or a code from 0 to 255")


def _definition(raw: object, uses_severity: bool) -> AlarmDefinition:
    if not isinstance(raw, Mapping):
        raise ScriptError('"alarm" must be an object: the definition')
    body = {"key": "replay", **raw}
    conditions = body.get("conditions", [])
    if not isinstance(conditions, list | tuple):
        raise ScriptError('"conditions" must be a list')
    loose = [_condition(c, i) for i, c in enumerate(conditions, 1)]
    if uses_severity and not any(c.get("kind") == ConditionKind.SEVERITY for c in loose):
        loose.append({"kind": ConditionKind.SEVERITY.value})
    body["conditions"] = loose
    _known(body, AlarmDefinition, "the alarm")
    try:
        definition = msgspec.convert(body, AlarmDefinition)
    except msgspec.ValidationError as error:
        raise ScriptError(f"the alarm can't be read: {error}") from error
    if not definition.conditions:
        raise ScriptError("the alarm has no condition")
    if definition.count < 1 or definition.count_window_s < 0:
        raise ScriptError("count must be at least 1 and count_window_s not negative")
    return definition


def _condition(raw: object, number: int) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise ScriptError(f"condition {number} must be an object")
    body = dict(raw)
    kind = str(body.get("kind", "")).strip().upper()
    if kind not in ConditionKind.__members__:
        raise ScriptError(f"condition {number}: unknown kind {raw.get('kind')!r}; known: {', '.join(ConditionKind)}")
    body["kind"] = kind
    if "priority" in body:
        priority = body["priority"]
        level = severity_of(priority) if isinstance(priority, str | int | float) else None
        if not level:
            raise ScriptError(f"condition {number}: priority is low, medium, high, critical or 1 to 4")
        body["priority"] = level
    if "direction" in body:
        body["direction"] = str(body["direction"]).lower()
    _known(body, Condition, f"condition {number}")
    for name in ("deadband", "on_delay_s", "off_delay_s", "window_s"):
        value = body.get(name, 0)
        if isinstance(value, int | float) and not value >= 0:
            raise ScriptError(f"condition {number}: {name} must not be negative")
    return body


def _known(body: Mapping[str, Any], kind: type[msgspec.Struct], what: str) -> None:
    unknown = sorted(set(map(str, body)) - set(kind.__struct_fields__))
    if unknown:
        raise ScriptError(f"{what}: unknown field {unknown[0]!r}; known: {', '.join(kind.__struct_fields__)}")
