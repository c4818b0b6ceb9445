"""A plant with a real store on each database, a real door and vault, and rights that a test says in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.access.audit import AuditTrail
from app.access.door import Door
from app.access.keys import KeyStore
from app.access.vault import Vault
from app.clock import US, ManualClock
from app.monitoring.tagfile import read_csv
from app.organisation.handlers import DANGERS, handlers
from app.organisation.policy import load_policy
from app.organisation.private import PrivateStore
from app.organisation.register import Register
from app.ports import Answer
from app.reports.excel import read_book, write_book
from app.store.engine import Store
from models.commands import Command
from models.events import Event
from models.organisation import PersonKind, PostRank
from models.organisation_commands import (
    DepartmentDraft,
    DutyDraft,
    PersonDraft,
    PostDraft,
    SaveDepartment,
    SaveDuty,
    SavePerson,
    SavePost,
)
from models.people import Actor, User, system_actor
from models.privacy import PrivateValues
from models.readings import Place, PlaceKind
from models.rights import SignatureRule

NOON = 1_795_435_200 * US  # 2026-11-23 12:00 UTC
ZHANG_ID = "330102199001011234"
SECRETS = {
    "name": "张大山", "phone": "13812345678", "id_number": ZHANG_ID, "address": "浙江省杭州市西湖区文三路1号",
    "emergency_contact": "李小红", "emergency_phone": "13987654321", "blood_type": "AB", "allergies": "青霉素过敏",
}  # fmt: skip


class Allow:
    """Rights: everybody holds all but what was taken from them by name."""

    def __init__(self) -> None:
        self.refused: set[tuple[str, str]] = set()

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        return (actor.login, action) not in self.refused

    def roles_of(self, actor: Actor) -> tuple[str, ...]:
        return actor.roles

    def rule(self, danger: str) -> SignatureRule:
        return SignatureRule(danger=danger, password=False, second=False)


class Plant:
    def __init__(self, store: Store, directory: Path) -> None:
        self.store, self.directory = store, directory
        self.clock = ManualClock(NOON)
        self.keys = KeyStore(directory / "keys")
        self.vault = Vault(self.keys)
        self.private = PrivateStore(self.vault)
        self.policy = load_policy()
        self.rights = Allow()
        self.events: list[Event] = []
        self.fail_commit = False
        self.door = Door(
            self.begin, self.rights, self.events.append, self.clock, standing=lambda _session, _actor: None
        )
        self.door.register(
            handlers(self.private, self.policy, self.rights.allowed, store.read),
            dangers=DANGERS,
        )
        self.register = Register(
            store.read,
            self.private,
            self.policy,
            self.rights.allowed,
            self.clock,
            read_book=read_book,
            read_csv=read_csv,
            write_book=write_book,
        )
        self.trail = AuditTrail(store.read, self.rights.allowed)
        self.me = Actor(1, "chen", "陈", ("safety_manager",), "CR-1")
        self.system = system_actor("CR-1")

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with self.store.session() as session:
            yield session
            if self.fail_commit:
                session.flush()
                raise OperationalError("COMMIT", {}, OSError("the cable was pulled"))

    def order(self, command: Command, actor: Actor | None = None) -> Answer:
        return self.door.handle(command, actor or self.me)

    def do(self, command: Command, actor: Actor | None = None) -> Any:
        """An order that must be done; its data."""
        answer = self.order(command, actor)
        assert answer.ok, answer
        return answer.data

    def places(self) -> None:
        """PLANT with areas TFA and TFB, and the unit TFA-P in the first."""
        with self.store.session() as session:
            plant = Place(kind=PlaceKind.PLANT, code="PLANT", name="工厂", position=0)
            session.add(plant)
            session.flush()
            for at, code in enumerate(("TFA", "TFB")):
                session.add(
                    Place(kind=PlaceKind.AREA, code=code, name=f"罐区{code[-1]}", parent_id=plant.id, position=at)
                )
            session.flush()
            above = session.execute(text("SELECT id FROM place WHERE code = 'TFA'")).scalar_one()
            session.add(Place(kind=PlaceKind.UNIT, code="TFA-P", name="泵棚", parent_id=above, position=0))

    def account(self, login: str, *, active: bool = True) -> None:
        with self.store.session() as session:
            session.add(User(login=login, name=login.title(), created_us=0, active=active))

    def departments(self, *codes: str) -> None:
        """'A', 'A/B': B below A."""
        for code in codes:
            parent, _, own = code.rpartition("/")
            self.do(SaveDepartment(department=DepartmentDraft(code=own, name=f"{own}部", parent=parent)))

    def post(self, code: str, department: str, **fields: Any) -> None:
        rank = fields.pop("rank", PostRank.POST)
        self.do(SavePost(post=PostDraft(code=code, name=f"{code}岗", department=department, rank=rank, **fields)))

    def person(self, number: str, post: str = "", private: dict[str, str] | None = None, **fields: Any) -> int:
        values = PrivateValues({"name": "王小明"} | (private or {}))
        kind = fields.pop("kind", PersonKind.EMPLOYEE)
        return int(
            self.do(SavePerson(person=PersonDraft(number=number, post=post, kind=kind, private=values, **fields)))
        )

    def duty(self, code: str, *needed_on: str) -> None:
        self.do(SaveDuty(duty=DutyDraft(code=code, name=f"{code}职责", needed_on=needed_on)))

    def small(self) -> None:
        """One department with a head and a worker."""
        self.places()
        self.departments("OPS")
        self.post("HEAD", "OPS", rank=PostRank.MANAGER, leads=True)
        self.post("OP", "OPS")
        self.person("E1", "HEAD", SECRETS)
        self.person("E2", "OP")

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def change(self, sql: str, **parameters: Any) -> None:
        """As somebody with a database shell would."""
        with self.store.write() as connection:
            connection.execute(text(sql), parameters)

    def connection(self) -> Connection:
        return self.store.engine.connect()

    def everything_stored(self) -> str:
        """All tables as text, bytes too."""
        found = []
        with self.store.read() as connection:
            from models.base import Base

            for table in Base.metadata.sorted_tables:
                for row in connection.execute(table.select()):
                    found += [
                        bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else str(cell)
                        for cell in row
                    ]
        return "\n".join(found)


@pytest.fixture
def plant(store: Store, tmp_path: Path) -> Plant:
    return Plant(store, tmp_path)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Plant]:
    """A plant on SQLite alone, for tests whose story is not the database's."""
    from app.store.engine import sqlite_url

    opened = Store(sqlite_url(tmp_path / "ankan.db"))
    opened.upgrade()
    opened.relax()
    yield Plant(opened, tmp_path)
    opened.close()
