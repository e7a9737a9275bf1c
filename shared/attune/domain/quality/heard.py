"""What one decode pass over a recording told: its form, and the measures that rules are held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording, measured over all its channels as one signal, full scale being 1.

    `dc_offset` is the absolute mean. Levels are RMS about the mean, in dBFS (a full-scale square wave is 0), and never
    below -120. Silence is judged in stretches of 20 ms, each about its own mean: `silent_share` of all of them;
    `leading_silence` and `trailing_silence` in seconds; what is left over at the end is no stretch. `clipped_share` is
    the share of samples at the full scale of their coding beside another such one of their channel. `snr_db` is
    estimated: the 95th percentile of the stretches' levels over the 10th, digital silence left out, at most 100.
    `bit_depth` is that of the stored samples, None where the format has none.
    """

    seconds: float
    sample_rate: int
    channels: int
    bit_depth: int | None = None
    level_dbfs: float = -20.0
    peak_dbfs: float = -6.0
    silent_share: float = 0.0
    leading_silence: float = 0.0
    trailing_silence: float = 0.0
    clipped_share: float = 0.0
    dc_offset: float = 0.0
    snr_db: float = 40.0
