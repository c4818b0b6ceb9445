"""Everything on the built-in map whose size is pixels: names, chips, labels, scale, north. Also used for print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from models.maps import POINTS, VALUES, WIND, ZONES, Marker, Tone
from ui.i18n import pick, t
from ui.risk import look
from ui.risk.maplayout import Arrangement, Box, Chip, Plate, Spot, arrange
from ui.risk.mapstate import MapState
from ui.risk.planfile import PlanText, bounds
from ui.risk.scene import pixel_pen
from ui.theme import theme
from ui.widgets.icons import paint_icon

LOUD_PRIORITY = 90


class Measures(msgspec.Struct, frozen=True):
    """Sizes in pixels for mouse or finger."""

    badge: float
    icon: float
    label: float
    font: int


MOUSE, FINGER = Measures(22, 14, 20, 12), Measures(36, 22, 28, 13)


def measures() -> Measures:
    """Sizes at present."""
    return FINGER if theme().touch else MOUSE


def priority(marker: Marker) -> int:
    """Of two that collide the higher stays: alarms above all, then what is overdue."""
    if marker.tone is Tone.ALARM:
        return LOUD_PRIORITY + marker.priority
    return (
        marker.priority + (10 if marker.tone in (Tone.OVERDUE, Tone.LOST) else 0) - (5 if marker.layer == POINTS else 0)
    )


def marker_text(marker: Marker) -> str:
    """A marker's words in the present language."""
    return pick(marker.text, marker.text_en)


class Overlay:
    """Arranges for a scale and paints; ``forget`` when the state or the look changed."""

    def __init__(self, state: MapState) -> None:
        self._state = state
        self._scale = 0.0
        self._done: Arrangement | None = None
        self._said: dict[str, str] = {}

    def forget(self) -> None:
        """Arrange anew at the next look."""
        self._done = None

    def same_words(self, codes: Iterable[str]) -> bool:
        """True while the names of zones are as long as when they were placed, so that nothing has to move."""
        return self._done is not None and all(self._said.get(code) == self._caption(code) for code in codes)

    def plate_box(self, code: str) -> QRectF | None:
        """Where a zone's name stands, from the plan's corner, px."""
        found = self._done.plates.get(code) if self._done is not None else None
        return rect_of(found[1]) if found is not None else None

    def arrangement(self, scale: float) -> Arrangement:
        """Where all stands at so many pixels a metre; origin is the plan's, y down."""
        if self._done is None or scale != self._scale:
            self._scale, self._done = scale, self._arrange(scale)
        return self._done

    def _arrange(self, scale: float) -> Arrangement:
        state, size = self._state, measures()
        plain, bold = QFontMetricsF(theme().font(size.font)), QFontMetricsF(theme().font(size.font, bold=True))
        spots = []
        for marker in state.markers.values():
            if not state.shown(marker.layer):
                continue
            text = marker_text(marker)
            loud = marker.tone is Tone.ALARM
            metrics = bold if marker.tone is not Tone.NORMAL else plain
            width = metrics.horizontalAdvance(text) + 10 if text else 0.0
            spots.append(Spot(marker.id, marker.x * scale, -marker.y * scale, priority(marker), width, loud))
        plates = []
        self._said = {code: self._caption(code) for code in state.shapes}
        for shape in state.shapes.values() if state.zones_shown() else ():
            x0, y0, x1, y1 = bounds(shape.polygon)
            mark = size.font + 12.0
            name = bold.horizontalAdvance(pick(shape.name, shape.name_en))
            caption = plain.horizontalAdvance(self._said[shape.code])
            widths = (mark + name + caption + 10, mark + name + 6, mark + 2)
            at = (shape.label[0] * scale, -shape.label[1] * scale) if shape.label else None
            plates.append(Plate(shape.code, (x0 * scale, -y1 * scale, x1 * scale, -y0 * scale), widths, at))
        boxes = [box for _, box in self._words(scale, plain)]
        return arrange(spots, plates, boxes, size.badge, size.label)

    def _caption(self, code: str) -> str:
        paint = self._state.paint(code)
        said = pick(paint.caption, paint.caption_en)
        return f"{said} · {t('map.word.stale')}" if paint.stale and said else said

    def _words(self, scale: float, metrics: QFontMetricsF) -> Iterator[tuple[PlanText, Box]]:
        """The plan's own words that have room at this scale."""
        for text in self._state.drawing.texts:
            width, height = metrics.horizontalAdvance(pick(text.text, text.text_en)), metrics.height()
            if text.room_m and width > text.room_m * scale - 2:
                continue
            x, y = text.x * scale, -text.y * scale
            yield text, (x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def chip_at(self, scale: float, x: float, y: float) -> Chip | None:
        """The chip or label at a point in the arrangement's pixels."""
        half = measures().badge / 2
        for chip in self.arrangement(scale).chips:
            if abs(chip.x - x) <= half and abs(chip.y - y) <= half:
                return chip
            box = chip.label
            if box is not None and box[0] <= x <= box[2] and box[1] <= y <= box[3]:
                return chip
        return None

    # -- painting -----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, origin: QPointF, scale: float, area: QRectF, focus: str = "") -> None:
        """Paint all; ``origin`` is where the plan's corner lies in the painter's pixels, ``area`` what is visible."""
        done = self.arrangement(scale)
        state, size = self._state, measures()
        visible = area.translated(-origin).adjusted(-200, -60, 200, 60)
        painter.save()
        painter.translate(origin)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(theme().font(size.font))
        painter.setFont(theme().font(size.font))
        for (text, box), free in zip(self._words(scale, metrics), done.words, strict=True):
            rect = rect_of(box)
            if free and visible.intersects(rect):
                painter.setPen(theme().color("g7" if text.strong else "g6"))
                painter.drawText(
                    rect.adjusted(-4, -2, 4, 2), Qt.AlignmentFlag.AlignCenter, pick(text.text, text.text_en)
                )
        if state.shown(ZONES):
            for code, (form, box) in done.plates.items():
                if visible.intersects(rect_of(box)):
                    self._plate(painter, code, form, rect_of(box), focused=focus == code)
        for chip in sorted(done.chips, key=lambda c: priority(state.markers[c.id]) if c.id in state.markers else 0):
            if chip.id in state.markers and visible.contains(chip.x, chip.y):
                self._chip(painter, chip, focused=focus == chip.id)
        painter.restore()

    def _plate(self, painter: QPainter, code: str, form: int, rect: QRectF, *, focused: bool) -> None:
        state, size = self._state, measures()
        painter.setPen(pixel_pen("g4", 1))
        painter.setBrush(theme().color("g0"))
        painter.drawRoundedRect(rect, 3, 3)
        grade = state.paint(code).grade
        side = size.font - 2
        square = QRectF(rect.left() + 6, rect.center().y() - side / 2, side, side)
        painter.setPen(pixel_pen("g4", 1))
        painter.setBrush(theme().color(f"risk_{grade.value}"))
        painter.drawRect(square)
        left = square.right() + 5
        if form <= 1:
            name = pick(state.shapes[code].name, state.shapes[code].name_en)
            left = self._write(painter, name, left, rect, "g7", bold=True) + 5
        if form == 0:
            self._write(painter, self._caption(code), left, rect, "g5")
        if focused:
            _focus_ring(painter, rect)

    def _write(
        self, painter: QPainter, text: str, left: float, rect: QRectF, token: str, *, bold: bool = False
    ) -> float:
        font = theme().font(measures().font, bold=bold)
        painter.setFont(font)
        painter.setPen(theme().color(token))
        width = QFontMetricsF(font).horizontalAdvance(text)
        where = QRectF(left, rect.top(), width + 2, rect.height())
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return left + width

    def _chip(self, painter: QPainter, chip: Chip, *, focused: bool) -> None:
        marker, size = self._state.markers[chip.id], measures()
        ground, ink, edge, width = chip_tokens(marker)
        selected = any(i == self._state.selected for i in chip.members)
        half = size.badge / 2
        badge = QRectF(chip.x - half, chip.y - half, size.badge, size.badge)
        if chip.label is not None:
            label = rect_of(chip.label)
            painter.setPen(pixel_pen(edge if marker.tone is not Tone.NORMAL else "g4", 1))
            painter.setBrush(theme().color(ground))
            painter.drawRoundedRect(label.adjusted(0, 1, 0, -1), 3, 3)
            bold = marker.tone is not Tone.NORMAL
            self._write(painter, marker_text(marker), label.left() + 5, label, "g7" if ink == "g6" else ink, bold=bold)
        painter.setPen(pixel_pen("accent", look.SELECT_PX) if selected else pixel_pen(edge, width))
        painter.setBrush(theme().color(ground))
        radius = half if marker.layer == WIND else 6 if marker.layer != VALUES else 3
        painter.drawRoundedRect(badge, radius, radius)
        icon = QRectF(chip.x - size.icon / 2, chip.y - size.icon / 2, size.icon, size.icon)
        if marker.layer == WIND and marker.heading is not None:
            _wind_arrow(painter, icon, marker.heading, ink)
        elif marker.icon:
            paint_icon(painter, marker.icon, icon, ink)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color(ink))
            painter.drawEllipse(icon.center(), 4, 4)
        if len(chip.members) > 1:
            _count(painter, badge, str(len(chip.members)))
        if focused:
            _focus_ring(painter, badge)


def chip_tokens(marker: Marker) -> tuple[str, str, str, float]:
    """Ground, ink, edge and its width of a chip: only an alarm has a colour."""
    return {
        Tone.ALARM: ("critfill", "oncrit", "critfill", 1.6),
        Tone.OVERDUE: ("g7", "g0", "g7", 1.6),
        Tone.LOST: ("g0", "g7", "g7", 2.6),
        Tone.OFF: ("g1", "g5", "g4", 1.0),
    }.get(marker.tone, ("g0", "g6", "g6", 1.6))


def rect_of(box: Box) -> QRectF:
    """A box as Qt's rectangle."""
    return QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])


def _count(painter: QPainter, badge: QRectF, number: str) -> None:
    font = theme().font(11, bold=True)
    width = max(15.0, QFontMetricsF(font).horizontalAdvance(number) + 7)
    bubble = QRectF(badge.right() - width / 2 - 1, badge.top() - 8, width, 15)
    painter.setPen(pixel_pen("g0", 1))
    painter.setBrush(theme().color("g7"))
    painter.drawRoundedRect(bubble, 7.5, 7.5)
    painter.setFont(font)
    painter.setPen(theme().color("g0"))
    painter.drawText(bubble, Qt.AlignmentFlag.AlignCenter, number)


def _focus_ring(painter: QPainter, rect: QRectF) -> None:
    """Dashed and outside, so that it is never taken for a selection."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(theme().color("g7"), 2)
    pen.setDashPattern([2, 1.5])
    painter.setPen(pen)
    painter.drawRoundedRect(rect.adjusted(-4, -4, 4, 4), 5, 5)


def _wind_arrow(painter: QPainter, rect: QRectF, heading: float, token: str) -> None:
    """Points to where the wind blows; ``heading`` is where it comes from."""
    painter.save()
    painter.translate(rect.center())
    painter.rotate(heading + 180)
    half = rect.height() / 2
    painter.setPen(pixel_pen(token, 1.8))
    painter.drawLine(QPointF(0, half), QPointF(0, -half))
    painter.drawPolyline([QPointF(-half * 0.6, -half * 0.3), QPointF(0, -half), QPointF(half * 0.6, -half * 0.3)])
    painter.restore()


def paint_scale(painter: QPainter, area: QRectF, scale: float) -> None:
    """Scale bar and north in the lower right corner."""
    metres = look.nice_length(scale)
    width = metres * scale
    right, bottom = area.right() - 18, area.bottom() - 16
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(pixel_pen("g6", 1.6))
    painter.drawPolyline(
        [
            QPointF(right - width, bottom - 5),
            QPointF(right - width, bottom),
            QPointF(right, bottom),
            QPointF(right, bottom - 5),
        ]
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme().font(12))
    painter.drawText(QRectF(right - 90, bottom - 24, 90, 18), Qt.AlignmentFlag.AlignRight, f"{metres} m")
    top = bottom - 62
    painter.setBrush(theme().color("g6"))
    painter.drawPolygon([QPointF(right - 8, top), QPointF(right - 13, top + 14), QPointF(right - 8, top + 11)])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon([QPointF(right - 8, top), QPointF(right - 3, top + 14), QPointF(right - 8, top + 11)])
    painter.setFont(theme().font(12, bold=True))
    where = QRectF(right - 28, top - 18, 40, 16)
    painter.drawText(where, Qt.AlignmentFlag.AlignCenter, t("map.word.north"))
    painter.restore()
