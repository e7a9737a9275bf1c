"""Recordings, rows and a clock for the tests of the Vertex stand-in."""

import base64
import io
import json
import wave
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import av
import numpy as np
import soundfile

PARENT = "projects/demo/locations/us-central1"
TRAIN = "gs://sets/train.jsonl"
VALIDATION = "gs://sets/validation.jsonl"
PROMPT = "Transcribe this audio verbatim."

Row = dict[str, object]


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def wav(seconds: float, rate: int = 8000, loudness: int = 0) -> bytes:
    """Mono 16-bit silence, or a constant: recordings of equal length differ by their loudness."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(loudness.to_bytes(2, "little") * round(seconds * rate))
    return buffer.getvalue()


def by_soundfile(container: str, seconds: float) -> bytes:
    """The same as FLAC, MP3 or OGG."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(round(seconds * 16_000)), 16_000, format=container)
    return buffer.getvalue()


def by_ffmpeg(container: str, codec: str, seconds: float, rate: int = 48_000) -> bytes:
    """The same in any container FFmpeg writes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        silence = np.zeros((1, round(seconds * rate)), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def turns(user_parts: list[object], transcript: str) -> Row:
    """A row of one exchange."""
    return {
        "contents": [
            {"role": "user", "parts": user_parts},
            {"role": "model", "parts": [{"text": transcript}]},
        ],
    }


def file_row(uri: str, transcript: str = "hello there", mime_type: str = "audio/wav") -> Row:
    """A row as Google documents it: the file in the bucket, then the prompt."""
    return turns([{"fileData": {"mimeType": mime_type, "fileUri": uri}}, {"text": PROMPT}], transcript)


def inline_row(content: bytes, transcript: str = "hello there", mime_type: str = "audio/wav") -> Row:
    """A row with its audio inside, in snake_case."""
    data = base64.b64encode(content).decode()
    return turns([{"text": PROMPT}, {"inline_data": {"mime_type": mime_type, "data": data}}], transcript)


def jsonl(rows: Iterable[object]) -> bytes:
    """One line for each."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def bucket(rows: int = 4) -> dict[str, bytes]:
    """A training file of so many rows, and their recordings of 1, 2, 3 … seconds."""
    audio = {f"gs://audio/{n}.wav": wav(n) for n in range(1, rows + 1)}
    train = jsonl(file_row(uri, f"sentence number {n}") for n, uri in enumerate(audio, start=1))
    return audio | {TRAIN: train}
