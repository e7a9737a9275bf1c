"""The utterances that a run's models are measured on: the same for every contender and, as far as can be, every run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import orjson

from attune.domain.evaluation.example import Example
from attune.domain.recipe import Recipe
from attune.domain.row import RowFormat
from attune.domain.run import Run
from attune.domain.split import group_of
from attune.ports import Objects

MOST_INLINE_BYTES = 19_000_000
"""Of a row that carries its audio: a request to generateContent may have 20 MB (audio understanding page)."""
_SALT = "attune-evaluation"


@dataclass(frozen=True, slots=True)
class HoldOut:
    """The chosen examples, by pair, and how many utterances were held out in all.

    `probes` are asked beside them, and in no rate.
    """

    examples: tuple[Example, ...]
    held_out: int
    probes: tuple[Example, ...] = ()

    def without(self, pairs: Collection[str]) -> HoldOut:
        """What is left of it when these pairs are withdrawn."""
        return replace(self, examples=tuple(example for example in self.examples if example.pair not in pairs))

    @property
    def questions(self) -> tuple[Example, ...]:
        """All that is asked."""
        return (*self.examples, *self.probes)


def hold_out(run: Run, objects: Objects) -> HoldOut:
    """At most the trial's examples of the run's validation rows: those whose hash is least, whatever else is there.

    So a pair that was measured on in one run is in the next, unless pairs with lesser hashes have come. Rows that carry
    more audio than one question may are left out.
    """
    if run.recipe is None or run.hold_out is None:
        return HoldOut((), 0)
    lines = [orjson.loads(line) for line in objects.read(run.hold_out.name).splitlines()]
    asked = sorted(_askable(lines, run.recipe), key=lambda line: _order(str(line["id"])))
    examples = (_example(line, run.recipe) for line in asked[: run.recipe.trial.examples])
    return HoldOut(tuple(sorted(examples, key=lambda example: example.pair)), len(lines))


def _askable(lines: list[dict[str, object]], recipe: Recipe) -> Iterator[Mapping[str, object]]:
    for line in lines:
        if recipe.row_format is not RowFormat.INLINE_DATA or int(str(line["bytes"])) <= MOST_INLINE_BYTES:
            yield line


def _order(pair: str) -> bytes:
    return hashlib.sha256(f"{_SALT}\0{pair}".encode()).digest()


def _example(line: Mapping[str, object], recipe: Recipe) -> Example:
    path, name = str(line["pair"]), str(line["task"])
    task = recipe.phrasing.task_of(path)
    return Example(
        pair=str(line["id"]),
        path=path,
        row=str(line["row"]),
        seconds=float(str(line["seconds"])),
        kind=task.kind,
        task=name,
        group=group_of(path, recipe.trial.group_by),
        labels=task.labels,
        schema=task.json_schema,
    )
