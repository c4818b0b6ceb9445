import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.decode.base import EPOCH, Undecodable, epoch_us, iso_us, quality_code, scalar, tag_name, time_us
from models.events import Refusal

T = 1_764_000_000


@pytest.mark.parametrize(
    ("stamp", "us"),
    [
        (T, T * 10**6),
        (T + 0.25, T * 10**6 + 250_000),
        (T * 1000 + 7, T * 10**6 + 7000),
        (T * 10**6 + 3, T * 10**6 + 3),
        (T * 10**9 + 5999, T * 10**6 + 5),
        ("2025-11-24T16:00:00Z", T * 10**6),
        ("2025-11-25T00:00:00.5+08:00", T * 10**6 + 500_000),
        ("20251124T160000Z", T * 10**6),
        ("2025-11-24 16:00:00.123456789+00:00", T * 10**6 + 123_456),
        (None, 0),
    ],
)
def test_times_of_any_magnitude_become_utc_microseconds(stamp, us):
    assert time_us(stamp) == us


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-11-24T16:00:00",
        "2025-11-24",
        "now",
        "",
        "2025-13-01T00:00:00Z",
        0,
        -5,
        1e20,
        math.nan,
        math.inf,
        True,
        [],
        {},
    ],
)
def test_a_stamp_that_is_no_moment_is_a_bad_time(stamp):
    with pytest.raises(Undecodable) as refused:
        time_us(stamp)
    assert refused.value.reason is Refusal.BAD_TIME


def test_a_naive_time_is_read_in_the_zone_that_the_mapping_gives():
    assert iso_us("2025-11-25T00:00:00", timezone(timedelta(hours=8))) == T * 10**6


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(5000, 1, 1)))
def test_iso_and_every_epoch_unit_agree(moment):
    moment = moment.replace(tzinfo=UTC)
    us = (moment - EPOCH) // timedelta(microseconds=1)
    assert iso_us(moment.isoformat()) == us
    if us >= 10**14:  # after March 1973: below that, microseconds look like milliseconds
        assert epoch_us(us) == us
        assert epoch_us(us * 1000) == us
        assert epoch_us(us // 1000) == us // 1000 * 1000


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("good", 192),
        ("Uncertain", 64),
        (" BAD ", 0),
        ("bad_comm", 24),
        (0, 0),
        (255, 255),
        (True, 192),
        (False, 0),
        (None, 192),
    ],
)
def test_quality_in_words_codes_and_flags(said, code):
    assert quality_code(said) == code


@pytest.mark.parametrize("said", ["fine", -1, 256, 1.5, [], {}])
def test_anything_else_is_no_quality(said):
    with pytest.raises(Undecodable) as refused:
        quality_code(said)
    assert refused.value.reason is Refusal.WRONG_TYPE


def test_scalars_keep_their_meaning():
    assert scalar(3) == 3.0
    assert type(scalar(3)) is float
    assert scalar(True) == 1.0
    assert type(scalar(True)) is float
    assert scalar("12.3") == "12.3"
    assert scalar(None) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (10**400, Refusal.NUMBER_RANGE),
        (math.inf, Refusal.NUMBER_RANGE),
        ([], Refusal.WRONG_TYPE),
        ({}, Refusal.WRONG_TYPE),
    ],
)
def test_what_no_reading_can_carry_is_refused(value, reason):
    with pytest.raises(Undecodable) as refused:
        scalar(value)
    assert refused.value.reason is reason


@pytest.mark.parametrize("name", ["", "  ", None, 5, "$sys/queue"])
def test_a_payload_cannot_speak_for_no_tag_or_for_the_program(name):
    with pytest.raises(Undecodable):
        tag_name(name)
