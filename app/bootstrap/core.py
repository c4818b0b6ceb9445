"""All that the engine thread owns: read from the store, wired to the room, built anew after a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.access.door import Door, Handler, Unit
from app.access.externals import handlers as external_handlers
from app.access.granting import create_danger, grant_danger, granting_handlers, password_danger, seed
from app.access.second_step import handlers as second_step_handlers
from app.access.second_step import reset_danger
from app.access.users import StoreUser, StoreUserChange, standing, still
from app.access.users import handlers as access_handlers
from app.alarms import records
from app.alarms.engine import AlarmEngine
from app.alarms.handlers import handlers as alarm_handlers
from app.alarms.zones import alarm_dangers, alarm_zones
from app.ingest import deadletters
from app.ingest.decode.router import Decoder
from app.ingest.handlers import handlers as ingest_handlers
from app.ingest.pipeline import Pipeline
from app.monitoring.handlers import handlers as monitoring_handlers
from app.monitoring.handlers import monitoring_zones
from app.monitoring.own_tags import broker_tag, ensure_own_tags
from app.store.history import HistoryWriter
from app.store.retention import Retirement
from app.store.spool import Spool
from models.commands import ChangeUser, Command, CreateUser, RemoveRole, SaveRole, SaveSignatureRule, SetGrants
from models.events import AlarmsChanged, AlarmsResynchronised, LinkChanged, LinkState
from models.login_commands import ResetTotp
from models.readings import Reading
from models.risk_commands import OverrideZone

if TYPE_CHECKING:  # what joins when it is first needed, and the room that owns this
    from collections.abc import Callable

    from app.bootstrap.room import ControlRoom
    from app.risk.wing import RiskWing

log = structlog.get_logger(__name__)

RIGHTS_ORDERS = (SetGrants, SaveRole, RemoveRole, SaveSignatureRule)
#: Which dangers an action may come with, for those who decide what asks for a signature.
DANGERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("alarm.shelve", "alarm.out_of_service", "alarm.define"), ("alarm.suppress_critical",)),
    **{order.action: ("rights.change", "rights.change_own") for order in RIGHTS_ORDERS},
    "user.create": ("rights.change",),
    "user.change": ("account.password",),
    OverrideZone.action: ("risk.override",),
    "privacy.export": ("privacy.export",),
    ResetTotp.action: (ResetTotp.action,),
}


class EngineCore:
    """All that the engine thread owns, read from the store; built anew after a crash."""

    def __init__(self, room: ControlRoom) -> None:
        self._room = room
        clock, bus = room.clock, room.bus
        self.alarms = AlarmEngine(clock, room.name)
        self.writer = HistoryWriter(room.store.dialect)
        self.decoder = Decoder(
            room.mapping, max_bytes=room.config.engine.max_payload, native_prefix=room.config.engine.tag_prefix
        )
        self.retirement = Retirement(room.config.store)
        self.pipeline = Pipeline(
            decoder=self.decoder,
            alarms=self.alarms,
            save_alarms=records.save,
            alarm_codec=(records.to_plain, records.from_plain),
            writer=self.writer,
            transaction=room.store.write,
            catalogue=room.tags,
            live=room.live,
            spool=Spool(room.data_dir),
            publish=bus.publish,
            clock=clock,
        )
        self.pipeline.recover()  # what an earlier run could not store comes before anything is read
        with room.store.session() as session:
            ensure_own_tags(session, [broker.name for broker in room.config.brokers])
        with room.store.write() as connection:
            room.tags.load(connection)
            room.live.load(connection)
            self.writer.load(connection, clock.now_us())
            self.alarms.load(connection, room.tags)
            letters = deadletters.count_open(connection)
        self.pipeline.rebuild_slots()
        self.pipeline.set_open_letters(letters)
        room.guard.start(room.store.session, clock.now_us())
        with room.guard.watched(room.store.session, clock.now_us()) as session:
            seed(session, room.permissions, clock.now_us(), room.name)
        room.rights.reload()
        self.door = Door(
            room.store.session,
            room.rights,
            bus.publish,
            clock,
            standing=standing,
            still=still,
            sealed=lambda first, last: room.guard.committed(first, last, clock.now_us()),
        )
        for handlers in self._handlers():
            self.door.register(handlers)
        self.door.register(
            {},
            zones={**alarm_zones(self.alarms, room.tags), **monitoring_zones(room.tags)},
            dangers={
                **alarm_dangers(self.alarms),
                **dict.fromkeys(RIGHTS_ORDERS, grant_danger),
                **dict.fromkeys((CreateUser, StoreUser), create_danger),
                **dict.fromkeys((ChangeUser, StoreUserChange), password_danger),
                ResetTotp: reset_danger,
            },
        )
        self._risk: RiskWing | None = None
        self._keep_privacy: Callable[[int], None] | None = None
        self.door.register_later("models.risk_commands", lambda: self.risk)
        self.door.register_later("models.organisation_commands", lambda: self.keep_privacy)
        room.alarm_engine = self.alarms

    @property
    def risk(self) -> RiskWing:
        """Risk, read when it is first needed: a second after the start, or by its first order. Raises SQLAlchemyError."""
        if self._risk is None:
            self._risk = self._room.risk_side.join(self.door, self.alarms.open_rows())
        return self._risk

    @property
    def keep_privacy(self) -> Callable[[int], None]:
        """Housekeeping of private data, to be called with the time; the organisation's orders join with it."""
        if self._keep_privacy is None:
            self._keep_privacy = self._room.wing.join(self.door, self._room.name)
        return self._keep_privacy

    def _handlers(self) -> list[dict[type[Command], Handler]]:
        room = self._room
        return [
            access_handlers(room.permissions, self.rights_changed),
            granting_handlers(
                room.permissions, lambda: [place.code for place in room.tags.places()], self.rights_changed
            ),
            room.people.handlers(self.rights_changed),
            external_handlers(lambda: [place.code for place in room.tags.places()], self.rights_changed),
            second_step_handlers(),
            alarm_handlers(self.alarms, room.tags, room.alarm_rules),
            monitoring_handlers(self.reload_tags),
            ingest_handlers(room.inbox, self.pipeline.set_open_letters, room.run_scenario, self.reload_mapping),
            room.guard.handlers(),
        ]

    def rights_changed(self, unit: Unit) -> None:
        """Have the rights read anew once the order is committed."""
        unit.after_commit(self._room.rights.reload)

    def reload_mapping(self) -> None:
        """Read the mapping files again. Raises ConfigError, MappingError; the present mapping stays then."""
        self._room.mapping = self._room.read_mapping()
        self.decoder.use(self._room.mapping)

    def reload_tags(self) -> None:
        """Take over an edited catalogue."""
        with self._room.store.read() as connection:
            self._room.tags.load(connection)
        self._room.rights.reload()
        self.alarms.recatalogue(self._room.tags)
        self.pipeline.rebuild_slots()
        if self._risk is not None:
            self._risk.register_changed()
        self._room.bus.publish(AlarmsResynchronised(self._room.clock.now_us(), "tags"))

    def tick(self) -> None:
        """Twenty times a second: timers of alarms, then colours of zones."""
        room = self._room
        self.pipeline.tick()
        if self._risk is not None:
            self._risk.tick(room.clock.now_us(), room.bus.publish, room.store.read, room.store.write)

    def alarms_changed(self, event: AlarmsChanged) -> None:
        """Occurrences changed: their zones are weighed at the next tick."""
        if self._risk is not None:
            self._risk.alarms_changed(event)

    def every_second(self) -> None:
        """Links as tags of their own; old history goes; the trail gets its daily anchor."""
        room, now_us = self._room, self._room.clock.now_us()
        self.pipeline.feed(
            [Reading(broker_tag(link.broker), now_us, float(link.state is LinkState.UP)) for link in room.links()]
        )
        try:
            room.rights.catch_up()
        except SQLAlchemyError as error:
            log.warning("rights_not_read", detail=str(error.__cause__ or error))
        if self.pipeline.store_ok:
            room.tidy_store()
            self.keep_privacy(now_us)
            self._begin_risk()
        if self.pipeline.store_ok and self.retirement.due(now_us):
            try:
                with room.store.write() as connection:
                    self.retirement.step(connection, now_us)
            except SQLAlchemyError as error:
                log.warning("retention_failed", detail=str(error.__cause__ or error))
        if self.pipeline.store_ok and room.guard.due(now_us):
            try:
                room.guard.anchor(room.store.session, now_us)
            except SQLAlchemyError as error:
                log.warning("anchor_failed", detail=str(error.__cause__ or error))

    def _begin_risk(self) -> None:
        """Read risk if that has not been done; a store that fails is asked again a second later."""
        try:
            assert self.risk is not None
        except SQLAlchemyError as error:
            log.warning("risk_not_read", detail=str(error.__cause__ or error))

    def link_changed(self, link: LinkChanged) -> None:
        """Sparkplug nodes of a lost broker must be born again before their data is believed."""
        if link.state is LinkState.UP:
            self.decoder.link_up(link.broker, link.since_us)
        else:
            self.decoder.link_lost(link.broker)
        for client in self._room.clients:
            if client.name == link.broker:
                for topic, payload in self.decoder.outbox:
                    client.publish(topic, payload)
        self.decoder.outbox.clear()

    def close(self) -> None:
        """Nothing of its own: the store belongs to the room."""
