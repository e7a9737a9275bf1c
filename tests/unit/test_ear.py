"""The ear hears what a recording is, to its end, and says why when it is none."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from attune.adapters.ear import LibraryEar
from attune.domain.pair import Reason
from attune.ports import Heard

RATE = 16_000
ENDINGS = (".wav", ".flac", ".mp3", ".aac", ".m4a")
DECODERS_SLACK = 0.15  # seconds: AAC pads its first and last frames


def tone(seconds: float, rate: int = RATE, channels: int = 1) -> Any:
    noise = np.random.default_rng(1).normal(0, 500, int(seconds * rate))
    wave = np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate) * 8000 + noise
    return np.repeat(wave.astype(np.int16)[:, None], channels, axis=1)


def by_soundfile(container: str, seconds: float = 2.0, rate: int = RATE, channels: int = 1, **how: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(seconds, rate, channels), rate, format=container, **how)
    return buffer.getvalue()


def by_ffmpeg(container: str, codec: str = "aac", options: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    wave = tone(2.0)[:, 0].astype(np.float32) / 32768
    with av.open(buffer, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        for start in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


MAKERS: dict[str, Callable[[], bytes]] = {
    ".wav": lambda: by_soundfile("WAV"),
    ".flac": lambda: by_soundfile("FLAC"),
    ".mp3": lambda: by_soundfile("MP3"),
    ".aac": lambda: by_ffmpeg("adts"),
    ".m4a": lambda: by_ffmpeg("ipod"),
}


@pytest.fixture(scope="module")
def recordings() -> dict[str, bytes]:
    return {ending: make() for ending, make in MAKERS.items()}


def refused(data: bytes, ending: str, ear: LibraryEar | None = None) -> str:
    reason = (ear or LibraryEar()).listen(data, ending)
    assert isinstance(reason, Reason)
    return reason.code


def heard(data: bytes, ending: str) -> Heard:
    found = LibraryEar().listen(data, ending)
    assert isinstance(found, Heard), found
    return found


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recording_is_heard_with_its_length_rate_and_channels(recordings: dict[str, bytes], ending: str) -> None:
    found = heard(recordings[ending], ending)
    assert found.seconds == pytest.approx(2.0, abs=DECODERS_SLACK)
    assert (found.sample_rate, found.channels) == (RATE, 1)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3"])
def test_the_seconds_are_exact_where_the_container_counts_samples(recordings: dict[str, bytes], ending: str) -> None:
    assert heard(recordings[ending], ending).seconds == 2.0


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "ULAW", "ALAW", "MS_ADPCM"])
def test_every_usual_coding_of_a_wav_is_heard(subtype: str) -> None:
    assert heard(by_soundfile("WAV", subtype=subtype), ".wav").seconds == pytest.approx(2.0, abs=DECODERS_SLACK)


def test_stereo_and_more_are_heard_and_nine_channels_are_refused() -> None:
    assert heard(by_soundfile("WAV", 0.1, channels=8), ".wav").channels == 8
    assert refused(by_soundfile("WAV", 0.1, channels=9), ".wav") == "audio_channels"


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_bytes_are_an_empty_recording(ending: str) -> None:
    assert refused(b"", ending) == "audio_empty"


def test_a_header_without_samples_is_an_empty_recording() -> None:
    assert refused(by_soundfile("WAV", 0.0), ".wav") == "audio_empty"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("data", [b"hello world" * 1000, b"\0" * 5000, b"x"])
def test_what_is_no_recording_is_unreadable(data: bytes, ending: str) -> None:
    assert refused(data, ending) == "audio_unreadable"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("other", ENDINGS)
def test_a_recording_under_another_ending_is_told_what_it_really_is(
    recordings: dict[str, bytes], ending: str, other: str
) -> None:
    if ending == other:
        return
    reason = LibraryEar().listen(recordings[other], ending)
    assert isinstance(reason, Reason)
    assert reason.code == "audio_wrong_type"
    assert f"Name it {other}" in reason.sentence


@pytest.mark.parametrize(("container", "name"), [("OGG", "Ogg"), ("AIFF", "AIFF"), ("CAF", "CAF")])
def test_a_container_that_is_not_taken_is_named(container: str, name: str) -> None:
    reason = LibraryEar().listen(by_soundfile(container), ".wav")
    assert isinstance(reason, Reason)
    assert reason.code == "audio_wrong_type"
    assert f"is {name}" in reason.sentence


@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3", ".aac"])
def test_half_a_recording_is_cut_short(recordings: dict[str, bytes], ending: str) -> None:
    data = recordings[ending]
    assert refused(data[: len(data) // 2], ending) == "audio_truncated"


@pytest.mark.parametrize("ending", [".wav", ".flac", ".aac"])
def test_a_recording_without_its_last_byte_is_cut_short(recordings: dict[str, bytes], ending: str) -> None:
    assert refused(recordings[ending][:-1], ending) == "audio_truncated"


def test_an_m4a_without_its_end_cannot_be_read_since_its_index_is_there(recordings: dict[str, bytes]) -> None:
    data = recordings[".m4a"]
    assert refused(data[: len(data) // 2], ".m4a") == "audio_unreadable"


@pytest.mark.parametrize("ending", [".flac", ".aac"])
def test_a_hole_in_the_middle_is_damage(recordings: dict[str, bytes], ending: str) -> None:
    data = bytearray(recordings[ending])
    middle = len(data) // 2
    data[middle : middle + 300] = b"\x55" * 300
    assert refused(bytes(data), ending) == "audio_truncated"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_tag_behind_the_recording_does_no_harm(recordings: dict[str, bytes], ending: str) -> None:
    assert heard(recordings[ending] + b"TAG" + b"x" * 125, ending).seconds == pytest.approx(2.0, abs=DECODERS_SLACK)


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".aac"])
def test_a_tag_before_the_recording_does_no_harm(recordings: dict[str, bytes], ending: str) -> None:
    tag = b"ID3\x03\0\0\0\0\x02\x01" + b"\0" * 257
    assert heard(tag + recordings[ending], ending).seconds == pytest.approx(2.0, abs=DECODERS_SLACK)


def test_a_wav_with_words_in_another_alphabet_in_its_tags_is_heard(recordings: dict[str, bytes]) -> None:
    words = b"INFOINAM" + struct.pack("<I", 4) + b"caf\xe9"
    assert heard(recordings[".wav"] + b"LIST" + struct.pack("<I", len(words)) + words, ".wav").seconds == 2.0


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_wav_that_was_written_to_a_pipe_is_heard_to_its_end(recordings: dict[str, bytes], size: int) -> None:
    data = bytearray(recordings[".wav"])
    data[40:44] = struct.pack("<I", size)
    assert heard(bytes(data), ".wav").seconds == 2.0


def test_a_flac_that_was_written_to_a_pipe_is_heard_to_its_end(recordings: dict[str, bytes]) -> None:
    data = bytearray(recordings[".flac"])
    data[21] &= 0xF0  # the upper four of STREAMINFO's 36 bits of total samples
    data[22:26] = bytes(4)
    assert heard(bytes(data), ".flac").seconds == 2.0
    assert refused(bytes(data[:-1]), ".flac") == "audio_truncated"


def test_an_mp3_that_does_not_count_its_frames_is_heard_as_far_as_it_goes() -> None:
    data = by_ffmpeg("mp3", "libmp3lame", {"write_xing": "0"})
    assert heard(data, ".mp3").seconds == pytest.approx(2.0, abs=DECODERS_SLACK)
    assert heard(data[: len(data) // 2], ".mp3").seconds < 1.5


@pytest.mark.parametrize("rate", [4_000, 192_001])
def test_a_rate_outside_of_the_usual_is_refused(rate: int) -> None:
    data = bytearray(by_soundfile("WAV", 0.1))
    data[24:28] = struct.pack("<I", rate)
    assert refused(bytes(data), ".wav") == "audio_sample_rate"


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_decoded_beyond_the_longest_that_is_taken(recordings: dict[str, bytes], ending: str) -> None:
    assert refused(recordings[ending], ending, LibraryEar(longest_seconds=1.5)) == "audio_too_long"


def test_a_recording_of_exactly_the_longest_is_taken(recordings: dict[str, bytes]) -> None:
    assert isinstance(LibraryEar(longest_seconds=2.0).listen(recordings[".flac"], ".flac"), Heard)


def test_a_small_file_of_more_than_an_hour_of_silence_is_too_long() -> None:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 8_000, 1, format="FLAC") as out:
        for _ in range(61):
            out.write(np.zeros(60 * 8_000, np.int16))
    assert len(buffer.getvalue()) < 200_000
    assert refused(buffer.getvalue(), ".flac") == "audio_too_long"


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_written_to_the_terminal_about_a_damaged_recording(
    recordings: dict[str, bytes], ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(recordings[ending])
    data[len(data) // 2 :: 7] = b"U" * len(data[len(data) // 2 :: 7])
    LibraryEar().listen(bytes(data), ending)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_reason_says_what_to_do(ending: str) -> None:
    for data in (b"", b"not a recording", by_soundfile("OGG")):
        reason = LibraryEar().listen(data, ending)
        assert isinstance(reason, Reason)
        assert "upload it" in reason.sentence
