"""Intervals and probabilities are those of resampling, computed here in other ways."""

import random
import statistics
from itertools import product

import numpy as np
import pytest

from attune.domain.evaluation.bootstrap import RESAMPLES, Counted, differences, interval, probability, rates

Pairs = list[tuple[int, int]]


def counted(pairs: Pairs) -> list[Counted]:
    return [Counted(errors, length) for errors, length in pairs]


def utterances(size: int, seed: int) -> Pairs:
    dice = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, not a secret
    lengths = [dice.randint(3, 20) for _ in range(size)]
    return [(min(length, dice.choice((0, 0, 0, 1, 1, 2, 5))), length) for length in lengths]


def by_numpy(mine: Pairs, its: Pairs) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Another generator, another order of computing, ten times the resamples."""
    drawn = np.random.default_rng(5).integers(0, len(mine), (10 * RESAMPLES, len(mine)))
    one, other = np.array(mine)[drawn].sum(axis=1), np.array(its)[drawn].sum(axis=1)
    return np.asarray(one[:, 0] / one[:, 1] - other[:, 0] / other[:, 1])


@pytest.mark.parametrize("size", [20, 80, 200])
def test_intervals_and_probabilities_agree_with_a_straightforward_implementation(size: int) -> None:
    mine, its = utterances(size, 1), utterances(size, 2)
    its = [(errors, length) for (errors, _), (_, length) in zip(its, mine, strict=True)]
    expected = by_numpy(mine, its)
    found = differences(counted(mine), counted(its))
    spread = float(expected.std())
    assert interval(found).low == pytest.approx(float(np.percentile(expected, 2.5)), abs=0.2 * spread)
    assert interval(found).high == pytest.approx(float(np.percentile(expected, 97.5)), abs=0.2 * spread)
    for margin in (-0.03, 0.0, 0.02):
        assert probability(found, margin) == pytest.approx(float((expected > margin).mean()), abs=0.045)


THREE = [
    ([(1, 4), (0, 6), (3, 5)], [(0, 4), (2, 6), (1, 5)]),
    ([(2, 2), (0, 9), (1, 3)], [(2, 2), (1, 9), (0, 3)]),
    ([(0, 1), (4, 8), (2, 4)], [(1, 1), (4, 8), (1, 4)]),
]


@pytest.mark.parametrize(("mine", "its"), THREE)
def test_three_utterances_agree_with_all_their_27_resamples(mine: Pairs, its: Pairs) -> None:
    def rate(pairs: Pairs, drawn: tuple[int, ...]) -> float:
        return sum(pairs[place][0] for place in drawn) / sum(pairs[place][1] for place in drawn)

    every = [rate(mine, drawn) - rate(its, drawn) for drawn in product(range(3), repeat=3)]
    found = differences(counted(mine), counted(its))
    assert probability(found, 0.0) == pytest.approx(sum(value > 1e-9 for value in every) / 27, abs=0.045)
    assert statistics.fmean(found) == pytest.approx(statistics.fmean(every), abs=0.02)
    # One in 27 draws a single utterance thrice, which is more than the 2.5 % that either end leaves out.
    assert interval(found).low == pytest.approx(min(every))
    assert interval(found).high == pytest.approx(max(every))


def test_an_interval_of_many_alike_is_that_of_the_normal_approximation() -> None:
    """A quarter of 400 are wrong: 0.25 plus or minus 1.96 times the root of 0.25 * 0.75 / 400."""
    found = interval(rates([Counted(int(place % 4 == 0), 1) for place in range(400)]))
    assert (found.low, found.high) == pytest.approx((0.2076, 0.2924), abs=0.006)


def test_an_interval_ends_where_the_statistics_module_has_its_quantiles() -> None:
    values = rates(counted(utterances(50, 3)))
    fortieths = statistics.quantiles(values, n=40, method="inclusive")
    assert (interval(values).low, interval(values).high) == pytest.approx((fortieths[0], fortieths[-1]))


def test_what_is_the_same_is_never_better() -> None:
    mine = counted(utterances(30, 4))
    found = differences(mine, mine)
    assert set(found) == {0.0}
    assert probability(found, 0.0) == 0.0
    assert probability(found, -0.01) == 1.0


def test_a_tie_with_the_margin_is_not_above_it_whatever_rounding_says() -> None:
    found = differences([Counted(20, 100)] * 5, [Counted(15, 100)] * 5)
    assert max(found) > 0.05  # which is what rounding says of 0.2 - 0.15
    assert probability(found, 0.05) == 0.0
    assert probability(found, 0.049) == 1.0


def test_the_same_utterances_are_resampled_alike_each_time() -> None:
    first, other = counted(utterances(25, 6)), counted(utterances(40, 6))
    before = rates(first)
    assert rates(other) != before
    assert rates(first) == before


def test_what_is_hard_for_both_cancels_out() -> None:
    hard = [(place % 10, 10) for place in range(60)]
    easier = [(max(errors - 1, 0), length) for errors, length in hard]
    paired = interval(differences(counted(hard), counted(easier)))
    shuffled = easier[::7] + [each for place, each in enumerate(easier) if place % 7]
    apart = interval(differences(counted(hard), counted(shuffled)))
    assert paired.high - paired.low < (apart.high - apart.low) / 3


def test_a_single_utterance_has_no_spread() -> None:
    found = interval(rates([Counted(1, 4)]))
    assert (found.low, found.high) == (0.25, 0.25)


def test_a_resample_of_empty_references_counts_as_without_an_error() -> None:
    found = rates([Counted(2, 0), Counted(1, 2)])
    assert set(found) == {0.0, 0.5, 1.5}
