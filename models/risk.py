"""Risk: grades and their colours, what makes a zone's colour, and the answers of the methods that grade a risk.

Grades follow 重大/较大/一般/低风险 = red/orange/yellow/blue.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Grade(StrEnum):
    """Risk grade of an event, an object or a zone, by its colour; worst first."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    BLUE = "blue"

    @property
    def rank(self) -> int:
        """0 blue … 3 red."""
        return 3 - list(Grade).index(self)

    @property
    def level(self) -> str:
        """The standard's word: 重大 · 较大 · 一般 · 低."""
        return {"red": "重大", "orange": "较大", "yellow": "一般", "blue": "低"}[self.value]

    @classmethod
    def of_rank(cls, rank: int) -> Grade:
        """The grade of a rank; ranks beyond the ends stay at the ends."""
        return list(cls)[3 - max(0, min(3, rank))]


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What a method says: the value, its band in the method's own words, and the grade.

    ``inputs`` are the scores as given; ``level`` the standard's word for the grade.
    """

    method: str
    inputs: dict[str, float | str]
    value: float
    grade: Grade
    band: str = ""
    band_en: str = ""

    @property
    def level(self) -> str:
        """重大 · 较大 · 一般 · 低."""
        return self.grade.level


class StockItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hazardous substance in a unit: ``q_t`` tonnes at most there at once.

    ``critical_t`` and ``beta`` are for substances that the rule pack does not know.
    """

    substance: str
    q_t: float
    critical_t: float | None = None
    beta: float | None = None


class UnitStock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All hazardous substances of one unit, and how many people live or work within 500 m of the boundary."""

    stock: list[StockItem]
    people_within_500_m: int


class StockShare(msgspec.Struct, frozen=True, kw_only=True):
    """What one substance adds: q/Q to S and β·q/Q to R (before α)."""

    substance: str
    q_t: float
    critical_t: float
    beta: float
    ratio: float
    weighted: float


class MajorHazard(msgspec.Struct, frozen=True, kw_only=True):
    """Identification and grading of a major hazard installation (GB 18218-2018).

    ``s`` = Σ q/Q; at 1 or more it is one. ``r`` = α·Σ β·q/Q. ``level`` 一级 … 四级, '' when it is none.
    """

    s: float
    alpha: float
    r: float
    major: bool
    level: str
    shares: tuple[StockShare, ...]


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for a zone's colour: a row of the answer to "why this colour?".

    kind         'alarm' · 'ticket' · 'permit' · 'incident' · 'sensor' · 'weather' · 'people' …
    weight       added to the inherent value, on the LEC scale
    evidence     what it is, in the plant's words; ``target`` leads there ('alarm:17', 'tag:GD-11', 'incident:4')
    since_us, until_us   UTC µs; None = until it is taken away
    """

    kind: str
    weight: float
    evidence: str
    evidence_en: str = ""
    target: str = ""
    since_us: int = 0
    until_us: int | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds at a place and counts: ``amount`` times the weight named ``weigh``.

    ``share`` names a weight that is a factor on it (an alarm in hand); ``own`` is a weight of its own (weather).
    Times in UTC µs; ``until_us`` None means until it is taken away.
    """

    kind: str
    place: str
    weigh: str = ""
    amount: float = 1.0
    share: str = ""
    own: float = 0.0
    evidence: str
    evidence_en: str = ""
    target: str = ""
    since_us: int = 0
    until_us: int | None = None


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A grade set by hand, until ``until_us`` (UTC µs); needs a reason and a signature."""

    grade: Grade
    reason: str
    by: str
    since_us: int
    until_us: int


class Regrade(msgspec.Struct, frozen=True, kw_only=True):
    """A zone changed its colour, with everything that made it so. ``cause`` is what tipped it."""

    t_us: int
    place: str
    before: Grade
    after: Grade
    inherent: float
    value: float
    factors: tuple[Factor, ...]
    cause: str = ""


class ZoneState(msgspec.Struct, frozen=True, kw_only=True):
    """A zone as maps and lists show it now; ``grade`` is what is shown, ``computed`` what the sum alone says."""

    place: str
    inherent: float
    inherent_grade: Grade
    value: float
    computed: Grade
    grade: Grade
    since_us: int
    factors: tuple[Factor, ...]
    override: Override | None = None
    falling_us: int | None = None  # from then on the sum has been low enough for a milder colour
