"""Runs that wait for somebody to decide: on what they cost before any job, and on their promotion after it."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from attune import bootstrap
from attune.domain.alias import Alias
from attune.domain.events.message import Channel
from attune.domain.run import Run, RunState
from attune.ports import Replace
from attune.services.approve import Answer
from attune.services.manifests import of_aliases, of_leases, of_runs
from service.scenes import another_run, dies_at, fill, only_run, running, told, watch_until
from service.theatre import Director, Killed, Stage

DEAR = {"threshold": 4, "validation_fraction": 0, "epochs": 3, "max_run_cost_usd": 0.001}


def held(**settings: object) -> Stage:
    """A stage whose first run costs more than it may; its files are made."""
    stage = Stage(quota=5)
    stage.write_settings(**DEAR | settings)
    fill(stage, 4)
    stage.launch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL
    return stage


def waiting_for_promotion() -> Stage:
    stage = running(promotion="manual")
    stage.pass_time(60)
    stage.watch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL
    return stage


def approve(stage: Stage, run: str = "r000001") -> Answer:
    return bootstrap.approving(stage.ports()).approve(stage.dataset, run)


def reject(stage: Stage, run: str = "r000001", reason: str = "too dear") -> Answer:
    return bootstrap.approving(stage.ports()).reject(stage.dataset, run, reason)


def order_and_launch(stage: Stage, ticks: int = 1) -> Run:
    """What ticks and their orders make of the first run."""
    for _ in range(ticks):
        before = len(told(stage, "launchTuning"))
        stage.watch()
        if len(told(stage, "launchTuning")) > before:
            stage.launch()
    return stage.runs()[0]  # type: ignore[no-any-return]  # the stage's runs are Any


def alias(stage: Stage) -> Alias | None:
    found = stage.documents.get(of_aliases.alias("d"))
    return found.value if found else None


def slots(stage: Stage) -> list[str]:
    return [found.value.run for found in stage.documents.find(of_leases.all_slots())]


# --- held for its cost ------------------------------------------------------------------------------------------


def test_a_run_that_costs_more_than_it_may_waits_before_any_job_is_asked_for() -> None:
    stage = held()
    run = only_run(stage)
    assert run.plan
    assert run.plan.cost_usd == pytest.approx(3 * run.plan.tokens * 5 / 1e6, abs=1e-4)
    assert run.reason == (
        "it costs 0.0026 USD, and max_run_cost_usd is 0.0010: approve or reject it, or change max_run_cost_usd"
    )
    assert (run.active, run.job, slots(stage)) == (True, None, [])
    assert not [call for call in stage.calls if call.startswith("tuning")]


def test_that_it_waits_is_announced_once_with_what_it_costs() -> None:
    stage = held()
    run = only_run(stage)
    assert run.plan
    for _ in range(3):
        stage.watch()
        stage.launch()
        stage.pass_time(200)
    (message,) = told(stage, "awaitingApproval")
    assert message.subject == "datasets/d/runs/r000001"
    assert message.data == {
        "dataset": "d",
        "run": "r000001",
        "reason": run.reason,
        "cost_usd": run.plan.cost_usd,
        "max_run_cost_usd": 0.001,
        "rows": 4,
        "hours": run.plan.hours,
        "awaits": "cost",
        "alias": None,
        "measured": None,
        "report_uri": None,
    }


def test_a_run_whose_cost_is_not_known_waits_under_any_maximum() -> None:
    stage = held(epochs=None, max_run_cost_usd=1000)
    assert str(only_run(stage).reason).startswith("what it costs is not known (epochs is not set")
    (message,) = told(stage, "awaitingApproval")
    assert message.data["cost_usd"] is None


def test_a_run_within_its_maximum_does_not_wait() -> None:
    stage = Stage()
    stage.write_settings(**DEAR | {"max_run_cost_usd": 0.01})
    fill(stage, 4)
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING
    assert told(stage, "awaitingApproval") == []


def test_a_run_that_the_service_would_not_take_fails_and_does_not_wait() -> None:
    stage = Stage()
    stage.write_settings(**DEAR | {"base_model": "gemini-2.5-pro", "adapter_size": 16})
    fill(stage, 4)
    stage.launch()
    assert only_run(stage).state is RunState.FAILED


def test_a_person_approves_and_the_next_tick_launches_it_whatever_it_costs() -> None:
    stage = held()
    answer = approve(stage)
    assert answer == Answer(
        stands=True, said="run r000001 of d may cost what it costs: the next tick orders its launch"
    )
    assert only_run(stage).cost_allowed == "a person approved it"
    assert order_and_launch(stage).state is RunState.RUNNING
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1


def test_approving_writes_documents_and_nothing_else() -> None:
    stage = held()
    stage.calls.clear()
    approve(stage)
    assert stage.calls == ["documents.get", "documents.commit"]


def test_approving_twice_does_nothing_and_says_so() -> None:
    stage = held()
    approve(stage)
    run = only_run(stage)
    assert approve(stage) == Answer(stands=True, said="run r000001 of d was approved before; it is assembled by now")
    assert only_run(stage) == run
    order_and_launch(stage)
    assert approve(stage).said == "run r000001 of d was approved before; it is running by now"
    assert len(stage.engine.jobs()) == 1


@pytest.mark.parametrize("maximum", [None, 0.5])
def test_an_edit_of_the_settings_lets_it_go_on_at_the_next_tick_without_a_new_file(maximum: float | None) -> None:
    stage = held()
    stage.watch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL
    stage.write_settings(**DEAR | {"max_run_cost_usd": maximum})
    assert stage.watch().resumed == ["d/r000001"]
    allowed = "max_run_cost_usd was cleared" if maximum is None else "max_run_cost_usd is 0.50 by now"
    assert (only_run(stage).state, only_run(stage).cost_allowed) == (RunState.ASSEMBLED, allowed)
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED


@pytest.mark.parametrize("change", [{"max_run_cost_usd": 0.002}, {"epochs": 1}, {"threshold": 0}])
def test_an_edit_that_does_not_allow_its_cost_leaves_it_where_it_is(change: dict[str, object]) -> None:
    stage = held()
    stage.write_settings(**DEAR | change)
    assert stage.watch().resumed == []
    assert only_run(stage).state is RunState.AWAITING_APPROVAL


def test_a_higher_maximum_does_not_allow_a_cost_that_is_not_known_but_none_at_all_does() -> None:
    stage = held(epochs=None)
    stage.write_settings(**DEAR | {"epochs": None, "max_run_cost_usd": 10_000})
    assert stage.watch().resumed == []
    stage.write_settings(threshold=4, validation_fraction=0)
    assert stage.watch().resumed == ["d/r000001"]


def test_a_person_rejects_and_it_is_cancelled_with_the_reason() -> None:
    stage = held()
    assert reject(stage) == Answer(stands=True, said="run r000001 of d is cancelled; its pairs stay in the dataset")
    run = only_run(stage)
    assert (run.state, run.reason, run.active) == (RunState.CANCELLED, "too dear", False)
    assert told(stage, "cancelled") == []
    assert stage.watch().sent == 1
    assert [message.data for message in told(stage, "cancelled")] == [
        {"dataset": "d", "run": "r000001", "reason": "too dear", "job": None}
    ]
    assert reject(stage) == Answer(stands=True, said="run r000001 of d is cancelled already")
    assert approve(stage) == Answer(stands=False, said="run r000001 of d is cancelled and does not wait for approval")
    assert stage.engine.jobs() == ()


def test_the_pairs_of_a_rejected_run_are_in_the_next_one() -> None:
    stage = held()
    reject(stage)
    stage.write_settings(threshold=4, validation_fraction=0)
    run = another_run(stage, "more")
    assert (run.state, run.train and run.train.rows) == (RunState.RUNNING, 8)


def test_a_held_run_does_not_keep_the_next_one_waiting() -> None:
    stage = held()
    stage.write_settings(threshold=4, validation_fraction=0, epochs=3, max_run_cost_usd=0.004)
    more = another_run(stage, "more")
    assert [run.state for run in stage.runs()] == [RunState.AWAITING_APPROVAL, RunState.AWAITING_APPROVAL]
    assert more.plan
    assert more.plan.rows == 8
    stage.write_settings(threshold=4, validation_fraction=0)
    for _ in range(2):
        order_and_launch(stage)
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED, RunState.PROMOTED]
    assert len(stage.engine.jobs()) == 2


def test_a_held_run_keeps_no_slot_from_others() -> None:
    stage = held()
    stage.write_settings(threshold=4, validation_fraction=0, epochs=3)
    fill(stage, 4, "more")
    stage.launch()
    assert [run.state for run in stage.runs()] == [RunState.AWAITING_APPROVAL, RunState.RUNNING]
    assert slots(stage) == ["r000002"]


def test_an_approved_run_waits_for_a_slot_like_any_other() -> None:
    stage = held()
    stage.write_settings(threshold=4, validation_fraction=0, epochs=3)
    fill(stage, 4, "more")
    stage.launch()
    approve(stage)
    assert order_and_launch(stage).state is RunState.ASSEMBLED
    stage.pass_time(60)
    assert order_and_launch(stage, 2).state is RunState.RUNNING
    assert len(told(stage, "awaitingApproval")) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", range(1, 12))
def test_a_launcher_that_dies_while_it_puts_a_run_on_hold_is_followed_by_one_who_holds_it(
    nth: int, *, after: bool
) -> None:
    stage = Stage()
    stage.write_settings(**DEAR)
    fill(stage, 4)
    with suppress(Killed):  # where the launch has so many commits
        bootstrap.launch(stage.ports(dies_at("documents.commit", nth, after=after)), stage.deployment)("d")
    stage.pass_time(700)
    stage.watch()
    stage.launch()
    stage.watch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL
    assert len({message.id for message in told(stage, "awaitingApproval")}) == 1
    assert (slots(stage), stage.engine.jobs()) == ([], ())


@pytest.mark.parametrize("seed", range(10))
def test_ticks_and_launchers_at_the_same_time_take_an_allowed_run_to_one_job(seed: int) -> None:
    stage = held()
    stage.write_settings(threshold=4, validation_fraction=0)
    director = Director(stage, random.Random(seed), crash_rate=0.05, at_once=4, duplicate_rate=0.2)  # noqa: S311 - a schedule
    director.ordered = len(stage.post.on(Channel.LAUNCH))
    director.pending += [("watch", None)] * 3 + [("launch", None)] * 2
    director.play()
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1


def test_a_person_and_a_tick_that_decide_at_the_same_moment_decide_once() -> None:
    stage = held()
    stage.write_settings(threshold=4, validation_fraction=0)
    once: list[Answer] = []

    def gate(call: str) -> Callable[[], None]:
        if call == "documents.commit" and not once:
            once.append(Answer(stands=True, said=""))
            stage.watch()
        return lambda: None

    answer = bootstrap.approving(stage.ports(gate)).reject("d", "1", "too dear")
    assert answer == Answer(stands=False, said="run r000001 of d is assembled and does not wait for approval")
    assert only_run(stage).cost_allowed == "max_run_cost_usd was cleared"


def test_a_run_that_keeps_being_changed_is_not_decided_on() -> None:
    stage = held()

    def gate(call: str) -> Callable[[], None]:
        if call == "documents.commit":
            read = stage.documents.get(of_runs.run("d", 1))
            stage.documents.commit(Replace(read, replace(read.value, note=f"{read.value.note} again")))
        return lambda: None

    answer = bootstrap.approving(stage.ports(gate)).approve("d", "1")
    assert answer == Answer(stands=False, said="run 1 of d keeps being changed; ask again")
    assert only_run(stage).state is RunState.AWAITING_APPROVAL


# --- held for its promotion -------------------------------------------------------------------------------------


def test_a_person_approves_a_model_and_the_next_tick_moves_the_alias() -> None:
    stage = waiting_for_promotion()
    answer = approve(stage)
    assert (answer.stands, "to be promoted" in answer.said) == (True, True)
    assert stage.watch().followed == {"d/r000001": RunState.PROMOTED}
    run, moved = only_run(stage), alias(stage)
    assert moved
    assert (moved.current.run, moved.current.endpoint, moved.serial) == (run.id, run.endpoint, 1)
    assert run.promotion_allowed == "a person approved it"
    assert len(told(stage, "promoted")) == 1
    assert approve(stage).said == "run r000001 of d was approved before; it is promoted by now"


def test_a_model_that_is_no_longer_served_is_not_promoted_though_it_was_approved() -> None:
    stage = waiting_for_promotion()
    stage.engine.vanish(str(only_run(stage).endpoint))
    approve(stage)
    stage.watch()
    stage.pass_time(3601)
    stage.watch()
    assert (only_run(stage).state, alias(stage)) == (RunState.FAILED, None)


def test_an_approved_model_does_not_take_the_alias_from_a_newer_one() -> None:
    stage = waiting_for_promotion()
    stage.write_settings(threshold=4, validation_fraction=0)
    another_run(stage, "more")
    stage.settle()
    approve(stage)
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.REJECTED, RunState.PROMOTED]
    moved = alias(stage)
    assert moved
    assert moved.current.run == "r000002"
    assert [message.data["run"] for message in told(stage, "rejected")] == ["r000001"]


def test_a_person_rejects_a_model_and_the_alias_stays_where_it_is() -> None:
    stage = waiting_for_promotion()
    assert reject(stage, "1", "it mishears names").said == (
        "run r000001 of d is rejected; the alias d stays where it is"
    )
    assert (only_run(stage).state, only_run(stage).reason) == (RunState.REJECTED, "it mishears names")
    assert stage.watch().sent == 1
    assert [message.data for message in told(stage, "rejected")] == [
        {
            "dataset": "d",
            "run": "r000001",
            "alias": "d",
            "reason": "it mishears names",
            "measured": None,
            "report_uri": None,
        }
    ]
    assert alias(stage) is None
    assert reject(stage).said == "run r000001 of d is rejected already"


def test_allowing_a_runs_cost_does_not_approve_its_promotion() -> None:
    stage = held(promotion="manual")
    approve(stage)
    order_and_launch(stage)
    stage.pass_time(60)
    stage.watch()
    run = only_run(stage)
    assert (run.state, run.active, run.promotion_allowed) == (RunState.AWAITING_APPROVAL, False, None)
    assert approve(stage).stands
    stage.watch()
    assert only_run(stage).state is RunState.PROMOTED
    assert [message.data["awaits"] for message in told(stage, "awaitingApproval")] == ["cost", "promotion"]


# --- what is no run that waits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("run", ["r000002", "7", "first", ""])
def test_a_run_that_is_not_there_is_not_decided_on(run: str) -> None:
    stage = held()
    assert approve(stage, run) == Answer(stands=False, said=f"d has no run {run}")
    assert reject(stage, run) == Answer(stands=False, said=f"d has no run {run}")


def test_a_run_that_waits_for_nothing_is_left_alone() -> None:
    stage = running()
    for answer in (approve(stage), reject(stage)):
        assert answer == Answer(stands=False, said="run r000001 of d is running and does not wait for approval")
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED


@pytest.mark.parametrize("call", ["documents.commit", "post.publish"])
def test_a_watcher_that_dies_while_it_lets_a_run_go_leaves_the_rest_to_the_next(call: str) -> None:
    stage = held()
    stage.watch()
    stage.write_settings(threshold=4, validation_fraction=0)
    seen = {"documents.commit": 2, "post.publish": 1}
    watch_until(stage, dies_at(call, seen[call], after=True))
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1
