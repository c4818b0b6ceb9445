import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.ingest.decode.base import MAX_LEAVES, Undecodable
from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.router import Decoder
from models.events import Refusal
from models.readings import Quality, Reading

T = 1_764_000_000_000_000
TOPIC = "ankan/v1/GD-07"


def decode(payload, topic=TOPIC):
    decoder = Decoder(MappingSet())
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decoder.decode(topic, body, T), decoder.rejected


def refusal(payload, topic=TOPIC):
    with pytest.raises(Undecodable) as refused:
        decode(payload, topic)
    return refused.value.reason


@pytest.mark.parametrize(
    ("payload", "value", "quality"),
    [
        (b"21.5", 21.5, 192),
        (b"-0", 0.0, 192),
        (b"true", 1.0, 192),
        (b"false", 0.0, 192),
        (b'"open"', "open", 192),
        (b'"12.3"', "12.3", 192),
        (b"null", None, Quality.BAD_NO_VALUE),
        (b" 7 ", 7.0, 192),
        (b"\xef\xbb\xbf7", 7.0, 192),
    ],
)
def test_a_bare_scalar_is_a_value(payload, value, quality):
    readings, rejected = decode(payload)
    assert readings == [Reading("GD-07", 0, value, quality)]
    assert type(readings[0].value) is type(value)
    assert rejected == []


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"v": 21.5}, Reading("GD-07", 0, 21.5)),
        ({"v": 3, "t": T}, Reading("GD-07", T, 3.0)),
        ({"v": True, "t": T // 1000, "q": "uncertain"}, Reading("GD-07", T, 1.0, 64)),
        ({"v": 1, "t": "2025-11-24T16:00:00Z", "q": 84, "u": "kPa"}, Reading("GD-07", T, 1.0, 84, "kPa")),
        (
            {"value": 1, "time": "2025-11-24T16:00:00Z", "quality": "bad", "unit": "kPa"},
            Reading("GD-07", T, 1.0, 0, "kPa"),
        ),
        ({"v": 1, "tag": "GD-08"}, Reading("GD-08", 0, 1.0)),
        ({"v": None, "t": T}, Reading("GD-07", T, None, 8)),
        ({"v": None, "q": 24}, Reading("GD-07", 0, None, 24)),
        ({"v": 1, "t": None, "q": None, "u": None}, Reading("GD-07", 0, 1.0)),
        ({"v": "停", "u": None}, Reading("GD-07", 0, "停")),
    ],
)
def test_one_value_with_its_time_quality_and_unit(payload, expected):
    assert decode(payload) == ([expected], [])


def test_many_values_share_a_time_unless_they_have_their_own():
    readings, rejected = decode(
        {
            "t": T,
            "values": {"A": 1, "B": {"v": 2, "q": "bad", "u": "kPa"}, "C": {"v": 3, "t": T + 5}, "D": None, "E": "x"},
        }
    )
    assert readings == [
        Reading("A", T, 1.0),
        Reading("B", T, 2.0, 0, "kPa"),
        Reading("C", T + 5, 3.0),
        Reading("D", T, None, 8),
        Reading("E", T, "x"),
    ]
    assert rejected == []


def test_a_bad_value_among_many_does_not_cost_the_good_ones():
    readings, rejected = decode(
        b'{"values": {"A": 1, "B": [1], "C": 1e999, "D": {"x": 1}, "E": {"v": 5, "t": "soon"}, "F": 6}}'
    )
    assert [r.tag for r in readings] == ["A", "F"]
    assert [reason for reason, _ in rejected] == [
        Refusal.WRONG_TYPE,
        Refusal.NUMBER_RANGE,
        Refusal.WRONG_TYPE,
        Refusal.BAD_TIME,
    ]


def test_a_message_without_one_good_value_is_refused_as_a_whole():
    assert refusal({"values": {"A": [], "B": {}}}) is Refusal.WRONG_TYPE


def test_samples_come_as_objects_as_rows_or_for_several_tags():
    assert decode([{"t": T, "v": 1}, {"t": T + 1, "v": 2, "q": 0}])[0] == [
        Reading("GD-07", T, 1.0),
        Reading("GD-07", T + 1, 2.0, 0),
    ]
    assert decode({"tag": "A", "u": "kPa", "samples": [[T, 1], [T + 1, None, "bad"], {"t": T + 2, "v": 3}]})[0] == [
        Reading("A", T, 1.0, 192, "kPa"),
        Reading("A", T + 1, None, 8, "kPa"),
        Reading("A", T + 2, 3.0, 192, "kPa"),
    ]
    assert decode([{"tag": "A", "v": 1}, {"tag": "B", "v": 2}])[0] == [Reading("A", 0, 1.0), Reading("B", 0, 2.0)]
    assert decode([{"tag": "A", "samples": [[T, 1]]}, {"tag": "B", "samples": [[T, 2]]}])[0] == [
        Reading("A", T, 1.0),
        Reading("B", T, 2.0),
    ]


def test_a_bad_sample_in_a_series_is_rejected_alone():
    readings, rejected = decode({"samples": [[T, 1], [T], 5, ["2025-01-01T00:00:00", 2], [T + 9, 3]]})
    assert [r.value for r in readings] == [1.0, 3.0]
    assert [reason for reason, _ in rejected] == [Refusal.WRONG_TYPE, Refusal.WRONG_TYPE, Refusal.BAD_TIME]


def test_any_other_document_is_flattened_to_its_leaves():
    readings, _ = decode({"motor": {"speed": 1480, "on": True, "name": "M1", "fault": None}, "t": [1, {"x": 2}]})
    assert [(r.tag, r.value) for r in readings] == [
        ("GD-07.motor.speed", 1480.0),
        ("GD-07.motor.on", 1.0),
        ("GD-07.motor.name", "M1"),
        ("GD-07.motor.fault", None),
        ("GD-07.t[0]", 1.0),
        ("GD-07.t[1].x", 2.0),
    ]
    assert decode([5])[0] == [Reading("GD-07[0]", 0, 5.0)]


def test_a_sample_with_a_field_nobody_knows_loses_nothing():
    assert {r.tag for r in decode({"v": 1, "battery": 80})[0]} == {"GD-07.v", "GD-07.battery"}


@pytest.mark.parametrize("payload", [b"[]", b"{}", b"[[]   ]", b'{"a":{"b":[]}}', b'{"values":{}}'])
def test_a_document_without_values_gives_no_readings_and_no_refusal(payload):
    assert decode(payload) == ([], [])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Refusal.NOT_JSON),
        (b"NaN", Refusal.NOT_JSON),
        (b'{"v": NaN}', Refusal.NOT_JSON),
        (b"21.5 C", Refusal.NOT_JSON),
        (b"\xef\xbb\xbf", Refusal.NOT_JSON),
        (b"\xff\xfe1\x00", Refusal.NOT_UTF8),
        (b'"\xff"', Refusal.NOT_UTF8),
        (b'{"v":"\xed\xa0\x80"}', Refusal.NOT_UTF8),
        (b"1e999", Refusal.NUMBER_RANGE),
        (b'{"v":-1e999}', Refusal.NUMBER_RANGE),
        (b"1" * 5000, Refusal.NUMBER_RANGE),
        (b"1" * 400, Refusal.NUMBER_RANGE),
        (b"[" * 100_000, Refusal.TOO_DEEP),
        (b'{"a":' * 100_000, Refusal.TOO_DEEP),
        (b"[" * 500 + b"]" * 500, Refusal.TOO_DEEP),
        (b" " * (10 << 20), Refusal.TOO_BIG),
        (b"[" + b"1," * MAX_LEAVES + b"1]", Refusal.TOO_BIG),
        (b'{"v":[1]}', Refusal.WRONG_TYPE),
        (b'{"v":{"x":1}}', Refusal.WRONG_TYPE),
        (b'{"v":1,"u":5}', Refusal.WRONG_TYPE),
        (b'{"v":1,"q":"fine"}', Refusal.WRONG_TYPE),
        (b'{"v":1,"q":300}', Refusal.WRONG_TYPE),
        (b'{"v":1,"t":"2025-11-24T16:00:00"}', Refusal.BAD_TIME),
        (b'{"v":1,"t":0}', Refusal.BAD_TIME),
        (b'{"v":1,"t":[]}', Refusal.BAD_TIME),
        (b'{"v":1,"tag":""}', Refusal.WRONG_TYPE),
        (b'{"v":1,"tag":"$sys/queue"}', Refusal.UNKNOWN_TAG),
    ],
)
def test_each_kind_of_unusable_message_has_its_own_reason(payload, reason):
    assert refusal(payload) is reason


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("ankan/v1/", Refusal.BAD_TOPIC),
        ("", Refusal.BAD_TOPIC),
        ("a/+", Refusal.BAD_TOPIC),
        ("a/#", Refusal.BAD_TOPIC),
        ("a\0b", Refusal.BAD_TOPIC),
        ("ankan/v1/$sys/queue", Refusal.UNKNOWN_TAG),
    ],
)
def test_a_topic_that_names_no_tag_is_refused(topic, reason):
    assert refusal(b"1", topic) is reason


def test_long_keys_cannot_fill_the_memory():
    assert refusal({"k" * 500_000: list(range(5000))}) is Refusal.TOO_BIG


def test_the_tag_is_the_topic_without_the_prefix():
    assert decode(b"1", "ankan/v1/plant/TT-101")[0][0].tag == "plant/TT-101"
    assert decode(b"1", "other/TT-101")[0][0].tag == "other/TT-101"
    assert Decoder(MappingSet(), native_prefix="site/").decode("site/X", b"1", T)[0].tag == "X"


def test_memory_of_topics_is_bounded(monkeypatch):
    monkeypatch.setattr("app.ingest.decode.router.MAX_TOPICS", 10)
    decoder = Decoder(MappingSet())
    for i in range(100):
        assert decoder.decode(f"t/{i}", b"1", T)[0].tag == f"t/{i}"
    assert len(decoder._tags) <= 10


@pytest.mark.parametrize("kind", ["y", "n"])
def test_the_json_suite_is_accepted_and_refused_as_it_says(cases, kind):
    files = sorted((cases / "b_mqtt" / "json_suite" / "test_parsing").glob(f"{kind}_*.json"))
    assert len(files) > 20
    for file in files:
        payload = file.read_bytes()
        if kind == "y":
            assert isinstance(decode(payload)[0], list), file.name
        else:
            assert refusal(payload) in (Refusal.NOT_JSON, Refusal.NOT_UTF8), file.name


def test_naughty_strings_are_carried_unchanged_as_values_and_names(cases):
    strings = json.loads((cases / "b_mqtt" / "blns.json").read_text(encoding="utf-8"))
    assert len(strings) > 500
    for text in strings:
        assert decode({"v": text})[0][0].value == text
        assert decode([text])[0][0].value == text
        if text.strip():
            assert decode({"values": {text: 1}})[0][0].tag == text
            assert decode({"x": {text: 1}})[0][0].tag == f"GD-07.x.{text}"


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
keys = st.sampled_from(["v", "t", "q", "u", "tag", "value", "time", "values", "samples", "a"]) | st.text(max_size=5)
documents = st.recursive(
    scalars, lambda c: st.lists(c, max_size=5) | st.dictionaries(keys, c, max_size=5), max_leaves=30
)


@given(documents)
def test_every_json_document_is_read_or_refused_and_never_breaks(doc):
    try:
        readings, _ = decode(doc)
    except Undecodable:
        return
    for reading in readings:
        assert reading.value is None or type(reading.value) in (float, str)
        assert 0 <= reading.quality <= 255
        assert reading.value is not None or reading.quality < 64


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda b: b'{"v":' + b + b"}"))
@example(b"\xef\xbb\xbf\xef\xbb\xbf1")
@example(b'["\\ud800"]')
def test_arbitrary_bytes_are_read_or_refused_and_never_break(payload):
    try:
        readings, _ = decode(payload)
    except Undecodable:
        return
    assert all(isinstance(reading, Reading) for reading in readings)
