"""``main.py audit …``: the trail verified, anchored and packed, also beside a running engine.

Whoever runs these has the data directory in hands, which is more than any right in the program. What changes or takes
something out is traced with the name of the operating system's user.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.bootstrap.commands.common import AsJson, DataDir, failed, say

if TYPE_CHECKING:
    from app.access.guard import TrailGuard
    from app.config import Config
    from app.store.engine import Store

app = typer.Typer(rich_markup_mode=None)


@app.command("verify")
def verify_trail(
    data: DataDir = None,
    public_key: Annotated[
        list[str] | None, typer.Option(help="public key (hex) to trust besides the installation's own")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole trail and name the first broken link. Leaves with 0 whole, 1 broken, 2 not readable."""
    from app.access.anchors import FOLDER, HEAD_FILE, own_public_key
    from app.access.check import fingerprint, utc
    from app.access.guard import anchor_copies
    from app.access.keys import key_store
    from app.access.verification import verify

    with _opened(data) as (directory, config, store):
        own = own_public_key(key_store(directory, config.audit.keys == "keyring"))
        trusted = {fingerprint(key): key for key in [*filter(None, [own]), *_public(public_key or [])]}
        report = verify(
            store.read,
            head=directory / FOLDER / HEAD_FILE,
            copies=anchor_copies(directory, config),
            trusted=trusted,
        )
    if as_json:
        say(report)
    else:
        anchored = utc(report.last_anchor_us) if report.last_anchor_us is not None else "never"
        typer.echo(f"{report.entries} entries, {report.anchors} anchors (last {anchored}), {report.seconds:.1f} s")
        for finding in report.findings:
            typer.echo(f"✗ row {finding.id}: {finding.kind}: {finding.detail}")
        for warning in report.warnings:
            typer.echo(f"! {warning}")
        typer.echo("✓ whole" if report.ok else "✗ NOT whole")
    if not report.ok:
        raise typer.Exit(1)


@app.command("key")
def show_key(data: DataDir = None, as_json: AsJson = False) -> None:
    """Show the public key that anchors and packages are signed with, and its fingerprint. Leaves with 1 without one."""
    from app.access.anchors import own_public_key
    from app.access.check import fingerprint
    from app.access.keys import KeyTrouble, key_store
    from app.config import ConfigError, load_config
    from app.paths import default_data_dir

    directory = data or default_data_dir()
    try:
        public_key = own_public_key(key_store(directory, load_config(directory).audit.keys == "keyring"))
    except (ConfigError, KeyTrouble) as error:
        raise failed(str(error)) from error
    if not public_key:
        raise failed(f"{directory} has no key yet: it is made at the first start", 1)
    if as_json:
        say({"key_id": fingerprint(public_key), "public_key": public_key})
    else:
        typer.echo(f"{public_key}\nfingerprint {fingerprint(public_key)}")


@app.command("anchor")
def anchor_trail(data: DataDir = None, as_json: AsJson = False) -> None:
    """Sign now how long the trail is and how it ends, besides the daily anchor."""
    from app.access.anchors import make_anchor
    from app.clock import SystemClock

    with _opened(data) as (directory, config, store), _guard(directory, config, store) as guard:
        assert guard.signer is not None
        now_us = SystemClock().now_us()
        with guard.beside(store.session, now_us) as session:
            record = make_anchor(session.connection(), guard.signer, now_us)
            facts = {"anchor": record["id"], "last_id": record["last_id"], "entries": record["entries"]}
            _trace(session, config, now_us, "audit.anchor", "audit", facts)
        guard.anchored(record)
        trouble = guard.status().trouble
    if as_json:
        say({**record, "trouble": trouble})
    else:
        typer.echo(f"anchor {record['id']} over {record['entries']} entries, key {record['key_id']}")
    if trouble:
        raise failed(trouble, 1)


@app.command("package")
def pack_trail(
    data: DataDir = None,
    out: Annotated[Path | None, typer.Option(help="file to write (default: ankan-audit-STATION-TIME.zip here)")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the auditor's package: a signed zip that a third party checks offline with the script inside.

    Leaves with 1 when the trail is not whole; the package says so, too.
    """
    from app.access.anchors import FOLDER, HEAD_FILE
    from app.access.guard import anchor_copies
    from app.access.package import write_package
    from app.clock import SystemClock
    from app.paths import VERSION

    with _opened(data) as (directory, config, store), _guard(directory, config, store) as guard:
        assert guard.signer is not None
        now_us = SystemClock().now_us()
        path = out or Path(f"ankan-audit-{config.station}-{now_us // 1_000_000}.zip")
        packed = write_package(
            path,
            read=store.read,
            signer=guard.signer,
            head=directory / FOLDER / HEAD_FILE,
            copies=anchor_copies(directory, config),
            config=config,
            version=VERSION,
            now_us=now_us,
        )
        with guard.beside(store.session, now_us) as session:
            _trace(session, config, now_us, "audit.package", str(path.resolve()), {"entries": packed.entries})
    if as_json:
        say(packed)
    else:
        typer.echo(f"{packed.path}: {packed.entries} entries, {packed.bytes} bytes, key {packed.key}")
        if packed.trail.first_broken:
            typer.echo(f"✗ row {packed.trail.first_broken.id}: {packed.trail.first_broken.detail}")
    if not packed.trail.ok:
        raise typer.Exit(1)


@contextmanager
def _opened(data: Path | None) -> Iterator[tuple[Path, Config, Store]]:
    """The store of a data directory; all that can be in the way ends in a sentence."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.access.keys import KeyTrouble
    from app.config import ConfigError, load_config
    from app.logs import set_up_logging
    from app.paths import default_data_dir
    from app.store.engine import StoreError, open_store

    set_up_logging("warning")
    directory = data or default_data_dir()
    try:
        config = load_config(directory)
        if not config.store.url and not (directory / "ankan.db").is_file():
            raise failed(f"{directory} has no store: is this the data directory?")
        store = open_store(directory, config.store.url, config.store.password_env)
        try:
            yield directory, config, store
        finally:
            store.close()
    except (ConfigError, StoreError, KeyTrouble, OSError, SQLAlchemyError) as error:
        raise failed(str(error)) from error


@contextmanager
def _guard(directory: Path, config: Config, store: Store) -> Iterator[TrailGuard]:
    """A guard of its own; fails when there is no usable key."""
    from app.access.guard import TrailGuard
    from app.clock import SystemClock

    guard = TrailGuard(directory, config, store.read, lambda _action, _actor: False, SystemClock())
    try:
        if guard.signer is None:
            raise failed(guard.status().trouble)
        yield guard
    finally:
        guard.close()


def _trace(session: Any, config: Config, now_us: int, action: str, target: str, facts: dict[str, Any]) -> None:
    from app.access import audit
    from models.people import system_actor

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = str(os.getuid()) if hasattr(os, "getuid") else "?"
    audit.append(
        session,
        t_us=now_us,
        actor=system_actor(config.station),
        action=action,
        target=target,
        outcome="done",
        after={**facts, "command_line": user},
    )


def _public(keys: list[str]) -> list[str]:
    for key in keys:
        try:
            right = len(bytes.fromhex(key)) == 32
        except ValueError:
            right = False
        if not right:
            raise failed(f"{key} is no public key: 64 hexadecimal digits")
    return keys
