"""Orders about risk: register, who answers, stocks, incidents, plan and outlines, colours by hand, weights."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.commands import Command
from models.risk import Grade, StockItem

Point = tuple[float, float]


class _Reasoned(Command, frozen=True, kw_only=True):
    """An order that may say why."""

    reason: str = ""


class RiskItemDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An object, unit or event as edited; ``parent`` is the code of the item above it.

    ``inherent`` and ``residual`` are the method's scores (events only); values and grades are computed.
    """

    code: str
    kind: str
    place: str
    name: str
    name_en: str = ""
    parent: str = ""
    accident: str = ""
    consequence: str = ""
    method: str = ""
    inherent: dict[str, float | str] | None = None
    residual: dict[str, float | str] | None = None
    point: Point | None = None


class SaveRiskItem(_Reasoned, frozen=True, kw_only=True):
    """Create or change an item; ``version`` is the one that was edited (0: new)."""

    action: ClassVar[str] = "risk.item_save"
    item: RiskItemDraft
    version: int = 0

    @property
    def target(self) -> str:
        """The item."""
        return f"risk:{self.item.code}"


class RemoveRiskItem(_Reasoned, frozen=True, kw_only=True):
    """Take an item out of the register; its history stays. Refused while something stands beneath it."""

    action: ClassVar[str] = "risk.item_remove"
    code: str

    @property
    def target(self) -> str:
        """The item."""
        return f"risk:{self.code}"


class SaveControl(_Reasoned, frozen=True, kw_only=True):
    """Create (``control_id`` 0) or change a control of an event and its inspection duty."""

    action: ClassVar[str] = "risk.control_save"
    item: str
    kind: str
    text: str
    control_id: int = 0
    duty_post: str = ""
    duty_text: str = ""
    cycle_days: int | None = None

    @property
    def target(self) -> str:
        """The event."""
        return f"risk:{self.item}"


class RemoveControl(_Reasoned, frozen=True, kw_only=True):
    """Take a control away."""

    action: ClassVar[str] = "risk.control_remove"
    control_id: int

    @property
    def target(self) -> str:
        """The control."""
        return f"control:{self.control_id}"


class SetAnswerable(_Reasoned, frozen=True, kw_only=True):
    """Who answers for a place, by role; an empty person takes it away."""

    action: ClassVar[str] = "risk.answerable"
    place: str
    role: str
    person: str

    @property
    def target(self) -> str:
        """The place."""
        return f"place:{self.place}"


class SaveHazardUnit(_Reasoned, frozen=True, kw_only=True):
    """Create or change a unit judged by GB 18218; the answer is computed and stored with it."""

    action: ClassVar[str] = "risk.hazard_save"
    code: str
    name: str
    place: str
    people_within_500_m: int
    stock: tuple[StockItem, ...]

    @property
    def target(self) -> str:
        """The unit."""
        return f"hazard:{self.code}"


class IncidentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An accident or near-miss; ``t_us`` UTC µs, ``loss`` in 10 000 CNY."""

    number: str
    t_us: int
    place: str
    kind: str
    title: str
    text: str = ""
    accident: str = ""
    dead: int = 0
    injured: int = 0
    loss: float = 0.0
    direct_cause: str = ""
    indirect_cause: str = ""
    root_cause: str = ""
    measures: str = ""
    closed: bool = False


class SaveIncident(_Reasoned, frozen=True, kw_only=True):
    """Create or change an incident of the register."""

    action: ClassVar[str] = "incident.save"
    incident: IncidentDraft
    version: int = 0

    @property
    def target(self) -> str:
        """The incident."""
        return f"incident:{self.incident.number}"


class OverrideZone(_Reasoned, frozen=True, kw_only=True):
    """Set a zone's colour by hand until ``until_us`` (UTC µs); needs a reason and a signature."""

    action: ClassVar[str] = "risk.override"
    place: str
    grade: Grade
    until_us: int

    @property
    def target(self) -> str:
        """The zone."""
        return f"zone:{self.place}"


class EndOverride(_Reasoned, frozen=True, kw_only=True):
    """Take a colour set by hand back: the sum rules again at once."""

    action: ClassVar[str] = "risk.override_end"
    place: str

    @property
    def target(self) -> str:
        """The zone."""
        return f"zone:{self.place}"


class SaveRiskWeights(_Reasoned, frozen=True, kw_only=True):
    """Weights of the site's own over the shipped ones; what is not named is the shipped one."""

    action: ClassVar[str] = "risk.weights"
    weights: dict[str, float]

    @property
    def target(self) -> str:
        """The weights."""
        return "risk:weights"


class SavePlan(_Reasoned, frozen=True, kw_only=True):
    """A new revision of the plant plan. ``width`` and ``height`` in metres."""

    action: ClassVar[str] = "map.plan"
    kind: str
    media_type: str
    width: float
    height: float
    data: bytes

    @property
    def target(self) -> str:
        """The plan."""
        return "map:plan"

    def __repr__(self) -> str:
        """Without the picture."""
        return f"SavePlan({self.kind}, {self.width:g} × {self.height:g} m, {len(self.data)} bytes)"


class SaveOutline(_Reasoned, frozen=True, kw_only=True):
    """Where a place lies on the plan: at least three corners in metres; none takes the outline away."""

    action: ClassVar[str] = "map.outline"
    place: str
    polygon: tuple[Point, ...]
    label: Point | None = None

    @property
    def target(self) -> str:
        """The place."""
        return f"place:{self.place}"


class MapPointDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A thing on the plan; ``heading`` degrees clockwise from north, ``range_m`` how far a camera sees."""

    code: str
    layer: str
    x: float
    y: float
    name: str = ""
    name_en: str = ""
    place: str = ""
    target: str = ""
    heading: float | None = None
    range_m: float | None = None


class SaveMapPoint(_Reasoned, frozen=True, kw_only=True):
    """Create, move or change a point of the plan."""

    action: ClassVar[str] = "map.point"
    point: MapPointDraft

    @property
    def target(self) -> str:
        """The point."""
        return f"point:{self.point.code}"


class RemoveMapPoint(_Reasoned, frozen=True, kw_only=True):
    """Take a point off the plan."""

    action: ClassVar[str] = "map.point_remove"
    code: str

    @property
    def target(self) -> str:
        """The point."""
        return f"point:{self.code}"
