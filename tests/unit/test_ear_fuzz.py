"""Whatever arrives as a recording gets a verdict: no error, no word on the terminal, no room that it only claims."""

from __future__ import annotations

import os
import resource
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attune.adapters.ear import LibraryEar
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits
from attune.domain.quality.recording import judge_recording
from sounds import ENDINGS, by_ffmpeg, by_soundfile, channels, encoded, flac_of_unknown_length, speech

MOST_SAMPLES = 300_000  # twelve times what the longest of the originals has
ROOM = 80 * 1024  # kB more than good recordings take
LIMITS = Limits()
EAR = LibraryEar(most_samples=MOST_SAMPLES)

SIGNAL = speech(0.8)
ORIGINALS: dict[str, tuple[bytes, ...]] = {
    ".wav": (
        by_soundfile("WAV", SIGNAL),
        by_soundfile("WAV", channels(SIGNAL, 2), subtype="FLOAT"),
        by_soundfile("WAV", SIGNAL, subtype="MS_ADPCM"),
        by_soundfile("WAVEX", SIGNAL, subtype="PCM_24"),
        by_soundfile("RF64", SIGNAL),
        by_ffmpeg("wav", SIGNAL, "libmp3lame"),
    ),
    ".flac": (
        by_soundfile("FLAC", SIGNAL),
        by_soundfile("FLAC", channels(SIGNAL, 2), subtype="PCM_24"),
        flac_of_unknown_length(by_soundfile("FLAC", SIGNAL)),
    ),
    ".mp3": (encoded(".mp3", SIGNAL), by_ffmpeg("mp3", SIGNAL, "libmp3lame", options={"write_xing": "0"})),
    ".aac": (encoded(".aac", SIGNAL), by_ffmpeg("adts", channels(SIGNAL, 2))),
    ".m4a": (
        encoded(".m4a", SIGNAL),
        by_ffmpeg("ipod", SIGNAL, "alac"),
        by_ffmpeg("ipod", SIGNAL, options={"movflags": "frag_keyframe+empty_moov"}),
        by_ffmpeg("mov", SIGNAL, "pcm_s16le"),
    ),
}
MAGIC = {
    ".wav": b"RIFF\xff\xff\xff\xffWAVEfmt ",
    ".flac": b"fLaC\x00\x00\x00\x22",
    ".mp3": b"\xff\xfb\x90\x64",
    ".aac": b"\xff\xf1\x60\x40",
    ".m4a": b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00",
}
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FF00, 0xFFFF_FFFF)


@pytest.fixture(scope="module", autouse=True)
def room() -> int:
    """The most memory that this process may ever have taken, in kB."""
    for ending, originals in ORIGINALS.items():
        for original in originals:
            EAR.listen(original, ending, LIMITS)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + ROOM


@contextmanager
def nothing_written() -> Iterator[None]:
    """What the libraries write, they write past Python's streams."""
    kept = {number: os.dup(number) for number in (1, 2)}
    with tempfile.TemporaryFile() as written:
        try:
            for number in kept:
                os.dup2(written.fileno(), number)
            yield
        finally:
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)
        assert written.seek(0, os.SEEK_END) == 0


def judged(data: bytes, ending: str, room: int) -> Heard | Finding:
    with nothing_written():
        verdict = EAR.listen(data, ending, LIMITS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < room
    if isinstance(verdict, Finding):
        assert verdict.code.startswith("audio_")
    else:
        assert verdict.seconds > 0
        assert verdict.seconds * verdict.sample_rate * verdict.channels <= MOST_SAMPLES
        judge_recording(verdict, LIMITS)
    return verdict


# The same examples each time, so that a red run can be repeated. What `room` gives stays as it is.
FUZZ = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def originals(ending: str) -> st.SearchStrategy[bytes]:
    return st.sampled_from(ORIGINALS[ending])


@st.composite
def flipped(draw: st.DrawFn, ending: str) -> bytes:
    """A few bytes are others."""
    data = bytearray(draw(originals(ending)))
    header = draw(st.booleans())
    for _ in range(draw(st.integers(1, 8))):
        data[draw(st.integers(0, min(len(data), 200 if header else len(data)) - 1))] ^= draw(st.integers(1, 255))
    return bytes(data)


@st.composite
def extreme(draw: st.DrawFn, ending: str) -> bytes:
    """Figures of the header, or of the index at an M4A's end, are as large, or as small, as they can be."""
    data = bytearray(draw(originals(ending)))
    index = max(0, data.find(b"moov")) if draw(st.booleans()) else 0
    for _ in range(draw(st.integers(1, 3))):
        form = draw(st.sampled_from(["B", "<H", ">H", "<I", ">I"]))
        figure = draw(st.sampled_from(EXTREMES)) & (1 << 8 * struct.calcsize(form)) - 1
        at = index + draw(st.integers(0, min(len(data) - index, 700) - 4))
        struct.pack_into(form, data, at, figure)
    return bytes(data)


@st.composite
def cut(draw: st.DrawFn, ending: str) -> bytes:
    data = draw(originals(ending))
    return data[: draw(st.integers(0, len(data)))]


@st.composite
def spliced(draw: st.DrawFn, ending: str) -> bytes:
    """Pieces of recordings of any container, behind a beginning of this one."""
    data = draw(originals(ending))
    pieces = [data[: draw(st.integers(0, len(data)))]]
    for _ in range(draw(st.integers(1, 4))):
        other = draw(st.sampled_from(ENDINGS).flatmap(originals))
        start = draw(st.integers(0, len(other)))
        pieces.append(other[start : draw(st.integers(start, len(other)))] * draw(st.sampled_from([1, 1, 3])))
    return b"".join(pieces)


@st.composite
def begun(draw: st.DrawFn, ending: str) -> bytes:
    """Anything, behind what such a recording begins with."""
    return MAGIC[ending] + draw(st.binary(max_size=2_000)) * draw(st.sampled_from([1, 1, 20]))


def mutated(ending: str) -> st.SearchStrategy[bytes]:
    return st.one_of(flipped(ending), extreme(ending), cut(ending), spliced(ending), begun(ending))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_damaged_recording_gets_a_verdict(ending: str, room: int) -> None:
    @FUZZ
    @given(mutated(ending))
    def verdict(data: bytes) -> None:
        judged(data, ending, room)

    verdict()


@FUZZ
@given(data=st.binary(max_size=4_000), ending=st.sampled_from(ENDINGS))
def test_any_bytes_get_a_verdict(data: bytes, ending: str, room: int) -> None:
    judged(data, ending, room)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_originals_are_heard(ending: str, room: int) -> None:
    verdicts = [judged(original, ending, room) for original in ORIGINALS[ending]]
    assert any(isinstance(verdict, Heard) for verdict in verdicts)
