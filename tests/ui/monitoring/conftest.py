"""A whole plant in the station, and waiting for what workers bring."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ports import Answer
from models.commands import Command
from models.people import Actor
from models.readings import PlaceInfo, PlaceKind, TagInfo
from tests.ui.conftest import flush
from tests.ui.plant import AREAS, fill
from tests.ui.station import MemoryStation
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.sheet import Sheet

Keep = Callable[[QWidget], QWidget]


@pytest.fixture
def tags(station: MemoryStation, ctx: PanelContext) -> dict[str, TagInfo]:
    """The tank farm's tags by name, with its places."""
    made = fill(station)
    station.tags.place_list = [
        PlaceInfo(code="NG", kind=PlaceKind.PLANT, name="南港化工"),
        *(
            PlaceInfo(code=code, kind=PlaceKind.AREA, name=chinese, name_en=english, parent="NG", position=at)
            for at, (code, (chinese, english)) in enumerate(AREAS.items())
        ),
        *(PlaceInfo(code=f"{code}-1", kind=PlaceKind.UNIT, name=f"{code}-1", parent=code) for code in AREAS),
        *(
            PlaceInfo(code=tag.device, kind=PlaceKind.DEVICE, name=tag.device_name, parent=tag.unit_code)
            for tag in {tag.device: tag for tag in made.values()}.values()
        ),
    ]
    ctx.open_alarms.reread()
    return made


@pytest.fixture
def place(keep: Keep) -> Callable[[Panel], None]:
    """Shows a panel with its header."""

    def put(panel: Panel, width: int = 1400, height: int = 600) -> None:
        keep(panel)
        keep(panel.header)
        panel.resize(width, height)
        panel.show()
        panel.header.resize(width, 36)
        panel.header.show()
        flush()

    return put


@pytest.fixture
def sheets(ctx: PanelContext, keep: Keep) -> list[Sheet]:
    """Sheets that were opened, shown as the context column does."""
    opened: list[Sheet] = []

    def take(sheet: Sheet) -> None:
        opened.append(sheet)
        keep(sheet)
        sheet.resize(344, 900)
        sheet.show()

    ctx.open_sheet.connect(take)
    return opened


@pytest.fixture
def refuse(station: MemoryStation) -> Callable[..., None]:
    """From now on the door answers this."""

    def set_answer(code: str, detail: str = "", **params: object) -> None:
        def answer(_command: Command, _actor: Actor) -> Answer:
            return Answer(code=code, detail=detail, params=params)

        station.carry_out = answer  # type: ignore[method-assign]

    return set_answer


@pytest.fixture
def orders(station: MemoryStation) -> Callable[[], list[Command]]:
    """What was ordered so far."""
    return lambda: [command for command, _ in station.door.submitted]


@pytest.fixture
def until(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    """Let workers come in until something is so."""
    return lambda so: qtbot.waitUntil(so, timeout=5000)
