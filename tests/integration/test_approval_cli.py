"""`attune plan`, `approve` and `reject` against Firestore's emulator, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from attune.domain.run import RunState
from attune_local.stack.stack import Stack
from integration.test_schedules_on_emulators import EmulatedStage
from service.scenes import fill, only_run, told

pytestmark = pytest.mark.emulators
DEAR = {"validation_fraction": 0.3, "epochs": 3, "max_run_cost_usd": 0.0001, "prompt": "What is said?"}


def attune(stage: EmulatedStage, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FIRESTORE_EMULATOR_HOST": stage.stack.address("firestore"),
        "STORAGE_EMULATOR_HOST": stage.stack.url("storage"),
        "ATTUNE_PROJECT": stage.name,
        "ATTUNE_DATASET_BUCKET": f"{stage.name}-datasets",
    }
    command = [sys.executable, "-m", "attune.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def held(stage: EmulatedStage) -> None:
    stage.write_settings(**DEAR, threshold=1)
    stage.watch()
    stage.launch()
    assert only_run(stage).state is RunState.AWAITING_APPROVAL


def test_a_plan_is_that_of_the_run_that_is_then_held_approved_and_launched(stack: Stack) -> None:
    stage = EmulatedStage(stack=stack)
    fill(stage, 3)
    stage.write_settings(**DEAR, threshold=100)
    done = attune(stage, "plan", "d", "--json")
    assert done.returncode == 1, done.stderr
    planned = json.loads(done.stdout)
    assert planned["held"].startswith("it costs 0.00")
    assert "held" in attune(stage, "plan", "d").stdout
    held(stage)
    told_of = json.loads(json.dumps(asdict(only_run(stage).plan)))  # type: ignore[arg-type]  # an assembled run has one
    del planned["plan"]["binding"]["share"]
    assert planned["plan"] == told_of

    done = attune(stage, "approve", "d", "r000001")
    assert (done.returncode, done.stdout) == (
        0,
        "run r000001 of d may cost what it costs: the next tick orders its launch\n",
    )
    again = attune(stage, "approve", "d", "1")
    assert (again.returncode, "was approved before" in again.stdout) == (0, True)
    late = attune(stage, "reject", "d", "1")
    assert (late.returncode, late.stderr) == (1, "run r000001 of d is assembled and does not wait for approval\n")
    stage.watch()
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING


@pytest.mark.thorough  # test_approval has the same without a process
def test_a_rejected_run_is_cancelled_and_the_next_tick_tells_why(stack: Stack) -> None:
    stage = EmulatedStage(stack=stack)
    fill(stage, 3)
    held(stage)
    done = attune(stage, "reject", "d", "r000001", "--reason", "too dear")
    assert (done.returncode, "is cancelled" in done.stdout) == (0, True)
    stage.watch()
    assert [message.data["reason"] for message in told(stage, "cancelled")] == ["too dear"]
    assert attune(stage, "approve", "d", "7").stderr == "d has no run 7\n"


def test_of_a_dataset_that_is_not_there_the_plan_is_refused(stack: Stack) -> None:
    done = attune(EmulatedStage(stack=stack), "plan", "nothing")
    assert done.returncode == 1
    assert "refused           no pair is on the training side" in done.stdout
