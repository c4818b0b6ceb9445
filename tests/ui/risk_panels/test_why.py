"""Why this colour: the sum in order, what rows lead to, the way down, who answers, and the colour by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QWidget

from app.clock import US
from models.risk import Grade
from models.risk_commands import EndOverride, OverrideZone
from models.risk_rows import AnswerRow
from tests.ui.organisation_ui.conftest import person
from tests.ui.risk_panels.conftest import factor
from tests.ui.station import MemoryStation
from ui.i18n import t
from ui.risk.byhand import OverrideSheet
from ui.risk.why import ZoneWhy
from ui.widgets.panel import PanelContext, ReasonRequest

Keep = Callable[[QWidget], QWidget]


@pytest.fixture
def why(plant: MemoryStation, ctx: PanelContext, keep: Keep) -> ZoneWhy:
    plant.risk.put(
        "LOAD", 126, factor("alarm", 60, "GD-11 可燃气 高", "alarm:1"), factor("sensor", 8, "GD-12 陈旧", "tag:GD-12"),
        factor("incident", 4, "2025-03 装车溢流", "incident:4", until_us=None),
    )  # fmt: skip
    made = ZoneWhy(ctx)
    keep(made)
    made.resize(344, 900)
    made.show()
    made.show_zone("LOAD")
    return made


def texts(why: ZoneWhy) -> str:
    return "\n".join(label.text() for label in why.findChildren(QLabel) if not label.isHidden())


def test_the_sum_is_told_row_by_row(why: ZoneWhy) -> None:
    assert why.question.text() == t("risk.why", grade=t("risk.grade.orange"))
    assert why.swatch.grade is Grade.ORANGE
    names = [row.accessibleName() for row in why.waterfall.rows]
    assert [name.rsplit(" ", 1)[1] for name in names] == ["126", "+60", "+8", "+4", "198"]
    assert "GD-11 可燃气 高" in names[1]
    assert t("risk.kind.alarm") in names[1]
    assert "起" in names[1]
    assert "198" in why.band.text()
    assert "160–320" in why.band.text()


def test_the_way_down_names_the_fewest_reasons(why: ZoneWhy, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: f"{t('risk.kind.alarm')} · GD-11 可燃气 高" in texts(why))
    assert t("risk.way_done", value="138", grade=t("risk.grade.yellow")) in texts(why)


def test_rows_lead_to_alarm_and_tag(why: ZoneWhy, plant: MemoryStation, ctx: PanelContext, qtbot: Any) -> None:
    tag = plant.add_tag("GD-12", 1.0, area="LOAD")
    row = plant.raise_alarm(plant.make_row(tag))
    qtbot.waitUntil(lambda: ctx.open_alarms.get(row.occurrence_id) is not None)
    alarms: list[Any] = []
    plots: list[Any] = []
    ctx.select_alarm.connect(alarms.append)
    ctx.show_on_plot.connect(lambda *what: plots.append(what))
    why.waterfall.rows[1].click()
    why.waterfall.rows[2].click()
    assert [a.occurrence_id for a in alarms] == [row.occurrence_id] == [1]
    assert plots == [(tag.id, why.state.factors[1].since_us)]
    assert not why.waterfall.rows[3].isEnabled()


def test_an_alarm_that_is_over_is_said(why: ZoneWhy, ctx: PanelContext) -> None:
    said: list[str] = []
    ctx.toast.connect(lambda text, _level: said.append(text))
    why.waterfall.rows[1].click()
    assert said == [t("risk.alarm_over")]


def test_it_follows_the_zone(why: ZoneWhy, plant: MemoryStation, qtbot: Any) -> None:
    plant.risk.put("LOAD", 126)
    qtbot.waitUntil(lambda: why.swatch.grade is Grade.YELLOW)
    assert len(why.waterfall.rows) == 2
    qtbot.waitUntil(lambda: "橙 → 黄" in texts(why))


def test_who_answers_is_named_where_people_may_be_read(why: ZoneWhy, plant: MemoryStation, qtbot: Any) -> None:
    plant.risk.answer_rows = [AnswerRow(place="LOAD", role="principal", person="E-01")]
    plant.organisation.person_rows = [person("E-01", "张伟")]
    why.show_zone("LOAD")
    qtbot.waitUntil(lambda: "张伟" in texts(why))
    plant.organisation.forbidden.add("people.read")
    why.show_zone("LOAD")
    qtbot.waitUntil(lambda: "E-01" in texts(why))
    plant.risk.forbidden = True
    why.show_zone("LOAD")
    qtbot.waitUntil(lambda: t("risk.answers_hidden") in texts(why))


def test_a_colour_by_hand_needs_a_reason_and_is_ordered_with_its_end(
    why: ZoneWhy, plant: MemoryStation, ctx: PanelContext, keep: Keep, qtbot: Any
) -> None:
    sheets: list[OverrideSheet] = []
    ctx.open_sheet.connect(sheets.append)
    why.set_hand.click()
    sheet = sheets[0]
    keep(sheet)
    sheet.show()
    sheet.confirm.click()
    assert sheet.problem.text() == t("common.reason_needed")
    assert not plant.door.submitted
    sheet.grade.setCurrentIndex(0)
    sheet.until.setCurrentIndex(1)
    sheet.reason.setPlainText("槽车未静置")
    sheet.confirm.click()
    order = plant.door.submitted[0][0]
    assert order == OverrideZone(
        place="LOAD", grade=Grade.RED, until_us=plant.now_us() + 4 * 3600 * US, reason="槽车未静置"
    )
    qtbot.waitUntil(lambda: not sheet.isVisible())
    qtbot.waitUntil(lambda: why.swatch.grade is Grade.RED)
    assert "槽车未静置" in why.hand.text()
    assert "198" in why.band.text()


def test_a_refused_order_leaves_the_sheet_as_it_was_filled(
    why: ZoneWhy, plant: MemoryStation, ctx: PanelContext, keep: Keep, qtbot: Any
) -> None:
    sheet = OverrideSheet(ctx, why.state)
    keep(sheet)
    sheet.show()
    plant.door.forbidden.add(OverrideZone.action)
    sheet.reason.setPlainText("x")
    sheet.confirm.click()
    qtbot.waitUntil(sheet.confirm.isEnabled)
    assert sheet.isVisible()
    assert sheet.reason.toPlainText() == "x"


def test_a_colour_by_hand_is_taken_back_with_a_reason(
    why: ZoneWhy, plant: MemoryStation, ctx: PanelContext, qtbot: Any
) -> None:
    assert not why.end_hand.isEnabled()
    plant.risk.carry_out(
        OverrideZone(place="LOAD", grade=Grade.RED, until_us=plant.now_us() + US, reason="r"), ctx.actor
    )
    qtbot.waitUntil(why.end_hand.isEnabled)
    asked: list[ReasonRequest] = []
    ctx.ask.connect(asked.append)
    why.end_hand.click()
    asked[0].done("已静置", None, False)
    assert plant.door.submitted[-1][0] == EndOverride(place="LOAD", reason="已静置")
    qtbot.waitUntil(lambda: why.swatch.grade is Grade.ORANGE)


def test_who_may_not_set_colours_is_told_so(why: ZoneWhy, plant: MemoryStation, ctx: PanelContext) -> None:
    plant.door.forbidden.add(OverrideZone.action)
    why.show_zone("LOAD")
    assert not why.set_hand.isEnabled()
    assert why.set_hand.toolTip() == t("common.not_allowed")
