from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QMenu

from models.readings import TagInfo
from tests.ui.conftest import flush
from tests.ui.station import MemoryStation
from ui.monitoring.favourites import favourites
from ui.monitoring.plot import TAGS_MIME
from ui.monitoring.tree import TagTree
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.sheet import Sheet


@pytest.fixture
def tree(ctx: PanelContext, tags: dict[str, TagInfo], place: Callable[..., None]) -> TagTree:
    made = TagTree(ctx)
    place(made, 280, 700)
    return made


def shown(tree: TagTree) -> list[str]:
    found = []
    for row in range(tree.model.rowCount()):
        area = tree.model.index(row, 0)
        found += [tree.model.index(n, 0, area).data() for n in range(tree.model.rowCount(area))]
    return found


def test_search_finds_by_number_words_and_pinyin_initials(tree: TagTree) -> None:
    for text, found in (("gd-0", ["GD-03", "GD-07", "GD-08"]), ("出口压力", ["PT-203"]), ("ckyl", ["PT-203"])):
        tree.search.setText(text)
        tree.search.flush()
        assert shown(tree) == found


def test_chips_show_what_is_in_alarm_and_what_is_bad(tree: TagTree) -> None:
    tree.chips.choose("bad")
    assert shown(tree) == ["GD-11"]
    tree.chips.choose("alarmed")
    assert "GD-07" in shown(tree)
    assert "TK-102" not in shown(tree)


def test_dragging_a_place_takes_all_its_shown_tags(tree: TagTree, tags: dict[str, TagInfo]) -> None:
    area = tree.model.index(3, 0)
    ids = [int(x) for x in bytes(tree.model.mimeData([area]).data(TAGS_MIME).data()).split()]
    assert ids == [tags["C-301"].id, tags["PT-301"].id]
    assert tree.model.mimeData([area]).text() == "C-301\nPT-301"


def test_a_value_changes_in_place(tree: TagTree, tags: dict[str, TagInfo], station: MemoryStation) -> None:
    station.speak(tags["TK-101"].id, 81.5)
    tree.ctx.bridge._drain_values()
    flush()
    node = tree.model.node(tags["TK-101"].id)
    assert node is not None
    assert node.live is not None
    assert node.live.value == 81.5


def test_a_star_is_seen_by_other_panels_and_kept(tree: TagTree, ctx: PanelContext) -> None:
    favourites(ctx).star(["TK-101"], True)
    tree.chips.choose("favourite")
    assert shown(tree) == ["TK-101"]
    assert ctx.settings.value("tree/favourites") == '["TK-101"]'


def test_revealing_a_hidden_tag_clears_the_search(tree: TagTree, tags: dict[str, TagInfo]) -> None:
    tree.search.setText("zzz")
    tree.search.flush()
    assert tree.stack.currentWidget() is tree.empty
    tree.reveal(tags["B-401"].id)
    tree.search.flush()
    assert "B-401" in shown(tree)


def test_many_changes_of_the_catalogue_are_taken_together(
    tree: TagTree, station: MemoryStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[int] = []
    monkeypatch.setattr(tree.model, "rebuild", lambda *_: times.append(1))
    for _ in range(50):
        tree._catalogue_changed()
    assert times == []
    assert tree._refill_later.isActive()
    tree._refill_later.stop()


def test_the_menu_opens_the_editor(tree: TagTree, tags: dict[str, TagInfo], sheets: list[Sheet]) -> None:
    menu = QMenu()
    tree.editing.fill_menu(menu, [tags["GD-07"]])
    menu.actions()[0].trigger()
    assert [sheet.accessibleName() for sheet in sheets] == ["位号 GD-07"]
    menu.deleteLater()


def test_arranging_by_device_shows_units_and_devices(tree: TagTree) -> None:
    tree._arrange_by(True)
    area = tree.model.index(0, 0)
    assert tree.model.index(0, 0, area).data() == "TFA-1"
    panel: Panel = tree
    assert panel.ctx.settings.value("tree/arrange") == "device"
