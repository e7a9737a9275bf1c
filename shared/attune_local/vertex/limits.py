"""The limits Google publishes for supervised tuning on audio, per base model: the service's own copy.

Sources, read in October 2026 (cloud.google.com/vertex-ai/generative-ai/docs/…, today also under
docs.cloud.google.com/gemini-enterprise-agent-platform/models/…): `models/gemini-supervised-tuning` (models, examples,
tokens, file sizes, validation, adapters, regions), `models/tune_gemini/audio_tune` (audio length and size),
`multimodal/audio-understanding` (MIME types). Sizes are read strictly: 1 GB is 10⁹ bytes, 100 MB is 10⁸.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

AUDIO_TOKENS_PER_SECOND = 32
"""Audio is counted at 32 tokens a second (audio-understanding)."""

CHARACTERS_PER_TOKEN = 4
"""A token of English text is about four characters (learn/prompts/tokens); the real tokenizer is not public."""

EPOCHS_WHEN_UNSET = 3
"""The service picks an epoch count of its own when none is given; it does not publish which. Invented."""

ROWS_PER_STEP = 8
"""Rows in one tuning step. Not published; invented so that step counts grow with the data."""

AUDIO_MIME_TYPES = frozenset(
    {
        "audio/aac",  # the name on the Gemini API's list; audio-understanding spells it audio/x-aac
        "audio/x-aac",
        "audio/flac",
        "audio/m4a",
        "audio/mp3",
        "audio/mp4",
        "audio/mpa",
        "audio/mpeg",
        "audio/mpga",
        "audio/ogg",
        "audio/opus",
        "audio/pcm",
        "audio/wav",
        "audio/webm",
    },
)
"""MIME types of audio-understanding; tuning publishes no list of its own."""

GLOBAL_REGION = "global"
"""Tuning in `global` is refused with FAILED_PRECONDITION."""


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What one base model takes. Bytes, seconds and rows are the largest values that still pass."""

    adapter_sizes: tuple[int, ...] = (1, 2, 4, 8, 16)
    regions: frozenset[str] | None = None
    """Regions it tunes in; None is every region but `global`."""
    takes_cmek: bool = True
    tokens_per_example: int = 131_072
    dataset_bytes: int = 10**9
    examples: int = 300_000
    audio_bytes: int = 10**8
    audio_seconds: float = 3600.0
    validation_always: int = 1_000
    validation_most: int = 5_000
    validation_fraction: float = 0.3

    def allows_validation(self, rows: int, training_rows: int) -> bool:
        """Up to 1,000 rows always; above that at most 30 % of the training rows and at most 5,000."""
        if rows <= self.validation_always:
            return True
        return rows <= self.validation_most and rows <= self.validation_fraction * training_rows


_GEMINI_2_5 = ModelLimits()
_GEMINI_2_5_PRO = ModelLimits(adapter_sizes=(1, 2, 4, 8))
_GEMINI_3 = ModelLimits(regions=frozenset({"us-central1", "europe-west4"}), takes_cmek=False)
"""Audio limits are published for 2.5 and not restated for 3.x; the same are used."""

SERVING = ModelLimits(audio_bytes=2 * 10**9, audio_seconds=8.4 * 3600)
"""What generateContent takes of one recording: about 8.4 hours, just under 2 GiB (audio-understanding)."""

INLINE_REQUEST_BYTES = 20 * 10**6
"""The largest inline data of one generateContent request."""

CATALOGUE: Mapping[str, ModelLimits] = MappingProxyType(
    {
        "gemini-2.5-flash": _GEMINI_2_5,
        "gemini-2.5-flash-lite": _GEMINI_2_5,
        "gemini-2.5-pro": _GEMINI_2_5_PRO,
        "gemini-3.5-flash": _GEMINI_3,
        "gemini-3.1-flash-lite": _GEMINI_3,
    },
)
"""Base models that can be tuned, by the name a request gives them."""
