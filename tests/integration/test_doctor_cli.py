"""`attune doctor` against the running local stack, started as a person would: with the variables that it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from attune_local.stack import plan
from attune_local.stack.plan import Plan
from attune_local.stack.stack import Stack
from attune_local.stack.up import exports


@pytest.fixture(scope="module")
def standing(emulators_installed: None) -> Iterator[Stack]:  # noqa: ARG001 - skips, and gives nothing
    """The local stack without functions: they are not called here."""
    with Stack(Plan(admin=True)) as stack:
        yield stack


@pytest.fixture
def local(standing: Stack) -> Iterator[Stack]:
    """The same, with usable settings and everything in its place."""
    defaults = standing.firestore_client().document("settings/defaults")
    defaults.set({"base_model": "gemini-3.5-flash"})
    control(standing, "reset", {})
    yield standing
    for document in (defaults, standing.firestore_client().document("datasets/calls")):
        document.delete()


def test_a_stack_with_everything_in_its_place_is_in_order(local: Stack) -> None:
    done = attune(local, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rights of attune-ingest: 6 of 6 are there" in done.stdout
    assert "rights of attune-erase: 2 of 2 are there" in done.stdout
    assert "settings/defaults: valid" in done.stdout
    assert "problem" not in done.stdout


def test_a_right_that_is_taken_away_is_missing_until_it_is_put_back(local: Stack) -> None:
    bucket = f"bucket/{plan.INTAKE_BUCKET}"
    role, member = (
        f"projects/{plan.PROJECT}/roles/attuneFinder",
        f"attune-ingest@{plan.PROJECT}.iam.gserviceaccount.com",
    )
    grant = {"kind": "grant", "on": bucket, "role": role, "member": f"serviceAccount:{member}"}
    taken = control(local, "take", grant)["records"]
    assert len(taken) == 1
    done = attune(local, "doctor")
    assert done.returncode == 1
    assert f"problem  rights of attune-ingest: {role} on bucket {plan.INTAKE_BUCKET}" in done.stdout
    assert f"gcloud storage buckets add-iam-policy-binding gs://{plan.INTAKE_BUCKET}" in done.stdout
    control(local, "put", {"records": taken})
    assert attune(local, "doctor").returncode == 0


def test_what_may_not_be_seen_is_not_in_order(local: Stack) -> None:
    control(local, "deny", {"what": "cloudfunctions.googleapis.com/"})
    done = attune(local, "doctor")
    assert done.returncode == 2
    assert "unseen   functions: cloudfunctions.googleapis.com denied it" in done.stdout


def test_settings_as_they_stand_in_firestore_are_judged(local: Stack) -> None:
    local.firestore_client().document("datasets/calls").set({"threshold": 0})
    done = attune(local, "doctor", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"]) == (1, "problem")
    (wrong,) = (finding for finding in told["findings"] if finding["status"] == "problem")
    assert wrong["about"] == "datasets/calls"
    assert wrong["said"].startswith("threshold: ")


def test_before_a_deployment_only_what_it_takes_is_looked_at(local: Stack) -> None:
    control(local, "take", {"kind": "function"})
    done = attune(local, "doctor", "--before", "--base-model", "gemini-3.1-flash-lite")
    assert done.returncode == 0, done.stdout
    assert [line.split(":")[0].split(maxsplit=1)[1] for line in done.stdout.splitlines()[:-1]] == [
        "APIs",
        "your rights",
        "region",
        "project",
        "base model gemini-3.1-flash-lite",
        "tuning quota",
    ]


def test_without_credentials_nothing_can_be_seen(local: Stack) -> None:
    done = attune(local, "doctor", ATTUNE_ADMIN_ENDPOINT="", GOOGLE_APPLICATION_CREDENTIALS="", HOME="/nowhere")
    assert done.returncode == 2
    assert "unseen   project: there are no Google credentials here" in done.stdout
    assert "gcloud auth application-default login" in done.stdout


def test_a_variable_that_cannot_be_used_is_named(local: Stack) -> None:
    done = attune(local, "doctor", ATTUNE_MAX_CONCURRENT_JOBS="many")
    assert done.returncode == 2
    assert "ATTUNE_MAX_CONCURRENT_JOBS" in done.stderr


def attune(stack: Stack, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command, in a shell with the variables that the stack prints."""
    environment = {**os.environ, **exports(stack), **variables}
    command = [sys.executable, "-m", "attune.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def control(stack: Stack, verb: str, body: Any) -> dict[str, Any]:
    """Tells the stand-in for the admin APIs what is to be different."""
    answer = requests.post(f"{stack.url('admin')}/_control/{verb}", json=body, timeout=10)
    answer.raise_for_status()
    return dict(answer.json())
