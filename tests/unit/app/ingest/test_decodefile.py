import json
import re

from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.sparkplug_b_pb2 import Payload
from app.ingest.decodefile import decode_files, iso_utc
from app.paths import resource_path

T = 1_764_000_000_000_000
SHIPPED = MappingSet.load([resource_path("rules", "mappings")])


def lines(topic, *files):
    return list(decode_files(topic, files, SHIPPED, T))


def write(tmp_path, name, body):
    file = tmp_path / name
    file.write_bytes(body)
    return file


def test_one_line_a_file_with_what_the_pipeline_would_make_of_it(tmp_path):
    file = write(tmp_path, "a.json", b'{"v": 21.5, "t": "2025-11-24T16:00:01+00:00", "q": "uncertain", "u": "kPa"}')
    assert lines("ankan/v1/PT-203", file) == [
        {
            "file": str(file),
            "readings": [
                {
                    "tag": "PT-203",
                    "time": "2025-11-24T16:00:01.000000Z",
                    "value": 21.5,
                    "quality": "uncertain",
                    "unit": "kPa",
                }
            ],
            "refused": None,
        }
    ]


def test_a_reading_without_time_gets_the_time_of_receipt(tmp_path):
    [line] = lines("a", write(tmp_path, "a", b"null"))
    assert line["readings"] == [
        {"tag": "a", "time": "2025-11-24T16:00:00.000000Z", "value": None, "quality": "bad", "unit": None}
    ]


def test_refused_and_partly_refused_files_say_why(tmp_path):
    good = write(tmp_path, "part", b'{"values": {"A": 1, "B": []}}')
    bad = write(tmp_path, "bad", b"[" * 100_000)
    big = write(tmp_path, "big", b"1" * (10 << 20))
    part, deep, huge = lines("a", good, bad, big)
    assert part["refused"] is None
    assert part["rejected"][0]["reason"] == "wrong_type"
    assert (deep["refused"], deep["readings"]) == ("too_deep", [])
    assert huge["refused"] == "too_big"


def test_the_json_suite_never_breaks_a_line(cases):
    files = sorted((cases / "b_mqtt" / "json_suite" / "test_parsing").glob("*.json"))
    for file, line in zip(files, lines("any/topic", *files), strict=True):
        assert (line["refused"] is None) == file.name.startswith("y_"), file.name
        json.dumps(line)


def test_sparkplug_files_in_order_know_their_births(tmp_path):
    birth = Payload(timestamp=T // 1000, seq=0)
    birth.metrics.add(name="Temp", alias=1, datatype=9, float_value=21.3)
    data = Payload(timestamp=T // 1000, seq=1)
    data.metrics.add(alias=1, float_value=22.5)
    file = write(tmp_path, "birth", birth.SerializeToString())
    assert lines("spBv1.0/G/NBIRTH/N", file)[0]["readings"][0]["value"] == 21.3
    assert (
        lines("spBv1.0/G/NDATA/N", write(tmp_path, "data", data.SerializeToString()))[0]["refused"] == "unknown_alias"
    )


def test_times_are_utc_with_z():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", iso_utc(T))
    assert iso_utc(2**62).endswith("us")
