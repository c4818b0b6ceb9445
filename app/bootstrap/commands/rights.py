"""``main.py rights …``: what may somebody do and why, who may do something; the answers of the rights panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.bootstrap.commands.common import AsJson, DataDir, failed, say
from app.bootstrap.commands.station import opened

if TYPE_CHECKING:  # loaded by the command that opens a room
    from app.access.rights import Book
    from app.bootstrap.room import ControlRoom
    from models.rights import Explained

app = typer.Typer(
    help="Rights: what may somebody do and why, who may do something.", rich_markup_mode=None, no_args_is_help=True
)
Zone = Annotated[str | None, typer.Option("--zone", help="code of a place; '' the whole plant; default: anywhere")]


@app.command("explain")
def explain(
    login: Annotated[str, typer.Argument(help="whose rights")],
    action: Annotated[str, typer.Option("--action", help="one action, as alarm.shelve; default: all")] = "",
    zone: Zone = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What may this person do, where, and why? Leaves with 1 when the one action asked for is not allowed."""
    with opened(data) as room:
        book = room.rights.book
        holder = next((h for h in book.holders.values() if h.login.lower() == login.strip().lower()), None)
        if holder is None:
            raise failed(f"there is no user {login}")
        actions = [_known(room, action)] if action else sorted(room.permissions.scopes)
        zone = _place(room, zone)
        found = [book.explain(holder.user_id, each, zone, room.now_us()) for each in actions]
    _tell(found, book, as_json)
    if action and not found[0].allowed:
        raise typer.Exit(1)


@app.command("who")
def who(
    action: Annotated[str, typer.Argument(help="an action, as alarm.shelve")],
    zone: Zone = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Who may do this, and why? Leaves with 1 when nobody may."""
    with opened(data) as room:
        book = room.rights.book
        found = book.who(_known(room, action), _place(room, zone), room.now_us())
    _tell(found, book, as_json)
    if not found:
        raise typer.Exit(1)


def _known(room: ControlRoom, action: str) -> str:
    if action not in room.permissions.scopes:
        raise failed(f"there is no action {action}")
    return action


def _place(room: ControlRoom, zone: str | None) -> str | None:
    if zone and zone not in {place.code for place in room.tags.places()}:
        raise failed(f"there is no place {zone}")
    return zone


def _tell(found: list[Explained], book: Book, as_json: bool) -> None:
    if as_json:
        say({"answers": found, "count": len(found)})
        return
    for each in found:
        because = "; ".join(
            f"{grant.role} in {grant.zone or 'the whole plant'} (by {grant.granted_by})" for grant in each.because
        )
        state = "yes" if each.allowed else "no"
        typer.echo(f"{each.login:<16} {each.action:<28} {state:<3}  {because or each.why_not or 'everybody'}")
