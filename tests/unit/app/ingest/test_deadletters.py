"""Refused messages as lists show them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest import deadletters
from app.ingest.deadletters import DeadLetterReader, preview, told
from app.store.engine import Store
from models.events import Refusal


def letter(i: int, **more: Any) -> dict[str, Any]:
    return {
        "received_us": i,
        "source": "b",
        "topic": f"plant/{i}",
        "payload": b"{",
        "payload_size": 1,
        "reason": "not_json",
        "detail": "",
        "state": "open",
        "handled_by": "",
    } | more


@pytest.fixture
def reader(store: Store) -> DeadLetterReader:
    with store.write() as connection:
        deadletters.save(connection, [letter(i) for i in range(1, 8)])
        deadletters.save(connection, [letter(8, reason="unknown_tag", detail="1 unknown: 100%_TT", topic="x_y")])
        deadletters.save(connection, [])
    return DeadLetterReader(store)


def test_pages_are_newest_first_and_count_all(reader: DeadLetterReader) -> None:
    page, total = reader.page(limit=3)
    assert ([row.received_us for row in page], total) == ([8, 7, 6], 8)
    assert [row.received_us for row in reader.page(offset=6, limit=3)[0]] == [2, 1]


def test_filters_take_percent_and_underscore_as_they_are(reader: DeadLetterReader) -> None:
    assert reader.page(text="%_TT")[1] == 1
    assert reader.page(text="x_y")[1] == 1
    assert reader.page(text="plant_")[1] == 0
    assert reader.page(reason="not_json")[1] == 7


def test_settled_letters_leave_the_open_ones_and_are_settled_once(reader: DeadLetterReader, store: Store) -> None:
    with store.write() as connection:
        assert deadletters.settle(connection, [1, 2, 99], "discarded", 5, "王敏") == 2
        assert deadletters.settle(connection, [1], "retried", 6) == 0
        assert deadletters.count_open(connection) == 6
        assert [row.id for row in deadletters.open_letters(connection, [1, 3], "")] == [3]
        assert [row.id for row in deadletters.open_letters(connection, [], "unknown_tag")] == [8]
    assert reader.counts() == {"not_json": 5, "unknown_tag": 1}
    assert {row.state for row in reader.page(state="")[0]} == {"open", "discarded"}


def test_the_oldest_go_beyond_the_limits(
    store: Store, reader: DeadLetterReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.write() as connection:
        assert deadletters.trim(connection) == 0
        monkeypatch.setattr(deadletters, "KEEP_ROWS", 5)
        assert deadletters.trim(connection) == 3
        monkeypatch.setattr(deadletters, "KEEP_TOTAL", 2)
        assert deadletters.trim(connection) == 3
    assert [row.id for row in reader.page()[0]] == [8, 7]


@given(payload=st.binary(max_size=2000))
def test_a_preview_can_be_shown_anywhere(payload: bytes) -> None:
    shown = preview(payload)
    assert all(c.isprintable() for c in shown)
    assert len(shown) <= 200 * 10


def test_what_was_wrong_is_told_in_bounded_words() -> None:
    assert told([(Refusal.NOT_JSON, "x" * 5000)]) == "x" * 1000
    many = told([(Refusal.WRONG_TYPE, f"{i}") for i in range(10_000)])
    assert many.startswith("10000 problems: wrong_type 0; wrong_type 1")
    assert len(many) <= 1000
