"""What a map must do, whoever draws it: the same tests on the web page and on the built-in map."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from models.maps import CAMERAS, TICKETS, ZONES, Marker, PlanInfo, ZonePaint
from models.risk import Grade
from tests.ui.risk import demo
from tests.ui.risk.hands import Hand, overlaps, until
from ui.i18n import messages
from ui.theme import DAY, NIGHT, theme


def test_zones_show_grade_alarm_and_selection(hand: Hand) -> None:
    zones = hand.probe()["zones"]
    assert {code: zone["grade"] for code, zone in zones.items()} == {c: g.value for c, (g, _, _) in demo.GRADES.items()}
    assert zones["TFB"]["marks"] == {"alarm"}
    assert zones["LOAD"]["marks"] == {"selected"}
    assert zones["TFA"]["marks"] == set()


def test_one_zone_recolours_and_the_screen_shows_it(hand: Hand) -> None:
    before = hand.color_at(100, 130)
    hand.settle(hand.map.paint_zones([ZonePaint(code="TFA", grade=Grade.RED, caption="红 重大风险")]))
    assert hand.probe()["zones"]["TFA"]["grade"] == "red"
    until(lambda: hand.color_at(100, 130) != before, "the pixel did not change")
    assert hand.probe()["zones"]["WARE"]["grade"] == "blue"


def test_painting_the_same_again_is_no_change(hand: Hand) -> None:
    first = hand.map.paint_zones(demo.paints())
    assert hand.map.paint_zones(demo.paints()) == first
    assert hand.map.put_markers(demo.markers()) == first


def test_a_zone_without_a_feed_looks_stale(hand: Hand) -> None:
    hand.settle(hand.map.paint_zones([ZonePaint(code="TFA", grade=Grade.YELLOW, stale=True, caption="黄")]))
    assert "stale" in hand.probe()["zones"]["TFA"]["marks"]


def test_buildings_lie_above_the_hatch(hand: Hand) -> None:
    """Inside a warehouse there is the plan's own colour, not the zone's."""
    until(lambda: hand.color_at(288, 30).name().upper() == DAY.plan_building, hand.color_at(288, 30).name())


def test_a_selected_zone_with_an_alarm_keeps_both(hand: Hand) -> None:
    hand.settle(hand.map.select("TFB"))
    assert hand.probe()["zones"]["TFB"]["marks"] == {"alarm", "selected"}
    hand.settle(hand.map.select(""))
    assert hand.probe()["zones"]["TFB"]["marks"] == {"alarm"}


def test_markers_come_change_and_go(hand: Hand) -> None:
    new = Marker(id="ticket:9", layer=TICKETS, x=150.0, y=125.0, icon="clipboard", text="YH-0009")
    hand.settle(hand.map.put_markers([new]))
    assert hand.probe()["chips"]["ticket:9"]["text"] == "YH-0009"
    hand.settle(
        hand.map.put_markers([Marker(id="ticket:9", layer=TICKETS, x=100.0, y=125.0, text="改", tone="overdue")])
    )
    chip = hand.probe()["chips"]["ticket:9"]
    assert (chip["text"], chip["tone"]) == ("改", "overdue")
    assert abs((chip["box"][0] + chip["box"][2]) / 2 - hand.where(100, 125).x()) < 2
    hand.settle(hand.map.drop_markers(["ticket:9", "never"]))
    assert "ticket:9" not in hand.probe()["chips"]


def test_layers_hide_and_show(hand: Hand) -> None:
    assert hand.probe()["sectors"] == 5
    hand.settle(hand.map.show_layer(CAMERAS, False))
    assert not [i for i in hand.probe()["chips"] if i.startswith("cameras")]
    hand.settle(hand.map.show_layer(ZONES, False))
    assert hand.probe()["zonesShown"] is False
    assert hand.probe()["plates"] == {}
    hand.settle(hand.map.show_layer(CAMERAS, True))
    assert [i for i in hand.probe()["chips"] if i.startswith("cameras")]
    with pytest.raises(KeyError):
        hand.map.show_layer("cellar", True)


def test_clicks_say_what_was_hit(hand: Hand) -> None:
    hand.click(60, 125)
    assert hand.heard("zone_clicked") == ("TFA",)
    hand.click(320, 66)
    assert hand.heard("marker_clicked") == ("ticket:409",)
    hand.click(223, 80)
    x, y = hand.heard("background_clicked")
    assert (round(x), round(y)) == (pytest.approx(223, abs=2), pytest.approx(80, abs=2))


def test_dense_markers_gather_and_alarms_lead_them(hand: Hand) -> None:
    crowd = [
        Marker(id=f"x{n}", layer=TICKETS, x=360.0 + n * 0.5, y=80.0, text=f"T{n}", icon="clipboard") for n in range(9)
    ]
    alarm = Marker(id="loud", layer="alarms", x=362.0, y=80.0, text="GD", tone="alarm", priority=4)
    hand.settle(hand.map.put_markers([*crowd, alarm]))
    chips = hand.probe()["chips"]
    assert set(chips["loud"]["members"]) == {"loud", *(f"x{n}" for n in range(9))}
    scale = hand.map.state.eye.scale  # type: ignore[union-attr]
    hand.click(362, 80)
    until(lambda: hand.map.state.eye.scale > scale, "a group opens by zooming in")  # type: ignore[union-attr]
    assert not [s for s in hand.said if s[0] == "marker_clicked"]


@pytest.mark.parametrize("touch", [False, True])
def test_chips_and_labels_never_collide(hand: Hand, touch: bool) -> None:
    theme().switch(touch=touch)
    hand.settle(hand.map.put_markers(demo.many_markers(400)))
    seen = hand.probe()
    boxes = [c["box"] for c in seen["chips"].values()]
    boxes += [c["label"] for c in seen["chips"].values() if c["label"]]
    boxes += [p["box"] for p in seen["plates"].values()]
    assert len(seen["chips"]) > 30
    assert overlaps(boxes) == []


def test_theme_language_and_touch_switch_without_a_reload(hand: Hand) -> None:
    day = hand.probe()
    theme().switch("night", touch=True)
    messages().switch("en")
    hand.settle(hand.map._serial)
    night = hand.probe()
    assert night["badge"] > day["badge"]
    until(lambda: hand.picture().pixelColor(3, 330).name() == NIGHT.g2.lower(), "still day")
    assert day.get("origin") == night.get("origin")
    if hand.kind == "web":
        assert night["plates"]["TFA"]["text"].startswith("Tank farm A")
        assert night["north"] == "N"


def test_a_polygon_is_drawn_by_clicks_and_a_double_click(hand: Hand) -> None:
    hand.settle(hand.map.start_drawing("polygon"))
    hand.click(60, 125)
    hand.click(120, 125)
    hand.click(120, 175)
    hand.double_click(60, 175)
    kind, points = hand.heard("drawn")
    assert kind == "polygon"
    assert [(round(x), round(y)) for x, y in points] == [
        (pytest.approx(x, abs=2), pytest.approx(y, abs=2)) for x, y in ((60, 125), (120, 125), (120, 175), (60, 175))
    ]
    assert not [s for s in hand.said if s[0] == "zone_clicked"]
    hand.settle(hand.map.stop_drawing())
    hand.click(60, 125)
    assert hand.heard("zone_clicked") == ("TFA",)


def test_a_point_is_drawn_by_one_click_even_on_a_zone(hand: Hand) -> None:
    hand.settle(hand.map.start_drawing("point"))
    hand.click(60, 125)
    kind, points = hand.heard("drawn")
    assert kind == "point"
    assert points[0] == (pytest.approx(60, abs=2), pytest.approx(125, abs=2))


def test_escape_breaks_drawing_off_and_backspace_takes_a_point_back(hand: Hand) -> None:
    hand.settle(hand.map.start_drawing("polygon"))
    for x in (60, 100, 140, 180):
        hand.click(x, 125)
    hand.click(150, 175)
    hand.key(Qt.Key.Key_Backspace)
    hand.key(Qt.Key.Key_Return)
    _, points = hand.heard("drawn")
    assert len(points) == 4
    hand.key(Qt.Key.Key_Escape)
    hand.heard("cancelled")
    assert hand.map.state.tool.kind == ""


def test_a_corner_of_a_zone_is_dragged(hand: Hand) -> None:
    hand.settle(hand.map.edit_zone("WARE"))
    assert hand.probe()["handles"] >= 4
    hand.drag((440, 93), (430, 80))
    code, points = hand.heard("edited")
    assert code == "WARE"
    assert len(points) == 4
    assert any((round(x), round(y)) == (pytest.approx(430, abs=3), pytest.approx(80, abs=3)) for x, y in points)
    assert hand.map.state.shapes["WARE"].polygon == tuple(points)


def test_a_marker_is_dragged_only_when_its_layer_may_move(hand: Hand) -> None:
    hand.settle(hand.map.move_markers([TICKETS]))
    hand.drag((320, 66), (340, 76))
    ident, x, y = hand.heard("moved")
    assert ident == "ticket:409"
    assert (x, y) == (pytest.approx(340, abs=3), pytest.approx(76, abs=3))
    assert hand.map.state.markers["ticket:409"].x == x
    hand.settle(hand.map.stop_editing())
    hand.said.clear()
    hand.click(340, 76)
    assert hand.heard("marker_clicked") == ("ticket:409",)


def test_the_view_fits_and_zoom_stays_where_the_hand_put_it(hand: Hand) -> None:
    state = hand.map.state
    assert state.eye is not None
    whole = state.eye.scale
    hand.key(Qt.Key.Key_Plus)
    until(lambda: state.eye is not None and state.eye.scale > whole * 1.2, "did not zoom")
    assert state.eye.fitted is False
    hand.settle(hand.map.fit())
    until(lambda: state.eye is not None and abs(state.eye.scale - whole) < 0.01, "did not fit")
    hand.map.resize(700, 500)
    until(lambda: state.eye is not None and state.eye.scale < whole, "a fitted view follows the size")


def test_a_picture_is_a_plan_too(hand: Hand) -> None:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QColor, QImage

    image = QImage(52, 34, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 120, 60))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    hand.map.show_layer(ZONES, False)
    made = PlanInfo(
        kind="picture", width=520.0, height=340.0, revision=2, data=bytes(data.data()), media_type="image/png"
    )
    hand.settle(hand.map.set_plan(made))
    until(lambda: hand.color_at(260, 182).name() == "#0a783c", hand.color_at(260, 182).name())


def test_a_plan_that_is_none_is_refused_and_the_old_one_stays(hand: Hand) -> None:
    with pytest.raises(ValueError, match="JSON"):
        hand.map.set_plan(PlanInfo(kind="geojson", width=10.0, height=10.0, data=b"<svg/>"))
    assert hand.map.state.plan == demo.plan()


def test_print_draws_the_plan_anew_in_day_colours_at_any_size(hand: Hand) -> None:
    theme().switch("night")
    image = hand.map.print_picture(2200)
    assert image.width() == 2200
    assert image.pixelColor(4, 4).name().upper() == DAY.g0
    assert theme().name == "night"
