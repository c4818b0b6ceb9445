"""``main.py security …``: the bill of materials, and the check of it against advisories that the site brings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.bootstrap.commands.common import AsJson, failed, say

app = typer.Typer(rich_markup_mode=None)


@app.command("sbom")
def write_bill(
    out: Annotated[Path | None, typer.Option(help="file to write; without it the bill goes to the output")] = None,
    as_json: AsJson = False,
) -> None:
    """The bill of materials (CycloneDX 1.6, JSON) of what is installed here. ``--json``: on one line."""
    import json
    import sys

    from app.access.bill import bill_of_materials
    from app.clock import SystemClock
    from app.paths import VERSION

    bill = bill_of_materials(VERSION, SystemClock().now_us())
    if out is not None:
        try:
            out.write_bytes(bill + b"\n")
        except OSError as error:
            raise failed(str(error)) from error
        if as_json:
            say({"path": str(out), "components": len(json.loads(bill)["components"])})
        else:
            typer.echo(str(out))
    elif as_json:
        say(json.loads(bill))
    else:
        sys.stdout.buffer.write(bill + b"\n")


@app.command("dependencies")
def check_dependencies(
    advisories: Annotated[
        Path | None, typer.Option(help="folder or zip of OSV advisories (JSON); the program fetches none itself")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold what is installed against advisories. Leaves with 0 nothing known, 1 something is, 3 nothing was checked."""
    from app.access.advisories import AdvisoryError, Checked, check_advisories
    from app.access.bill import parts

    found, _ = parts()
    try:
        checked = (
            check_advisories(advisories, found)
            if advisories is not None
            else Checked(advisories=0, packages=len(found), weaknesses=())
        )
    except (AdvisoryError, OSError) as error:
        raise failed(str(error)) from error
    if as_json:
        say({"ok": checked.ok, "checked": checked.advisories > 0, **_plain(checked)})
    for weakness in checked.weaknesses if not as_json else ():
        mend = f" → {', '.join(weakness.fixed)}" if weakness.fixed else ""
        names = " ".join((weakness.advisory, *weakness.aliases))
        typer.echo(f"✗ {weakness.package} {weakness.version}: {names} {weakness.severity} {weakness.summary}{mend}")
    if not checked.advisories:
        raise failed("nothing was checked: give a folder or zip of OSV advisories with --advisories", 3)
    if not as_json:
        typer.echo(f"{checked.advisories} advisories (newest {checked.modified or '?'}), {checked.packages} packages")
    if checked.weaknesses:
        raise typer.Exit(1)


def _plain(checked: object) -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(checked)
    return plain
