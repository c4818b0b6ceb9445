"""The tour: runs the demo offscreen, visits every panel in both languages, themes and sizes, and writes PNGs.

README's and the manual's pictures come from it. At each stop it also looks for what a person would stumble over: text
that does not fit its widget, characters that no font has (tofu), panels that stay empty. Findings go to ``tour.json``.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QImage, QTextLayout
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from app.ports import Station
from ui.application import Room, Runner, make_application
from ui.i18n import LANGUAGES, messages
from ui.main_window import MainWindow
from ui.theme import THEMES, theme
from ui.widgets.panel import Panel
from ui.widgets.places import PLACES
from ui.widgets.workspace import Workspace

SIZES = {"1920x1080": QSize(1920, 1080), "1366x768": QSize(1366, 768)}
#: Curves of the picture in the README: the leak at P-203 as the operator sees it.
CURVES = (("GD-07",), ("VT-203",), ("PT-203",), ("LT-101",))
START_WITHIN_S = 180.0
LEAST_COLOURS = 12  # a panel with fewer different colours shows nothing


class Tour:
    """One walk through an opened window."""

    def __init__(self, app: QApplication, window: MainWindow, out: Path) -> None:
        self._app, self._window, self._out = app, window, out
        self.findings: list[dict[str, str]] = []
        self.pictures: list[str] = []

    def walk(self) -> None:
        """Every place in every look, then the things that open by a click."""
        window = self._window
        window.banner.set_blink(False)
        self._until(lambda: bool(window.ctx.open_alarms.rows()), 30)
        trends_of(window).show_group([list(names) for names in CURVES])
        worst = window.ctx.open_alarms.worst()
        if worst is not None:
            window.show_alarm(worst)
        for size_name, size in SIZES.items():
            window.resize(size)
            window.show()
            for place in PLACES:
                window.go(place.item.key)
                for page, turn in pages_of(window, place.item.key):
                    turn()
                    for look, language in looks_of(page, size_name):
                        messages().switch(language)
                        theme().switch(look)
                        self.settle()
                        self._stop("-".join(filter(None, (place.item.key, page, size_name, look, language))))
        messages().switch("zh")
        theme().switch("day")
        window.resize(SIZES["1920x1080"])
        for name, act in self._clicks():
            act()
            self.settle()
            self._stop(name)
            window.palette_box.hide()

    def _clicks(self) -> Iterator[tuple[str, Callable[[], object]]]:
        window = self._window
        first = next(iter(window.ctx.station.tags.all()))
        yield "monitoring", lambda: window.go("monitoring")
        yield "values", lambda: self._workspace().raise_panel("values")
        yield "tag", lambda: window.show_tag(first.id)
        yield "edit", lambda: window.ctx.edit_tag.emit(first.id)
        yield "figures", lambda: self._figures(trends_of(window))
        yield "palette", window.open_palette
        worst = window.ctx.open_alarms.worst() or next(iter(window.ctx.open_alarms.rows()), None)
        if worst is not None:
            yield "alarm", lambda: window.show_alarm(worst)
            yield "plain", lambda: trends_of(window).select(None)
            yield "shelve", lambda: window.alarm_detail.acts.ask_shelve([worst])
        yield "touch", lambda: window.preferences.put("touch", True)
        yield "mouse", lambda: window.preferences.put("touch", False)
        yield "locked", window.lock

    def _workspace(self) -> Workspace:
        page = self._window.stack.currentWidget()
        assert isinstance(page, Workspace)
        return page

    def _figures(self, trends: Any) -> None:
        """A stretch of the plots with its figures, and the alarm list in front again."""
        self._window.context.close_sheet()
        self._workspace().raise_panel("alarms")
        window = trends.window_
        trends.select((window.start_us + window.span_us // 2, window.start_us + 3 * window.span_us // 4))

    def settle(self, rounds: int = 12) -> None:
        """Let workers and timers come in."""
        for _ in range(rounds):
            loop = QEventLoop()
            QTimer.singleShot(25, loop.quit)
            loop.exec()

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.settle(2)

    def _stop(self, name: str) -> None:
        picture = self._window.grab()
        picture.save(str(self._out / f"{name}.png"))
        self.pictures.append(f"{name}.png")
        self.findings += [{"picture": name, **finding} for finding in look_at(self._window, picture.toImage())]


def looks_of(page: str, size_name: str) -> list[tuple[str, str]]:
    """Theme and language; of a place's many pages the small window is seen in two opposite ones only."""
    every = [(look, language) for look in THEMES for language in LANGUAGES]
    return [every[1], every[2]] if page and size_name != next(iter(SIZES)) else every


def pages_of(window: MainWindow, place: str) -> list[tuple[str, Callable[[], object]]]:
    """The pages of a place that has some, by name, and how to turn to each; else the place as it is."""
    if place == "people":
        organisation: Any = window.panel("organisation.panel")
        return [(page, partial(organisation.show_page, page)) for page in organisation.pages()]
    if place != "access":
        return [("", lambda: None)]
    panel: Any = window.panel("access.people")

    def turn(page: str, part: str) -> None:
        panel.show_page(page)
        if part:
            panel.rights.show_page(part)

    pages = [(page, part) for page in panel.switch.buttons for part in _parts(panel, page)]
    return [("_".join(filter(None, page)), partial(turn, *page)) for page in pages]


def _parts(panel: Any, page: str) -> list[str]:
    return list(panel.rights.switch.buttons) if page == "rights" else [""]


def trends_of(window: MainWindow) -> Any:
    """The trends panel of the monitoring workspace."""
    return window.panel("monitoring.trends")


def look_at(window: QWidget, image: QImage) -> Iterator[dict[str, str]]:
    """What a person would stumble over in a window as it stands."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not widget.visibleRegion().boundingRect().isValid():
            continue
        text = _text_of(widget)
        if text:
            if not _fits(widget, text):
                yield {"what": "cut", "where": _where(widget), "text": text}
            missing = tofu(text, widget.font())
            if missing:
                yield {"what": "tofu", "where": _where(widget), "text": missing}
        if isinstance(widget, Panel) and _colours(widget, window, image) < LEAST_COLOURS:
            yield {"what": "empty", "where": _where(widget), "text": ""}


def _text_of(widget: QWidget) -> str:
    if isinstance(widget, QLabel):
        return widget.text() if widget.pixmap().isNull() else ""
    return widget.text().replace("&", "") if isinstance(widget, QAbstractButton) else ""


def _fits(widget: QWidget, text: str) -> bool:
    """True unless the text is wider or higher than the widget (labels that wrap are measured wrapped)."""
    metrics = widget.fontMetrics()
    if isinstance(widget, QLabel):
        room = widget.contentsRect()
        if widget.wordWrap():
            need = metrics.boundingRect(QRect(0, 0, max(1, room.width()), 100_000), int(Qt.TextFlag.TextWordWrap), text)
            return need.height() <= room.height() + 2
        return max(metrics.horizontalAdvance(line) for line in text.split("\n")) <= room.width() + 2
    room_width = widget.width() - 4
    icon = widget.icon() if isinstance(widget, QAbstractButton) else None
    if icon is not None and not icon.isNull() and isinstance(widget, QAbstractButton):
        beside = widget.property("kind") != "rail"
        room_width -= widget.iconSize().width() + 4 if beside else 0
    return metrics.horizontalAdvance(text) <= room_width + 2


def tofu(text: str, font: QFont) -> str:
    """The characters of a text for which neither the font nor its fallbacks have a glyph."""
    layout = QTextLayout(text, font)
    layout.beginLayout()
    while layout.createLine().isValid():
        pass
    layout.endLayout()
    return "".join(
        text[at] if at < len(text) else "?"
        for run in layout.glyphRuns()
        for at, glyph in zip(run.stringIndexes() or range(len(text)), run.glyphIndexes(), strict=False)
        if glyph == 0
    )


def _where(widget: QWidget) -> str:
    names: list[str] = []
    at: QWidget | None = widget
    while at is not None and len(names) < 4:
        names.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " < ".join(names)


def _colours(panel: QWidget, window: QWidget, image: QImage) -> int:
    """Different colours in a panel's part of the picture, sampled."""
    corner = panel.mapTo(window, panel.rect().topLeft())
    area = QRect(corner, panel.size()).intersected(image.rect())
    seen = {image.pixel(x, y) for x in range(area.left(), area.right(), 3) for y in range(area.top(), area.bottom(), 5)}
    return len(seen)


def take_tour(out: Path, make_room: Callable[[Path], Room]) -> int:
    """Run the whole tour; 0 when every picture was taken and nothing was found, else 1."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ankan-tour-") as folder:
        data_dir = Path(folder)
        app, settings = make_application(data_dir)
        runner = Runner(app, settings, lambda: make_room(data_dir), sign_in=_duty)
        outcome: list[Tour] = []

        def entered(window: MainWindow) -> None:
            tour = Tour(app, window, out)
            try:
                tour.walk()
                outcome.append(tour)
            finally:
                app.quit()

        runner.entered.connect(entered, Qt.ConnectionType.QueuedConnection)
        runner.begin()
        QTimer.singleShot(int(START_WITHIN_S * 10_000), app.quit)
        app.exec()
        runner.end()
    findings = outcome[0].findings if outcome else [{"picture": "", "what": "failed", "where": "", "text": "no tour"}]
    pictures = outcome[0].pictures if outcome else []
    (out / "tour.json").write_text(
        json.dumps({"pictures": pictures, "findings": findings}, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    return 0 if pictures and not findings else 1


def _duty(room: Station) -> Any:
    """The demo's administrator sees every panel."""
    accounts: dict[str, str] = room.accounts()  # type: ignore[attr-defined]  # the demo room has them
    return room.people.log_in("admin", accounts["admin"])
