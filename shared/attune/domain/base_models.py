"""What the tuning service takes, by base model: published limits and prices, each with its source and date.

Sources, read 2026-11-22: [tuning] Vertex AI "Tune Gemini models by using supervised fine-tuning" and "Audio tuning",
as of 2026-09-25; [prices] third-party copies of the Vertex AI price page.
"""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_FILE_BYTES = 1_000_000_000  # [tuning] 1 GB a JSONL file
MOST_ROWS = 300_000  # [tuning] examples with media
MOST_EXAMPLE_TOKENS = 131_072  # [tuning] input and output
VALIDATION_ALWAYS_FITS = 1_000  # [tuning] rows
VALIDATION_SHARE = 0.3  # [tuning] of the training rows, above that
VALIDATION_MOST = 5_000  # [tuning] rows


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model: the adapter sizes it takes, and what a million training tokens cost where that is known."""

    adapter_sizes: tuple[int, ...] = (1, 2, 4, 8, 16)
    usd_per_million_tokens: float | None = None


_KNOWN = {
    "gemini-2.5-flash": BaseModel(usd_per_million_tokens=5.0),  # [prices]
    "gemini-2.5-pro": BaseModel(adapter_sizes=(1, 2, 4, 8), usd_per_million_tokens=25.0),  # [tuning], [prices]
}


def base_model(name: str) -> BaseModel:
    """What is known of a base model; of one that is not listed, what holds for all."""
    return _KNOWN.get(name, BaseModel())


def most_validation_rows(training_rows: int) -> int:
    """How many validation rows the service takes beside so many training rows."""
    return max(VALIDATION_ALWAYS_FITS, min(int(training_rows * VALIDATION_SHARE), VALIDATION_MOST))
