"""What the tuning service takes, by base model: published limits, regions, prices and ends, each with its source.

Sources, read 2026-11-22: [tuning] Vertex AI "Tune Gemini models by using supervised fine-tuning" and "Audio tuning",
as of 2026-09-25; [regions] the same page's notes on Gemini 3.x; [prices] third-party copies of the Vertex AI price
page; [ends] Google's mail on Gemini 2.5, as quoted in a public thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 9, 25)  # [tuning] the state of the page that the models below are taken from
LARGEST_FILE_BYTES = 1_000_000_000  # [tuning] 1 GB a JSONL file
MOST_ROWS = 300_000  # [tuning] examples with media
MOST_EXAMPLE_TOKENS = 131_072  # [tuning] input and output
VALIDATION_ALWAYS_FITS = 1_000  # [tuning] rows
VALIDATION_SHARE = 0.3  # [tuning] of the training rows, above that
VALIDATION_MOST = 5_000  # [tuning] rows
REFUSED_REGION = "global"  # [tuning] FAILED_PRECONDITION, whatever the model


@dataclass(frozen=True, slots=True)
class Retirement:
    """From `closed` on, projects that are new or have not used the model for 90 days are refused; at `ends`, all."""

    closed: date
    ends: date


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model: the adapter sizes it takes, and what a million training tokens cost where that is known.

    `regions` are those it is documented to be tuned in; `only_there` says that every other one refuses it.
    `served_on` are the multi-regions that a tuned model is called on; none means the region it was tuned in.
    """

    adapter_sizes: tuple[int, ...] = (1, 2, 4, 8, 16)
    usd_per_million_tokens: float | None = None
    regions: tuple[str, ...] = ("us-central1",)
    only_there: bool = False
    served_on: tuple[str, ...] = ()
    takes_own_key: bool = True
    retirement: Retirement | None = None

    def is_open(self, today: date, project_made: date | None) -> bool | None:
        """Whether a project may still tune it; None where only the service knows: it depends on recent use."""
        if self.retirement is None or today < self.retirement.closed:
            return True
        if today >= self.retirement.ends:
            return False
        return False if project_made and project_made >= self.retirement.closed else None

    def is_tuned_in(self, region: str) -> bool | None:
        """Whether a region tunes it; None where no source says."""
        if region == REFUSED_REGION:
            return False
        if region in self.regions:
            return True
        return False if self.only_there else None


_GEMINI_2_5 = Retirement(closed=date(2026, 10, 20), ends=date(2027, 3, 31))  # [ends]
_GEMINI_3 = BaseModel(  # [regions]; its prices are not known
    regions=("us-central1", "europe-west4"), only_there=True, served_on=("us", "eu"), takes_own_key=False
)
_KNOWN = {
    "gemini-2.5-flash": BaseModel(usd_per_million_tokens=5.0, retirement=_GEMINI_2_5),  # [prices], [ends]
    "gemini-2.5-pro": BaseModel(  # [tuning], [prices], [ends]
        adapter_sizes=(1, 2, 4, 8), usd_per_million_tokens=25.0, retirement=_GEMINI_2_5
    ),
    "gemini-3.5-flash": _GEMINI_3,  # [tuning]
    "gemini-3.1-flash-lite": _GEMINI_3,  # [tuning]
}


def base_model(name: str) -> BaseModel:
    """What is known of a base model; of one that is not listed, what holds for its family, or for all."""
    return _KNOWN.get(name) or (_GEMINI_3 if name.startswith("gemini-3") else BaseModel())


def is_listed(name: str) -> bool:
    """Whether a base model is one that [tuning] names."""
    return name in _KNOWN


def open_models(today: date) -> dict[str, BaseModel]:
    """The listed base models that any project may tune."""
    return {name: model for name, model in _KNOWN.items() if model.is_open(today, None)}


def most_validation_rows(training_rows: int) -> int:
    """How many validation rows the service takes beside so many training rows."""
    return max(VALIDATION_ALWAYS_FITS, min(int(training_rows * VALIDATION_SHARE), VALIDATION_MOST))
