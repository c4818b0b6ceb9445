"""Opens the store: SQLite (WAL) in the user's data directory, or PostgreSQL by URL, brought to the newest schema.

One writer (the engine thread) and many readers: SQLite readers see the last commit and never block the writer.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)


class StoreError(RuntimeError):
    """The store can't be opened; the message says where and why."""


def sqlite_url(path: Path) -> str:
    """SQLAlchemy URL of a SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def newest_schema() -> str:
    """Revision of the newest migration that ships with the program."""
    folder = Path(__file__).parent / "migrations" / "versions"
    return max(path.name for path in folder.glob("[0-9]*.py")).partition("_")[0]


def _sqlite_pragmas(connection: DBAPIConnection, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # acknowledged means on the disk, also when the power fails
        "foreign_keys=ON",
        "busy_timeout=5000",
        "cache_size=-4096",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4000",
        "journal_size_limit=67108864",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_in_full(engine: Engine) -> None:
    """Have SQLite's transactions begin where SQLAlchemy says, not at the driver's first change: savepoints need it.

    Those that will write (:meth:`Store.session`, :meth:`Store.write`) take the writer's place at once, so that they
    wait for another process in the same file instead of failing half way.
    """

    def leave_it_to_us(connection: DBAPIConnection, _record: Any) -> None:
        connection.isolation_level = None

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("ankan_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", leave_it_to_us)
    event.listen(engine, "begin", begin)


def open_engine(url: str, password: str | None = None) -> Engine:
    """An engine with the settings that the control room needs on either database."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, pool_size=8, max_overflow=8)
        event.listen(engine, "connect", _sqlite_pragmas)
        begin_in_full(engine)
        return engine
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        if password:
            parsed = parsed.set(password=password)
        return create_engine(parsed, pool_size=8, max_overflow=8, pool_pre_ping=True)
    raise StoreError(f"{parsed.get_backend_name()}: only sqlite and postgresql are supported")


class Store:
    """The opened store, at the newest schema."""

    def __init__(self, url: str, password: str | None = None) -> None:
        self.url = url
        self.engine = open_engine(url, password)
        self.dialect = self.engine.dialect.name
        self._writing = self.engine.execution_options(ankan_writes=True)
        self._checkpointing = threading.Lock()

    def upgrade(self) -> None:
        """Bring the schema to the newest version; raises StoreError with the cause.

        Alembic is loaded only when there is something to do: most starts find the newest schema.
        """
        try:
            with self.engine.connect() as connection:
                if inspect(connection).has_table("alembic_version"):
                    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
                    if found == newest_schema():
                        return
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{make_url(self.url).render_as_string()}: {error}") from error
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        try:
            with self._writing.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(f"{make_url(self.url).render_as_string()}: {error}") from error

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A unit of work: committed at the end, rolled back when anything is raised."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in a transaction."""
        with self._writing.begin() as connection:
            yield connection

    def relax(self) -> None:
        """Don't wait for the disk: for a store that is thrown away at the end."""
        if self.dialect == "sqlite":
            self.engine.dispose()
            event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))

    def checkpoint(self) -> None:
        """Move committed pages from SQLite's write-ahead log into the file without holding the writer up.

        For a worker, about once a second: what is left for the writer's own checkpoint is then done in a moment,
        where it would otherwise stall a batch, and the alarms in it, for a quarter of a second.
        """
        if self.dialect == "sqlite" and not self._checkpointing.locked():
            with self._checkpointing, contextlib.closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")  # not in a transaction

    def close(self) -> None:
        """Give back all connections; SQLite folds its write-ahead log into the file."""
        self.engine.dispose()


def open_store(data_dir: Path, url: str = "", password_env: str = "") -> Store:
    """The store of a station: ``url`` or ankan.db in ``data_dir``, upgraded."""
    store = Store(url or sqlite_url(data_dir / "ankan.db"), os.environ.get(password_env) if password_env else None)
    store.upgrade()
    return store
