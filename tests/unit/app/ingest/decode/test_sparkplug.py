import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.decode.base import Undecodable
from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.router import Decoder
from app.ingest.decode.sparkplug import REBIRTH_EVERY_US
from app.ingest.decode.sparkplug_b_pb2 import DataType, Payload
from models.events import Refusal
from models.readings import Reading

MS = 1_764_000_000_000
T = MS * 1000


def payload(*metrics, seq=None, ts=MS):
    message = Payload(timestamp=ts)
    if seq is not None:
        message.seq = seq
    for metric in metrics:
        message.metrics.add(**metric)
    return message


def bd(n):
    return {"name": "bdSeq", "datatype": DataType.UInt64, "long_value": n}


def unit_properties(unit, quality=None):
    properties = Payload.PropertySet()
    properties.keys.append("engUnit")
    properties.values.add(type=12, string_value=unit)
    if quality is not None:
        properties.keys.append("Quality")
        properties.values.add(type=3, int_value=quality)
    return properties


class Room:
    """A decoder with one edge node talking to it."""

    def __init__(self):
        self.decoder = Decoder(MappingSet())
        self.now = T

    def send(self, kind, message, device="", source="b1"):
        topic = f"spBv1.0/G/{kind}/N{'/' + device if device else ''}"
        return self.decoder.decode(topic, message.SerializeToString(), self.now, source)

    def born(self):
        self.send("NBIRTH", payload(bd(1), {"name": "Temp", "alias": 1, "datatype": 9, "float_value": 21.3}, seq=0))
        self.send(
            "DBIRTH",
            payload(
                {"name": "Level", "alias": 2, "datatype": 3, "int_value": 5, "properties": unit_properties("mm")}, seq=1
            ),
            "D1",
        )
        return self

    @property
    def rebirths(self):
        out = []
        for topic, body in self.decoder.outbox:
            assert Payload.FromString(body).metrics[0].name == "Node Control/Rebirth"
            assert Payload.FromString(body).metrics[0].boolean_value is True
            out.append(topic)
        self.decoder.outbox.clear()
        return out


def test_births_teach_names_aliases_types_and_units():
    room = Room()
    readings = room.send(
        "NBIRTH",
        payload(
            bd(1),
            {"name": "Node Control/Rebirth", "datatype": 11, "boolean_value": False},
            {"name": "Temp", "alias": 1, "datatype": 9, "float_value": 21.3, "timestamp": MS + 5},
            {"name": "Press", "alias": 2, "datatype": 10, "double_value": 0.62, "properties": unit_properties("MPa")},
            seq=0,
        ),
    )
    assert readings == [Reading("G/N/Temp", T + 5000, 21.3), Reading("G/N/Press", T, 0.62, 192, "MPa")]
    assert room.send("NDATA", payload({"alias": 2, "double_value": 0.38}, seq=1)) == [
        Reading("G/N/Press", T, 0.38, 192, "MPa")
    ]
    assert room.rebirths == []


def test_devices_have_their_own_tags():
    room = Room().born()
    assert room.send("DDATA", payload({"alias": 2, "int_value": 7}, seq=2), "D1") == [
        Reading("G/N/D1/Level", T, 7.0, 192, "mm")
    ]
    assert room.rebirths == []


@pytest.mark.parametrize(
    ("datatype", "field", "raw", "value"),
    [
        (DataType.Int8, "int_value", 0xFF, -1.0),
        (DataType.Int8, "int_value", 0xFFFFFFFF, -1.0),
        (DataType.Int16, "int_value", 0x8000, -32768.0),
        (DataType.Int32, "int_value", 2**32 - 40, -40.0),
        (DataType.Int64, "long_value", 2**64 - 3, -3.0),
        (DataType.UInt32, "int_value", 2**32 - 40, float(2**32 - 40)),
        (DataType.UInt64, "long_value", 7, 7.0),
        (DataType.Float, "float_value", 1.5, 1.5),
        (DataType.Double, "double_value", 0.1, 0.1),
        (DataType.Boolean, "boolean_value", True, 1.0),
        (DataType.String, "string_value", "停", "停"),
        (DataType.DateTime, "long_value", MS, float(MS)),
    ],
)
def test_values_of_every_type_keep_their_meaning(datatype, field, raw, value):
    room = Room().born()
    [reading] = room.send("NDATA", payload({"name": "X", "datatype": datatype, field: raw}, seq=2))
    assert reading.value == value
    assert type(reading.value) is type(value)


def test_the_sign_comes_from_the_birth_when_data_omits_the_type():
    room = Room().born()
    [reading] = room.send("DDATA", payload({"alias": 2, "int_value": 2**32 - 1}, seq=2), "D1")
    assert reading.value == -1.0


def test_null_is_no_value_and_historical_is_marked():
    room = Room().born()
    readings = room.send(
        "NDATA", payload({"alias": 1, "is_null": True}, {"alias": 1, "float_value": 2.0, "is_historical": True}, seq=2)
    )
    assert readings == [Reading("G/N/Temp", T, None, 8), Reading("G/N/Temp", T, 2.0, 192, None, True)]


@pytest.mark.parametrize(("said", "quality"), [(192, 192), (0, 0), (500, 20), (64, 64), (1000, 0)])
def test_the_quality_property_is_believed(said, quality):
    room = Room().born()
    [reading] = room.send(
        "NDATA", payload({"alias": 1, "float_value": 1.0, "properties": unit_properties("Cel", said)}, seq=2)
    )
    assert reading.quality == quality


def test_a_nodes_death_takes_trust_from_all_its_tags():
    room = Room().born()
    room.now = T + 9_000_000
    assert room.send("NDEATH", payload(bd(1), ts=MS - 5000)) == [
        Reading("G/N/Temp", room.now, None, 24),
        Reading("G/N/D1/Level", room.now, None, 24),
    ]
    assert room.send("NDEATH", payload(bd(1))) == []


def test_a_late_death_of_an_older_session_is_ignored():
    room = Room().born()
    assert room.send("NDEATH", payload(bd(0))) == []
    assert room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=2))[0].quality == 192


def test_a_devices_death_takes_trust_from_its_tags_alone():
    room = Room().born()
    assert room.send("DDEATH", payload(seq=2, ts=MS + 1), "D1") == [Reading("G/N/D1/Level", T + 1000, None, 24)]
    assert room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=3))[0].value == 2.0
    assert room.rebirths == []


def test_data_of_a_dead_device_asks_for_a_rebirth():
    room = Room().born()
    room.send("DDEATH", payload(seq=2), "D1")
    room.send("DDATA", payload({"alias": 2, "int_value": 1}, seq=3), "D1")
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]


def test_a_new_session_leaves_devices_without_trust_until_they_are_born_again():
    room = Room().born()
    readings = room.send(
        "NBIRTH", payload(bd(2), {"name": "Temp", "alias": 1, "datatype": 9, "float_value": 1.0}, seq=0)
    )
    assert readings == [Reading("G/N/D1/Level", T, None, 24), Reading("G/N/Temp", T, 1.0)]
    with pytest.raises(Undecodable) as refused:
        room.send("DDATA", payload({"alias": 2, "int_value": 7}, seq=1), "D1")
    assert refused.value.reason is Refusal.UNKNOWN_ALIAS


def test_a_rebirth_in_the_same_session_does_not_flicker():
    room = Room().born()
    readings = room.send(
        "NBIRTH", payload(bd(1), {"name": "Temp", "alias": 1, "datatype": 9, "float_value": 1.0}, seq=0)
    )
    assert [r.quality for r in readings] == [192]


def test_a_gap_in_the_sequence_asks_once_for_a_rebirth_and_keeps_the_data():
    room = Room().born()
    assert room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=5))[0].value == 2.0
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]
    room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=9))
    assert room.rebirths == []
    room.now += REBIRTH_EVERY_US
    room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=20))
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]


def test_the_sequence_wraps_at_256():
    room = Room().born()
    for seq in [*range(2, 256), 0, 1]:
        room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=seq))
    assert room.rebirths == []


def test_a_retried_old_message_does_not_disturb_the_sequence():
    room = Room().born()
    room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=2, ts=MS + 10))
    room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=77, ts=MS + 1))
    room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=3, ts=MS + 20))
    assert room.rebirths == []


def test_an_alias_nobody_announced_is_refused_and_asked_for():
    room = Room().born()
    readings = room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, {"alias": 99, "float_value": 3.0}, seq=2))
    assert [r.tag for r in readings] == ["G/N/Temp"]
    assert [reason for reason, _ in room.decoder.rejected] == [Refusal.UNKNOWN_ALIAS]
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]


def test_data_before_any_birth_is_refused_and_asked_for():
    room = Room()
    with pytest.raises(Undecodable) as refused:
        room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=2))
    assert refused.value.reason is Refusal.UNKNOWN_ALIAS
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]


def test_after_a_lost_link_aliases_are_not_believed_until_the_rebirth():
    room = Room().born()
    room.decoder.link_lost("b1")
    with pytest.raises(Undecodable):
        room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=2))
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]
    room.born()
    assert room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=2))[0].value == 2.0


def test_when_the_link_is_back_births_are_asked_for_at_once():
    room = Room().born()
    room.decoder.link_lost("other")
    room.decoder.link_up("other", T)
    assert room.rebirths == []
    room.decoder.link_lost("b1")
    room.decoder.link_up("b1", T)
    assert room.rebirths == ["spBv1.0/G/NCMD/N"]


def test_nodes_of_two_brokers_are_kept_apart():
    room = Room().born()
    with pytest.raises(Undecodable):
        room.send("NDATA", payload({"alias": 1, "float_value": 2.0}, seq=2), source="b2")


@pytest.mark.parametrize("topic", ["spBv1.0/STATE/host", "spBv1.0/G/NCMD/N", "spBv1.0/G/DCMD/N/D"])
def test_states_and_commands_of_others_are_no_readings(topic):
    assert Decoder(MappingSet()).decode(topic, b'{"online":true}', T) == []


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/", "spBv1.0/G/NBIRTH", "spBv1.0/G/DDATA/N", "spBv1.0/G/XX/N", "spBv1.0//NDATA/N", "spBv1.0/G/NDATA/+"],
)
def test_other_topics_of_the_name_space_are_refused(topic):
    with pytest.raises(Undecodable) as refused:
        Decoder(MappingSet()).decode(topic, b"", T)
    assert refused.value.reason is Refusal.BAD_TOPIC


def test_broken_protobuf_and_text_are_refused():
    decoder = Decoder(MappingSet())
    for body, reason in [
        (b"\xff\xff", Refusal.BAD_SPARKPLUG),
        (b"{}", Refusal.BAD_SPARKPLUG),
        (b"\x12\x03\x0a\x01\xff", Refusal.NOT_UTF8),
    ]:
        with pytest.raises(Undecodable) as refused:
            decoder.decode("spBv1.0/G/NDATA/N", body, T)
        assert refused.value.reason is reason


def test_data_sets_and_bytes_are_rejected_beside_good_metrics():
    room = Room().born()
    readings = room.send(
        "NDATA", payload({"name": "File", "datatype": 18, "bytes_value": b"x"}, {"alias": 1, "float_value": 2.0}, seq=2)
    )
    assert [r.tag for r in readings] == ["G/N/Temp"]
    assert room.decoder.rejected[0][0] is Refusal.WRONG_TYPE


metric = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Temp", "bdSeq", "Node Control/Rebirth", ""])
        | st.text(max_size=4).filter(lambda t: t.isprintable()),
        "alias": st.integers(0, 3),
        "datatype": st.integers(0, 40),
        "timestamp": st.integers(0, 2**64 - 1),
        "is_null": st.booleans(),
    },
)
value = st.sampled_from(
    [
        {"int_value": 2**32 - 1},
        {"long_value": 2**64 - 1},
        {"float_value": float("nan")},
        {"double_value": 1e308},
        {"boolean_value": True},
        {"string_value": "x"},
        {"bytes_value": b"x"},
        {},
    ]
)
messages = st.lists(
    st.tuples(
        st.sampled_from(["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH"]),
        st.lists(st.builds(lambda a, b: {**a, **b}, metric, value), max_size=3),
        st.integers(0, 255) | st.none(),
    ),
    max_size=8,
)


@given(messages)
def test_any_order_of_messages_is_read_or_refused(sequence):
    room = Room()
    for kind, metrics, seq in sequence:
        try:
            readings = room.send(kind, payload(*metrics, seq=seq), "D1" if kind[0] == "D" else "")
        except Undecodable:
            continue
        assert all(r.value is None or type(r.value) in (float, str) for r in readings)


@given(st.binary(max_size=100) | st.floats(width=32).map(lambda f: b"\x12\x05\x65" + struct.pack("<f", f)))
def test_arbitrary_bytes_never_break_the_sparkplug_decoder(body):
    decoder = Decoder(MappingSet())
    try:
        readings = decoder.decode("spBv1.0/G/NBIRTH/N", body, T)
    except Undecodable:
        return
    assert all(isinstance(r, Reading) for r in readings)
