"""A house with a real store, a real door, and an engine thread played by a queue of one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import argon2
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.access import users
from app.access.audit import TRIGGERS_SQLITE, AuditTrail
from app.access.door import Door
from app.access.passwords import Passwords
from app.access.people import FrontDoor, People
from app.access.permissions import load_permissions
from app.clock import US, ManualClock
from app.jobs import Jobs
from app.ports import Answer
from models import alarms, audit  # noqa: F401 - their tables must be known to the metadata
from models.base import Base
from models.commands import Command
from models.events import Event
from models.people import Actor, Role, User

FAST = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _quick(connection: Any, _: Any) -> None:
    """Real constraints, no waiting for the disk."""
    for pragma in ("foreign_keys=ON", "synchronous=OFF", "journal_mode=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


class House:
    """Everything about access, wired as bootstrap does it."""

    def __init__(self, path: Path) -> None:
        self.store: Engine = create_engine(f"sqlite:///{path / 'house.db'}")
        event.listen(self.store, "connect", _quick)
        Base.metadata.create_all(self.store)
        with self.store.begin() as connection:
            for statement in TRIGGERS_SQLITE:
                connection.exec_driver_sql(statement)
        self.clock = ManualClock(1_000 * US)
        self.jobs = Jobs(1)
        self.permissions = load_permissions()
        self.events: list[Event] = []
        self.fail_commits = 0
        self.door = Door(self.begin, self.permissions, self.events.append, self.clock, standing=users.standing)
        self.passwords = Passwords(self.permissions.password, FAST)
        self.people = People(self.read, self.submit, self.jobs, self.passwords, self.clock, "CR-1")
        self.door.register(users.handlers(self.permissions))
        self.door.register(self.people.handlers())
        self.front = FrontDoor(self.submit, self.door.allowed, self.people, self.jobs)
        self.trail = AuditTrail(self.read)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.store, expire_on_commit=False) as session, session.begin():
            yield session
            if self.fail_commits:
                self.fail_commits -= 1
                raise OperationalError("COMMIT", {}, OSError("disk full"))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.store.connect() as connection:
            yield connection

    def submit(self, command: Command, actor: Actor) -> Future[Answer]:
        future: Future[Answer] = Future()
        future.set_result(self.door.handle(command, actor))
        return future

    def add(self, login: str, role: Role, password: str = "", **fields: Any) -> Actor:
        """A user straight into the store, as an earlier day left it."""
        with self.begin() as session:
            user = User(
                login=login,
                name=login.title(),
                role=role,
                password=self.passwords.hash(password) if password else "",
                created_us=self.clock.now_us(),
                **fields,
            )
            session.add(user)
            session.flush()
            return Actor(user.id, login, user.name, role, "CR-1")

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
