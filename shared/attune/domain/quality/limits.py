"""The quality limits of a dataset: a figure for each rule that has one, and the severities a person has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

PUBLISHED_AUDIO_BYTES = 100_000_000  # Google's tuning page: at most 100 MB an audio file
PUBLISHED_AUDIO_SECONDS = 3600.0  # and at most 60 minutes
OFF = "off"


@dataclass(frozen=True, slots=True)
class Limits:
    """Field by field the setting `quality.…`. Seconds, bytes, dBFS (RMS, full scale is 0), shares of 1.

    `severities` turns a rule into another severity (`refused`, `look`) or `off`, by its code.
    """

    # pydantic reads this: a limit that is spelled wrong is an error, not a limit nobody set.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_audio_bytes: int = PUBLISHED_AUDIO_BYTES
    max_audio_seconds: float = PUBLISHED_AUDIO_SECONDS
    min_audio_seconds: float = 0.1
    advised_audio_seconds: float = 30.0  # the recipe's advice
    min_sample_rate: int = 8_000  # below it is no telephone line
    max_sample_rate: int = 192_000
    advised_sample_rate: int = 16_000  # what Gemini samples down to
    max_channels: int = 8
    advised_channels: int = 1  # Gemini mixes channels into one
    advised_bit_depth: int = 16
    silence_dbfs: float = -50.0  # a stretch of 20 ms below this is silence
    max_silent_share: float = 0.98
    advised_silent_share: float = 0.5
    advised_leading_silence: float = 2.0
    advised_trailing_silence: float = 3.0
    advised_clipped_share: float = 0.001
    advised_dc_offset: float = 0.02
    advised_lowest_level: float = -40.0
    advised_highest_level: float = -6.0
    advised_snr_db: float = 10.0

    max_transcript_bytes: int = 1_000_000  # 131,072 tokens, all of an example, are about half of this
    max_characters_per_second: float = 35.0  # letters and digits; the fastest speakers reach 23
    advised_characters_per_second: float = 2.0  # less: much of the recording is not in the transcript
    max_repeats: int = 4  # of the same one to eight words, one after the other

    severities: Mapping[str, str] = field(default_factory=dict)
