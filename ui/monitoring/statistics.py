"""Figures of a selected stretch, one line a tag, below the plots."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.ports import Statistics
from models.readings import TagInfo
from ui.i18n import clock_text, count_text, number_text, stamp_text, t, unit_text
from ui.monitoring.ruler import span_words
from ui.widgets.controls import icon_button, name_control, role_label

LINE, MOST_LINES = 22, 5  # more lines scroll: the plots matter more
_COLUMNS = ("n", "bad", "minimum", "t_min", "maximum", "t_max", "mean", "stdev", "change")


class StatisticsStrip(QWidget):
    """``closed`` when the person is done with it."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("floor")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        self.title = role_label("strong")
        head.addWidget(self.title, 1)
        self.close_button = icon_button("close")
        self.close_button.clicked.connect(self.closed)
        head.addWidget(self.close_button)
        column.addLayout(head)
        self._page = QWidget()
        self._page.setObjectName("floor")
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._area.setWidget(self._page)
        self._grid = QGridLayout(self._page)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(2)
        column.addWidget(self._area)
        self.hide()

    def show_figures(self, start_us: int, end_us: int, rows: Sequence[tuple[TagInfo, Statistics]]) -> None:
        """Show the figures of these tags."""
        name_control(self.close_button, t("common.close"))
        self.title.setText(
            t(
                "monitoring.statistics.title",
                start=stamp_text(start_us),
                end=clock_text(end_us),
                span=span_words(end_us - start_us),
            )
        )
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for column, key in enumerate(("tag", *_COLUMNS)):
            self._put(0, column, t(f"monitoring.statistics.{key}"), "dim")
        for row, (tag, figures) in enumerate(rows, 1):
            unit = unit_text(tag.unit)
            self._put(row, 0, f"{tag.name} {unit}".strip(), "strong")
            change = None if figures.first is None or figures.last is None else figures.last - figures.first
            texts = (
                count_text(figures.n),
                count_text(figures.bad),
                number_text(figures.minimum, tag.decimals),
                clock_text(figures.t_min_us),
                number_text(figures.maximum, tag.decimals),
                clock_text(figures.t_max_us),
                number_text(figures.mean, tag.decimals + 1),
                number_text(figures.stdev, tag.decimals + 2),
                number_text(change, tag.decimals),
            )
            for column, text in enumerate(texts, 1):
                self._put(row, column, text, "")
        self._grid.setColumnStretch(len(_COLUMNS) + 1, 1)
        self._grid.setRowStretch(len(rows) + 1, 1)
        self._area.setFixedHeight(LINE * (min(len(rows), MOST_LINES) + 1) + 6)
        self.show()

    def _put(self, row: int, column: int, text: str, role: str) -> None:
        label = role_label(role, text) if role else QLabel(text)
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(label, row, column, side)
