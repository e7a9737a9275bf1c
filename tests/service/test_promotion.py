"""Who stands behind the alias, and what it stood for before."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from attune import bootstrap
from attune.domain.alias import Alias, Served, first
from attune.domain.run import RunState
from attune.ports import Create, Replace
from attune.services.manifests import of_aliases, of_outbox
from attune_local.vertex.mischief import Kind, Mischief
from service.scenes import another_run, beside, fill, only_run, running, told
from service.theatre import Stage


def alias(stage: Stage, name: str = "d") -> Alias:
    found = stage.documents.get(of_aliases.alias(name))
    assert found is not None
    return found.value  # type: ignore[no-any-return]  # the stage's documents are Any


def test_the_first_run_becomes_what_its_alias_stands_for() -> None:
    stage = running()
    stage.settle()
    run = only_run(stage)
    assert run.state is RunState.PROMOTED
    assert (alias(stage).serial, alias(stage).current.run, alias(stage).previous) == (1, run.id, None)
    assert (alias(stage).current.endpoint, alias(stage).current.model) == (run.endpoint, run.model)
    assert [message.data for message in told(stage, "promoted")] == [
        {
            "dataset": "d",
            "run": "r000001",
            "alias": "d",
            "serial": 1,
            "endpoint": run.endpoint,
            "model": run.model,
            "previous_endpoint": None,
            "previous_run": None,
            "measured": None,
            "report_uri": "gs://datasets/reports/d/runs/r000001.html",
        }
    ]


def test_the_next_run_takes_its_place_and_the_history_remembers_both() -> None:
    stage = running()
    stage.settle()
    another_run(stage, "more")
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED, RunState.PROMOTED]
    assert (alias(stage).serial, alias(stage).current.run) == (2, "r000002")
    assert alias(stage).previous is not None
    assert alias(stage).previous.run == "r000001"  # type: ignore[union-attr]  # as just said
    moves = [stage.documents.get(of_aliases.alias_history("d", serial)) for serial in (1, 2)]
    assert [move.value.current.run for move in moves if move] == ["r000001", "r000002"]
    assert told(stage, "promoted")[-1].data["previous_run"] == "r000001"


def test_an_alias_has_the_name_that_the_settings_give_it() -> None:
    stage = running(alias="champion")
    stage.settle()
    assert alias(stage, "champion").current.run == "r000001"
    assert stage.documents.get(of_aliases.alias("d")) is None
    assert [message.subject for message in told(stage, "promoted")] == ["aliases/champion"]


def test_a_run_that_ends_after_a_newer_one_is_rejected() -> None:
    stage = Stage(quota=5)
    stage.deployment = stage.deployment.model_copy(update={"max_concurrent_jobs": 2})
    stage.write_settings(threshold=4, validation_fraction=0)
    stage.engine.misbehave(Mischief(Kind.HOLD))
    for name in ("older", "newer"):
        fill(stage, 4, name)
        stage.launch()
    stage.pass_time(60)
    stage.watch()
    assert [run.state for run in stage.runs()] == [RunState.RUNNING, RunState.PROMOTED]
    stage.engine.release()
    stage.watch()
    older = stage.runs()[0]
    assert older.state is RunState.REJECTED
    assert older.reason == "d stands for r000002 of d already, which is newer"
    assert (alias(stage).serial, alias(stage).current.run) == (1, "r000002")
    assert [message.data for message in told(stage, "rejected")] == [
        {
            "dataset": "d",
            "run": "r000001",
            "alias": "d",
            "reason": older.reason,
            "measured": None,
            "report_uri": None,
        }
    ]


def test_with_manual_promotion_the_run_waits_for_a_person() -> None:
    stage = running(promotion="manual")
    stage.pass_time(60)
    stage.watch()
    run = only_run(stage)
    assert (run.state, run.active) == (RunState.AWAITING_APPROVAL, False)
    assert "a person decides" in str(run.reason)
    assert stage.documents.get(of_aliases.alias("d")) is None
    assert told(stage, "promoted") == []
    assert len(told(stage, "succeeded")) == 1
    stage.settle()
    assert only_run(stage) == run


def test_a_run_that_waits_for_a_person_does_not_keep_the_next_one_waiting() -> None:
    stage = running(promotion="manual")
    stage.settle()
    another_run(stage, "more")
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.AWAITING_APPROVAL] * 2


def test_of_two_datasets_with_one_alias_the_run_that_opened_later_is_newer() -> None:
    stage = Stage(quota=5)
    settings = {"threshold": 4, "validation_fraction": 0, "alias": "shared"}
    stage.write_settings(**settings)
    fill(stage, 4)
    stage.pass_time(10)
    other = beside(stage, "other")
    other.write_settings(**settings)
    fill(other, 4)
    other.launch()
    stage.pass_time(60)
    stage.watch()
    assert alias(stage, "shared").current.dataset == "other"
    stage.settle()
    assert alias(stage, "shared").current.dataset == "other"
    assert only_run(stage).state is RunState.REJECTED


def test_an_alias_that_moves_on_at_the_same_moment_is_not_written_over() -> None:
    stage = running()
    stage.settle()
    mine = alias(stage).current
    another_run(stage, "second")
    stage.pass_time(60)
    theirs = replace(mine, dataset="elsewhere", endpoint="endpoints/9")
    moved: list[str] = []

    def gate(call: str) -> Callable[[], None]:
        """Between the alias's being read and its being written, somebody else moves it."""
        ready = stage.runs()[-1].state is RunState.EVALUATING and not stage.documents.find(of_outbox.waiting_messages())
        if call == "answering.ask" and ready and not moved:
            moved.append("now")
            read = stage.documents.get(of_aliases.alias("d"))
            assert read is not None
            stage.documents.commit(Replace(read, read.value.moved_to(theirs, stage.now)))
        return lambda: None

    bootstrap.watch(stage.ports(gate), stage.deployment)()
    assert moved == ["now"]
    assert alias(stage).current == theirs
    stage.watch()
    assert alias(stage).previous == theirs
    assert alias(stage).serial == 3


@pytest.mark.parametrize(("opened", "state"), [(1, RunState.REJECTED), (-1, RunState.PROMOTED)])
def test_an_alias_that_moves_at_the_same_moment_is_looked_at_again(opened: int, state: RunState) -> None:
    stage = running()
    stage.pass_time(60)
    run = only_run(stage)
    at = run.opened_at.replace(year=run.opened_at.year + opened)
    theirs = first("d", Served("elsewhere", "r000009", 9, at, "endpoints/9", "models/9"), stage.now)
    moved: list[str] = []

    def gate(call: str) -> Callable[[], None]:
        """Just before the alias is written: the run is evaluated, and what was told of it is sent."""
        ready = only_run(stage).state is RunState.EVALUATING and not stage.documents.find(of_outbox.waiting_messages())
        if call == "answering.ask" and ready and not moved:
            moved.append("now")
            stage.documents.commit(Create(of_aliases.alias("d"), theirs))
        return lambda: None

    bootstrap.watch(stage.ports(gate), stage.deployment)()
    assert moved == ["now"]
    assert (only_run(stage).state, alias(stage).current.dataset) == (RunState.EVALUATING, "elsewhere")
    assert told(stage, "promoted") == []
    stage.watch()
    assert only_run(stage).state is state
    assert alias(stage).serial == (2 if state is RunState.PROMOTED else 1)
