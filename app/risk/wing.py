"""Risk in a running room: reads the register into the engine, keeps colours true by events, stores every regrade.

Owned by the engine thread. When the store does not take a regrade it is kept and tried again: the colour is shown at
once all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import msgspec
import structlog
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import SQLAlchemyError

from app.access.door import Door
from app.ports import Live, TagCatalogue
from app.ports_risk import FactSource
from app.risk.engine import RiskEngine
from app.risk.gb18218 import MajorHazards
from app.risk.methods import Methods, RiskRulesError
from app.risk.override import colour_handlers, plan_handlers, risk_dangers
from app.risk.register import register_handlers
from app.risk.rules import RiskRules
from app.risk.sources import AlarmFacts, IncidentFacts, SensorFacts, WeatherFacts
from app.risk.zones import risk_zones
from models.alarms import AlarmRow
from models.events import AlarmsChanged, Event, ZonesRegraded
from models.readings import PlaceKind
from models.risk import Grade, Override, Regrade
from models.risk_register import (
    Incident,
    IncidentKind,
    ItemKind,
    RegradeRow,
    RiskItem,
    RiskWeights,
    ZoneOutline,
    ZoneOverride,
)

log = structlog.get_logger(__name__)
SECOND_US = 1_000_000
KEEP_WAITING = 10_000


class RiskWing:
    """All of risk that the engine thread owns; built with its core."""

    def __init__(
        self,
        methods: Methods,
        hazards: MajorHazards,
        rules: RiskRules,
        catalogue: TagCatalogue,
        live: Live,
        *,
        more: Iterable[FactSource] = (),
    ) -> None:
        """``more`` are sources of other features: hazard tickets, permits."""
        self._methods, self._hazards, self._shipped = methods, hazards, rules
        self._catalogue = catalogue
        self.alarms = AlarmFacts(catalogue)
        self._sensors = SensorFacts(catalogue, live)
        self._incidents = IncidentFacts(rules.decay)
        self._weather = WeatherFacts(rules.weather, catalogue, live, lambda: self.engine.states())
        sources: list[FactSource] = [self.alarms, self._sensors, self._weather, self._incidents, *more]
        self.engine = RiskEngine(methods, rules, sources)
        self._next_look_us = 0
        self._stale = False
        self._waiting: list[Regrade] = []

    def join(self, door: Door) -> None:
        """Register the orders."""

        def places() -> set[str]:
            return {place.code for place in self._catalogue.places()}

        door.register(
            {
                **register_handlers(self._methods, self._hazards, places, self.register_changed),
                **colour_handlers(self.engine, self._shipped),
                **plan_handlers(places),
            },
            zones=risk_zones(),
            dangers=risk_dangers(),
        )

    def register_changed(self) -> None:
        """The register or the plant tree changed: read anew at the next tick."""
        self._stale = True

    def alarms_changed(self, event: AlarmsChanged) -> None:
        """Occurrences changed (on the engine thread)."""
        self.alarms.take(event.rows)

    def start(self, connection: Connection, open_alarms: Iterable[AlarmRow], now_us: int) -> None:
        """Read everything; colours go on from what was shown before. Raises SQLAlchemyError."""
        self._read(connection, now_us)
        last = select(RegradeRow.place, RegradeRow.after, RegradeRow.t_us).order_by(RegradeRow.id)
        shown = {row.place: (Grade(row.after), row.t_us) for row in connection.execute(last)}
        held = select(ZoneOverride.__table__).where(ZoneOverride.ended_us.is_(None), ZoneOverride.until_us > now_us)
        by_hand = {
            row.place: Override(
                grade=Grade(row.grade),
                reason=row.reason,
                by=row.by,
                since_us=row.since_us,
                until_us=row.until_us,
            )
            for row in connection.execute(held)
        }
        for place in self.engine.zones():
            if place in shown:
                grade, since_us = shown[place]
                self.engine.restore(place, grade, since_us, by_hand.get(place))
        own = connection.execute(select(RiskWeights.body).order_by(RiskWeights.id.desc()).limit(1)).scalar()
        if own:
            try:
                self.engine.use_rules(self._shipped.with_weights(own), now_us)
            except RiskRulesError as error:  # weights of a newer pack: the shipped ones rule, and it is said
                log.warning("weights_not_used", detail=str(error))
        self.alarms.start(open_alarms)

    def tick(
        self,
        now_us: int,
        publish: Callable[[Event], None],
        read: Callable[[], AbstractContextManager[Connection]],
        write: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        """Twenty times a second: look at what is due, show what changed, store what was regraded. Never raises."""
        try:
            if self._stale:
                with read() as connection:
                    self._read(connection, now_us)
                self._stale = False
        except SQLAlchemyError as error:
            log.warning("register_not_read", detail=str(error.__cause__ or error))
        if now_us >= self._next_look_us:
            self._next_look_us = now_us + SECOND_US
            self._sensors.look(now_us)
            self._weather.look(now_us)
            if now_us >= self._incidents.next_us:
                self._incidents.fade(now_us)
        regrades, states = self.engine.tick(now_us)
        if regrades:
            self._waiting = [*self._waiting, *regrades][-KEEP_WAITING:]
        if self._waiting:
            self._store(write)
        if states:
            publish(ZonesRegraded(now_us, tuple(states), tuple(regrades)))

    def _store(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        rows = [
            {
                "t_us": r.t_us,
                "place": r.place,
                "before": r.before.value,
                "after": r.after.value,
                "inherent": r.inherent,
                "value": r.value,
                "factors": [msgspec.to_builtins(factor) for factor in r.factors],
                "cause": r.cause,
            }
            for r in self._waiting
        ]
        try:
            with write() as connection:
                connection.execute(insert(RegradeRow), rows)
        except SQLAlchemyError as error:
            log.warning("regrade_not_stored", waiting=len(rows), detail=str(error.__cause__ or error))
            return
        self._waiting = []

    def _read(self, connection: Connection, now_us: int) -> None:
        """Zones are areas, and places that have an outline or risks; a zone is as bad as its worst event."""
        places = list(self._catalogue.places())
        outlined = set(connection.execute(select(ZoneOutline.place)).scalars())
        events = connection.execute(
            select(RiskItem.place, RiskItem.inherent_value).where(RiskItem.active, RiskItem.kind == ItemKind.EVENT)
        ).all()
        zones = {place.code: 0.0 for place in places if place.kind is PlaceKind.AREA or place.code in outlined}
        parents = {place.code: place.parent for place in places}
        for place, value in events:
            at = place
            seen: set[str] = set()
            while at and at not in seen:
                seen.add(at)
                if at in zones:
                    zones[at] = max(zones[at], value or 0.0)
                at = parents.get(at, "")
        self.engine.arrange(places, zones, now_us)
        incidents = connection.execute(
            select(Incident.place, Incident.kind, Incident.number, Incident.title, Incident.t_us)
        )
        self._incidents.start(
            [(row.place, IncidentKind(row.kind), row.number, row.title, row.t_us) for row in incidents], now_us
        )
