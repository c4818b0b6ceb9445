"""Where an order about risk acts, for the door before the handler is asked.

What is there already counts as well as what shall be: else somebody with rights in one area could draw an item, a point
or an incident of another area over to their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.access.door import Zones
from models.commands import Command
from models.risk_commands import (
    EndOverride,
    OverrideZone,
    RemoveControl,
    SaveControl,
    SaveHazardUnit,
    SaveIncident,
    SaveMapPoint,
    SaveOutline,
    SaveRiskItem,
    SetAnswerable,
)
from models.risk_register import HazardUnit, Incident, MapPoint, RiskControl, RiskItem


def risk_zones() -> dict[type[Command], Zones]:
    """Codes of the places; an order on something that is not there names none, and its handler says so."""
    return {
        **dict.fromkeys((OverrideZone, EndOverride, SaveOutline, SetAnswerable), _of_place),
        SaveHazardUnit: _of_hazard,
        SaveRiskItem: _of_item,
        SaveIncident: _of_incident,
        SaveMapPoint: _of_point,
        SaveControl: _of_control,
        RemoveControl: _of_removed,
    }


def _of_place(_session: Session, command: Any) -> Iterable[str]:
    return [command.place]


def _of_hazard(session: Session, command: SaveHazardUnit) -> Iterable[str]:
    return [command.place, *_present(session, HazardUnit.place, HazardUnit.code == command.code.strip())]


def _of_item(session: Session, command: SaveRiskItem) -> Iterable[str]:
    return [command.item.place, *_present(session, RiskItem.place, RiskItem.code == command.item.code.strip())]


def _of_incident(session: Session, command: SaveIncident) -> Iterable[str]:
    draft = command.incident
    return [draft.place, *_present(session, Incident.place, Incident.number == draft.number.strip())]


def _of_point(session: Session, command: SaveMapPoint) -> Iterable[str]:
    return [command.point.place, *_present(session, MapPoint.place, MapPoint.code == command.point.code)]


def _of_control(session: Session, command: SaveControl) -> Iterable[str]:
    return _present(session, RiskItem.place, RiskItem.code == command.item)


def _of_removed(session: Session, command: RemoveControl) -> Iterable[str]:
    wanted = select(RiskItem.place).join(RiskControl, RiskControl.item_id == RiskItem.id)
    return session.scalars(wanted.where(RiskControl.id == command.control_id)).all()


def _present(session: Session, place: InstrumentedAttribute[str], which: ColumnElement[bool]) -> Iterable[str]:
    return session.scalars(select(place).where(which)).all()
