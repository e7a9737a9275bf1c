"""Profiles: those of any parts add up to that of the whole, whatever the order, and count what a plain loop counts."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.adapters.codec import decode, encode
from attune.domain.finding import Severity
from attune.domain.pair import Pair, PairState
from attune.domain.profile import SCALES, WORST, Measure, Profile, measures_of, profile_of, total
from attune.domain.quality.customs import Customs
from reported import a_measure, a_row, judged, waiting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
seeds = st.integers(0, 2**32)


def made(seed: int, count: int) -> list[Pair]:
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    return [judged(f"calls/{index}", NOW, dice) for index in range(count)]


def whole(pairs: Sequence[Pair]) -> Profile:
    return total(profile_of(pair) for pair in pairs)


def looked_at(pair: Pair) -> int:
    return sum(each.severity is not Severity.REPAIRED for each in (*pair.reasons, *pair.remarks))


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(0, 90), st.integers(1, 7))
def test_the_profiles_of_parts_add_up_to_that_of_the_whole(seed: int, count: int, parts: int) -> None:
    pairs = made(seed, count)
    expected = whole(pairs)
    random.Random(seed + 1).shuffle(pairs)  # noqa: S311 - as above
    assert total(whole(pairs[part::parts]) for part in range(parts)) == expected


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(0, 60))
def test_a_profile_comes_back_from_its_document_as_it_was(seed: int, count: int) -> None:
    profile = whole(made(seed, count))
    assert decode(Profile, encode(profile)) == profile


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 90))
def test_a_profile_counts_what_a_loop_over_its_pairs_counts(seed: int, count: int) -> None:
    pairs = made(seed, count)
    profile, accepted = whole(pairs), [pair for pair in pairs if pair.state is PairState.ACCEPTED]
    assert profile.states == Counter(pair.state for pair in pairs)
    assert profile.sides == Counter(pair.split for pair in accepted)
    assert {name: share.pairs for name, share in profile.tasks.items()} == Counter(
        pair.row.task for pair in accepted if pair.row
    )
    seconds = sum(pair.row.seconds for pair in accepted if pair.row)
    assert profile.milliseconds == pytest.approx(1000 * seconds, abs=len(accepted))
    told = [(each.code, each.severity) for pair in pairs for each in (*pair.reasons, *pair.remarks)]
    assert {(code, severity): n for code, found in profile.found.items() for severity, n in found.pairs.items()} == (
        Counter(told)
    )
    styles = [pair.measured.style for pair in accepted if pair.measured and pair.measured.style]
    assert profile.customs == Customs.of(styles)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 60))
def test_every_measured_pair_is_in_one_bin_of_each_of_its_measures(seed: int, count: int) -> None:
    pairs = made(seed, count)
    profile = whole(pairs)
    for measure in Measure:
        values = [
            (measures_of(pair.measured)[measure], pair.state)
            for pair in pairs
            if pair.measured and measure in measures_of(pair.measured)
        ]
        counted: Counter[tuple[bool, int]] = Counter()
        for value, state in values:
            counted[(state is PairState.ACCEPTED, sum(edge <= value for edge in SCALES[measure].edges))] += 1
        drawn = profile.histograms.get(measure)
        accepted = drawn.accepted if drawn else {}
        rejected = drawn.rejected if drawn else {}
        assert {(True, at): n for at, n in accepted.items()} | {(False, at): n for at, n in rejected.items()} == counted


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 90))
def test_the_worst_are_the_refused_then_those_with_the_most_findings_and_no_more_than_twenty(
    seed: int, count: int
) -> None:
    pairs = made(seed, count)
    worst, by_id = whole(pairs).worst, {pair.id: pair for pair in pairs}
    assert len(worst) == min(WORST, sum(looked_at(pair) > 0 for pair in pairs))
    told = [(by_id[ranked.pair].state is not PairState.REJECTED, -looked_at(by_id[ranked.pair])) for ranked in worst]
    assert (
        told
        == sorted((pair.state is not PairState.REJECTED, -looked_at(pair)) for pair in pairs if looked_at(pair))[:WORST]
    )


def test_of_two_with_as_much_found_the_one_that_is_further_off_is_worse() -> None:
    dice = random.Random(1)  # noqa: S311 - as above
    near = judged("near", NOW, dice)
    while near.state is not PairState.ACCEPTED or looked_at(near) != 1 or near.measured is None:
        near = judged("near", NOW, dice)
    measured = replace(near.measured, heard=replace(near.measured.heard, clipped_share=1.0))
    far = replace(near, path="far", measured=measured)
    assert [ranked.pair for ranked in whole([near, far]).worst] == [far.id, near.id]
    assert whole([near, far]).worst[0].far == 100_000


def test_a_pair_that_was_only_repaired_is_none_of_the_worst() -> None:
    dice = random.Random(2)  # noqa: S311 - as above
    pairs = [judged(f"{index}", NOW, dice) for index in range(200)]
    repaired = [pair for pair in pairs if (pair.reasons or pair.remarks) and not looked_at(pair)]
    assert repaired
    assert whole(repaired).worst == ()
    assert whole(repaired).found


def test_a_pair_that_waits_is_counted_and_nothing_more() -> None:
    assert whole([waiting("a", NOW)]) == Profile(states={"waiting": 1})


def test_the_pairs_that_are_named_are_the_worst_and_an_example_of_each_finding() -> None:
    pairs = made(5, 300)
    profile = whole(pairs)
    examples = {found.example for found in profile.found.values()}
    assert profile.named == sorted({ranked.pair for ranked in profile.worst} | examples)
    for code, found in profile.found.items():
        has = [pair.id for pair in pairs if code in [each.code for each in (*pair.reasons, *pair.remarks)]]
        assert found.example == min(has)


@pytest.mark.parametrize("measure", list(Measure))
def test_the_edges_of_a_scale_rise(measure: Measure) -> None:
    assert all(low < high for low, high in pairwise(SCALES[measure].edges))


def test_no_measure_however_odd_is_out_of_a_scale() -> None:
    dice = random.Random(3)  # noqa: S311 - as above
    nothing = replace(a_measure(dice).heard, seconds=0.0, level_dbfs=-120.0, snr_db=0.0)
    measured = replace(a_measure(dice), heard=nothing, pace=0.0)
    pair = replace(waiting("a", NOW), state=PairState.ACCEPTED, measured=measured, row=a_row(measured))
    drawn = profile_of(pair).histograms
    assert {name: dict(each.accepted) for name, each in drawn.items()} == {
        "seconds": {0: 1},
        "level": {0: 1},
        "snr": {1: 1},
        "pace": {1: 1},
    }
