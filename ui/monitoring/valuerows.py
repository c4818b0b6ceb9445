"""Rows and columns of the values table: one mutable row a tag, so that thousands of new values cost no objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, Qt

from models.alarms import AlarmState, Priority
from models.readings import LiveValue, TagInfo, quality_word
from ui.i18n import DASH, age_text, near_text, pick, t, unit_text, value_text
from ui.monitoring.mime import TAGS_MIME
from ui.widgets.rows import Column, RowsModel

DYNAMIC = frozenset({"shape", "value", "quality", "age", "time"})


@dataclasses.dataclass(slots=True, eq=False)
class ValueRow:
    """A tag, what it said last, and its worst open alarm."""

    tag: TagInfo
    position: int
    live: LiveValue | None = None
    priority: Priority = Priority.NONE
    state: AlarmState = AlarmState.NORM

    def stale(self, now_us: int) -> bool:
        """True when it has been silent for longer than its tag allows."""
        limit = self.tag.stale_after_s
        return self.live is not None and limit is not None and now_us - self.live.received_us > limit * 1e6

    def trouble(self, now_us: int) -> str:
        """'' when the value can be believed, else 'none', 'stale', 'uncertain' or 'bad'."""
        if self.live is None:
            return "none"
        word = quality_word(self.live.quality)
        if word != "good":
            return word
        return "stale" if self.stale(now_us) else ""


def words_of(tag: TagInfo) -> tuple[str, ...]:
    """Everything of a tag that a search looks at."""
    return (
        tag.name, tag.description, tag.description_en, tag.area_name, tag.area_name_en, tag.unit_name,
        tag.device_name, tag.device_name_en,
    )  # fmt: skip


def quality_text(row: ValueRow, now_us: int) -> str:
    """Quality in words."""
    trouble = row.trouble(now_us)
    if trouble in ("none", "stale"):
        return t(f"monitoring.values_table.{trouble}")
    return t(f"common.quality.{trouble or 'good'}")


def _value_key(row: ValueRow) -> tuple[int, float, str]:
    value = row.live.value if row.live is not None else None
    if isinstance(value, str):
        return (1, 0.0, value)
    return (2, 0.0, "") if value is None else (0, float(value), "")


def _exported(row: ValueRow) -> Any:
    value = row.live.value if row.live is not None else None
    if row.tag.states or value is None or isinstance(value, str):
        return value_text(value, row.tag.decimals, row.tag.states) if value is not None else None
    return value


def value_columns(now: Callable[[], int]) -> list[Column[ValueRow]]:
    """Columns; ``now`` is the station's clock in UTC µs."""

    def column(key: str, text: Callable[[ValueRow], str], width: int, **more: Any) -> Column[ValueRow]:
        return Column(key=key, title=f"monitoring.column.{key}", text=text, width=width, dim=dim, **more)

    def dim(row: ValueRow) -> bool:
        return bool(row.trouble(now()))

    def age_us(row: ValueRow) -> int:
        return now() - row.live.t_us if row.live is not None else 1 << 62

    def value(row: ValueRow) -> str:
        return value_text(row.live.value if row.live is not None else None, row.tag.decimals, row.tag.states)

    def span(row: ValueRow) -> str:
        low, high = row.tag.range_lo, row.tag.range_hi
        if low is None or high is None:
            return DASH
        return f"{value_text(low, row.tag.decimals)} … {value_text(high, row.tag.decimals)}"

    return [
        Column(key="shape", title="", text=lambda _: "", width=32),
        column("tag", lambda r: r.tag.name, 110),
        column("description", lambda r: pick(r.tag.description, r.tag.description_en), 150, stretch=True),
        column("area", lambda r: pick(r.tag.area_name, r.tag.area_name_en) or DASH, 96, optional=3),
        column(
            "device",
            lambda r: pick(r.tag.device_name or r.tag.unit_name, r.tag.device_name_en or r.tag.unit_name_en) or DASH,
            120,
            optional=5,
        ),
        column("value", value, 92, sort=_value_key, right=True, bold=lambda r: not dim(r), export=_exported),
        column("unit", lambda r: unit_text(r.tag.unit), 62),
        column("quality", lambda r: quality_text(r, now()), 92, sort=lambda r: r.trouble(now())),
        column(
            "age",
            lambda r: age_text(age_us(r)) if r.live is not None else DASH,
            64,
            sort=age_us,
            right=True,
            optional=2,
        ),
        column(
            "time",
            lambda r: near_text(r.live.t_us if r.live is not None else None, now()),
            96,
            sort=lambda r: -r.live.t_us if r.live is not None else 0,
            optional=4,
        ),
        column("spark", lambda _r: "", 136, sort=lambda r: r.position, optional=1, export=lambda _r: None),
        column("bar", lambda _r: "", 110, sort=_share, visible=False, export=_share),
        column("range", span, 110, sort=lambda r: (r.tag.range_lo is None, r.tag.range_lo or 0.0), visible=False),
        column("alarm", lambda r: _alarm(r), 120, sort=lambda r: -r.priority, visible=False),
        column("kind", lambda r: t(f"monitoring.kind.{r.tag.kind}"), 80, visible=False),
    ]


def _alarm(row: ValueRow) -> str:
    if not row.priority:
        return DASH
    return f"{t(f'common.priority.{row.priority.word}')} · {t(f'common.state.{row.state}')}"


def _share(row: ValueRow) -> float | None:
    """Where the value lies in the tag's range, 0 … 1; None when that can't be said."""
    low, high = row.tag.range_lo, row.tag.range_hi
    value = row.live.value if row.live is not None else None
    if low is None or high is None or not isinstance(value, float) or high <= low:
        return None
    return min(1.0, max(0.0, (value - low) / (high - low)))


share_of_range = _share


class ValuesModel(RowsModel[ValueRow]):
    """The rows; a row can be dragged to the plots as from the tree."""

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [TAGS_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        tags = [self.row_at(row).tag for row in sorted({index.row() for index in indexes})]
        data = QMimeData()
        data.setData(TAGS_MIME, QByteArray(" ".join(str(tag.id) for tag in tags).encode()))
        data.setText("\n".join(tag.name for tag in tags))
        return data
