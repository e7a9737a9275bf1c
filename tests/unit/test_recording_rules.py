"""Every rule for a recording, on real bytes: one that it speaks of, and one that is nearly so."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from attune.adapters.ear import LibraryEar
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits
from attune.domain.quality.recording import judge_recording, over_size
from attune.domain.quality.rules import RULES
from sounds import (
    ENDINGS,
    RATE,
    Signal,
    by_ffmpeg,
    by_soundfile,
    channels,
    encoded,
    flac_of_unknown_length,
    joined,
    noise,
    patched,
    silence,
    sine,
    speech,
)

LIMITS = Limits()


def findings(data: bytes, ending: str, limits: Limits = LIMITS) -> tuple[Finding, ...]:
    """As a recording that arrives is judged."""
    heard = LibraryEar().listen(data, ending, limits)
    return (heard,) if isinstance(heard, Finding) else judge_recording(heard, limits)


@dataclass(frozen=True)
class Row:
    """A recording, and what is said of it: the codes, and a part of the first sentence."""

    name: str
    make: Callable[[], bytes]
    codes: tuple[str, ...] = ()
    says: str = ""
    ending: str = ".wav"
    limits: Limits = LIMITS


def wav(signal: Signal, rate: int = RATE, subtype: str | None = None) -> bytes:
    return by_soundfile("WAV", signal, rate, subtype=subtype)


def good() -> bytes:
    return wav(speech(3.0))


def at_level(dbfs: float) -> bytes:
    """Bursts of a tone, with pauses between them, at that level."""
    signal = np.tile(joined(sine(0.44, 1.0), silence(0.06)), 6) + noise(3.0, 0.001)
    return wav(signal * 10 ** (dbfs / 20) / np.sqrt(np.mean(signal**2)))


def clipped(share: float) -> bytes:
    """Speech of which that share stands at full scale, two samples at a time."""
    signal = speech(3.0)
    starts = np.linspace(100, len(signal) - 100, round(share * len(signal) / 2)).astype(int)
    signal[starts] = signal[starts + 1] = 1.0
    return wav(signal)


def noisy(decibels: float) -> bytes:
    """A voice for the first half, and noise that far below it throughout."""
    voice = joined(sine(2.0, 0.2), silence(2.0))
    return wav(voice + noise(4.0, 0.2 / 2**0.5 / 10 ** (decibels / 20)))


def mostly_silent(share: float) -> bytes:
    """Ten seconds of which that share is silence, a second of it at each end."""
    quiet = share * 10
    sound = (10 - quiet) / 2
    return wav(joined(silence(1.0), sine(sound), silence(quiet - 2), sine(sound), silence(1.0)) + noise(10, 0.0001))


ROWS = [
    # good ones
    *(
        Row(f"speech in {ending}", lambda ending=ending: encoded(ending, speech(3.0)), ending=ending)  # type: ignore[misc]
        for ending in ENDINGS
    ),
    Row("speech in floats", lambda: wav(speech(3.0), subtype="FLOAT")),
    Row("speech in 24 bits", lambda: wav(speech(3.0), subtype="PCM_24")),
    Row("speech at 48,000", lambda: wav(speech(3.0, rate=48_000), 48_000)),
    Row(
        "speech in a flac of unknown length",
        lambda: flac_of_unknown_length(encoded(".flac", speech(3.0))),
        (),
        "",
        ".flac",
    ),
    # what is no recording
    Row("no bytes", lambda: b"", ("audio_empty",), "not one sample"),
    Row("a header alone", lambda: wav(silence(0.0)), ("audio_empty",), "not one sample"),
    Row("text", lambda: b"This is what is said.\n" * 40, ("audio_unreadable",), "cannot be read as WAV"),
    Row("a header of nonsense", lambda: patched(good(), 16, "<I", 0x66666666), ("audio_unreadable",), "makes no sense"),
    Row("flac as wav", lambda: encoded(".flac", speech(1.0)), ("audio_wrong_type",), "named .wav but is FLAC (.flac)"),
    Row("mp3 as flac", lambda: encoded(".mp3", speech(1.0)), ("audio_wrong_type",), "is MP3 (.mp3)", ".flac"),
    Row("ogg as mp3", lambda: by_soundfile("OGG", speech(1.0)), ("audio_wrong_type",), "is Ogg.", ".mp3"),
    Row("mp3 in a wav", lambda: by_ffmpeg("wav", speech(1.0), "libmp3lame"), ("audio_wrong_type",), "is MP3"),
    # length in header and content
    Row(
        "cut in the middle", lambda: good()[:48_000], ("audio_truncated",), "promises 96,000 bytes of sound, and 47,956"
    ),
    Row("with its last sample", good),
    Row("a header that claims 1 GB", lambda: patched(good(), 40, "<I", 10**9), ("audio_truncated",), "1,000,000,000"),
    Row("a header that claims 4 GB, as pipes write", lambda: patched(good(), 40, "<I", 0xFFFFFFFF)),
    Row("never finished", lambda: patched(good(), 40, "<I", 0), ("audio_truncated",), "promises 0 bytes"),
    Row("with a tag behind", lambda: good() + b"LIST" + struct.pack("<I", 8_000) + bytes(8_000)),
    Row("a flac cut", lambda: encoded(".flac", speech(3.0))[:-900], ("audio_truncated",), "of the 3.00 s", ".flac"),
    # what is too much
    Row("1,092,676 Hz", lambda: patched(good(), 24, "<I", 1_092_676), ("audio_sample_rate",), "1,092,676 samples"),
    Row("192,000 Hz", lambda: wav(speech(0.6, rate=192_000), 192_000)),
    Row("7,999 Hz", lambda: wav(speech(3.0, rate=7_999), 7_999), ("audio_sample_rate",), "7,999 samples a second"),
    Row("nine channels", lambda: wav(channels(speech(0.6), 9)), ("audio_channels",), "9 channels; at most 8"),
    Row("eight channels", lambda: wav(channels(speech(0.6), 8)), ("audio_multichannel",), "8 channels"),
    Row(
        "longer than its dataset takes",
        lambda: wav(speech(3.01)),
        ("audio_too_long",),
        "longer than 3 s",
        limits=replace(LIMITS, max_audio_seconds=3.0),
    ),
    Row("as long as its dataset takes", good, limits=replace(LIMITS, max_audio_seconds=3.0)),
    Row("31 s", lambda: wav(speech(31.0)), ("audio_long",), "lasts 31.00 s"),
    Row("30 s", lambda: wav(speech(30.0))),
    Row("0.05 s", lambda: wav(sine(0.05)), ("audio_too_short",), "lasts 0.050 s; at least 0.1 s"),
    Row("0.1 s", lambda: wav(sine(0.1))),
    # its form
    Row(
        "8,000 Hz", lambda: wav(speech(3.0, rate=8_000), 8_000), ("audio_narrowband",), "8,000 samples a second; 16,000"
    ),
    Row("stereo", lambda: wav(channels(speech(3.0), 2)), ("audio_multichannel",), "has 2 channels"),
    Row(
        "stereo where two are advised",
        lambda: wav(channels(speech(3.0), 2)),
        limits=replace(LIMITS, advised_channels=2),
    ),
    Row("8 bits", lambda: wav(speech(3.0), subtype="PCM_U8"), ("audio_bit_depth",), "8 bits"),
    Row(
        "8 bits of flac",
        lambda: by_soundfile("FLAC", speech(3.0), subtype="PCM_S8"),
        ("audio_bit_depth",),
        "8 bits",
        ".flac",
    ),
    Row(
        "a telephone's mu-law",
        lambda: wav(speech(3.0, rate=8_000), 8_000, "ULAW"),
        ("audio_narrowband", "audio_bit_depth"),
        "8,000",
    ),
    # silence
    Row("silent", lambda: wav(silence(3.0)), ("audio_silent",), "100.0% of the recording is silence, below -50 dBFS"),
    Row("a silent room", lambda: wav(noise(3.0, 0.001)), ("audio_silent",), "100.0%"),
    Row("an offset and nothing else", lambda: wav(silence(3.0) + 0.1), ("audio_silent",), "100.0%"),
    Row(
        "a word in ten seconds",
        lambda: wav(joined(silence(1.6), speech(0.2), silence(2.7))),
        ("audio_mostly_silent",),
        "9",
    ),
    Row("more than half silent", lambda: mostly_silent(0.52), ("audio_mostly_silent",), "of the recording is silence"),
    Row("less than half silent", lambda: mostly_silent(0.4)),
    Row(
        "two seconds and more before",
        lambda: wav(joined(silence(2.1), speech(3.0))),
        ("audio_leading_silence",),
        "begins with 2.1",
    ),
    Row("nearly two seconds before", lambda: wav(joined(silence(1.9), speech(6.0)))),
    Row(
        "three seconds and more behind",
        lambda: wav(joined(speech(4.0), silence(3.1))),
        ("audio_trailing_silence",),
        "ends with 3.",
    ),
    Row("nearly three seconds behind", lambda: wav(joined(speech(6.0), silence(2.7)))),
    # how it sounds
    Row("clipped", lambda: clipped(0.002), ("audio_clipped",), "0.20% of the recording's samples"),
    Row("hardly clipped", lambda: clipped(0.0009)),
    Row("off its zero line", lambda: wav(speech(3.0) - 0.03), ("audio_dc_offset",), "3.0% of full scale"),
    Row("hardly off it", lambda: wav(speech(3.0) + 0.018)),
    Row("quiet", lambda: at_level(-40.5), ("audio_quiet",), "-40.5 dBFS; usual are -40 or more"),
    Row("soft words", lambda: wav(speech(3.0, 0.015, room=0.0001)), ("audio_quiet",), "dBFS; usual are -40 or more"),
    Row("hardly quiet", lambda: at_level(-39.5)),
    Row("loud", lambda: at_level(-5.5), ("audio_loud",), "-5.5 dBFS; usual are -6 or less"),
    Row("hardly loud", lambda: at_level(-6.5)),
    Row("noisy", lambda: noisy(6.0), ("audio_noisy",), "dB are usual"),
    Row("hardly noisy", lambda: noisy(14.0)),
    Row("noise alone", lambda: wav(noise(3.0, 0.1)), ("audio_noisy",), "dB above its quietest"),
    Row("too short to tell noise", lambda: wav(noise(0.45, 0.1))),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_recording_gets_the_findings_of_its_faults_and_no_others(row: Row) -> None:
    found = findings(row.make(), row.ending, row.limits)
    assert tuple(finding.code for finding in found) == row.codes
    assert row.says in "".join(finding.sentence for finding in found[:1])


def test_every_rule_that_one_recording_can_break_has_a_row() -> None:
    told = {code for row in ROWS for code in row.codes}
    elsewhere = {
        "audio_duplicate",  # of two recordings
        "audio_across_hold_out",  # the same
        "audio_too_large",  # below: nothing is read
        "audio_expands",  # in the ear's tests: with less than 345 million samples
    }
    assert told | elsewhere == {code for code in RULES if code.startswith("audio_")}


def test_a_finding_is_a_sentence_with_figures_under_its_rules_severity_and_fix() -> None:
    for row in ROWS:
        for finding in findings(row.make(), row.ending, row.limits) if row.codes else ():
            rule = RULES[finding.code]
            assert (finding.severity, finding.fix) == (rule.severity, rule.fix)
            assert finding.sentence.endswith(".")


def test_more_bytes_than_are_taken_are_too_large_before_anything_is_read() -> None:
    limits = replace(LIMITS, max_audio_bytes=2_000_000)
    assert over_size(2_000_000, limits) is None
    found = over_size(2_345_678, limits)
    assert found is not None
    assert found.code == "audio_too_large"
    assert found.sentence == "The recording has 2.3 MB; at most 2 MB are taken."


def test_a_recording_that_was_cut_off_by_the_limit_is_not_also_long() -> None:
    heard = Heard(4_000.0, RATE, 1)
    assert [finding.code for finding in judge_recording(heard, LIMITS)] == ["audio_too_long"]


def test_what_is_silent_is_not_judged_for_its_sound() -> None:
    heard = Heard(
        10.0,
        RATE,
        1,
        level_dbfs=-90.0,
        silent_share=1.0,
        leading_silence=10.0,
        trailing_silence=10.0,
        clipped_share=1.0,
        dc_offset=1.0,
        snr_db=0.0,
    )
    assert [finding.code for finding in judge_recording(heard, LIMITS)] == ["audio_silent"]


def test_the_silence_of_what_is_quiet_is_not_told_of() -> None:
    heard = Heard(10.0, RATE, 1, level_dbfs=-50.0, silent_share=0.9, leading_silence=3.0, trailing_silence=4.0)
    assert [finding.code for finding in judge_recording(heard, LIMITS)] == ["audio_quiet"]


def test_a_limit_itself_is_within_the_limit() -> None:
    heard = Heard(
        30.0,
        16_000,
        1,
        16,
        level_dbfs=-40.0,
        silent_share=0.5,
        leading_silence=2.0,
        trailing_silence=3.0,
        clipped_share=0.001,
        dc_offset=0.02,
        snr_db=10.0,
    )
    assert judge_recording(heard, LIMITS) == ()
    assert judge_recording(replace(heard, level_dbfs=-6.0, seconds=0.1), LIMITS) == ()


def test_silence_at_an_end_is_not_told_of_again_as_a_part_of_the_whole() -> None:
    heard = Heard(10.0, RATE, 1, leading_silence=4.0, trailing_silence=3.5, silent_share=0.8)
    ends = ["audio_leading_silence", "audio_trailing_silence"]
    assert [finding.code for finding in judge_recording(heard, LIMITS)] == ends
    sparse = replace(heard, silent_share=0.9)
    assert [finding.code for finding in judge_recording(sparse, LIMITS)] == [*ends, "audio_mostly_silent"]


def test_noise_is_not_judged_where_next_to_nothing_sounds() -> None:
    heard = Heard(10.0, RATE, 1, silent_share=0.96, snr_db=0.0)
    assert [finding.code for finding in judge_recording(heard, LIMITS)] == ["audio_mostly_silent"]
