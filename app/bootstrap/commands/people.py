"""``main.py people …``: the organisation's workbook in and out, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.bootstrap.commands.common import AsJson, DataDir, failed, say
from app.bootstrap.commands.station import Login, Reason, done, opened, signed_in

app = typer.Typer(help="People and organisation: import a workbook, list gaps.", rich_markup_mode=None)


@app.command("template")
def template(file: Annotated[Path, typer.Argument(help="workbook to write (.xlsx)")], data: DataDir = None) -> None:
    """Write an empty workbook with titles and notes."""
    with opened(data) as room:
        room.organisation.write_template(file)
    typer.echo(str(file))


@app.command("import")
def import_book(
    file: Annotated[Path, typer.Argument(help="workbook (.xlsx), or one sheet as .csv in UTF-8 or GBK")],
    data: DataDir = None,
    login: Login = "",
    reason: Reason = "",
    sheet: Annotated[str, typer.Option(help="which sheet a .csv is, when its name does not say")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only check; needs no login")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a workbook, naming every bad cell, and take it in whole. Leaves with 1 when a cell is bad."""
    from models.organisation_commands import ImportOrganisation

    if dry_run:
        with opened(data) as room:
            check = room.wing.register.dry_run(file, sheet)
        _tell(check, as_json, imported=False)
    else:
        with signed_in(data, login) as (room, actor):
            check = room.organisation.check_file(file, actor, sheet)
            if not check.problems:
                order = ImportOrganisation(draft=check.draft, source=check.source, reason=reason)
                done(room.door.submit(order, actor).result())
        _tell(check, as_json, imported=not check.problems)
    if check.problems:
        raise typer.Exit(1)


def _tell(check: Any, as_json: bool, *, imported: bool) -> None:
    """Never the draft: it holds private values."""
    if as_json:
        say({"imported": imported, "source": check.source, "counts": check.counts, "problems": check.problems})
        return
    for problem in check.problems:
        typer.echo(f"{problem.sheet}!{problem.cell}  {problem.found}  {problem.what} → {problem.mend}")
        typer.echo(f"    {problem.what_en} → {problem.mend_en}")
    for count in check.counts:
        typer.echo(f"{count.sheet}: {count.new} new, {count.changed} changed, {count.same} the same")
    typer.echo("imported" if imported else f"{len(check.problems)} bad cells; nothing was written")


@app.command("export")
def export_book(
    file: Annotated[Path, typer.Argument(help="workbook to write (.xlsx)")],
    data: DataDir = None,
    login: Login = "",
) -> None:
    """Write the organisation as a workbook that can be imported again; names and private values masked."""
    from models.commands import ExportData

    if file.suffix.lower() != ".xlsx":
        raise failed(f"{file}: the ending must be .xlsx")
    with signed_in(data, login) as (room, actor):
        if not room.door.allowed(ExportData.action, actor):
            raise failed(f"forbidden: {login} may not {ExportData.action}", 3)
        count = room.organisation.export_book(file, actor)
        done(room.door.submit(ExportData(what="organisation", rows=count, path=str(file)), actor).result())
    typer.echo(f"{count} people: {file}")


@app.command("gaps")
def gaps(data: DataDir = None, as_json: AsJson = False) -> None:
    """What is missing: places without a duty, posts without people or duty, departments without a head …"""
    from models.people import system_actor

    with opened(data) as room:
        found = room.organisation.gaps(system_actor(room.name))
    if as_json:
        say({"gaps": found, "count": len(found)})
        return
    for gap in found:
        about = " ".join(filter(None, (gap.place, gap.duty, gap.post, gap.department, gap.person)))
        typer.echo(f"{gap.side.value:<7} {gap.code.value:<24} {about}  {gap.name}")
    typer.echo(f"{len(found)} gaps")
