"""Packets decoded by FFmpeg's libraries, one after the other, into what the meter takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from attune.adapters.sound import faults
from attune.adapters.sound.containers import Container
from attune.adapters.sound.hearing import Hearing
from attune.adapters.sound.meter import Form, Samples
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard

Attempt = Callable[[], list[av.AudioFrame]]  # at decoding one packet

# Some give no samples: a hundred megabytes may be cut into fourteen million of them. An hour in the shortest frames of
# AAC, at 96,000 samples a second, has 360,000.
_MOST_PACKETS = 1_000_000
_MOST_FAILED = 10_000  # an error costs ten times a packet
# Encoders pad, and decoders cut the padding off again, a few frames more or less: at most 3 of 1,152 samples at 16 kHz.
_SLACK_SECONDS = {Container.FLAC: 0.0, Container.MP3: 0.25, Container.M4A: 0.25}
_SHARE_OF_FULL_SCALE = 2.0**-31
# PyAV counts a frame's planes up to an empty one. Of eight or more none is, and it reads, and crashes, beyond them.
_UNSAFE_PLANES = 8


@dataclass(slots=True)
class Sound:
    """What is to be decoded. `promised` are the seconds that the header tells of, None where it does not.

    `failed` counts the packets that could not be decoded.
    """

    container: Container
    attempts: Iterator[Attempt]
    promised: float | None = None
    bit_depth: int | None = None
    failed: int = 0


def hear(sound: Sound, hearing: Hearing) -> Heard | Finding:
    """Hears it to its end."""
    for frame in _frames(sound):
        if fault := hearing.refuses(frame.sample_rate, frame.layout.nb_channels):
            # A damaged frame may say anything of itself; the first one is believed.
            return faults.truncated(f"{hearing.seconds:.2f} s can be decoded") if hearing.seconds else fault
        samples = _samples(frame)
        if fault := hearing.take(samples, Form(frame.sample_rate, samples.shape[1], samples.dtype)):
            return fault
    return _lack(sound, hearing.seconds) or hearing.heard(sound.bit_depth) or faults.empty(sound.container)


def _frames(sound: Sound) -> Iterator[av.AudioFrame]:
    """The frames that can be decoded. What cannot be is passed over, as players do, and remembered."""
    for _ in range(_MOST_PACKETS):
        try:
            attempt = next(sound.attempts)
            yield from attempt()
        except StopIteration:
            return
        except av.FFmpegError:
            sound.failed += 1
            if sound.failed == _MOST_FAILED:
                return
    sound.failed += 1


def _lack(sound: Sound, seconds: float) -> Finding | None:
    """What is missing of it, once it is decoded."""
    if sound.promised is not None:
        lacking = seconds < sound.promised - _SLACK_SECONDS[sound.container]
        return faults.less_decoded(sound.promised, seconds) if lacking else None
    if not sound.failed:
        return None
    if not seconds:
        return faults.unreadable(sound.container, "nothing in it can be decoded")
    return faults.truncated(f"{seconds:.2f} s can be decoded, and the rest cannot")


def _samples(frame: av.AudioFrame) -> Samples:
    """A frame's samples as the meter takes them; whole numbers of 32 bits become shares of full scale."""
    count = frame.layout.nb_channels
    frames = _packed(frame) if frame.format.is_planar and count >= _UNSAFE_PLANES else [frame]
    samples = np.concatenate([_frames_by_channels(each, count) for each in frames])
    if samples.dtype == np.int32:
        samples = np.multiply(samples, _SHARE_OF_FULL_SCALE, dtype=np.float32)
    return samples


def _packed(frame: av.AudioFrame) -> list[av.AudioFrame]:
    return av.AudioResampler(frame.format.packed, frame.layout, frame.sample_rate).resample(frame)


def _frames_by_channels(frame: av.AudioFrame, count: int) -> NDArray[Any]:
    planes: NDArray[Any] = frame.to_ndarray()
    return planes.T if frame.format.is_planar else planes.reshape(-1, count)
