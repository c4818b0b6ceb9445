import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.decode.base import Undecodable
from app.ingest.decode.convert import Conversion, number_of
from app.ingest.decode.mapping import MappingError, MappingSet
from app.ingest.decode.router import Decoder
from app.paths import resource_path
from models.events import Refusal
from models.readings import Reading

T = 1_764_000_000_000_000
SHIPPED = MappingSet.load([resource_path("rules", "mappings")])


def mapping(tmp_path, *texts):
    files = []
    for i, text in enumerate(texts):
        file = tmp_path / f"{i}.toml"
        file.write_text(f'format = 1\nname = "test"\n{text}', encoding="utf-8")
        files.append(file)
    return MappingSet.load(files)


def decode(maps, topic, doc):
    decoder = Decoder(maps)
    body = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
    return decoder.decode(topic, body, T), decoder.rejected


def values(readings):
    return {r.tag: r.value for r in readings}


def test_every_tasmota_sample_is_read_as_expected(cases):
    lines = (cases / "b_mqtt" / "tasmota_sensor.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 9
    for line in lines:
        case = json.loads(line)
        readings, rejected = decode(SHIPPED, case["topic"], case["payload"].encode())
        assert rejected == []
        found = values(readings)
        for path, expected in case["expected"].items():
            if isinstance(expected, str):  # '12.3 (number sent as a string)', 'WSW (text, not a number)'
                word = expected.split(" ")[0]
                expected = float(word) if "number sent" in expected else word
            assert found[f"tasmota.{path}"] == expected


def test_the_shelly_cover_is_read_with_its_units(cases):
    file = cases / "b_mqtt" / "shelly" / "shelly2pmg3__Cover.GetStatus.json"
    readings, _ = decode(SHIPPED, "shelly-1/status/cover:0", file.read_bytes())
    found = {r.tag: (r.value, r.unit) for r in readings}
    assert found["shelly-1.cover:0.apower"] == (123.1, "W")
    assert found["shelly-1.cover:0.voltage"] == (219.7, "V")
    assert found["shelly-1.cover:0.current"] == (0.557, "A")
    assert found["shelly-1.cover:0.temperature.tC"] == (52.0, "Cel")
    assert "shelly-1.cover:0.temperature.tF" not in found


def test_null_in_a_shelly_document_is_no_value_and_not_zero(cases):
    document = (cases / "b_mqtt" / "shelly" / "shelly2pmg3__Shelly.GetStatus.json").read_bytes()
    rpc = b'{"id":1,"src":"shelly-1","dst":"room","result":' + document + b"}"
    for topic, body in (("shelly-1/status", document), ("room/rpc", rpc)):
        readings = {r.tag: r for r in decode(SHIPPED, topic, body)[0]}
        state = readings["shelly-1.input:0.state"]
        assert state.value is None
        assert state.quality == 8
        assert state.t_us == 1_760_364_737_000_000
        assert readings["shelly-1.cover:0.voltage"].unit == "V"


def test_a_shelly_notification_brings_its_own_time():
    doc = {
        "src": "shelly-1",
        "method": "NotifyStatus",
        "params": {"ts": 1764000000.5, "switch:0": {"id": 0, "output": True}},
    }
    assert decode(SHIPPED, "shelly-1/events/rpc", doc)[0] == [Reading("shelly-1.switch:0.output", T + 500_000, 1.0)]


def test_a_topic_that_only_looks_like_a_shelly_stays_native():
    assert decode(SHIPPED, "pump/status/P-203", b"1")[0] == [Reading("pump/status/P-203", 0, 1.0)]


def test_tasmota_says_fahrenheit_once_for_the_whole_document():
    readings, _ = decode(
        SHIPPED, "tele/hall/SENSOR", {"BME280": {"Temperature": 68.0, "Pressure": 1013}, "TempUnit": "F"}
    )
    assert [(r.tag, r.unit) for r in readings] == [
        ("hall.BME280.Temperature", "[degF]"),
        ("hall.BME280.Pressure", "hPa"),
    ]


def test_tasmota_states_and_will_become_flags():
    assert values(decode(SHIPPED, "tele/hall/STATE", {"POWER1": "ON", "POWER2": "OFF"})[0]) == {
        "hall.POWER1": 1,
        "hall.POWER2": 0,
    }
    assert decode(SHIPPED, "tele/hall/LWT", b"Offline")[0] == [Reading("hall.online", 0, 0.0)]
    with pytest.raises(Undecodable) as refused:
        decode(SHIPPED, "tele/hall/LWT", b"\xff")
    assert refused.value.reason is Refusal.NOT_UTF8


RULE = """
[[message]]
topic = "line/{line}/box/{box}"
time = "$.at"
zone = "+08:00"
quality = "$.ok"
value = [
  { path = "$.t", tag = "{line}-{box}-T", unit = "Cel", type = "number", scale = 0.1, offset = -40 },
  { path = "$.gas[*].ppm", tag = "{line}-{path}-{key}", type = "number" },
  { path = "$.door", tag = "{box}.door", type = "bool", words = { auf = 1, zu = 0 } },
  { path = "$.batch", tag = "{box}.batch", type = "text" },
]
"""


def test_rules_pick_places_scale_and_name_them(tmp_path):
    doc = {
        "at": "2025-11-25T00:00:00",
        "ok": "uncertain",
        "t": "653",
        "gas": [{"ppm": 1}, {"ppm": 2}],
        "door": "auf",
        "batch": 20251124,
    }
    readings, rejected = decode(mapping(tmp_path, RULE), "line/L1/box/B7", doc)
    assert rejected == []
    assert readings == [
        Reading("L1-B7-T", T, pytest.approx(25.3), 64, "Cel"),
        Reading("L1-gas[0].ppm-ppm", T, 1.0, 64),
        Reading("L1-gas[1].ppm-ppm", T, 2.0, 64),
        Reading("B7.door", T, 1.0, 64),
        Reading("B7.batch", T, "20251124", 64),
    ]


def test_a_value_that_does_not_fit_is_rejected_alone(tmp_path):
    readings, rejected = decode(mapping(tmp_path, RULE), "line/L1/box/B7", {"t": "01191ED79190", "door": "zu"})
    assert values(readings) == {"B7.door": 0}
    assert rejected == [(Refusal.WRONG_TYPE, "t: '01191ED79190' is no number")]


def test_a_document_in_which_nothing_is_found_is_refused_and_not_swallowed(tmp_path):
    with pytest.raises(Undecodable) as refused:
        decode(mapping(tmp_path, RULE), "line/L1/box/B7", {"temp": 1})
    assert refused.value.reason is Refusal.WRONG_TYPE
    assert decode(mapping(tmp_path, RULE), "line/L1/box/B7", {}) == ([], [])


def test_the_last_file_has_precedence(tmp_path):
    site = '[[message]]\ntopic = "tele/+/SENSOR"\nvalue = [{ path = "$.x", tag = "site" }]'
    other = '[[message]]\ntopic = "tele/#"\nvalue = [{ path = "$.x", tag = "other" }]'
    assert decode(mapping(tmp_path, other, site), "tele/a/SENSOR", {"x": 1})[0][0].tag == "site"
    assert decode(mapping(tmp_path, site, other), "tele/a/SENSOR", {"x": 1})[0][0].tag == "other"


def test_when_decides_between_rules_of_one_topic(tmp_path):
    text = """
[[message]]
topic = "a"
when = "$.kind1"
value = [{ path = "$.x", tag = "one" }]
[[message]]
topic = "a"
when = "$.kind2"
value = [{ path = "$.x", tag = "two" }]
"""
    maps = mapping(tmp_path, text)
    assert decode(maps, "a", {"x": 1, "kind2": 1})[0][0].tag == "two"
    assert decode(maps, "a", {"x": 1})[0][0].tag == "a.x"


def test_a_mapping_cannot_speak_for_the_program_itself(tmp_path):
    maps = mapping(tmp_path, '[[message]]\ntopic = "a"\nvalue = [{ path = "$.x", tag = "$sys/queue" }]')
    with pytest.raises(Undecodable) as refused:
        decode(maps, "a", {"x": 1})
    assert refused.value.reason is Refusal.UNKNOWN_TAG


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "0.toml"),
        ('[[message]]\ntopic = "a"\nflaten = true', "flaten"),
        ('[[message]]\ntopic = "a/#/b"\nflatten = true\ntag = "x"', "message[0].topic"),
        ('[[message]]\ntopic = "a"\nflatten = true', "message[0].tag: missing"),
        ('[[message]]\ntopic = "a"', "message[0].value"),
        ('[[message]]\ntopic = "a"\nvalue = [{ path = "$.[", tag = "x" }]', "message[0].value[0].path"),
        (
            '[[message]]\ntopic = "a"\nvalue = [{ path = "$.x", tag = "{nix}" }]',
            "message[0].value[0].tag: unknown name {nix}",
        ),
        ('[[message]]\ntopic = "a"\nvalue = [{ path = "$.x", tag = "t", type = "int" }]', "value[0].type"),
        ('[[message]]\ntopic = "a/{X}"\nflatten = true\ntag = "x"', "message[0].topic"),
        ('[[message]]\ntopic = "{a}/{a}"\nflatten = true\ntag = "x"', "message[0].topic"),
        ('[[message]]\ntopic = "a"\nzone = "Mars"\nflatten = true\ntag = "x"', "message[0].zone"),
        ('[[message]]\ntopic = "a"\nformat = "text"\nvalue = [{ path = "$.x", tag = "t" }]', "message[0].format"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_file_and_key(tmp_path, text, says):
    with pytest.raises(MappingError) as error:
        mapping(tmp_path, text)
    assert "0.toml" in str(error.value)
    assert says in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MappingError, match=r"nowhere\.toml"):
        MappingSet.load([tmp_path / "nowhere.toml"])


def test_iana_zones_follow_summer_time(tmp_path):
    text = '[[message]]\ntopic = "a"\ntime = "$.t"\nzone = "Europe/Berlin"\nvalue = [{ path = "$.x", tag = "x" }]'
    [reading], _ = decode(mapping(tmp_path, text), "a", {"t": "2025-07-01T12:00:00", "x": 1})
    assert reading.t_us == int(datetime(2025, 7, 1, 10, tzinfo=UTC).timestamp()) * 10**6


@pytest.mark.parametrize(("text", "number"), [("12.3", 12.3), ("-0.5e3", -500.0), ("0", 0.0)])
def test_text_in_the_grammar_of_json_is_a_number(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    "text", ["", "01", "+1", ".5", "1.", "0x10", "1_0", " 1", "1 ", "NaN", "Infinity", "1e999", "１", "01191ED79190"]
)
def test_any_other_text_is_no_number(text):
    assert number_of(text) is None


@given(
    st.text() | st.floats(allow_nan=False) | st.booleans() | st.none() | st.integers(),
    st.sampled_from(["any", "auto", "number", "text", "bool"]),
)
def test_conversions_give_a_reading_or_refuse(value, kind):
    try:
        converted = Conversion(kind, 2.0, 1.0)(value)
    except Undecodable:
        return
    assert converted is None or type(converted) in (float, str)
    assert kind not in ("number", "bool") or not isinstance(converted, str)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda c: (
        st.lists(c, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "sys", "params", "ts", "result", "Time", "StatusSNS", "x"]), c, max_size=4
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(
        [
            "a/status/b",
            "a/events/rpc",
            "a/rpc",
            "a/status",
            "tele/a/SENSOR",
            "stat/a/STATUS8",
            "tele/a/STATE",
            "tele/a/LWT",
        ]
    ),
    json_values.map(lambda doc: json.dumps(doc).encode()) | st.binary(max_size=50),
)
def test_shipped_mappings_read_or_refuse_whatever_comes(topic, payload):
    try:
        readings, _ = decode(SHIPPED, topic, payload)
    except Undecodable:
        return
    assert all(r.value is None or type(r.value) in (float, str) for r in readings)
