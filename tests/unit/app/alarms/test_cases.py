"""The real sequences of other alarm systems, replayed; the adapter below only maps their words onto a script."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from app.alarms.replay import replay

CASES = Path(os.environ.get("ANKAN_CASES", Path(__file__).parents[5] / "shared" / "cases")) / "c_alarms"
WORDS = {"OK": "none", "MINOR": "low", "MAJOR": "high", "INVALID": "critical"}
VALUES = {"ok": 7.0, "low": 0.0, "medium": 6.0, "high": 13.0, "critical": 19.0}


def load(name: str) -> Any:
    path = CASES / name
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def cases(name: str) -> list[Any]:
    found = load(name)
    if found is None:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CASES / name} is not here"))]
    return [pytest.param(case, id=case["id"]) for case in found["cases"]]


def run(alarm: dict[str, Any], steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(replay({"alarm": alarm, "steps": steps}))


@pytest.mark.parametrize("case", cases("isa_18_2_sequences.json"))
def test_isa_18_2_sequence(case: dict[str, Any]) -> None:
    steps: list[dict[str, Any]] = []
    expected: dict[int, tuple[str, str]] = {}
    for step in case["steps"]:
        if "input" in step:
            steps.append(
                {"t": len(steps), "severity": {"ok": "none", "advisory": "low"}.get(step["input"], step["input"])}
            )
        elif "operator" in step:
            steps.append({"t": len(steps), "act": step["operator"]})
        else:
            want = step["expect"]
            expected[len(steps) - 1] = ({"OK": "none"}.get(want["severity"], want["severity"].lower()), want["status"])
    answers = run({"conditions": []}, steps)
    assert {i: (answers[i]["severity"], answers[i]["state"]) for i in expected} == expected


@pytest.mark.parametrize("case", cases("phoebus_sequences.json"))
def test_phoebus_sequence(case: dict[str, Any]) -> None:
    steps: list[dict[str, Any]] = [{"t": 0, "severity": "OK"}]
    expected: list[tuple[int, dict[str, Any]]] = []
    alarm: dict[str, Any] = {}
    t = 0.0
    for step in case["steps"]:
        t += 0.001
        if "new_alarm" in step:
            new = step["new_alarm"]
            condition = {"kind": "severity", "on_delay_s": new.get("delay_s", 0)}
            alarm = {"auto_reset": not new["latching"], "annunciate": new["annunciating"], "conditions": [condition]}
        elif "input" in step:
            steps.append({"t": t, "severity": step["input"]["severity"]})
        elif "operator" in step:
            steps.append({"t": t, "act": step["operator"]})
        elif "wait_s" in step:
            t += step["wait_s"]
            steps.append({"t": t})
        else:
            expected.append((len(steps) - 1, step["expect"]))
    answers = run(alarm, steps)
    for i, want in expected:
        answer = answers[i]
        wanted = want["alarm_severity"].removesuffix("_ACK")
        assert (answer["alarm_severity"], answer["annunciate"]) == (WORDS[wanted], want["annunciated"]), (i, steps[i])
        if want["alarm_severity"].endswith("_ACK"):
            assert answer["state"] == "ACKED"
        elif want["alarm_severity"] == "OK":
            assert answer["state"] == "NORM"
        else:
            assert answer["state"] == ("RTNUN" if want["current_severity"] == "OK" else "UNACK")
        assert answer["severity"] == WORDS[want["current_severity"]]


def test_epics_limits() -> None:
    case = load("epics_limits.json")
    if case is None:
        pytest.skip(f"{CASES} is not here")
    limits = case["limits"]
    alarm = {
        "conditions": [
            {"kind": "HH", "limit": limits["HIHI"], "priority": "major", "deadband": case["hysteresis"]},
            {"kind": "H", "limit": limits["HIGH"], "priority": "minor", "deadband": case["hysteresis"]},
            {"kind": "L", "limit": limits["LOW"], "priority": "minor", "deadband": case["hysteresis"]},
            {"kind": "LL", "limit": limits["LOLO"], "priority": "major", "deadband": case["hysteresis"]},
        ]
    }
    answers = run(alarm, [{"t": i, "value": s["value"]} for i, s in enumerate(case["steps"])])
    words = {"NO_ALARM": "none", "MINOR": "low", "MAJOR": "high"}
    assert [a["severity"] for a in answers] == [words[s["severity"]] for s in case["steps"]]
