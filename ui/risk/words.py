"""The words of risk on screen: colours, bands, places, reasons and spans of time, the same in every panel and on paper."""

from __future__ import annotations

from collections.abc import Mapping

from app.ports import Station
from models.risk import Factor, Grade, ZoneState
from ui.i18n import DASH, has, near_text, number_text, pick, t


def grade_word(grade: Grade) -> str:
    """红 · 橙 · 黄 · 蓝."""
    return t(f"risk.grade.{grade.value}")


def level_word(grade: Grade) -> str:
    """重大风险 · 较大风险 · 一般风险 · 低风险."""
    return t(f"risk.level.{grade.value}")


def caption(grade: Grade) -> str:
    """What follows a zone's name."""
    return t("risk.caption", grade=grade_word(grade), level=level_word(grade))


def band_text(grade: Grade, floors: Mapping[Grade, float]) -> str:
    """The values of a colour: ``≥ 320`` · ``160–320`` · ``< 70``."""
    low = floors[grade]
    above = min((floor for floor in floors.values() if floor > low), default=None)
    if above is None:
        return f"\N{GREATER-THAN OR EQUAL TO} {low:g}"
    return f"< {above:g}" if low <= 0 else f"{low:g}\N{EN DASH}{above:g}"


def signed(weight: float) -> str:
    """A weight with its sign, whole when it is."""
    text = number_text(weight, 0 if weight == round(weight) else 1)
    return f"+{text}" if weight > 0 else text


def sum_text(value: float) -> str:
    """A value on the LEC scale."""
    return number_text(value, 0 if value == round(value) else 1)


def place_name(station: Station, code: str) -> str:
    """A place by its name; its code when the plant tree does not have it."""
    found = next((place for place in station.tags.places() if place.code == code), None)
    return pick(found.name, found.name_en) if found is not None else code


def factor_title(factor: Factor) -> str:
    """What kind of reason it is."""
    return t(f"risk.kind.{factor.kind}")


def evidence(factor: Factor) -> str:
    """What it is, in the plant's words."""
    return pick(factor.evidence, factor.evidence_en) or DASH


def cause_text(cause: str) -> str:
    """What tipped a change of colour; the engine's own few words are translated."""
    if not cause:
        return t("risk.no_cause")
    return t(f"risk.cause.{cause}") if has(f"risk.cause.{cause}") else cause


def span(factor: Factor, now_us: int) -> str:
    """Since when, and until when if that is known."""
    since = near_text(factor.since_us, now_us) if factor.since_us else DASH
    if factor.until_us is None:
        return t("risk.since", time=since)
    return t("risk.since_until", since=since, until=near_text(factor.until_us, now_us))


def story(state: ZoneState, now_us: int) -> str:
    """How the inherent colour became the present one, in a sentence."""
    now, was = grade_word(state.grade), grade_word(state.inherent_grade)
    since = near_text(state.since_us, now_us)
    if state.override is not None:
        return t("risk.story_hand", was=was, now=now, by=state.override.by, since=since)
    if state.grade is state.inherent_grade:
        return t("risk.story_same", was=was, since=since)
    return t("risk.story", was=was, now=now, since=since, n=len(state.factors))
