"""5 000 zones and points, 1 000 alarm events a second: how long from an event to the colour that it makes."""

from __future__ import annotations

import random
import time
from typing import Any

from tests.benchmarks.common import main, percentile

ZONES, DEVICES, EVENTS_PER_S, SECONDS, TICK_S = 1_000, 4_000, 1_000, 20, 0.05


def measure() -> dict[str, Any]:
    """Events arrive evenly in real time; the engine ticks as in the room. Only alarms that move a colour are timed."""
    from app.risk.engine import RiskEngine
    from app.risk.methods import load_methods
    from app.risk.rules import load_risk_rules
    from app.risk.sources import AlarmFacts
    from models.alarms import AlarmRow, AlarmState, ConditionKind, Priority
    from models.readings import PlaceInfo, PlaceKind, TagInfo

    places = [PlaceInfo(code="P", kind=PlaceKind.PLANT, name="")]
    places += [PlaceInfo(code=f"A{n}", kind=PlaceKind.AREA, name="", parent="P") for n in range(ZONES)]
    places += [PlaceInfo(code=f"D{n}", kind=PlaceKind.DEVICE, name="", parent=f"A{n % ZONES}") for n in range(DEVICES)]
    tags = {n: TagInfo(id=n, name=f"T{n}", device=f"D{n}") for n in range(DEVICES)}

    class Tags:
        def by_id(self, tag_id: int) -> TagInfo | None:
            return tags.get(tag_id)

        def by_name(self, name: str) -> TagInfo | None:
            return None

        def all(self) -> list[TagInfo]:
            return list(tags.values())

        def places(self) -> list[PlaceInfo]:
            return places

    alarms = AlarmFacts(Tags())
    engine = RiskEngine(load_methods(), load_risk_rules(), [alarms])
    dice = random.Random(7)
    values = (20.0, 60.0, 126.0, 200.0)
    engine.arrange(places, {p.code: dice.choice(values) for p in places[1:]}, 0)
    began = time.perf_counter()
    engine.tick(0)
    first_ms = (time.perf_counter() - began) * 1000

    def row(n: int) -> AlarmRow:
        state = dice.choice((AlarmState.UNACK, AlarmState.ACKED, AlarmState.NORM))
        return AlarmRow(
            occurrence_id=n, definition_id=n, key=f"T{n}.H", tag_id=n, tag=f"T{n}", area=f"A{n % ZONES}", area_name="",
            area_name_en="", text="", text_en="", state=state, priority=dice.choice(list(Priority)[1:]),
            severity=Priority.LOW, kind=ConditionKind.H, raised_us=0, value=1.0, limit=1.0, unit="", decimals=0,
            closed_us=1 if state is AlarmState.NORM else None,
        )  # fmt: skip

    waits: list[float] = []
    regrades, sent, start = 0, 0, time.perf_counter()
    pending: dict[str, float] = {}
    next_tick = start + TICK_S
    while sent < EVENTS_PER_S * SECONDS:
        now = time.perf_counter()
        due = min(EVENTS_PER_S * SECONDS, int((now - start) * EVENTS_PER_S))
        while sent < due:
            event = row(dice.randrange(DEVICES))
            alarms.take([event])
            at = start + sent / EVENTS_PER_S  # when it came, not when this loop saw it
            for zone in (f"D{event.tag_id}", event.area):
                pending.setdefault(zone, at)
            sent += 1
        if now >= next_tick:
            changed, _ = engine.tick(int((now - start) * 1_000_000))
            done = time.perf_counter()
            for change in changed:
                regrades += 1
                waits.append(done - pending.get(change.place, done))
            pending.clear()
            next_tick += TICK_S
        time.sleep(0.0005)
    return {
        "p99_ms": round(percentile(waits, 0.99) * 1000, 1),
        "p50_ms": round(percentile(waits, 0.5) * 1000, 1),
        "regrades": regrades,
        "events_per_s": EVENTS_PER_S,
        "zones_and_points": ZONES + DEVICES,
        "first_tick_ms": round(first_ms, 1),
    }


if __name__ == "__main__":
    main("risk_regrade", "p99_ms <= 100", measure)
