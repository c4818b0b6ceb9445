"""A house with a real store, a real door, and an engine thread played by a queue of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import argon2
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.access import externals, second_step, users
from app.access.audit import AuditTrail
from app.access.checking import Checking
from app.access.door import Door, Unit
from app.access.external import LoginDirectory
from app.access.force import RightsInForce
from app.access.granting import create_danger, grant_danger, granting_handlers, password_danger, seed
from app.access.keys import KeyStore
from app.access.passwords import Passwords
from app.access.people import FrontDoor, People
from app.access.permissions import load_permissions
from app.access.second_step import SecondStep
from app.clock import US, ManualClock
from app.jobs import Jobs
from app.ports import Answer
from app.store.engine import begin_in_full
from models import alarms, audit  # noqa: F401 - their tables must be known to the metadata
from models.base import Base
from models.commands import ChangeUser, Command, CreateUser, RemoveRole, SaveRole, SaveSignatureRule, SetGrants
from models.events import Event
from models.login_commands import ResetTotp
from models.people import Actor, Signature, User, system_actor
from models.readings import PlaceInfo
from tests.rights import add_user
from tests.trail import first_broken

#: As the migrations make them; this house is built from the models alone.
TRIGGERS = tuple(
    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in ("audit_entry", "alarm_transition")
    for act in ("UPDATE", "DELETE")
)
FAST = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _quick(connection: Any, _: Any) -> None:
    """Real constraints, no waiting for the disk."""
    for pragma in ("foreign_keys=ON", "synchronous=OFF", "journal_mode=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


class House:
    """Everything about access, wired as bootstrap does it."""

    def __init__(self, path: Path, *, directory: LoginDirectory | None = None, required: Sequence[str] = ()) -> None:
        self.store: Engine = create_engine(f"sqlite:///{path / 'house.db'}")
        event.listen(self.store, "connect", _quick)
        begin_in_full(self.store)
        Base.metadata.create_all(self.store)
        with self.store.begin() as connection:
            for statement in TRIGGERS:
                connection.exec_driver_sql(statement)
        self.clock = ManualClock(1_000 * US)
        self.jobs = Jobs(1)
        self.permissions = load_permissions()
        self.events: list[Event] = []
        self.fail_commits = self.commits = 0
        self.places: list[PlaceInfo] = []
        self.rights = RightsInForce(self.permissions, self.clock, self.read, lambda: self.places)
        self.heads: list[tuple[int, str]] = []
        self.door = Door(
            self.begin,
            self.rights,
            self.events.append,
            self.clock,
            standing=users.standing,
            still=users.still,
            sealed=lambda _first, last: self.heads.append((last.id, last.hash)),
        )
        self.passwords = Passwords(self.permissions.password, FAST)
        self.keys = KeyStore(path / "keys")
        self.checking = Checking(self.read, self.passwords, self.clock, self.permissions.login, directory)
        self.second_step = SecondStep(self.read, self.keys, self.passwords, self.clock, required=required)
        self.people = People(
            self.read,
            self.submit,
            self.jobs,
            self.passwords,
            self.clock,
            "CR-1",
            checking=self.checking,
            second_step=self.second_step,
        )
        zones = lambda: [place.code for place in self.places]  # noqa: E731 - asked anew at each order
        self.door.register(users.handlers(self.permissions, self.changed))
        self.door.register(self.people.handlers(self.changed))
        self.door.register(externals.handlers(zones, self.changed))
        self.door.register(second_step.handlers(), dangers={ResetTotp: second_step.reset_danger})
        self.door.register(
            granting_handlers(self.permissions, zones, self.changed),
            dangers={
                **dict.fromkeys((SetGrants, SaveRole, RemoveRole, SaveSignatureRule), grant_danger),
                **dict.fromkeys((CreateUser, users.StoreUser), create_danger),
                **dict.fromkeys((ChangeUser, users.StoreUserChange), password_danger),
            },
        )
        self.front = FrontDoor(self.submit, self.door.allowed, self.people, self.jobs)
        self.trail = AuditTrail(self.read, lambda _action, _reader: True)

    def seed(self) -> None:
        """What the engine does at its start: ready roles and their rights."""
        with self.begin() as session:
            seed(session, self.permissions, 0, "CR-1")
        self.rights.reload()

    def changed(self, unit: Unit) -> None:
        unit.after_commit(self.rights.reload)

    def first_broken(self) -> int | None:
        """The first row of the trail that is not right; None when all are."""
        with self.read() as connection:
            return first_broken(connection)

    def entries(self, **wanted: Any) -> list[Any]:
        """The trail without the seeding, newest first."""
        return [row for row in self.trail.entries(system_actor("CR-1"), **wanted)[0] if row.action != "rights.seed"]

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.store, expire_on_commit=False) as session, session.begin():
            yield session
            self.commits += 1
            if self.fail_commits:
                self.fail_commits -= 1
                raise OperationalError("COMMIT", {}, OSError("disk full"))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.store.connect() as connection:
            yield connection

    def submit(self, command: Command, actor: Actor, signatures: Sequence[Signature] = ()) -> Future[Answer]:
        future: Future[Answer] = Future()
        future.set_result(self.door.handle(command, actor, signatures))
        return future

    def add(self, login: str, *roles: str, password: str = "", zone: str = "", **fields: Any) -> Actor:
        """A user straight into the store, as an earlier day left it."""
        hashed = self.passwords.hash(password) if password else ""
        with self.begin() as session:
            actor = add_user(session, login, *roles, zone=zone, now_us=self.clock.now_us(), password=hashed, **fields)
        self.rights.reload()
        return actor

    def user(self, login: str) -> User:
        with Session(self.store) as session:
            return session.scalars(select(User).where(User.login == login)).one()

    def close(self) -> None:
        self.jobs.close()
        self.store.dispose()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()
