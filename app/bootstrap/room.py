"""The only wiring: builds a control room from its configuration, starts it in a readable order, stops it in reverse.

store → engine (tags, live values, alarms, history, door) → broker links → simulator (demo only)
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.access.audit import AuditTrail
from app.access.checking import Checking
from app.access.directory_check import DirectoryState
from app.access.force import RightsInForce
from app.access.guard import TrailGuard
from app.access.keys import key_store
from app.access.passwords import Passwords
from app.access.people import FrontDoor, People
from app.access.permissions import Permissions, load_permissions
from app.access.second_step import SecondStep
from app.alarms.board import AlarmBoard
from app.alarms.engine import AlarmEngine
from app.alarms.rules import load_alarm_rules
from app.bootstrap.core import DANGERS, EngineCore
from app.bus import Bus
from app.clock import Clock, SystemClock
from app.config import Config, config_file, load_config, shipped_mappings
from app.ingest.client import BrokerClient
from app.ingest.deadletters import DeadLetterReader
from app.ingest.decode.mapping import MappingSet
from app.ingest.engine import Engine
from app.ingest.inbox import Inbox
from app.jobs import Jobs, Late
from app.monitoring.catalogue import Catalogue
from app.monitoring.live import LiveValues
from app.ports import Answer, ScenarioInfo
from app.store.engine import Store, open_store
from models.commands import Command
from models.events import AlarmsChanged, AlarmsResynchronised, EngineStats, LinkChanged, LinkState
from models.people import Actor

if TYPE_CHECKING:
    from app.access.directory import Directory
    from app.bootstrap.organisation import OrganisationWing
    from app.bootstrap.risk import RiskSide
    from app.organisation.register import Register
    from app.ports_risk import FactSource
    from app.risk.board import RiskBoard
    from app.store.trends import TrendReader

__all__ = ["ControlRoom", "EngineCore", "open_room"]
log = structlog.get_logger(__name__)

RunScenarioBy = Callable[[str, bool], None]


class ControlRoom:
    """A station's engine and everything that the window asks of it (``app.ports.Station``)."""

    def __init__(
        self,
        config: Config,
        data_dir: Path,
        clock: Clock | None = None,
        *,
        permissions: Permissions | None = None,
        run_scenario: RunScenarioBy | None = None,
        scenarios: Callable[[], list[ScenarioInfo]] = list,
    ) -> None:
        self.config, self.data_dir = config, data_dir
        self.name, self.site = config.station, config.site
        self.demo = run_scenario is not None
        self.clock: Clock = clock or SystemClock()
        self.bus = Bus()
        self.jobs = Jobs(3)
        self.store: Store = open_store(data_dir, config.store.url, config.store.password_env)
        self.permissions = permissions or load_permissions()
        self.mapping = self.read_mapping(config)
        self.tags = Catalogue()
        self.live = LiveValues()
        self.alarm_rules = load_alarm_rules()
        self.alarm_engine = AlarmEngine(self.clock, self.name)
        self.alarms = AlarmBoard(lambda: self.alarm_engine, self.store.read, self.tags, self.alarm_rules)
        self.rights = RightsInForce(self.permissions, self.clock, self.store.read, self.tags.places)
        self.rights.dangers = DANGERS
        self.trail = AuditTrail(self.store.read, self.rights.allowed)
        self.guard = TrailGuard(data_dir, config, self.store.read, self.rights.allowed, self.clock)
        self.fact_sources: list[FactSource] = []  # of features that join later: hazard tickets, permits
        self._risk = Late(self._new_risk_side)
        self.bus.subscribe(AlarmsChanged, self._alarms_changed)
        self.dead_letters = DeadLetterReader(self.store)
        self.inbox = Inbox(config.engine.queue)
        self.run_scenario = run_scenario
        self._scenarios = scenarios
        self.engine = Engine(
            self.inbox,
            lambda: EngineCore(self),
            self.bus.publish,
            self.clock,
            data_dir / "crashes",
            batch=config.engine.batch,
            on_restart=self._after_crash,
        )
        passwords = Passwords(self.permissions.password)
        directory = _login_directory(config, data_dir)
        servers = config.directory.servers if config.directory is not None else ()
        self.directory = DirectoryState(servers, directory, self.rights.allowed, self.clock)
        checking = Checking(self.store.read, passwords, self.clock, self.permissions.login, directory)
        keys = key_store(data_dir, config.audit.keys == "keyring")
        self._keys = keys
        self._wing = Late(self._new_wing)
        second_step = SecondStep(
            self.store.read,
            keys,
            passwords,
            self.clock,
            required=self.permissions.second_step.required,
            site=self.site,
        )
        self.people = People(
            self.store.read,
            self.engine.submit,
            self.jobs,
            passwords,
            self.clock,
            self.name,
            checking=checking,
            second_step=second_step,
        )
        self.door = FrontDoor(self.engine.submit, self.rights.allowed, self.people, self.jobs)
        self.clients = [
            BrokerClient(broker, self.name, self.inbox, self.clock, self._link_changed, config_dir=data_dir)
            for broker in config.brokers
        ]
        self._was_down: set[str] = set()

    @property
    def wing(self) -> OrganisationWing:
        """Organisation and private data."""
        return self._wing.get()

    @property
    def organisation(self) -> Register:
        """Departments, people, responsibilities, private data."""
        return self.wing.register

    @property
    def risk_side(self) -> RiskSide:
        """All of risk."""
        return self._risk.get()

    @property
    def risk(self) -> RiskBoard:
        """Where the danger is, and why."""
        return self.risk_side.board

    def _new_wing(self) -> OrganisationWing:
        from app.bootstrap import organisation

        return organisation.OrganisationWing(self.store, self._keys, self.rights.allowed, self.clock)

    def _new_risk_side(self) -> RiskSide:
        from app.bootstrap import risk

        return risk.RiskSide(self.store, self.tags, self.live, self.rights.allowed, self.clock, self.fact_sources)

    @cached_property
    def history(self) -> TrendReader:
        """Stored samples; its array library is loaded when the first plot asks."""
        from app.store.trends import TrendReader

        return TrendReader(self.store)

    def read_mapping(self, config: Config | None = None) -> MappingSet:
        """The shipped mapping files and the site's, as the configuration names them now."""
        if config is None:
            config = load_config(self.data_dir) if config_file(self.data_dir).exists() else self.config
        return MappingSet.load([*shipped_mappings(), *(self.data_dir / path for path in config.mappings)])

    def start(self) -> None:
        """Start engine and links. Raises StoreError or what reading the state raised."""
        self.engine.start()
        for client in self.clients:
            client.start()

    def stop(self) -> None:
        """Stop in reverse order; everything received is stored first."""
        for client in reversed(self.clients):
            client.stop()
        self.engine.stop()
        self.jobs.close()
        self.guard.close()
        self.store.close()

    def now_us(self) -> int:
        """The engine's clock."""
        return self.clock.now_us()

    def links(self) -> list[LinkChanged]:
        """Present state of every broker connection."""
        return [client.link for client in self.clients]

    def stats(self) -> EngineStats | None:
        """Latest health of the engine."""
        return self.engine.stats

    def store_ok(self) -> bool:
        """False while the spool holds what the store would not take."""
        return self.engine.store_ok

    def scenarios(self) -> list[ScenarioInfo]:
        """Scenarios of the simulator."""
        return self._scenarios()

    def tidy_store(self) -> None:
        """Have a worker fold the store's log into its file; a store that does not answer shows itself at the next commit."""

        def work() -> None:
            try:
                self.store.checkpoint()
            except SQLAlchemyError as error:
                log.info("checkpoint_failed", detail=str(error.__cause__ or error))

        with contextlib.suppress(RuntimeError):  # the pool is closing: nothing to tidy any more
            self.jobs.run(work)

    def submit(self, command: Command, actor: Actor) -> Future[Answer]:
        """Queue an order (the command line's way; the window uses ``door``)."""
        return self.door.submit(command, actor)

    def _alarms_changed(self, event: AlarmsChanged) -> None:
        """On the engine thread: what alarms mean for the zones' colours."""
        core = self.engine.core
        if isinstance(core, EngineCore):
            core.alarms_changed(event)

    def _link_changed(self, link: LinkChanged) -> None:
        """On the network thread."""
        self.bus.publish(link)
        if link.state is LinkState.UP:
            if link.broker in self._was_down:
                self._was_down.discard(link.broker)
                self.bus.publish(AlarmsResynchronised(link.since_us, "link"))
        elif link.state is not LinkState.CONNECTING:  # the first connection of a start follows no loss
            self._was_down.add(link.broker)
        self.engine.call(lambda core: _told(core, link))

    def _after_crash(self) -> None:
        """A new engine: brokers send again what was not acknowledged, screens read anew."""
        for client in self.clients:
            client.reconnect()
        self.bus.publish(AlarmsResynchronised(self.clock.now_us(), "engine"))


def _login_directory(config: Config, data_dir: Path) -> Directory | None:
    """The company's directory; its library is loaded by the stations that use one. Raises ConfigError."""
    if config.directory is None:
        return None
    from app.access.directory import Directory

    return Directory(config.directory, data_dir)


def _told(core: object, link: LinkChanged) -> Answer:
    assert isinstance(core, EngineCore)
    core.link_changed(link)
    return Answer()


def open_room(data_dir: Path, clock: Clock | None = None) -> ControlRoom:
    """The station configured in a data directory. Raises ConfigError, StoreError, MappingError."""
    return ControlRoom(load_config(data_dir), data_dir, clock)
