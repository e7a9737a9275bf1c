"""Recordings made for tests: signals, and the bytes that each container puts them in."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

Signal = NDArray[Any]  # one channel, or frames by channels; full scale is 1

RATE = 16_000
ENDINGS = (".wav", ".flac", ".mp3", ".aac", ".m4a")
FULL_SCALE = 32_767 / 32_768  # the largest sample of 16 bits


def sine(seconds: float, amplitude: float = 0.25, rate: int = RATE, hertz: float = 400.0) -> Signal:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def noise(seconds: float, amplitude: float, rate: int = RATE, seed: int = 1) -> Signal:
    return np.random.default_rng(seed).normal(0, amplitude, round(seconds * rate))


def silence(seconds: float, rate: int = RATE) -> Signal:
    return np.zeros(round(seconds * rate))


def speech(seconds: float, amplitude: float = 0.5, rate: int = RATE, room: float = 0.001) -> Signal:
    """Like speech: a voice's harmonics in syllables, pauses between them, and a room's noise under both."""
    time = np.arange(round(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * 140 * harmonic * time) / harmonic for harmonic in range(1, 8))
    syllables = np.maximum(0.0, 0.4 + 0.6 * np.sin(2 * np.pi * 2.5 * time)) ** 0.5
    return amplitude * 0.5 * voice * syllables + noise(seconds, room, rate)


def channels(signal: NDArray[Any], count: int) -> NDArray[Any]:
    return np.repeat(signal[:, None], count, axis=1)


def joined(*signals: Signal) -> Signal:
    return np.concatenate(signals)


def shorts(signal: Signal) -> NDArray[np.int16]:
    return np.clip(np.round(signal * 32_768), -32_768, 32_767).astype(np.int16)


def by_soundfile(container: str, signal: Signal, rate: int = RATE, **how: Any) -> bytes:
    buffer = io.BytesIO()
    # The encoder of MP3 gets two channels of 16 bits wrong.
    wide = container == "MP3" or how.get("subtype") in {"PCM_24", "PCM_32", "FLOAT", "DOUBLE"}
    soundfile.write(buffer, signal if wide else shorts(signal), rate, format=container, **how)
    return buffer.getvalue()


def by_ffmpeg(
    container: str, signal: Signal, codec: str = "aac", rate: int = RATE, options: dict[str, str] | None = None
) -> bytes:
    buffer = io.BytesIO()
    write_by_ffmpeg(buffer, container, signal, codec, rate, options)
    return buffer.getvalue()


def write_by_ffmpeg(
    file: io.BytesIO | Path,
    container: str,
    signal: Signal,
    codec: str = "aac",
    rate: int = RATE,
    options: dict[str, str] | None = None,
) -> None:
    count = 1 if signal.ndim == 1 else signal.shape[1]
    samples, layout = signal.astype(np.float32).reshape(1, -1), {1: "mono", 2: "stereo", 8: "7.1"}[count]
    with av.open(file, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        for start in range(0, samples.shape[1], 1024 * count):
            piece: NDArray[Any] = np.ascontiguousarray(samples[:, start : start + 1024 * count])
            frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start // count, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


ENCODERS: dict[str, Callable[[Signal, int], bytes]] = {
    ".wav": lambda signal, rate: by_soundfile("WAV", signal, rate),
    ".flac": lambda signal, rate: by_soundfile("FLAC", signal, rate),
    ".mp3": lambda signal, rate: by_soundfile("MP3", signal, rate),
    ".aac": lambda signal, rate: by_ffmpeg("adts", signal, rate=rate),
    ".m4a": lambda signal, rate: by_ffmpeg("ipod", signal, rate=rate),
}


def encoded(ending: str, signal: Signal, rate: int = RATE) -> bytes:
    return ENCODERS[ending](signal, rate)


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    """The bytes with figures in them replaced."""
    changed = bytearray(data)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


def flac_of_unknown_length(data: bytes) -> bytes:
    """As it is written to a pipe: the 36 bits of total samples are 0."""
    return patched(patched(data, 21, ">B", data[21] & 0xF0), 22, ">I", 0)


def box(name: bytes, *contents: bytes) -> bytes:
    """A box of an M4A."""
    content = b"".join(contents)
    return struct.pack(">I", len(content) + 8) + name + content


def id3_tag(*frames: bytes, version: int = 3) -> bytes:
    """An ID3v2 tag; its size is in four bytes of seven bits."""
    content = b"".join(frames)
    size = bytes(len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes((version, 0, 0)) + size + content
