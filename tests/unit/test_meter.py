"""The meter tells of known signals what can be worked out by hand, and the same however they are cut into blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from attune.adapters.sound.meter import Form, Measures, Meter
from sounds import RATE, channels, joined, noise, shorts, silence, sine, speech

SILENCE_DBFS = -50.0
SHORT = np.dtype(np.int16)


def block(samples: NDArray[Any]) -> NDArray[Any]:
    return samples if samples.ndim == 2 else samples[:, None]


def measured(samples: NDArray[Any], rate: int = RATE, silence_dbfs: float = SILENCE_DBFS) -> Measures:
    """Floats as they are, in 32 bits; whole numbers as 16 bits."""
    samples = block(samples if samples.dtype == SHORT else samples.astype(np.float32))
    meter = Meter(silence_dbfs)
    meter.add(samples, Form(rate, samples.shape[1], samples.dtype))
    return meter.close()


@pytest.mark.parametrize("hertz", [100.0, 400.0, 1000.0])
def test_a_full_scale_sine_has_a_level_of_minus_three_and_a_peak_of_zero(hertz: float) -> None:
    found = measured(sine(1.0, amplitude=1.0, hertz=hertz))
    assert found.level_dbfs == pytest.approx(-3.01, abs=0.01)
    assert found.peak_dbfs == pytest.approx(0.0, abs=0.01)


def test_a_full_scale_square_has_a_level_of_zero() -> None:
    assert measured(np.tile(np.repeat([1.0, -1.0], 20), 400)).level_dbfs == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize(("amplitude", "level"), [(0.1, -23.01), (0.01, -43.01), (0.001, -63.01)])
def test_each_tenth_of_the_amplitude_is_twenty_db(amplitude: float, level: float) -> None:
    assert measured(sine(1.0, amplitude)).level_dbfs == pytest.approx(level, abs=0.01)
    assert measured(sine(1.0, amplitude)).peak_dbfs == pytest.approx(level + 3.01, abs=0.01)


def test_sixteen_bits_and_floats_measure_the_same() -> None:
    signal = joined(silence(0.5), speech(2.0))
    whole, point = measured(shorts(signal)), measured(shorts(signal) / 32_768)
    assert whole == point


def test_digital_silence_is_at_the_floor_and_silent_from_end_to_end() -> None:
    found = measured(silence(1.0))
    assert (found.level_dbfs, found.peak_dbfs, found.snr_db) == (-120.0, -120.0, 0.0)
    assert (found.silent_share, found.leading_silence, found.trailing_silence) == (1.0, 1.0, 1.0)


def test_silence_is_counted_in_stretches_of_twenty_milliseconds() -> None:
    found = measured(joined(silence(0.5), sine(1.0), silence(0.24), sine(1.0), silence(0.3)))
    assert found.leading_silence == pytest.approx(0.5)
    assert found.trailing_silence == pytest.approx(0.3)
    assert found.silent_share == (25 + 12 + 15) / 152


def test_a_stretch_with_sound_in_it_is_no_silence_and_what_is_left_over_is_no_stretch() -> None:
    found = measured(joined(silence(0.03), sine(0.05, amplitude=1.0), silence(0.035)))
    assert found.silent_share == 2 / 5
    assert (found.leading_silence, found.trailing_silence) == (0.02, 0.02)


def test_what_is_below_the_limit_is_silence_and_what_is_at_it_is_not() -> None:
    minus_forty = sine(1.0, amplitude=0.01 * 2**0.5)
    assert measured(minus_forty, silence_dbfs=-39.9).silent_share == 1.0
    assert measured(minus_forty, silence_dbfs=-40.1).silent_share == 0.0


def test_an_offset_is_measured_and_is_no_sound() -> None:
    found = measured(silence(1.0) + 0.125)
    assert found.dc_offset == 0.125
    assert found.silent_share == 1.0
    assert found.level_dbfs == -120.0
    assert measured(sine(1.0) - 0.125).dc_offset == pytest.approx(0.125)


@pytest.mark.parametrize(
    ("samples", "clipped"),
    [
        ([0, 32_767, 0, 0], 0),  # alone: a peak that fits
        ([0, 32_767, 32_767, 0], 2),
        ([32_767, 32_767, 32_767, 0, 32_767, 32_767], 5),
        ([-32_768, -32_767, 0, 32_767], 2),
        ([32_766, 32_766, 32_766, 0], 0),
    ],
)
def test_clipped_are_samples_at_full_scale_beside_another(samples: list[int], clipped: int) -> None:
    assert measured(np.array(samples, np.int16)).clipped_share == clipped / len(samples)


def test_a_neighbour_is_one_of_the_same_channel() -> None:
    left = np.array([[32_767, 0], [0, 32_767], [32_767, 0]], np.int16)
    assert measured(left).clipped_share == 0.0
    assert measured(np.array([[32_767, 0], [32_767, 0]], np.int16)).clipped_share == 0.5


def test_all_channels_are_one_signal() -> None:
    mono = shorts(joined(silence(0.2), speech(1.0)))
    assert measured(channels(mono, 2)) == measured(mono)
    one_sided = channels(shorts(sine(1.0)), 2)
    one_sided[:, 1] = 0
    assert measured(one_sided).level_dbfs == pytest.approx(measured(shorts(sine(1.0))).level_dbfs - 3.01, abs=0.01)


@pytest.mark.parametrize("decibels", [6.0, 20.0, 40.0])
def test_speech_over_noise_is_estimated_to_a_few_db(decibels: float) -> None:
    sound, rest = sine(4.0, amplitude=0.25), noise(8.0, amplitude=0.25 / 2**0.5 / 10 ** (decibels / 20))
    found = measured(joined(sound, silence(4.0)) + rest).snr_db
    assert found == pytest.approx(decibels, abs=2.0)


def test_noise_alone_is_not_above_itself() -> None:
    assert measured(noise(4.0, amplitude=0.1)).snr_db < 3.0


def test_digital_silence_between_words_does_not_hide_the_noise_under_them() -> None:
    noisy = sine(1.0, 0.2) + noise(1.0, 0.1)
    assert measured(joined(noisy, silence(1.0), noisy)).snr_db < 6.0


def test_the_estimate_ends_at_a_hundred() -> None:
    assert measured(joined(sine(1.0, 1.0), sine(1.0, 0.000_003))).snr_db == 100.0


def test_a_recording_shorter_than_a_stretch_is_measured() -> None:
    found = measured(sine(0.005))
    assert (found.silent_share, found.leading_silence) == (0.0, 0.0)
    assert measured(silence(0.005)).leading_silence == 0.005


def test_one_sample_is_measured() -> None:
    assert measured(np.array([16_384], np.int16)).peak_dbfs == pytest.approx(-6.02, abs=0.01)


def test_the_form_may_change_on_the_way() -> None:
    meter = Meter(SILENCE_DBFS)
    meter.add(block(shorts(silence(1.0))), Form(RATE, 1, SHORT))
    meter.add(channels(shorts(sine(2.0, rate=48_000)), 2), Form(48_000, 2, SHORT))
    assert meter.seconds == 3.0
    found = meter.close()
    assert found.leading_silence == 1.0
    assert found.silent_share == pytest.approx(1 / 3)


def test_a_sample_at_full_scale_is_no_neighbour_across_a_change_of_form() -> None:
    meter = Meter(SILENCE_DBFS)
    for rate in (RATE, 8_000):
        meter.add(block(np.array([32_767], np.int16)), Form(rate, 1, SHORT))
    assert meter.close().clipped_share == 0.0


def test_floats_beyond_full_scale_are_measured_as_they_are() -> None:
    found = measured(sine(1.0, amplitude=10.0))
    assert found.level_dbfs == pytest.approx(16.99, abs=0.01)
    assert found.clipped_share > 0.9
    assert measured(sine(1.0, amplitude=1e30)).level_dbfs == pytest.approx(596.99, abs=0.01)


@st.composite
def cut_signals(draw: st.DrawFn) -> tuple[NDArray[Any], Form, list[int]]:
    """A signal with silence, clipping and an offset in it, its form, and where it is cut into blocks."""
    rate = draw(st.sampled_from([8_000, 11_025, 16_000, 48_000]))
    count = draw(st.sampled_from([1, 2, 3]))
    frames = draw(st.integers(1, 90_000))
    numbers = np.random.default_rng(draw(st.integers(0, 1_000)))
    signal = numbers.normal(draw(st.sampled_from([0.0, 0.05])), 0.5, (frames, count))
    signal[: draw(st.integers(0, frames))] = 0.0
    whole = draw(st.booleans())
    samples: NDArray[Any] = shorts(signal) if whole else np.clip(signal, -1, 1).astype(np.float32)
    cuts = draw(st.lists(st.integers(0, frames), max_size=20))
    return samples, Form(rate, count, samples.dtype), sorted(cuts)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cut_signals())
def test_the_measures_do_not_depend_on_the_blocks(signal: tuple[NDArray[Any], Form, list[int]]) -> None:
    samples, form, cuts = signal
    whole, pieces = Meter(SILENCE_DBFS), Meter(SILENCE_DBFS)
    whole.add(samples, form)
    for piece in np.split(samples, cuts):
        pieces.add(piece.copy(), form)
    assert pieces.close() == whole.close()
    assert (pieces.samples, pieces.seconds) == (whole.samples, whole.seconds)


def test_the_measures_do_not_depend_on_blocks_of_a_sample() -> None:
    samples, form = block(shorts(speech(0.5))), Form(RATE, 1, SHORT)
    meter = Meter(SILENCE_DBFS)
    for at in range(len(samples)):
        meter.add(samples[at : at + 1], form)
    assert meter.close() == measured(samples)


def test_a_block_may_be_used_again_once_it_was_added() -> None:
    samples, form = block(shorts(speech(1.0))), Form(RATE, 1, SHORT)
    meter, buffer = Meter(SILENCE_DBFS), np.empty((1_000, 1), np.int16)
    for start in range(0, len(samples), 1_000):
        buffer[:] = samples[start : start + 1_000]
        meter.add(buffer, form)
    assert meter.close() == measured(samples)
