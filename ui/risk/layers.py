"""The column beside the map: which layers are seen, what the colours mean, and the wind."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from models import maps
from models.risk import Grade
from ui.i18n import t
from ui.risk import look
from ui.risk.feed import ICONS
from ui.risk.words import band_text
from ui.theme import theme
from ui.widgets.controls import hairline, plain_label, role_label
from ui.widgets.icons import IconLabel

WIDTH = 208
ALWAYS = frozenset(
    {maps.ZONES, maps.ALARMS, maps.POINTS, maps.VALUES, maps.CAMERAS, maps.HYDRANTS, maps.MUSTERS, maps.WIND}
)


class Swatch(QWidget):
    """A colour as the map paints it; ``mark`` 'alarm' or 'selected' is an edge instead."""

    def __init__(self, grade: Grade | None = None, mark: str = "", size: QSize | None = None) -> None:
        super().__init__()
        self.grade, self._mark = grade, mark
        self.setFixedSize(size or QSize(32, 18))
        theme().changed.connect(self.update)

    def show_grade(self, grade: Grade) -> None:
        """Another colour."""
        self.grade = grade
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.fillRect(box, theme().color("g0"))
        if self.grade is not None:
            painter.fillRect(box, look.hatch(self.grade, theme().tokens, round(self.devicePixelRatioF(), 2)))
        token, width = {"alarm": ("crit", 3.0), "selected": ("accent", 2.5)}.get(self._mark, ("g4", look.EDGE_PX))
        painter.setPen(QPen(theme().color(token), width))
        painter.drawRect(box)
        painter.end()


class LayerRow(QWidget):
    """A layer's check box with its icon and how much is on it."""

    def __init__(self, layer: str) -> None:
        super().__init__()
        self.layer = layer
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.box = QCheckBox()
        self.box.setChecked(True)
        self.count = role_label("dim")
        row.addWidget(self.box)
        row.addWidget(IconLabel(ICONS[layer], "g6", 16))
        self.name = plain_label()
        self.name.setBuddy(self.box)
        row.addWidget(self.name, 1)
        row.addWidget(self.count)

    def say(self, text: str, count: int) -> None:
        """Words and number."""
        self.name.setText(text)
        self.count.setText(str(count))
        self.box.setAccessibleName(f"{text} {count}")
        self.setVisible(count > 0 or self.layer in ALWAYS)


class LayerColumn(QScrollArea):
    """``toggled(layer, on)`` when the person shows or hides a layer."""

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(WIDTH)
        page = QWidget()
        page.setObjectName("contextBody")
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(6)
        self._heads = {name: role_label("section") for name in ("layers", "legend", "wind")}
        column.addWidget(self._heads["layers"])
        self.rows: dict[str, LayerRow] = {}
        self._counts: Mapping[str, int] = {}
        for layer in maps.LAYERS:
            row = self.rows[layer] = LayerRow(layer)
            row.box.toggled.connect(lambda on, name=layer: self.toggled.emit(name, on))
            column.addWidget(row)
        column.addWidget(hairline())
        column.addWidget(self._heads["legend"])
        self._bands = {grade: (plain_label(), role_label("dim")) for grade in Grade}
        self._floors: Mapping[Grade, float] = {}
        for grade, (name, band) in self._bands.items():
            column.addLayout(_line(Swatch(grade), name, band))
        self._marks = {mark: plain_label() for mark in ("alarm", "selected")}
        for mark, name in self._marks.items():
            column.addLayout(_line(Swatch(None, mark), name))
        column.addWidget(hairline())
        column.addWidget(self._heads["wind"])
        self.wind = plain_label(wrap=True)
        column.addWidget(self.wind)
        column.addStretch(1)
        self.setWidget(page)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """How much is on each layer."""
        self._counts = counts
        for layer, row in self.rows.items():
            row.say(t(f"risk.layer.{layer}"), counts.get(layer, 0))

    def show_floors(self, floors: Mapping[Grade, float]) -> None:
        """Where each colour begins."""
        self._floors = floors
        for grade, (name, band) in self._bands.items():
            name.setText(t(f"risk.legend.{grade.value}"))
            band.setText(band_text(grade, floors) if grade in floors else "")

    def show_wind(self, lines: list[str]) -> None:
        """What the weather tags say."""
        self.wind.setText("\n".join(lines) or t("risk.no_wind"))

    def retranslate(self) -> None:
        """Words in the present language."""
        for name, head in self._heads.items():
            head.setText(t(f"risk.head.{name}"))
        for mark, label in self._marks.items():
            label.setText(t(f"risk.mark.{mark}"))
        self.show_counts(self._counts)
        self.show_floors(self._floors)


def _line(swatch: Swatch, *labels: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(swatch)
    row.addWidget(labels[0], 1)
    for label in labels[1:]:
        row.addWidget(label)
    return row
