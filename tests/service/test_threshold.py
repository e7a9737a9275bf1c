"""When a run opens: once the pairs are in, and never twice for the same ones."""

import random

import pytest

from attune.domain.arrival import Arrival
from attune.domain.pair import Due
from attune.domain.run import RunState
from attune.errors import UnavailableError
from service.scenes import Line, another_run, beside, drop, fill, only_run, running, sound, told
from service.theatre import START, Director, Stage, wav


def test_nothing_opens_below_the_threshold() -> None:
    stage = Stage(threshold=4)
    fill(stage, 3)
    stage.watch()
    assert stage.runs() == []
    assert stage.post.sent == []


def test_the_pair_that_reaches_the_threshold_opens_the_run_and_announces_it() -> None:
    stage = Stage(threshold=4)
    fill(stage, 4)
    run = only_run(stage)
    assert (run.state, run.threshold, run.id) == (RunState.OPENED, 4, "r000001")
    assert [message.data for message in told(stage, "thresholdReached")] == [
        {"dataset": "d", "run": "r000001", "pairs": 4, "threshold": 4, "waited": False}
    ]
    assert [message.data for message in told(stage, "launchTuning")] == [{"dataset": "d", "run": "r000001"}]


def test_waiting_and_rejected_pairs_do_not_count() -> None:
    stage = Stage(threshold=2)
    drop(stage, "a")
    drop(stage, "b", b"broken")
    stage.ingest(stage.upload("d/c.wav", sound("c")))
    stage.watch()
    assert stage.runs() == []


@pytest.mark.parametrize("seed", range(8))
def test_pairs_that_come_at_the_same_time_open_no_run_twice(seed: int) -> None:
    stage = Stage(threshold=2)
    director = Director(stage, random.Random(seed), crash_rate=0, at_once=6, duplicate_rate=0.3)  # noqa: S311 - a schedule
    for path in "abcd":
        arrivals = [stage.upload(f"d/{path}.wav", sound(path)), stage.upload(f"d/{path}.txt", b"hello")]
        director.pending += [("object", arrival) for arrival in arrivals]
    director.pending += [("watch", None)] * 2
    director.play()
    stage.settle()
    assert len({message.id for message in told(stage, "thresholdReached")}) == len(stage.runs())
    left = sum(pair.due is Due.ADD for pair in stage.pairs())
    assert left < 2
    assert sum(run.pairs_taken for run in stage.runs()) + left == 4


def test_no_second_run_opens_before_the_first_has_made_its_cut() -> None:
    stage = Stage(threshold=4)
    fill(stage, 12)
    stage.watch()
    assert len(stage.runs()) == 1
    stage.launch()
    assert only_run(stage).pairs_taken == 12
    stage.watch()
    assert len(stage.runs()) == 1


def test_what_arrives_after_the_cut_is_counted_for_the_next_run() -> None:
    stage = Stage(threshold=4)
    fill(stage, 4)
    stage.launch()
    fill(stage, 3, "more")
    assert len(stage.runs()) == 1
    fill(stage, 1, "last")
    assert [run.number for run in stage.runs()] == [1, 2]


def test_a_paused_dataset_takes_pairs_in_and_opens_nothing_until_it_goes_on() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, paused=True, max_wait_hours=1, min_pairs=1)
    fill(stage, 3)
    stage.pass_time(7200)
    stage.watch()
    assert stage.runs() == []
    stage.write_settings(threshold=2)
    stage.watch()
    assert only_run(stage).state is RunState.OPENED


def test_runs_keep_their_distance_of_cooldown_hours() -> None:
    stage = running(cooldown_hours=5)
    fill(stage, 6, "more")
    stage.pass_time(5 * 3600 - 1)
    stage.watch()
    assert len(stage.runs()) == 1
    stage.pass_time(1)
    stage.watch()
    assert len(stage.runs()) == 2


def test_fewer_pairs_are_enough_once_the_oldest_has_waited_long() -> None:
    stage = Stage()
    stage.write_settings(threshold=100, max_wait_hours=24, min_pairs=3)
    fill(stage, 3)
    stage.pass_time(23 * 3600)
    stage.watch()
    assert stage.runs() == []
    stage.pass_time(3600)
    stage.watch()
    assert only_run(stage).state is RunState.OPENED
    assert [message.data for message in told(stage, "thresholdReached")] == [
        {"dataset": "d", "run": "r000001", "pairs": 3, "threshold": 100, "waited": True}
    ]


def test_fewer_than_min_pairs_wait_on() -> None:
    stage = Stage()
    stage.write_settings(threshold=100, max_wait_hours=24, min_pairs=3)
    fill(stage, 2)
    stage.pass_time(100 * 3600)
    stage.watch()
    assert stage.runs() == []
    fill(stage, 1, "late")
    stage.watch()
    assert only_run(stage).state is RunState.OPENED


def test_a_pair_that_came_late_in_its_hour_waits_its_hours_in_full() -> None:
    stage = Stage(now=START.replace(minute=50))
    stage.write_settings(threshold=100, max_wait_hours=2, min_pairs=1)
    fill(stage, 1)
    stage.pass_time(2 * 3600 - 60)
    stage.watch()
    assert stage.runs() == []
    stage.pass_time(60)
    stage.watch()
    assert only_run(stage).state is RunState.OPENED


def test_more_min_pairs_than_the_threshold_are_the_threshold() -> None:
    stage = Stage()
    stage.write_settings(threshold=5, max_wait_hours=1, min_pairs=10)
    fill(stage, 4)
    stage.pass_time(2 * 3600)
    stage.watch()
    assert stage.runs() == []


def test_without_max_wait_hours_nobody_waits_for_less() -> None:
    stage = Stage(threshold=100)
    fill(stage, 20)
    stage.pass_time(10_000 * 3600)
    stage.watch()
    assert stage.runs() == []


def test_a_duplicate_opens_the_run_that_its_first_delivery_died_before_opening() -> None:
    stage = Stage(threshold=1)
    stage.write_settings(threshold=1, paused=True)
    drop(stage, "a")
    stage.write_settings(threshold=1)
    stage.ingest(stage.upload("d/b.wav", wav()))
    assert stage.runs() == []
    found = stage.pair("a").transcript
    stage.ingest(Arrival(found.name, found.generation, found.size))
    assert only_run(stage).state is RunState.OPENED


def test_a_run_opened_while_its_topic_is_down_is_announced_by_the_next_tick() -> None:
    line = Line(down=True)
    stage = Stage(threshold=1, post=line)
    with pytest.raises(UnavailableError):
        drop(stage, "a")
    assert only_run(stage).state is RunState.OPENED
    assert stage.post.sent == []
    line.down = False
    assert stage.watch().sent == 2
    assert len(told(stage, "thresholdReached")) == len(told(stage, "launchTuning")) == 1


def test_two_datasets_count_for_themselves() -> None:
    one = Stage(threshold=2)
    other = beside(one, "other")
    other.write_settings(threshold=2)
    drop(one, "a")
    drop(other, "a")
    assert one.runs() == other.runs() == []
    drop(other, "b")
    assert one.runs() == []
    assert only_run(other).dataset == "other"


def test_every_run_has_the_next_number() -> None:
    stage = running()
    stage.settle()
    another_run(stage, "more")
    stage.settle()
    assert [run.id for run in stage.runs()] == ["r000001", "r000002"]
