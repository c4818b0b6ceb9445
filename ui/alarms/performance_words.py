"""Figures of alarm performance in words, for screen, tool tips and files."""

from __future__ import annotations

from typing import Any

from models.performance import Advice, AlarmName, AlarmPerformance, BadActor, Figure, FloodPeriod
from ui.i18n import DASH, clock_text, local, number_text, pick, stamp_text, t

_SHARES = frozenset({"flood_share", "top_share"})
_DECIMALS = {"average_per_bin": 1, "flood_share": 1}


def figure_text(name: str, value: float | None) -> str:
    """A figure without its unit; a share in per cent."""
    if value is None:
        return DASH
    shown = value * 100 if name in _SHARES else value
    decimals = _DECIMALS.get(name, 0) if shown < 100 else 0
    if decimals and shown < 10 and round(shown, decimals) == round(shown) != shown:
        decimals += 1  # 1.01 is not 1.0 beside a target of 1
    return number_text(shown, decimals)


def target_text(figure: Figure) -> str:
    """The target with its comparison: ``≤ 150``, ``< 1 %``."""
    value = figure.target * 100 if figure.name in _SHARES else figure.target
    unit = f" {t('performance.percent')}" if figure.name in _SHARES else ""
    sign = "=" if value == 0 else "<" if figure.strict else "≤"
    return f"{sign} {value:g}{unit}"


def alarm_name(name: AlarmName) -> str:
    """Tag and text, or the key of an alarm that is no longer defined."""
    text = pick(name.text, name.text_en)
    if name.tag and text.startswith(name.tag):
        return text
    return " ".join(part for part in (name.tag, text) if part) or name.key


def advice_text(advice: Advice) -> str:
    """What could be changed, in a few words."""
    return t(f"performance.advice.{advice.code}", **_plain(advice.params))


def advice_why(advice: Advice) -> str:
    """What in the records speaks for it."""
    return t(f"performance.why.{advice.code}", **_plain(advice.params))


def _plain(params: dict[str, Any]) -> dict[str, str]:
    return {key: f"{value:g}" for key, value in params.items()}


def flood_text(flood: FloodPeriod) -> str:
    """When, how bad, and what began it."""
    span = f"{clock_text(flood.start_us)[:5]}–{clock_text(flood.end_us)[:5]}"
    text = t("performance.flood", span=span, peak=flood.peak, n=flood.alarms)
    return text if flood.first is None else text + t("performance.flood_first", name=alarm_name(flood.first))


def period_text(picture: AlarmPerformance) -> str:
    """From when to when."""
    start, end = local(picture.start_us), local(picture.end_us)
    return f"{start:%m-%d %H:%M} – {end:%m-%d %H:%M}"


def export_rows(picture: AlarmPerformance) -> list[list[Any]]:
    """The whole picture as rows: part, name, value, target, before, remark."""
    rows: list[list[Any]] = [
        [t("performance.part.period"), stamp_text(picture.start_us), stamp_text(picture.end_us), "", "", ""],
        [t("performance.part.rules"), picture.rules_version, "", "", "", ""],
    ]
    for f in picture.figures:
        met = "" if f.met is None else t("performance.met" if f.met else "performance.over")
        rows.append([t("performance.part.figure"), t(f"performance.figure.{f.name}"), f.value, f.target, f.before, met])
    for flood in picture.floods:
        first = alarm_name(flood.first) if flood.first is not None else ""
        rows.append(
            [
                t("performance.part.flood"),
                stamp_text(flood.start_us),
                flood.alarms,
                flood.peak,
                stamp_text(flood.end_us),
                first,
            ]
        )
    for actor in picture.top:
        rows.append(_actor_row(actor))
    for share in picture.priorities:
        rows.append(
            [
                t("performance.part.priority"),
                t(f"common.priority.{share.priority.word}"),
                share.share,
                share.target,
                share.count,
                t(f"performance.verdict.{share.verdict}"),
            ]
        )
    bin_us = round(picture.bin_s * 1_000_000)
    for number, (urgent, other) in enumerate(picture.series):
        at = stamp_text(picture.series_us + number * bin_us)
        rows.append([t("performance.part.series"), at, urgent + other, "", urgent, ""])
    return rows


def _actor_row(actor: BadActor) -> list[Any]:
    nature = t(f"performance.nature.{actor.nature}")
    return [
        t("performance.part.actor"),
        alarm_name(actor.name),
        actor.count,
        "",
        actor.share,
        f"{nature}: {advice_text(actor.advice)}",
    ]
