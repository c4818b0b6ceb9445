"""The map on paper: the whole plan as an image, drawn at the size asked for, in day colours whatever the screen shows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from ui.risk.mapstate import MapState
from ui.risk.overlay import Overlay, paint_scale
from ui.risk.scene import MapScene
from ui.theme import theme

LOGICAL_WIDTH = 1100  # text is as large as on a screen of this width
MARGIN = 10
FOOT = 30  # for the scale


def picture_of(state: MapState, width_px: int) -> QImage:
    """The plan of a state, ``width_px`` wide, in the present language.

    Raises ValueError for a width of nothing.
    """
    if width_px <= 0:
        raise ValueError(width_px)
    x0, y0, x1, y1 = state.extent()
    scale = (LOGICAL_WIDTH - 2 * MARGIN) / (x1 - x0)
    height = round((y1 - y0) * scale + 2 * MARGIN + FOOT)
    ratio = width_px / LOGICAL_WIDTH
    image = QImage(width_px, round(height * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    with theme().as_printed():
        image.fill(theme().color("g0"))
        scene = MapScene(state)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        inner = QRectF(MARGIN, MARGIN, (x1 - x0) * scale, (y1 - y0) * scale)
        scene.render(painter, inner, QRectF(x0, -y1, x1 - x0, y1 - y0))
        whole = QRectF(0, 0, LOGICAL_WIDTH, height)
        Overlay(state).paint(painter, QPointF(MARGIN - x0 * scale, MARGIN + y1 * scale), scale, whole)
        paint_scale(painter, whole, scale)
        painter.end()
        scene.clear()
    return image
