"""Where chips and labels stand on a map, so that dense ones gather and none covers another; pixels only, no drawing.

The page does the same in resources/web/map/layout.js; both are held to the same behaviour by tests.

1. Chips by priority: one that would touch a chip already placed joins its group, which shows the number.
2. Labels of alarms. 3. Zones' names inside their outline, shortened when they don't fit. 4. All other labels,
which keep off the plan's own words when they can, and are left away when nothing is free (the tool tip has them).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

Box = tuple[float, float, float, float]  # left, top, right, bottom
CELL = 64.0
GAP = 3.0
INSET = 7.0
STEPS = 4  # places tried along a row of a zone
SIDES = ("right", "left", "below", "above")


class Spot(msgspec.Struct, frozen=True):
    """A marker that wants a chip; ``width`` of its text, 0 = none; ``loud`` for alarms."""

    id: str
    x: float
    y: float
    priority: int
    width: float
    loud: bool = False


class Plate(msgspec.Struct, frozen=True):
    """A zone's name that wants a place within ``room``; ``widths`` from the longest form to the shortest."""

    code: str
    room: Box
    widths: tuple[float, ...]
    at: tuple[float, float] | None = None


class Chip(msgspec.Struct, frozen=True):
    """A placed chip: its marker, all it stands for, and its label's box (None = no room)."""

    id: str
    x: float
    y: float
    members: tuple[str, ...]
    label: Box | None


class Arrangement(msgspec.Struct, frozen=True):
    """Chips; for each zone the form of its name (index of its widths) with the box; which of the plan's words are free."""

    chips: list[Chip]
    plates: dict[str, tuple[int, Box]]
    words: list[bool]


class Crowd:
    """Boxes that are taken, quick to ask."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[Box, str]]] = defaultdict(list)

    @staticmethod
    def _over(box: Box) -> Iterator[tuple[int, int]]:
        for column in range(int(box[0] // CELL), int(box[2] // CELL) + 1):
            for row in range(int(box[1] // CELL), int(box[3] // CELL) + 1):
                yield column, row

    def add(self, box: Box, name: str = "") -> None:
        """Take a box."""
        for cell in self._over(box):
            self._cells[cell].append((box, name))

    def hit(self, box: Box, but: str | None = None) -> str | None:
        """The name of a box that this one covers, None when it is free."""
        left, top, right, bottom = box
        for cell in self._over(box):
            for (a, b, c, d), name in self._cells.get(cell, ()):
                if a < right and c > left and b < bottom and d > top and name != but:
                    return name
        return None


def side_box(side: str, x: float, y: float, badge: float, width: float, height: float) -> Box:
    """Where a label of that size lies at a side of a chip."""
    half, off = badge / 2, badge / 2 + 1
    if side == "right":
        return x + off, y - height / 2, x + off + width, y + height / 2
    if side == "left":
        return x - off - width, y - height / 2, x - off, y + height / 2
    if side == "below":
        return x - width / 2, y + off, x + width / 2, y + off + height
    return x - width / 2, y - half - 1 - height, x + width / 2, y - half - 1


def arrange(
    spots: Iterable[Spot], plates: Iterable[Plate], words: Sequence[Box], badge: float, height: float
) -> Arrangement:
    """Place everything; ``words`` are boxes of the plan's own texts, ``badge`` and ``height`` sizes of chip and label."""
    ordered = sorted(spots, key=lambda s: (-s.priority, s.id))
    crowd, soft = Crowd(), Crowd()
    for box in words:
        soft.add(box)
    heads: dict[str, Spot] = {}
    members: dict[str, list[str]] = {}
    for spot in ordered:
        half = badge / 2
        box = (spot.x - half, spot.y - half, spot.x + half, spot.y + half)
        head = crowd.hit(box)
        if head is None:
            crowd.add(box, spot.id)
            heads[spot.id], members[spot.id] = spot, [spot.id]
        else:
            members[head].append(spot.id)
    labels: dict[str, Box] = {}

    def place(spot: Spot) -> None:
        for grounds in ((crowd, soft), (crowd,)):
            for side in SIDES:
                box = side_box(side, spot.x, spot.y, badge, spot.width, height)
                if all(g.hit(_wider(box), but=spot.id) is None for g in grounds):
                    labels[spot.id] = box
                    crowd.add(box, f"label {spot.id}")
                    return

    for spot in heads.values():
        if spot.loud and spot.width:
            place(spot)
    placed = {plate.code: found for plate in plates if (found := _plate(plate, crowd, height)) is not None}
    for spot in heads.values():
        if spot.width and not spot.loud:
            place(spot)
    chips = [Chip(s.id, s.x, s.y, tuple(members[s.id]), labels.get(s.id)) for s in heads.values()]
    return Arrangement(chips, placed, [crowd.hit(box) is None for box in words])


def _wider(box: Box) -> Box:
    return box[0] - GAP, box[1] - GAP, box[2] + GAP, box[3] + GAP


def _plate(plate: Plate, crowd: Crowd, height: float) -> tuple[int, Box] | None:
    left, top, right, bottom = plate.room
    if bottom - top < height + INSET:
        return None
    for form, width in enumerate(plate.widths):
        if width > right - left - INSET:
            continue
        steps = [left + INSET + (right - left - 2 * INSET - width) * n / STEPS for n in range(STEPS + 1)]
        rows = (top + INSET, bottom - INSET - height, top + 2 * INSET + height)
        spots = [(x, y) for y in rows if y + height <= bottom for x in steps]
        for x, y in [plate.at, *spots] if plate.at is not None else spots:
            box = (x, y, x + width, y + height)
            if crowd.hit(_wider(box)) is None:
                crowd.add(box, f"zone {plate.code}")
                return form, box
    return None
