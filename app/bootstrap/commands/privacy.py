"""``main.py privacy …``: the inventory of personal data, and a new key for it."""

from __future__ import annotations

import typer

from app.bootstrap.commands.common import AsJson, DataDir, say
from app.bootstrap.commands.station import Login, Reason, done, opened, signed_in

app = typer.Typer(help="Personal data: inventory, change of key.", rich_markup_mode=None)


@app.command("inventory")
def inventory(data: DataDir = None, as_json: AsJson = False) -> None:
    """What personal data is kept, what for, on which legal basis, how many values, how many past their time."""
    from models.people import system_actor

    with opened(data) as room:
        found = room.organisation.inventory(system_actor(room.name))
    if as_json:
        say(found)
        return
    for line in found.lines:
        rule = line.rule
        days = ", ".join(f"{kind} {count} d" for kind, count in rule.kept_days.items())
        typer.echo(
            f"{line.field.value:<18} {line.values:>6} values, {line.overdue} overdue   kept after leaving: {days}"
        )
        typer.echo(f"    {rule.name}: {rule.purpose}  [{rule.basis}]")
    for key in found.keys:
        state = "current" if key.current else "old" if key.present else "MISSING"
        typer.echo(f"key {key.key_id}: {key.values} values, {state}")


@app.command("rotate-key")
def rotate_key(data: DataDir = None, login: Login = "", reason: Reason = "", as_json: AsJson = False) -> None:
    """Encrypt all private data with a new key; the old one goes after the commit."""
    from models.organisation_commands import RotateVaultKey

    with signed_in(data, login) as (room, actor):
        count = done(room.door.submit(RotateVaultKey(reason=reason), actor).result())
        current, known = room.wing.private.keys
    if as_json:
        say({"values": count, "key": current, "keys": len(known)})
    else:
        typer.echo(f"{count} values are encrypted with the new key {current}")
