"""Tags and readings: what a sensor is, what it said, and how far it can be believed.

``Reading`` is the hot-path type (tens of thousands a second), hence a slotted msgspec struct outside the garbage
collector's sight; ``Tag`` and ``Place`` are tables; ``TagInfo`` is the frozen copy that engine and screens share.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned


class Quality(IntEnum):
    """Trust in one value, with the numeric codes of OPC (DA 3.00, quality byte): the higher the better."""

    BAD = 0
    BAD_NO_VALUE = 8
    BAD_SENSOR = 16
    BAD_LAST_KNOWN = 20
    BAD_COMM = 24
    UNCERTAIN = 64
    UNCERTAIN_RANGE = 84
    GOOD = 192

    @property
    def word(self) -> str:
        """'good', 'uncertain' or 'bad'."""
        return quality_word(self)


def quality_word(code: int) -> str:
    """'good' (≥ 192), 'uncertain' (64…191) or 'bad' (below 64)."""
    return "good" if code >= Quality.GOOD else "uncertain" if code >= Quality.UNCERTAIN else "bad"


class TagKind(StrEnum):
    """What the values of a tag are."""

    ANALOG = "analog"
    DISCRETE = "discrete"
    TEXT = "text"


class Retention(StrEnum):
    """Class of tag for retention; how long each class lives is set in the configuration."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"


class Reading(msgspec.Struct, gc=False):
    """One value of one tag as decoded from the wire.

    ``t_us`` is the source's time in UTC microseconds, or 0 when the source gave none (the pipeline then uses the time
    of receipt). ``value`` is None for "no value" and is never replaced by 0.
    """

    tag: str
    t_us: int
    value: float | str | None
    quality: int = 192
    unit: str | None = None
    historical: bool = False


class PlaceKind(StrEnum):
    """Levels of the plant tree above a tag."""

    PLANT = "plant"
    AREA = "area"
    UNIT = "unit"
    DEVICE = "device"


class Place(Keyed, Base):
    """A node of the plant tree: plant → area → unit → device."""

    __tablename__ = "place"

    parent_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"), index=True)
    kind: Mapped[PlaceKind] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120), default="")
    position: Mapped[int] = mapped_column(Integer, default=0)


class Tag(Keyed, Versioned, Base):
    """A measuring point. ``name`` is its plant number (GD-07) and is what payloads and mappings speak of."""

    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    description: Mapped[str] = mapped_column(String(200), default="")
    description_en: Mapped[str] = mapped_column(String(200), default="")
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"), index=True)
    kind: Mapped[TagKind] = mapped_column(String(16), default=TagKind.ANALOG)
    unit: Mapped[str] = mapped_column(String(32), default="")  # UCUM code: Cel, kPa, %, mm/s, m3/h …
    decimals: Mapped[int] = mapped_column(Integer, default=1)
    range_lo: Mapped[float | None] = mapped_column(Float)
    range_hi: Mapped[float | None] = mapped_column(Float)
    stale_after_s: Mapped[float | None] = mapped_column(Float)
    retention: Mapped[Retention] = mapped_column(String(16), default=Retention.NORMAL)
    compress_deadband: Mapped[float | None] = mapped_column(Float)
    states: Mapped[dict[str, Any] | None] = mapped_column(default=None)  # discrete: {"0": ["关", "closed"], …}
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class TagInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen copy of a tag and its place in the plant, for the engine and the screens."""

    id: int
    name: str
    description: str = ""
    description_en: str = ""
    area: str = ""  # code of the area, the key for filters
    area_name: str = ""
    area_name_en: str = ""
    unit_code: str = ""
    unit_name: str = ""
    unit_name_en: str = ""
    device: str = ""
    device_name: str = ""
    device_name_en: str = ""
    kind: TagKind = TagKind.ANALOG
    unit: str = ""
    decimals: int = 1
    range_lo: float | None = None
    range_hi: float | None = None
    stale_after_s: float | None = None
    retention: Retention = Retention.NORMAL
    compress_deadband: float | None = None
    states: dict[str, list[str]] | None = None


class PlaceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen copy of a place; ``parent`` is the code of the place above it, '' at the top."""

    code: str
    kind: PlaceKind
    name: str
    name_en: str = ""
    parent: str = ""
    position: int = 0


class LiveValue(msgspec.Struct, frozen=True, gc=False):
    """The latest value of a tag: source time and time of receipt in UTC microseconds."""

    tag_id: int
    t_us: int
    value: float | str | None
    quality: int
    received_us: int


class Sample(Base):
    """History in arrival order: key (ts, tag) appends at the end of the tree, see ADR 0003."""

    __tablename__ = "sample"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class

    ts_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[float | None] = mapped_column(Float)
    quality: Mapped[int] = mapped_column(Integer)


class SampleText(Base):
    """History of text tags (batch numbers, device states): rare, so it has a table of its own."""

    __tablename__ = "sample_text"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class

    ts_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[str | None] = mapped_column(Text)
    quality: Mapped[int] = mapped_column(Integer)


class TagLast(Base):
    """The latest sample of each tag, written with every batch: live values and duplicates survive a restart."""

    __tablename__ = "tag_last"

    tag_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    ts_us: Mapped[int] = mapped_column(BigInteger)
    received_us: Mapped[int] = mapped_column(BigInteger)
    value: Mapped[float | None] = mapped_column(Float)
    value_text: Mapped[str | None] = mapped_column(Text)
    quality: Mapped[int] = mapped_column(Integer)


class _Rollup:
    """Columns of a rollup row: good samples of one tag in one bucket, with the bad ones counted."""

    tag_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    ts_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # start of the bucket
    n: Mapped[int] = mapped_column(Integer)
    bad: Mapped[int] = mapped_column(Integer)
    v_min: Mapped[float | None] = mapped_column(Float)
    v_max: Mapped[float | None] = mapped_column(Float)
    v_sum: Mapped[float | None] = mapped_column(Float)


class RollupSecond(_Rollup, Base):
    """1 s rollups."""

    __tablename__ = "rollup_1s"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class


class RollupMinute(_Rollup, Base):
    """1 min rollups."""

    __tablename__ = "rollup_1m"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class


class RollupHour(_Rollup, Base):
    """1 h rollups."""

    __tablename__ = "rollup_1h"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Watermark(Base):
    """How far a background job of the store has come (rollup level, retention), so that it resumes after a crash."""

    __tablename__ = "watermark"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    t_us: Mapped[int] = mapped_column(BigInteger)


class DeadLetter(Keyed, Base):
    """A message, or one reading of it, that could not be used: kept with the reason until retried or discarded."""

    __tablename__ = "dead_letter"
    __table_args__ = (Index("ix_dead_letter_reason_received", "reason", "received_us"),)

    received_us: Mapped[int] = mapped_column(BigInteger, index=True)
    source: Mapped[str] = mapped_column(String(64), default="")
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column()  # first 64 KiB
    payload_size: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(64))  # a code of models.events.Refusal
    detail: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16), default="open", index=True)  # open · retried · discarded
    handled_us: Mapped[int | None] = mapped_column(BigInt)
    handled_by: Mapped[str] = mapped_column(String(120), default="")
