"""One hand for both maps: makes one, reads what is really drawn, clicks and drags on it as a person would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from models.maps import CAMERAS
from tests.ui.risk import demo
from ui.risk.mapview import MapView
from ui.risk.nativemap import NativeMap
from ui.risk.overlay import measures
from ui.risk.scene import edge_pens

WAIT_MS = 15_000


def until(condition: Callable[[], bool], what: str = "") -> None:
    """Let events happen until something holds."""
    deadline = time.perf_counter() + WAIT_MS / 1000
    while not condition():
        assert time.perf_counter() < deadline, what or "waited in vain"
        loop = QEventLoop()
        QTimer.singleShot(5, loop.quit)
        loop.exec()


class Hand:
    """A map with the demo's plant and everything it said by signal."""

    def __init__(self, kind: str, *, filled: bool = True) -> None:
        self.kind = kind
        self.map = self._make()
        self.map.follow()
        self.map.resize(1000, 660)
        self.said: list[tuple[Any, ...]] = []
        self.last = -1
        self.map.settled.connect(self._settled)
        for name in ("zone_clicked", "marker_clicked", "background_clicked", "drawn", "edited", "moved", "cancelled"):
            getattr(self.map, name).connect(lambda *a, n=name: self.said.append((n, *a)))
        self.ready = 0
        self.map.ready.connect(self._ready)
        if filled:
            self.map.set_plan(demo.plan())
            self.map.set_shapes(demo.shapes())
            self.map.paint_zones(demo.paints())
            self.map.put_markers(demo.markers())
        self.map.show()
        until(lambda: self.ready > 0, "not ready")

    def _make(self) -> MapView:
        if self.kind == "native":
            return NativeMap()
        from ui.risk.webmap import WebMap

        return WebMap()

    def _settled(self, serial: int) -> None:
        self.last = max(self.last, serial)

    def _ready(self) -> None:
        self.ready += 1

    @property
    def surface(self) -> QWidget:
        """The widget that gets the mouse."""
        if isinstance(self.map, NativeMap):
            return self.map.canvas.viewport()
        found = self.map.view.focusProxy()  # type: ignore[attr-defined]
        assert found is not None
        return found

    def settle(self, serial: int) -> None:
        """Wait until a change is on the screen."""
        until(lambda: self.last >= serial, f"change {serial} was not drawn, last {self.last}")

    def ask(self, script: str) -> Any:
        """What a script in the page answers."""
        got: list[Any] = []
        self.map.page.runJavaScript(script, 0, got.append)  # type: ignore[attr-defined]
        until(lambda: bool(got))
        return got[0]

    def probe(self) -> dict[str, Any]:
        """What is drawn: zones by code, chips by id, plates by code, and the rest."""
        if isinstance(self.map, NativeMap):
            return self._probe_native(self.map)
        seen = json.loads(self.ask("ankan.probe()"))
        for name, key in (("zones", "code"), ("chips", "id"), ("plates", "code")):
            seen[name] = {one[key]: one for one in seen[name]}
        for zone in seen["zones"].values():
            zone["marks"] = set(zone["edge"].split()) & {"alarm", "selected", "stale"}
            zone["grade"] = zone["fill"].split()[1]
        return seen

    def _probe_native(self, view: NativeMap) -> dict[str, Any]:
        state, canvas = view.state, view.canvas
        assert state.eye is not None
        done = canvas.overlay.arrangement(state.eye.scale)
        origin = canvas.origin()

        def placed(box: Any) -> Any:
            return [box[0] + origin.x(), box[1] + origin.y(), box[2] + origin.x(), box[3] + origin.y()] if box else None

        half = measures().badge / 2
        zones = {}
        for code in canvas.scene().edges:
            paint, chosen = state.paint(code), state.zone_selected(code)
            pens = edge_pens(alarm=paint.alarm, selected=chosen, stale=paint.stale)
            marks = {"alarm"} if pens[-1].widthF() == 5 else set()
            marks |= {"selected"} if chosen else set()
            zones[code] = {"grade": str(paint.grade), "marks": marks | ({"stale"} if paint.stale else set())}
        image = canvas.grab().toImage()
        plain = canvas.hand
        return {
            "zones": zones,
            "zonesShown": all(i.isVisible() for i in canvas.scene().zones.values()),
            "chips": {
                c.id: {
                    "members": list(c.members),
                    "tone": str(state.markers[c.id].tone),
                    "box": placed((c.x - half, c.y - half, c.x + half, c.y + half)),
                    "label": placed(c.label),
                    "text": state.markers[c.id].text if c.label else "",
                    "selected": state.selected in c.members,
                }
                for c in done.chips
            },
            "plates": {code: {"box": placed(box)} for code, (_, box) in done.plates.items()},
            "ground": image.pixelColor(2, image.height() // 2).name(),
            "badge": measures().badge,
            "handles": len(plain.points),
            "sectors": len(
                [
                    m
                    for m in state.markers.values()
                    if m.layer == CAMERAS and m.range_m and m.tone not in ("lost", "off")
                ]
            ),
        }

    def where(self, x: float, y: float) -> QPoint:
        """A point of the plan on the surface."""
        return self.map.where(x, y).toPoint()

    def click(self, x: float, y: float) -> None:
        """Click on a point of the plan."""
        QTest.mouseMove(self.surface, self.where(x, y))
        QTest.mouseClick(self.surface, Qt.MouseButton.LeftButton, pos=self.where(x, y))

    def double_click(self, x: float, y: float) -> None:
        """Double click on a point of the plan (the page counts clicks itself; QTest's double click never reaches it)."""
        self.click(x, y)
        if self.kind == "web":
            self.click(x, y)
        else:
            QTest.mouseDClick(self.surface, Qt.MouseButton.LeftButton, pos=self.where(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move in steps, release."""
        a, b = QPointF(self.where(*start)), QPointF(self.where(*end))
        QTest.mouseMove(self.surface, a.toPoint())
        QTest.mousePress(self.surface, Qt.MouseButton.LeftButton, pos=a.toPoint())
        for n in range(1, 9):
            at = (a + (b - a) * n / 8).toPoint()
            event_move(self.surface, at)
        QTest.mouseRelease(self.surface, Qt.MouseButton.LeftButton, pos=b.toPoint())

    def key(self, key: Qt.Key) -> None:
        """Press a key."""
        QTest.keyClick(self.map.canvas if isinstance(self.map, NativeMap) else self.surface, key)

    def heard(self, name: str) -> tuple[Any, ...]:
        """What a signal said; waits for it."""
        until(lambda: any(s[0] == name for s in self.said), f"{name} was not heard: {self.said}")
        return next(s for s in self.said if s[0] == name)[1:]

    def picture(self) -> QImage:
        """The screen as it is."""
        return self.map.grab().toImage()

    def color_at(self, x: float, y: float) -> QColor:
        """Colour of the screen at a point of the plan."""
        return self.picture().pixelColor(self.where(x, y))

    def close(self) -> None:
        """Put it away."""
        self.map.close()
        self.map.deleteLater()


def event_move(widget: QWidget, at: QPoint) -> None:
    """A mouse move with the left button held, which QTest.mouseMove does not send."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(at),
        QPointF(widget.mapToGlobal(at)),
        Qt.MouseButton.NoButton,
        left,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def overlaps(boxes: list[list[float]]) -> list[tuple[list[float], list[float]]]:
    """Pairs of boxes that cover each other by more than a rounding."""
    found = []
    for n, a in enumerate(boxes):
        for b in boxes[n + 1 :]:
            if a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1:
                found.append((a, b))
    return found
