"""What only the web map must withstand: pages that die, requests that want out, machines where it cannot start."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt

from models.maps import CAMERAS, ZonePaint
from models.risk import Grade
from tests.ui.risk import demo
from tests.ui.risk.hands import Hand, until
from ui.i18n import messages
from ui.risk import plantmap
from ui.risk.plantmap import STARTING, PlantMap, make_map, why_no_web

Hands = Callable[..., Hand]


def kill(hand: Any) -> int:
    """End the page's process as a crash would."""
    pid = int(hand.page.renderProcessPid())
    assert pid > 1
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_killed_page_comes_back_with_everything(hands: Hands) -> None:
    hand = hands("web")
    hand.key(Qt.Key.Key_Plus)
    until(lambda: hand.map.state.eye is not None and not hand.map.state.eye.fitted)
    hand.map.show_layer(CAMERAS, False)
    hand.settle(hand.map.select("TFA"))
    before, eye = hand.probe(), hand.map.state.eye
    said: list[str] = []
    hand.map.trouble.connect(said.append)
    pid = kill(hand.map)
    serial = hand.map.paint_zones([ZonePaint(code="WARE", grade=Grade.ORANGE)])  # told to nobody, and yet kept
    until(lambda: hand.ready == 2, "did not come back")
    hand.settle(serial)
    after = hand.probe()
    assert hand.map.page.renderProcessPid() != pid  # type: ignore[attr-defined]
    assert after["origin"] != before["origin"]
    assert after["zones"]["WARE"]["grade"] == "orange"
    assert after["zones"]["TFB"]["marks"] == {"alarm"}
    assert after["zones"]["TFA"]["marks"] == {"selected"}
    assert set(after["chips"]) == set(before["chips"])
    assert hand.map.state.eye is not None
    assert hand.map.state.eye.scale == pytest.approx(eye.scale, rel=0.01)  # type: ignore[union-attr]
    assert said == ["map.returned"]


def test_the_page_asks_for_nothing_outside(hands: Hands) -> None:
    hand = hands("web")
    assert hand.map.gate.refused == []  # type: ignore[attr-defined]
    names = json.loads(
        hand.ask(
            "JSON.stringify([...document.scripts].map(s => s.src).concat([...document.styleSheets].map(s => s.href)))"
        )
    )
    assert "ankan-map://map/leaflet/leaflet.js" in names
    assert [name for name in names if name and not name.startswith("ankan-map://map/")] == []


def test_a_planted_request_is_refused_and_counted(hands: Hands) -> None:
    hand = hands("web")
    outside = "http://203.0.113.9/spy.png"
    hand.ask(
        "window.answers = [];"
        f"document.body.insertAdjacentHTML('beforeend', '<img src={outside} onerror=\"answers.push(1)\">');"
        "fetch('https://203.0.113.9/data').then(() => answers.push('in'), () => answers.push(2)); 1"
    )
    until(lambda: hand.ask("answers.length") == 2, "no answer")
    assert sorted(hand.ask("JSON.stringify(answers)")) == sorted("[1,2]")
    refused = hand.map.gate.refused  # type: ignore[attr-defined]
    assert outside in refused
    assert "https://203.0.113.9/data" in refused


def test_the_page_reads_no_file_of_the_machine(hands: Hands) -> None:
    hand = hands("web")
    hand.ask("window.got = null; fetch('file:///etc/hostname').then(() => got = 'in', () => got = 'refused'); 1")
    until(lambda: hand.ask("got") is not None)
    assert hand.ask("got") == "refused"


def test_the_page_serves_no_file_but_its_own(hands: Hands) -> None:
    hand = hands("web")
    for path in ("../pyproject.toml", "map/../../../pyproject.toml", "leaflet/%2e%2e/%2e%2e/NOTICE", "rules/risk.toml"):
        hand.ask(
            f"window.got = null; fetch('{path}').then(r => r.text()).then(t => got = 'in', () => got = 'refused'); 1"
        )
        until(lambda: hand.ask("got") is not None)
        assert hand.ask("got") == "refused", path


def test_the_page_goes_nowhere_else(hands: Hands) -> None:
    hand = hands("web")
    hand.ask("location.href = 'http://203.0.113.9/'; window.open('http://203.0.113.9/'); 1")
    assert hand.ask("location.href") == "ankan-map://map/index.html"


def test_a_name_from_the_plant_is_text_and_never_markup(hands: Hands) -> None:
    hand = hands("web")
    evil = "<img src=x onerror=window.evil=1>"
    hand.settle(hand.map.paint_zones([ZonePaint(code="TFA", grade=Grade.BLUE, caption=evil)]))
    assert hand.ask("document.querySelectorAll('.plate img').length + (window.evil || 0)") == 0


class Host:
    """A map with its fallback, and what it told the person."""

    def __init__(self, settings: QSettings | None = None, choice: str = "") -> None:
        self.map = make_map(settings=settings, choice=choice)
        self.told: list[str] = []
        self.map.trouble.connect(self.told.append)
        self.ready = 0
        self.map.ready.connect(self._ready)
        self.map.resize(800, 500)
        self.map.set_plan(demo.plan())
        self.map.set_shapes(demo.shapes())
        self.map.paint_zones(demo.paints())
        self.map.show()

    def _ready(self) -> None:
        self.ready += 1

    def colours(self) -> dict[str, str]:
        """Grades that the built-in map shows."""
        from ui.risk.nativemap import NativeMap

        assert isinstance(self.map.inner, NativeMap)
        return {code: str(self.map.state.paint(code).grade) for code in self.map.inner.canvas.scene().zones}


def test_three_deaths_in_a_minute_bring_the_built_in_map(keep: Callable[[Any], Any], settings: QSettings) -> None:
    host = Host(settings, "web")
    keep(host.map)
    for number in (1, 2, 3):
        until(lambda n=number: host.ready == n, f"not ready for the {number}. time")
        assert host.map.kind == "web"
        kill(host.map.inner)
    until(lambda: host.map.kind == "native", "did not fall back")
    until(lambda: host.ready == 4, "the built-in map did not draw")
    assert host.colours() == {code: g.value for code, (g, _, _) in demo.GRADES.items()}
    assert "反复中断" in host.map.notice.text()
    clicked: list[str] = []
    host.map.zone_clicked.connect(clicked.append)
    host.map.inner.zone_clicked.emit("TFA")
    assert clicked == ["TFA"]
    messages().switch("en")
    assert "again and again" in host.map.notice.text()
    assert settings.value(STARTING) is None


def test_without_the_web_engine_the_built_in_map_stands_in_and_says_why(
    keep: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ui.risk.webmap", None)
    host = Host(choice="web")
    keep(host.map)
    until(lambda: host.ready == 1)
    assert host.map.kind == "native"
    assert "未安装网页引擎" in host.map.notice.text()
    assert host.colours()["TFB"] == "red"


def test_root_without_sandbox_gets_the_built_in_map(
    keep: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QTWEBENGINE_DISABLE_SANDBOX", raising=False)
    monkeypatch.setattr(plantmap.os, "geteuid", lambda: 0, raising=False)
    assert why_no_web(None, "web") == "sandbox"
    host = Host(choice="web")
    keep(host.map)
    assert host.map.kind == "native"
    assert "沙箱" in host.map.notice.text()


def test_a_start_that_ended_the_program_is_not_tried_at_once_again(
    keep: Callable[[Any], Any], tmp_path: Path, settings: QSettings
) -> None:
    settings.setValue(STARTING, True)
    host = Host(settings, "web")
    keep(host.map)
    assert host.map.kind == "native"
    assert "上次启动" in host.map.notice.text()
    assert why_no_web(settings, "web") == ""  # the next start may try


def test_a_page_that_never_comes_is_given_up(keep: Callable[[Any], Any], settings: QSettings) -> None:
    host = Host(settings, "web")
    keep(host.map)
    host.map.inner._late.timeout.emit()  # type: ignore[attr-defined]
    assert host.map.kind == "native"
    assert "规定时间" in host.map.notice.text()


def test_a_panel_gets_the_built_in_map_by_choice_without_a_word(keep: Callable[[Any], Any]) -> None:
    host = Host(choice="native")
    keep(host.map)
    until(lambda: host.ready == 1)
    assert isinstance(host.map, PlantMap)
    assert host.map.notice.isHidden()
    assert host.told == []
