"""Alarms after ISA-18.2 / IEC 62682: definitions, states, occurrences and the journal of transitions."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed, Versioned


class AlarmState(StrEnum):
    """States of one alarm (ISA-18.2 figure 'alarm state transition diagram')."""

    NORM = "NORM"
    UNACK = "UNACK"
    ACKED = "ACKED"
    RTNUN = "RTNUN"
    LATCH_UNACK = "LATCH_UNACK"
    LATCH_ACKED = "LATCH_ACKED"
    SHLVD = "SHLVD"
    DSUPR = "DSUPR"
    OOSRV = "OOSRV"


class Priority(IntEnum):
    """Severity of a condition and priority of its alarm; 0 is 'no alarm'."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """'none', 'low', 'medium', 'high' or 'critical'."""
        return self.name.lower()


class ConditionKind(StrEnum):
    """What makes an alarm (DOMAIN §1)."""

    HH = "HH"
    H = "H"
    L = "L"
    LL = "LL"
    DEVIATION = "DEVIATION"
    RATE = "RATE"
    STUCK = "STUCK"
    STALE = "STALE"
    BAD_QUALITY = "BAD_QUALITY"
    DISCRETE = "DISCRETE"
    CALCULATED = "CALCULATED"
    SEVERITY = "SEVERITY"  # the source itself says how severe it is


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One condition of an alarm.

    limit        threshold in the tag's unit; RATE: change per second; DEVIATION: distance from the set-point
    deadband     clears at limit ∓ deadband, same unit as limit
    on_delay_s   the condition must hold this long before the alarm is raised
    off_delay_s  … must be gone this long before it clears
    window_s     RATE: span over which the slope is taken; STUCK, STALE: how long without change / without a sample
    setpoint     DEVIATION: fixed set-point, or None with ``setpoint_tag``
    values       DISCRETE: the values that are alarms
    expression   CALCULATED: true while in alarm; names are tags, '-' and '.' written '_'
    """

    kind: ConditionKind
    priority: Priority = Priority.MEDIUM
    limit: float | None = None
    deadband: float = 0.0
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    window_s: float = 0.0
    direction: str = "both"  # RATE, DEVIATION: rise · fall · both
    setpoint: float | None = None
    setpoint_tag: str | None = None
    values: tuple[float | str, ...] = ()
    expression: str | None = None


class AlarmDefinition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm as the program stores it: one or more conditions on a tag, and what the operator should know.

    latching     after the condition clears it stays until acknowledged and reset
    auto_reset   clears to normal by itself, without acknowledgement
    count, count_window_s   raise only after that many activations within the window
    annunciate   sounds and needs attention; False only shows
    """

    key: str
    tag: str = ""
    text: str = ""
    text_en: str = ""
    conditions: tuple[Condition, ...] = ()
    latching: bool = False
    auto_reset: bool = False
    annunciate: bool = True
    count: int = 1
    count_window_s: float = 0.0
    consequence: str = ""
    consequence_en: str = ""
    actions: tuple[str, ...] = ()
    actions_en: tuple[str, ...] = ()
    respond_s: float | None = None
    enabled: bool = True


class AlarmDefinitionRow(Keyed, Versioned, Base):
    """Stored definition; ``body`` is the JSON of :class:`AlarmDefinition`."""

    __tablename__ = "alarm_definition"

    key: Mapped[str] = mapped_column(String(200), unique=True)
    tag_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"), index=True)
    body: Mapped[dict[str, Any]] = mapped_column()
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)


class AlarmRuntimeRow(Base):
    """State and running timers of one alarm, written in the transaction of the samples that moved it."""

    __tablename__ = "alarm_runtime"

    definition_id: Mapped[int] = mapped_column(ForeignKey("alarm_definition.id"), primary_key=True)
    state: Mapped[AlarmState] = mapped_column(String(16))
    body: Mapped[dict[str, Any]] = mapped_column()
    occurrence_id: Mapped[int | None] = mapped_column(BigInt)
    updated_us: Mapped[int] = mapped_column(BigInteger)


class AlarmOccurrence(Keyed, Base):
    """One life of an alarm from raise to close: a row of the alarm list."""

    __tablename__ = "alarm_occurrence"
    __table_args__ = (Index("ix_alarm_occurrence_open", "closed_us", "raised_us"),)

    definition_id: Mapped[int] = mapped_column(ForeignKey("alarm_definition.id"), index=True)
    key: Mapped[str] = mapped_column(String(200), index=True)
    tag_id: Mapped[int | None] = mapped_column(Integer, index=True)
    state: Mapped[AlarmState] = mapped_column(String(16), index=True)
    priority: Mapped[Priority] = mapped_column(Integer)
    kind: Mapped[ConditionKind] = mapped_column(String(16))
    raised_us: Mapped[int] = mapped_column(BigInteger, index=True)
    value: Mapped[float | None] = mapped_column(Float)
    value_text: Mapped[str | None] = mapped_column(String(200))
    limit: Mapped[float | None] = mapped_column(Float)
    acked_us: Mapped[int | None] = mapped_column(BigInt)
    acked_by: Mapped[str] = mapped_column(String(120), default="")
    acked_station: Mapped[str] = mapped_column(String(64), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    cleared_us: Mapped[int | None] = mapped_column(BigInt)
    closed_us: Mapped[int | None] = mapped_column(BigInt)
    held_by: Mapped[str] = mapped_column(String(120), default="")
    held_reason: Mapped[str] = mapped_column(Text, default="")
    held_until_us: Mapped[int | None] = mapped_column(BigInt)


class AlarmTransition(Keyed, Base):
    """Journal: every transition of every alarm, never changed."""

    __tablename__ = "alarm_transition"

    definition_id: Mapped[int] = mapped_column(ForeignKey("alarm_definition.id"), index=True)
    occurrence_id: Mapped[int | None] = mapped_column(BigInt, index=True)
    t_us: Mapped[int] = mapped_column(BigInteger, index=True)
    transition: Mapped[str] = mapped_column(String(32))
    from_state: Mapped[AlarmState] = mapped_column(String(16))
    to_state: Mapped[AlarmState] = mapped_column(String(16))
    priority: Mapped[Priority] = mapped_column(Integer)
    value: Mapped[float | None] = mapped_column(Float)
    by: Mapped[str] = mapped_column(String(120), default="")
    station: Mapped[str] = mapped_column(String(64), default="")
    comment: Mapped[str] = mapped_column(Text, default="")


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm list shows of one occurrence; times in UTC microseconds."""

    occurrence_id: int
    definition_id: int
    key: str
    tag_id: int | None
    tag: str
    area: str
    area_name: str
    area_name_en: str
    text: str
    text_en: str
    state: AlarmState
    priority: Priority  # highest since it was last acknowledged
    severity: Priority  # what the process says now
    kind: ConditionKind
    raised_us: int
    value: float | str | None
    limit: float | None
    unit: str
    decimals: int
    acked_us: int | None = None
    acked_by: str = ""
    acked_station: str = ""
    comment: str = ""
    cleared_us: int | None = None
    closed_us: int | None = None
    held_by: str = ""
    held_reason: str = ""
    held_until_us: int | None = None
    annunciate: bool = True

    @property
    def active(self) -> bool:
        """True until the occurrence is closed."""
        return self.closed_us is None

    @property
    def unacknowledged(self) -> bool:
        """True while someone has to look at it."""
        return self.state in UNACKNOWLEDGED


UNACKNOWLEDGED = frozenset({AlarmState.UNACK, AlarmState.RTNUN, AlarmState.LATCH_UNACK})
HELD = frozenset({AlarmState.SHLVD, AlarmState.DSUPR, AlarmState.OOSRV})
