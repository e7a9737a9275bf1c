"""`attune status`, `runs`, `run show`, `rollback`, `cancel`, `lineage` and `retry` against emulators and stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner, Result

from attune.cli.app import app
from attune.domain.parked import Parked, Task
from attune.domain.run import RunState
from attune.ports import Create, Delete
from attune.services.manifests import of_leases, of_parked
from attune_local.stack.stack import Stack
from attune_local.vertex.server import serving
from integration.test_schedules_on_emulators import EmulatedStage
from service.scenes import another_run, fill, told

pytestmark = pytest.mark.emulators


@contextmanager
def served(stack: Stack) -> Iterator[tuple[EmulatedStage, CliRunner]]:
    """A dataset whose two runs were promoted and whose third one runs; and commands that reach it."""
    stage = EmulatedStage(stack=stack)
    stage.write_settings(threshold=2, validation_fraction=0)
    fill(stage, 2, "first")
    stage.launch()
    stage.settle()
    another_run(stage, "second", 2)
    stage.settle()
    another_run(stage, "third", 2)
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED, RunState.PROMOTED, RunState.RUNNING]
    with serving(stage.engine) as address:
        yield (
            stage,
            CliRunner(
                env={
                    "FIRESTORE_EMULATOR_HOST": stack.address("firestore"),
                    "STORAGE_EMULATOR_HOST": stack.url("storage"),
                    "ATTUNE_PROJECT": stage.name,
                    "ATTUNE_DATASET_BUCKET": f"{stage.name}-datasets",
                    "ATTUNE_INTAKE_BUCKET": f"{stage.name}-intake",
                    "ATTUNE_VERTEX_ENDPOINT": address,
                    "COLUMNS": "200",
                }
            ),
        )


def test_a_person_looks_rolls_back_and_cancels(stack: Stack) -> None:
    with served(stack) as (stage, runner):

        def attune(*arguments: str) -> Result:
            return runner.invoke(app, arguments)

        def said(*arguments: str) -> tuple[int, str]:
            done = attune(*arguments)
            return done.exit_code, (done.stdout or done.stderr).rstrip("\n")

        everything = attune("status")
        assert (everything.exit_code, "r000003 running" in everything.stdout) == (0, True), everything.output
        (dataset,) = json.loads(attune("status", "d", "--json").stdout)["datasets"]
        pairs = {"accepted": 6, "waiting": 0, "rejected": 0, "erased": 0}
        assert (dataset["pairs"], dataset["new_pairs"]) == (pairs, 0)
        assert dataset["alias"]["current"]["run"] == "r000002"
        assert said("status", "other") == (1, "there is no dataset other: no settings, and no pair")

        listed = json.loads(attune("runs", "d", "--limit", "2", "--json").stdout)
        assert [run["id"] for run in listed] == ["r000003", "r000002"]
        assert said("runs", "other") == (1, "other has no run")
        shown = attune("run", "show", "d", "2")
        assert (shown.exit_code, "r000002 of d" in shown.stdout) == (0, True)
        assert json.loads(attune("run", "show", "d", "r000002", "--json").stdout)["state"] == "promoted"
        assert said("run", "show", "d", "9") == (1, "d has no run 9")

        check_lineage(stage, attune)
        check_parked(stage, attune)

        again = "the alias d stands for run r000001 of d again, and no longer for run r000002 of d"
        assert said("rollback", "d", "--reason", "it mishears") == (0, again)
        assert json.loads(attune("rollback", "d", "--json").stdout)["stands"] is False
        assert said("rollback", "other") == (1, "there is no alias other")

        done, text = said("cancel", "d", "3", "--reason", "no use for it")
        assert (done, "its tuning job" in text) == (0, True), text
        assert said("cancel", "d", "3") == (0, "run r000003 of d is cancelled already")
        assert said("cancel", "d", "2") == (1, "run r000002 of d has ended: it is rolled_back")
        check_afterwards(stage)


def check_lineage(stage: EmulatedStage, attune: Callable[..., Result]) -> None:
    """Which runs had an object, as the cuts and as the manifests tell; and what is behind the alias's model."""
    name = f"gs://{stage.name}-intake/d/first1.wav"
    for how in ((), ("--thorough",)):
        told = json.loads(attune("lineage", name, "--json", *how).stdout)
        runs = [(run["run"], run["presence"], run["trained_on"]) for run in told["runs"]]
        assert runs == [("r000001", "live", True), ("r000002", "live", True), ("r000003", "live", False)]
        assert {run["generation"] for run in told["runs"]} == {stage.pair("first1").audio.generation}
        assert [[bool(each["until"]) for each in run["aliases"]] for run in told["runs"]] == [[True], [False], []]
    assert attune("lineage", "d/first1.txt").exit_code == 0
    nowhere = attune("lineage", "d/nowhere.wav")
    assert (nowhere.exit_code, nowhere.stderr.startswith("d/nowhere.wav: no event")) == (1, True)

    behind = json.loads(attune("lineage", "--alias", "d", "--json").stdout)
    expected = {(pair.audio.name, pair.audio.generation) for pair in stage.pairs() if "third" not in pair.path}
    assert expected <= {(each["name"], each["generation"]) for each in behind["objects"]}
    assert (behind["rows"], behind["distinct_objects"], len(behind["objects"])) == (4, 8, 8)
    assert attune("lineage", "--alias", "other").exit_code == 1

    stage.buckets()[1].delete("runs/d/r000001/manifest.jsonl")
    lost = attune("lineage", name, "--thorough")
    assert (lost.exit_code, "manifest.jsonl is gone" in lost.stderr) == (2, True)
    assert attune("lineage", name).exit_code == 0


def check_parked(stage: EmulatedStage, attune: Callable[..., Result]) -> None:
    """What could not be worked on is shown, and asked for again by the folder it lies in."""
    parked = Parked(Task.LAUNCH, "d", "no files", stage.now, stage.now, parked=True, facts={"run": 9})
    stage.documents.commit(Create(of_parked.parked(parked.id), parked))
    assert "1 event that could not be worked on" in attune("status").stdout
    assert "no files" in attune("retry").stdout
    assert attune("retry", "other").exit_code == 1
    asked = attune("retry", "d")
    assert (asked.exit_code, asked.stdout) == (0, "launch d: to be tried again at the next tick\n")
    assert [found.value.id for found in stage.documents.find(of_parked.events_to_try_again())] == [parked.id]
    stage.documents.commit(Delete(of_parked.parked(parked.id)))


def check_afterwards(stage: EmulatedStage) -> None:
    """What was done is told at the next tick, and stays done."""
    assert not stage.documents.find(of_leases.all_slots())
    stage.settle()
    assert [message.data["reason"] for message in told(stage, "rolledBack")] == ["it mishears"]
    assert [message.data["reason"] for message in told(stage, "cancelled")] == ["no use for it"]
    states = [run.state for run in stage.runs()]
    assert states == [RunState.PROMOTED, RunState.ROLLED_BACK, RunState.CANCELLED]
