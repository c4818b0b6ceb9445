"""The privacy policy: a versioned rule pack that says what each private field is for and how long it is kept."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from app.clock import US
from app.paths import resource_path
from models.organisation import PersonKind
from models.privacy import ElsewhereRule, FieldRule, PrivateField

DAY_US = 86_400 * US


class PolicyError(ValueError):
    """The pack can't be used; the message names the file and what is wrong."""


class _Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    fields: dict[str, FieldRule]
    notes: str = ""
    notes_zh: str = ""
    elsewhere: tuple[ElsewhereRule, ...] = ()


class PrivacyPolicy:
    """The loaded pack; immutable."""

    def __init__(self, pack: _Pack) -> None:
        self.version, self.elsewhere = pack.version, pack.elsewhere
        self.notes, self.notes_zh = pack.notes.strip(), pack.notes_zh.strip()
        self._rules = {PrivateField(name): rule for name, rule in pack.fields.items()}

    def rule(self, field: PrivateField) -> FieldRule:
        """What the pack says of a field."""
        return self._rules[field]

    def goes_us(self, field: PrivateField, kind: PersonKind, left_us: int) -> int:
        """When (UTC microseconds) the value of somebody who left on a day must go."""
        return left_us + self._rules[field].kept_days[kind.value] * DAY_US


def load_policy(path: Path | None = None) -> PrivacyPolicy:
    """Read the shipped pack, or a site's own. Raises PolicyError."""
    path = path or resource_path("rules", "privacy.toml")
    try:
        pack = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Pack)
        known = {field.value for field in PrivateField}
        for name in sorted(known ^ pack.fields.keys()):
            raise PolicyError(f"no rule for the field {name}" if name in known else f"there is no field {name}")
        for name, rule in pack.fields.items():
            wrong = {kind.value for kind in PersonKind} ^ rule.kept_days.keys()
            if wrong or any(days < 0 for days in rule.kept_days.values()):
                raise PolicyError(f"{name}: kept_days needs a number of days, not negative, for each kind of person")
        return PrivacyPolicy(pack)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise PolicyError(f"{path}: {error}") from error
