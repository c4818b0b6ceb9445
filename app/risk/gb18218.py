"""Is a unit a major hazard installation, and of which level? GB 18218-2018: S = Σ q/Q, R = α·Σ β·q/Q.

What the rule pack does not know is refused in words: a missing substance would make the answer too mild.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.paths import resource_path
from app.risk.methods import RiskRulesError
from models.risk import MajorHazard, StockItem, StockShare


class StockError(ValueError):
    """A stock that can't be judged; ``problems`` names each line and what is wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Substance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Critical quantity Q in tonnes and correction factor β."""

    q: float
    beta: float
    aliases: list[str] = []
    checked: bool = False


class HazardRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps of α (fewest people, α) and of the level (lowest R, name), highest first; substances by name."""

    version: str
    alpha: list[tuple[int, float]]
    levels: list[tuple[float, str]]
    substances: dict[str, Substance]
    notes: str = ""


class MajorHazards:
    """The calculator over one rule pack; immutable."""

    def __init__(self, rules: HazardRules) -> None:
        self.rules = rules
        self._by_name: dict[str, str] = {}
        for name, substance in rules.substances.items():
            for word in (name, *substance.aliases):
                known = self._by_name.setdefault(_key(word), name)
                if known != name:
                    raise RiskRulesError(f"{word} is both {known} and {name}")

    def find(self, name: str) -> str | None:
        """The pack's own name of a substance, by name, alias or formula; None when it is not there."""
        return self._by_name.get(_key(name))

    def alpha(self, people: int) -> float:
        """α by people within 500 m of the boundary. Raises StockError for less than none."""
        if people < 0:
            raise StockError([f"people within 500 m: {people} is less than none"])
        return next(alpha for least, alpha in self.rules.alpha if people >= least)

    def judge(self, stock: Sequence[StockItem], people_within_500_m: int) -> MajorHazard:
        """S, α, R and the level of one unit. Raises StockError with every bad line."""
        problems: list[str] = []
        shares: list[StockShare] = []
        for number, item in enumerate(stock, 1):
            share = self._share(item)
            if isinstance(share, str):
                problems.append(f"line {number} ({item.substance}): {share}")
            else:
                shares.append(share)
        if not stock:
            problems.append("the stock is empty")
        try:
            alpha = self.alpha(people_within_500_m)
        except StockError as error:
            problems += error.problems
            alpha = 0.0
        if problems:
            raise StockError(problems)
        s = math.fsum(share.ratio for share in shares)
        r = alpha * math.fsum(share.weighted for share in shares)
        major = s >= 1
        level = next(name for least, name in self.rules.levels if r >= least) if major else ""
        return MajorHazard(s=_tidy(s), alpha=alpha, r=_tidy(r), major=major, level=level, shares=tuple(shares))

    def _share(self, item: StockItem) -> StockShare | str:
        if not math.isfinite(item.q_t) or item.q_t < 0:
            return f"{item.q_t} t can't be"
        name = self.find(item.substance)
        known = self.rules.substances[name] if name is not None else None
        critical = item.critical_t if item.critical_t is not None else known.q if known is not None else None
        beta = item.beta if item.beta is not None else known.beta if known is not None else None
        if critical is None or beta is None:
            return "not in the rule pack; give its critical_t and beta"
        if not (critical > 0 and beta > 0 and math.isfinite(critical) and math.isfinite(beta)):
            return "critical_t and beta are above 0"
        ratio = item.q_t / critical
        return StockShare(
            substance=name or item.substance,
            q_t=item.q_t,
            critical_t=critical,
            beta=beta,
            ratio=_tidy(ratio),
            weighted=_tidy(beta * ratio),
        )


def load_hazards(path: Path | None = None) -> MajorHazards:
    """Read the shipped pack or a site's own. Raises RiskRulesError."""
    path = path or resource_path("rules", "gb18218.toml")
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text("utf-8")), HazardRules, strict=False)
        for steps in (rules.alpha, rules.levels):
            floors = [step[0] for step in steps]
            if floors != sorted(floors, reverse=True) or floors[-1] != 0:
                raise RiskRulesError("steps go from the highest down to 0")
        if any(s.q <= 0 or s.beta <= 0 for s in rules.substances.values()):
            raise RiskRulesError("Q and β are above 0")
        return MajorHazards(rules)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise RiskRulesError(f"{path}: {error}") from error


def _key(name: str) -> str:
    return "".join(name.casefold().split())


def _tidy(value: float) -> float:
    """Without the noise of binary fractions in the last places."""
    return round(value, 9)
