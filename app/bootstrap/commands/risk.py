"""``main.py risk …``: the methods that grade a risk, on the same code as register and map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.bootstrap.commands.common import AsJson, DataDir, failed, say

if TYPE_CHECKING:  # a start must stay cheap
    from models.risk import Assessment

app = typer.Typer(help="Risk: LEC, LS, matrices, GB 18218.", rich_markup_mode=None, no_args_is_help=True)
Rules = Annotated[Path | None, typer.Option("--rules", help="a rule pack of the site's own")]


@app.command("lec")
def lec(
    likelihood: Annotated[float, typer.Argument(help="L: 10 6 3 1 0.5 0.2 0.1")],
    exposure: Annotated[float, typer.Argument(help="E: 10 6 3 2 1 0.5")],
    consequence: Annotated[float, typer.Argument(help="C: 100 40 15 7 3 1")],
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """D = L·E·C and its grade."""
    _grade(rules, as_json, "lec", {"L": likelihood, "E": exposure, "C": consequence})


@app.command("ls")
def ls(
    likelihood: Annotated[int, typer.Argument(help="L: 1 … 5")],
    severity: Annotated[int, typer.Argument(help="S: 1 … 5")],
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """R = L·S and its grade."""
    _grade(rules, as_json, "ls", {"L": likelihood, "S": severity})


@app.command("matrix")
def matrix(
    name: Annotated[str, typer.Argument(help="a matrix of the rule pack")],
    severity: Annotated[str, typer.Argument(help="row")],
    likelihood: Annotated[str, typer.Argument(help="column")],
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """The grade of a cell of the site's own matrix."""
    _grade(rules, as_json, name, {"S": severity, "L": likelihood})


@app.command("gb18218")
def gb18218(
    file: Annotated[Path, typer.Option("--file", help='{"stock": [{"substance", "q_t"}], "people_within_500_m"}')],
    rules: Rules = None,
    as_json: AsJson = False,
) -> None:
    """Is a unit a major hazard installation, and of which level (GB 18218-2018)?"""
    import msgspec

    from app.risk.gb18218 import StockError, load_hazards
    from app.risk.methods import RiskRulesError
    from models.risk import UnitStock

    try:
        if file.stat().st_size > 1_000_000:
            raise failed(f"{file}: larger than 1 MB; that is no stock of one unit")
        given = msgspec.json.decode(file.read_bytes(), type=UnitStock)
        found = load_hazards(rules).judge(given.stock, given.people_within_500_m)
    except StockError as error:
        raise failed("\n".join(error.problems)) from error
    except (OSError, RiskRulesError, msgspec.DecodeError) as error:
        raise failed(f"{file}: {error}" if not isinstance(error, RiskRulesError) else str(error)) from error
    if as_json:
        say(
            {
                "S": found.s,
                "alpha": found.alpha,
                "R": found.r,
                "level": found.level,
                "major": found.major,
                "shares": found.shares,
            }
        )
        return
    typer.echo(f"S = {found.s:g}  α = {found.alpha:g}  R = {found.r:g}")
    typer.echo(f"重大危险源 {found.level}" if found.major else "S < 1: 不构成重大危险源 · no major hazard installation")


def _grade(rules: Path | None, as_json: bool, method: str, inputs: dict[str, Any]) -> None:
    from app.risk.methods import RiskRulesError, ScoreError, load_methods

    try:
        found = load_methods(rules).assess(method, inputs)
    except (ScoreError, RiskRulesError) as error:
        raise failed(str(error)) from error
    _tell(found, as_json)


def _tell(found: Assessment, as_json: bool) -> None:
    if as_json:
        say(
            {
                "value": found.value,
                "level": found.level,
                "colour": found.grade.value,
                "method": found.method,
                "inputs": found.inputs,
                "band": found.band,
                "band_en": found.band_en,
            }
        )
        return
    typer.echo(f"{found.value:g}  {found.level}风险  {found.grade.value}  {found.band}")


@app.command("why")
def why(
    zone: Annotated[str, typer.Argument(help="code of a place that is a zone")],
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Why this colour? The last stored change of a zone, with every factor: what the running station showed then."""
    from app.bootstrap.commands.station import opened

    with opened(data) as room:
        found = room.risk.regrades(zone, limit=1)
        if not found:
            known = {place.code for place in room.tags.places()}
            raise failed(f"{zone} never changed its colour" if zone in known else f"there is no place {zone}")
    last = found[0]
    if as_json:
        say(last)
        return
    typer.echo(f"{last.place}: {last.before.value} → {last.after.value}  {last.value:g} ({last.inherent:g} inherent)")
    for factor in last.factors:
        typer.echo(f"  {factor.weight:+g}  {factor.kind:<9} {factor.evidence}")


@app.command("what-if")
def what_if(
    weights: Annotated[Path, typer.Option("--weights", help="JSON object: weight → number from 0 to 1000")],
    days: Annotated[float, typer.Option("--days", help="so many days back from now")] = 30,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """What stored alarms and incidents would have made of the zones under other weights."""
    import msgspec

    from app.bootstrap.commands.station import opened
    from app.risk.methods import RiskRulesError
    from models.people import system_actor

    try:
        wanted = msgspec.json.decode(weights.read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError) as error:
        raise failed(f"{weights}: {error}") from error
    with opened(data) as room:
        room.risk_side.read().engine.tick(room.now_us())
        now_us = room.now_us()
        try:
            found = room.risk.what_if(wanted, now_us - round(days * 86_400e6), now_us, system_actor(room.name))
        except RiskRulesError as error:
            raise failed(str(error)) from error
    if as_json:
        say({"present": len(found.present), "other": len(found.other), "shares": found.shares, "kinds": found.kinds})
        return
    for share in found.shares:
        typer.echo(f"{share.place:<10} {_hours(share.present_s)}  →  {_hours(share.other_s)}")


def _hours(seconds: dict[str, float]) -> str:
    return " ".join(f"{colour} {value / 3600:.1f} h" for colour, value in seconds.items() if value)
