"""The place "risk": the plant map in live colours with its layers, the bar that replays the past, and the notice to print."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.clock import US
from app.ports import Refused
from models import maps
from models.alarms import AlarmRow
from models.events import ZonesRegraded
from models.people import Actor
from models.readings import LiveValue
from models.risk import ZoneState
from models.risk_rows import ItemQuery, ItemRow, Timeline
from ui.i18n import clock_text, stamp_text, t
from ui.risk import feed
from ui.risk.feed import MapStock
from ui.risk.layers import LayerColumn
from ui.risk.plantmap import make_map
from ui.risk.printing import ask_print
from ui.risk.timebar import PERIODS, TimeBar
from ui.risk.words import caption
from ui.widgets.controls import SegmentedButtons, button, plain_label, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.states import StateStack

MODES = ("dynamic", "inherent", "difference")
HIDDEN_AT_FIRST = (maps.HYDRANTS,)
TIMELINE_AFTER_MS = 2000  # changes of colour within this time are read together
TIMELINE_EVERY_MS = 60_000
VALUES_AFTER_MS = 1000


class RiskPanel(Panel):
    """Feeds the map; a click on it tells the context column."""

    title_key = "risk.map"
    icon_name = "risk"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.stock = MapStock()
        self.mode = MODES[0]
        self.selected = ""
        self._computed_us = ctx.station.now_us()
        self._markers: dict[str, set[str]] = {"alarms": set(), "points": set()}
        self.map = make_map(self, ctx.settings)
        self.layers = LayerColumn()
        self.bar = TimeBar()
        self._build()
        self._later = self._timer(TIMELINE_AFTER_MS, self.read_timeline)
        self._values_later = self._timer(VALUES_AFTER_MS, self._put_points)
        self._regular = QTimer(self, interval=TIMELINE_EVERY_MS)
        self._regular.timeout.connect(self.read_timeline)
        self._regular.start()
        self._connect()
        self.ready()
        for layer in HIDDEN_AT_FIRST:
            self.layers.rows[layer].box.setChecked(False)
        self.read()
        self.read_timeline()

    def _timer(self, after_ms: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=after_ms)
        timer.timeout.connect(act)
        return timer

    def _build(self) -> None:
        header = self.header
        self.scope, self.computed, self.past = role_label("pill"), role_label("dim"), role_label("inverse")
        for label in (self.scope, self.computed, self.past):
            header.left.addWidget(label, 0, Qt.AlignmentFlag.AlignVCenter)
        self.past.hide()
        self.modes = SegmentedButtons(MODES)
        self.modes.select(self.mode)
        self.fit_button, self.print_button = button("reset"), button("print")
        header.right.addWidget(self.modes)
        header.right.addWidget(self.fit_button)
        header.right.addWidget(self.print_button)
        self.states = StateStack(self.map, "risk")
        self.note = plain_label(wrap=True)
        self.note.setContentsMargins(12, 4, 12, 4)
        self.note.hide()
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.note)
        middle.addWidget(self.states, 1)
        middle.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.layers)
        row.addLayout(middle, 1)

    def _connect(self) -> None:
        ctx, bridge = self.ctx, self.ctx.bridge
        self.modes.chosen.connect(self.choose_mode)
        self.fit_button.clicked.connect(self.map.fit)
        self.print_button.clicked.connect(lambda: ask_print(self))
        self.layers.toggled.connect(self.map.show_layer)
        self.map.zone_clicked.connect(self.choose_zone)
        self.map.marker_clicked.connect(self._marker_clicked)
        self.map.trouble.connect(lambda text: ctx.toast.emit(text, "warning"))
        self.bar.replay.connect(lambda _at: self._repaint())
        self.bar.live.connect(self._repaint)
        self.bar.period.connect(lambda _name: self.read_timeline())
        bridge.zones.connect(self._regraded)
        bridge.risk_changed.connect(lambda _event: self.read())
        bridge.values.connect(self._values)
        bridge.tags_changed.connect(lambda _event: self.read())
        ctx.open_alarms.changed.connect(self._alarms_changed)
        ctx.open_alarms.reset.connect(self._repaint)
        ctx.actor_changed.connect(self.read)

    # -- what the store knows

    def read(self) -> None:
        """Plan, outlines and points anew, on a worker."""
        risk, actor = self.ctx.station.risk, self.ctx.actor
        if self.stock.plan is None and not self.stock.outlines:
            self.states.show_loading()

        def ask() -> MapStock:
            return MapStock(
                plan=risk.plan(), outlines=tuple(risk.outlines()), points=tuple(risk.points()), items=self._items(actor)
            )

        self.ctx.work(self, ask, self._read_done, lambda error: self.states.show_error(str(error), self.read))

    def _items(self, actor: Actor | None) -> tuple[ItemRow, ...]:
        try:
            found = self.ctx.station.risk.items(ItemQuery(), actor) if actor is not None else []
        except Refused:  # who may not read the register sees the map without its points
            return ()
        return tuple(item for item in found if item.point is not None)

    def _read_done(self, stock: MapStock) -> None:
        self.stock = stock
        if stock.plan is None and not stock.outlines:
            self.states.show_empty("risk.no_plan", "risk.no_plan_hint")
            self._count()
            return
        try:
            self.map.set_plan(feed.plan_info(stock.plan) if stock.plan is not None else None)
        except ValueError as error:
            self.states.show_error(t("risk.bad_plan", detail=str(error)), self.read)
            return
        self.map.set_shapes(feed.shapes(stock.outlines, self.ctx.station))
        self.states.show_content()
        self._say_note()
        self._put_points()
        self._repaint()

    def read_timeline(self) -> None:
        """The colours of the chosen period, on a worker."""
        length, step = PERIODS[self.bar.periods.current or "day"]
        risk, now_us = self.ctx.station.risk, self.ctx.station.now_us()
        start_us = now_us - length * US
        self.ctx.work(self, lambda: risk.timeline(start_us, now_us, step * US), self._timeline_done)

    def _timeline_done(self, timeline: Timeline) -> None:
        if not self.bar.replaying:  # what is being looked at stays as it is
            self.bar.fill(timeline)

    # -- painting

    def choose_mode(self, mode: str) -> None:
        """Dynamic, inherent, or the difference between them."""
        self.mode = mode
        self.modes.select(mode)
        self._repaint()

    def _repaint(self) -> None:
        """All colours, and the alarms that belong to them."""
        if self.bar.replaying:
            at, timeline = self.bar.strip.at or 0, self.bar.timeline
            self.map.paint_zones(
                feed.said(code, line[at], caption(line[at])) for code, line in timeline.colours.items()
            )
        else:
            self._paint(self.ctx.station.risk.zones().values())
        self._put_alarms()
        self._say_time()

    def _paint(self, states: Iterable[ZoneState]) -> None:
        alarmed = self._alarmed()
        self.map.paint_zones([feed.now_paint(state, self.mode, alarmed) for state in states])

    def _alarmed(self) -> set[str]:
        outlined = {row.place: row for row in self.stock.outlines}
        return feed.alarmed_zones(self.ctx.open_alarms.rows(), self.ctx.station, outlined)

    def _regraded(self, event: ZonesRegraded) -> None:
        self._computed_us = event.t_us
        if not self.bar.replaying:
            self._paint(event.states)
        if event.regrades and not self._later.isActive():
            self._later.start()
        self._say_time()

    def _alarms_changed(self, rows: list[AlarmRow], _sounding: list[int]) -> None:
        if self.bar.replaying:
            return
        station = self.ctx.station
        outlined = {row.place: row for row in self.stock.outlines}
        touched = {
            feed.zone_of(station.tags.by_id(r.tag_id) if r.tag_id is not None else None, r.area, outlined) for r in rows
        }
        zones = station.risk.zones()
        self._paint([zones[code] for code in touched if code in zones])
        self._put_alarms()

    def _put_alarms(self) -> None:
        live = not self.bar.replaying  # today's alarms have no place in yesterday's picture
        rows = self.ctx.open_alarms.rows() if live else []
        self._put("alarms", feed.alarm_markers(rows, self.ctx.station, self.stock))

    def _put_points(self) -> None:
        self._put("points", feed.point_markers(self.stock, self.ctx.station))
        self.layers.show_wind(feed.wind_text(self.stock, self.ctx.station))

    def _put(self, kind: str, markers: list[maps.Marker]) -> None:
        ids = {marker.id for marker in markers}
        self.map.drop_markers(self._markers[kind] - ids)
        self.map.put_markers(markers)
        self._markers[kind] = ids
        self._count()

    def _count(self) -> None:
        state = self.map.state
        self.layers.show_counts(feed.counts(state.markers.values(), list(state.shapes.values())))

    def _values(self, latest: dict[int, LiveValue]) -> None:
        if self._values_later.isActive():
            return
        tags = self.ctx.station.tags
        named = {p.target for p in self.stock.points if p.layer in (maps.VALUES, maps.WIND)}
        if any((tag := tags.by_id(i)) is not None and f"tag:{tag.name}" in named for i in latest):
            self._values_later.start()

    # -- choosing

    def choose_zone(self, code: str) -> None:
        """A zone was clicked: the context column says why it has its colour."""
        self.selected = code
        self.map.select(code)
        self.ctx.select_zone.emit(code)

    def _marker_clicked(self, marker_id: str) -> None:
        marker = self.map.state.markers.get(marker_id)
        if marker is None:
            return
        kind, _, name = marker.target.partition(":")
        self.map.select(marker_id)
        if kind == "alarm":
            self.ctx.select_alarm.emit(self.ctx.open_alarms.get(int(name)))
        elif kind == "tag" and (tag := self.ctx.station.tags.by_name(name)) is not None:
            self.ctx.select_tag.emit(tag.id)
        elif kind == "zone" and name in self.map.state.shapes:
            self.ctx.select_zone.emit(name)

    # -- words

    def _say_time(self) -> None:
        at, times = self.bar.strip.at, self.bar.timeline.times
        self.past.setVisible(at is not None)
        self.computed.setVisible(at is None)
        self.computed.setText(
            t("risk.computed", mode=t(f"risk.mode_long.{self.mode}"), time=clock_text(self._computed_us))
        )
        if at is not None:
            self.past.setText(t("risk.replay", time=stamp_text(times[at])))

    def _say_note(self) -> None:
        key = "risk.no_outlines" if not self.stock.outlines else "risk.outlines_only" if self.stock.plan is None else ""
        self.note.setVisible(bool(key))
        if key:
            self.note.setText(t(key))

    def retranslate(self) -> None:
        """Words in the present language."""
        self.scope.setText(t("risk.whole_plant"))
        for name, part in self.modes.buttons.items():
            part.setText(t(f"risk.mode.{name}"))
        self.fit_button.setText(t("risk.fit"))
        self.print_button.setText(t("risk.print"))
        self.layers.retranslate()
        self.layers.show_floors(self.ctx.station.risk.floors())
        self.bar.retranslate()
        self._say_note()
        self._put_points()
        self._repaint()
