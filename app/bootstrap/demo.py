"""The demo plant: a control room of its own data directory, fed by an embedded broker and the simulator.

Its people get passwords made at the first start and kept beside the data (readable by the owner only), so that no
password ships with the program.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
import structlog

from app.access.door import Unit
from app.access.granting import seed as seed_rights
from app.access.granting import store_grants
from app.access.passwords import Passwords
from app.access.permissions import load_permissions
from app.bootstrap.demo_people import fill_organisation
from app.bootstrap.demo_risk import fill_map, fill_risk
from app.bootstrap.room import ControlRoom, EngineCore
from app.clock import US, Clock, ManualClock, SystemClock
from app.config import BrokerConfig, Config
from app.ingest.broker import EmbeddedBroker
from app.ingest.client import BrokerClient
from app.ingest.inbox import Inbox
from app.ingest.simulator.demo import DemoPlant, load_demo
from app.ingest.simulator.publisher import SimulatorPublisher
from app.ingest.simulator.seed import fill_plant, live_through, place_past
from app.ingest.simulator.simulator import Simulator
from app.store.engine import open_store
from models.people import Actor, User
from models.rights import Grant, Role

log = structlog.get_logger(__name__)

PEOPLE = (
    ("lijianguo", "李建国", Role.OPERATOR),
    ("wangmin", "王敏", Role.SHIFT_LEADER),
    ("zhouhaiyan", "周海燕", Role.SAFETY_MANAGER),
    ("admin", "系统管理员", Role.ADMINISTRATOR),
)
ACCOUNTS = "demo-accounts.json"
_PASSWORD_ENV = "ANKAN_DEMO_BROKER_PASSWORD"
SHIFT = 8 * 3600 * US
LEAK = "leak"


def read_accounts(data_dir: Path) -> dict[str, str]:
    """Login → password of the demo's people."""
    return msgspec.json.decode((data_dir / ACCOUNTS).read_bytes(), type=dict[str, str])


def _write_accounts(data_dir: Path, accounts: dict[str, str]) -> None:
    path = data_dir / ACCOUNTS
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(accounts), indent=2))


def prepare_demo(
    data_dir: Path, plant: DemoPlant, seed: int, now_us: int, hours: float = 24.0, leaking_s: float = 0.0
) -> None:
    """Fill an empty data directory with plant, people and past; a directory that was filled before is left alone.

    With ``leaking_s`` the leak at P-203 began that many seconds before now.
    """
    if (data_dir / ACCOUNTS).exists():
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    clock = ManualClock(now_us - int(hours * 3600 * US) - 60 * US)
    passwords = Passwords(load_permissions().password)
    accounts = {login: secrets.token_urlsafe(12) for login, _, _ in PEOPLE}
    store = open_store(data_dir)
    with store.session() as session:
        fill_plant(session, plant)
        seed_rights(session, load_permissions(), clock.now_us(), "CTRL-1")
        for login, name, role in PEOPLE:
            user = User(login=login, name=name, password=passwords.hash(accounts[login]), created_us=now_us)
            session.add(user)
            session.flush()
            store_grants(Unit(session, clock.now_us()), user.id, (Grant(role=role),), "system", "demo")
            if role is Role.SAFETY_MANAGER:
                manager = Actor(user.id, login, name, (role,), "CTRL-1")
            elif role is Role.ADMINISTRATOR:
                administrator = Actor(user.id, login, name, (role,), "CTRL-1")
    store.close()
    room = ControlRoom(Config(station="CTRL-1", site=plant.file.plant.name), data_dir, clock)
    try:
        core = EngineCore(room)
        fill_organisation(room.wing, core.door, manager)
        fill_risk(core.door, manager, clock.now_us())
        fill_map(core.door, administrator)
        simulator = Simulator(clock, seed, plant)
        place_past(simulator, now_us)
        if leaking_s:
            simulator.start_scenario(LEAK, now_us - int(leaking_s * US))

        def duty(t_us: int) -> Actor:
            login, name, role = PEOPLE[(t_us // SHIFT) % 2]
            return Actor(0, login, name, (role,), "CTRL-1")

        count = live_through(core.pipeline, core.alarms, simulator, clock, now_us, duty, hours=hours)
    finally:
        room.jobs.close()
        room.guard.close()
        room.store.close()
    _write_accounts(data_dir, accounts)
    log.info("demo_prepared", samples=count, directory=str(data_dir))


class DemoRoom(ControlRoom):
    """The demo plant's control room, with its broker and simulator."""

    def __init__(
        self, data_dir: Path, plant: DemoPlant, seed: int, clock: Clock, *, leak_at_us: int | None = None
    ) -> None:
        self._secret = secrets.token_urlsafe(16)
        os.environ[_PASSWORD_ENV] = self._secret
        self._broker = EmbeddedBroker(users={"ankan": self._secret}, data_dir=data_dir)
        self._broker.start()
        login = BrokerConfig(
            name="demo",
            port=self._broker.port,
            protocol="3.1.1",
            user="ankan",
            password_env=_PASSWORD_ENV,
            keepalive_s=60,
        )
        self._simulator = Simulator(clock, seed, plant)
        super().__init__(
            Config(station="CTRL-1", site=plant.file.plant.name, brokers=(login,)),
            data_dir,
            clock,
            run_scenario=self._run_scenario,
            scenarios=self._simulator.scenarios,
        )
        field = msgspec.structs.replace(
            login, name="field", subscriptions=(), status_topic="ankan/station/field/status"
        )
        self._field = BrokerClient(field, "field", Inbox(1000), clock, lambda _link: None)
        self._publisher = SimulatorPublisher(self._simulator, self._field.publish, clock=clock)
        self._leak_at_us = leak_at_us

    def start(self) -> None:
        """Start the room, then the plant."""
        super().start()
        self._field.start()
        self._publisher.start()
        if self._leak_at_us is not None:
            self._simulator.start_scenario(LEAK, self._leak_at_us)

    def stop(self) -> None:
        """Stop the plant, then the room, then the broker."""
        self._publisher.stop()
        self._field.stop()
        super().stop()
        self._broker.stop()

    def accounts(self) -> dict[str, str]:
        """Login → password of the demo's people, for logging in without typing."""
        return read_accounts(self.data_dir)

    def _run_scenario(self, name: str, running: bool) -> None:
        if running:
            self._simulator.start_scenario(name)
        else:
            self._simulator.stop_scenario(name)


def open_demo(
    data_dir: Path, seed: int = 7, clock: Clock | None = None, *, hours: float = 24.0, leak_in_s: float = 60.0
) -> DemoRoom:
    """The demo plant in a data directory, prepared at the first start.

    A leak begins ``leak_in_s`` seconds from now, so that there is something to see; a negative figure means that it
    began before (and at the first start is in the history too). Raises PlantError, StoreError, BrokerFailedError.
    """
    clock = clock or SystemClock()
    plant = load_demo()
    began_us = clock.now_us()
    prepare_demo(data_dir, plant, seed, began_us, hours, max(0.0, -leak_in_s))
    at_us = (began_us if leak_in_s < 0 else clock.now_us()) + int(leak_in_s * US)
    return DemoRoom(data_dir, plant, seed, clock, leak_at_us=at_us)
