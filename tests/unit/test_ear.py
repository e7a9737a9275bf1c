"""The ear hears what a recording is, to its end, and says why when it is none."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from attune.adapters.ear import DECODED_SAMPLES, LibraryEar
from attune.adapters.sound import m4a, wav
from attune.adapters.sound.containers import Container
from attune.adapters.sound.hearing import Hearing
from attune.adapters.sound.meter import Form
from attune.adapters.sound.packets import Sound, hear
from attune.adapters.sound.tail import Tail
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits
from sounds import (
    ENCODERS,
    ENDINGS,
    FULL_SCALE,
    RATE,
    box,
    by_ffmpeg,
    by_soundfile,
    channels,
    encoded,
    flac_of_unknown_length,
    id3_tag,
    joined,
    noise,
    patched,
    silence,
    sine,
    speech,
    write_by_ffmpeg,
)

DECODERS_SLACK = 0.15  # seconds: AAC pads its first and last frames
LIMITS = Limits()
TONE = sine(2.0) + noise(2.0, 0.015)
MEBI = 1 << 20


def by_wav(seconds: float = 2.0, rate: int = RATE, count: int = 1, subtype: str | None = None) -> bytes:
    return by_soundfile("WAV", channels(sine(seconds, rate=rate), count), rate, subtype=subtype)


@pytest.fixture(scope="module")
def recordings() -> dict[str, bytes]:
    return {ending: encoded(ending, TONE) for ending in ENDINGS}


def refusal(data: bytes, ending: str, limits: Limits = LIMITS, ear: LibraryEar | None = None) -> Finding:
    found = (ear or LibraryEar()).listen(data, ending, limits)
    assert isinstance(found, Finding), found
    return found


def refused(data: bytes, ending: str, limits: Limits = LIMITS) -> str:
    return refusal(data, ending, limits).code


def heard(data: bytes, ending: str, limits: Limits = LIMITS) -> Heard:
    found = LibraryEar().listen(data, ending, limits)
    assert isinstance(found, Heard), found
    return found


# --- what is heard ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recording_is_heard_with_its_length_rate_and_channels(recordings: dict[str, bytes], ending: str) -> None:
    found = heard(recordings[ending], ending)
    assert found.seconds == pytest.approx(2.0, abs=DECODERS_SLACK)
    assert (found.sample_rate, found.channels) == (RATE, 1)


@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3"])
def test_the_seconds_are_exact_where_the_container_counts_samples(recordings: dict[str, bytes], ending: str) -> None:
    assert heard(recordings[ending], ending).seconds == 2.0


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("count", [1, 2])
def test_every_container_measures_alike(ending: str, count: int) -> None:
    signal = joined(silence(0.5), speech(2.0), silence(1.0)) + noise(3.5, 0.0005)
    found = heard(encoded(ending, channels(signal, count)), ending)
    straight = heard(by_soundfile("WAV", signal), ".wav")
    assert found.channels == count
    assert found.level_dbfs == pytest.approx(straight.level_dbfs, abs=0.5)
    assert found.peak_dbfs == pytest.approx(straight.peak_dbfs, abs=1.5)
    assert found.silent_share == pytest.approx(straight.silent_share, abs=0.05)
    assert found.leading_silence == pytest.approx(0.5, abs=DECODERS_SLACK)
    assert found.trailing_silence == pytest.approx(straight.trailing_silence, abs=DECODERS_SLACK)
    assert found.dc_offset == pytest.approx(0.0, abs=0.001)
    assert found.clipped_share == 0.0
    assert found.snr_db > 20.0


@pytest.mark.parametrize(
    ("subtype", "bits"),
    [
        ("PCM_U8", 8),
        ("PCM_16", 16),
        ("PCM_24", 24),
        ("PCM_32", 32),
        ("FLOAT", 32),
        ("DOUBLE", 64),
        ("ULAW", 8),
        ("ALAW", 8),
        ("MS_ADPCM", None),
        ("IMA_ADPCM", None),
        ("GSM610", None),
        ("G721_32", None),
    ],
)
def test_every_usual_coding_of_a_wav_is_heard(subtype: str, bits: int | None) -> None:
    found = heard(by_wav(subtype=subtype), ".wav")
    assert found.seconds == pytest.approx(2.0, abs=DECODERS_SLACK)
    assert found.level_dbfs == pytest.approx(-15.05, abs=2.0 if subtype == "GSM610" else 0.5)
    assert found.bit_depth == bits


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW", "ALAW"])
def test_clipping_is_found_at_the_full_scale_of_each_coding(subtype: str) -> None:
    data = by_soundfile("WAV", np.clip(sine(1.0, amplitude=2.0), -1.0, FULL_SCALE), subtype=subtype)
    assert heard(data, ".wav").clipped_share > 0.5
    assert heard(by_soundfile("WAV", sine(1.0, amplitude=0.9), subtype=subtype), ".wav").clipped_share == 0.0


def test_the_bit_depth_is_that_of_the_stored_samples(recordings: dict[str, bytes]) -> None:
    depths = {ending: heard(recordings[ending], ending).bit_depth for ending in ENDINGS}
    assert depths == {".wav": 16, ".flac": 16, ".mp3": None, ".aac": None, ".m4a": None}
    assert heard(by_soundfile("FLAC", TONE, subtype="PCM_24"), ".flac").bit_depth == 24
    assert heard(by_soundfile("FLAC", TONE, subtype="PCM_S8"), ".flac").bit_depth == 8


def test_lossless_m4a_is_heard_as_the_samples_are() -> None:
    found, straight = heard(by_ffmpeg("ipod", TONE, "alac"), ".m4a"), heard(by_soundfile("WAV", TONE), ".wav")
    assert found.bit_depth == 24
    assert found.seconds == straight.seconds
    assert found.level_dbfs == pytest.approx(straight.level_dbfs, abs=0.001)


def test_stereo_and_more_are_heard_and_nine_channels_are_refused() -> None:
    assert heard(by_wav(0.1, count=8), ".wav").channels == 8
    assert refused(by_wav(0.1, count=9), ".wav") == "audio_channels"


@pytest.mark.parametrize(("container", "ending"), [("adts", ".aac"), ("ipod", ".m4a")])
def test_eight_channels_are_heard_where_each_has_a_plane_of_its_own(container: str, ending: str) -> None:
    found = heard(by_ffmpeg(container, channels(sine(1.0, rate=48_000), 8), rate=48_000), ending)
    assert found.channels == 8
    assert found.seconds == pytest.approx(1.0, abs=DECODERS_SLACK)


def aac_of(*layouts: str) -> Sound:
    """Silence as a decoder of AAC gives it: each channel in a plane of its own."""
    frames = []
    for layout in layouts:
        packed = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024 * av.AudioLayout(layout).nb_channels), np.float32), "flt", layout
        )
        packed.sample_rate = 48_000
        frames += av.AudioResampler("fltp", layout, 48_000).resample(packed)
    return Sound(Container.AAC, iter([lambda: frames]))


def test_a_frame_of_any_number_of_channels_is_safe_to_decode() -> None:
    limits = replace(LIMITS, max_channels=24)
    found = hear(aac_of("22.2"), Hearing(limits, 100_000, 1))
    assert isinstance(found, Heard)
    assert found.channels == 24
    refused_frame = hear(aac_of("22.2"), Hearing(LIMITS, 100_000, 1))
    assert isinstance(refused_frame, Finding)
    assert refused_frame.code == "audio_channels"


def test_a_frame_that_turns_into_far_too_many_channels_on_the_way_is_damaged() -> None:
    found = hear(aac_of("mono", "22.2"), Hearing(LIMITS, 100_000, 1))
    assert isinstance(found, Finding)
    assert found.code == "audio_truncated"


def test_a_recording_that_changes_its_form_on_the_way_is_heard_to_its_end() -> None:
    first, second = by_ffmpeg("adts", sine(1.0)), by_ffmpeg("adts", channels(sine(1.0, rate=32_000), 2), rate=32_000)
    found = heard(first + second, ".aac")
    assert found.seconds == pytest.approx(2.0, abs=2 * DECODERS_SLACK)
    assert (found.sample_rate, found.channels) == (32_000, 2)


# --- what is none ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_bytes_are_an_empty_recording(ending: str) -> None:
    assert refused(b"", ending) == "audio_empty"


@pytest.mark.parametrize("ending", [".wav", ".flac"])
def test_a_header_without_samples_is_an_empty_recording(ending: str) -> None:
    assert refused(encoded(ending, silence(0.0)), ending) == "audio_empty"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "data", [b"hello world" * 1000, b"\0" * 5000, b"x", b"<html>no</html>", "what is said".encode("utf-16")]
)
def test_what_is_no_recording_is_unreadable(data: bytes, ending: str) -> None:
    assert refused(data, ending) == "audio_unreadable"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("other", ENDINGS)
def test_a_recording_under_another_ending_is_told_what_it_really_is(
    recordings: dict[str, bytes], ending: str, other: str
) -> None:
    if ending == other:
        return
    found = refusal(recordings[other], ending)
    assert found.code == "audio_wrong_type"
    assert found.sentence.startswith(f"The recording is named {ending} but is ")
    assert f"({other})" in found.sentence


@pytest.mark.parametrize(("container", "name"), [("OGG", "Ogg"), ("AIFF", "AIFF"), ("CAF", "CAF")])
def test_a_container_that_is_not_taken_is_named(container: str, name: str) -> None:
    found = refusal(by_soundfile(container, TONE), ".wav")
    assert found.code == "audio_wrong_type"
    assert found.sentence == f"The recording is named .wav but is {name}."


@pytest.mark.parametrize("container", ["AU", "VOC", "W64", "IRCAM", "NIST"])
def test_what_libsndfile_would_read_under_any_name_is_no_wav(container: str) -> None:
    assert refused(by_soundfile(container, TONE), ".wav") == "audio_unreadable"


def test_an_mp3_in_a_wav_is_an_mp3() -> None:
    found = refusal(by_ffmpeg("wav", TONE, "libmp3lame"), ".wav")
    assert found.code == "audio_wrong_type"
    assert "is MP3" in found.sentence


def test_an_m4a_of_another_coding_is_not_handed_to_its_decoder() -> None:
    found = refusal(by_ffmpeg("mov", TONE, "ac3", rate=48_000), ".m4a")
    assert found.code == "audio_unreadable"
    assert "ac3" in found.sentence


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_unreadable(value: float) -> None:
    signal = TONE.copy()
    signal[1000] = value
    assert refused(by_soundfile("WAV", signal, subtype="FLOAT"), ".wav") == "audio_unreadable"


# --- what its header and its content disagree about -----------------------------------------------------------------


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


def test_an_m4a_with_its_index_in_front_and_half_its_sound_is_cut_short(tmp_path: Path) -> None:
    write_by_ffmpeg(tmp_path / "a.m4a", "ipod", TONE, options={"movflags": "faststart"})
    data = (tmp_path / "a.m4a").read_bytes()
    assert refused(data[: len(data) * 2 // 3], ".m4a") == "audio_truncated"


@pytest.mark.parametrize("ending", [".flac", ".aac"])
def test_a_hole_in_the_middle_is_damage(recordings: dict[str, bytes], ending: str) -> None:
    data = bytearray(recordings[ending])
    middle = len(data) // 2
    data[middle : middle + 300] = b"\x55" * 300
    assert refused(bytes(data), ending) == "audio_truncated"


@pytest.mark.parametrize("size", [0, 32_000])
def test_a_wav_whose_header_promises_less_than_there_is_was_not_finished(
    recordings: dict[str, bytes], size: int
) -> None:
    found = refusal(patched(recordings[".wav"], 40, "<I", size), ".wav")
    assert found.code == "audio_truncated"
    assert f"{size:,} bytes of sound, and {64_000 - size:,} more" in found.sentence


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_tag_behind_the_recording_does_no_harm(recordings: dict[str, bytes], ending: str) -> None:
    assert heard(recordings[ending] + b"TAG" + b"x" * 125, ending).seconds == pytest.approx(2.0, abs=DECODERS_SLACK)


@pytest.mark.parametrize("ending", [".mp3", ".flac", ".aac"])
@pytest.mark.parametrize("count", [1, 2])
def test_tags_before_the_recording_do_no_harm(recordings: dict[str, bytes], ending: str, count: int) -> None:
    tag = id3_tag(bytes(257))
    assert heard(tag * count + recordings[ending], ending).seconds == pytest.approx(2.0, abs=DECODERS_SLACK)


@pytest.mark.parametrize("padding", [bytes(8_000), b"LIST" + struct.pack("<I", 8_000) + b"INFO" + bytes(7_996)])
def test_padding_and_words_behind_the_sound_of_a_wav_are_no_sound(recordings: dict[str, bytes], padding: bytes) -> None:
    assert heard(recordings[".wav"] + padding, ".wav").seconds == 2.0


def test_a_tag_in_the_middle_of_aac_as_in_a_saved_stream_does_no_harm(recordings: dict[str, bytes]) -> None:
    data = recordings[".aac"] + id3_tag(bytes(63)) + recordings[".aac"]
    assert heard(data, ".aac").seconds == pytest.approx(4.0, abs=2 * DECODERS_SLACK)


def test_a_wav_with_words_in_another_alphabet_in_its_tags_is_heard(recordings: dict[str, bytes]) -> None:
    words = b"INFOINAM" + struct.pack("<I", 4) + b"caf\xe9"
    assert heard(recordings[".wav"] + b"LIST" + struct.pack("<I", len(words)) + words, ".wav").seconds == 2.0


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_wav_that_was_written_to_a_pipe_is_heard_to_its_end(recordings: dict[str, bytes], size: int) -> None:
    assert heard(patched(recordings[".wav"], 40, "<I", size), ".wav").seconds == 2.0


def test_a_flac_that_was_written_to_a_pipe_is_heard_to_its_end(recordings: dict[str, bytes]) -> None:
    data = flac_of_unknown_length(recordings[".flac"])
    found, straight = heard(data, ".flac"), heard(recordings[".flac"], ".flac")
    assert found == straight
    assert refused(data[:-1], ".flac") == "audio_truncated"


def test_a_flac_of_24_bits_measures_the_same_by_either_library() -> None:
    data = by_soundfile("FLAC", speech(2.0), subtype="PCM_24")
    assert heard(flac_of_unknown_length(data), ".flac") == heard(data, ".flac")


def test_an_mp3_that_does_not_count_its_frames_is_heard_as_far_as_it_goes() -> None:
    data = by_ffmpeg("mp3", TONE, "libmp3lame", options={"write_xing": "0"})
    assert heard(data, ".mp3").seconds == pytest.approx(2.0, abs=DECODERS_SLACK)
    assert heard(data[: len(data) // 2], ".mp3").seconds < 1.5


@pytest.mark.parametrize("ending", [".mp3", ".aac", ".flac"])
@pytest.mark.parametrize("filling", [b"\0", b"\xff", b"words"])
def test_a_recording_with_megabytes_of_something_else_in_it_is_damaged(
    recordings: dict[str, bytes], ending: str, filling: bytes
) -> None:
    data = recordings[ending]
    half = len(data) // 2
    hole = data[:half] + filling * (5 * MEBI // len(filling)) + data[half:]
    assert refused(hole, ending) == "audio_truncated"
    assert refused(filling * (5 * MEBI // len(filling)), ending) == "audio_unreadable"


def test_a_large_picture_before_the_sound_does_no_harm(recordings: dict[str, bytes]) -> None:
    picture = bytes(5 * MEBI)
    data = recordings[".flac"]
    block = bytes((6,)) + len(picture).to_bytes(3, "big") + picture
    for flac in (data, flac_of_unknown_length(data)):
        assert heard(flac[:42] + block + flac[42:], ".flac").seconds == 2.0
    assert heard(id3_tag(picture) + recordings[".mp3"], ".mp3").seconds == 2.0
    assert heard(id3_tag(picture) + recordings[".aac"], ".aac").seconds == pytest.approx(2.0, abs=DECODERS_SLACK)


def test_what_can_be_decoded_nowhere_is_given_up_on() -> None:
    nothing = bytes.fromhex("fff16040011ffc0000")  # a frame of AAC that has no sound
    assert refused(nothing * 20_000, ".aac") == "audio_unreadable"
    assert refused(encoded(".aac", TONE) + nothing * 20_000, ".aac") == "audio_truncated"


# --- what is too much ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [4_000, 192_001])
def test_a_rate_outside_of_the_limits_is_refused(rate: int) -> None:
    assert refused(patched(by_wav(0.1), 24, "<I", rate), ".wav") == "audio_sample_rate"


def test_the_limits_are_the_datasets() -> None:
    data = by_wav(0.1, rate=8_000, count=2)
    assert refused(data, ".wav", replace(LIMITS, min_sample_rate=8_001)) == "audio_sample_rate"
    assert refused(data, ".wav", replace(LIMITS, max_channels=1)) == "audio_channels"
    assert heard(data, ".wav", replace(LIMITS, silence_dbfs=-1.0)).silent_share == 1.0


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_decoded_beyond_the_longest_that_is_taken(recordings: dict[str, bytes], ending: str) -> None:
    found = refusal(recordings[ending], ending, replace(LIMITS, max_audio_seconds=1.5))
    assert found.code == "audio_too_long"
    assert "1.5 s" in found.sentence


def test_a_recording_of_exactly_the_longest_is_taken(recordings: dict[str, bytes]) -> None:
    assert heard(recordings[".flac"], ".flac", replace(LIMITS, max_audio_seconds=2.0)).seconds == 2.0


@pytest.fixture(scope="module")
def hour_of_silence() -> bytes:
    """A little more, in 8,000 samples a second: 58 MB in less than 200 kB."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 8_000, 1, format="FLAC") as out:
        for _ in range(61):
            out.write(np.zeros(60 * 8_000, np.int16))
    assert len(buffer.getvalue()) < 200_000
    return buffer.getvalue()


def test_a_small_file_of_more_than_an_hour_of_silence_is_too_long(hour_of_silence: bytes) -> None:
    found = refusal(hour_of_silence, ".flac")
    assert found.code == "audio_too_long"
    assert "60 minutes" in found.sentence


def test_an_hour_is_the_most_whatever_the_limits_say(hour_of_silence: bytes) -> None:
    assert refused(hour_of_silence, ".flac", replace(LIMITS, max_audio_seconds=1e9)) == "audio_too_long"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recording_that_unpacks_to_more_samples_than_are_decoded_expands(
    recordings: dict[str, bytes], ending: str
) -> None:
    found = refusal(recordings[ending], ending, ear=LibraryEar(most_samples=31_999))
    assert found.code == "audio_expands"
    assert isinstance(LibraryEar(most_samples=36_000).listen(recordings[ending], ending, LIMITS), Heard)


def test_the_most_that_is_decoded_is_an_hour_of_48_000_samples_in_two_channels() -> None:
    assert DECODED_SAMPLES == 345_600_000


def test_what_is_measured_never_has_more_samples_than_are_decoded() -> None:
    hearing, form = Hearing(LIMITS, 1_000, 1), Form(RATE, 2, np.dtype(np.int16))
    piece: Any = np.zeros((250, 2), np.int16)
    assert hearing.take(piece, form) is None
    assert hearing.take(piece, form) is None
    refused_piece = hearing.take(piece[:1], form)
    assert refused_piece is not None
    assert refused_piece.code == "audio_expands"
    assert hearing.seconds == 500 / RATE


# --- memory, and what is written ---------------------------------------------------------------------------------


def test_a_flac_that_expands_a_thousandfold_is_measured_in_a_few_blocks() -> None:
    data = by_soundfile("FLAC", silence(1200.0))
    assert len(data) * 300 < 1200 * RATE * 2
    LibraryEar().listen(data, ".flac", LIMITS)  # imports the libraries
    tracemalloc.start()
    try:
        assert heard(data, ".flac").seconds == 1200.0
        assert tracemalloc.get_traced_memory()[1] < 4 * MEBI
    finally:
        tracemalloc.stop()


BOXES = b"".join(box(b"----", box(b"name", b"%08d" % at), box(b"data", bytes(8) + b"v")) for at in range(11_000))
OVERCLAIMS = {
    "frames of one size": box(b"stsz", bytes(4), struct.pack(">II", 1, 80_000_000)),
    "fragments": box(b"trun", bytes(4), struct.pack(">I", 80_000_000)),
    "words": box(b"ilst", BOXES),
    "boxes without number": box(b"free") * 110_000,
    "a compressed index": box(b"cmov", box(b"cmvd", struct.pack(">I", 1 << 30), zlib.compress(bytes(1 << 20)))),
}


@pytest.mark.parametrize("index", OVERCLAIMS.values(), ids=OVERCLAIMS.keys())
@pytest.mark.parametrize("mdat", [b"", box(b"mdat", bytes(100)), struct.pack(">I4sQ", 1, b"mdat", 16)])
def test_an_m4a_whose_index_claims_more_than_a_recording_has_is_not_opened(index: bytes, mdat: bytes) -> None:
    data = box(b"ftyp", b"M4A " + bytes(4)) + mdat + index + mdat
    found = refusal(data, ".m4a")
    assert found.code == "audio_unreadable"
    assert "claims more" in found.sentence


def test_a_lossless_m4a_of_endless_frames_is_not_decoded() -> None:
    data = by_ffmpeg("ipod", TONE, "alac").replace(struct.pack(">I", 4096), struct.pack(">I", 1 << 24))
    found = refusal(data, ".m4a")
    assert found.code == "audio_unreadable"
    assert "65,536" in found.sentence


def test_a_flac_that_describes_itself_without_end_is_not_followed(recordings: dict[str, bytes]) -> None:
    data = flac_of_unknown_length(recordings[".flac"])
    assert heard(data[:42] + bytes((1, 0, 0, 0)) * 9_000 + data[42:], ".flac").seconds == 2.0
    assert refused(data[:42] + bytes((1, 0, 0, 0)) * 11_000 + data[42:], ".flac") == "audio_unreadable"


def test_the_end_of_some_bytes_is_read_as_a_file_is() -> None:
    tail = Tail(b"0123456789", 4, b"ab")
    assert (tail.read(1), tail.read(3), tail.tell(), tail.read(100), tail.read(100)) == (b"a", b"b45", 4, b"6789", b"")
    assert (tail.seek(-3, io.SEEK_END), tail.read(2), tail.seek(-1, io.SEEK_CUR), tail.read(1)) == (5, b"78", 6, b"8")
    assert (tail.seek(1_000), tail.read(1), tail.seek(-1), tail.read(1)) == (1_000, b"", 0, b"a")


def test_sound_that_looks_like_an_index_is_none(recordings: dict[str, bytes]) -> None:
    sound = b"stsz" + bytes(4) + struct.pack(">II", 1, 80_000_000)
    assert not m4a.overclaims(box(b"mdat", sound))
    assert not m4a.overclaims(struct.pack(">I4s", 0, b"mdat") + sound)
    assert m4a.overclaims(struct.pack(">I4s", 3, b"mdat") + sound)
    assert not m4a.overclaims(recordings[".m4a"])


HOSTILE = """
import resource, struct, sys, zlib
from sounds import ENCODERS, by_ffmpeg, id3_tag, patched, sine
from attune.adapters.ear import LibraryEar
from attune.domain.quality.limits import Limits

def packed_words(size):
    packed = struct.pack(">I", size) + zlib.compress(bytes(size), 9)
    length = bytes(len(packed) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"TXXX" + length + bytes((0, 9)) + packed

words = b"".join(b"TXXX" + struct.pack(">I", 12) + bytes(3) + b"%08d" % at + b"\\0v\\0" for at in range(20_000))
good = {ending: encode(sine(2.0), 16_000) for ending, encode in ENCODERS.items()}
hostile = [
    (".mp3", id3_tag(packed_words(200_000_000), version=4) + good[".mp3"]),
    (".mp3", id3_tag(words) + good[".mp3"]),
    (".aac", id3_tag(words) + good[".aac"]),
    (".aac", good[".aac"] + id3_tag(words) + good[".aac"]),
    (".aac", good[".aac"][:100] + bytes.fromhex("fff16040011ffc0000") * 100_000),
    (".mp3", good[".mp3"][:400] + bytes.fromhex("fff314c4") * 100_000),
    (".wav", patched(good[".wav"], 40, "<I", 0xFFFFFF00)),
    (".wav", good[".wav"][:36] + (b"junk" + bytes(4)) * 300_000 + good[".wav"][36:]),
    (".flac", patched(good[".flac"], 8, ">HH", 0xFFFF, 0xFFFF)),
    (".m4a", by_ffmpeg("ipod", sine(2.0), "alac").replace(struct.pack(">I", 4096), struct.pack(">I", 1 << 24))),
]
ear, limits = LibraryEar(), Limits()
for ending, data in good.items():
    ear.listen(data, ending, limits)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for ending, data in hostile:
    ear.listen(data, ending, limits)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_what_a_header_claims_is_not_reserved_and_what_is_packed_in_a_tag_is_not_unpacked() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", HOSTILE],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    assert int(ran.stdout) < 40  # MB more than for good recordings


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_written_to_the_terminal_about_a_damaged_recording(
    recordings: dict[str, bytes], ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(recordings[ending])
    data[len(data) // 2 :: 7] = b"U" * len(data[len(data) // 2 :: 7])
    LibraryEar().listen(bytes(data), ending, LIMITS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ENCODERS)
def test_every_finding_says_what_to_do(ending: str) -> None:
    for data in (b"", b"not a recording", by_soundfile("OGG", TONE)):
        found = refusal(data, ending)
        assert "upload it" in found.fix
        assert found.sentence.startswith("The recording ")


def test_the_libraries_are_loaded_by_the_first_recording_and_not_before() -> None:
    script = "import sys, attune.adapters.ear; print({'numpy', 'av', 'soundfile'} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "set()"


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_plain_samples_are_heard_as_libsndfile_decodes_them(rate: int, channels: int) -> None:
    noise = np.random.default_rng(rate + channels).normal(0, 0.3, (int(1.3 * rate), channels))
    plain, same = (by_soundfile(kind, noise, rate, subtype="PCM_16") for kind in ("WAV", "WAVEX"))
    assert wav.plain(plain) is not None
    assert wav.plain(same) is None
    assert heard(plain, ".wav") == heard(same, ".wav")
