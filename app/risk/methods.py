"""The methods that grade one risk: LEC, LS and matrices of the site's own. Scales and bands are data (risk.toml)."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from app.paths import resource_path
from models.risk import Assessment, Grade


class RiskRulesError(ValueError):
    """The rule pack can't be used; the message names the file and what is wrong."""


class ScoreError(ValueError):
    """A score that the method does not know. ``field`` names it, ``allowed`` are the scores there are."""

    def __init__(self, field: str, given: object, allowed: Sequence[str]) -> None:
        super().__init__(f"{field} = {given}: allowed are {', '.join(allowed)}")
        self.field, self.given, self.allowed = field, given, tuple(allowed)


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values from ``at_least`` on have this grade; name in Chinese and English."""

    at_least: float
    grade: Grade
    name: tuple[str, str]


class LecRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scales (score → words in Chinese and English) and bands, highest first."""

    likelihood: dict[str, tuple[str, str]]
    exposure: dict[str, tuple[str, str]]
    consequence: dict[str, tuple[str, str]]
    bands: list[Band]


class LsRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scores 1 … ``most`` and bands, highest first."""

    most: int
    bands: list[Band]


class MatrixRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A matrix: rows severities, columns likelihoods, each (code, Chinese, English); a grade in each cell."""

    name: tuple[str, str]
    columns: list[tuple[str, str, str]]
    rows: list[tuple[str, str, str]]
    cells: list[list[Grade]]


class MethodRules(msgspec.Struct, frozen=True):
    """What the methods need of the pack; other parts of it belong to others."""

    version: str
    lec: LecRules
    ls: LsRules
    matrix: dict[str, MatrixRules]
    scale: dict[Grade, float]


class Methods:
    """The methods of one rule pack; immutable."""

    def __init__(self, rules: MethodRules) -> None:
        self.rules = rules

    def lec(self, likelihood: float, exposure: float, consequence: float) -> Assessment:
        """D = L·E·C. Raises ScoreError for a score that is not on its scale."""
        rules = self.rules.lec
        scores = {"L": likelihood, "E": exposure, "C": consequence}
        for (field, score), scale in zip(
            scores.items(), (rules.likelihood, rules.exposure, rules.consequence), strict=True
        ):
            if not any(float(known) == score for known in scale):
                raise ScoreError(field, plain(score), list(scale))
        value = round(likelihood * exposure * consequence, 9)
        return _banded("lec", {key: plain(score) for key, score in scores.items()}, value, rules.bands)

    def ls(self, likelihood: int, severity: int) -> Assessment:
        """R = L·S, both 1 … 5. Raises ScoreError."""
        allowed = [str(n) for n in range(1, self.rules.ls.most + 1)]
        for field, score in (("L", likelihood), ("S", severity)):
            if str(score) not in allowed:
                raise ScoreError(field, score, allowed)
        return _banded("ls", {"L": likelihood, "S": severity}, likelihood * severity, self.rules.ls.bands)

    def matrix(self, name: str, severity: str, likelihood: str) -> Assessment:
        """The cell of a matrix of the site's own; its value is the grade's on the common scale. Raises ScoreError."""
        found = self.rules.matrix.get(name)
        if found is None:
            raise ScoreError("matrix", name, list(self.rules.matrix))
        rows, columns = [row[0] for row in found.rows], [column[0] for column in found.columns]
        if severity not in rows:
            raise ScoreError("S", severity, rows)
        if likelihood not in columns:
            raise ScoreError("L", likelihood, columns)
        grade = found.cells[rows.index(severity)][columns.index(likelihood)]
        return Assessment(
            method=name, inputs={"S": severity, "L": likelihood}, value=self.rules.scale[grade], grade=grade
        )

    def grade_of(self, value: float) -> Grade:
        """The colour of a value on the common (LEC) scale."""
        return next(band.grade for band in self.rules.lec.bands if value >= band.at_least)

    def floors(self) -> dict[Grade, float]:
        """Where each colour begins on the common (LEC) scale."""
        return {
            band.grade: band.at_least for band in self.rules.lec.bands
        }  # highest first: the lowest of a colour stays

    def assess(self, method: str, inputs: Mapping[str, float | str]) -> Assessment:
        """By name, as the register stores it: 'lec', 'ls' or a matrix. Raises ScoreError, also for missing scores."""
        try:
            if method == "lec":
                return self.lec(float(inputs["L"]), float(inputs["E"]), float(inputs["C"]))
            if method == "ls":
                return self.ls(int(inputs["L"]), int(inputs["S"]))
            return self.matrix(method, str(inputs["S"]), str(inputs["L"]))
        except KeyError as missing:
            raise ScoreError(str(missing.args[0]), "nothing", ["a score"]) from missing
        except (TypeError, ValueError, OverflowError) as error:
            if isinstance(error, ScoreError):
                raise
            raise ScoreError(method, str(error), ["numbers"]) from error

    def on_scale(self, assessment: Assessment) -> float:
        """The value on the common (LEC) scale, on which a zone's factors add up."""
        return assessment.value if assessment.method == "lec" else self.rules.scale[assessment.grade]


def load_methods(path: Path | None = None) -> Methods:
    """Read the shipped pack or a site's own. Raises RiskRulesError."""
    path = path or resource_path("rules", "risk.toml")
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text("utf-8")), MethodRules, strict=False)
        for bands in (rules.lec.bands, rules.ls.bands):
            floors = [band.at_least for band in bands]
            if floors != sorted(floors, reverse=True) or floors[-1] != 0:
                raise RiskRulesError("bands go from the highest down to 0")
            if [b.grade.rank for b in bands] != sorted((b.grade.rank for b in bands), reverse=True):
                raise RiskRulesError("a higher band has no milder grade")
        for name, matrix in rules.matrix.items():
            if len(matrix.cells) != len(matrix.rows) or any(len(row) != len(matrix.columns) for row in matrix.cells):
                raise RiskRulesError(f"matrix {name}: one cell for each row and column")
            if name in ("lec", "ls"):
                raise RiskRulesError(f"matrix {name}: the name is taken")
        if set(rules.scale) != set(Grade):
            raise RiskRulesError("[scale] needs a value for each grade")
        return Methods(rules)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise RiskRulesError(f"{path}: {error}") from error


def plain(value: float) -> float:
    """An int where the number is whole, for people and JSON."""
    return int(value) if math.isfinite(value) and value == int(value) else value


def _banded(method: str, inputs: Mapping[str, float | str], value: float, bands: Sequence[Band]) -> Assessment:
    band = next(band for band in bands if value >= band.at_least)
    return Assessment(
        method=method,
        inputs=dict(inputs),
        value=plain(value),
        grade=band.grade,
        band=band.name[0],
        band_en=band.name[1],
    )
