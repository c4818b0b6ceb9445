"""A plant on a map as on a bad afternoon: the demo's plan with its zones, points, and what stands on them."""

from __future__ import annotations

import json
import math
from typing import Any

from app.paths import resource_path
from models.maps import (
    ALARMS,
    CAMERAS,
    HYDRANTS,
    MUSTERS,
    PERMITS,
    TICKETS,
    WIND,
    Marker,
    PlanInfo,
    Tone,
    ZonePaint,
    ZoneShape,
)
from models.risk import Grade

ICONS = {CAMERAS: "camera", HYDRANTS: "hydrant", MUSTERS: "users"}
GRADES = {
    "TFA": (Grade.YELLOW, "黄 一般风险", "Yellow, moderate"),
    "TFB": (Grade.RED, "红 重大风险", "Red, major"),
    "LOAD": (Grade.ORANGE, "橙 较大风险", "Orange, considerable"),
    "COMP": (Grade.YELLOW, "黄 一般风险", "Yellow, moderate"),
    "BOIL": (Grade.BLUE, "蓝 低风险", "Blue, low"),
    "WARE": (Grade.BLUE, "蓝 低风险", "Blue, low"),
}


def features() -> list[dict[str, Any]]:
    """Features of the demo's plan."""
    found: list[dict[str, Any]] = json.loads(resource_path("demo", "plan.geojson").read_text("utf-8"))["features"]
    return found


def plan() -> PlanInfo:
    """The demo's plan."""
    data = resource_path("demo", "plan.geojson").read_bytes()
    size = json.loads(data)
    return PlanInfo(
        kind="geojson", width=size["width"], height=size["height"], data=data, media_type="application/geo+json"
    )


def shapes() -> list[ZoneShape]:
    """Outlines of the demo's six areas."""
    return [
        ZoneShape(
            code=f["properties"]["code"],
            name=f["properties"]["name"],
            name_en=f["properties"]["name_en"],
            polygon=tuple((float(x), float(y)) for x, y in f["geometry"]["coordinates"][0][:-1]),
        )
        for f in features()
        if f["properties"]["class"] == "zone"
    ]


def paints() -> list[ZonePaint]:
    """Colours as in the mock-up: a live alarm in TFB, LOAD selected."""
    return [
        ZonePaint(code=c, grade=g, caption=zh, caption_en=en, alarm=c == "TFB", selected=c == "LOAD")
        for c, (g, zh, en) in GRADES.items()
    ]


def markers() -> list[Marker]:
    """Cameras, hydrants, muster points of the plan, and today's trouble."""
    found = []
    for feature in features():
        p = feature["properties"]
        if p["class"] == "point":
            x, y = feature["geometry"]["coordinates"]
            found.append(
                Marker(
                    id=f"{p['layer']}:{p['code']}",
                    layer=p["layer"],
                    x=x,
                    y=y,
                    icon=ICONS[p["layer"]],
                    text=p["name"] if p["layer"] == MUSTERS else "",
                    text_en=p["name_en"] if p["layer"] == MUSTERS else "",
                    heading=p.get("heading"),
                    range_m=p.get("range_m"),
                    tone=Tone.LOST if p["code"] == "CAM-06" else Tone.NORMAL,
                    target=f"{p['layer']}:{p['code']}",
                )
            )
    more = (
        ("alarm:1", ALARMS, 303, 121, "warning", "GD-07 52.4 %LEL 高高", Tone.ALARM, 4),
        ("ticket:412", TICKETS, 424, 168, "clipboard", "YH-0412 逾期 2 天", Tone.OVERDUE, 3),
        ("ticket:418", TICKETS, 70, 196, "clipboard", "YH-0418", Tone.NORMAL, 1),
        ("ticket:409", TICKETS, 320, 66, "clipboard", "YH-0409", Tone.NORMAL, 1),
        ("ticket:421", TICKETS, 120, 34, "clipboard", "YH-0421", Tone.NORMAL, 1),
        ("permit:1123", PERMITS, 436, 150, "warning", "DH-1123-02 二级动火", Tone.NORMAL, 2),
        ("permit:31", PERMITS, 200, 186, "wrench", "DZ-031 吊装", Tone.NORMAL, 2),
        ("permit:17", PERMITS, 40, 66, "permit", "LD-017", Tone.NORMAL, 2),
    )
    for i, layer, x, y, icon, text, tone, priority in more:
        found.append(
            Marker(
                id=i,
                layer=layer,
                x=float(x),
                y=float(y),
                icon=icon,
                text=text,
                tone=tone,
                priority=priority,
                target=i,
            )
        )
    found.append(Marker(id="wind:1", layer=WIND, x=40.0, y=300.0, text="3.4 m/s", heading=45.0, target="tag:WS-001"))
    return found


def many_zones(count: int) -> list[ZoneShape]:
    """A grid of small zones."""
    columns = math.ceil(math.sqrt(count * 520 / 340))
    width, height = 520 / columns, 340 / math.ceil(count / columns)
    made = []
    for n in range(count):
        x, y = (n % columns) * width, (n // columns) * height
        ring = ((x + 1, y + 1), (x + width - 1, y + 1), (x + width - 1, y + height - 1), (x + 1, y + height - 1))
        made.append(ZoneShape(code=f"Z{n}", name=f"分区 {n}", name_en=f"Zone {n}", polygon=ring))
    return made


def many_markers(count: int) -> list[Marker]:
    """Markers all over the plan, evenly strewn."""
    return [
        Marker(
            id=f"m{n}",
            layer=(TICKETS, CAMERAS, HYDRANTS, PERMITS)[n % 4],
            x=(n * 137.508) % 520,
            y=(n * 61.803) % 340,
            icon="list",
            text=f"YH-{n:04d}",
            priority=n % 3,
            heading=float(n % 360) if n % 4 == 1 else None,
            range_m=15.0 if n % 4 == 1 else None,
        )
        for n in range(count)
    ]
