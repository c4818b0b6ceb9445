"""The demo plant's risk register, incidents, major hazards and plan, through the same orders as a person's."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from app.access.door import Door
from app.paths import resource_path
from models.commands import Command
from models.people import Actor
from models.risk import StockItem
from models.risk_commands import (
    IncidentDraft,
    MapPointDraft,
    RiskItemDraft,
    SaveControl,
    SaveHazardUnit,
    SaveIncident,
    SaveMapPoint,
    SaveOutline,
    SavePlan,
    SaveRiskItem,
)

DAY_US = 86_400_000_000


class DemoRiskError(ValueError):
    """The demo's data are wrong; the message names the line."""


def demo_orders(now_us: int, path: Path | None = None) -> list[Command]:
    """All orders in the order they must be given; incidents are so many days before ``now_us``. Raises OSError, ValueError."""
    body: dict[str, Any] = tomllib.loads((path or resource_path("demo", "risk.toml")).read_text("utf-8"))
    orders: list[Command] = []
    for code, place, name, english in body["objects"]:
        orders.append(_item(code=code, kind="object", place=place, name=name, name_en=english))
    for code, parent, place, name, english in body["units"]:
        orders.append(_item(code=code, kind="unit", place=place, name=name, name_en=english, parent=parent))
    for code, parent, place, name, english, accident, inherent, residual in body["events"]:
        orders.append(
            _item(
                code=code,
                kind="event",
                place=place,
                name=name,
                name_en=english,
                parent=parent,
                accident=accident,
                method="lec",
                inherent=dict(zip("LEC", inherent, strict=True)),
                residual=dict(zip("LEC", residual, strict=True)),
            )
        )
    for item, kind, text, post, days in body["controls"]:
        orders.append(SaveControl(item=item, kind=kind, text=text, duty_post=post, cycle_days=days, reason="demo"))
    for number, days, place, kind, title, direct, root, measures, injured in body["incidents"]:
        draft = IncidentDraft(
            number=number,
            t_us=now_us - days * DAY_US,
            place=place,
            kind=kind,
            title=title,
            direct_cause=direct,
            root_cause=root,
            measures=measures,
            injured=injured,
            closed=days > 60,
        )
        orders.append(SaveIncident(incident=draft, reason="demo"))
    for code, place, name, people, stock in body["hazards"]:
        items = tuple(StockItem(substance=substance, q_t=tonnes) for substance, tonnes in stock)
        orders.append(
            SaveHazardUnit(code=code, name=name, place=place, people_within_500_m=people, stock=items, reason="demo")
        )
    return orders


def fill_risk(door: Door, actor: Actor, now_us: int) -> int:
    """Give the orders; returns how many. Raises DemoRiskError, OSError, ValueError."""
    return _give(door, actor, demo_orders(now_us))


def map_orders(path: Path | None = None) -> list[Command]:
    """The plan, the outlines of its zones and what stands on it. Raises OSError, ValueError."""
    data = (path or resource_path("demo", "plan.geojson")).read_bytes()
    try:
        body: dict[str, Any] = msgspec.json.decode(data)
        size = {"width": float(body["width"]), "height": float(body["height"])}
        orders: list[Command] = [
            SavePlan(kind="geojson", media_type="application/geo+json", data=data, reason="demo", **size)
        ]
        for feature in body["features"]:
            about, where = feature["properties"], feature["geometry"]["coordinates"]
            if about["class"] == "zone":
                corners = tuple((float(x), float(y)) for x, y in where[0][:-1])  # a ring names its first corner twice
                orders.append(SaveOutline(place=about["code"], polygon=corners, reason="demo"))
            elif about["class"] == "point":
                known = {name: about[name] for name in MapPointDraft.__struct_fields__ if name in about}
                point = MapPointDraft(x=float(where[0]), y=float(where[1]), **known)
                orders.append(SaveMapPoint(point=point, reason="demo"))
    except (msgspec.DecodeError, KeyError, TypeError, IndexError) as error:
        raise DemoRiskError(f"plan: {error}") from error
    return orders


def fill_map(door: Door, actor: Actor) -> int:
    """Bring the plan in as an administrator; returns how many orders. Raises DemoRiskError, OSError, ValueError."""
    return _give(door, actor, map_orders())


def _give(door: Door, actor: Actor, orders: list[Command]) -> int:
    for order in orders:
        answer = door.handle(order, actor)
        if not answer.ok:
            raise DemoRiskError(f"{order.target}: {answer.code} {answer.detail}")
    return len(orders)


def _item(**fields: Any) -> SaveRiskItem:
    return SaveRiskItem(item=RiskItemDraft(**fields), reason="demo")
