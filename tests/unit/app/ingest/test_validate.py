import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.units import Units, UnitsError, shipped
from app.ingest.validate import AHEAD_US, OLDEST_US, validate
from models.events import Refusal
from models.readings import Quality, Reading, TagInfo, TagKind

NOW = 1_764_000_000_000_000
PT = TagInfo(id=1, name="PT-203", unit="kPa", range_lo=0.0, range_hi=1000.0)
XV = TagInfo(id=2, name="XV-203A", kind=TagKind.DISCRETE, states={"0": ["关", "closed"], "1": ["开", "open"]})
LOT = TagInfo(id=3, name="LOT-1", kind=TagKind.TEXT)


def test_a_usual_reading_passes_untouched():
    reading = Reading("PT-203", NOW, 620.0, 192, "kPa")
    assert validate(reading, PT, NOW) is None
    assert reading == Reading("PT-203", NOW, 620.0, 192, "kPa")


def test_a_missing_time_is_the_time_of_receipt():
    reading = Reading("PT-203", 0, 620.0)
    assert validate(reading, PT, NOW) is None
    assert reading.t_us == NOW


@pytest.mark.parametrize(
    ("t_us", "refused"),
    [
        (NOW + AHEAD_US, None),
        (NOW + AHEAD_US + 1, Refusal.FUTURE_TIME),
        (NOW + 365 * 86_400_000_000, Refusal.FUTURE_TIME),
        (NOW - OLDEST_US + 1, None),
        (NOW - OLDEST_US, Refusal.TOO_OLD),
    ],
)
def test_times_that_cannot_be_are_refused(t_us, refused):
    for value in (620.0, None):
        assert validate(Reading("PT-203", t_us, value), PT, NOW) is refused


@pytest.mark.parametrize(
    ("value", "unit", "converted"),
    [(0.62, "MPa", 620.0), (6.2, "bar", 620.0), (14.5, "psi", 99.973980751), (620.0, "kPa", 620.0), (620.0, "", 620.0)],
)
def test_units_are_converted_to_the_tags_own(value, unit, converted):
    reading = Reading("PT-203", NOW, value, 192, unit)
    assert validate(reading, PT, NOW) is None
    assert reading.value == pytest.approx(converted, rel=1e-9)


def test_fahrenheit_becomes_celsius_without_noise():
    tag = TagInfo(id=1, name="TT", unit="Cel")
    for value, celsius in [(50.0, 10.0), (212.0, 100.0), (-40.0, -40.0)]:
        reading = Reading("TT", NOW, value, 192, "°F")
        assert validate(reading, tag, NOW) is None
        assert reading.value == celsius


@pytest.mark.parametrize("unit", ["Cel", "parsec", "%"])
def test_a_unit_that_does_not_convert_is_refused(unit):
    assert validate(Reading("PT-203", NOW, 1.0, 192, unit), PT, NOW) is Refusal.UNKNOWN_UNIT


def test_a_share_of_volume_is_never_taken_for_a_share_of_the_explosive_limit():
    assert shipped().conversion("%", "%{LEL}") is not None
    assert shipped().conversion("%LEL", "%{LEL}") is not None
    for unit in ("%vol", "ppm", "%{RH}", "1"):
        assert shipped().conversion(unit, "%{LEL}") is None, unit


@pytest.mark.parametrize(
    ("value", "quality"),
    [(1000.0, 192), (1100.0, 192), (1100.1, Quality.UNCERTAIN_RANGE), (-100.1, Quality.UNCERTAIN_RANGE), (-100.0, 192)],
)
def test_values_far_outside_the_range_are_kept_and_marked(value, quality):
    reading = Reading("PT-203", NOW, value)
    assert validate(reading, PT, NOW) is None
    assert reading.value == value
    assert reading.quality == quality


def test_a_bad_value_is_not_made_better_by_the_range():
    reading = Reading("PT-203", NOW, 5000.0, 0)
    validate(reading, PT, NOW)
    assert reading.quality == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_is_no_value_of_a_broken_sensor(value):
    for tag in (PT, XV, LOT):
        reading = Reading("x", NOW, value)
        assert validate(reading, tag, NOW) is None
        assert reading.value is None
        assert reading.quality == Quality.BAD_SENSOR


def test_no_value_is_never_good():
    reading = Reading("PT-203", NOW, None, 192)
    assert validate(reading, PT, NOW) is None
    assert reading.value is None
    assert reading.quality == Quality.BAD_NO_VALUE


def test_text_for_a_pressure_is_refused():
    assert validate(Reading("PT-203", NOW, "620"), PT, NOW) is Refusal.WRONG_TYPE


@pytest.mark.parametrize(("word", "value"), [("open", 1.0), ("开", 1.0), (" Closed ", 0.0)])
def test_a_discrete_tag_understands_the_names_of_its_states(word, value):
    reading = Reading("XV-203A", NOW, word)
    assert validate(reading, XV, NOW) is None
    assert reading.value == value


def test_a_word_that_is_no_state_is_refused():
    assert validate(Reading("XV-203A", NOW, "half"), XV, NOW) is Refusal.WRONG_TYPE


@pytest.mark.parametrize(("value", "text"), [(20251124.0, "20251124"), (1.5, "1.5"), ("=1+1", "=1+1")])
def test_a_text_tag_keeps_text_and_writes_numbers_plainly(value, text):
    reading = Reading("LOT-1", NOW, value)
    assert validate(reading, LOT, NOW) is None
    assert reading.value == text


@given(
    value=st.none() | st.floats() | st.text(max_size=5),
    unit=st.none() | st.sampled_from(["kPa", "bar", "°F", "", "x"]),
    t_us=st.integers(0, 2**62),
    tag=st.sampled_from([PT, XV, LOT]),
)
def test_what_passes_fits_its_tag(value, unit, t_us, tag):
    reading = Reading("x", t_us, value, 192, unit)
    if validate(reading, tag, NOW) is None:
        assert NOW - OLDEST_US < reading.t_us <= NOW + AHEAD_US
        assert (reading.value is None) == (reading.quality < 64)
        if reading.value is not None:
            assert isinstance(reading.value, str if tag is LOT else float)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x", "units.toml"),
        ('format = 1\nversion = "1"\n[[dimension]]\nname = "a"\nunits = [{ code = "m" }, { code = "m" }]', "two units"),
        (
            'format = 1\nversion = "1"\n[[dimension]]\nname = "a"\nunits = [{ code = "m", factor = "1/0" }]',
            "units.toml",
        ),
        ('format = 1\nversion = "1"\n[[dimension]]\nname = "a"\nunits = [{ code = "m", factr = "1" }]', "factr"),
    ],
)
def test_a_wrong_unit_pack_is_an_error_that_says_where(tmp_path, text, says):
    file = tmp_path / "units.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnitsError, match=says):
        Units(file)


def test_the_shipped_pack_has_a_version_and_knows_devices_spellings():
    assert shipped().version
    assert shipped().code("℃") == "Cel"
    assert shipped().code(" MPa ") == "MPa"
    assert shipped().code("parsec") is None
