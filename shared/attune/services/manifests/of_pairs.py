"""Where pairs lie, with what they have settled (recordings, sides); and every question that is asked of them."""

from __future__ import annotations

from attune.domain.content import Recording, Side
from attune.domain.pair import Due, Pair, PairState
from attune.ports import Contains, Key, Query, RawDocument


def pair(dataset: str, pair_id: str) -> Key[Pair]:
    """A pair."""
    return Key(Pair, ("datasets", dataset, "pairs", pair_id))


def recording(dataset: str, audio_sha256: str) -> Key[Recording]:
    """Who has a recording."""
    return Key(Recording, ("datasets", dataset, "recordings", audio_sha256))


def side(dataset: str, key: str) -> Key[Side]:
    """The side that words or a group are on."""
    return Key(Side, ("datasets", dataset, "sides", key))


def new_pairs(dataset: str) -> Query[Pair]:
    """Accepted pairs that no run has taken: what the threshold counts."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", Due.ADD),))


def oldest_new_pairs(dataset: str) -> Query[Pair]:
    """The same, those that have waited longest first."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", Due.ADD),), order_by="due_hour")


def oldest_waiting_pairs(dataset: str) -> Query[Pair]:
    """Pairs that wait for their other half, the longest first."""
    where = (("state", PairState.WAITING),)
    return Query(Pair, ("datasets", dataset, "pairs"), where, order_by="waiting_hour")


def due_pairs(dataset: str) -> Query[Pair]:
    """Pairs that the next cut takes in or out."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", (Due.ADD, Due.REMOVE)),))


def pairs_in(dataset: str, state: str) -> Query[Pair]:
    """The pairs in a state."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("state", state),))


def pairs_with_halves(dataset: str, halves: int) -> Query[Pair]:
    """The pairs that have so many halves: none, one or two."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("halves", halves),))


def pairs_with_erased_halves(dataset: str, erased: int) -> Query[Pair]:
    """The pairs of which so many deleted objects are remembered."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("erased_halves", erased),))


def all_pairs(dataset: str) -> Query[Pair]:
    """Every pair of a dataset, in the order of their ids."""
    return Query(Pair, ("datasets", dataset, "pairs"))


def every_pair() -> Query[RawDocument]:
    """Every dataset's pairs, dataset by dataset: to see where they lie, whatever is in them."""
    return Query(RawDocument, ("pairs",), group=True)


def pairs_to_forget() -> Query[Pair]:
    """Every dataset's pairs whose copies are to be deleted."""
    return Query(Pair, ("pairs",), (("to_forget", True),), group=True)


def pairs_with_recording(dataset: str, audio_sha256: str) -> Query[Pair]:
    """The pairs that hold a recording now, or held it at their last cut."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("recordings", Contains(audio_sha256)),))


def taken_pairs(dataset: str, run_name: str) -> Query[Pair]:
    """The pairs in a run's cut."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("taken_by", run_name),))


def changed_pairs(dataset: str, minute: int) -> Query[Pair]:
    """The pairs whose verdict is of that minute (minutes since 1970) or a later one, the oldest first."""
    return Query(Pair, ("datasets", dataset, "pairs"), order_by="changed_minute", at_least=minute)
