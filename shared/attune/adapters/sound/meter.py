"""The meter: what is measured of a recording, block by block, however it is cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attune.adapters.sound.levels import Levels, dbfs, silence_of, snr_of

Samples = NDArray[np.int16] | NDArray[np.float32]  # of frames by channels

_STRETCHES_A_SECOND = 50
_CHUNK_SAMPLES = 65_536  # of 8 bytes each while they are worked on: what a processor keeps at hand


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured; the fields are those of `Heard`, which says what each of them is."""

    level_dbfs: float
    peak_dbfs: float
    silent_share: float
    leading_silence: float
    trailing_silence: float
    clipped_share: float
    dc_offset: float
    snr_db: float


class Form(NamedTuple):
    """What samples are: their rate, channels and type, and from which share of full scale on they are at its end."""

    rate: int
    channels: int
    dtype: np.dtype[Any]
    full_scale: float = 32_767 / 32_768

    @property
    def stretch_frames(self) -> int:
        """The frames in 20 ms, to the nearest."""
        return max(1, round(self.rate / _STRETCHES_A_SECOND))

    @property
    def chunk_frames(self) -> int:
        """The frames that the meter works on at once: whole stretches, at least one."""
        return self.stretch_frames * max(1, _CHUNK_SAMPLES // (self.stretch_frames * self.channels))

    @property
    def unit(self) -> float:
        """Full scale in the figures of the type: whole numbers are of 16 bits, others have it at 1."""
        return 32_768.0 if self.dtype.kind == "i" else 1.0


class Meter:
    """Measures a recording, all its channels as one signal, and keeps none of it but the start of a chunk.

    Blocks may have any length: what is worked on are chunks that begin where the recording does, so the measures do
    not depend on the blocks (whole chunks at a block's start are not even copied). The form may change on the way, as
    it does in an MP3 put together of two; a stretch ends there.
    """

    def __init__(self, silence_dbfs: float) -> None:
        """Stretches below `silence_dbfs` are silence."""
        self.samples = 0
        self._form: Form | None = None
        self._frames, self._before = 0, 0.0  # seconds before the form was this one
        self._chunks: _Chunks | None = None
        self._silence_dbfs = silence_dbfs
        self._levels, self._clipping = Levels(), Clipping()

    @property
    def seconds(self) -> float:
        """How long what was added lasts."""
        return self._before + (self._frames / self._form.rate if self._form else 0.0)

    def add(self, samples: Samples, form: Form) -> None:
        """Measures the next block."""
        if form != self._form:
            self._turn(form)
        self.samples += samples.size
        self._frames += len(samples)
        for chunk in self._chunks.of(samples) if self._chunks else ():
            self._measure(chunk, form)

    def close(self) -> Measures:
        """The measures of all that was added, at least one sample."""
        self._finish()
        powers, seconds = self._levels.stretches(), self.seconds
        silent, leading, trailing = silence_of(powers, self._silence_dbfs)
        return Measures(
            level_dbfs=dbfs(self._levels.power),
            peak_dbfs=dbfs(self._clipping.peak**2),
            silent_share=silent / len(powers),
            leading_silence=min(leading / _STRETCHES_A_SECOND, seconds),
            trailing_silence=min(trailing / _STRETCHES_A_SECOND, seconds),
            clipped_share=self._clipping.count / self.samples,
            dc_offset=abs(self._levels.mean),
            snr_db=snr_of(powers),
        )

    def _turn(self, form: Form) -> None:
        self._finish()
        self._before, self._frames, self._form = self.seconds, 0, form
        self._chunks = _Chunks(form)
        self._clipping.turn(form.channels)

    def _finish(self) -> None:
        """Measures what has not filled a chunk: its whole stretches, then what is left over."""
        if self._form is None or self._chunks is None:
            return
        rest = self._chunks.rest()
        if not len(rest):
            return
        self._clipping.add(rest, self._form)
        whole = len(rest) - len(rest) % self._form.stretch_frames
        if whole:
            self._level(rest[:whole], self._form)
        if whole < len(rest):
            self._levels.add_left_over(rest[whole:].reshape(-1), self._form.unit)

    def _measure(self, chunk: Samples, form: Form) -> None:
        self._clipping.add(chunk, form)
        self._level(chunk, form)

    def _level(self, chunk: Samples, form: Form) -> None:
        self._levels.add(chunk.reshape(-1, form.stretch_frames * form.channels), form.unit)


class _Chunks:
    """Blocks of any length made into chunks of one."""

    def __init__(self, form: Form) -> None:
        self._frames = form.chunk_frames
        self._buffer: Samples = np.empty((self._frames, form.channels), form.dtype)
        self._filled = 0

    def of(self, samples: Samples) -> Iterator[Samples]:
        """The chunks that the block completes; good until the next is asked for."""
        at = 0
        while at < len(samples):
            if not self._filled and len(samples) - at >= self._frames:
                yield samples[at : at + self._frames]
                at += self._frames
                continue
            at += self._keep(samples[at:])
            if self._filled == self._frames:
                self._filled = 0
                yield self._buffer

    def rest(self) -> Samples:
        """What is kept and completes no chunk; it is not kept any longer."""
        rest, self._filled = self._buffer[: self._filled], 0
        return rest

    def _keep(self, samples: Samples) -> int:
        fits = min(len(samples), self._frames - self._filled)
        self._buffer[self._filled : self._filled + fits] = samples[:fits]
        self._filled += fits
        return fits


class Clipping:
    """The peak, and the samples at full scale that stand beside another such one of their channel.

    Such neighbours come in runs; a run of n samples has n - 1 pairs. So counted are the pairs, and one for each pair
    that no pair stands before.
    """

    def __init__(self) -> None:
        self.peak = 0.0
        self.count = 0

    def turn(self, channels: int) -> None:
        """What was at full scale is no neighbour of what comes."""
        self._last, self._pair = np.zeros((1, channels), bool), np.zeros((1, channels), bool)
        self._near = False

    def add(self, samples: Samples, form: Form) -> None:
        """The next frames, at least one."""
        peak = max(float(samples.max()), -float(samples.min())) / form.unit
        self.peak = max(self.peak, peak)
        if peak < form.full_scale:
            if self._near:
                self.turn(form.channels)
            return
        self._near = True
        edge = form.full_scale * form.unit
        full = np.concatenate((self._last, (samples >= edge) | (samples <= -edge)))
        pairs = np.concatenate((self._pair, full[1:] & full[:-1]))
        self.count += int(np.count_nonzero(pairs[1:])) + int(np.count_nonzero(pairs[1:] & ~pairs[:-1]))
        self._last, self._pair = full[-1:], pairs[-1:]
