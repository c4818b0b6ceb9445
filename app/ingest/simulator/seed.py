"""Fills an empty demo store: the plant's list, and a believable past that went through the real pipeline.

Nothing of the past is made up by hand: the simulator's own samples, with scenarios placed in the past, were decoded,
alarmed and stored like live ones on a clock that was set back; somebody on duty acknowledged what came.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy.orm import Session

from app.alarms.acts import act
from app.alarms.engine import AlarmEngine
from app.alarms.logic import Act
from app.clock import US, ManualClock
from app.ingest.pipeline import Pipeline
from app.ingest.simulator.demo import DemoPlant
from app.ingest.simulator.simulator import Block, Simulator
from models.alarms import AlarmDefinitionRow, AlarmState
from models.people import Actor
from models.readings import Place, Reading, Tag

MINUTE, HOUR = 60 * US, 3600 * US
#: Hours before now at which scenarios of the past begin and end.
PAST = (("wear", 20.0, 19.2), ("lightning", 14.0, 13.9), ("lost", 9.5, 9.2), ("stuck", 5.0, 3.4), ("trip", 2.6, 2.5))
ACK_AFTER = 4 * MINUTE
WAITING = 9 * MINUTE  # what was raised this shortly before now still waits for somebody
ROWS = 15  # times in one batch: about 4 000 samples
COMMENTS = ("已现场确认", "已通知仪表班", "已联系班组处理", "跟踪观察")


def fill_plant(session: Session, plant: DemoPlant) -> None:
    """Places, tags and alarm definitions."""
    places: dict[str, int] = {}
    for draft in plant.places:
        place = Place(
            code=draft.code,
            kind=draft.kind,
            name=draft.name,
            name_en=draft.name_en,
            position=draft.position,
            parent_id=places[draft.parent] if draft.parent else None,
        )
        session.add(place)
        session.flush()
        places[draft.code] = place.id
    tags: dict[str, Tag] = {}
    for item in plant.tags:
        fields = msgspec.structs.asdict(item)
        tag = Tag(place_id=places[fields.pop("place")], **fields)
        session.add(tag)
        tags[tag.name] = tag
    session.flush()
    for alarm in plant.alarms:
        session.add(
            AlarmDefinitionRow(
                key=alarm.key, tag_id=tags[alarm.tag].id if alarm.tag else None, body=msgspec.to_builtins(alarm)
            )
        )


def place_past(simulator: Simulator, now_us: int) -> None:
    """Let the scenarios of PAST have happened."""
    for name, begin_h, end_h in PAST:
        simulator.start_scenario(name, now_us - int(begin_h * HOUR))
        simulator.stop_scenario(name, now_us - int(end_h * HOUR))


def live_through(
    pipeline: Pipeline,
    engine: AlarmEngine,
    simulator: Simulator,
    clock: ManualClock,
    now_us: int,
    duty: Callable[[int], Actor],
    *,
    hours: float = 24.0,
) -> int:
    """Send the past through the pipeline: a sample in two minutes, the last two hours one in ten seconds.

    ``duty`` says who was on duty at a time. Returns the number of samples.
    """
    start = now_us - int(hours * HOUR)
    fine = max(start, now_us - 2 * HOUR)
    count = 0
    for first, last, step_s in ((start, fine, 120.0), (fine, now_us, 10.0)):
        if last <= first:
            continue
        for block in simulator.history(first, last, step_s):
            texts = block.texts
            for at in range(0, len(block.t_us), ROWS):
                part = block._replace(
                    t_us=block.t_us[at : at + ROWS],
                    values=block.values[at : at + ROWS],
                    qualities=block.qualities[at : at + ROWS],
                    texts=[text for text in texts if block.t_us[at] <= text[1] <= block.t_us[at : at + ROWS][-1]],
                )
                clock.set(int(part.t_us[-1]))
                readings = _readings(part)
                count += len(readings)
                pipeline.feed(readings)
                pipeline.tick()
                _acknowledge(engine, clock.now_us(), now_us - WAITING, duty)
                pipeline.flush_changes()
    clock.set(now_us)
    pipeline.tick()
    return count


def _readings(block: Block) -> list[Reading]:
    """The block in time order."""
    values, qualities = block.values.tolist(), block.qualities.tolist()
    readings: list[Reading] = []
    for t_us, row, quality in zip(block.t_us.tolist(), values, qualities, strict=True):
        readings.extend(
            Reading(tag, t_us, value, q)
            for tag, value, q in zip(block.tags, row, quality, strict=True)
            if value == value
        )
    readings.extend(Reading(tag, t_us, value, quality) for tag, t_us, value, quality in block.texts)
    return readings


def _acknowledge(engine: AlarmEngine, now_us: int, until_us: int, duty: Callable[[int], Actor]) -> None:
    """The person on duty sees what has stood for some minutes."""
    waiting = [
        row.occurrence_id
        for row in engine.open_rows()
        if row.state in (AlarmState.UNACK, AlarmState.RTNUN)
        and now_us - row.raised_us > ACK_AFTER
        and row.raised_us < until_us
    ]
    if waiting:
        comment = COMMENTS[(now_us // MINUTE) % len(COMMENTS)]
        act(engine, Act.ACKNOWLEDGE, waiting, duty(now_us), comment, now_us)
