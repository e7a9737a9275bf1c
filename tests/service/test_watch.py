"""One tick: what it sends, opens, resumes, follows, reports and puts off."""

import random
from dataclasses import replace

import orjson
import pytest

from attune.domain.run import RunState
from attune.errors import BusyError, UnavailableError
from attune.ports import Create, Key, RawDocument, Replace
from attune.services.manifests import of_aliases, of_leases, of_outbox, of_runs
from attune_local.vertex.mischief import Kind, Method, Mischief
from service.scenes import Line, beside, dies_at, drop, fill, launch_until, only_run, running, told, watch_until
from service.theatre import Director, Stage

MODEL_CALLS = frozenset({Method.GET_TUNING_JOB, Method.GET_ENDPOINT, Method.LIST_TUNING_JOBS})


def finished(mischief: Mischief | None = None, **settings: object) -> Stage:
    """A stage whose first run's job has come to its end, and nobody has looked yet."""
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, **settings)
    if mischief:
        stage.engine.misbehave(mischief)
    fill(stage, 4)
    stage.launch()
    stage.pass_time(60)
    stage.engine.tick()
    return stage


def endpoint(stage: Stage) -> str:
    made = stage.engine.jobs()[0].job.tuned_model
    assert made is not None
    return made.endpoint


def slots(stage: Stage) -> list[str]:
    return [found.value.dataset for found in stage.documents.find(of_leases.all_slots())]


# --- how a job ends ---------------------------------------------------------------------------------------------


def test_a_job_that_succeeded_goes_to_the_alias_in_one_tick() -> None:
    stage = finished()
    assert stage.watch().followed == {"d/r000001": RunState.PROMOTED}
    run = only_run(stage)
    assert [step.state for step in run.history[-3:]] == [RunState.RUNNING, RunState.EVALUATING, RunState.PROMOTED]
    assert [message.data for message in told(stage, "succeeded")] == [
        {
            "dataset": "d",
            "run": "r000001",
            "job": run.job,
            "model": run.model,
            "endpoint": run.endpoint,
            "dropped_rows": 0,
        }
    ]
    assert slots(stage) == []


def test_a_job_under_way_is_followed_and_its_state_kept() -> None:
    stage = running()
    assert stage.watch().followed == {"d/r000001": RunState.RUNNING}
    assert only_run(stage).job_state == "pending"
    stage.pass_time(2)
    stage.watch()
    assert only_run(stage).job_state == "running"


def test_a_job_that_failed_says_why_and_frees_its_slot() -> None:
    stage = finished(Mischief(Kind.FAIL, message="Out of luck."))
    stage.watch()
    run = only_run(stage)
    assert (run.state, run.reason) == (RunState.FAILED, "the job ended failed: Out of luck.")
    assert [message.data for message in told(stage, "failed")] == [
        {"dataset": "d", "run": "r000001", "reason": run.reason, "job": run.job, "model": None}
    ]
    assert slots(stage) == []


def test_a_job_that_failed_after_uploading_its_model_names_the_model() -> None:
    stage = finished(Mischief(Kind.NO_ENDPOINT))
    stage.watch()
    run = only_run(stage)
    assert run.state is RunState.FAILED
    assert run.model
    assert "with a model and no endpoint: Failed to create endpoint. Tuned model is uploaded" in str(run.reason)
    assert f"Deploy {run.model} by hand, or tune again" in str(run.reason)
    assert [message.data["model"] for message in told(stage, "failed")] == [run.model]


def test_a_job_that_expired_has_failed() -> None:
    stage = finished(Mischief(Kind.EXPIRE))
    stage.watch()
    assert (only_run(stage).state, only_run(stage).reason) == (RunState.FAILED, "the job ended expired")


def test_a_job_that_somebody_cancelled_cancels_its_run() -> None:
    stage = running()
    stage.engine.cancel_tuning_job(str(only_run(stage).job))
    stage.watch()
    assert (only_run(stage).state, only_run(stage).job_state) == (RunState.RUNNING, "cancelling")
    stage.pass_time(60)
    stage.watch()
    assert (only_run(stage).state, only_run(stage).reason) == (RunState.CANCELLED, "the tuning job was cancelled")
    assert len(told(stage, "cancelled")) == 1
    assert slots(stage) == []


def test_a_job_that_succeeded_partly_with_an_endpoint_has_succeeded() -> None:
    stage = finished(Mischief(Kind.PARTLY))
    stage.watch()
    assert (only_run(stage).state, only_run(stage).job_state) == (RunState.PROMOTED, "partially_succeeded")


def test_a_paused_job_is_noted_and_goes_on_when_it_goes_on() -> None:
    stage = finished(Mischief(Kind.PAUSE))
    stage.watch()
    assert only_run(stage).state is RunState.RUNNING
    assert "has paused the job" in str(only_run(stage).note)
    stage.engine.release()
    stage.settle()
    assert (only_run(stage).state, only_run(stage).note) == (RunState.PROMOTED, None)


def test_a_state_nobody_knows_is_no_end() -> None:
    stage = running()
    stage.settle()
    stage.engine.misbehave(Mischief(Kind.UNKNOWN_STATE, state=99))
    stage.engine.misbehave(Mischief(Kind.HOLD))
    fill(stage, 4, "more")
    stage.launch()
    stage.pass_time(60)
    stage.watch()
    run = stage.runs()[1]
    assert (run.state, run.job_state) == (RunState.RUNNING, "unknown")
    assert "not taken for an end" in str(run.note)
    stage.engine.release()
    stage.settle()
    assert stage.runs()[1].state is RunState.PROMOTED


def test_a_job_that_vanished_fails_its_run() -> None:
    stage = running()
    stage.engine.reset()
    stage.watch()
    assert only_run(stage).state is RunState.FAILED
    assert only_run(stage).reason == f"the service knows no job {only_run(stage).job}"


def test_dropped_rows_are_traced_to_their_pairs() -> None:
    stage = finished(Mischief(Kind.DROP_ROWS, indices=(2, 4)))
    stage.watch()
    run = only_run(stage)
    lines = [orjson.loads(line) for line in stage.file(run, "manifest").splitlines()]
    assert [(dropped.line, dropped.path) for dropped in run.dropped] == [(2, lines[1]["pair"]), (4, lines[3]["pair"])]
    assert all("contains an invalid audio file" in dropped.reason for dropped in run.dropped)
    assert run.dropped_count == 2
    assert [message.data["dropped_rows"] for message in told(stage, "succeeded")] == [2]
    assert run.state is RunState.PROMOTED


def test_an_endpoint_that_does_not_answer_is_waited_for_an_hour() -> None:
    stage = finished()
    stage.engine.vanish(endpoint(stage))
    assert stage.watch().followed == {"d/r000001": RunState.EVALUATING}
    assert slots(stage) == []
    stage.pass_time(3600)
    assert stage.watch().followed == {"d/r000001": RunState.EVALUATING}
    stage.pass_time(1)
    stage.watch()
    assert only_run(stage).state is RunState.FAILED
    assert "is not deployed behind" in str(only_run(stage).reason)
    assert stage.documents.get(of_aliases.alias("d")) is None
    assert len(told(stage, "succeeded")) == len(told(stage, "failed")) == 1


# --- the outbox -------------------------------------------------------------------------------------------------


def test_what_a_crash_left_in_the_outbox_is_sent_with_its_id() -> None:
    line = Line(down=True)
    stage = Stage(threshold=1, post=line)
    with pytest.raises(UnavailableError):
        drop(stage, "a")
    waiting = {found.value.id for found in stage.documents.find(of_outbox.waiting_messages())}
    line.down = False
    assert stage.watch().sent == 2
    assert {message.id for message in stage.post.sent[:2]} == waiting
    assert stage.documents.find(of_outbox.waiting_messages()) == []
    assert stage.watch().sent == 0


def test_what_was_sent_by_one_who_died_before_he_noted_it_is_sent_again_with_the_same_id() -> None:
    stage = finished()
    watch_until(stage, dies_at("post.publish", after=True))
    stage.settle()
    succeeded = told(stage, "succeeded")
    assert len(succeeded) == 2
    assert len({message.id for message in succeeded}) == 1
    assert only_run(stage).state is RunState.PROMOTED


@pytest.mark.parametrize(
    ("call", "nth"),
    [
        *(("documents.commit", nth) for nth in (1, 2, 3, 4)),
        *(("post.publish", nth) for nth in (1, 2)),
        ("tuning.job", 1),
        ("tuning.serves", 1),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_watcher_that_dies_anywhere_leaves_the_rest_to_the_next(call: str, nth: int, *, after: bool) -> None:
    stage = finished()
    watch_until(stage, dies_at(call, nth, after=after))
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert {message.type.rpartition(".")[2] for message in stage.post.sent} >= {"succeeded", "promoted"}
    assert len({message.id for message in told(stage, "promoted")}) == 1
    assert slots(stage) == []


# --- several at once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_two_ticks_at_once_do_no_harm(seed: int) -> None:
    stage = finished()
    director = Director(stage, random.Random(seed), crash_rate=0, at_once=3, duplicate_rate=0)  # noqa: S311 - a schedule
    director.ordered = len(stage.post.sent)
    director.pending += [("watch", None)] * 3
    director.play()
    stage.watch()
    alias = stage.documents.get(of_aliases.alias("d"))
    assert alias is not None
    assert (alias.value.serial, only_run(stage).state) == (1, RunState.PROMOTED)
    assert len({message.id for message in told(stage, "promoted")}) == 1
    assert slots(stage) == []


# --- resuming, orphans, troubles --------------------------------------------------------------------------------


def test_a_run_whose_order_was_lost_is_ordered_again_when_it_has_stalled() -> None:
    stage = Stage(threshold=1)
    drop(stage, "a")
    stage.pass_time(119)
    assert stage.watch().resumed == []
    stage.pass_time(1)
    assert stage.watch().resumed == ["d/r000001"]
    orders = told(stage, "launchTuning")
    assert len(orders) == 2
    assert len({order.id for order in orders}) == 1


@pytest.mark.parametrize("call", ["objects.compose", "tuning.create"])
def test_a_run_whose_launcher_died_is_ordered_again(call: str) -> None:
    stage = running()
    stage.settle()
    fill(stage, 4, "more")
    launch_until(stage, dies_at(call))
    assert stage.watch().resumed == []
    stage.pass_time(120)
    assert stage.watch().resumed == ["d/r000002"]


def test_a_second_job_with_a_runs_label_is_reported_as_an_orphan() -> None:
    stage = running()
    assert stage.watch().orphans == []
    first = stage.engine.jobs()[0].job
    stage.pass_time(1)
    stage.engine.cancel_tuning_job(first.name)
    stage.pass_time(60)
    second = stage.engine.create_tuning_job("projects/attune-local/locations/us-central1", first.request)
    (read,) = stage.documents.find(of_runs.active_runs("d"))
    stage.documents.commit(Replace(read, replace(read.value, job=second.name)))
    stage.engine.misbehave(Mischief(Kind.HOLD))
    assert stage.watch().orphans == [first.name]


def test_jobs_of_others_are_no_orphans() -> None:
    stage = running()
    theirs = replace(stage.engine.jobs()[0].job.request, labels={"attune_run": "somebody-else"})
    stage.pass_time(60)
    stage.engine.tick()
    stage.engine.create_tuning_job("projects/attune-local/locations/us-central1", theirs)
    assert stage.watch().orphans == []


def test_a_service_that_does_not_answer_is_asked_at_the_next_tick() -> None:
    stage = finished()
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE, methods=MODEL_CALLS))
    tick = stage.watch()
    assert tick.put_off == ["d/r000001: The service is currently unavailable."]
    assert only_run(stage).state is RunState.RUNNING
    assert stage.watch().followed == {"d/r000001": RunState.PROMOTED}


def test_jobs_that_cannot_be_listed_are_looked_through_at_the_next_tick() -> None:
    stage = finished()
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE, methods=frozenset({Method.LIST_TUNING_JOBS})))
    tick = stage.watch()
    assert tick.followed == {"d/r000001": RunState.PROMOTED}
    assert tick.put_off == ["orphans: The service is currently unavailable."]


def test_trouble_in_one_dataset_does_not_keep_the_others_waiting() -> None:
    stage = Stage(threshold=100)
    fill(stage, 2)
    other = beside(stage, "aaa")
    other.write_settings(threshold=5, max_wait_hours=1, min_pairs=1)
    damaged = Key(RawDocument, ("datasets", "aaa", "pairs", "damaged"))
    stage.documents.commit(Create(damaged, RawDocument({"due": "add", "due_hour": 1, "dataset": 3})))
    stage.write_settings(threshold=2)
    tick = stage.watch()
    assert tick.opened == ["d/r000001"]
    assert {trouble.partition(":")[0] for trouble in tick.put_off} == {"aaa"}


def test_a_tick_passes_over_a_dataset_that_is_being_launched() -> None:
    stage = Stage(threshold=1000)
    fill(stage, 40)
    launch_until(stage, dies_at("documents.commit", 2))
    tick = stage.watch()
    assert (tick.sharded, tick.put_off) == (0, [])


def test_a_launch_waits_for_a_tick_that_shards() -> None:
    stage = Stage(threshold=1000)
    fill(stage, 40)
    watch_until(stage, dies_at("objects.compose"))
    stage.write_settings(threshold=40)
    with pytest.raises(BusyError):
        stage.launch()
    stage.pass_time(601)
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED


def test_a_tick_where_nothing_is_happening_makes_a_few_calls_and_no_write() -> None:
    stage = finished()
    stage.settle()
    stage.calls.clear()
    stage.watch()
    assert "documents.commit" not in stage.calls
    assert not [call for call in stage.calls if call.startswith("tuning")]
    assert len(stage.calls) <= 16
