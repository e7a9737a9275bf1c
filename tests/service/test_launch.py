"""From the files to the one tuning job: refusals, lost answers, queues, and launchers that die or come twice."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from attune import bootstrap
from attune.domain.quality.words import words_digest
from attune.domain.run import RunState
from attune.domain.split import Split, split_of
from attune.errors import BusyError, PassingError, UnansweredError, UnavailableError
from attune.ports import Replace
from attune.ports_tuning import JobSpec
from attune.services.manifests import of_leases, of_runs
from attune_local.twins.tuning import EngineTuning
from attune_local.vertex.mischief import Kind, Method, Mischief
from service.scenes import beside, dies_at, drop, fill, launch_until, only_run, told
from service.theatre import Director, Stage

OPEN = {"threshold": 4, "validation_fraction": 0}


def opened(quota: int = 1, **settings: object) -> Stage:
    stage = Stage(quota=quota)
    stage.write_settings(**OPEN | settings)
    fill(stage, 4)
    assert only_run(stage).state is RunState.OPENED
    return stage


def slots(stage: Stage) -> list[str]:
    return [found.value.dataset for found in stage.documents.find(of_leases.all_slots())]


def somebody_elses_job(stage: Stage) -> str:
    """A job of the same project that is not ours and takes the quota."""
    stage.bucket.upload("theirs.jsonl", b"{}\n")
    spec = JobSpec("theirs", "theirs", "gemini-2.5-flash", None, "gs://datasets/theirs.jsonl", None, None, None, None)
    return EngineTuning(stage.engine).create(spec).name


# --- one job ----------------------------------------------------------------------------------------------------


def test_a_launch_takes_an_opened_run_to_a_running_job() -> None:
    stage = opened(epochs=3, learning_rate_multiplier=0.5, adapter_size=8)
    stage.launch()
    run = only_run(stage)
    (record,) = stage.engine.jobs()
    request = record.job.request
    assert (run.state, run.job) == (RunState.RUNNING, record.job.name)
    assert run.train
    assert (request.training_uri, request.base_model) == (run.train.uri, "gemini-2.5-flash")
    assert (request.epochs, request.learning_rate_multiplier, request.adapter_size) == (3, 0.5, 8)
    assert request.labels == {"attune_run": "d-r000001"}
    assert slots(stage) == ["d"]


def test_a_start_is_announced_with_its_job_and_files() -> None:
    stage = opened()
    stage.launch()
    run = only_run(stage)
    assert run.train
    assert run.manifest
    assert [message.data for message in told(stage, "started")] == [
        {
            "dataset": "d",
            "run": "r000001",
            "job": run.job,
            "base_model": "gemini-2.5-flash",
            "train_uri": run.train.uri,
            "train_rows": 4,
            "validation_rows": 0,
            "manifest_uri": run.manifest.uri,
        }
    ]


def test_the_same_order_twice_starts_one_job() -> None:
    stage = opened()
    stage.launch()
    assert stage.launch() == []
    assert len(stage.engine.jobs()) == 1


def test_an_order_for_a_dataset_without_runs_does_nothing() -> None:
    assert Stage().launch() == []


@pytest.mark.parametrize("seed", range(8))
def test_launchers_at_the_same_time_start_one_job(seed: int) -> None:
    stage = opened()
    director = Director(stage, random.Random(seed), crash_rate=0, at_once=4, duplicate_rate=0.2)  # noqa: S311 - a schedule
    director.pending += [("launch", None)] * 4 + [("watch", None)] * 2
    director.play()
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1


def test_a_job_whose_answer_was_lost_is_found_by_its_label() -> None:
    stage = opened()
    stage.engine.misbehave(Mischief(Kind.LOSE_ANSWER))
    with pytest.raises(UnansweredError):
        stage.launch()
    assert only_run(stage).state is RunState.LAUNCHING
    stage.launch()
    (record,) = stage.engine.jobs()
    assert (only_run(stage).state, only_run(stage).job) == (RunState.RUNNING, record.job.name)


def test_a_lost_answer_is_looked_for_by_the_tick_when_no_order_comes_again() -> None:
    stage = opened()
    stage.engine.misbehave(Mischief(Kind.LOSE_ANSWER))
    with pytest.raises(UnansweredError):
        stage.launch()
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1


def test_a_create_that_never_reached_the_service_is_asked_again_only_when_the_intent_has_run_out() -> None:
    stage = opened()
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE, methods=frozenset({Method.CREATE_TUNING_JOB})))
    with pytest.raises(UnansweredError):
        stage.launch()
    stage.pass_time(60)
    with pytest.raises(BusyError):
        stage.launch()
    assert stage.engine.jobs() == ()
    stage.pass_time(120)
    stage.launch()
    assert len(stage.engine.jobs()) == 1


def test_a_launcher_that_died_before_creating_is_followed_by_one_who_waits_looks_and_creates() -> None:
    stage = opened()
    launch_until(stage, dies_at("tuning.create"))
    assert only_run(stage).state is RunState.LAUNCHING
    stage.pass_time(601)
    _extend_intent(stage, 100)
    with pytest.raises(BusyError, match="is being launched by another instance"):
        stage.launch()
    assert stage.engine.jobs() == ()
    stage.pass_time(100)
    stage.calls.clear()
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING
    assert len(stage.engine.jobs()) == 1
    assert [call for call in stage.calls if call.startswith("tuning")] == [
        "tuning.jobs",
        "tuning.jobs",
        "tuning.create",
    ]


def _extend_intent(stage: Stage, seconds: int) -> None:
    """As if the dead launcher had written its intent just before its lease ran out."""
    (read,) = stage.documents.find(of_runs.active_runs("d"))
    until = stage.now + timedelta(seconds=seconds)
    stage.documents.commit(Replace(read, replace(read.value, intent_until=until)))


def test_a_launcher_that_died_after_creating_leaves_a_job_that_the_next_finds_at_once() -> None:
    stage = opened()
    launch_until(stage, dies_at("tuning.create", after=True))
    stage.pass_time(601)
    stage.calls.clear()
    stage.launch()
    assert only_run(stage).job == stage.engine.jobs()[0].job.name
    assert "tuning.create" not in stage.calls


def test_a_launcher_with_too_little_of_its_intent_left_does_not_create() -> None:
    """A create call may take a minute: one that begins late could outlast the intent, and somebody look too soon."""
    stage = opened()
    looked = once(lambda: stage.pass_time(150))
    with pytest.raises(BusyError, match="too little is left of the intent"):
        bootstrap.launch(stage.ports(before("tuning.jobs", looked)), stage.deployment)("d")
    assert stage.engine.jobs() == ()
    stage.pass_time(601)
    stage.launch()
    assert len(stage.engine.jobs()) == 1


# --- refusals ---------------------------------------------------------------------------------------------------


def test_a_refusal_fails_the_run_frees_its_slot_and_is_announced() -> None:
    stage = opened()
    stage.engine.misbehave(Mischief(Kind.REFUSE_CREATE, message="Base model is retired."))
    stage.launch()
    run = only_run(stage)
    assert (run.state, run.reason, run.active) == (RunState.FAILED, "Base model is retired.", False)
    assert slots(stage) == []
    assert [message.data for message in told(stage, "failed")] == [
        {"dataset": "d", "run": "r000001", "reason": "Base model is retired.", "job": None, "model": None}
    ]


def test_a_full_quota_puts_the_run_back_in_the_queue_until_there_is_room() -> None:
    stage = opened()
    theirs = somebody_elses_job(stage)
    (as_it_stands,) = stage.launch()
    run = only_run(stage)
    assert as_it_stands == run
    assert (run.state, slots(stage)) == (RunState.ASSEMBLED, [])
    assert "quota" in str(run.note)
    assert stage.calls.count("tuning.create") == 1
    assert stage.watch().resumed == ["d/r000001"]
    stage.launch()
    assert only_run(stage).state is RunState.ASSEMBLED
    stage.engine.cancel_tuning_job(theirs)
    stage.pass_time(60)
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert only_run(stage).note is None
    assert told(stage, "failed") == []


def test_what_the_service_would_not_take_fails_before_any_job_is_asked_for() -> None:
    stage = opened(base_model="gemini-2.5-pro", adapter_size=16)
    stage.launch()
    assert only_run(stage).state is RunState.FAILED
    assert only_run(stage).reason == "adapter_size 16 is not one of gemini-2.5-pro's: 1, 2, 4, 8"
    assert [message.data["reason"] for message in told(stage, "failed")] == [only_run(stage).reason]
    assert "tuning.create" not in stage.calls
    assert slots(stage) == []


def test_a_run_with_nothing_to_train_on_fails_before_any_job_is_asked_for() -> None:
    texts = (f"it says {at}" for at in range(99))
    held_out = next(text for text in texts if split_of("d", words_digest(text), 0.5) is Split.VALIDATION)
    stage = Stage()
    stage.write_settings(threshold=1, validation_fraction=0.5)
    drop(stage, "a", text=held_out.encode())
    stage.launch()
    assert only_run(stage).state is RunState.FAILED
    assert "no pair is on the training side" in str(only_run(stage).reason)
    assert "tuning.create" not in stage.calls


# --- queues -----------------------------------------------------------------------------------------------------


def test_two_datasets_share_one_slot_and_the_second_waits_for_it() -> None:
    one = opened(quota=5)
    other = beside(one, "other")
    other.write_settings(**OPEN)
    fill(other, 4)
    one.launch()
    other.launch()
    assert (only_run(one).state, only_run(other).state) == (RunState.RUNNING, RunState.ASSEMBLED)
    assert len(one.engine.jobs()) == 1
    one.pass_time(60)
    one.watch()
    assert only_run(one).state is RunState.PROMOTED
    other.launch()
    assert only_run(other).state is RunState.RUNNING
    assert slots(one) == ["other"]


def test_as_many_jobs_run_as_there_are_slots() -> None:
    one = opened(quota=5)
    one.deployment = one.deployment.model_copy(update={"max_concurrent_jobs": 2})
    others = [beside(one, name) for name in ("b", "c")]
    for stage in others:
        stage.write_settings(**OPEN)
        fill(stage, 4)
    for stage in (one, *others):
        stage.launch()
    assert [only_run(stage).state for stage in (one, *others)] == [
        RunState.RUNNING,
        RunState.RUNNING,
        RunState.ASSEMBLED,
    ]


def test_a_run_whose_launcher_died_with_its_slot_uses_that_slot() -> None:
    stage = opened()
    launch_until(stage, dies_at("documents.commit", _commits_until_the_slot(), after=True))
    assert (only_run(stage).state, slots(stage)) == (RunState.ASSEMBLED, ["d"])
    stage.pass_time(601)
    stage.launch()
    assert (only_run(stage).state, slots(stage)) == (RunState.RUNNING, ["d"])


def _commits_until_the_slot() -> int:
    """How many commits a launch of the same run makes up to the one that claims its slot."""
    stage = opened()
    seen: list[int] = []

    def gate(name: str) -> Callable[[], None]:
        if name == "documents.commit" and not slots(stage):
            seen.append(len(seen))
        return lambda: None

    bootstrap.launch(stage.ports(gate), stage.deployment)("d")
    return len(seen)


def test_a_second_run_of_a_dataset_is_made_ready_while_the_first_one_runs() -> None:
    stage = opened(quota=5)
    stage.launch()
    fill(stage, 4, "more")
    stage.launch()
    assert [run.state for run in stage.runs()] == [RunState.RUNNING, RunState.ASSEMBLED]
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED, RunState.PROMOTED]


# --- the lease --------------------------------------------------------------------------------------------------


def test_while_somebody_else_holds_the_lease_there_is_nothing_to_do() -> None:
    stage = opened()
    launch_until(stage, dies_at("objects.compose"))
    with pytest.raises(BusyError, match="d is being cut or sharded by another instance until 00:10:00"):
        stage.launch()
    stage.pass_time(600)
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING


def test_the_lease_of_one_dataset_is_nothing_to_another() -> None:
    stage = opened(quota=5)
    other = beside(stage, "other")
    other.write_settings(**OPEN)
    fill(other, 4)
    launch_until(stage, dies_at("objects.compose"))
    other.launch()
    assert only_run(other).state is RunState.RUNNING


@pytest.mark.parametrize("call", ["documents.commit", "objects.put", "objects.compose", "tuning.jobs"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_launcher_whose_lease_ran_out_while_it_worked_writes_nothing_any_more(call: str, nth: int) -> None:
    stage = opened()

    def overtake() -> None:
        stage.pass_time(700)
        stage.launch()

    with suppress(PassingError):
        bootstrap.launch(stage.ports(before(call, nth_time(nth, overtake))), stage.deployment)("d")
    assert only_run(stage).state is RunState.RUNNING
    assert len(stage.engine.jobs()) == 1
    assert {pair.taken_by for pair in stage.pairs()} == {"r000001"}
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED


# --- troubles ---------------------------------------------------------------------------------------------------


def test_a_service_that_does_not_answer_when_it_is_looked_at_is_asked_later() -> None:
    stage = opened()
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE, methods=frozenset({Method.LIST_TUNING_JOBS})))
    with pytest.raises(UnavailableError):
        stage.launch()
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1


def before(call: str, what: Callable[[], object]) -> Callable[[str], Callable[[], None]]:
    """Something that happens before every call of that name."""

    def gate(name: str) -> Callable[[], None]:
        if name == call:
            what()
        return lambda: None

    return gate


def once(what: Callable[[], object]) -> Callable[[], None]:
    """Something that happens the first time only."""
    return nth_time(1, what)


def nth_time(nth: int, what: Callable[[], object]) -> Callable[[], None]:
    """Something that happens the nth time only."""
    left = [nth]

    def call() -> None:
        left[0] -= 1
        if left[0] == 0:
            what()

    return call
