"""Forecast: what a run cut now would be, from the manifests alone. Nothing is written, and no object is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import groupby, takewhile

from attune.domain.base_models import Models
from attune.domain.pair import Due, Pair
from attune.domain.phrasing import Phrasing
from attune.domain.plan import drafted
from attune.domain.recipe import Recipe, Scope
from attune.domain.run import Plan, Run
from attune.domain.shard import Changes
from attune.domain.split import Split
from attune.ports import Documents, Each, Query
from attune.services.manifests import of_pairs, of_runs
from attune.services.preview import BRANCHES, Preview
from attune.services.resize import Resizing
from attune.services.settings import settings_as_they_stand
from attune.services.shards import Sharding
from attune.services.taken import cuts_since_the_champion, frozen_member, side_taken, unsharded_cuts

_PAGE = 200
_RUNS = 20  # the latest: stored rows are in the phrasing of one of them, or of settings that no run has had


@dataclass(frozen=True, slots=True)
class Outlook:
    """A run as it would be if it were cut now: its plan, and how many pairs it would take in and take out."""

    dataset: str
    recipe: Recipe
    plan: Plan
    threshold: int
    new_pairs: int
    removed_pairs: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The service, with its ports. `bucket` is the dataset bucket's name."""

    documents: Documents
    sharding: Sharding
    each: Each
    models: Models
    bucket: str

    def __call__(self, dataset: str) -> Outlook:
        """The outlook. While a run is being cut or assembled, its pairs may be counted as they were or as they will be.

        Raises:
            DamagedError: a manifest that another one names is not there.
        """
        settings = settings_as_they_stand(dataset, self.documents)
        recipe = settings.recipe(dataset)
        runs = [found.value for found in self.documents.find(of_runs.newest_runs(dataset), limit=_RUNS)]
        resizing = Resizing(dataset, recipe.phrasing, self.bucket, _phrasings(runs))
        coming = _Coming(self.documents, dataset, self._cuts(dataset, recipe, runs), resizing)
        trees = {split: self._preview(dataset, split, recipe, coming) for split in Split}
        counted = _look_through(coming, trees)
        train, validation = trees[Split.TRAIN].rows(), trees[Split.VALIDATION].rows()
        plan = drafted(train, validation, recipe, self.models(recipe.base_model), exact=resizing.exact).plan
        return Outlook(dataset, recipe, plan, settings.threshold, counted[Due.ADD], counted[Due.REMOVE])

    def _cuts(self, dataset: str, recipe: Recipe, runs: Sequence[Run]) -> list[str]:
        """The cuts before this one whose pairs the run would put into its files, or into the trees they are made of."""
        number = runs[0].number + 1 if runs else 1
        if recipe.scope is Scope.ALL:
            return unsharded_cuts(dataset, number, self.documents)
        return cuts_since_the_champion(dataset, number, recipe.alias, self.documents)

    def _preview(self, dataset: str, split: Split, recipe: Recipe, coming: _Coming) -> Preview:
        alone = recipe.scope is Scope.NEW and split is Split.TRAIN
        stands = self.sharding.apart(dataset, split, ())[0] if alone else self.sharding.rows(dataset, split)
        return Preview(stands, recipe.phrasing.version, coming.resizing, partial(coming.changes_at, split), self.each)


@dataclass(frozen=True, slots=True)
class _Coming:
    """The pairs whose rows a cut made now would put in or take out, in the order of their ids, a page at a time."""

    documents: Documents
    dataset: str
    cuts: Sequence[str]
    resizing: Resizing

    def branches(self) -> Iterator[tuple[str, list[Pair]]]:
        """Every first character of an id, with the pairs that have it."""
        groups = groupby(self._pairs(""), key=_first_character)
        at, pairs = next(groups, ("", iter(())))
        for branch in BRANCHES:
            if at == branch:
                yield branch, list(pairs)
                at, pairs = next(groups, ("", iter(())))
            else:
                yield branch, []

    def changes_at(self, split: Split, at: str) -> Changes:
        """What changes on one side among the ids that begin with a character."""
        return self.changes(split, takewhile(lambda pair: _first_character(pair) == at, self._pairs(at)))

    def changes(self, split: Split, pairs: Iterable[Pair]) -> Changes:
        """What these pairs change on one side, under the phrasing of the run."""
        changes = {}
        for pair in map(_as_cut, pairs):
            if split in pair.sides:
                member = frozen_member(pair) if side_taken(pair) is split else None
                changes[pair.id] = self.resizing(member) if member else None
        return changes

    def _pairs(self, start: str) -> Iterator[Pair]:
        """From an id on. What is due and was taken before is to be taken anew."""
        taken = (
            (pair for pair in self._walk(of_pairs.taken_pairs(self.dataset, cut), start) if not pair.due)
            for cut in self.cuts
        )
        return merge(self._walk(of_pairs.due_pairs(self.dataset), start), *taken, key=lambda pair: pair.id)

    def _walk(self, query: Query[Pair], start: str) -> Iterator[Pair]:
        after = of_pairs.pair(self.dataset, start) if start else None
        while page := self.documents.find(query, limit=_PAGE, after=after):
            yield from (found.value for found in page)
            after = page[-1].key


def _look_through(coming: _Coming, trees: Mapping[Split, Preview]) -> Counter[Due]:
    """Shows every branch to both trees; returns how many pairs are due for what."""
    counted: Counter[Due] = Counter()
    for at, pairs in coming.branches():
        counted.update(pair.due for pair in pairs)
        for split, tree in trees.items():
            tree.see(at, coming.changes(split, pairs))
    return counted


def _as_cut(pair: Pair) -> Pair:
    """The pair as a cut made now would freeze it; one that is not due was frozen before."""
    return pair.taken_into("", pair.changed_at) if pair.due else pair


def _first_character(pair: Pair) -> str:
    return pair.id[0]


def _phrasings(runs: Iterable[Run]) -> dict[str, Phrasing]:
    """How the rows of these runs were put, by the version that stands on the rows."""
    recipes = (run.recipe for run in runs if run.recipe)
    return {recipe.phrasing.version: recipe.phrasing for recipe in recipes}
