"""The table model against a plain list: whatever happens, it shows the same rows in the same order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.exchange import write_csv
from ui.widgets.rows import MANY, Column, RowsModel


@dataclasses.dataclass(frozen=True)
class Row:
    id: int
    name: str
    value: float | None


COLUMNS = [
    Column[Row]("name", "common.copy", lambda r: r.name),
    Column[Row]("value", "common.save", lambda r: str(r.value), lambda r: r.value, right=True),
]
rows = st.builds(Row, st.integers(0, 12), st.sampled_from(["a", "b", "可燃气", "d"]), st.none() | st.integers(0, 5))
steps = st.one_of(
    st.tuples(st.just("upsert"), st.lists(rows, max_size=4)),
    st.tuples(st.just("remove"), st.lists(st.integers(0, 12), max_size=3)),
    st.tuples(st.just("order"), st.tuples(st.sampled_from([-1, 0, 1]), st.booleans())),
    st.tuples(st.just("filter"), st.sampled_from([None, "a", "b"])),
    st.tuples(st.just("search"), st.sampled_from(["", "krq", "a"])),
)


def make() -> RowsModel[Row]:
    return RowsModel(COLUMNS, lambda r: r.id, lambda r: (r.name, -r.id))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=14))
def test_it_shows_what_a_sorted_filtered_list_would_show(script: list[tuple[str, object]]) -> None:
    model = make()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    held: dict[int, Row] = {}
    order, down, kept, searched = -1, False, None, ""
    for what, with_ in script:
        match what, with_:
            case "upsert", list(batch):
                held.update({row.id: row for row in batch})
                model.upsert(batch)
            case "remove", list(keys):
                for key in keys:
                    held.pop(key, None)
                model.remove(keys)
            case "order", (int(order), bool(down)):
                model.order_by(order, down)
            case "filter", kept:
                model.set_filter(None if kept is None else lambda r, k=kept: r.name != k)
            case "search", str(searched):
                model.set_search(searched)
        shown = [row for row in held.values() if row.name != kept]
        if searched:
            words = {"krq": {"可燃气"}, "a": {"a"}}[searched]
            shown = [row for row in shown if row.name in words]
        keys = {
            -1: lambda r: ((r.name, -r.id), r.id),
            0: lambda r: (r.name, r.id),
            1: lambda r: (r.value is None, r.value or 0, r.id),
        }
        expected = sorted(shown, key=keys[order], reverse=down)
        assert model.shown() == expected
        assert [model.position(row.id) for row in expected] == list(range(len(expected)))
        assert model.rowCount() == len(expected)
    del tester


def test_a_persistent_index_follows_its_row_through_a_rebuild() -> None:
    model = make()
    model.replace([Row(n, "abc"[n % 3], n) for n in range(30)])
    kept = QPersistentModelIndex(model.index(model.position(7), 0))
    model.upsert([Row(100 + n, "a", n) for n in range(MANY)])
    assert model.row_at(kept.row()).id == 7
    model.order_by(1, descending=True)
    assert model.row_at(kept.row()).id == 7


def test_a_change_that_keeps_its_place_is_only_a_data_change() -> None:
    model = make()
    model.replace([Row(1, "a", 1.0), Row(2, "b", 2.0)])
    heard: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: heard.append((first.row(), last.row())))
    model.rowsInserted.connect(lambda *_: heard.append((-1, -1)))
    model.upsert([Row(2, "b", 9.0)])
    assert heard == [(1, 1)]
    assert model.data(model.index(1, 1)) == "9.0"


def test_more_rows_are_asked_for_until_all_are_held() -> None:
    model = make()
    asked: list[int] = []
    model.replace([Row(1, "a", 1.0)])
    model.set_pager(asked.append, total=3)
    assert model.canFetchMore()
    model.fetchMore()
    assert asked == [1]
    model.upsert([Row(2, "a", 1.0), Row(3, "a", 1.0)])
    assert not model.canFetchMore()


def test_a_hundred_thousand_rows_filter_and_sort_without_a_stall() -> None:
    from time import process_time

    model = make()
    model.replace([Row(n, f"name {n % 977}", float(n % 31)) for n in range(100_000)])
    before = process_time()
    model.order_by(1, descending=True)
    model.set_filter(lambda r: r.value != 3)
    model.upsert([Row(n, "changed", 1.0) for n in range(10)])
    assert process_time() - before < 3.0
    assert model.headerData(1, Qt.Orientation.Horizontal) is not None


def test_csv_cells_that_look_like_formulas_are_made_harmless(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_csv(path, ["位号", "值"], [["=HYPERLINK(1)", 1.5], ["TK-101", -2.0]])
    assert path.read_text("utf-8-sig").splitlines() == ["位号,值", "'=HYPERLINK(1),1.5", "TK-101,-2.0"]
