"""Runs that a person gives up: before their job, with it, and when it is too late."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from attune import bootstrap
from attune.domain.events.message import Channel
from attune.domain.run import Run, RunState
from attune.errors import UnavailableError
from attune.ports_tuning import JobState
from attune.services.approve import Answer
from attune.services.manifests import of_aliases, of_leases
from attune_local.twins.tuning import EngineTuning
from attune_local.vertex.mischief import Kind, Mischief
from service.scenes import Gate, another_run, dies_at, fill, launch_until, only_run, running, told
from service.theatre import Director, Killed, Stage


def cancel(stage: Stage, run: str = "r000001", gate: Gate | None = None) -> Answer:
    return bootstrap.cancelling(stage.ports(gate), stage.deployment)(stage.dataset, run, "no use for it")


def opened() -> Stage:
    """A stage whose first run has just been opened."""
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0)
    fill(stage, 4)
    return stage


def launching() -> Stage:
    """A stage whose launcher died as it was to ask for the job."""
    stage = opened()
    launch_until(stage, dies_at("tuning.create"))
    assert only_run(stage).state is RunState.LAUNCHING
    return stage


def slots(stage: Stage) -> list[str]:
    return [found.value.run for found in stage.documents.find(of_leases.all_slots())]


def job_state(stage: Stage) -> JobState:
    (record,) = stage.engine.jobs()
    found = EngineTuning(stage.engine).job(record.job.name)
    assert found
    return found.state


def check_cancelled(stage: Stage, run: Run, jobs: int) -> None:
    """It is, for good: whatever ticks and launchers do, and it is told once."""
    assert (run.state, run.reason, run.active) == (RunState.CANCELLED, "no use for it", False)
    assert slots(stage) == []
    stage.settle()
    assert stage.runs()[run.number - 1] == run
    assert len(stage.engine.jobs()) == jobs
    assert {(each.data["run"], each.data["reason"]) for each in told(stage, "cancelled")} == {(run.id, "no use for it")}
    assert len({each.id for each in told(stage, "cancelled")}) == 1
    assert stage.documents.get(of_aliases.alias("d")) is None


# --- before the job ---------------------------------------------------------------------------------------------


def test_an_opened_run_is_cancelled_at_once_and_its_pairs_open_another() -> None:
    stage = opened()
    assert cancel(stage) == Answer(
        stands=True,
        said="run r000001 of d is cancelled; its pairs may open another at the next tick, unless the dataset is paused",
    )
    assert only_run(stage).state is RunState.CANCELLED
    stage.settle()
    assert [run.state for run in stage.runs()][:1] == [RunState.CANCELLED]
    assert len(stage.runs()) == 2


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_run_whose_launcher_died_anywhere_before_the_job_is_cancelled_and_nothing_of_it_is_lost(nth: int) -> None:
    stage = opened()
    launch_until(stage, dies_at("documents.commit", nth))
    stage.pass_time(700)
    assert cancel(stage).stands
    assert slots(stage) == []
    fill(stage, 4, "more")
    stage.settle()
    last = stage.runs()[-1]
    assert stage.runs()[0].state is RunState.CANCELLED
    assert len(stage.file(last, "train").splitlines()) == 8


def test_a_run_that_waits_for_a_slot_is_cancelled_and_takes_none() -> None:
    stage = running()
    another_run(stage, "more")
    assert stage.runs()[1].state is RunState.ASSEMBLED
    assert cancel(stage, "2").stands
    assert slots(stage) == ["r000001"]
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED, RunState.CANCELLED]


def test_a_run_that_is_held_for_its_cost_is_cancelled() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, epochs=3, max_run_cost_usd=0.001)
    fill(stage, 4)
    stage.launch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL
    assert cancel(stage).stands
    check_cancelled(stage, only_run(stage), jobs=0)


def test_while_a_launcher_works_on_an_assembled_run_it_is_not_cancelled() -> None:
    """Else it could take a slot that nobody gives back."""
    stage = opened()
    answers: list[Answer] = []

    def gate(call: str) -> Callable[[], None]:
        if call == "documents.commit" and only_run(stage).state is RunState.ASSEMBLED and not answers:
            answers.append(cancel(stage))
        return lambda: None

    bootstrap.launch(stage.ports(gate), stage.deployment)("d")
    (answer,) = answers
    assert not answer.stands
    assert "cannot be cancelled at this moment: d is being cut or sharded by another instance until" in answer.said
    assert only_run(stage).state is RunState.RUNNING


# --- while the job is asked for ---------------------------------------------------------------------------------


def test_while_its_job_may_be_asked_for_it_is_not_cancelled() -> None:
    stage = launching()
    answer = cancel(stage)
    assert not answer.stands
    assert "is being asked for at this moment, until 00:0" in answer.said
    assert only_run(stage).state is RunState.LAUNCHING


def test_once_nobody_can_ask_for_its_job_any_more_it_is_cancelled() -> None:
    stage = launching()
    stage.pass_time(200)
    assert cancel(stage).said == "run r000001 of d is cancelled; it has no tuning job"
    check_cancelled(stage, only_run(stage), jobs=0)


def test_a_job_that_was_asked_for_and_not_recorded_is_found_and_cancelled() -> None:
    stage = opened()
    launch_until(stage, dies_at("tuning.create", after=True))
    assert cancel(stage).stands
    assert only_run(stage).job
    assert job_state(stage) is JobState.CANCELLING
    check_cancelled(stage, only_run(stage), jobs=1)


# --- with its job -----------------------------------------------------------------------------------------------


def test_a_running_job_is_cancelled_with_its_run_and_the_slot_is_free() -> None:
    stage = running()
    answer = cancel(stage)
    run = only_run(stage)
    assert answer == Answer(stands=True, said=f"run r000001 of d is cancelled; its tuning job {run.job} is cancelling")
    assert (run.job_state, job_state(stage)) == ("cancelling", JobState.CANCELLING)
    assert slots(stage) == []
    stage.pass_time(60)
    assert job_state(stage) is JobState.CANCELLED
    check_cancelled(stage, run, jobs=1)


def test_cancelling_twice_does_nothing_more() -> None:
    stage = running()
    cancel(stage)
    stage.calls.clear()
    assert cancel(stage) == Answer(stands=True, said="run r000001 of d is cancelled already")
    assert stage.calls == ["documents.get"]


def test_a_run_whose_job_was_cancelled_elsewhere_is_cancelled_without_asking_again() -> None:
    stage = running()
    stage.engine.cancel_tuning_job(str(only_run(stage).job))
    stage.pass_time(60)
    assert cancel(stage).stands
    assert only_run(stage).job_state == "cancelled"
    assert "tuning.cancel" not in stage.calls


def test_a_job_that_has_just_ended_is_said_to_have_and_the_run_goes_on() -> None:
    stage = running()
    stage.pass_time(60)
    assert cancel(stage) == Answer(
        stands=False,
        said="the job of run r000001 of d has just ended: it is succeeded, and the next tick goes on from there",
    )
    stage.settle()
    assert only_run(stage).state not in (RunState.RUNNING, RunState.CANCELLED)


def test_a_job_that_ends_as_it_is_asked_to_stop_is_said_to_have_ended() -> None:
    stage = running()

    def gate(call: str) -> Callable[[], None]:
        if call == "tuning.cancel":
            stage.pass_time(60)
        return lambda: None

    assert "has just ended: it is succeeded" in cancel(stage, gate=gate).said
    assert only_run(stage).state is RunState.RUNNING


def test_a_run_whose_job_the_service_does_not_know_is_cancelled() -> None:
    stage = running()
    stage.engine = type(stage.engine)(stage.seen_by_the_service(), clock=stage.clock)
    assert cancel(stage).said == "run r000001 of d is cancelled; it has no tuning job"


def test_where_the_service_does_not_answer_nothing_is_written() -> None:
    stage = running()
    stage.engine.misbehave(Mischief(Kind.UNAVAILABLE))
    with pytest.raises(UnavailableError):
        cancel(stage)
    assert only_run(stage).state is RunState.RUNNING


@pytest.mark.parametrize("call", ["tuning.cancel", "documents.commit"])
@pytest.mark.parametrize("after", [False, True])
def test_who_dies_while_cancelling_leaves_a_run_that_can_be_cancelled_or_ends_so(call: str, *, after: bool) -> None:
    stage = running()
    with pytest.raises(Killed):
        cancel(stage, gate=dies_at(call, after=after))
    assert cancel(stage).stands
    check_cancelled(stage, only_run(stage), jobs=1)


# --- after the job ----------------------------------------------------------------------------------------------


def test_a_run_whose_model_waits_for_approval_is_cancelled_and_its_model_stays() -> None:
    stage = running(promotion="manual")
    stage.settle()
    run = only_run(stage)
    assert run.state is RunState.AWAITING_APPROVAL
    assert cancel(stage).said == f"run r000001 of d is cancelled; the model that its job made stays at {run.endpoint}"
    check_cancelled(stage, only_run(stage), jobs=1)


def test_a_run_that_has_ended_stays_as_it_is() -> None:
    stage = running()
    stage.settle()
    assert cancel(stage) == Answer(stands=False, said="run r000001 of d has ended: it is promoted")


@pytest.mark.parametrize("run", ["r000002", "7", "first", ""])
def test_a_run_that_is_not_there_is_not_cancelled(run: str) -> None:
    assert cancel(running(), run) == Answer(stands=False, said=f"d has no run {run}")


# --- at the same moment as others -------------------------------------------------------------------------------


def test_a_tick_that_is_quicker_is_looked_at_again() -> None:
    stage = running()
    stage.engine.misbehave(Mischief(Kind.HOLD))
    once: list[object] = []

    def gate(call: str) -> Callable[[], None]:
        if call == "documents.commit" and not once:
            once.append(stage.watch())
        return lambda: None

    assert cancel(stage, gate=gate).stands
    assert len(once) == 1
    assert only_run(stage).state is RunState.CANCELLED


@pytest.mark.parametrize("seed", range(12))
def test_cancelled_at_any_moment_a_run_leaves_no_slot_no_job_and_no_alias(seed: int) -> None:
    stage = opened()
    dice = random.Random(seed)  # noqa: S311 - a schedule
    wanted = dice.randrange(25)
    answers: list[Answer] = []

    class Cancelling(Director):
        def _step(self, actor: object) -> None:
            nonlocal wanted
            wanted -= 1
            if wanted <= 0 and not (answers and answers[-1].stands):
                answers.append(cancel(stage))
            super()._step(actor)  # type: ignore[arg-type]  # the director's own

    director = Cancelling(stage, dice, crash_rate=0.05, at_once=3, duplicate_rate=0.3)
    director.ordered = len(stage.post.on(Channel.LAUNCH))
    director.pending += [("launch", None)] * 2 + [("watch", None)] * 3
    director.play()
    stage.settle()
    run = stage.runs()[0]
    jobs = [job for job in EngineTuning(stage.engine).jobs() if job.label == run.label]
    assert [job.name for job in jobs] == ([run.job] if run.job else [])
    if answers and answers[-1].stands:
        assert run.state is RunState.CANCELLED
        assert {job.state for job in jobs} <= {JobState.CANCELLED}
        assert "r000001" not in {each.data["run"] for each in told(stage, "promoted")}
    assert slots(stage) == []
