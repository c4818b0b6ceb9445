"""How a map looks: which token paints which grade, how strong, with which hatch. Both maps draw from these figures.

Grades are told twice, by colour and by hatch, so that they can be told apart without colour. Nothing is as strong as a
live alarm's outline.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap, QTransform

from models.risk import Grade
from ui.i18n import messages, t
from ui.theme import Tokens

FILL = {Grade.RED: 0.18, Grade.ORANGE: 0.17, Grade.YELLOW: 0.18, Grade.BLUE: 0.16}
STALE_FILL = 0.07
HATCH = 0.5  # opacity of the lines
HATCH_PX = 1.2
STEP = {Grade.RED: 10, Grade.ORANGE: 10, Grade.YELLOW: 14, Grade.BLUE: 12}
ALARM_PX, SELECT_PX, EDGE_PX = 5.0, 3.0, 1.2
SECTOR = 0.20  # opacity of what a camera sees
SECTOR_SPREAD = 60.0
SMALLEST_PX_PER_M, LARGEST_PX_PER_M = 1 / 16, 64.0
SCALE_STEPS_M = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
WIDEST_SCALE_PX = 130.0

#: class -> (fill token, stroke token, stroke px, dash)
PLAN: dict[str, tuple[str, str, float, tuple[float, ...]]] = {
    "site": ("plan_road", "g3", 0.0, ()),
    "area": ("plan_area", "g3", 0.0, ()),
    "road": ("plan_road", "g3", 0.0, ()),
    "path": ("", "g0", 2.0, (14.0, 12.0)),
    "building": ("plan_building", "g4", 1.0, ()),
    "tank": ("plan_tank", "g4", 1.4, ()),
    "equipment": ("plan_tank", "g4", 1.0, ()),
    "line": ("", "g4", 1.0, ()),
    "fence": ("", "g4", 1.6, (8.0, 5.0)),
}
WORDS = ("north", "zoom_in", "zoom_out", "fit", "group", "stale", "map", "draw_hint", "edit_hint", "move_hint")


def hatch_token(grade: Grade) -> str:
    """Token of a grade's hatch lines."""
    return "hatch_yellow" if grade is Grade.YELLOW else f"risk_{grade.value}"


def nice_length(px_per_m: float) -> int:
    """The longest round length, metres, whose bar is no wider than fits the corner."""
    return max((m for m in SCALE_STEPS_M if m * px_per_m <= WIDEST_SCALE_PX), default=SCALE_STEPS_M[0])


def words() -> dict[str, str]:
    """The map's own few words in the present language."""
    return {name: t(f"map.word.{name}") for name in WORDS} | {"language": messages().language}


@lru_cache(maxsize=64)
def hatch(grade: Grade, tokens: Tokens, ratio: float, *, stale: bool = False) -> QBrush:
    """A grade's fill with its hatch as a brush in device pixels at that pixel ratio."""
    step = STEP[grade]
    pixmap = QPixmap(round(step * ratio), round(step * ratio))
    color = QColor(getattr(tokens, f"risk_{grade.value}"))
    color.setAlphaF(STALE_FILL if stale else FILL[grade])
    pixmap.fill(color)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(ratio, ratio)
    line = QColor(getattr(tokens, hatch_token(grade)))
    line.setAlphaF(HATCH / 2 if stale else HATCH)
    painter.setPen(QPen(line, HATCH_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
    if grade is Grade.BLUE:
        painter.drawLine(QPointF(0, step / 2), QPointF(step, step / 2))
    for shift in (-step, 0, step):
        if grade in (Grade.RED, Grade.ORANGE):
            painter.drawLine(QPointF(shift, step), QPointF(shift + step, 0))
        if grade in (Grade.RED, Grade.YELLOW):
            painter.drawLine(QPointF(shift, 0), QPointF(shift + step, step))
    painter.end()
    brush = QBrush(pixmap)
    brush.setTransform(QTransform.fromScale(1 / ratio, 1 / ratio))
    return brush
