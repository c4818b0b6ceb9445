"""What moves a zone's colour, as data: weights of live facts, decay of incidents, hysteresis, weather by tags."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from app.clock import US
from app.paths import resource_path
from app.risk.grading import Hysteresis
from app.risk.methods import RiskRulesError

MOST = 1000.0


class _HysteresisRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    margin: float
    hold_s: float


class DecayRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Half-lives in days; below ``forget_below`` an incident counts no more."""

    accident_half_days: float
    near_miss_half_days: float
    forget_below: float


class WeatherRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag whose value above or below a limit (its own unit) adds ``weight`` to every zone, or to those named."""

    tag: str
    weight: float
    text: tuple[str, str]
    above: float | None = None
    below: float | None = None
    zones: list[str] = []


class _Pack(msgspec.Struct, frozen=True):
    version: str
    hysteresis: _HysteresisRules
    weights: dict[str, float]
    decay: DecayRules
    weather: list[WeatherRule] = []


class RiskRules(msgspec.Struct, frozen=True):
    """The dynamic part of the pack, ready to use."""

    version: str
    hysteresis: Hysteresis
    weights: dict[str, float]
    decay: DecayRules
    weather: tuple[WeatherRule, ...]

    def with_weights(self, weights: Mapping[str, float]) -> RiskRules:
        """The same with the site's own weights over the shipped ones. Raises RiskRulesError."""
        check_weights(weights, self.weights)
        return msgspec.structs.replace(self, weights={**self.weights, **weights})


def check_weights(weights: Mapping[str, Any], known: Mapping[str, float]) -> None:
    """Raises RiskRulesError naming the weight that is unknown or no number from 0 to 1000."""
    for name, weight in weights.items():
        if name not in known:
            raise RiskRulesError(f"there is no weight {name}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise RiskRulesError(f"the weight {name} is no number")
        if not 0 <= weight <= MOST:
            raise RiskRulesError(f"the weight {name} lies between 0 and {MOST:g}")


def load_risk_rules(path: Path | None = None) -> RiskRules:
    """Read the shipped pack or a site's own. Raises RiskRulesError."""
    path = path or resource_path("rules", "risk.toml")
    try:
        pack = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Pack, strict=False)
        check_weights(pack.weights, pack.weights)
        if pack.hysteresis.margin < 0 or pack.hysteresis.hold_s < 0:
            raise RiskRulesError("margin and hold_s are 0 or more")
        if min(pack.decay.accident_half_days, pack.decay.near_miss_half_days) <= 0:
            raise RiskRulesError("half-lives are above 0")
        for rule in pack.weather:
            if (rule.above is None) == (rule.below is None):
                raise RiskRulesError(f"weather {rule.tag}: either above or below")
        return RiskRules(
            version=pack.version,
            hysteresis=Hysteresis(margin=pack.hysteresis.margin, hold_us=round(pack.hysteresis.hold_s * US)),
            weights=pack.weights,
            decay=pack.decay,
            weather=tuple(pack.weather),
        )
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise RiskRulesError(f"{path}: {error}") from error
