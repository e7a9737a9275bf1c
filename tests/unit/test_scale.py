"""That the simulation gives the answers that are known, and the same ones each time."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.limits import BUCKET_WRITES, COLLECTION, HOUR, Assumed, Deployed, deployed
from bench.scale.loop import Loop, Pace, Pool, growing, steady
from bench.scale.model import DATASET_WRITES, GROWING, INSTANCES, Room, Simulation, alone, bears, collection, demand
from bench.scale.report import raised
from bench.scale.trace import Call, Cost, PairTrace

PUT = Call("objects.put", Cost(class_a=1, bytes_out=1_000), written=("gs:row",))
TRACE = PairTrace(
    (Call("documents.commit", Cost(writes=1), ("pairs",), ("pairs/a",), 1),),
    (Call("documents.get", Cost(reads=1), ("pairs",)), PUT, PUT),
    1_000,
)
SMALL = Room(Deployed(concurrency=4, max_instances=20, back_off=(10, 600), jobs=1))


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_a_line_with_random_arrivals_waits_as_queueing_theory_says(load: float) -> None:
    dice, pace, now = Random(1), Pace(steady(1.0)), 0.0  # noqa: S311 - a course of events, not a secret
    waits = []
    for _ in range(60_000):
        now += dice.expovariate(load)
        waits.append(pace.admit(now))
    expected = load / (2 * (1 - load))  # M/D/1: Pollaczek and Khinchine, with a service time of 1
    assert fmean(waits) == pytest.approx(expected, rel=0.1)


@given(st.integers(1, 300), st.floats(0.5, 1_000))
def test_what_comes_at_once_is_through_after_its_number_over_the_rate(count: int, rate: float) -> None:
    pace = Pace(steady(rate))
    waits = [pace.admit(0.0) for _ in range(count)]
    assert waits[-1] == pytest.approx((count - 1) / rate)


@given(st.floats(0.1, 10_000), st.integers(1, 20))
def test_a_limit_of_so_many_operations_allows_as_many_pairs_as_they_are_enough_for(rate: float, each: int) -> None:
    pace = Pace(steady(rate))
    for _ in range(50):
        pace.admit(0.0, each)
    assert 50 / pace.wait(0.0) == pytest.approx(rate / each)


def test_each_limit_alone_bears_what_it_lets_through_over_what_a_pair_takes() -> None:
    rates = alone(TRACE, SMALL)
    assert demand(TRACE, SMALL.assumed)[DATASET_WRITES] == 2
    assert rates[DATASET_WRITES] == BUCKET_WRITES.first / 2
    assert rates[collection("pairs")] == COLLECTION.first / 2
    assert list(rates.values()) == sorted(rates.values())


def test_more_datasets_share_the_limits_of_their_collections_and_not_that_of_the_bucket() -> None:
    spread = replace(SMALL, datasets=7)
    assert alone(TRACE, spread)[GROWING] == 7 * alone(TRACE, SMALL)[GROWING]
    assert alone(TRACE, spread)[DATASET_WRITES] == alone(TRACE, SMALL)[DATASET_WRITES]


def test_a_bucket_doubles_after_twenty_minutes_and_a_collection_has_half_more_after_five() -> None:
    assert [BUCKET_WRITES.at(minutes * 60) for minutes in (0, 19, 20, 40)] == [1_000, 1_000, 2_000, 4_000]
    assert [COLLECTION.at(minutes * 60) for minutes in (0, 4, 5, 10)] == [500, 500, 750, 1_125]


def test_a_rate_that_grows_goes_on_from_its_head_start() -> None:
    rate = growing(1_000, 2, 1_200, head_start=1_190)
    assert [rate(9.0), rate(10.0), rate(1_210.0)] == [1_000, 2_000, 4_000]
    assert bears(DATASET_WRITES, replace(SMALL, head_start=HOUR)) == 8_000


def test_a_pool_serves_no_more_at_once_than_it_has_places_and_starts_instances_as_it_needs_them() -> None:
    loop, done = Loop(), []
    pool = Pool(loop, concurrency=2, most=2, start_seconds=3, patience=100)

    def finish() -> None:
        done.append(loop.now)
        pool.leave()

    for _ in range(8):
        pool.take(lambda _taken: loop.after(1, finish))
    loop.run()
    assert done == [4, 4, 4, 4, 5, 5, 5, 5]
    assert pool.running == 2


def test_what_waits_longer_than_patience_for_a_place_is_refused() -> None:
    loop = Loop()
    answers: list[bool] = []
    pool = Pool(loop, concurrency=1, most=1, start_seconds=0, patience=10)
    for _ in range(2):
        pool.take(partial(_hold, loop, pool, answers))
    loop.run()
    assert answers == [True, False]
    assert pool.refused == 1


def _hold(loop: Loop, pool: Pool, answers: list[bool], taken: bool) -> None:  # noqa: FBT001 - a pool's answer
    answers.append(taken)
    if taken:
        loop.after(60, pool.leave)


def test_a_seed_gives_the_same_course_and_another_one_another() -> None:
    first, again, other = (Simulation(TRACE, SMALL, 50, 5, seed).run() for seed in (1, 1, 2))
    assert first == again
    assert first.seconds != other.seconds


@pytest.mark.parametrize("rate", [5, 400])
def test_every_pair_that_arrives_has_its_row_in_the_end_and_never_before_its_delivery(rate: int) -> None:
    room = replace(SMALL, deployed=replace(SMALL.deployed, max_instances=1))
    outcome = Simulation(TRACE, room, rate, 4).run()
    assert len(outcome.seconds) == pytest.approx(rate * 4, rel=0.5)
    assert outcome.seconds[0] > room.assumed.delivery_seconds
    assert (outcome.refused > 0) == (rate > alone(TRACE, room)[INSTANCES])


def test_a_stream_within_all_limits_takes_its_calls_time_and_one_beyond_them_grows_as_a_fluid_does() -> None:
    calm = Assumed(sigma=0.01, call_patience=1e9)
    wide = Deployed(concurrency=10_000, max_instances=1_000, back_off=(10, 600), jobs=1)
    room = Room(wide, assumed=calm, head_start=1)
    fits = Simulation(TRACE, room, 100, 4).run()
    assert fits.quantile(0.5) == pytest.approx(0.2 + 0.015 + 0.030 + 2 * 0.070, abs=0.02)
    span, rate = 5.0, 1_000.0
    drained = Simulation(TRACE, room, rate, span).run().drained
    assert drained == pytest.approx(rate * span / min(_services(room)), rel=0.1)


def _services(room: Room) -> list[float]:
    return [rate for name, rate in alone(TRACE, room).items() if not name.startswith(("ingest", "uploads"))]


def test_what_is_raised_bears_the_rate_it_was_raised_for() -> None:
    more = raised(TRACE, 2_000, SMALL.deployed).room(SMALL.deployed)
    assert min(rate for name, rate in alone(TRACE, more).items() if not name.startswith("uploads")) >= 2_000
    assert Simulation(TRACE, more, 2_000, 1).run().quantile(0.99) < 2


def test_instances_and_back_off_are_read_from_the_terraform_files(tmp_path: Path) -> None:
    now = deployed()
    assert now.concurrency >= 1
    assert now.max_instances >= 1
    assert now.back_off[0] < now.back_off[1]
    for name in ("functions.tf", "messaging.tf", "variables.tf"):
        (tmp_path / name).write_text("")
    with pytest.raises(ValueError, match="no ingest function"):
        deployed(tmp_path)
