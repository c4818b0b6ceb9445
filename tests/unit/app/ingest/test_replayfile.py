"""Recordings as messages again: times, columns, encodings; mistakes named with file and line."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import US
from app.ingest.replayfile import ReplayError, read_recording


def write(path: Path, body: str | bytes) -> Path:
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return path


def test_csv_columns_are_tags_times_without_zone_are_utc_and_an_empty_cell_is_no_value(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "timestamp,TT-1,V-1\n2025-11-24 16:00:00,20.5,open\n2025-11-24 16:00:01,,\n\n")
    first, second = read_recording(file)
    assert first.t_us == 1_764_000_000 * US
    assert json.loads(first.payload) == {"t": 1_764_000_000, "values": {"TT-1": 20.5, "V-1": "open"}}
    assert second.t_us - first.t_us == US
    assert json.loads(second.payload)["values"] == {"TT-1": None, "V-1": None}


def test_a_single_column_takes_the_name_that_is_given(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "\ufefft,value\n1764000000,1\n")
    [one] = read_recording(file, "TT-9")
    assert json.loads(one.payload)["values"] == {"TT-9": 1.0}


def test_json_lines_carry_any_payload_and_binary_as_base64(tmp_path: Path) -> None:
    lines = [
        {"t": 1_764_000_000.5, "topic": "ankan/v1/TT-1", "payload": {"v": 1}},
        {"t": "2025-11-24T16:00:01Z", "topic": "spBv1.0/G/NDATA/N", "base64": base64.b64encode(b"\0\xff").decode()},
        {"t": 1_764_000_002, "topic": "x"},
    ]
    file = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n")
    one, two, three = read_recording(file)
    assert (one.t_us, one.topic, one.payload) == (1_764_000_000_500_000, "ankan/v1/TT-1", b'{"v": 1}')
    assert (two.t_us, two.payload) == (1_764_000_001 * US, b"\0\xff")
    assert three.payload == b"null"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.csv", "", "no head line"),
        ("a.csv", "a,b\n1,2\n", "no time column"),
        ("a.csv", "t,a\nyesterday,1\n", "line 2"),
        ("a.csv", b"t,a\n1764000000,\xff\n", "utf-8"),
        ("a.jsonl", '{"t": 1764000000, "topic": "a"}\n{"t": 1}\n', "line 2"),
        ("a.jsonl", "nonsense\n", "line 1"),
        ("a.jsonl", '{"t": 1764000000, "topic": "a", "base64": "!"}\n', "line 1"),
        ("a.jsonl", '{"t": "never", "topic": "a"}\n', "line 1"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, name: str, body: str | bytes, said: str) -> None:
    file = write(tmp_path / name, body)
    with pytest.raises(ReplayError, match=said) as caught:
        list(read_recording(file))
    assert name in str(caught.value)


def test_two_columns_can_not_both_be_the_tag(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "t,a,b\n1764000000,1,2\n")
    with pytest.raises(ReplayError, match="exactly one value column"):
        list(read_recording(file, "TT-1"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), suffix=st.sampled_from([".csv", ".jsonl"]))
def test_whatever_the_file_holds_it_is_read_or_refused_in_words(tmp_path: Path, body: bytes, suffix: str) -> None:
    file = write(tmp_path / f"a{suffix}", body)
    said = ""
    try:
        assert all(recorded.t_us > 0 for recorded in read_recording(file))
    except ReplayError as error:
        said = str(error)
    assert not said or said.startswith(str(file))
