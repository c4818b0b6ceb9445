from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.monitoring.tagfile import TITLES, TagFile, check_rows, draft_of, parse_states, read_csv, states_text, tag_table
from models.readings import PlaceInfo, PlaceKind, Retention, TagInfo, TagKind

PLACES = [
    PlaceInfo(code="P", kind=PlaceKind.PLANT, name="厂"),
    PlaceInfo(code="A", kind=PlaceKind.AREA, name="罐区", parent="P"),
    PlaceInfo(code="A-1", kind=PlaceKind.UNIT, name="装置", parent="A"),
    PlaceInfo(code="TK-1", kind=PlaceKind.DEVICE, name="储罐", parent="A-1"),
]
KNOWN = TagInfo(
    id=1, name="LT-1", description="液位", description_en="level", area="A", unit_code="A-1", device="TK-1", unit="%",
    decimals=1, range_lo=0.0, range_hi=100.0, stale_after_s=60.0,
)  # fmt: skip


def check(*rows: list[object]) -> TagFile:
    return check_rows(rows, [KNOWN], PLACES, "南港化工")


def said(file: TagFile) -> list[tuple[int, str, str]]:
    return [(p.line, p.column, p.code) for p in file.problems]


def test_absent_columns_leave_a_tag_as_it_is_and_empty_cells_empty_it() -> None:
    file = check(["位号", "量程上限", "说明"], ["LT-1", "", "新液位"])
    (row,) = file.rows
    assert row.known
    assert row.changed
    assert (row.draft.range_hi, row.draft.description) == (None, "新液位")
    assert (row.draft.range_lo, row.draft.unit, row.draft.place, row.draft.stale_after_s) == (0.0, "%", "TK-1", 60.0)


def test_a_row_that_says_nothing_new_changes_nothing() -> None:
    file = check(["tag", "unit", "range_hi"], ["LT-1", "%", 100.0])
    assert (file.new, file.changes, len(file.rows)) == (0, 0, 1)


def test_a_new_tag_gets_sensible_defaults() -> None:
    (row,) = check(["tag"], ["TT-9"]).rows
    assert not row.known
    assert (row.draft.kind, row.draft.decimals, row.draft.retention) == ("analog", 1, "normal")


def test_chinese_words_are_understood() -> None:
    (row,) = check(["位号", "类型", "保留", "状态"], ["XV-1", "开关量", "长期", "0=关|closed；1=开"]).rows
    assert (row.draft.kind, row.draft.retention) == ("discrete", "long")
    assert row.draft.states == {"0": ["关", "closed"], "1": ["开", ""]}


def test_every_bad_cell_is_named_at_once() -> None:
    file = check(
        ["tag", "kind", "decimals", "range_lo", "range_hi", "stale_after_s", "states", "retention"],
        ["A", "pump", "1.5", "x", "1", "-3", "0", "ever"],
        ["", "", "", "", "", "", "", "long"],
        ["$x", "", "", "", "", "", "", ""],
        ["B", "", "", "5", "2", "", "", ""],
        ["B", "", "", "", "", "", "", ""],
    )
    assert said(file) == [
        (2, "kind", "unknown_word"), (2, "retention", "unknown_word"), (2, "decimals", "not_whole"),
        (2, "range_lo", "not_number"), (2, "stale_after_s", "not_positive"), (2, "states", "states"),
        (3, "tag", "missing"), (4, "tag", "reserved"), (5, "range_hi", "range"), (6, "tag", "twice"),
    ]  # fmt: skip
    assert file.rows == ()


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (["说明"], "no_tag_column"),
        (["位号", "颜色"], "unknown_column"),
        (["位号", "tag"], "column_twice"),
        ([], "no_tag_column"),
    ],
)
def test_titles_are_checked_too(head: list[object], code: str) -> None:
    assert code in [p.code for p in check(head, ["A", "x"]).problems]


def test_new_places_are_ordered_once_those_above_first() -> None:
    file = check(
        ["tag", "area", "area_name", "unit_code", "device", "device_name"],
        ["T-1", "RX", "反应区", "RX-1", "R-1", "反应釜"],
        ["T-2", "RX", "", "RX-1", "R-1", ""],
    )
    assert said(file) == []
    assert [(p.code, p.kind, p.name, p.parent) for p in file.places] == [
        ("RX", "area", "反应区", "P"), ("RX-1", "unit", "RX-1", "RX"), ("R-1", "device", "反应釜", "RX-1"),
    ]  # fmt: skip
    assert [row.draft.place for row in file.rows] == ["R-1", "R-1"]


def test_on_an_empty_station_the_plant_itself_is_ordered() -> None:
    file = check_rows([["tag", "area"], ["T-1", "RX"]], [], [], "南港化工")
    assert [(p.code, p.kind, p.name) for p in file.places] == [("PLANT", "plant", "南港化工"), ("RX", "area", "RX")]


def test_the_code_of_a_known_device_is_enough() -> None:
    (row,) = check(["tag", "device"], ["T-1", "TK-1"]).rows
    assert row.draft.place == "TK-1"


def test_a_device_without_its_unit_and_a_code_used_elsewhere_are_refused() -> None:
    assert said(check(["tag", "area", "device"], ["T-1", "A", "NEW"])) == [(2, "device", "place_gap")]
    assert said(check(["tag", "area", "unit_code"], ["T-1", "RX", "A-1"])) == [(2, "unit_code", "place_moved")]


def test_empty_rows_are_passed_over() -> None:
    assert len(check(["tag"], [], [""], [None], ["T-1"]).rows) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_in_the_encodings_and_delimiters_of_the_trade(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f'位号{delimiter}说明\r\nTT-1{delimiter}"釜{delimiter}温"\r\n'.encode(encoding))
    assert read_csv(path) == [["位号", "说明"], ["TT-1", f"釜{delimiter}温"]]


@pytest.mark.parametrize("raw", [b"\x00\x01\x02", b"\xff\xff\xff\xff"])
def test_what_is_no_text_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="no text"):
        read_csv(path)


def test_the_present_list_comes_back_as_it_was() -> None:
    valve = TagInfo(
        id=2, name="XV-1", kind=TagKind.DISCRETE, retention=Retention.LONG, states={"0": ["关", "closed"]}, area="A"
    )
    own = TagInfo(id=3, name="$sys/x")
    head, rows = tag_table([KNOWN, valve, own])
    assert head == list(TITLES)
    file = check_rows([head, *rows], [KNOWN, valve], PLACES)
    assert said(file) == []
    assert [row.draft for row in file.rows] == [draft_of(KNOWN), draft_of(valve)]
    assert file.changes == 0


@given(
    some.dictionaries(
        some.from_regex(r"[0-9]{1,3}", fullmatch=True),
        some.from_regex(r"[a-zA-Z开关]{1,8}", fullmatch=True),
        max_size=5,
    )
)
def test_states_come_back_as_they_were(words: dict[str, str]) -> None:
    states = {code: [word, ""] for code, word in words.items()}
    assert parse_states(states_text(states)) == (states or None)


cell = some.one_of(some.none(), some.text(max_size=12), some.floats(), some.integers())


@given(
    some.lists(some.lists(cell, max_size=8), max_size=6),
    some.lists(some.sampled_from(["tag", *TITLES, "?"]), max_size=8),
)
def test_no_table_whatever_stops_the_check(rows: list[list[object]], head: list[object]) -> None:
    file = check_rows([head, *rows], [KNOWN], PLACES)
    names = [row.draft.name for row in file.rows]
    assert len(set(names)) == len(names)
