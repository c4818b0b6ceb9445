"""The rows of the alarm list: open ones kept by the bridge, past ones fetched by the page, in one table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QObject, QTimer

from app.clock import US
from app.ports import AlarmQuery
from models.alarms import AlarmRow, AlarmState, Priority
from ui.alarms.columns import alarm_columns
from ui.widgets.open_alarms import held, urgency
from ui.widgets.panel import PanelContext
from ui.widgets.pinyin import matches
from ui.widgets.rows import RowsModel

VIEWS = ("active", "unacknowledged", "returned", "shelved", "out_of_service", "history")
PAGE = 500


class AlarmFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter that can be saved. ``days``: how far the history goes back, 0 = without end."""

    view: str = "active"
    text: str = ""
    priorities: tuple[int, ...] = ()
    areas: tuple[str, ...] = ()
    days: int = 7


def in_view(row: AlarmRow, view: str) -> bool:
    """Does the row belong under this chip?"""
    match view:
        case "history":
            return True
        case "unacknowledged":
            return row.active and row.unacknowledged
        case "returned":
            return row.active and row.state is AlarmState.RTNUN
        case "shelved":
            return row.active and row.state in (AlarmState.SHLVD, AlarmState.DSUPR)
        case "out_of_service":
            return row.active and row.state is AlarmState.OOSRV
        case _:
            return row.active and not held(row)


def text_matches(row: AlarmRow, text: str) -> bool:
    """Would a search for this text find the row?"""
    return matches(text, row.tag, row.text, row.text_en, row.comment, row.area_name)


class AlarmModel(RowsModel[AlarmRow]):
    """All rows of the list. Open rows change one by one, without a reset; past rows come by the page."""

    def __init__(self, ctx: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(alarm_columns(ctx.station), lambda row: row.occurrence_id, urgency, parent)
        self.filter = AlarmFilter()
        self._running = [i for i, column in enumerate(self.columns) if column.key in ("value", "lasted")]
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self.tick)
        self._clock.start()
        self._apply()

    def tick(self) -> None:
        """Present values and durations run on."""
        for column in self._running:
            self.touch(column)

    def counts(self, rows: Sequence[AlarmRow]) -> dict[str, int]:
        """How many of the open rows are under each chip."""
        return {view: sum(in_view(row, view) for row in rows) for view in VIEWS[:-1]}

    def use(self, chosen: AlarmFilter) -> None:
        """Apply a filter (the history's rows must be fetched by the panel)."""
        self.filter = chosen
        self._apply()

    def take(self, rows: Sequence[AlarmRow]) -> None:
        """Rows that have changed; closed ones leave unless the history is shown."""
        if self.filter.view == "history":
            text = self.filter.text
            self.upsert([r for r in rows if self.find(r.occurrence_id) or not text or text_matches(r, text)])
            return
        self.upsert([row for row in rows if row.active])
        self.remove([row.occurrence_id for row in rows if not row.active])

    def query(self, now_us: int, offset: int) -> AlarmQuery:
        """The page of the history from ``offset`` on."""
        f = self.filter
        start = now_us - f.days * 86_400 * US if f.days else None
        return AlarmQuery(
            start_us=start, priorities=f.priorities, areas=f.areas, text=f.text, offset=offset, limit=PAGE
        )

    def _apply(self) -> None:
        f = self.filter
        past = f.view == "history"
        self._natural = _newest if past else urgency
        priorities = frozenset(Priority(p) for p in f.priorities)
        areas = frozenset(f.areas)

        def keep(row: AlarmRow) -> bool:
            if not in_view(row, f.view) or (priorities and row.priority not in priorities):
                return False
            return not areas or row.area in areas

        self._filter = keep
        self._search = "" if past else f.text
        self.rearrange()


def _newest(row: AlarmRow) -> int:
    return -row.raised_us
