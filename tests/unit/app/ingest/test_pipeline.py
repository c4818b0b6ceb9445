"""The way of a message on a real store: what is stored once, refused in words, alarmed, compressed, acknowledged."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import US
from app.ingest import deadletters
from app.ingest.inbox import Message
from models.commands import RetryDeadLetters
from models.events import AlarmsChanged, DeadLettersChanged, ValuesChanged
from models.people import Actor
from models.readings import Quality, Reading, Tag, TagKind
from models.rights import Role
from tests.rights import add_user
from tests.room import START, Room, high

LEADER = Actor(1, "wang", "王敏", (Role.SHIFT_LEADER,), "CTRL-1")


def at(seconds: float, value: object, **more: object) -> str:
    return json.dumps({"t": (START + round(seconds * US)), "v": value, **more})


BAD = [
    (b"{", "not_json"),
    (b"", "not_json"),
    (b"NaN", "not_json"),
    (b'{"v": Infinity}', "not_json"),
    (b"\xff\xfe", "not_utf8"),
    (b"1e999", "number_range"),
    (b"1e200", "number_range"),
    (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    (b"1" + b" " * (10 << 20), "too_big"),
    (b'"closed"', "wrong_type"),
    (b'{"v": 1, "q": "splendid"}', "wrong_type"),
    (b'{"v": 1, "t": "yesterday"}', "bad_time"),
    (json.dumps({"v": 1, "t": START + 366 * 86_400 * US}).encode(), "future_time"),
    (json.dumps({"v": 1, "t": START - 401 * 86_400 * US}).encode(), "too_old"),
    (b'{"v": 1, "u": "furlong"}', "unknown_unit"),
    (b'{"tag": "nobody", "v": 1}', "unknown_tag"),
    (b'{"tag": "$sys/lag_ms", "v": 1}', "unknown_tag"),
]


def test_bad_input_is_a_dead_letter_with_its_reason_and_the_last_good_value_stays(room: Room) -> None:
    room.tags(Tag(name="PT-1", unit="kPa"))
    room.begin()
    room.hear(("PT-1", at(-1, 20.5)))
    room.hear(*[("PT-1", payload) for payload, _ in BAD])
    assert [reason for reason, _ in room.letters()] == [reason for _, reason in BAD]
    assert all(detail for _, detail in room.letters())
    assert room.samples("PT-1") == [(START - US, 20.5)]
    live = room.control.live.get(room.control.tags.by_name("PT-1").id)
    assert (live.value, live.quality) == (20.5, 192)
    assert room.core.pipeline.counters.refused == len(BAD)
    assert room.heard_of(DeadLettersChanged)[-1].open_count == len(BAD)
    assert room.broker.acknowledged == list(range(1, len(BAD) + 2))  # refused is safe too: it is in the table


def test_the_naughty_strings_pass_as_text_or_are_refused_in_words(room: Room, cases) -> None:
    room.tags(Tag(name="BATCH", kind=TagKind.TEXT), Tag(name="TT-1"))
    room.begin()
    strings = json.loads((cases / "b_mqtt" / "blns.json").read_text("utf-8"))
    room.hear(*[("BATCH", json.dumps({"t": START - i, "v": s})) for i, s in enumerate(strings)])
    room.hear(*[("TT-1", json.dumps(s)) for s in strings])
    room.hear(*[("TT-1", s.encode("utf-8", "surrogatepass")) for s in strings])
    room.hear(*[(s.replace("#", "").replace("+", "") or "x", "1") for s in strings])
    stored = room.rows("SELECT value FROM sample_text ORDER BY ts_us DESC")
    gone = "\ufffd" if room.store.dialect == "postgresql" else "\0"
    assert [value for (value,) in stored] == [s.replace("\0", gone) for s in strings]
    assert room.core.pipeline.store_ok
    assert room.core.pipeline.counters.messages == 4 * len(strings)


def test_nul_in_text_topic_and_detail_never_stops_a_commit(room: Room) -> None:
    room.tags(Tag(name="BATCH", kind=TagKind.TEXT))
    room.begin()
    room.hear(("BATCH", '{"v": "a\\u0000b"}'), ("x", '{"tag": "n\\u0000l", "v": 1}'), ("BATCH\0", "1"), ("TT-1", "2"))
    assert room.core.pipeline.store_ok
    mark = "�" if room.store.dialect == "postgresql" else "\0"
    assert room.rows("SELECT value FROM sample_text") == [(f"a{mark}b",)]
    assert room.rows("SELECT value_text FROM tag_last WHERE value_text IS NOT NULL") == [(f"a{mark}b",)]
    assert len(room.letters()) == 3
    assert f"n{mark}l" in room.letters()[0][1]


def test_huge_numbers_never_stop_the_sums_of_a_rollup(room: Room) -> None:
    room.tags("TT-1")
    room.begin()
    for i in range(5):
        room.hear(("TT-1", at(-1 + i / 10, 9e99)), ("TT-1", at(-1 + i / 10 + 0.05, 1.7e308)))
    assert room.core.pipeline.store_ok
    assert len(room.samples("TT-1")) == 5
    assert {reason for reason, _ in room.letters()} == {"number_range"}


def test_null_is_no_value_and_never_zero(small_room: Room) -> None:
    small_room.tags("TT-1")
    small_room.begin()
    small_room.hear(("TT-1", at(-2, 20)), ("TT-1", at(-1, None)))
    assert small_room.samples("TT-1") == [(START - 2 * US, 20.0), (START - US, None)]
    assert small_room.rows("SELECT quality FROM sample WHERE value IS NULL") == [(Quality.BAD_NO_VALUE,)]
    assert small_room.rows("SELECT n, bad, v_min, v_sum FROM rollup_1s WHERE bad > 0") == [(0, 1, None, None)]


def test_the_same_tag_and_time_is_stored_once_whatever_came_between(room: Room) -> None:
    room.tags("TT-1", "TT-2")
    room.begin()
    room.hear(("TT-1", at(-3, 1)), ("TT-1", at(-2, 2)), ("TT-1", at(-3, 1)), ("TT-2", at(-3, 5)))
    room.begin()  # a restart remembers
    room.hear(("TT-1", at(-2, 2)), ("TT-1", at(-1, 3)), ("TT-1", at(-3, 99)))
    assert room.samples("TT-1") == [(START - 3 * US, 1.0), (START - 2 * US, 2.0), (START - US, 3.0)]
    assert room.core.pipeline.counters.duplicates == 2
    assert room.rows("SELECT SUM(n) FROM rollup_1s")[0][0] == 4


def test_a_late_sample_is_stored_but_moves_neither_alarm_nor_live_value(small_room: Room) -> None:
    small_room.tags("TT-1")
    small_room.guard(high("TT-1", 50))
    small_room.begin()
    small_room.hear(("TT-1", at(-1, 20)))
    small_room.hear(("TT-1", at(-5, 80)))
    assert small_room.samples("TT-1") == [(START - 5 * US, 80.0), (START - US, 20.0)]
    assert small_room.control.alarms.open() == []
    assert small_room.control.live.get(small_room.control.tags.by_name("TT-1").id).value == 20.0


def test_a_source_whose_clock_is_ahead_does_not_make_its_tag_deaf(small_room: Room) -> None:
    room = small_room
    room.tags("PT-1")
    room.guard(high("PT-1", 100.0))
    room.begin()
    room.hear(("PT-1", at(240, 20.0)))  # four minutes ahead
    room.hear(("PT-1", at(240, 20.0)))  # and sent twice
    room.clock.advance(5)
    room.hear(("PT-1", at(5, 1e6)))
    raised = [row for event in room.heard_of(AlarmsChanged) for row in event.rows]
    assert [row.tag for row in raised] == ["PT-1"]
    assert sorted(room.samples("PT-1")) == [(START + 5 * US, 1e6), (START + 240 * US, 20.0)]
    live = room.control.live.get(room.control.tags.by_name("PT-1").id)
    assert (live.t_us, live.value) == (START + 5 * US, 1e6)


def test_historical_readings_fill_the_past_only_and_a_live_one_at_the_same_time_counts_once(room: Room) -> None:
    room.tags("TT-1")
    room.guard(high("TT-1", 50))
    room.begin()
    room.core.pipeline.feed([Reading("TT-1", START - 9 * US, 80.0, historical=True)])
    assert room.control.live.get(room.control.tags.by_name("TT-1").id) is None
    assert room.control.alarms.open() == []
    room.hear(("TT-1", at(-9, 80)), ("TT-1", at(-8, 20)))
    assert len(room.samples("TT-1")) == 2
    assert room.rows("SELECT n, v_max FROM rollup_1s ORDER BY ts_us") == [(1, 80.0), (1, 20.0)]


def test_alarm_row_is_published_with_its_sample(small_room: Room) -> None:
    small_room.tags("TT-1")
    small_room.guard(high("TT-1", 50))
    small_room.begin()
    small_room.hear(("TT-1", at(-2, 20)), ("TT-1", at(-1, 60)))
    [changed] = small_room.heard_of(AlarmsChanged)
    assert (changed.rows[0].key, changed.rows[0].value) == ("TT-1.H", 60.0)
    assert changed.annunciate == (changed.rows[0].occurrence_id,)
    assert small_room.rows("SELECT state, value FROM alarm_occurrence") == [("UNACK", 60.0)]
    assert small_room.heard_of(ValuesChanged)


def test_on_delay_runs_on_over_a_restart(room: Room) -> None:
    room.tags("TT-1")
    room.guard(high("TT-1", 50, on_delay_s=30))
    room.begin()
    room.hear(("TT-1", at(0, 60)))
    room.wait(20)
    assert room.control.alarms.open() == []
    room.begin()  # kill -9: nothing was said goodbye to
    room.wait(9)
    assert room.control.alarms.open() == []
    room.wait(1.1)
    assert [(row.key, row.state) for row in room.control.alarms.open()] == [("TT-1.H", "UNACK")]


def test_one_message_leaves_one_letter_that_names_all_unknown_tags(small_room: Room) -> None:
    small_room.tags("A")
    small_room.begin()
    many = {f"T{i}": i for i in range(30)} | {"A": 1.5}
    small_room.hear(("x", json.dumps({"t": START, "values": many})), ("x", '{"values": {"A": 2, "B": [], "C": 1}}'))
    (one, named), (two, both) = small_room.letters()
    assert (one, two) == ("unknown_tag", "wrong_type")
    assert named.startswith("30 unknown: T0, T1, T2")
    assert named.endswith("…")
    assert "wrong_type" in both
    assert "unknown_tag C" in both
    assert len(small_room.samples("A")) == 2


def retry(room: Room) -> None:
    answer = room.core.door.handle(RetryDeadLetters(), LEADER)
    assert answer.ok, answer
    room.core.pipeline.process(room.control.inbox.take(1000))


@pytest.fixture
def staffed(room: Room) -> Room:
    """There is a shift leader."""
    room.begin()
    with room.store.session() as session:
        leader = add_user(session, LEADER.login, Role.SHIFT_LEADER, name=LEADER.name, station=LEADER.station)
    assert leader == LEADER
    room.control.rights.reload()
    return room


def test_a_retried_letter_is_stored_at_its_time_and_closed(staffed: Room) -> None:
    staffed.hear(
        ("x", json.dumps({"values": {"NEW": 7.5}})), ("x", json.dumps({"t": START - 9 * US, "values": {"NEW": 6}}))
    )
    staffed.wait(60)
    staffed.tags("NEW")
    staffed.core.reload_tags()
    retry(staffed)
    assert staffed.samples("NEW") == [(START - 9 * US, 6.0), (START, 7.5)]
    assert staffed.letters() == []
    assert [reason for reason, _ in staffed.letters("retried")] == ["unknown_tag"] * 2
    assert staffed.heard_of(DeadLettersChanged)[-1].open_count == 0


SITE = """
format = 1
name = "Site"
version = "1"

[[message]]
topic = "site/{device}/raw"

[[message.value]]
path = "$.temp"
tag = "{device}.temp"
"""


def test_a_retry_reads_the_mended_mapping_without_a_restart(staffed: Room) -> None:
    staffed.tags("K1.temp")
    staffed.core.reload_tags()
    folder = staffed.control.data_dir
    message = Message("site/K1/raw", b'{"temp": 41.5}', START, 0, None)
    staffed.core.pipeline.process([message])
    assert [reason for reason, _ in staffed.letters()] == ["unknown_tag"]
    (folder / "ankan.toml").write_text('mappings = ["site.toml"]\n', encoding="utf-8")
    (folder / "site.toml").write_text("format = 1\n[[message]]\n", encoding="utf-8")
    answer = staffed.core.door.handle(RetryDeadLetters(), LEADER)
    assert answer.code == "mapping_broken"
    assert "site.toml" in answer.params.get("detail", answer.detail)
    assert len(staffed.letters()) == 1
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    retry(staffed)
    assert staffed.samples("K1.temp") == [(START, 41.5)]
    assert staffed.letters() == []


def test_a_letter_that_fails_again_stays_the_one_open_letter_and_says_why_now(staffed: Room) -> None:
    staffed.tags("OLD")
    staffed.core.reload_tags()
    staffed.hear(("x", json.dumps({"values": {"OLD": 1, "NEW": "text"}})))
    stored = staffed.samples("OLD")
    retry(staffed)
    assert staffed.letters() == [("unknown_tag", "NEW")]
    staffed.tags("NEW")
    staffed.core.reload_tags()
    retry(staffed)
    [(reason, detail)] = staffed.letters()
    assert (reason, "NEW" in detail) == ("wrong_type", True)
    assert staffed.samples("OLD") == stored  # what was good the first time is a duplicate now
    assert staffed.core.pipeline.counters.duplicates == 2
    assert staffed.heard_of(DeadLettersChanged)[-1].open_count == 1


def test_what_was_cut_off_can_not_be_retried(staffed: Room) -> None:
    staffed.hear(("x", b"1" * (2 << 20)))
    assert staffed.rows("SELECT length(payload), payload_size FROM dead_letter") == [(deadletters.KEEP_BYTES, 2 << 20)]
    assert staffed.core.door.handle(RetryDeadLetters(), LEADER).code == "not_found"


def test_the_oldest_letters_go_when_there_are_too_many_bytes_of_them(
    staffed: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadletters, "KEEP_TOTAL", 5_000)
    staffed.hear(*[("nobody", b'"' + b"x" * 997 + b'"') for _ in range(9)])
    staffed.clock.advance(120)
    staffed.core.pipeline.tick()
    assert len(staffed.letters()) == 5
    assert staffed.heard_of(DeadLettersChanged)[-1].open_count == 5


def test_a_defect_in_decoding_one_message_stops_nothing(small_room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    small_room.tags("TT-1")
    small_room.begin()
    real = small_room.core.decoder.decode

    def poisoned(topic: str, *rest: object) -> object:
        if topic.endswith("poison"):
            raise ZeroDivisionError("defect")
        return real(topic, *rest)

    monkeypatch.setattr(small_room.core.decoder, "decode", poisoned)
    small_room.hear(("TT-1", at(-2, 1)), ("poison", "1"), ("TT-1", at(-1, 2)))
    assert small_room.letters() == [("internal", "ZeroDivisionError: defect")]
    assert len(small_room.samples("TT-1")) == 2
    assert small_room.broker.acknowledged == [1, 2, 3]


def test_messages_without_time_get_distinct_times_of_receipt_in_their_order(small_room: Room) -> None:
    small_room.tags("TT-1")
    small_room.begin()
    small_room.hear(*[("TT-1", str(i)) for i in range(5)])
    assert small_room.samples("TT-1") == [(START + i, float(i)) for i in range(5)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(min_value=0, max_value=100), min_size=1, max_size=60))
def test_compression_never_drops_what_an_alarm_looked_at(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    room = Room(tmp_path_factory.mktemp("compress"))
    try:
        room.tags(Tag(name="TT-1", compress_deadband=1000.0))
        room.guard(high("TT-1", 80, deadband=5))
        room.begin()
        for i, value in enumerate(values):
            room.hear(("TT-1", at(i - 100, value)))
        stored = {value for _, value in room.samples("TT-1")}
        assert {value for value in values if value >= 80} <= stored
        for _, value in room.rows("SELECT transition, value FROM alarm_transition"):
            assert value in stored
        first = room.samples("TT-1")[0]
        assert first == (START - 100 * US, values[0])
    finally:
        room.close()


def test_a_compressed_tag_at_rest_still_stores_one_sample_in_ten_minutes(small_room: Room) -> None:
    small_room.tags(Tag(name="TT-1", compress_deadband=1.0))
    small_room.begin()
    for minute in range(31):
        small_room.hear(("TT-1", at(60 * minute - 3600, 20 + 0.1 * (minute % 2))))
    assert [(t - START) // US + 3600 for t, _ in small_room.samples("TT-1")] == [0, 600, 1200, 1800]


def test_own_tags_are_stored_and_guarded_like_any_other(small_room: Room) -> None:
    small_room.begin()
    limit = next(
        body["conditions"][0]
        for (body,) in [(json.loads(raw),) for (raw,) in small_room.rows("SELECT body FROM alarm_definition")]
        if body["key"] == "$sys/store_waiting"
    )
    small_room.core.pipeline.feed([Reading("$sys/store_waiting", START - US, limit["limit"] + 1.0)])
    small_room.wait(limit.get("on_delay_s", 0) + 1)
    assert [row.tag for row in small_room.control.alarms.open()] == ["$sys/store_waiting"]
    assert small_room.samples("$sys/store_waiting")


def test_a_mid_of_qos_0_is_never_acknowledged(small_room: Room) -> None:
    small_room.tags("TT-1")
    small_room.begin()
    small_room.core.pipeline.process([small_room.message("TT-1", "1", mid=0), small_room.message("TT-1", "2", mid=7)])
    assert small_room.broker.acknowledged == [7]


def test_a_message_of_a_topic_that_is_no_utf8_is_refused_not_lost(small_room: Room) -> None:
    small_room.begin()
    message = Message("ankan/v1/�", b"1", START, 3, small_room.broker)
    small_room.core.pipeline.process([message])
    assert [reason for reason, _ in small_room.letters()] == ["unknown_tag"]
