"""What the tuning service takes, by base model: limits, regions, adapter sizes, prices and ends, from the catalogue.

The catalogue is `base_models.json` beside this module. Every figure in it names its source, and every source when it
was read and as of when it speaks. What holds for all models is overlaid by a family's figures, and those by a model's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

REFUSED_REGION = "global"  # the catalogue's source `tuning`: FAILED_PRECONDITION, whatever the model
_LISTING = "tuning"  # the source that says which models can be tuned


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure is from, when it was `read`, and `as_of` which day it holds (None where the source does not say).

    `at` is its address, None where it has none that lasts.
    """

    what: str
    at: str | None
    as_of: date | None
    read: date


@dataclass(frozen=True, slots=True)
class Limits:
    """What still passes: bytes and rows of a JSONL file, tokens of an example (input and output), and its recording.

    Validation rows: `validation_always` in any case, above that `validation_share` of the training rows and at most
    `validation_most`.
    """

    file_bytes: int
    rows: int
    example_tokens: int
    audio_seconds: float
    audio_bytes: int
    validation_always: int
    validation_share: float
    validation_most: int

    def most_validation_rows(self, training_rows: int) -> int:
        """How many validation rows are taken beside so many training rows."""
        return max(self.validation_always, min(int(training_rows * self.validation_share), self.validation_most))


@dataclass(frozen=True, slots=True)
class Retirement:
    """From `closed` on, projects that are new or have not used the model for 90 days are refused; at `ends`, all."""

    closed: date
    ends: date


@dataclass(frozen=True, slots=True)
class BaseModel:
    """A base model: its limits, the adapter sizes it takes, and what a million training tokens cost where it is known.

    `epochs` is what the service takes when none are asked for, None where it does not say. `regions` are those it is
    documented to be tuned in; `only_there` says that every other one refuses it. `served_on` are the multi-regions that
    a tuned model is called on; none means the region it was tuned in. `usd_per_million_heard` and `_said` are what a
    million tokens cost of what it is asked and of what it answers.
    """

    limits: Limits
    adapter_sizes: tuple[int, ...]
    usd_per_million_tokens: float | None
    usd_per_million_heard: float | None
    usd_per_million_said: float | None
    epochs: int | None
    regions: tuple[str, ...]
    only_there: bool
    served_on: tuple[str, ...]
    takes_own_key: bool
    retirement: Retirement | None

    def is_open(self, today: date, project_made: date | None) -> bool | None:
        """Whether a project may still tune it; None where only the service knows: it depends on recent use."""
        if self.retirement is None or today < self.retirement.closed:
            return True
        if today >= self.retirement.ends:
            return False
        return False if project_made and project_made >= self.retirement.closed else None

    def answers_usd(self, heard: int, said: int) -> float | None:
        """What answers cost that took so many tokens; None where a price is not known."""
        if self.usd_per_million_heard is None or self.usd_per_million_said is None:
            return None
        return (heard * self.usd_per_million_heard + said * self.usd_per_million_said) / 1_000_000

    def asked_in(self, region: str) -> str:
        """Where the base model is asked, for a deployment in a region: in its multi-region where it is served there."""
        multi = "eu" if region.startswith("europe-") else "us"
        return multi if multi in self.served_on else region

    def is_tuned_in(self, region: str) -> bool | None:
        """Whether a region tunes it; None where no source says."""
        if region == REFUSED_REGION:
            return False
        if region in self.regions:
            return True
        return False if self.only_there else None


Models = Callable[[str], BaseModel]


@cache
def base_model(name: str) -> BaseModel:
    """What is known of a base model; of one that is not listed, what holds for its family, or for all."""
    values = {figure: told["value"] for figure, told in _figures(name).items()}
    return BaseModel(
        limits=Limits(**{field.name: values[field.name] for field in fields(Limits)}),
        adapter_sizes=tuple(values["adapter_sizes"]),
        usd_per_million_tokens=values["usd_per_million_tokens"],
        usd_per_million_heard=values["usd_per_million_heard"],
        usd_per_million_said=values["usd_per_million_said"],
        epochs=values["epochs"],
        regions=tuple(values["regions"]),
        only_there=values["only_there"],
        served_on=tuple(values["served_on"]),
        takes_own_key=values["takes_own_key"],
        retirement=_retirement(values["retirement"]),
    )


def sources_of(name: str) -> dict[str, Source]:
    """Where each figure of a base model is from."""
    sources = _catalogue()["sources"]
    return {figure: _source(sources[told["source"]]) for figure, told in _figures(name).items()}


def is_listed(name: str) -> bool:
    """Whether a base model is one that Google's tuning page names."""
    return name in _catalogue()["models"]


def listed_as_of() -> date:
    """The state of the page that names them."""
    return date.fromisoformat(_catalogue()["sources"][_LISTING]["as_of"])


def open_models(today: date) -> dict[str, BaseModel]:
    """The listed base models that any project may tune."""
    listed = {name: base_model(name) for name in _catalogue()["models"]}
    return {name: model for name, model in listed.items() if model.is_open(today, None)}


@cache
def _catalogue() -> dict[str, Any]:
    catalogue: dict[str, Any] = json.loads(files("attune.domain").joinpath("base_models.json").read_text("utf-8"))
    return catalogue


def _figures(name: str) -> dict[str, Mapping[str, Any]]:
    catalogue = _catalogue()
    families = [told for family, told in catalogue["families"].items() if name.startswith(family)]
    figures = dict(catalogue["all"])
    for told in (*families, catalogue["models"].get(name, {})):
        figures |= told
    return figures


def _retirement(told: Mapping[str, str] | None) -> Retirement | None:
    if told is None:
        return None
    return Retirement(date.fromisoformat(told["closed"]), date.fromisoformat(told["ends"]))


def _source(told: Mapping[str, str | None]) -> Source:
    as_of = told["as_of"]
    read = date.fromisoformat(str(told["read"]))
    return Source(str(told["what"]), told["at"], date.fromisoformat(as_of) if as_of else None, read)
