"""Dropped pairs become a promoted alias, through the functions as they are deployed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
import urllib3
from google import genai

from attune.adapters.firestore import FirestoreDocuments
from attune.domain.alias import Alias
from attune.domain.names import pair_id
from attune.domain.pair import Pair, PairState
from attune.domain.run import Run, RunState
from attune.ports import Key, Query
from attune.services.manifests import of_pairs, of_runs
from attune_local.stack.plan import DATASET_BUCKET, EVENTS_SUBSCRIPTION, INTAKE_BUCKET
from attune_local.stack.stack import Stack
from attune_local.stack.up import exports
from attune_local.stack.waiting import wait_until
from gates import OPEN
from service.theatre import wav

pytestmark = [pytest.mark.emulators, pytest.mark.timeout(180)]
LIMIT = 60.0
ODD_NAMES = (
    "with space",
    "100%",
    "a+b",
    "no#fragment?",
    "речь/запись",
    "録音",
    "x" * 900,
    "dots..in/../it",
    'quote"and{brace}',
)


def drop(stack: Stack, name: str, data: bytes) -> None:
    stack.storage_client().bucket(INTAKE_BUCKET).blob(name).upload_from_string(data)


def drop_pair(stack: Stack, dataset: str, path: str, seed: int) -> None:
    drop(stack, f"{dataset}/{path}.wav", wav(seed=seed))
    drop(stack, f"{dataset}/{path}.txt", f"it says number {seed}".encode())


def set_settings(stack: Stack, dataset: str, **fields: object) -> None:
    stack.firestore_client().document("datasets", dataset).set({"gate": OPEN} | fields)


def runs(stack: Stack, dataset: str) -> list[Run]:
    found = FirestoreDocuments(stack.firestore_client()).find(of_runs.newest_runs(dataset))
    return [each.value for each in found]


def pair(stack: Stack, dataset: str, path: str) -> Pair | None:
    key = of_pairs.pair(dataset, pair_id(dataset, path))
    found = FirestoreDocuments(stack.firestore_client()).get(key)
    return found.value if found else None


def pairs(stack: Stack, dataset: str) -> list[Pair]:
    query = Query(Pair, ("datasets", dataset, "pairs"))
    return [found.value for found in FirestoreDocuments(stack.firestore_client()).find(query)]


def promoted(stack: Stack, dataset: str, count: int = 1) -> Run:
    def look() -> list[Run]:
        found = runs(stack, dataset)
        return found if len(found) == count and found[0].state is RunState.PROMOTED else []

    return wait_until(look, LIMIT, f"run {count} of {dataset} to be promoted")[0]


def test_pairs_become_a_model_behind_the_alias_and_a_second_run_takes_only_the_new_ones(running: Stack) -> None:
    inbox = running.subscribe()
    set_settings(running, "calls", threshold=3, alias="calls-now")
    for seed in range(3):
        drop_pair(running, "calls", f"day one/{seed}", seed)
    first = promoted(running, "calls")
    for seed in range(3, 6):
        drop_pair(running, "calls", f"day two/{seed}", seed)
    second = promoted(running, "calls", count=2)
    assert (first.pairs_taken, second.pairs_taken) == (3, 3)
    alias = FirestoreDocuments(running.firestore_client()).get(Key(Alias, ("aliases", "calls-now")))
    assert alias is not None
    assert (alias.value.current.run, alias.value.serial) == (second.id, 2)
    assert alias.value.previous is not None
    assert alias.value.previous.endpoint == first.endpoint
    bucket = running.storage_client().bucket(DATASET_BUCKET)
    lines = bucket.blob(f"{second.folder}/manifest.jsonl").download_as_bytes().splitlines()
    assert sorted(json.loads(line)["pair"] for line in lines) == sorted(each.path for each in pairs(running, "calls"))
    inbox.wait_for(lambda each: each.attributes["ce-subject"] == "aliases/calls-now", LIMIT, "the promotion")


def test_a_function_that_is_killed_loses_nothing(running: Stack) -> None:
    set_settings(running, "killed", threshold=6)
    for seed in range(6):
        drop_pair(running, "killed", str(seed), seed)
        running.restart("ingest")
    wait_until(lambda: runs(running, "killed"), LIMIT, "the run to open")
    running.restart("launch")
    running.restart("watch")
    run = promoted(running, "killed")
    assert run.pairs_taken == 6
    answer = urllib3.request("GET", f"{running.url('vertex')}/_control/jobs").json()
    labels = [record["job"]["labels"]["attune_run"] for record in answer["jobs"]]
    assert labels.count(run.label) == 1


def test_names_that_are_hard_on_urls_are_taken_in(running: Stack) -> None:
    for seed, path in enumerate(ODD_NAMES):
        drop_pair(running, "odd", path, seed)
    for path in ODD_NAMES:
        wait_until(partial(accepted, running, "odd", path), LIMIT, path)


def accepted(stack: Stack, dataset: str, path: str) -> bool:
    found = pair(stack, dataset, path)
    return found is not None and found.state is PairState.ACCEPTED


def test_what_is_not_ours_is_ignored_with_a_reason(running: Stack) -> None:
    names = {"alone.wav", "/leading.wav", "folder/", "notes/readme.md", "__reserved__/a.wav"}
    for name in names:
        drop(running, name, b"nothing of ours")
    wait_until(lambda: ignored(running).keys() >= names, LIMIT, "each to be ignored")
    assert all(ignored(running).values())


def ignored(stack: Stack) -> dict[str, str]:
    """What ingest's log says it ignored, and why."""
    said = (Path(stack.logs) / "ingest.log").read_text().splitlines()
    lines = [json.loads(line) for line in said if line.startswith("{") and line.endswith("}")]
    return {line["object"]: line["ignored"] for line in lines if line.get("outcome") == "ignored"}


@pytest.mark.parametrize("function", ["ingest", "erase", "launch", "watch"])
def test_what_is_no_event_is_refused(running: Stack, function: str) -> None:
    plain = urllib3.request("POST", running.url(function), json={"hello": "there"})
    assert plain.status == 400
    headers = {"ce-id": "1", "ce-source": "//x", "ce-specversion": "1.0", "ce-type": "com.example.other"}
    other = urllib3.request("POST", running.url(function), json={"bucket": INTAKE_BUCKET}, headers=headers)
    assert other.status == 400


@pytest.mark.thorough  # gcloud takes its time
def test_googles_own_tools_work_with_it(running: Stack, tmp_path: Path) -> None:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        pytest.skip("gcloud is not installed; the clients above are Google's own, too")
    environment = os.environ | exports(running) | {"CLOUDSDK_CONFIG": str(tmp_path / "config")}
    folder = tmp_path / "spoken"
    folder.mkdir()
    for seed in range(2):
        (folder / f"{seed}.wav").write_bytes(wav(seed=seed))
        (folder / f"{seed}.txt").write_text(f"number {seed}")
    set_settings(running, "spoken", threshold=2)
    files = sorted(map(str, folder.iterdir()))
    subprocess.run([gcloud, "storage", "cp", *files, f"gs://{INTAKE_BUCKET}/spoken/"], env=environment, check=True)
    run = promoted(running, "spoken")

    client = genai.Client(vertexai=True, api_key="local", http_options={"base_url": running.url("vertex")})
    job = client.tunings.get(name=str(run.job))
    assert job.tuned_model is not None
    assert job.tuned_model.endpoint == run.endpoint

    pull = [gcloud, "pubsub", "subscriptions", "pull", EVENTS_SUBSCRIPTION, "--auto-ack", "--limit=50"]

    def pulled() -> bool:
        form = "--format=value(message.attributes.ce-type,message.attributes.ce-subject)"
        said = subprocess.run([*pull, form], env=environment, check=True, capture_output=True, text=True).stdout
        return any(line.split() == ["dev.attune.alias.v1.promoted", "aliases/spoken"] for line in said.splitlines())

    wait_until(pulled, LIMIT, "gcloud to pull the promotion")
