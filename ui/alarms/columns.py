"""The columns of the alarm list and how each field of an alarm is put in words."""

from __future__ import annotations

from collections.abc import Callable

from app.ports import TagCatalogue
from models.alarms import HELD, AlarmRow, AlarmState
from ui.i18n import DASH, clock_text, near_text, number_text, pick, span_text, t, unit_text, value_text
from ui.widgets.rows import Column

Now = Callable[[], int]
States = dict[str, list[str]]


def alarm_text(row: AlarmRow) -> str:
    """The alarm's own text in the present language, or its condition when it has none."""
    return pick(row.text, row.text_en) or t(f"alarms.kind.{row.kind}")


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


def shown_value(row: AlarmRow, states: States | None = None) -> str:
    """Value at the alarm, without unit; ``states`` are the words of a discrete tag."""
    return value_text(row.value, row.decimals, states)


def value_and_limit(row: AlarmRow, states: States | None = None) -> str:
    """Value, limit and unit in one text, for copying: ``52.4 / 50 %LEL``."""
    limit = f" / {limit_text(row)}" if row.limit is not None else ""
    return f"{shown_value(row, states)}{limit} {unit_text(row.unit)}".strip()


def states_of(tags: TagCatalogue, row: AlarmRow) -> States | None:
    """The words of the states of an alarm's tag, if it is discrete."""
    tag = tags.by_id(row.tag_id) if row.tag_id is not None else None
    return tag.states if tag is not None else None


def limit_text(row: AlarmRow) -> str:
    """The limit with no more decimals than it needs."""
    return short_number(row.limit, row.decimals)


def short_number(value: float | None, decimals: int) -> str:
    """A limit without trailing zeros: 50, 7.1, 0.45."""
    text = number_text(value, decimals)
    if value is not None and "." not in text and value != round(value):
        text = number_text(value, decimals + 1)
    return text.rstrip("0").rstrip(".") if "." in text else text


def lasted_us(row: AlarmRow, now_us: int) -> int:
    """How long it has been (or was) there, µs."""
    return (row.closed_us or row.cleared_us or now_us) - row.raised_us


def acked_text(row: AlarmRow, now_us: int) -> str:
    """Who acknowledged, and when."""
    return f"{row.acked_by} {near_text(row.acked_us, now_us)}" if row.acked_us is not None else DASH


def note_text(row: AlarmRow) -> str:
    """Comment of the acknowledgement, or why it is held."""
    return (row.held_reason if row.state in HELD else "") or row.comment or DASH


def _bold(row: AlarmRow) -> bool:
    return row.unacknowledged and row.state is not AlarmState.RTNUN


_LOUD = frozenset({"state", "priority", "raised", "area", "tag", "text"})


def _dim(row: AlarmRow) -> bool:
    return row.state in HELD or row.state is AlarmState.RTNUN or not row.active


def _value_key(row: AlarmRow) -> tuple[int, float, str]:
    if isinstance(row.value, str):
        return (1, 0.0, row.value)
    return (2, 0.0, "") if row.value is None else (0, row.value, "")


def alarm_columns(now: Now, tags: TagCatalogue) -> list[Column[AlarmRow]]:
    """Columns of the list; ``now`` is the engine's clock in UTC µs, ``tags`` knows the words of discrete states."""

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
        column("state", state_text, 132, lambda r: (not r.unacknowledged, r.state)),
        column("priority", priority_text, 66, lambda r: -r.priority, optional=3),
        column("raised", lambda r: near_text(r.raised_us, now()), 108, lambda r: -r.raised_us),
        column("area", area_text, 94, optional=2),
        column("tag", lambda r: r.tag, 82),
        column("text", alarm_text, 150, stretch=True),
        column("value", lambda r: value_and_limit(r, states_of(tags, r)), 158, _value_key, right=True),
        column(
            "lasted",
            lambda r: span_text(lasted_us(r, now())),
            84,
            lambda r: lasted_us(r, now()),
            right=True,
            optional=1,
        ),
        column("acked", lambda r: acked_text(r, now()), 142, lambda r: r.acked_us, optional=4),
        column("note", note_text, 150, optional=5),
        column("station", lambda r: r.acked_station or DASH, 80, visible=False),
        column("cleared", lambda r: near_text(r.cleared_us, now()), 90, lambda r: r.cleared_us, visible=False),
        column("closed", lambda r: near_text(r.closed_us, now()), 90, lambda r: r.closed_us, visible=False),
        column("held_by", lambda r: r.held_by or DASH, 90, visible=False),
        column("held_until", lambda r: near_text(r.held_until_us, now()), 90, lambda r: r.held_until_us, visible=False),
        column("kind", lambda r: t(f"alarms.kind.{r.kind}"), 90, visible=False),
        column("severity", lambda r: t(f"common.priority.{r.severity.word}"), 80, lambda r: -r.severity, visible=False),
    ]
