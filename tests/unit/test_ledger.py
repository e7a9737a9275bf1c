"""The ledger's words: how a listed object stands, and what is counted of it."""

from datetime import UTC, datetime

import pytest

from attune.domain.ledger import Standing, Tally, standing
from attune.domain.names import Candidate, HalfKind, classify, dataset_of
from attune.domain.pair import Half, Pair, PairState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOUND = Candidate("d", "a", HalfKind.AUDIO, ".wav")


def half(generation: int, name: str = "d/a.wav") -> Half:
    return Half(HalfKind.AUDIO, name, generation, 9)


def waiting(generation: int) -> Pair:
    return Pair("d", "a", PairState.WAITING, NOW).with_half(half(generation)).waiting(NOW)


@pytest.mark.parametrize(
    ("pair", "listed", "expected"),
    [
        (None, 3, Standing.UNKNOWN),
        (waiting(3), 3, Standing.WAITING),
        (waiting(4), 3, Standing.SUPERSEDED),
        (waiting(2), 3, Standing.UNKNOWN),
        (waiting(3).rejected((), NOW), 3, Standing.REJECTED),
        (waiting(3).without_erased(half(3), NOW), 3, Standing.UNKNOWN),
    ],
)
def test_an_object_stands_as_its_pair_says(pair: Pair | None, listed: int, expected: Standing) -> None:
    assert standing(FOUND, pair, half(listed)) is expected


def test_what_is_none_of_ours_is_ignored_whatever_is_known() -> None:
    assert standing(classify("d/readme.md"), None, None) is Standing.IGNORED


def test_every_object_is_counted_once_and_sums_are_kept() -> None:
    tally = Tally()
    for each in Standing:
        tally = tally.plus(each)
    assert (tally.listed, tally.accepted, tally.unknown, tally.held) == (6, 1, 1, 3)
    both = tally.with_all(Tally().plus(Standing.REJECTED, parked=True, taken_in=True))
    assert (both.listed, both.rejected, both.parked, both.taken_in, both.held) == (7, 2, 1, 1, 3)


@pytest.mark.parametrize(
    ("name", "dataset"),
    [("d/a.wav", "d"), ("d/readme.md", "d"), ("top.txt", ""), ("/a.wav", ""), ("__x__/a.wav", ""), ("d\ud800/a", "")],
)
def test_an_object_lies_in_its_first_folder_if_that_can_be_a_dataset(name: str, dataset: str) -> None:
    assert dataset_of(name) == dataset
