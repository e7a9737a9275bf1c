"""What a recogniser hears of a row: the recording that the row carries, as 16 kHz mono 16-bit sound."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

import av
import numpy as np
import orjson
import pybase64
from numpy.typing import NDArray

from attune.errors import DamagedError

RATE = 16_000
Samples = NDArray[np.int16]

# A demuxer is named, never guessed: FFmpeg knows formats that open further files and addresses.
_DEMUXERS = {
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/mp3": "mp3",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/m4a": "mov",
}


def samples_of(row: bytes) -> Samples:
    """The sound of the row's recording.

    Raises:
        DamagedError: the row carries none, or none that can be decoded.
    """
    sound = _sound(orjson.loads(row))
    try:
        return _decoded(pybase64.b64decode(sound["data"]), _DEMUXERS[sound["mimeType"]])
    except (av.FFmpegError, IndexError) as error:
        raise DamagedError(f"the recording cannot be decoded ({type(error).__name__})") from error


def _sound(row: dict[str, Any]) -> dict[str, str]:
    parts = (part for turn in row["contents"] for part in turn["parts"])
    for part in parts:
        if "inlineData" in part:
            sound: dict[str, str] = part["inlineData"]
            return sound
    raise DamagedError("the question carries no recording: a recogniser fetches none")


def _decoded(recording: bytes, demuxer: str) -> Samples:
    with av.open(io.BytesIO(recording), mode="r", format=demuxer, metadata_errors="replace") as opened:
        pieces = list(_resampled(opened))
    return np.concatenate(pieces) if pieces else np.empty(0, np.int16)


def _resampled(opened: av.container.InputContainer) -> Iterator[Samples]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in chain(opened.decode(audio=0), [None]):
        for piece in resampler.resample(frame):
            yield piece.to_ndarray()[0].astype(np.int16)
