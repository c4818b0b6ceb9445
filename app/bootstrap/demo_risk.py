"""The demo plant's risk register, controls, incidents and major hazards, through the same orders as a person's."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from app.access.door import Door
from app.paths import resource_path
from models.commands import Command
from models.people import Actor
from models.risk import StockItem
from models.risk_commands import IncidentDraft, RiskItemDraft, SaveControl, SaveHazardUnit, SaveIncident, SaveRiskItem

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
    orders = demo_orders(now_us)
    for order in orders:
        answer = door.handle(order, actor)
        if not answer.ok:
            raise DemoRiskError(f"{order.target}: {answer.code} {answer.detail}")
    return len(orders)


def _item(**fields: Any) -> SaveRiskItem:
    return SaveRiskItem(item=RiskItemDraft(**fields), reason="demo")
