"""The columns of the alarm list and how each field of an alarm is put in words."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.ports import Station
from models.alarms import HELD, AlarmRow, AlarmState, ConditionKind
from ui.i18n import DASH, clock_text, near_text, number_text, pick, span_text, t, unit_text, value_text
from ui.widgets.rows import Column

States = dict[str, list[str]]

_LEVELS = frozenset({ConditionKind.HH, ConditionKind.H, ConditionKind.L, ConditionKind.LL})
_LEVEL_WORD = re.compile(
    r"(?:(?<=[\s:,])|(?<=[^\x00-\x7f]))(高高|高|低低|低|high[- ]?high|high|low[- ]?low|low|HH|LL|H|L)$"
)
_SPEAKS_OF_LEVEL = re.compile(r"[高低]|\b(?:high|low|HH|LL)\b")
_NO_VALUE = frozenset({ConditionKind.STALE, ConditionKind.BAD_QUALITY})


def alarm_text(row: AlarmRow) -> str:
    """The alarm's own text in the present language, or its condition when it has none.

    One alarm may have several levels under one text: the level that is active now is part of what is said.
    """
    text = pick(row.text, row.text_en)
    if not text:
        return t(f"alarms.kind.{row.kind}")
    if row.kind not in _LEVELS:
        return text
    level = t(f"alarms.level.{row.kind}")
    found = _LEVEL_WORD.search(text)
    if found is not None:
        return text[: found.start()] + level
    doubled = row.kind in (ConditionKind.HH, ConditionKind.LL)
    return f"{text} {level}" if doubled or not _SPEAKS_OF_LEVEL.search(text) else text


def area_text(row: AlarmRow) -> str:
    """Name of the area."""
    return pick(row.area_name, row.area_name_en) or row.area or DASH


def state_text(row: AlarmRow) -> str:
    """State in words; a timed hold says until when."""
    text = t(f"common.state.{row.state}")
    if row.state is AlarmState.SHLVD and row.held_until_us is not None:
        return t("alarms.shelved_until", time=clock_text(row.held_until_us)[:5])
    if row.closed_us is not None and row.state is AlarmState.NORM:
        return t("alarms.closed")
    return text


def priority_text(row: AlarmRow) -> str:
    """Priority in words."""
    return t(f"common.priority.{row.priority.word}")


def present_value(station: Station, row: AlarmRow) -> float | str | None:
    """What the alarm's tag says now; the value at the alarm once it is over, none while the signal can't be believed."""
    if not row.active or row.tag_id is None:
        return row.value
    if row.kind in _NO_VALUE and row.cleared_us is None:
        return None
    live = station.live.get(row.tag_id)
    return row.value if live is None else live.value


def shown_value(station: Station, row: AlarmRow) -> str:
    """The present value (see :func:`present_value`) in words, without unit."""
    return value_text(present_value(station, row), row.decimals, _states_of(station, row))


def raised_value(station: Station, row: AlarmRow) -> str:
    """The value at the alarm in words, without unit."""
    return value_text(row.value, row.decimals, _states_of(station, row))


def value_and_limit(station: Station, row: AlarmRow) -> str:
    """Value, limit and unit in one text, for copying: ``52.4 / 50 %LEL``."""
    limit = f" / {limit_text(row)}" if row.limit is not None else ""
    return f"{shown_value(station, row)}{limit} {unit_text(row.unit)}".strip()


def _states_of(station: Station, row: AlarmRow) -> States | None:
    """The words of the states of an alarm's tag, if it is discrete."""
    tag = station.tags.by_id(row.tag_id) if row.tag_id is not None else None
    return tag.states if tag is not None else None


def limit_text(row: AlarmRow) -> str:
    """The limit with no more decimals than it needs; that of a slope is so much a second."""
    text = short_number(row.limit, row.decimals)
    return f"{text}/s" if row.kind is ConditionKind.RATE and row.limit is not None else text


def short_number(value: float | None, decimals: int) -> str:
    """A limit as it was set, without trailing zeros: 50, 7.1, 0.45, 0.025."""
    if value is not None:
        decimals = next((n for n in range(decimals, 7) if round(value, n) == value), 7)
    text = number_text(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def lasted_us(row: AlarmRow, now_us: int) -> int:
    """How long it has been (or was) there, µs."""
    return (row.closed_us or row.cleared_us or now_us) - row.raised_us


def acked_text(row: AlarmRow, now_us: int) -> str:
    """Who acknowledged, when and at which station; for a held alarm that nobody acknowledged, who put it aside."""
    if row.acked_us is not None:
        return f"{row.acked_by} {near_text(row.acked_us, now_us)} {row.acked_station}".rstrip()
    return (row.held_by if row.state in HELD else "") or DASH


def note_text(row: AlarmRow) -> str:
    """Comment of the acknowledgement, or why it is held."""
    return (row.held_reason if row.state in HELD else "") or row.comment or DASH


def _bold(row: AlarmRow) -> bool:
    return row.unacknowledged and row.state is not AlarmState.RTNUN


_LOUD = frozenset({"state", "priority", "raised", "area", "tag", "text"})


def _dim(row: AlarmRow) -> bool:
    return row.state in HELD or row.state is AlarmState.RTNUN or not row.active


def _value_key(value: float | str | None) -> tuple[int, float, str]:
    if isinstance(value, str):
        return (1, 0.0, value)
    return (2, 0.0, "") if value is None else (0, value, "")


def alarm_columns(station: Station) -> list[Column[AlarmRow]]:
    """Columns of the list; ``station`` gives time, present values and the words of discrete states."""
    now = station.now_us

    def column(
        key: str,
        text: Callable[[AlarmRow], str],
        width: int,
        sort: Callable[[AlarmRow], object] | None = None,
        *,
        right: bool = False,
        visible: bool = True,
        stretch: bool = False,
        optional: int = 0,
    ) -> Column[AlarmRow]:
        return Column(
            key=key,
            title=f"alarms.column.{key}",
            text=text,
            sort=sort,
            width=width,
            right=right,
            visible=visible,
            stretch=stretch,
            bold=_bold if key in _LOUD else None,
            dim=_dim,
            optional=optional,
        )

    return [
        Column(key="shape", title="", text=lambda _: "", width=32),
        column("state", state_text, 122, lambda r: (not r.unacknowledged, r.state)),
        column("priority", priority_text, 66, lambda r: -r.priority, optional=3),
        column("raised", lambda r: near_text(r.raised_us, now()), 100, lambda r: -r.raised_us),
        column("area", area_text, 94, optional=2),
        column("tag", lambda r: r.tag, 82),
        column("text", alarm_text, 150, stretch=True),
        column(
            "value",
            lambda r: value_and_limit(station, r),
            152,
            lambda r: _value_key(present_value(station, r)),
            right=True,
        ),
        column(
            "lasted",
            lambda r: span_text(lasted_us(r, now())),
            84,
            lambda r: lasted_us(r, now()),
            right=True,
            optional=1,
        ),
        column("acked", lambda r: acked_text(r, now()), 176, lambda r: r.acked_us, optional=4),
        column("note", note_text, 140, optional=5),
        column(
            "raised_value",
            lambda r: f"{raised_value(station, r)} {unit_text(r.unit)}".strip(),
            100,
            lambda r: _value_key(r.value),
            right=True,
            visible=False,
        ),
        column("station", lambda r: r.acked_station or DASH, 80, visible=False),
        column("cleared", lambda r: near_text(r.cleared_us, now()), 90, lambda r: r.cleared_us, visible=False),
        column("closed", lambda r: near_text(r.closed_us, now()), 90, lambda r: r.closed_us, visible=False),
        column("held_by", lambda r: r.held_by or DASH, 90, visible=False),
        column("held_until", lambda r: near_text(r.held_until_us, now()), 90, lambda r: r.held_until_us, visible=False),
        column("kind", lambda r: t(f"alarms.kind.{r.kind}"), 90, visible=False),
        column("severity", lambda r: t(f"common.priority.{r.severity.word}"), 80, lambda r: -r.severity, visible=False),
    ]
