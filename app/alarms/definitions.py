"""Is this alarm definition fit to guard a plant? One mistake at a time, as a code that screens translate."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from app.alarms.conditions import expression_names, variable_name
from app.alarms.logic import AlarmLogic
from app.alarms.rules import DefinitionRules
from app.ports import TagCatalogue
from models.alarms import AlarmDefinition, Condition, ConditionKind, Priority
from models.readings import TagInfo

_ORDER = (ConditionKind.LL, ConditionKind.L, ConditionKind.H, ConditionKind.HH)
_LIMITED = frozenset({*_ORDER, ConditionKind.DEVIATION, ConditionKind.RATE})


class Problem(NamedTuple):
    """What is wrong: a stable code, the field, and English for the log."""

    code: str
    field: str
    detail: str


def problem(definition: AlarmDefinition, catalogue: TagCatalogue, rules: DefinitionRules) -> Problem | None:
    """The first thing that is wrong with a definition, or None."""
    if not definition.key.strip() or len(definition.key) > 200 or not definition.key.isprintable():
        return Problem("key_missing", "key", "a key has 1 to 200 printable characters")
    if not definition.conditions:
        return Problem("no_condition", "conditions", "an alarm needs a condition")
    if definition.latching and definition.auto_reset:
        return Problem("latching_and_auto_reset", "latching", "an alarm can't latch and clear by itself")
    if definition.count < 1 or (definition.count > 1 and not _in(definition.count_window_s, 1e-3, rules.max_window_s)):
        return Problem("count_window", "count_window_s", "counting needs a count of 1 or more and a window in seconds")
    if definition.respond_s is not None and not definition.respond_s > 0:
        return Problem("respond_time", "respond_s", "the time to respond is more than 0")
    tag = catalogue.by_name(definition.tag) if definition.tag else None
    needs_tag = any(c.kind is not ConditionKind.CALCULATED for c in definition.conditions)
    if tag is None and (needs_tag or definition.tag):
        return Problem("tag_unknown", "tag", f"there is no tag {definition.tag!r}")
    return _conditions(definition, tag, catalogue, rules)


def _conditions(
    definition: AlarmDefinition, tag: TagInfo | None, catalogue: TagCatalogue, rules: DefinitionRules
) -> Problem | None:
    for i, condition in enumerate(definition.conditions):
        found = _condition(condition, f"conditions.{i}", tag, catalogue, rules)
        if found is not None:
            return found
    found = _order(definition)
    if found is not None:
        return found
    try:
        AlarmLogic(definition)
    except ValueError as error:
        return Problem("condition", "conditions", str(error))
    return None


def _condition(
    condition: Condition, field: str, tag: TagInfo | None, catalogue: TagCatalogue, rules: DefinitionRules
) -> Problem | None:
    kind = condition.kind
    if condition.priority is Priority.NONE:
        return Problem("priority", f"{field}.priority", "a condition needs a priority")
    for name in ("on_delay_s", "off_delay_s"):
        if not _in(getattr(condition, name), 0, rules.max_delay_s):
            return Problem("delay", f"{field}.{name}", f"a delay is 0 to {rules.max_delay_s:g} s")
    if not _in(condition.window_s, 0, rules.max_window_s):
        return Problem("window", f"{field}.window_s", f"a window is 0 to {rules.max_window_s:g} s")
    if not _in(condition.deadband, 0, math.inf):
        return Problem("deadband", f"{field}.deadband", "a dead-band is 0 or more")
    if kind in _LIMITED and (condition.limit is None or not math.isfinite(condition.limit)):
        return Problem("limit_missing", f"{field}.limit", f"{kind} needs a limit")
    if kind in (ConditionKind.DEVIATION, ConditionKind.RATE) and not _in(condition.limit or 0.0, 1e-300, math.inf):
        return Problem("limit_not_positive", f"{field}.limit", f"the limit of {kind} is more than 0")
    if kind in _ORDER and tag is not None and condition.limit is not None and _outside(condition.limit, tag):
        return Problem("limit_outside_range", f"{field}.limit", f"{condition.limit:g} can never be reached")
    return _names(condition, field, catalogue)


def _names(condition: Condition, field: str, catalogue: TagCatalogue) -> Problem | None:
    other = condition.setpoint_tag
    if condition.kind is ConditionKind.DEVIATION and condition.setpoint is None and other:
        return (
            None if catalogue.by_name(other) else Problem("tag_unknown", f"{field}.setpoint_tag", f"no tag {other!r}")
        )
    if condition.kind is not ConditionKind.CALCULATED:
        return None
    try:
        names = expression_names(condition.expression or "") - {"value", "True", "False"}
    except ValueError as error:
        return Problem("expression", f"{field}.expression", str(error))
    known: dict[str, int] = {}
    for tag in catalogue.all():
        name = variable_name(tag.name)
        known[name] = known.get(name, 0) + 1
    for name in sorted(names):
        if known.get(name, 0) != 1:
            why = "no tag is" if name not in known else "several tags are"
            return Problem("expression_tag", f"{field}.expression", f"{why} written {name} in expressions")
    return None


def _order(definition: AlarmDefinition) -> Problem | None:
    """LL < L < H < HH, each kind once, and no dead-band reaching into the opposite side."""
    limits: dict[ConditionKind, Condition] = {}
    for condition in definition.conditions:
        if condition.kind in _ORDER:
            if condition.kind in limits:
                return Problem("kind_twice", "conditions", f"{condition.kind} stands there twice")
            limits[condition.kind] = condition
    present = [limits[kind] for kind in _ORDER if kind in limits]
    for lower, upper in itertools.pairwise(present):
        if not (lower.limit or 0.0) < (upper.limit or 0.0):
            return Problem("limit_order", "conditions", f"{lower.kind} must lie below {upper.kind}")
    lows = [(c.limit or 0.0) + c.deadband for c in present if c.kind in (ConditionKind.LL, ConditionKind.L)]
    highs = [(c.limit or 0.0) - c.deadband for c in present if c.kind in (ConditionKind.H, ConditionKind.HH)]
    if lows and highs and not max(lows) < min(highs):
        return Problem("deadbands_meet", "conditions", "the dead-bands leave no normal value between low and high")
    return None


def _outside(limit: float, tag: TagInfo) -> bool:
    return (tag.range_lo is not None and limit < tag.range_lo) or (tag.range_hi is not None and limit > tag.range_hi)


def _in(value: float, lo: float, hi: float) -> bool:
    return lo <= value <= hi and (math.isfinite(value))
