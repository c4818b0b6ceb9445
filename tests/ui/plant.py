"""The tank farm of the design's pictures, for previews and tests that want a whole plant."""

from __future__ import annotations

from typing import Any

from app.clock import US
from app.ports import AuditRow, DeadLetterRow, TransitionRow
from models.alarms import AlarmState, ConditionKind, Priority
from models.readings import TagInfo
from models.rights import Role
from tests.ui.station import NOW, MemoryStation

AREAS = {
    "TFA": ("罐区A", "Tank farm A"),
    "TFB": ("罐区B", "Tank farm B"),
    "LOAD": ("装卸区", "Loading"),
    "COMP": ("压缩机房", "Compressors"),
    "BOIL": ("锅炉房", "Boilers"),
    "WH": ("仓库", "Warehouse"),
}
#: name, Chinese, English, area, device, value, unit, decimals, range
TAGS: list[tuple[str, str, str, str, str, float, str, int, tuple[float, float]]] = [
    ("TK-101", "液位", "level", "TFA", "TK-101 储罐", 78.4, "%", 1, (0, 100)),
    ("TT-101", "温度", "temperature", "TFA", "TK-101 储罐", 31.2, "Cel", 1, (-20, 80)),
    ("PT-101", "压力", "pressure", "TFA", "TK-101 储罐", 4.8, "kPa", 1, (0, 10)),
    ("TK-102", "液位", "level", "TFA", "TK-102 储罐", 45.1, "%", 1, (0, 100)),
    ("TK-103", "液位", "level", "TFA", "TK-103 储罐", 62.0, "%", 1, (0, 100)),
    ("GD-03", "可燃气", "combustible gas", "TFA", "TK-103 储罐", 0.4, "%{LEL}", 1, (0, 100)),
    ("GD-07", "可燃气", "combustible gas", "TFB", "P-203 泵棚", 52.4, "%{LEL}", 1, (0, 100)),
    ("GD-08", "可燃气", "combustible gas", "TFB", "P-203 泵棚", 11.6, "%{LEL}", 1, (0, 100)),
    ("P-203", "振动", "vibration", "TFB", "P-203 驱动端", 7.9, "mm/s", 1, (0, 12)),
    ("TE-203", "轴承温度", "bearing temperature", "TFB", "P-203 驱动端", 71.3, "Cel", 1, (0, 120)),
    ("PT-203", "出口压力", "outlet pressure", "TFB", "P-203 出口", 0.38, "MPa", 2, (0, 1)),
    ("TK-201", "液位", "level", "TFB", "TK-201 储罐", 55.7, "%", 1, (0, 100)),
    ("TK-202", "液位", "level", "TFB", "TK-202 储罐", 71.9, "%", 1, (0, 100)),
    ("FT-601", "鹤位1 流量", "bay 1 flow", "LOAD", "鹤位1", 42.6, "m3/h", 1, (0, 80)),
    ("LG-603", "车辆超时停留", "truck stays", "LOAD", "鹤位3", 46.0, "min", 0, (0, 120)),
    ("GD-11", "可燃气", "combustible gas", "LOAD", "鹤位1", 1.2, "%{LEL}", 1, (0, 100)),
    ("C-301", "振动", "vibration", "COMP", "C-301 压缩机", 4.6, "mm/s", 1, (0, 12)),
    ("PT-301", "排气压力", "discharge pressure", "COMP", "C-301 压缩机", 0.82, "MPa", 2, (0, 1.6)),
    ("B-401", "汽包水位", "drum level", "BOIL", "B-401 锅炉", -38.0, "mm", 0, (-150, 150)),
    ("AT-402", "烟气氧量", "flue gas oxygen", "BOIL", "B-401 锅炉", 1.8, "%", 1, (0, 21)),
    ("TH-501", "湿度", "humidity", "WH", "2# 库", 78.0, "%{RH}", 1, (0, 100)),
]


def fill(station: MemoryStation) -> dict[str, TagInfo]:
    """Put people, tags, alarms, audit and dead letters into a station; returns the tags by name."""
    station.add_user("li", "李建国", Role.SHIFT_LEADER)
    station.add_user("wang", "王敏", Role.OPERATOR)
    station.add_user("admin", "赵云", Role.ADMINISTRATOR)
    station.add_user("new", "陈晓", Role.OPERATOR, must_change=True)
    station.add_user("old", "周强", Role.SAFETY_MANAGER, active=False)
    tags = {}
    for name, chinese, english, area, device, value, unit, decimals, (low, high) in TAGS:
        tags[name] = station.add_tag(
            name,
            value,
            quality=20 if name == "GD-11" else 192,
            description=chinese,
            description_en=english,
            area=area,
            area_name=AREAS[area][0],
            area_name_en=AREAS[area][1],
            unit_code=f"{area}-1",
            unit_name="",
            device=device.split()[0],
            device_name=device,
            device_name_en=device.split()[0],
            unit=unit,
            decimals=decimals,
            range_lo=low,
            range_hi=high,
            stale_after_s=180.0,
        )
    _define(station, tags)
    _raise(station, tags)
    _records(station)
    return tags


def _define(station: MemoryStation, tags: dict[str, TagInfo]) -> None:
    station.define(
        tags["GD-07"],
        ConditionKind.HH,
        50.0,
        Priority.CRITICAL,
        text="可燃气浓度 高高",
        consequence="泵棚可燃气体超过二级报警值，有闪爆危险。介质：苯。",
        consequence_en="Combustible gas above the second limit: flash fire possible. Medium: benzene.",
        actions=("确认报警，广播撤离泵棚，叫停动火作业", "远程停 P-203，关 XV-203A / XV-203B", "核对视频，启动泄漏处置方案"),
        actions_en=("Acknowledge, clear the pump house, stop hot work", "Stop P-203, close XV-203A / XV-203B", "Check the camera, start the leak plan"),
        respond_s=180.0,
    )  # fmt: skip
    station.define(tags["GD-07"], ConditionKind.H, 25.0, Priority.HIGH, text="可燃气浓度 高")
    station.define(tags["P-203"], ConditionKind.H, 7.1, Priority.HIGH, text="驱动端振动 高")
    station.define(tags["PT-203"], ConditionKind.L, 0.45, Priority.HIGH, text="出口压力 低")
    station.define(tags["TK-101"], ConditionKind.HH, 90.0, Priority.HIGH, text="液位 高高")
    station.define(tags["TK-101"], ConditionKind.H, 80.0, Priority.MEDIUM, text="液位 高")


def _raise(station: MemoryStation, tags: dict[str, TagInfo]) -> None:
    li, wang = "李建国", "王敏"
    s, p, k = AlarmState, Priority, ConditionKind

    def row(
        tag: str, ago_s: float, state: AlarmState, priority: Priority, text: str, english: str, **more: Any
    ) -> None:
        fields = {"state": state, "priority": priority, "severity": priority, "text": text, "text_en": english, **more}
        if "acked_by" in fields:
            raised = NOW - round(ago_s * US)
            fields = {"acked_us": raised + fields.pop("after") * US, "acked_station": "CR-01", **fields}
        made = station.make_row(tags[tag], ago_s=ago_s, **fields)
        station.alarms.rows[made.occurrence_id] = made

    def acked(by: str, after: int, comment: str = "") -> dict[str, Any]:
        return {"acked_by": by, "after": after, "comment": comment}

    a, u = s.ACKED, s.UNACK
    row("GD-07", 41, u, p.CRITICAL, "可燃气浓度 高高", "gas high high", kind=k.HH, value=52.4, limit=50.0)
    row("PT-203", 209, u, p.HIGH, "P-203 出口压力 低", "outlet pressure low", kind=k.L, value=0.38, limit=0.45)
    row("TH-501", 305, u, p.LOW, "2# 库湿度 高", "store 2 humidity high", value=78.0, limit=75.0)
    row("LG-603", 637, u, p.LOW, "鹤位3 车辆超时停留", "bay 3 truck stays too long", value=46.0, limit=40.0)
    row(
        "TK-103",
        951,
        s.RTNUN,
        p.MEDIUM,
        "液位变化率 高",
        "level rate high",
        kind=k.RATE,
        value=0.6,
        limit=1.5,
        cleared_us=NOW - 821 * US,
    )
    row(
        "P-203",
        1329,
        a,
        p.HIGH,
        "驱动端振动 高",
        "drive end vibration high",
        value=7.9,
        limit=7.1,
        **acked(li, 44, "已通知钳工班到场检查"),
    )
    row(
        "B-401",
        2566,
        a,
        p.HIGH,
        "汽包水位 低",
        "drum level low",
        kind=k.L,
        value=-38.0,
        limit=-30.0,
        **acked(wang, 27, "手动补水，跟踪"),
    )
    row(
        "TE-203",
        1154,
        a,
        p.MEDIUM,
        "轴承温度 高",
        "bearing temperature high",
        value=71.3,
        limit=70.0,
        **acked(li, 17, "与振动同源"),
    )
    row("C-301", 3262, a, p.MEDIUM, "机身振动 预警", "frame vibration", value=4.6, limit=4.5, **acked(wang, 36))
    row(
        "GD-11",
        5520,
        a,
        p.MEDIUM,
        "信号陈旧",
        "signal stale",
        kind=k.STALE,
        value=None,
        limit=180.0,
        unit="s",
        decimals=0,
        **acked(li, 116, "仪表班 15:00 前处理"),
    )
    row("GD-08", 5900, a, p.LOW, "可燃气浓度 预警", "gas warning", value=11.6, limit=10.0, **acked(li, 30))
    row(
        "AT-402",
        8575,
        s.SHLVD,
        p.LOW,
        "烟气氧量 偏差",
        "flue oxygen deviation",
        kind=k.DEVIATION,
        value=1.8,
        limit=1.5,
        held_by=wang,
        held_reason="标定中，单次搁置",
        held_until_us=NOW + 7003 * US,
        **acked(wang, 120),
    )
    row(
        "PT-301",
        90_000,
        s.OOSRV,
        p.MEDIUM,
        "排气压力 高",
        "discharge pressure high",
        value=0.9,
        limit=0.85,
        held_by=li,
        held_reason="变送器送检",
        **acked(li, 60),
    )
    for day, value, comment in (
        (4.2, 27.1, "取样时"),
        (11, 25.8, "密封渗漏"),
        (20, 26.0, "误报"),
        (24, 25.1, ""),
        (24.1, 25.5, ""),
        (28, 30.2, ""),
    ):
        closed = {
            "closed_us": NOW - round((day * 86_400 - 300) * US),
            "cleared_us": NOW - round((day * 86_400 - 240) * US),
        }
        row(
            "GD-07",
            day * 86_400,
            s.NORM,
            p.HIGH,
            "可燃气浓度 高",
            "gas high",
            value=value,
            limit=25.0,
            **closed,
            **acked(li, 40, comment),
        )
    station.alarms.journals[1] = [
        TransitionRow(NOW - 41 * US, "raise", "NORM", "UNACK", 3, 25.3, "", "", ""),
        TransitionRow(NOW - 20 * US, "severity_up", "UNACK", "UNACK", 4, 50.2, "", "", ""),
    ]  # fmt: skip


def _records(station: MemoryStation) -> None:
    station.trail.rows = [
        AuditRow(1, NOW - 7200 * US, "li", "李建国", "shift_leader", "CR-01", "session.login", "user:li", "done", "", None, None),
        AuditRow(2, NOW - 7100 * US, "wang", "王敏", "operator", "CR-02", "alarm.shelve", "alarm:12", "done", "标定中，单次搁置", {"state": "ACKED"}, {"state": "SHLVD"}),
        AuditRow(3, NOW - 3600 * US, "wang", "王敏", "operator", "CR-02", "alarm.out_of_service", "alarm:PT-301.H", "refused", "变送器送检", None, None),
        AuditRow(4, NOW - 1285 * US, "li", "李建国", "shift_leader", "CR-01", "alarm.acknowledge", "alarm:6", "done", "已通知钳工班到场检查", {"state": "UNACK"}, {"state": "ACKED"}),
        AuditRow(5, NOW - 600 * US, "admin", "赵云", "administrator", "CR-01", "user.change", "user:old", "done", "调离岗位", {"active": True}, {"active": False}),
    ]  # fmt: skip
    station.dead_letters.rows = [
        DeadLetterRow(1, NOW - 900 * US, "plant", "shelly/pump7/status", '{"ison": tru', 12, "not_json", "expected true at 9", "open"),
        DeadLetterRow(2, NOW - 60 * US, "plant", "ankan/v1/XX-999", '{"value": 4.2}', 14, "unknown_tag", "no tag XX-999", "open"),
    ]  # fmt: skip
