"""A recording being heard: its blocks are measured until they end, or until they are too much."""

from __future__ import annotations

import numpy as np

from attune.adapters.sound import faults
from attune.adapters.sound.meter import Form, Meter, Samples
from attune.domain.finding import Finding
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import PUBLISHED_AUDIO_SECONDS, Limits
from attune.domain.quality.recording import too_long


class Hearing:
    """The one pass over a recording. What is measured never has more than `most_samples`."""

    def __init__(self, limits: Limits, most_samples: int, size: int) -> None:
        """Of a file of `size` bytes."""
        self._limits, self._most_samples, self._size = limits, most_samples, size
        self._longest = min(limits.max_audio_seconds, PUBLISHED_AUDIO_SECONDS)
        self._form: Form | None = None
        self._meter = Meter(limits.silence_dbfs)

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._meter.seconds

    def refuses(self, rate: int, channels: int) -> Finding | None:
        """Why a recording of that form is not decoded at all."""
        return faults.unfit(rate, channels, self._limits)

    def take(self, samples: Samples, form: Form) -> Finding | None:
        """Measures the next block, of a form that is not refused, or says why the recording ends here."""
        if self._meter.samples + samples.size > self._most_samples:
            return faults.expands(self._most_samples, self._size)
        if form.dtype.kind == "f" and not np.isfinite(samples).all():
            return faults.no_numbers()
        self._form = form
        self._meter.add(samples, form)
        return too_long(self._longest) if self.seconds > self._longest else None

    def heard(self, bit_depth: int | None) -> Heard | None:
        """What was heard, in the form it ended in; None where there was no sound."""
        if self._form is None or not self._meter.samples:
            return None
        measures, seconds = self._meter.close(), self.seconds
        return Heard(
            seconds,
            self._form.rate,
            self._form.channels,
            bit_depth,
            measures.level_dbfs,
            measures.peak_dbfs,
            measures.silent_share,
            measures.leading_silence,
            measures.trailing_silence,
            measures.clipped_share,
            measures.dc_offset,
            measures.snr_db,
        )
