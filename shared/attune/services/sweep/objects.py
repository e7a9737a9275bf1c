"""Look at listed objects: count how each stands, and take in what no event has told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from attune.domain.arrival import Arrival
from attune.domain.ledger import Standing, Tally, standing
from attune.domain.names import Candidate, Ignored, classify, pair_id
from attune.domain.pair import Half, Pair
from attune.domain.parked import Task, parked_id
from attune.errors import PassingError
from attune.ports import Documents, Each, Key, Stored
from attune.services.manifests import of_pairs, of_parked
from attune.services.park import Parking

_MOST_TAKEN_IN = 128  # objects between two looks at the time
_PAIRS_AT_ONCE = 16
_BYTES_AT_ONCE = 64_000_000  # of files that are judged at once; one that is larger is judged alone


@dataclass(frozen=True, slots=True)
class Listed:
    """An object of the listing, and what its name says."""

    stored: Stored
    found: Candidate | Ignored

    @property
    def half(self) -> Half | None:
        """The half it is of its pair."""
        at = self.stored
        return Half(self.found.kind, at.name, at.generation, at.size) if isinstance(self.found, Candidate) else None

    @property
    def key(self) -> Key[Pair] | None:
        """Where its pair's document lies."""
        if isinstance(self.found, Ignored):
            return None
        return of_pairs.pair(self.found.dataset, pair_id(self.found.dataset, self.found.path))

    @property
    def facts(self) -> dict[str, int]:
        """What its event tells beside its name."""
        return {"generation": self.stored.generation, "size": self.stored.size}


@dataclass(frozen=True, slots=True)
class Looked:
    """How many of the objects were looked at, how they stand, and what could not be taken in for now, in words."""

    count: int
    tally: Tally
    put_off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looking:
    """The service, with its ports."""

    documents: Documents
    ingest: Callable[[Arrival], object]
    parking: Parking
    each: Each

    def __call__(self, page: Sequence[Stored]) -> Looked:
        """Looks at the objects from the first on, up to where more would have to be taken in than one call should."""
        listed = [Listed(stored, classify(stored.name)) for stored in page]
        before = self._pairs(listed)
        parked = self._parked([each for each in listed if _is_unknown(each, before)])
        open_ones = [each for each in listed if _is_open(each, before) and each.stored.name not in parked]
        if len(open_ones) > _MOST_TAKEN_IN:
            listed = listed[: listed.index(open_ones[_MOST_TAKEN_IN])]
        open_ones = open_ones[:_MOST_TAKEN_IN]
        put_off = self._take_in(open_ones)
        after = {**before, **self._pairs(open_ones)}
        tally = Tally()
        for each in listed:
            stands, is_parked = _standing(each, after), each.stored.name in parked
            taken_in = _is_unknown(each, before) and stands is not Standing.UNKNOWN
            tally = tally.plus(Standing.REJECTED if is_parked else stands, parked=is_parked, taken_in=taken_in)
        return Looked(len(listed), tally, tuple(put_off))

    def _pairs(self, listed: Sequence[Listed]) -> dict[Key[Pair], Pair]:
        keys = list(dict.fromkeys(each.key for each in listed if each.key))
        found = self.documents.get_all(keys)
        return {key: read.value for key, read in zip(keys, found, strict=True) if read}

    def _parked(self, unknown: Sequence[Listed]) -> set[str]:
        ids = [parked_id(Task.INGEST, each.stored.name, each.facts) for each in unknown]
        found = self.documents.get_all([of_parked.parked(event) for event in ids])
        return {each.stored.name for each, read in zip(unknown, found, strict=True) if read and read.value.parked}

    def _take_in(self, listed: Sequence[Listed]) -> list[str]:
        """One call a pair: its own two halves would only get into each other's way."""
        troubles: list[str | None] = []
        for bundle in _bundles(_by_pair(listed)):
            troubles += self.each(self._take_in_pair, bundle)
        return [trouble for trouble in troubles if trouble]

    def _take_in_pair(self, halves: Sequence[Listed]) -> str | None:
        try:
            for half in halves:
                arrival = Arrival(half.stored.name, half.stored.generation, half.stored.size)
                self.parking.at_once(Task.INGEST, arrival.name, half.facts, partial(self.ingest, arrival))
        except PassingError as passing:
            return f"{halves[0].stored.name}: {passing}"
        return None


def _standing(listed: Listed, pairs: Mapping[Key[Pair], Pair]) -> Standing:
    return standing(listed.found, pairs.get(listed.key) if listed.key else None, listed.half)


def _is_unknown(listed: Listed, pairs: Mapping[Key[Pair], Pair]) -> bool:
    return _standing(listed, pairs) is Standing.UNKNOWN


def _is_open(listed: Listed, pairs: Mapping[Key[Pair], Pair]) -> bool:
    """Whether an event of it has something left to do: to take it in, or to hand on a recording it has let go of."""
    pair = pairs.get(listed.key) if listed.key else None
    return _is_unknown(listed, pairs) or bool(pair and pair.freed)


def _by_pair(listed: Sequence[Listed]) -> list[list[Listed]]:
    groups: dict[Key[Pair] | None, list[Listed]] = defaultdict(list)
    for each in listed:
        groups[each.key].append(each)
    return list(groups.values())


def _bundles(pairs: Sequence[list[Listed]]) -> Iterator[list[list[Listed]]]:
    """So many pairs at a time as may be judged side by side."""
    bundle: list[list[Listed]] = []
    size = 0
    for pair in pairs:
        weight = sum(half.stored.size for half in pair)
        if bundle and (len(bundle) == _PAIRS_AT_ONCE or size + weight > _BYTES_AT_ONCE):
            yield bundle
            bundle, size = [], 0
        bundle.append(pair)
        size += weight
    if bundle:
        yield bundle
