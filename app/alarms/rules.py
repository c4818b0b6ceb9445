"""The rule pack of alarms: limits for shelving and muting, bounds of definitions, figures for performance."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from app.paths import resource_path
from models.alarms import Priority


class AlarmRulesError(ValueError):
    """The rule pack can't be used; the message names the file and what is wrong."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unknown names are mistakes."""


class ShelveRules(_Strict, frozen=True):
    """How long an alarm of each priority (by word) may be shelved, in seconds."""

    max_s: dict[str, float]
    min_reason: int

    def longest_s(self, priority: Priority) -> float:
        """Longest shelving of an alarm of this priority, in seconds."""
        return self.max_s[priority.word]


class MuteRules(_Strict, frozen=True):
    """How long a station may be mute, in seconds."""

    max_s: float
    min_reason: int


class HoldRules(_Strict, frozen=True):
    """Taking out of service."""

    min_reason: int


class SoundRules(_Strict, frozen=True):
    """How often an alarm of each priority (by word) sounds until it is silenced, in seconds from start to start."""

    repeat_s: dict[str, float]


class DefinitionRules(_Strict, frozen=True):
    """Bounds of definitions, in seconds."""

    max_delay_s: float
    max_window_s: float


class KpiRules(_Strict, frozen=True):
    """Figures and targets of alarm performance; times in seconds."""

    bin_s: float
    average_per_bin: float
    day_manageable: float
    day_over_demanding: float
    flood_starts: int
    flood_ends: int
    flood_share: float
    stale_s: float
    chattering_count: int
    chattering_window_s: float
    fleeting_s: float
    repeating_per_day: float
    top: int
    top_share: float
    stale_most: int
    chattering_most: int
    ack_s: float
    share_slack: float
    heat_steps: tuple[int, ...]
    priority_share: dict[str, float]


class AlarmRules(_Strict, frozen=True):
    """The whole pack."""

    version: str
    shelve: ShelveRules
    mute: MuteRules
    sound: SoundRules
    out_of_service: HoldRules
    definition: DefinitionRules
    kpi: KpiRules
    notes: str = ""


def load_alarm_rules(path: Path | None = None) -> AlarmRules:
    """Read the shipped pack, or a site's own. Raises AlarmRulesError."""
    path = path or resource_path("rules", "alarm_rules.toml")
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text("utf-8")), AlarmRules)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise AlarmRulesError(f"{path}: {error}") from error
    for name, table in (("shelve.max_s", rules.shelve.max_s), ("sound.repeat_s", rules.sound.repeat_s)):
        missing = [p.word for p in Priority if p and not table.get(p.word, 0.0) > 0]
        if missing:
            raise AlarmRulesError(f"{path}: {name} lacks {missing[0]}, or it is not more than 0")
    if not 0 < rules.kpi.flood_ends <= rules.kpi.flood_starts or rules.kpi.bin_s <= 0:
        raise AlarmRulesError(f"{path}: a flood ends below what it starts with, and bin_s is more than 0")
    return rules
