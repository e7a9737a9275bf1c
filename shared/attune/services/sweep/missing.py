"""Look for what is missing: halves that the manifests have and the bucket has not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attune.domain.arrival import Departure
from attune.domain.pair import Half, Pair
from attune.errors import PassingError
from attune.ports import Documents, Each, Intake, Key, RawDocument, Versioned
from attune.services.manifests import of_pairs


@dataclass(frozen=True, slots=True)
class Missed:
    """How many halves of a page of pairs were found gone, and what could not be looked at for now, in words."""

    vanished: int
    put_off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """The service, with its ports."""

    documents: Documents
    intake: Intake
    erasing: Callable[[Departure], object]
    each: Each

    def expected(self, dataset: str) -> int:
        """How many halves a dataset's pairs have."""
        return sum(halves * self._count(dataset, halves) for halves in (1, 2))

    def dataset_behind(self, dataset: str) -> str | None:
        """The next dataset, in the order of their names, that has a pair in whatever state."""
        behind = Key(RawDocument, of_pairs.pair(dataset, _LAST).path) if dataset else None
        found = self.documents.find(of_pairs.every_pair(), limit=1, after=behind)
        return found[0].key.path[1] if found else None

    def page(self, dataset: str, after: str, limit: int) -> list[Versioned[Pair]]:
        """The pairs behind one of them, in the order of their ids."""
        key = of_pairs.pair(dataset, after) if after else None
        return self.documents.find(of_pairs.all_pairs(dataset), limit=limit, after=key)

    def __call__(self, pairs: Sequence[Versioned[Pair]]) -> Missed:
        """Looks for each half in the bucket, and erases those that are gone without an event having told of it."""
        halves = [half for read in pairs for half in (read.value.audio, read.value.transcript) if half]
        found = self.each(self._look, halves)
        return Missed(sum(1 for gone in found if gone is True), tuple(gone for gone in found if isinstance(gone, str)))

    def _look(self, half: Half) -> bool | str:
        """Whether it was gone, or why that is not known. What a newer generation took the place of is not gone."""
        try:
            if self.intake.look(half.name) is not None:
                return False
            self.erasing(Departure(half.name, half.generation))
        except PassingError as passing:
            return f"{half.name}: {passing}"
        return True

    def _count(self, dataset: str, halves: int) -> int:
        return self.documents.count(of_pairs.pairs_with_halves(dataset, halves), up_to=_ALL)


_ALL = 10**9
_LAST = "~"  # behind every pair's id
