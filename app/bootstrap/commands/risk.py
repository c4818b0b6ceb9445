"""``main.py risk …``: the methods that grade a risk, on the same code as register and map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.bootstrap.commands.common import AsJson, failed, say

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
