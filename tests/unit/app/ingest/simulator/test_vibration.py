import numpy as np
import pytest

from app.ingest.simulator.noise import drift, key_of, smooth, uniform, white
from app.ingest.simulator.vibration import BPFO, Machine

T = np.arange(1_764_000_000.0, 1_764_010_000.0, 0.5)


@pytest.mark.parametrize(("imbalance", "bearing"), [(0.0, 0.0), (0.8, 0.0), (0.0, 0.9)])
def test_the_figure_is_what_a_meter_would_make_of_the_waveform(imbalance, bearing):
    machine = Machine(2950, 2.9, vanes=6)
    wave = machine.waveform(1_764_000_000.0, 10.0, 5_120.0, imbalance=imbalance, bearing=bearing)
    assert float(np.sqrt(np.mean(wave**2))) == pytest.approx(machine.rms(imbalance, bearing), rel=0.05)


def spectrum(machine, **damage):
    wave = machine.waveform(1_764_000_000.0, 8.0, 5_120.0, **damage)
    lines = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) * 4 / len(wave)
    hz = np.fft.rfftfreq(len(wave), 1 / 5_120.0)
    return lambda at: float(lines[np.abs(hz - at) < 1.0].max())


def test_a_damaged_bearing_shows_its_ball_pass_tone_with_side_bands():
    machine = Machine(2950, 2.9, vanes=6)
    sound, damaged = spectrum(machine), spectrum(machine, bearing=0.8)
    tone = BPFO * machine.shaft_hz
    assert damaged(tone) > 10 * sound(tone)
    assert damaged(tone - machine.shaft_hz) > 3 * sound(tone - machine.shaft_hz)
    assert damaged(machine.shaft_hz) == pytest.approx(sound(machine.shaft_hz), rel=0.15)


def test_imbalance_grows_at_the_speed_of_the_shaft():
    machine = Machine(2950, 2.9)
    sound, unbalanced = spectrum(machine), spectrum(machine, imbalance=1.0)
    assert unbalanced(machine.shaft_hz) > 3 * sound(machine.shaft_hz)


def test_noise_is_a_function_of_time_and_key_alone():
    key = key_of(7, "a")
    for process in (white, lambda t, k: smooth(t, 60.0, k), lambda t, k: drift(t, 60.0, k)):
        whole = process(T, key)
        assert np.array_equal(whole[100:200], process(T[100:200], key))
        assert np.array_equal(whole[5:6], process(T[5:6], key))
        assert not np.array_equal(whole, process(T, key_of(8, "a")))
        assert not np.array_equal(whole, process(T, key_of(7, "b")))


def test_noise_has_the_size_that_it_promises():
    noise = white(T, key_of(7, "a"))
    assert abs(float(noise.mean())) < 0.02
    assert float(noise.std()) == pytest.approx(1.0, abs=0.02)
    assert float(np.abs(noise).max()) < 3.5
    wander = drift(T, 60.0, key_of(7, "b"))
    assert float(np.abs(wander).max()) <= 1.0
    assert float(np.abs(np.diff(smooth(T, 60.0, key_of(7, "c")))).max()) < 0.03
    even = uniform(np.arange(10_000), key_of(7, "d"))
    assert 0.0 <= float(even.min()) < 0.01 < 0.99 < float(even.max()) < 1.0
