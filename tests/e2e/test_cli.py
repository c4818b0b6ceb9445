"""The command line as a person or a script meets it: every command in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import BrokerConfig, Config, StoreConfig, save_config
from app.store.engine import open_store
from tests.room import Room, high
from tests.servers import Mosquitto, free_port, wait_for

ROOT = Path(__file__).parents[2]


def run(*args: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *args],
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
        env=os.environ | {"LC_ALL": "C.UTF-8"} | env,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def lines(*args: str, code: int = 0, **env: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*args, "--json", code=code, **env).stdout.splitlines()]


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["replay", "--help"], ["alarms", "--help"]])
def test_version_and_help_load_neither_qt_nor_store_nor_mqtt(args: list[str]) -> None:
    code = (
        "import sys, runpy\n"
        f"sys.argv = ['main.py', *{args!r}]\n"
        "try:\n    runpy.run_path('main.py', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in "
        "('PySide6', 'sqlalchemy', 'alembic', 'paho', 'numpy', 'pyqtgraph', 'amqtt', 'structlog', 'keyring', 'msgspec')]\n"
        "print('heavy', heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy []"


def test_version_names_the_program() -> None:
    assert run("--version").stdout.startswith("ankan ")
    assert "serve" in run("--help").stdout


def test_every_command_stands_in_the_readme() -> None:
    import typer

    from main import app

    def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
        context = command.make_context("main.py", [], resilient_parsing=True)
        names = command.list_commands(context) if hasattr(command, "list_commands") else ()
        if not names:
            yield " ".join(path)
        for name in names:
            below = command.get_command(context, name)
            if not below.hidden:
                yield from leaves(below, (*path, name))

    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    chinese, english = readme.split("## Commands")
    commands = list(leaves(typer.main.get_command(app)))
    assert "rights explain" in commands
    assert [
        c for c in commands for text in (chinese, english) if f"`{c}" not in text and f"main.py {c}" not in text
    ] == []


def test_a_wrong_word_is_answered_in_words_not_with_a_traceback(tmp_path: Path) -> None:
    done = run("sreve", code=2)
    assert "Traceback" not in done.stderr
    (tmp_path / "ankan.toml").write_text("station = 5.5.5\n", "utf-8")
    for command in (["serve"], ["decode", "--topic", "a", str(tmp_path / "ankan.toml")]):
        done = run(*command, "--data", str(tmp_path), code=2)
        assert "ankan.toml" in done.stderr
        assert "Traceback" not in done.stderr


def test_decode_accepts_and_refuses_the_json_suite(cases: Path) -> None:
    files = sorted((cases / "b_mqtt" / "json_suite" / "test_parsing").glob("*.json"))
    found = lines("decode", "--topic", "plant/x", *map(str, files))
    assert [Path(line["file"]).name for line in found] == [file.name for file in files]
    for line in found:
        assert (line["refused"] is None) == Path(line["file"]).name.startswith("y_"), line


def test_decode_reads_a_shelly_as_it_is(cases: Path) -> None:
    file = cases / "b_mqtt" / "shelly" / "shelly2pmg3__Cover.GetStatus.json"
    [line] = lines("decode", "--topic", "shelly-1/status/cover:0", str(file))
    found = {reading["tag"]: reading for reading in line["readings"]}
    assert found["shelly-1.cover:0.apower"]["value"] == 123.1
    assert found["shelly-1.cover:0.voltage"]["unit"] == "V"
    assert found["shelly-1.cover:0.temperature.tC"]["value"] == 52.0
    assert set(found["shelly-1.cover:0.apower"]) == {"tag", "time", "value", "quality", "unit"}


def test_decode_reads_tasmota_samples(cases: Path, tmp_path: Path) -> None:
    for number, text in enumerate((cases / "b_mqtt" / "tasmota_sensor.jsonl").read_text("utf-8").splitlines()):
        case = json.loads(text)
        file = tmp_path / f"{number}.json"
        file.write_text(case["payload"], "utf-8")
        if number > 2:
            break
        [line] = lines("decode", "--topic", case["topic"], str(file))
        found = {reading["tag"]: reading["value"] for reading in line["readings"]}
        for path, expected in case["expected"].items():
            word = expected.split(" ")[0] if isinstance(expected, str) else expected
            assert str(found[f"tasmota.{path}"]) == str(word)


def test_decode_says_why_it_refused_and_takes_a_stations_own_mapping(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff")
    (tmp_path / "box").write_text('{"gas": 4.5}', "utf-8")
    (tmp_path / "box.toml").write_text(
        'format = 1\nname = "boxes"\n[[message]]\ntopic = "line/{line}"\n'
        'value = [{ path = "$.gas", tag = "GD-{line}", unit = "ppm" }]\n',
        "utf-8",
    )
    [bad] = lines("decode", "--topic", "line/7", str(tmp_path / "bad"))
    assert (bad["refused"], bad["readings"]) == ("not_utf8", [])
    [line] = lines("decode", "--topic", "line/7", str(tmp_path / "box"), "--mapping", str(tmp_path / "box.toml"))
    assert [(r["tag"], r["value"], r["unit"]) for r in line["readings"]] == [("GD-7", 4.5, "ppm")]
    save_config(Config(mappings=(Path("box.toml"),)), tmp_path)
    [own] = lines("decode", "--topic", "line/7", str(tmp_path / "box"), "--data", str(tmp_path))
    assert [r["tag"] for r in own["readings"]] == ["GD-7"]
    assert "GD-7 = 4.5" in run("decode", "--topic", "line/7", str(tmp_path / "box"), "--data", str(tmp_path)).stdout


def test_alarms_replay_prints_the_state_after_each_step(tmp_path: Path) -> None:
    script = {
        "alarm": {
            "key": "A",
            "tag": "T",
            "conditions": [{"kind": "H", "priority": "high", "limit": 10, "deadband": 1}],
        },
        "steps": [
            {"t": 0, "value": 5},
            {"t": 1, "value": 11},
            {"t": 2, "act": "acknowledge"},
            {"t": 3, "value": 9.5},
            {"t": 4, "value": 8},
        ],
    }
    file = tmp_path / "script.json"
    file.write_text(json.dumps(script), "utf-8")
    found = lines("alarms", "replay", str(file))
    assert [step["state"] for step in found] == ["NORM", "UNACK", "ACKED", "ACKED", "NORM"]
    assert [step["annunciate"] for step in found] == [False, True, False, False, False]
    assert set(found[0]) >= {"t", "state", "severity", "annunciate", "transition"}
    file.write_text("{", "utf-8")
    assert "script.json" in run("alarms", "replay", str(file), code=2).stderr


ALARM = {
    "key": "MT-1",
    "tag": "MT-1",
    "conditions": [{"kind": "H", "priority": "high", "limit": 100, "deadband": 2}],
}


def expected(rows: list[tuple[str, float]]) -> list[tuple[str, str, float]]:
    """High at 100, clear below 98, by hand."""
    out: list[tuple[str, str, float]] = []
    active = False
    for time, value in rows:
        if not active and value >= 100:
            out.append((time, "realarm" if out else "raise", value))
            active = True
        elif active and value < 98:
            out.append((time, "clear", value))
            active = False
    return out


def replayed(file: Path, tmp_path: Path, *more: str) -> tuple[list[tuple[str, str, float]], dict[str, Any]]:
    definitions = tmp_path / "alarms.json"
    definitions.write_text(json.dumps([ALARM]), "utf-8")
    *moves, summary = lines("replay", str(file), "--tag", "MT-1", "--alarms", str(definitions), *more)
    return [(m["time"][:19].replace("T", " "), m["transition"], m["value"]) for m in moves], summary


def test_replay_of_a_csv_alarms_as_live_input_would(tmp_path: Path) -> None:
    rows = [(f"2025-11-24 10:{i:02d}:00", float(v)) for i, v in enumerate([90, 100, 99, 97, 98, 101, 102, 50])]
    file = tmp_path / "kiln.csv"
    file.write_text("timestamp,value\n" + "".join(f"{t},{v}\n" for t, v in rows), "utf-8")
    moves, summary = replayed(file, tmp_path)
    assert moves == expected(rows)
    assert (summary["messages"], summary["readings"], summary["alarms_raised"]) == (8, 8, 2)
    station = tmp_path / "station"
    replayed(file, tmp_path, "--data", str(station))
    _, again = replayed(file, tmp_path, "--data", str(station))
    assert again["duplicates"] == 8  # the station had them already
    assert "messages=8" in run("replay", str(file), "--tag", "MT-1").stdout


@pytest.mark.slow
def test_replay_of_a_real_machine_that_failed(cases: Path, tmp_path: Path) -> None:
    with (cases / "a_sensors" / "nab" / "machine_temperature_system_failure.csv").open(encoding="utf-8") as handle:
        rows = [(time, float(value)) for time, value in list(csv.reader(handle))[1:5001]]
    file = tmp_path / "machine.csv"
    file.write_text("timestamp,value\n" + "".join(f"{t},{v!r}\n" for t, v in rows), "utf-8")
    moves, summary = replayed(file, tmp_path)
    assert moves == expected(rows)
    assert len(moves) > 2
    assert summary["readings"] == len(rows)


def test_replay_names_what_it_can_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n", "utf-8")
    assert "no time column" in run("replay", str(file), code=2).stderr
    assert "missing.csv" in run("replay", str(tmp_path / "missing.csv"), code=2).stderr


def test_doctor_leaves_with_one_when_something_is_wrong(tmp_path: Path) -> None:
    save_config(Config(brokers=(BrokerConfig(name="plant", port=free_port()),)), tmp_path)
    found = lines("doctor", "--data", str(tmp_path), code=1)
    assert {f["level"] for f in found if f["code"] == "broker"} == {"error"}
    assert [f["level"] for f in found if f["code"] == "qt"] == ["ok"]
    text = run("doctor", "--data", str(tmp_path), code=1, LC_ALL="zh_CN.UTF-8").stdout
    assert "✗ 消息服务器 plant" in text
    assert "→" in text
    open_store(tmp_path / "fine").close()
    run("doctor", "--data", str(tmp_path / "fine"))


@pytest.mark.server
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_stores_and_ends_with_a_goodbye(tmp_path: Path, mosquitto: Mosquitto, number: signal.Signals) -> None:
    data = tmp_path / "station"
    data.mkdir()
    room = Room(data)
    room.tags("TT-1")
    room.guard(high("TT-1", 50))
    room.close()
    save_config(Config(brokers=(BrokerConfig(port=mosquitto.port),)), data)
    log = tmp_path / "log"
    with log.open("wb") as out:
        serve = subprocess.Popen(
            [sys.executable, str(ROOT / "main.py"), "serve", "--data", str(data)], stdout=out, stderr=out, cwd=ROOT
        )
    try:
        wait_for(lambda: "state=up" in log.read_text("utf-8"), 30, "serve connected")
        mosquitto.publish("ankan/v1/TT-1", ["60", "61"])
        store = open_store(data)
        try:
            sql = "SELECT COUNT(*) FROM sample JOIN tag ON tag.id = tag_id WHERE tag.name = 'TT-1'"

            def stored() -> int:
                with store.read() as connection:  # each its own look: a transaction sees the store as it began
                    return int(connection.exec_driver_sql(sql).scalar_one())

            wait_for(lambda: stored() == 2, 20, "samples")
        finally:
            store.close()
        serve.send_signal(number)
        assert serve.wait(20) == 0
    finally:
        if serve.poll() is None:
            serve.kill()
            serve.wait(10)
    assert "stopped" in log.read_text("utf-8")
    assert "Traceback" not in log.read_text("utf-8")
    kept = [json.loads(line) for line in (data / "logs" / "ankan.log").read_text("utf-8").splitlines()]
    assert {"serving", "stopped"} <= {line["event"] for line in kept}
    assert not (data / "ankan.db-wal").exists()  # folded into the file


def test_serve_says_what_it_can_not_open(tmp_path: Path) -> None:
    save_config(Config(store=StoreConfig(url=f"postgresql://a:s3cret@127.0.0.1:{free_port()}/x")), tmp_path)
    done = run("serve", "--data", str(tmp_path), code=2)
    assert "127.0.0.1" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


def test_alarm_performance_of_an_empty_station_is_a_picture_and_bad_words_are_refused(tmp_path: Path) -> None:
    arguments = ("alarms", "performance", "--from", "2026-11-01", "--to", "2026-11-02", "--data", str(tmp_path))
    done = run(*arguments, "--json")
    picture = json.loads(done.stdout)
    assert picture["alarms"] == 0
    assert {figure["name"] for figure in picture["figures"]} >= {"average_per_bin", "flood_share", "median_ack_s"}
    wrong = run("alarms", "performance", "--from", "gestern", "--to", "2026-11-02", "--data", str(tmp_path), code=2)
    assert "gestern" in wrong.stderr
    assert "Traceback" not in wrong.stderr
