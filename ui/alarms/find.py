"""Open alarms for the command palette."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from models.alarms import AlarmRow
from ui.alarms.columns import alarm_text, area_text
from ui.widgets.open_alarms import urgency
from ui.widgets.palette import PaletteItem
from ui.widgets.panel import PanelContext


def alarm_items(ctx: PanelContext, show: Callable[[AlarmRow], object]) -> list[PaletteItem]:
    """Every open alarm, most urgent first; ``show`` is called with the one that was chosen."""
    return [
        PaletteItem(
            f"{row.tag} {alarm_text(row)}",
            area_text(row),
            "frame.kind.alarm",
            "bell",
            partial(show, row),
            f"{row.text} {row.text_en}",
        )
        for row in sorted(ctx.open_alarms.rows(), key=urgency)
    ]
