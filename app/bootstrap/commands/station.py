"""A station opened from the command line: for reading, or for an order that a person gives and signs in for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.bootstrap.commands.common import failed

if TYPE_CHECKING:  # a start must stay cheap: the room is loaded by the command that opens it
    from app.bootstrap.room import ControlRoom
    from app.ports import Answer
    from models.people import Actor

PASSWORD_ENV = "ANKAN_PASSWORD"
CODE_ENV = "ANKAN_CODE"
Login = Annotated[str, typer.Option("--login", help=f"who gives the order; password from {PASSWORD_ENV} or asked")]
Reason = Annotated[str, typer.Option("--reason", help="why; stands in the trail")]


@contextmanager
def opened(data: Path | None) -> Iterator[ControlRoom]:
    """The station's room without engine or links, for reading. Ends the command in words when it can't be."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.access.keys import KeyTrouble
    from app.bootstrap.room import open_room
    from app.config import ConfigError
    from app.logs import set_up_logging
    from app.paths import default_data_dir
    from app.ports import Refused
    from app.store.engine import StoreError

    set_up_logging("warning")
    try:
        room = open_room(data or default_data_dir())
        try:
            with room.store.read() as connection:
                room.tags.load(connection)
            room.rights.reload()
            yield room
        finally:
            room.stop()
    except (ConfigError, StoreError, KeyTrouble, OSError, ValueError) as error:
        raise failed(str(error)) from error
    except Refused as refused:
        raise failed(f"{refused.code}: {refused.detail}", 3) from refused
    except SQLAlchemyError as error:
        raise failed(f"the store failed: {type(error).__name__}") from error


@contextmanager
def signed_in(data: Path | None, login: str) -> Iterator[tuple[ControlRoom, Actor]]:
    """The room with its engine, without links, and the person; the session is closed at the end."""
    from models.commands import LogOut

    if not login:
        raise failed("who gives the order? Name yourself with --login")
    with opened(data) as room:
        room.engine.start()
        actor = _admitted(room, login)
        try:
            yield room, actor
        finally:
            room.door.submit(LogOut(), actor).result()


def _admitted(room: ControlRoom, login: str) -> Actor:
    import os

    password = os.environ.get(PASSWORD_ENV) or typer.prompt("Password", hide_input=True, err=True)
    result = room.people.log_in(login, password).result()
    if result.code == "totp_needed":
        code = os.environ.get(CODE_ENV) or typer.prompt("One-time code", err=True)
        result = room.people.log_in(login, password, code).result()
    if result.actor is None:
        raise failed(f"{login} is not let in: {result.code}", 3)
    return result.actor


def done(answer: Answer) -> Any:
    """The data of an order that was carried out; else the command ends in words."""
    if not answer.ok:
        raise failed(f"{answer.code}: {answer.detail}", 3)
    return answer.data
