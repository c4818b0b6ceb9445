"""Personal and health data: every value encrypted, in tables of its own, and what each field is for.

Only ciphertext is stored; :mod:`app.access.vault` holds the way in. The purpose, the legal basis and the time that a
field is kept are a rule pack (resources/rules/privacy.toml); the inventory shows both beside what is really there.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Keyed
from models.organisation import PersonRow


class PrivateField(StrEnum):
    """Everything private that is known of a person."""

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    ADDRESS = "address"
    MAIL = "mail"
    BIRTH_DATE = "birth_date"
    EMERGENCY_CONTACT = "emergency_contact"
    EMERGENCY_PHONE = "emergency_phone"
    BLOOD_TYPE = "blood_type"
    ALLERGIES = "allergies"
    OCCUPATIONAL_EXAM = "occupational_exam"
    FITNESS = "fitness"
    CONTRAINDICATIONS = "contraindications"

    @property
    def health(self) -> bool:
        """True for health data (sensitive personal information)."""
        return self in HEALTH_FIELDS


HEALTH_FIELDS = frozenset(
    {
        PrivateField.BLOOD_TYPE,
        PrivateField.ALLERGIES,
        PrivateField.OCCUPATIONAL_EXAM,
        PrivateField.FITNESS,
        PrivateField.CONTRAINDICATIONS,
    }
)


class _Sealed(Keyed):
    """One value of one person: AES-256-GCM under the key ``key_id``, bound to table, person and field."""

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    field: Mapped[str] = mapped_column(String(32))
    nonce: Mapped[bytes] = mapped_column()
    ciphertext: Mapped[bytes] = mapped_column()
    key_id: Mapped[str] = mapped_column(String(32), index=True)
    updated_us: Mapped[int] = mapped_column(BigInteger)


class PersonPrivate(_Sealed, Base):
    """Personal data."""

    __tablename__ = "person_private"
    __table_args__ = (UniqueConstraint("person_id", "field"),)


class PersonHealth(_Sealed, Base):
    """Health data."""

    __tablename__ = "person_health"
    __table_args__ = (UniqueConstraint("person_id", "field"),)


class PrivateValues(msgspec.Struct, frozen=True):
    """Private values on their way to the store, by field; '' takes one away. Never prints itself."""

    values: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"PrivateValues({', '.join(sorted(self.values))})"


class FieldRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the pack says of a field.

    kept_days   after leaving, by kind of person; the value goes by itself then
    statutory   must be kept that long: an earlier erasure leaves it
    seen_by     actions of which one is needed to see it in clear
    """

    name: str
    name_en: str
    purpose: str
    purpose_en: str
    basis: str
    basis_en: str
    sensitive: bool = False
    statutory: bool = False
    kept_days: dict[str, int]
    seen_by: tuple[str, ...]


class ElsewhereRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Personal data that lies outside the vault, and why."""

    where: str
    what: str
    what_en: str
    purpose: str
    purpose_en: str
    basis: str
    basis_en: str
    kept: str
    kept_en: str


class PrivateCell(msgspec.Struct, frozen=True, kw_only=True):
    """A field on a person's card: whether there is a value, and the value masked. ``readable`` is False without its key."""

    field: PrivateField
    present: bool
    masked: str
    updated_us: int | None
    readable: bool = True


class PersonCard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about somebody that may be shown without a reason."""

    row: PersonRow
    private: tuple[PrivateCell, ...]


class InventoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """A field, what it is for, how many values there are, and how many are past their time."""

    field: PrivateField
    rule: FieldRule
    table: str
    values: int
    overdue: int


class KeyUse(msgspec.Struct, frozen=True):
    """How many values a key protects; ``present`` is False when the key is gone and they can't be read."""

    key_id: str
    values: int
    present: bool
    current: bool


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """What personal data there is, why, on which legal basis, until when, and under which keys.

    purged_us   when the program last removed what was past its time; None: never
    next_us     when (UTC microseconds) the next value will be past its time; None: nobody who left has any
    key_us      since when values are encrypted with the current key; None: nothing is yet
    """

    version: str  # of the rule pack
    notes: str
    lines: tuple[InventoryLine, ...]
    elsewhere: tuple[ElsewhereRule, ...]
    keys: tuple[KeyUse, ...]
    people: dict[str, int]  # by kind, active and left
    erased: int
    notes_zh: str = ""
    purged_us: int | None = None
    next_us: int | None = None
    key_us: int | None = None


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of an erasure: fields that went, and those that the law keeps, with the day (UTC µs) they will go."""

    gone: tuple[str, ...]
    kept: dict[str, int]
