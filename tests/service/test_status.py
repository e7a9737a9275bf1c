"""What a person is told of the datasets: pairs, what the next run waits for, runs, alias, reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from attune import bootstrap
from attune.domain.arrival import Departure
from attune.domain.evaluation.verdict import Decision, Evaluation, Verdict
from attune.domain.ledger import Tally
from attune.domain.pair import PairState
from attune.domain.parked import Parked, Task
from attune.domain.run import RunState
from attune.ports import Create
from attune.services.manifests import of_evaluations, of_parked, of_sweeps
from attune.services.manifests.of_sweeps import Sweep
from attune.services.status import DatasetStatus, Overview, Status, sweep_status
from attune.services.sweep.swept import Swept
from service.scenes import another_run, beside, drop, fill, running
from service.theatre import START, Stage


def overview(stage: Stage, dataset: str | None = None) -> Overview:
    return bootstrap.status(stage.ports(), stage.deployment)(dataset)


def status(stage: Stage, dataset: str = "d") -> DatasetStatus:
    (found,) = overview(stage, dataset).datasets
    return found


def filled(**settings: object) -> Stage:
    """Three pairs in a dataset that takes ten to a run."""
    stage = Stage()
    stage.write_settings(**{"threshold": 10, "min_pairs": 2, **settings})
    fill(stage, 3)
    return stage


def test_pairs_are_counted_by_their_state_and_the_new_ones_too() -> None:
    stage = filled()
    drop(stage, "bad", b"no sound")
    stage.ingest(stage.upload("d/alone.txt", b"nobody said this"))
    found = status(stage)
    assert found.pairs == {
        PairState.ACCEPTED: 3,
        PairState.REJECTED: 1,
        PairState.WAITING: 1,
        PairState.ERASED: 0,
    }
    assert (found.new_pairs, found.settings.threshold) == (3, 10)


def test_nothing_is_written() -> None:
    stage = filled()
    before = stage.documents.paths()
    stage.calls.clear()
    overview(stage)
    assert stage.documents.paths() == before
    assert "documents.commit" not in stage.calls


def test_a_dataset_that_was_only_configured_is_there_and_one_that_nobody_knows_is_not() -> None:
    stage = Stage()
    assert status(stage).last_run is None
    assert overview(stage, "other").datasets == ()
    assert overview(stage, "other").outbox == 0


def test_all_datasets_are_there_in_the_order_of_their_names() -> None:
    stage = filled()
    fill(beside(stage, "a"), 1)
    assert [each.dataset for each in overview(stage).datasets] == ["a", "d"]


# --- what the next run waits for --------------------------------------------------------------------------------


def test_the_next_run_waits_for_the_threshold() -> None:
    assert status(filled()).waits_for == ("7 more new pairs",)


def test_or_for_the_oldest_pair_to_have_waited_long_enough() -> None:
    assert status(filled(max_wait_hours=24)).waits_for == ("7 more new pairs, or 2026-01-02 00:00 UTC",)


def test_or_for_the_fewest_pairs_that_may_start_one() -> None:
    assert status(filled(max_wait_hours=24, min_pairs=5)).waits_for == (
        "7 more new pairs, or 2 more and max_wait_hours",
    )


def test_a_paused_dataset_waits_for_its_release_whatever_is_in() -> None:
    assert status(filled(paused=True, threshold=3)).waits_for == ("the dataset is paused",)


def test_an_opened_run_takes_what_is_new_before_the_next_can_open() -> None:
    stage = Stage()
    stage.write_settings(threshold=4)
    fill(stage, 4)
    found = status(stage)
    assert found.waits_for == ("the cut of r000001, which takes what is new by then",)
    assert [run.state for run in found.under_way] == [RunState.OPENED]


def test_a_run_waits_for_the_cooldown_after_the_last_one() -> None:
    stage = running(cooldown_hours=5)
    fill(stage, 4, "more")
    assert status(stage).waits_for == ("the end of cooldown_hours, 2026-01-01 05:00 UTC",)


def test_where_nothing_is_waited_for_the_next_tick_opens_the_run() -> None:
    stage = filled(paused=True)
    stage.write_settings(threshold=3)
    assert status(stage).waits_for == ()
    assert stage.watch().opened == ["d/r000001"]


# --- runs, alias, slots, reports --------------------------------------------------------------------------------


def test_a_running_run_is_under_way_with_its_slot() -> None:
    stage = running()
    another_run(stage, "more")
    found = overview(stage)
    assert [(run.id, run.state) for run in found.datasets[0].under_way] == [
        ("r000001", RunState.RUNNING),
        ("r000002", RunState.ASSEMBLED),
    ]
    assert [(slot.dataset, slot.run) for slot in found.slots] == [("d", "r000001")]


def test_a_run_that_waits_for_its_promotion_is_under_way_too() -> None:
    stage = running(promotion="manual")
    stage.settle()
    (run,) = status(stage).under_way
    assert (run.state, run.active) == (RunState.AWAITING_APPROVAL, False)


def test_the_alias_is_the_one_that_the_settings_name() -> None:
    stage = running(alias="champion")
    stage.settle()
    found = status(stage)
    assert found.alias
    assert (found.alias.name, found.alias.current.run) == ("champion", "r000001")
    assert found.under_way == ()
    assert found.last_run
    assert found.last_run.state is RunState.PROMOTED


def test_a_report_has_its_addresses_once_it_was_written() -> None:
    stage = filled()
    assert status(stage).reports is None
    stage.pass_time(120)
    stage.watch()
    found = status(stage).reports
    assert found
    assert (found.page, found.lines) == ("gs://datasets/reports/d/report.html", "gs://datasets/reports/d/report.jsonl")


def test_messages_that_wait_are_counted() -> None:
    stage = running()
    bootstrap.cancelling(stage.ports(), stage.deployment)("d", "1", "no use for it")
    assert overview(stage).outbox == 1
    stage.watch()
    assert overview(stage).outbox == 0


# --- the intake bucket ------------------------------------------------------------------------------------------


def sweep(stage: Stage, *, whole: bool = True) -> None:
    """A pass over the bucket; or the first call of one that goes no further than a page of objects."""
    service = bootstrap.sweeping(stage.ports(), stage.deployment)
    if whole:
        service(Swept())
    else:
        replace(service, budget=timedelta(0))(Swept())


def test_a_dataset_has_the_ledger_of_the_last_pass() -> None:
    stage = filled()
    assert (status(stage).ledger, overview(stage).sweep) == (None, None)
    sweep(stage)
    ledger = status(stage).ledger
    assert ledger
    assert (ledger.listed, ledger.accepted, ledger.gap, ledger.at) == (6, 6, 0, stage.now)
    assert ledger == stage.documents.get(of_sweeps.ledger("d")).value


def test_a_pass_that_has_ended_rests_until_the_next() -> None:
    stage = filled()
    sweep(stage)
    stage.pass_time(60)
    found = Status(stage.documents, stage.clock, "datasets", timedelta(hours=5))().sweep
    assert found
    assert (found.pass_number, found.finished_at, found.listed) == (1, START, 6)
    assert (found.expected, found.left, found.next_at) == (None, None, START + timedelta(hours=5))


def test_a_pass_under_way_tells_how_far_it_is_and_how_long_it_may_take() -> None:
    stage = filled()
    sweep(stage)
    fill(stage, 3, "more")
    fill(beside(stage, "e"), 6)
    stage.pass_time(86_400)
    sweep(stage, whole=False)
    stage.pass_time(3)
    found = overview(stage).sweep
    assert found
    assert (found.pass_number, found.finished_at, found.listed, found.expected) == (2, None, 12, 6)
    assert (found.rate, found.left) == (4.0, None)


@pytest.mark.parametrize(
    ("sweep", "left"),
    [
        (Sweep(2, START, counted=Tally(listed=20), total=Tally(listed=10), last_listed=90), timedelta(seconds=20)),
        (Sweep(2, START, counted=Tally(listed=20), last_listed=20), None),
        (Sweep(2, START, last_listed=90), None),
        (Sweep(1, START, total=Tally(listed=30)), None),
        (Sweep(2, START, total=Tally(listed=30), last_listed=90, listed_all=True), None),
    ],
)
def test_what_is_left_of_a_pass_is_said_where_its_pace_and_its_end_are_known(
    sweep: Sweep, left: timedelta | None
) -> None:
    assert sweep_status(sweep, START + timedelta(seconds=10), None).left == left


def test_events_that_are_parked_are_counted_and_a_few_are_named() -> None:
    stage = filled()
    assert (overview(stage).parked, overview(stage).parked_first) == (0, ())
    for number in range(5):
        parked = Parked(Task.INGEST, f"d/{number}.wav", "it is damaged", START, START, parked=number > 0)
        stage.documents.commit(Create(of_parked.parked(parked.id), parked))
    found = overview(stage)
    assert (found.parked, len(found.parked_first)) == (4, 3)
    assert "d/0.wav" not in {each.subject for each in found.parked_first}


def test_pairs_that_are_still_to_be_forgotten_are_counted() -> None:
    stage = filled()
    generation = stage.delete("d/clip1.wav")
    bootstrap.erase(stage.ports())(Departure("d/clip1.wav", generation))
    assert (overview(stage).to_forget, status(stage).pairs[PairState.WAITING]) == (1, 1)
    stage.watch()
    assert overview(stage).to_forget == 0


def test_what_is_known_of_the_bucket_costs_few_calls_and_none_a_dataset() -> None:
    """A dataset costs 11 calls: 5 counts, 4 reads and 2 lists, beside the 7 for all together."""
    stage = filled()
    sweep(stage)
    stage.calls.clear()
    overview(stage)
    assert len(stage.calls) == 7 + 11
    beside(stage, "e").write_settings(threshold=3)
    stage.calls.clear()
    overview(stage)
    assert len(stage.calls) == 7 + 2 * 11


# --- settings ---------------------------------------------------------------------------------------------------


def test_settings_that_cannot_be_used_are_told_with_the_last_good_ones() -> None:
    stage = filled()
    stage.watch()
    stage.pass_time(60)
    stage.write_settings(threshold=0)
    stage.watch()
    found = status(stage)
    assert found.settings.threshold == 10
    assert found.errors == ("threshold: Input should be greater than or equal to 1",)
    assert found.errors_since == stage.now


def test_a_bad_edit_is_told_before_any_tick_has_seen_it() -> None:
    stage = filled()
    stage.watch()
    stage.write_settings(threshold=0)
    found = status(stage)
    assert (found.settings.threshold, found.errors_since) == (10, None)
    assert found.errors == ("threshold: Input should be greater than or equal to 1",)


def test_an_edit_that_mends_them_is_told_before_any_tick_has_seen_it() -> None:
    stage = filled()
    stage.write_settings(threshold=0)
    stage.watch()
    stage.write_settings(threshold=12)
    found = status(stage)
    assert (found.settings.threshold, found.errors, found.errors_since) == (12, (), None)


# --- runs -------------------------------------------------------------------------------------------------------


def test_runs_come_newest_first_and_no_more_than_wanted() -> None:
    stage = running()
    another_run(stage, "more")
    service = bootstrap.runs(stage.ports())
    assert [run.id for run in service.newest("d", 10)] == ["r000002", "r000001"]
    assert [run.id for run in service.newest("d", 1)] == ["r000002"]
    assert service.newest("other", 10) == []


def test_a_run_is_found_by_what_a_person_writes_for_it() -> None:
    stage = running()
    service = bootstrap.runs(stage.ports())
    found = [service.whole("d", text) for text in ("r000001", "1")]
    assert [each.run.id for each in found if each] == ["r000001", "r000001"]
    assert [service.whole("d", text) for text in ("2", "first", "")] == [None, None, None]


def test_a_run_comes_with_what_was_measured_of_it() -> None:
    stage = running()
    verdict = Verdict(Decision.PASS, "it is better")
    measured = Evaluation(stage.now, examples=20, held_out=30, normalisation="as it stands", verdict=verdict)
    service = bootstrap.runs(stage.ports())
    before = service.whole("d", "1")
    assert before
    assert before.evaluation is None
    stage.documents.commit(Create(of_evaluations.evaluation("d", 1), measured))
    after = service.whole("d", "1")
    assert after
    assert after.evaluation == measured
