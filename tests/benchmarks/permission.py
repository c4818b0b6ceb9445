"""What one check of a right costs: a plant of 400 places, 300 people with three grants each, as the door and the panels ask."""

from __future__ import annotations

import time
from typing import Any

from tests.benchmarks.common import main, median

PEOPLE, AREAS, CHECKS = 300, 20, 50_000


def measure(rounds: int = 5) -> dict[str, Any]:
    """Median over rounds of checks that change person, action and place each time; microseconds."""
    from app.access.permissions import load_permissions
    from app.access.rights import Book, Holder
    from models.people import Actor
    from models.readings import PlaceInfo, PlaceKind
    from models.rights import Grant, Role, RoleInfo

    pack = load_permissions()
    roles = {
        role.value: RoleInfo(code=role, name="", name_en="", ready=True, actions=pack.actions(role)) for role in Role
    }
    places = [PlaceInfo(code="P", kind=PlaceKind.PLANT, name="")]
    for area in range(AREAS):
        places.append(PlaceInfo(code=f"A{area}", kind=PlaceKind.AREA, name="", parent="P"))
        for unit in range(19):
            places.append(PlaceInfo(code=f"A{area}-{unit}", kind=PlaceKind.UNIT, name="", parent=f"A{area}"))
    codes = [role.value for role in Role]
    holders = [
        Holder(
            n,
            f"u{n}",
            "",
            True,
            tuple(Grant(role=codes[(n + k) % len(codes)], zone=f"A{(n * 7 + k) % AREAS}") for k in range(3)),
        )
        for n in range(1, PEOPLE + 1)
    ]
    book = Book(pack, roles, holders, {}, places)
    actors = [Actor(h.user_id, h.login, "", (), "B") for h in holders]
    actions = sorted(pack.scopes)
    zones = [place.code for place in places]
    asked = [
        (actions[n % len(actions)], actors[n % PEOPLE], zones[(n * 31) % len(zones)], 1_000) for n in range(CHECKS)
    ]
    times, yes = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        yes = sum(book.allowed(*question) for question in asked)
        times.append((time.perf_counter() - began) / CHECKS * 1e6)
    assert 0 < yes < CHECKS
    return {"us_per_check": round(median(times), 2), "checks": CHECKS, "allowed": yes}


if __name__ == "__main__":
    main("permission", "us_per_check <= 20", measure)
