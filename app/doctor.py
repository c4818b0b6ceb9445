"""What is wrong with this station, and how to mend it: the ``doctor`` command.

It only looks: nothing is created, upgraded or changed, so it may run beside a running engine and on a broken station.
Its words come from resources/rules/doctor.toml in the language of the system.
"""

from __future__ import annotations

import json
import locale
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from app.config import KEYRING_SERVICE, BrokerConfig, Config, ConfigError, config_file, load_config
from app.ingest.client import try_connection
from app.paths import project_root, resource_path
from app.store.engine import StoreError, open_engine
from app.store.spool import Spool

Level = Literal["ok", "warning", "error"]
GIB = 1 << 30
LEAST_FREE, LITTLE_FREE = 1 * GIB, 10 * GIB
CHECK_S = 60.0  # longest look into a SQLite file
CONNECT_S = 5
SCREEN_S = 60.0
RECENT_S = 7 * 86_400
BUILT = 1_761_955_200  # no clock shows less than the day on which this was written (UTC seconds)
BEHIND_S = 300.0
FONTS = ("noto-sans-sc-400.ttf", "noto-sans-sc-700.ttf")
PYTHON = ((3, 11), (3, 13))


class Finding(msgspec.Struct, frozen=True):
    """One check: what was looked at, how bad it is, what was found, and how to mend it ('' when all is well)."""

    what: str
    level: Level
    finding: str
    mend: str = ""
    code: str = ""


def language(environment: dict[str, str] | None = None) -> str:
    """'zh' or 'en', by the system's locale."""
    env = os.environ if environment is None else environment
    name = next((env[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(key)), "")
    if not name and environment is None:
        name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


@cache
def _words(which: str) -> dict[str, dict[str, str]]:
    pack = tomllib.loads(resource_path("rules", "doctor.toml").read_text("utf-8"))
    found: dict[str, dict[str, str]] = pack[which]
    return found


class _Doctor:
    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir
        self._words = _words(language())

    def say(self, code: str, level: Level, which: str, **facts: Any) -> Finding:
        """A finding in words: ``code`` names the check, ``which`` the sentence in its table."""
        words = self._words[code]
        mend = words.get(f"{which}_mend", "") if level != "ok" else ""
        return Finding(words["what"].format(**facts), level, words[which].format(**facts), mend.format(**facts), code)

    def examine(self) -> Iterator[Finding]:
        yield self.python()
        yield self.directory()
        yield self.disk()
        try:
            config = load_config(self._dir)
        except ConfigError as error:
            yield self.say("configuration", "error", "wrong", detail=error)
            config = None
        else:
            yield self.configuration()
        newest = 0
        if config is not None:
            for finding, found in self.store(config):
                newest = max(newest, found)
                yield finding
        yield from self.spool()
        yield self.crashes()
        if config is not None:
            yield from self.brokers(config)
            yield from self.login_directory(config)
        yield self.clock(newest)
        yield self.fonts()
        yield from self.screen()
        yield self.licences()

    def python(self) -> Finding:
        have = sys.version_info[:2]
        good = PYTHON[0] <= have <= PYTHON[1]
        return self.say("python", "ok" if good else "error", "ok" if good else "wrong", version=sys.version.split()[0])

    def directory(self) -> Finding:
        path = self._dir
        if not path.exists():
            above = next(parent for parent in path.absolute().parents if parent.exists())
            good = os.access(above, os.W_OK)
            return self.say("directory", "ok" if good else "error", "new" if good else "not_new", path=path)
        try:
            with tempfile.TemporaryFile(dir=path):
                return self.say("directory", "ok", "ok", path=path)
        except OSError as error:
            return self.say("directory", "error", "wrong", path=path, detail=error)

    def disk(self) -> Finding:
        path = next(p for p in (self._dir.absolute(), *self._dir.absolute().parents) if p.exists())
        free = shutil.disk_usage(path).free
        level: Level = "error" if free < LEAST_FREE else "warning" if free < LITTLE_FREE else "ok"
        return self.say("disk", level, "ok" if level == "ok" else "little", free=f"{free / GIB:.1f}", path=path)

    def configuration(self) -> Finding:
        path = config_file(self._dir)
        return self.say("configuration", "ok", "ok" if path.exists() else "none", path=path)

    # ---- store -----------------------------------------------------------------------------------------------

    def store(self, config: Config) -> Iterator[tuple[Finding, int]]:
        """Findings, each with the newest time of receipt that was seen (UTC µs)."""
        path = self._dir / "ankan.db"
        url = make_url(config.store.url) if config.store.url else None
        if url is not None and url.get_backend_name() == "sqlite" and url.database:
            path, url = Path(url.database), None
        shown = path if url is None else url.render_as_string()
        if url is None and not path.exists():
            yield self.say("store", "ok", "none", where=shown), 0
            return
        if config.store.password_env and config.store.password_env not in os.environ:
            yield self.say("store", "error", "no_password", where=shown, variable=config.store.password_env), 0
            return
        try:
            engine = _sqlite(path) if url is None else _server(config)
        except StoreError as error:
            yield self.say("store", "error", "closed", where=shown, detail=error), 0
            return
        try:
            yield self._schema(engine, str(shown))
        except SQLAlchemyError as error:
            yield self.say("store", "error", "closed", where=shown, detail=getattr(error, "orig", None) or error), 0
        try:
            if url is None:  # also when damage hides the schema
                yield self._sound(engine, path), 0
        except SQLAlchemyError as error:
            yield self.say("store", "error", "closed", where=shown, detail=getattr(error, "orig", None) or error), 0
        finally:
            engine.dispose()

    def _schema(self, engine: Engine, where: str) -> tuple[Finding, int]:
        from alembic.config import Config as AlembicConfig
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        alembic = AlembicConfig()
        alembic.set_main_option("script_location", str(project_root() / "app" / "store" / "migrations"))
        script = ScriptDirectory.from_config(alembic)
        head = script.get_current_head()
        with engine.connect() as connection:
            have = MigrationContext.configure(connection).get_current_revision()
            if have == head:
                newest = connection.execute(text("SELECT MAX(received_us) FROM tag_last")).scalar() or 0
                return self.say("store", "ok", "ok", where=where, version=head), newest
        known = have is None or have in {revision.revision for revision in script.walk_revisions()}
        return self.say(
            "store",
            "warning" if known else "error",
            "older" if known else "newer",
            where=where,
            version=have,
            head=head,
        ), 0

    def _sound(self, engine: Engine, path: Path) -> Finding:
        deadline = time.monotonic() + CHECK_S
        with engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
            try:
                said = [str(row[0]) for row in raw.execute("PRAGMA quick_check(5)")]
            except sqlite3.OperationalError as error:
                if "interrupted" in str(error):
                    return self.say("sqlite", "warning", "long", path=path, seconds=f"{CHECK_S:.0f}")
                raise
            except sqlite3.DatabaseError as error:
                said = [str(error)]
        if said == ["ok"]:
            return self.say("sqlite", "ok", "ok", path=path)
        return self.say("sqlite", "error", "wrong", path=path, detail="; ".join(said))

    def spool(self) -> Iterator[Finding]:
        path = self._dir / "spool.bin"
        count = Spool(self._dir).count
        if count:
            yield self.say("spool", "warning", "waiting", count=count, size=f"{path.stat().st_size / 1e6:.1f}")
        else:
            yield self.say("spool", "ok", "ok")
        for kept in sorted(self._dir.glob("spool-unreadable-*.bin")):
            yield self.say("spool", "warning", "unreadable", path=kept)

    def crashes(self) -> Finding:
        reports = sorted((self._dir / "crashes").glob("crash-*.txt"))
        if not reports:
            return self.say("crashes", "ok", "none")
        last = reports[-1].stat().st_mtime
        facts = {"path": reports[-1], "time": datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")}
        recent = time.time() - last < RECENT_S
        return self.say("crashes", "warning" if recent else "ok", "recent" if recent else "old", **facts)

    # ---- brokers ---------------------------------------------------------------------------------------------

    def brokers(self, config: Config) -> Iterator[Finding]:
        if not config.brokers:
            yield self.say("broker", "warning", "none", name="MQTT")
        asks = any(broker.user and not broker.password_env for broker in config.brokers)
        directory = config.directory
        if asks or (directory is not None and directory.service_account and not directory.password_env):
            yield self.keyring()
        for broker in config.brokers:
            yield self.broker(broker)

    def keyring(self) -> Finding:
        import keyring
        from keyring.backends import chainer, fail, null

        backend = keyring.get_keyring()
        empty = isinstance(backend, chainer.ChainerBackend) and not list(backend.backends)
        if empty or isinstance(backend, fail.Keyring | null.Keyring):
            return self.say("keyring", "error", "wrong")
        return self.say("keyring", "ok", "ok", name=backend.name)

    def broker(self, broker: BrokerConfig) -> Finding:
        facts: dict[str, Any] = {"name": broker.name, "where": f"{broker.host}:{broker.port}"}
        password = broker.password()
        if broker.user and password is None:
            if broker.password_env:
                return self.say("broker", "error", "no_variable", variable=broker.password_env, **facts)
            entry = f"{KEYRING_SERVICE} {broker.user}@{broker.host}:{broker.port}"
            return self.say("broker", "error", "no_password", entry=entry, **facts)
        problem = try_connection(broker, password, self._dir, CONNECT_S)
        if problem:
            return self.say("broker", "error", "refused", detail=problem, **facts)
        return self.say("broker", "ok", "ok", **facts)

    def login_directory(self, config: Config) -> Iterator[Finding]:
        """Whether each server answers, shows the right certificate, and takes the service account."""
        if config.directory is None:
            return
        from app.access.directory import Directory

        try:
            asked = Directory(config.directory, self._dir).probe()
        except ConfigError as error:
            yield self.say("login_directory", "error", "wrong", name="LDAP", detail=error)
            return
        for server, trouble in asked:
            facts = {"name": server, "account": config.directory.service_account or "anonymous"}
            if trouble:
                yield self.say("login_directory", "error", "refused", detail=trouble, **facts)
            elif config.directory.bind_template:
                yield self.say("login_directory", "ok", "reached", **facts)
            else:
                yield self.say("login_directory", "ok", "ok", **facts)

    # ---- the machine -----------------------------------------------------------------------------------------

    def clock(self, newest_us: int) -> Finding:
        now = time.time()
        facts = {"time": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")}
        if now < BUILT:
            return self.say("clock", "error", "past", **facts)
        if now < newest_us / 1e6 - BEHIND_S:
            last = datetime.fromtimestamp(newest_us / 1e6, UTC).isoformat(timespec="seconds")
            return self.say("clock", "error", "behind", last=last, **facts)
        return self.say("clock", "ok", "ok", **facts)

    def fonts(self) -> Finding:
        missing = [name for name in FONTS if not resource_path("fonts", name).is_file()]
        if missing:
            return self.say("fonts", "error", "wrong", names=", ".join(missing))
        return self.say("fonts", "ok", "ok")

    def screen(self) -> Iterator[Finding]:
        """Whether Qt starts: in a process of its own, for a missing library may end the process."""
        program = (
            [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, str(project_root() / "main.py")]
        )
        env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        try:
            done = subprocess.run(
                [*program, "screen"], capture_output=True, timeout=SCREEN_S, check=False, env=env, text=True
            )
            said = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
        except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
            yield self.say("qt", "error", "wrong", detail=error)
            return
        if said is None:
            lines = done.stderr.strip().splitlines()
            yield self.say("qt", "error", "wrong", detail=lines[-1] if lines else f"exit {done.returncode}")
            return
        yield self.say("qt", "ok", "ok", version=said["qt"])
        if said["sound"]:
            yield self.say("sound", "ok", "ok", name=said["sound"])
        else:
            yield self.say("sound", "warning", "none")

    def licences(self) -> Finding:
        path = project_root() / "NOTICE"
        good = path.is_file()
        return self.say("licences", "ok" if good else "warning", "ok" if good else "none", path=path)


def _sqlite(path: Path) -> Engine:
    """The file, read only; as it lies there when nobody has it open."""
    quiet = not path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if quiet else "")
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=CONNECT_S))


def _server(config: Config) -> Engine:
    url = make_url(config.store.url)
    if url.get_backend_name() == "postgresql":
        url = url.update_query_dict({"connect_timeout": str(CONNECT_S)})
    password = os.environ.get(config.store.password_env) if config.store.password_env else None
    return open_engine(url.render_as_string(hide_password=False), password)


def examine(data_dir: Path) -> Iterator[Finding]:
    """Look at everything that a station in ``data_dir`` needs; findings come as they are made.

    Takes some seconds: brokers are asked, and Qt is started in another process.
    """
    yield from _Doctor(data_dir).examine()
