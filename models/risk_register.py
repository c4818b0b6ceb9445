"""What the store knows of risk: the register, who answers, stocks, incidents, the plan and its shapes, every regrade.

Risks stand as a tree of objects (风险分析对象), units (风险分析单元) and events (风险事件); only events carry grades.
``place`` is always the code of a place of the plant tree.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned


class ItemKind(StrEnum):
    """Levels of the risk tree."""

    OBJECT = "object"
    UNIT = "unit"
    EVENT = "event"


class ControlKind(StrEnum):
    """What keeps a risk down: 工程技术 · 管理 · 培训教育 · 个体防护 · 应急处置."""

    ENGINEERING = "engineering"
    MANAGEMENT = "management"
    TRAINING = "training"
    PPE = "ppe"
    EMERGENCY = "emergency"


class AnswerFor(StrEnum):
    """包保责任: 主要负责人 · 技术负责人 · 操作负责人."""

    PRINCIPAL = "principal"
    TECHNICAL = "technical"
    OPERATIONAL = "operational"


class IncidentKind(StrEnum):
    """What happened: harm, or nearly."""

    ACCIDENT = "accident"
    NEAR_MISS = "near_miss"


class RiskItem(Keyed, Versioned, Base):
    """An object, unit or event of the register; methods and scores only on events."""

    __tablename__ = "risk_item"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[ItemKind] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("risk_item.id"), index=True)
    place: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    accident: Mapped[str] = mapped_column(String(64), default="")  # accident type, GB 6441
    consequence: Mapped[str] = mapped_column(Text, default="")
    method: Mapped[str] = mapped_column(String(32), default="")
    inherent: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    inherent_value: Mapped[float | None] = mapped_column(Float)
    inherent_grade: Mapped[str] = mapped_column(String(8), default="")
    residual: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    residual_value: Mapped[float | None] = mapped_column(Float)
    residual_grade: Mapped[str] = mapped_column(String(8), default="")
    x: Mapped[float | None] = mapped_column(Float)
    y: Mapped[float | None] = mapped_column(Float)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class RiskControl(Keyed, Versioned, Base):
    """A control of an event, and the inspection that shows that it works: which post, every how many days."""

    __tablename__ = "risk_control"

    item_id: Mapped[int] = mapped_column(ForeignKey("risk_item.id"), index=True)
    kind: Mapped[ControlKind] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    duty_post: Mapped[str] = mapped_column(String(64), default="")
    duty_text: Mapped[str] = mapped_column(Text, default="")
    cycle_days: Mapped[int | None] = mapped_column(Integer)


class RiskAnswerable(Keyed, Base):
    """Who answers for a place: the person's number."""

    __tablename__ = "risk_answerable"
    __table_args__ = (UniqueConstraint("place", "role"),)

    place: Mapped[str] = mapped_column(String(64))
    role: Mapped[AnswerFor] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(64))


class HazardUnit(Keyed, Versioned, Base):
    """A unit judged by GB 18218: its stock, people near, and the answer as last computed."""

    __tablename__ = "hazard_unit"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(64), index=True)
    people: Mapped[int] = mapped_column(Integer)
    stock: Mapped[list[Any]] = mapped_column()
    s: Mapped[float] = mapped_column(Float)
    alpha: Mapped[float] = mapped_column(Float)
    r: Mapped[float] = mapped_column(Float)
    level: Mapped[str] = mapped_column(String(16), default="")


class Incident(Keyed, Versioned, Base):
    """An accident or near-miss and what was learned from it."""

    __tablename__ = "incident"

    number: Mapped[str] = mapped_column(String(64), unique=True)
    t_us: Mapped[int] = mapped_column(BigInteger, index=True)
    place: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[IncidentKind] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    accident: Mapped[str] = mapped_column(String(64), default="")
    dead: Mapped[int] = mapped_column(Integer, default=0)
    injured: Mapped[int] = mapped_column(Integer, default=0)
    loss: Mapped[float] = mapped_column(Float, default=0.0)  # 10 000 CNY
    direct_cause: Mapped[str] = mapped_column(Text, default="")
    indirect_cause: Mapped[str] = mapped_column(Text, default="")
    root_cause: Mapped[str] = mapped_column(Text, default="")
    measures: Mapped[str] = mapped_column(Text, default="")
    closed: Mapped[bool] = mapped_column(Boolean, default=False)


class SitePlan(Keyed, Base):
    """A revision of the plant plan; the last one counts. Units are metres, x to the east, y to the north."""

    __tablename__ = "site_plan"

    kind: Mapped[str] = mapped_column(String(16))
    media_type: Mapped[str] = mapped_column(String(64))
    width: Mapped[float] = mapped_column(Float)
    height: Mapped[float] = mapped_column(Float)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    saved_us: Mapped[int] = mapped_column(BigInteger)


class ZoneOutline(Versioned, Base):
    """Where a place lies on the plan."""

    __tablename__ = "zone_outline"

    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    polygon: Mapped[list[Any]] = mapped_column()
    label: Mapped[list[Any] | None] = mapped_column(default=None)


class MapPoint(Keyed, Versioned, Base):
    """A thing on the plan: camera, hydrant, muster point, wind mast … ``heading`` in degrees from north, clockwise."""

    __tablename__ = "map_point"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    layer: Mapped[str] = mapped_column(String(16), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    name_en: Mapped[str] = mapped_column(String(120), default="")
    x: Mapped[float] = mapped_column(Float)
    y: Mapped[float] = mapped_column(Float)
    heading: Mapped[float | None] = mapped_column(Float)
    range_m: Mapped[float | None] = mapped_column(Float)
    place: Mapped[str] = mapped_column(String(64), default="")
    target: Mapped[str] = mapped_column(String(200), default="")


class RegradeRow(Keyed, Base):
    """A zone changed its colour: append-only, with everything that made it so."""

    __tablename__ = "regrade"
    __table_args__ = (Index("ix_regrade_place_t_us", "place", "t_us"),)

    t_us: Mapped[int] = mapped_column(BigInteger, index=True)
    place: Mapped[str] = mapped_column(String(64))
    before: Mapped[str] = mapped_column(String(8))
    after: Mapped[str] = mapped_column(String(8))
    inherent: Mapped[float] = mapped_column(Float)
    value: Mapped[float] = mapped_column(Float)
    factors: Mapped[list[Any]] = mapped_column()
    cause: Mapped[str] = mapped_column(String(64), default="")


class ZoneOverride(Keyed, Base):
    """A colour set by hand, until its end or until it was taken back (``ended_us``)."""

    __tablename__ = "zone_override"

    place: Mapped[str] = mapped_column(String(64), index=True)
    grade: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    since_us: Mapped[int] = mapped_column(BigInteger)
    until_us: Mapped[int] = mapped_column(BigInteger)
    ended_us: Mapped[int | None] = mapped_column(BigInt)
    ended_by: Mapped[str] = mapped_column(String(64), default="")


class RiskWeights(Keyed, Base):
    """Weights of the site's own; the last row counts, earlier ones tell since when."""

    __tablename__ = "risk_weights"

    t_us: Mapped[int] = mapped_column(BigInteger)
    by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[dict[str, Any]] = mapped_column()
